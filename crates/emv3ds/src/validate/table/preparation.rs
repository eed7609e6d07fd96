use super::{MARKET, MESSAGE_EXTENSION, MESSAGE_VERSION, O, R, REFERENCE_NUMBER, X};
use crate::{
    code::{AcsInfoInd, ActionInd},
    validate::element::{
        Channels, Element, Format,
        Format::{AnyObject, Array, Code, Country, Digits, Object, OneOf, Text, Url, Uuid, Version},
        row,
    },
};

const AB3: Channels = Channels::AB3;
/// Entries in one PRes, at most.
const CARD_RANGES_MAX: usize = 200_000;

/// PReq (section 8.1 of the reference).
pub(super) const PREQ: &[Element] = &[
    row("messageType", OneOf(&["PReq"]), AB3, [R; 3]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R; 3]),
    row("threeDSServerTransID", Uuid, AB3, [R; 3]),
    row("threeDSServerRefNumber", REFERENCE_NUMBER, AB3, [R; 3]),
    row("threeDSServerOperatorID", Text(1, 32), AB3, [MARKET; 3]),
    row("serialNum", Text(1, 20), AB3, [O; 3]),
    row("cardRangeDataDownloadInd", OneOf(&["Y"]), AB3, [X, X, O]),
    MESSAGE_EXTENSION,
];

/// PRes (section 8.2 of the reference).
pub(super) const PRES: &[Element] = &[
    row("messageType", OneOf(&["PRes"]), AB3, [R; 3]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R; 3]),
    row("threeDSServerTransID", Uuid, AB3, [R; 3]),
    row("dsTransID", Uuid, AB3, [R; 3]),
    row("serialNum", Text(1, 20), AB3, [MARKET; 3]),
    // Applied as a whole only when sent; received entries are held against CARD_RANGE_DATA one by one.
    row(
        "cardRangeData",
        Array(1, CARD_RANGES_MAX, &Object(CARD_RANGE_DATA)),
        AB3,
        [O, O, MARKET],
    ),
    row("dsStartProtocolVersion", Version, AB3, [R, R, X]),
    row("dsEndProtocolVersion", Version, AB3, [R, R, X]),
    row("dsProtocolVersions", Array(1, 10, &Version), AB3, [X, X, R]),
    row("readOrder", OneOf(&["01", "02"]), AB3, [X, X, MARKET]),
    row("dsUrlList", Array(1, 99, &AnyObject(8192)), AB3, [X, X, MARKET]),
    row("cardRangeDataFileURL", Url(2048), AB3, [X, X, MARKET]),
    MESSAGE_EXTENSION,
];

/// An entry of `cardRangeData` (section 8.3 of the reference).
pub const CARD_RANGE_DATA: &[Element] = &[
    row("startRange", Digits(13, 19), AB3, [R, R, X]),
    row("endRange", Digits(13, 19), AB3, [R, R, X]),
    row("ranges", Array(1, 5000, &Object(RANGE)), AB3, [X, X, R]),
    row("actionInd", Code(&ActionInd::LIST), AB3, [O; 3]),
    row("acsStartProtocolVersion", Version, AB3, [R, R, X]),
    row("acsEndProtocolVersion", Version, AB3, [R, R, X]),
    row(
        "acsProtocolVersions",
        Array(1, 10, &Object(ACS_PROTOCOL_VERSION)),
        AB3,
        [X, X, R],
    ),
    row("dsStartProtocolVersion", Version, AB3, [O, O, X]),
    row("dsEndProtocolVersion", Version, AB3, [O, O, X]),
    row("dsProtocolVersions", Array(1, 10, &Version), AB3, [X, X, O]),
    row("threeDSMethodURL", Url(256), AB3, [O, O, X]),
    row("acsInfoInd", ACS_INFO_IND, AB3, [X, O, X]),
    row("issuerCountryCode", Country, AB3, [X, X, O]),
];

/// An entry of `ranges`.
const RANGE: &[Element] = &[
    row("startRange", Digits(13, 19), AB3, [X, X, R]),
    row("endRange", Digits(13, 19), AB3, [X, X, R]),
];

/// An entry of `acsProtocolVersions`.
const ACS_PROTOCOL_VERSION: &[Element] = &[
    row("version", Version, AB3, [X, X, R]),
    row("acsInfoInd", ACS_INFO_IND, AB3, [X, X, O]),
    row("threeDSMethodURL", Url(2048), AB3, [X, X, O]),
    row(
        "supportedMsgExt",
        Array(1, 15, &Object(SUPPORTED_MESSAGE_EXTENSION)),
        AB3,
        [X, X, O],
    ),
];

/// An entry of `supportedMsgExt`.
const SUPPORTED_MESSAGE_EXTENSION: &[Element] = &[
    row("id", Text(1, 64), AB3, [X, X, R]),
    row("version", Text(1, 64), AB3, [X, X, R]),
];

const ACS_INFO_IND: Format = Array(1, 99, &Code(&AcsInfoInd::LIST));

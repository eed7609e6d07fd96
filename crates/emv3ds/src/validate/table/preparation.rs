use super::{MARKET, MESSAGE_EXTENSION, MESSAGE_TYPE, MESSAGE_VERSION, O, R, REFERENCE_NUMBER, X};
use crate::{
    code::{AcsInfoInd, ActionInd},
    validate::element::{
        Channels, Element,
        Format::{Array, Code, Digits, Object, Text, Url, Uuid, Version},
        row,
    },
};

const AB3: Channels = Channels::AB3;
/// Card ranges in one PRes, at most.
const CARD_RANGES_MAX: usize = 200_000;

/// PReq (section 8.1 of the reference).
pub(super) const PREQ: &[Element] = &[
    row("messageType", MESSAGE_TYPE, AB3, [R; 3]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R; 3]),
    row("threeDSServerTransID", Uuid, AB3, [R; 3]),
    row("threeDSServerRefNumber", REFERENCE_NUMBER, AB3, [R; 3]),
    row("threeDSServerOperatorID", Text(1, 32), AB3, [MARKET; 3]),
    row("serialNum", Text(1, 20), AB3, [O; 3]),
    MESSAGE_EXTENSION,
];

/// PRes (section 8.2 of the reference).
pub(super) const PRES: &[Element] = &[
    row("messageType", MESSAGE_TYPE, AB3, [R; 3]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R; 3]),
    row("threeDSServerTransID", Uuid, AB3, [R; 3]),
    row("dsTransID", Uuid, AB3, [R; 3]),
    row("serialNum", Text(1, 20), AB3, [MARKET; 3]),
    // Applied as a whole only when sent; received entries are held against CARD_RANGE_DATA one by one.
    row(
        "cardRangeData",
        Array(1, CARD_RANGES_MAX, &Object(CARD_RANGE_DATA)),
        AB3,
        [O; 3],
    ),
    row("dsStartProtocolVersion", Version, AB3, [R; 3]),
    row("dsEndProtocolVersion", Version, AB3, [R; 3]),
    MESSAGE_EXTENSION,
];

/// An entry of `cardRangeData` (section 8.3 of the reference).
pub const CARD_RANGE_DATA: &[Element] = &[
    row("startRange", Digits(13, 19), AB3, [R; 3]),
    row("endRange", Digits(13, 19), AB3, [R; 3]),
    row("actionInd", Code(&ActionInd::LIST), AB3, [O; 3]),
    row("acsStartProtocolVersion", Version, AB3, [R; 3]),
    row("acsEndProtocolVersion", Version, AB3, [R; 3]),
    row("dsStartProtocolVersion", Version, AB3, [O; 3]),
    row("dsEndProtocolVersion", Version, AB3, [O; 3]),
    row("threeDSMethodURL", Url(256), AB3, [O; 3]),
    row(
        "acsInfoInd",
        Array(1, 99, &Code(&AcsInfoInd::LIST)),
        AB3,
        [X, O, O],
    ),
];

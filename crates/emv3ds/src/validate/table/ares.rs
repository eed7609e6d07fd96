use super::{
    MARKET, MESSAGE_EXTENSION, MESSAGE_TYPE, MESSAGE_VERSION, O, PA, PROVEN_PAYMENT, R, REFERENCE_NUMBER,
    REFUSED_PAYMENT, X, when,
};
use crate::{
    code::{AuthenticationType, TransStatus, TransStatusReason, TrustListSource, TrustListStatus, YesNo},
    validate::element::{
        Channels,
        Condition::{Given, Is},
        Element,
        Format::{AnyObject, AuthenticationValue, Code, Eci, Text, Url, Uuid},
        Inclusion, row,
    },
};

const AB3: Channels = Channels::AB3;
/// A challenge follows, in the shop's session or decoupled from it.
const CHALLENGE: Inclusion = when(Is("transStatus", &["C", "D"]));

/// ARes (section 5 of the reference).
pub(super) const ARES: &[Element] = &[
    row("messageType", MESSAGE_TYPE, AB3, [R, R]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R, R]),
    row("threeDSServerTransID", Uuid, AB3, [R, R]),
    row("dsTransID", Uuid, AB3, [R, R]),
    row("acsTransID", Uuid, AB3, [R, R]),
    row("acsReferenceNumber", REFERENCE_NUMBER, AB3, [R, R]),
    row("dsReferenceNumber", REFERENCE_NUMBER, AB3, [R, R]),
    row("acsOperatorID", Text(1, 32), AB3, [MARKET, MARKET]),
    row("transStatus", Code(&TransStatus::LIST), AB3, [PA, PA]),
    row(
        "transStatusReason",
        Code(&TransStatusReason::LIST),
        AB3,
        [when(REFUSED_PAYMENT), when(REFUSED_PAYMENT)],
    ),
    row(
        "authenticationValue",
        AuthenticationValue,
        AB3,
        [when(PROVEN_PAYMENT), when(PROVEN_PAYMENT)],
    ),
    row("eci", Eci, AB3, [MARKET, MARKET]),
    row(
        "acsChallengeMandated",
        Code(&YesNo::LIST),
        AB3,
        [CHALLENGE, CHALLENGE],
    ),
    row(
        "acsURL",
        Url(2048),
        Channels::B,
        [when(Is("transStatus", &["C"])), when(Is("transStatus", &["C"]))],
    ),
    row(
        "authenticationType",
        Code(&AuthenticationType::LIST),
        AB3,
        [CHALLENGE, CHALLENGE],
    ),
    row(
        "acsDecConInd",
        Code(&YesNo::LIST),
        AB3,
        [X, when(Is("transStatus", &["D"]))],
    ),
    row(
        "cardholderInfo",
        Text(1, 128),
        AB3,
        [O, when(Is("acsDecConInd", &["Y"]))],
    ),
    row("whiteListStatus", Code(&TrustListStatus::LIST), AB3, [X, O]),
    row(
        "whiteListStatusSource",
        Code(&TrustListSource::LIST),
        AB3,
        [X, when(Given("whiteListStatus"))],
    ),
    row("broadInfo", AnyObject(4096), AB3, [MARKET, MARKET]),
    MESSAGE_EXTENSION,
];

use super::{
    MARKET, MESSAGE_EXTENSION, MESSAGE_TYPE, MESSAGE_VERSION, O, PA, PROVEN_PAYMENT, R, REFUSED_PAYMENT, X,
    when,
};
use crate::{
    code::{
        AuthenticationType, ChallengeCancel, Component, MessageCategory, ResultsStatus, TransStatusReason,
        TrustListSource, TrustListStatus,
    },
    validate::element::{
        Channels,
        Condition::{Given, Is},
        Element,
        Format::{AuthenticationValue, Code, Digits, Eci, OneOf, Uuid},
        Inclusion, row,
    },
};

const AB3: Channels = Channels::AB3;
const ANSWERED: Inclusion = when(Is("transStatus", &["Y", "N"]));
/// Reason 14, timed out at the ACS, says whether the challenge had begun.
const TIMED_OUT: Inclusion = when(Is("transStatusReason", &["14"]));

/// RReq (section 7.1 of the reference).
pub(super) const RREQ: &[Element] = &[
    row("messageType", MESSAGE_TYPE, AB3, [R, R]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R, R]),
    row("messageCategory", Code(&MessageCategory::LIST), AB3, [R, R]),
    row("threeDSServerTransID", Uuid, AB3, [R, R]),
    row("acsTransID", Uuid, AB3, [R, R]),
    row("dsTransID", Uuid, AB3, [R, R]),
    row("transStatus", OneOf(&["Y", "N", "U", "A", "R"]), AB3, [PA, PA]),
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
        "authenticationType",
        Code(&AuthenticationType::LIST),
        AB3,
        [ANSWERED, ANSWERED],
    ),
    row("authenticationMethod", Digits(2, 2), AB3, [MARKET, MARKET]).only_to(Component::DirectoryServer),
    // 2.2.0: not for a decoupled authentication, which an RReq does not always show.
    row("interactionCounter", Digits(2, 2), Channels::AB, [R, MARKET]),
    row(
        "challengeCancel",
        Code(&ChallengeCancel::LIST),
        AB3,
        [TIMED_OUT, TIMED_OUT],
    ),
    row("whiteListStatus", Code(&TrustListStatus::LIST), AB3, [X, O]),
    row(
        "whiteListStatusSource",
        Code(&TrustListSource::LIST),
        AB3,
        [X, when(Given("whiteListStatus"))],
    ),
    MESSAGE_EXTENSION,
];

/// RRes (section 7.2 of the reference).
pub(super) const RRES: &[Element] = &[
    row("messageType", MESSAGE_TYPE, AB3, [R, R]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R, R]),
    row("threeDSServerTransID", Uuid, AB3, [R, R]),
    row("acsTransID", Uuid, AB3, [R, R]),
    row("dsTransID", Uuid, AB3, [R, R]),
    row("resultsStatus", Code(&ResultsStatus::LIST), AB3, [R, R]),
    MESSAGE_EXTENSION,
];

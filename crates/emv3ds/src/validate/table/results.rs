use super::{
    AUTHENTICATION_VALUE, MARKET, MESSAGE_EXTENSION, MESSAGE_VERSION, O, PA, PAYMENT, PROVEN_PAYMENT, R,
    REFUSED_PAYMENT, X, erro, objects, when, within,
};
use crate::{
    code::{
        AuthenticationMethod, AuthenticationType, ChallengeCancel, Component, DeviceBindingSource,
        DeviceBindingStatus, MessageCategory, ResultsStatus, TransStatusReason, TrustListSource,
        TrustListStatus,
    },
    validate::element::{
        Channels,
        Condition::{All, Given, Is},
        Element,
        Format::{Array, Code, Digits, Eci, Object, OneOf, PerVersion, Text, Uuid, When},
        Inclusion, row,
    },
};

const A: Channels = Channels::A;
const AB: Channels = Channels::AB;
const AB3: Channels = Channels::AB3;
const ANSWERED: Inclusion = when(Is("transStatus", &["Y", "N"]));
/// Refused, or to go on as a decoupled authentication.
const REFUSED_OR_DECOUPLED: Inclusion = when(All(&[PAYMENT, Is("transStatus", &["N", "U", "R", "D"])]));
/// Reason 14, timed out at the ACS, says whether the challenge had begun.
const TIMED_OUT: Inclusion = when(Is("transStatusReason", &["14"]));
/// An Erro ended the challenge.
const ENDED_BY_ERRO: Inclusion = when(Is("challengeCancel", &["09", "10"]));
const TO_DIRECTORY_SERVER: Inclusion = Inclusion::To(Component::DirectoryServer, &MARKET);

/// RReq (section 7.1 of the reference).
pub(super) const RREQ: &[Element] = &[
    row("messageType", OneOf(&["RReq"]), AB3, [R; 3]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R; 3]),
    row("messageCategory", Code(&MessageCategory::LIST), AB3, [R; 3]),
    row("threeDSServerTransID", Uuid, AB3, [R; 3]),
    row("acsTransID", Uuid, AB3, [R; 3]),
    row("dsTransID", Uuid, AB3, [R; 3]),
    row("sdkTransID", Uuid, A, [X, R, R]),
    row(
        "transStatus",
        PerVersion(&[
            OneOf(&["Y", "N", "U", "A", "R"]),
            OneOf(&["Y", "N", "U", "A", "R"]),
            OneOf(&["Y", "N", "U", "A", "R", "D"]),
        ]),
        AB3,
        [PA; 3],
    ),
    // 29 and 30 are the two ways in which a challenge goes on as a decoupled authentication.
    row(
        "transStatusReason",
        When(
            Is("transStatus", &["D"]),
            &[OneOf(&["29", "30"]), Code(&TransStatusReason::LIST)],
        ),
        AB3,
        [REFUSED_PAYMENT, REFUSED_PAYMENT, REFUSED_OR_DECOUPLED],
    ),
    row("transStatusReasonInfo", Text(1, 256), AB3, [X, X, O]),
    row(
        "authenticationValue",
        AUTHENTICATION_VALUE,
        AB3,
        [PROVEN_PAYMENT; 3],
    ),
    row("eci", Eci, AB3, [MARKET; 3]),
    row(
        "authenticationType",
        Code(&AuthenticationType::LIST),
        AB3,
        [ANSWERED, ANSWERED, X],
    ),
    row(
        "authenticationMethod",
        PerVersion(&[
            Code(&AuthenticationMethod::LIST),
            Code(&AuthenticationMethod::LIST),
            Array(1, 99, &Code(&AuthenticationMethod::LIST)),
        ]),
        AB3,
        [TO_DIRECTORY_SERVER, TO_DIRECTORY_SERVER, MARKET],
    ),
    row(
        "acsRenderingType",
        Object(objects::ACS_RENDERING_TYPE),
        A,
        [R, MARKET, MARKET],
    ),
    // From 2.2.0 not for a decoupled authentication, which an RReq does not always show.
    row("interactionCounter", Digits(2, 2), AB, [R, MARKET, MARKET]),
    row(
        "challengeCancel",
        Code(&ChallengeCancel::LIST),
        AB3,
        [within(AB, &TIMED_OUT), TIMED_OUT, TIMED_OUT],
    ),
    row(
        "challengeErrorReporting",
        Object(erro::ERRO),
        AB,
        [X, X, ENDED_BY_ERRO],
    ),
    row("cardholderInfo", Object(objects::CARDHOLDER_INFO), AB3, [X, X, O]),
    row("whiteListStatus", Code(&TrustListStatus::LIST), AB3, [X, O, X]),
    row(
        "whiteListStatusSource",
        Code(&TrustListSource::LIST),
        AB3,
        [X, when(Given("whiteListStatus")), X],
    ),
    row("trustListStatus", Code(&TrustListStatus::LIST), AB3, [X, X, O]),
    row(
        "trustListStatusSource",
        Code(&TrustListSource::LIST),
        AB3,
        [X, X, when(Given("trustListStatus"))],
    ),
    row(
        "deviceBindingStatus",
        Code(&DeviceBindingStatus::LIST),
        AB3,
        [X, X, O],
    ),
    row(
        "deviceBindingStatusSource",
        Code(&DeviceBindingSource::LIST),
        AB3,
        [X, X, when(Given("deviceBindingStatus"))],
    ),
    MESSAGE_EXTENSION,
];

/// RRes (section 7.2 of the reference).
pub(super) const RRES: &[Element] = &[
    row("messageType", OneOf(&["RRes"]), AB3, [R; 3]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R; 3]),
    row("threeDSServerTransID", Uuid, AB3, [R; 3]),
    row("acsTransID", Uuid, AB3, [R; 3]),
    row("dsTransID", Uuid, AB3, [R; 3]),
    row("sdkTransID", Uuid, A, [X, MARKET, MARKET]),
    row("resultsStatus", Code(&ResultsStatus::LIST), AB3, [R; 3]),
    MESSAGE_EXTENSION,
];

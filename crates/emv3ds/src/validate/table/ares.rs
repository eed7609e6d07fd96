use super::{
    AUTHENTICATION_VALUE, MARKET, MESSAGE_EXTENSION, MESSAGE_VERSION, O, PA, PROVEN_PAYMENT, R,
    REFERENCE_NUMBER, REFUSED_PAYMENT, X, objects, when, within,
};
use crate::{
    code::{
        AuthenticationMethod, AuthenticationType, ChallengeExemption, DeviceBindingSource,
        DeviceBindingStatus, SecurityCodeStatus, SecurityCodeStatusSource, TransStatus, TransStatusReason,
        TrustListSource, TrustListStatus, YesNo,
    },
    validate::element::{
        Channels,
        Condition::{Given, Is},
        Element,
        Format::{AnyObject, Array, Code, Eci, Object, OneOf, PerVersion, Text, Url, Uuid, When},
        Inclusion, row,
    },
};

const A: Channels = Channels::A;
const AB: Channels = Channels::AB;
const AB3: Channels = Channels::AB3;
const B: Channels = Channels::B;
/// A challenge follows, in the shop's session or decoupled from it.
const CHALLENGE: Inclusion = when(Is("transStatus", &["C", "D"]));
const CHALLENGE_NOW: Inclusion = when(Is("transStatus", &["C"]));
const DECOUPLED: Inclusion = when(Is("transStatus", &["D"]));
const DECOUPLED_CONFIRMED: Inclusion = when(Is("acsDecConInd", &["Y"]));
const PAYMENT_CONFIRMATION: Inclusion = when(Is("transStatus", &["S"]));

/// ARes (section 5 of the reference).
pub(super) const ARES: &[Element] = &[
    row("messageType", OneOf(&["ARes"]), AB3, [R; 3]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R; 3]),
    row("threeDSServerTransID", Uuid, AB3, [R; 3]),
    row("dsTransID", Uuid, AB3, [R; 3]),
    row("acsTransID", Uuid, AB3, [R; 3]),
    row("acsReferenceNumber", REFERENCE_NUMBER, AB3, [R; 3]),
    row("dsReferenceNumber", REFERENCE_NUMBER, AB3, [R; 3]),
    row("acsOperatorID", Text(1, 32), AB3, [MARKET; 3]),
    row("transStatus", Code(&TransStatus::LIST), AB3, [PA; 3]),
    row(
        "transStatusReason",
        Code(&TransStatusReason::LIST),
        AB3,
        [REFUSED_PAYMENT; 3],
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
        "acsChallengeMandated",
        Code(&YesNo::LIST),
        AB3,
        [within(AB, &CHALLENGE), CHALLENGE, CHALLENGE],
    ),
    row("acsURL", Url(2048), B, [CHALLENGE_NOW; 3]),
    row(
        "acsSignedContent",
        PerVersion(&[Text(1, 64_000), Text(1, 64_000), Text(1, 16_000)]),
        A,
        [CHALLENGE_NOW; 3],
    ),
    row(
        "acsRenderingType",
        Object(objects::ACS_RENDERING_TYPE),
        A,
        [CHALLENGE_NOW; 3],
    ),
    row(
        "authenticationType",
        Code(&AuthenticationType::LIST),
        AB3,
        [CHALLENGE, CHALLENGE, X],
    ),
    row(
        "authenticationMethod",
        Array(1, 99, &Code(&AuthenticationMethod::LIST)),
        AB3,
        [X, X, CHALLENGE],
    ),
    // Decoupled authentication that the ACS has not confirmed is none.
    row(
        "acsDecConInd",
        When(Is("transStatus", &["D"]), &[OneOf(&["Y"]), Code(&YesNo::LIST)]),
        AB3,
        [X, DECOUPLED, DECOUPLED],
    ),
    row(
        "cardholderInfo",
        PerVersion(&[Text(1, 128), Text(1, 128), Object(objects::CARDHOLDER_INFO)]),
        AB3,
        [within(AB, &O), DECOUPLED_CONFIRMED, DECOUPLED_CONFIRMED],
    ),
    row("sdkTransID", Uuid, A, [R; 3]),
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
        "cardSecurityCodeStatus",
        Code(&SecurityCodeStatus::LIST),
        AB3,
        [X, X, MARKET],
    ),
    row(
        "cardSecurityCodeStatusSource",
        Code(&SecurityCodeStatusSource::LIST),
        AB3,
        [X, X, when(Given("cardSecurityCodeStatus"))],
    ),
    row(
        "deviceBindingStatus",
        Code(&DeviceBindingStatus::LIST),
        AB3,
        [X, X, MARKET],
    ),
    row(
        "deviceBindingStatusSource",
        Code(&DeviceBindingSource::LIST),
        AB3,
        [X, X, when(Given("deviceBindingStatus"))],
    ),
    row("deviceInfoRecognisedVersion", Text(3, 64), A, [X, X, R]),
    row("threeDSRequestorAppURLInd", Code(&YesNo::LIST), A, [X, X, R]),
    row(
        "transChallengeExemption",
        Code(&ChallengeExemption::LIST),
        AB3,
        [X, X, MARKET],
    ),
    row(
        "spcTransData",
        Object(objects::SPC_TRANS_DATA),
        B,
        [X, X, PAYMENT_CONFIRMATION],
    ),
    row(
        "webAuthnCredList",
        Array(1, 10, &Object(objects::WEB_AUTHN_CREDENTIALS)),
        B,
        [X, X, PAYMENT_CONFIRMATION],
    ),
    row(
        "broadInfo",
        PerVersion(&[AnyObject(4096), AnyObject(4096), Object(objects::BROAD_INFO)]),
        AB3,
        [MARKET; 3],
    ),
    MESSAGE_EXTENSION,
];

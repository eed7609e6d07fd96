use super::{
    AMOUNT, MARKET, MESSAGE_EXTENSION, MESSAGE_VERSION, O, PA, PAYMENT, R, REFERENCE_NUMBER, X,
    areq_objects as object, objects, to_acs, when, within,
};
use crate::{
    code::{
        AccountType, CompletionIndicator, DecoupledRequestInd, DeviceBindingSource, DeviceBindingStatus,
        MessageCategory, RequestorAuthenticationInd, RequestorChallengeInd, SecurityCodeStatus,
        SecurityCodeStatusSource, ThreeRiInd, TransactionType, TrustListSource, YesNo,
    },
    validate::element::{
        Channels, Condition,
        Condition::{All, Any, Given, Is, IsInside, True},
        Element,
        Format::{
            AnyObject, Array, Ascii, Boolean, Code, Country, Currency, Day, Digits, Email, IpAddress,
            Language, Number, Object, OneOf, PerVersion, Second, Text, TimeZone, True as JsonTrue, Url, Uuid,
            Website, When, YearMonth,
        },
        Inclusion, row,
    },
};

const AB3: Channels = Channels::AB3;
const AB: Channels = Channels::AB;
const B: Channels = Channels::B;
const THREE_RI: Channels = Channels::I;

const NON_PAYMENT: Condition = Condition::Category(MessageCategory::NonPayment);
const RECURRING_OR_INSTALMENT: Condition = Any(&[
    Is("threeDSRequestorAuthenticationInd", &["02", "03"]),
    Is("threeRIInd", &["01", "02"]),
]);
/// A payment, or something that leads to payments.
const PURCHASE_210: Inclusion = when(Any(&[
    PAYMENT,
    All(&[
        NON_PAYMENT,
        Is("threeDSRequestorAuthenticationInd", &["02", "03"]),
    ]),
]));
const PURCHASE_220: Inclusion = when(Any(&[
    PAYMENT,
    All(&[
        NON_PAYMENT,
        Any(&[
            Is("threeDSRequestorAuthenticationInd", &["02", "03"]),
            Is("threeRIInd", &["01", "02", "06", "07", "08", "09", "11"]),
        ]),
    ]),
]));
const PURCHASE_231: Inclusion = when(Any(&[
    PAYMENT,
    All(&[
        NON_PAYMENT,
        Any(&[
            Is(
                "threeDSRequestorAuthenticationInd",
                &["02", "03", "07", "08", "09"],
            ),
            Is("threeRIInd", &["01", "02", "06", "07", "08", "09", "11", "15"]),
        ]),
    ]),
]));
/// 3RI knows no purchase in 2.1.0.
const PURCHASE: [Inclusion; 3] = [within(AB, &PURCHASE_210), PURCHASE_220, PURCHASE_231];
const RECURRING: Inclusion = when(RECURRING_OR_INSTALMENT);
const INSTALMENT: Inclusion = when(Any(&[
    Is("threeDSRequestorAuthenticationInd", &["03"]),
    Is("threeRIInd", &["02"]),
]));
/// The amount of the payments that follow is agreed on.
const FIXED_AMOUNT: Inclusion = when(All(&[
    RECURRING_OR_INSTALMENT,
    IsInside("recurringInd", "amountInd", &["01"]),
]));
/// Their intervals are agreed on.
const FIXED_FREQUENCY: Inclusion = when(IsInside("recurringInd", "frequencyInd", &["01"]));
const RECURRING_AMOUNT_GIVEN: Inclusion = when(Given("recurringAmount"));
/// The browser values that only a script can read.
const SCRIPTED: Inclusion = when(True("browserJavascriptEnabled"));
/// Required of the directory server, for the ACS.
const ADDED_FOR_ACS: [Inclusion; 3] = [to_acs(&R); 3];

/// AReq (section 4 of the reference). The app's rows (section 4.6) come with the app channel.
pub(super) const AREQ: &[Element] = &[
    // 3DS Server, requestor and transaction (4.1).
    row("messageType", OneOf(&["AReq"]), AB3, [R; 3]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R; 3]),
    // In 2.1.0 nothing is paid without the cardholder.
    row(
        "messageCategory",
        PerVersion(&[
            When(
                Is("deviceChannel", &["03"]),
                &[OneOf(&["02"]), Code(&MessageCategory::LIST)],
            ),
            Code(&MessageCategory::LIST),
            Code(&MessageCategory::LIST),
        ]),
        AB3,
        [R; 3],
    ),
    row("deviceChannel", OneOf(&["02", "03"]), AB3, [R; 3]),
    MESSAGE_EXTENSION,
    row("threeDSServerTransID", Uuid, AB3, [R; 3]),
    row("threeDSServerRefNumber", REFERENCE_NUMBER, AB3, [R; 3]),
    row("threeDSServerOperatorID", Text(1, 32), AB3, [MARKET; 3]),
    row("threeDSServerURL", Url(2048), AB3, [within(AB, &R), R, R]),
    row("threeDSRequestorID", Text(1, 35), AB3, [R; 3]),
    row("threeDSRequestorName", Text(1, 40), AB3, [R; 3]),
    row("threeDSRequestorURL", Website(2048), AB3, [R; 3]),
    row(
        "threeDSRequestorAuthenticationInd",
        Code(&RequestorAuthenticationInd::LIST),
        AB,
        [R; 3],
    ),
    row(
        "threeDSRequestorAuthenticationInfo",
        PerVersion(&[
            Object(object::REQUESTOR_AUTHENTICATION_INFO),
            Object(object::REQUESTOR_AUTHENTICATION_INFO),
            Array(1, 3, &Object(object::REQUESTOR_AUTHENTICATION_INFO)),
        ]),
        AB3,
        [within(AB, &O), within(AB, &O), O],
    ),
    row(
        "threeDSRequestorChallengeInd",
        PerVersion(&[
            Code(&RequestorChallengeInd::LIST),
            Code(&RequestorChallengeInd::LIST),
            Array(1, 2, &Code(&RequestorChallengeInd::LIST)),
        ]),
        AB3,
        [within(AB, &O), within(AB, &O), O],
    ),
    row(
        "threeDSRequestorPriorAuthenticationInfo",
        PerVersion(&[
            Object(object::PRIOR_AUTHENTICATION_INFO),
            Object(object::PRIOR_AUTHENTICATION_INFO),
            Array(1, 3, &Object(object::PRIOR_AUTHENTICATION_INFO)),
        ]),
        AB3,
        [O, O, when(Is("threeRIInd", &["19"]))],
    ),
    row(
        "threeDSReqAuthMethodInd",
        OneOf(&["01", "02", "03"]),
        AB,
        [X, to_acs(&MARKET), X],
    ),
    row(
        "threeDSRequestorDecReqInd",
        Code(&DecoupledRequestInd::LIST),
        AB3,
        [X, O, O],
    ),
    row(
        "threeDSRequestorDecMaxTime",
        Number {
            digits: (5, 5),
            least: 1,
            most: 10_080,
        },
        AB3,
        [
            X,
            when(Is("threeDSRequestorDecReqInd", &["Y"])),
            when(Is("threeDSRequestorDecReqInd", &["Y", "F", "B"])),
        ],
    ),
    row("threeRIInd", Code(&ThreeRiInd::LIST), THREE_RI, [R; 3]),
    row("threeDSRequestorSpcSupport", OneOf(&["Y"]), B, [X, X, MARKET]),
    row("spcIncompInd", OneOf(&["01", "02", "03"]), B, [X, X, MARKET]),
    row(
        "payeeOrigin",
        Url(2048),
        B,
        [X, X, when(Is("threeDSRequestorSpcSupport", &["Y"]))],
    ),
    row(
        "transType",
        Code(&TransactionType::LIST),
        AB3,
        [within(AB, &MARKET), MARKET, MARKET],
    ),
    row(
        "multiTransaction",
        Object(object::MULTI_TRANSACTION),
        AB3,
        [X, X, O],
    ),
    row(
        "sellerInfo",
        Array(1, 50, &Object(object::SELLER_INFO)),
        AB3,
        [X, X, O],
    ),
    row("taxId", Text(1, 45), AB3, [X, X, O]),
    row(
        "broadInfo",
        PerVersion(&[AnyObject(4096), AnyObject(4096), Object(objects::BROAD_INFO)]),
        AB3,
        [MARKET; 3],
    ),
    // Acquirer and merchant (4.2).
    row("acquirerBIN", Text(1, 11), AB3, [PA; 3]),
    row("acquirerMerchantID", Text(1, 35), AB3, [PA; 3]),
    row("acquirerCountryCode", Country, AB3, [X, X, R]),
    row(
        "acquirerCountryCodeSource",
        OneOf(&["01", "02"]),
        AB3,
        [X, X, when(Given("acquirerCountryCode"))],
    ),
    row("mcc", Digits(4, 4), AB3, [PA; 3]),
    row("merchantCountryCode", Country, AB3, [PA; 3]),
    row("merchantName", Text(1, 40), AB3, [PA; 3]),
    row(
        "merchantRiskIndicator",
        Object(object::MERCHANT_RISK_INDICATOR),
        AB3,
        [O; 3],
    ),
    // Purchase and recurring (4.3).
    row("purchaseAmount", AMOUNT, AB3, PURCHASE),
    row("purchaseCurrency", Currency, AB3, PURCHASE),
    row("purchaseExponent", Digits(1, 1), AB3, PURCHASE),
    row("purchaseDate", Second, AB3, PURCHASE),
    row(
        "purchaseInstalData",
        Number {
            digits: (1, 3),
            least: 2,
            most: 999,
        },
        AB3,
        [within(AB, &INSTALMENT), INSTALMENT, INSTALMENT],
    ),
    // From 2.3.1 only where there is an end.
    row(
        "recurringExpiry",
        Day,
        AB3,
        [within(AB, &RECURRING), RECURRING, MARKET],
    ),
    row(
        "recurringFrequency",
        Digits(1, 4),
        AB3,
        [within(AB, &RECURRING), RECURRING, FIXED_FREQUENCY],
    ),
    row("recurringAmount", AMOUNT, AB3, [X, X, FIXED_AMOUNT]),
    row("recurringCurrency", Currency, AB3, [X, X, RECURRING_AMOUNT_GIVEN]),
    row(
        "recurringExponent",
        Digits(1, 1),
        AB3,
        [X, X, RECURRING_AMOUNT_GIVEN],
    ),
    row("recurringDate", Day, AB3, [X, X, FIXED_FREQUENCY]),
    row(
        "recurringInd",
        Object(object::RECURRING_IND),
        AB3,
        [X, X, RECURRING],
    ),
    // Cardholder and account (4.4).
    row("acctNumber", Digits(13, 19), AB3, [R; 3]),
    row("cardExpiryDate", YearMonth, AB3, [MARKET; 3]),
    row("acctType", Code(&AccountType::LIST), AB3, [MARKET; 3]),
    row("acctID", Text(1, 64), AB3, [O; 3]),
    row("acctInfo", Object(object::ACCT_INFO), AB3, [O; 3]),
    row(
        "cardholderName",
        PerVersion(&[Ascii(2, 45), Ascii(2, 45), Text(1, 45)]),
        AB3,
        [MARKET; 3],
    ),
    row("email", Email, AB3, [MARKET; 3]),
    row("homePhone", Object(object::PHONE), AB3, [MARKET; 3]),
    row("mobilePhone", Object(object::PHONE), AB3, [MARKET; 3]),
    row("workPhone", Object(object::PHONE), AB3, [MARKET; 3]),
    row("billAddrLine1", Text(1, 50), AB3, [MARKET; 3]),
    row("billAddrLine2", Text(1, 50), AB3, [MARKET; 3]),
    row("billAddrLine3", Text(1, 50), AB3, [MARKET; 3]),
    row("billAddrCity", Text(1, 50), AB3, [MARKET; 3]),
    row("billAddrPostCode", Text(1, 16), AB3, [MARKET; 3]),
    row("billAddrState", Text(1, 3), AB3, [MARKET; 3]),
    row("billAddrCountry", Country, AB3, [when(Given("billAddrState")); 3]),
    row("shipAddrLine1", Text(1, 50), AB3, [MARKET; 3]),
    row("shipAddrLine2", Text(1, 50), AB3, [MARKET; 3]),
    row("shipAddrLine3", Text(1, 50), AB3, [MARKET; 3]),
    row("shipAddrCity", Text(1, 50), AB3, [MARKET; 3]),
    row("shipAddrPostCode", Text(1, 16), AB3, [MARKET; 3]),
    row("shipAddrState", Text(1, 3), AB3, [MARKET; 3]),
    row("shipAddrCountry", Country, AB3, [when(Given("shipAddrState")); 3]),
    row("addrMatch", Code(&YesNo::LIST), AB, [O; 3]),
    row("cardSecurityCode", Digits(3, 4), AB3, [X, X, MARKET]),
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
    row("whiteListStatus", OneOf(&["Y", "N"]), AB3, [X, O, X]),
    row(
        "whiteListStatusSource",
        Code(&TrustListSource::LIST),
        AB3,
        [X, when(Given("whiteListStatus")), X],
    ),
    row("trustListStatus", OneOf(&["Y", "N"]), AB3, [X, X, O]),
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
        [X, X, MARKET],
    ),
    row(
        "deviceBindingStatusSource",
        Code(&DeviceBindingSource::LIST),
        AB3,
        [X, X, when(Given("deviceBindingStatus"))],
    ),
    row("payTokenInd", JsonTrue, AB3, [MARKET; 3]),
    row(
        "payTokenSource",
        OneOf(&["01", "02"]),
        AB3,
        [X, when(True("payTokenInd")), when(True("payTokenInd"))],
    ),
    row("payTokenInfo", AnyObject(10_000), AB3, [X, X, MARKET]),
    // Browser (4.5).
    row("threeDSCompInd", Code(&CompletionIndicator::LIST), B, [R; 3]),
    row("threeDSMethodId", Uuid, B, [X, X, MARKET]),
    row("notificationURL", Url(256), B, [R; 3]),
    row("browserAcceptHeader", Text(1, 2048), B, [R; 3]),
    row("acceptLanguage", Array(1, 99, &Language(100)), B, [X, X, R]),
    row("browserIP", IpAddress, B, [MARKET; 3]),
    row("browserJavascriptEnabled", Boolean, B, [X, R, R]),
    row("browserJavaEnabled", Boolean, B, [R, SCRIPTED, SCRIPTED]),
    row(
        "browserLanguage",
        PerVersion(&[Language(8), Language(8), Language(35)]),
        B,
        [R, R, SCRIPTED],
    ),
    row(
        "browserColorDepth",
        PerVersion(&[
            OneOf(&["1", "4", "8", "15", "16", "24", "32", "48"]),
            OneOf(&["1", "4", "8", "15", "16", "24", "32", "48"]),
            Number {
                digits: (1, 2),
                least: 1,
                most: 99,
            },
        ]),
        B,
        [R, SCRIPTED, SCRIPTED],
    ),
    row("browserScreenHeight", Digits(1, 6), B, [R, SCRIPTED, SCRIPTED]),
    row("browserScreenWidth", Digits(1, 6), B, [R, SCRIPTED, SCRIPTED]),
    row("browserTZ", TimeZone, B, [R, SCRIPTED, SCRIPTED]),
    row("browserUserAgent", Text(1, 2048), B, [R; 3]),
    row("deviceId", Text(1, 64), B, [X, X, O]),
    row("userId", Text(1, 64), B, [X, X, O]),
    // Added by the directory server (4.7).
    row("dsReferenceNumber", REFERENCE_NUMBER, AB3, ADDED_FOR_ACS),
    row("dsTransID", Uuid, AB3, ADDED_FOR_ACS),
    row("dsURL", Url(2048), AB3, [to_acs(&MARKET); 3]),
];

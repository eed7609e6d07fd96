use super::{
    AMOUNT, MARKET, MESSAGE_EXTENSION, MESSAGE_TYPE, MESSAGE_VERSION, O, PA, PAYMENT, R, REFERENCE_NUMBER, X,
    areq_objects as object, when,
};
use crate::{
    code::{
        AccountType, CompletionIndicator, Component, MessageCategory, RequestorAuthenticationInd,
        RequestorChallengeInd, TransactionType, TrustListSource, YesNo,
    },
    validate::element::{
        Channels, Condition,
        Condition::{All, Any, Given, Is, True},
        Element,
        Format::{
            AnyObject, Ascii, Boolean, Code, Country, Currency, Day, Digits, Email, IpAddress, Language,
            Number, Object, OneOf, Second, Text, TimeZone, True as JsonTrue, Url, Uuid, Website, YearMonth,
        },
        Inclusion, row,
    },
};

const AB3: Channels = Channels::AB3;
const AB: Channels = Channels::AB;
const B: Channels = Channels::B;
const THREE_RI: Channels = Channels::I;

/// A payment, or something that leads to payments.
const PURCHASE_210: Inclusion = when(Any(&[PAYMENT, All(&[NON_PAYMENT, RECURRING_OR_INSTALMENT])]));
const PURCHASE_220: Inclusion = when(Any(&[
    PAYMENT,
    All(&[
        NON_PAYMENT,
        Any(&[
            RECURRING_OR_INSTALMENT,
            Is("threeRIInd", &["01", "02", "06", "07", "08", "09", "11"]),
        ]),
    ]),
]));
const NON_PAYMENT: Condition = Condition::Category(MessageCategory::NonPayment);
const RECURRING_OR_INSTALMENT: Condition = Any(&[
    Is("threeDSRequestorAuthenticationInd", &["02", "03"]),
    Is("threeRIInd", &["01", "02"]),
]);
const RECURRING: Inclusion = when(RECURRING_OR_INSTALMENT);
const INSTALMENT: Inclusion = when(Any(&[
    Is("threeDSRequestorAuthenticationInd", &["03"]),
    Is("threeRIInd", &["02"]),
]));
/// The browser values that only a script can read.
const SCRIPTED: Inclusion = when(True("browserJavascriptEnabled"));

/// AReq (section 4 of the reference).
pub(super) const AREQ: &[Element] = &[
    // 3DS Server, requestor and transaction.
    row("messageType", MESSAGE_TYPE, AB3, [R, R]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R, R]),
    row("messageCategory", Code(&MessageCategory::LIST), AB3, [R, R]),
    // The browser is the channel spoken so far; the app and 3RI bring rows of their own.
    row("deviceChannel", OneOf(&["02"]), AB3, [R, R]),
    MESSAGE_EXTENSION,
    row("threeDSServerTransID", Uuid, AB3, [R, R]),
    row("threeDSServerRefNumber", REFERENCE_NUMBER, AB3, [R, R]),
    row("threeDSServerOperatorID", Text(1, 32), AB3, [MARKET, MARKET]),
    row("threeDSServerURL", Url(2048), AB3, [R, R]),
    row("threeDSRequestorID", Text(1, 35), AB3, [R, R]),
    row("threeDSRequestorName", Text(1, 40), AB3, [R, R]),
    row("threeDSRequestorURL", Website(2048), AB3, [R, R]),
    row(
        "threeDSRequestorAuthenticationInd",
        Code(&RequestorAuthenticationInd::LIST),
        AB,
        [R, R],
    ),
    row(
        "threeDSRequestorAuthenticationInfo",
        Object(object::REQUESTOR_AUTHENTICATION_INFO),
        AB,
        [O, O],
    ),
    row(
        "threeDSRequestorChallengeInd",
        Code(&RequestorChallengeInd::LIST),
        AB,
        [O, O],
    ),
    row(
        "threeDSRequestorPriorAuthenticationInfo",
        Object(object::PRIOR_AUTHENTICATION_INFO),
        AB3,
        [O, O],
    ),
    row(
        "threeDSReqAuthMethodInd",
        OneOf(&["01", "02", "03"]),
        AB,
        [X, MARKET],
    )
    .only_to(Component::Acs),
    row("threeDSRequestorDecReqInd", Code(&YesNo::LIST), AB3, [X, O]),
    row(
        "threeDSRequestorDecMaxTime",
        Number {
            digits: (5, 5),
            least: 1,
            most: 10_080,
        },
        AB3,
        [X, when(Is("threeDSRequestorDecReqInd", &["Y"]))],
    ),
    row("threeRIInd", Digits(2, 2), THREE_RI, [R, R]),
    row("transType", Code(&TransactionType::LIST), AB3, [MARKET, MARKET]),
    row("broadInfo", AnyObject(4096), AB3, [MARKET, MARKET]),
    // Acquirer and merchant.
    row("acquirerBIN", Text(1, 11), AB3, [PA, PA]),
    row("acquirerMerchantID", Text(1, 35), AB3, [PA, PA]),
    row("mcc", Digits(4, 4), AB3, [PA, PA]),
    row("merchantCountryCode", Country, AB3, [PA, PA]),
    row("merchantName", Text(1, 40), AB3, [PA, PA]),
    row(
        "merchantRiskIndicator",
        Object(object::MERCHANT_RISK_INDICATOR),
        AB3,
        [O, O],
    ),
    // Purchase and recurring.
    row("purchaseAmount", AMOUNT, AB3, [PURCHASE_210, PURCHASE_220]),
    row("purchaseCurrency", Currency, AB3, [PURCHASE_210, PURCHASE_220]),
    row(
        "purchaseExponent",
        Digits(1, 1),
        AB3,
        [PURCHASE_210, PURCHASE_220],
    ),
    row("purchaseDate", Second, AB3, [PURCHASE_210, PURCHASE_220]),
    row(
        "purchaseInstalData",
        Number {
            digits: (1, 3),
            least: 2,
            most: 999,
        },
        AB3,
        [INSTALMENT, INSTALMENT],
    ),
    row("recurringExpiry", Day, AB3, [RECURRING, RECURRING]),
    row("recurringFrequency", Digits(1, 4), AB3, [RECURRING, RECURRING]),
    // Cardholder and account.
    row("acctNumber", Digits(13, 19), AB3, [R, R]),
    row("cardExpiryDate", YearMonth, AB3, [MARKET, MARKET]),
    row("acctType", Code(&AccountType::LIST), AB3, [MARKET, MARKET]),
    row("acctID", Text(1, 64), AB3, [O, O]),
    row("acctInfo", Object(object::ACCT_INFO), AB3, [O, O]),
    row("cardholderName", Ascii(2, 45), AB3, [MARKET, MARKET]),
    row("email", Email, AB3, [MARKET, MARKET]),
    row("homePhone", Object(object::PHONE), AB3, [MARKET, MARKET]),
    row("mobilePhone", Object(object::PHONE), AB3, [MARKET, MARKET]),
    row("workPhone", Object(object::PHONE), AB3, [MARKET, MARKET]),
    row("billAddrLine1", Text(1, 50), AB3, [MARKET, MARKET]),
    row("billAddrLine2", Text(1, 50), AB3, [MARKET, MARKET]),
    row("billAddrLine3", Text(1, 50), AB3, [MARKET, MARKET]),
    row("billAddrCity", Text(1, 50), AB3, [MARKET, MARKET]),
    row("billAddrPostCode", Text(1, 16), AB3, [MARKET, MARKET]),
    row("billAddrState", Text(1, 3), AB3, [MARKET, MARKET]),
    row(
        "billAddrCountry",
        Country,
        AB3,
        [when(Given("billAddrState")), when(Given("billAddrState"))],
    ),
    row("shipAddrLine1", Text(1, 50), AB3, [MARKET, MARKET]),
    row("shipAddrLine2", Text(1, 50), AB3, [MARKET, MARKET]),
    row("shipAddrLine3", Text(1, 50), AB3, [MARKET, MARKET]),
    row("shipAddrCity", Text(1, 50), AB3, [MARKET, MARKET]),
    row("shipAddrPostCode", Text(1, 16), AB3, [MARKET, MARKET]),
    row("shipAddrState", Text(1, 3), AB3, [MARKET, MARKET]),
    row(
        "shipAddrCountry",
        Country,
        AB3,
        [when(Given("shipAddrState")), when(Given("shipAddrState"))],
    ),
    row("addrMatch", Code(&YesNo::LIST), AB, [O, O]),
    row("whiteListStatus", OneOf(&["Y", "N"]), AB3, [X, O]),
    row(
        "whiteListStatusSource",
        Code(&TrustListSource::LIST),
        AB3,
        [X, when(Given("whiteListStatus"))],
    ),
    row("payTokenInd", JsonTrue, AB3, [MARKET, MARKET]),
    row(
        "payTokenSource",
        OneOf(&["01", "02"]),
        AB3,
        [X, when(True("payTokenInd"))],
    ),
    // Browser.
    row("threeDSCompInd", Code(&CompletionIndicator::LIST), B, [R, R]),
    row("notificationURL", Url(256), B, [R, R]),
    row("browserAcceptHeader", Text(1, 2048), B, [R, R]),
    row("browserIP", IpAddress, B, [MARKET, MARKET]),
    row("browserJavascriptEnabled", Boolean, B, [X, R]),
    row("browserJavaEnabled", Boolean, B, [R, SCRIPTED]),
    row("browserLanguage", Language(8), B, [R, R]),
    row(
        "browserColorDepth",
        OneOf(&["1", "4", "8", "15", "16", "24", "32", "48"]),
        B,
        [R, SCRIPTED],
    ),
    row("browserScreenHeight", Digits(1, 6), B, [R, SCRIPTED]),
    row("browserScreenWidth", Digits(1, 6), B, [R, SCRIPTED]),
    row("browserTZ", TimeZone, B, [R, SCRIPTED]),
    row("browserUserAgent", Text(1, 2048), B, [R, R]),
    // Added by the directory server.
    row("dsReferenceNumber", REFERENCE_NUMBER, AB3, [R, R]).only_to(Component::Acs),
    row("dsTransID", Uuid, AB3, [R, R]).only_to(Component::Acs),
    row("dsURL", Url(2048), AB3, [MARKET, MARKET]).only_to(Component::Acs),
];

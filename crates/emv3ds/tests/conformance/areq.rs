//! AReq (section 4 of the reference), browser and 3RI, to the directory server and on to the ACS.

use emv3ds::code::{Component, DeviceChannel, MessageType};

use super::{
    looks::Looks,
    looks::Looks::{
        AnyObject, Ascii, Boolean, Codes, Country, Currency, Day, Digits, Email, Https, IpAddress, Language,
        List, Number, OneOf, OnlyTrue, PerVersion, Second, Since231, Text, TimeZone, Uuid, Website,
        YearMonth,
    },
    objects::{
        ACCOUNT_INFO, BROAD_INFO, EXTENSIONS, FROM_01_TO_02, MERCHANT_RISK, MULTI_TRANSACTION, PHONE,
        PRIOR_AUTHENTICATION, RECURRING_IND, REQUESTOR_AUTHENTICATION, REQUESTOR_AUTHENTICATION_FOR_ACS,
        SELLERS,
    },
    sheet::{Line, Sheet, line, per_channel},
};

const YES_NO: Looks = OneOf(&["Y", "N"]);
const CATEGORY: Looks = Codes(&[("2.1.0", &["01", "02"])], true);
const AMOUNT: Looks = Digits(1, 48);
const TRUST_LIST_SOURCE: Looks = Codes(&[("2.1.0", &["01", "02", "03"])], true);
/// Sections 11.10 and 4.4.
pub const DEVICE_BINDING: Looks = Codes(
    &[(
        "2.3.1",
        &["01", "02", "03", "04", "05", "11", "12", "13", "14", "15"],
    )],
    true,
);
pub const DEVICE_BINDING_SOURCE: Looks = OneOf(&["01", "02", "03"]);
const CHALLENGE_IND: Looks = Codes(
    &[
        ("2.1.0", &["01", "02", "03", "04"]),
        ("2.2.0", &["05", "06", "07", "08", "09"]),
        ("2.3.1", &["10", "11", "12", "13", "14"]),
    ],
    true,
);

/// A line of the browser channel.
const fn b(section: &'static str, name: &'static str, looks: Looks, versions: &'static str) -> Line {
    per_channel(section, name, looks, ["---", versions, "---"])
}

/// A line of both channels: browser, then 3RI.
const fn b3(
    section: &'static str,
    name: &'static str,
    looks: Looks,
    browser: &'static str,
    three_ri: &'static str,
) -> Line {
    per_channel(section, name, looks, ["---", browser, three_ri])
}

const LINES: &[Line] = &[
    line("emv-3ds 4.1", "messageType", OneOf(&["AReq"]), "RRR"),
    line("emv-3ds 4.1", "messageVersion", Looks::Version, "RRR"),
    line("emv-3ds 4.1", "messageExtension", EXTENSIONS, "OOO"),
    line("emv-3ds 4.1", "threeDSServerTransID", Uuid, "RRR"),
    line("emv-3ds 4.1", "threeDSServerRefNumber", Text(1, 32), "RRR"),
    line("emv-3ds 4.1", "threeDSServerOperatorID", Text(1, 32), "OOO"),
    b3("emv-3ds 4.1", "threeDSServerURL", Https(2048), "RRR", "-RR"),
    line("emv-3ds 4.1", "threeDSRequestorID", Text(1, 35), "RRR"),
    line("emv-3ds 4.1", "threeDSRequestorName", Text(1, 40), "RRR"),
    line("emv-3ds 4.1", "threeDSRequestorURL", Website(2048), "RRR"),
    b(
        "emv-3ds 11.4",
        "threeDSRequestorAuthenticationInd",
        Codes(
            &[
                ("2.1.0", &["01", "02", "03", "04", "05", "06"]),
                ("2.2.0", &["07"]),
                ("2.3.1", &["08", "09", "10"]),
            ],
            true,
        ),
        "RRR",
    ),
    b3(
        "emv-3ds 4.1",
        "threeDSRequestorAuthenticationInfo",
        Since231(&REQUESTOR_AUTHENTICATION, &List(1, 3, &REQUESTOR_AUTHENTICATION)),
        "OOO",
        "--O",
    ),
    b3(
        "emv-3ds 11.5",
        "threeDSRequestorChallengeInd",
        Since231(&CHALLENGE_IND, &List(1, 2, &CHALLENGE_IND)),
        "OOO",
        "--O",
    ),
    line(
        "emv-3ds 4.1",
        "threeDSRequestorPriorAuthenticationInfo",
        Since231(&PRIOR_AUTHENTICATION, &List(1, 3, &PRIOR_AUTHENTICATION)),
        "OOO",
    ),
    line(
        "emv-3ds 4.1",
        "threeDSRequestorDecReqInd",
        PerVersion(&[YES_NO, YES_NO, OneOf(&["Y", "N", "F", "B"])]),
        "-OO",
    ),
    line(
        "emv-3ds 4.1",
        "threeDSRequestorDecMaxTime",
        Number(5, 1, 10_080),
        "-RR",
    ),
    per_channel(
        "emv-3ds 11.6",
        "threeRIInd",
        Codes(
            &[
                ("2.1.0", &["03", "01", "02", "04", "05"]),
                ("2.2.0", &["06", "07", "08", "09", "10", "11", "12"]),
                ("2.3.1", &["13", "14", "15", "16", "17", "18", "19"]),
            ],
            true,
        ),
        ["---", "---", "RRR"],
    ),
    b("emv-3ds 4.1", "threeDSRequestorSpcSupport", OneOf(&["Y"]), "--O"),
    b("emv-3ds 4.1", "spcIncompInd", OneOf(&["01", "02", "03"]), "--O"),
    b("emv-3ds 4.1", "payeeOrigin", Https(2048), "--R"),
    b3(
        "emv-3ds 4.1",
        "transType",
        OneOf(&["01", "03", "10", "11", "28"]),
        "OOO",
        "-OO",
    ),
    line("emv-3ds 4.1", "multiTransaction", MULTI_TRANSACTION, "--O"),
    line("emv-3ds 4.1", "sellerInfo", SELLERS, "--O"),
    line("emv-3ds 4.1", "taxId", Text(1, 45), "--O"),
    line("emv-3ds 4.1", "broadInfo", BROAD_INFO, "OOO"),
    b3("emv-3ds 4.2", "acquirerBIN", Text(1, 11), "RRR", "ORR"),
    b3("emv-3ds 4.2", "acquirerMerchantID", Text(1, 35), "RRR", "ORR"),
    line("emv-3ds 4.2", "acquirerCountryCode", Country, "--R"),
    line("emv-3ds 4.2", "acquirerCountryCodeSource", FROM_01_TO_02, "--R"),
    b3("emv-3ds 4.2", "mcc", Digits(4, 4), "RRR", "ORR"),
    b3("emv-3ds 4.2", "merchantCountryCode", Country, "RRR", "ORR"),
    b3("emv-3ds 4.2", "merchantName", Text(1, 40), "RRR", "ORR"),
    line("emv-3ds 4.2", "merchantRiskIndicator", MERCHANT_RISK, "OOO"),
    b3("emv-3ds 4.3", "purchaseAmount", AMOUNT, "RRR", "-RR"),
    b3("emv-3ds 4.3", "purchaseCurrency", Currency, "RRR", "-RR"),
    b3("emv-3ds 4.3", "purchaseExponent", Digits(1, 1), "RRR", "-RR"),
    b3("emv-3ds 4.3", "purchaseDate", Second, "RRR", "-RR"),
    b3(
        "emv-3ds 4.3",
        "purchaseInstalData",
        Number(1, 2, 999),
        "OOO",
        "-OO",
    ),
    b3("emv-3ds 4.3", "recurringExpiry", Day, "OOO", "-OO"),
    b3("emv-3ds 4.3", "recurringFrequency", Digits(1, 4), "OOO", "-OO"),
    line("emv-3ds 4.3", "recurringAmount", AMOUNT, "--O"),
    line("emv-3ds 4.3", "recurringCurrency", Currency, "--R"),
    line("emv-3ds 4.3", "recurringExponent", Digits(1, 1), "--R"),
    line("emv-3ds 4.3", "recurringDate", Day, "--O"),
    line("emv-3ds 4.3", "recurringInd", RECURRING_IND, "--O"),
    line("emv-3ds 4.4", "acctNumber", Digits(13, 19), "RRR"),
    line("emv-3ds 4.4", "cardExpiryDate", YearMonth, "OOO"),
    line(
        "emv-3ds 4.4",
        "acctType",
        Codes(&[("2.1.0", &["01", "02", "03"])], true),
        "OOO",
    ),
    line("emv-3ds 4.4", "acctID", Text(1, 64), "OOO"),
    line("emv-3ds 4.4", "acctInfo", ACCOUNT_INFO, "OOO"),
    line(
        "emv-3ds 4.4",
        "cardholderName",
        Since231(&Ascii(2, 45), &Text(1, 45)),
        "OOO",
    ),
    line("emv-3ds 4.4", "email", Email, "OOO"),
    line("emv-3ds 4.4", "homePhone", PHONE, "OOO"),
    line("emv-3ds 4.4", "mobilePhone", PHONE, "OOO"),
    line("emv-3ds 4.4", "workPhone", PHONE, "OOO"),
    line("emv-3ds 4.4", "billAddrLine1", Text(1, 50), "OOO"),
    line("emv-3ds 4.4", "billAddrLine2", Text(1, 50), "OOO"),
    line("emv-3ds 4.4", "billAddrLine3", Text(1, 50), "OOO"),
    line("emv-3ds 4.4", "billAddrCity", Text(1, 50), "OOO"),
    line("emv-3ds 4.4", "billAddrPostCode", Text(1, 16), "OOO"),
    line("emv-3ds 4.4", "billAddrState", Text(1, 3), "OOO"),
    line("emv-3ds 4.4", "billAddrCountry", Country, "RRR"),
    line("emv-3ds 4.4", "shipAddrLine1", Text(1, 50), "OOO"),
    line("emv-3ds 4.4", "shipAddrLine2", Text(1, 50), "OOO"),
    line("emv-3ds 4.4", "shipAddrLine3", Text(1, 50), "OOO"),
    line("emv-3ds 4.4", "shipAddrCity", Text(1, 50), "OOO"),
    line("emv-3ds 4.4", "shipAddrPostCode", Text(1, 16), "OOO"),
    line("emv-3ds 4.4", "shipAddrState", Text(1, 3), "OOO"),
    line("emv-3ds 4.4", "shipAddrCountry", Country, "RRR"),
    b("emv-3ds 4.4", "addrMatch", YES_NO, "OOO"),
    line("emv-3ds 4.4", "cardSecurityCode", Digits(3, 4), "--O"),
    line(
        "emv-3ds 4.4",
        "cardSecurityCodeStatus",
        OneOf(&["Y", "N", "U"]),
        "--O",
    ),
    line(
        "emv-3ds 4.4",
        "cardSecurityCodeStatusSource",
        FROM_01_TO_02,
        "--R",
    ),
    line("emv-3ds 11.8", "whiteListStatus", YES_NO, "-O-"),
    line("emv-3ds 11.8", "whiteListStatusSource", TRUST_LIST_SOURCE, "-R-"),
    line("emv-3ds 11.8", "trustListStatus", YES_NO, "--O"),
    line("emv-3ds 11.8", "trustListStatusSource", TRUST_LIST_SOURCE, "--R"),
    line("emv-3ds 11.10", "deviceBindingStatus", DEVICE_BINDING, "--O"),
    line(
        "emv-3ds 11.10",
        "deviceBindingStatusSource",
        DEVICE_BINDING_SOURCE,
        "--R",
    ),
    line("emv-3ds 4.4", "payTokenInd", OnlyTrue, "OOO"),
    line("emv-3ds 4.4", "payTokenSource", FROM_01_TO_02, "-RR"),
    line("emv-3ds 4.4", "payTokenInfo", AnyObject(10_000), "--O"),
    b("emv-3ds 4.5", "threeDSCompInd", OneOf(&["Y", "N", "U"]), "RRR"),
    b("emv-3ds 4.5", "threeDSMethodId", Uuid, "--O"),
    b("emv-3ds 4.5", "notificationURL", Https(256), "RRR"),
    b("emv-3ds 4.5", "browserAcceptHeader", Text(1, 2048), "RRR"),
    b(
        "emv-3ds 4.5",
        "acceptLanguage",
        List(1, 99, &Language(100)),
        "--R",
    ),
    b("emv-3ds 4.5", "browserIP", IpAddress, "OOO"),
    // Scripts run: the first good value is true.
    b("emv-3ds 4.5", "browserJavascriptEnabled", Boolean, "-RR"),
    b("emv-3ds 4.5", "browserJavaEnabled", Boolean, "RRR"),
    b(
        "emv-3ds 4.5",
        "browserLanguage",
        Since231(&Language(8), &Language(35)),
        "RRR",
    ),
    b(
        "emv-3ds 4.5",
        "browserColorDepth",
        Since231(
            &OneOf(&["1", "4", "8", "15", "16", "24", "32", "48"]),
            &Number(1, 1, 99),
        ),
        "RRR",
    ),
    b("emv-3ds 4.5", "browserScreenHeight", Digits(1, 6), "RRR"),
    b("emv-3ds 4.5", "browserScreenWidth", Digits(1, 6), "RRR"),
    b("emv-3ds 4.5", "browserTZ", TimeZone, "RRR"),
    b("emv-3ds 4.5", "browserUserAgent", Text(1, 2048), "RRR"),
    b("emv-3ds 4.5", "deviceId", Text(1, 64), "--O"),
    b("emv-3ds 4.5", "userId", Text(1, 64), "--O"),
];

/// The channel, and what an authentication in it may be for: the browser's.
const IN_A_BROWSER: &[Line] = &[
    line("emv-3ds 4.1", "deviceChannel", OneOf(&["02"]), "RRR"),
    line("emv-3ds 4.1", "messageCategory", CATEGORY, "RRR"),
];

/// The same with nobody present. In 2.1.0 it is for what is no payment.
const WITH_NOBODY: &[Line] = &[
    line("emv-3ds 4.1", "deviceChannel", OneOf(&["03"]), "RRR"),
    line(
        "emv-3ds 4.1",
        "messageCategory",
        PerVersion(&[OneOf(&["02"]), CATEGORY, CATEGORY]),
        "RRR",
    ),
];

/// What the directory server adds (section 4.7), as long as it has not.
const NOT_YET_ADDED: &[Line] = &[
    line("emv-3ds 4.7", "dsReferenceNumber", Text(1, 32), "---"),
    line("emv-3ds 4.7", "dsTransID", Uuid, "---"),
    line("emv-3ds 4.7", "dsURL", Https(2048), "---"),
    line("emv-3ds 4.7", "threeDSReqAuthMethodInd", OneOf(&["01"]), "---"),
];

/// The same once it has.
const ADDED: &[Line] = &[
    line("emv-3ds 4.7", "dsReferenceNumber", Text(1, 32), "RRR"),
    line("emv-3ds 4.7", "dsTransID", Uuid, "RRR"),
    line("emv-3ds 4.7", "dsURL", Https(2048), "OOO"),
    b3(
        "emv-3ds 4.7",
        "threeDSReqAuthMethodInd",
        OneOf(&["01", "02", "03"]),
        "-O-",
        "---",
    ),
    b3(
        "emv-3ds 12.1",
        "threeDSRequestorAuthenticationInfo",
        Since231(
            &REQUESTOR_AUTHENTICATION,
            &List(1, 3, &REQUESTOR_AUTHENTICATION_FOR_ACS),
        ),
        "OOO",
        "--O",
    ),
];

pub fn sheets() -> Vec<Sheet> {
    let areq = |area, receiver, channel, lines: &[&[Line]], followed| Sheet {
        area,
        message_type: MessageType::AReq,
        receiver,
        channel,
        lines: lines.concat(),
        followed,
    };
    let (browser, nobody) = (DeviceChannel::Browser, DeviceChannel::RequestorInitiated);
    vec![
        areq(
            "AReq, browser",
            Component::DirectoryServer,
            browser,
            &[LINES, IN_A_BROWSER, NOT_YET_ADDED],
            Vec::new(),
        ),
        areq(
            "AReq, 3RI",
            Component::DirectoryServer,
            nobody,
            &[LINES, WITH_NOBODY, NOT_YET_ADDED],
            Vec::new(),
        ),
        areq(
            "AReq, on to the ACS",
            Component::Acs,
            browser,
            &[LINES, IN_A_BROWSER, ADDED],
            ADDED.iter().map(|line| line.name).collect(),
        ),
        areq(
            "AReq, on to the ACS",
            Component::Acs,
            nobody,
            &[LINES, WITH_NOBODY, ADDED],
            ADDED.iter().map(|line| line.name).collect(),
        ),
    ]
}

//! Objects inside the messages (sections 12 and 17 of the reference).

use super::{
    looks::Looks::{
        self, AnyObject, Ascii, Base64Url, Codes, Country, Currency, Day, Digits, Email, Https, List, Minute,
        Number, Object, OneOf, PerVersion, Since231, Text, Uuid,
    },
    sheet::{Line, line},
};

pub const FROM_01_TO_02: Looks = OneOf(&["01", "02"]);
const FROM_01_TO_03: Looks = OneOf(&["01", "02", "03"]);
const FROM_01_TO_04: Looks = OneOf(&["01", "02", "03", "04"]);
const FROM_01_TO_05: Looks = OneOf(&["01", "02", "03", "04", "05"]);

/// Section 17: ten at most, fifteen from 2.3.1.
pub const EXTENSIONS: Looks = Since231(&List(1, 10, &Object(EXTENSION)), &List(1, 15, &Object(EXTENSION)));

const EXTENSION: &[Line] = &[
    line("emv-3ds 17", "name", Text(1, 64), "RRR"),
    line("emv-3ds 17", "id", Ascii(1, 64), "RRR"),
    // `true` is for those who know the extension: see the general cases.
    line("emv-3ds 17", "criticalityIndicator", Looks::NotCritical, "RRR"),
    line("emv-3ds 17", "data", AnyObject(8059), "RRR"),
];

pub const PHONE: Looks = Object(&[
    line("emv-3ds 3.3", "cc", Digits(1, 3), "RRR"),
    line("emv-3ds 3.3", "subscriber", Digits(1, 15), "RRR"),
]);

pub const REQUESTOR_AUTHENTICATION: Looks = Object(&[
    line(
        "emv-3ds 12.1",
        "threeDSReqAuthMethod",
        Codes(
            &[
                ("2.1.0", &["01", "02", "03", "04", "05", "06"]),
                ("2.2.0", &["07", "08"]),
                ("2.3.1", &["09", "10"]),
            ],
            true,
        ),
        "OOO",
    ),
    line("emv-3ds 12.1", "threeDSReqAuthTimestamp", Minute, "OOO"),
    line(
        "emv-3ds 12.1",
        "threeDSReqAuthData",
        PerVersion(&[Text(1, 2048), Text(1, 20_000), Looks::TextOrObject(50_000)]),
        "OOO",
    ),
    // The directory server's to set.
    line("emv-3ds 12.1", "dsAuthInfVerifInd", FROM_01_TO_03, "---"),
]);

/// As the ACS receives it from the directory server.
pub const REQUESTOR_AUTHENTICATION_FOR_ACS: Looks = Object(&[
    line("emv-3ds 12.1", "threeDSReqAuthTimestamp", Minute, "OOO"),
    line("emv-3ds 12.1", "dsAuthInfVerifInd", FROM_01_TO_03, "--O"),
]);

pub const PRIOR_AUTHENTICATION: Looks = Object(&[
    line("emv-3ds 12.2", "threeDSReqPriorRef", Text(1, 36), "OOO"),
    line(
        "emv-3ds 12.2",
        "threeDSReqPriorAuthMethod",
        Codes(&[("2.1.0", &["01", "02", "03", "04"]), ("2.3.1", &["05"])], true),
        "OOO",
    ),
    line("emv-3ds 12.2", "threeDSReqPriorAuthTimestamp", Minute, "OOO"),
    line(
        "emv-3ds 12.2",
        "threeDSReqPriorAuthData",
        Since231(&Text(1, 2048), &Text(1, 20_000)),
        "OOO",
    ),
    line("emv-3ds 12.2", "threeDSReqPriorDsTransId", Uuid, "--O"),
]);

pub const ACCOUNT_INFO: Looks = Object(&[
    line("emv-3ds 12.3", "chAccAgeInd", FROM_01_TO_05, "OOO"),
    line("emv-3ds 12.3", "chAccDate", Day, "OOO"),
    line("emv-3ds 12.3", "chAccChange", Day, "OOO"),
    line("emv-3ds 12.3", "chAccChangeInd", FROM_01_TO_04, "OOO"),
    line("emv-3ds 12.3", "chAccPwChange", Day, "OOO"),
    line("emv-3ds 12.3", "chAccPwChangeInd", FROM_01_TO_05, "OOO"),
    line("emv-3ds 12.3", "nbPurchaseAccount", Digits(1, 4), "OOO"),
    line("emv-3ds 12.3", "provisionAttemptsDay", Digits(1, 3), "OOO"),
    line("emv-3ds 12.3", "txnActivityDay", Digits(1, 3), "OOO"),
    line("emv-3ds 12.3", "txnActivityYear", Digits(1, 3), "OOO"),
    line("emv-3ds 12.3", "paymentAccAge", Day, "OOO"),
    line("emv-3ds 12.3", "paymentAccInd", FROM_01_TO_05, "OOO"),
    line("emv-3ds 12.3", "shipAddressUsage", Day, "OOO"),
    line("emv-3ds 12.3", "shipAddressUsageInd", FROM_01_TO_04, "OOO"),
    line("emv-3ds 12.3", "shipNameIndicator", FROM_01_TO_02, "OOO"),
    line("emv-3ds 12.3", "suspiciousAccActivity", FROM_01_TO_02, "OOO"),
    line("emv-3ds 12.3", "chAccReqID", Text(1, 64), "--O"),
]);

pub const MERCHANT_RISK: Looks = Object(&[
    line("emv-3ds 12.4", "deliveryEmailAddress", Email, "OOO"),
    line("emv-3ds 12.4", "deliveryTimeframe", FROM_01_TO_04, "OOO"),
    line("emv-3ds 12.4", "giftCardAmount", Digits(1, 15), "OOO"),
    line("emv-3ds 12.4", "giftCardCount", Digits(2, 2), "OOO"),
    line("emv-3ds 12.4", "giftCardCurr", Currency, "OOO"),
    line("emv-3ds 12.4", "preOrderDate", Day, "OOO"),
    line("emv-3ds 12.4", "preOrderPurchaseInd", FROM_01_TO_02, "OOO"),
    line("emv-3ds 12.4", "reorderItemsInd", FROM_01_TO_02, "OOO"),
    line(
        "emv-3ds 12.4",
        "shipIndicator",
        Since231(
            &OneOf(&["01", "02", "03", "04", "05", "06", "07"]),
            &OneOf(&["01", "02", "03", "04", "05", "06", "07", "08", "09"]),
        ),
        "OOO",
    ),
    line("emv-3ds 12.4", "transChar", List(1, 2, &FROM_01_TO_02), "--O"),
]);

/// Section 12.6. The interface is HTML, for which every template is good.
pub const RENDERING_TYPE: Looks = Object(&[
    line("emv-3ds 12.6", "acsInterface", OneOf(&["02"]), "RRR"),
    line(
        "emv-3ds 12.6",
        "acsUiTemplate",
        Since231(
            &FROM_01_TO_05,
            &OneOf(&["01", "02", "03", "04", "05", "06", "07"]),
        ),
        "RRR",
    ),
    line("emv-3ds 12.6", "deviceUserInterfaceMode", FROM_01_TO_04, "--O"),
]);

pub const SELLERS: Looks = List(
    1,
    50,
    &Object(&[
        line("emv-3ds 12.7", "sellerName", Text(1, 100), "--R"),
        line("emv-3ds 12.7", "sellerId", Text(1, 50), "--O"),
        line("emv-3ds 12.7", "sellerBusinessName", Text(1, 100), "--O"),
        line("emv-3ds 12.7", "sellerAccDate", Day, "--O"),
        line("emv-3ds 12.7", "sellerAddrLine1", Text(1, 50), "--O"),
        line("emv-3ds 12.7", "sellerAddrLine2", Text(1, 50), "--O"),
        line("emv-3ds 12.7", "sellerAddrLine3", Text(1, 50), "--O"),
        line("emv-3ds 12.7", "sellerAddrCity", Text(1, 50), "--O"),
        line("emv-3ds 12.7", "sellerAddrState", Text(1, 3), "--O"),
        line("emv-3ds 12.7", "sellerAddrPostCode", Text(1, 16), "--O"),
        line("emv-3ds 12.7", "sellerAddrCountry", Country, "--O"),
        line("emv-3ds 12.7", "sellerEmail", Email, "--O"),
        line("emv-3ds 12.7", "sellerPhone", PHONE, "--O"),
    ]),
);

/// Section 12.8. What the sources leave open is held to our own bound of 48 characters.
pub const MULTI_TRANSACTION: Looks = Object(&[
    line(
        "emv-3ds 12.8",
        "merchantList",
        List(
            1,
            50,
            &Object(&[
                line("emv-3ds 12.8", "merchantNameListed", Text(1, 40), "--R"),
                line("emv-3ds 12.8", "acquirerMerchantIdListed", Text(1, 35), "--O"),
                line("emv-3ds 12.8", "merchantAmount", Digits(1, 48), "--O"),
                line("emv-3ds 12.8", "merchantCurrency", Currency, "--O"),
                line("emv-3ds 12.8", "merchantExponent", Digits(1, 1), "--O"),
                line("emv-3ds 12.8", "sellerId", Text(1, 50), "--O"),
            ]),
        ),
        "--O",
    ),
    line("emv-3ds 12.8", "avValidityTime", Text(1, 48), "--O"),
    line("emv-3ds 12.8", "avNumberUse", Text(1, 48), "--O"),
]);

/// Section 12.9: free before 2.3.1.
pub const BROAD_INFO: Looks = Since231(
    &AnyObject(4096),
    &Object(&[
        line(
            "emv-3ds 12.9",
            "category",
            OneOf(&["01", "02", "03", "04", "05", "06"]),
            "--R",
        ),
        line("emv-3ds 12.9", "description", Text(1, 4000), "--O"),
        line("emv-3ds 12.9", "expDate", Text(8, 14), "--O"),
        line("emv-3ds 12.9", "recipients", List(1, 3, &FROM_01_TO_04), "--R"),
        line("emv-3ds 12.9", "severity", FROM_01_TO_04, "--R"),
        line("emv-3ds 12.9", "source", FROM_01_TO_03, "--R"),
    ]),
);

pub const SPC_TRANS_DATA: Looks = Object(&[
    line("emv-3ds 12.10", "timeout", Number(5, 60_000, 500_000), "--O"),
    line("emv-3ds 12.10", "challenge", Base64Url(43, 100), "--O"),
    line("emv-3ds 12.10", "challengeInfoText", Text(1, 350), "--O"),
    line("emv-3ds 12.10", "currency", Text(3, 3), "--O"),
    line("emv-3ds 12.10", "value", Text(1, 40), "--O"),
    line("emv-3ds 12.10", "displayName", Text(1, 40), "--O"),
    line("emv-3ds 12.10", "payeeName", Text(1, 40), "--O"),
    line("emv-3ds 12.10", "payeeOrigin", Https(2048), "--O"),
    line("emv-3ds 12.10", "extInd", OneOf(&["Y"]), "--O"),
    line("emv-3ds 12.10", "additionalData", Text(1, 90_000), "--O"),
]);

pub const WEB_AUTHN_CREDENTIALS: Looks = List(
    1,
    10,
    &Object(&[
        line("emv-3ds 12.10", "rpID", Text(1, 2048), "--R"),
        line(
            "emv-3ds 12.10",
            "credentialIds",
            List(1, 99, &Base64Url(16, 1000)),
            "--R",
        ),
    ]),
);

/// Section 12.11: a text before 2.3.1.
pub const CARDHOLDER_INFO: Looks = Since231(&Text(1, 128), &CARDHOLDER_INFO_OBJECT);

pub const CARDHOLDER_INFO_OBJECT: Looks = Object(&[
    line("emv-3ds 12.11", "text", Text(1, 128), "--R"),
    line("emv-3ds 12.11", "issuerImage", Https(256), "--O"),
    line("emv-3ds 12.11", "paymentSystemImage", Https(256), "--O"),
]);

/// What is agreed on for the payments that follow.
pub const RECURRING_IND: Looks = Object(&[
    line("emv-3ds 4.3", "amountInd", OneOf(&["02", "01"]), "--R"),
    line("emv-3ds 4.3", "frequencyInd", OneOf(&["02", "01"]), "--R"),
]);

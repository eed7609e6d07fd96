//! The objects inside an AReq (section 12 of the reference).

use super::{AMOUNT, O, R, X, objects::part, to_acs};
use crate::{
    code::object::{PRIOR_AUTHENTICATION_METHOD, REQUESTOR_AUTHENTICATION_METHOD},
    validate::element::{
        Element,
        Format::{
            Array, Code, Country, Currency, Day, Digits, Email, Minute, Object, OneOf, PerVersion, Text,
            TextOrObject, Uuid,
        },
    },
};

pub(super) const PHONE: &[Element] = &[
    part("cc", Digits(1, 3), [R; 3]),
    part("subscriber", Digits(1, 15), [R; 3]),
];

/// Section 12.1.
pub(super) const REQUESTOR_AUTHENTICATION_INFO: &[Element] = &[
    part(
        "threeDSReqAuthMethod",
        Code(&REQUESTOR_AUTHENTICATION_METHOD),
        [O; 3],
    ),
    part("threeDSReqAuthTimestamp", Minute, [O; 3]),
    part(
        "threeDSReqAuthData",
        PerVersion(&[Text(1, 2048), Text(1, 20_000), TextOrObject(50_000)]),
        [O; 3],
    ),
    part(
        "dsAuthInfVerifInd",
        OneOf(&["01", "02", "03"]),
        [X, X, to_acs(&O)],
    ),
];

/// Section 12.2.
pub(super) const PRIOR_AUTHENTICATION_INFO: &[Element] = &[
    part("threeDSReqPriorRef", Text(1, 36), [O; 3]),
    part(
        "threeDSReqPriorAuthMethod",
        Code(&PRIOR_AUTHENTICATION_METHOD),
        [O; 3],
    ),
    part("threeDSReqPriorAuthTimestamp", Minute, [O; 3]),
    part(
        "threeDSReqPriorAuthData",
        PerVersion(&[Text(1, 2048), Text(1, 2048), Text(1, 20_000)]),
        [O; 3],
    ),
    part("threeDSReqPriorDsTransId", Uuid, [X, X, O]),
];

/// Section 12.3.
pub(super) const ACCT_INFO: &[Element] = &[
    part("chAccAgeInd", OneOf(&["01", "02", "03", "04", "05"]), [O; 3]),
    part("chAccDate", Day, [O; 3]),
    part("chAccChangeInd", OneOf(&["01", "02", "03", "04"]), [O; 3]),
    part("chAccChange", Day, [O; 3]),
    part("chAccPwChangeInd", OneOf(&["01", "02", "03", "04", "05"]), [O; 3]),
    part("chAccPwChange", Day, [O; 3]),
    part("nbPurchaseAccount", Digits(1, 4), [O; 3]),
    part("provisionAttemptsDay", Digits(1, 3), [O; 3]),
    part("txnActivityDay", Digits(1, 3), [O; 3]),
    part("txnActivityYear", Digits(1, 3), [O; 3]),
    part("paymentAccAge", Day, [O; 3]),
    part("paymentAccInd", OneOf(&["01", "02", "03", "04", "05"]), [O; 3]),
    part("shipAddressUsage", Day, [O; 3]),
    part("shipAddressUsageInd", OneOf(&["01", "02", "03", "04"]), [O; 3]),
    part("shipNameIndicator", OneOf(&["01", "02"]), [O; 3]),
    part("suspiciousAccActivity", OneOf(&["01", "02"]), [O; 3]),
    part("chAccReqID", Text(1, 64), [X, X, O]),
];

/// Section 12.4.
pub(super) const MERCHANT_RISK_INDICATOR: &[Element] = &[
    part("deliveryEmailAddress", Email, [O; 3]),
    part("deliveryTimeframe", OneOf(&["01", "02", "03", "04"]), [O; 3]),
    part("giftCardAmount", Digits(1, 15), [O; 3]),
    part("giftCardCount", Digits(2, 2), [O; 3]),
    part("giftCardCurr", Currency, [O; 3]),
    part("preOrderDate", Day, [O; 3]),
    part("preOrderPurchaseInd", OneOf(&["01", "02"]), [O; 3]),
    part("reorderItemsInd", OneOf(&["01", "02"]), [O; 3]),
    part(
        "shipIndicator",
        PerVersion(&[
            OneOf(&["01", "02", "03", "04", "05", "06", "07"]),
            OneOf(&["01", "02", "03", "04", "05", "06", "07"]),
            OneOf(&["01", "02", "03", "04", "05", "06", "07", "08", "09"]),
        ]),
        [O; 3],
    ),
    part("transChar", Array(1, 2, &OneOf(&["01", "02"])), [X, X, O]),
];

/// What is agreed on for payments that follow: whether amount and intervals are fixed (01) or vary (02).
pub(super) const RECURRING_IND: &[Element] = &[
    part("amountInd", OneOf(&["01", "02"]), [X, X, R]),
    part("frequencyInd", OneOf(&["01", "02"]), [X, X, R]),
];

/// Section 12.7.
pub(super) const SELLER_INFO: &[Element] = &[
    part("sellerName", Text(1, 100), [X, X, R]),
    part("sellerId", Text(1, 50), [X, X, O]),
    part("sellerBusinessName", Text(1, 100), [X, X, O]),
    part("sellerAccDate", Day, [X, X, O]),
    part("sellerAddrLine1", Text(1, 50), [X, X, O]),
    part("sellerAddrLine2", Text(1, 50), [X, X, O]),
    part("sellerAddrLine3", Text(1, 50), [X, X, O]),
    part("sellerAddrCity", Text(1, 50), [X, X, O]),
    part("sellerAddrState", Text(1, 3), [X, X, O]),
    part("sellerAddrPostCode", Text(1, 16), [X, X, O]),
    part("sellerAddrCountry", Country, [X, X, O]),
    part("sellerEmail", Email, [X, X, O]),
    part("sellerPhone", Object(PHONE), [X, X, O]),
];

/// Section 12.8. The formats of the last two are not in the sources: any short text passes.
pub(super) const MULTI_TRANSACTION: &[Element] = &[
    part("merchantList", Array(1, 50, &Object(MERCHANT_LISTED)), [X, X, O]),
    part("avValidityTime", Text(1, 48), [X, X, O]),
    part("avNumberUse", Text(1, 48), [X, X, O]),
];

const MERCHANT_LISTED: &[Element] = &[
    part("merchantNameListed", Text(1, 40), [X, X, R]),
    part("acquirerMerchantIdListed", Text(1, 35), [X, X, O]),
    part("merchantAmount", AMOUNT, [X, X, O]),
    part("merchantCurrency", Currency, [X, X, O]),
    part("merchantExponent", Digits(1, 1), [X, X, O]),
    part("sellerId", Text(1, 50), [X, X, O]),
];

//! The objects inside an AReq (section 12 of the reference).

use super::{O, R};
use crate::validate::element::{
    Channels, Element, Format,
    Format::{Currency, Day, Digits, Email, Minute, OneOf, PerVersion, Text},
    Inclusion, row,
};

/// An element of a nested object: the object's own row says in which channel it is.
const fn part(name: &'static str, format: Format, inclusion: [Inclusion; 2]) -> Element {
    row(name, format, Channels::AB3, inclusion)
}

pub(super) const PHONE: &[Element] = &[
    part("cc", Digits(1, 3), [R, R]),
    part("subscriber", Digits(1, 15), [R, R]),
];

pub(super) const REQUESTOR_AUTHENTICATION_INFO: &[Element] = &[
    part("threeDSReqAuthMethod", Digits(2, 2), [O, O]),
    part("threeDSReqAuthTimestamp", Minute, [O, O]),
    part(
        "threeDSReqAuthData",
        PerVersion(&[Text(1, 2048), Text(1, 20_000)]),
        [O, O],
    ),
];

pub(super) const PRIOR_AUTHENTICATION_INFO: &[Element] = &[
    part("threeDSReqPriorRef", Text(1, 36), [O, O]),
    part("threeDSReqPriorAuthMethod", Digits(2, 2), [O, O]),
    part("threeDSReqPriorAuthTimestamp", Minute, [O, O]),
    part("threeDSReqPriorAuthData", Text(1, 2048), [O, O]),
];

pub(super) const ACCT_INFO: &[Element] = &[
    part("chAccAgeInd", OneOf(&["01", "02", "03", "04", "05"]), [O, O]),
    part("chAccDate", Day, [O, O]),
    part("chAccChangeInd", OneOf(&["01", "02", "03", "04"]), [O, O]),
    part("chAccChange", Day, [O, O]),
    part("chAccPwChangeInd", OneOf(&["01", "02", "03", "04", "05"]), [O, O]),
    part("chAccPwChange", Day, [O, O]),
    part("nbPurchaseAccount", Digits(1, 4), [O, O]),
    part("provisionAttemptsDay", Digits(1, 3), [O, O]),
    part("txnActivityDay", Digits(1, 3), [O, O]),
    part("txnActivityYear", Digits(1, 3), [O, O]),
    part("paymentAccAge", Day, [O, O]),
    part("paymentAccInd", OneOf(&["01", "02", "03", "04", "05"]), [O, O]),
    part("shipAddressUsage", Day, [O, O]),
    part("shipAddressUsageInd", OneOf(&["01", "02", "03", "04"]), [O, O]),
    part("shipNameIndicator", OneOf(&["01", "02"]), [O, O]),
    part("suspiciousAccActivity", OneOf(&["01", "02"]), [O, O]),
];

pub(super) const MERCHANT_RISK_INDICATOR: &[Element] = &[
    part("deliveryEmailAddress", Email, [O, O]),
    part("deliveryTimeframe", OneOf(&["01", "02", "03", "04"]), [O, O]),
    part("giftCardAmount", Digits(1, 15), [O, O]),
    part("giftCardCount", Digits(2, 2), [O, O]),
    part("giftCardCurr", Currency, [O, O]),
    part("preOrderDate", Day, [O, O]),
    part("preOrderPurchaseInd", OneOf(&["01", "02"]), [O, O]),
    part("reorderItemsInd", OneOf(&["01", "02"]), [O, O]),
    part(
        "shipIndicator",
        OneOf(&["01", "02", "03", "04", "05", "06", "07"]),
        [O, O],
    ),
];

//! Every field of the services, in the order of the reference. A row is path, format, need, element of the AReq.

use super::{
    Condition::{Channel, Series, Without},
    Field,
    Need::{self, Always, If, InGroup, MayIf, Never, OnlyIf},
    format::Format::{
        self, AccountNumber, Any, ColorDepth, Count, Country, Currency, Day, Digits, Email, Expiry, Flag, Ip,
        Language, List, Mcc, Minute, Number, Object, PurchaseDate, Text, TimeZone, Token, Truncated, Url,
        Uuid, Website,
    },
};

const APP: Need = OnlyIf(Channel("01"));
const BROWSER: Need = OnlyIf(Channel("02"));
const REQUESTOR_INITIATED: Need = OnlyIf(Channel("03"));

const BRANDS: Format = List(&["1", "2", "3", "41"]);
const CHANNELS: Format = List(&["01", "02", "03"]);
const YES_NO: Format = List(&["Y", "N"]);
const TWO: Format = List(&["01", "02"]);
const THREE: Format = List(&["01", "02", "03"]);
const FOUR: Format = List(&["01", "02", "03", "04"]);
const FIVE: Format = List(&["01", "02", "03", "04", "05"]);
const SIX: Format = List(&["01", "02", "03", "04", "05", "06"]);
const SEVEN: Format = List(&["01", "02", "03", "04", "05", "06", "07"]);
const EIGHT: Format = List(&["01", "02", "03", "04", "05", "06", "07", "08"]);
const NINE: Format = List(&["01", "02", "03", "04", "05", "06", "07", "08", "09"]);
const ELEVEN: Format = List(&["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11"]);

const fn row(path: &'static str, format: Format, need: Need, element: &'static str) -> Field {
    Field {
        path,
        format,
        need,
        element: Some(element),
    }
}

/// A field that is no element of the AReq: it is for us, or becomes part of something larger.
const fn ours(path: &'static str, format: Format, need: Need) -> Field {
    Field {
        path,
        format,
        need,
        element: None,
    }
}

/// Create transaction (section 2).
pub const CREATE: &[Field] = &[
    ours("device_channel", CHANNELS, Never),
    NUMBER,
    TOKEN,
    ours("brand_id", BRANDS, Always),
];

const NUMBER: Field = ours(
    "cardholder.acct.number",
    AccountNumber,
    If(Without("cardholder.acct.token")),
);
const TOKEN: Field = ours("cardholder.acct.token", Token, Never);

// A row a line, however long: that is how it can be held against the reference.
/// Authenticate (section 3).
#[rustfmt::skip]
pub const AUTHENTICATE: &[Field] = &[
    // 3.1 Top level.
    ours("device_channel", CHANNELS, Never),
    row("three_ri_ind", ELEVEN, REQUESTOR_INITIATED, "threeRIInd"),
    row("three_ds_comp_ind", List(&["Y", "N", "U"]), BROWSER, "threeDSCompInd"),
    row("pay_token_ind", Flag, Never, "payTokenInd"),
    row("pay_token_source", TWO, Never, "payTokenSource"),
    row("notification_url", Url(256), BROWSER, "notificationURL"),
    ours("decoupled_notification_url", Url(2048), Never),
    row("trans_type", List(&["01", "03", "10", "11", "28"]), Always, "transType"),
    ours("broad_info", Any, Never),

    // 3.2 The requestor.
    row("three_ds_requestor.authentication_ind", SIX, Always, "threeDSRequestorAuthenticationInd"),
    row("three_ds_requestor.challenge_ind", NINE, Never, "threeDSRequestorChallengeInd[]"),
    row("three_ds_requestor.id", Text(35), Always, "threeDSRequestorID"),
    row("three_ds_requestor.name", Text(40), Always, "threeDSRequestorName"),
    row("three_ds_requestor.url", Website(2048), Always, "threeDSRequestorURL"),
    ours("three_ds_requestor.decoupled_max_time", Number { digits: 5, least: 1, most: 10_080 }, Never),
    row("three_ds_requestor.authentication_info.data", Text(20_000), Never, "threeDSRequestorAuthenticationInfo[].threeDSReqAuthData"),
    row("three_ds_requestor.authentication_info.method", EIGHT, Never, "threeDSRequestorAuthenticationInfo[].threeDSReqAuthMethod"),
    row("three_ds_requestor.authentication_info.timestamp", Minute, Never, "threeDSRequestorAuthenticationInfo[].threeDSReqAuthTimestamp"),
    row("three_ds_requestor.prior_authentication_info.data", Text(2048), Never, "threeDSRequestorPriorAuthenticationInfo[].threeDSReqPriorAuthData"),
    row("three_ds_requestor.prior_authentication_info.method", FOUR, Never, "threeDSRequestorPriorAuthenticationInfo[].threeDSReqPriorAuthMethod"),
    row("three_ds_requestor.prior_authentication_info.timestamp", Minute, Never, "threeDSRequestorPriorAuthenticationInfo[].threeDSReqPriorAuthTimestamp"),
    row("three_ds_requestor.prior_authentication_info.reference", Text(36), Never, "threeDSRequestorPriorAuthenticationInfo[].threeDSReqPriorRef"),

    // 3.3 The acquirer.
    row("acquirer.bin", Text(11), Always, "acquirerBIN"),
    row("acquirer.merchant_id", Text(35), Always, "acquirerMerchantID"),

    // 3.4 The browser.
    row("browser.accept_header", Truncated(2048), BROWSER, "browserAcceptHeader"),
    row("browser.ip", Ip, BROWSER, "browserIP"),
    row("browser.java_enabled", Flag, BROWSER, "browserJavaEnabled"),
    row("browser.javascript_enabled", Flag, BROWSER, "browserJavascriptEnabled"),
    row("browser.language", Language(8), BROWSER, "browserLanguage"),
    row("browser.color_depth", ColorDepth, BROWSER, "browserColorDepth"),
    row("browser.screen_height", Digits(1, 6), BROWSER, "browserScreenHeight"),
    row("browser.screen_width", Digits(1, 6), BROWSER, "browserScreenWidth"),
    row("browser.tz", TimeZone, BROWSER, "browserTZ"),
    row("browser.user_agent", Truncated(2048), BROWSER, "browserUserAgent"),

    // 3.5 The cardholder.
    row("cardholder.card_expiry_date", Expiry, Always, "cardExpiryDate"),
    row("cardholder.addr_match", YES_NO, Never, "addrMatch"),
    row("cardholder.email", Email(256), Never, "email"),
    row("cardholder.name", Text(45), Always, "cardholderName"),
    row("cardholder.home_phone.cc", Digits(1, 3), InGroup, "homePhone.cc"),
    row("cardholder.home_phone.subscriber", Digits(1, 15), InGroup, "homePhone.subscriber"),
    row("cardholder.mobile_phone.cc", Digits(1, 3), InGroup, "mobilePhone.cc"),
    row("cardholder.mobile_phone.subscriber", Digits(1, 15), InGroup, "mobilePhone.subscriber"),
    row("cardholder.work_phone.cc", Digits(1, 3), InGroup, "workPhone.cc"),
    row("cardholder.work_phone.subscriber", Digits(1, 15), InGroup, "workPhone.subscriber"),
    row("cardholder.acct.type", THREE, Always, "acctType"),
    NUMBER,
    TOKEN,
    row("cardholder.acct.id", Text(64), Never, "acctID"),
    row("cardholder.acct.info.ch_acc_age_ind", FIVE, Never, "acctInfo.chAccAgeInd"),
    row("cardholder.acct.info.ch_acc_change", Day, Never, "acctInfo.chAccChange"),
    row("cardholder.acct.info.ch_acc_change_ind", FOUR, Never, "acctInfo.chAccChangeInd"),
    row("cardholder.acct.info.ch_acc_date", Day, Never, "acctInfo.chAccDate"),
    row("cardholder.acct.info.ch_acc_pw_change", Day, Never, "acctInfo.chAccPwChange"),
    row("cardholder.acct.info.ch_acc_pw_change_ind", FIVE, Never, "acctInfo.chAccPwChangeInd"),
    row("cardholder.acct.info.nb_purchase_account", Digits(1, 4), Never, "acctInfo.nbPurchaseAccount"),
    row("cardholder.acct.info.provision_attempts_day", Digits(1, 3), Never, "acctInfo.provisionAttemptsDay"),
    row("cardholder.acct.info.txn_activity_day", Digits(1, 3), Never, "acctInfo.txnActivityDay"),
    row("cardholder.acct.info.txn_activity_year", Digits(1, 3), Never, "acctInfo.txnActivityYear"),
    row("cardholder.acct.info.payment_acc_age", Day, Never, "acctInfo.paymentAccAge"),
    row("cardholder.acct.info.payment_acc_ind", FIVE, Never, "acctInfo.paymentAccInd"),
    row("cardholder.acct.info.ship_address_usage", Day, Never, "acctInfo.shipAddressUsage"),
    row("cardholder.acct.info.ship_address_usage_ind", FOUR, Never, "acctInfo.shipAddressUsageInd"),
    row("cardholder.acct.info.ship_name_indicator", TWO, Never, "acctInfo.shipNameIndicator"),
    row("cardholder.acct.info.suspicious_acc_activity", TWO, Never, "acctInfo.suspiciousAccActivity"),
    row("cardholder.bill_addr.city", Text(50), InGroup, "billAddrCity"),
    row("cardholder.bill_addr.country", Country, InGroup, "billAddrCountry"),
    row("cardholder.bill_addr.line1", Text(50), InGroup, "billAddrLine1"),
    row("cardholder.bill_addr.line2", Text(50), Never, "billAddrLine2"),
    row("cardholder.bill_addr.line3", Text(50), Never, "billAddrLine3"),
    row("cardholder.bill_addr.post_code", Text(16), InGroup, "billAddrPostCode"),
    row("cardholder.bill_addr.state", Text(3), InGroup, "billAddrState"),
    row("cardholder.ship_addr.city", Text(50), InGroup, "shipAddrCity"),
    row("cardholder.ship_addr.country", Country, InGroup, "shipAddrCountry"),
    row("cardholder.ship_addr.line1", Text(50), InGroup, "shipAddrLine1"),
    row("cardholder.ship_addr.line2", Text(50), Never, "shipAddrLine2"),
    row("cardholder.ship_addr.line3", Text(50), Never, "shipAddrLine3"),
    row("cardholder.ship_addr.post_code", Text(16), InGroup, "shipAddrPostCode"),
    row("cardholder.ship_addr.state", Text(3), InGroup, "shipAddrState"),

    // 3.6 The merchant.
    row("merchant.mcc", Mcc, Always, "mcc"),
    row("merchant.country_code", Country, Always, "merchantCountryCode"),
    row("merchant.name", Text(40), Always, "merchantName"),
    row("merchant.risk_indicator.delivery_email_address", Email(254), Never, "merchantRiskIndicator.deliveryEmailAddress"),
    row("merchant.risk_indicator.delivery_timeframe", FOUR, Never, "merchantRiskIndicator.deliveryTimeframe"),
    row("merchant.risk_indicator.gift_card_amount", Digits(1, 15), Never, "merchantRiskIndicator.giftCardAmount"),
    row("merchant.risk_indicator.gift_card_count", Count, Never, "merchantRiskIndicator.giftCardCount"),
    row("merchant.risk_indicator.gift_card_curr", Currency, Never, "merchantRiskIndicator.giftCardCurr"),
    row("merchant.risk_indicator.pre_order_date", Day, Never, "merchantRiskIndicator.preOrderDate"),
    row("merchant.risk_indicator.pre_order_purchase_ind", TWO, Never, "merchantRiskIndicator.preOrderPurchaseInd"),
    row("merchant.risk_indicator.reorder_items_ind", TWO, Never, "merchantRiskIndicator.reorderItemsInd"),
    row("merchant.risk_indicator.ship_indicator", SEVEN, Never, "merchantRiskIndicator.shipIndicator"),

    // 3.7 Message, purchase, and what is printed beside them.
    ours("message.category", List(&["01", "02", "80"]), Always),
    ours("message.extension[].criticality_indicator", Flag, Never),
    ours("message.extension[].data", Object(8059), Never),
    ours("message.extension[].id", Text(64), Never),
    ours("message.extension[].name", Text(64), Never),
    row("purchase.amount", Digits(1, 48), Always, "purchaseAmount"),
    row("purchase.currency", Currency, Always, "purchaseCurrency"),
    row("purchase.exponent", Digits(1, 1), Always, "purchaseExponent"),
    row("purchase.date", PurchaseDate, Always, "purchaseDate"),
    row("purchase.instal_data", Number { digits: 3, least: 2, most: 999 }, Never, "purchaseInstalData"),
    row("recurring.expiry", Day, If(Series), "recurringExpiry"),
    row("recurring.frequency", Digits(1, 4), If(Series), "recurringFrequency"),
    row("white_list.status", List(&["Y", "N", "E", "P", "R", "U"]), Never, "trustListStatus"),
    row("white_list.status_source", THREE, Never, "trustListStatusSource"),

    // 3.8 The SDK of an app.
    ours("sdk.app_id", Uuid, APP),
    ours("sdk.enc_data", Text(64_000), APP),
    ours("sdk.ephem_pub_key", Object(256), APP),
    ours("sdk.max_timeout", Digits(1, 2), APP),
    ours("sdk.trans_id", Uuid, APP),
    ours("sdk.iface", THREE, APP),
    ours("sdk.ui_type[]", FIVE, MayIf(Channel("01"))),
];

/// Elements that are made of several fields or of one in its own way, and names that older versions have for others.
const MADE: [(&str, &str); 10] = [
    ("acctNumber", "cardholder.acct.number"),
    ("acceptLanguage", "browser.language"),
    ("broadInfo", "broad_info"),
    ("deviceChannel", "device_channel"),
    ("messageCategory", "message.category"),
    ("messageExtension", "message.extension"),
    (
        "threeDSRequestorDecMaxTime",
        "three_ds_requestor.decoupled_max_time",
    ),
    (
        "threeDSRequestorDecReqInd",
        "three_ds_requestor.decoupled_max_time",
    ),
    ("whiteListStatus", "white_list.status"),
    ("whiteListStatusSource", "white_list.status_source"),
];

/// The field that becomes this element of the AReq, or the group that becomes this object.
pub fn path_of(element: &str) -> Option<&'static str> {
    // A fault names an entry of a list by its number, or the list as one where a version has no list.
    let plain = |name: &str| -> String {
        name.split('[')
            .map(|part| part.split_once(']').map_or(part, |(_, after)| after))
            .collect()
    };
    let element = plain(element);
    let named = |row: &&Field| row.element.is_some_and(|name| plain(name) == element);
    let begins = |row: &&Field| {
        row.element
            .is_some_and(|name| plain(name).split('.').next() == Some(element.as_str()))
    };
    if let Some(row) = AUTHENTICATE.iter().find(named) {
        return Some(row.path);
    }
    if let Some((_, path)) = MADE.iter().find(|(name, _)| *name == element) {
        return Some(path);
    }
    let member = AUTHENTICATE.iter().find(begins)?;
    member.path.rsplit_once('.').map(|(group, _)| group)
}

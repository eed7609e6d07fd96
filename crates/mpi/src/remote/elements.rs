//! What the 3DS Server API calls an element of the AReq.

use serde_json::{Map, Value};

/// The element (of 2.2.0, dotted where it is a member of an object) and the dotted path of its field.
///
/// Not here: what the 3DS Server says of itself, and what it adds. Extensions are of a shape of their own.
const FIELDS: &[(&str, &str)] = &[
    ("deviceChannel", "device_channel"),
    ("threeRIInd", "three_ri_ind"),
    ("threeDSCompInd", "three_ds_comp_ind"),
    ("payTokenInd", "pay_token_ind"),
    ("payTokenSource", "pay_token_source"),
    ("notificationURL", "notification_url"),
    ("transType", "trans_type"),
    (
        "threeDSRequestorAuthenticationInd",
        "three_ds_requestor.authentication_ind",
    ),
    ("threeDSRequestorChallengeInd", "three_ds_requestor.challenge_ind"),
    ("threeDSRequestorID", "three_ds_requestor.id"),
    ("threeDSRequestorName", "three_ds_requestor.name"),
    ("threeDSRequestorURL", "three_ds_requestor.url"),
    (
        "threeDSRequestorDecMaxTime",
        "three_ds_requestor.decoupled_max_time",
    ),
    (
        "threeDSRequestorAuthenticationInfo.threeDSReqAuthData",
        "three_ds_requestor.authentication_info.data",
    ),
    (
        "threeDSRequestorAuthenticationInfo.threeDSReqAuthMethod",
        "three_ds_requestor.authentication_info.method",
    ),
    (
        "threeDSRequestorAuthenticationInfo.threeDSReqAuthTimestamp",
        "three_ds_requestor.authentication_info.timestamp",
    ),
    (
        "threeDSRequestorPriorAuthenticationInfo.threeDSReqPriorAuthData",
        "three_ds_requestor.prior_authentication_info.data",
    ),
    (
        "threeDSRequestorPriorAuthenticationInfo.threeDSReqPriorAuthMethod",
        "three_ds_requestor.prior_authentication_info.method",
    ),
    (
        "threeDSRequestorPriorAuthenticationInfo.threeDSReqPriorAuthTimestamp",
        "three_ds_requestor.prior_authentication_info.timestamp",
    ),
    (
        "threeDSRequestorPriorAuthenticationInfo.threeDSReqPriorRef",
        "three_ds_requestor.prior_authentication_info.reference",
    ),
    ("acquirerBIN", "acquirer.bin"),
    ("acquirerMerchantID", "acquirer.merchant_id"),
    ("browserAcceptHeader", "browser.accept_header"),
    ("browserIP", "browser.ip"),
    ("browserJavaEnabled", "browser.java_enabled"),
    ("browserJavascriptEnabled", "browser.javascript_enabled"),
    ("browserLanguage", "browser.language"),
    ("browserColorDepth", "browser.color_depth"),
    ("browserScreenHeight", "browser.screen_height"),
    ("browserScreenWidth", "browser.screen_width"),
    ("browserTZ", "browser.tz"),
    ("browserUserAgent", "browser.user_agent"),
    ("cardExpiryDate", "cardholder.card_expiry_date"),
    ("addrMatch", "cardholder.addr_match"),
    ("email", "cardholder.email"),
    ("cardholderName", "cardholder.name"),
    ("homePhone.cc", "cardholder.home_phone.cc"),
    ("homePhone.subscriber", "cardholder.home_phone.subscriber"),
    ("mobilePhone.cc", "cardholder.mobile_phone.cc"),
    ("mobilePhone.subscriber", "cardholder.mobile_phone.subscriber"),
    ("workPhone.cc", "cardholder.work_phone.cc"),
    ("workPhone.subscriber", "cardholder.work_phone.subscriber"),
    ("acctType", "cardholder.acct.type"),
    ("acctNumber", "cardholder.acct.number"),
    ("acctID", "cardholder.acct.id"),
    ("acctInfo.chAccAgeInd", "cardholder.acct.info.ch_acc_age_ind"),
    ("acctInfo.chAccChange", "cardholder.acct.info.ch_acc_change"),
    (
        "acctInfo.chAccChangeInd",
        "cardholder.acct.info.ch_acc_change_ind",
    ),
    ("acctInfo.chAccDate", "cardholder.acct.info.ch_acc_date"),
    ("acctInfo.chAccPwChange", "cardholder.acct.info.ch_acc_pw_change"),
    (
        "acctInfo.chAccPwChangeInd",
        "cardholder.acct.info.ch_acc_pw_change_ind",
    ),
    (
        "acctInfo.nbPurchaseAccount",
        "cardholder.acct.info.nb_purchase_account",
    ),
    (
        "acctInfo.provisionAttemptsDay",
        "cardholder.acct.info.provision_attempts_day",
    ),
    ("acctInfo.txnActivityDay", "cardholder.acct.info.txn_activity_day"),
    (
        "acctInfo.txnActivityYear",
        "cardholder.acct.info.txn_activity_year",
    ),
    ("acctInfo.paymentAccAge", "cardholder.acct.info.payment_acc_age"),
    ("acctInfo.paymentAccInd", "cardholder.acct.info.payment_acc_ind"),
    (
        "acctInfo.shipAddressUsage",
        "cardholder.acct.info.ship_address_usage",
    ),
    (
        "acctInfo.shipAddressUsageInd",
        "cardholder.acct.info.ship_address_usage_ind",
    ),
    (
        "acctInfo.shipNameIndicator",
        "cardholder.acct.info.ship_name_indicator",
    ),
    (
        "acctInfo.suspiciousAccActivity",
        "cardholder.acct.info.suspicious_acc_activity",
    ),
    ("billAddrCity", "cardholder.bill_addr.city"),
    ("billAddrCountry", "cardholder.bill_addr.country"),
    ("billAddrLine1", "cardholder.bill_addr.line1"),
    ("billAddrLine2", "cardholder.bill_addr.line2"),
    ("billAddrLine3", "cardholder.bill_addr.line3"),
    ("billAddrPostCode", "cardholder.bill_addr.post_code"),
    ("billAddrState", "cardholder.bill_addr.state"),
    ("shipAddrCity", "cardholder.ship_addr.city"),
    ("shipAddrCountry", "cardholder.ship_addr.country"),
    ("shipAddrLine1", "cardholder.ship_addr.line1"),
    ("shipAddrLine2", "cardholder.ship_addr.line2"),
    ("shipAddrLine3", "cardholder.ship_addr.line3"),
    ("shipAddrPostCode", "cardholder.ship_addr.post_code"),
    ("shipAddrState", "cardholder.ship_addr.state"),
    ("mcc", "merchant.mcc"),
    ("merchantCountryCode", "merchant.country_code"),
    ("merchantName", "merchant.name"),
    (
        "merchantRiskIndicator.deliveryEmailAddress",
        "merchant.risk_indicator.delivery_email_address",
    ),
    (
        "merchantRiskIndicator.deliveryTimeframe",
        "merchant.risk_indicator.delivery_timeframe",
    ),
    (
        "merchantRiskIndicator.giftCardAmount",
        "merchant.risk_indicator.gift_card_amount",
    ),
    (
        "merchantRiskIndicator.giftCardCount",
        "merchant.risk_indicator.gift_card_count",
    ),
    (
        "merchantRiskIndicator.giftCardCurr",
        "merchant.risk_indicator.gift_card_curr",
    ),
    (
        "merchantRiskIndicator.preOrderDate",
        "merchant.risk_indicator.pre_order_date",
    ),
    (
        "merchantRiskIndicator.preOrderPurchaseInd",
        "merchant.risk_indicator.pre_order_purchase_ind",
    ),
    (
        "merchantRiskIndicator.reorderItemsInd",
        "merchant.risk_indicator.reorder_items_ind",
    ),
    (
        "merchantRiskIndicator.shipIndicator",
        "merchant.risk_indicator.ship_indicator",
    ),
    ("messageCategory", "message.category"),
    ("purchaseAmount", "purchase.amount"),
    ("purchaseCurrency", "purchase.currency"),
    ("purchaseExponent", "purchase.exponent"),
    ("purchaseDate", "purchase.date"),
    ("purchaseInstalData", "purchase.instal_data"),
    ("recurringExpiry", "recurring.expiry"),
    ("recurringFrequency", "recurring.frequency"),
    ("whiteListStatus", "white_list.status"),
    ("whiteListStatusSource", "white_list.status_source"),
];

/// Fields that the API wants in every request and EMV 3-D Secure does not: what is sent where there is nothing to say.
const ALWAYS: &[(&str, &str)] = &[("cardholder.acct.type", "01"), ("trans_type", "01")];

/// The same in the browser channel, with the values of a browser that runs no scripts.
const IN_A_BROWSER: &[(&str, &str)] = &[
    ("browser.java_enabled", "false"),
    ("browser.javascript_enabled", "false"),
    ("browser.color_depth", "24"),
    ("browser.screen_height", "0"),
    ("browser.screen_width", "0"),
    ("browser.tz", "0"),
];

/// The fields of an AReq, which is given as its JSON in 2.2.0.
pub(super) fn fields(areq: &Map<String, Value>, browser: bool) -> Map<String, Value> {
    let mut fields = Map::new();
    for (element, path) in FIELDS {
        if let Some(text) = member(areq, element).and_then(text) {
            put(&mut fields, path, Value::String(text));
        }
    }
    let in_a_browser = IN_A_BROWSER.iter().filter(|_| browser);
    for (path, text) in ALWAYS.iter().chain(in_a_browser) {
        if member(&fields, path).is_none() {
            put(&mut fields, path, Value::from(*text));
        }
    }
    // Five digits in an AReq, a plain number here.
    if let Some(Value::String(minutes)) = member_mut(&mut fields, "three_ds_requestor.decoupled_max_time") {
        *minutes = minutes.trim_start_matches('0').to_owned();
    }
    if let Some(Value::Array(extensions)) = areq.get("messageExtension") {
        let extensions = extensions.iter().filter_map(extension).collect();
        put(&mut fields, "message.extension", Value::Array(extensions));
    }
    fields
}

fn extension(extension: &Value) -> Option<Value> {
    let given = extension.as_object()?;
    let mut written = Map::new();
    for (element, field) in [
        ("criticalityIndicator", "criticality_indicator"),
        ("id", "id"),
        ("name", "name"),
    ] {
        if let Some(text) = given.get(element).and_then(text) {
            written.insert(field.to_owned(), Value::String(text));
        }
    }
    written.insert("data".to_owned(), given.get("data")?.clone());
    Some(Value::Object(written))
}

/// A scalar as text: the API writes every one of them as a string, and answers may have them either way. Nothing is
/// what an empty one says.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// What stands at a dotted path.
pub(super) fn member<'v>(object: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    match path.split_once('.') {
        Some((first, rest)) => member(object.get(first)?.as_object()?, rest),
        None => object.get(path),
    }
}

fn member_mut<'v>(object: &'v mut Map<String, Value>, path: &str) -> Option<&'v mut Value> {
    match path.split_once('.') {
        Some((first, rest)) => member_mut(object.get_mut(first)?.as_object_mut()?, rest),
        None => object.get_mut(path),
    }
}

/// Writes a value at a dotted path, making the objects that lead to it.
pub(super) fn put(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        Some((first, rest)) => {
            let inner = object.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
        None => _ = object.insert(path.to_owned(), value),
    }
}

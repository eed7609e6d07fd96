//! The objects inside an AReq. They are the cardholder's data and have no `Debug`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::DsTransId;

/// `homePhone`, `mobilePhone`, `workPhone`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Phone {
    /// `cc`: country code, 1 to 3 digits.
    #[serde(rename = "cc")]
    pub cc: String,
    /// `subscriber`, at most 15 digits.
    #[serde(rename = "subscriber")]
    pub subscriber: String,
}

/// `threeDSRequestorAuthenticationInfo`: how the requestor authenticated its customer.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RequestorAuthenticationInfo {
    /// `threeDSReqAuthMethod`: 01 guest, 02 credentials, 03 federated, 04 issuer, 05 third party, 06 FIDO, ….
    #[serde(rename = "threeDSReqAuthMethod", skip_serializing_if = "Option::is_none")]
    pub three_ds_req_auth_method: Option<String>,
    /// `threeDSReqAuthTimestamp`, `YYYYMMDDHHMM` in UTC.
    #[serde(rename = "threeDSReqAuthTimestamp", skip_serializing_if = "Option::is_none")]
    pub three_ds_req_auth_timestamp: Option<String>,
    /// `threeDSReqAuthData`: a text, or from 2.3.1 an object.
    #[serde(rename = "threeDSReqAuthData", skip_serializing_if = "Option::is_none")]
    pub three_ds_req_auth_data: Option<AuthenticationData>,
    /// `dsAuthInfVerifInd`, from 2.3.1, set by the directory server: 01 verified, 02 failed, 03 not performed.
    #[serde(rename = "dsAuthInfVerifInd", skip_serializing_if = "Option::is_none")]
    pub ds_auth_inf_verif_ind: Option<String>,
}

/// `threeDSReqAuthData`: documents a requestor's own authentication of its customer.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AuthenticationData {
    /// In any version.
    Text(String),
    /// From 2.3.1.
    Object(Map<String, Value>),
}

impl From<String> for AuthenticationData {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// `threeDSRequestorPriorAuthenticationInfo`: an earlier authentication of the same cardholder.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PriorAuthenticationInfo {
    /// `threeDSReqPriorRef`: the earlier `acsTransID`.
    #[serde(rename = "threeDSReqPriorRef", skip_serializing_if = "Option::is_none")]
    pub three_ds_req_prior_ref: Option<String>,
    /// `threeDSReqPriorAuthMethod`: 01 frictionless, 02 challenge, 03 AVS, 04 other, 05 SPC (2.3.1).
    #[serde(rename = "threeDSReqPriorAuthMethod", skip_serializing_if = "Option::is_none")]
    pub three_ds_req_prior_auth_method: Option<String>,
    /// `threeDSReqPriorAuthTimestamp`, `YYYYMMDDHHMM` in UTC.
    #[serde(
        rename = "threeDSReqPriorAuthTimestamp",
        skip_serializing_if = "Option::is_none"
    )]
    pub three_ds_req_prior_auth_timestamp: Option<String>,
    /// `threeDSReqPriorAuthData`.
    #[serde(rename = "threeDSReqPriorAuthData", skip_serializing_if = "Option::is_none")]
    pub three_ds_req_prior_auth_data: Option<String>,
    /// `threeDSReqPriorDsTransId`, from 2.3.1: the earlier `dsTransID`.
    #[serde(rename = "threeDSReqPriorDsTransId", skip_serializing_if = "Option::is_none")]
    pub three_ds_req_prior_ds_trans_id: Option<DsTransId>,
}

/// `acctInfo`: the cardholder's account at the requestor. Dates are `YYYYMMDD`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AccountInfo {
    /// `chAccAgeInd`: age of the account, 01 guest to 05 over 60 days.
    #[serde(rename = "chAccAgeInd", skip_serializing_if = "Option::is_none")]
    pub ch_acc_age_ind: Option<String>,
    /// `chAccDate`: when it was opened.
    #[serde(rename = "chAccDate", skip_serializing_if = "Option::is_none")]
    pub ch_acc_date: Option<String>,
    /// `chAccChangeInd`: last change of the account, 01 now to 04 over 60 days.
    #[serde(rename = "chAccChangeInd", skip_serializing_if = "Option::is_none")]
    pub ch_acc_change_ind: Option<String>,
    /// `chAccChange`: when that was.
    #[serde(rename = "chAccChange", skip_serializing_if = "Option::is_none")]
    pub ch_acc_change: Option<String>,
    /// `chAccPwChangeInd`: last change of its password, 01 none to 05 over 60 days.
    #[serde(rename = "chAccPwChangeInd", skip_serializing_if = "Option::is_none")]
    pub ch_acc_pw_change_ind: Option<String>,
    /// `chAccPwChange`: when that was.
    #[serde(rename = "chAccPwChange", skip_serializing_if = "Option::is_none")]
    pub ch_acc_pw_change: Option<String>,
    /// `nbPurchaseAccount`: purchases in six months.
    #[serde(rename = "nbPurchaseAccount", skip_serializing_if = "Option::is_none")]
    pub nb_purchase_account: Option<String>,
    /// `provisionAttemptsDay`: attempts to add a card in 24 hours.
    #[serde(rename = "provisionAttemptsDay", skip_serializing_if = "Option::is_none")]
    pub provision_attempts_day: Option<String>,
    /// `txnActivityDay`: transactions in 24 hours.
    #[serde(rename = "txnActivityDay", skip_serializing_if = "Option::is_none")]
    pub txn_activity_day: Option<String>,
    /// `txnActivityYear`: transactions in a year.
    #[serde(rename = "txnActivityYear", skip_serializing_if = "Option::is_none")]
    pub txn_activity_year: Option<String>,
    /// `paymentAccAge`: when the card was added.
    #[serde(rename = "paymentAccAge", skip_serializing_if = "Option::is_none")]
    pub payment_acc_age: Option<String>,
    /// `paymentAccInd`: how long ago that is, 01 guest to 05 over 60 days.
    #[serde(rename = "paymentAccInd", skip_serializing_if = "Option::is_none")]
    pub payment_acc_ind: Option<String>,
    /// `shipAddressUsage`: when the address was first used.
    #[serde(rename = "shipAddressUsage", skip_serializing_if = "Option::is_none")]
    pub ship_address_usage: Option<String>,
    /// `shipAddressUsageInd`: how long ago that is, 01 now to 04 over 60 days.
    #[serde(rename = "shipAddressUsageInd", skip_serializing_if = "Option::is_none")]
    pub ship_address_usage_ind: Option<String>,
    /// `shipNameIndicator`: whether the recipient's name is the account's, 01 same, 02 different.
    #[serde(rename = "shipNameIndicator", skip_serializing_if = "Option::is_none")]
    pub ship_name_indicator: Option<String>,
    /// `suspiciousAccActivity`: 01 none, 02 seen.
    #[serde(rename = "suspiciousAccActivity", skip_serializing_if = "Option::is_none")]
    pub suspicious_acc_activity: Option<String>,
    /// `chAccReqID`, from 2.3.1: the account's identifier at the requestor, at most 64 characters.
    #[serde(rename = "chAccReqID", skip_serializing_if = "Option::is_none")]
    pub ch_acc_req_id: Option<String>,
}

/// `merchantRiskIndicator`: what the merchant knows about the risk of this purchase.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MerchantRiskIndicator {
    /// `deliveryEmailAddress`, for electronic delivery.
    #[serde(rename = "deliveryEmailAddress", skip_serializing_if = "Option::is_none")]
    pub delivery_email_address: Option<String>,
    /// `deliveryTimeframe`: 01 electronic, 02 same day, 03 overnight, 04 two days or more.
    #[serde(rename = "deliveryTimeframe", skip_serializing_if = "Option::is_none")]
    pub delivery_timeframe: Option<String>,
    /// `giftCardAmount`, **major** units.
    #[serde(rename = "giftCardAmount", skip_serializing_if = "Option::is_none")]
    pub gift_card_amount: Option<String>,
    /// `giftCardCount`, two digits.
    #[serde(rename = "giftCardCount", skip_serializing_if = "Option::is_none")]
    pub gift_card_count: Option<String>,
    /// `giftCardCurr`, ISO 4217 numeric.
    #[serde(rename = "giftCardCurr", skip_serializing_if = "Option::is_none")]
    pub gift_card_curr: Option<String>,
    /// `preOrderDate`, `YYYYMMDD`.
    #[serde(rename = "preOrderDate", skip_serializing_if = "Option::is_none")]
    pub pre_order_date: Option<String>,
    /// `preOrderPurchaseInd`: 01 available, 02 future.
    #[serde(rename = "preOrderPurchaseInd", skip_serializing_if = "Option::is_none")]
    pub pre_order_purchase_ind: Option<String>,
    /// `reorderItemsInd`: 01 first time, 02 reorder.
    #[serde(rename = "reorderItemsInd", skip_serializing_if = "Option::is_none")]
    pub reorder_items_ind: Option<String>,
    /// `shipIndicator`: 01 billing address, 02 other verified, 03 different, 04 store, 05 digital, 06 tickets, 07 other,
    /// 08 pick-up and go, 09 locker (both 2.3.1).
    #[serde(rename = "shipIndicator", skip_serializing_if = "Option::is_none")]
    pub ship_indicator: Option<String>,
    /// `transChar`, from 2.3.1: 01 crypto-currency, 02 NFT.
    #[serde(rename = "transChar", skip_serializing_if = "Option::is_none")]
    pub trans_char: Option<Vec<String>>,
}

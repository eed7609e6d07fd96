use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    AccountInfo, MerchantRiskIndicator, MessageExtension, MultiTransaction, Phone, PriorAuthenticationInfo,
    RecurringInd, RequestorAuthenticationInfo, SellerInfo, wire_message,
};
use crate::{
    AccountNumber, CardSecurityCode, DsTransId, ThreeDsServerTransId, TransactionIds, Version,
    code::{
        AccountType, CompletionIndicator, DecoupledRequestInd, DeviceBindingSource, DeviceBindingStatus,
        DeviceChannel, MessageCategory, RequestorAuthenticationInd, RequestorChallengeInd,
        SecurityCodeStatus, SecurityCodeStatusSource, ThreeRiInd, TransactionType, TrustListSource,
        TrustListStatus, YesNo,
    },
};

/// AReq: asks the issuer whether the cardholder is who pays.
///
/// One struct holds what the tables of [`crate::validate`] allow in any channel and version, in the order of the
/// reference: server and requestor, acquirer and merchant, purchase, cardholder, browser, and what the directory server
/// adds. `Option` therefore means "not always there", not "as you like".
///
/// `Debug` names the transaction only: the rest is the cardholder's.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "messageType")]
pub struct AReq {
    /// `messageVersion`.
    #[serde(rename = "messageVersion")]
    pub message_version: Version,
    /// `messageCategory`.
    #[serde(rename = "messageCategory")]
    pub message_category: MessageCategory,
    /// `deviceChannel`.
    #[serde(rename = "deviceChannel")]
    pub device_channel: DeviceChannel,
    /// `threeDSServerTransID`.
    #[serde(rename = "threeDSServerTransID")]
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// `threeDSServerRefNumber`: EMVCo's approval number, at most 32 characters.
    #[serde(rename = "threeDSServerRefNumber")]
    pub three_ds_server_ref_number: String,
    /// `threeDSServerOperatorID`, if the directory server assigned one, at most 32 characters.
    #[serde(rename = "threeDSServerOperatorID", skip_serializing_if = "Option::is_none")]
    pub three_ds_server_operator_id: Option<String>,
    /// `threeDSServerURL`: where the directory server sends the RReq. 3RI of 2.1.0 has no RReq: empty.
    #[serde(rename = "threeDSServerURL", default)]
    pub three_ds_server_url: String,
    /// `threeDSRequestorID`: the merchant as the directory server knows it, at most 35 characters.
    #[serde(rename = "threeDSRequestorID")]
    pub three_ds_requestor_id: String,
    /// `threeDSRequestorName`, at most 40 characters.
    #[serde(rename = "threeDSRequestorName")]
    pub three_ds_requestor_name: String,
    /// `threeDSRequestorURL`: the merchant's site.
    #[serde(rename = "threeDSRequestorURL")]
    pub three_ds_requestor_url: String,
    /// `threeDSRequestorAuthenticationInd`; required in the browser channel.
    #[serde(
        rename = "threeDSRequestorAuthenticationInd",
        skip_serializing_if = "Option::is_none"
    )]
    pub three_ds_requestor_authentication_ind: Option<RequestorAuthenticationInd>,
    /// `threeDSRequestorAuthenticationInfo`: how the requestor knows its customer; at most three,
    /// one before 2.3.1.
    #[serde(
        rename = "threeDSRequestorAuthenticationInfo",
        skip_serializing_if = "Option::is_none"
    )]
    pub three_ds_requestor_authentication_info: Option<Vec<RequestorAuthenticationInfo>>,
    /// `threeDSRequestorChallengeInd`; absent is no preference. At most two, one before 2.3.1.
    #[serde(
        rename = "threeDSRequestorChallengeInd",
        skip_serializing_if = "Option::is_none"
    )]
    pub three_ds_requestor_challenge_ind: Option<Vec<RequestorChallengeInd>>,
    /// `threeDSRequestorPriorAuthenticationInfo`: earlier authentications of this cardholder; at most three,
    /// one before 2.3.1.
    #[serde(
        rename = "threeDSRequestorPriorAuthenticationInfo",
        skip_serializing_if = "Option::is_none"
    )]
    pub three_ds_requestor_prior_authentication_info: Option<Vec<PriorAuthenticationInfo>>,
    /// `threeDSReqAuthMethodInd`, in 2.2.0, set by the directory server; from 2.3.1 it is inside the authentication info.
    #[serde(rename = "threeDSReqAuthMethodInd", skip_serializing_if = "Option::is_none")]
    pub three_ds_req_auth_method_ind: Option<String>,
    /// `threeDSRequestorDecReqInd`: whether decoupled authentication may be used, from 2.2.0; absent is no.
    #[serde(rename = "threeDSRequestorDecReqInd", skip_serializing_if = "Option::is_none")]
    pub three_ds_requestor_dec_req_ind: Option<DecoupledRequestInd>,
    /// `threeDSRequestorDecMaxTime`: longest wait for it, five digits of minutes.
    #[serde(
        rename = "threeDSRequestorDecMaxTime",
        skip_serializing_if = "Option::is_none"
    )]
    pub three_ds_requestor_dec_max_time: Option<String>,
    /// `threeRIInd`: what is asked for with nobody present; required in 3RI.
    #[serde(rename = "threeRIInd", skip_serializing_if = "Option::is_none")]
    pub three_ri_ind: Option<ThreeRiInd>,
    /// `threeDSRequestorSpcSupport`, from 2.3.1: only yes, if secure payment confirmation is supported.
    #[serde(
        rename = "threeDSRequestorSpcSupport",
        skip_serializing_if = "Option::is_none"
    )]
    pub three_ds_requestor_spc_support: Option<YesNo>,
    /// `spcIncompInd`, from 2.3.1: why there is no assertion; 01 failed, 02 cancelled, 03 timed out.
    #[serde(rename = "spcIncompInd", skip_serializing_if = "Option::is_none")]
    pub spc_incomp_ind: Option<String>,
    /// `payeeOrigin`, from 2.3.1; required with secure payment confirmation.
    #[serde(rename = "payeeOrigin", skip_serializing_if = "Option::is_none")]
    pub payee_origin: Option<String>,
    /// `transType`: what is bought; some markets require it.
    #[serde(rename = "transType", skip_serializing_if = "Option::is_none")]
    pub trans_type: Option<TransactionType>,
    /// `multiTransaction`, from 2.3.1: one authentication for payments to several merchants.
    #[serde(rename = "multiTransaction", skip_serializing_if = "Option::is_none")]
    pub multi_transaction: Option<MultiTransaction>,
    /// `sellerInfo`, from 2.3.1: who sells at a marketplace; at most 50.
    #[serde(rename = "sellerInfo", skip_serializing_if = "Option::is_none")]
    pub seller_info: Option<Vec<SellerInfo>>,
    /// `taxId`, from 2.3.1: the cardholder's, at most 45 characters.
    #[serde(rename = "taxId", skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
    /// `acquirerBIN`, at most 11 characters; required for a payment.
    #[serde(rename = "acquirerBIN", skip_serializing_if = "Option::is_none")]
    pub acquirer_bin: Option<String>,
    /// `acquirerMerchantID`, at most 35 characters; required for a payment.
    #[serde(rename = "acquirerMerchantID", skip_serializing_if = "Option::is_none")]
    pub acquirer_merchant_id: Option<String>,
    /// `acquirerCountryCode`, ISO 3166-1 numeric; required from 2.3.1.
    #[serde(rename = "acquirerCountryCode", skip_serializing_if = "Option::is_none")]
    pub acquirer_country_code: Option<String>,
    /// `acquirerCountryCodeSource`, from 2.3.1: 01 the 3DS Server set it, 02 the directory server.
    #[serde(rename = "acquirerCountryCodeSource", skip_serializing_if = "Option::is_none")]
    pub acquirer_country_code_source: Option<String>,
    /// `mcc`: merchant category code, four digits; required for a payment.
    #[serde(rename = "mcc", skip_serializing_if = "Option::is_none")]
    pub mcc: Option<String>,
    /// `merchantCountryCode`, ISO 3166-1 numeric; required for a payment.
    #[serde(rename = "merchantCountryCode", skip_serializing_if = "Option::is_none")]
    pub merchant_country_code: Option<String>,
    /// `merchantName`, at most 40 characters; required for a payment.
    #[serde(rename = "merchantName", skip_serializing_if = "Option::is_none")]
    pub merchant_name: Option<String>,
    /// `merchantRiskIndicator`.
    #[serde(rename = "merchantRiskIndicator", skip_serializing_if = "Option::is_none")]
    pub merchant_risk_indicator: Option<MerchantRiskIndicator>,
    /// `purchaseAmount`, digits of minor units; required for a payment.
    #[serde(rename = "purchaseAmount", skip_serializing_if = "Option::is_none")]
    pub purchase_amount: Option<String>,
    /// `purchaseCurrency`, ISO 4217 numeric; required for a payment.
    #[serde(rename = "purchaseCurrency", skip_serializing_if = "Option::is_none")]
    pub purchase_currency: Option<String>,
    /// `purchaseExponent`: digits after the decimal point; required for a payment.
    #[serde(rename = "purchaseExponent", skip_serializing_if = "Option::is_none")]
    pub purchase_exponent: Option<String>,
    /// `purchaseDate`, `YYYYMMDDHHMMSS` in UTC; required for a payment.
    #[serde(rename = "purchaseDate", skip_serializing_if = "Option::is_none")]
    pub purchase_date: Option<String>,
    /// `purchaseInstalData`: most authorisations of an instalment plan, more than one.
    #[serde(rename = "purchaseInstalData", skip_serializing_if = "Option::is_none")]
    pub purchase_instal_data: Option<String>,
    /// `recurringExpiry`, `YYYYMMDD`; required for recurring and instalment payments before 2.3.1.
    #[serde(rename = "recurringExpiry", skip_serializing_if = "Option::is_none")]
    pub recurring_expiry: Option<String>,
    /// `recurringFrequency`: least days between authorisations; required likewise, from 2.3.1 where they are fixed.
    #[serde(rename = "recurringFrequency", skip_serializing_if = "Option::is_none")]
    pub recurring_frequency: Option<String>,
    /// `recurringAmount`, from 2.3.1, digits of minor units; required where the amounts to follow are fixed.
    #[serde(rename = "recurringAmount", skip_serializing_if = "Option::is_none")]
    pub recurring_amount: Option<String>,
    /// `recurringCurrency`, from 2.3.1, ISO 4217 numeric; required with the amount.
    #[serde(rename = "recurringCurrency", skip_serializing_if = "Option::is_none")]
    pub recurring_currency: Option<String>,
    /// `recurringExponent`, from 2.3.1; required with the amount.
    #[serde(rename = "recurringExponent", skip_serializing_if = "Option::is_none")]
    pub recurring_exponent: Option<String>,
    /// `recurringDate`, from 2.3.1, `YYYYMMDD` of the first; required where the intervals are fixed.
    #[serde(rename = "recurringDate", skip_serializing_if = "Option::is_none")]
    pub recurring_date: Option<String>,
    /// `recurringInd`, from 2.3.1; required for recurring and instalment payments.
    #[serde(rename = "recurringInd", skip_serializing_if = "Option::is_none")]
    pub recurring_ind: Option<RecurringInd>,
    /// `acctNumber`.
    #[serde(rename = "acctNumber")]
    pub acct_number: AccountNumber,
    /// `cardExpiryDate`, `YYMM`.
    #[serde(rename = "cardExpiryDate", skip_serializing_if = "Option::is_none")]
    pub card_expiry_date: Option<String>,
    /// `acctType`.
    #[serde(rename = "acctType", skip_serializing_if = "Option::is_none")]
    pub acct_type: Option<AccountType>,
    /// `acctID`: the cardholder's account at the requestor, at most 64 characters.
    #[serde(rename = "acctID", skip_serializing_if = "Option::is_none")]
    pub acct_id: Option<String>,
    /// `acctInfo`: that account's history.
    #[serde(rename = "acctInfo", skip_serializing_if = "Option::is_none")]
    pub acct_info: Option<AccountInfo>,
    /// `cardholderName`, 2 to 45 printable ASCII characters; from 2.3.1 1 to 45 of any.
    #[serde(rename = "cardholderName", skip_serializing_if = "Option::is_none")]
    pub cardholder_name: Option<String>,
    /// `email`, at most 254 characters.
    #[serde(rename = "email", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `homePhone`.
    #[serde(rename = "homePhone", skip_serializing_if = "Option::is_none")]
    pub home_phone: Option<Phone>,
    /// `mobilePhone`.
    #[serde(rename = "mobilePhone", skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<Phone>,
    /// `workPhone`.
    #[serde(rename = "workPhone", skip_serializing_if = "Option::is_none")]
    pub work_phone: Option<Phone>,
    /// `billAddrLine1`, at most 50 characters.
    #[serde(rename = "billAddrLine1", skip_serializing_if = "Option::is_none")]
    pub bill_addr_line1: Option<String>,
    /// `billAddrLine2`, at most 50 characters.
    #[serde(rename = "billAddrLine2", skip_serializing_if = "Option::is_none")]
    pub bill_addr_line2: Option<String>,
    /// `billAddrLine3`, at most 50 characters.
    #[serde(rename = "billAddrLine3", skip_serializing_if = "Option::is_none")]
    pub bill_addr_line3: Option<String>,
    /// `billAddrCity`, at most 50 characters.
    #[serde(rename = "billAddrCity", skip_serializing_if = "Option::is_none")]
    pub bill_addr_city: Option<String>,
    /// `billAddrPostCode`, at most 16 characters.
    #[serde(rename = "billAddrPostCode", skip_serializing_if = "Option::is_none")]
    pub bill_addr_post_code: Option<String>,
    /// `billAddrState`, ISO 3166-2 without the country, at most 3 characters.
    #[serde(rename = "billAddrState", skip_serializing_if = "Option::is_none")]
    pub bill_addr_state: Option<String>,
    /// `billAddrCountry`, ISO 3166-1 numeric; required with a state.
    #[serde(rename = "billAddrCountry", skip_serializing_if = "Option::is_none")]
    pub bill_addr_country: Option<String>,
    /// `shipAddrLine1`, at most 50 characters.
    #[serde(rename = "shipAddrLine1", skip_serializing_if = "Option::is_none")]
    pub ship_addr_line1: Option<String>,
    /// `shipAddrLine2`, at most 50 characters.
    #[serde(rename = "shipAddrLine2", skip_serializing_if = "Option::is_none")]
    pub ship_addr_line2: Option<String>,
    /// `shipAddrLine3`, at most 50 characters.
    #[serde(rename = "shipAddrLine3", skip_serializing_if = "Option::is_none")]
    pub ship_addr_line3: Option<String>,
    /// `shipAddrCity`, at most 50 characters.
    #[serde(rename = "shipAddrCity", skip_serializing_if = "Option::is_none")]
    pub ship_addr_city: Option<String>,
    /// `shipAddrPostCode`, at most 16 characters.
    #[serde(rename = "shipAddrPostCode", skip_serializing_if = "Option::is_none")]
    pub ship_addr_post_code: Option<String>,
    /// `shipAddrState`, ISO 3166-2 without the country, at most 3 characters.
    #[serde(rename = "shipAddrState", skip_serializing_if = "Option::is_none")]
    pub ship_addr_state: Option<String>,
    /// `shipAddrCountry`, ISO 3166-1 numeric; required with a state.
    #[serde(rename = "shipAddrCountry", skip_serializing_if = "Option::is_none")]
    pub ship_addr_country: Option<String>,
    /// `addrMatch`: whether the shipping address is the billing address.
    #[serde(rename = "addrMatch", skip_serializing_if = "Option::is_none")]
    pub addr_match: Option<YesNo>,
    /// `cardSecurityCode`, from 2.3.1. Never to be stored.
    #[serde(rename = "cardSecurityCode", skip_serializing_if = "Option::is_none")]
    pub card_security_code: Option<CardSecurityCode>,
    /// `cardSecurityCodeStatus`, from 2.3.1.
    #[serde(rename = "cardSecurityCodeStatus", skip_serializing_if = "Option::is_none")]
    pub card_security_code_status: Option<SecurityCodeStatus>,
    /// `cardSecurityCodeStatusSource`, from 2.3.1; required with the status.
    #[serde(
        rename = "cardSecurityCodeStatusSource",
        skip_serializing_if = "Option::is_none"
    )]
    pub card_security_code_status_source: Option<SecurityCodeStatusSource>,
    /// `trustListStatus` (`whiteListStatus` in 2.2.0); only listed or not listed.
    #[serde(rename = "trustListStatus", skip_serializing_if = "Option::is_none")]
    pub trust_list_status: Option<TrustListStatus>,
    /// `trustListStatusSource` (`whiteListStatusSource` in 2.2.0); required with the status.
    #[serde(rename = "trustListStatusSource", skip_serializing_if = "Option::is_none")]
    pub trust_list_status_source: Option<TrustListSource>,
    /// `deviceBindingStatus`, from 2.3.1.
    #[serde(rename = "deviceBindingStatus", skip_serializing_if = "Option::is_none")]
    pub device_binding_status: Option<DeviceBindingStatus>,
    /// `deviceBindingStatusSource`, from 2.3.1; required with the status.
    #[serde(rename = "deviceBindingStatusSource", skip_serializing_if = "Option::is_none")]
    pub device_binding_status_source: Option<DeviceBindingSource>,
    /// `payTokenInd`: only ever true, when the number was a token before.
    #[serde(rename = "payTokenInd", skip_serializing_if = "Option::is_none")]
    pub pay_token_ind: Option<bool>,
    /// `payTokenSource`: who replaced the token, from 2.2.0.
    #[serde(rename = "payTokenSource", skip_serializing_if = "Option::is_none")]
    pub pay_token_source: Option<String>,
    /// `payTokenInfo`, from 2.3.1: what is known of the token, at most 10,000 characters.
    #[serde(rename = "payTokenInfo", skip_serializing_if = "Option::is_none")]
    pub pay_token_info: Option<Map<String, Value>>,
    /// `threeDSCompInd`; required in the browser channel.
    #[serde(rename = "threeDSCompInd", skip_serializing_if = "Option::is_none")]
    pub three_ds_comp_ind: Option<CompletionIndicator>,
    /// `threeDSMethodId`, from 2.3.1: the transaction the 3DS Method ran for, if another, at most 10 minutes ago.
    #[serde(rename = "threeDSMethodId", skip_serializing_if = "Option::is_none")]
    pub three_ds_method_id: Option<ThreeDsServerTransId>,
    /// `notificationURL`: where the browser brings the CRes, at most 256 characters; required in the browser channel.
    #[serde(rename = "notificationURL", skip_serializing_if = "Option::is_none")]
    pub notification_url: Option<String>,
    /// `browserAcceptHeader`, at most 2048 characters; required in the browser channel.
    #[serde(rename = "browserAcceptHeader", skip_serializing_if = "Option::is_none")]
    pub browser_accept_header: Option<String>,
    /// `acceptLanguage`: languages of the HTTP header, BCP 47; required in the browser channel from 2.3.1.
    #[serde(rename = "acceptLanguage", skip_serializing_if = "Option::is_none")]
    pub accept_language: Option<Vec<String>>,
    /// `browserIP`, IPv4 or IPv6 text.
    #[serde(rename = "browserIP", skip_serializing_if = "Option::is_none")]
    pub browser_ip: Option<String>,
    /// `browserJavascriptEnabled`, from 2.2.0, where it is required in the browser channel.
    #[serde(rename = "browserJavascriptEnabled", skip_serializing_if = "Option::is_none")]
    pub browser_javascript_enabled: Option<bool>,
    /// `browserJavaEnabled`; like the next five, required in 2.1.0 and wherever JavaScript is enabled.
    #[serde(rename = "browserJavaEnabled", skip_serializing_if = "Option::is_none")]
    pub browser_java_enabled: Option<bool>,
    /// `browserLanguage`, BCP 47, at most 8 characters, 35 from 2.3.1; required before that, then with JavaScript.
    #[serde(rename = "browserLanguage", skip_serializing_if = "Option::is_none")]
    pub browser_language: Option<String>,
    /// `browserColorDepth`, bits: 1, 4, 8, 15, 16, 24, 32 or 48; from 2.3.1 1 to 99.
    #[serde(rename = "browserColorDepth", skip_serializing_if = "Option::is_none")]
    pub browser_color_depth: Option<String>,
    /// `browserScreenHeight`, pixels.
    #[serde(rename = "browserScreenHeight", skip_serializing_if = "Option::is_none")]
    pub browser_screen_height: Option<String>,
    /// `browserScreenWidth`, pixels.
    #[serde(rename = "browserScreenWidth", skip_serializing_if = "Option::is_none")]
    pub browser_screen_width: Option<String>,
    /// `browserTZ`: minutes, positive when local time is behind UTC.
    #[serde(rename = "browserTZ", skip_serializing_if = "Option::is_none")]
    pub browser_tz: Option<String>,
    /// `browserUserAgent`, at most 2048 characters; required in the browser channel.
    #[serde(rename = "browserUserAgent", skip_serializing_if = "Option::is_none")]
    pub browser_user_agent: Option<String>,
    /// `deviceId`, from 2.3.1: the browser's device, at most 64 characters.
    #[serde(rename = "deviceId", skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// `userId`, from 2.3.1: the browser's account, at most 64 characters.
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// `dsReferenceNumber`, added by the directory server.
    #[serde(rename = "dsReferenceNumber", skip_serializing_if = "Option::is_none")]
    pub ds_reference_number: Option<String>,
    /// `dsTransID`, added by the directory server.
    #[serde(rename = "dsTransID", skip_serializing_if = "Option::is_none")]
    pub ds_trans_id: Option<DsTransId>,
    /// `dsURL`: where the ACS sends the RReq, added by the directory server.
    #[serde(rename = "dsURL", skip_serializing_if = "Option::is_none")]
    pub ds_url: Option<String>,
    /// `broadInfo`: free in 2.1.0 and 2.2.0, with a structure from 2.3.1.
    #[serde(rename = "broadInfo", skip_serializing_if = "Option::is_none")]
    pub broad_info: Option<Map<String, Value>>,
    /// `messageExtension`.
    #[serde(rename = "messageExtension", skip_serializing_if = "Option::is_none")]
    pub message_extension: Option<Vec<MessageExtension>>,
}

impl AReq {
    fn transaction_ids(&self) -> TransactionIds {
        TransactionIds {
            three_ds_server_trans_id: Some(self.three_ds_server_trans_id),
            acs_trans_id: None,
            ds_trans_id: self.ds_trans_id,
        }
    }
}

impl fmt::Debug for AReq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AReq")
            .field("message_version", &self.message_version)
            .field("three_ds_server_trans_id", &self.three_ds_server_trans_id)
            .field("ds_trans_id", &self.ds_trans_id)
            .finish_non_exhaustive()
    }
}

wire_message!(AReq, Box);

//! The objects that say more of a purchase, all from 2.3.1.

use serde::{Deserialize, Serialize};

use super::Phone;

/// `recurringInd`: what is agreed on for the payments that follow.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RecurringInd {
    /// `amountInd`: 01 fixed, 02 variable.
    #[serde(rename = "amountInd")]
    pub amount_ind: String,
    /// `frequencyInd`: 01 fixed, 02 variable.
    #[serde(rename = "frequencyInd")]
    pub frequency_ind: String,
}

/// An entry of `sellerInfo`: a seller at the merchant's marketplace.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SellerInfo {
    /// `sellerName`, at most 100 characters.
    #[serde(rename = "sellerName")]
    pub seller_name: String,
    /// `sellerId`, at most 50 characters.
    #[serde(rename = "sellerId", skip_serializing_if = "Option::is_none")]
    pub seller_id: Option<String>,
    /// `sellerBusinessName`, at most 100 characters.
    #[serde(rename = "sellerBusinessName", skip_serializing_if = "Option::is_none")]
    pub seller_business_name: Option<String>,
    /// `sellerAccDate`: when the seller's account was opened, `YYYYMMDD`.
    #[serde(rename = "sellerAccDate", skip_serializing_if = "Option::is_none")]
    pub seller_acc_date: Option<String>,
    /// `sellerAddrLine1`, at most 50 characters.
    #[serde(rename = "sellerAddrLine1", skip_serializing_if = "Option::is_none")]
    pub seller_addr_line1: Option<String>,
    /// `sellerAddrLine2`, at most 50 characters.
    #[serde(rename = "sellerAddrLine2", skip_serializing_if = "Option::is_none")]
    pub seller_addr_line2: Option<String>,
    /// `sellerAddrLine3`, at most 50 characters.
    #[serde(rename = "sellerAddrLine3", skip_serializing_if = "Option::is_none")]
    pub seller_addr_line3: Option<String>,
    /// `sellerAddrCity`, at most 50 characters.
    #[serde(rename = "sellerAddrCity", skip_serializing_if = "Option::is_none")]
    pub seller_addr_city: Option<String>,
    /// `sellerAddrState`, ISO 3166-2 without the country, at most 3 characters.
    #[serde(rename = "sellerAddrState", skip_serializing_if = "Option::is_none")]
    pub seller_addr_state: Option<String>,
    /// `sellerAddrPostCode`, at most 16 characters.
    #[serde(rename = "sellerAddrPostCode", skip_serializing_if = "Option::is_none")]
    pub seller_addr_post_code: Option<String>,
    /// `sellerAddrCountry`, ISO 3166-1 numeric.
    #[serde(rename = "sellerAddrCountry", skip_serializing_if = "Option::is_none")]
    pub seller_addr_country: Option<String>,
    /// `sellerEmail`, at most 254 characters.
    #[serde(rename = "sellerEmail", skip_serializing_if = "Option::is_none")]
    pub seller_email: Option<String>,
    /// `sellerPhone`.
    #[serde(rename = "sellerPhone", skip_serializing_if = "Option::is_none")]
    pub seller_phone: Option<Phone>,
}

/// `multiTransaction`: several merchants paid after one authentication.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MultiTransaction {
    /// `merchantList`, 1 to 50.
    #[serde(rename = "merchantList", skip_serializing_if = "Option::is_none")]
    pub merchant_list: Option<Vec<MerchantListed>>,
    /// `avValidityTime`: how long the authentication value is to be good for.
    #[serde(rename = "avValidityTime", skip_serializing_if = "Option::is_none")]
    pub av_validity_time: Option<String>,
    /// `avNumberUse`: how often it is to be used.
    #[serde(rename = "avNumberUse", skip_serializing_if = "Option::is_none")]
    pub av_number_use: Option<String>,
}

/// An entry of `merchantList`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MerchantListed {
    /// `merchantNameListed`, at most 40 characters.
    #[serde(rename = "merchantNameListed")]
    pub merchant_name_listed: String,
    /// `acquirerMerchantIdListed`, at most 35 characters.
    #[serde(rename = "acquirerMerchantIdListed", skip_serializing_if = "Option::is_none")]
    pub acquirer_merchant_id_listed: Option<String>,
    /// `merchantAmount`, digits of minor units.
    #[serde(rename = "merchantAmount", skip_serializing_if = "Option::is_none")]
    pub merchant_amount: Option<String>,
    /// `merchantCurrency`, ISO 4217 numeric.
    #[serde(rename = "merchantCurrency", skip_serializing_if = "Option::is_none")]
    pub merchant_currency: Option<String>,
    /// `merchantExponent`, one digit.
    #[serde(rename = "merchantExponent", skip_serializing_if = "Option::is_none")]
    pub merchant_exponent: Option<String>,
    /// `sellerId` of [`SellerInfo`], at most 50 characters.
    #[serde(rename = "sellerId", skip_serializing_if = "Option::is_none")]
    pub seller_id: Option<String>,
}

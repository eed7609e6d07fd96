use serde::{Deserialize, Serialize};

use super::{MessageExtension, wire_message};
use crate::{
    AcsTransId, AuthenticationValue, DsTransId, Eci, ThreeDsServerTransId, TransactionIds, Version,
    code::{AuthenticationType, TransStatus, TransStatusReason, TrustListSource, TrustListStatus, YesNo},
};

/// ARes: the ACS's answer to an AReq, or the directory server's in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "messageType")]
pub struct ARes {
    /// `messageVersion`.
    #[serde(rename = "messageVersion")]
    pub message_version: Version,
    /// `threeDSServerTransID`.
    #[serde(rename = "threeDSServerTransID")]
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// `dsTransID`.
    #[serde(rename = "dsTransID")]
    pub ds_trans_id: DsTransId,
    /// `acsTransID`; equals `dsTransID` where the directory server answers itself.
    #[serde(rename = "acsTransID")]
    pub acs_trans_id: AcsTransId,
    /// `acsReferenceNumber`.
    #[serde(rename = "acsReferenceNumber")]
    pub acs_reference_number: String,
    /// `dsReferenceNumber`.
    #[serde(rename = "dsReferenceNumber")]
    pub ds_reference_number: String,
    /// `acsOperatorID`, if the directory server assigned one.
    #[serde(rename = "acsOperatorID", skip_serializing_if = "Option::is_none")]
    pub acs_operator_id: Option<String>,
    /// `transStatus`. Always there for a payment.
    #[serde(rename = "transStatus", skip_serializing_if = "Option::is_none")]
    pub trans_status: Option<TransStatus>,
    /// `transStatusReason`; there with N, U and R.
    #[serde(rename = "transStatusReason", skip_serializing_if = "Option::is_none")]
    pub trans_status_reason: Option<TransStatusReason>,
    /// `authenticationValue`; there with Y and A.
    #[serde(rename = "authenticationValue", skip_serializing_if = "Option::is_none")]
    pub authentication_value: Option<AuthenticationValue>,
    /// `eci`, by the directory server's rules.
    #[serde(rename = "eci", skip_serializing_if = "Option::is_none")]
    pub eci: Option<Eci>,
    /// `acsChallengeMandated`; there with C and D.
    #[serde(rename = "acsChallengeMandated", skip_serializing_if = "Option::is_none")]
    pub acs_challenge_mandated: Option<YesNo>,
    /// `acsURL`: where the browser posts the CReq; there with C.
    #[serde(rename = "acsURL", skip_serializing_if = "Option::is_none")]
    pub acs_url: Option<String>,
    /// `authenticationType`; there with C and D.
    #[serde(rename = "authenticationType", skip_serializing_if = "Option::is_none")]
    pub authentication_type: Option<AuthenticationType>,
    /// `acsDecConInd`: whether the ACS will authenticate decoupled, from 2.2.0.
    #[serde(rename = "acsDecConInd", skip_serializing_if = "Option::is_none")]
    pub acs_dec_con_ind: Option<YesNo>,
    /// `cardholderInfo`: the issuer's words to the cardholder; must be shown when present.
    #[serde(rename = "cardholderInfo", skip_serializing_if = "Option::is_none")]
    pub cardholder_info: Option<String>,
    /// `whiteListStatus`, from 2.2.0.
    #[serde(rename = "whiteListStatus", skip_serializing_if = "Option::is_none")]
    pub white_list_status: Option<TrustListStatus>,
    /// `whiteListStatusSource`, from 2.2.0.
    #[serde(rename = "whiteListStatusSource", skip_serializing_if = "Option::is_none")]
    pub white_list_status_source: Option<TrustListSource>,
    /// `broadInfo`: free in 2.1.0 and 2.2.0.
    #[serde(rename = "broadInfo", skip_serializing_if = "Option::is_none")]
    pub broad_info: Option<serde_json::Map<String, serde_json::Value>>,
    /// `messageExtension`.
    #[serde(rename = "messageExtension", skip_serializing_if = "Option::is_none")]
    pub message_extension: Option<Vec<MessageExtension>>,
}

impl ARes {
    fn transaction_ids(&self) -> TransactionIds {
        TransactionIds {
            three_ds_server_trans_id: Some(self.three_ds_server_trans_id),
            acs_trans_id: Some(self.acs_trans_id),
            ds_trans_id: Some(self.ds_trans_id),
        }
    }
}

wire_message!(ARes, Box);

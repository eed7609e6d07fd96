use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{AcsRenderingType, CardholderInfo, MessageExtension, WebAuthnCredentials, wire_message};
use crate::{
    AcsTransId, AuthenticationValue, DsTransId, Eci, ThreeDsServerTransId, TransactionIds, Version,
    code::{
        AuthenticationMethod, AuthenticationType, ChallengeExemption, DeviceBindingSource,
        DeviceBindingStatus, SecurityCodeStatus, SecurityCodeStatusSource, TransStatus, TransStatusReason,
        TrustListSource, TrustListStatus, YesNo,
    },
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
    /// `transStatusReason`; there with N, U and R of a payment.
    #[serde(rename = "transStatusReason", skip_serializing_if = "Option::is_none")]
    pub trans_status_reason: Option<TransStatusReason>,
    /// `transStatusReasonInfo`: more of the reason in words, from 2.3.1, at most 256 characters.
    #[serde(rename = "transStatusReasonInfo", skip_serializing_if = "Option::is_none")]
    pub trans_status_reason_info: Option<String>,
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
    /// `acsSignedContent`, app only; there with C.
    #[serde(rename = "acsSignedContent", skip_serializing_if = "Option::is_none")]
    pub acs_signed_content: Option<String>,
    /// `acsRenderingType`, app only; there with C.
    #[serde(rename = "acsRenderingType", skip_serializing_if = "Option::is_none")]
    pub acs_rendering_type: Option<AcsRenderingType>,
    /// `authenticationType`, before 2.3.1; there with C and D.
    #[serde(rename = "authenticationType", skip_serializing_if = "Option::is_none")]
    pub authentication_type: Option<AuthenticationType>,
    /// `authenticationMethod`, from 2.3.1 instead of the type; there with C and D.
    #[serde(rename = "authenticationMethod", skip_serializing_if = "Option::is_none")]
    pub authentication_method: Option<Vec<AuthenticationMethod>>,
    /// `acsDecConInd`: whether the ACS will authenticate decoupled, from 2.2.0.
    #[serde(rename = "acsDecConInd", skip_serializing_if = "Option::is_none")]
    pub acs_dec_con_ind: Option<YesNo>,
    /// `cardholderInfo`: the issuer's words to the cardholder; must be shown when present. Before 2.3.1 only the text.
    #[serde(rename = "cardholderInfo", skip_serializing_if = "Option::is_none")]
    pub cardholder_info: Option<CardholderInfo>,
    /// `sdkTransID`, app only.
    #[serde(rename = "sdkTransID", skip_serializing_if = "Option::is_none")]
    pub sdk_trans_id: Option<Uuid>,
    /// `trustListStatus` (`whiteListStatus` in 2.2.0).
    #[serde(rename = "trustListStatus", skip_serializing_if = "Option::is_none")]
    pub trust_list_status: Option<TrustListStatus>,
    /// `trustListStatusSource` (`whiteListStatusSource` in 2.2.0); there with the status.
    #[serde(rename = "trustListStatusSource", skip_serializing_if = "Option::is_none")]
    pub trust_list_status_source: Option<TrustListSource>,
    /// `cardSecurityCodeStatus`, from 2.3.1.
    #[serde(rename = "cardSecurityCodeStatus", skip_serializing_if = "Option::is_none")]
    pub card_security_code_status: Option<SecurityCodeStatus>,
    /// `cardSecurityCodeStatusSource`, from 2.3.1; there with the status.
    #[serde(
        rename = "cardSecurityCodeStatusSource",
        skip_serializing_if = "Option::is_none"
    )]
    pub card_security_code_status_source: Option<SecurityCodeStatusSource>,
    /// `deviceBindingStatus`, from 2.3.1.
    #[serde(rename = "deviceBindingStatus", skip_serializing_if = "Option::is_none")]
    pub device_binding_status: Option<DeviceBindingStatus>,
    /// `deviceBindingStatusSource`, from 2.3.1; there with the status.
    #[serde(rename = "deviceBindingStatusSource", skip_serializing_if = "Option::is_none")]
    pub device_binding_status_source: Option<DeviceBindingSource>,
    /// `deviceInfoRecognisedVersion`, app only, from 2.3.1.
    #[serde(
        rename = "deviceInfoRecognisedVersion",
        skip_serializing_if = "Option::is_none"
    )]
    pub device_info_recognised_version: Option<String>,
    /// `threeDSRequestorAppURLInd`, app only, from 2.3.1.
    #[serde(rename = "threeDSRequestorAppURLInd", skip_serializing_if = "Option::is_none")]
    pub three_ds_requestor_app_url_ind: Option<YesNo>,
    /// `transChallengeExemption`: why no challenge was asked for, from 2.3.1.
    #[serde(rename = "transChallengeExemption", skip_serializing_if = "Option::is_none")]
    pub trans_challenge_exemption: Option<ChallengeExemption>,
    /// `spcTransData`, from 2.3.1; there with S.
    #[serde(rename = "spcTransData", skip_serializing_if = "Option::is_none")]
    pub spc_trans_data: Option<Map<String, Value>>,
    /// `webAuthnCredList`, from 2.3.1; there with S.
    #[serde(rename = "webAuthnCredList", skip_serializing_if = "Option::is_none")]
    pub web_authn_cred_list: Option<Vec<WebAuthnCredentials>>,
    /// `broadInfo`: free in 2.1.0 and 2.2.0, with a structure from 2.3.1.
    #[serde(rename = "broadInfo", skip_serializing_if = "Option::is_none")]
    pub broad_info: Option<Map<String, Value>>,
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

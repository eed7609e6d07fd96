use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AcsRenderingType, CardholderInfo, Erro, MessageExtension, wire_message};
use crate::{
    AcsTransId, AuthenticationValue, DsTransId, Eci, ThreeDsServerTransId, TransactionIds, Version,
    code::{
        AuthenticationMethod, AuthenticationType, ChallengeCancel, DeviceBindingSource, DeviceBindingStatus,
        MessageCategory, TransStatus, TransStatusReason, TrustListSource, TrustListStatus,
    },
};

/// RReq: the result of a challenge or a decoupled authentication, from the ACS through the directory server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "messageType")]
pub struct RReq {
    /// `messageVersion`.
    #[serde(rename = "messageVersion")]
    pub message_version: Version,
    /// `messageCategory`.
    #[serde(rename = "messageCategory")]
    pub message_category: MessageCategory,
    /// `threeDSServerTransID`.
    #[serde(rename = "threeDSServerTransID")]
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// `acsTransID`.
    #[serde(rename = "acsTransID")]
    pub acs_trans_id: AcsTransId,
    /// `dsTransID`.
    #[serde(rename = "dsTransID")]
    pub ds_trans_id: DsTransId,
    /// `sdkTransID`, app only, from 2.2.0.
    #[serde(rename = "sdkTransID", skip_serializing_if = "Option::is_none")]
    pub sdk_trans_id: Option<Uuid>,
    /// `transStatus`: Y, N, U, A or R; from 2.3.1 also D, when a decoupled authentication is to follow. Always there for a payment.
    #[serde(rename = "transStatus", skip_serializing_if = "Option::is_none")]
    pub trans_status: Option<TransStatus>,
    /// `transStatusReason`; there with N, U and R.
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
    /// `authenticationType`, before 2.3.1; there with Y and N.
    #[serde(rename = "authenticationType", skip_serializing_if = "Option::is_none")]
    pub authentication_type: Option<AuthenticationType>,
    /// `authenticationMethod`; before 2.3.1 one, and from the ACS to the directory server only.
    #[serde(rename = "authenticationMethod", skip_serializing_if = "Option::is_none")]
    pub authentication_method: Option<Vec<AuthenticationMethod>>,
    /// `acsRenderingType`, app only.
    #[serde(rename = "acsRenderingType", skip_serializing_if = "Option::is_none")]
    pub acs_rendering_type: Option<AcsRenderingType>,
    /// `interactionCounter`: how many times the cardholder answered, two digits.
    #[serde(rename = "interactionCounter", skip_serializing_if = "Option::is_none")]
    pub interaction_counter: Option<String>,
    /// `challengeCancel`; there when the challenge ended without an answer.
    #[serde(rename = "challengeCancel", skip_serializing_if = "Option::is_none")]
    pub challenge_cancel: Option<ChallengeCancel>,
    /// `challengeErrorReporting`, from 2.3.1: the Erro that ended the challenge; there with cancel 09 and 10.
    #[serde(rename = "challengeErrorReporting", skip_serializing_if = "Option::is_none")]
    pub challenge_error_reporting: Option<Erro>,
    /// `cardholderInfo`: the issuer's words to the cardholder, from 2.3.1.
    #[serde(rename = "cardholderInfo", skip_serializing_if = "Option::is_none")]
    pub cardholder_info: Option<CardholderInfo>,
    /// `trustListStatus` (`whiteListStatus` in 2.2.0).
    #[serde(rename = "trustListStatus", skip_serializing_if = "Option::is_none")]
    pub trust_list_status: Option<TrustListStatus>,
    /// `trustListStatusSource` (`whiteListStatusSource` in 2.2.0); there with the status.
    #[serde(rename = "trustListStatusSource", skip_serializing_if = "Option::is_none")]
    pub trust_list_status_source: Option<TrustListSource>,
    /// `deviceBindingStatus`, from 2.3.1.
    #[serde(rename = "deviceBindingStatus", skip_serializing_if = "Option::is_none")]
    pub device_binding_status: Option<DeviceBindingStatus>,
    /// `deviceBindingStatusSource`, from 2.3.1; there with the status.
    #[serde(rename = "deviceBindingStatusSource", skip_serializing_if = "Option::is_none")]
    pub device_binding_status_source: Option<DeviceBindingSource>,
    /// `messageExtension`.
    #[serde(rename = "messageExtension", skip_serializing_if = "Option::is_none")]
    pub message_extension: Option<Vec<MessageExtension>>,
}

impl RReq {
    /// Whether the ACS gave up because the first CReq never came: reason 14 with cancel 05.
    pub fn challenge_never_started(&self) -> bool {
        self.trans_status_reason == Some(TransStatusReason::TimedOutAtAcs)
            && self.challenge_cancel == Some(ChallengeCancel::FirstCreqNotReceived)
    }

    fn transaction_ids(&self) -> TransactionIds {
        TransactionIds {
            three_ds_server_trans_id: Some(self.three_ds_server_trans_id),
            acs_trans_id: Some(self.acs_trans_id),
            ds_trans_id: Some(self.ds_trans_id),
        }
    }
}

wire_message!(RReq, Box);

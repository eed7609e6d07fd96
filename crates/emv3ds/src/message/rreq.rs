use serde::{Deserialize, Serialize};

use super::{MessageExtension, wire_message};
use crate::{
    AcsTransId, AuthenticationValue, DsTransId, Eci, ThreeDsServerTransId, TransactionIds, Version,
    code::{
        AuthenticationType, ChallengeCancel, MessageCategory, TransStatus, TransStatusReason,
        TrustListSource, TrustListStatus,
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
    /// `transStatus`: Y, N, U, A or R. Always there for a payment.
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
    /// `authenticationType`; there with Y and N.
    #[serde(rename = "authenticationType", skip_serializing_if = "Option::is_none")]
    pub authentication_type: Option<AuthenticationType>,
    /// `authenticationMethod`; ACS to directory server only.
    #[serde(rename = "authenticationMethod", skip_serializing_if = "Option::is_none")]
    pub authentication_method: Option<String>,
    /// `interactionCounter`: how many times the cardholder answered, two digits.
    #[serde(rename = "interactionCounter", skip_serializing_if = "Option::is_none")]
    pub interaction_counter: Option<String>,
    /// `challengeCancel`; there when the challenge ended without an answer.
    #[serde(rename = "challengeCancel", skip_serializing_if = "Option::is_none")]
    pub challenge_cancel: Option<ChallengeCancel>,
    /// `whiteListStatus`, from 2.2.0.
    #[serde(rename = "whiteListStatus", skip_serializing_if = "Option::is_none")]
    pub white_list_status: Option<TrustListStatus>,
    /// `whiteListStatusSource`, from 2.2.0.
    #[serde(rename = "whiteListStatusSource", skip_serializing_if = "Option::is_none")]
    pub white_list_status_source: Option<TrustListSource>,
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

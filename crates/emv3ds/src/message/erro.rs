use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Message, WireMessage};
use crate::{
    AcsTransId, DsTransId, ThreeDsServerTransId, TransactionIds, Version,
    code::{Component, ErrorCode, MessageType},
};

/// Erro: what any party says of a message it could not take, or of itself. Never answered with an Erro.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "messageType")]
pub struct Erro {
    /// `messageVersion`, possibly one we do not speak.
    #[serde(rename = "messageVersion")]
    pub message_version: String,
    /// `threeDSServerTransID`, as known.
    #[serde(rename = "threeDSServerTransID", skip_serializing_if = "Option::is_none")]
    pub three_ds_server_trans_id: Option<ThreeDsServerTransId>,
    /// `acsTransID`, as known.
    #[serde(rename = "acsTransID", skip_serializing_if = "Option::is_none")]
    pub acs_trans_id: Option<AcsTransId>,
    /// `dsTransID`, as known.
    #[serde(rename = "dsTransID", skip_serializing_if = "Option::is_none")]
    pub ds_trans_id: Option<DsTransId>,
    /// `sdkTransID`, as known.
    #[serde(rename = "sdkTransID", skip_serializing_if = "Option::is_none")]
    pub sdk_trans_id: Option<Uuid>,
    /// `errorCode`.
    #[serde(rename = "errorCode")]
    pub error_code: ErrorCode,
    /// `errorComponent`: who found the error.
    #[serde(rename = "errorComponent")]
    pub error_component: Component,
    /// `errorDescription`: the code in words.
    #[serde(rename = "errorDescription")]
    pub error_description: String,
    /// `errorDetail`: what exactly, as the names of the faulty elements.
    #[serde(rename = "errorDetail")]
    pub error_detail: String,
    /// `errorMessageType`: type of the faulty message, if it was readable.
    #[serde(rename = "errorMessageType", skip_serializing_if = "Option::is_none")]
    pub error_message_type: Option<MessageType>,
}

impl WireMessage for Erro {
    const TYPE: MessageType = MessageType::Erro;

    fn version(&self) -> Option<Version> {
        Version::parse(&self.message_version)
    }

    fn ids(&self) -> TransactionIds {
        TransactionIds {
            three_ds_server_trans_id: self.three_ds_server_trans_id,
            acs_trans_id: self.acs_trans_id,
            ds_trans_id: self.ds_trans_id,
        }
    }
}

impl From<Erro> for Message {
    fn from(message: Erro) -> Self {
        Self::Erro(message)
    }
}

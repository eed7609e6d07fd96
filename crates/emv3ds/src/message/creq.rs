use serde::{Deserialize, Serialize};

use super::{MessageExtension, wire_message};
use crate::{AcsTransId, ThreeDsServerTransId, TransactionIds, Version, code::ChallengeWindowSize};

/// CReq, browser channel: what the cardholder's browser posts to the ACS to open the challenge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "messageType")]
pub struct CReq {
    /// `messageVersion`.
    #[serde(rename = "messageVersion")]
    pub message_version: Version,
    /// `threeDSServerTransID`.
    #[serde(rename = "threeDSServerTransID")]
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// `acsTransID`, from the ARes.
    #[serde(rename = "acsTransID")]
    pub acs_trans_id: AcsTransId,
    /// `challengeWindowSize`.
    #[serde(rename = "challengeWindowSize")]
    pub challenge_window_size: ChallengeWindowSize,
    /// `messageExtension`.
    #[serde(rename = "messageExtension", skip_serializing_if = "Option::is_none")]
    pub message_extension: Option<Vec<MessageExtension>>,
}

impl CReq {
    fn transaction_ids(&self) -> TransactionIds {
        TransactionIds {
            three_ds_server_trans_id: Some(self.three_ds_server_trans_id),
            acs_trans_id: Some(self.acs_trans_id),
            ds_trans_id: None,
        }
    }
}

wire_message!(CReq,);

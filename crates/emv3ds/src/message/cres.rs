use serde::{Deserialize, Serialize};

use super::{MessageExtension, wire_message};
use crate::{
    AcsTransId, ThreeDsServerTransId, TransactionIds, Version,
    code::{TransStatus, YesNo},
};

/// Final CRes, browser channel: what the ACS's page posts to the notification URL through the cardholder's browser.
///
/// Nobody has signed it. It moves the browser on; the RReq decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "messageType")]
pub struct CRes {
    /// `messageVersion`.
    #[serde(rename = "messageVersion")]
    pub message_version: Version,
    /// `threeDSServerTransID`.
    #[serde(rename = "threeDSServerTransID")]
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// `acsTransID`.
    #[serde(rename = "acsTransID")]
    pub acs_trans_id: AcsTransId,
    /// `transStatus`, `Y` or `N`; from 2.3.1 also `D`.
    #[serde(rename = "transStatus")]
    pub trans_status: TransStatus,
    /// `challengeCompletionInd`; peers differ on whether a browser CRes has it.
    #[serde(rename = "challengeCompletionInd", skip_serializing_if = "Option::is_none")]
    pub challenge_completion_ind: Option<YesNo>,
    /// `messageExtension`.
    #[serde(rename = "messageExtension", skip_serializing_if = "Option::is_none")]
    pub message_extension: Option<Vec<MessageExtension>>,
}

impl CRes {
    fn transaction_ids(&self) -> TransactionIds {
        TransactionIds {
            three_ds_server_trans_id: Some(self.three_ds_server_trans_id),
            acs_trans_id: Some(self.acs_trans_id),
            ds_trans_id: None,
        }
    }
}

wire_message!(CRes,);

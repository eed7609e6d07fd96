use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{MessageExtension, RReq, wire_message};
use crate::{AcsTransId, DsTransId, ThreeDsServerTransId, TransactionIds, Version, code::ResultsStatus};

/// RRes: the 3DS Server's receipt for an RReq, to be sent only once the result is durable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "messageType")]
pub struct RRes {
    /// `messageVersion`.
    #[serde(rename = "messageVersion")]
    pub message_version: Version,
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
    /// `resultsStatus`.
    #[serde(rename = "resultsStatus")]
    pub results_status: ResultsStatus,
    /// `messageExtension`.
    #[serde(rename = "messageExtension", skip_serializing_if = "Option::is_none")]
    pub message_extension: Option<Vec<MessageExtension>>,
}

impl RRes {
    /// The receipt for an RReq: its version and identifiers repeated.
    pub fn to(rreq: &RReq, results_status: ResultsStatus) -> Self {
        Self {
            message_version: rreq.message_version,
            three_ds_server_trans_id: rreq.three_ds_server_trans_id,
            acs_trans_id: rreq.acs_trans_id,
            ds_trans_id: rreq.ds_trans_id,
            sdk_trans_id: rreq.sdk_trans_id,
            results_status,
            message_extension: None,
        }
    }

    fn transaction_ids(&self) -> TransactionIds {
        TransactionIds {
            three_ds_server_trans_id: Some(self.three_ds_server_trans_id),
            acs_trans_id: Some(self.acs_trans_id),
            ds_trans_id: Some(self.ds_trans_id),
        }
    }
}

wire_message!(RRes,);

use serde::{Deserialize, Serialize};

use super::{MessageExtension, wire_message};
use crate::{ThreeDsServerTransId, TransactionIds, Version};

/// PReq: asks a directory server for its card ranges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "messageType")]
pub struct PReq {
    /// `messageVersion`.
    #[serde(rename = "messageVersion")]
    pub message_version: Version,
    /// `threeDSServerTransID`, of this exchange alone.
    #[serde(rename = "threeDSServerTransID")]
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// `threeDSServerRefNumber`: EMVCo's approval number.
    #[serde(rename = "threeDSServerRefNumber")]
    pub three_ds_server_ref_number: String,
    /// `threeDSServerOperatorID`, if the directory server assigned one.
    #[serde(rename = "threeDSServerOperatorID", skip_serializing_if = "Option::is_none")]
    pub three_ds_server_operator_id: Option<String>,
    /// `serialNum` of the last PRes applied; absent asks for everything.
    #[serde(rename = "serialNum", skip_serializing_if = "Option::is_none")]
    pub serial_num: Option<String>,
    /// `cardRangeDataDownloadInd`: the answer may name a file instead of holding the ranges, from 2.3.1. Goes without
    /// `serialNum`.
    #[serde(rename = "cardRangeDataDownloadInd", skip_serializing_if = "Option::is_none")]
    pub card_range_data_download_ind: Option<Yes>,
    /// `messageExtension`.
    #[serde(rename = "messageExtension", skip_serializing_if = "Option::is_none")]
    pub message_extension: Option<Vec<MessageExtension>>,
}

/// The one value of an element that says `Y` or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Yes {
    /// `Y`.
    Y,
}

impl PReq {
    fn transaction_ids(&self) -> TransactionIds {
        TransactionIds {
            three_ds_server_trans_id: Some(self.three_ds_server_trans_id),
            ..TransactionIds::default()
        }
    }
}

wire_message!(PReq,);

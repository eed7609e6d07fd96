use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{CardRangeData, MessageExtension, card_range::spoken, wire_message};
use crate::{DsTransId, ProtocolVersion, SpokenVersions, ThreeDsServerTransId, TransactionIds, Version};

/// PRes: a directory server's card ranges, all of them or what changed since a serial number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "PResWire", try_from = "PResWire")]
pub struct PRes {
    /// `messageVersion`.
    pub message_version: Version,
    /// `threeDSServerTransID` of the PReq.
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// `dsTransID`.
    pub ds_trans_id: DsTransId,
    /// `serialNum` to ask from next time; absent when the whole cache is replaced.
    pub serial_num: Option<String>,
    /// `dsProtocolVersions`: the versions of the directory server. Before 2.3.1 `dsStartProtocolVersion` and
    /// `dsEndProtocolVersion`.
    pub ds_protocol_versions: SpokenVersions,
    /// `readOrder`: the order in which the entries are to be applied, from 2.3.1; absent is first in, first out.
    pub read_order: Option<ReadOrder>,
    /// `dsUrlList`: addresses the directory server may be reached at, from 2.3.1. Their shape is not settled, so they are
    /// kept as they come.
    pub ds_url_list: Option<Vec<Map<String, Value>>>,
    /// `cardRangeData`; absent when nothing changed.
    pub card_range_data: Option<Vec<CardRangeData>>,
    /// `cardRangeDataFileURL`: where the entries are instead, from 2.3.1 and when the PReq offered to fetch them.
    pub card_range_data_file_url: Option<String>,
    /// `messageExtension`.
    pub message_extension: Option<Vec<MessageExtension>>,
}

/// `readOrder`: which of two entries about the same range came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReadOrder {
    /// The entries are in the order of the changes.
    #[serde(rename = "01")]
    FirstInFirstOut,
    /// The last entry is the oldest change.
    #[serde(rename = "02")]
    LastInFirstOut,
}

impl PRes {
    fn transaction_ids(&self) -> TransactionIds {
        TransactionIds {
            three_ds_server_trans_id: Some(self.three_ds_server_trans_id),
            acs_trans_id: None,
            ds_trans_id: Some(self.ds_trans_id),
        }
    }
}

wire_message!(
    PRes,,
    fn set_card_ranges(&mut self, card_ranges: Vec<CardRangeData>) {
        self.card_range_data = Some(card_ranges);
    }
);

/// A PRes as it stands on the wire, in any version.
#[derive(Serialize, Deserialize)]
#[serde(tag = "messageType", rename = "PRes")]
struct PResWire {
    #[serde(rename = "messageVersion")]
    message_version: Version,
    #[serde(rename = "threeDSServerTransID")]
    three_ds_server_trans_id: ThreeDsServerTransId,
    #[serde(rename = "dsTransID")]
    ds_trans_id: DsTransId,
    #[serde(rename = "serialNum", skip_serializing_if = "Option::is_none")]
    serial_num: Option<String>,
    #[serde(rename = "dsStartProtocolVersion", skip_serializing_if = "Option::is_none")]
    ds_start_protocol_version: Option<ProtocolVersion>,
    #[serde(rename = "dsEndProtocolVersion", skip_serializing_if = "Option::is_none")]
    ds_end_protocol_version: Option<ProtocolVersion>,
    #[serde(rename = "dsProtocolVersions", skip_serializing_if = "Option::is_none")]
    ds_protocol_versions: Option<Vec<ProtocolVersion>>,
    #[serde(rename = "readOrder", skip_serializing_if = "Option::is_none")]
    read_order: Option<ReadOrder>,
    #[serde(rename = "dsUrlList", skip_serializing_if = "Option::is_none")]
    ds_url_list: Option<Vec<Map<String, Value>>>,
    #[serde(rename = "cardRangeData", skip_serializing_if = "Option::is_none")]
    card_range_data: Option<Vec<CardRangeData>>,
    #[serde(rename = "cardRangeDataFileURL", skip_serializing_if = "Option::is_none")]
    card_range_data_file_url: Option<String>,
    #[serde(rename = "messageExtension", skip_serializing_if = "Option::is_none")]
    message_extension: Option<Vec<MessageExtension>>,
}

impl TryFrom<PResWire> for PRes {
    type Error = &'static str;

    fn try_from(wire: PResWire) -> Result<Self, &'static str> {
        let versions = spoken(
            wire.ds_protocol_versions,
            wire.ds_start_protocol_version,
            wire.ds_end_protocol_version,
        );
        Ok(Self {
            message_version: wire.message_version,
            three_ds_server_trans_id: wire.three_ds_server_trans_id,
            ds_trans_id: wire.ds_trans_id,
            serial_num: wire.serial_num,
            ds_protocol_versions: versions.ok_or("dsProtocolVersions")?,
            read_order: wire.read_order,
            ds_url_list: wire.ds_url_list,
            card_range_data: wire.card_range_data,
            card_range_data_file_url: wire.card_range_data_file_url,
            message_extension: wire.message_extension,
        })
    }
}

impl From<PRes> for PResWire {
    fn from(pres: PRes) -> Self {
        let (first, last, listed) = match pres.ds_protocol_versions {
            SpokenVersions::Span { first, last } => (first, last, None),
            SpokenVersions::Listed(versions) => (None, None, Some(versions.into_vec())),
        };
        Self {
            message_version: pres.message_version,
            three_ds_server_trans_id: pres.three_ds_server_trans_id,
            ds_trans_id: pres.ds_trans_id,
            serial_num: pres.serial_num,
            ds_start_protocol_version: first,
            ds_end_protocol_version: last,
            ds_protocol_versions: listed,
            read_order: pres.read_order,
            ds_url_list: pres.ds_url_list,
            card_range_data: pres.card_range_data,
            card_range_data_file_url: pres.card_range_data_file_url,
            message_extension: pres.message_extension,
        }
    }
}

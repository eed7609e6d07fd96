//! PRes: a directory server's card ranges as each protocol version writes them.
//!
//! Written by hand and not with the protocol crate's message: this is the other side of the wire, which may put ranges
//! together as it likes, and says things that our own side never would.

use std::collections::HashMap;

use emv3ds::message::PReq;
use emv3ds::{DsTransId, ProtocolVersion, Version};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::ranges::{CardRange, Change, Issuer, VERSIONS};

/// Ranges in one entry of 2.3.1, at most.
const RANGES_PER_ENTRY_MAX: usize = 5_000;

/// How a version writes card ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// 2.1.0: one range an entry, no `acsInfoInd`.
    Plain,
    /// 2.2.0.
    WithInfo,
    /// 2.3.1: many ranges an entry, and lists of versions.
    Lists,
}

impl Shape {
    /// The shape of a version.
    pub fn of(version: Version) -> Self {
        match version {
            Version::V2_1_0 => Self::Plain,
            Version::V2_2_0 => Self::WithInfo,
            Version::V2_3_1 => Self::Lists,
        }
    }

    /// `cardRangeData` with all of a directory server's ranges, none of them marked.
    ///
    /// # Errors
    /// When JSON cannot be written, which these values do not let happen.
    pub fn all(self, ranges: &[CardRange]) -> serde_json::Result<Box<RawValue>> {
        match self {
            Self::Plain | Self::WithInfo => array(ranges.iter().map(|range| self.entry(range, None))),
            Self::Lists => array(grouped(ranges.iter().map(|range| (None, range)))),
        }
    }

    /// `cardRangeData` with what has changed.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub fn changes(self, changes: &[Change]) -> serde_json::Result<Box<RawValue>> {
        let marked = changes
            .iter()
            .map(|change| (Some(change.action.code()), &change.range));
        match self {
            Self::Plain | Self::WithInfo => array(marked.map(|(action, range)| self.entry(range, action))),
            Self::Lists => array(grouped(marked)),
        }
    }

    /// One marked entry, as a faulty directory server would add it.
    pub fn one(self, action: Option<&'static str>, range: &CardRange) -> Value {
        match self {
            Self::Plain | Self::WithInfo => self.entry(range, action),
            Self::Lists => {
                let (start, end) = range.block.bounds();
                let bounds = json!({ "startRange": start, "endRange": end });
                list_entry(action, &range.issuer, vec![bounds])
            }
        }
    }

    fn entry(self, range: &CardRange, action: Option<&str>) -> Value {
        let issuer = &range.issuer;
        let (start, end) = range.block.bounds();
        let mut entry = json!({
            "startRange": start,
            "endRange": end,
            "acsStartProtocolVersion": issuer.acs_versions.first(),
            "acsEndProtocolVersion": issuer.acs_versions.last(),
        });
        if let Some(versions) = &issuer.ds_versions {
            entry["dsStartProtocolVersion"] = json!(versions.first());
            entry["dsEndProtocolVersion"] = json!(versions.last());
        }
        if let Some(url) = &issuer.method_url {
            entry["threeDSMethodURL"] = json!(url);
        }
        if self == Self::WithInfo {
            entry["acsInfoInd"] = json!(issuer.info);
        }
        if let Some(action) = action {
            entry["actionInd"] = json!(action);
        }
        entry
    }
}

/// A JSON array, written entry by entry: two hundred thousand of them are never in memory as values.
fn array(entries: impl IntoIterator<Item = Value>) -> serde_json::Result<Box<RawValue>> {
    let mut text = String::from("[");
    for entry in entries {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&serde_json::to_string(&entry)?);
    }
    text.push(']');
    RawValue::from_string(text)
}

/// The same array with one entry more.
///
/// # Errors
/// When it is no array.
pub fn with_entry(array: Option<&RawValue>, entry: &Value) -> serde_json::Result<Box<RawValue>> {
    let text = array.map_or("[]", RawValue::get);
    let inside = text.trim_start_matches('[').trim_end_matches(']');
    let comma = if inside.is_empty() { "" } else { "," };
    RawValue::from_string(format!("[{inside}{comma}{entry}]"))
}

/// Entries of 2.3.1: neighbours with the same issuer and fate in one. The order of changes stays.
fn grouped<'a>(ranges: impl Iterator<Item = (Option<&'static str>, &'a CardRange)>) -> Vec<Value> {
    let mut groups: Vec<(Option<&'static str>, &Issuer, Vec<Value>)> = Vec::new();
    // Ranges that carry no mark may be put together wherever they stand.
    let mut places: HashMap<&Issuer, usize> = HashMap::new();
    for (action, range) in ranges {
        let (start, end) = range.block.bounds();
        let bounds = json!({ "startRange": start, "endRange": end });
        let place = match action {
            None => places.get(&*range.issuer).copied(),
            Some(_) => groups.len().checked_sub(1),
        };
        let fitting = place
            .and_then(|place| groups.get_mut(place))
            .filter(|(same, issuer, bounds)| {
                *same == action && **issuer == *range.issuer && bounds.len() < RANGES_PER_ENTRY_MAX
            });
        match fitting {
            Some((_, _, together)) => together.push(bounds),
            None => {
                places.insert(&range.issuer, groups.len());
                groups.push((action, &range.issuer, vec![bounds]));
            }
        }
    }
    let entries = groups.into_iter();
    entries
        .map(|(action, issuer, bounds)| list_entry(action, issuer, bounds))
        .collect()
}

fn list_entry(action: Option<&str>, issuer: &Issuer, ranges: Vec<Value>) -> Value {
    let versions = issuer.acs_versions.iter().map(|version| {
        let mut entry = json!({ "version": version, "acsInfoInd": issuer.info });
        if let Some(url) = &issuer.method_url {
            entry["threeDSMethodURL"] = json!(url);
        }
        entry
    });
    let mut entry = json!({ "ranges": ranges, "acsProtocolVersions": versions.collect::<Vec<_>>() });
    if let Some(versions) = &issuer.ds_versions {
        entry["dsProtocolVersions"] = json!(versions);
    }
    if let Some(action) = action {
        entry["actionInd"] = json!(action);
    }
    entry
}

/// The whole of a PRes.
#[derive(Debug, Serialize)]
pub struct PRes<'a> {
    #[serde(rename = "messageType")]
    message_type: &'static str,
    #[serde(rename = "messageVersion")]
    message_version: &'static str,
    #[serde(rename = "threeDSServerTransID")]
    three_ds_server_trans_id: String,
    #[serde(rename = "dsTransID")]
    ds_trans_id: String,
    /// Absent when everything is replaced, and with a file.
    #[serde(rename = "serialNum", skip_serializing_if = "Option::is_none")]
    pub serial_num: Option<String>,
    #[serde(rename = "dsStartProtocolVersion", skip_serializing_if = "Option::is_none")]
    ds_start_protocol_version: Option<ProtocolVersion>,
    #[serde(rename = "dsEndProtocolVersion", skip_serializing_if = "Option::is_none")]
    ds_end_protocol_version: Option<ProtocolVersion>,
    #[serde(rename = "dsProtocolVersions", skip_serializing_if = "Option::is_none")]
    ds_protocol_versions: Option<[ProtocolVersion; 2]>,
    #[serde(rename = "readOrder", skip_serializing_if = "Option::is_none")]
    pub read_order: Option<&'static str>,
    /// `cardRangeData` as JSON.
    #[serde(rename = "cardRangeData", skip_serializing_if = "Option::is_none")]
    pub card_range_data: Option<&'a RawValue>,
    #[serde(rename = "cardRangeDataFileURL", skip_serializing_if = "Option::is_none")]
    pub card_range_data_file_url: Option<String>,
}

impl PRes<'_> {
    /// An answer that says nothing of ranges yet.
    pub fn to(preq: &PReq, ds_trans_id: DsTransId) -> Self {
        let lists = Shape::of(preq.message_version) == Shape::Lists;
        let [lowest, highest] = VERSIONS;
        Self {
            message_type: "PRes",
            message_version: preq.message_version.as_str(),
            three_ds_server_trans_id: preq.three_ds_server_trans_id.to_string(),
            ds_trans_id: ds_trans_id.to_string(),
            serial_num: None,
            ds_start_protocol_version: (!lists).then_some(lowest),
            ds_end_protocol_version: (!lists).then_some(highest),
            ds_protocol_versions: lists.then_some(VERSIONS),
            read_order: None,
            card_range_data: None,
            card_range_data_file_url: None,
        }
    }
}

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{MessageExtension, wire_message};
use crate::{
    DsTransId, ProtocolVersion, ThreeDsServerTransId, TransactionIds, Version,
    code::{AcsInfoInd, ActionInd},
};

/// PRes: a directory server's card ranges, all of them or what changed since a serial number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "messageType")]
pub struct PRes {
    /// `messageVersion`.
    #[serde(rename = "messageVersion")]
    pub message_version: Version,
    /// `threeDSServerTransID` of the PReq.
    #[serde(rename = "threeDSServerTransID")]
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// `dsTransID`.
    #[serde(rename = "dsTransID")]
    pub ds_trans_id: DsTransId,
    /// `serialNum` to ask from next time; absent when the whole cache is replaced.
    #[serde(rename = "serialNum", skip_serializing_if = "Option::is_none")]
    pub serial_num: Option<String>,
    /// `dsStartProtocolVersion`: lowest version of the directory server.
    #[serde(rename = "dsStartProtocolVersion")]
    pub ds_start_protocol_version: ProtocolVersion,
    /// `dsEndProtocolVersion`: highest version of the directory server.
    #[serde(rename = "dsEndProtocolVersion")]
    pub ds_end_protocol_version: ProtocolVersion,
    /// `cardRangeData`; absent when nothing changed.
    #[serde(rename = "cardRangeData", skip_serializing_if = "Option::is_none")]
    pub card_range_data: Option<Vec<CardRangeData>>,
    /// `messageExtension`.
    #[serde(rename = "messageExtension", skip_serializing_if = "Option::is_none")]
    pub message_extension: Option<Vec<MessageExtension>>,
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

/// An entry of `cardRangeData`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardRangeData {
    /// `startRange`: lowest account number, inclusive.
    #[serde(rename = "startRange")]
    pub start_range: RangeBound,
    /// `endRange`: highest account number, inclusive.
    #[serde(rename = "endRange")]
    pub end_range: RangeBound,
    /// `actionInd`; absent is Add.
    #[serde(rename = "actionInd", skip_serializing_if = "Option::is_none")]
    pub action_ind: Option<ActionInd>,
    /// `acsStartProtocolVersion`: lowest version of the ACS.
    #[serde(rename = "acsStartProtocolVersion")]
    pub acs_start_protocol_version: ProtocolVersion,
    /// `acsEndProtocolVersion`: highest version of the ACS.
    #[serde(rename = "acsEndProtocolVersion")]
    pub acs_end_protocol_version: ProtocolVersion,
    /// `dsStartProtocolVersion`; replaces the message's for this range.
    #[serde(rename = "dsStartProtocolVersion", skip_serializing_if = "Option::is_none")]
    pub ds_start_protocol_version: Option<ProtocolVersion>,
    /// `dsEndProtocolVersion`; replaces the message's for this range.
    #[serde(rename = "dsEndProtocolVersion", skip_serializing_if = "Option::is_none")]
    pub ds_end_protocol_version: Option<ProtocolVersion>,
    /// `threeDSMethodURL`; absent when the ACS has no 3DS Method.
    #[serde(rename = "threeDSMethodURL", skip_serializing_if = "Option::is_none")]
    pub three_ds_method_url: Option<String>,
    /// `acsInfoInd`, from 2.2.0.
    #[serde(rename = "acsInfoInd", skip_serializing_if = "Option::is_none")]
    pub acs_info_ind: Option<Vec<AcsInfoInd>>,
}

/// A bound of a card range: 13 to 19 digits, compared with others of the same length only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RangeBound {
    digits: u8,
    number: u64,
}

impl RangeBound {
    /// Reads 13 to 19 digits.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = u8::try_from(text.len())
            .ok()
            .filter(|digits| (13..=19).contains(digits))?;
        // Nineteen digits are below 2^64.
        Some(Self {
            digits,
            number: text.parse().ok()?,
        })
    }

    /// The bound with this many digits, 13 to 19, that `number` has room in.
    pub fn new(digits: u8, number: u64) -> Option<Self> {
        let fits = (13..=19).contains(&digits) && number < 10_u64.pow(u32::from(digits));
        fits.then_some(Self { digits, number })
    }

    /// How many digits account numbers of this range have.
    pub fn digits(self) -> u8 {
        self.digits
    }

    /// The bound as a number.
    pub fn number(self) -> u64 {
        self.number
    }
}

impl fmt::Display for RangeBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.number, width = usize::from(self.digits))
    }
}

impl Serialize for RangeBound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RangeBound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::code::deserialize_text(deserializer, Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_keeps_its_leading_zeros_and_its_length() {
        let bound = RangeBound::parse("0009999999999999999").unwrap();
        assert_eq!(bound.digits(), 19);
        assert_eq!(bound.to_string(), "0009999999999999999");
        assert_eq!(
            RangeBound::parse("9999999999999999999").unwrap().number(),
            9_999_999_999_999_999_999
        );
        assert_eq!(RangeBound::new(16, 1).unwrap().to_string(), "0000000000000001");
        assert_eq!(RangeBound::new(13, 10_000_000_000_000), None);
        for text in ["", "400000000000", "40000000000000000000", "4000 0000 0000 0000"] {
            assert_eq!(RangeBound::parse(text), None, "{text}");
        }
    }
}

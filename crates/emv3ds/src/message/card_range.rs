//! An entry of a PRes's `cardRangeData`, in one shape for all versions.
//!
//! 2.1.0 and 2.2.0 give one range, the first and last version of its ACS, and one 3DS Method for all of them; 2.3.1 gives
//! many ranges and a list of versions, each with a 3DS Method of its own. [`CardRangeWire`] is both on the wire; the
//! tables say which elements a version has.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    ProtocolVersion, SpokenVersions,
    code::{AcsInfoInd, ActionInd},
};

/// An entry of `cardRangeData`: account numbers, and what their ACS speaks and can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "CardRangeWire", try_from = "CardRangeWire")]
pub struct CardRangeData {
    /// `ranges`; exactly one before 2.3.1 (`startRange`, `endRange`).
    pub ranges: Vec<AccountRange>,
    /// `actionInd`; absent is Add.
    pub action_ind: Option<ActionInd>,
    /// The versions of the ACS, with what it can do in each.
    pub acs: AcsVersions,
    /// `dsProtocolVersions` (before 2.3.1 `dsStartProtocolVersion`, `dsEndProtocolVersion`); replaces the message's for
    /// these ranges.
    pub ds_protocol_versions: Option<SpokenVersions>,
    /// `issuerCountryCode`, from 2.3.1.
    pub issuer_country_code: Option<String>,
}

/// The versions an ACS speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AcsVersions {
    /// `acsStartProtocolVersion` to `acsEndProtocolVersion`, before 2.3.1.
    Span {
        /// The lowest.
        first: ProtocolVersion,
        /// The highest.
        last: ProtocolVersion,
        /// The same for all of them.
        terms: AcsTerms,
    },
    /// `acsProtocolVersions`, from 2.3.1.
    Listed(Vec<AcsProtocolVersion>),
}

/// What an ACS has and can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcsTerms {
    /// `threeDSMethodURL`; absent when the ACS has no 3DS Method.
    pub three_ds_method_url: Option<String>,
    /// `acsInfoInd`, from 2.2.0.
    pub acs_info_ind: Option<Vec<AcsInfoInd>>,
    /// `supportedMsgExt`, from 2.3.1.
    pub supported_msg_ext: Option<Vec<SupportedExtension>>,
}

/// An entry of `acsProtocolVersions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "AcsProtocolVersionWire", from = "AcsProtocolVersionWire")]
pub struct AcsProtocolVersion {
    /// `version`.
    pub version: ProtocolVersion,
    /// What the ACS has and can do in it.
    pub terms: AcsTerms,
}

/// An entry of `supportedMsgExt`: a message extension that the ACS knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SupportedExtension {
    /// Its identifier, as in `messageExtension`.
    pub id: String,
    /// Its version.
    pub version: String,
}

/// Account numbers of one length, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct AccountRange {
    /// `startRange`.
    #[serde(rename = "startRange")]
    start: RangeBound,
    /// `endRange`.
    #[serde(rename = "endRange")]
    end: RangeBound,
}

impl AccountRange {
    /// The numbers from `start` to `end`; `None` when they differ in length or the end comes first.
    pub fn new(start: RangeBound, end: RangeBound) -> Option<Self> {
        (start.digits == end.digits && start <= end).then_some(Self { start, end })
    }

    /// The lowest account number.
    pub fn start(self) -> RangeBound {
        self.start
    }

    /// The highest account number.
    pub fn end(self) -> RangeBound {
        self.end
    }

    /// How many digits its account numbers have.
    pub fn digits(self) -> u8 {
        self.start.digits
    }
}

impl fmt::Display for AccountRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
    }
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

/// `cardRangeData` as it stands on the wire, in any version.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct CardRangeWire {
    #[serde(rename = "startRange", skip_serializing_if = "Option::is_none")]
    start_range: Option<RangeBound>,
    #[serde(rename = "endRange", skip_serializing_if = "Option::is_none")]
    end_range: Option<RangeBound>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ranges: Option<Vec<RangeWire>>,
    #[serde(rename = "actionInd", skip_serializing_if = "Option::is_none")]
    action_ind: Option<ActionInd>,
    #[serde(rename = "acsStartProtocolVersion", skip_serializing_if = "Option::is_none")]
    acs_start_protocol_version: Option<ProtocolVersion>,
    #[serde(rename = "acsEndProtocolVersion", skip_serializing_if = "Option::is_none")]
    acs_end_protocol_version: Option<ProtocolVersion>,
    #[serde(rename = "acsProtocolVersions", skip_serializing_if = "Option::is_none")]
    acs_protocol_versions: Option<Vec<AcsProtocolVersion>>,
    #[serde(rename = "dsStartProtocolVersion", skip_serializing_if = "Option::is_none")]
    ds_start_protocol_version: Option<ProtocolVersion>,
    #[serde(rename = "dsEndProtocolVersion", skip_serializing_if = "Option::is_none")]
    ds_end_protocol_version: Option<ProtocolVersion>,
    #[serde(rename = "dsProtocolVersions", skip_serializing_if = "Option::is_none")]
    ds_protocol_versions: Option<Vec<ProtocolVersion>>,
    #[serde(rename = "threeDSMethodURL", skip_serializing_if = "Option::is_none")]
    three_ds_method_url: Option<String>,
    #[serde(rename = "acsInfoInd", skip_serializing_if = "Option::is_none")]
    acs_info_ind: Option<Vec<AcsInfoInd>>,
    #[serde(rename = "issuerCountryCode", skip_serializing_if = "Option::is_none")]
    issuer_country_code: Option<String>,
}

/// An entry of `ranges`, not yet known to be one.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct RangeWire {
    #[serde(rename = "startRange")]
    start_range: RangeBound,
    #[serde(rename = "endRange")]
    end_range: RangeBound,
}

#[derive(Serialize, Deserialize)]
struct AcsProtocolVersionWire {
    version: ProtocolVersion,
    #[serde(rename = "acsInfoInd", skip_serializing_if = "Option::is_none")]
    acs_info_ind: Option<Vec<AcsInfoInd>>,
    #[serde(rename = "threeDSMethodURL", skip_serializing_if = "Option::is_none")]
    three_ds_method_url: Option<String>,
    #[serde(rename = "supportedMsgExt", skip_serializing_if = "Option::is_none")]
    supported_msg_ext: Option<Vec<SupportedExtension>>,
}

/// Why there is no entry.
pub(crate) enum NoEntry {
    /// The end of a range, under this name, comes before its start or has another length.
    Backwards(&'static str),
    /// Elements that every version has are missing, as its table says.
    Incomplete,
}

impl fmt::Display for NoEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backwards(name) => f.write_str(name),
            Self::Incomplete => f.write_str("an element is missing"),
        }
    }
}

impl TryFrom<CardRangeWire> for CardRangeData {
    type Error = NoEntry;

    fn try_from(wire: CardRangeWire) -> Result<Self, NoEntry> {
        let ranges = match (wire.ranges, wire.start_range, wire.end_range) {
            (Some(ranges), _, _) => ranges
                .into_iter()
                .map(|range| AccountRange::new(range.start_range, range.end_range))
                .collect::<Option<Vec<_>>>()
                .ok_or(NoEntry::Backwards("ranges.endRange"))?,
            (None, Some(start), Some(end)) => {
                vec![AccountRange::new(start, end).ok_or(NoEntry::Backwards("endRange"))?]
            }
            (None, _, _) => return Err(NoEntry::Incomplete),
        };
        let bounds = (wire.acs_start_protocol_version, wire.acs_end_protocol_version);
        let acs = match (wire.acs_protocol_versions, bounds) {
            (Some(versions), _) => AcsVersions::Listed(versions),
            (None, (Some(first), Some(last))) => AcsVersions::Span {
                first,
                last,
                terms: AcsTerms {
                    three_ds_method_url: wire.three_ds_method_url,
                    acs_info_ind: wire.acs_info_ind,
                    supported_msg_ext: None,
                },
            },
            (None, _) => return Err(NoEntry::Incomplete),
        };
        Ok(Self {
            ranges,
            action_ind: wire.action_ind,
            acs,
            ds_protocol_versions: spoken(
                wire.ds_protocol_versions,
                wire.ds_start_protocol_version,
                wire.ds_end_protocol_version,
            ),
            issuer_country_code: wire.issuer_country_code,
        })
    }
}

impl From<CardRangeData> for CardRangeWire {
    fn from(entry: CardRangeData) -> Self {
        let mut wire = Self {
            action_ind: entry.action_ind,
            issuer_country_code: entry.issuer_country_code,
            ..Self::default()
        };
        match entry.acs {
            AcsVersions::Span { first, last, terms } => {
                wire.acs_start_protocol_version = Some(first);
                wire.acs_end_protocol_version = Some(last);
                wire.three_ds_method_url = terms.three_ds_method_url;
                wire.acs_info_ind = terms.acs_info_ind;
                // A shape with one range; with more the entry is none of that version, and the table says so.
                if let [range] = entry.ranges.as_slice() {
                    wire.start_range = Some(range.start);
                    wire.end_range = Some(range.end);
                }
            }
            AcsVersions::Listed(versions) => {
                wire.acs_protocol_versions = Some(versions);
                wire.ranges = Some(entry.ranges.into_iter().map(RangeWire::from).collect());
            }
        }
        match entry.ds_protocol_versions {
            Some(SpokenVersions::Span { first, last }) => {
                wire.ds_start_protocol_version = first;
                wire.ds_end_protocol_version = last;
            }
            Some(SpokenVersions::Listed(versions)) => wire.ds_protocol_versions = Some(versions.into_vec()),
            None => {}
        }
        wire
    }
}

/// The versions on the wire: a list, else bounds of which one may be missing.
pub(crate) fn spoken(
    listed: Option<Vec<ProtocolVersion>>,
    first: Option<ProtocolVersion>,
    last: Option<ProtocolVersion>,
) -> Option<SpokenVersions> {
    match (listed, first, last) {
        (Some(versions), _, _) => Some(SpokenVersions::Listed(versions.into())),
        (None, None, None) => None,
        (None, first, last) => Some(SpokenVersions::Span { first, last }),
    }
}

impl From<AccountRange> for RangeWire {
    fn from(range: AccountRange) -> Self {
        Self {
            start_range: range.start,
            end_range: range.end,
        }
    }
}

impl From<AcsProtocolVersionWire> for AcsProtocolVersion {
    fn from(wire: AcsProtocolVersionWire) -> Self {
        Self {
            version: wire.version,
            terms: AcsTerms {
                three_ds_method_url: wire.three_ds_method_url,
                acs_info_ind: wire.acs_info_ind,
                supported_msg_ext: wire.supported_msg_ext,
            },
        }
    }
}

impl From<AcsProtocolVersion> for AcsProtocolVersionWire {
    fn from(entry: AcsProtocolVersion) -> Self {
        Self {
            version: entry.version,
            acs_info_ind: entry.terms.acs_info_ind,
            three_ds_method_url: entry.terms.three_ds_method_url,
            supported_msg_ext: entry.terms.supported_msg_ext,
        }
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

    #[test]
    fn a_range_has_one_length_and_its_end_does_not_come_first() {
        let bound = |text| RangeBound::parse(text).unwrap();
        let (low, high) = (bound("4000000000000000"), bound("4000000000000009"));
        assert!(AccountRange::new(low, low).is_some());
        assert!(AccountRange::new(low, high).is_some());
        assert_eq!(AccountRange::new(high, low), None);
        assert_eq!(AccountRange::new(bound("4000000000000"), high), None);
    }
}

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

mod answers;
mod changes;
mod lookup;
mod properties;
mod storage;

use super::*;
use emv3ds::{
    DsTransId, ProtocolVersion, ThreeDsServerTransId,
    code::{AcsInfoInd, ActionInd},
    message::{AcsProtocolVersion, AcsTerms, AcsVersions, PRes},
};
use uuid::Uuid;

const V21: ProtocolVersion = ProtocolVersion::new(2, 1, 0);
const V22: ProtocolVersion = ProtocolVersion::new(2, 2, 0);
const V231: ProtocolVersion = ProtocolVersion::new(2, 3, 1);
const START: u64 = 4_000_000_000_000_000;

fn range(start: u64, end: u64) -> AccountRange {
    let bound = |number| RangeBound::new(16, number).unwrap();
    AccountRange::new(bound(start), bound(end)).unwrap()
}

/// An entry as 2.1.0 and 2.2.0 have it.
fn entry(start: u64, end: u64, action: Option<ActionInd>, method: Option<&str>) -> CardRangeData {
    CardRangeData {
        ranges: vec![range(start, end)],
        action_ind: action,
        acs: AcsVersions::Span {
            first: V21,
            last: V22,
            terms: AcsTerms {
                three_ds_method_url: method.map(str::to_owned),
                ..AcsTerms::default()
            },
        },
        ds_protocol_versions: None,
        issuer_country_code: None,
    }
}

/// An entry as 2.3.1 has it: a list of versions, each with its own 3DS Method.
fn listed(ranges: Vec<AccountRange>, versions: &[(ProtocolVersion, Option<&str>)]) -> CardRangeData {
    let versions = versions.iter().map(|(version, method)| AcsProtocolVersion {
        version: *version,
        terms: AcsTerms {
            three_ds_method_url: method.map(str::to_owned),
            acs_info_ind: Some(vec![AcsInfoInd::AuthenticationAvailable]),
            supported_msg_ext: None,
        },
    });
    CardRangeData {
        ranges,
        action_ind: None,
        acs: AcsVersions::Listed(versions.collect()),
        ds_protocol_versions: None,
        issuer_country_code: Some("484".into()),
    }
}

fn pres(serial: Option<&str>) -> PRes {
    PRes {
        message_version: Version::V2_2_0,
        three_ds_server_trans_id: ThreeDsServerTransId(Uuid::from_u128(9)),
        ds_trans_id: DsTransId(Uuid::from_u128(8)),
        serial_num: serial.map(str::to_owned),
        ds_protocol_versions: SpokenVersions::span(V21, V22),
        read_order: None,
        ds_url_list: None,
        card_range_data: None,
        card_range_data_file_url: None,
        message_extension: None,
    }
}

/// What a PRes does to a cache.
fn apply(
    cache: &CardRanges,
    asked_from: Option<&str>,
    pres: &PRes,
    entries: impl IntoIterator<Item = CardRangeData>,
) -> Result<(CardRanges, Applied), Unapplicable> {
    let mut update = Update::new(cache, asked_from, &Limits::default());
    for entry in entries {
        update.take(entry);
    }
    update.finish(pres)
}

fn full(entries: impl IntoIterator<Item = CardRangeData>) -> CardRanges {
    apply(&CardRanges::default(), None, &pres(Some("1")), entries)
        .unwrap()
        .0
}

/// Two ranges under serial number 1, the first with a 3DS Method.
fn loaded() -> CardRanges {
    let first = entry(START, START + 999_999, None, Some("https://acs.example/method"));
    let second = entry(START + 1_000_000, START + 1_999_999, None, None);
    full([second, first])
}

fn pan(text: &str) -> Pan {
    Pan::parse(text).unwrap()
}

fn method_of(ranges: &CardRanges, number: &str) -> Option<String> {
    let range = ranges.lookup(&pan(number))?;
    range.three_ds_method_url(Version::V2_2_0).map(str::to_owned)
}

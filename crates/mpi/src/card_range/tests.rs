#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use super::*;
use crate::card_range::exchange::{Outcome, answer, question};
use crate::request::ServerIdentity;
use emv3ds::{
    AcsTransId, DsTransId, Rules, ThreeDsServerTransId, Version,
    code::{ActionInd, Component, ErrorCode},
    message::{Erro, PRes},
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use time::macros::datetime;
use uuid::Uuid;

const V21: ProtocolVersion = ProtocolVersion::new(2, 1, 0);
const V22: ProtocolVersion = ProtocolVersion::new(2, 2, 0);

fn entry(start: u64, end: u64, action: Option<ActionInd>, method: Option<&str>) -> CardRangeData {
    CardRangeData {
        start_range: RangeBound::new(16, start).unwrap(),
        end_range: RangeBound::new(16, end).unwrap(),
        action_ind: action,
        acs_start_protocol_version: V21,
        acs_end_protocol_version: V22,
        ds_start_protocol_version: None,
        ds_end_protocol_version: None,
        three_ds_method_url: method.map(str::to_owned),
        acs_info_ind: None,
    }
}

fn pres(serial: Option<&str>, entries: Option<Vec<CardRangeData>>) -> PRes {
    PRes {
        message_version: Version::V2_2_0,
        three_ds_server_trans_id: ThreeDsServerTransId(Uuid::from_u128(9)),
        ds_trans_id: DsTransId(Uuid::from_u128(8)),
        serial_num: serial.map(str::to_owned),
        ds_start_protocol_version: V21,
        ds_end_protocol_version: V22,
        card_range_data: entries,
        message_extension: None,
    }
}

fn pan(text: &str) -> Pan {
    Pan::parse(text).unwrap()
}

const START: u64 = 4_000_000_000_000_000;

fn loaded() -> CardRanges {
    let first = entry(START, START + 999_999, None, Some("https://acs.example/method"));
    let second = entry(START + 1_000_000, START + 1_999_999, None, None);
    CardRanges::default()
        .apply(pres(Some("1"), Some(vec![second, first])), None)
        .unwrap()
        .0
}

#[test]
fn a_number_is_found_in_the_range_it_lies_in_bounds_included() {
    let ranges = loaded();
    assert_eq!(ranges.len(), 2);
    assert_eq!(ranges.serial(), Some("1"));
    let found = ranges.lookup(&pan("4000000000001000")).unwrap();
    assert_eq!(found.three_ds_method_url, Some("https://acs.example/method"));
    assert_eq!(found.acs, VersionRange { start: V21, end: V22 });
    assert_eq!(found.directory, Some(VersionRange { start: V21, end: V22 }));
    assert_eq!(
        ranges
            .lookup(&pan("4000000001000001"))
            .map(|range| range.three_ds_method_url),
        Some(None)
    );
    assert!(ranges.lookup(&pan("5200000000001005")).is_none());
    // Same leading digits, other length: another range altogether.
    assert!(ranges.lookup(&pan("4000000000006")).is_none());
}

#[test]
fn a_range_s_own_directory_versions_replace_the_general_ones() {
    let own = CardRangeData {
        ds_end_protocol_version: Some(V21),
        ..entry(START, START + 999_999, None, None)
    };
    let ranges = CardRanges::default()
        .apply(pres(None, Some(vec![own])), None)
        .unwrap()
        .0;
    let found = ranges.lookup(&pan("4000000000001000")).unwrap();
    assert_eq!(found.directory, Some(VersionRange { start: V21, end: V21 }));
}

#[test]
fn a_full_answer_replaces_everything_and_ignores_what_its_entries_say_to_do() {
    let only = entry(
        START + 5_000_000,
        START + 5_999_999,
        Some(ActionInd::Delete),
        None,
    );
    let (ranges, applied) = loaded().apply(pres(Some("7"), Some(vec![only])), None).unwrap();
    assert_eq!(
        (ranges.len(), ranges.serial(), applied),
        (1, Some("7"), Applied::Replaced)
    );
}

#[test]
fn an_answer_without_serial_number_replaces_everything_even_when_changes_were_asked_for() {
    let only = entry(START, START + 1, None, None);
    let (ranges, applied) = loaded().apply(pres(None, Some(vec![only])), Some("1")).unwrap();
    assert_eq!(
        (ranges.len(), ranges.serial(), applied),
        (1, None, Applied::Replaced)
    );
    assert_eq!(
        loaded().apply(pres(None, None), Some("1")),
        Err(Unapplicable::Empty)
    );
}

#[test]
fn the_same_serial_number_and_no_ranges_is_nothing_new() {
    let (ranges, applied) = loaded().apply(pres(Some("1"), None), Some("1")).unwrap();
    assert_eq!((ranges, applied), (loaded(), Applied::NothingNew));
}

#[test]
fn changes_are_applied_in_their_order() {
    let changes = vec![
        entry(START, START + 999_999, Some(ActionInd::Delete), None),
        entry(
            START,
            START + 499_999,
            Some(ActionInd::Add),
            Some("https://new.example/a"),
        ),
        entry(
            START,
            START + 499_999,
            Some(ActionInd::Modify),
            Some("https://new.example/b"),
        ),
        entry(
            START + 1_000_000,
            START + 1_999_999,
            Some(ActionInd::Modify),
            Some("https://new.example/c"),
        ),
    ];
    let (ranges, applied) = loaded().apply(pres(Some("2"), Some(changes)), Some("1")).unwrap();
    assert_eq!(
        (ranges.len(), applied, ranges.serial()),
        (2, Applied::Changed, Some("2"))
    );
    let found = ranges.lookup(&pan("4000000000001000")).unwrap();
    assert_eq!(found.three_ds_method_url, Some("https://new.example/b"));
}

#[test]
fn an_impossible_change_changes_nothing_at_all() {
    let good = entry(START + 9_000_000, START + 9_999_999, Some(ActionInd::Add), None);
    for (bad, why) in [
        (
            entry(START, START + 999_999, None, None),
            Unapplicable::AddExisting,
        ),
        (
            entry(START, START + 5, Some(ActionInd::Modify), None),
            Unapplicable::UnknownRange,
        ),
        (
            entry(START + 77, START + 99, Some(ActionInd::Delete), None),
            Unapplicable::UnknownRange,
        ),
        (
            entry(START + 500, START + 1_000_500, None, None),
            Unapplicable::Overlap,
        ),
    ] {
        let before = loaded();
        assert_eq!(
            before.apply(pres(Some("2"), Some(vec![good.clone(), bad])), Some("1")),
            Err(why)
        );
        assert_eq!(before, loaded());
    }
}

#[test]
fn overlapping_ranges_of_a_full_answer_are_refused() {
    let entries = vec![
        entry(START, START + 10, None, None),
        entry(START + 10, START + 20, None, None),
    ];
    assert_eq!(
        CardRanges::default().apply(pres(None, Some(entries)), None),
        Err(Unapplicable::Overlap)
    );
}

#[test]
fn stored_entries_build_the_same_cache() {
    let ranges = loaded();
    let header: Header = serde_json::from_str(&serde_json::to_string(&ranges.header()).unwrap()).unwrap();
    let again = CardRanges::from_entries(header, ranges.entries().collect::<Vec<_>>()).unwrap();
    assert_eq!(
        again.entries().collect::<Vec<_>>(),
        ranges.entries().collect::<Vec<_>>()
    );
    assert_eq!(again.header(), ranges.header());
}

#[test]
fn ranges_of_the_same_issuer_share_their_attributes() {
    let entries = (0..1000).map(|n| {
        entry(
            START + n * 10,
            START + n * 10 + 9,
            None,
            Some("https://acs.example/m"),
        )
    });
    let ranges = CardRanges::from_entries(Header::default(), entries).unwrap();
    assert_eq!((ranges.len(), ranges.attributes.len()), (1000, 1));
    assert_eq!(size_of::<Row>(), 24);
}

fn server() -> ServerIdentity {
    ServerIdentity {
        reference_number: "3DS_LOA_SER_1".into(),
        operator_id: None,
        results_url: "https://mpi.example/results".into(),
    }
}

#[test]
fn an_answer_is_read_checked_and_applied() {
    let now = datetime!(2026-11-22 00:00 UTC);
    let id = ThreeDsServerTransId(Uuid::from_u128(9));
    let asked = question(id, &server(), None, &Version::ALL).unwrap();
    let rules = Rules::received_by(Component::Server, &Version::ALL);
    let sent = pres(Some("1"), Some(vec![entry(START, START + 999_999, None, None)]));

    let (outcome, last) = answer(&asked, &rules.write(&sent).unwrap(), &CardRanges::default(), now);
    let Outcome::Applied(ranges, Applied::Replaced) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((ranges.len(), last), (1, LastPreq::Applied { at: now }));

    // Somebody else's answer.
    let stranger = PRes {
        three_ds_server_trans_id: ThreeDsServerTransId(Uuid::nil()),
        ..sent
    };
    let (outcome, last) = answer(&asked, &rules.write(&stranger).unwrap(), &ranges, now);
    let Outcome::Kept { erro: Some(erro), .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        (erro.error_code, erro.error_component),
        (ErrorCode::TransactionNotRecognised, Component::Server)
    );
    assert_eq!(
        last,
        LastPreq::Faulty {
            at: now,
            asked_for_all: true
        }
    );
}

#[test]
fn an_erro_says_when_to_ask_again() {
    let now = datetime!(2026-11-22 00:00 UTC);
    let id = ThreeDsServerTransId(Uuid::from_u128(9));
    let asked = question(id, &server(), Some("1"), &Version::ALL).unwrap();
    for (code, expected) in [
        (
            ErrorCode::SerialNumberInvalid,
            LastPreq::SerialRefused { at: now },
        ),
        (
            ErrorCode::SentMessagesLimitExceeded,
            LastPreq::Refused { at: now },
        ),
    ] {
        let erro = Erro {
            message_version: "2.2.0".into(),
            three_ds_server_trans_id: Some(id),
            acs_trans_id: None::<AcsTransId>,
            ds_trans_id: None,
            error_code: code,
            error_component: Component::DirectoryServer,
            error_description: code.description().into(),
            error_detail: "serialNum".into(),
            error_message_type: None,
        };
        let bytes = Rules::received_by(Component::Server, &Version::ALL)
            .write(&erro)
            .unwrap();
        let (outcome, last) = answer(&asked, &bytes, &loaded(), now);
        assert!(matches!(outcome, Outcome::Kept { erro: None, .. }));
        assert_eq!(last, expected);
    }
}

/// The cache as one would write it without thinking of memory: every range by its bounds.
type Naive = BTreeMap<(u64, u64), CardRangeData>;

fn apply_naively(model: &Naive, entries: &[CardRangeData]) -> Option<Naive> {
    let mut model = model.clone();
    for entry in entries {
        let key = (entry.start_range.number(), entry.end_range.number());
        match (
            entry.action_ind.unwrap_or(ActionInd::Add),
            model.contains_key(&key),
        ) {
            (ActionInd::Add, false) | (ActionInd::Modify, true) => {
                model.insert(key, entry.clone());
            }
            (ActionInd::Delete, true) => {
                model.remove(&key);
            }
            _ => return None,
        }
    }
    let all: Vec<_> = model.keys().collect();
    let apart = all
        .iter()
        .enumerate()
        .all(|(at, one)| all.iter().skip(at + 1).all(|two| one.1 < two.0 || two.1 < one.0));
    apart.then_some(model)
}

prop_compose! {
    fn any_entry()(
        slot in 0_u64..12,
        length in 0_u64..2,
        action in prop::sample::select(vec![None, Some(ActionInd::Add), Some(ActionInd::Delete), Some(ActionInd::Modify)]),
        method in prop::option::of(prop::sample::select(vec!["https://a.example", "https://b.example"])),
    ) -> CardRangeData {
        entry(START + slot * 100, START + slot * 100 + 49 + length * 100, action, method)
    }
}

/// A 16-digit number with the right check digit, near the ranges.
fn pan_near(offset: u64) -> Pan {
    (0..10)
        .find_map(|digit| Pan::parse(&((START + offset) / 10 * 10 + digit).to_string()).ok())
        .unwrap()
}

proptest! {
    #[test]
    fn the_cache_agrees_with_a_naive_model(
        rounds in prop::collection::vec(prop::collection::vec(any_entry(), 1..5), 1..12),
        offsets in prop::collection::vec(0_u64..1400, 20),
    ) {
        let mut model = Naive::new();
        let mut ranges = CardRanges::default();
        for (number, entries) in rounds.into_iter().enumerate() {
            let serial = number.to_string();
            let applied = ranges.apply(pres(Some(&serial), Some(entries.clone())), Some("0"));
            let expected = apply_naively(&model, &entries);
            prop_assert_eq!(applied.is_ok(), expected.is_some());
            if let (Ok((next, _)), Some(expected)) = (applied, expected) {
                ranges = next;
                model = expected;
            }
            prop_assert_eq!(ranges.len(), model.len());
            for offset in &offsets {
                let pan = pan_near(*offset);
                let number: u64 = pan.reveal().parse().unwrap();
                let expected = model.values().find(|entry| {
                    entry.start_range.number() <= number && number <= entry.end_range.number()
                });
                let found = ranges.lookup(&pan);
                prop_assert_eq!(found.is_some(), expected.is_some());
                prop_assert_eq!(
                    found.and_then(|range| range.three_ds_method_url),
                    expected.and_then(|entry| entry.three_ds_method_url.as_deref())
                );
            }
            let again = CardRanges::from_entries(ranges.header(), ranges.entries().collect::<Vec<_>>()).unwrap();
            prop_assert_eq!(again.entries().collect::<Vec<_>>(), ranges.entries().collect::<Vec<_>>());
        }
    }
}

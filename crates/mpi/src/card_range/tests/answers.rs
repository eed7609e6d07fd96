//! The bytes of an answer, and what they lead to.

use super::*;
use crate::card_range::exchange::{InFile, Outcome, Question, answer, file, question};
use crate::{Timers, request::ServerIdentity};
use emv3ds::{
    AcsTransId, Rules,
    code::{Component, ErrorCode},
    message::Erro,
};
use serde_json::{Value, json};
use std::io::{self, Read};
use time::{OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-22 00:00 UTC);
const ID: ThreeDsServerTransId = ThreeDsServerTransId(Uuid::from_u128(9));

fn server() -> ServerIdentity {
    ServerIdentity {
        reference_number: "3DS_LOA_SER_1".into(),
        operator_id: None,
        results_url: "https://mpi.example/results".into(),
    }
}

fn next(last: LastPreq, ranges: &CardRanges) -> NextPreq {
    next_preq(last, ranges, &Timers::default())
}

fn ask(ranges: &CardRanges, ours: &[Version]) -> Question {
    question(ID, &server(), &next(LastPreq::Never, ranges), ranges, ours).unwrap()
}

fn as_json(version: &str, more: Value) -> Vec<u8> {
    let mut message = json!({
        "messageType": "PRes",
        "messageVersion": version,
        "threeDSServerTransID": ID.to_string(),
        "dsTransID": Uuid::from_u128(8),
        "dsStartProtocolVersion": "2.1.0",
        "dsEndProtocolVersion": "2.3.1",
    });
    for (name, value) in more.as_object().unwrap() {
        message[name] = value.clone();
    }
    serde_json::to_vec(&message).unwrap()
}

fn one_range() -> Value {
    json!([{
        "startRange": "4000000000000000", "endRange": "4000000000999999",
        "acsStartProtocolVersion": "2.1.0", "acsEndProtocolVersion": "2.2.0",
    }])
}

fn answered(question: &Question, body: &[u8], ranges: &CardRanges) -> (Outcome, LastPreq) {
    answer(question, body, ranges, &Limits::default(), NOW).unwrap()
}

#[test]
fn an_answer_is_read_checked_and_applied() {
    let asked = ask(&CardRanges::default(), &[Version::V2_2_0]);
    assert_eq!(asked.preq.serial_num, None);
    let body = as_json("2.2.0", json!({ "serialNum": "1", "cardRangeData": one_range() }));
    let (outcome, last) = answered(&asked, &body, &CardRanges::default());
    let Outcome::Applied(ranges, Applied::Replaced) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((ranges.len(), last), (1, LastPreq::Applied { at: NOW }));
    let again = ask(&ranges, &[Version::V2_2_0]);
    assert_eq!(again.preq.serial_num.as_deref(), Some("1"));
}

#[test]
fn a_serial_number_counts_only_in_the_version_it_was_given_in() {
    let asked = ask(&loaded(), &[Version::V2_1_0]);
    assert_eq!(
        (asked.preq.message_version, asked.preq.serial_num),
        (Version::V2_1_0, None)
    );
}

#[test]
fn somebody_else_s_answer_is_refused() {
    let asked = ask(&CardRanges::default(), &[Version::V2_2_0]);
    let stranger = as_json(
        "2.2.0",
        json!({ "threeDSServerTransID": Uuid::nil(), "cardRangeData": one_range() }),
    );
    let (outcome, last) = answered(&asked, &stranger, &loaded());
    let Outcome::Kept { erro: Some(erro), .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        (erro.error_code, erro.error_component),
        (ErrorCode::TransactionNotRecognised, Component::Server)
    );
    let faulty = LastPreq::Faulty {
        at: NOW,
        asked_for_all: true,
    };
    assert_eq!(last, faulty);
}

#[test]
fn one_faulty_entry_among_good_ones_refuses_the_whole_answer_and_names_the_element() {
    let asked = ask(&loaded(), &[Version::V2_2_0]);
    let mut entries = one_range();
    let bad = json!({
        "startRange": "4000000002000000", "endRange": "4000000001000000",
        "acsStartProtocolVersion": "2.1.0", "acsEndProtocolVersion": "2.2.0",
    });
    entries.as_array_mut().unwrap().push(bad);
    let body = as_json("2.2.0", json!({ "serialNum": "2", "cardRangeData": entries }));
    let (outcome, last) = answered(&asked, &body, &loaded());
    let Outcome::Kept { erro: Some(erro), .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(erro.error_code, ErrorCode::FormatInvalid);
    assert_eq!(erro.error_detail, "cardRangeData.endRange");
    assert_eq!(erro.ds_trans_id, Some(DsTransId(Uuid::from_u128(8))));
    let faulty = LastPreq::Faulty {
        at: NOW,
        asked_for_all: false,
    };
    assert_eq!(last, faulty);
    assert!(next(last, &loaded()).all);
}

#[test]
fn an_acs_info_ind_that_the_version_does_not_have_is_a_fault() {
    let asked = ask(&CardRanges::default(), &[Version::V2_2_0]);
    let mut entries = one_range();
    entries[0]["acsInfoInd"] = json!(["01", "05"]);
    let body = as_json("2.2.0", json!({ "cardRangeData": entries }));
    let (outcome, _) = answered(&asked, &body, &CardRanges::default());
    let Outcome::Kept { erro: Some(erro), .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(erro.error_detail, "cardRangeData.acsInfoInd");
}

#[test]
fn an_impossible_change_is_told_by_no_erro_before_2_3_1() {
    let asked = ask(&loaded(), &[Version::V2_2_0]);
    let body = as_json("2.2.0", json!({ "serialNum": "2", "cardRangeData": one_range() }));
    let (outcome, last) = answered(&asked, &body, &loaded());
    assert!(matches!(outcome, Outcome::Kept { erro: None, .. }), "{outcome:?}");
    assert!(next(last, &loaded()).is_due(NOW) && next(last, &loaded()).all);
}

#[test]
fn an_answer_that_breaks_off_or_grows_too_long_is_no_answer() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("cut"))
        }
    }
    let asked = ask(&loaded(), &[Version::V2_2_0]);
    let body = as_json("2.2.0", json!({ "serialNum": "1" }));
    let half = body.get(..40).unwrap().chain(Broken);
    assert!(answer(&asked, half, &loaded(), &Limits::default(), NOW).is_err());
    let short = Limits {
        body_max_bytes: 100,
        ..Limits::default()
    };
    assert!(answer(&asked, body.as_slice(), &loaded(), &short, NOW).is_err());
    // Cut without the connection telling is a faulty message.
    let (outcome, _) = answered(&asked, body.get(..40).unwrap(), &loaded());
    let Outcome::Kept { erro: Some(erro), .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(erro.error_code, ErrorCode::MessageReceivedInvalid);
}

#[test]
fn an_erro_says_when_to_ask_again() {
    let asked = ask(&loaded(), &[Version::V2_1_0, Version::V2_2_0]);
    for (code, detail, expected) in [
        (
            ErrorCode::SerialNumberInvalid,
            "serialNum",
            LastPreq::SerialRefused { at: NOW },
        ),
        (
            ErrorCode::SentMessagesLimitExceeded,
            "",
            LastPreq::Refused { at: NOW },
        ),
        (
            ErrorCode::VersionNotSupported,
            "2.1.0",
            LastPreq::VersionRefused {
                at: NOW,
                lower: Version::V2_1_0,
            },
        ),
        (
            ErrorCode::VersionNotSupported,
            "2.3.1",
            LastPreq::Refused { at: NOW },
        ),
    ] {
        let erro = Erro {
            message_version: "2.2.0".into(),
            three_ds_server_trans_id: Some(ID),
            acs_trans_id: None::<AcsTransId>,
            ds_trans_id: None,
            sdk_trans_id: None,
            error_code: code,
            error_component: Component::DirectoryServer,
            error_description: code.description().into(),
            error_detail: if detail.is_empty() { "-" } else { detail }.into(),
            error_message_type: None,
        };
        let bytes = Rules::received_by(Component::Server, &[Version::V2_2_0])
            .write(&erro)
            .unwrap();
        let (outcome, last) = answered(&asked, &bytes, &loaded());
        assert!(matches!(outcome, Outcome::Kept { erro: None, .. }));
        assert_eq!(last, expected);
    }
}

#[test]
fn a_file_replaces_everything_and_counts_like_the_answer_that_named_it() {
    let in_file = InFile {
        pres: pres(Some("7")),
        url: "https://ds.example/ranges.json".into(),
    };
    let body = serde_json::to_vec(&json!({ "cardRangeData": one_range() })).unwrap();
    let (outcome, last) = file(&in_file, body.as_slice(), &loaded(), &Limits::default(), NOW).unwrap();
    let Outcome::Applied(ranges, Applied::Replaced) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((ranges.len(), ranges.serial()), (1, Some("7")));
    assert_eq!(last, LastPreq::Applied { at: NOW });
    for faulty in [
        json!({}),
        json!({ "cardRangeData": [] }),
        json!({ "cardRangeData": 1 }),
    ] {
        let body = serde_json::to_vec(&faulty).unwrap();
        let (outcome, last) = file(&in_file, body.as_slice(), &loaded(), &Limits::default(), NOW).unwrap();
        let Outcome::Kept { erro: Some(erro), .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert!(erro.error_detail.contains("cardRangeData"), "{faulty}");
        assert_eq!(last, LastPreq::FileFailed { at: NOW });
    }
}

fn in_2_3_1(more: Value) -> Vec<u8> {
    let mut message = json!({
        "messageType": "PRes",
        "messageVersion": "2.3.1",
        "threeDSServerTransID": ID.to_string(),
        "dsTransID": Uuid::from_u128(8),
        "dsProtocolVersions": ["2.2.0", "2.3.1"],
    });
    for (name, value) in more.as_object().unwrap() {
        message[name] = value.clone();
    }
    serde_json::to_vec(&message).unwrap()
}

fn one_listed(action: &str) -> Value {
    json!([{
        "ranges": [{ "startRange": "4000000000000000", "endRange": "4000000000999999" }],
        "actionInd": action,
        "acsProtocolVersions": [
            { "version": "2.2.0", "threeDSMethodURL": "https://acs.example/2.2" },
            { "version": "2.3.1", "threeDSMethodURL": "https://acs.example/2.3", "acsInfoInd": ["01", "10"] },
        ],
    }])
}

fn loaded_in_2_3_1() -> CardRanges {
    let asked = ask(&CardRanges::default(), &Version::ALL);
    assert_eq!(asked.preq.message_version, Version::V2_3_1);
    let body = in_2_3_1(json!({ "serialNum": "1", "cardRangeData": one_listed("A") }));
    match answered(&asked, &body, &CardRanges::default()) {
        (Outcome::Applied(ranges, Applied::Replaced), _) => *ranges,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_version_of_a_2_3_1_range_has_its_own_method_and_abilities() {
    let ranges = loaded_in_2_3_1();
    let range = ranges.lookup(&pan("4000000000001000")).unwrap();
    assert_eq!(
        range.three_ds_method_url(Version::V2_3_1),
        Some("https://acs.example/2.3")
    );
    assert!(
        range
            .abilities(Version::V2_3_1)
            .has(AcsInfoInd::LowValueExemption)
    );
    assert_eq!(
        range.three_ds_method_url(Version::V2_2_0),
        Some("https://acs.example/2.2")
    );
    assert_eq!(range.three_ds_method_url(Version::V2_1_0), None);
}

#[test]
fn everything_is_asked_for_with_the_offer_to_fetch_a_file_and_changes_without() {
    let first = ask(&CardRanges::default(), &Version::ALL);
    assert!(first.preq.card_range_data_download_ind.is_some());
    let changes = ask(&loaded_in_2_3_1(), &Version::ALL);
    assert_eq!(changes.preq.serial_num.as_deref(), Some("1"));
    assert_eq!(changes.preq.card_range_data_download_ind, None);
    let after_a_failed_file = next(LastPreq::FileFailed { at: NOW }, &loaded_in_2_3_1());
    let asked = question(
        ID,
        &server(),
        &after_a_failed_file,
        &loaded_in_2_3_1(),
        &Version::ALL,
    )
    .unwrap();
    assert_eq!(asked.preq.serial_num, None);
    assert_eq!(asked.preq.card_range_data_download_ind, None);
}

#[test]
fn an_impossible_change_of_2_3_1_is_told_by_205_or_206() {
    let ranges = loaded_in_2_3_1();
    let asked = ask(&ranges, &Version::ALL);
    let mut across = one_listed("A");
    across[0]["ranges"][0]["endRange"] = json!("4000000000000001");
    for (entries, code) in [
        (one_listed("A"), ErrorCode::CardRangeActionInvalid),
        (across, ErrorCode::CardRangesOverlap),
    ] {
        let body = in_2_3_1(json!({ "serialNum": "2", "cardRangeData": entries }));
        let (outcome, last) = answered(&asked, &body, &ranges);
        let Outcome::Kept { erro: Some(erro), .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!((erro.error_code, erro.message_version.as_str()), (code, "2.3.1"));
        assert!(erro.error_detail.contains("4000000000000000"));
        assert!(next(last, &ranges).all && next(last, &ranges).is_due(NOW));
    }
}

#[test]
fn an_answer_in_another_version_than_asked_in_is_a_fault() {
    let asked = ask(&CardRanges::default(), &[Version::V2_2_0]);
    let body = in_2_3_1(json!({ "cardRangeData": one_listed("A") }));
    let (outcome, _) = answered(&asked, &body, &CardRanges::default());
    let Outcome::Kept { erro: Some(erro), .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        (erro.error_code, erro.error_detail.as_str()),
        (ErrorCode::FormatInvalid, "messageVersion")
    );
}

#[test]
fn an_answer_may_name_a_file_in_place_of_the_ranges() {
    let asked = ask(&CardRanges::default(), &Version::ALL);
    let url = "https://ds.example/ranges.json";
    let body = in_2_3_1(json!({ "serialNum": "9", "cardRangeDataFileURL": url }));
    let (outcome, last) = answered(&asked, &body, &CardRanges::default());
    let Outcome::InFile(in_file) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        (in_file.url.as_str(), last),
        (url, LastPreq::FileFailed { at: NOW })
    );
    let body = serde_json::to_vec(&json!({ "cardRangeData": one_listed("D") })).unwrap();
    let (outcome, last) = file(&in_file, body.as_slice(), &loaded(), &Limits::default(), NOW).unwrap();
    let Outcome::Applied(ranges, Applied::Replaced) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((ranges.len(), ranges.serial()), (1, Some("9")));
    assert_eq!(last, LastPreq::Applied { at: NOW });
}

#[test]
fn a_directory_server_without_changes_is_asked_for_everything_every_twelve_hours_in_2_3_1() {
    let timers = Timers {
        card_ranges_refresh_seconds: 3_600,
        ..Timers::default()
    };
    let applied = LastPreq::Applied { at: NOW };
    let hours = |ranges: &CardRanges| {
        let due = next_preq(applied, ranges, &timers).not_before.unwrap();
        (due - NOW).whole_hours()
    };
    assert_eq!(hours(&loaded_in_2_3_1()), 1);
    let asked = ask(&CardRanges::default(), &Version::ALL);
    let body = in_2_3_1(json!({ "cardRangeData": one_listed("A") }));
    let (Outcome::Applied(no_serial, _), _) = answered(&asked, &body, &CardRanges::default()) else {
        panic!("not applied")
    };
    assert_eq!(hours(&no_serial), 12);
}

//! The messages as peers send them: one sample each in `testdata/`, and what becomes of it when something is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use emv3ds::{
    Fault, Rules, Version,
    code::{Component, ErrorCode, MessageCategory, MessageType},
    message::{AReq, ARes, CReq, CRes, Erro, Message, PReq, PRes, RReq, RRes, Received, WireMessage},
};
use serde_json::{Value, json};

#[path = "wire/conditions.rs"]
mod conditions;
#[path = "wire/elements.rs"]
mod elements;

const BOTH: &[Version] = &Version::ALL;
const D: Component = Component::DirectoryServer;
const S: Component = Component::Server;
const A: Component = Component::Acs;

/// A sample, and who receives it.
fn sample(message_type: MessageType) -> (Component, Value) {
    let (receiver, text) = match message_type {
        MessageType::AReq => (D, include_str!("../testdata/areq.json")),
        MessageType::ARes => (S, include_str!("../testdata/ares.json")),
        MessageType::CReq => (A, include_str!("../testdata/creq.json")),
        MessageType::CRes => (Component::Sdk, include_str!("../testdata/cres.json")),
        MessageType::RReq => (S, include_str!("../testdata/rreq.json")),
        MessageType::RRes => (D, include_str!("../testdata/rres.json")),
        MessageType::PReq => (D, include_str!("../testdata/preq.json")),
        MessageType::PRes => (S, include_str!("../testdata/pres.json")),
        MessageType::Erro => (S, include_str!("../testdata/erro.json")),
    };
    (receiver, serde_json::from_str(text).unwrap())
}

const ALL_TYPES: [MessageType; 9] = [
    MessageType::AReq,
    MessageType::ARes,
    MessageType::CReq,
    MessageType::CRes,
    MessageType::RReq,
    MessageType::RRes,
    MessageType::PReq,
    MessageType::PRes,
    MessageType::Erro,
];

fn read(receiver: Component, message: &Value) -> Result<Message, Box<Fault>> {
    Rules::received_by(receiver, BOTH).read(message.to_string().as_bytes())
}

fn fault(receiver: Component, message: &Value) -> (u16, String) {
    let fault = read(receiver, message).expect_err("the message is faulty");
    (fault.code.number(), fault.detail)
}

fn with(mut message: Value, name: &str, value: Value) -> Value {
    message[name] = value;
    message
}

fn without(mut message: Value, name: &str) -> Value {
    message.as_object_mut().unwrap().remove(name);
    message
}

fn written<M: WireMessage>(rules: &Rules<'_>, message: &M) -> Value {
    serde_json::from_slice(&rules.write(message).unwrap()).unwrap()
}

#[test]
fn every_sample_is_read_and_written_back_as_it_was() {
    for message_type in ALL_TYPES {
        let (receiver, sample) = sample(message_type);
        let rules = Rules::received_by(receiver, BOTH);
        let message = read(receiver, &sample).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(message.message_type(), message_type);
        let again = match &message {
            Message::AReq(message) => written::<AReq>(&rules, message),
            Message::ARes(message) => written::<ARes>(&rules, message),
            Message::CReq(message) => written::<CReq>(&rules, message),
            Message::CRes(message) => written::<CRes>(&rules, message),
            Message::RReq(message) => written::<RReq>(&rules, message),
            Message::RRes(message) => written::<RRes>(&rules, message),
            Message::PReq(message) => written::<PReq>(&rules, message),
            Message::PRes(message) => written::<PRes>(&rules, message),
            Message::Erro(message) => written::<Erro>(&rules, message),
        };
        assert_eq!(again, sample, "{message_type}");
    }
}

#[test]
fn missing_elements_come_before_malformed_ones_and_duplicates_before_both() {
    let (_, areq) = sample(MessageType::AReq);
    let both = with(without(areq, "mcc"), "email", json!("nobody"));
    assert_eq!(fault(D, &both), (201, "mcc".to_owned()));
    let text = both.to_string().replacen('{', r#"{"acquirerBIN":"1","#, 1);
    let fault = Rules::received_by(D, BOTH).read(text.as_bytes()).unwrap_err();
    assert_eq!(
        (fault.code, fault.detail.as_str()),
        (ErrorCode::DuplicateElement, "acquirerBIN")
    );
}

#[test]
fn names_that_come_twice_are_found_at_any_depth() {
    for (message_type, from, to, name) in [
        (
            MessageType::AReq,
            r#""cc":"52""#,
            r#""cc":"52","cc":"52""#,
            "mobilePhone.cc",
        ),
        (
            MessageType::AReq,
            r#""version":"1""#,
            r#""version":"1","version":"1""#,
            "messageExtension.data.version",
        ),
        (
            MessageType::ARes,
            r#""eci":"05""#,
            r#""eci":"05","eci":"07""#,
            "eci",
        ),
        (
            MessageType::ARes,
            r#""eci":"05""#,
            r#""eci":"05","odd":{"a":[{"b":1,"b":2}]}"#,
            "odd.a.b",
        ),
        (
            MessageType::PRes,
            r#""actionInd":"A""#,
            r#""actionInd":"A","actionInd":"D""#,
            "cardRangeData.actionInd",
        ),
        (
            MessageType::PRes,
            r#""cardRangeData":"#,
            r#""cardRangeData":[],"cardRangeData":"#,
            "cardRangeData",
        ),
        (
            MessageType::CReq,
            r#""messageType":"CReq""#,
            r#""messageType":"CReq","messageType":"CReq""#,
            "messageType",
        ),
    ] {
        let (receiver, sample) = sample(message_type);
        let text = sample.to_string();
        assert!(text.contains(from), "{from}");
        let doubled = text.replacen(from, to, 1);
        let fault = Rules::received_by(receiver, BOTH)
            .read(doubled.as_bytes())
            .unwrap_err();
        assert_eq!(
            (fault.code.number(), fault.detail.as_str()),
            (204, name),
            "{message_type}"
        );
    }
}

#[test]
fn what_is_no_message_for_the_receiver_is_answered_101() {
    let (_, areq) = sample(MessageType::AReq);
    for bytes in [
        "",
        "{",
        "[]",
        "null",
        "\"AReq\"",
        "{}",
        r#"{"messageType":"BReq"}"#,
        r#"{"messageType":1}"#,
        "{} {}",
    ] {
        let fault = Rules::received_by(D, BOTH).read(bytes.as_bytes()).unwrap_err();
        assert_eq!(fault.code.number(), 101, "{bytes}");
    }
    assert_eq!(fault(S, &areq).0, 101, "a 3DS Server takes no AReq");
    assert_eq!(
        fault(A, &sample(MessageType::ARes).1).0,
        101,
        "an ACS takes no ARes"
    );
    let awaited =
        Rules::received_by(S, BOTH).read_as::<ARes>(sample(MessageType::RReq).1.to_string().as_bytes());
    assert_eq!(
        awaited.unwrap_err().code.number(),
        101,
        "no RReq where an ARes is awaited"
    );
    assert_eq!(
        Rules::received_by(D, BOTH)
            .read(b"\xff\xfe")
            .unwrap_err()
            .code
            .number(),
        101
    );
}

#[test]
fn an_erro_is_taken_where_any_other_message_is_awaited() {
    let (_, erro) = sample(MessageType::Erro);
    let erro = with(erro, "messageVersion", json!("2.4.0"));
    let received = Rules::received_by(S, BOTH)
        .read_as::<ARes>(erro.to_string().as_bytes())
        .unwrap();
    let Received::Erro(erro) = received else {
        panic!("an Erro came")
    };
    assert_eq!(erro.error_code, ErrorCode::FormatInvalid);
    assert_eq!(erro.message_version, "2.4.0");
}

#[test]
fn a_version_not_supported_is_answered_with_the_versions_that_are() {
    let (_, areq) = sample(MessageType::AReq);
    assert_eq!(
        fault(D, &with(areq.clone(), "messageVersion", json!("2.4.0"))),
        (102, "2.1.0,2.2.0,2.3.1".to_owned())
    );
    let fault = Rules::received_by(D, &[Version::V2_1_0])
        .read(areq.to_string().as_bytes())
        .unwrap_err();
    assert_eq!((fault.code.number(), fault.detail.as_str()), (102, "2.1.0"));
    let erro = fault.to_erro(D, &[Version::V2_1_0]).unwrap();
    assert_eq!(erro.message_version, "2.1.0");
}

#[test]
fn a_message_without_a_version_is_missing_it_and_one_with_an_odd_version_malformed() {
    let (_, areq) = sample(MessageType::AReq);
    assert_eq!(
        fault(D, &without(areq.clone(), "messageVersion")),
        (201, "messageVersion".to_owned())
    );
    assert_eq!(
        fault(D, &with(areq, "messageVersion", json!("2.2"))),
        (203, "messageVersion".to_owned())
    );
}

#[test]
fn a_message_is_checked_before_it_is_written() {
    let Ok(Message::AReq(mut areq)) = read(D, &sample(MessageType::AReq).1) else {
        panic!("an AReq")
    };
    areq.mcc = None;
    areq.email = Some("nobody".to_owned());
    let rules = Rules::received_by(D, BOTH);
    let fault = rules.write(areq.as_ref()).unwrap_err();
    assert_eq!((fault.code.number(), fault.detail.as_str()), (201, "mcc"));
    areq.mcc = Some("5411".to_owned());
    assert_eq!(
        rules
            .check(areq.as_ref())
            .unwrap_err()
            .names()
            .collect::<Vec<_>>(),
        ["email"]
    );
    // What the version does not have is left out rather than sent.
    areq.email = None;
    areq.message_version = Version::V2_1_0;
    assert!(
        written(&rules, areq.as_ref())
            .get("browserJavascriptEnabled")
            .is_none()
    );
}

#[test]
fn a_fault_answers_with_what_it_could_read_and_an_erro_is_never_answered() {
    let (_, areq) = sample(MessageType::AReq);
    let fault = read(D, &without(areq.clone(), "mcc")).unwrap_err();
    let erro = fault.to_erro(D, BOTH).unwrap();
    assert_eq!(
        erro.three_ds_server_trans_id.unwrap().to_string(),
        areq["threeDSServerTransID"]
    );
    assert_eq!(erro.error_message_type, Some(MessageType::AReq));
    let sent = written(&Rules::received_by(S, BOTH), &erro);
    assert_eq!(sent["errorCode"], "201");
    assert_eq!(sent["errorDetail"], "mcc");
    assert_eq!(sent["errorComponent"], "D");
    let (_, erro) = sample(MessageType::Erro);
    let fault = read(S, &without(erro, "errorCode")).unwrap_err();
    assert_eq!(fault.to_erro(S, BOTH), None);
}

#[test]
fn the_card_number_stays_out_of_debug_and_of_faults() {
    let (_, areq) = sample(MessageType::AReq);
    let number = areq["acctNumber"].as_str().unwrap().to_owned();
    let message = read(D, &areq).unwrap();
    assert!(!format!("{message:?}").contains(&number));
    for faulty in [
        without(areq.clone(), "mcc"),
        with(areq.clone(), "acctNumber", json!(format!("{number}x"))),
        with(areq.clone(), "messageVersion", json!(number.clone())),
        with(areq.clone(), "messageType", json!(number.clone())),
    ] {
        let fault = read(D, &faulty).unwrap_err();
        assert!(!format!("{fault} {fault:?}").contains(&number));
    }
}

#[test]
fn browser_fields_are_read_with_and_without_padding() {
    let (_, creq) = sample(MessageType::CReq);
    let Ok(Message::CReq(creq)) = read(A, &creq) else {
        panic!("a CReq")
    };
    let rules = Rules::received_by(A, BOTH);
    let field = rules.write_form(&creq).unwrap();
    assert!(!field.contains('='));
    for text in [field.clone(), format!("{field}="), format!("{field}==\r\n")] {
        assert_eq!(
            rules.read_form::<CReq>(&text).unwrap(),
            Received::Message(creq.clone())
        );
    }
    assert_eq!(rules.read_form::<CReq>("***").unwrap_err().code.number(), 101);
}

#[test]
fn messages_too_long_or_too_deep_are_refused() {
    let rules = Rules::received_by(D, BOTH);
    let (_, areq) = sample(MessageType::AReq);
    let long = with(areq.clone(), "odd", json!("x".repeat(600 * 1024)));
    assert_eq!(
        rules.read(long.to_string().as_bytes()).unwrap_err().code.number(),
        101
    );
    let deep = areq.to_string().replacen(
        '{',
        &format!(r#"{{"odd":{}{},"#, "[".repeat(40), "]".repeat(40)),
        1,
    );
    assert_eq!(rules.read(deep.as_bytes()).unwrap_err().code.number(), 101);
    let abyss = format!(r#"{{"cardRangeData":{}"#, "[".repeat(100_000));
    assert_eq!(rules.read(abyss.as_bytes()).unwrap_err().code.number(), 101);
}

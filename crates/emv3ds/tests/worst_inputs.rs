//! Messages made to be expensive. Work grows with the length of a message and no faster: each input is as long as a
//! message may be, so that anything quadratic in it (3 · 10^11 steps) would never end, and what is reported stays short.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use emv3ds::{
    Fault, Rules, Version,
    code::{Component, ErrorCode},
    validate::MESSAGE_MAX_BYTES,
};
use serde_json::{Value, json};

/// Names in one `errorDetail`, at most.
const NAMES_MAX: usize = 64;
const D: Component = Component::DirectoryServer;

fn areq() -> Value {
    serde_json::from_str(include_str!("../testdata/areq.json")).unwrap()
}

fn read(text: &str) -> Result<(), Box<Fault>> {
    Rules::received_by(D, &Version::ALL)
        .read(text.as_bytes())
        .map(|_| ())
}

/// As many copies of what `entry` makes of 0, 1, 2 … as fit into a message beside the AReq.
fn as_many(entry: impl Fn(usize) -> String) -> Vec<String> {
    let mut room = MESSAGE_MAX_BYTES - areq().to_string().len() - 64;
    let mut entries = Vec::new();
    for number in 0.. {
        let entry = entry(number);
        match room.checked_sub(entry.len() + 1) {
            Some(rest) => room = rest,
            None => return entries,
        }
        entries.push(entry);
    }
    entries
}

/// The AReq with this in front of its own elements.
fn with(elements: &str) -> String {
    areq().to_string().replacen('{', &format!("{{{elements},"), 1)
}

#[test]
fn a_hundred_thousand_unknown_elements_are_ignored() {
    let elements = as_many(|number| format!(r#""x{number}":1"#));
    assert!(elements.len() > 40_000);
    assert_eq!(read(&with(&elements.join(","))), Ok(()));
}

#[test]
fn of_names_that_all_come_twice_only_so_many_are_reported() {
    for entry in [r#""x":1"#.to_owned(), r#""y":{"x":1,"x":2}"#.to_owned()] {
        let elements = as_many(|_| entry.clone());
        let fault = read(&with(&elements.join(","))).unwrap_err();
        assert_eq!(fault.code, ErrorCode::DuplicateElement);
        assert!(fault.names().count() <= NAMES_MAX);
    }
    let pairs = as_many(|number| format!(r#""x{number}":1,"x{number}":2"#));
    let fault = read(&with(&pairs.join(","))).unwrap_err();
    assert_eq!(fault.names().count(), NAMES_MAX);
}

#[test]
fn nesting_is_cut_off_wherever_it_is() {
    for (open, close) in [("[", "]"), (r#"{"x":"#, "}")] {
        let depth = MESSAGE_MAX_BYTES / (open.len() + close.len()) - 4096;
        for name in ["odd", "acctInfo", "messageExtension", "cardRangeData"] {
            let abyss = format!(r#""{name}":{}1{}"#, open.repeat(depth), close.repeat(depth));
            let text = format!("{{{abyss}}}");
            let fault = read(&text).unwrap_err();
            assert_eq!(fault.code, ErrorCode::MessageReceivedInvalid, "{name}");
        }
    }
}

#[test]
fn arrays_longer_than_they_may_be_are_refused_by_their_length() {
    for (name, entry) in [
        ("messageExtension", "{}"),
        ("sellerInfo", "{}"),
        ("threeDSRequestorChallengeInd", r#""01""#),
        ("acceptLanguage", r#""es""#),
    ] {
        let mut message = areq();
        message["messageVersion"] = json!("2.3.1");
        message["acquirerCountryCode"] = json!("484");
        message["acquirerCountryCodeSource"] = json!("01");
        message["acceptLanguage"] = json!(["es"]);
        message["threeDSRequestorChallengeInd"] = json!(["01"]);
        message.as_object_mut().unwrap().remove(name);
        let entries = as_many(|_| entry.to_owned());
        let array = format!(r#"{{"{name}":[{}],"#, entries[256..].join(","));
        let text = message.to_string().replacen('{', &array, 1);
        let fault = read(&text).unwrap_err();
        assert_eq!(
            (fault.code, fault.detail.as_str()),
            (ErrorCode::FormatInvalid, name)
        );
    }
}

#[test]
fn an_erro_about_any_of_them_can_be_written() {
    let elements = as_many(|number| {
        format!(r#"{{"name":"x","id":"{number:060}","criticalityIndicator":true,"data":{{}}}}"#)
    });
    let mut message = areq();
    message.as_object_mut().unwrap().remove("messageExtension");
    let array = format!(r#"{{"messageExtension":[{}],"#, elements.join(","));
    let fault = read(&message.to_string().replacen('{', &array, 1)).unwrap_err();
    assert_eq!(fault.code, ErrorCode::CriticalExtensionNotRecognised);
    let erro = fault.to_erro(D, &Version::ALL).unwrap();
    assert!(
        Rules::received_by(Component::Server, &Version::ALL)
            .write(&erro)
            .is_ok()
    );
}

#[test]
fn a_card_range_of_many_entries_reports_only_so_many_faults() {
    let entries = as_many(|number| format!(r#"{{"startRange":{number}}}"#));
    let text = format!(
        r#"{{"messageType":"PRes","messageVersion":"2.2.0","cardRangeData":[{}]}}"#,
        entries.join(",")
    );
    let fault = Rules::received_by(Component::Server, &Version::ALL)
        .read(text.as_bytes())
        .unwrap_err();
    assert_eq!(fault.code, ErrorCode::RequiredElementMissing);
    assert!(fault.names().count() <= NAMES_MAX);
}

//! Nothing that comes in makes a reader panic, and what one side writes the other reads.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use emv3ds::{
    Rules, Version,
    code::{Component, ErrorCode},
    message::{Erro, Message},
};
use proptest::prelude::*;
use serde_json::Value;

const RECEIVERS: [Component; 4] = [
    Component::Server,
    Component::DirectoryServer,
    Component::Acs,
    Component::Sdk,
];
const SAMPLES: [&str; 9] = [
    include_str!("../testdata/areq.json"),
    include_str!("../testdata/ares.json"),
    include_str!("../testdata/creq.json"),
    include_str!("../testdata/cres.json"),
    include_str!("../testdata/rreq.json"),
    include_str!("../testdata/rres.json"),
    include_str!("../testdata/preq.json"),
    include_str!("../testdata/pres.json"),
    include_str!("../testdata/erro.json"),
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "[0-9]{0,20}".prop_map(Value::from),
        prop::sample::select(vec!["Y", "N", "01", "02", "2.1.0", "05", "A"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// What 2.3.1 needs beyond the samples, or has in another shape.
fn of_2_3_1() -> serde_json::Map<String, Value> {
    let elements = serde_json::json!({
        "acquirerCountryCode": "484",
        "acquirerCountryCodeSource": "01",
        "acceptLanguage": ["es-MX"],
        "threeDSRequestorChallengeInd": ["01", "80"],
        "dsProtocolVersions": ["2.2.0", "2.3.1"],
        "cardholderInfo": { "text": "Llame a su banco" },
    });
    elements.as_object().unwrap().clone()
}

fn write(message: &Message, rules: &Rules<'_>) -> Result<Vec<u8>, ErrorCode> {
    let bytes = match message {
        Message::AReq(message) => rules.write(message.as_ref()),
        Message::ARes(message) => rules.write(message.as_ref()),
        Message::CReq(message) => rules.write(message),
        Message::CRes(message) => rules.write(message),
        Message::RReq(message) => rules.write(message.as_ref()),
        Message::RRes(message) => rules.write(message),
        Message::PReq(message) => rules.write(message),
        Message::PRes(message) => rules.write(message),
        Message::Erro(message) => rules.write(message),
    };
    bytes.map_err(|fault| fault.code)
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes: Vec<u8>) {
        for receiver in RECEIVERS {
            let _ = Rules::received_by(receiver, &Version::ALL).read(&bytes);
        }
    }

    #[test]
    fn any_element_may_hold_anything_and_what_passes_is_written_and_read_again(
        sample in prop::sample::select(&SAMPLES[..]),
        version in prop::sample::select(&Version::ALL[..]),
        element in any::<prop::sample::Index>(),
        value in any_json(),
    ) {
        let mut message: Value = serde_json::from_str(sample).unwrap();
        let object = message.as_object_mut().unwrap();
        object.insert("messageVersion".to_owned(), Value::from(version.as_str()));
        if version >= Version::V2_3_1 {
            object.extend(of_2_3_1());
        }
        let name = object.keys().nth(element.index(object.len())).unwrap().clone();
        object.insert(name, value);
        for receiver in RECEIVERS {
            let rules = Rules::received_by(receiver, &Version::ALL);
            match rules.read(message.to_string().as_bytes()) {
                Ok(read) => {
                    let bytes = write(&read, &rules);
                    prop_assert_eq!(bytes.map(|bytes| rules.read(&bytes).unwrap()), Ok(read));
                }
                Err(fault) => {
                    // A fault can always be said, and never names the message instead of an element.
                    prop_assert_ne!(fault.message_type.map(|one| one.as_str()), Some(fault.detail.as_str()));
                    if let Some(erro) = fault.to_erro(receiver, &Version::ALL) {
                        prop_assert!(rules.write::<Erro>(&erro).is_ok(), "{:?}", erro);
                    }
                }
            }
        }
    }

    #[test]
    fn a_message_cut_short_is_refused(sample in prop::sample::select(&SAMPLES[..]), at in any::<prop::sample::Index>()) {
        let text = sample.trim_end();
        let cut = &text.as_bytes()[..at.index(text.len())];
        for receiver in RECEIVERS {
            prop_assert!(Rules::received_by(receiver, &Version::ALL).read(cut).is_err());
        }
    }
}

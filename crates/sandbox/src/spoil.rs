//! Messages of 3-D Secure with something wrong on purpose.
//!
//! What is not to be wrong stays: type, version and identifiers, so that the receiver can say in an Erro what it is about.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::faults::message::{MessageFaultOrder, Spoil};

/// What elements hold that may hold no such thing: a number where everything is text.
const BAD_VALUE: u8 = 5;
/// Reserved for EMVCo in every list of two digits.
const RESERVED_VALUE: &str = "79";

/// A good message with a fault.
pub fn spoil(message: Vec<u8>, spoil: Spoil, order: &MessageFaultOrder) -> Vec<u8> {
    let Ok(Value::Object(mut elements)) = serde_json::from_slice(&message) else {
        return message;
    };
    let names = names(&elements, spoil, &order.elements);
    let mut put = |name: &str, value: Value| {
        elements.insert(name.to_owned(), value);
    };
    match spoil {
        Spoil::ForeignServerId => put("threeDSServerTransID", json!(Uuid::new_v4())),
        Spoil::ForeignAcsId => put("acsTransID", json!(Uuid::new_v4())),
        Spoil::ForeignDsId => put("dsTransID", json!(Uuid::new_v4())),
        Spoil::OtherVersion => {
            let other = if elements.get("messageVersion") == Some(&json!("2.2.0")) {
                "2.1.0"
            } else {
                "2.2.0"
            };
            elements.insert("messageVersion".to_owned(), json!(other));
        }
        Spoil::MissingElement => elements.retain(|name, _| !names.contains(name)),
        Spoil::EmptyElement => names.iter().for_each(|name| put(name, json!(""))),
        Spoil::BadFormat => names.iter().for_each(|name| put(name, json!(BAD_VALUE))),
        Spoil::ReservedValue => names.iter().for_each(|name| put(name, json!(RESERVED_VALUE))),
        Spoil::DuplicateElement => return doubled(&elements, names.first()),
        Spoil::CriticalExtension => put("messageExtension", json!([critical_extension()])),
        Spoil::WrongType => put("messageType", json!("CReq")),
        Spoil::NoJson => {
            let half = message.len() / 2;
            return message.get(..half).unwrap_or_default().to_vec();
        }
        Spoil::With => elements.extend(order.set.clone()),
    }
    written(&elements, message)
}

/// The same message, its status turned into the contrary.
pub fn contradict(message: Vec<u8>) -> Vec<u8> {
    let Ok(Value::Object(mut elements)) = serde_json::from_slice(&message) else {
        return message;
    };
    let authenticated = elements.get("transStatus") == Some(&json!("Y"));
    if authenticated {
        elements.insert("transStatus".to_owned(), json!("N"));
        elements.remove("authenticationValue");
        if elements.get("messageType") == Some(&json!("RReq")) {
            elements.insert("transStatusReason".to_owned(), json!("01"));
        }
    } else {
        elements.insert("transStatus".to_owned(), json!("Y"));
        elements.remove("transStatusReason");
        elements.remove("challengeCancel");
        if elements.get("messageType") == Some(&json!("RReq")) {
            elements.insert(
                "authenticationValue".to_owned(),
                json!("AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            );
            elements.insert("eci".to_owned(), json!("05"));
        }
    }
    written(&elements, message)
}

/// An ARes of whatever status turned into one that wants a challenge.
pub fn into_challenge(ares: Vec<u8>, acs_url: &str) -> Vec<u8> {
    unsettled(
        ares,
        &[
            ("transStatus", json!("C")),
            ("acsChallengeMandated", json!("N")),
            ("acsURL", json!(acs_url)),
        ],
        "02",
    )
}

/// An ARes of whatever status turned into one that promises decoupled authentication.
pub fn into_decoupled(ares: Vec<u8>) -> Vec<u8> {
    unsettled(
        ares,
        &[
            ("transStatus", json!("D")),
            ("acsChallengeMandated", json!("Y")),
            ("acsDecConInd", json!("Y")),
        ],
        "04",
    )
}

fn unsettled(ares: Vec<u8>, set: &[(&str, Value)], authentication_type: &str) -> Vec<u8> {
    let Ok(Value::Object(mut elements)) = serde_json::from_slice(&ares) else {
        return ares;
    };
    for name in ["authenticationValue", "eci", "transStatusReason"] {
        elements.remove(name);
    }
    for (name, value) in set {
        elements.insert((*name).to_owned(), value.clone());
    }
    // 2.3.1 has methods for types and an object for the text.
    let newest = elements.get("messageVersion") == Some(&json!("2.3.1"));
    let text = "Confirma en la app de tu banco";
    if newest {
        let method = if authentication_type == "04" { "12" } else { "02" };
        elements.insert("authenticationMethod".to_owned(), json!([method]));
        elements.insert("cardholderInfo".to_owned(), json!({ "text": text }));
    } else {
        elements.insert("authenticationType".to_owned(), json!(authentication_type));
        elements.insert("cardholderInfo".to_owned(), json!(text));
    }
    written(&elements, ares)
}

/// The names an order gives, or those of an element that every message of this type has.
fn names(elements: &Map<String, Value>, spoil: Spoil, ordered: &[String]) -> Vec<String> {
    if !ordered.is_empty() {
        return ordered.to_vec();
    }
    let message_type = elements.get("messageType").and_then(Value::as_str);
    let name = match (spoil, message_type) {
        (Spoil::ReservedValue, _) => "transStatusReason",
        (_, Some("PRes")) => "dsTransID",
        _ => "transStatus",
    };
    vec![name.to_owned()]
}

fn critical_extension() -> Value {
    json!({
        "name": "unheard of",
        "id": "A000000999-001",
        "criticalityIndicator": true,
        "data": { "unheard": "of" },
    })
}

fn doubled(elements: &Map<String, Value>, name: Option<&String>) -> Vec<u8> {
    let text = Value::Object(elements.clone()).to_string();
    let first = name.and_then(|name| elements.get_key_value(name));
    match first {
        Some((name, value)) => text
            .replacen('{', &format!("{{{}:{value},", json!(name)), 1)
            .into_bytes(),
        None => text.into_bytes(),
    }
}

fn written(elements: &Map<String, Value>, otherwise: Vec<u8>) -> Vec<u8> {
    serde_json::to_vec(elements).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::message::MessageFault;

    const ARES: &str = r#"{"messageType":"ARes","messageVersion":"2.2.0","transStatus":"Y","eci":"05"}"#;

    fn order(elements: &[&str]) -> MessageFaultOrder {
        MessageFaultOrder {
            fault: MessageFault::ARes(Spoil::With),
            elements: elements.iter().map(|name| (*name).to_owned()).collect(),
            set: Map::new(),
            code: None,
            detail: None,
            card: None,
            brand: None,
            delay: None,
        }
    }

    fn spoiled(fault: Spoil, elements: &[&str]) -> String {
        String::from_utf8(spoil(ARES.into(), fault, &order(elements))).unwrap()
    }

    #[test]
    fn elements_go_missing_are_doubled_and_hold_what_they_cannot() {
        let missing: Value = serde_json::from_str(&spoiled(Spoil::MissingElement, &["eci"])).unwrap();
        assert_eq!(missing.get("eci"), None);
        assert!(spoiled(Spoil::DuplicateElement, &[]).starts_with(r#"{"transStatus":"Y","#));
        assert!(spoiled(Spoil::BadFormat, &["eci"]).contains(r#""eci":5"#));
        assert!(spoiled(Spoil::OtherVersion, &[]).contains(r#""messageVersion":"2.1.0""#));
        assert!(serde_json::from_str::<Value>(&spoiled(Spoil::NoJson, &[])).is_err());
    }

    #[test]
    fn a_contradiction_says_the_contrary_each_time() {
        let denied = contradict(br#"{"messageType":"RReq","transStatus":"Y"}"#.to_vec());
        let denied: Value = serde_json::from_slice(&denied).unwrap();
        assert_eq!(
            (&denied["transStatus"], &denied["transStatusReason"]),
            (&json!("N"), &json!("01"))
        );
        let granted = contradict(br#"{"messageType":"CRes","transStatus":"N"}"#.to_vec());
        assert_eq!(granted, br#"{"messageType":"CRes","transStatus":"Y"}"#);
    }
}

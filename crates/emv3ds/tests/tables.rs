//! The tables and the typed messages say the same: every element of a table has its field, under the same name, and a
//! message with all of them is read and written whole.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use emv3ds::{
    Rules, Version,
    code::{Component, MessageType},
    message::{AReq, ARes, CReq, CRes, Erro, PReq, PRes, RReq, RRes, Received, WireMessage},
    validate::{
        element::{Channels, Element, Format, Inclusion},
        table,
    },
};
use serde_json::{Map, Value, json};

/// A value that fits.
fn value(format: &Format, version: Version) -> Value {
    match format {
        Format::PerVersion([older, newer]) => {
            value(if version == Version::V2_1_0 { older } else { newer }, version)
        }
        Format::Text(least, _) | Format::Ascii(least, _) => json!("x".repeat(*least)),
        Format::Digits(least, _) => json!("1".repeat(*least)),
        Format::Number {
            digits: (shortest, _),
            least,
            ..
        } => json!(format!("{least:0shortest$}")),
        Format::OneOf(values) => json!(values[0]),
        Format::Code(list) => json!(list.values().next().unwrap()),
        Format::Uuid => json!("f25084f0-5b16-4c0a-ae5d-b24808a95e4b"),
        Format::Url(_) | Format::Website(_) => json!("https://a.example"),
        Format::YearMonth => json!("2912"),
        Format::Day => json!("20261122"),
        Format::Minute => json!("202611220015"),
        Format::Second => json!("20261122001500"),
        Format::Country | Format::Currency => json!("484"),
        Format::Email => json!("a@b.example"),
        Format::IpAddress => json!("203.0.113.7"),
        Format::Language(_) => json!("es"),
        Format::TimeZone => json!("-60"),
        Format::AuthenticationValue => json!("AJkBBkhgQQAAAE4gSEJydQAAAAA="),
        Format::Eci => json!("05"),
        Format::Version => json!(version.as_str()),
        Format::Boolean => json!(false),
        Format::True => json!(true),
        Format::Object(table) => Value::Object(whole(table, version)),
        Format::AnyObject(_) => json!({ "any": "thing" }),
        Format::Array(least, _, format) => (0..*least).map(|_| value(format, version)).collect(),
    }
}

/// An object with every element that the version has in a browser.
fn whole(table: &[Element], version: Version) -> Map<String, Value> {
    let column = Version::ALL.iter().position(|one| *one == version).unwrap();
    table
        .iter()
        .filter(|element| element.channels.meet(Channels::B))
        .filter(|element| !matches!(element.inclusion[column], Inclusion::Absent))
        .map(|element| (element.name.to_owned(), value(&element.format, version)))
        .collect()
}

fn read_and_written_whole<M: WireMessage>(receiver: Component) {
    for version in Version::ALL {
        let mut message = whole(table::of(M::TYPE), version);
        message.insert("messageType".to_owned(), json!(M::TYPE.as_str()));
        let rules = Rules::received_by(receiver, &Version::ALL);
        let bytes = serde_json::to_vec(&message).unwrap();
        let read = match rules.read_as::<M>(&bytes).unwrap() {
            Received::Message(read) => rules.write(&read).unwrap(),
            Received::Erro(erro) => rules.write(&erro).unwrap(),
        };
        let mut again: Map<String, Value> = serde_json::from_slice(&read).unwrap();
        if receiver != Component::DirectoryServer && M::TYPE == MessageType::RReq {
            // Between ACS and directory server only.
            assert_eq!(again.remove("authenticationMethod"), None);
            message.remove("authenticationMethod");
        }
        assert_eq!(again, message, "{} {version}", M::TYPE);
    }
}

#[test]
fn every_element_of_a_table_has_its_field() {
    read_and_written_whole::<AReq>(Component::Acs);
    read_and_written_whole::<ARes>(Component::Server);
    read_and_written_whole::<CReq>(Component::Acs);
    read_and_written_whole::<CRes>(Component::Sdk);
    read_and_written_whole::<RReq>(Component::Server);
    read_and_written_whole::<RReq>(Component::DirectoryServer);
    read_and_written_whole::<RRes>(Component::DirectoryServer);
    read_and_written_whole::<PReq>(Component::DirectoryServer);
    read_and_written_whole::<PRes>(Component::Server);
    read_and_written_whole::<Erro>(Component::Server);
}

#[test]
fn no_element_stands_in_a_table_twice() {
    for message_type in [
        MessageType::AReq,
        MessageType::ARes,
        MessageType::CReq,
        MessageType::CRes,
        MessageType::RReq,
        MessageType::RRes,
        MessageType::PReq,
        MessageType::PRes,
        MessageType::Erro,
    ] {
        let mut names: Vec<_> = table::of(message_type)
            .iter()
            .map(|element| element.name)
            .collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{message_type}");
    }
}

//! The tables and the typed messages say the same: every element of a table has its field, under the same name, and a
//! message with all of them is read and written whole.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use emv3ds::{
    Rules, Version,
    code::{Component, DeviceChannel, MessageType},
    message::{AReq, ARes, CReq, CRes, Erro, PReq, PRes, RReq, RRes, Received, WireMessage},
    validate::{
        element::{Channels, Element, Format, Inclusion},
        table,
    },
};
use serde_json::{Map, Value, json};

/// A value that fits.
fn value(format: &Format, version: Version, channel: Channels, receiver: Component) -> Value {
    let value = |format: &Format| value(format, version, channel, receiver);
    match format {
        Format::PerVersion(formats) => value(&formats[column(version)]),
        Format::When(_, [_, otherwise]) => value(otherwise),
        Format::UpTo(_, format) => value(format),
        Format::Text(least, _) | Format::Ascii(least, _) => json!("x".repeat(*least)),
        Format::Digits(least, _) => json!("1".repeat(*least)),
        Format::Number {
            digits: (shortest, _),
            least,
            ..
        } => json!(format!("{least:0shortest$}")),
        Format::OneOf(values) => json!(values[0]),
        Format::Code(list) => json!(list.values().find(|value| list.allows(value, version)).unwrap()),
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
        Format::SchemeDefined(_) => json!("x"),
        Format::Base64Url(least, _) => json!("x".repeat(*least)),
        Format::Eci => json!("05"),
        Format::Version => json!(version.as_str()),
        Format::Boolean => json!(false),
        Format::True => json!(true),
        Format::Object(table) => Value::Object(whole(table, version, channel, receiver)),
        Format::AnyObject(_) | Format::TextOrObject(_) => json!({ "any": "thing" }),
        Format::Array(least, _, format) => (0..*least).map(|_| value(format)).collect(),
    }
}

fn column(version: Version) -> usize {
    Version::ALL.iter().position(|one| *one == version).unwrap()
}

/// An object with every element that the version has in the channel, for this receiver.
fn whole(table: &[Element], version: Version, channel: Channels, receiver: Component) -> Map<String, Value> {
    table
        .iter()
        .filter(|element| element.channels.meet(channel))
        .filter(|element| is_there(element.inclusion[column(version)], channel, receiver))
        .map(|element| {
            let value = value(&element.format, version, channel, receiver);
            (element.name.to_owned(), value)
        })
        .collect()
}

fn is_there(inclusion: Inclusion, channel: Channels, receiver: Component) -> bool {
    match inclusion {
        Inclusion::Absent => false,
        Inclusion::Required | Inclusion::Conditional(_) | Inclusion::Optional => true,
        Inclusion::Within(channels, inside) => channels.meet(channel) && is_there(*inside, channel, receiver),
        Inclusion::To(only, inside) => only == receiver && is_there(*inside, channel, receiver),
    }
}

fn read_and_written_whole<M: WireMessage>(receiver: Component, channel: DeviceChannel) {
    let channels = match channel {
        DeviceChannel::App => Channels::A,
        DeviceChannel::RequestorInitiated => Channels::I,
        _ => Channels::B,
    };
    for version in Version::ALL {
        let mut message = whole(table::of(M::TYPE), version, channels, receiver);
        message.insert("messageType".to_owned(), json!(M::TYPE.as_str()));
        if M::TYPE == MessageType::AReq {
            message.insert("deviceChannel".to_owned(), json!(channel));
            message.insert("messageCategory".to_owned(), json!("02"));
        }
        if let Some(erro) = message.get_mut("challengeErrorReporting") {
            erro["messageType"] = json!("Erro");
        }
        let rules = Rules::received_by(receiver, &Version::ALL).channel(channel);
        let bytes = serde_json::to_vec(&message).unwrap();
        let read = match rules.read_as::<M>(&bytes).unwrap() {
            Received::Message(read) => rules.write(&read).unwrap(),
            Received::Erro(erro) => rules.write(&erro).unwrap(),
        };
        let again: Map<String, Value> = serde_json::from_slice(&read).unwrap();
        assert_eq!(again, message, "{} {version} {channel}", M::TYPE);
    }
}

#[test]
fn every_element_of_a_table_has_its_field() {
    for channel in [DeviceChannel::Browser, DeviceChannel::RequestorInitiated] {
        read_and_written_whole::<AReq>(Component::DirectoryServer, channel);
        read_and_written_whole::<AReq>(Component::Acs, channel);
    }
    for channel in [
        DeviceChannel::App,
        DeviceChannel::Browser,
        DeviceChannel::RequestorInitiated,
    ] {
        read_and_written_whole::<ARes>(Component::Server, channel);
        read_and_written_whole::<RReq>(Component::Server, channel);
        read_and_written_whole::<RReq>(Component::DirectoryServer, channel);
        read_and_written_whole::<RRes>(Component::DirectoryServer, channel);
    }
    let channel = DeviceChannel::Browser;
    read_and_written_whole::<CReq>(Component::Acs, channel);
    read_and_written_whole::<CRes>(Component::Sdk, channel);
    read_and_written_whole::<PReq>(Component::DirectoryServer, channel);
    read_and_written_whole::<PRes>(Component::Server, channel);
    read_and_written_whole::<Erro>(Component::Server, channel);
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

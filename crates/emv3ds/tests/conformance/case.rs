//! A message, who receives it, and what the reference says becomes of it.

use emv3ds::{
    Fault, Rules, Version,
    code::{Component, DeviceChannel, MessageCategory, MessageType},
    message::Message,
};
use serde_json::Value;

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// It is taken, and written again as it came, apart from these elements, which are unknown in it.
    Taken { ignored: Vec<String> },
    /// It is answered with an Erro of this code that names these elements.
    Refused(u16, String),
}

impl Expected {
    pub fn taken() -> Self {
        Self::Taken { ignored: Vec::new() }
    }

    pub fn refused(code: u16, detail: impl Into<String>) -> Self {
        Self::Refused(code, detail.into())
    }
}

/// A case of the suite.
#[derive(Clone, Debug)]
pub struct Case {
    pub area: &'static str,
    /// Where the reference says so.
    pub section: &'static str,
    pub title: String,
    /// The row that it is about, dotted.
    pub about: String,
    pub message_type: MessageType,
    pub version: Version,
    pub receiver: Component,
    pub channel: DeviceChannel,
    pub category: MessageCategory,
    /// The message as it comes.
    pub text: String,
    pub expected: Expected,
}

impl Case {
    /// Whether the message is taken or refused as it should be; says what happened where it is not.
    pub fn judged(&self) -> Result<(), String> {
        self.judged_by(self.rules())
    }

    /// The same under tables that lack one row.
    pub fn judged_without(&self, row: &str) -> Result<(), String> {
        self.judged_by(self.rules().without(self.message_type, row))
    }

    fn rules(&self) -> Rules<'static> {
        Rules::received_by(self.receiver, &Version::ALL)
            .channel(self.channel)
            .category(self.category)
    }

    fn judged_by(&self, rules: Rules<'_>) -> Result<(), String> {
        let complaint = |what: String| {
            Err(format!(
                "{} {} {} {} to {}: {what}; expected {:?}",
                self.section, self.version, self.message_type, self.title, self.receiver, self.expected
            ))
        };
        match (rules.read(self.text.as_bytes()), &self.expected) {
            (Ok(message), Expected::Taken { ignored }) => {
                let written = match write(&message, &rules) {
                    Ok(written) => written,
                    Err(fault) => return complaint(format!("read, and not written: {fault}")),
                };
                let mut came: Value = serde_json::from_str(&self.text).unwrap();
                for path in ignored {
                    take_out(&mut came, path);
                }
                if written == came {
                    Ok(())
                } else {
                    complaint(format!("came {came} and was written {written}"))
                }
            }
            (Err(fault), Expected::Refused(code, detail))
                if fault.code.number() == *code && fault.detail == *detail =>
            {
                Ok(())
            }
            (Ok(_), Expected::Refused(..)) => complaint("taken".to_owned()),
            (Err(fault), _) => complaint(format!("refused with {} {}", fault.code, fault.detail)),
        }
    }
}

/// Takes an element out of an object, or out of the first object of an array; an object that it leaves empty goes too.
pub fn take_out(message: &mut Value, path: &str) {
    match path.split_once('.') {
        None => {
            message.as_object_mut().unwrap().remove(path);
        }
        Some((parent, rest)) => take_out(inside(&mut message[parent]), rest),
    }
}

/// An object, or the first of an array.
pub fn inside(value: &mut Value) -> &mut Value {
    if value.is_array() { &mut value[0] } else { value }
}

fn write(message: &Message, rules: &Rules<'_>) -> Result<Value, Box<Fault>> {
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
    }?;
    Ok(serde_json::from_slice(&bytes).unwrap())
}

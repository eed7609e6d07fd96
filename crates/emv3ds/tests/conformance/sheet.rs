//! The lines of the reference's element tables, and the cases that follow from them.

use emv3ds::{
    Version,
    code::{Component, DeviceChannel, MessageCategory, MessageType},
};
use serde_json::{Value, json};

use super::{
    case::{Case, Expected, inside, take_out},
    looks::{Looks, column},
};

/// A line: where it stands, the element, its look, and per channel (app, browser, 3RI) a letter per version: `R` required
/// in the whole message, `O` not, `-` no element of that version.
#[derive(Clone, Copy)]
pub struct Line {
    pub section: &'static str,
    pub name: &'static str,
    pub looks: Looks,
    channels: [&'static str; 3],
}

/// A line of all channels.
pub const fn line(section: &'static str, name: &'static str, looks: Looks, versions: &'static str) -> Line {
    per_channel(section, name, looks, [versions; 3])
}

/// A line that differs by channel.
pub const fn per_channel(
    section: &'static str,
    name: &'static str,
    looks: Looks,
    channels: [&'static str; 3],
) -> Line {
    Line {
        section,
        name,
        looks,
        channels,
    }
}

impl Line {
    fn letter(&self, version: Version, channel: usize) -> u8 {
        self.channels[channel].as_bytes()[column(version)]
    }

    pub fn is_there(&self, version: Version, channel: usize) -> bool {
        self.letter(version, channel) != b'-'
    }
}

/// A message to one receiver in one channel.
pub struct Sheet {
    pub area: &'static str,
    pub message_type: MessageType,
    pub receiver: Component,
    pub channel: DeviceChannel,
    /// Of two lines of the same element the latter.
    pub lines: Vec<Line>,
    /// The elements that cases follow from; none for all.
    pub followed: Vec<&'static str>,
}

impl Sheet {
    /// A message with every element that the version has.
    pub fn whole(&self, version: Version) -> Value {
        let mut message = json!({});
        for line in &self.lines {
            if line.is_there(version, self.place()) {
                message[line.name] = line.looks.good(version).remove(0);
            }
        }
        message
    }

    fn place(&self) -> usize {
        match self.channel {
            DeviceChannel::App => 0,
            DeviceChannel::RequestorInitiated => 2,
            _ => 1,
        }
    }

    /// A case of a message made of the whole one.
    pub fn case(
        &self,
        line: &Line,
        about: &str,
        title: String,
        version: Version,
        message: &Value,
        expected: Expected,
    ) -> Case {
        Case {
            area: self.area,
            section: line.section,
            title,
            about: about.to_owned(),
            message_type: self.message_type,
            version,
            receiver: self.receiver,
            channel: self.channel,
            category: MessageCategory::Payment,
            text: message.to_string(),
            expected,
        }
    }

    /// Every case that follows from the lines.
    pub fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for version in Version::ALL {
            let whole = self.whole(version);
            for (at, line) in self.lines.iter().enumerate() {
                let replaced = self.lines[at + 1..].iter().any(|later| later.name == line.name);
                let followed = self.followed.is_empty() || self.followed.contains(&line.name);
                if replaced || !followed {
                    continue;
                }
                self.follow(line, line.name, version, &whole, self.place(), &mut cases);
            }
        }
        cases
    }

    fn follow(
        &self,
        line: &Line,
        path: &str,
        version: Version,
        whole: &Value,
        place: usize,
        cases: &mut Vec<Case>,
    ) {
        let mut push = |title: String, message: &Value, expected| {
            cases.push(self.case(line, path, title, version, message, expected));
        };
        // Settled before any table is looked at (section 3.2): see the general cases.
        if matches!(path, "messageType" | "messageVersion") {
            push(format!("{path} written"), whole, Expected::taken());
            return;
        }
        if !line.is_there(version, place) {
            let message = set(whole, path, json!(17));
            let ignored = vec![path.to_owned()];
            push(format!("{path} unknown"), &message, Expected::Taken { ignored });
            return;
        }
        let mut without = whole.clone();
        take_out(&mut without, path);
        let expected = if line.letter(version, place) == b'R' {
            Expected::refused(201, path)
        } else {
            Expected::taken()
        };
        push(format!("{path} left out"), &without, expected);
        // Where the browser has the line as well, its bounds are tried there.
        let tried_elsewhere = place != 1 && line.is_there(version, 1);
        let few = if tried_elsewhere { 1 } else { usize::MAX };
        for value in line.looks.good(version).into_iter().take(few) {
            let title = format!("{path} = {}", shortened(&value));
            push(title, &set(whole, path, value), Expected::taken());
        }
        for (value, code) in line.looks.bad(version).into_iter().take(few) {
            let title = format!("{path} = {}", shortened(&value));
            push(title, &set(whole, path, value), Expected::refused(code, path));
        }
        if tried_elsewhere {
            return;
        }
        for inner in line.looks.lines(version).unwrap_or_default() {
            let path = format!("{path}.{}", inner.name);
            self.follow(inner, &path, version, whole, 1, cases);
        }
    }
}

/// The message with another value at a dotted path.
pub fn set(message: &Value, path: &str, value: Value) -> Value {
    let mut message = message.clone();
    let mut place = &mut message;
    for name in path.split('.') {
        place = &mut inside(place)[name];
    }
    *place = value;
    message
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(40).collect()
}

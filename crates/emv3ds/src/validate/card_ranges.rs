//! Reads the card ranges of a PRes one by one: only what the taker keeps grows, never a tree of 200,000 objects.

use std::io;

use serde_json::{Map, Value, value::RawValue};
use thiserror::Error;

use super::{
    Opened, Rules,
    element::Channels,
    engine::{Context, Findings, check_object},
    extension, ids_of, table, verdict,
};
use crate::{
    Fault, TransactionIds, Version,
    code::{ErrorCode, MessageType},
    json::{
        self, CARD_RANGES,
        stream::{Broken, CardRanges, Streamed},
    },
    message::{
        CardRangeData, PRes, Received, WireMessage,
        card_range::{CardRangeWire, NoEntry},
    },
};

/// A PRes read from a stream; its entries went to whoever took them.
#[derive(Debug)]
pub struct Preparation {
    /// The PRes, with no `card_range_data`, or the directory server's Erro in its place.
    pub received: Received<PRes>,
    /// How many entries `cardRangeData` had; `None` when it was left out.
    pub entries: Option<usize>,
}

/// Why a stream gave no PRes, or no card ranges.
#[derive(Debug, Error)]
pub enum Unread {
    /// The stream broke off, or grew too long; nothing is known of the message.
    #[error("cannot be read to its end: {0}")]
    Cut(#[from] io::Error),
    /// It is at fault.
    #[error(transparent)]
    Fault(#[from] Box<Fault>),
}

impl Rules<'_> {
    /// Reads a PRes, or an Erro in its place, from a stream of any length. `take` gets the entries of `cardRangeData` one
    /// by one; what it took counts only when this returns a message.
    ///
    /// The entries may come before the message's own version is known, so they are held against `asked_in`, the version
    /// of the PReq: an answer in another version is no answer to it anyway.
    pub fn read_preparation(
        &self,
        asked_in: Version,
        stream: impl io::Read,
        take: &mut dyn FnMut(CardRangeData),
    ) -> Result<Preparation, Unread> {
        let mut findings = Findings::default();
        let document = self.stream(asked_in, stream, &mut findings, take)?;
        let Streamed {
            mut root,
            duplicates,
            card_ranges,
        } = document;
        let ids = ids_of(&root);
        let fault = |code, detail: String, message_type, version| {
            Box::new(Fault::new(code, detail).of(message_type, version, ids))
        };
        let message_type = root
            .get("messageType")
            .and_then(Value::as_str)
            .and_then(MessageType::parse);
        let message_type = match message_type {
            Some(message_type @ (MessageType::PRes | MessageType::Erro)) => message_type,
            Some(other) => {
                let fault = fault(
                    ErrorCode::MessageReceivedInvalid,
                    "messageType".to_owned(),
                    other,
                    None,
                );
                return Err(fault.into());
            }
            None => {
                let fault = Fault::new(ErrorCode::MessageReceivedInvalid, "messageType");
                return Err(Box::new(Fault { ids, ..fault }).into());
            }
        };
        let version = self.version_of(message_type, &root)?;
        if message_type == MessageType::PRes && version != asked_in {
            let code = ErrorCode::FormatInvalid;
            return Err(fault(code, "messageVersion".to_owned(), message_type, Some(version)).into());
        }
        if !duplicates.is_empty() {
            let fault = fault(
                ErrorCode::DuplicateElement,
                duplicates.join(","),
                message_type,
                Some(version),
            );
            return Err(fault.into());
        }
        if let Some(identifiers) = extension::unknown_critical(&root, self.extensions) {
            let code = ErrorCode::CriticalExtensionNotRecognised;
            return Err(fault(code, identifiers, message_type, Some(version)).into());
        }
        let entries = count(card_ranges, &mut findings);
        settle_addresses(&mut root);
        let context = self.context(message_type, &root, version);
        let opened = Opened {
            message_type,
            version,
            ids,
            context,
            root,
            card_ranges: None,
            findings,
        };
        let received = if message_type == MessageType::Erro {
            Received::Erro(self.finish(opened)?)
        } else {
            Received::Message(self.finish(opened)?)
        };
        Ok(Preparation { received, entries })
    }

    /// Reads the file that a PRes names in `cardRangeDataFileURL`: an object with `cardRangeData` and nothing else that we
    /// know. The PRes's `ids` go into the fault.
    pub fn read_card_range_file(
        &self,
        asked_in: Version,
        ids: TransactionIds,
        stream: impl io::Read,
        take: &mut dyn FnMut(CardRangeData),
    ) -> Result<usize, Unread> {
        let of = |fault: Fault| Box::new(fault.of(PRes::TYPE, Some(asked_in), ids));
        let mut findings = Findings::default();
        let document = self.stream(asked_in, stream, &mut findings, take)?;
        if !document.duplicates.is_empty() {
            let fault = Fault::new(ErrorCode::DuplicateElement, document.duplicates.join(","));
            return Err(of(fault).into());
        }
        let entries = count(document.card_ranges, &mut findings);
        if entries.is_none() {
            findings.miss("", CARD_RANGES);
        }
        verdict(findings).map_err(of)?;
        Ok(entries.unwrap_or_default())
    }

    fn stream(
        &self,
        asked_in: Version,
        stream: impl io::Read,
        findings: &mut Findings,
        take: &mut dyn FnMut(CardRangeData),
    ) -> Result<Streamed, Unread> {
        let context = Context {
            version: asked_in,
            channel: Channels::AB3,
            category: self.category,
            receiver: self.receiver,
            without: self.row_struck_out(MessageType::PRes),
        };
        let document = json::stream::read(stream, &mut |entry| {
            if let Some(entry) = read_entry(entry, context, findings) {
                take(entry);
            }
        });
        document.map_err(|broken| match broken {
            Broken::Cut(error) => Unread::Cut(error),
            Broken::NotAnObject => {
                let detail = "the message is not a JSON object";
                Unread::Fault(Box::new(Fault::new(ErrorCode::MessageReceivedInvalid, detail)))
            }
        })
    }
}

/// How many entries there were. Anything but an array with something in it had to be left out.
fn count(card_ranges: Option<CardRanges>, findings: &mut Findings) -> Option<usize> {
    match card_ranges {
        None => None,
        Some(CardRanges::Entries(count @ 1..)) => Some(count),
        Some(CardRanges::Entries(0) | CardRanges::NoArray) => {
            findings.refuse("", CARD_RANGES);
            Some(0)
        }
    }
}

/// The entries of an array left unparsed that are sound; the others leave findings or duplicates.
pub(super) fn read(
    raw: &RawValue,
    context: Context<'_>,
    duplicates: &mut Vec<String>,
    findings: &mut Findings,
) -> Vec<CardRangeData> {
    let mut ranges = Vec::new();
    let count = json::for_each_entry(raw, duplicates, &mut |entry| {
        ranges.extend(read_entry(entry, context, findings));
    });
    // Neither an array nor an array with something in it: then the element had to be left out.
    if !matches!(count, Ok(1..)) {
        findings.refuse("", CARD_RANGES);
    }
    ranges.shrink_to_fit();
    ranges
}

fn read_entry(entry: Value, context: Context<'_>, findings: &mut Findings) -> Option<CardRangeData> {
    let Value::Object(mut entry) = entry else {
        findings.refuse("", CARD_RANGES);
        return None;
    };
    settle_names(&mut entry);
    check_object(&mut entry, table::CARD_RANGE_DATA, context, CARD_RANGES, findings);
    let wire: CardRangeWire = serde_json::from_value(Value::Object(entry)).ok()?;
    match CardRangeData::try_from(wire) {
        Ok(entry) => Some(entry),
        Err(NoEntry::Backwards(name)) => {
            findings.refuse(CARD_RANGES, name);
            None
        }
        Err(NoEntry::Incomplete) => None,
    }
}

/// Gives the elements of an entry the names of the table: published examples of 2.3.1 write `start` and `end` inside
/// `ranges`, and `dsProtocolVersion` for the list (emv-3ds section 8.3).
fn settle_names(entry: &mut Map<String, Value>) {
    if let Some(Value::Array(ranges)) = entry.get_mut("ranges") {
        for range in ranges.iter_mut().filter_map(Value::as_object_mut) {
            rename(range, "start", "startRange");
            rename(range, "end", "endRange");
        }
    }
    rename(entry, "dsProtocolVersion", "dsProtocolVersions");
    if let Some(versions) = entry.get_mut("dsProtocolVersions")
        && versions.is_string()
    {
        *versions = Value::Array(vec![versions.take()]);
    }
}

fn rename(object: &mut Map<String, Value>, from: &str, to: &str) {
    if !object.contains_key(to)
        && let Some(value) = object.remove(from)
    {
        object.insert(to.to_owned(), value);
    }
}

/// An address of `dsUrlList` may be an object or bare; its shape is not settled (emv-3ds section 8.2).
pub(super) fn settle_addresses(root: &mut Map<String, Value>) {
    if let Some(Value::Array(addresses)) = root.get_mut("dsUrlList") {
        for address in addresses.iter_mut().filter(|address| address.is_string()) {
            *address = Value::Object(Map::from_iter([("dsUrl".to_owned(), address.take())]));
        }
    }
}

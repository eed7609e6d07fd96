//! Which element exists, is required or conditional in which version, and what its value looks like.
//!
//! The tables ([`table`]) are data, a row an element, to be held against the specification; [`element`] is their
//! vocabulary; one engine applies them to every message in both directions. [`Rules`] is the door: it reads bytes into
//! messages and writes messages into bytes, and nothing passes it unchecked.
//!
//! Checks come in the order that gives a faulty message the error code its sender expects: JSON and type (101), version
//! (102), duplicates (204), critical extensions (202), missing elements (201), formats (203), values that EMVCo keeps for
//! later (207 from 2.3.1 on, 203 before). What needs more than the message, as an identifier nobody knows, comes after
//! ([`ARes::answers`], [`RReq::concludes`]).
//!
//! Tables hold messages as they are on the wire of each version; the structs hold them in the shape of 2.3.1. What has
//! changed its shape on the way is in [`shape`], and is turned after reading and before writing.

use serde_json::{Map, Value};

use crate::{
    AcsTransId, DsTransId, Fault, ThreeDsServerTransId, TransactionIds, Version,
    code::{Component, DeviceChannel, ErrorCode, MessageCategory, MessageType},
    encoding,
    json::{self, Document},
    message::{
        AReq, ARes, CReq, CRes, CardRangeData, Erro, Message, PReq, PRes, RReq, RRes, Received, WireMessage,
    },
};

mod card_ranges;
pub mod element;
mod engine;
mod extension;
mod format;
pub mod shape;
pub mod table;

pub use card_ranges::{Preparation, Unread};
use element::Channels;
use engine::{Context, Findings, check_object};

/// Longest message read, in bytes, other than a PRes. All elements of an AReq of 2.3.1 at their longest are some 400,000
/// characters; a real one is a hundredth of that.
pub const MESSAGE_MAX_BYTES: usize = 512 * 1024;
/// Longest PRes read, in bytes: 200,000 card ranges at the length they are known to reach.
pub const PRES_MAX_BYTES: usize = 256 * 1024 * 1024;

/// What a message is held against: who receives it, which versions that receiver speaks, and what the message itself
/// does not say.
///
/// The sender uses its peer's rules to write, the receiver its own to read:
///
/// ```
/// use emv3ds::{Rules, Version, code::Component};
///
/// let to_the_directory_server = Rules::received_by(Component::DirectoryServer, &Version::ALL);
/// let by_ourselves = Rules::received_by(Component::Server, &[Version::V2_2_0]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    receiver: Component,
    versions: &'a [Version],
    channel: DeviceChannel,
    category: MessageCategory,
    extensions: &'a [&'a str],
    without: Option<(MessageType, &'a str)>,
}

impl<'a> Rules<'a> {
    /// Rules of a receiver that speaks these versions: browser channel, payment, no extensions.
    pub const fn received_by(receiver: Component, versions: &'a [Version]) -> Self {
        Self {
            receiver,
            versions,
            channel: DeviceChannel::Browser,
            category: MessageCategory::Payment,
            extensions: &[],
            without: None,
        }
    }

    /// For messages that do not name their device channel, which are all but the AReq: the one of the request.
    #[must_use]
    pub const fn channel(mut self, channel: DeviceChannel) -> Self {
        self.channel = channel;
        self
    }

    /// For replies that do not name their category: the one of the request.
    #[must_use]
    pub const fn category(mut self, category: MessageCategory) -> Self {
        self.category = category;
        self
    }

    /// Identifiers of the extensions the receiver knows; any other that is critical is refused.
    #[must_use]
    pub const fn extensions(mut self, identifiers: &'a [&'a str]) -> Self {
        self.extensions = identifiers;
        self
    }

    /// The same rules with one row of a message's table struck out, its nested elements dotted (`mobilePhone.cc`): for
    /// showing that the row is missed.
    #[must_use]
    pub const fn without(mut self, message_type: MessageType, row: &'a str) -> Self {
        self.without = Some((message_type, row));
        self
    }

    /// Reads any message the receiver takes.
    pub fn read(&self, bytes: &[u8]) -> Result<Message, Box<Fault>> {
        let opened = self.open(bytes, |message_type| message_type.accepted_by(self.receiver))?;
        Ok(match opened.message_type {
            MessageType::AReq => self.finish::<AReq>(opened)?.into(),
            MessageType::ARes => self.finish::<ARes>(opened)?.into(),
            MessageType::CReq => self.finish::<CReq>(opened)?.into(),
            MessageType::CRes => self.finish::<CRes>(opened)?.into(),
            MessageType::RReq => self.finish::<RReq>(opened)?.into(),
            MessageType::RRes => self.finish::<RRes>(opened)?.into(),
            MessageType::PReq => self.finish::<PReq>(opened)?.into(),
            MessageType::PRes => self.finish::<PRes>(opened)?.into(),
            MessageType::Erro => self.finish::<Erro>(opened)?.into(),
        })
    }

    /// Reads the one message awaited here, or an Erro in its place; any other type is refused (101).
    pub fn read_as<M: WireMessage>(&self, bytes: &[u8]) -> Result<Received<M>, Box<Fault>> {
        let opened = self.open(bytes, |message_type| {
            message_type == M::TYPE || message_type == MessageType::Erro
        })?;
        if opened.message_type == MessageType::Erro {
            self.finish(opened).map(Received::Erro)
        } else {
            self.finish(opened).map(Received::Message)
        }
    }

    /// Reads a form field that a browser brings (`creq`, `cres`): base64url, with or without padding.
    pub fn read_form<M: WireMessage>(&self, field: &str) -> Result<Received<M>, Box<Fault>> {
        let bytes = encoding::from_base64url(field).map_err(|bad| {
            let fault = Fault::new(ErrorCode::MessageReceivedInvalid, bad.to_string());
            Box::new(fault.of(M::TYPE, None, TransactionIds::default()))
        })?;
        self.read_as(&bytes)
    }

    /// Writes a message, having checked it.
    pub fn write<M: WireMessage>(&self, message: &M) -> Result<Vec<u8>, Box<Fault>> {
        let checked = self.checked(message)?;
        serde_json::to_vec(&checked).map_err(|_| unlike_its_table(M::TYPE, message.version(), message.ids()))
    }

    /// Writes a message as the form field a browser carries: checked, base64url without padding.
    pub fn write_form<M: WireMessage>(&self, message: &M) -> Result<String, Box<Fault>> {
        self.write(message).map(|bytes| encoding::base64url(&bytes))
    }

    /// Checks a message that is to be sent; the fault names the elements that are missing or do not fit.
    pub fn check<M: WireMessage>(&self, message: &M) -> Result<(), Box<Fault>> {
        self.checked(message).map(|_| ())
    }

    /// The message as JSON, without what its version does not have.
    fn checked<M: WireMessage>(&self, message: &M) -> Result<Map<String, Value>, Box<Fault>> {
        let Ok(Value::Object(mut root)) = serde_json::to_value(message) else {
            return Err(unlike_its_table(M::TYPE, message.version(), message.ids()));
        };
        let version = self.version_of(M::TYPE, &root)?;
        shape::to_wire(M::TYPE, version, &mut root);
        let context = self.context(M::TYPE, &root, version);
        let mut findings = Findings::default();
        check_object(&mut root, table::of(M::TYPE), context, "", &mut findings);
        verdict(findings).map_err(|fault| Box::new(fault.of(M::TYPE, Some(version), message.ids())))?;
        // Nothing leaves that no row speaks of; the structs have no more than the rows, unless one is struck out.
        if let Some(row) = self.row_struck_out(M::TYPE) {
            root.remove(row);
        }
        Ok(root)
    }

    /// Parses, and settles type, version, duplicates and critical extensions.
    fn open(&self, bytes: &[u8], accepts: impl Fn(MessageType) -> bool) -> Result<Opened<'a>, Box<Fault>> {
        let invalid = |detail: &str| Fault::new(ErrorCode::MessageReceivedInvalid, detail);
        let longest = if accepts(MessageType::PRes) {
            PRES_MAX_BYTES
        } else {
            MESSAGE_MAX_BYTES
        };
        if bytes.len() > longest {
            return Err(Box::new(invalid("the message is too long")));
        }
        let Document {
            mut root,
            mut duplicates,
            card_ranges,
        } = json::parse(bytes).map_err(|_| Box::new(invalid("the message is not a JSON object")))?;
        let ids = ids_of(&root);
        let Some(message_type) = root
            .get("messageType")
            .and_then(Value::as_str)
            .and_then(MessageType::parse)
        else {
            return Err(Box::new(Fault {
                ids,
                ..invalid("messageType")
            }));
        };
        if bytes.len() > MESSAGE_MAX_BYTES && message_type != MessageType::PRes {
            return Err(Box::new(invalid("the message is too long").of(
                message_type,
                None,
                ids,
            )));
        }
        if !accepts(message_type) {
            return Err(Box::new(invalid("messageType").of(message_type, None, ids)));
        }
        let version = self.version_of(message_type, &root)?;
        let context = self.context(message_type, &root, version);

        // The card ranges are judged entry by entry while they are read, but their findings count where all others do.
        let mut findings = Findings::default();
        let card_ranges = card_ranges
            .filter(|_| message_type == MessageType::PRes)
            .map(|raw| card_ranges::read(raw, context, &mut duplicates, &mut findings));
        if message_type == MessageType::PRes {
            card_ranges::settle_addresses(&mut root);
        }

        let fault = if !duplicates.is_empty() {
            Some(Fault::new(ErrorCode::DuplicateElement, duplicates.join(",")))
        } else {
            extension::unknown_critical(&root, self.extensions)
                .map(|identifiers| Fault::new(ErrorCode::CriticalExtensionNotRecognised, identifiers))
        };
        match fault {
            Some(fault) => Err(Box::new(fault.of(message_type, Some(version), ids))),
            None => Ok(Opened {
                message_type,
                version,
                ids,
                context,
                root,
                card_ranges,
                findings,
            }),
        }
    }

    /// Holds an opened message against its table and gives it its type.
    fn finish<M: WireMessage>(&self, opened: Opened<'_>) -> Result<M, Box<Fault>> {
        let Opened {
            version,
            ids,
            context,
            mut root,
            card_ranges,
            mut findings,
            ..
        } = opened;
        check_object(&mut root, table::of(M::TYPE), context, "", &mut findings);
        verdict(findings).map_err(|fault| Box::new(fault.of(M::TYPE, Some(version), ids)))?;
        shape::from_wire(M::TYPE, version, &mut root);
        let mut message: M = serde_json::from_value(Value::Object(root))
            .map_err(|_| unlike_its_table(M::TYPE, Some(version), ids))?;
        if let Some(card_ranges) = card_ranges {
            message.set_card_ranges(card_ranges);
        }
        Ok(message)
    }

    /// The version a message is in, if the receiver speaks it.
    ///
    /// An Erro is taken in any version: it may be about the version.
    fn version_of(
        &self,
        message_type: MessageType,
        root: &Map<String, Value>,
    ) -> Result<Version, Box<Fault>> {
        let fault =
            |code, detail: String| Box::new(Fault::new(code, detail).of(message_type, None, ids_of(root)));
        let Some(named) = root.get("messageVersion") else {
            return Err(fault(
                ErrorCode::RequiredElementMissing,
                "messageVersion".to_owned(),
            ));
        };
        let Some(text) = named.as_str().filter(|text| (5..=8).contains(&text.len())) else {
            return Err(fault(ErrorCode::FormatInvalid, "messageVersion".to_owned()));
        };
        match Version::parse(text).filter(|version| self.versions.contains(version)) {
            Some(version) => Ok(version),
            None if message_type == MessageType::Erro => {
                Ok(self.versions.iter().copied().max().unwrap_or(Version::V2_3_1))
            }
            None => Err(fault(
                ErrorCode::VersionNotSupported,
                Version::list(self.versions),
            )),
        }
    }

    fn context(&self, message_type: MessageType, root: &Map<String, Value>, version: Version) -> Context<'a> {
        // Only what is an element of this type counts: an ARes cannot say that it is no payment.
        let said = |name: &str| {
            let has = table::of(message_type).iter().any(|element| element.name == name);
            root.get(name).filter(|_| has).and_then(Value::as_str)
        };
        let channel = said("deviceChannel")
            .and_then(DeviceChannel::parse)
            .unwrap_or(self.channel);
        Context {
            version,
            channel: match channel {
                DeviceChannel::App => Channels::A,
                DeviceChannel::Browser => Channels::B,
                DeviceChannel::RequestorInitiated => Channels::I,
                // No channel of ours: its own row refuses it.
                DeviceChannel::DirectoryServer(_) => Channels::B,
            },
            category: said("messageCategory")
                .and_then(MessageCategory::parse)
                .unwrap_or(self.category),
            receiver: self.receiver,
            without: self.row_struck_out(message_type),
        }
    }

    fn row_struck_out(&self, message_type: MessageType) -> Option<&'a str> {
        self.without
            .filter(|(of, _)| *of == message_type)
            .map(|(_, row)| row)
    }
}

/// A message whose type and version are settled.
struct Opened<'a> {
    message_type: MessageType,
    version: Version,
    ids: TransactionIds,
    context: Context<'a>,
    root: Map<String, Value>,
    card_ranges: Option<Vec<CardRangeData>>,
    findings: Findings,
}

/// Missing elements before malformed ones and those before reserved values, as peers expect.
fn verdict(findings: Findings) -> Result<(), Fault> {
    if !findings.missing.is_empty() {
        Err(Fault::new(
            ErrorCode::RequiredElementMissing,
            findings.missing.join(","),
        ))
    } else if !findings.malformed.is_empty() {
        Err(Fault::new(ErrorCode::FormatInvalid, findings.malformed.join(",")))
    } else if !findings.reserved.is_empty() {
        Err(Fault::new(
            ErrorCode::ReservedValueUsed,
            findings.reserved.join(","),
        ))
    } else {
        Ok(())
    }
}

/// A table let something pass that the message's struct cannot hold: ours to mend, and still no reason to panic.
fn unlike_its_table(message_type: MessageType, version: Option<Version>, ids: TransactionIds) -> Box<Fault> {
    Box::new(Fault::new(ErrorCode::FormatInvalid, message_type.as_str()).of(message_type, version, ids))
}

fn ids_of(root: &Map<String, Value>) -> TransactionIds {
    let text = |name| root.get(name).and_then(Value::as_str);
    TransactionIds {
        three_ds_server_trans_id: text("threeDSServerTransID").and_then(ThreeDsServerTransId::parse),
        acs_trans_id: text("acsTransID").and_then(AcsTransId::parse),
        ds_trans_id: text("dsTransID").and_then(DsTransId::parse),
    }
}

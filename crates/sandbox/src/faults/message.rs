//! What may go wrong with one message, of 3-D Secure or to a phone: a word of `POST /faults` for each.

use std::time::Duration;

use primitives::Brand;
use serde_json::{Map, Value};

use super::text_message::{CARRIERS, TextFault};

/// The target of faults that an issuer's ACS plays.
pub const ACS: &str = "acs";
/// The target of faults that a directory server plays.
pub const DIRECTORY: &str = "directory";

/// What is wrong with a message that is otherwise as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoil {
    /// `threeDSServerTransID` of no transaction.
    ForeignServerId,
    /// `acsTransID` of no transaction.
    ForeignAcsId,
    /// `dsTransID` of no transaction.
    ForeignDsId,
    /// Another `messageVersion` than the transaction's.
    OtherVersion,
    /// The elements named are gone.
    MissingElement,
    /// The elements named are empty.
    EmptyElement,
    /// The elements named hold what they cannot.
    BadFormat,
    /// The elements named, which have lists of values, hold a reserved one.
    ReservedValue,
    /// The first element named is there twice.
    DuplicateElement,
    /// An extension nobody knows, and everybody must.
    CriticalExtension,
    /// A type of message that does not belong here.
    WrongType,
    /// No JSON.
    NoJson,
    /// Some elements hold what the order says.
    With,
}

const SPOILS: [(&str, Spoil); 13] = [
    ("foreign_server_id", Spoil::ForeignServerId),
    ("foreign_acs_id", Spoil::ForeignAcsId),
    ("foreign_ds_id", Spoil::ForeignDsId),
    ("other_version", Spoil::OtherVersion),
    ("missing_element", Spoil::MissingElement),
    ("empty_element", Spoil::EmptyElement),
    ("bad_format", Spoil::BadFormat),
    ("reserved_value", Spoil::ReservedValue),
    ("duplicate_element", Spoil::DuplicateElement),
    ("critical_extension", Spoil::CriticalExtension),
    ("wrong_type", Spoil::WrongType),
    ("no_json", Spoil::NoJson),
    ("with", Spoil::With),
];

/// What goes wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageFault {
    /// `areq_erro`: an Erro instead of the ARes; the ACS's or the directory server's, by target.
    AReqErro,
    /// `preq_erro`: an Erro instead of the PRes.
    PReqErro,
    /// `ares_…`: a spoiled ARes.
    ARes(Spoil),
    /// `ares_challenge`: an ARes that wants a challenge, asked for or not.
    AResChallenge,
    /// `ares_decoupled`: an ARes that promises decoupled authentication, asked for or not.
    AResDecoupled,
    /// `rreq_…`: a spoiled RReq goes ahead of the true one.
    RReq(Spoil),
    /// `rreq_missing`: the RReq never leaves.
    RReqMissing,
    /// `rreq_repeated`: the same RReq again.
    RReqRepeated,
    /// `rreq_contradicted`: the RReq again, saying the contrary.
    RReqContradicted,
    /// `rreq_late`: the browser goes back first, the RReq follows.
    RReqLate,
    /// `rreq_early`: the RReq goes ahead of the ARes, and again when it is time.
    RReqEarly,
    /// `rreq_unasked`: an RReq after an ARes that was final.
    RReqUnasked,
    /// `rreq_by_other_brand`: another brand's directory server brings the RReq first.
    RReqByOtherBrand,
    /// `rreq_decoupled_follows`: the challenge ends with `D`, to be gone on with decoupled (2.3.1).
    RReqDecoupledFollows,
    /// `cres_…`: the browser brings a spoiled CRes.
    CRes(Spoil),
    /// `cres_contradicted`: the CRes says the contrary of the RReq.
    CResContradicted,
    /// `cres_missing`: the browser comes back with nothing.
    CResMissing,
    /// `decoupled_timeout`: the cardholder does not answer in time.
    DecoupledTimeout,
    /// `decoupled_denied`: the cardholder says no.
    DecoupledDenied,
    /// `decoupled_too_short`: whatever time is offered is too short.
    DecoupledTooShort,
    /// `pres_…`: a spoiled PRes.
    PRes(Spoil),
    /// `pres_overlap`: two ranges have numbers in common.
    PResOverlap,
    /// `pres_modify_unknown`: a change of a range that is not there.
    PResModifyUnknown,
    /// `pres_delete_unknown`: a deletion of a range that is not there.
    PResDeleteUnknown,
    /// `pres_add_known`: an addition of a range that is there already.
    PResAddKnown,
    /// `pres_without_serial`: everything anew, and no serial number to ask from.
    PResWithoutSerial,
    /// `pres_truncated`: the JSON ends in the middle.
    PResTruncated,
    /// `pres_truncated_gzip`: the compressed answer ends in the middle.
    PResTruncatedGzip,
    /// Something of a text message.
    Text(TextFault),
}

/// Words, what they are, and who plays them; the spoiled messages have words of their own.
const WORDS: [(&str, MessageFault, &[&str]); 24] = [
    ("areq_erro", MessageFault::AReqErro, &[DIRECTORY, ACS]),
    ("preq_erro", MessageFault::PReqErro, &[DIRECTORY]),
    ("ares_challenge", MessageFault::AResChallenge, &[ACS]),
    ("ares_decoupled", MessageFault::AResDecoupled, &[ACS]),
    ("rreq_missing", MessageFault::RReqMissing, &[ACS]),
    ("rreq_repeated", MessageFault::RReqRepeated, &[ACS]),
    ("rreq_contradicted", MessageFault::RReqContradicted, &[ACS]),
    ("rreq_late", MessageFault::RReqLate, &[ACS]),
    ("rreq_early", MessageFault::RReqEarly, &[ACS]),
    ("rreq_unasked", MessageFault::RReqUnasked, &[ACS]),
    ("rreq_by_other_brand", MessageFault::RReqByOtherBrand, &[ACS]),
    (
        "rreq_decoupled_follows",
        MessageFault::RReqDecoupledFollows,
        &[ACS],
    ),
    ("cres_contradicted", MessageFault::CResContradicted, &[ACS]),
    ("cres_missing", MessageFault::CResMissing, &[ACS]),
    ("decoupled_timeout", MessageFault::DecoupledTimeout, &[ACS]),
    ("decoupled_denied", MessageFault::DecoupledDenied, &[ACS]),
    ("decoupled_too_short", MessageFault::DecoupledTooShort, &[ACS]),
    ("pres_overlap", MessageFault::PResOverlap, &[DIRECTORY]),
    (
        "pres_modify_unknown",
        MessageFault::PResModifyUnknown,
        &[DIRECTORY],
    ),
    (
        "pres_delete_unknown",
        MessageFault::PResDeleteUnknown,
        &[DIRECTORY],
    ),
    ("pres_add_known", MessageFault::PResAddKnown, &[DIRECTORY]),
    (
        "pres_without_serial",
        MessageFault::PResWithoutSerial,
        &[DIRECTORY],
    ),
    ("pres_truncated", MessageFault::PResTruncated, &[DIRECTORY]),
    (
        "pres_truncated_gzip",
        MessageFault::PResTruncatedGzip,
        &[DIRECTORY],
    ),
];

/// Which message is spoiled.
type Spoiling = fn(Spoil) -> MessageFault;

/// The messages that can be spoiled, by the beginning of their words, and who spoils them.
const SPOILED: [(&str, Spoiling, &[&str]); 4] = [
    ("ares_", MessageFault::ARes, &[ACS]),
    ("rreq_", MessageFault::RReq, &[ACS]),
    ("cres_", MessageFault::CRes, &[ACS]),
    ("pres_", MessageFault::PRes, &[DIRECTORY]),
];

impl MessageFault {
    /// The fault of a word at a target.
    pub fn parse(word: &str, target: &str) -> Option<Self> {
        let special = WORDS.iter().find(|(listed, ..)| *listed == word);
        if let Some((_, fault, targets)) = special {
            return targets.contains(&target).then_some(*fault);
        }
        if CARRIERS.contains(&target) {
            let (_, fault) = TextFault::WORDS.iter().find(|(listed, _)| *listed == word)?;
            return Some(Self::Text(*fault));
        }
        SPOILED.iter().find_map(|(prefix, make, targets)| {
            let rest = word.strip_prefix(prefix)?;
            let (_, spoil) = SPOILS.iter().find(|(listed, _)| *listed == rest)?;
            targets.contains(&target).then(|| make(*spoil))
        })
    }

    /// Whether it is played when a PReq comes.
    pub fn is_of_preparation(self) -> bool {
        matches!(
            self,
            Self::PReqErro
                | Self::PRes(_)
                | Self::PResOverlap
                | Self::PResModifyUnknown
                | Self::PResDeleteUnknown
                | Self::PResAddKnown
                | Self::PResWithoutSerial
                | Self::PResTruncated
                | Self::PResTruncatedGzip
        )
    }

    /// Every word of a target.
    pub fn words(target: &str) -> Vec<String> {
        let special = WORDS.iter().filter(|(.., targets)| targets.contains(&target));
        let spoiled = SPOILED.iter().filter(|(.., targets)| targets.contains(&target));
        special
            .map(|(word, ..)| (*word).to_owned())
            .chain(spoiled.flat_map(|(prefix, ..)| SPOILS.map(|(word, _)| format!("{prefix}{word}"))))
            .chain(
                TextFault::WORDS
                    .iter()
                    .filter(|_| CARRIERS.contains(&target))
                    .map(|(word, _)| (*word).to_owned()),
            )
            .collect()
    }
}

/// A message fault with what its order says besides the word.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageFaultOrder {
    /// What goes wrong.
    pub fault: MessageFault,
    /// Names for the words that need some; empty for a fitting element.
    pub elements: Vec<String>,
    /// What elements hold, for `…_with`.
    pub set: Map<String, Value>,
    /// `errorCode` of an Erro.
    pub code: Option<u16>,
    /// `errorDetail` of an Erro.
    pub detail: Option<String>,
    /// Only with this account number.
    pub card: Option<String>,
    /// Only at this brand's directory server.
    pub brand: Option<Brand>,
    /// How late, where that is the fault.
    pub delay: Option<Duration>,
}

impl MessageFaultOrder {
    /// Whether an authentication of this card at this brand is what goes wrong.
    pub fn concerns(&self, brand: Brand, account_number: &str) -> bool {
        self.brand.is_none_or(|of| of == brand)
            && self.card.as_deref().is_none_or(|card| card == account_number)
    }
}

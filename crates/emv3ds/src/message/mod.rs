//! The messages, one file each, every field spelled as the specification spells it.
//!
//! The structs say what a field holds, in the names and shapes of 2.3.1; when it must be there is the business of the
//! tables in [`crate::validate`], and how an older version spelled it of [`crate::validate::shape`]. They are read and written through [`crate::Rules`], which checks them, and never directly.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{TransactionIds, Version, code::MessageType};

mod areq;
mod areq_objects;
mod areq_purchase;
mod ares;
mod asked;
pub(crate) mod card_range;
mod consistency;
mod creq;
mod cres;
mod erro;
mod objects;
mod preq;
mod pres;
mod rreq;
mod rres;

pub use areq::AReq;
pub use areq_objects::{
    AccountInfo, AuthenticationData, MerchantRiskIndicator, Phone, PriorAuthenticationInfo,
    RequestorAuthenticationInfo,
};
pub use areq_purchase::{MerchantListed, MultiTransaction, RecurringInd, SellerInfo};
pub use ares::ARes;
pub use asked::{Asked, ChallengeInds};
pub use card_range::{
    AccountRange, AcsProtocolVersion, AcsTerms, AcsVersions, CardRangeData, RangeBound, SupportedExtension,
};
pub use consistency::Challenged;
pub use creq::CReq;
pub use cres::CRes;
pub use erro::Erro;
pub use objects::{AcsRenderingType, CardholderInfo, WebAuthnCredentials};
pub use preq::{PReq, Yes};
pub use pres::{PRes, ReadOrder};
pub use rreq::RReq;
pub use rres::RRes;

/// A message of the protocol.
pub trait WireMessage: Serialize + DeserializeOwned + Into<Message> {
    /// Its `messageType`.
    const TYPE: MessageType;

    /// Its `messageVersion`; `None` for an `Erro` in a version we do not speak.
    fn version(&self) -> Option<Version>;

    /// The transaction it belongs to, as far as it says.
    fn ids(&self) -> TransactionIds;

    /// Takes the card ranges, which are read apart from the rest; only a PRes has any.
    fn set_card_ranges(&mut self, _card_ranges: Vec<CardRangeData>) {}
}

/// Any message.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Authentication request.
    AReq(Box<AReq>),
    /// Authentication response.
    ARes(Box<ARes>),
    /// Challenge request.
    CReq(CReq),
    /// Challenge response.
    CRes(CRes),
    /// Results request.
    RReq(Box<RReq>),
    /// Results response.
    RRes(RRes),
    /// Preparation request.
    PReq(PReq),
    /// Preparation response.
    PRes(PRes),
    /// Error.
    Erro(Erro),
}

impl Message {
    /// Its `messageType`.
    pub fn message_type(&self) -> MessageType {
        match self {
            Self::AReq(_) => MessageType::AReq,
            Self::ARes(_) => MessageType::ARes,
            Self::CReq(_) => MessageType::CReq,
            Self::CRes(_) => MessageType::CRes,
            Self::RReq(_) => MessageType::RReq,
            Self::RRes(_) => MessageType::RRes,
            Self::PReq(_) => MessageType::PReq,
            Self::PRes(_) => MessageType::PRes,
            Self::Erro(_) => MessageType::Erro,
        }
    }

    /// The transaction it belongs to, as far as it says.
    pub fn ids(&self) -> TransactionIds {
        match self {
            Self::AReq(message) => message.ids(),
            Self::ARes(message) => message.ids(),
            Self::CReq(message) => message.ids(),
            Self::CRes(message) => message.ids(),
            Self::RReq(message) => message.ids(),
            Self::RRes(message) => message.ids(),
            Self::PReq(message) => message.ids(),
            Self::PRes(message) => message.ids(),
            Self::Erro(message) => message.ids(),
        }
    }
}

/// What came where one type of message was awaited: that message, or the peer's `Erro` in its place.
#[derive(Clone, Debug, PartialEq)]
pub enum Received<M> {
    /// The message awaited.
    Message(M),
    /// The peer found a fault, in our message or in itself.
    Erro(Erro),
}

/// An element of `messageExtension`: something two parties agreed on beyond the specification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageExtension {
    /// What its owner calls it, at most 64 characters.
    pub name: String,
    /// Its identifier, at most 64 characters, beginning with its owner's RID.
    pub id: String,
    /// Whether a receiver that does not know it must refuse the message.
    #[serde(rename = "criticalityIndicator")]
    pub criticality_indicator: bool,
    /// Its content, passed on as it came; at most 8059 characters.
    pub data: Map<String, Value>,
}

/// The lines every message repeats: its type, its version, and how it becomes a [`Message`].
macro_rules! wire_message {
    ($name:ident, $($wrap:ident)? $(, $more:item)*) => {
        impl $crate::message::WireMessage for $name {
            const TYPE: $crate::code::MessageType = $crate::code::MessageType::$name;

            fn version(&self) -> Option<$crate::Version> {
                Some(self.message_version)
            }

            fn ids(&self) -> $crate::TransactionIds {
                self.transaction_ids()
            }

            $($more)*
        }

        impl From<$name> for $crate::message::Message {
            fn from(message: $name) -> Self {
                Self::$name($($wrap::new)?(message))
            }
        }
    };
}
use wire_message;

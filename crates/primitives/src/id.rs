//! Identifiers with a kind, so that a refund's id does not pass for a payment's.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{cmp, fmt, hash, marker::PhantomData, str::FromStr};
use thiserror::Error;
use uuid::Uuid;

/// What an identifier names. The prefix is shown on our own faces (`con_…`); faces compatible with another system
/// write plain UUIDs.
pub trait Kind {
    const PREFIX: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}
        impl Kind for $name {
            const PREFIX: &'static str = $prefix;
        }
    )*};
}

/// The kinds of things that have identifiers. They are names only and have no values.
pub mod kind {
    use super::Kind;

    kinds! {
        /// Whoever sells and owns orders.
        Merchant = "mer";
        /// A private or public API key of a merchant.
        ApiKey = "key";
        /// A merchant's pair of API keys.
        Application = "app";
        /// A merchant's account at a processor.
        Connection = "con";
        /// A merchant's rule about which connections take which charges.
        RoutingRule = "rul";
        /// What a shopper is to pay; its id is the order token.
        Order = "ord";
        /// One purchase call's try to get an order paid.
        Payment = "pay";
        /// One request for money to one processor.
        Attempt = "att";
        /// One capture, void or refund of an approved payment.
        Settlement = "set";
        /// One run of 3-D Secure; its id is the `threeDSServerTransID`.
        Authentication = "tds";
        /// Something a merchant is told about; `webhook-id`.
        Event = "evt";
        /// Where a merchant wants to be told, besides an order's own URL.
        WebhookEndpoint = "ep";
        /// What webhooks are signed with.
        WebhookKey = "whk";
        /// Work to be looked at again later.
        Task = "tsk";
        /// A person who works in the admin.
        Operator = "opr";
        /// A shop of the 3DS Server API.
        Shop = "shp";
        /// A card that a shop names by a token.
        CardToken = "ctk";
    }
}

/// A UUID (version 7 where we made it) that names a thing of kind `K`.
pub struct Id<K>(Uuid, PhantomData<fn() -> K>);

/// The text is neither a UUID nor our prefix followed by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not an identifier of this kind")]
pub struct NotAnId;

impl<K: Kind> Id<K> {
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The bare UUID, for databases and compatible faces.
    pub fn uuid(self) -> Uuid {
        self.0
    }

    /// The identifier with its kind in front, `con_0190…`, for our own faces.
    pub fn prefixed(self) -> String {
        format!("{}_{}", K::PREFIX, self.0.simple())
    }
}

/// Takes a UUID in hyphenated or simple form, with or without this kind's prefix.
impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let bare = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .unwrap_or(text);
        match bare.len() {
            32 | 36 => Uuid::try_parse(bare).map(Self::from_uuid).map_err(|_| NotAnId),
            _ => Err(NotAnId),
        }
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Id<K> {}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<K> hash::Hash for Id<K> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, self.0)
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::from_uuid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_both_of_its_forms() {
        let id = Id::<kind::Payment>::from_uuid(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.prefixed().parse(), Ok(id));
    }

    #[test]
    fn another_kinds_prefix_is_refused() {
        let order = Id::<kind::Order>::from_uuid(Uuid::from_u128(7)).prefixed();
        assert_eq!(order.parse::<Id<kind::Payment>>(), Err(NotAnId));
        assert_eq!("".parse::<Id<kind::Payment>>(), Err(NotAnId));
        assert_eq!(
            "urn:uuid:00000000-0000-0000-0000-000000000007".parse::<Id<kind::Payment>>(),
            Err(NotAnId)
        );
    }
}

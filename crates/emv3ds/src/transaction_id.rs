//! The three identifiers of an authentication, each its own type so that one does not pass for another.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! transaction_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Reads the canonical form, 36 characters with hyphens, in either case.
            pub fn parse(text: &str) -> Option<Self> {
                if text.len() == uuid::fmt::Hyphenated::LENGTH { Uuid::try_parse(text).ok().map(Self) } else { None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

transaction_id! {
    /// `threeDSServerTransID`: given by the 3DS Server, the key of the whole transaction.
    ThreeDsServerTransId
}
transaction_id! {
    /// `acsTransID`: given by the ACS in the ARes.
    AcsTransId
}
transaction_id! {
    /// `dsTransID`: given by the directory server; the one later carried in the authorisation.
    DsTransId
}

/// The identifiers a message names, as far as it names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransactionIds {
    /// `threeDSServerTransID`.
    pub three_ds_server_trans_id: Option<ThreeDsServerTransId>,
    /// `acsTransID`.
    pub acs_trans_id: Option<AcsTransId>,
    /// `dsTransID`.
    pub ds_trans_id: Option<DsTransId>,
}

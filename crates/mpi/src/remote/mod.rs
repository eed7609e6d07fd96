//! A 3DS Server that is not ours, spoken to by the 3DS Server API (`/v2/authentication`, `/v2/transaction`).
//!
//! It stands where our own 3DS Server and the directory server behind it stand otherwise: it knows the card ranges,
//! sends the AReq, and takes the RReq. What it answers is put back into the ARes or RReq that it tells of, and held
//! against the same [`Transaction`](crate::Transaction) by the same rules; a result made of it names it.
//!
//! [`exchange`] has the three requests, [`elements`] what the API calls an element, [`document`] what an answer says,
//! [`taking`] what it means for a transaction, [`signature`] the optional signature of a creation.

use primitives::Secret;
use std::fmt;
use url::Url;

mod document;
mod elements;
mod exchange;
mod signature;
mod taking;

pub use document::{Answered, Report};
pub use exchange::{CannotAsk, Creation, Enrolled, authenticate, brand_id, create, prepare, report};
pub use signature::{NotASigningKey, SigningKey};
pub use taking::Taken;

/// A remote 3DS Server, and who we are there.
#[derive(Clone)]
pub struct RemoteServer {
    /// What we call it; results that it brought are marked with this.
    pub name: String,
    /// What comes before `/v2/…`.
    pub base_url: Url,
    /// At most 15 characters.
    pub merchant_id: String,
    /// At most 80 characters.
    pub merchant_key: Secret<String>,
    /// Signs creations, where our public key is registered there.
    pub signing_key: Option<SigningKey>,
}

impl RemoteServer {
    /// The address of a resource, given with its leading slash.
    fn address(&self, resource: &str) -> Url {
        let mut url = self.base_url.clone();
        let path = format!("{}{resource}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url
    }
}

impl fmt::Debug for RemoteServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteServer")
            .field("name", &self.name)
            .field("base_url", &self.base_url.as_str())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

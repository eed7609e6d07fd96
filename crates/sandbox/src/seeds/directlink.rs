//! The seeded DirectLink account, and the merchant behind it: one of its own, since the demo merchants' policies and
//! connections are not those that the protocol's documentation promises its shops.

use std::io;

use primitives::Secret;
use serde_json::{Value, json};

use super::connections::{self, SeededConnection};
use super::{Addresses, MerchantKeys, base62, connection_document};
use crate::issuers::directlink::ACQUIRER_MERCHANT_ID;

/// What the account's merchant and connection take.
pub(super) const CURRENCIES: [&str; 5] = ["EUR", "GBP", "CHF", "USD", "MXN"];
/// The digest of both signatures.
const HASH: &str = "sha256";
const MERCHANT_NAME: &str = "Tienda DirectLink";

/// An account with its user and passphrases.
#[derive(Clone, Debug)]
pub struct DirectLinkKeys {
    /// The merchant behind it.
    pub merchant: MerchantKeys,
    /// At most 30 characters.
    pub pspid: String,
    /// At most 20 characters.
    pub userid: String,
    /// The user's password.
    pub pswd: Secret<String>,
    /// What requests are signed with.
    pub sha_in: Secret<String>,
    /// What feedback is signed with.
    pub sha_out: Secret<String>,
}

impl DirectLinkKeys {
    /// New keys of a new account of a new merchant.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn random() -> io::Result<Self> {
        Ok(Self {
            merchant: MerchantKeys::random()?,
            pspid: format!("TIENDA{}", base62(8)?),
            userid: format!("API{}", base62(6)?),
            pswd: Secret::new(base62(20)?),
            sha_in: Secret::new(base62(32)?),
            sha_out: Secret::new(base62(32)?),
        })
    }

    /// Those of an earlier run.
    pub(super) fn read(saved: &Value) -> Option<Self> {
        let text = |name: &str| {
            let text = saved.get("directlink")?.get(name)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        Some(Self {
            merchant: MerchantKeys::read(saved.get("directlink_merchant")?)?,
            pspid: text("pspid")?,
            userid: text("userid")?,
            pswd: Secret::new(text("pswd")?),
            sha_in: Secret::new(text("sha_in")?),
            sha_out: Secret::new(text("sha_out")?),
        })
    }

    /// The account's part of `sandbox.json`.
    pub(super) fn document(&self) -> Value {
        json!({
            "pspid": self.pspid,
            "userid": self.userid,
            "pswd": self.pswd.reveal(),
            "sha_in": self.sha_in.reveal(),
            "sha_out": self.sha_out.reveal(),
            "hash": HASH,
        })
    }

    /// Its connection to a simulated processor.
    pub fn connection(&self) -> SeededConnection {
        connections::of_directlink(&self.merchant)
    }
}

/// The merchant with its account, as seeds have them.
pub(super) fn merchant_document(addresses: &Addresses, keys: &DirectLinkKeys) -> Value {
    let connection = keys.connection();
    let mut connection = Value::Object(connection_document(
        addresses,
        &connection,
        MERCHANT_NAME,
        "proceed",
    ));
    // Shops may be anywhere, and the directory servers know the merchant by an acquirer of its own.
    connection["countries"] = json!([]);
    connection["three_ds"]["mpi"]["acquirer_merchant_id"] = ACQUIRER_MERCHANT_ID.into();
    let merchant = &keys.merchant;
    json!({
        "id": merchant.id,
        "name": MERCHANT_NAME,
        "country": "MX",
        "currencies": CURRENCIES,
        "private_key": merchant.private_key.reveal(),
        "public_key": merchant.public_key,
        "webhook_secret": merchant.webhook_secret.reveal(),
        "notify_url": null,
        "rate_limit_rps": null,
        "connections": [connection],
        "directlink": [{
            "pspid": keys.pspid,
            "processor": keys.connection().processor,
            "hash": HASH,
            "sha_in": keys.sha_in.reveal(),
            "sha_out": keys.sha_out.reveal(),
            "feedback_on_redirect": true,
            "users": [{ "userid": keys.userid, "password": keys.pswd.reveal() }],
        }],
    })
}

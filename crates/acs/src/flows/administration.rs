//! The service's own administration: issuers and their programs. The HTTP face and the command line call the same functions.

use crate::identifiers::{CardId, IssuerId};
use crate::jose::jwk::EcKey;
use crate::policy::Policy;
use crate::service::Acs;
use crate::store::clients::{self, Client, ClientInserted};
use crate::store::issuers::{self, Issuer};
use crate::store::{StoreError, cards, limits};
use aws_lc_rs::encoding::{AsBigEndian as _, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use thiserror::Error;
use time::{Duration, OffsetDateTime};

/// How long the key before stays good after a rotation, for the client to change over.
const CHANGEOVER: Duration = Duration::hours(24);
/// Characters that a bank's name has on screens.
const BANK_NAME_LENGTH: usize = 20;

/// Why the administration did not do something.
#[derive(Debug, Error)]
pub enum AdministrationError {
    /// There is one of that name already.
    #[error("there is {0} of this name")]
    Taken(&'static str),
    /// There is none of that name.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// A name of a client is not as names of clients are.
    #[error("the name of a client must be 1 to 64 letters, digits, _ and -")]
    ClientName,
    /// Not a public key that clients can have.
    #[error("must be a public key of P-256 as a JWK")]
    Key,
    /// No key could be made: a fault of the machine.
    #[error("no key could be made")]
    Cryptography,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The keys of a client.
#[derive(Debug)]
pub struct ClientKeys {
    /// The public key as a JWK.
    pub public: Value,
    /// The private key as a JWK, where the pair was made here. Shown once and kept nowhere.
    pub private: Option<PrivateJwk>,
}

/// A private key as a JWK.
pub struct PrivateJwk(Value);

impl PrivateJwk {
    /// The key itself, for whom it was made.
    pub fn reveal(&self) -> &Value {
        &self.0
    }
}

impl std::fmt::Debug for PrivateJwk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateJwk(••)")
    }
}

impl Acs {
    /// Registers an issuer, with the default policy under its own name.
    ///
    /// # Errors
    /// When there is one of that name, or the database does not answer.
    pub async fn create_issuer(&self, issuer: IssuerId, name: String) -> Result<Issuer, AdministrationError> {
        let inner = self.inner();
        let now = inner.clock.now();
        let policy = Policy {
            bank_name: name.chars().take(BANK_NAME_LENGTH).collect(),
            ..Policy::default()
        };
        let issuer = Issuer {
            issuer,
            name,
            policy,
            created_at: now,
            updated_at: now,
        };
        match issuers::insert(&inner.store, &issuer).await? {
            true => Ok(issuer),
            false => Err(AdministrationError::Taken("an issuer")),
        }
    }

    /// Makes a client of an issuer, with its own public key, or with a pair made here.
    ///
    /// # Errors
    /// When there is no such issuer or the name is taken; when name or key are none; when the database does not answer.
    pub async fn create_client(
        &self,
        issuer: &IssuerId,
        client: &str,
        public_key: Option<&Value>,
    ) -> Result<ClientKeys, AdministrationError> {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !(1..=64).contains(&client.len()) || !client.bytes().all(letters) {
            return Err(AdministrationError::ClientName);
        }
        let (key, private) = key(public_key)?;
        let inner = self.inner();
        let client = Client {
            client: client.to_owned(),
            issuer: issuer.clone(),
            key,
            previous: None,
            disabled_at: None,
            created_at: inner.clock.now(),
        };
        match clients::insert(&inner.store, &client).await? {
            ClientInserted::Done => Ok(ClientKeys {
                public: key.to_json(),
                private,
            }),
            ClientInserted::NameTaken => Err(AdministrationError::Taken("a client")),
            ClientInserted::NoIssuer => Err(AdministrationError::Unknown("issuer")),
        }
    }

    /// Gives a client another key; the one before stays good until the moment that is answered.
    ///
    /// # Errors
    /// When there is no such client; when the key is none; when the database does not answer.
    pub async fn rotate_client(
        &self,
        issuer: &IssuerId,
        client: &str,
        public_key: Option<&Value>,
    ) -> Result<(ClientKeys, OffsetDateTime), AdministrationError> {
        let (key, private) = key(public_key)?;
        let inner = self.inner();
        let now = inner.clock.now();
        let until = now + CHANGEOVER;
        if !clients::rotate(&inner.store, issuer, client, &key, until, now).await? {
            return Err(AdministrationError::Unknown("client"));
        }
        let keys = ClientKeys {
            public: key.to_json(),
            private,
        };
        Ok((keys, until))
    }

    /// Ends a client's access with every token it holds, or lets it in again.
    ///
    /// # Errors
    /// When there is no such client, or the database does not answer.
    pub async fn set_client_disabled(
        &self,
        issuer: &IssuerId,
        client: &str,
        disabled: bool,
    ) -> Result<(), AdministrationError> {
        let inner = self.inner();
        match clients::set_disabled(&inner.store, issuer, client, disabled, inner.clock.now()).await? {
            true => Ok(()),
            false => Err(AdministrationError::Unknown("client")),
        }
    }

    /// Unlocks a card that too many failures locked, and lifts its issuer's block.
    ///
    /// # Errors
    /// When there is no such card, or the database does not answer.
    pub async fn unlock_card(&self, issuer: &IssuerId, card: &CardId) -> Result<(), AdministrationError> {
        let inner = self.inner();
        let (store, now) = (&inner.store, inner.clock.now());
        if !cards::set_state(store, issuer, card, cards::CardState::Active, now).await? {
            return Err(AdministrationError::Unknown("card"));
        }
        limits::unlock(store, issuer, card).await?;
        Ok(())
    }
}

/// The key that is said, or one made here with its private half.
fn key(said: Option<&Value>) -> Result<(EcKey, Option<PrivateJwk>), AdministrationError> {
    if let Some(jwk) = said {
        let key = EcKey::parse(jwk).ok_or(AdministrationError::Key)?;
        return Ok((key, None));
    }
    let failed = || AdministrationError::Cryptography;
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| failed())?;
    let key = EcKey::of_point(pair.public_key().as_ref()).ok_or_else(failed)?;
    let private: EcPrivateKeyBin<'static> = pair.private_key().as_be_bytes().map_err(|_| failed())?;
    let mut jwk = key.to_json();
    jwk["d"] = BASE64_URL_SAFE_NO_PAD.encode(private.as_ref()).into();
    Ok((key, Some(PrivateJwk(jwk))))
}

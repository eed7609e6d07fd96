//! Keys that webhooks are signed with: made, rotated with an overlap in which old and new both sign, and shown by what is
//! public of them. A secret is shown once, when it is made; the private half of an Ed25519 key never.

use super::{Administration, AdministrationError, Changed, random, written};
use crate::configuration::webhook_key_context;
use payments::fields::{Fields, Problems, integer, list, word};
use primitives::{Id, Secret, id::kind};
use serde_json::{Value, json};
use store::{
    audit::Actor,
    deliveries::DeliveryTarget,
    webhook_keys::{KeyScheme, NewKey, StoredKey},
};
use time::{Duration, OffsetDateTime};

/// How long old keys sign beside the new ones, unless told.
const OVERLAP_DEFAULT_SECONDS: u32 = 24 * 60 * 60;
const OVERLAP_MAX_SECONDS: u32 = 30 * 24 * 60 * 60;

pub(super) const BOTH_SCHEMES: [KeyScheme; 2] = [KeyScheme::V1, KeyScheme::V1a];
const SCHEMES: [(&str, KeyScheme); 2] = [("v1", KeyScheme::V1), ("v1a", KeyScheme::V1a)];

/// Keys just made: the only time that the secret is seen.
#[derive(Debug)]
pub struct IssuedWebhookKeys {
    /// `whsec_…`, of `v1`; where one was made.
    pub secret: Option<Secret<String>>,
    /// `whpk_…`, of `v1a`; where a key was made.
    pub public_key: Option<String>,
    /// Until when the keys before them sign too; `None` when there were none.
    pub overlap_until: Option<OffsetDateTime>,
}

impl IssuedWebhookKeys {
    /// As the admin's answers write it. Shows the secret.
    pub fn as_written(&self) -> Value {
        json!({
            "webhook_secret": self.secret.as_ref().map(Secret::reveal),
            "public_key": self.public_key,
            "overlap_until": self.overlap_until.map(written),
        })
    }
}

/// What is public of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownWebhookKey {
    pub scheme: KeyScheme,
    /// `whpk_…`, of `v1a`.
    pub public_key: Option<String>,
    pub created_at: OffsetDateTime,
    /// When it ceases to sign; `None` for the current one.
    pub expires_at: Option<OffsetDateTime>,
}

impl ShownWebhookKey {
    pub(super) fn as_written(&self) -> Value {
        json!({
            "scheme": self.scheme.as_str(),
            "public_key": self.public_key,
            "created_at": written(self.created_at),
            "expires_at": self.expires_at.map(written),
        })
    }
}

impl From<StoredKey> for ShownWebhookKey {
    fn from(key: StoredKey) -> Self {
        Self {
            scheme: key.scheme,
            public_key: key.public,
            created_at: key.created_at,
            expires_at: key.expires_at,
        }
    }
}

impl From<&NewKey> for ShownWebhookKey {
    fn from(key: &NewKey) -> Self {
        Self {
            scheme: key.scheme,
            public_key: key.public.clone(),
            created_at: key.created_at,
            expires_at: None,
        }
    }
}

/// What is to be rotated, and for how long the old keys still sign.
#[derive(Debug)]
struct Rotation {
    /// In the order of [`BOTH_SCHEMES`], whatever order they were asked for in.
    schemes: Vec<KeyScheme>,
    overlap: Duration,
}

impl Rotation {
    fn read(document: &Value) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let read = Fields::open(document, "", &["overlap_seconds", "schemes"], &mut problems).map(|fields| {
            let overlap = fields.take("overlap_seconds", integer(0..=OVERLAP_MAX_SECONDS), &mut problems);
            let asked = fields.take("schemes", list(1..=2, word(&SCHEMES)), &mut problems);
            let schemes = BOTH_SCHEMES
                .into_iter()
                .filter(|scheme| asked.as_ref().is_none_or(|asked| asked.contains(scheme)));
            Self {
                schemes: schemes.collect(),
                overlap: Duration::seconds(overlap.unwrap_or(OVERLAP_DEFAULT_SECONDS).into()),
            }
        });
        problems.or(read)
    }
}

impl Administration {
    /// Gives a target new keys, which are shown this once. The old ones sign beside them for a while.
    ///
    /// `document`: `{"overlap_seconds": …, "schemes": ["v1", "v1a"]}`, each of which may be absent, or nothing.
    pub async fn webhook_keys_rotate(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        target: DeliveryTarget,
        document: &Value,
    ) -> Result<IssuedWebhookKeys, AdministrationError> {
        let (endpoint, subject) = match target {
            DeliveryTarget::Endpoint(id) => {
                let endpoint = self.stored_endpoint(merchant, id).await?.id;
                (Some(endpoint), endpoint.prefixed())
            }
            DeliveryTarget::Own => {
                self.merchant_known(merchant).await?;
                (None, merchant.to_string())
            }
        };
        let rotation = Rotation::read(document)?;
        let now = self.clock.now();
        let until = now + rotation.overlap;
        let (keys, mut issued) = self.new_webhook_keys(merchant, endpoint, &rotation.schemes, now)?;
        let schemes: Vec<_> = rotation.schemes.iter().map(|scheme| scheme.as_str()).collect();
        let after = json!({ "schemes": schemes, "overlap_seconds": rotation.overlap.whole_seconds() });
        let audit = self
            .merchant_audit(actor, "webhook_keys.rotate", merchant, &subject)
            .showing(None, Some(after));
        self.store.keys_rotate(&keys, until, &audit).await?;
        issued.overlap_until = (rotation.overlap > Duration::ZERO).then_some(until);
        self.configuration_changed().await;
        Ok(issued)
    }

    /// Fresh keys, not stored yet.
    pub(super) fn new_webhook_keys(
        &self,
        merchant: Id<kind::Merchant>,
        endpoint: Option<Id<kind::WebhookEndpoint>>,
        schemes: &[KeyScheme],
        now: OffsetDateTime,
    ) -> Result<(Vec<NewKey>, IssuedWebhookKeys), AdministrationError> {
        let mut issued = IssuedWebhookKeys {
            secret: None,
            public_key: None,
            overlap_until: None,
        };
        let mut keys = Vec::with_capacity(schemes.len());
        for &scheme in schemes {
            keys.push(match scheme {
                KeyScheme::V1 => {
                    let secret = random::webhook_secret()?;
                    let key = self.sealed_webhook_key(merchant, endpoint, scheme, &secret, None, now)?;
                    issued.secret = Some(secret);
                    key
                }
                KeyScheme::V1a => {
                    let pair = random::webhook_signing_key()?;
                    issued.public_key = Some(pair.public.clone());
                    let public = Some(pair.public);
                    self.sealed_webhook_key(merchant, endpoint, scheme, &pair.private, public, now)?
                }
            });
        }
        Ok((keys, issued))
    }

    /// The secret that a merchant's own webhooks are signed with, not stored yet.
    pub(super) fn own_webhook_secret(
        &self,
        merchant: Id<kind::Merchant>,
        secret: &Secret<String>,
        now: OffsetDateTime,
    ) -> Result<NewKey, AdministrationError> {
        self.sealed_webhook_key(merchant, None, KeyScheme::V1, secret, None, now)
    }

    fn sealed_webhook_key(
        &self,
        merchant: Id<kind::Merchant>,
        endpoint: Option<Id<kind::WebhookEndpoint>>,
        scheme: KeyScheme,
        secret: &Secret<String>,
        public: Option<String>,
        created_at: OffsetDateTime,
    ) -> Result<NewKey, AdministrationError> {
        let id = (*self.clock).fresh_id();
        let context = webhook_key_context(merchant, endpoint, id);
        Ok(NewKey {
            id,
            merchant,
            endpoint,
            scheme,
            sealed: self.vault.seal_text(&context, secret.reveal())?,
            public,
            created_at,
        })
    }

    /// The keys that sign for a target now.
    pub(super) async fn shown_webhook_keys(
        &self,
        merchant: Id<kind::Merchant>,
        endpoint: Option<Id<kind::WebhookEndpoint>>,
    ) -> Result<Vec<ShownWebhookKey>, AdministrationError> {
        let stored = self.store.keys_of(merchant, endpoint, self.clock.now()).await?;
        Ok(stored.into_iter().map(ShownWebhookKey::from).collect())
    }
}

#[cfg(test)]
mod tests;

//! The keys of webhooks, opened.

use super::{Configuration, fresh, insert};
use crate::{fault::Fault, vault::context};
use primitives::{Id, Secret, id::kind};
use std::sync::Arc;
use store::webhook_keys::{KeyScheme, StoredKey};
use time::OffsetDateTime;

/// A key that webhooks to one target are signed with. Open, so this lives in memory only.
#[derive(Debug, Clone)]
pub struct WebhookKey {
    pub scheme: KeyScheme,
    /// `whsec_…` of `v1`, `whsk_…` of `v1a`.
    pub secret: Secret<String>,
    /// When it ceases to sign; `None` for the current one.
    pub expires_at: Option<OffsetDateTime>,
}

/// Whose webhook keys: a merchant's endpoint's, or those of the merchant's own URLs.
pub(super) type Owner = (Id<kind::Merchant>, Option<Id<kind::WebhookEndpoint>>);

impl Configuration {
    /// The keys of a target's webhooks, current ones first, at `now` at least all that have not expired. Those that expire
    /// while this is kept are to be left out by whoever signs.
    ///
    /// Without an endpoint: the keys of the merchant's own URLs.
    pub async fn webhook_keys(
        &self,
        merchant: Id<kind::Merchant>,
        endpoint: Option<Id<kind::WebhookEndpoint>>,
        now: OffsetDateTime,
    ) -> Result<Arc<[WebhookKey]>, Fault> {
        let owner = (merchant, endpoint);
        if let Some(keys) = fresh(self.read().webhook_keys.get(&owner)) {
            return Ok(keys);
        }
        let generation = self.read().generation;
        let stored = self.store.keys_of(merchant, endpoint, now).await?;
        let open = |key: StoredKey| {
            let context = if key.sealed_with_merchant {
                context("webhook secret", merchant)
            } else {
                webhook_key_context(merchant, endpoint, key.id)
            };
            Ok(WebhookKey {
                scheme: key.scheme,
                secret: self.vault.open_text(&context, &key.sealed)?,
                expires_at: key.expires_at,
            })
        };
        let keys: Arc<[WebhookKey]> = stored.into_iter().map(open).collect::<Result<_, Fault>>()?;
        self.keep(generation, |cache| {
            insert(&mut cache.webhook_keys, owner, Arc::clone(&keys));
        });
        Ok(keys)
    }
}

/// What a webhook key is sealed for: its row, and whose it is.
pub(crate) fn webhook_key_context(
    merchant: Id<kind::Merchant>,
    endpoint: Option<Id<kind::WebhookEndpoint>>,
    key: Id<kind::WebhookKey>,
) -> Vec<u8> {
    let endpoint = endpoint.map(Id::uuid).unwrap_or_default();
    [
        b"webhook key:".as_slice(),
        merchant.uuid().as_bytes(),
        endpoint.as_bytes(),
        key.uuid().as_bytes(),
    ]
    .concat()
}

//! Webhook endpoints: created with keys of their own, changed, switched off and on, taken away. Beside them stand the
//! merchant's own URLs (its default, and those that its orders name), which have keys and a log but are no rows.
//!
//! What is done with deliveries (a test, the log, replays) is in [`super::webhook_deliveries`], keys in
//! [`super::webhook_keys`].

mod settings;

use super::{
    Administration, AdministrationError, Changed, IssuedWebhookKeys, OWN_WEBHOOKS, PAGE_MAX, ShownWebhookKey,
    webhook_keys::BOTH_SCHEMES, written,
};
use primitives::{HttpUrl, Id, id::kind};
use serde_json::{Value, json};
use settings::Settings;
use store::{
    audit::Actor,
    webhook_endpoints::{DisabledReason, EndpointStatus, WebhookEndpoint},
};

/// An endpoint as operators see it.
#[derive(Debug, Clone)]
pub struct ShownWebhookEndpoint {
    pub endpoint: WebhookEndpoint,
    pub keys: Vec<ShownWebhookKey>,
}

/// A new endpoint with the secret that is shown this once.
#[derive(Debug)]
pub struct CreatedWebhookEndpoint {
    pub shown: ShownWebhookEndpoint,
    pub issued: IssuedWebhookKeys,
}

/// The merchant's own URLs as operators see them.
#[derive(Debug, Clone)]
pub struct ShownOwnWebhooks {
    pub merchant: Id<kind::Merchant>,
    /// Where events go when an order does not say.
    pub default_url: Option<HttpUrl>,
    pub keys: Vec<ShownWebhookKey>,
}

fn keys_as_written(keys: &[ShownWebhookKey]) -> Value {
    keys.iter().map(ShownWebhookKey::as_written).collect()
}

impl ShownWebhookEndpoint {
    /// As the admin's answers write it.
    pub fn as_written(&self) -> Value {
        let endpoint = &self.endpoint;
        let (reason, disabled_at) = match endpoint.status {
            EndpointStatus::Enabled => (None, None),
            EndpointStatus::Disabled { reason, at } => (Some(reason.as_str()), Some(written(at))),
        };
        let mut shown = Settings::from(endpoint).as_written();
        shown["id"] = json!(endpoint.id.prefixed());
        shown["merchant_id"] = json!(endpoint.merchant);
        shown["enabled"] = json!(reason.is_none());
        shown["disabled_reason"] = json!(reason);
        shown["disabled_at"] = json!(disabled_at);
        shown["failing_since"] = json!(endpoint.failing_since.map(written));
        shown["keys"] = keys_as_written(&self.keys);
        shown["version"] = json!(endpoint.version);
        shown["created_at"] = json!(written(endpoint.created_at));
        shown["updated_at"] = json!(written(endpoint.updated_at));
        shown
    }
}

impl CreatedWebhookEndpoint {
    /// As the admin's answers write it. Shows the secret.
    pub fn as_written(&self) -> Value {
        let mut shown = self.shown.as_written();
        let issued = self.issued.as_written();
        for name in ["webhook_secret", "public_key"] {
            shown[name] = issued[name].clone();
        }
        shown
    }
}

impl ShownOwnWebhooks {
    /// As the admin's answers write it.
    pub fn as_written(&self) -> Value {
        json!({
            "id": OWN_WEBHOOKS,
            "merchant_id": self.merchant,
            "url": self.default_url.as_ref().map(HttpUrl::as_str),
            "keys": keys_as_written(&self.keys),
        })
    }
}

impl Administration {
    /// Creates an endpoint, enabled, with keys.
    pub async fn webhook_endpoint_create(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        document: &Value,
    ) -> Result<CreatedWebhookEndpoint, AdministrationError> {
        let settings = Settings::read(document, self.policy())?;
        self.merchant_known(merchant).await?;
        let id = (*self.clock).fresh_id();
        let audit = self
            .merchant_audit(actor, "webhook_endpoint.create", merchant, id.prefixed())
            .showing(None, Some(settings.as_written()));
        let (keys, issued) = self.new_webhook_keys(merchant, Some(id), &BOTH_SCHEMES, audit.at)?;
        let endpoint = WebhookEndpoint {
            id,
            merchant,
            url: settings.url,
            description: settings.description,
            event_types: settings.event_types,
            status: EndpointStatus::Enabled,
            rate_per_second: settings.rate_per_second,
            failing_since: None,
            version: 1,
            created_at: audit.at,
            updated_at: audit.at,
        };
        self.store.endpoint_insert(&endpoint, &keys, &audit).await?;
        self.configuration_changed().await;
        Ok(CreatedWebhookEndpoint {
            shown: ShownWebhookEndpoint {
                endpoint,
                keys: keys.iter().map(ShownWebhookKey::from).collect(),
            },
            issued,
        })
    }

    /// A merchant's endpoints by age: up to `limit` of those after `after`.
    pub async fn webhook_endpoints_list(
        &self,
        merchant: Id<kind::Merchant>,
        after: Option<Id<kind::WebhookEndpoint>>,
        limit: u16,
    ) -> Result<Vec<ShownWebhookEndpoint>, AdministrationError> {
        self.merchant_known(merchant).await?;
        let limit = limit.min(PAGE_MAX).into();
        let mut shown = Vec::new();
        for endpoint in self.store.endpoints_list(merchant, after, limit).await? {
            shown.push(self.shown_endpoint(endpoint).await?);
        }
        Ok(shown)
    }

    /// One endpoint of a merchant.
    pub async fn webhook_endpoint_get(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::WebhookEndpoint>,
    ) -> Result<ShownWebhookEndpoint, AdministrationError> {
        let endpoint = self.stored_endpoint(merchant, id).await?;
        self.shown_endpoint(endpoint).await
    }

    /// The merchant's own URLs: the default one, and what all of them are signed with.
    pub async fn own_webhooks_get(
        &self,
        merchant: Id<kind::Merchant>,
    ) -> Result<ShownOwnWebhooks, AdministrationError> {
        let settings = self.merchant_get(merchant).await?.settings;
        Ok(ShownOwnWebhooks {
            merchant,
            default_url: settings.notify_url,
            keys: self.shown_webhook_keys(merchant, None).await?,
        })
    }

    /// Changes the members that `document` has; `null` clears those that may be absent. If it has `version`, that must be
    /// the endpoint's.
    pub async fn webhook_endpoint_update(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        id: Id<kind::WebhookEndpoint>,
        document: &Value,
    ) -> Result<ShownWebhookEndpoint, AdministrationError> {
        let mut endpoint = self.stored_endpoint(merchant, id).await?;
        let before = Settings::from(&endpoint);
        let settings = before.read_change(document, self.policy())?;
        if let Some(version) = document.get("version")
            && *version != endpoint.version
        {
            return Err(AdministrationError::Conflict(format!(
                "it was changed meanwhile and is at version {}: read it again",
                endpoint.version
            )));
        }
        let audit = self
            .merchant_audit(actor, "webhook_endpoint.update", merchant, id.prefixed())
            .showing(Some(before.as_written()), Some(settings.as_written()));
        settings.apply_to(&mut endpoint);
        endpoint.updated_at = audit.at;
        self.store.endpoint_update(&endpoint, &audit).await?;
        self.configuration_changed().await;
        self.webhook_endpoint_get(merchant, id).await
    }

    /// Switches an endpoint on or off. One that is so already stays as it is.
    pub async fn webhook_endpoint_set_enabled(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        id: Id<kind::WebhookEndpoint>,
        enabled: bool,
    ) -> Result<ShownWebhookEndpoint, AdministrationError> {
        let endpoint = self.stored_endpoint(merchant, id).await?;
        let action = if enabled {
            "webhook_endpoint.enable"
        } else {
            "webhook_endpoint.disable"
        };
        let was_enabled = matches!(endpoint.status, EndpointStatus::Enabled);
        let audit = self
            .merchant_audit(actor, action, merchant, id.prefixed())
            .showing(
                Some(json!({"enabled": was_enabled})),
                Some(json!({"enabled": enabled})),
            );
        let reason = DisabledReason::Operator;
        let changed = match enabled {
            true => self.store.endpoint_enable(merchant, id, audit.at, &audit).await?,
            false => {
                self.store
                    .endpoint_disable(merchant, id, reason, audit.at, None, &audit)
                    .await?
            }
        };
        if changed {
            self.configuration_changed().await;
        }
        self.webhook_endpoint_get(merchant, id).await
    }

    /// Takes an endpoint away, with its keys and what was still to be sent to it. Its log stays.
    pub async fn webhook_endpoint_delete(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        id: Id<kind::WebhookEndpoint>,
    ) -> Result<(), AdministrationError> {
        let endpoint = self.stored_endpoint(merchant, id).await?;
        let audit = self
            .merchant_audit(actor, "webhook_endpoint.delete", merchant, id.prefixed())
            .showing(Some(Settings::from(&endpoint).as_written()), None);
        if !self.store.endpoint_delete(merchant, id, &audit).await? {
            return Err(NOT_THERE);
        }
        self.configuration_changed().await;
        Ok(())
    }

    pub(super) async fn stored_endpoint(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::WebhookEndpoint>,
    ) -> Result<WebhookEndpoint, AdministrationError> {
        self.store.endpoint_load(merchant, id).await?.ok_or(NOT_THERE)
    }

    async fn shown_endpoint(
        &self,
        endpoint: WebhookEndpoint,
    ) -> Result<ShownWebhookEndpoint, AdministrationError> {
        let keys = self
            .shown_webhook_keys(endpoint.merchant, Some(endpoint.id))
            .await?;
        Ok(ShownWebhookEndpoint { endpoint, keys })
    }
}

const NOT_THERE: AdministrationError = AdministrationError::NotFound("webhook endpoint");

#[cfg(test)]
mod tests;

//! What operators do: merchants, keys, connections, directory servers. The admin's routes and the command line call
//! the same functions.
//!
//! Every change writes its audit row in its own transaction, then tells all processes to read the configuration again.
//! Documents are checked with all problems at once; what is given in secret is shown once or never.

mod applications;
mod bins;
mod card_declines;
mod card_tokens;
mod connections;
mod directlink;
mod directory_servers;
pub(crate) mod directory_tls;
mod merchants;
mod operators;
mod processor_check;
mod random;
mod remote_threeds_servers;
mod rewrap;
mod routing;
mod routing_explained;
mod seed;
mod seed_directlink;
mod seed_shops;
mod shops;
mod webhook_deliveries;
mod webhook_endpoints;
mod webhook_keys;

#[cfg(test)]
pub(crate) mod testing;

pub use applications::IssuedApplication;
pub use bins::Imported;
pub use card_tokens::CreatedCardToken;
pub use directlink::{
    AliasName, NotAName, Pspid, PutUser, UserId, directlink_account_as_written, directlink_alias_as_written,
    directlink_feedback_as_written, directlink_user_as_written,
};
pub use directory_servers::ShownDirectoryServer;
pub use directory_tls::EXPIRES_SOON;
pub use merchants::{CreatedMerchant, ShownMerchant};
pub use operators::{Login, Session};
pub use remote_threeds_servers::ShownRemoteServer;
pub use routing_explained::Explained;
pub use seed::Seeded;
pub use shops::CreatedShop;
pub use webhook_deliveries::{
    AttemptFilter, OWN_WEBHOOKS, SentTest, ShownAttempts, ShownDeadLetters, ShownEvent,
};
pub use webhook_endpoints::{CreatedWebhookEndpoint, ShownOwnWebhooks, ShownWebhookEndpoint};
pub use webhook_keys::{IssuedWebhookKeys, ShownWebhookKey};

use crate::{
    clock::Clock,
    configuration::{Configuration, Processors},
    fault::Fault,
    health::Health,
    vault::{Vault, VaultError},
};
use operators::PasswordHashing;
use payments::fields::Problems;
use primitives::{Id, UrlPolicy, id::kind};
use serde_json::Value;
use std::sync::Arc;
use store::{
    Store, StoreError,
    audit::{Actor, AuditEntry, AuditRow},
};
use thiserror::Error;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The most entries a list answers at once.
pub const PAGE_MAX: u16 = 200;

/// Which kind of world this gateway is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    Production,
    /// Plain HTTP to loopback addresses is allowed, and seeds may be put in.
    Sandbox,
}

impl Environment {
    /// The word in API keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }

    pub fn url_policy(self) -> UrlPolicy {
        match self {
            Self::Production => UrlPolicy::HttpsOnly,
            Self::Sandbox => UrlPolicy::LoopbackHttpToo,
        }
    }
}

/// Why an administrative call did nothing.
#[derive(Debug, Error)]
pub enum AdministrationError {
    /// The document is wrong; every problem with its path.
    #[error("{0}")]
    Invalid(Problems),
    /// There is no such thing, or it is another merchant's.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// What is there does not allow it.
    #[error("{0}")]
    Conflict(String),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Problems> for AdministrationError {
    fn from(problems: Problems) -> Self {
        Self::Invalid(problems)
    }
}

impl From<VaultError> for AdministrationError {
    fn from(error: VaultError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<StoreError> for AdministrationError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Changed => Self::Conflict("it was changed meanwhile: read it again".into()),
            StoreError::Taken(constraint) => Self::Conflict(taken(&constraint)),
            StoreError::LimitReached(what) => {
                Self::Conflict(format!("there are as many {what} as there may be"))
            }
            other => Self::Fault(other.into()),
        }
    }
}

fn taken(constraint: &str) -> String {
    match constraint {
        "routing_rules_name" => "the merchant has another routing rule of this name".into(),
        "connections_name" => "the merchant has another connection of this name".into(),
        "directlink_accounts_pkey" => "there is a DirectLink account of this name already".into(),
        "threeds_shops_merchant_id" => "another shop has this merchant_id".into(),
        "threeds_shops_card_vault_merchant_id" => "another shop has this carat_merchant_id".into(),
        "webhook_keys_one_current" => {
            "the keys were rotated meanwhile: their secret was shown to somebody else".into()
        }
        "api_keys_key_hash" => "one of the keys is in use already".into(),
        _ => "something of this id or name exists already".into(),
    }
}

/// The administration's functions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Administration {
    store: Store,
    vault: Arc<Vault>,
    configuration: Arc<Configuration>,
    clock: Arc<dyn Clock>,
    environment: Environment,
    passwords: Arc<PasswordHashing>,
    health: Arc<Health>,
    retry_limits: bool,
}

impl Administration {
    pub fn new(
        store: Store,
        vault: Arc<Vault>,
        configuration: Arc<Configuration>,
        clock: Arc<dyn Clock>,
        environment: Environment,
    ) -> Self {
        Self {
            store,
            vault,
            configuration,
            clock,
            environment,
            passwords: Arc::default(),
            health: Arc::default(),
            retry_limits: true,
        }
    }

    /// The same, showing the health that this process's gateway sees. Without it, connections look as if nobody had used
    /// them.
    #[must_use]
    pub fn watching(self, health: Arc<Health>) -> Self {
        Self { health, ..self }
    }

    /// The same, explaining routing with the card networks' retry limits or without, as this process's gateway keeps them.
    #[must_use]
    pub fn keeping_retry_limits(self, retry_limits: bool) -> Self {
        Self { retry_limits, ..self }
    }

    /// The names of the processors that connections may be made to, in alphabetical order.
    pub fn processor_names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.processors().keys().copied().collect();
        names.sort_unstable();
        names
    }

    /// Changes, newest first: up to `limit` of those before the entry `before`.
    pub async fn audit_list(
        &self,
        merchant: Option<Id<kind::Merchant>>,
        before: Option<i64>,
        limit: u16,
    ) -> Result<Vec<AuditRow>, AdministrationError> {
        Ok(self
            .store
            .audit_list(merchant, before, limit.min(PAGE_MAX).into())
            .await?)
    }

    fn processors(&self) -> &Processors {
        self.configuration.processors()
    }

    fn policy(&self) -> UrlPolicy {
        self.environment.url_policy()
    }

    fn audit(&self, actor: Actor, action: &'static str, subject: impl ToString) -> AuditEntry {
        AuditEntry {
            at: self.clock.now(),
            actor,
            action,
            merchant: None,
            subject: subject.to_string(),
            before: None,
            after: None,
        }
    }

    fn merchant_audit(
        &self,
        actor: Actor,
        action: &'static str,
        merchant: Id<kind::Merchant>,
        subject: impl ToString,
    ) -> AuditEntry {
        AuditEntry {
            merchant: Some(merchant),
            ..self.audit(actor, action, subject)
        }
    }

    /// To be called after a committed event that no payment announces.
    async fn event_recorded(&self, merchant: Id<kind::Merchant>) {
        if let Err(error) = self.store.changes_notify(&[], &[merchant]).await {
            // Everybody who waits for it also looks now and then.
            tracing::warn!(cause = %error, "other processes could not be told of a recorded event");
        }
    }

    /// To be called after a committed change.
    async fn configuration_changed(&self) {
        self.configuration.invalidate_all();
        if let Err(error) = self.store.configuration_notify().await {
            // The change is made; the other processes see it when their entries age out.
            tracing::warn!(cause = %error, "other processes could not be told of a changed configuration");
        }
    }
}

/// A time as answers write it.
fn written(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

trait Changed {
    /// The entry with how the thing looked before and after.
    fn showing(self, before: Option<Value>, after: Option<Value>) -> Self;
}

impl Changed for AuditEntry {
    fn showing(self, before: Option<Value>, after: Option<Value>) -> Self {
        Self {
            before,
            after,
            ..self
        }
    }
}

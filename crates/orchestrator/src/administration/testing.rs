//! A world to test the administration in: a database, a processor that declares little, a clock that is set.

use super::{Administration, CreatedMerchant, Environment};
use crate::{
    clock::{Clock, SystemClock},
    configuration::{Caller, Configuration, Processors},
    vault::{Vault, key_file::Keys},
};
use acquiring::{
    Account, Authorization, AuthorizationAnswer, CannotBuild, Capabilities, Capture, Captures,
    CredentialField, Inquiry, InquiryAnswer, Notice, NotificationRefused, Processor, Recovery, Refund,
    Refunds, RefundsOf, Reversal, ReversalAnswer, SettlementAnswer, SettlementInquiry,
    SettlementInquiryAnswer, Void, Voids,
};
use primitives::{Brand, Currency, Exchange, Moment, Secret};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::{Arc, Mutex};
use store::{Store, audit::Actor};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

pub const ACTOR: Actor = Actor::CommandLine;

/// A clock that stands still until it is advanced.
#[derive(Debug)]
pub struct SetClock(Mutex<OffsetDateTime>);

impl SetClock {
    pub fn at(now: OffsetDateTime) -> Self {
        Self(Mutex::new(now))
    }

    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }

    fn nonce(&self) -> Uuid {
        SystemClock.nonce()
    }
}

pub struct World {
    pub administration: Administration,
    pub configuration: Arc<Configuration>,
    pub clock: Arc<SetClock>,
}

impl World {
    pub fn new(pool: PgPool) -> Self {
        Self::in_environment(pool, Environment::Sandbox)
    }

    pub fn in_environment(pool: PgPool, environment: Environment) -> Self {
        let vault = Vault::from_keys(Keys::generate().unwrap()).unwrap();
        Self::of(pool, environment, Arc::new(vault))
    }

    pub fn with_vault(pool: PgPool, vault: Arc<Vault>) -> Self {
        Self::of(pool, Environment::Sandbox, vault)
    }

    fn of(pool: PgPool, environment: Environment, vault: Arc<Vault>) -> Self {
        let store = Store::from_pool(pool);
        let processors: Processors = [("plain", Arc::new(Plain) as Arc<dyn Processor>)].into();
        let configuration = Arc::new(Configuration::new(
            store.clone(),
            Arc::clone(&vault),
            Arc::new(processors),
        ));
        let clock = Arc::new(SetClock::at(datetime!(2026-11-22 10:00 UTC)));
        let administration = Administration::new(
            store,
            vault,
            Arc::clone(&configuration),
            Arc::clone(&clock) as Arc<dyn Clock>,
            environment,
        );
        Self {
            administration,
            configuration,
            clock,
        }
    }

    pub async fn merchant(&self, name: &str) -> CreatedMerchant {
        let document = json!({"name": name, "country": "MX", "currencies": ["MXN"]});
        self.administration
            .merchant_create(ACTOR, &document)
            .await
            .unwrap()
    }

    pub async fn caller(&self, key: &Secret<String>) -> Option<Caller> {
        self.configuration.caller(key.reveal()).await.unwrap()
    }
}

/// A connection to [`Plain`].
pub fn connection(name: &str) -> Value {
    json!({
        "name": name, "processor_name": "plain", "currencies": ["MXN"], "credentials": {"key": "k-123"},
        "three_ds": {"provider": "deuna", "mpi": {
            "acquirer_merchant_id": "9876543210001", "acquirer_bin": "400551", "merchant_name": "Demo",
            "mcc": "5999", "merchant_url": "https://demo.example", "merchant_country": "MX",
            "requestor_id": "10001", "requestor_name": "Demo"
        }}
    })
}

/// A processor that takes purchases in pesos and wants one key.
struct Plain;

const CAPABILITIES: Capabilities = Capabilities {
    brands: &[Brand::Visa],
    currencies: &[Currency::MXN],
    external_authentication: &[Brand::Visa],
    exemptions: &[],
    needs_security_code: false,
    authorizations: false,
    captures: Captures::NotOffered,
    voids: Voids::NotOffered,
    refunds: Refunds::NotOffered,
    refunds_of: RefundsOf::Charge,
    reversals: false,
    lost_charge: Recovery::Inquire,
    lost_capture: Recovery::Inquire,
    lost_void: Recovery::Inquire,
    lost_refund: Recovery::Inquire,
    inquiry_visible_after: std::time::Duration::from_secs(90),
    inquiry_final_after: std::time::Duration::from_secs(1_800),
    installments_max: 1,
};

const NOT_OFFERED: CannotBuild = CannotBuild::NotOffered("anything in this test");

impl Processor for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        &[
            CredentialField {
                name: "key",
                required: true,
                max_characters: 8,
            },
            CredentialField {
                name: "note",
                required: false,
                max_characters: 8,
            },
        ]
    }

    fn default_base_url(&self) -> &'static str {
        "https://plain.example"
    }

    fn authorize(
        &self,
        _: &Account,
        _: &Authorization,
        _: Moment,
    ) -> Result<Exchange<AuthorizationAnswer>, CannotBuild> {
        Err(NOT_OFFERED)
    }

    fn capture(
        &self,
        _: &Account,
        _: &Capture,
        _: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        Err(NOT_OFFERED)
    }

    fn void(&self, _: &Account, _: &Void, _: Moment) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        Err(NOT_OFFERED)
    }

    fn refund(&self, _: &Account, _: &Refund, _: Moment) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        Err(NOT_OFFERED)
    }

    fn inquire(&self, _: &Account, _: &Inquiry, _: Moment) -> Result<Exchange<InquiryAnswer>, CannotBuild> {
        Err(NOT_OFFERED)
    }

    fn inquire_settlement(
        &self,
        _: &Account,
        _: &SettlementInquiry,
        _: Moment,
    ) -> Result<Exchange<SettlementInquiryAnswer>, CannotBuild> {
        Err(NOT_OFFERED)
    }

    fn reverse(&self, _: &Account, _: &Reversal, _: Moment) -> Result<Exchange<ReversalAnswer>, CannotBuild> {
        Err(NOT_OFFERED)
    }

    fn notification_receipt(&self) -> &'static str {
        ""
    }

    fn notification(
        &self,
        _: &Account,
        _: &[(String, String)],
        _: &[u8],
        _: Moment,
    ) -> Result<Vec<Notice>, NotificationRefused> {
        Err(NotificationRefused::NotOffered)
    }
}

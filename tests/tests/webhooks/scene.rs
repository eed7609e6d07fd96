//! A system whose merchant has webhook endpoints at consumers of the test.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::consumers::{Consumers, Manner};
use tests::operator::Operator;
use tests::outbox::Outbox;
use tests::process::{LOOK_EVERY, READY_PATIENCE};
use tests::system::System;
use uuid::Uuid;

/// What was on its way with a gateway that died is taken up soon: as soon as the settings' own checks allow.
pub const SETTINGS: &str = "
[webhooks]
attempt_timeout_ms = 3000
lease_seconds = 18
poll_seconds = 1
";

/// Everything these tests play with.
pub struct Scene {
    pub system: System,
    pub consumers: Consumers,
    pub operator: Operator,
}

impl Scene {
    pub async fn of(system: System) -> Self {
        Self {
            consumers: Consumers::open().await,
            operator: Operator::log_in(system.http.clone(), &system.sandbox_json).await,
            system,
        }
    }

    /// An endpoint of the merchant's at a consumer with these manners.
    pub async fn endpoint(&self, name: &str, manner: Manner) -> Uuid {
        let url = self.consumers.add(name, manner);
        id_of(&self.endpoint_at(&url).await)
    }

    /// An endpoint of the merchant's at any URL, as the admin shows it once.
    pub async fn endpoint_at(&self, url: &str) -> Value {
        let path = format!("/merchants/{}/webhook-endpoints", self.system.merchant.keys.id);
        self.operator.post(&path, &json!({ "url": url })).await
    }

    pub async fn outbox(&self) -> Outbox {
        Outbox::of(&self.system.database, &self.system.merchant.keys.id).await
    }

    /// Waits until a consumer has accepted that many messages. As long as more of them come, it waits; many take their time.
    pub async fn until_accepted(&self, name: &str, count: usize) {
        let (mut accepted, mut since) = (self.consumers.accepted(name), Instant::now());
        while accepted < count {
            assert!(
                since.elapsed() < READY_PATIENCE,
                "{accepted} of {count} arrived at {name}, and no more come"
            );
            tokio::time::sleep(LOOK_EVERY).await;
            let now = self.consumers.accepted(name);
            if now > accepted {
                (accepted, since) = (now, Instant::now());
            }
        }
    }

    /// When the first lease of an endpoint's deliveries ends, rounded down.
    pub fn lease_ends(&self, endpoint: Uuid) -> Instant {
        let question = format!(
            "SELECT floor(1000 * extract(epoch FROM min(lease_until) - clock_timestamp()))::bigint FROM deliveries
             WHERE queue = '{endpoint}'"
        );
        let asked = Instant::now();
        asked + Duration::from_millis(self.system.database.ask(&question).parse().unwrap())
    }

    /// How many deliveries to an endpoint are not over.
    pub fn open(&self, endpoint: Uuid) -> usize {
        let question = format!("SELECT count(*) FROM deliveries WHERE queue = '{endpoint}'");
        self.system.database.ask(&question).parse().unwrap()
    }
}

/// How many events a test writes: what `PASARELA_WEBHOOK_EVENTS` says, or else so many.
pub fn events_or(default: usize) -> usize {
    std::env::var("PASARELA_WEBHOOK_EVENTS").map_or(default, |text| text.parse().unwrap())
}

/// The UUID of what the admin shows.
pub fn id_of(shown: &Value) -> Uuid {
    let id = shown["id"].as_str().unwrap();
    Uuid::parse_str(id.strip_prefix("ep_").unwrap()).unwrap()
}

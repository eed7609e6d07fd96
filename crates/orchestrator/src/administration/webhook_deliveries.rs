//! What is sent to a merchant's webhook endpoints and own URLs: tests on demand, the log, dead letters, replays.

mod sample;
mod shown;

use super::{Administration, AdministrationError, Changed, PAGE_MAX};
use payments::fields::{Fields, Problems, boolean, integer, parsed};
use primitives::{Id, id::kind};
use serde_json::{Value, json};
pub use shown::{SentTest, ShownAttempts, ShownDeadLetters, ShownEvent};
use std::{
    str::FromStr,
    time::{Duration, Instant},
};
use store::{
    audit::Actor,
    deliveries::DeliveryTarget,
    events::{EVENT_TEST, NewEvent, Recipients, Subject},
    replays::DeadLetterCursor,
    webhook_attempts::{AttemptCursor, AttemptOutcome, AttemptRecord},
    webhook_endpoints::EndpointStatus,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What stands for the merchant's own URLs where an endpoint's id could.
pub const OWN_WEBHOOKS: &str = "own";

/// The longest that a test waits for its outcome.
const TEST_WAIT_MAX_SECONDS: u32 = 15;
/// How often it looks.
const TEST_LOOKS_EVERY: Duration = Duration::from_millis(100);
/// How many attempts of one event are shown: all that the schedule makes, for a merchant with every endpoint it may have.
const ATTEMPTS_OF_EVENT_MAX: i64 = 1_000;

/// The target as it is written.
pub(super) fn target_as_written(endpoint: Option<Id<kind::WebhookEndpoint>>) -> String {
    endpoint.map_or_else(|| OWN_WEBHOOKS.to_owned(), Id::prefixed)
}

/// What of the log is asked for.
#[derive(Debug, Clone, Default)]
pub struct AttemptFilter {
    pub failed_only: bool,
    pub event: Option<Id<kind::Event>>,
    pub before: Option<AttemptCursor>,
}

/// What is to be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replay {
    Event(Id<kind::Event>),
    /// From the first on, before the second.
    Range(OffsetDateTime, OffsetDateTime),
    Failed,
}

impl Replay {
    fn read(document: &Value) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let read = Fields::open(
            document,
            "",
            &["event_id", "since", "until", "failed"],
            &mut problems,
        )
        .and_then(|fields| Self::of(&fields, &mut problems));
        problems.or(read)
    }

    fn of(fields: &Fields<'_>, problems: &mut Problems) -> Option<Self> {
        let time =
            || parsed(|text| OffsetDateTime::parse(text, &Rfc3339).map_err(|_| "must be an RFC 3339 time"));
        let id = parsed(|text| Id::from_str(text).map_err(|_| "must be an event's id"));
        let event = fields.take("event_id", id, problems);
        let since = fields.take("since", time(), problems);
        let until = fields.take("until", time(), problems);
        let failed = fields.take("failed", boolean, problems);
        if !problems.0.is_empty() {
            return None;
        }
        match (event, since, until, failed.unwrap_or_default()) {
            (Some(event), None, None, false) => Some(Self::Event(event)),
            (None, Some(since), Some(until), false) if since < until => Some(Self::Range(since, until)),
            (None, Some(_), Some(_), false) => {
                problems.add("until", "must be after since");
                None
            }
            (None, None, None, true) => Some(Self::Failed),
            _ => {
                problems.add(
                    "",
                    "must have exactly one of event_id, since with until, and failed: true",
                );
                None
            }
        }
    }
}

impl Administration {
    /// Sends a test event to a target, and waits for what comes of it as long as asked.
    ///
    /// `document`: `{"wait_seconds": …}`, or nothing.
    pub async fn webhook_test(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        target: DeliveryTarget,
        document: &Value,
    ) -> Result<SentTest, AdministrationError> {
        let own = self.merchant_get(merchant).await?.settings;
        self.target_known(merchant, target).await?;
        let mut problems = Problems::default();
        let wait = Fields::open(document, "", &["wait_seconds"], &mut problems)
            .map(|fields| fields.take("wait_seconds", integer(0..=TEST_WAIT_MAX_SECONDS), &mut problems));
        let wait = problems.or(wait)?.unwrap_or_default();
        let (recipients, endpoint) = match target {
            DeliveryTarget::Own => (Recipients::Own, None),
            DeliveryTarget::Endpoint(id) => {
                self.enabled_endpoint(merchant, id).await?;
                (Recipients::Only(id), Some(id))
            }
        };
        let notify_url = own.notify_url.filter(|_| endpoint.is_none());
        if endpoint.is_none() && notify_url.is_none() {
            return Err(AdministrationError::Conflict(
                "the merchant has no default URL, only what its orders name".into(),
            ));
        }
        let now = self.clock.now();
        let id: Id<kind::Event> = (*self.clock).fresh_id();
        let event = NewEvent {
            id,
            merchant,
            // An order that is none: it has no other events, so the test waits for nothing.
            subject: Subject::Order(Id::from_uuid(id.uuid())),
            sequence: 0,
            event_type: EVENT_TEST,
            payment_status: None,
            document: sample::order(own.currencies.first().copied(), now).to_string(),
            notify_url,
            recipients,
            created_at: now,
        };
        let audit = self
            .merchant_audit(actor, "webhook.test", merchant, target_as_written(endpoint))
            .showing(None, Some(json!({"event_id": id})));
        self.store.audit_insert(&audit).await?;
        if self.store.event_insert(&event).await? == 0 {
            return Err(switched_off());
        }
        self.event_recorded(merchant).await;
        let patience = Duration::from_secs(wait.into());
        let attempt = self.first_attempt(merchant, id, patience).await?;
        Ok(SentTest { event: id, attempt })
    }

    /// What was sent to a target, newest first: up to `limit` attempts.
    pub async fn webhook_attempts(
        &self,
        merchant: Id<kind::Merchant>,
        target: DeliveryTarget,
        filter: &AttemptFilter,
        limit: u16,
    ) -> Result<ShownAttempts, AdministrationError> {
        self.target_known(merchant, target).await?;
        let limit = limit.min(PAGE_MAX);
        let Some(event) = filter.event else {
            let rows = self
                .store
                .attempts_of_target(merchant, target, filter.failed_only, filter.before, limit.into())
                .await?;
            return Ok(ShownAttempts::page(rows, limit));
        };
        // Of one event there are never more than fit a page.
        let rows = self
            .store
            .attempts_of_event(merchant, event, ATTEMPTS_OF_EVENT_MAX)
            .await?;
        let wanted = |row: &AttemptRecord| {
            target_of(row) == target && !(filter.failed_only && row.outcome == AttemptOutcome::Delivered)
        };
        Ok(ShownAttempts {
            attempts: rows.into_iter().rev().filter(wanted).collect(),
            next: None,
        })
    }

    /// What was given up at a target, by age.
    pub async fn webhook_dead_letters(
        &self,
        merchant: Id<kind::Merchant>,
        target: DeliveryTarget,
        after: Option<DeadLetterCursor>,
        limit: u16,
    ) -> Result<ShownDeadLetters, AdministrationError> {
        self.target_known(merchant, target).await?;
        let limit = limit.min(PAGE_MAX);
        let letters = self
            .store
            .dead_letters(merchant, target, after, limit.into())
            .await?;
        Ok(ShownDeadLetters::page(letters, limit))
    }

    /// Queues again what `document` names: `{"event_id": …}`, `{"since": …, "until": …}` or `{"failed": true}`. Answers how
    /// many deliveries.
    pub async fn webhook_replay(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        target: DeliveryTarget,
        document: &Value,
    ) -> Result<u64, AdministrationError> {
        self.target_known(merchant, target).await?;
        let replay = Replay::read(document)?;
        let endpoint = match target {
            DeliveryTarget::Own => None,
            DeliveryTarget::Endpoint(id) => {
                self.enabled_endpoint(merchant, id).await?;
                Some(id)
            }
        };
        let audit = self
            .merchant_audit(actor, "webhook.replay", merchant, target_as_written(endpoint))
            .showing(None, Some(document.clone()));
        let (store, now) = (&self.store, audit.at);
        if let Replay::Event(event) = replay
            && store.event_load(merchant, event).await?.is_none()
        {
            return Err(AdministrationError::NotFound("event"));
        }
        store.audit_insert(&audit).await?;
        Ok(match replay {
            Replay::Event(event) => store.replay_event(merchant, event, Some(target), now).await?,
            Replay::Range(since, until) => store.replay_range(merchant, target, since, until, now).await?,
            Replay::Failed => store.replay_failed(merchant, target, now).await?,
        })
    }

    /// An event with its document, and all attempts to all targets, newest first.
    pub async fn webhook_event(
        &self,
        merchant: Id<kind::Merchant>,
        event: Id<kind::Event>,
    ) -> Result<ShownEvent, AdministrationError> {
        let record = self.store.event_load(merchant, event).await?;
        let record = record.ok_or(AdministrationError::NotFound("event"))?;
        let mut attempts = self
            .store
            .attempts_of_event(merchant, event, ATTEMPTS_OF_EVENT_MAX)
            .await?;
        attempts.reverse();
        Ok(ShownEvent { record, attempts })
    }

    async fn target_known(
        &self,
        merchant: Id<kind::Merchant>,
        target: DeliveryTarget,
    ) -> Result<(), AdministrationError> {
        match target {
            DeliveryTarget::Own => self.merchant_known(merchant).await,
            DeliveryTarget::Endpoint(id) => self.stored_endpoint(merchant, id).await.map(|_| ()),
        }
    }

    async fn enabled_endpoint(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::WebhookEndpoint>,
    ) -> Result<(), AdministrationError> {
        match self.stored_endpoint(merchant, id).await?.status {
            EndpointStatus::Enabled => Ok(()),
            EndpointStatus::Disabled { .. } => Err(switched_off()),
        }
    }

    /// What came of the first attempt to send an event, if it is over in time.
    async fn first_attempt(
        &self,
        merchant: Id<kind::Merchant>,
        event: Id<kind::Event>,
        patience: Duration,
    ) -> Result<Option<AttemptRecord>, AdministrationError> {
        let began = Instant::now();
        loop {
            if let Some(attempt) = self.store.attempts_of_event(merchant, event, 1).await?.pop() {
                return Ok(Some(attempt));
            }
            if began.elapsed() >= patience {
                return Ok(None);
            }
            tokio::time::sleep(TEST_LOOKS_EVERY).await;
        }
    }
}

fn target_of(attempt: &AttemptRecord) -> DeliveryTarget {
    attempt
        .endpoint
        .map_or(DeliveryTarget::Own, DeliveryTarget::Endpoint)
}

fn switched_off() -> AdministrationError {
    AdministrationError::Conflict("the webhook endpoint is switched off: enable it first".into())
}

#[cfg(test)]
mod tests;

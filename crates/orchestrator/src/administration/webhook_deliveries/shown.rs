//! Attempts, dead letters and events as the admin's answers write them.

use super::{super::written, target_as_written};
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use store::{
    events::EventRecord,
    replays::{DeadLetter, DeadLetterCursor},
    webhook_attempts::{AttemptCursor, AttemptRecord},
};

/// A test event that was sent.
#[derive(Debug, Clone)]
pub struct SentTest {
    pub event: Id<kind::Event>,
    /// The first attempt, where it was waited for and was over in time.
    pub attempt: Option<AttemptRecord>,
}

/// A page of the log.
#[derive(Debug, Clone)]
pub struct ShownAttempts {
    pub attempts: Vec<AttemptRecord>,
    /// To go on from, when there may be more.
    pub next: Option<AttemptCursor>,
}

/// A page of what was given up.
#[derive(Debug, Clone)]
pub struct ShownDeadLetters {
    pub letters: Vec<DeadLetter>,
    /// To go on from, when there may be more.
    pub next: Option<DeadLetterCursor>,
}

/// An event and all that came of it.
#[derive(Debug, Clone)]
pub struct ShownEvent {
    pub record: EventRecord,
    pub attempts: Vec<AttemptRecord>,
}

impl SentTest {
    pub fn as_written(&self) -> Value {
        json!({
            "event_id": self.event,
            "attempt": self.attempt.as_ref().map(attempt_as_written),
        })
    }
}

impl ShownAttempts {
    pub(super) fn page(attempts: Vec<AttemptRecord>, limit: u16) -> Self {
        let full = attempts.len() >= usize::from(limit);
        let next = attempts.last().filter(|_| full).map(AttemptRecord::cursor);
        Self { attempts, next }
    }

    pub fn as_written(&self) -> Value {
        json!({
            "data": attempts_as_written(&self.attempts),
            "next": self.next.as_ref().map(AttemptCursor::to_string),
        })
    }
}

impl ShownDeadLetters {
    pub(super) fn page(letters: Vec<DeadLetter>, limit: u16) -> Self {
        let full = letters.len() >= usize::from(limit);
        let next = letters.last().filter(|_| full).map(DeadLetter::cursor);
        Self { letters, next }
    }

    pub fn as_written(&self) -> Value {
        let letters: Vec<_> = self.letters.iter().map(letter_as_written).collect();
        json!({ "data": letters, "next": self.next.as_ref().map(DeadLetterCursor::to_string) })
    }
}

impl ShownEvent {
    pub fn as_written(&self) -> Value {
        let record = &self.record;
        let mut shown = json!({
            "event_id": record.id,
            "event_type": record.event_type,
            "sequence": record.sequence,
            "created_at": written(record.created_at),
            "attempts": attempts_as_written(&self.attempts),
        });
        // What is stored is what a serializer wrote; were it damaged, its text would tell most.
        let document = serde_json::from_str(&record.document).unwrap_or_else(|_| json!(record.document));
        shown[record.subject.member()] = document;
        shown
    }
}

fn attempts_as_written(attempts: &[AttemptRecord]) -> Value {
    attempts.iter().map(attempt_as_written).collect()
}

/// The request's body follows from the event, and its signatures are not kept.
fn attempt_as_written(attempt: &AttemptRecord) -> Value {
    json!({
        "event_id": attempt.event,
        "event_type": attempt.event_type,
        "target": target_as_written(attempt.endpoint),
        "attempt": attempt.attempt,
        "outcome": attempt.outcome.as_str(),
        "code": attempt.code,
        "begun_at": written(attempt.begun_at),
        "latency_ms": u64::try_from(attempt.latency.as_millis()).unwrap_or(u64::MAX),
        "request": {
            "url": attempt.url,
            "headers": {
                "content-type": "application/json",
                "webhook-id": attempt.event.prefixed(),
                "webhook-timestamp": attempt.begun_at.unix_timestamp().to_string(),
            },
        },
        "response": response_as_written(attempt.http_status, attempt.body.as_deref()),
    })
}

fn letter_as_written(letter: &DeadLetter) -> Value {
    json!({
        "event_id": letter.event,
        "event_type": letter.event_type,
        "created_at": written(letter.event_created_at),
        "target": target_as_written(letter.endpoint),
        "url": letter.url,
        "attempts": letter.attempts,
        "code": letter.last_code,
        "response": response_as_written(letter.last_http_status, letter.last_body.as_deref()),
        "given_up_at": written(letter.given_up_at),
    })
}

fn response_as_written(http_status: Option<u16>, body: Option<&str>) -> Option<Value> {
    http_status.map(|http_status| json!({"http_status": http_status, "body": body}))
}

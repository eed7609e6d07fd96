//! An attempt: one request for money to one processor.

use acquiring::{Approval, Decline, Exemption};
use primitives::{Id, id::kind};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The attempt whose outcome decides what happens next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptInFlight {
    pub id: Id<kind::Attempt>,
    /// Index into the payment's routes.
    pub route: usize,
    /// The processor's idempotency identity, fixed before the first byte leaves.
    pub reference: String,
    pub sent_at: OffsetDateTime,
    pub outcome: Outcome,
    /// It is the one charge that follows an authentication the issuer had asked for by declining.
    #[serde(default)]
    pub after_step_up: bool,
    /// The ground that it gives for going without authentication.
    #[serde(default)]
    pub exemption: Option<Exemption>,
}

/// What is known of an attempt in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Somebody is sending it, or died doing so.
    Sending,
    /// It was sent, and nobody can say what became of it. Blocks every other route.
    Unknown { inquiries: u16 },
}

impl AttemptInFlight {
    /// The reference an attempt is sent with: its id without hyphens, 32 characters, which fits every processor.
    pub fn new(id: Id<kind::Attempt>, route: usize, sent_at: OffsetDateTime) -> Self {
        Self {
            id,
            route,
            reference: Self::reference_of(id),
            sent_at,
            outcome: Outcome::Sending,
            after_step_up: false,
            exemption: None,
        }
    }

    /// The reference that the attempt of that id is sent with.
    pub fn reference_of(id: Id<kind::Attempt>) -> String {
        id.uuid().simple().to_string()
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self.outcome, Outcome::Unknown { .. })
    }
}

/// What the record of an attempt is to say after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    pub id: Id<kind::Attempt>,
    pub connection: Id<kind::Connection>,
    pub processor: String,
    pub reference: String,
    pub sent_at: OffsetDateTime,
    pub state: AttemptState,
}

/// `Sending → Approved | Declined | NotSent | Unknown`, `Unknown → Approved | Declined | Lost`,
/// `Lost → Reversing → Reversed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptState {
    Sending,
    Approved(Approval),
    Declined(Decline),
    /// No byte of it reached the processor.
    NotSent(&'static str),
    Unknown,
    /// Given up as unknown: the processor's final window passed without a trace of it.
    Lost,
    /// Approved after it had been given up: being voided.
    Reversing(Approval),
    Reversed,
}

impl AttemptState {
    /// The word in the `state` column.
    pub fn name(&self) -> &'static str {
        match self {
            AttemptState::Sending => "sending",
            AttemptState::Approved(_) => "approved",
            AttemptState::Declined(_) => "declined",
            AttemptState::NotSent(_) => "not_sent",
            AttemptState::Unknown => "unknown",
            AttemptState::Lost => "lost",
            AttemptState::Reversing(_) => "reversing",
            AttemptState::Reversed => "reversed",
        }
    }
}

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
    /// Where the authentication that goes with it comes from.
    #[serde(default)]
    pub three_ds: ThreeDsUse,
}

/// Where the authentication that goes with an attempt comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreeDsUse {
    /// None goes with it.
    #[default]
    None,
    /// It was made for this very route's acquirer, or brought by the merchant.
    Own,
    /// It was made for another route's acquirer and is carried here.
    Carried,
    /// It was made anew for this route's acquirer, after another route had been tried.
    Anew,
    /// It was made because the issuer had declined for want of it.
    SteppedUp,
    /// One was tried and failed; a rule says that this route charges all the same.
    Waived,
}

impl ThreeDsUse {
    /// The word in order documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Own => "own",
            Self::Carried => "carried",
            Self::Anew => "anew",
            Self::SteppedUp => "stepped_up",
            Self::Waived => "waived",
        }
    }
}

/// What is known of an attempt in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Somebody is sending it, or died doing so.
    Sending,
    /// It was sent, and nobody can say what became of it. Blocks every other route.
    Unknown { inquiries: u16 },
    /// The processor has taken it and tells its end later, by notification or to an inquiry. Blocks every other route.
    Awaited {
        /// The processor's id of it, where it gave one.
        processor_reference: Option<String>,
        inquiries: u16,
    },
    /// Nothing told in time what became of it: it is being taken back. Blocks every other route.
    Reversing {
        tries: u16,
        /// It became known meanwhile that it had been approved.
        approval: Option<Approval>,
    },
}

impl AttemptInFlight {
    /// The reference an attempt is sent with: its id without hyphens, 32 characters, which fits every processor.
    pub fn new(id: Id<kind::Attempt>, route: usize, three_ds: ThreeDsUse, sent_at: OffsetDateTime) -> Self {
        Self {
            id,
            route,
            reference: Self::reference_of(id),
            sent_at,
            outcome: Outcome::Sending,
            after_step_up: three_ds == ThreeDsUse::SteppedUp,
            exemption: None,
            three_ds,
        }
    }

    /// The reference that the attempt of that id is sent with.
    pub fn reference_of(id: Id<kind::Attempt>) -> String {
        id.uuid().simple().to_string()
    }

    /// Whether it was sent and its end is open: nobody is waiting on the line for it, and the security code is gone.
    pub fn is_open(&self) -> bool {
        match self.outcome {
            Outcome::Sending => false,
            Outcome::Unknown { .. } | Outcome::Awaited { .. } | Outcome::Reversing { .. } => true,
        }
    }

    /// The processor's id of it, where one is known.
    pub fn processor_reference(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Sending | Outcome::Unknown { .. } => None,
            Outcome::Awaited {
                processor_reference, ..
            } => processor_reference.as_deref(),
            Outcome::Reversing { approval, .. } => approval
                .as_ref()
                .map(|approval| approval.processor_reference.as_str()),
        }
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
    pub three_ds: ThreeDsUse,
    pub state: AttemptState,
}

/// `Sending → Approved | Declined | NotSent | Unknown | Awaited`, `Unknown | Awaited → Approved | Declined | Reversing |
/// Reversed | Lost`, `Lost → Reversing → Reversed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptState {
    Sending,
    Approved(Approval),
    Declined(Decline),
    /// No byte of it reached the processor.
    NotSent(&'static str),
    Unknown,
    /// Taken by the processor, which tells its end later.
    Awaited {
        processor_reference: Option<String>,
    },
    /// Given up as unknown: the processor's final window passed without a trace of it.
    Lost,
    /// Approved after it had been given up, or while it was being taken back: being voided.
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
            AttemptState::Awaited { .. } => "awaited",
            AttemptState::Lost => "lost",
            AttemptState::Reversing(_) => "reversing",
            AttemptState::Reversed => "reversed",
        }
    }
}

//! Holds: what a declined attempt left on the cardholder's account, because the issuer had approved before somebody else
//! refused. Each is released by itself, behind the payment's back: whoever pays is declined, or goes on by another route,
//! and waits for none of it.
//!
//! A hold is recorded together with the decline ([`crate::Step::holds`]). From then on it is looked at until it is
//! released, whoever dies meanwhile.

use crate::{
    attempt::AttemptInFlight,
    decide::{Limits, seconds},
    order::Order,
};
use acquiring::{Decline, Reason, ReversalAnswer, Voids};
use primitives::{Amount, Id, id::kind};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// How long a hold is tried to be released. The networks let holds run out in about that time.
pub const RELEASE_MAX: Duration = Duration::days(7);

/// One hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The attempt that was declined.
    pub attempt: Id<kind::Attempt>,
    pub payment: Id<kind::Payment>,
    pub connection: Id<kind::Connection>,
    pub processor: String,
    /// The merchant's own order id, as it was sent with the charge.
    pub order_reference: String,
    /// Our reference of the charge.
    pub reference: String,
    /// What was asked for, and is held.
    pub amount: Amount,
    /// When the charge was sent.
    #[serde(with = "time::serde::rfc3339")]
    pub sent_at: OffsetDateTime,
    /// When it was declined.
    #[serde(with = "time::serde::rfc3339")]
    pub left_at: OffsetDateTime,
    pub released_by: ReleasedBy,
    pub state: HoldState,
}

/// What releases a hold: what its processor offers and has told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum ReleasedBy {
    /// A void of the charge as the processor knows it.
    Void { processor_reference: String },
    /// A reversal by our reference of the charge.
    Reversal,
    /// Nothing that we could send.
    Nothing,
}

/// `Held → Held | Released | GivenUp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum HoldState {
    /// To be released.
    Held {
        /// How often that was tried in vain.
        tries: u16,
        #[serde(with = "time::serde::rfc3339")]
        look_at: OffsetDateTime,
    },
    /// Nothing is held any more.
    Released,
    /// It could not be released, and runs out by itself: something for people.
    GivenUp,
}

impl HoldState {
    /// The word in the `state` column.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Held { .. } => "held",
            Self::Released => "released",
            Self::GivenUp => "given_up",
        }
    }
}

impl Hold {
    /// What a decline of that attempt leaves, if it leaves anything; to be released at once.
    pub(crate) fn left_by(
        order: &Order,
        attempt: &AttemptInFlight,
        decline: &Decline,
        now: OffsetDateTime,
    ) -> Option<Self> {
        let payment = order.payment.as_ref().filter(|_| decline.leaves_hold)?;
        let route = payment.routes.get(attempt.route)?;
        let voids = route.offers.voids != Voids::NotOffered;
        let released_by = match &decline.processor_reference {
            Some(known) if voids => ReleasedBy::Void {
                processor_reference: known.clone(),
            },
            Some(_) | None if route.reversals => ReleasedBy::Reversal,
            Some(_) | None => ReleasedBy::Nothing,
        };
        let state = match released_by {
            ReleasedBy::Void { .. } | ReleasedBy::Reversal => HoldState::Held {
                tries: 0,
                look_at: now,
            },
            ReleasedBy::Nothing => HoldState::GivenUp,
        };
        Some(Self {
            attempt: attempt.id,
            payment: payment.id,
            connection: route.connection,
            processor: route.processor.clone(),
            order_reference: order.reference.clone(),
            reference: attempt.reference.clone(),
            amount: payment.amount,
            sent_at: attempt.sent_at,
            left_at: now,
            released_by,
            state,
        })
    }

    /// The hold once a try to release it was answered; `None`: nobody can say what became of that. What releases it bears
    /// the same reference each time, so that a repeat releases nothing else.
    #[must_use]
    pub fn answered(self, limits: &Limits, answer: Option<&ReversalAnswer>, now: OffsetDateTime) -> Self {
        let HoldState::Held { tries, .. } = self.state else {
            return self;
        };
        let released = match answer {
            // What was accepted names the charge as the processor knows it: as good as done.
            Some(ReversalAnswer::Reversed | ReversalAnswer::Accepted) => true,
            // An earlier try got through though its answer was lost.
            Some(ReversalAnswer::Refused(decline)) => tries > 0 && decline.reason == Reason::InvalidState,
            Some(ReversalAnswer::NotFound) | None => false,
        };
        let pause = limits.charge_lease_seconds.saturating_mul(1 << tries.min(8));
        let look_at = now + seconds(pause);
        let state = if released {
            HoldState::Released
        } else if look_at > self.left_at + RELEASE_MAX {
            HoldState::GivenUp
        } else {
            HoldState::Held {
                tries: tries.saturating_add(1),
                look_at,
            }
        };
        Self { state, ..self }
    }

    /// When it is to be looked at.
    pub fn look_at(&self) -> Option<OffsetDateTime> {
        match self.state {
            HoldState::Held { look_at, .. } => Some(look_at),
            HoldState::Released | HoldState::GivenUp => None,
        }
    }
}

#[cfg(test)]
mod tests;

//! The second beat: a step is written in one transaction, on the version it was decided on, or not at all.
//!
//! What nearly every step consists of goes in one statement, which is a transaction by itself: [`start`] for a new
//! payment, [`movement`] for one that goes on. A round trip costs more than what most of these rows do. What only some
//! steps have besides follows in statements of its own, and then the transaction is an explicit one.

mod movement;
mod start;

use crate::{
    Store, StoreError,
    authentications::{AuthenticationRecord, authentication_write_in},
    card_declines::card_decline_insert_in,
    cards::SealedCard,
    directlink::{
        aliases::alias_settle_in,
        feedback::feedback_insert_in,
        payments::{Tries, directlink_tries_insist_in},
    },
    events::{NewEvent, events_insert_in},
    holds::hold_insert_in,
    idempotency::{Claim, claim_insert_in},
    settlements::settlement_upsert_in,
};
use acquiring::Decline;
use payments::{
    Lifecycle, Order, Payment, PaymentState, SettlementRecord,
    attempt::{AttemptRecord, AttemptState},
    directlink::{CardFate, Change},
    hold::Hold,
    routing::Explanation,
};
use primitives::{Id, id::kind};
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

/// Everything one step writes.
#[derive(Debug)]
pub struct Recording<'a> {
    /// The order as decided; its version is the one that was read.
    pub order: &'a Order,
    /// The order is new: there is no row yet.
    pub order_is_new: bool,
    /// The payment is new, and these are its card and the address of its page.
    pub new_payment: Option<SealedCard>,
    /// The payment is one of its order's tries, of which there may be so many.
    pub tries: Option<Tries<'a>>,
    /// Why the new payment takes its routes.
    pub routing: Option<Box<Explanation>>,
    pub attempts: &'a [AttemptRecord],
    pub settlements: &'a [SettlementRecord],
    /// What declined attempts left, this step's or those of an earlier one.
    pub holds: &'a [Hold],
    pub authentications: Vec<AuthenticationRecord>,
    pub look_again_at: Option<OffsetDateTime>,
    pub forget_security_code: bool,
    pub event: Option<NewEvent>,
    /// What the server of a DirectLink shop is told; empty for orders of other faces.
    pub feedback: Vec<Change>,
    /// What becomes of the card that a DirectLink shop wants to have kept, where this step decides that.
    pub card_to_keep: Option<CardFate>,
    /// The caller's idempotency key, with the answer if there is one already.
    pub claim: Option<Claim>,
    /// The answer for the key that started this payment, once the payment has come to rest, or for the one that started a
    /// capture, void or refund of it.
    pub answer: Option<String>,
    /// The capture, void or refund whose key is answered, instead of the payment's.
    pub answered: Option<Id<kind::Settlement>>,
    pub now: OffsetDateTime,
}

impl Store {
    /// Writes a step. [`StoreError::Changed`]: somebody else was faster; nothing is written, decide again.
    /// [`StoreError::Taken`] with `idempotency_keys_pkey`: the key is in use. [`StoreError::LimitReached`]: no more may be tried.
    pub async fn record(&self, recording: Recording<'_>) -> Result<(), StoreError> {
        self.write(recording).await.map_err(|error| match error {
            StoreError::Taken(constraint)
                if ["payments_one_", "attempts_one_", "settlements_one_"]
                    .iter()
                    .any(|start| constraint.starts_with(start)) =>
            {
                StoreError::Changed
            }
            other => other,
        })
    }

    async fn write(&self, recording: Recording<'_>) -> Result<(), StoreError> {
        let payment = recording.order.payment.as_ref();
        let (first, rest) = match (payment, &recording.new_payment) {
            (Some(payment), Some(card)) => {
                let (start, rest) = start::of(&recording, payment, card);
                (First::Start(start), rest)
            }
            (Some(payment), None) => {
                let (movement, rest) = movement::of(&recording, payment);
                (First::Movement(movement), rest)
            }
            (None, _) if recording.order_is_new => (First::NewOrder, Rest::all_of(&recording)),
            (None, _) => (First::Order, Rest::all_of(&recording)),
        };
        if rest.is_empty() && recording.tries.is_none() {
            let mut connection = self.pool().acquire().await?;
            return first.write_in(&mut connection, &recording).await;
        }
        let mut transaction = self.pool().begin().await?;
        if let Some(tries) = recording.tries {
            directlink_tries_insist_in(&mut transaction, tries).await?;
        }
        first.write_in(&mut transaction, &recording).await?;
        rest.write_in(&mut transaction, &recording).await?;
        Ok(transaction.commit().await?)
    }
}

/// The statement that a step begins with, and mostly ends with.
enum First<'a> {
    Start(start::Start<'a>),
    Movement(movement::Movement<'a>),
    NewOrder,
    Order,
}

impl First<'_> {
    async fn write_in(
        self,
        connection: &mut PgConnection,
        recording: &Recording<'_>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Start(start) => start.write_in(connection).await,
            Self::Movement(movement) => movement.write_in(connection).await,
            Self::NewOrder => order_insert_in(connection, recording.order).await,
            Self::Order => order_update_in(connection, recording.order).await,
        }
    }
}

/// What the first statement does not write.
struct Rest<'a> {
    authentications: &'a [AuthenticationRecord],
    attempts: &'a [AttemptRecord],
    settlements: &'a [SettlementRecord],
    holds: &'a [Hold],
    /// The attempts among all of the step's that were declined: they count against the card.
    declines: Vec<(&'a AttemptRecord, &'a Decline)>,
    claim: Option<&'a Claim>,
    event: Option<&'a NewEvent>,
    feedback: &'a [Change],
    card_to_keep: Option<CardFate>,
}

impl<'a> Rest<'a> {
    fn all_of(recording: &'a Recording<'_>) -> Self {
        Self {
            authentications: &recording.authentications,
            attempts: recording.attempts,
            settlements: recording.settlements,
            holds: recording.holds,
            declines: recording.attempts.iter().filter_map(declined).collect(),
            claim: recording.claim.as_ref(),
            event: recording.event.as_ref(),
            feedback: &recording.feedback,
            card_to_keep: recording.card_to_keep,
        }
    }

    fn is_empty(&self) -> bool {
        self.authentications.is_empty()
            && self.attempts.is_empty()
            && self.settlements.is_empty()
            && self.holds.is_empty()
            && self.declines.is_empty()
            && self.claim.is_none()
            && self.event.is_none()
            && self.feedback.is_empty()
            && self.card_to_keep.is_none()
    }

    async fn write_in(
        &self,
        connection: &mut PgConnection,
        recording: &Recording<'_>,
    ) -> Result<(), StoreError> {
        let order = recording.order;
        for authentication in self.authentications {
            authentication_write_in(connection, authentication, recording.now).await?;
        }
        if let Some(payment) = &order.payment {
            for attempt in self.attempts {
                attempt_upsert_in(connection, order.merchant, payment.id, attempt, recording.now).await?;
            }
            for (attempt, decline) in &self.declines {
                card_decline_insert_in(
                    connection,
                    order.merchant,
                    payment,
                    attempt,
                    decline,
                    recording.now,
                )
                .await?;
            }
            for settlement in self.settlements {
                settlement_upsert_in(connection, order, payment, settlement).await?;
            }
            for hold in self.holds {
                hold_insert_in(connection, order.merchant, hold).await?;
            }
        }
        if let Some(claim) = self.claim {
            claim_insert_in(connection, order, claim, recording.now).await?;
        }
        if let Some(event) = self.event {
            events_insert_in(connection, event).await?;
        }
        for change in self.feedback {
            feedback_insert_in(connection, order, change, recording.now).await?;
        }
        if let Some(fate) = self.card_to_keep {
            alias_settle_in(connection, order, fate, recording.now).await?;
        }
        Ok(())
    }
}

fn declined(attempt: &AttemptRecord) -> Option<(&AttemptRecord, &Decline)> {
    match &attempt.state {
        AttemptState::Declined(decline) => Some((attempt, decline)),
        _ => None,
    }
}

async fn order_insert_in(connection: &mut PgConnection, order: &Order) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO orders (merchant_id, id, reference, order_type, store_code, currency, total_amount, details,
                             notify_url, callbacks, payer_email, lifecycle, payments, payment_id, version, created_at,
                             updated_at, numbering)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        order.merchant.uuid(),
        order.id.uuid(),
        order.reference,
        order.order_type,
        order.store_code,
        order.amount.currency().code(),
        order.amount.minor(),
        Json(&order.details) as _,
        order.notify_url.as_ref().map(|url| url.as_str()),
        Json(&order.callbacks) as _,
        order.payer_email.as_ref().map(|email| email.as_str()),
        lifecycle(order),
        payments_made(order),
        order.payment.as_ref().map(|payment| payment.id.uuid()),
        order.version,
        order.created_at,
        order.updated_at,
        order.numbering.name(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn order_update_in(connection: &mut PgConnection, order: &Order) -> Result<(), StoreError> {
    let updated = sqlx::query!(
        "UPDATE orders
         SET version = version + 1, lifecycle = $4, payments = $5, payment_id = COALESCE($6, payment_id),
             notify_url = $7, callbacks = $8, updated_at = $9
         WHERE merchant_id = $1 AND id = $2 AND version = $3",
        order.merchant.uuid(),
        order.id.uuid(),
        order.version,
        lifecycle(order),
        payments_made(order),
        order.payment.as_ref().map(|payment| payment.id.uuid()),
        order.notify_url.as_ref().map(|url| url.as_str()),
        Json(&order.callbacks) as _,
        order.updated_at,
    )
    .execute(connection)
    .await?;
    if updated.rows_affected() == 1 {
        Ok(())
    } else {
        Err(StoreError::Changed)
    }
}

async fn attempt_upsert_in(
    connection: &mut PgConnection,
    merchant: Id<kind::Merchant>,
    payment: Id<kind::Payment>,
    attempt: &AttemptRecord,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let told = Told::by(&attempt.state);
    sqlx::query!(
        "INSERT INTO attempts (merchant_id, id, payment_id, connection_id, processor_name, reference, state, reason,
                               response_code, response_text, processor_reference, approval_code, sent_at, settled_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (merchant_id, id) DO UPDATE
         SET state = excluded.state, reason = excluded.reason, response_code = excluded.response_code,
             response_text = excluded.response_text,
             processor_reference = COALESCE(excluded.processor_reference, attempts.processor_reference),
             approval_code = COALESCE(excluded.approval_code, attempts.approval_code),
             settled_at = excluded.settled_at",
        merchant.uuid(),
        attempt.id.uuid(),
        payment.uuid(),
        attempt.connection.uuid(),
        attempt.processor,
        attempt.reference,
        attempt.state.name(),
        told.reason,
        told.response_code,
        told.response_text,
        told.processor_reference,
        told.approval_code,
        attempt.sent_at,
        settled_at(attempt, now),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What the processor told us of an attempt.
#[derive(Default)]
struct Told<'a> {
    reason: Option<&'a str>,
    response_code: Option<&'a str>,
    response_text: Option<&'a str>,
    processor_reference: Option<&'a str>,
    approval_code: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn by(state: &'a AttemptState) -> Self {
        match state {
            AttemptState::Approved(approval) | AttemptState::Reversing(approval) => Self {
                response_code: approval.response_code.as_deref(),
                processor_reference: Some(&approval.processor_reference),
                approval_code: approval.approval_code.as_deref(),
                ..Self::default()
            },
            AttemptState::Declined(decline) => Self {
                reason: Some(decline.reason.as_str()),
                response_code: decline.raw_code.as_deref(),
                response_text: decline.raw_message.as_deref(),
                processor_reference: decline.processor_reference.as_deref(),
                ..Self::default()
            },
            AttemptState::Awaited { processor_reference } => Self {
                processor_reference: processor_reference.as_deref(),
                ..Self::default()
            },
            AttemptState::NotSent(why) => Self {
                reason: Some(why),
                ..Self::default()
            },
            AttemptState::Sending | AttemptState::Unknown | AttemptState::Lost | AttemptState::Reversed => {
                Self::default()
            }
        }
    }
}

/// When an attempt that this step wrote was settled, if it is.
fn settled_at(attempt: &AttemptRecord, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let in_flight = matches!(
        attempt.state,
        AttemptState::Sending | AttemptState::Unknown | AttemptState::Awaited { .. }
    );
    (!in_flight).then_some(now)
}

fn lifecycle(order: &Order) -> &'static str {
    match order.lifecycle {
        Lifecycle::Open => "open",
        Lifecycle::Cancelled => "cancelled",
        Lifecycle::Expired => "expired",
    }
}

fn payments_made(order: &Order) -> i16 {
    i16::try_from(order.payments).unwrap_or(i16::MAX)
}

fn page_token(payment: &Payment) -> Option<&str> {
    match &payment.state {
        PaymentState::Authenticating(now) => Some(&now.page_token),
        PaymentState::Authorizing(_) | PaymentState::Authorized(_) | PaymentState::Closed(_) => None,
    }
}

fn totals(payment: &Payment) -> [i64; 5] {
    match &payment.state {
        PaymentState::Authorized(paid) => paid.totals.parts().map(|amount| amount.minor()),
        PaymentState::Authenticating(_) | PaymentState::Authorizing(_) | PaymentState::Closed(_) => [0; 5],
    }
}

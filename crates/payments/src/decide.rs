//! The first beat of every flow: from a state and an event to the next step.
//!
//! [`decide`] is pure. Its [`Step`] is data: the next state, the attempts to write, the one message to send if any, and
//! when to look again if we die. The caller records the step in one transaction, sends with none open, and comes back
//! with the answer as the next event.

mod authenticating;
mod authorizing;
mod awaiting;
mod cascading;
mod late;
mod purchasing;
mod settling;

#[cfg(test)]
mod cascades;

#[cfg(test)]
pub(crate) mod matrix;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod stepping_up;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
pub(crate) use settling::testing as settling_testing;
#[cfg(test)]
mod waiving;

pub use authenticating::expires_at;
pub use awaiting::{ChargeDue, OPEN_MAX, charge_due};
pub use cascading::{ATTEMPTS_MAX, ISSUER_DECLINES_MAX, Wanted, means_wanted};
pub use settling::{SETTLEMENTS_MAX, SettlementDue, settlement_due};

use crate::{
    attempt::AttemptRecord,
    hold::Hold,
    order::{Lifecycle, Order},
    payment::{AuthenticationStage, CardFacts, Closed, Decoupled, DeniedBy, PaymentState, Terms},
    refusal::{Refusal, RefusalCode},
    routing::Route,
    settlement::{SettlementNews, SettlementRecord},
    status::{self, Announcement},
    three_ds::NewAuthentication,
};
use acquiring::{Approval, AuthorizationAnswer, CardholderAuthentication, InquiryAnswer, ReversalAnswer};
use primitives::{Id, Moment, id::kind};
use time::{Duration, OffsetDateTime};

/// Time limits of the rules. Seconds, counted from what the name says.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From issuing the hosted page's address to its first opening.
    pub page_unopened_seconds: u32,
    /// From the first opening of the hosted page: the challenge's life (deuna-api.md 6.1).
    pub page_opened_seconds: u32,
    /// How long a charge may be on its way before its sender counts as dead. Must exceed the transport's time-out. Its first
    /// byte leaves within it or never, so that processors' final windows are counted from its end.
    pub charge_lease_seconds: u32,
    /// The same for an authentication request.
    pub authentication_lease_seconds: u32,
    /// Longest pause between two inquiries.
    pub inquiry_pause_max_seconds: u32,
    /// Longest pause between two inquiries about a capture, void or refund that the processor has accepted.
    pub settlement_pause_max_seconds: u32,
    /// Age from which an accepted one is not asked about any more: only a notification can end it then.
    pub settlement_inquiry_seconds: u32,
    /// Age from which a lost one is not sent again: shorter than any processor remembers an idempotency identity.
    pub settlement_repeat_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page_unopened_seconds: 15 * 60,
            page_opened_seconds: 10 * 60,
            charge_lease_seconds: 45,
            authentication_lease_seconds: 30,
            inquiry_pause_max_seconds: 300,
            settlement_pause_max_seconds: 6 * 3_600,
            settlement_inquiry_seconds: 14 * 86_400,
            settlement_repeat_seconds: 86_400 - 3_600,
        }
    }
}

/// Something that happened to an order.
#[derive(Debug, Clone)]
pub enum News {
    /// A purchase was asked for.
    Purchased(Box<Purchased>),
    /// The authentication cannot go on without the cardholder's browser.
    CardholderNeeded {
        authentication: Id<kind::Authentication>,
    },
    /// The issuer authenticates the cardholder by a way of its own.
    DecoupledAgreed {
        authentication: Id<kind::Authentication>,
        agreed: Decoupled,
    },
    /// The hosted page was opened, for the first time or again.
    PageOpened,
    /// The run of 3-D Secure is replaced by a new one, whose id is the moment's: the old one can no longer answer.
    AuthenticationRestarted { stage: AuthenticationStage },
    /// A run of 3-D Secure ended.
    AuthenticationEnded {
        authentication: Id<kind::Authentication>,
        outcome: AuthenticationOutcome,
        /// What the issuer wants the cardholder to read about it.
        cardholder_info: Option<String>,
    },
    /// The cardholder gave up on our page.
    CardholderGaveUp,
    /// The time for authentication has passed.
    TimeExpired,
    /// The processor answered a charge.
    Answered {
        attempt: Id<kind::Attempt>,
        answer: AuthorizationAnswer,
        /// The means for a new authentication, where one could follow ([`means_wanted`]) and it can be had. Its run's id
        /// is the moment's.
        means: Option<NewAuthentication>,
    },
    /// The charge never left the house.
    NeverLeft {
        attempt: Id<kind::Attempt>,
        why: &'static str,
        /// As for an answer.
        means: Option<NewAuthentication>,
    },
    /// The charge left, and no usable answer came; or its sender died.
    Silence { attempt: Id<kind::Attempt> },
    /// An inquiry was answered, or a notification told as much; `None` when the inquiry itself failed.
    Inquired {
        attempt: Id<kind::Attempt>,
        /// When it was asked, or told of: whoever tells it may have stood still since, and the charge arrived meanwhile.
        asked_at: OffsetDateTime,
        answer: Option<InquiryAnswer>,
    },
    /// Nothing has told in time what became of a charge that nobody can be asked about.
    Overdue { attempt: Id<kind::Attempt> },
    /// The reversal of a charge was answered, or a notification told its end; `None` when the reversal itself failed.
    ReversalAnswered {
        attempt: Id<kind::Attempt>,
        /// When it was asked for, or told of.
        asked_at: OffsetDateTime,
        answer: Option<ReversalAnswer>,
    },
    /// Something about a capture, void or refund.
    Settlement(SettlementNews),
    /// The merchant cancels the order.
    Cancel,
    /// The merchant expires the order.
    Expire,
}

/// How 3-D Secure ended.
pub type AuthenticationOutcome = Result<mpi::AuthenticationResult, mpi::Failure>;

/// A purchase with everything looked up that deciding needs.
#[derive(Debug, Clone)]
pub struct Purchased {
    pub payment: Id<kind::Payment>,
    pub terms: Terms,
    pub card: CardFacts,
    /// At least one.
    pub routes: Vec<Route>,
    pub plan: AuthenticationPlan,
    pub page_token: String,
    /// How many attempts the scheme's limits leave for this card; `None`: they set no limit.
    pub attempts_allowed: Option<u16>,
}

/// What is to be done about 3-D Secure.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one per purchase, and that is in a box"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthenticationPlan {
    /// Charge without it.
    None,
    /// It was made elsewhere.
    External(CardholderAuthentication),
    /// Wanted, but no card range or no directory server serves this card.
    NotAvailable,
    /// Nothing is charged: a routing rule rejects the purchase.
    Rejected,
    /// Ask the directory server; with a browser page first when a 3DS Method is to run or browser data is missing.
    Ask { needs_page: bool },
}

/// What to do next. Recorded whole or not at all.
#[derive(Debug)]
pub struct Step {
    /// The order as it is to be recorded; its version is the one that was read.
    pub order: Order,
    pub attempts: Vec<AttemptRecord>,
    pub settlements: Vec<SettlementRecord>,
    /// What declined attempts left on the cardholder's account, to be released.
    pub holds: Vec<Hold>,
    pub send: Option<Outgoing>,
    /// What the merchant's server is told, when something changed for it. Of a capture, void or refund it hears when that
    /// ends, whatever the words are by then.
    pub announce: Option<Announcement>,
    /// When to look at the payment again, should nothing else happen.
    pub look_again_at: Option<OffsetDateTime>,
    /// No route is left, or the outcome is unknown: the security code must go.
    pub forget_security_code: bool,
}

/// A message for the outside, to be sent after the step is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// An authentication request of that run.
    Authenticate {
        authentication: Id<kind::Authentication>,
    },
    Charge {
        attempt: Id<kind::Attempt>,
    },
    Inquire {
        attempt: Id<kind::Attempt>,
    },
    /// Take back a charge that is given up, or about to be.
    Reverse {
        attempt: Id<kind::Attempt>,
        /// Known: it is voided as the processor knows it. Unknown: it is taken back by our own reference.
        approval: Option<Approval>,
    },
    /// A capture, void or refund, for the first time or again: the very same request each time.
    Settle {
        settlement: Id<kind::Settlement>,
    },
    /// What became of a capture, void or refund is to be asked.
    InquireSettlement {
        settlement: Id<kind::Settlement>,
    },
}

/// Decides what an event means for an order. `Ok(None)`: nothing, since it comes too late or says nothing new.
pub fn decide(limits: &Limits, order: Order, news: News, moment: Moment) -> Result<Option<Step>, Refusal> {
    let mut before = status::of(&order);
    let payments = order.payments;
    // The merchant that waits for a browser hears that none is needed, though the word is the same.
    let same_word_is_news = matches!(news, News::DecoupledAgreed { .. });
    let expires = matches!(news, News::Settlement(SettlementNews::Expired { .. }));
    let step = next(limits, order, news, moment)?;
    Ok(step.map(|mut step| {
        // So is that no more can be captured.
        let has_expired = expires && has_expired(&step.order);
        if step.order.payments != payments || same_word_is_news || has_expired {
            // What is told of a new payment is news, even if it ends as the last one did.
            before.payment = None;
        }
        step.order.updated_at = moment.now;
        if let Some(payment) = &mut step.order.payment {
            payment.updated_at = moment.now;
            for record in &step.attempts {
                payment.history.note(record, moment.now);
            }
        }
        if step.settlements.is_empty() {
            step.announce = status::announcement(before, status::of(&step.order));
        }
        step
    }))
}

fn next(limits: &Limits, order: Order, news: News, moment: Moment) -> Result<Option<Step>, Refusal> {
    match news {
        News::Purchased(purchased) => purchasing::purchased(limits, order, *purchased, moment).map(Some),
        News::Cancel => cancel(limits, order, moment).map(Some),
        News::Expire => expire(order).map(Some),
        News::CardholderNeeded { .. }
        | News::DecoupledAgreed { .. }
        | News::PageOpened
        | News::AuthenticationRestarted { .. }
        | News::AuthenticationEnded { .. }
        | News::CardholderGaveUp
        | News::TimeExpired => Ok(authenticating::next(limits, order, news, moment)),
        // A sender that had counted as dead was only slow, and its charge was given up meanwhile.
        News::Answered {
            attempt,
            answer: AuthorizationAnswer::Approved(approval),
            ..
        } if late::is_watching(&order, attempt) => {
            let approved = Some(InquiryAnswer::Approved(approval));
            Ok(late::inquired(limits, order, moment.now, approved, moment))
        }
        News::Answered { .. } | News::NeverLeft { .. } | News::Silence { .. } => {
            Ok(authorizing::next(limits, order, news, moment))
        }
        News::Inquired {
            attempt,
            asked_at,
            answer,
        } => Ok(match late::is_watching(&order, attempt) {
            true => late::inquired(limits, order, asked_at, answer, moment),
            false => awaiting::inquired(limits, order, attempt, asked_at, answer, moment),
        }),
        News::Settlement(news) => settling::next(limits, order, news, moment),
        News::Overdue { attempt } => Ok(awaiting::overdue(limits, order, attempt, moment)),
        News::ReversalAnswered {
            attempt,
            asked_at,
            answer,
        } => Ok(match late::is_watching(&order, attempt) {
            true => late::reversal_answered(limits, order, asked_at, answer, moment),
            false => awaiting::reversal_answered(limits, order, attempt, asked_at, answer, moment),
        }),
    }
}

/// Cancels an order; what was paid for it goes back first.
fn cancel(limits: &Limits, mut order: Order, moment: Moment) -> Result<Step, Refusal> {
    let refuse = |code, why: &str| Err(Refusal::new(code, why));
    match order.lifecycle {
        Lifecycle::Cancelled => {
            return refuse(
                RefusalCode::StatusNotValidForTransition,
                "the order is cancelled already",
            );
        }
        Lifecycle::Expired => return refuse(RefusalCode::OrderExpired, "the order has expired"),
        Lifecycle::Open => {}
    }
    match order.payment.as_ref().map(|payment| &payment.state) {
        Some(PaymentState::Authorizing(_)) => {
            return refuse(
                RefusalCode::PendingPayment,
                "a payment of this order is on its way: wait for its outcome",
            );
        }
        Some(PaymentState::Authorized(_)) => return settling::cancel(limits, order, moment),
        None | Some(PaymentState::Closed(_) | PaymentState::Authenticating(_)) => {}
    }
    order.lifecycle = Lifecycle::Cancelled;
    let late = watched_late(limits, &order);
    if let Some(payment) = &mut order.payment
        && payment.state.is_open()
    {
        payment.state = PaymentState::Closed(Closed::Cancelled);
    }
    Ok(Step {
        look_again_at: late,
        ..at_rest(order)
    })
}

/// Expires an order that nobody tried to pay.
fn expire(mut order: Order) -> Result<Step, Refusal> {
    if order.lifecycle != Lifecycle::Open || order.payment.is_some() {
        return Err(Refusal::new(
            RefusalCode::CannotExpireOrder,
            "only a pending order without any payment attempt can expire",
        ));
    }
    order.lifecycle = Lifecycle::Expired;
    Ok(at_rest(order))
}

fn has_expired(order: &Order) -> bool {
    match order.payment.as_ref().map(|payment| &payment.state) {
        Some(PaymentState::Authorized(paid)) => paid.has_expired(),
        Some(PaymentState::Authenticating(_) | PaymentState::Authorizing(_) | PaymentState::Closed(_))
        | None => false,
    }
}

/// A step after which nothing is on its way and no charge will need the security code.
fn at_rest(order: Order) -> Step {
    Step {
        order,
        attempts: Vec::new(),
        settlements: Vec::new(),
        holds: Vec::new(),
        send: None,
        announce: None,
        look_again_at: None,
        forget_security_code: true,
    }
}

/// When a closed payment's lost attempt is to be looked at, so that other steps do not lose the appointment.
fn watched_late(limits: &Limits, order: &Order) -> Option<OffsetDateTime> {
    match order.payment.as_ref().map(|payment| &payment.state) {
        Some(PaymentState::Closed(Closed::Denied(denial))) => denial
            .late
            .as_ref()
            .map(|watch| late::look_at(limits, &watch.attempt, payment_route(order, watch.attempt.route))),
        _ => None,
    }
}

fn payment_route(order: &Order, route: usize) -> Option<&Route> {
    order
        .payment
        .as_ref()
        .and_then(|payment| payment.routes.get(route))
}

pub(crate) fn seconds(count: u32) -> Duration {
    Duration::seconds(i64::from(count))
}

/// Who gave the shopper the bad news, for choosing the page to go back to.
pub(crate) fn denied_by(reason: acquiring::Reason) -> DeniedBy {
    use acquiring::Reason;
    match reason {
        Reason::ProcessorError
        | Reason::ProcessorUnavailable
        | Reason::MerchantConfiguration
        | Reason::InvalidRequest
        | Reason::InvalidState => DeniedBy::System,
        Reason::Cancelled => DeniedBy::Cardholder,
        Reason::InsufficientFunds
        | Reason::LimitExceeded
        | Reason::GenericDecline
        | Reason::NotPermitted
        | Reason::CardNotSupported
        | Reason::InvalidCard
        | Reason::ExpiredCard
        | Reason::InvalidCvc
        | Reason::AvsFailed
        | Reason::LostOrStolen
        | Reason::RestrictedCard
        | Reason::SuspectedFraud
        | Reason::ProcessorRiskBlock
        | Reason::RevokedMandate
        | Reason::RetryLimit
        | Reason::AuthenticationRequired
        | Reason::AuthenticationFailed
        | Reason::IssuerUnavailable
        | Reason::InvalidAmount
        | Reason::Unknown => DeniedBy::Issuer,
    }
}

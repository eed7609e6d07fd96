//! Planted bugs about charges whose end is open, and about taking them back.

use super::{Decided, changed};
use acquiring::{AuthorizationAnswer, InquiryAnswer, ReversalAnswer};
use payments::{
    Limits, News, Order, Outgoing, PaymentState,
    attempt::Outcome,
    payment::{Closed, Denial, DeniedBy},
};
use primitives::Moment;
use time::Duration;

/// A charge that is decided on later counts as one that never left.
pub fn pending_as_unsent(news: News) -> News {
    match news {
        News::Answered {
            attempt,
            answer: AuthorizationAnswer::Pending { .. },
            means,
        } => News::NeverLeft {
            attempt,
            why: "it is not decided on",
            means,
        },
        news => news,
    }
}

/// Instead of being taken back the charge is forgotten.
pub fn overdue_given_up(limits: &Limits, order: Order, news: News, moment: Moment) -> Decided {
    let overdue = matches!(news, News::Overdue { .. });
    let step = payments::decide(limits, order, news, moment)?;
    Ok(changed(step, |step| {
        let taking_back = matches!(step.send, Some(Outgoing::Reverse { .. }));
        if let Some(payment) = step.order.payment.as_mut().filter(|_| overdue && taking_back) {
            payment.state = PaymentState::Closed(Closed::Denied(Denial {
                code: "DP-6003".into(),
                reason: "nobody tells what became of it".into(),
                by: DeniedBy::System,
                processor: None,
                late: None,
            }));
            (step.send, step.look_again_at) = (None, None);
            step.announce = Some(payments::status::of(&step.order)).and_then(|now| {
                let before = payments::status::MerchantStatus {
                    payment: Some("processing"),
                    ..now
                };
                payments::status::announcement(before, now)
            });
        }
    }))
}

/// Whenever the processor was asked to take it back, it counts as asked after every window.
pub fn asked_for_ever_after(news: News) -> News {
    match news {
        News::ReversalAnswered {
            attempt,
            asked_at,
            answer: answer @ Some(ReversalAnswer::NotFound),
        } => News::ReversalAnswered {
            attempt,
            asked_at: asked_at + Duration::days(1),
            answer,
        },
        news => news,
    }
}

/// What the processor has only taken upon itself counts as done.
pub fn accepted_as_done(news: News) -> News {
    match news {
        News::ReversalAnswered {
            attempt,
            asked_at,
            answer: Some(ReversalAnswer::NotFound | ReversalAnswer::Accepted),
        } => News::ReversalAnswered {
            attempt,
            asked_at,
            answer: Some(ReversalAnswer::Reversed),
        },
        news => news,
    }
}

/// Nobody knows any more that the charge is being taken back when its approval becomes known.
pub fn not_reversing(mut order: Order, news: &News) -> Order {
    let approved = matches!(
        news,
        News::Answered {
            answer: AuthorizationAnswer::Approved(_),
            ..
        } | News::Inquired {
            answer: Some(InquiryAnswer::Approved(_)),
            ..
        }
    );
    if let (true, Some(PaymentState::Authorizing(attempt))) =
        (approved, order.payment.as_mut().map(|payment| &mut payment.state))
        && matches!(attempt.outcome, Outcome::Reversing { .. })
    {
        attempt.outcome = Outcome::Unknown { inquiries: 0 };
    }
    order
}

/// The processor's word for how much was approved is not read.
pub fn of_the_amount_asked(order: &Order, news: News) -> News {
    match news {
        News::Answered {
            attempt,
            answer: AuthorizationAnswer::Approved(mut approval),
            means,
        } => {
            approval.amount = order.amount;
            News::Answered {
                attempt,
                answer: AuthorizationAnswer::Approved(approval),
                means,
            }
        }
        news => news,
    }
}

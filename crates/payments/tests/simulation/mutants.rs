//! Planted bugs: each distorts one rule on its way through the simulation, and the simulation has to notice.

mod doubting;
mod settling;
mod waiving;

use crate::{directory, world::World};
use acquiring::{Advice, AuthorizationAnswer, InquiryAnswer};
use payments::{
    Lifecycle, Limits, News, Order, Outgoing, PaymentState, Refusal, Step,
    authentication_policy::told_by,
    decide::AuthenticationPlan,
    payment::{Authenticated, Authenticating, AuthenticationStage, Closed},
};
use primitives::{Id, Moment, id::kind};

/// Which rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// A charge whose answer was lost counts as not sent, so that the next route is tried.
    CascadeFromUnknown,
    /// A step is written though somebody else was faster.
    VersionNotChecked,
    /// The sender of a charge died, so the charge counts as never sent.
    DeadSenderNeverSent,
    /// The first "not found" is believed.
    NotFoundBelievedAtOnce,
    /// A result that comes after the order was cancelled charges it all the same.
    LateResultChargesCancelledOrder,
    /// An authentication of the order's last payment is used for the next one.
    AuthenticationReused,
    /// A refused authentication goes on to the charge.
    RefusalCharged,
    /// What merchants are to hear is not written.
    EventNotAnnounced,
    /// The security code outlives its use.
    SecurityCodeKept,
    /// Nobody is to look again at a charge on its way.
    NobodyLooksAgain,
    /// Every decline lets the next route try.
    AdviceIgnored,
    /// An order is cancelled while its charge is unknown.
    UnknownCancelled,
    /// An approval that shows up late is left as it is.
    LateApprovalKept,
    /// A refund does not know of those on their way.
    RefundNotReserved,
    /// A capture does not know of one on its way.
    CaptureNotReserved,
    /// What was captured is voided.
    VoidAfterCapture,
    /// A notification is taken twice.
    NotificationAppliedTwice,
    /// A capture, void or refund whose answer was lost counts as not sent.
    LostSettlementUnsent,
    /// A charge that is decided on later counts as not sent, so that the next route is tried.
    PendingCascades,
    /// A charge that nothing has told of in time is given up, and nobody takes it back.
    OverdueGivenUp,
    /// That there is nothing to take back is believed whenever it was asked.
    NothingToTakeBackBelieved,
    /// That a charge will be taken back counts as done.
    TakingBackCountsAsDone,
    /// An approval that shows up while its charge is taken back pays the order.
    ApprovalEndsReversal,
    /// An approval of another amount counts as one of the amount that was asked.
    OtherAmountTaken,
    /// An authentication is carried to a connection that takes none but its own.
    ReuseNeverIgnored,
    /// Every connection charges after a failed authentication, whether or not a rule says so.
    WaivedWithoutRule,
    /// A rule that lets a connection charge after a failed authentication passes over an issuer's refusal.
    RefusalWaived,
}

impl Mutant {
    pub const ALL: [Self; 27] = [
        Self::CascadeFromUnknown,
        Self::VersionNotChecked,
        Self::DeadSenderNeverSent,
        Self::NotFoundBelievedAtOnce,
        Self::LateResultChargesCancelledOrder,
        Self::AuthenticationReused,
        Self::RefusalCharged,
        Self::EventNotAnnounced,
        Self::SecurityCodeKept,
        Self::NobodyLooksAgain,
        Self::AdviceIgnored,
        Self::UnknownCancelled,
        Self::LateApprovalKept,
        Self::RefundNotReserved,
        Self::CaptureNotReserved,
        Self::VoidAfterCapture,
        Self::NotificationAppliedTwice,
        Self::LostSettlementUnsent,
        Self::PendingCascades,
        Self::OverdueGivenUp,
        Self::NothingToTakeBackBelieved,
        Self::TakingBackCountsAsDone,
        Self::ApprovalEndsReversal,
        Self::OtherAmountTaken,
        Self::ReuseNeverIgnored,
        Self::WaivedWithoutRule,
        Self::RefusalWaived,
    ];
}

impl World {
    /// What is known of a charge whose sender's time is over.
    pub fn sender_died(&self, attempt: Id<kind::Attempt>) -> News {
        match self.mutant {
            Some(Mutant::DeadSenderNeverSent) => News::NeverLeft {
                attempt,
                why: "its sender died",
                means: None,
            },
            Some(_) | None => News::Silence { attempt },
        }
    }
}

type Decided = Result<Option<Step>, Refusal>;

/// The rules as the mutant has them.
pub fn decide(mutant: Mutant, limits: &Limits, order: Order, news: News, moment: Moment) -> Decided {
    let rightly = |order, news| payments::decide(limits, order, news, moment);
    match mutant {
        Mutant::VersionNotChecked | Mutant::DeadSenderNeverSent => rightly(order, news),
        Mutant::CascadeFromUnknown => rightly(order, unsent(news)),
        Mutant::NotFoundBelievedAtOnce => believing(limits, order, news, moment),
        Mutant::LateResultChargesCancelledOrder => rightly(revived(order, &news), news).map(as_cancelled),
        Mutant::AuthenticationReused => reusing(limits, order, news, moment),
        Mutant::RefusalCharged => charging_refusals(limits, order, news, moment),
        Mutant::EventNotAnnounced => rightly(order, news).map(|step| {
            changed(step, |step| {
                step.announce = step.announce.filter(|told| told.payment_status != Some("denied"))
            })
        }),
        Mutant::SecurityCodeKept => rightly(order, news).map(|step| {
            changed(step, |step| {
                step.forget_security_code &= step.look_again_at.is_none()
            })
        }),
        Mutant::NobodyLooksAgain => rightly(order, news).map(|step| {
            changed(step, |step| {
                if let Some(Outgoing::Charge { .. }) = step.send {
                    step.look_again_at = None;
                }
            })
        }),
        Mutant::AdviceIgnored => rightly(order, encouraging(news)),
        Mutant::UnknownCancelled => cancelling(limits, order, news, moment),
        Mutant::RefundNotReserved => settling::refund_not_reserved(limits, order, news, moment),
        Mutant::CaptureNotReserved => settling::capture_not_reserved(limits, order, news, moment),
        Mutant::VoidAfterCapture => settling::void_after_capture(limits, order, news, moment),
        Mutant::NotificationAppliedTwice => settling::notification_applied_twice(limits, order, news, moment),
        Mutant::LostSettlementUnsent => settling::lost_counts_as_unsent(limits, order, news, moment),
        Mutant::PendingCascades => rightly(order, doubting::pending_as_unsent(news)),
        Mutant::OverdueGivenUp => doubting::overdue_given_up(limits, order, news, moment),
        Mutant::NothingToTakeBackBelieved => rightly(order, doubting::asked_for_ever_after(news)),
        Mutant::TakingBackCountsAsDone => rightly(order, doubting::accepted_as_done(news)),
        Mutant::ApprovalEndsReversal => rightly(doubting::not_reversing(order, &news), news),
        Mutant::OtherAmountTaken => {
            let news = doubting::of_the_amount_asked(&order, news);
            rightly(order, news)
        }
        Mutant::ReuseNeverIgnored => waiving::reuse_allowed(limits, order, news, moment),
        Mutant::WaivedWithoutRule => waiving::waived_everywhere(limits, order, news, moment),
        Mutant::RefusalWaived => waiving::refusal_waived(limits, order, news, moment),
        Mutant::LateApprovalKept => {
            let news = overlooking(&order, news);
            rightly(order, news)
        }
    }
}

fn changed(step: Option<Step>, change: impl FnOnce(&mut Step)) -> Option<Step> {
    step.map(|mut step| {
        change(&mut step);
        step
    })
}

fn unsent(news: News) -> News {
    match news {
        News::Silence { attempt } => News::NeverLeft {
            attempt,
            why: "no answer came",
            means: None,
        },
        news => news,
    }
}

/// The processor's final window counts as over.
fn believing(limits: &Limits, mut order: Order, news: News, moment: Moment) -> Decided {
    let windows = |order: &mut Order, of: &mut dyn FnMut(usize, &mut u32)| {
        for (place, route) in order.payment.iter_mut().flat_map(|it| &mut it.routes).enumerate() {
            of(place, &mut route.inquiry_final_after_seconds);
        }
    };
    let mut kept = Vec::new();
    let unfound = matches!(
        news,
        News::Inquired {
            answer: Some(InquiryAnswer::NotFound),
            ..
        }
    );
    if unfound {
        windows(&mut order, &mut |_, window| kept.push(std::mem::take(window)));
    }
    let step = payments::decide(limits, order, news, moment)?;
    Ok(changed(step, |step| {
        windows(&mut step.order, &mut |place, window| {
            *window = kept.get(place).copied().unwrap_or(*window)
        });
    }))
}

/// A cancelled order whose cardholder has authenticated after all.
fn revived(mut order: Order, news: &News) -> Order {
    let News::AuthenticationEnded {
        authentication,
        outcome: Ok(_),
        ..
    } = news
    else {
        return order;
    };
    let created_at = order.created_at;
    if let (Lifecycle::Cancelled, Some(payment)) = (order.lifecycle, &mut order.payment)
        && payment.state == PaymentState::Closed(Closed::Cancelled)
    {
        payment.state = PaymentState::Authenticating(Authenticating {
            authentication: *authentication,
            stage: AuthenticationStage::WithCardholder,
            route: 0,
            step_up: false,
            anew: false,
            page_token: String::new(),
            page_issued_at: created_at,
            page_opened_at: None,
        });
    }
    order
}

/// Whatever is decided for a cancelled order, its words stay.
fn as_cancelled(step: Option<Step>) -> Option<Step> {
    changed(step, |step| {
        if step.order.lifecycle == Lifecycle::Cancelled && step.send.is_some() {
            step.announce = None;
        }
    })
}

/// The next payment goes without asking the issuer, on what it said about the last one.
fn reusing(limits: &Limits, order: Order, news: News, moment: Moment) -> Decided {
    let last = order
        .payment
        .as_ref()
        .and_then(|payment| payment.authentication.clone());
    let last = last.filter(|last: &Authenticated| last.flow.is_some() && last.values.is_full());
    match (news, last) {
        (News::Purchased(mut purchased), Some(last)) if purchased.plan != AuthenticationPlan::None => {
            purchased.plan = AuthenticationPlan::External(last.values.clone());
            let step = payments::decide(limits, order, News::Purchased(purchased), moment)?;
            Ok(changed(step, |step| {
                if let Some(payment) = &mut step.order.payment {
                    payment.authentication = Some(last);
                }
            }))
        }
        (news, _) => payments::decide(limits, order, news, moment),
    }
}

/// Whatever the issuer said, it was yes.
fn charging_refusals(limits: &Limits, order: Order, news: News, moment: Moment) -> Decided {
    let News::AuthenticationEnded {
        authentication,
        outcome: Ok(said),
        ..
    } = news
    else {
        return payments::decide(limits, order, news, moment);
    };
    let yes = directory::result(authentication, 'Y', false, 0);
    let news = News::AuthenticationEnded {
        authentication,
        outcome: Ok(yes),
        cardholder_info: None,
    };
    let step = payments::decide(limits, order, news, moment)?;
    Ok(changed(step, |step| {
        if let Some(payment) = &mut step.order.payment {
            payment.authentication = Some(told_by(&said, payment.amount, false, None));
        }
    }))
}

fn encouraging(news: News) -> News {
    match news {
        News::Answered {
            attempt,
            answer: AuthorizationAnswer::Declined(mut decline),
            ..
        } => {
            decline.advice = Advice::Failover;
            News::Answered {
                attempt,
                answer: AuthorizationAnswer::Declined(decline),
                means: None,
            }
        }
        news => news,
    }
}

/// A payment that is on its way does not keep its order from being cancelled.
fn cancelling(limits: &Limits, mut order: Order, news: News, moment: Moment) -> Decided {
    let unknown = order.payment.as_ref().is_some_and(
        |payment| matches!(&payment.state, PaymentState::Authorizing(attempt) if attempt.is_open()),
    );
    if !matches!(news, News::Cancel) || !unknown {
        return payments::decide(limits, order, news, moment);
    }
    let payment = order.payment.take();
    let step = payments::decide(limits, order, news, moment)?;
    Ok(changed(step, |step| {
        step.order.payment = payment.map(|mut payment| {
            payment.state = PaymentState::Closed(Closed::Cancelled);
            payment
        });
        if let Some(told) = &mut step.announce {
            told.payment_status = Some("cancelled");
        }
    }))
}

fn overlooking(order: &Order, news: News) -> News {
    let given_up = order
        .payment
        .as_ref()
        .is_some_and(|payment| matches!(payment.state, PaymentState::Closed(_)));
    match news {
        News::Inquired {
            attempt,
            asked_at,
            answer: Some(InquiryAnswer::Approved(_)),
        } if given_up => News::Inquired {
            attempt,
            asked_at,
            answer: Some(InquiryAnswer::NotFound),
        },
        news => news,
    }
}

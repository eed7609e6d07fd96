//! While 3-D Secure runs.

use super::{Limits, News, Outgoing, Step, at_rest, authorizing, cascading, seconds};
use crate::{
    attempt::ThreeDsUse,
    authentication_policy::{self, Circumstances, ThreeDsCode, Verdict},
    order::Order,
    payment::{Authenticating, AuthenticationStage, Closed, Denial, DeniedBy, PaymentState},
};
use primitives::Moment;
use time::OffsetDateTime;

/// When the time for the cardholder is over: minutes after the hosted page was opened, or after it was issued if nobody
/// came; where the issuer asks by a way of its own, as long as that was granted.
pub fn expires_at(limits: &Limits, now: &Authenticating) -> OffsetDateTime {
    if let AuthenticationStage::Decoupled(decoupled) = &now.stage {
        return decoupled.expires_at;
    }
    let unopened = now.page_issued_at + seconds(limits.page_unopened_seconds);
    match now.page_opened_at {
        Some(opened) => opened + seconds(limits.page_opened_seconds),
        None => unopened,
    }
}

pub(super) fn next(limits: &Limits, mut order: Order, news: News, moment: Moment) -> Option<Step> {
    let payment = order.payment.as_mut()?;
    let current = match &mut payment.state {
        PaymentState::Authenticating(current) => current,
        // Whatever the cardholder or the issuer says now comes too late; it is in the authentication's own record.
        PaymentState::Authorizing(_) | PaymentState::Authorized(_) | PaymentState::Closed(_) => return None,
    };
    match news {
        News::CardholderNeeded { authentication } => {
            if authentication != current.authentication || current.is_decoupled() {
                return None;
            }
            current.stage = AuthenticationStage::WithCardholder;
            Some(goes_on(limits, order, moment))
        }
        News::DecoupledAgreed {
            authentication,
            agreed,
        } => {
            if authentication != current.authentication || current.is_decoupled() {
                return None;
            }
            current.stage = AuthenticationStage::Decoupled(agreed);
            Some(goes_on(limits, order, moment))
        }
        News::PageOpened => {
            if current.page_opened_at.is_some() {
                return None;
            }
            current.page_opened_at = Some(moment.now);
            Some(Step {
                // Whoever asks the directory server has asked already.
                send: None,
                ..goes_on(limits, order, moment)
            })
        }
        News::AuthenticationRestarted { stage } => {
            current.authentication = moment.fresh_id();
            current.stage = stage;
            Some(goes_on(limits, order, moment))
        }
        News::AuthenticationEnded {
            authentication,
            outcome,
            cardholder_info,
        } => {
            if authentication != current.authentication {
                return None;
            }
            let (route, step_up, anew) = (current.route, current.step_up, current.anew);
            let decoupled = current.is_decoupled();
            let cardholder_involved =
                current.stage != AuthenticationStage::Requesting || current.page_opened_at.is_some();
            let verdict =
                authentication_policy::judge(&outcome, payment.routes.get(route)?, Circumstances { step_up });
            // A refusal is shown to the merchant like any other result.
            payment.authentication = outcome.as_ref().ok().map(|result| {
                authentication_policy::told_by(result, payment.amount, decoupled, cardholder_info)
            });
            match verdict {
                Verdict::Deny(denial) => {
                    // An issuer that has declined for want of it has refused to go without.
                    let may_go_without =
                        !step_up && authentication_policy::leaves_open(&outcome, cardholder_involved);
                    let without = may_go_without
                        .then(|| cascading::without_authentication(limits, &order, route, &denial, moment))
                        .flatten();
                    Some(without.unwrap_or_else(|| deny(order, denial)))
                }
                Verdict::Proceed => {
                    let three_ds = match (step_up, anew) {
                        (true, _) => ThreeDsUse::SteppedUp,
                        (false, true) => ThreeDsUse::Anew,
                        (false, false) => ThreeDsUse::Own,
                    };
                    payment.state = authorizing::sending(route, three_ds, moment);
                    Some(authorizing::charge(limits, order, moment))
                }
            }
        }
        News::CardholderGaveUp => Some(deny(
            order,
            Denial {
                code: ThreeDsCode::FailedChallengeAuthentication.as_str().to_owned(),
                reason: "the cardholder cancelled the authentication".to_owned(),
                by: DeniedBy::Cardholder,
                processor: None,
                late: None,
            },
        )),
        News::TimeExpired => Some(deny(
            order,
            Denial {
                code: ThreeDsCode::TimeExpired.as_str().to_owned(),
                reason: ThreeDsCode::TimeExpired.reason().to_owned(),
                by: DeniedBy::System,
                processor: None,
                late: None,
            },
        )),
        News::Purchased(_)
        | News::Answered { .. }
        | News::NeverLeft { .. }
        | News::Silence { .. }
        | News::Inquired { .. }
        | News::Overdue { .. }
        | News::ReversalAnswered { .. }
        | News::Settlement(_)
        | News::Cancel
        | News::Expire => None,
    }
}

/// The step of an authentication that begins or goes on: the directory server is asked, or somebody is waited for.
pub(super) fn goes_on(limits: &Limits, order: Order, moment: Moment) -> Step {
    let (send, look_again_at) = match order.payment.as_ref().map(|payment| &payment.state) {
        Some(PaymentState::Authenticating(current)) => match &current.stage {
            AuthenticationStage::Requesting => (
                Some(Outgoing::Authenticate {
                    authentication: current.authentication,
                }),
                Some(moment.now + seconds(limits.authentication_lease_seconds)),
            ),
            AuthenticationStage::WithCardholder | AuthenticationStage::Decoupled(_) => {
                (None, Some(expires_at(limits, current)))
            }
        },
        Some(PaymentState::Authorizing(_) | PaymentState::Authorized(_) | PaymentState::Closed(_)) | None => {
            (None, None)
        }
    };
    Step {
        send,
        look_again_at,
        forget_security_code: false,
        ..at_rest(order)
    }
}

fn deny(mut order: Order, denial: Denial) -> Step {
    if let Some(payment) = &mut order.payment {
        payment.state = PaymentState::Closed(Closed::Denied(denial));
    }
    at_rest(order)
}

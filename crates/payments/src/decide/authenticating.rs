//! While 3-D Secure runs.

use super::{Limits, News, Outgoing, Step, at_rest, authorizing, seconds};
use crate::{
    authentication_policy::{self, ThreeDsCode, Verdict},
    order::Order,
    payment::{Authenticating, AuthenticationStage, Closed, Denial, DeniedBy, PaymentState},
};
use primitives::Moment;
use time::OffsetDateTime;

/// When the hosted page stops being good: minutes after it was opened, or after it was issued if nobody came.
pub fn page_expires_at(limits: &Limits, now: &Authenticating) -> OffsetDateTime {
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
            if authentication != current.authentication {
                return None;
            }
            current.stage = AuthenticationStage::WithCardholder;
            Some(waiting_for_cardholder(limits, order))
        }
        News::PageOpened => {
            if current.page_opened_at.is_some() {
                return None;
            }
            current.page_opened_at = Some(moment.now);
            Some(waiting_for_cardholder(limits, order))
        }
        News::AuthenticationRestarted { stage } => {
            let authentication = moment.fresh_id();
            current.authentication = authentication;
            current.stage = stage;
            match stage {
                AuthenticationStage::WithCardholder => Some(waiting_for_cardholder(limits, order)),
                AuthenticationStage::Requesting => Some(Step {
                    send: Some(Outgoing::Authenticate { authentication }),
                    look_again_at: Some(moment.now + seconds(limits.authentication_lease_seconds)),
                    forget_security_code: false,
                    ..at_rest(order)
                }),
            }
        }
        News::AuthenticationEnded {
            authentication,
            outcome,
        } => {
            if authentication != current.authentication {
                return None;
            }
            let route = payment.routes.first()?;
            match authentication_policy::judge(&outcome, route) {
                Verdict::Deny(denial) => Some(deny(order, denial)),
                Verdict::Proceed(authenticated) => {
                    payment.authentication = Some(authenticated);
                    payment.state = authorizing::sending(0, moment);
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
        | News::Reversed { .. }
        | News::Cancel
        | News::Expire => None,
    }
}

fn waiting_for_cardholder(limits: &Limits, order: Order) -> Step {
    let look_again_at = match order.payment.as_ref().map(|payment| &payment.state) {
        Some(PaymentState::Authenticating(current)) => Some(page_expires_at(limits, current)),
        _ => None,
    };
    Step {
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

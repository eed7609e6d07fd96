//! A purchase begins.

use super::{AuthenticationPlan, Limits, Purchased, Step, at_rest, authenticating, authorizing, cascading};
use crate::{
    attempt::ThreeDsUse,
    authentication_policy::{self, ThreeDsCode},
    connection::OnDoubt,
    history::History,
    order::Order,
    payment::{
        Authenticated, Authenticating, AuthenticationStage, Closed, Denial, DeniedBy, Payment, PaymentState,
    },
    refusal::{Refusal, RefusalCode},
};
use primitives::Moment;

/// `ErrPurchase`: the purchase was not made, and neither an issuer nor a processor is why.
const REJECTED_BY_RULE: &str = "DP-4026";

pub(super) fn purchased(
    limits: &Limits,
    mut order: Order,
    purchased: Purchased,
    moment: Moment,
) -> Result<Step, Refusal> {
    if let Some(code) = order.closed_to_payments() {
        return Err(Refusal::new(code, why_closed(code)));
    }
    let on_unavailable = match (purchased.routes.first(), &purchased.plan) {
        (Some(first), _) => first.on_unavailable,
        (None, AuthenticationPlan::Rejected) => OnDoubt::Reject,
        (None, _) => {
            return Err(Refusal::new(
                RefusalCode::ProcessorNotFound,
                "no active connection takes this card and amount",
            ));
        }
    };
    let Purchased {
        payment,
        terms,
        card,
        routes,
        plan,
        page_token,
        attempts_allowed,
    } = purchased;
    order.payments += 1;
    let brand = card.brand;
    let new = |state, authentication| Payment {
        id: payment,
        number: order.payments,
        amount: order.amount,
        card,
        terms,
        routes,
        authentication,
        state,
        history: History {
            attempts_allowed,
            ..History::default()
        },
        created_at: moment.now,
        updated_at: moment.now,
    };
    match plan {
        AuthenticationPlan::None => {
            order.payment = Some(new(authorizing::sending(0, ThreeDsUse::None, moment), None));
            Ok(authorizing::charge(limits, order, moment))
        }
        AuthenticationPlan::External(values) => {
            let given = Authenticated {
                values,
                three_ds_server_trans_id: None,
                trans_status_reason: None,
                flow: None,
                cardholder_info: None,
                amount: None,
                at: moment.now,
            };
            order.payment = Some(new(authorizing::sending(0, ThreeDsUse::Own, moment), Some(given)));
            Ok(authorizing::charge(limits, order, moment))
        }
        AuthenticationPlan::NotAvailable => match on_unavailable {
            OnDoubt::Proceed => {
                let without = authentication_policy::without_authentication(brand, moment.now);
                order.payment = Some(new(
                    authorizing::sending(0, ThreeDsUse::None, moment),
                    Some(without),
                ));
                Ok(authorizing::charge(limits, order, moment))
            }
            OnDoubt::Reject => {
                let code = ThreeDsCode::AuthenticationNotAvailableWhenCheckingEnrollment;
                let denial = denial(code.as_str(), code.reason(), DeniedBy::Issuer);
                let closed = PaymentState::Closed(Closed::Denied(denial.clone()));
                order.payment = Some(new(closed, None));
                let without = cascading::without_authentication(limits, &order, 0, &denial, moment);
                Ok(without.unwrap_or_else(|| at_rest(order)))
            }
        },
        AuthenticationPlan::Rejected => {
            let denial = denial(
                REJECTED_BY_RULE,
                "a routing rule rejects the purchase",
                DeniedBy::System,
            );
            order.payment = Some(new(PaymentState::Closed(Closed::Denied(denial)), None));
            Ok(at_rest(order))
        }
        AuthenticationPlan::Ask { needs_page } => {
            let state = Authenticating {
                authentication: moment.fresh_id(),
                stage: AuthenticationStage::first(needs_page),
                route: 0,
                step_up: false,
                anew: false,
                page_token,
                page_issued_at: moment.now,
                page_opened_at: None,
            };
            order.payment = Some(new(PaymentState::Authenticating(state), None));
            Ok(authenticating::goes_on(limits, order, moment))
        }
    }
}

/// A denial for which no processor was asked.
fn denial(code: &str, reason: &str, by: DeniedBy) -> Denial {
    Denial {
        code: code.to_owned(),
        reason: reason.to_owned(),
        by,
        processor: None,
        late: None,
    }
}

fn why_closed(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::OrderAlreadyProcessed => "the order is paid already",
        RefusalCode::OrderExpired => "the order has expired",
        RefusalCode::TransactionInProcess => "another payment of this order is on its way",
        RefusalCode::AttemptsExceeded => "the order has seen too many payment attempts",
        _ => "the order is not open to payments",
    }
}

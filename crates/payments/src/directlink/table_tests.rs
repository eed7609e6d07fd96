//! The table of states, whole.

use super::{NcError, Telling, status};
use crate::{
    Market, Order,
    attempt::Outcome,
    authentication_policy::ThreeDsCode,
    decide::{AuthenticationPlan, News, matrix::states, testing::*},
    payment::{Closed, Denial, DeniedBy, PaymentState},
    routing::Route,
    settlement::{Offers, SettlementNews, SettlementState},
};
use acquiring::{Advice, Captures, ChargeKind, Initiator, Reason, SettlementAnswer, SettlementKind};
use std::fmt::Write;

fn told(order: &Order, sale: bool) -> String {
    let told = status::of(order, sale);
    format!("{:>2} {}", told.status, told.error)
}

#[test]
fn every_state_of_an_order_and_of_what_is_asked_after_it_is_told() {
    let mut table = String::from("order, to be authorised and to be sold\n");
    for (state, order) in states() {
        let line = format!(
            "    {state:<28} {:<12} {}",
            told(&order, false),
            told(&order, true)
        );
        writeln!(table, "{}", line.trim_end()).unwrap();
    }
    for kind in SettlementKind::ALL {
        writeln!(table, "{}", kind.as_str()).unwrap();
        for state in settlement_states() {
            let told = status::of_settlement(kind, &state);
            writeln!(
                table,
                "    {:<28} {:>2} {}",
                state.name(),
                told.status,
                told.error
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

fn settlement_states() -> [SettlementState; 7] {
    let processor_reference = None;
    [
        SettlementState::Sending,
        SettlementState::Unknown { inquiries: 1 },
        SettlementState::Accepted {
            inquiries: 0,
            processor_reference: processor_reference.clone(),
        },
        SettlementState::Done { processor_reference },
        SettlementState::Refused {
            decline: decline(Reason::InsufficientFunds, Advice::Never),
        },
        SettlementState::NotSent { why: "closed".into() },
        SettlementState::Lost,
    ]
}

/// An order whose payment was denied with that code, whatever it had been through.
fn denied(code: &str, by: DeniedBy, trans_status: Option<&str>) -> Order {
    let authenticated = trans_status.map(|status| {
        vec![
            (
                purchase(AuthenticationPlan::Ask { needs_page: false }, vec![route(1)]),
                0,
            ),
            (ended(0, Ok(result(status, "07"))), 1),
        ]
    });
    let charged = || {
        vec![
            (purchase(AuthenticationPlan::None, vec![route(1)]), 0),
            (declined(0, Advice::Never), 1),
        ]
    };
    let mut order = after(authenticated.unwrap_or_else(charged));
    order.payment.as_mut().unwrap().state = PaymentState::Closed(Closed::Denied(Denial {
        code: code.to_owned(),
        reason: String::new(),
        by,
        processor: None,
        late: None,
    }));
    order
}

#[test]
fn a_cardholder_who_fails_is_told_from_one_whom_nobody_could_ask() {
    use ThreeDsCode as Code;
    for code in Code::ALL {
        let expected = match code {
            Code::FailedChallengeAuthentication
            | Code::UnsuccessfulFrictionlessAuthentication
            | Code::RejectedFrictionlessAuthentication => NcError::AUTHENTICATION_FAILED,
            Code::UnavailableChallengeAuthentication
            | Code::UnableIssuer
            | Code::EnrollmentCheckError
            | Code::AuthenticationNotAvailableWhenCheckingEnrollment
            | Code::EnrollmentCheckTimeout
            | Code::StandInFrictionlessAuthenticationAttempted
            | Code::UnavailableFrictionlessAuthentication
            | Code::TimeExpired => NcError::AUTHENTICATION_UNAVAILABLE,
        };
        let told = status::of(&denied(code.as_str(), DeniedBy::Issuer, None), true);
        assert_eq!((told.status, told.error), (0, expected), "{code:?}");
        let cancelled = status::of(&denied(code.as_str(), DeniedBy::Cardholder, None), true);
        assert_eq!(cancelled, status::CANCELLED_BY_SHOPPER, "{code:?}");
    }
    // A challenge that ends with a no by the issuer is a failed one, whatever it shares its code with.
    let code = Code::UnavailableChallengeAuthentication.as_str();
    let rejected = status::of(&denied(code, DeniedBy::Issuer, Some("R")), true);
    assert_eq!(rejected.error, NcError::AUTHENTICATION_FAILED);
    let unavailable = status::of(&denied(code, DeniedBy::Issuer, Some("U")), true);
    assert_eq!(unavailable.error, NcError::AUTHENTICATION_UNAVAILABLE);
}

#[test]
fn a_refused_charge_carries_the_reason_of_the_last_attempt() {
    let refused = |reason| {
        let answer = acquiring::AuthorizationAnswer::Declined(decline(reason, Advice::Never));
        let news = News::Answered {
            attempt: attempt(0),
            answer,
            means: None,
        };
        let order = after(vec![
            (purchase(AuthenticationPlan::None, vec![route(1)]), 0),
            (news, 1),
        ]);
        let told = status::of(&order, false);
        (told.status, told.error)
    };
    assert_eq!(refused(Reason::InsufficientFunds), (2, NcError(30_511_001)));
    assert_eq!(refused(Reason::GenericDecline), (2, NcError::REFUSED));
    assert_eq!(
        refused(Reason::AuthenticationFailed),
        (0, NcError::AUTHENTICATION_FAILED)
    );
    let unreachable = after(vec![
        (purchase(AuthenticationPlan::None, vec![route(1)]), 0),
        (
            News::NeverLeft {
                attempt: attempt(0),
                why: "no connection",
                means: None,
            },
            1,
        ),
    ]);
    assert_eq!(
        status::of(&unreachable, false).error,
        NcError::ACQUIRER_UNAVAILABLE
    );
}

/// 100.00 held by a processor that offers all there is.
fn held() -> Vec<(News, i64)> {
    let route = Route {
        charge: ChargeKind::Authorization,
        offers: Offers {
            captures: Captures::Several,
            ..Offers::default()
        },
        ..route(1)
    };
    vec![
        (purchase(AuthenticationPlan::None, vec![route]), 0),
        (approved(0), 1),
    ]
}

fn asked(
    order: &[(News, i64)],
    news: SettlementNews,
    second: i64,
    answer: SettlementAnswer,
) -> Vec<(News, i64)> {
    let mut order = order.to_vec();
    order.push((News::Settlement(news), second));
    let answered = SettlementNews::Answered {
        settlement: at(second).fresh_id(),
        answer,
    };
    order.push((News::Settlement(answered), second + 1));
    order
}

#[test]
fn a_paid_order_is_told_by_what_was_done_with_the_money_and_what_is_on_its_way_first() {
    let status = |steps: &[(News, i64)]| status::of(&after(steps.to_vec()), false).status;
    let capture = |minor| SettlementNews::CaptureAsked {
        amount: Some(mxn(minor)),
        is_final: Some(false),
    };
    let refund = |minor| SettlementNews::RefundAsked {
        amount: Some(mxn(minor)),
        reason: None,
    };
    let void = || SettlementNews::VoidAsked { reason: None };
    let done = || SettlementAnswer::Done {
        processor_reference: None,
    };
    let accepted = || SettlementAnswer::Accepted {
        processor_reference: None,
    };
    let refused = || SettlementAnswer::Refused(decline(Reason::InvalidState, Advice::Never));

    let held = held();
    assert_eq!(status(&held), 5);
    assert_eq!(status(&asked(&held, void(), 10, accepted())), 61);
    assert_eq!(status(&asked(&held, void(), 10, done())), 6);
    assert_eq!(status(&asked(&held, void(), 10, refused())), 5, "still held");
    assert_eq!(status(&asked(&held, capture(4_000), 10, accepted())), 91);
    assert_eq!(status(&asked(&held, capture(4_000), 10, refused())), 5);
    let captured = asked(&held, capture(4_000), 10, done());
    assert_eq!(status(&captured), 9);
    assert_eq!(status(&asked(&captured, refund(1_000), 20, accepted())), 81);
    assert_eq!(status(&asked(&captured, refund(1_000), 20, refused())), 9);
    assert_eq!(status(&asked(&captured, refund(1_000), 20, done())), 8);
}

#[test]
fn what_is_told_of_a_payment_is_what_the_processor_and_the_issuer_said() {
    let order = after(held());
    let telling = Telling::of(&order, false);
    assert_eq!(telling.acceptance.as_deref(), Some("123456"));
    assert_eq!(telling.eci.as_deref(), Some("7"), "nobody was authenticated");
    assert_eq!(telling.card_number.as_deref(), Some("XXXXXXXXXXXX1000"));
    assert_eq!((telling.amount, telling.level), (mxn(10_000), None));
    for (status, of_network, eci) in [
        ("Y", "05", "5"),
        ("Y", "02", "5"),
        ("A", "06", "6"),
        ("A", "01", "6"),
    ] {
        let route = Route {
            on_attempted: crate::connection::OnDoubt::Proceed,
            ..route(1)
        };
        let order = after(vec![
            (
                purchase(AuthenticationPlan::Ask { needs_page: false }, vec![route]),
                0,
            ),
            (ended(0, Ok(result(status, of_network))), 1),
        ]);
        let Some(PaymentState::Authorizing(attempt)) = order.payment.as_ref().map(|it| &it.state) else {
            panic!("{status} is charged");
        };
        assert_eq!(attempt.outcome, Outcome::Sending);
        assert_eq!(
            Telling::of(&order, true).eci.as_deref(),
            Some(eci),
            "{of_network}"
        );
    }
}

#[test]
fn a_charge_without_a_shopper_at_a_page_says_how_it_came() {
    for (market, initiator, eci) in [
        (Market::Ecommerce, Initiator::Customer, "7"),
        (Market::Ecommerce, Initiator::Merchant, "9"),
        (Market::Moto, Initiator::Customer, "1"),
        (Market::Moto, Initiator::Merchant, "2"),
    ] {
        let mut order = after(held());
        let terms = &mut order.payment.as_mut().unwrap().terms;
        (terms.market, terms.initiator) = (market, initiator);
        assert_eq!(Telling::of(&order, false).eci.as_deref(), Some(eci), "{market:?}");
    }
}

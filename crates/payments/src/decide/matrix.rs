//! Every state against every piece of news, as a table to be read; and what must hold of every step.

use super::{AuthenticationPlan, Limits, News, Outgoing, decide, testing::*};
use crate::{
    order::Order,
    payment::{AuthenticationStage, PaymentState},
    routing::Route,
    status,
};
use acquiring::{Advice, AuthorizationAnswer, InquiryAnswer, Recovery, ReversalAnswer};
use mpi::Failure;
use primitives::Id;

fn unknown() -> Vec<(News, i64)> {
    vec![
        (purchase(AuthenticationPlan::None, vec![route(1), route(2)]), 0),
        (News::Silence { attempt: attempt(0) }, 30),
    ]
}

fn lost() -> Vec<(News, i64)> {
    let mut steps = unknown();
    steps.push((
        News::Inquired {
            attempt: attempt(0),
            asked_at: at(1_845).now,
            answer: Some(InquiryAnswer::NotFound),
        },
        1_845,
    ));
    steps
}

/// An order in every state that there is, by the state's name.
pub(crate) fn states() -> Vec<(&'static str, Order)> {
    let asking = || {
        purchase(
            AuthenticationPlan::Ask { needs_page: false },
            vec![route(1), route(2)],
        )
    };
    let charging = || purchase(AuthenticationPlan::None, vec![route(1), route(2)]);
    let reversed_by_us = || {
        purchase(
            AuthenticationPlan::None,
            vec![
                Route {
                    lost_charge: Recovery::Reverse,
                    reversals: true,
                    ..route(1)
                },
                route(2),
            ],
        )
    };
    let taking_back = || {
        vec![
            (reversed_by_us(), 0),
            (News::Silence { attempt: attempt(0) }, 30),
            (News::Overdue { attempt: attempt(0) }, 90),
        ]
    };
    let stepping_up = |needs_page| after(vec![(charging(), 0), (wants_authentication(0, needs_page), 0)]);
    let mut reversing = lost();
    let found = News::Inquired {
        attempt: attempt(0),
        asked_at: at(3_645).now,
        answer: Some(InquiryAnswer::Approved(approval())),
    };
    reversing.push((found, 3_645));
    vec![
        ("new", new_order()),
        ("requesting", after(vec![(asking(), 0)])),
        (
            "with_cardholder",
            after(vec![
                (asking(), 0),
                (
                    News::CardholderNeeded {
                        authentication: Id::from_uuid(at(0).nonce),
                    },
                    1,
                ),
            ]),
        ),
        ("decoupled", after(vec![(asking(), 0), (decoupled(0), 1)])),
        ("sending", after(vec![(charging(), 0)])),
        // The first charge and the authentication it led to bear the same number, like every run in this table.
        ("stepping_up", stepping_up(false)),
        ("stepping_up_with_cardholder", stepping_up(true)),
        (
            "sending_after_step_up",
            after(vec![
                (charging(), 0),
                (wants_authentication(0, false), 0),
                (ended(0, Ok(result("Y", "05"))), 0),
            ]),
        ),
        ("unknown", after(unknown())),
        (
            "awaited",
            after(vec![
                (charging(), 0),
                (
                    News::Answered {
                        attempt: attempt(0),
                        answer: AuthorizationAnswer::Pending {
                            processor_reference: Some("ticket-1".into()),
                        },
                        means: None,
                    },
                    1,
                ),
            ]),
        ),
        (
            "unknown_to_be_reversed",
            after(taking_back().into_iter().take(2).collect()),
        ),
        ("taking_back", after(taking_back())),
        (
            "taking_back_approved",
            after(taking_back().into_iter().chain([(approved(0), 100)]).collect()),
        ),
        ("paid", after(vec![(charging(), 0), (approved(0), 1)])),
        (
            "denied",
            after(vec![(charging(), 0), (declined(0, Advice::Never), 1)]),
        ),
        ("lost", after(lost())),
        ("reversing", after(reversing)),
        ("cancelled", after(vec![(News::Cancel, 0)])),
        ("expired", after(vec![(News::Expire, 0)])),
    ]
}

fn news() -> Vec<(&'static str, News)> {
    let about = attempt(0);
    let authentication = Id::from_uuid(at(0).nonce);
    let inquired = |answer| News::Inquired {
        attempt: about,
        asked_at: at(5_000).now,
        answer,
    };
    let reversal = |answer| News::ReversalAnswered {
        attempt: about,
        asked_at: at(5_000).now,
        answer,
    };
    vec![
        ("purchased", purchase(AuthenticationPlan::None, vec![route(1)])),
        ("cardholder_needed", News::CardholderNeeded { authentication }),
        ("page_opened", News::PageOpened),
        (
            "restarted",
            News::AuthenticationRestarted {
                stage: AuthenticationStage::WithCardholder,
            },
        ),
        ("decoupled_agreed", decoupled(0)),
        ("authenticated", ended(0, Ok(result("Y", "05")))),
        ("not_authenticated", ended(0, Ok(result("N", "07")))),
        ("information_only", ended(0, Ok(result("I", "07")))),
        ("authentication_failed", ended(0, Err(Failure::DirectoryTimeout))),
        ("cardholder_gave_up", News::CardholderGaveUp),
        ("time_expired", News::TimeExpired),
        ("approved", approved(0)),
        ("soft_declined", declined(0, Advice::Failover)),
        ("hard_declined", declined(0, Advice::Never)),
        ("authentication_wanted", wants_authentication(0, false)),
        (
            "never_left",
            News::NeverLeft {
                attempt: about,
                why: "no connection",
                means: None,
            },
        ),
        ("silence", News::Silence { attempt: about }),
        (
            "found_approved",
            inquired(Some(InquiryAnswer::Approved(approval()))),
        ),
        (
            "found_declined",
            inquired(Some(InquiryAnswer::Declined(decline(
                acquiring::Reason::GenericDecline,
                Advice::Failover,
            )))),
        ),
        ("found_pending", inquired(Some(InquiryAnswer::Pending))),
        ("not_found", inquired(Some(InquiryAnswer::NotFound))),
        ("inquiry_failed", inquired(None)),
        (
            "taken_later",
            News::Answered {
                attempt: about,
                answer: AuthorizationAnswer::Pending {
                    processor_reference: None,
                },
                means: None,
            },
        ),
        ("overdue", News::Overdue { attempt: about }),
        ("reversed", reversal(Some(ReversalAnswer::Reversed))),
        ("reversal_accepted", reversal(Some(ReversalAnswer::Accepted))),
        ("nothing_to_reverse", reversal(Some(ReversalAnswer::NotFound))),
        ("reversal_failed", reversal(None)),
        ("cancel", News::Cancel),
        ("expire", News::Expire),
    ]
}

/// One line: what comes of the news.
fn line(order: &Order, news: &News) -> String {
    match decide(&Limits::default(), order.clone(), news.clone(), at(5_000)) {
        Err(refusal) => format!("refused {}", refusal.code.as_str()),
        Ok(None) => "-".into(),
        Ok(Some(step)) => {
            let words = status::of(&step.order);
            let attempts: Vec<_> = step.attempts.iter().map(|attempt| attempt.state.name()).collect();
            let send = match &step.send {
                None => "",
                Some(Outgoing::Authenticate { .. }) => " send:areq",
                Some(Outgoing::Charge { .. }) => " send:charge",
                Some(Outgoing::Inquire { .. }) => " send:inquiry",
                Some(Outgoing::Reverse {
                    approval: Some(_), ..
                }) => " send:void",
                Some(Outgoing::Reverse { approval: None, .. }) => " send:reversal",
                Some(Outgoing::Settle { .. }) => " send:settlement",
                Some(Outgoing::InquireSettlement { .. }) => " send:settlement-inquiry",
            };
            let announce = step
                .announce
                .map(|told| format!(" tell:{}", told.event_type))
                .unwrap_or_default();
            let look = if step.look_again_at.is_some() {
                " look-again"
            } else {
                ""
            };
            let code = if step.forget_security_code {
                " forget-code"
            } else {
                ""
            };
            format!(
                "{}/{} {attempts:?}{send}{announce}{look}{code}",
                words.order,
                words.payment.unwrap_or("-")
            )
        }
    }
}

#[test]
fn every_state_says_what_every_news_means() {
    let news = news();
    let mut table = String::new();
    for (state, order) in states() {
        table.push_str(&format!("{state}\n"));
        for (name, news) in &news {
            table.push_str(&format!("    {name:<22} {}\n", line(&order, news)));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn no_step_leaves_an_open_payment_that_nobody_looks_at_again() {
    for (state, order) in states() {
        for (name, news) in news() {
            if let Ok(Some(step)) = decide(&Limits::default(), order.clone(), news, at(5_000)) {
                let open = step
                    .order
                    .payment
                    .as_ref()
                    .is_some_and(|payment| payment.state.is_open());
                assert!(!open || step.look_again_at.is_some(), "{state} {name}");
            }
        }
    }
}

#[test]
fn whoever_sends_a_charge_records_it_as_sending_first() {
    for (state, order) in states() {
        for (name, news) in news() {
            if let Ok(Some(step)) = decide(&Limits::default(), order.clone(), news, at(5_000))
                && let Some(Outgoing::Charge { attempt }) = step.send
            {
                let sending = step
                    .attempts
                    .iter()
                    .any(|row| row.id == attempt && row.state.name() == "sending");
                assert!(sending, "{state} {name}");
                assert!(
                    matches!(step.order.payment.unwrap().state, PaymentState::Authorizing(_)),
                    "{state} {name}"
                );
            }
        }
    }
}

#[test]
fn nothing_is_charged_while_the_end_of_a_charge_is_open() {
    for (state, order) in states() {
        let Some(PaymentState::Authorizing(attempt)) = order.payment.as_ref().map(|payment| &payment.state)
        else {
            continue;
        };
        if !attempt.is_open() {
            continue;
        }
        for (name, news) in news() {
            if let Ok(Some(step)) = decide(&Limits::default(), order.clone(), news, at(100)) {
                assert!(
                    !matches!(step.send, Some(Outgoing::Charge { .. })),
                    "{state} {name}"
                );
                assert!(step.forget_security_code, "{state} {name}");
            }
        }
    }
}

//! Captures, voids and refunds followed through, where a table line does not tell the story.

use super::{SettlementDue, settlement_due, testing::*};
use crate::{
    OrderDocument,
    decide::{News, Outgoing, testing::*},
    order::Order,
    refusal::RefusalCode,
    settlement::{Offers, SettlementState, Standing},
    status::Announcement,
};
use acquiring::{Captures, ChargeKind, Recovery, Refunds, RefundsOf, Voids};
use serde_json::Value;
use time::Duration;

fn addresses() -> crate::Addresses {
    crate::Addresses {
        public_url: "https://pay.example".into(),
    }
}

fn document(order: &Order) -> Value {
    serde_json::from_str(OrderDocument::of(order, &addresses(), Vec::new()).as_json()).unwrap()
}

fn captured() -> Order {
    then(held(), vec![(capture(None, None), 10), (done(10), 11)])
}

#[test]
fn a_capture_takes_all_and_is_told_when_it_is_done() {
    let asked = step(held(), capture(None, None), at(10));
    assert_eq!(
        (asked.send.clone(), told(&asked)),
        (
            Some(Outgoing::Settle {
                settlement: settlement(10)
            }),
            None
        )
    );
    assert_eq!(
        (totals(&asked.order), words(&asked.order)),
        ([10_000, 0, 0, 0], ("succeeded", "authorized"))
    );
    let done = step(asked.order, done(10), at(11));
    assert_eq!(
        (totals(&done.order), words(&done.order)),
        ([0, 10_000, 0, 0], ("succeeded", "captured"))
    );
    assert_eq!(told(&done), Some(("payment.updated", "captured")));
    assert_eq!(done.look_again_at, None);
    assert_eq!(
        refusal(&done.order, capture(None, None)),
        RefusalCode::CannotCapture
    );
    assert_eq!(refusal(&done.order, void()), RefusalCode::CannotVoid);
}

#[test]
fn a_final_part_releases_the_rest_and_another_leaves_it_held() {
    let last = then(held(), vec![(capture(6_000, None), 10), (done(10), 11)]);
    assert_eq!(paid(&last).standing, Standing::CapturedFinally);
    assert_eq!(refusal(&last, capture(1_000, None)), RefusalCode::CannotCapture);

    let first = then(held(), vec![(capture(6_000, false), 10), (done(10), 11)]);
    assert_eq!(paid(&first).standing, Standing::Open);
    assert_eq!(refusal(&first, capture(4_001, None)), RefusalCode::AmountExceeded);
    let second = step(first, capture(None, None), at(20));
    assert_eq!(totals(&second.order), [4_000, 6_000, 0, 0]);
    assert_eq!(
        refusal(&second.order, capture(1, None)),
        RefusalCode::PendingPayment
    );
    let done = step(second.order, done(20), at(21));
    assert_eq!(
        told(&done),
        Some(("payment.updated", "captured")),
        "the words are the same, the amount is not"
    );
}

#[test]
fn what_a_processor_does_not_offer_is_refused_before_anything_is_sent() {
    let holding = |offers| paid_by(ChargeKind::Authorization, offers);
    let selling = |offers| paid_by(ChargeKind::Sale, offers);
    let captures = |captures| Offers { captures, ..offers() };
    for (order, asked) in [
        (holding(captures(Captures::NotOffered)), capture(None, None)),
        (holding(captures(Captures::FullOnly)), capture(1_000, None)),
        (holding(captures(Captures::Once)), capture(1_000, false)),
        (
            holding(Offers {
                voids: Voids::NotOffered,
                ..offers()
            }),
            void(),
        ),
        (
            selling(Offers {
                refunds: Refunds::NotOffered,
                ..offers()
            }),
            refund(None),
        ),
        (
            selling(Offers {
                refunds: Refunds::FullOnly,
                ..offers()
            }),
            refund(1_000),
        ),
    ] {
        assert_eq!(
            refusal(&order, asked.clone()),
            RefusalCode::NotImplemented,
            "{asked:?}"
        );
    }
    let once = step(holding(captures(Captures::Once)), capture(1_000, None), at(10));
    assert!(the(&once.order, 10).is_final);
}

#[test]
fn a_void_is_possible_while_nothing_is_captured_or_being_captured() {
    let voided = then(held(), vec![(void(), 10), (done(10), 11)]);
    assert_eq!(
        (words(&voided), totals(&voided)),
        (("cancelled", "voided"), [0; 4])
    );
    for asked in [capture(None, None), void(), refund(None), News::Cancel] {
        assert_eq!(refusal(&voided, asked), RefusalCode::StatusNotValidForTransition);
    }
    let capturing = then(held(), vec![(capture(1_000, None), 10)]);
    assert_eq!(refusal(&capturing, void()), RefusalCode::PendingPayment);
    let voiding = then(held(), vec![(void(), 10), (accepted(10), 11)]);
    assert_eq!(words(&voiding), ("succeeded", "authorized"));
    assert_eq!(
        refusal(&voiding, capture(None, None)),
        RefusalCode::PendingPayment
    );
    assert_eq!(refusal(&sold(), void()), RefusalCode::CannotVoid);
}

#[test]
fn refunds_add_up_to_what_was_captured_and_each_one_is_told() {
    let first = step(sold(), refund(2_500), at(10));
    assert_eq!(words(&first.order), ("succeeded", "partial_refunding"));
    // Another one need not wait for the first.
    let second = step(first.order, refund(2_500), at(20));
    assert_eq!(
        (totals(&second.order), refusal(&second.order, refund(5_001))),
        ([0, 10_000, 5_000, 0], RefusalCode::AmountExceeded)
    );
    let done_second = step(second.order, done(20), at(21));
    assert_eq!(told(&done_second), Some(("order.refund", "partial_refunding")));
    let done_first = step(done_second.order, done(10), at(22));
    assert_eq!(told(&done_first), Some(("order.refund", "partial_refunded")));
    let third = step(done_first.order, refund(1_000), at(30));
    let third = step(third.order, done(30), at(31));
    assert_eq!(
        told(&third),
        Some(("order.refund", "partial_refunded")),
        "the words are the same"
    );

    let rest = step(third.order, refund(None), at(40));
    assert_eq!(
        (the(&rest.order, 40).amount, words(&rest.order)),
        (mxn(4_000), ("refund", "refunding"))
    );
    assert_eq!(refusal(&rest.order, refund(None)), RefusalCode::PendingPayment);
    let all = step(rest.order, done(40), at(41));
    assert_eq!(
        (told(&all), words(&all.order)),
        (Some(("order.cancelled", "refunded")), ("cancelled", "refunded"))
    );
    assert_eq!(refusal(&all.order, refund(None)), RefusalCode::AlreadyRefunded);
    assert_eq!(refusal(&all.order, News::Cancel), RefusalCode::AlreadyRefunded);
}

#[test]
fn what_was_captured_and_given_back_is_not_the_whole_while_more_may_be_captured() {
    let part = then(
        held(),
        vec![(capture(6_000, false), 10), (done(10), 11), (refund(None), 20)],
    );
    assert_eq!(words(&part), ("succeeded", "partial_refunding"));
    assert_eq!(
        words(&then(part, vec![(done(20), 21)])),
        ("succeeded", "partial_refunded")
    );
}

#[test]
fn a_refund_that_is_only_accepted_is_told_as_such_and_again_when_it_is_denied() {
    let asked = step(sold(), refund(None), at(10));
    assert_eq!(told(&asked), None, "the caller is waiting");
    let taken = step(asked.order, accepted(10), at(11));
    assert_eq!(told(&taken), Some(("order.refund", "refunding")));
    assert!(says_nothing(&taken.order, accepted(10), 12));
    let denied = step(taken.order, found_refused(10), at(60));
    assert_eq!(told(&denied), Some(("payment.updated", "denied")));
    assert_eq!(
        (words(&denied.order), totals(&denied.order)),
        (("succeeded", "processed"), [0, 10_000, 0, 0])
    );
    let announced: Announcement = denied.announce.unwrap();
    let webhook = OrderDocument::announcing(&denied.order, &addresses(), &announced);
    let webhook: Value = serde_json::from_str(webhook.as_json()).unwrap();
    assert_eq!(webhook["payment"]["data"]["status"], "denied");
    assert_eq!(
        (&webhook["payment"]["error"]["code"], &webhook["status"]),
        (&"EMA-6000".into(), &"succeeded".into())
    );
    assert_eq!(document(&denied.order)["payment"]["data"]["status"], "processed");
    assert!(
        says_nothing(&denied.order, found_refused(10), 61),
        "late news about a settled one is nothing new"
    );
    assert!(
        says_nothing(&denied.order, found_done(10), 61),
        "nor is a success that was told before"
    );
}

#[test]
fn a_refusal_that_the_caller_waits_for_is_the_answer_and_no_event() {
    for end in [refused(10), never_left(10)] {
        let ended = step(
            then(captured(), vec![(refund(None), 20)]),
            match end {
                News::Settlement(crate::SettlementNews::NeverLeft { .. }) => never_left(20),
                _ => refused(20),
            },
            at(21),
        );
        assert_eq!((told(&ended), totals(&ended.order)), (None, [0, 10_000, 0, 0]));
        assert_eq!(words(&ended.order), ("succeeded", "captured"));
    }
}

#[test]
fn a_lost_answer_is_inquired_and_what_is_not_found_in_the_end_is_given_up() {
    let mut order = then(sold(), vec![(refund(4_000), 10)]);
    assert_eq!(settlement_due(&order, at(54).now), None);
    assert_eq!(
        settlement_due(&order, at(55).now),
        Some(SettlementDue::Silent {
            settlement: settlement(10)
        })
    );
    let silent = step(order, silence(10), at(55));
    assert_eq!(told(&silent), Some(("order.refund", "partial_refunding")));
    assert_eq!(silent.look_again_at, Some(START + Duration::seconds(100)));
    order = silent.order;
    let asks = Some(SettlementDue::Send(Outgoing::InquireSettlement {
        settlement: settlement(10),
    }));
    for seconds in [100, 280, 1_809] {
        assert_eq!(settlement_due(&order, at(seconds).now), asks);
        let asked = step(order, not_found_at(seconds, 10), at(seconds));
        assert!(
            asked.look_again_at.unwrap() <= START + Duration::seconds(1_810),
            "never past the last word"
        );
        assert_eq!(
            (told(&asked), totals(&asked.order)),
            (None, [0, 10_000, 4_000, 0])
        );
        order = asked.order;
    }
    // Told late, but asked while it could not be known.
    let early = step(order.clone(), not_found_at(1_809, 10), at(1_900));
    assert_eq!(totals(&early.order), [0, 10_000, 4_000, 0]);
    let lost = step(order, not_found_at(1_810, 10), at(1_810));
    assert_eq!(
        (told(&lost), totals(&lost.order)),
        (Some(("payment.updated", "denied")), [0, 10_000, 0, 0])
    );
    assert_eq!(
        document(&lost.order)["payment"]["data"]["settlements"][0]["code"],
        "DP-6003"
    );

    // One late look, in case it was done after all.
    assert_eq!(lost.look_again_at, Some(START + Duration::seconds(3_610)));
    assert_eq!(settlement_due(&lost.order, at(3_610).now), asks);
    assert!(says_nothing(&lost.order, not_found_at(3_609, 10), 3_611));
    let nothing = step(lost.order.clone(), not_found_at(3_610, 10), at(3_610));
    assert_eq!(nothing.look_again_at, None);
    let found = step(lost.order, found_done(10), at(3_610));
    assert_eq!(
        (told(&found), totals(&found.order)),
        (Some(("order.refund", "partial_refunded")), [0, 10_000, 0, 4_000])
    );
}

#[test]
fn a_lost_request_is_sent_again_where_the_processor_knows_its_reference() {
    let repeats = Offers {
        lost_refund: Recovery::Repeat,
        ..offers()
    };
    let mut order = then(
        paid_by(ChargeKind::Sale, repeats),
        vec![(refund(None), 10), (silence(10), 55)],
    );
    let again = Some(SettlementDue::Send(Outgoing::Settle {
        settlement: settlement(10),
    }));
    let mut pauses = Vec::new();
    let mut now = 55;
    while let Some(at_second) = the(&order, 10).look_at {
        let next = (at_second - START).whole_seconds();
        pauses.push(next - now);
        now = next;
        assert_eq!(settlement_due(&order, at_second), again);
        let told = if pauses.len() % 2 == 0 {
            silence(10)
        } else {
            never_left(10)
        };
        order = step(order, told, at(now)).order;
    }
    assert_eq!(pauses.get(..7), Some([10, 20, 40, 80, 160, 300, 300].as_slice()));
    assert!(now <= 86_400 - 3_600 + 10, "no identity is kept for ever");
    assert_eq!(
        totals(&order),
        [0, 10_000, 10_000, 0],
        "and the amount stays reserved"
    );
    let told = step(order, found_done(10), at(100_000));
    assert_eq!(words(&told.order), ("cancelled", "refunded"));
}

#[test]
fn an_accepted_one_is_inquired_in_growing_pauses_in_case_its_notification_is_lost() {
    // Where a lost answer would be got by a repeat, one that came is not asked for so.
    let repeats = Offers {
        lost_capture: Recovery::Repeat,
        ..offers()
    };
    let mut order = then(
        paid_by(ChargeKind::Authorization, repeats),
        vec![(capture(None, None), 10), (accepted(10), 11)],
    );
    assert_eq!(refusal(&order, void()), RefusalCode::PendingPayment);
    let asks = Some(SettlementDue::Send(Outgoing::InquireSettlement {
        settlement: settlement(10),
    }));
    assert_eq!(settlement_due(&order, at(101).now), asks);
    let (mut now, mut looks) = (11, 0);
    while let Some(next) = the(&order, 10).look_at {
        let next = (next - START).whole_seconds();
        assert!(next > now && next - now <= 6 * 3_600);
        (now, looks) = (next, looks + 1);
        order = step(
            order,
            if looks % 2 == 0 {
                not_found(10)
            } else {
                pending(10)
            },
            at(now),
        )
        .order;
    }
    assert!(looks < 80, "{looks}");
    assert!(
        matches!(the(&order, 10).state, SettlementState::Accepted { .. }),
        "pending, for people to look into"
    );
    let done = step(order, found_done(10), at(2_000_000));
    assert_eq!(words(&done.order), ("succeeded", "captured"));
}

#[test]
fn what_was_done_goes_back_when_the_processor_reports_that_it_failed() {
    let refunded = then(captured(), vec![(refund(None), 20), (done(20), 21)]);
    let failed = step(refunded.clone(), found_refused(20), at(90));
    assert_eq!(
        (told(&failed), words(&failed.order)),
        (Some(("payment.updated", "denied")), ("succeeded", "captured"))
    );
    assert_eq!(totals(&failed.order), [0, 10_000, 0, 0]);
    let capture_failed = step(captured(), found_refused(10), at(90));
    assert_eq!(
        (totals(&capture_failed.order), words(&capture_failed.order)),
        ([0; 4], ("succeeded", "authorized"))
    );
    assert_eq!(told(&capture_failed), Some(("payment.updated", "authorized")));
    assert!(capture_failed.order.payment.is_some() && paid(&capture_failed.order).standing == Standing::Open);

    // The money of that capture is with the cardholder already: nothing that we could count is true any more.
    let impossible = step(refunded, found_refused(10), at(90));
    assert_eq!(totals(&impossible.order), [0, 10_000, 0, 10_000]);
    assert!(the(&impossible.order, 10).contradicted_at.is_some() && impossible.announce.is_some());
    assert!(says_nothing(&impossible.order, found_refused(10), 91));
}

#[test]
fn a_paid_order_is_cancelled_by_a_void_or_by_a_refund_of_what_is_left() {
    let voiding = step(held(), News::Cancel, at(10));
    assert_eq!(the(&voiding.order, 10).kind, acquiring::SettlementKind::Void);
    assert_eq!(
        (voiding.send, voiding.announce),
        (
            Some(Outgoing::Settle {
                settlement: settlement(10)
            }),
            None
        )
    );
    let partly = then(sold(), vec![(refund(4_000), 10), (done(10), 11)]);
    let rest = step(partly, News::Cancel, at(20));
    assert_eq!(
        (the(&rest.order, 20).amount, words(&rest.order)),
        (mxn(6_000), ("refund", "refunding"))
    );
}

#[test]
fn a_refund_is_of_the_capture_with_the_most_left_and_of_no_more_where_the_processor_wants_one() {
    let of_captures = Offers {
        refunds_of: RefundsOf::Capture,
        ..offers()
    };
    let order = then(
        paid_by(ChargeKind::Authorization, of_captures),
        vec![
            (capture(3_000, false), 10),
            (done(10), 11),
            (capture(7_000, true), 20),
            (done(20), 21),
        ],
    );
    assert_eq!(refusal(&order, refund(7_001)), RefusalCode::AmountExceeded);
    assert_eq!(refusal(&order, refund(None)), RefusalCode::AmountExceeded);
    let first = step(order, refund(5_000), at(30));
    let of = the(&first.order, 30).capture.clone().unwrap();
    assert_eq!(
        (of.processor_reference.as_deref(), of.amount),
        (Some("done-20"), mxn(7_000))
    );
    let second = step(first.order, refund(3_000), at(40));
    let of = the(&second.order, 40).capture.clone().unwrap();
    assert_eq!(of.processor_reference.as_deref(), Some("done-10"));
}

#[test]
fn the_payment_is_looked_at_when_the_first_of_its_settlements_is_due() {
    let order = then(sold(), vec![(refund(1_000), 10), (refund(1_000), 20)]);
    let silent = step(order, silence(10), at(60));
    assert_eq!(silent.look_again_at, the(&silent.order, 20).look_at);
    assert_eq!(
        settlement_due(&silent.order, at(65).now),
        Some(SettlementDue::Silent {
            settlement: settlement(20)
        })
    );
    let done = step(silent.order, done(20), at(66));
    assert_eq!(done.look_again_at, Some(START + Duration::seconds(100)));
}

#[test]
fn the_document_shows_each_settlement_and_its_fingerprint_knows_no_times() {
    let asked = then(held(), vec![(capture(6_000, None), 10)]);
    let shown = &document(&asked)["payment"]["data"]["settlements"][0];
    assert_eq!(
        (&shown["type"], &shown["status"], &shown["amount"]["amount"]),
        (&"capture".into(), &"pending".into(), &6_000.into())
    );
    assert_eq!(shown["created_at"], "2026-11-22T12:00:10Z");
    let hash = |order: &Order| {
        OrderDocument::of(order, &addresses(), Vec::new())
            .hash_state()
            .to_owned()
    };
    let accepted = then(asked.clone(), vec![(accepted(10), 11)]);
    assert_eq!(hash(&asked), hash(&accepted), "pending as before");
    assert_ne!(
        hash(&accepted),
        hash(&then(accepted.clone(), vec![(found_done(10), 12)]))
    );
}

#[test]
fn a_payment_stored_before_there_were_settlements_reads_as_open() {
    let mut stored = serde_json::to_value(paid(&held())).unwrap();
    let members = stored.as_object_mut().unwrap();
    members.remove("settlements");
    members.remove("standing");
    let read: crate::payment::Authorized = serde_json::from_value(stored).unwrap();
    assert_eq!((read.standing, read.settlements.len()), (Standing::Open, 0));
    let busy = then(captured(), vec![(refund(1_000), 20), (accepted(20), 21)]);
    let text = serde_json::to_string(paid(&busy)).unwrap();
    assert_eq!(
        &serde_json::from_str::<crate::payment::Authorized>(&text).unwrap(),
        paid(&busy)
    );
}

#[test]
fn many_failures_do_not_pile_up_in_the_payment() {
    let mut order = sold();
    for round in 1..40 {
        order = then(
            order,
            vec![(refund(100), round * 10), (refused(round * 10), round * 10 + 1)],
        );
    }
    assert_eq!(paid(&order).settlements.len(), super::FAILED_KEPT);
    assert_eq!(the(&order, 390).state.name(), "refused");
}

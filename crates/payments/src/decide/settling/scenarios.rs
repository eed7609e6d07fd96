//! Captures, voids and refunds followed through, where a table line does not tell the story.

use super::testing::*;
use crate::{
    OrderDocument,
    decide::{News, Outgoing, testing::*},
    order::Order,
    refusal::RefusalCode,
    settlement::{Offers, Standing},
    status::Announcement,
};
use acquiring::{Captures, ChargeKind, Refunds, RefundsOf, Voids};
use serde_json::Value;

fn addresses() -> crate::Addresses {
    crate::Addresses {
        public_url: "https://pay.example".into(),
    }
}

pub(super) fn document(order: &Order) -> Value {
    serde_json::from_str(OrderDocument::of(order, &addresses(), Vec::new()).as_json()).unwrap()
}

pub(super) fn captured() -> Order {
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
fn a_part_may_be_captured_while_parts_that_the_processor_took_are_on_their_way() {
    let first = then(held(), vec![(capture(6_000, false), 10)]);
    assert_eq!(
        refusal(&first, capture(1_000, false)),
        RefusalCode::PendingPayment,
        "nobody knows yet whether it arrived"
    );
    let taken = then(first, vec![(accepted(10), 11)]);
    assert_eq!(refusal(&taken, void()), RefusalCode::PendingPayment);
    assert_eq!(
        refusal(&taken, capture(4_001, false)),
        RefusalCode::AmountExceeded
    );

    let second = then(taken, vec![(capture(1_000, false), 20), (accepted(20), 21)]);
    assert_eq!(totals(&second), [7_000, 0, 0, 0]);
    let last = then(second, vec![(capture(None, true), 30), (accepted(30), 31)]);
    assert_eq!(
        (the(&last, 30).amount.minor(), totals(&last)),
        (3_000, [10_000, 0, 0, 0])
    );
    assert_eq!(refusal(&last, capture(1, false)), RefusalCode::PendingPayment);

    let done = then(
        last,
        vec![(done(30), 40), (found_refused(20), 41), (done(10), 42)],
    );
    assert_eq!(
        (totals(&done), &paid(&done).standing),
        ([0, 9_000, 0, 0], &Standing::CapturedFinally),
        "what was refused after all is released with the rest"
    );
    assert_eq!(refusal(&done, capture(1_000, None)), RefusalCode::CannotCapture);
}

#[test]
fn what_is_being_captured_to_the_last_cent_is_not_captured_already() {
    let all = then(held(), vec![(capture(None, false), 10), (accepted(10), 11)]);
    assert_eq!(refusal(&all, capture(1, false)), RefusalCode::PendingPayment);
    let refused = then(all, vec![(found_refused(10), 12), (capture(1, false), 20)]);
    assert_eq!(totals(&refused), [1, 0, 0, 0]);
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
    for end in [refused(20), never_left(20)] {
        let ended = step(then(captured(), vec![(refund(None), 20)]), end, at(21));
        assert_eq!((told(&ended), totals(&ended.order)), (None, [0, 10_000, 0, 0]));
        assert_eq!(words(&ended.order), ("succeeded", "captured"));
    }
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

//! Settlements whose end is in doubt, late, or taken back.

use super::{
    SettlementDue,
    scenarios::{captured, document},
    settlement_due,
    testing::*,
};
use crate::{
    decide::{Outgoing, testing::*},
    refusal::RefusalCode,
    settlement::{Offers, SettlementState, Standing},
};
use acquiring::{ChargeKind, Recovery};
use time::Duration;

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
    for seconds in [100, 280, 1_854] {
        assert_eq!(settlement_due(&order, at(seconds).now), asks);
        let asked = step(order, not_found_at(seconds, 10), at(seconds));
        assert!(
            asked.look_again_at.unwrap() <= START + Duration::seconds(1_855),
            "never past the last word"
        );
        assert_eq!(
            (told(&asked), totals(&asked.order)),
            (None, [0, 10_000, 4_000, 0])
        );
        order = asked.order;
    }
    // Told late, but asked while it could not be known.
    let early = step(order.clone(), not_found_at(1_854, 10), at(1_900));
    assert_eq!(totals(&early.order), [0, 10_000, 4_000, 0]);
    let lost = step(order, not_found_at(1_855, 10), at(1_855));
    assert_eq!(
        (told(&lost), totals(&lost.order)),
        (Some(("payment.updated", "denied")), [0, 10_000, 0, 0])
    );
    assert_eq!(
        document(&lost.order)["payment"]["data"]["settlements"][0]["code"],
        "DP-6003"
    );

    // One late look, in case it was done after all.
    assert_eq!(lost.look_again_at, Some(START + Duration::seconds(3_655)));
    assert_eq!(settlement_due(&lost.order, at(3_655).now), asks);
    assert!(says_nothing(&lost.order, not_found_at(3_654, 10), 3_656));
    let failed = step(lost.order.clone(), inquired_at(3_655, 10, None), at(3_655));
    assert_eq!(
        failed.look_again_at,
        Some(START + Duration::seconds(3_655 + 3_645 / 2))
    );
    let nothing = step(lost.order.clone(), not_found_at(3_655, 10), at(3_655));
    assert_eq!(nothing.look_again_at, None);
    let found = step(lost.order, found_done(10), at(3_655));
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
fn a_capture_that_failed_while_its_money_seemed_to_go_back_is_taken_back_when_that_fails_too() {
    let going_back = then(captured(), vec![(refund(6_000), 20), (accepted(20), 21)]);
    let doubtful = step(going_back, found_refused(10), at(30));
    assert_eq!(totals(&doubtful.order), [0, 10_000, 6_000, 0]);
    assert!(the(&doubtful.order, 10).contradicted_at.is_some());

    let failed = step(doubtful.order, found_refused(20), at(40));
    assert_eq!(
        (totals(&failed.order), words(&failed.order)),
        ([0; 4], ("succeeded", "authorized"))
    );
    assert_eq!(told(&failed), Some(("payment.updated", "authorized")));
    assert_eq!(failed.settlements.len(), 2);
    let capture = the(&failed.order, 10);
    assert_eq!((capture.state.name(), capture.contradicted_at), ("refused", None));
    assert!(says_nothing(&failed.order, found_refused(10), 50));
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

//! What was held for too long.

use super::{scenarios::document, testing::*};
use crate::{decide::testing::*, refusal::RefusalCode, settlement::Standing};

#[test]
fn a_hold_that_runs_out_is_over_like_a_voided_one_and_says_why() {
    let over = step(held(), expired(), at(10));
    assert_eq!(told(&over), Some(("order.cancelled", "voided")));
    assert_eq!(words(&over.order), ("cancelled", "voided"));
    let reason = "the authorisation has expired";
    assert_eq!(document(&over.order)["payment"]["data"]["reason"], reason);
    for asked in [capture(None, None), void(), refund(None)] {
        assert_eq!(
            refusal(&over.order, asked),
            RefusalCode::StatusNotValidForTransition
        );
    }
    assert!(says_nothing(&over.order, expired(), 11));
    assert!(says_nothing(&sold(), expired(), 11), "nothing of a sale is held");
}

#[test]
fn what_was_captured_before_the_rest_ran_out_stays_so() {
    let part = then(held(), vec![(capture(6_000, false), 10), (done(10), 11)]);
    let over = step(part, expired(), at(20));
    assert_eq!(told(&over), Some(("payment.updated", "captured")));
    assert_eq!(paid(&over.order).standing, Standing::CapturedFinally);
    assert_eq!(totals(&over.order), [0, 6_000, 0, 0]);
    assert_eq!(
        refusal(&over.order, capture(None, None)),
        RefusalCode::CannotCapture
    );
    let back = then(over.order.clone(), vec![(refund(None), 30), (done(30), 31)]);
    assert_eq!(words(&back), ("cancelled", "refunded"));

    // That capture comes to nothing, and there is nothing that another could take.
    let failed = step(over.order, found_refused(10), at(90));
    assert_eq!(told(&failed), Some(("order.cancelled", "voided")));
    assert_eq!(totals(&failed.order), [0; 4]);
}

#[test]
fn a_final_capture_leaves_nothing_that_could_run_out() {
    let order = then(held(), vec![(capture(6_000, None), 10), (done(10), 11)]);
    let over = step(order, expired(), at(20));
    assert_eq!(told(&over), None);
    assert_eq!(document(&over.order)["payment"]["data"]["reason"], "");
    let failed = step(over.order, found_refused(10), at(90));
    assert_eq!(words(&failed.order), ("cancelled", "voided"));
}

#[test]
fn a_capture_or_a_void_on_its_way_may_have_come_first() {
    let capturing = then(held(), vec![(capture(None, None), 10), (accepted(10), 11)]);
    let over = then(capturing, vec![(expired(), 20)]);
    assert_eq!(words(&over), ("succeeded", "authorized"));
    let first = step(over.clone(), found_done(10), at(30));
    assert_eq!(words(&first.order), ("succeeded", "captured"));
    let late = step(over, found_refused(10), at(30));
    assert_eq!(told(&late), Some(("order.cancelled", "voided")));

    let voiding = then(held(), vec![(void(), 10), (accepted(10), 11), (expired(), 20)]);
    for end in [found_done(10), found_refused(10)] {
        let ended = step(voiding.clone(), end, at(30));
        assert_eq!(words(&ended.order), ("cancelled", "voided"));
        assert_eq!(the(&ended.order, 10).contradicted_at, None);
    }
}

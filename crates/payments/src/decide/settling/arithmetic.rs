//! Whatever happens in whatever order: the amounts go together.

use super::testing::*;
use crate::{
    decide::{Limits, News, decide, testing::*},
    order::Order,
    settlement::{Offers, SettlementState},
    totals::Totals,
};
use acquiring::{Captures, ChargeKind, Recovery, RefundsOf, SettlementKind};
use proptest::prelude::*;

fn order(charge: ChargeKind, several: bool, repeats: bool, of_capture: bool) -> Order {
    let lost = if repeats {
        Recovery::Repeat
    } else {
        Recovery::Inquire
    };
    paid_by(
        charge,
        Offers {
            captures: if several {
                Captures::Several
            } else {
                Captures::Once
            },
            refunds_of: if of_capture {
                RefundsOf::Capture
            } else {
                RefundsOf::Charge
            },
            lost_capture: lost,
            lost_refund: lost,
            ..offers()
        },
    )
}

/// News by number: a new wish, or something about one of the settlements there have been.
fn news(choice: usize, minor: i64, about: i64) -> News {
    match choice {
        0 => capture(minor, false),
        1 => capture(minor, true),
        2 => capture(None, None),
        3 => void(),
        4 | 5 => refund(minor),
        6 => refund(None),
        7 => News::Cancel,
        8 | 9 => done(about),
        10 => accepted(about),
        11 => refused(about),
        12 => never_left(about),
        13 => silence(about),
        14 | 15 => found_done(about),
        16 => found_refused(about),
        17 => pending(about),
        18 => not_found(about),
        _ => inquired(about, None),
    }
}

/// What the settlements amount to: reserved and done.
fn sums(order: &Order, kind: SettlementKind) -> (i64, i64) {
    let of_kind = || paid(order).settlements.iter().filter(move |it| it.kind == kind);
    let reserved = of_kind().filter(|it| it.is_in_flight());
    let done = of_kind().filter(|it| matches!(it.state, SettlementState::Done { .. }));
    (
        reserved.map(|it| it.amount.minor()).sum(),
        done.map(|it| it.amount.minor()).sum(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn totals_are_the_sums_of_the_settlements_and_break_no_inequality(
        sale: bool, several: bool, repeats: bool, of_capture: bool,
        choices in proptest::collection::vec((0..20usize, 1..6_000i64, 1..700i64, any::<prop::sample::Index>()), 1..60),
    ) {
        let charge = if sale { ChargeKind::Sale } else { ChargeKind::Authorization };
        let mut order = order(charge, several, repeats, of_capture);
        let at_once = if sale { 10_000 } else { 0 };
        let mut seconds = 10;
        let mut asked: Vec<i64> = vec![5];
        for (choice, minor, pause, which) in choices {
            seconds += pause;
            let about = asked.get(which.index(asked.len())).copied().unwrap_or(5);
            let decided = decide(&Limits::default(), order.clone(), news(choice, minor, about), at(seconds));
            let Ok(Some(step)) = decided else { continue };
            if step.send.is_some() {
                asked.push(seconds);
            }
            order = step.order;
            let totals = paid(&order).totals;
            prop_assert!(Totals::from_parts(totals.parts()).is_ok());
            let [_, capturing, captured, refunding, refunded] = totals.parts().map(|amount| amount.minor());
            prop_assert_eq!(sums(&order, SettlementKind::Capture), (capturing, captured - at_once));
            prop_assert_eq!(sums(&order, SettlementKind::Refund), (refunding, refunded));
            let in_flight = |kind| paid(&order).settlements.iter().filter(move |it| it.kind == kind && it.is_in_flight());
            let held_up = paid(&order).settlements.iter().filter(|it| it.holds_up_captures());
            prop_assert!(held_up.count() <= 1, "one at a time of what decides what is left");
            let voiding = in_flight(SettlementKind::Void).count();
            prop_assert!(voiding == 0 || in_flight(SettlementKind::Capture).count() == 0, "what is voided is not captured");
            let voids = paid(&order).settlements.iter()
                .filter(|it| it.kind == SettlementKind::Void && matches!(it.state, SettlementState::Done { .. }));
            prop_assert!(voids.count() == 0 || captured == 0, "what was voided is not captured");
            let first = paid(&order).settlements.iter().filter_map(|it| it.look_at).min();
            prop_assert_eq!(step.look_again_at, first);
        }
    }
}

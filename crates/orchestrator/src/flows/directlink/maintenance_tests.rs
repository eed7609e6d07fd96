//! What is asked after a payment.

use super::{
    Maintained, Maintenance, NotMaintained, Which,
    account::DirectLinkAccount,
    facts::Operation,
    testing::{REFERENCE, told, unauthenticated, wanted},
};
use crate::flows::testing::World;
use acquiring::SettlementKind;
use payments::directlink::NcError;
use sqlx::PgPool;
use std::sync::Arc;
use tokio::task::JoinSet;

const VOID: Maintenance = Maintenance::Void;

fn capture(hundredths: impl Into<Option<i64>>, closing: bool) -> Maintenance {
    Maintenance::Capture {
        hundredths: hundredths.into(),
        closing,
    }
}

fn refund(hundredths: impl Into<Option<i64>>) -> Maintenance {
    Maintenance::Refund {
        hundredths: hundredths.into(),
    }
}

impl World {
    /// A payment of 100.00, held or taken: its number.
    async fn directlink_paid(&self, account: &DirectLinkAccount, operation: Operation) -> i64 {
        let view = self.tried(account, unauthenticated(operation)).await;
        assert!(matches!(told(&view), (5 | 9, 0)));
        view.payment.payid
    }

    async fn maintain(
        &self,
        account: &DirectLinkAccount,
        payid: i64,
        asked: Maintenance,
    ) -> Result<Maintained, NotMaintained> {
        let which = Which::Number(payid);
        self.gateway.directlink_maintain(account, which, asked).await
    }

    /// Level, `STATUS`, `NCERROR` and minor units of what was asked.
    async fn maintained(
        &self,
        account: &DirectLinkAccount,
        payid: i64,
        asked: Maintenance,
    ) -> (Option<u32>, u8, u32, i64) {
        let telling = self.maintain(account, payid, asked).await.unwrap().telling;
        (
            telling.level,
            telling.status,
            telling.error.0,
            telling.amount.minor(),
        )
    }

    async fn not_asked(&self, account: &DirectLinkAccount, payid: i64, asked: Maintenance) -> NcError {
        let kind = match asked {
            Maintenance::Capture { .. } => SettlementKind::Capture,
            Maintenance::Void => SettlementKind::Void,
            Maintenance::Refund { .. } => SettlementKind::Refund,
        };
        match self.maintain(account, payid, asked).await {
            Err(NotMaintained::Refused { view, why }) => {
                assert_eq!(view.payment.payid, payid);
                NcError::of_refusal(why.code, Some(kind))
            }
            other => panic!("was not refused: {other:?}"),
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn held_money_is_captured_in_parts_and_given_back_in_parts(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let payid = world.directlink_paid(&shop, Operation::Authorise).await;
    let more = world.not_asked(&shop, payid, capture(10_001, true)).await;
    assert_eq!(more, NcError::CAPTURE_EXCEEDS);
    let asked = async |asked| world.maintained(&shop, payid, asked).await;
    assert_eq!(asked(capture(4_000, false)).await, (Some(1), 9, 0, 4_000));
    assert_eq!(asked(capture(None, true)).await, (Some(2), 9, 0, 6_000));
    let again = world.not_asked(&shop, payid, capture(1, false)).await;
    assert_eq!(again, NcError::WRONG_STATUS);
    assert_eq!(asked(refund(1_500)).await, (Some(3), 8, 0, 1_500));
    let more = world.not_asked(&shop, payid, refund(8_501)).await;
    assert_eq!(more, NcError::REFUND_EXCEEDS);
    assert_eq!(asked(refund(None)).await, (Some(4), 8, 0, 8_500));
    assert_eq!(
        world.not_asked(&shop, payid, refund(None)).await,
        NcError::WRONG_STATUS
    );

    let view = world.seen(&shop, payid).await;
    assert_eq!(told(&view), (8, 0));
    let levels: Vec<_> = view.levels.iter().map(|it| (it.level, it.status)).collect();
    assert_eq!(levels, [(Some(1), 9), (Some(2), 9), (Some(3), 8), (Some(4), 8)]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_closing_capture_releases_what_it_leaves(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let payid = world.directlink_paid(&shop, Operation::Authorise).await;
    let closed = world.maintained(&shop, payid, capture(4_000, true)).await;
    assert_eq!(closed, (Some(1), 9, 0, 4_000));
    let more = world.not_asked(&shop, payid, capture(1_000, false)).await;
    assert_eq!(more, NcError::WRONG_STATUS);
    assert_eq!(world.script().settlements[0]["final"], true);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn held_money_is_released_once(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let payid = world.directlink_paid(&shop, Operation::Authorise).await;
    assert_eq!(
        world.maintained(&shop, payid, VOID).await,
        (Some(1), 6, 0, 10_000)
    );
    for asked in [VOID, capture(None, true), refund(None)] {
        assert_eq!(world.not_asked(&shop, payid, asked).await, NcError::WRONG_STATUS);
    }
    assert_eq!(told(&world.seen(&shop, payid).await), (6, 0));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn money_that_was_taken_at_once_can_only_be_given_back(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let payid = world.directlink_paid(&shop, Operation::Sale).await;
    for asked in [VOID, capture(None, true)] {
        assert_eq!(world.not_asked(&shop, payid, asked).await, NcError::WRONG_STATUS);
    }
    assert_eq!(
        world.maintained(&shop, payid, refund(None)).await,
        (Some(1), 8, 0, 10_000)
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_the_processor_says_is_told_of_the_level_and_of_the_payment(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let cases = [
        (
            Operation::Authorise,
            capture(None, true),
            "accepted",
            (91, 0),
            (91, 0),
        ),
        (
            Operation::Authorise,
            capture(None, true),
            "refused",
            (93, 30_001_001),
            (5, 0),
        ),
        (
            Operation::Authorise,
            capture(None, true),
            "?",
            (92, 20_001_001),
            (92, 20_001_001),
        ),
        (Operation::Authorise, VOID, "accepted", (61, 0), (61, 0)),
        (Operation::Authorise, VOID, "refused", (63, 30_001_001), (5, 0)),
        (
            Operation::Authorise,
            VOID,
            "?",
            (62, 20_001_001),
            (62, 20_001_001),
        ),
        (Operation::Sale, refund(100), "accepted", (81, 0), (81, 0)),
        (Operation::Sale, refund(100), "refused", (83, 30_001_001), (9, 0)),
        (
            Operation::Sale,
            refund(100),
            "?",
            (82, 20_001_001),
            (82, 20_001_001),
        ),
    ];
    for (number, (operation, asked, said, of_level, of_payment)) in cases.into_iter().enumerate() {
        let mut order = unauthenticated(operation);
        order.order_id = format!("order-{number}");
        let payid = world.tried(&shop, order).await.payment.payid;
        world.script().settle = said;
        let Maintained { view, telling } = world.maintain(&shop, payid, asked).await.unwrap();
        world.script().settle = "done";
        assert_eq!((telling.status, telling.error.0), of_level, "{asked:?} {said}");
        assert_eq!(told(&view), of_payment, "{asked:?} {said}");
        assert_eq!(view.levels, [telling], "{asked:?} {said}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_capture_waits_for_one_that_may_not_have_arrived_and_for_none_that_the_processor_took(
    pool: PgPool,
) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let payid = world.directlink_paid(&shop, Operation::Authorise).await;
    world.script().settle = "accepted";
    world.maintained(&shop, payid, capture(4_000, false)).await;
    let void = world.not_asked(&shop, payid, VOID).await;
    assert_eq!(void, NcError::WRONG_STATUS);
    world.script().settle = "?";
    let second = world.maintained(&shop, payid, capture(1_000, false)).await;
    assert_eq!(second, (Some(2), 92, 20_001_001, 1_000));
    let third = world.not_asked(&shop, payid, capture(1_000, false)).await;
    assert_eq!(third, NcError::WRONG_STATUS);

    world.script().settled = "done";
    world.clock.advance(time::Duration::minutes(10));
    world.gateway.recover_due().await.unwrap();
    world.script().settle = "accepted";
    let last = world.maintained(&shop, payid, capture(None, true)).await;
    assert_eq!(last, (Some(3), 91, 0, 5_000));
    let closed = world.not_asked(&shop, payid, capture(1_000, false)).await;
    assert_eq!(closed, NcError::WRONG_STATUS);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn levels_are_counted_over_all_that_was_ever_asked(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let payid = world.directlink_paid(&shop, Operation::Sale).await;
    world.script().settle = "refused";
    for level in 1..=22 {
        let refused = world.maintained(&shop, payid, refund(100)).await;
        assert_eq!(refused, (Some(level), 83, 30_001_001, 100));
    }
    world.script().settle = "done";
    assert_eq!(
        world.maintained(&shop, payid, refund(None)).await,
        (Some(23), 8, 0, 10_000)
    );
    assert_eq!(world.seen(&shop, payid).await.levels.len(), 23);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_many_refunds_at_once_no_more_leave_than_was_taken(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let shop = world.account("shop").await;
    let payid = world.directlink_paid(&shop, Operation::Sale).await;
    let mut refunds = JoinSet::new();
    for _ in 0..20 {
        let (world, shop) = (Arc::clone(&world), Arc::clone(&shop));
        refunds.spawn(async move { world.maintain(&shop, payid, refund(3_000)).await });
    }
    let mut levels = Vec::new();
    for maintained in refunds.join_all().await {
        match maintained {
            Ok(done) => levels.push(done.telling.level.unwrap()),
            Err(NotMaintained::Refused { why, .. }) => {
                let error = NcError::of_refusal(why.code, Some(SettlementKind::Refund));
                assert_eq!(error, NcError::REFUND_EXCEEDS);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    levels.sort_unstable();
    assert_eq!(levels, [1, 2, 3]);
    assert_eq!(world.script().settlements.len(), 3);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nothing_is_asked_of_what_is_not_paid_or_not_this_account_s(pool: PgPool) {
    let world = World::new(pool).await;
    let (shop, other) = (world.account("shop").await, world.account("other").await);
    world.script().ares = "C";
    let waiting = world.tried(&shop, wanted(Operation::Authorise)).await;
    let payid = waiting.payment.payid;
    for asked in [VOID, capture(None, true), refund(None)] {
        assert_eq!(world.not_asked(&shop, payid, asked).await, NcError::WRONG_STATUS);
    }
    let unknown = world.maintain(&other, payid, VOID).await;
    assert!(matches!(unknown, Err(NotMaintained::Unknown)), "{unknown:?}");
    let unknown = world.maintain(&shop, payid + 1, VOID).await;
    assert!(matches!(unknown, Err(NotMaintained::Unknown)), "{unknown:?}");

    world.script().ares = "Y";
    let mut order = wanted(Operation::Authorise);
    order.order_id = "order-2".into();
    world.tried(&shop, order).await;
    let which = Which::Reference("order-2".into());
    let by_reference = world.gateway.directlink_maintain(&shop, which, VOID).await;
    assert_eq!(by_reference.unwrap().telling.status, 6);
    let which = Which::Reference(REFERENCE.into());
    let none = world.gateway.directlink_maintain(&other, which, VOID).await;
    assert!(matches!(none, Err(NotMaintained::Unknown)), "{none:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_amount_of_nothing_is_refused(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let payid = world.directlink_paid(&shop, Operation::Authorise).await;
    for asked in [capture(0, true), refund(0), capture(-1, false)] {
        assert_eq!(world.not_asked(&shop, payid, asked).await, NcError::INVALID);
    }
}

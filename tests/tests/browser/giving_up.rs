//! Ways not to pay.

use tests::cards::Card;

use crate::driver::Habits;
use crate::shopper::{Shopper, Stage, other_than};

/// The code of a challenge without success.
const FAILED: &str = "DEUNA_3DS.FAILED_CHALLENGE_AUTHENTICATION";

#[tokio::test]
async fn three_wrong_codes_and_both_cancel_buttons_end_without_a_charge() {
    let stage = Stage::set().await;
    tokio::join!(
        types_wrong_codes(&stage),
        cancels_at_the_bank(&stage),
        cancels_on_our_page(&stage),
        cancels_and_stays(&stage)
    );
    stage.finish().await;
}

async fn types_wrong_codes(stage: &Stage) {
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&Card::visa(5), "351.00").await;
    ana.looks_at_the_bank().await;
    let wrong = other_than(&ana.reads_the_code().await);
    ana.answers(wrong).await;
    ana.window.reads("#notice", "Te quedan 2 intentos").await;
    ana.window.picture("challenge-wrong").await;
    ana.answers(wrong).await;
    ana.window.reads("#notice", "Te queda un intento").await;
    ana.answers(wrong).await;
    ana.window.leaves_the_frame().await;
    is_refused(stage, ana, "result=reject").await;
}

async fn cancels_at_the_bank(stage: &Stage) {
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&Card::mastercard(5), "352.00").await;
    ana.looks_at_the_bank().await;
    ana.window.presses("button[value=cancel]").await;
    ana.window.leaves_the_frame().await;
    is_refused(stage, ana, "result=canceled").await;
}

async fn cancels_on_our_page(stage: &Stage) {
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&Card::visa(14), "353.00").await;
    ana.looks_at_the_bank().await;
    ana.window.leaves_the_frame().await;
    ana.gives_up_on_our_page().await;
    is_refused(stage, ana, "result=canceled").await;
}

/// Without a shop to go back to, our own page says how it ended, and says it again.
async fn cancels_and_stays(stage: &Stage) {
    let ana = stage.enters(Habits::default()).await;
    let order = ana.opens_the_page_of_no_shop(&Card::visa(18), 35_400).await;
    ana.window.sees("#challenge iframe").await;
    ana.gives_up_on_our_page().await;
    for _ in 0..2 {
        ana.window.reads("#heading", "Pago cancelado").await;
        ana.window.reads("main", "No se hizo ningún cargo").await;
        ana.window.picture("result-cancelled").await;
        ana.window.reloads().await;
    }
    let settled = stage.system.merchant.settled(order.token()).await;
    assert_eq!((settled.payment_status(), settled.code()), ("denied", FAILED));
    stage.system.outside.no_charge(order.reference()).await;
    ana.goes_away().await;
}

/// The shop was told by that address, and nobody was charged.
async fn is_refused(stage: &Stage, ana: Shopper<'_>, address: &str) {
    let shown = ana.ends_at_the_shop().await;
    ana.window.arrives_at(address).await;
    ana.window.picture("shop-denied").await;
    assert_eq!(shown.headline, "Pago rechazado");
    assert_eq!(shown.statuses(), ("pending", "denied"));
    assert_eq!(shown.code, FAILED);
    stage.system.outside.no_charge(&shown.reference).await;
    ana.goes_away().await;
}

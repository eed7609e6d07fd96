//! Without a mouse.

use tests::cards::Card;

use crate::driver::Habits;
use crate::shopper::{Shopper, Stage};
use crate::window::ENTER;

#[tokio::test]
async fn a_keyboard_is_all_one_needs_to_pay_or_to_give_up() {
    let stage = Stage::set().await;
    tokio::join!(pays(&stage), gives_up(&stage));
    stage.finish().await;
}

async fn pays(stage: &Stage) {
    let ana = stage.enters(Habits::default()).await;
    let window = &ana.window;
    orders(&ana, &Card::visa(5)).await;
    // The page hands the keyboard to the bank's frame.
    ana.looks_at_the_bank().await;
    window.tabs_to("#code").await;
    let code = ana.reads_the_code().await;
    window.strikes(code.chars().chain([ENTER])).await;
    window.leaves_the_frame().await;
    let shown = ana.ends_at_the_shop().await;
    assert_eq!(shown.statuses(), ("succeeded", "processed"));
    stage.system.outside.only_charge(&shown.reference).await;
    ana.goes_away().await;
}

async fn gives_up(stage: &Stage) {
    let ana = stage.enters(Habits::default()).await;
    let window = &ana.window;
    orders(&ana, &Card::mastercard(5)).await;
    window.sees("#challenge iframe").await;
    window.tabs_to("#give-up summary").await;
    window.strikes([ENTER]).await;
    window.tabs_to("#give-up button").await;
    window.picture("keyboard-give-up").await;
    window.strikes([ENTER]).await;
    let shown = ana.ends_at_the_shop().await;
    assert_eq!(shown.statuses(), ("pending", "denied"));
    stage.system.outside.no_charge(&shown.reference).await;
    ana.goes_away().await;
}

async fn orders(ana: &Shopper<'_>, card: &Card) {
    ana.chooses(card).await;
    ana.window.tabs_to("#card").await;
    ana.window.tabs_to("#amount").await;
    ana.window.tabs_to("#buy").await;
    ana.window.strikes([ENTER]).await;
}

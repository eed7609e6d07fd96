//! Browsers load pages again, and people go back.

use tests::cards::Card;

use crate::driver::Habits;
use crate::shopper::{Stage, areqs_of};

#[tokio::test]
async fn reloading_in_the_middle_loses_and_doubles_nothing() {
    let stage = Stage::set().await;
    tokio::join!(
        reloads_around_the_challenge(&stage),
        reloads_during_the_method(&stage)
    );
    stage.finish().await;
}

async fn reloads_around_the_challenge(stage: &Stage) {
    let ana = stage.enters(Habits::default()).await;
    let window = &ana.window;
    ana.pays(&Card::visa(5), "381.00").await;
    ana.looks_at_the_bank().await;
    let code = ana.reads_the_code().await;
    window.leaves_the_frame().await;
    let page = window.runs("return location.href").await;

    // Our page: the bank knows its cardholder again and sends no second code.
    window.reloads().await;
    ana.looks_at_the_bank().await;
    assert_eq!(ana.reads_the_code().await, code);
    // The bank's own page.
    window.reloads_the_frame("#code").await;
    assert_eq!(ana.reads_the_code().await, code);
    ana.answers(&code).await;
    window.leaves_the_frame().await;

    let shown = ana.ends_at_the_shop().await;
    assert_eq!(shown.statuses(), ("succeeded", "processed"));
    window.reloads().await;
    assert_eq!(ana.ends_at_the_shop().await, shown);
    // Our page, opened again, knows that the payment is over and leads to the shop. By its address and not by going
    // back: Chromium passes over pages in its history that nobody has clicked in.
    window.goes_to(page.as_str().unwrap()).await;
    assert_eq!(ana.ends_at_the_shop().await, shown);
    stage.system.outside.only_charge(&shown.reference).await;
    assert_eq!(areqs_of(&stage.system, 38_100).await.len(), 1);
    ana.goes_away().await;
}

async fn reloads_during_the_method(stage: &Stage) {
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&Card::visa(13), "382.00").await;
    for _ in 0..2 {
        ana.window
            .reads("#status", "Preparando la verificación segura")
            .await;
        ana.window.reloads().await;
    }
    let shown = ana.ends_at_the_shop().await;
    assert_eq!(shown.statuses(), ("succeeded", "processed"));
    stage.system.outside.only_charge(&shown.reference).await;
    assert_eq!(areqs_of(&stage.system, 38_200).await.len(), 1);
    ana.goes_away().await;
}

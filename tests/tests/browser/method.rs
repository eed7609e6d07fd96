//! The 3DS Method in its hidden frame.

use std::time::{Duration, Instant};

use serde_json::Value;
use tests::cards::Card;
use tests::system::System;

use crate::driver::Habits;
use crate::shopper::Stage;

/// How long the gateway waits for the 3DS Method (EMV 3-D Secure, 5.8.1).
const METHOD_PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_3ds_method_is_seen_by_nobody_and_not_waited_for_in_vain() {
    let stage = Stage::set().await;
    tokio::join!(
        reports_back(&stage),
        never_reports_back(&stage),
        is_followed_by_a_challenge(&stage)
    );
    stage.finish().await;
}

async fn reports_back(stage: &Stage) {
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&Card::visa(6), "361.00").await;
    let shown = ana.ends_at_the_shop().await;
    assert_eq!(shown.statuses(), ("succeeded", "processed"));
    assert_eq!(shown.flow, "semi_frictionless");
    assert_eq!(areq_of(&stage.system, 36_100).await["threeDSCompInd"], "Y");
    stage.system.outside.only_charge(&shown.reference).await;
    ana.goes_away().await;
}

async fn never_reports_back(stage: &Stage) {
    let ana = stage.enters(Habits::default()).await;
    let began = Instant::now();
    ana.pays(&Card::visa(13), "362.00").await;
    ana.window
        .reads("#status", "Preparando la verificación segura")
        .await;
    ana.window.picture("method").await;
    let title = ana.window.attribute("#offstage iframe", "title").await;
    assert_eq!(title, "Comprobación del navegador");
    let width = ana
        .window
        .runs("return document.querySelector('#offstage').offsetWidth")
        .await;
    assert_eq!(width, 1);
    let shown = ana.ends_at_the_shop().await;
    let took = began.elapsed();
    assert!(took >= METHOD_PATIENCE, "{took:?}");
    assert_eq!(shown.statuses(), ("succeeded", "processed"));
    assert_eq!(shown.flow, "semi_frictionless");
    assert_eq!(areq_of(&stage.system, 36_200).await["threeDSCompInd"], "N");
    stage.system.outside.only_charge(&shown.reference).await;
    ana.goes_away().await;
}

async fn is_followed_by_a_challenge(stage: &Stage) {
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&Card::visa(9), "363.00").await;
    ana.passes_the_challenge().await;
    let shown = ana.ends_at_the_shop().await;
    assert_eq!(shown.statuses(), ("succeeded", "processed"));
    assert_eq!(shown.flow, "challenge");
    assert_eq!(areq_of(&stage.system, 36_300).await["threeDSCompInd"], "Y");
    stage.system.outside.only_charge(&shown.reference).await;
    ana.goes_away().await;
}

/// The only AReq of that amount.
async fn areq_of(system: &System, amount: i64) -> Value {
    let mut asked = crate::shopper::areqs_of(system, amount).await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    asked.remove(0)
}

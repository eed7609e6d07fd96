//! Decoupled authentication: the issuer answers at once that it will answer later, and then does.

use emv3ds::code::{AuthenticationType, ChallengeCancel, TransStatus, TransStatusReason, YesNo};
use emv3ds::message::{ARes, RReq};
use serde_json::json;

use crate::server::{Playground, status_of};

const DECOUPLED: &str = "4000000000001117";

async fn begin(playground: &Playground) -> ARes {
    let areq = playground.areq_with_decoupled(DECOUPLED);
    let ares = playground.authenticate(&areq).await;
    assert_eq!(ares.trans_status, Some(TransStatus::DecoupledChallenge));
    assert_eq!(ares.acs_dec_con_ind, Some(YesNo::Yes));
    assert_eq!(ares.authentication_type, Some(AuthenticationType::Decoupled));
    assert!(ares.cardholder_info.is_some());
    assert_eq!(
        (&ares.acs_url, &ares.eci, &ares.authentication_value),
        (&None, &None, &None)
    );
    ares
}

async fn only_result(playground: &Playground, ares: &ARes) -> RReq {
    let rreq = playground.results.wait_for(1).await.remove(0);
    status_of(&rreq, ares);
    assert_eq!(
        rreq.interaction_counter, None,
        "not in a decoupled authentication"
    );
    rreq
}

#[tokio::test]
async fn the_result_comes_by_itself_after_a_while() {
    let playground = Playground::open().await;
    let ares = begin(&playground).await;
    assert!(playground.results.received().is_empty(), "not yet");
    let rreq = only_result(&playground, &ares).await;
    assert_eq!(rreq.trans_status, Some(TransStatus::Authenticated));
    assert_eq!(rreq.authentication_type, Some(AuthenticationType::Decoupled));
    assert!(rreq.authentication_value.is_some());
}

#[tokio::test]
async fn the_cardholder_may_answer_sooner_in_the_app() {
    let playground = Playground::open().await;
    let ares = begin(&playground).await;
    let pending = playground.get("/app/pending").await;
    assert_eq!(pending[0]["acsTransID"], json!(ares.acs_trans_id));
    assert_eq!(pending[0]["decoupled"], true);
    let answer = format!("acsTransID={}&answer=deny", ares.acs_trans_id);
    let response = playground
        .client
        .post(format!("{}/app/answer", playground.url))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json")
        .body(answer)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 204);
    let rreq = only_result(&playground, &ares).await;
    assert_eq!(rreq.trans_status, Some(TransStatus::NotAuthenticated));
}

#[tokio::test]
async fn levers_deny_it_let_it_time_out_or_find_the_time_too_short() {
    let playground = Playground::open().await;
    playground.set_fault("acs", "decoupled_denied", 1).await;
    let ares = begin(&playground).await;
    let rreq = only_result(&playground, &ares).await;
    assert_eq!(rreq.trans_status, Some(TransStatus::NotAuthenticated));

    let playground = Playground::open().await;
    playground
        .order_fault(&json!({
            "target": "acs", "fault": "decoupled_timeout", "times": 1, "milliseconds": 20, "card": DECOUPLED,
        }))
        .await;
    let ares = begin(&playground).await;
    let rreq = only_result(&playground, &ares).await;
    assert_eq!(rreq.trans_status, Some(TransStatus::Unavailable));
    assert_eq!(
        rreq.trans_status_reason,
        Some(TransStatusReason::DecoupledTimeExceeded)
    );
    assert_eq!(rreq.challenge_cancel, Some(ChallengeCancel::DecoupledTimedOut));

    playground.set_fault("acs", "decoupled_too_short", 1).await;
    let areq = playground.areq_with_decoupled(DECOUPLED);
    let ares = playground.authenticate(&areq).await;
    assert_eq!(ares.trans_status, Some(TransStatus::NotAuthenticated));
    assert_eq!(
        ares.trans_status_reason,
        Some(TransStatusReason::DecoupledTimeTooShort)
    );
}

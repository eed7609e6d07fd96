//! Challenges from the AReq to the CRes, as a browser without script goes through them.

use std::time::Duration;

use emv3ds::code::{ChallengeCancel, ErrorCode, TransStatus, TransStatusReason};
use emv3ds::encoding;
use emv3ds::message::{ARes, CRes, Erro, Received};
use sandbox::world::Timers;

use crate::browser::{Page, code_for, creq, open_challenge, post, press, wrong};
use crate::server::{Playground, at_the_server, challenged, impatient, status_of};

const CHALLENGE: &str = "4000000000001059";

async fn begin(playground: &Playground, card: &str) -> (ARes, Page) {
    let ares = playground.authenticate(&playground.areq(card)).await;
    let page = open_challenge(playground, &ares).await;
    (ares, page)
}

/// The CRes of a page that sends the browser back.
fn cres(page: &Page, ares: &ARes) -> CRes {
    assert_eq!(page.action, "http://127.0.0.1:1/back");
    assert_eq!(
        page.hidden["threeDSSessionData"],
        encoding::session_data(b"our session").unwrap()
    );
    let Ok(Received::Message(cres)) = at_the_server().read_form::<CRes>(&page.hidden["cres"]) else {
        panic!("no CRes: {page:?}");
    };
    assert!(cres.is_about(&challenged(ares)));
    cres
}

/// The Erro of a page that sends the browser back with one.
fn erro(page: &Page) -> Erro {
    match at_the_server().read_form::<Erro>(&page.hidden["erro"]) {
        Ok(Received::Message(erro) | Received::Erro(erro)) => erro,
        Err(fault) => panic!("no Erro: {fault}"),
    }
}

#[tokio::test]
async fn the_code_from_the_phone_authenticates() {
    let playground = Playground::open().await;
    let (ares, page) = begin(&playground, CHALLENGE).await;
    assert!(page.says("Tienda de Prueba") && page.says("MXN 123.00") && page.says("•••• 1059"));
    assert!(page.says("autocomplete=\"one-time-code\""));
    let code = code_for(&playground, &page).await;
    assert!(!page.says(&code), "the code is on the phone only");

    let back = press(&playground, &page, &code, "submit").await;
    let rreqs = playground.results.received();
    assert_eq!(rreqs.len(), 1, "the result is there before the browser is");
    assert_eq!(status_of(&rreqs[0], &ares), TransStatus::Authenticated);
    assert_eq!(rreqs[0].eci.unwrap().as_str(), "05");
    assert!(rreqs[0].authentication_value.is_some());
    assert_eq!(cres(&back, &ares).trans_status, TransStatus::Authenticated);

    let refreshed = press(&playground, &page, &code, "submit").await;
    assert_eq!(cres(&refreshed, &ares).trans_status, TransStatus::Authenticated);
    assert_eq!(
        playground.results.received().len(),
        1,
        "a refresh sends no second RReq"
    );
}

#[tokio::test]
async fn a_wrong_code_may_be_corrected_and_three_may_not() {
    let playground = Playground::open().await;
    let (ares, page) = begin(&playground, "5200000000001054").await;
    let code = code_for(&playground, &page).await;
    let again = press(&playground, &page, wrong(&code), "submit").await;
    assert!(again.says("Te quedan 2 intentos"));
    let again = press(&playground, &again, "", "submit").await;
    assert!(again.says("Te queda un intento"));
    let back = press(&playground, &again, wrong(&code), "submit").await;
    assert_eq!(cres(&back, &ares).trans_status, TransStatus::NotAuthenticated);
    let rreq = &playground.results.received()[0];
    assert_eq!(status_of(rreq, &ares), TransStatus::NotAuthenticated);
    assert_eq!(
        rreq.trans_status_reason,
        Some(TransStatusReason::ExceedsMaximumChallenges)
    );
    assert_eq!(rreq.eci.unwrap().as_str(), "00");
    assert_eq!(rreq.interaction_counter.as_deref(), Some("03"));
}

#[tokio::test]
async fn a_new_code_may_be_asked_for() {
    let playground = Playground::open().await;
    let (ares, page) = begin(&playground, CHALLENGE).await;
    let first = code_for(&playground, &page).await;
    let page = press(&playground, &page, "", "resend").await;
    assert!(page.says("código nuevo"));
    let second = code_for(&playground, &page).await;
    if first != second {
        assert!(
            press(&playground, &page, &first, "submit")
                .await
                .says("no es correcto")
        );
    }
    let back = press(&playground, &page, &second, "submit").await;
    assert_eq!(cres(&back, &ares).trans_status, TransStatus::Authenticated);
}

#[tokio::test]
async fn a_static_password_needs_no_phone() {
    let playground = Playground::open().await;
    let (ares, page) = begin(&playground, "371449635311004").await;
    assert!(page.says("type=\"password\"") && !page.says("/sms/inbox"));
    let page = press(&playground, &page, "22222", "submit").await;
    assert!(page.says("La contraseña no es correcta"));
    let back = press(&playground, &page, "11111", "submit").await;
    assert_eq!(cres(&back, &ares).trans_status, TransStatus::Authenticated);
    assert_eq!(playground.get("/sms").await, serde_json::json!([]));
}

#[tokio::test]
async fn giving_up_is_told_as_such() {
    let playground = Playground::open().await;
    let (ares, page) = begin(&playground, CHALLENGE).await;
    let back = press(&playground, &page, "", "cancel").await;
    assert_eq!(cres(&back, &ares).trans_status, TransStatus::NotAuthenticated);
    let rreq = &playground.results.received()[0];
    assert_eq!(status_of(rreq, &ares), TransStatus::NotAuthenticated);
    assert_eq!(rreq.challenge_cancel, Some(ChallengeCancel::Cardholder));
}

#[tokio::test]
async fn scenario_12_ends_unavailable_and_18_reports_twice() {
    let playground = Playground::open().await;
    let (ares, page) = begin(&playground, "4000000000001125").await;
    let code = code_for(&playground, &page).await;
    let back = press(&playground, &page, &code, "submit").await;
    assert_eq!(cres(&back, &ares).trans_status, TransStatus::NotAuthenticated);
    assert_eq!(
        status_of(&playground.results.received()[0], &ares),
        TransStatus::Unavailable
    );

    let (ares, page) = begin(&playground, "4000000000001182").await;
    let code = code_for(&playground, &page).await;
    let back = press(&playground, &page, &code, "submit").await;
    let rreqs = playground.results.received();
    assert_eq!(rreqs.len(), 3, "both before the CRes");
    assert_eq!(rreqs[1], rreqs[2]);
    assert_eq!(cres(&back, &ares).trans_status, TransStatus::Authenticated);
}

#[tokio::test]
async fn protocol_2_1_0_goes_all_the_way_too() {
    let playground = Playground::open().await;
    let ares = playground
        .authenticate(&playground.areq_of_2_1_0("4000000000001141"))
        .await;
    let page = open_challenge(&playground, &ares).await;
    let code = code_for(&playground, &page).await;
    let back = press(&playground, &page, &code, "submit").await;
    assert_eq!(cres(&back, &ares).trans_status, TransStatus::Authenticated);
    assert_eq!(
        status_of(&playground.results.received()[0], &ares),
        TransStatus::Authenticated
    );
}

#[tokio::test]
async fn a_refreshed_page_sends_no_second_code_and_another_creq_conflicts() {
    let playground = Playground::open().await;
    let (ares, _) = begin(&playground, CHALLENGE).await;
    let page = open_challenge(&playground, &ares).await;
    assert_eq!(playground.get("/sms").await.as_array().unwrap().len(), 1);
    let url = ares.acs_url.clone().unwrap();
    let other = post(&playground, &url, &[("creq", &creq(&ares))]).await;
    assert_eq!(erro(&other).error_code, ErrorCode::TransactionDataInvalid);
    let code = code_for(&playground, &page).await;
    assert_eq!(
        cres(&press(&playground, &page, &code, "submit").await, &ares).trans_status,
        TransStatus::Authenticated
    );
    let late = open_challenge(&playground, &ares).await;
    assert_eq!(
        erro(&late).error_code,
        ErrorCode::TransactionDataInvalid,
        "after the result"
    );
}

#[tokio::test]
async fn a_creq_that_is_none_or_belongs_to_nobody_is_refused() {
    let playground = Playground::open().await;
    let (ares, _) = begin(&playground, CHALLENGE).await;
    let url = ares.acs_url.clone().unwrap();
    for field in ["", "e30", "no base64url!"] {
        let page = post(&playground, &url, &[("creq", field)]).await;
        assert_eq!(page.status, 400);
        assert!(page.says("101"), "{field}");
    }
    let mut stranger = ares.clone();
    stranger.acs_trans_id = emv3ds::AcsTransId(uuid::Uuid::new_v4());
    let page = post(&playground, &url, &[("creq", &creq(&stranger))]).await;
    assert_eq!(page.status, 400);
    assert!(page.says("301"));
    let too_long = "A".repeat(1025);
    let fresh = playground.authenticate(&playground.areq(CHALLENGE)).await;
    let page = post(
        &playground,
        &url,
        &[("creq", &creq(&fresh)), ("threeDSSessionData", &too_long)],
    )
    .await;
    assert_eq!(erro(&page).error_code, ErrorCode::FormatInvalid);
}

#[tokio::test]
async fn a_challenge_nobody_opens_times_out_and_refuses_latecomers() {
    let timers = Timers {
        first_creq_timeout: Duration::from_millis(100),
        ..impatient()
    };
    let playground = Playground::open_with(timers, "http://127.0.0.1:1").await;
    let ares = playground.authenticate(&playground.areq(CHALLENGE)).await;
    let rreq = playground.results.wait_for(1).await.remove(0);
    assert_eq!(status_of(&rreq, &ares), TransStatus::NotAuthenticated);
    assert!(rreq.challenge_never_started());
    let page = open_challenge(&playground, &ares).await;
    assert_eq!(erro(&page).error_code, ErrorCode::TimedOut);
}

#[tokio::test]
async fn a_challenge_nobody_answers_times_out_too() {
    let timers = Timers {
        challenge_timeout: Duration::from_millis(150),
        ..impatient()
    };
    let playground = Playground::open_with(timers, "http://127.0.0.1:1").await;
    let (ares, page) = begin(&playground, CHALLENGE).await;
    let rreq = playground.results.wait_for(1).await.remove(0);
    assert_eq!(rreq.trans_status_reason, Some(TransStatusReason::TimedOutAtAcs));
    assert_eq!(rreq.challenge_cancel, Some(ChallengeCancel::TimedOutAtAcs));
    let back = press(&playground, &page, "123456", "submit").await;
    assert_eq!(cres(&back, &ares).trans_status, TransStatus::NotAuthenticated);
}

#[tokio::test]
async fn the_method_page_reports_back_and_the_silent_one_does_not() {
    let playground = Playground::open().await;
    let request = encoding::MethodRequest {
        three_ds_server_trans_id: emv3ds::ThreeDsServerTransId(uuid::Uuid::new_v4()),
        three_ds_method_notification_url: "http://127.0.0.1:1/method?a=1&b=2".to_owned(),
    };
    let url = format!("{}/acs/method", playground.url);
    let page = post(&playground, &url, &[("threeDSMethodData", &request.to_form())]).await;
    assert_eq!(page.action, request.three_ds_method_notification_url);
    let notification = encoding::MethodNotification::from_form(&page.hidden["threeDSMethodData"]).unwrap();
    assert_eq!(
        notification.three_ds_server_trans_id,
        request.three_ds_server_trans_id
    );
    let silent = post(
        &playground,
        &format!("{url}/silent"),
        &[("threeDSMethodData", &request.to_form())],
    )
    .await;
    assert_eq!((silent.status, silent.action.as_str()), (200, ""));
    assert_eq!(
        post(&playground, &url, &[("threeDSMethodData", "x")])
            .await
            .status,
        400
    );
    let script = encoding::MethodRequest {
        three_ds_method_notification_url: "javascript:alert(1)".to_owned(),
        ..request
    };
    assert_eq!(
        post(&playground, &url, &[("threeDSMethodData", &script.to_form())])
            .await
            .status,
        400
    );
}

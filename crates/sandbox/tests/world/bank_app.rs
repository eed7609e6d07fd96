//! Out-of-band challenges: in the bank's app, and by SMS when the app does not answer.

use emv3ds::code::{AuthenticationType, TransStatus};
use emv3ds::message::{ARes, CRes, Received};
use serde_json::json;

use crate::browser::{Page, code_for, open_challenge, post, press};
use crate::server::{Playground, at_the_server, status_of};

const OUT_OF_BAND: &str = "5200000000001104";

async fn begin(playground: &Playground) -> (ARes, Page) {
    let ares = playground.authenticate(&playground.areq(OUT_OF_BAND)).await;
    assert_eq!(ares.authentication_type, Some(AuthenticationType::OutOfBand));
    let page = open_challenge(playground, &ares).await;
    assert!(page.says("app de tu banco") && !page.says("one-time-code"));
    assert!(
        page.says("http-equiv=\"refresh\""),
        "the page asks again by itself"
    );
    (ares, page)
}

/// What the page shows when it asks for itself again.
async fn polled(playground: &Playground, ares: &ARes) -> Page {
    let url = format!(
        "{}/acs/challenge/page?acsTransID={}",
        playground.url, ares.acs_trans_id
    );
    let response = playground.client.get(url).send().await.unwrap();
    let status = response.status().as_u16();
    Page::of(status, response.text().await.unwrap())
}

async fn answer(playground: &Playground, ares: &ARes, answer: &str) -> u16 {
    let url = format!("{}/app/answer", playground.url);
    let id = ares.acs_trans_id.to_string();
    post(playground, &url, &[("acsTransID", &id), ("answer", answer)])
        .await
        .status
}

fn status_of_cres(page: &Page) -> TransStatus {
    match at_the_server().read_form::<CRes>(&page.hidden["cres"]) {
        Ok(Received::Message(cres)) => cres.trans_status,
        other => panic!("no CRes: {other:?}"),
    }
}

#[tokio::test]
async fn a_press_in_the_app_authenticates_and_the_browser_finds_out() {
    let playground = Playground::open().await;
    let (ares, page) = begin(&playground).await;
    let waiting = press(&playground, &page, "", "submit").await;
    assert!(waiting.says("todavía no ha respondido"));
    let pending = playground.get("/app/pending").await;
    assert_eq!(pending[0]["acsTransID"], json!(ares.acs_trans_id));
    assert_eq!(pending[0]["decoupled"], false);
    let app = playground
        .client
        .get(format!("{}/app", playground.url))
        .send()
        .await
        .unwrap();
    assert!(app.text().await.unwrap().contains(&ares.acs_trans_id.to_string()));

    assert_eq!(answer(&playground, &ares, "approve").await, 303);
    assert_eq!(
        status_of_cres(&polled(&playground, &ares).await),
        TransStatus::Authenticated
    );
    let rreq = &playground.results.received()[0];
    assert_eq!(status_of(rreq, &ares), TransStatus::Authenticated);
    assert_eq!(rreq.authentication_type, Some(AuthenticationType::OutOfBand));
    assert_eq!(playground.get("/sms").await, json!([]), "no code was needed");
    assert_eq!(answer(&playground, &ares, "deny").await, 404, "answered already");
}

#[tokio::test]
async fn who_says_no_in_the_app_is_not_authenticated() {
    let playground = Playground::open().await;
    let (ares, page) = begin(&playground).await;
    assert_eq!(answer(&playground, &ares, "deny").await, 303);
    let back = press(&playground, &page, "", "submit").await;
    assert_eq!(status_of_cres(&back), TransStatus::NotAuthenticated);
}

#[tokio::test]
async fn a_silent_app_is_followed_by_a_code() {
    let playground = Playground::open().await;
    let (ares, _) = begin(&playground).await;
    let mut page = polled(&playground, &ares).await;
    while !page.says("one-time-code") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        page = polled(&playground, &ares).await;
    }
    assert!(
        !page.says("http-equiv=\"refresh\""),
        "or it would take the digits away"
    );
    assert_eq!(
        answer(&playground, &ares, "approve").await,
        404,
        "its turn has passed"
    );
    let code = code_for(&playground, &page).await;
    let back = press(&playground, &page, &code, "submit").await;
    assert_eq!(status_of_cres(&back), TransStatus::Authenticated);
    let rreq = &playground.results.received()[0];
    assert_eq!(rreq.authentication_type, Some(AuthenticationType::Dynamic));
}

//! What an ACS's documents post through the browser.

use crate::{
    browser::{FORM, Site},
    gateway::*,
};

const METHOD: &str = "/transactions/3ds/method-notification";
const CHALLENGE: &str = "/transactions/3ds/challenge-notification";

#[tokio::test]
async fn the_method_s_notification_tells_the_page() {
    let site = Site::open().await;
    let reply = site.post(METHOD, &[FORM], "threeDSMethodData=the-data%3D").await;
    assert_eq!(reply.status, 200);
    assert!(reply.body.contains("data-page=\"method-done\""));
    assert_eq!(site.gateway.told(), [Told::MethodNotified("the-data=".into())]);
}

#[tokio::test]
async fn the_challenge_s_notification_leads_back_to_the_page() {
    let site = Site::open().await;
    let reply = site
        .post(CHALLENGE, &[FORM], "cres=the-cres&threeDSSessionData=the-session")
        .await;
    assert_eq!(reply.status, 200);
    let address = format!("/transactions/view_challenge?token={WORKS}");
    assert_eq!(reply.between("data-address=\"", "\""), address);
    assert!(
        reply
            .body
            .contains(&format!("href=\"{address}\" target=\"_top\""))
    );

    site.post(CHALLENGE, &[], "erro=the-erro").await;
    site.post(CHALLENGE, &[FORM], "cres=&erro=another&threeDSSessionData=")
        .await;
    let returned = |cres: &str, session: Option<&str>| Told::ChallengeReturned {
        cres: cres.into(),
        session_data: session.map(str::to_owned),
    };
    assert_eq!(
        site.gateway.told(),
        [
            returned("the-cres", Some("the-session")),
            returned("the-erro", None),
            returned("another", None)
        ]
    );
}

#[tokio::test]
async fn a_notification_that_cannot_be_read_names_the_field() {
    let site = Site::open().await;
    for (path, body, status, shows) in [
        (METHOD, "", 400, "<code>threeDSMethodData</code>"),
        (
            METHOD,
            "threeDSMethodData=garbled",
            400,
            "<code>threeDSMethodData</code>",
        ),
        (
            METHOD,
            "threeDSMethodData=unknown",
            404,
            "This page does not exist",
        ),
        (CHALLENGE, "threeDSSessionData=x", 400, "<code>cres</code>"),
        (CHALLENGE, "cres=garbled", 400, "<code>cres</code>"),
        (CHALLENGE, "cres=unknown", 404, "This page does not exist"),
        (CHALLENGE, "{\"cres\":\"x\"}", 400, "<code>cres</code>"),
    ] {
        let reply = site.post(path, &[FORM, "Accept-Language: en"], body).await;
        assert_eq!(reply.status, status, "{path} {body}");
        assert!(reply.body.contains(shows), "{path} {body}");
        assert!(
            reply
                .header("content-security-policy")
                .contains("form-action 'none'")
        );
    }
}

#[tokio::test]
async fn a_notification_has_a_largest_size() {
    let site = Site::open().await;
    let reply = site
        .post(CHALLENGE, &[FORM], &format!("cres={}", "x".repeat(128 * 1024)))
        .await;
    assert_eq!(reply.status, 413);
    assert_eq!(site.gateway.told(), []);
}

#[tokio::test]
async fn notifications_are_posts() {
    let site = Site::open().await;
    for path in [METHOD, CHALLENGE] {
        let reply = site.get(path, &[]).await;
        assert_eq!(
            (reply.status, reply.header("referrer-policy")),
            (405, "no-referrer")
        );
    }
}

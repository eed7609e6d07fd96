//! Forms in, pages out: as a browser without scripts has it.

use super::*;
use crate::flows::challenge::testing::{Bank, creq, other_than, phones};
use crate::policy::Policy;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request};
use emv3ds::Version;
use sqlx::PgPool;
use tower::ServiceExt as _;

#[test]
fn a_form_is_read_as_the_button_that_was_pressed() {
    let pressed = |form: &str| read::<Answered>(form.as_bytes()).map(|mut form| form.pressed());
    let submitted = pressed("acsTransID=a&token=b&code=123+456&action=submit").unwrap();
    assert!(matches!(submitted, Pressed::Submit(entry) if entry.reveal() == "123 456"));
    assert!(matches!(
        pressed("code=1").unwrap(),
        Pressed::Submit(entry) if entry.reveal() == "1"
    ));
    assert!(matches!(
        pressed("action=phone&phone=1").unwrap(),
        Pressed::ChoosePhone(1)
    ));
    assert!(matches!(pressed("action=code").unwrap(), Pressed::CodeInstead));
    assert!(matches!(pressed("action=cancel").unwrap(), Pressed::Cancel));
    for wrong in ["action=other", "action=phone&phone=x", "action=phone&phone=-1"] {
        assert!(matches!(pressed(wrong), Err(Screen::Problem { code: 203, .. })));
    }
}

#[test]
fn screens_of_nobody_speak_the_browser_s_language() {
    let headers =
        |accepted: &str| HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_str(accepted).unwrap())]);
    assert_eq!(
        language(&headers("de-CH, pt-BR;q=0.8, en;q=0.5")),
        Language::Portuguese
    );
    assert_eq!(language(&HeaderMap::new()), Language::English);
}

/// A browser that asks the service's router.
struct Browser(Router);

impl Browser {
    async fn asks(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        assert_eq!(parts.headers["cache-control"], "no-store");
        let html = to_bytes(body, 1 << 20).await.unwrap();
        (parts.status, String::from_utf8(html.to_vec()).unwrap())
    }

    async fn posts(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let form = serde_urlencoded::to_string(fields).unwrap();
        self.asks(Request::post(path).body(Body::from(form)).unwrap())
            .await
    }

    async fn presses(&self, page: &str, action: &str, code: &str) -> String {
        let fields = [
            ("acsTransID", value(page, "acsTransID")),
            ("token", value(page, "token")),
            ("action", action),
            ("code", code),
        ];
        let (status, html) = self.posts(pages::ANSWER_PATH, &fields).await;
        assert_eq!(status, StatusCode::OK);
        html
    }
}

/// The value of a page's first field of that name.
fn value<'p>(page: &'p str, name: &str) -> &'p str {
    let (_, rest) = page.split_once(&format!(r#"name="{name}" value=""#)).unwrap();
    rest.split_once('"').unwrap().0
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_challenge_is_played_by_forms_alone(pool: PgPool) {
    // Given a challenge, and a browser that brings its CReq
    let bank = Bank::open(pool, Policy::default()).await;
    let browser = Browser(bank.acs.router());
    let id = bank.challenged(1, Version::V2_2_0, phones(1)).await;
    let fields = [
        ("creq", creq(id, Version::V2_2_0)),
        ("threeDSSessionData", "c2hvcA".to_owned()),
    ];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let (status, first) = browser.posts(pages::CREQ_PATH, &fields).await;
    assert_eq!(status, StatusCode::OK);
    assert!(first.contains(r#"autocomplete="one-time-code""#), "{first}");
    // When a wrong code is typed, the page says so
    let code = bank.code().await;
    let wrong = other_than(&code);
    let second = browser.presses(&first, "submit", &wrong).await;
    assert!(second.contains(r#"role="alert""#), "{second}");
    // When the first page's form is sent once more, nothing happens but that the newest page is shown
    let again = browser.presses(&first, "submit", &wrong).await;
    assert_eq!(value(&again, "token"), value(&second, "token"));
    // When the right one is typed, the browser goes back
    let end = browser.presses(&again, "submit", &code).await;
    assert!(end.contains(r#"name="cres""#) && end.contains(r#"name="threeDSSessionData" value="c2hvcA""#));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn what_belongs_to_no_challenge_is_told_in_the_browser_s_language(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let browser = Browser(bank.acs.router());
    let unknown = "acsTransID=6f8dd0e0-7c1b-4a52-a0b5-2f6a3f4d9b10";
    for request in [
        Request::post(pages::CREQ_PATH)
            .header(ACCEPT_LANGUAGE, "ja")
            .body(Body::from("creq=e30")),
        Request::post(pages::CREQ_PATH)
            .header(ACCEPT_LANGUAGE, "ja")
            .body(Body::empty()),
        Request::post(pages::ANSWER_PATH)
            .header(ACCEPT_LANGUAGE, "ja")
            .body(Body::from(unknown)),
        Request::post(pages::ANSWER_PATH)
            .header(ACCEPT_LANGUAGE, "ja")
            .body(Body::from("action=x")),
        Request::get(format!("{}?{unknown}", pages::PAGE_PATH))
            .header(ACCEPT_LANGUAGE, "ja")
            .body(Body::empty()),
    ] {
        let (status, html) = browser.asks(request.unwrap()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(html.contains("続行できません"), "{html}");
    }
}

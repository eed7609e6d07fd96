use super::*;
use crate::phone::Phone;
use axum::Router;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse as _;
use axum::routing::post;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;

const LIMIT: Duration = Duration::from_secs(5);

fn refused(code: &str, elsewhere: bool) -> Handed {
    Handed::Refused {
        code: code.to_owned(),
        elsewhere,
    }
}

fn not_taken(code: &str) -> Handed {
    Handed::NotTaken {
        code: code.to_owned(),
    }
}

#[test]
fn documented_answers_mean_what_they_say_and_others_nothing() {
    let accepted = Handed::Accepted {
        provider_reference: "msg-1".to_owned(),
    };
    let rows: [(u16, &str, Handed); 18] = [
        (202, r#"{"id":"msg-1"}"#, accepted.clone()),
        (200, r#"{"id":"msg-1","more":true}"#, accepted),
        (202, r#"{"id":""}"#, Handed::Unknown),
        (202, r#"{"id":"a b"}"#, Handed::Unknown),
        (202, "garbage", Handed::Unknown),
        (204, "", Handed::Unknown),
        (302, "", Handed::Unknown),
        (
            400,
            r#"{"code":"invalid_request"}"#,
            refused("invalid_request", true),
        ),
        (401, "", refused("http_401", true)),
        (
            422,
            r#"{"code":"invalid_number"}"#,
            refused("invalid_number", false),
        ),
        (422, r#"{"code":"no_route"}"#, refused("no_route", true)),
        (409, r#"{"code":"idempotency_conflict"}"#, Handed::Unknown),
        (429, r#"{"code":"throttled"}"#, not_taken("throttled")),
        (429, "", not_taken("http_429")),
        (503, r#"{"code":"unavailable"}"#, not_taken("unavailable")),
        (503, "Service Unavailable", Handed::Unknown),
        (500, r#"{"code":"unavailable"}"#, Handed::Unknown),
        (504, "", Handed::Unknown),
    ];
    for (status, body, expected) in rows {
        assert_eq!(meaning(status, body.as_bytes()), expected, "{status} {body}");
    }
}

#[test]
fn a_refusal_keeps_nothing_of_the_message() {
    let echo = br#"{"code":"cannot send 123456 to +525512345678","message":"code 123456"}"#;
    assert_eq!(meaning(422, echo), refused("http_422", true));
}

#[test]
fn the_key_does_not_show() {
    let provider = HttpProvider::new(
        "norte",
        "http://127.0.0.1:1/messages",
        &"top-secret-key".to_owned().into(),
        false,
    )
    .unwrap();
    assert!(!format!("{provider:?}").contains("top-secret-key"));
}

fn message() -> TextMessage {
    TextMessage {
        delivery_id: "challenge-1".to_owned(),
        to: Phone::parse("+525512345678").unwrap(),
        sender: None,
        text: "123456".to_owned().into(),
        validity: time::Duration::seconds(287),
    }
}

fn provider(url: &str, https_only: bool) -> HttpProvider {
    HttpProvider::new("norte", url, &"key".to_owned().into(), https_only).unwrap()
}

/// Serves `/messages` with this answer, and counts who asks there or elsewhere.
async fn serve(answer: fn() -> axum::response::Response) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let count = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async move { answer() }
    };
    let router = Router::new()
        .route("/messages", post(count.clone()))
        .fallback(count);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/messages", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

#[tokio::test]
async fn without_a_connection_nothing_was_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Somebody who takes connections and speaks no TLS.
    let deaf = tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            drop(connection);
        }
    });
    let handed = provider(&format!("https://{address}/messages"), true)
        .hand_over(&message(), LIMIT)
        .await;
    assert_eq!(handed, not_taken("not_connected"), "TLS was not set up");
    deaf.abort();
    assert!(deaf.await.is_err_and(|ended| ended.is_cancelled()));
    let handed = provider(&format!("http://{address}/messages"), false)
        .hand_over(&message(), LIMIT)
        .await;
    assert_eq!(handed, not_taken("not_connected"), "nobody listens any more");
}

#[tokio::test]
async fn in_production_a_message_goes_by_https_or_not_at_all() {
    let (url, asked) = serve(|| StatusCode::ACCEPTED.into_response()).await;
    let handed = provider(&url, true).hand_over(&message(), LIMIT).await;
    assert_eq!(handed, refused("not_a_request", true));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn redirects_are_not_followed_and_endless_answers_not_read() {
    let elsewhere = || (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "/elsewhere")]).into_response();
    let endless = || (StatusCode::ACCEPTED, "x".repeat(ANSWER_BODY_MAX_BYTES + 1)).into_response();
    for answer in [elsewhere as fn() -> axum::response::Response, endless] {
        let (url, asked) = serve(answer).await;
        let handed = provider(&url, false).hand_over(&message(), LIMIT).await;
        assert_eq!(handed, Handed::Unknown);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn who_does_not_answer_in_time_may_have_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/messages", listener.local_addr().unwrap());
    let handed = provider(&url, false)
        .hand_over(&message(), Duration::from_millis(200))
        .await;
    assert_eq!(handed, Handed::Unknown);
    drop(listener);
}

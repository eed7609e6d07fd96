//! What the face hands on, and what it answers.

use super::*;
use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use orchestrator::Fault;
use std::sync::Mutex;
use tower::ServiceExt;

const CONNECTION: &str = "0190a5e0-0000-7000-8000-000000000001";

type Answers = fn() -> Result<&'static str, NotTaken>;

struct Says {
    answer: Answers,
    heard: Mutex<Vec<Notification>>,
}

#[async_trait::async_trait]
impl Notifications for Says {
    async fn received(&self, notification: Notification) -> Result<&'static str, NotTaken> {
        self.heard.lock().unwrap().push(notification);
        (self.answer)()
    }
}

async fn post(
    answer: Answers,
    path: &str,
    body: Vec<u8>,
) -> (StatusCode, Option<String>, Vec<u8>, Vec<Notification>) {
    let says = Arc::new(Says {
        answer,
        heard: Mutex::default(),
    });
    let (face, _) = router(Arc::clone(&says) as Arc<dyn Notifications>).split_for_parts();
    let request = Request::post(path)
        .header("X-Signature", "a=b")
        .header("X-Bytes", HeaderValue::from_bytes(b"\xff").unwrap())
        .body(Body::from(body))
        .unwrap();
    let response = face.oneshot(request).await.unwrap();
    let (status, kind) = (response.status(), response.headers().get(CONTENT_TYPE).cloned());
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec();
    let heard = says.heard.lock().unwrap().clone();
    (
        status,
        kind.map(|kind| kind.to_str().unwrap().to_owned()),
        body,
        heard,
    )
}

fn address() -> String {
    format!("/notifications/plain/{CONNECTION}")
}

#[tokio::test]
async fn a_notification_is_handed_on_byte_by_byte_and_answered_with_the_processors_receipt() {
    let (status, kind, body, heard) = post(|| Ok("[accepted]"), &address(), b"{ \"a\":1}".to_vec()).await;
    assert_eq!(
        (status, body.as_slice()),
        (StatusCode::OK, b"[accepted]".as_slice())
    );
    assert_eq!(kind.as_deref(), Some("text/plain; charset=utf-8"));
    let [notification] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(notification.processor_name, "plain");
    assert_eq!(notification.connection, CONNECTION.parse().unwrap());
    assert_eq!(notification.body, b"{ \"a\":1}");
    assert_eq!(
        notification.headers,
        [("x-signature".to_owned(), "a=b".to_owned())]
    );
    let (_, kind, body, _) = post(|| Ok("{}"), &address(), Vec::new()).await;
    assert_eq!(
        (kind.as_deref(), body.as_slice()),
        (Some("application/json"), b"{}".as_slice())
    );
    assert_eq!(post(|| Ok(""), &address(), Vec::new()).await.2, b"");
}

#[tokio::test]
async fn what_is_not_taken_is_told_by_the_status_alone() {
    let cases: [(Answers, u16); 6] = [
        (|| Err(NotTaken::NoSuchConnection), 404),
        (|| Err(NotificationRefused::BadSignature.into()), 401),
        (|| Err(NotificationRefused::Stale.into()), 401),
        (|| Err(NotificationRefused::Unreadable("no id").into()), 400),
        (|| Err(NotificationRefused::NotOffered.into()), 404),
        (|| Err(Fault::Missing("the database").into()), 500),
    ];
    for (answer, expected) in cases {
        let (status, _, body, heard) = post(answer, &address(), b"{}".to_vec()).await;
        assert_eq!((status.as_u16(), body.len(), heard.len()), (expected, 0, 1));
    }
}

#[tokio::test]
async fn what_cannot_be_a_notification_is_not_handed_on() {
    let never = || Ok("");
    for path in [
        "/notifications/plain/x",
        "/notifications/plain/ord_0190a5e0-0000-7000-8000-000000000001",
    ] {
        let (status, _, body, heard) = post(never, path, Vec::new()).await;
        assert_eq!((status.as_u16(), body.len(), heard.len()), (404, 0, 0), "{path}");
    }
    let (status, _, _, heard) = post(never, &address(), vec![b' '; BODY_MAX_BYTES + 1]).await;
    assert_eq!((status.as_u16(), heard.len()), (413, 0));
}

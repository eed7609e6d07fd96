//! One attempt against receivers that behave badly: each is refused or bounded.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use primitives::UrlPolicy;
use std::time::Duration;
use time::macros::datetime;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use webhooks::{
    SigningKeySet,
    deliver::Sender,
    ending::{AttemptCode, Ending},
    message::Message,
};

async fn send(policy: UrlPolicy, url: &str) -> Ending {
    let message = Message {
        webhook_id: "msg_1".to_owned(),
        timestamp: 1,
        body: "{}".to_owned(),
        deuna_signature: "x".to_owned(),
        standard_signatures: "v1,x".to_owned(),
    };
    let keys = SigningKeySet {
        private_key: "key".to_owned().into(),
        v1: vec!["whsec_x".to_owned().into()],
        v1a: Vec::new(),
    };
    let sender = Sender::new(policy, Duration::from_millis(500)).unwrap();
    sender
        .send(url, message, &keys, datetime!(2026-03-01 12:00 UTC))
        .await
}

/// A server that reads one request and then does as told with the connection.
async fn behaving<F: Future<Output = ()> + Send>(
    behaviour: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> Ending {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        behaviour(stream).await;
    });
    send(UrlPolicy::LoopbackHttpToo, &url).await
}

#[tokio::test]
async fn an_endless_body_is_read_to_a_limit() {
    let ending = behaving(async |mut stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            .await
            .unwrap();
        let chunk = [b"1000\r\n".as_slice(), &[b'x'; 0x1000], b"\r\n"].concat();
        while stream.write_all(&chunk).await.is_ok() {}
    })
    .await;
    assert_eq!(ending.code, AttemptCode::Delivered);
    assert_eq!(ending.body.unwrap().chars().count(), 512);
}

#[tokio::test]
async fn a_body_that_trickles_does_not_outlast_the_attempt() {
    let ending = behaving(async |mut stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
            .await
            .unwrap();
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(ending.code, AttemptCode::TimedOut);
    assert_eq!(ending.http_status, Some(200));
}

#[tokio::test]
async fn headers_that_trickle_do_not_outlast_the_attempt() {
    let ending = behaving(async |mut stream| {
        while stream
            .write_all(b"HTTP/1.1 200 OK\r\nx: y\r\n".get(..1).unwrap())
            .await
            .is_ok()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert!(
        matches!(ending.code, AttemptCode::TimedOut | AttemptCode::CutOff),
        "{ending:?}"
    );
}

#[tokio::test]
async fn endless_headers_are_cut_off() {
    let ending = behaving(async |mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await.unwrap();
        while stream.write_all(&[b'y'; 8192]).await.is_ok() {}
    })
    .await;
    assert_eq!(ending.code, AttemptCode::CutOff);
}

#[tokio::test]
async fn a_connection_that_ends_early_is_cut_off() {
    let ending = behaving(async |stream| drop(stream)).await;
    assert_eq!(ending.code, AttemptCode::CutOff);
    let ending = behaving(async |mut stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nxx")
            .await
            .unwrap();
    })
    .await;
    assert_eq!(
        (ending.code, ending.body.as_deref()),
        (AttemptCode::CutOff, Some("xx"))
    );
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_not_followed() {
    let ending = behaving(async |mut stream| {
        let answer = b"HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:1/\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
    })
    .await;
    assert_eq!(
        (ending.code, ending.http_status),
        (AttemptCode::HttpStatus, Some(307))
    );
    assert_eq!(ending.retry_after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn nobody_listening_is_not_connected() {
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let ending = send(UrlPolicy::LoopbackHttpToo, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(ending, Ending::unanswered(AttemptCode::NotConnected));
}

#[tokio::test]
async fn in_production_nothing_goes_to_our_own_network() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
    ] {
        let ending = send(UrlPolicy::HttpsOnly, &format!("https://{host}:{port}/")).await;
        assert_eq!(ending, Ending::unanswered(AttemptCode::AddressRefused), "{host}");
    }
    assert!(
        tokio::time::timeout(Duration::from_millis(50), listener.accept())
            .await
            .is_err()
    );
    let ending = send(UrlPolicy::HttpsOnly, "not a url").await;
    assert_eq!(ending, Ending::unanswered(AttemptCode::UnusableUrl));
}

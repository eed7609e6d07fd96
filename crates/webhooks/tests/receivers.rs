//! One attempt against receivers that behave badly: each is refused or bounded.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use primitives::UrlPolicy;
use std::time::{Duration, Instant};
use time::macros::datetime;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
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
async fn headers_without_number_are_cut_off() {
    let ending = behaving(async |mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
        let many = b"x: y\r\n".repeat(1_000);
        while stream.write_all(&many).await.is_ok() {}
    })
    .await;
    assert_eq!(ending.code, AttemptCode::CutOff);
}

#[tokio::test]
async fn interim_answers_without_end_do_not_outlast_the_attempt() {
    let ending = behaving(async |mut stream| {
        while stream
            .write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            .await
            .is_ok()
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert!(
        matches!(ending.code, AttemptCode::TimedOut | AttemptCode::CutOff),
        "{ending:?}"
    );
}

#[tokio::test]
async fn what_is_packed_stays_packed() {
    // The beginning of a gzip stream. Unpacked it would be something else, or a fault.
    let packed = b"\x1f\x8b\x08\0\0\0\0\0\0\x03packed";
    let ending = behaving(async move |mut stream| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            packed.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(packed).await.unwrap();
    })
    .await;
    assert_eq!(ending.code, AttemptCode::Delivered);
    assert!(ending.body.unwrap().ends_with("packed"));
}

#[tokio::test]
async fn what_answers_without_http_is_cut_off() {
    for answer in [
        b"\x16\x03\x01\x02\x00".as_slice(),
        b"SSH-2.0-x\r\n",
        b"220 mail ESMTP\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
    ] {
        let ending = behaving(async move |mut stream| {
            stream.write_all(answer).await.unwrap();
        })
        .await;
        assert_eq!(ending, Ending::unanswered(AttemptCode::CutOff), "{answer:?}");
    }
}

#[tokio::test]
async fn a_connection_that_is_never_accepted_does_not_outlast_the_attempt() {
    // A queue of one: once it is full, the system answers no further request for a connection.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await
    {
        waiting.push(stream);
    }
    let begun = Instant::now();
    let ending = send(UrlPolicy::LoopbackHttpToo, &format!("http://{address}/")).await;
    assert_eq!(ending, Ending::unanswered(AttemptCode::TimedOut));
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_request_that_is_never_read_does_not_outlast_the_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let ending = send(UrlPolicy::LoopbackHttpToo, &url).await;
    assert_eq!(ending, Ending::unanswered(AttemptCode::TimedOut));
}

#[tokio::test]
async fn a_receiver_that_does_not_speak_tls_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // Plain text where TLS was expected.
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        }
    });
    let ending = send(UrlPolicy::LoopbackHttpToo, &url).await;
    assert_eq!(ending, Ending::unanswered(AttemptCode::NotConnected));
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
        "127.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "shop.example@127.0.0.1",
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

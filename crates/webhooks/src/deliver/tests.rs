use super::*;
use async_trait::async_trait;
use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, SocketAddr},
    sync::Mutex,
};
use time::macros::datetime;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

#[test]
fn success_is_a_2xx_that_does_not_say_failed() {
    let table: [(u16, &str, AttemptCode); 11] = [
        (
            200,
            r#"{"status":"succeeded","data":{"order_id":"1"}}"#,
            AttemptCode::Delivered,
        ),
        (200, "", AttemptCode::Delivered),
        (204, "", AttemptCode::Delivered),
        (202, "thanks", AttemptCode::Delivered),
        (200, r#"{"status":7}"#, AttemptCode::Delivered),
        (
            200,
            r#" {"error":"x","status":"failed"} "#,
            AttemptCode::AnsweredFailed,
        ),
        (200, r#"[{"status":"failed"}]"#, AttemptCode::Delivered),
        (301, "", AttemptCode::HttpStatus),
        (404, r#"{"status":"succeeded"}"#, AttemptCode::HttpStatus),
        (410, "", AttemptCode::Gone),
        (503, "", AttemptCode::HttpStatus),
    ];
    for (status, body, expected) in table {
        assert_eq!(
            judge(StatusCode::from_u16(status).unwrap(), body.as_bytes()),
            expected,
            "{status} {body}"
        );
    }
}

#[test]
fn both_forms_of_retry_after_are_read() {
    let now = datetime!(2026-03-01 12:00 UTC);
    let read =
        |text: &'static str| retry_after(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]), now);
    assert_eq!(read("120"), Some(Duration::from_secs(120)));
    assert_eq!(
        read("Sun, 01 Mar 2026 12:01:00 GMT"),
        Some(Duration::from_secs(60))
    );
    for text in [
        "Sun, 01 Mar 2026 11:00:00 GMT",
        "-5",
        "soon",
        "1.5",
        "99999999999999999999",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
    assert_eq!(retry_after(&HeaderMap::new(), now), None);
}
/// Answers each question with the next list of addresses, all at one port, and counts on being asked no more often.
struct Scripted {
    answers: Mutex<VecDeque<Vec<&'static str>>>,
    port: u16,
}

#[async_trait]
impl NameLookup for Scripted {
    async fn addresses(&self, _: &str) -> io::Result<Vec<SocketAddr>> {
        let answer = self.answers.lock().unwrap().pop_front().unwrap();
        let address = |text: &&str| SocketAddr::new(text.parse::<IpAddr>().unwrap(), self.port);
        Ok(answer.iter().map(address).collect())
    }
}

/// A receiver on this machine that accepts everything, one request per connection, and what came of sending to it by
/// a name that has these addresses, one after the other.
async fn sent_by_name(answers: &[&[&'static str]]) -> Vec<AttemptCode> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    });
    let lookup = Arc::new(Scripted {
        answers: Mutex::new(answers.iter().map(|answer| answer.to_vec()).collect()),
        port,
    });
    let sender = Sender::with_lookup(UrlPolicy::LoopbackHttpToo, Duration::from_secs(2), lookup).unwrap();
    let mut codes = Vec::new();
    for _ in answers {
        // A name that the sandbox allows with plain http; where it leads is what the look-up says.
        let url = format!("http://localhost:{port}/hook");
        codes.push(sender.post_form(&url, String::new()).await.0);
    }
    codes
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_second_time_gains_nothing() {
    let codes = sent_by_name(&[
        &["127.0.0.1"],
        &["169.254.169.254"],
        &["10.0.0.1", "fd00:ec2::254"],
        &["::ffff:10.0.0.1"],
        &[],
        &["127.0.0.1"],
    ])
    .await;
    let refused = AttemptCode::AddressRefused;
    let delivered = AttemptCode::Delivered;
    assert_eq!(codes, [delivered, refused, refused, refused, refused, delivered]);
}

#[tokio::test]
async fn of_a_name_with_several_addresses_only_the_allowed_ones_are_called() {
    // Whichever is tried first: the others are never among them.
    let codes = sent_by_name(&[
        &["10.0.0.1", "127.0.0.1", "169.254.169.254"],
        &["127.0.0.1", "192.168.0.1"],
    ])
    .await;
    assert_eq!(codes, [AttemptCode::Delivered; 2]);
}

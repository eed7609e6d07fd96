//! What faults do to requests and their answers.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Sandbox, WithJson as _, charge, read};

#[tokio::test]
async fn faults_happen_as_often_as_they_are_set() {
    let sandbox = Sandbox::start().await;
    let charged = async |reference: &str| {
        let entries = sandbox.ledger(&format!("reference={reference}")).await;
        entries.iter().filter(|entry| entry["approved"] == true).count()
    };
    let send = |reference: &str| {
        sandbox
            .call(Method::POST, "/card/v2/charges", &charge(reference, "10.00"))
            .send()
    };

    sandbox
        .fault(json!({ "target": "kushki", "fault": "drop_reply", "times": 1 }))
        .await;
    assert!(send("ref-dropped").await.is_err());
    assert_eq!(charged("ref-dropped").await, 1);

    sandbox
        .fault(json!({ "target": "kushki", "fault": "refuse", "times": 1 }))
        .await;
    assert!(send("ref-closed").await.is_err());
    assert_eq!(charged("ref-closed").await, 0);

    sandbox
        .fault(json!({ "target": "kushki", "fault": "http_500", "times": 1 }))
        .await;
    assert_eq!(send("ref-500ed").await.unwrap().status(), 500);
    assert_eq!(charged("ref-500ed").await, 0);

    sandbox
        .fault(json!({ "target": "kushki", "fault": "garbage", "times": 1 }))
        .await;
    assert_eq!(read(send("ref-garbage").await.unwrap()).await, (201, Value::Null));
    assert_eq!(charged("ref-garbage").await, 1);

    sandbox
        .fault(json!({ "target": "kushki", "fault": "duplicate", "times": 1 }))
        .await;
    assert_eq!(send("ref-twice").await.unwrap().status(), 201);
    assert_eq!(charged("ref-twice").await, 2);

    sandbox
        .fault(json!({ "target": "kushki", "fault": "delay", "milliseconds": 200 }))
        .await;
    let started = Instant::now();
    assert_eq!(send("ref-delayed").await.unwrap().status(), 201);
    assert!(started.elapsed() >= Duration::from_millis(200));
    let cleared = sandbox
        .client
        .delete(sandbox.url("/faults"))
        .send()
        .await
        .unwrap();
    assert_eq!(cleared.status(), 204);
    let started = Instant::now();
    assert_eq!(send("ref-after").await.unwrap().status(), 201);
    assert!(started.elapsed() < Duration::from_millis(150));
}

#[tokio::test]
async fn an_unknown_target_or_fault_is_told_apart() {
    let sandbox = Sandbox::start().await;
    for order in [
        json!({ "target": "nobody", "fault": "delay" }),
        json!({ "target": "kushki", "fault": "explode" }),
        json!({ "target": "kushki", "fault": "delay", "times": 0 }),
        json!({ "target": "kushki", "fault": "delay", "seconds": 1 }),
    ] {
        let reply = sandbox
            .client
            .post(sandbox.url("/faults"))
            .json(&order)
            .send()
            .await
            .unwrap();
        assert!(reply.status().is_client_error(), "{order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_has_sent_not_one_byte() {
    let sandbox = Sandbox::start().await;
    for fault in ["drop_reply", "refuse"] {
        sandbox
            .fault(json!({ "target": "kushki", "fault": fault, "times": 1 }))
            .await;
        let address = sandbox.address;
        let received = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
            stream
                .write_all(b"GET /processors/kushki/analytics/v2/transactions-list HTTP/1.1\r\nhost: sandbox\r\n\r\n")
                .unwrap();
            let mut received = Vec::new();
            // A reset is as good as an end here; a time-out is not.
            match stream.read_to_end(&mut received) {
                Err(fault) if fault.kind() == std::io::ErrorKind::WouldBlock => panic!("still open"),
                _ => received,
            }
        });
        assert_eq!(received.await.unwrap(), b"", "{fault}");
    }
}

//! The Kushki simulator over real HTTP: what it takes, refuses and remembers, and what faults do to it.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and calls the sandbox with a client of its own"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, Response};
use sandbox::faults::{self, Faults};
use sandbox::ledger::{self, Ledger};
use sandbox::processors::{self, Processors, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const MERCHANT: &str = "test-private-merchant-id";
const VISIBLE_AFTER: Duration = Duration::from_millis(150);

trait WithJson {
    /// The request with a JSON body.
    fn json(self, body: &Value) -> Self;
}

impl WithJson for RequestBuilder {
    fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }
}

/// A sandbox with nothing but processors, ledger and faults.
struct Sandbox {
    address: SocketAddr,
    client: Client,
    processors: Processors,
}

impl Sandbox {
    async fn start() -> Self {
        let settings = Settings {
            inquiry_visible_after: VISIBLE_AFTER,
            asynchronous_after: Duration::from_millis(300),
        };
        let processors = Processors::new(Ledger::default(), Faults::default(), settings);
        processors
            .connections
            .register("kushki", MERCHANT, "connection-1");
        let router = processors::router(&processors)
            .merge(ledger::router(processors.ledger.clone()))
            .merge(faults::router(processors.faults.clone(), &processors::NAMES));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(2))
            .build()
            .unwrap();
        Self {
            address,
            client,
            processors,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn call(&self, method: Method, path: &str, body: &Value) -> RequestBuilder {
        self.client
            .request(method, self.url(&format!("/processors/kushki{path}")))
            .header("private-merchant-id", MERCHANT)
            .json(body)
    }

    async fn charge(&self, body: &Value) -> (u16, Value) {
        let reply = self
            .call(Method::POST, "/card/v2/charges", body)
            .send()
            .await
            .unwrap();
        read(reply).await
    }

    async fn take_back(&self, kind: &str, ticket: &Value, key: &str, body: &Value) -> (u16, Value) {
        let path = format!("/v1/{kind}/{}", ticket.as_str().unwrap());
        let call = self
            .call(Method::DELETE, &path, body)
            .header("idempotency-key", key);
        read(call.send().await.unwrap()).await
    }

    async fn list(&self, reference: &str) -> Value {
        let query = [
            ("from", "2020-01-01T00:00:00Z"),
            ("to", "2099-01-01T00:00:00Z"),
            ("external_reference_id", reference),
        ];
        let url = reqwest::Url::parse_with_params(
            &self.url("/processors/kushki/analytics/v2/transactions-list"),
            query,
        );
        let call = self
            .client
            .get(url.unwrap())
            .header("private-merchant-id", MERCHANT)
            .header("content-type", "application/json");
        read(call.send().await.unwrap()).await.1
    }

    async fn ledger(&self, query: &str) -> Vec<Value> {
        let reply = self
            .client
            .get(self.url(&format!("/ledger?{query}")))
            .send()
            .await
            .unwrap();
        let json: Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
        json.as_array().unwrap().clone()
    }

    async fn fault(&self, order: Value) {
        let reply = self
            .client
            .post(self.url("/faults"))
            .json(&order)
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 204, "{order}");
    }
}

async fn read(reply: Response) -> (u16, Value) {
    let status = reply.status().as_u16();
    let bytes = reply.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn charge(reference: &str, amount: &str) -> Value {
    json!({
        "card": { "name": "ANA PEREZ", "number": "4000000000001000", "expiryMonth": "03", "expiryYear": "39", "cvv": "123" },
        "amount": { "subtotalIva": 0, "subtotalIva0": serde_json::from_str::<Value>(amount).unwrap(), "iva": 0, "ice": 0, "currency": "MXN" },
        "fullResponse": "v2",
        "metadata": { "order_id": format!("order-of-{reference}") },
        "externalReferenceId": reference,
        "threeDomainSecure": { "cavv": "AAABBoVBaZKAR3BkdkFpELpWIiE=", "eci": "05", "specificationVersion": "2.2.0" },
    })
}

fn mxn(amount: &str) -> Value {
    json!({ "subtotalIva": 0, "subtotalIva0": serde_json::from_str::<Value>(amount).unwrap(), "iva": 0, "ice": 0, "currency": "MXN" })
}

#[tokio::test]
async fn a_charge_is_approved_and_stands_in_the_ledger() {
    let sandbox = Sandbox::start().await;
    let (status, reply) = sandbox.charge(&charge("ref-00001", "1250.5")).await;
    assert_eq!(status, 201, "{reply}");
    assert_eq!(reply["details"]["transactionStatus"], "APPROVAL");
    assert_eq!(reply["details"]["externalReferenceId"], "ref-00001");
    assert_eq!(reply["ticketNumber"].as_str().unwrap().len(), 18);

    let entries = sandbox.ledger("reference=ref-00001").await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries, sandbox.ledger("order_id=order-of-ref-00001").await);
    let entry = &entries[0];
    for (member, expected) in [
        ("processor", json!("kushki")),
        ("connection_id", json!("connection-1")),
        ("operation", json!("sale")),
        ("amount", json!(125_050)),
        ("currency", json!("MXN")),
        ("card_last4", json!("1000")),
        ("eci", json!("05")),
        ("authentication_value", json!("AAABBoVBaZKAR3BkdkFpELpWIiE=")),
        ("ds_trans_id", Value::Null),
        ("approved", json!(true)),
        ("response_code", json!("00")),
    ] {
        assert_eq!(entry[member], expected, "{member}");
    }
}

#[tokio::test]
async fn the_amount_picks_the_issuers_answer() {
    let sandbox = Sandbox::start().await;
    for (cents, issuer, vendor) in [
        ("05", "05", "006"),
        ("14", "14", "017"),
        ("41", "41", "006"),
        ("43", "43", "006"),
        ("51", "51", "021"),
        ("54", "54", "018"),
        ("65", "65", "006"),
        ("91", "91", "006"),
    ] {
        let (status, reply) = sandbox
            .charge(&charge("ref-declined", &format!("10.{cents}")))
            .await;
        assert_eq!(status, 400, "{cents}");
        assert_eq!(reply["details"]["isoErrorCode"], issuer);
        assert_eq!(reply["code"], vendor);
        assert_eq!(reply["externalReferenceId"], "ref-declined");
    }
    let entries = sandbox.ledger("reference=ref-declined").await;
    assert!(entries.iter().all(|entry| entry["approved"] == false));
}

#[tokio::test]
async fn the_vendors_own_cards_keep_their_meaning() {
    let sandbox = Sandbox::start().await;
    for (number, status, code) in [
        ("4000100011112224", 201, None),
        ("4000300011112220", 400, Some("006")),
        ("4349003000047015", 400, Some("017")),
        ("4349001210846432", 400, Some("021")),
    ] {
        let mut body = charge("ref-cards", "10.00");
        body["card"]["number"] = number.into();
        let (got, reply) = sandbox.charge(&body).await;
        assert_eq!((got, reply["code"].as_str()), (status, code), "{number}");
    }
}

#[tokio::test]
async fn what_the_vendor_would_refuse_is_refused_and_charges_nothing() {
    let sandbox = Sandbox::start().await;
    let changes: [(&str, Value, &str); 12] = [
        ("/card/name", json!(""), "K001"),
        ("/card/number", json!("4000000000001001"), "017"),
        ("/card/number", json!("370000000010001"), "007"),
        ("/card/expiryYear", json!("20"), "018"),
        ("/card/cvv", json!("12"), "K001"),
        ("/amount/currency", json!("EUR"), "205"),
        ("/amount/subtotalIva0", json!(0), "220"),
        ("/amount/subtotalIva0", json!("10"), "220"),
        ("/externalReferenceId", json!("x"), "K001"),
        ("/threeDomainSecure/eci", json!("02"), "K001"),
        ("/threeDomainSecure/eci", json!("07"), "K322"),
        ("/fullResponse", json!("v3"), "K001"),
    ];
    for (path, value, code) in changes {
        let mut body = charge("ref-refused", "10.00");
        *body.pointer_mut(path).unwrap() = value;
        let (status, reply) = sandbox.charge(&body).await;
        assert_eq!((status, reply["code"].as_str()), (400, Some(code)), "{path}");
    }
    let mut misspelt = charge("ref-refused", "10.00");
    misspelt["externalReferenceID"] = "ref-refused".into();
    assert_eq!(sandbox.charge(&misspelt).await.1["code"], "K001");
    let mut risk = charge("ref-refused", "10.00");
    risk["threeDomainSecure"]["eci"] = "07".into();
    let (_, reply) = sandbox.charge(&risk).await;
    assert_eq!(reply["details"]["rules"][0]["code"], "K325");
    assert!(sandbox.ledger("reference=ref-refused").await.is_empty());

    let body = charge("ref-refused", "10.00");
    let url = sandbox.url("/processors/kushki/card/v2/charges");
    let nobody = sandbox.client.post(&url).json(&body).send().await.unwrap();
    assert_eq!(nobody.status(), 403);
    let odd = sandbox
        .client
        .post(&url)
        .header("private-merchant-id", "short")
        .json(&body);
    assert_eq!(read(odd.send().await.unwrap()).await.1["code"], "K004");
}

#[tokio::test]
async fn held_money_is_captured_once_and_given_back_in_parts() {
    let sandbox = Sandbox::start().await;
    let held = sandbox.call(
        Method::POST,
        "/card/v2/preAuthorization",
        &charge("ref-hold0", "100.00"),
    );
    let (status, reply) = read(held.send().await.unwrap()).await;
    assert_eq!(
        (status, &reply["details"]["transactionType"]),
        (201, &json!("PREAUTHORIZATION"))
    );
    let ticket = reply["ticketNumber"].clone();

    let early = sandbox
        .take_back("refund", &ticket, "key-early", &json!({}))
        .await;
    assert_eq!((early.0, &early.1["code"]), (400, &json!("K023")));

    let capture = |amount: &str| {
        let body = json!({ "ticketNumber": ticket, "amount": mxn(amount), "fullResponse": "v2", "externalReferenceId": "ref-capture" });
        sandbox.call(Method::POST, "/card/v1/capture", &body).send()
    };
    assert_eq!(read(capture("110.01").await.unwrap()).await.0, 400);
    let (status, captured) = read(capture("80.00").await.unwrap()).await;
    assert_eq!(
        (status, &captured["details"]["transactionStatus"]),
        (201, &json!("APPROVAL"))
    );
    assert_eq!(read(capture("1.00").await.unwrap()).await.0, 400, "once");

    let refund = |key: &'static str, amount: &str| {
        let body = json!({ "amount": mxn(amount), "fullResponse": "v2", "externalReferenceId": key });
        let (sandbox, ticket) = (&sandbox, &captured["ticketNumber"]);
        async move { sandbox.take_back("refund", ticket, key, &body).await }
    };
    let first = refund("refund-1", "50.00").await;
    assert_eq!(
        (first.0, &first.1["details"]["transactionStatus"]),
        (201, &json!("INITIALIZED"))
    );
    assert_eq!(
        refund("refund-1", "50.00").await,
        first,
        "the same key is the same refund"
    );
    let over = refund("refund-2", "30.01").await;
    assert_eq!((over.0, &over.1["code"]), (400, &json!("019")));
    assert_eq!(refund("refund-3", "30.00").await.0, 201);

    let operations: Vec<_> = sandbox
        .ledger("order_id=order-of-ref-hold0")
        .await
        .into_iter()
        .filter(|entry| entry["approved"] == true)
        .map(|entry| {
            (
                entry["operation"].as_str().unwrap().to_owned(),
                entry["amount"].as_i64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("authorization", 10_000),
        ("capture", 8_000),
        ("refund", 5_000),
        ("refund", 3_000),
    ];
    assert_eq!(
        operations,
        expected.map(|(name, amount)| (name.to_owned(), amount))
    );
}

#[tokio::test]
async fn a_void_needs_its_key_and_the_merchants_own_ticket() {
    let sandbox = Sandbox::start().await;
    let (_, sale) = sandbox.charge(&charge("ref-void0", "100.00")).await;
    let ticket = &sale["ticketNumber"];
    let path = format!("/v1/charges/{}", ticket.as_str().unwrap());
    let keyless = sandbox
        .call(Method::DELETE, &path, &json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(read(keyless).await.1["code"], "K001");
    let stranger = sandbox
        .client
        .delete(sandbox.url(&format!("/processors/kushki{path}")))
        .header("private-merchant-id", "another-merchant")
        .header("idempotency-key", "k")
        .json(&json!({}));
    assert_eq!(read(stranger.send().await.unwrap()).await.1["code"], "K010");

    let part = json!({ "amount": mxn("40.00"), "fullResponse": "v2" });
    let voided = sandbox.take_back("charges", ticket, "void-1", &part).await;
    assert_eq!(
        (voided.0, &voided.1["details"]["transactionType"]),
        (201, &json!("VOID"))
    );
    assert_eq!(
        sandbox.take_back("charges", ticket, "void-1", &part).await,
        voided
    );
    assert_eq!(
        sandbox.take_back("charges", ticket, "void-2", &json!({})).await.0,
        201
    );
    assert_eq!(
        sandbox.take_back("charges", ticket, "void-3", &json!({})).await.0,
        400
    );
}

#[tokio::test]
async fn the_list_shows_a_charge_some_time_after_it() {
    let sandbox = Sandbox::start().await;
    sandbox.charge(&charge("ref-list0", "10.00")).await;
    sandbox.charge(&charge("ref-list0", "10.51")).await;
    assert_eq!(sandbox.list("ref-list0").await["total"], 0);
    tokio::time::sleep(VISIBLE_AFTER + Duration::from_millis(20)).await;
    let list = sandbox.list("ref-list0").await;
    assert_eq!(list["total"], 2);
    assert_eq!(list["data"][0]["transaction_status"], "APPROVED");
    assert_eq!(list["data"][0]["approved_transaction_amount"], 10.0);
    assert_eq!(list["data"][1]["transaction_status"], "DECLINED");
    assert_eq!(list["data"][1]["processor_code"], "51");
    assert_eq!(sandbox.list("ref-other").await["total"], 0);
}

#[tokio::test]
async fn lost_answers_leave_what_was_done() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.charge(&charge("ref-96000", "10.96")).await.0, 500);
    for (reference, amount) in [("ref-68000", "10.68"), ("ref-69000", "10.69")] {
        let call = sandbox
            .call(Method::POST, "/card/v2/charges", &charge(reference, amount))
            .timeout(Duration::from_millis(300));
        assert!(call.send().await.unwrap_err().is_timeout(), "{reference}");
    }
    for (reference, approved) in [("ref-96000", true), ("ref-68000", true), ("ref-69000", false)] {
        let entries = sandbox.ledger(&format!("reference={reference}")).await;
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0]["approved"], approved, "{reference}");
    }
}

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

#[tokio::test]
async fn the_connection_of_an_unknown_credential_is_null() {
    let sandbox = Sandbox::start().await;
    let call = sandbox
        .client
        .post(sandbox.url("/processors/kushki/card/v2/charges"))
        .header("private-key", "somebody-else")
        .json(&charge("ref-other0", "10.00"));
    assert_eq!(call.send().await.unwrap().status(), 201);
    assert_eq!(
        sandbox.processors.ledger.of_reference("ref-other0")[0].connection_id,
        None
    );
}

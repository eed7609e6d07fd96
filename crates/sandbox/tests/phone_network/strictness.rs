//! What the providers refuse.

use super::*;
use acs::sms::providers::ProviderSettings;
use acs::sms::smpp::SmppProvider;
use acs::sms::smpp::frames::Frames;
use acs::sms::smpp::pdu::{Bind, Body, INTERFACE_VERSION, Pdu, Status};
use primitives::Secret;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

impl Playground {
    async fn post(&self, key: Option<&str>, idempotency_key: &str, body: &Value) -> (u16, Value) {
        let client = reqwest::Client::new();
        let mut call = client
            .post(format!("http://{}/sms-provider/norte/messages", self.http))
            .header("content-type", "application/json")
            .header("idempotency-key", idempotency_key)
            .body(body.to_string());
        if let Some(key) = key {
            call = call.header("authorization", format!("Bearer {key}"));
        }
        let answer = call.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    fn key(&self, provider: &str) -> &str {
        self.network.accounts().http[provider].key.reveal()
    }
}

fn body() -> Value {
    json!({ "to": PHONE, "from": "Banco", "text": "x", "validity_seconds": 287, "reference": "key-1" })
}

#[tokio::test]
async fn a_provider_over_http_wants_its_own_key_and_every_field() {
    let playground = Playground::open().await;
    let (norte, sur) = (playground.key("norte"), playground.key("sur"));
    for wrong in [None, Some("guessed"), Some(sur)] {
        let (status, answer) = playground.post(wrong, "key-1", &body()).await;
        assert_eq!((status, &answer["code"]), (401, &json!("unauthorized")));
    }
    let with = |name: &str, value: Value| {
        let mut body = body();
        body[name] = value;
        body
    };
    let mut without = body();
    without.as_object_mut().unwrap().remove("validity_seconds");
    for (status, code, body) in [
        (400, "invalid_request", without),
        (400, "invalid_request", with("color", json!("red"))),
        (400, "invalid_request", with("text", json!(""))),
        (400, "invalid_request", with("from", json!("NombreMuyLargo"))),
        (400, "invalid_request", with("validity_seconds", json!(0))),
        (400, "invalid_request", with("reference", json!("key-2"))),
        (422, "invalid_number", with("to", json!("5512345678"))),
        (422, "invalid_number", with("to", json!("+525512340001"))),
    ] {
        let (said, answer) = playground.post(Some(norte), "key-1", &body).await;
        assert_eq!((said, &answer["code"]), (status, &json!(code)), "{body}");
    }
    assert!(playground.network.messages(None).is_empty());
}

#[tokio::test]
async fn an_idempotency_key_stands_for_one_message() {
    let playground = Playground::open().await;
    let norte = playground.key("norte");
    let (status, first) = playground.post(Some(norte), "key-1", &body()).await;
    assert_eq!(status, 202);
    assert_eq!(playground.post(Some(norte), "key-1", &body()).await, (202, first));
    let mut other = body();
    other["text"] = json!("y");
    let (status, answer) = playground.post(Some(norte), "key-1", &other).await;
    assert_eq!((status, &answer["code"]), (409, &json!("idempotency_conflict")));
    assert_eq!(playground.inbox(PHONE).len(), 1);
}

#[tokio::test]
async fn the_centre_binds_only_who_knows_the_password() {
    let playground = Playground::open().await;
    let settings = playground
        .network
        .accounts()
        .settings("http://unused", playground.smpp);
    let Some(ProviderSettings::Smpp(mut settings)) = settings.into_iter().next_back() else {
        panic!("the centre is the last")
    };
    settings.password = Secret::new("wrong".to_owned());
    let (receipts, _keep) = mpsc::channel(1);
    let intruder = SmppProvider::connect(settings, Arc::new(SystemClock), receipts).unwrap();
    let handed = intruder.hand_over(&message(PHONE, "x"), LIMIT).await;
    assert_eq!(handed, not_taken("not_connected"));
    assert!(playground.inbox(PHONE).is_empty());
}

#[tokio::test]
async fn the_centre_keeps_to_the_states_of_a_session() {
    let playground = Playground::open().await;
    let stream = TcpStream::connect(playground.smpp).await.unwrap();
    let (from, mut to) = tokio::io::split(stream);
    let mut from = Frames::new(from);
    let mut ask = async |sequence, body| {
        let pdu = Pdu::request(sequence, body);
        to.write_all(&pdu.write().unwrap()).await.unwrap();
        timeout(PATIENCE, from.next()).await.unwrap().unwrap().unwrap()
    };
    let bind = |system_id: &str, password: &str| {
        Body::BindTransceiver(Bind {
            system_id: system_id.to_owned(),
            password: password.to_owned().into(),
            system_type: String::new(),
            interface_version: INTERFACE_VERSION,
        })
    };
    let password = playground.network.accounts().password.reveal();
    let statuses = [
        ask(1, Body::Unknown { command_id: 0x103 }).await.status,
        ask(2, bind("nobody", password)).await.status,
        ask(3, bind("pasarela", "guess")).await.status,
        ask(4, bind("pasarela", password)).await.status,
        ask(5, bind("pasarela", password)).await.status,
        ask(6, Body::EnquireLink).await.status,
    ];
    assert_eq!(
        statuses,
        [
            Status::RINVCMDID,
            Status::RINVSYSID,
            Status::RINVPASWD,
            Status::ROK,
            Status::RALYBND,
            Status::ROK
        ]
    );
    assert_eq!(ask(7, Body::Unbind).await.body, Body::UnbindResp);
}

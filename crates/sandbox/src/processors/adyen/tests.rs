//! The simulator over real HTTP, with a gateway that only takes its notifications.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::extract::State;
use axum::{Json, Router};
use primitives::Secret;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::*;
use crate::faults::{Fault, Faults, Kind};
use crate::ledger::{Ledger, Operation};
use crate::processors::Settings;

const HMAC: &str = "b7336b2370b271edcb2d74332a3668fd";

struct Setting {
    address: SocketAddr,
    processors: Processors,
    news: UnboundedReceiver<Value>,
    client: Client,
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn take(State(told): State<UnboundedSender<Value>>, Json(body): Json<Value>) -> &'static str {
    told.send(body).unwrap();
    "[accepted]"
}

async fn setting() -> Setting {
    let (told, news) = mpsc::unbounded_channel();
    let gateway = serve(Router::new().route("/news", post(take)).with_state(told)).await;
    let settings = Settings {
        asynchronous_after: Duration::from_millis(50),
        ..Settings::default()
    };
    let processors = Processors::new(Ledger::default(), Faults::default(), settings);
    for (key, merchant_account) in [("key-1", "ShopMX"), ("key-2", "OtherShop")] {
        let credentials = BTreeMap::from([
            (
                MERCHANT_ACCOUNT.to_owned(),
                Secret::new(merchant_account.to_owned()),
            ),
            (HMAC_KEY.to_owned(), Secret::new(HMAC.to_owned())),
        ]);
        let registered = Registered {
            connection_id: format!("connection of {key}"),
            notification_url: Some(format!("http://{gateway}/news")),
            credentials,
        };
        processors.connections.register_whole(NAME, key, registered);
    }
    let guarded = faults::guard(router(processors.clone()), processors.faults.clone(), NAME);
    Setting {
        address: serve(guarded).await,
        processors,
        news,
        client: Client::builder().no_proxy().build().unwrap(),
    }
}

impl Setting {
    async fn post(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let call = self
            .client
            .post(format!("http://{}{path}", self.address))
            .header("x-api-key", "key-1")
            .header("idempotency-key", key);
        let reply = with(call, body).send().await.unwrap();
        let status = reply.status().as_u16();
        (
            status,
            serde_json::from_str(&reply.text().await.unwrap()).unwrap(),
        )
    }

    /// A payment that is approved.
    async fn paid(&self, reference: &str, held: bool) -> String {
        let (status, reply) = self
            .post("/payments", reference, &payment(reference, 10_000, held))
            .await;
        assert_eq!(
            (status, reply["resultCode"].as_str()),
            (200, Some("Authorised")),
            "{reply}"
        );
        reply["pspReference"].as_str().unwrap().to_owned()
    }

    async fn modify(
        &self,
        payment: &str,
        operation: &str,
        reference: &str,
        minor: Option<i64>,
    ) -> (u16, Value) {
        let mut body = json!({ "merchantAccount": "ShopMX", "reference": reference });
        if let Some(minor) = minor {
            body["amount"] = json!({ "value": minor, "currency": "MXN" });
        }
        self.post(&format!("/payments/{payment}/{operation}"), reference, &body)
            .await
    }

    /// The next piece of news of that kind.
    async fn told(&mut self, event_code: &str) -> Value {
        loop {
            let body = self.news.recv().await.unwrap();
            let items = body["notificationItems"].as_array().unwrap();
            let item = &items[0]["NotificationRequestItem"];
            if item["eventCode"] == event_code && items.len() == 1 {
                return item.clone();
            }
        }
    }

    fn done(&self, operation: Operation) -> Vec<bool> {
        let entries = self.processors.ledger.of_order("order-1");
        entries
            .into_iter()
            .filter(|entry| entry.operation == operation)
            .map(|entry| entry.approved)
            .collect()
    }
}

fn with(call: RequestBuilder, body: &Value) -> RequestBuilder {
    call.header("content-type", "application/json")
        .body(body.to_string())
}

fn payment(reference: &str, minor: i64, held: bool) -> Value {
    let mut body = json!({
        "merchantAccount": "ShopMX",
        "amount": { "value": minor, "currency": "MXN" },
        "reference": reference,
        "merchantOrderReference": "order-1",
        "paymentMethod": {
            "type": "scheme", "number": "4000000000001000", "expiryMonth": "11", "expiryYear": "2039", "cvc": "737",
        },
        "returnUrl": "https://shop.example/return",
        "authenticationData": { "attemptAuthentication": "never" },
    });
    if held {
        body["additionalData"] = json!({ "manualCapture": "true" });
    } else {
        body["captureDelayHours"] = 0.into();
    }
    body
}

#[tokio::test]
async fn a_payment_is_answered_and_told_of() {
    let mut setting = setting().await;
    let id = setting.paid("att-1", false).await;
    let told = setting.told("AUTHORISATION").await;
    assert_eq!(told["pspReference"], id.as_str());
    assert_eq!(told["merchantReference"], "att-1");
    assert_eq!(told["success"], "true");
    assert_eq!(told["reason"], "041382:1000:11/2039");

    let (status, reply) = setting
        .post("/payments", "att-2", &payment("att-2", 10_051, false))
        .await;
    assert_eq!((status, reply["refusalReasonCode"].as_str()), (200, Some("12")));
    assert_eq!(
        reply["additionalData"]["refusalReasonRaw"],
        "51 : Insufficient funds"
    );
    assert_eq!(setting.told("AUTHORISATION").await["success"], "false");
    assert_eq!(setting.done(Operation::Sale), [true, false]);
}

#[tokio::test]
async fn nobody_gets_in_without_a_known_key_and_its_own_account() {
    let setting = setting().await;
    let url = format!("http://{}/payments", setting.address);
    let call = |key: &str| setting.client.post(&url).header("x-api-key", key);
    let body = payment("att-1", 10_000, false);
    for (request, status) in [
        (with(setting.client.post(&url), &body), 401),
        (with(call("key-9"), &body), 401),
        (with(call("key-2"), &body), 403),
        (call("key-1").body(body.to_string()), 400),
    ] {
        assert_eq!(request.send().await.unwrap().status(), status);
    }
    let id = setting.paid("att-1", false).await;
    let refund = json!({ "merchantAccount": "OtherShop", "amount": { "value": 1, "currency": "MXN" } });
    let others = setting
        .client
        .post(format!("http://{}/payments/{id}/refunds", setting.address))
        .header("x-api-key", "key-2");
    let others = with(others, &refund);
    assert_eq!(others.send().await.unwrap().status(), 422);
}

#[tokio::test]
async fn the_same_request_under_the_same_key_is_done_once() {
    let setting = setting().await;
    let body = payment("att-1", 10_000, false);
    let first = setting.post("/payments", "key", &body).await;
    assert_eq!(setting.post("/payments", "key", &body).await, first);
    let (status, _) = setting
        .post("/payments", "key", &payment("att-1", 10_001, false))
        .await;
    assert_eq!(status, 422);
    assert_eq!(setting.done(Operation::Sale), [true]);

    let fault = Fault {
        kind: Kind::Duplicate,
        delay: Duration::ZERO,
    };
    setting.processors.faults.set(NAME, fault, Some(1));
    let id = first.1["pspReference"].as_str().unwrap().to_owned();
    let (status, _) = setting.modify(&id, "refunds", "ref-1", Some(4_000)).await;
    assert_eq!(status, 201);
    assert_eq!(setting.done(Operation::Refund), [true]);
}

#[tokio::test]
async fn captures_and_refunds_are_taken_in_and_told_of_twice() {
    let mut setting = setting().await;
    let id = setting.paid("att-1", true).await;
    for (operation, event, reference, minor, done) in [
        ("captures", "CAPTURE", "cap-1", 6_000, true),
        ("captures", "CAPTURE", "cap-2", 4_001, false),
        ("refunds", "REFUND", "ref-1", 6_001, false),
        ("refunds", "REFUND", "ref-2", 6_000, true),
    ] {
        let (status, reply) = setting.modify(&id, operation, reference, Some(minor)).await;
        assert_eq!(
            (status, reply["status"].as_str()),
            (201, Some("received")),
            "{reply}"
        );
        let told = setting.told(event).await;
        assert_eq!(told["merchantReference"], reference);
        assert_eq!(told["originalReference"], id.as_str());
        assert_eq!(told["success"], done.to_string());
        // Once more, with the older news of the payment behind it.
        let again = setting.news.recv().await.unwrap();
        let events: Vec<_> = again["notificationItems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["NotificationRequestItem"]["eventCode"].as_str().unwrap())
            .collect();
        assert_eq!(events, [event, "AUTHORISATION"]);
    }
    assert_eq!(setting.done(Operation::Capture), [true, false]);
    assert_eq!(setting.done(Operation::Refund), [false, true]);
}

#[tokio::test]
async fn a_payment_whose_answer_was_lost_is_taken_back_by_its_reference() {
    let mut setting = setting().await;
    let client = Client::builder().no_proxy().timeout(Duration::from_millis(200));
    let impatient = client.build().unwrap();
    let call = impatient
        .post(format!("http://{}/payments", setting.address))
        .header("x-api-key", "key-1");
    let lost = with(call, &payment("att-1", 10_068, false)).send().await;
    assert!(lost.is_err());
    assert_eq!(setting.told("AUTHORISATION").await["success"], "true");

    let cancel = |reference: &str| json!({ "merchantAccount": "ShopMX", "paymentReference": reference, "reference": "rev-1" });
    let (status, reply) = setting.post("/cancels", "rev-0", &cancel("att-9")).await;
    assert_eq!((status, reply["errorCode"].as_str()), (422, Some("167")));
    let (status, reply) = setting.post("/cancels", "rev-1", &cancel("att-1")).await;
    assert_eq!((status, reply["paymentReference"].as_str()), (201, Some("att-1")));
    let told = setting.told("TECHNICAL_CANCEL").await;
    assert_eq!(
        (told["merchantReference"].as_str(), told["success"].as_str()),
        (Some("att-1"), Some("true"))
    );
    assert_eq!(setting.done(Operation::Reversal), [true]);
}

#[tokio::test]
async fn a_sale_is_voided_once() {
    let mut setting = setting().await;
    let id = setting.paid("att-1", false).await;
    let (status, _) = setting.modify(&id, "reversals", "void-1", None).await;
    assert_eq!(status, 201);
    let told = setting.told("CANCEL_OR_REFUND").await;
    assert_eq!(told["additionalData"]["modification.action"], "refund");
    setting.modify(&id, "reversals", "void-2", None).await;
    assert_eq!(setting.told("CANCEL_OR_REFUND").await["success"], "false");
    assert_eq!(setting.done(Operation::Void), [true, false]);
}

#[tokio::test]
async fn what_was_told_as_done_fails_later_where_the_amount_asks_for_it() {
    let mut setting = setting().await;
    for (minor, operation, event, undone) in [
        (10_081, "captures", "CAPTURE", "CAPTURE_FAILED"),
        (10_082, "refunds", "REFUND", "REFUND_FAILED"),
        (10_083, "refunds", "REFUND", "REFUNDED_REVERSED"),
    ] {
        let (_, paid) = setting
            .post("/payments", undone, &payment(undone, minor, event == "CAPTURE"))
            .await;
        let id = paid["pspReference"].as_str().unwrap().to_owned();
        for attempt in ["first", "second"] {
            let reference = format!("{undone}-{attempt}");
            let (status, _) = setting.modify(&id, operation, &reference, Some(minor)).await;
            assert_eq!(status, 201);
            let done = setting.told(event).await;
            assert_eq!(done["success"], "true", "{undone} {attempt}");
            if attempt == "first" {
                let failed = setting.told(undone).await;
                assert_eq!(failed["merchantReference"], reference.as_str());
                assert_eq!(failed["pspReference"], done["pspReference"]);
            }
        }
        let kept = setting.processors.ledger.of_reference(&format!("{undone}-first"));
        let amounts: Vec<_> = kept.iter().map(|entry| entry.amount.unwrap()).collect();
        assert_eq!(amounts, [minor, -minor]);
    }
}

#[tokio::test]
async fn what_is_held_runs_out_where_the_amount_asks_for_it() {
    let mut setting = setting().await;
    let held = payment("att-1", 10_084, true);
    let (_, paid) = setting.post("/payments", "att-1", &held).await;
    let told = setting.told("EXPIRE").await;
    assert_eq!(told["merchantReference"], "att-1");
    let id = paid["pspReference"].as_str().unwrap().to_owned();
    setting.modify(&id, "captures", "cap-1", Some(1)).await;
    assert_eq!(
        setting.told("CAPTURE").await["reason"],
        "Authorisation has expired"
    );
    assert_eq!(setting.done(Operation::Void), [true]);
}

#[tokio::test]
async fn a_payment_it_would_authenticate_itself_stops_there() {
    let setting = setting().await;
    let mut body = payment("att-1", 10_000, false);
    body.as_object_mut().unwrap().remove("authenticationData");
    let (_, reply) = setting.post("/payments", "att-1", &body).await;
    assert_eq!(reply["resultCode"], "RedirectShopper");
    assert!(setting.done(Operation::Sale).is_empty());
}

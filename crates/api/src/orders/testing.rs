//! What the tests of this face share: a gateway that remembers what it was asked, and bodies that are right.

use super::{Orders, OrdersState, fields::Fields, problems::Problems, router};
use acquiring::SettlementKind;
use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
    response::Response,
};
use orchestrator::{
    Answer, Caller, IdempotencyKey, MerchantProfile, Settled, SettledEnd, SettlementAsked, Wait,
    configuration::KeyKind,
    event_log::{EventsAsked, EventsFound},
};
use payments::{
    NewOrder, OrderDocument, Purchase, PurchaseApi, PurchaseTarget, Refusal, RefusalCode,
    bins::{Bin, CardType},
    document::Addresses,
    order::Order,
    payment::{CardFacts, Closed, Denial, DeniedBy, Payment, PaymentState, Terms},
};
use primitives::{Amount, Brand, Country, Currency, Id, Secret, UrlPolicy, id::kind};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use store::events::{EVENT_TEST, EventRecord, Subject};
use time::{Date, OffsetDateTime, macros::date};
use tower::ServiceExt;
use uuid::Uuid;

pub const PRIVATE_KEY: &str = "sk_test_private";
pub const PUBLIC_KEY: &str = "pk_test_public";
/// A merchant that may make one write and one read a second.
pub const SLOW_KEY: &str = "sk_test_slow";
pub const KNOWN_ORDER: Uuid = Uuid::from_u128(0x0199_c1d2_7a5e_7c60_8d5c_1f2a_3b4c_5d6e);
/// An order of another merchant.
pub const FOREIGN_ORDER: Uuid = Uuid::from_u128(0x0199_c1d2_7a5e_7c60_8d5c_0000_0000_0001);
/// The only prefix of which something is known.
pub const KNOWN_BIN: &str = "400000";
/// The number whose payments are refused, and one whose handling panics.
pub const REFUSED_CARD: &str = "4000000000000002";
/// What the processor refuses to capture or to give back.
pub const REFUSED_AMOUNT: i64 = 666;
pub const PANICKING_STORE: &str = "panic";

/// What the gateway was last asked for.
#[derive(Debug)]
pub enum Asked {
    Create(Box<NewOrder>, Option<IdempotencyKey>),
    Get(Id<kind::Order>, Wait),
    Purchase(Box<Purchase>, Option<IdempotencyKey>),
    Settle(SettlementAsked, Option<IdempotencyKey>),
    Cancel(Option<String>),
    Expire,
    Events(EventsAsked),
}

/// A gateway without anything behind it.
#[derive(Default)]
pub struct FakeOrders {
    asked: Mutex<Vec<Asked>>,
}

impl FakeOrders {
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, asked: Asked) {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(asked);
    }

    fn owned(order: Id<kind::Order>) -> Result<(), Refusal> {
        if order.uuid() == KNOWN_ORDER {
            Ok(())
        } else {
            Err(Refusal::new(RefusalCode::OrderNotFound, "order not found"))
        }
    }

    /// The key `replay` was used before.
    fn replayed(key: &Option<IdempotencyKey>) -> bool {
        key.as_ref().is_some_and(|key| key.key == "replay")
    }
}

pub fn profile(number: u128) -> MerchantProfile {
    MerchantProfile {
        id: Id::from_uuid(Uuid::from_u128(number)),
        name: "Zapatería".into(),
        country: Country::parse("MX").unwrap(),
        currencies: vec![Currency::MXN],
        notify_url: None,
        private_key: Secret::new(PRIVATE_KEY.into()),
        reads_per_second: None,
        writes_per_second: None,
        connections: Vec::new(),
        rules: Vec::new(),
    }
}

/// The log: an order's event, a test and an endpoint's, numbered from 1.
fn events() -> Vec<EventRecord> {
    let endpoint = || Subject::Endpoint(Id::from_uuid(Uuid::from_u128(7)));
    [
        (
            "order.succeeded",
            Subject::Order(Id::from_uuid(KNOWN_ORDER)),
            4,
            r#"{"order_id":"A-1"}"#,
        ),
        (EVENT_TEST, endpoint(), 0, r#"{"order_id":"webhook-test"}"#),
        (
            "webhook.endpoint_disabled",
            endpoint(),
            0,
            r#"{"url":"https://shop.example"}"#,
        ),
    ]
    .into_iter()
    .zip(1_u128..)
    .map(
        |((event_type, subject, sequence, document), number)| EventRecord {
            id: Id::from_uuid(Uuid::from_u128(number)),
            merchant: Id::from_uuid(Uuid::from_u128(1)),
            subject,
            sequence,
            event_type: event_type.into(),
            payment_status: None,
            document: document.into(),
            notify_url: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
        },
    )
    .collect()
}

fn document(order: NewOrder, payment: Option<PaymentState>, purchase: Option<Purchase>) -> OrderDocument {
    let (id, now) = (Id::from_uuid(KNOWN_ORDER), OffsetDateTime::UNIX_EPOCH);
    let mut order = Order::open(id, Id::from_uuid(Uuid::from_u128(1)), order, now);
    order.payment = payment.zip(purchase).map(|(state, purchase)| Payment {
        id: Id::from_uuid(Uuid::from_u128(2)),
        number: 1,
        amount: order.amount,
        card: CardFacts {
            brand: purchase.card.pan.brand(),
            first_six: purchase.card.pan.first_six().into(),
            last_four: purchase.card.pan.last_four().into(),
            holder: purchase.card.holder,
            issuer_bank: None,
            issuer_country: None,
        },
        terms: Terms {
            api: purchase.api,
            method_type: purchase.method_type,
            shopper: purchase.shopper,
            billing: purchase.billing,
            shipping: purchase.shipping,
            installments: purchase.installments,
            initiator: purchase.initiator,
            market: purchase.market,
            stored_credential: purchase.stored_credential,
            three_ds: purchase.three_ds,
            browser: purchase.browser,
            callbacks: purchase.callbacks,
            device_id: purchase.device_id,
            session_id: purchase.session_id,
            metadata: purchase.metadata,
            language: purchase.language,
            prior_authentication: None,
        },
        routes: Vec::new(),
        authentication: None,
        state,
        history: payments::history::History::default(),
        created_at: now,
        updated_at: now,
    });
    OrderDocument::of(
        &order,
        &Addresses {
            public_url: "https://pay.example".into(),
        },
        Vec::new(),
    )
}

/// An order that is right.
pub fn some_order() -> NewOrder {
    read_with(order_body(), |root| {
        let order = root.object("order")?;
        super::order::read(&order, Some("DEUNA_NOW"), None, UrlPolicy::HttpsOnly)
    })
    .unwrap()
    .order
}

#[async_trait]
impl Orders for FakeOrders {
    fn today(&self) -> Date {
        date!(2026 - 11 - 22)
    }

    async fn caller(&self, api_key: &str) -> Result<Option<Caller>, Refusal> {
        let (key, merchant) = match api_key {
            PRIVATE_KEY => (KeyKind::Private, profile(1)),
            PUBLIC_KEY => (KeyKind::Public, profile(1)),
            SLOW_KEY => {
                let slow = MerchantProfile {
                    reads_per_second: Some(1),
                    writes_per_second: Some(1),
                    ..profile(9)
                };
                (KeyKind::Private, slow)
            }
            _ => return Ok(None),
        };
        Ok(Some(Caller {
            merchant: Arc::new(merchant),
            key,
        }))
    }

    async fn card_bin(&self, digits: &str) -> Result<Option<Bin>, Refusal> {
        Ok(digits.starts_with(KNOWN_BIN).then(|| Bin {
            prefix: KNOWN_BIN.into(),
            brand: Brand::Visa,
            card_type: Some(CardType::Credit),
            issuer_bank: Some("Banco Uno".into()),
            issuer_country: Country::parse("MX").ok(),
            currency: Some(Currency::MXN),
        }))
    }

    async fn create_order(
        &self,
        _caller: &Caller,
        order: NewOrder,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        assert_ne!(order.store_code, PANICKING_STORE, "as the test wants it");
        let answer = Answer {
            document: document(order.clone(), None, None),
            settled: None,
            replayed: Self::replayed(&key),
        };
        self.note(Asked::Create(Box::new(order), key));
        Ok(answer)
    }

    async fn get_order(
        &self,
        _caller: &Caller,
        order: Id<kind::Order>,
        wait: Wait,
    ) -> Result<OrderDocument, Refusal> {
        Self::owned(order)?;
        self.note(Asked::Get(order, wait));
        Ok(document(some_order(), None, None))
    }

    async fn purchase(
        &self,
        _caller: &Caller,
        purchase: Purchase,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        if let PurchaseTarget::Existing(order) = purchase.target {
            Self::owned(order)?;
        }
        let denied = purchase.card.pan.reveal() == REFUSED_CARD;
        let state = PaymentState::Closed(if denied {
            Closed::Denied(Denial {
                code: "DP-4500".into(),
                reason: "rejected by \"the bank\"".into(),
                by: DeniedBy::Issuer,
                processor: None,
                late: None,
            })
        } else {
            Closed::Cancelled
        });
        let document = document(some_order(), Some(state), Some(purchase.clone()));
        let answer = Answer {
            document,
            settled: None,
            replayed: Self::replayed(&key),
        };
        self.note(Asked::Purchase(Box::new(purchase), key));
        Ok(answer)
    }

    async fn settle(
        &self,
        _caller: &Caller,
        order: Id<kind::Order>,
        asked: SettlementAsked,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        Self::owned(order)?;
        let (kind, amount) = match &asked {
            SettlementAsked::Capture { amount, .. } => (SettlementKind::Capture, *amount),
            SettlementAsked::Void { .. } => (SettlementKind::Void, None),
            SettlementAsked::Refund { amount, .. } => (SettlementKind::Refund, *amount),
        };
        let minor = amount.map_or(15_000, |amount| amount.minor);
        let end = if minor == REFUSED_AMOUNT {
            SettledEnd::Failed {
                reason: "not \"today\"".into(),
            }
        } else {
            SettledEnd::Done
        };
        let answer = Answer {
            document: document(some_order(), None, None),
            settled: Some(Settled {
                kind,
                amount: Amount::new(minor, Currency::MXN).ok(),
                end,
            }),
            replayed: Self::replayed(&key),
        };
        self.note(Asked::Settle(asked, key));
        Ok(answer)
    }

    async fn cancel(
        &self,
        _caller: &Caller,
        order: Id<kind::Order>,
        reason: Option<String>,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        Self::owned(order)?;
        self.note(Asked::Cancel(reason));
        Ok(Answer {
            document: document(some_order(), None, None),
            settled: None,
            replayed: Self::replayed(&key),
        })
    }

    async fn expire(
        &self,
        _caller: &Caller,
        order: Id<kind::Order>,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        Self::owned(order)?;
        self.note(Asked::Expire);
        Ok(Answer {
            document: document(some_order(), None, None),
            settled: None,
            replayed: Self::replayed(&key),
        })
    }

    async fn events(&self, _caller: &Caller, asked: EventsAsked) -> Result<EventsFound, Refusal> {
        self.note(Asked::Events(asked));
        Ok(EventsFound {
            events: events(),
            next: "the-next".into(),
            more: true,
        })
    }

    async fn event(&self, _caller: &Caller, event: Id<kind::Event>) -> Result<Option<EventRecord>, Refusal> {
        Ok(events().into_iter().find(|known| known.id == event))
    }
}

/// Reads `body` with `read`, as a handler would.
pub fn read_with<T>(body: Value, read: impl FnOnce(&Fields<'_>) -> Option<T>) -> Result<T, Refusal> {
    let problems = Problems::new(RefusalCode::PurchasePayload);
    let Value::Object(members) = body else {
        panic!("a body is an object")
    };
    let read = read(&Fields::root(&members, &problems));
    problems.unless_any(read)
}

pub fn order_body() -> Value {
    json!({
        "order_type": "DEUNA-NOW",
        "order": {
            "order_id": "A-1", "store_code": "all", "currency": "MXN", "total_amount": 15000, "sub_total": 15000,
            "items_total_amount": 15000, "items": [{ "name": "Shoes", "unit_price": { "amount": 15000 } }],
        },
    })
}

fn card_body() -> Value {
    json!({
        "card_number": "4000000000001000", "card_cvv": "123", "card_holder": "Ana Pérez",
        "expiry_month": "11", "expiry_year": "2031",
    })
}

pub fn purchase_v1_body() -> Value {
    json!({
        "token": KNOWN_ORDER, "email": "ana@example.com", "method_type": "credit_card", "store_code": "all",
        "credit_card": card_body(),
    })
}

pub fn purchase_v2_body() -> Value {
    json!({
        "order_token": KNOWN_ORDER, "payer_info": { "email": "ana@example.com" }, "method_type": "credit_card",
        "credit_info": card_body(),
    })
}

pub fn one_step_body() -> Value {
    let mut body = purchase_v2_body();
    body["order_token"] = Value::Null;
    body["order"] = order_body()["order"].clone();
    body["order_type"] = json!("DEUNA_NOW");
    body
}

/// The path and a right body of every operation that takes one.
pub fn posts() -> [(String, Value, PurchaseApiOrNone); 9] {
    [
        ("/merchants/orders".into(), order_body(), None),
        (
            "/merchants/transactions/purchase".into(),
            purchase_v1_body(),
            Some(PurchaseApi::V1),
        ),
        (
            "/merchants/transactions/v2/purchase".into(),
            purchase_v2_body(),
            Some(PurchaseApi::V2),
        ),
        (
            format!("/merchants/orders/{KNOWN_ORDER}/cancel"),
            json!({ "reason": "changed mind" }),
            None,
        ),
        (
            of_order("capture"),
            json!({ "amount": 5000, "final": false }),
            None,
        ),
        (of_order("v2/capture"), json!({ "amount": 5000 }), None),
        (of_order("void"), json!({ "reason": "changed mind" }), None),
        (
            of_order("refund"),
            json!({ "amount": 5000, "reason": "too small" }),
            None,
        ),
        (of_order("v2/refund"), json!({ "reason": "too small" }), None),
    ]
}

/// Where an operation on the order that is known is called.
pub fn of_order(operation: &str) -> String {
    format!("/merchants/orders/{KNOWN_ORDER}/{operation}")
}

type PurchaseApiOrNone = Option<PurchaseApi>;

/// The face with everything that stands in front of it, and the gateway behind it.
pub fn face() -> (Router, Arc<FakeOrders>) {
    let orders = Arc::new(FakeOrders::default());
    let state = OrdersState::new(orders.clone(), UrlPolicy::LoopbackHttpToo);
    (crate::dressed(router(state)), orders)
}

pub fn request(method: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("x-api-key", PRIVATE_KEY)
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap()
}

pub async fn send(face: &Router, request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
    let response = face.clone().oneshot(request).await.unwrap();
    let headers = response.headers().clone();
    let (status, body) = json_of(response).await;
    (status, headers, body)
}

pub async fn json_of(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).unwrap()
    };
    (status, body)
}

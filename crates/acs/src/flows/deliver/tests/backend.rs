//! Codes that the issuer's backend sends, and what happens when it does not.

use super::*;
use crate::flows::backend::backend_secret_context;
use crate::identifiers::{CardId, ConsumerId};
use crate::issuer_backend::{Notice, Operation};
use crate::jose::jwk::EcKey;
use crate::store::notices;
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use emv3ds::AcsTransId;
use serde_json::{Value, json};
use uuid::Uuid;

/// A backend that answers what it is told to answer, and 204 otherwise.
#[derive(Debug, Clone, Default)]
struct Bank(Arc<BankState>);

#[derive(Debug, Default)]
struct BankState {
    answers: Mutex<VecDeque<u16>>,
    asked: Mutex<Vec<Asked>>,
    tokens: Mutex<u32>,
}

/// What a backend was asked.
#[derive(Debug, Clone)]
struct Asked {
    path: String,
    correlation_id: String,
    authorization: String,
    body: Value,
}

impl Bank {
    fn answering(answers: &[u16]) -> Self {
        let bank = Self::default();
        bank.0.answers.lock().unwrap().extend(answers);
        bank
    }

    fn asked(&self) -> Vec<Asked> {
        self.0.asked.lock().unwrap().clone()
    }

    fn answer(&self, path: String, headers: &HeaderMap, body: &Bytes) -> StatusCode {
        let header = |name: &str| {
            let value = headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            value.unwrap_or_default()
        };
        self.0.asked.lock().unwrap().push(Asked {
            path,
            correlation_id: header("x-correlation-id"),
            authorization: header("authorization"),
            body: serde_json::from_slice(body).unwrap(),
        });
        let answer = self.0.answers.lock().unwrap().pop_front().unwrap_or(204);
        StatusCode::from_u16(answer).unwrap()
    }
}

async fn token(State(bank): State<Bank>, headers: HeaderMap, body: String) -> Response {
    assert_eq!(body, "grant_type=client_credentials");
    // pasarela:secret
    if headers.get("authorization").unwrap() != "Basic cGFzYXJlbGE6c2VjcmV0" {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut tokens = bank.0.tokens.lock().unwrap();
    *tokens += 1;
    let answer =
        json!({"access_token": format!("token-{tokens}"), "token_type": "Bearer", "expires_in": 900});
    axum::Json(answer).into_response()
}

async fn deliver(
    State(bank): State<Bank>,
    Path((issuer, consumer)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    bank.answer(format!("deliver {issuer}/{consumer}"), &headers, &body)
}

async fn notify(
    State(bank): State<Bank>,
    Path((issuer, card)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    bank.answer(format!("notify {issuer}/{card}"), &headers, &body)
}

async fn consumer(Path((_, consumer)): Path<(String, String)>) -> Response {
    if consumer != "consumer" {
        return StatusCode::NOT_FOUND.into_response();
    }
    let phone = json!({"countryCode": "+52", "phoneNumber": "5512345678"});
    axum::Json(json!({"language": "pt-BR", "mobilePhoneNumber": phone})).into_response()
}

async fn opened(bank: Bank) -> String {
    let router = Router::new()
        .route("/token", post(token))
        .route(
            "/banking/d1/v1/issuers/{issuer}/consumers/{consumer}/deliver-otp",
            post(deliver),
        )
        .route(
            "/banking/d1/v1/issuers/{issuer}/consumers/{consumer}",
            get(consumer),
        )
        .route(
            "/notifications/d1/v1/issuers/{issuer}/cards/{card}/3ds/notifications",
            post(notify),
        )
        .with_state(bank);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

fn policy(url: &str, fall_back: bool) -> Value {
    let key = PrivateKey::generate(&ECDH_P256).unwrap();
    let key = EcKey::of_point(key.compute_public_key().unwrap().as_ref()).unwrap();
    json!({
        "delivery": { "mode": "issuer_sends", "fall_back": fall_back },
        "backend": {
            "url": url, "token_url": format!("{url}/token"), "client_id": "pasarela", "encryption_key": key.to_json(),
        },
    })
}

/// A service whose issuer's backend is this bank, and one provider of ours.
async fn with_bank(pool: PgPool, bank: &Bank, fall_back: bool) -> (Acs, Arc<Double>) {
    let url = opened(bank.clone()).await;
    let one = Double::new("one", vec![]);
    let acs = service(pool, std::slice::from_ref(&one), policy(&url, fall_back)).await;
    let issuer = IssuerId::parse("banco-0001").unwrap();
    let inner = acs.inner();
    let sealed = inner
        .keys
        .seal(&backend_secret_context(&issuer), b"secret")
        .unwrap();
    issuers::set_backend_secret(&inner.store, &issuer, Some(&sealed), inner.clock.now())
        .await
        .unwrap();
    (acs, one)
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn the_backend_gets_the_code_encrypted_and_what_it_is_for(pool: PgPool) {
    let bank = Bank::default();
    let (acs, one) = with_bank(pool, &bank, true).await;
    acs.deliver_one(id(1, 1)).await;
    let asked = bank.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path, "deliver banco-0001/consumer");
    assert_eq!(asked[0].correlation_id, id(1, 1).as_text());
    assert_eq!(asked[0].authorization, "Bearer token-1");
    let body = &asked[0].body;
    assert_eq!(body["otp"]["value"].as_str().unwrap().split('.').count(), 5);
    assert_eq!(body["otp"]["reason"], "CARDHOLDER-VERIFICATION");
    assert_eq!([&body["deliveryChannel"], &body["panSuffix"]], ["SMS", "4242"]);
    let details = &body["threeDSDetails"];
    assert_eq!(details["merchantName"], "Tienda");
    assert_eq!(
        ["purchaseAmount", "purchaseCurrency", "purchaseExponent"].map(|name| &details[name]),
        ["12345", "484", "2"]
    );
    assert!(
        !body.to_string().contains("012345"),
        "the code is nowhere in the clear"
    );
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::HandedOver));
    assert!(one.asked().is_empty());
    acs.deliver_one(id(2, 1)).await;
    assert_eq!(
        bank.asked()[1].authorization,
        "Bearer token-1",
        "a token is used until it expires"
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_backend_that_fails_is_asked_once_more_with_the_same_correlation_id(pool: PgPool) {
    let bank = Bank::answering(&[500, 204]);
    let (acs, one) = with_bank(pool, &bank, true).await;
    acs.deliver_one(id(1, 1)).await;
    let asked = bank.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].correlation_id, asked[1].correlation_id);
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::HandedOver));
    assert!(one.asked().is_empty());
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_token_that_is_refused_is_replaced(pool: PgPool) {
    let bank = Bank::answering(&[401, 204]);
    let (acs, _) = with_bank(pool, &bank, false).await;
    acs.deliver_one(id(1, 1)).await;
    let tokens: Vec<_> = bank
        .asked()
        .into_iter()
        .map(|asked| asked.authorization)
        .collect();
    assert_eq!(tokens, ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::HandedOver));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn what_the_backend_refuses_we_send_ourselves_with_the_same_code(pool: PgPool) {
    let bank = Bank::answering(&[404]);
    let (acs, one) = with_bank(pool, &bank, true).await;
    acs.deliver_one(id(1, 1)).await;
    assert_eq!((bank.asked().len(), one.asked().len()), (1, 1));
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::HandedOver));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn what_the_backend_may_have_sent_we_replace_by_a_new_code(pool: PgPool) {
    let bank = Bank::answering(&[500, 500]);
    let (acs, one) = with_bank(pool, &bank, true).await;
    acs.deliver_one(id(1, 1)).await;
    assert!(one.asked().is_empty(), "not this code");
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::MaybeLost));
    acs.deliver_one(id(1, 2)).await;
    assert_eq!((bank.asked().len(), one.asked().len()), (2, 1));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn without_leave_to_send_ourselves_the_challenge_is_told_that_nothing_was_sent(pool: PgPool) {
    let bank = Bank::answering(&[400]);
    let (acs, one) = with_bank(pool, &bank, false).await;
    acs.deliver_one(id(1, 1)).await;
    assert!(one.asked().is_empty());
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::NotSent));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn after_a_process_died_the_backend_is_asked_again_since_it_knows_repeats(pool: PgPool) {
    let bank = Bank::default();
    let (acs, _) = with_bank(pool, &bank, true).await;
    let inner = acs.inner();
    queue(&inner.store, id(1, 1), inner.clock.now()).await;
    let dying = acs.lease_codes(1).await.unwrap().remove(0);
    assert!(
        inner
            .store
            .delivery_ask(&dying, CARRIER, inner.clock.now())
            .await
            .unwrap()
    );
    sqlx::query("UPDATE acs.sms_deliveries SET lease_until = now() - interval '1 second'")
        .execute(inner.store.pool())
        .await
        .unwrap();
    acs.deliver_all().await;
    assert_eq!(bank.asked().len(), 1);
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::HandedOver));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_cardholder_is_looked_up_at_the_backend(pool: PgPool) {
    let bank = Bank::default();
    let (acs, _) = with_bank(pool, &bank, true).await;
    let issuer = IssuerId::parse("banco-0001").unwrap();
    let stored = issuers::load(&acs.inner().store, &issuer).await.unwrap();
    let policy = stored.unwrap().policy;
    let ask = async |name: &str| {
        let consumer = ConsumerId::parse(name).unwrap();
        acs.consumer_at_backend(&issuer, &policy, &consumer).await
    };
    let known = ask("consumer").await.unwrap();
    assert_eq!(known.phone.unwrap().reveal(), "+525512345678");
    assert_eq!(known.language, Some(crate::language::Language::Portuguese));
    assert_eq!(ask("stranger").await, None);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_notice_is_posted_until_the_backend_takes_it(pool: PgPool) {
    let bank = Bank::answering(&[500, 204]);
    let (acs, _) = with_bank(pool, &bank, true).await;
    let inner = acs.inner();
    let notice = Notice {
        operation_id: Uuid::from_u128(7),
        issuer: IssuerId::parse("banco-0001").unwrap(),
        card: CardId::parse("card").unwrap(),
        consumer: Some(ConsumerId::parse("consumer").unwrap()),
        operation: Operation::ChallengeCode,
        successful: false,
        started_at: inner.clock.now(),
        acs_trans_id: AcsTransId(Uuid::from_u128(1)),
        threeds_server_trans_id: "8a880dc0-d2d2-4067-bcb1-b08d1690b26e".to_owned(),
        error: Some("the cardholder gave up".to_owned()),
    };
    let mut connection = inner.store.pool().acquire().await.unwrap();
    notices::queue_in(&mut connection, &notice, inner.clock.now())
        .await
        .unwrap();
    let workers = acs.spawn_workers();
    inner.wakes.notices.notify_one();
    let told = async {
        while bank.asked().len() < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), told).await.unwrap();
    workers.stop().await;
    let asked = bank.asked();
    assert_eq!(asked[0].path, "notify banco-0001/card");
    assert_eq!(asked[0].body, asked[1].body, "the same body every time");
    let body = &asked[0].body;
    assert_eq!(body["operationId"], Uuid::from_u128(7).to_string());
    assert_eq!(
        ["operation", "status", "consumerId", "error"].map(|name| &body[name]),
        [
            "3DS_CHALLENGE_OTP_SMS",
            "FAILED",
            "consumer",
            "the cardholder gave up"
        ]
    );
}

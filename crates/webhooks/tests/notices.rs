//! Decoupled results on their way to a shop that does not always listen.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests may panic; these run in real time and need fresh ids"
)]

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use primitives::{Id, Moment, UrlPolicy};
use sqlx::PgPool;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use store::{
    Store,
    threeds_server::{notices::NewNotice, transactions::TransactionRecord},
};
use time::OffsetDateTime;
use tokio::{net::TcpListener, sync::oneshot};
use uuid::Uuid;
use webhooks::{DispatcherSettings, NoticeSender, schedule::Schedule};

const FORM: &str = "three_ds_server_status=AUY&eci=05";

/// The sandbox's addresses, and pauses that nobody has to wait for.
fn settings() -> DispatcherSettings {
    DispatcherSettings {
        url_policy: UrlPolicy::LoopbackHttpToo,
        attempt_timeout: Duration::from_millis(300),
        schedule: Schedule::even(Duration::from_millis(20)),
        ..DispatcherSettings::default()
    }
}

fn moment() -> Moment {
    Moment::new(OffsetDateTime::now_utc(), Uuid::now_v7())
}

/// What a shop's server answers, one status after the other and the last one for ever, and what it got.
#[derive(Clone)]
struct Shop {
    answers: Arc<Mutex<Vec<u16>>>,
    got: Arc<Mutex<Vec<(String, String)>>>,
    url: String,
}

impl Shop {
    async fn answering(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shop = Self {
            answers: Arc::new(Mutex::new(statuses.to_vec())),
            got: Arc::default(),
            url: format!("http://{}/decoupled", listener.local_addr().unwrap()),
        };
        let router = Router::new()
            .route("/decoupled", post(receive))
            .with_state(shop.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        shop
    }

    fn got(&self) -> Vec<(String, String)> {
        self.got.lock().unwrap().clone()
    }
}

async fn receive(State(shop): State<Shop>, headers: HeaderMap, body: String) -> StatusCode {
    let content_type = headers["content-type"].to_str().unwrap().to_owned();
    shop.got.lock().unwrap().push((content_type, body));
    let mut answers = shop.answers.lock().unwrap();
    let status = if answers.len() > 1 {
        answers.remove(0)
    } else {
        answers[0]
    };
    StatusCode::from_u16(status).unwrap()
}

async fn tell(pool: &PgPool, url: &str) {
    let record = TransactionRecord {
        id: Id::from_uuid(Uuid::from_u128(1)),
        shop: Id::from_uuid(Uuid::from_u128(2)),
        state: "finished".into(),
        data: serde_json::json!({}),
        due_at: None,
        version: 0,
    };
    let notice = NewNotice {
        url: url.to_owned(),
        form: FORM.to_owned(),
    };
    Store::from_pool(pool.clone())
        .threeds_transaction_write(&record, Some(&notice), moment().now)
        .await
        .unwrap();
}

/// Outcome, attempts and last word of the only notice, once it is settled.
async fn settled(pool: &PgPool, settings: &DispatcherSettings) -> (String, i32, String) {
    let sender = NoticeSender::new(Store::from_pool(pool.clone()), settings, Arc::new(moment)).unwrap();
    let handle = sender.handle();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(sender.run(async move {
        let _ = stopped.await;
    }));
    for _ in 0..500 {
        handle.wake();
        tokio::time::sleep(Duration::from_millis(10)).await;
        let row: Option<(String, i32, String)> = sqlx::query_as(
            "SELECT outcome, attempts, last_code FROM threeds_notices WHERE outcome IS NOT NULL",
        )
        .fetch_optional(pool)
        .await
        .unwrap();
        if let Some(row) = row {
            stop.send(()).unwrap();
            running.await.unwrap();
            return row;
        }
    }
    panic!("the notice was never settled");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_notice_is_posted_as_a_form_until_it_is_answered_with_200(pool: PgPool) {
    // A 204 is no 200, and nothing else is what the shop agreed to answer.
    let shop = Shop::answering(&[500, 204, 200]).await;
    tell(&pool, &shop.url).await;
    let row = settled(&pool, &settings()).await;
    assert_eq!(row, ("delivered".into(), 3, "delivered".into()));
    let form = ("application/x-www-form-urlencoded".to_owned(), FORM.to_owned());
    assert_eq!(shop.got(), vec![form; 3]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn after_five_tries_a_notice_is_given_up(pool: PgPool) {
    let shop = Shop::answering(&[503]).await;
    tell(&pool, &shop.url).await;
    let row = settled(&pool, &settings()).await;
    assert_eq!(row, ("given_up".into(), 5, "http_status".into()));
    assert_eq!(shop.got().len(), 5);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn in_production_no_notice_goes_to_our_own_network(pool: PgPool) {
    let shop = Shop::answering(&[200]).await;
    tell(&pool, &shop.url).await;
    let production = DispatcherSettings {
        url_policy: UrlPolicy::HttpsOnly,
        ..settings()
    };
    let (outcome, _, code) = settled(&pool, &production).await;
    assert_eq!((outcome.as_str(), code.as_str()), ("given_up", "address_refused"));
    assert!(shop.got().is_empty());
}

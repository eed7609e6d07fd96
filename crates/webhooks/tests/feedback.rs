//! Feedback on its way to a DirectLink shop that does not always listen.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic; these run in real time and need fresh ids"
)]

use async_trait::async_trait;
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
};
use payments::directlink::signature::Hash;
use primitives::{Moment, UrlPolicy};
use sqlx::PgPool;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use store::{Store, directlink::accounts::PostSale};
use time::OffsetDateTime;
use tokio::{net::TcpListener, sync::oneshot};
use uuid::Uuid;
use webhooks::{DispatcherSettings, FeedbackAccount, FeedbackAccounts, FeedbackSender, NoAccount};

/// The sandbox's addresses, and pauses that nobody has to wait for.
fn settings() -> DispatcherSettings {
    DispatcherSettings {
        url_policy: UrlPolicy::LoopbackHttpToo,
        attempt_timeout: Duration::from_millis(300),
        feedback_pause: Duration::from_millis(20),
        ..DispatcherSettings::default()
    }
}

fn moment() -> Moment {
    Moment::new(OffsetDateTime::now_utc(), Uuid::now_v7())
}

/// What a shop's server answers, one status after the other and the last one for ever, and what it got: method, address and
/// body.
#[derive(Clone)]
struct Shop {
    answers: Arc<Mutex<Vec<u16>>>,
    got: Arc<Mutex<Vec<(String, String, String)>>>,
    account: FeedbackAccount,
    /// How often the account cannot be had.
    without_account: Arc<Mutex<usize>>,
}

impl Shop {
    async fn answering(statuses: &[u16], method: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}/", listener.local_addr().unwrap());
        let shop = Self {
            answers: Arc::new(Mutex::new(statuses.to_vec())),
            got: Arc::default(),
            account: FeedbackAccount {
                post_sale: PostSale {
                    accept_url: Some(format!("{at}accept")),
                    decline_url: None,
                    change_url: Some(format!("{at}change")),
                    method: method.to_owned(),
                    online: false,
                },
                hash: Hash::Sha256,
                sha_out: Some("Mysecretsig1875!?".to_owned().into()),
            },
            without_account: Arc::default(),
        };
        let router = Router::new().fallback(receive).with_state(shop.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        shop
    }

    fn got(&self) -> Vec<(String, String, String)> {
        self.got.lock().unwrap().clone()
    }
}

#[async_trait]
impl FeedbackAccounts for Shop {
    async fn feedback_account(&self, pspid: &str) -> Result<FeedbackAccount, NoAccount> {
        assert_eq!(pspid, "shop");
        let mut without = self.without_account.lock().unwrap();
        if *without > 0 {
            *without -= 1;
            return Err(NoAccount::Unknown);
        }
        Ok(self.account.clone())
    }
}

async fn receive(State(shop): State<Shop>, request: Request) -> StatusCode {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 65_536).await.unwrap();
    shop.got.lock().unwrap().push((
        parts.method.to_string(),
        parts.uri.to_string(),
        String::from_utf8(body.to_vec()).unwrap(),
    ));
    let mut answers = shop.answers.lock().unwrap();
    let status = if answers.len() > 1 {
        answers.remove(0)
    } else {
        answers[0]
    };
    StatusCode::from_u16(status).unwrap()
}

/// An account, an order with a number, and what is to be told of it: occasion and status.
async fn tell(pool: &PgPool, told: &[(&str, u8)]) {
    let statements = [
        "INSERT INTO merchants (id, name, country, currencies, version, created_at, updated_at)
         VALUES (gen_random_uuid(), 'Shop', 'MX', '{EUR}', 1, now(), now())",
        "INSERT INTO directlink_accounts (pspid, merchant_id, hash, operation, feedback_on_redirect, post_sale_method,
                                          attempts_max, status, version, created_at, updated_at)
         SELECT 'shop', id, 'sha256', 'SAL', true, 'POST', 10, 'active', 1, now(), now() FROM merchants",
        "INSERT INTO orders (merchant_id, id, reference, order_type, store_code, currency, total_amount, details, callbacks,
                             lifecycle, payments, version, created_at, updated_at)
         SELECT id, id, 'A1', 'DEUNA_NOW', 'all', 'EUR', 1500, '{}', '{}', 'open', 1, 1, now(), now() FROM merchants",
        "INSERT INTO directlink_payments (pspid, reference, merchant_id, order_id, operation, facts, return_token, created_at)
         SELECT 'shop', 'A1', id, id, 'SAL', '{}', '01JDEADBEEFDEADBEEFDEADBEE', now() FROM merchants",
    ];
    for statement in statements {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
    for (occasion, status) in told {
        sqlx::query(
            "INSERT INTO directlink_feedback (payid, occasion, telling, next_at, created_at, updated_at)
             SELECT payid, $1, $2, now(), now(), now() FROM directlink_payments",
        )
        .bind(occasion)
        .bind(serde_json::json!({
            "status": status, "error": 0, "amount": { "amount": 1500, "currency": "EUR" }, "acceptance": "123456",
            "eci": "5", "brand": "visa", "card_number": "XXXXXXXXXXXX1111",
            "level": (*occasion == "change").then_some(1),
        }))
        .execute(pool)
        .await
        .unwrap();
    }
}

/// Outcome, attempts and last word of all messages, once they are over.
async fn over(pool: &PgPool, shop: &Shop, settings: &DispatcherSettings) -> Vec<(String, i32, String)> {
    let store = Store::from_pool(pool.clone());
    let sender = FeedbackSender::new(store, settings, Arc::new(shop.clone()), Arc::new(moment)).unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(sender.run(async move {
        let _ = stopped.await;
    }));
    for _ in 0..500 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let rows: Vec<(Option<String>, i32, String)> = sqlx::query_as(
            "SELECT outcome, attempts, coalesce(last_code, '') FROM directlink_feedback ORDER BY id",
        )
        .fetch_all(pool)
        .await
        .unwrap();
        let over: Option<Vec<_>> = rows
            .into_iter()
            .map(|(outcome, attempts, code)| Some((outcome?, attempts, code)))
            .collect();
        if let Some(over) = over {
            stop.send(()).unwrap();
            running.await.unwrap();
            return over;
        }
    }
    panic!("the feedback was never over");
}

fn row(outcome: &str, attempts: i32, code: &str) -> (String, i32, String) {
    (outcome.to_owned(), attempts, code.to_owned())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_form_is_posted_until_it_is_received_and_earlier_news_come_first(pool: PgPool) {
    let shop = Shop::answering(&[500, 200, 204], "POST").await;
    tell(&pool, &[("end", 9), ("change", 8)]).await;
    let rows = over(&pool, &shop, &settings()).await;
    assert_eq!(
        rows,
        [row("delivered", 2, "delivered"), row("delivered", 1, "delivered")]
    );
    let got = shop.got();
    assert_eq!(got.len(), 3);
    let (method, address, body) = &got[0];
    assert_eq!((method.as_str(), address.as_str()), ("POST", "/accept"));
    assert!(
        body.starts_with("orderID=A1&currency=EUR&amount=15&") && body.contains("&SHASIGN="),
        "{body}"
    );
    let change = got.iter().find(|(_, address, _)| address == "/change").unwrap();
    assert!(change.2.contains("&PAYIDSUB=1&"), "{change:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_query_is_received_with_a_redirect_which_is_not_followed(pool: PgPool) {
    let shop = Shop::answering(&[302], "GET").await;
    tell(&pool, &[("end", 5)]).await;
    let rows = over(&pool, &shop, &settings()).await;
    assert_eq!(rows, [row("delivered", 1, "delivered")]);
    let got = shop.got();
    assert_eq!((got.len(), got[0].0.as_str(), got[0].2.as_str()), (1, "GET", ""));
    assert!(got[0].1.starts_with("/accept?orderID=A1&"), "{}", got[0].1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn after_four_repeats_it_is_given_up(pool: PgPool) {
    let shop = Shop::answering(&[404], "POST").await;
    tell(&pool, &[("end", 9)]).await;
    let rows = over(&pool, &shop, &settings()).await;
    assert_eq!(rows, [row("given_up", 5, "http_status")]);
    assert_eq!(shop.got().len(), 5);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_an_address_it_is_over_at_once(pool: PgPool) {
    let shop = Shop::answering(&[200], "POST").await;
    tell(&pool, &[("end", 2)]).await;
    let rows = over(&pool, &shop, &settings()).await;
    assert_eq!(rows, [row("no_url", 0, "no_url")]);
    assert_eq!(shop.got(), []);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn addresses_of_ours_are_not_called(pool: PgPool) {
    let shop = Shop::answering(&[200], "POST").await;
    tell(&pool, &[("end", 9)]).await;
    let in_production = DispatcherSettings {
        url_policy: UrlPolicy::HttpsOnly,
        ..settings()
    };
    let rows = over(&pool, &shop, &in_production).await;
    assert_eq!(rows, [row("given_up", 5, "address_refused")]);
    assert_eq!(shop.got(), []);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn while_the_account_cannot_be_had_nothing_is_sent_and_no_attempt_counts(pool: PgPool) {
    let shop = Shop::answering(&[200], "POST").await;
    *shop.without_account.lock().unwrap() = 1;
    tell(&pool, &[("end", 9)]).await;
    let impatient = DispatcherSettings {
        poll: Duration::from_millis(20),
        ..settings()
    };
    let waiting = tokio::spawn({
        let pool = pool.clone();
        // It is due in half a minute, for which nobody has to wait here.
        async move {
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let hurried = "UPDATE directlink_feedback SET next_at = now() WHERE last_code = 'no_account'";
                sqlx::query(hurried).execute(&pool).await.unwrap();
            }
        }
    });
    let rows = over(&pool, &shop, &impatient).await;
    waiting.abort();
    assert_eq!(rows, [row("delivered", 1, "delivered")]);
    assert_eq!(shop.got().len(), 1);
}

/// Two shops of one merchant, of which one has a server that takes connections and says nothing.
struct TwoShops {
    hangs: Shop,
    answers: Shop,
}

#[async_trait]
impl FeedbackAccounts for TwoShops {
    async fn feedback_account(&self, pspid: &str) -> Result<FeedbackAccount, NoAccount> {
        let shop = if pspid == "hangs" {
            &self.hangs
        } else {
            &self.answers
        };
        Ok(shop.account.clone())
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_shop_whose_server_hangs_keeps_nobody_else_waiting(pool: PgPool) {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut shops = TwoShops {
        hangs: Shop::answering(&[200], "POST").await,
        answers: Shop::answering(&[200], "POST").await,
    };
    shops.hangs.account.post_sale.accept_url = Some(format!("http://{}/", silent.local_addr().unwrap()));
    let answers = shops.answers.clone();
    tell(&pool, &[]).await;
    sqlx::raw_sql(MANY_THAT_HANG).execute(&pool).await.unwrap();
    let patient = DispatcherSettings {
        attempt_timeout: Duration::from_secs(60),
        lease: Duration::from_secs(120),
        ..settings()
    };
    let store = Store::from_pool(pool.clone());
    let sender = FeedbackSender::new(store, &patient, Arc::new(shops), Arc::new(moment)).unwrap();
    let handle = sender.handle();
    let running = tokio::spawn(sender.run(std::future::pending()));
    let on_its_way = async || -> i64 {
        let leased = "SELECT count(*) FROM directlink_feedback WHERE lease_until IS NOT NULL";
        sqlx::query_scalar(leased).fetch_one(&pool).await.unwrap()
    };
    while on_its_way().await == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    let told = std::time::Instant::now();
    let younger = "INSERT INTO directlink_feedback (payid, occasion, telling, next_at, created_at, updated_at)
                   SELECT p.payid, f.occasion, f.telling, now(), now(), now()
                   FROM directlink_payments p, (SELECT * FROM directlink_feedback LIMIT 1) f WHERE p.pspid = 'shop'";
    sqlx::query(younger).execute(&pool).await.unwrap();
    handle.wake();
    while answers.got().is_empty() {
        assert!(told.elapsed() < Duration::from_secs(20), "the message waits");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Those that may not be sent now are nobody's, so another process could send them.
    assert!(on_its_way().await <= 9);
    running.abort();
}

/// An account with three hundred messages.
const MANY_THAT_HANG: &str = r#"
    INSERT INTO directlink_accounts (pspid, merchant_id, hash, operation, feedback_on_redirect, post_sale_method, attempts_max,
                                     status, version, created_at, updated_at)
    SELECT 'hangs', id, 'sha256', 'SAL', true, 'POST', 10, 'active', 1, now(), now() FROM merchants;
    INSERT INTO orders (merchant_id, id, reference, order_type, store_code, currency, total_amount, details, callbacks,
                        lifecycle, payments, version, created_at, updated_at)
    SELECT m.id, gen_random_uuid(), 'H', 'DEUNA_NOW', 'all', 'EUR', 1500, '{}', '{}', 'open', 1, 1, now(), now()
    FROM merchants m, generate_series(1, 300);
    INSERT INTO directlink_payments (pspid, reference, merchant_id, order_id, operation, facts, return_token, created_at)
    SELECT 'hangs', 'H', merchant_id, id, 'SAL', '{}', left(translate(id::text, '-', ''), 26), now()
    FROM orders WHERE reference = 'H';
    INSERT INTO directlink_feedback (payid, occasion, telling, next_at, created_at, updated_at)
    SELECT payid, 'end', '{"status": 9, "error": 0, "amount": {"amount": 1500, "currency": "EUR"},
                           "acceptance": "123456", "eci": "5", "brand": "visa",
                           "card_number": "XXXXXXXXXXXX1111", "level": null}', now(), now(), now()
    FROM directlink_payments WHERE pspid = 'hangs'"#;

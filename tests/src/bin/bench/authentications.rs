//! The other load: authentications through the 3DS Server API, without orders, charges or webhooks.
//!
//! An authentication is the two calls that a shop makes of it: create, then authenticate with a card whose issuer asks
//! nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tests::cards::Card;
use tests::requestor::now;
use tests::system::System;
use tokio::task::JoinSet;

use crate::meters::Meters;
use crate::purchases::{Load, client};

/// Shops' backends, all behind one HTTP client.
#[derive(Clone, Debug)]
pub struct Requestor(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    client: Client,
    url: String,
    merchant_id: String,
    merchant_key: String,
    create: String,
    authenticate: String,
}

impl Requestor {
    /// The demo shop of the 3DS Server API.
    pub fn new(system: &System) -> Self {
        let card = Card::visa(0).number;
        let keys = &system.sandbox_json["threeds_server"];
        let key = |name: &str| keys[name].as_str().expect("a key").to_owned();
        let create = json!({ "brand_id": "1", "cardholder": { "acct": { "number": card } } });
        Self(Arc::new(Inner {
            client: client(),
            url: format!("{}/v2/authentication", system.gateway_url),
            merchant_id: key("merchant_id"),
            merchant_key: key("merchant_key"),
            create: create.to_string(),
            authenticate: details(&card).to_string(),
        }))
    }

    /// That many clients, each of which begins again when its authentication is over.
    pub async fn closed_loop(&self, clients: usize, time: Duration) -> Load {
        let began = Instant::now();
        let mut running = JoinSet::new();
        for _ in 0..clients {
            let requestor = self.clone();
            running.spawn(async move {
                let mut outcomes = Vec::new();
                while began.elapsed() < time {
                    outcomes.push(requestor.authenticate().await);
                }
                outcomes
            });
        }
        let mut load = Load::default();
        for outcome in running.join_all().await.into_iter().flatten() {
            match outcome {
                Ok(took) => {
                    load.completed += 1;
                    load.calls.push(took);
                }
                Err(why) => load.failures.push(why),
            }
        }
        load.took = began.elapsed();
        load
    }

    /// Leaves that many transactions waiting for their cardholder's challenge, and says how many bytes each takes in the
    /// database, indexes included. In the gateway's memory an open transaction has nothing.
    pub async fn bytes_per_open_transaction(&self, meters: &Meters, count: u32) -> Result<i64, String> {
        let challenged = Card::visa(5).number;
        let create = json!({ "brand_id": "1", "cardholder": { "acct": { "number": challenged } } });
        let shop = Self(Arc::new(Inner {
            create: create.to_string(),
            authenticate: details(&challenged).to_string(),
            ..(*self.0).clone()
        }));
        let before = relation_bytes(meters).await;
        for _ in 0..count {
            shop.ends_as("AUC").await?;
        }
        Ok((relation_bytes(meters).await - before) / i64::from(count))
    }

    async fn authenticate(&self) -> Result<Duration, String> {
        self.ends_as("AUY").await
    }

    /// Both calls; an answer with another status is a failure.
    async fn ends_as(&self, status: &str) -> Result<Duration, String> {
        let inner = &*self.0;
        let began = Instant::now();
        let created = self.call(Method::POST, &inner.url, &inner.create).await?;
        let id = created["three_ds_server"]["trans_id"]
            .as_str()
            .ok_or_else(|| created.to_string())?;
        let url = format!("{}/{id}", inner.url);
        let answer = self.call(Method::PUT, &url, &inner.authenticate).await?;
        if answer["three_ds_server"]["status"] == status {
            Ok(began.elapsed())
        } else {
            Err(answer.to_string())
        }
    }

    async fn call(&self, method: Method, url: &str, body: &str) -> Result<Value, String> {
        let inner = &*self.0;
        let request = inner
            .client
            .request(method, url)
            .header("merchant_id", &inner.merchant_id)
            .header("merchant_key", &inner.merchant_key)
            .header("content-type", "application/json")
            .body(body.to_owned());
        let reply = request.send().await.map_err(|error| format!("{error:?}"))?;
        let status = reply.status();
        let text = reply.text().await.map_err(|error| format!("{error:?}"))?;
        if status.is_success() {
            serde_json::from_str(&text).map_err(|error| error.to_string())
        } else {
            Err(format!("HTTP {status}: {text}"))
        }
    }
}

/// What the transactions take, dead rows swept up: those of a load before must not count, nor make room.
async fn relation_bytes(meters: &Meters) -> i64 {
    let mut connection = meters.connection().await;
    sqlx::raw_sql("VACUUM FULL threeds_transactions")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query_scalar("SELECT pg_total_relation_size('threeds_transactions')")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

/// What a shop tells of a purchase of BRL 100.00.
fn details(card: &str) -> Value {
    json!({
        "three_ds_comp_ind": "U",
        "notification_url": "https://shop.example/notification",
        "trans_type": "01",
        "three_ds_requestor": {
            "authentication_ind": "01",
            "id": "SHOP-1",
            "name": "Shop",
            "url": "https://shop.example",
        },
        "acquirer": { "bin": "400551", "merchant_id": "7654321" },
        "browser": {
            "accept_header": "text/html,*/*;q=0.8",
            "ip": "203.0.113.7",
            "java_enabled": "false",
            "javascript_enabled": "true",
            "language": "pt-BR",
            "color_depth": "24",
            "screen_height": "1080",
            "screen_width": "1920",
            "tz": "180",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
        },
        "cardholder": {
            "card_expiry_date": "3012",
            "name": "Ana Gomes",
            "acct": { "type": "02", "number": card },
        },
        "merchant": { "mcc": "5734", "country_code": "076", "name": "Shop" },
        "message": { "category": "01" },
        "purchase": { "amount": "10000", "currency": "986", "exponent": "2", "date": now() },
    })
}

//! The load: one-step purchases with a card whose issuer asks nothing.
//!
//! A purchase is over when its webhook has come. In the closed loop a client calls again as soon as it has its answer, so
//! the rate is that of all purchases over the time until the last webhook; a dispatcher that falls behind shows in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use tests::cards::Card;
use tests::merchant::PURCHASE_V2;
use tests::system::System;
use tokio::task::JoinSet;

use crate::latencies::Latencies;
use crate::receiver::Receiver;

/// MXN 349.00: the last two digits have the simulated processor approve.
const AMOUNT: i64 = 34_900;
/// Stands in the body's template for the purchase's number.
const NUMBER: &str = "424242424242";
/// What the answer of a paid purchase has in it.
const PAID: &str = r#""payment_status":"processed""#;
/// How long the last webhooks may take.
const WEBHOOKS_PATIENCE: Duration = Duration::from_secs(30);

/// Merchants' backends, all behind one HTTP client.
#[derive(Clone, Debug)]
pub struct Shop(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    url: String,
    api_key: String,
    template: String,
    idempotency_keys: bool,
    receiver: Receiver,
    next: AtomicU64,
}

/// What a loop has seen.
#[derive(Debug, Default)]
pub struct Load {
    /// Purchases that were paid and told of, or authentications that succeeded.
    pub completed: usize,
    /// Calls that ended otherwise, with the first one's reason.
    pub failures: Vec<String>,
    /// From the first call to the last webhook.
    pub took: Duration,
    /// From the call to its answer.
    pub calls: Latencies,
    /// From the call to the webhook's arrival.
    pub delivered: Latencies,
    /// Webhooks that never came.
    pub webhooks_missing: usize,
    /// How much later than planned the open loop's calls began.
    pub late: Latencies,
}

impl Load {
    /// What was completed, per second.
    pub fn per_second(&self) -> f64 {
        self.completed as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }
}

/// One call.
struct Call {
    number: u64,
    began: Instant,
    outcome: Result<Duration, String>,
}

impl Shop {
    /// The demo merchant's backends.
    pub fn new(system: &System, receiver: &Receiver, idempotency_keys: bool) -> Self {
        let mut body = system.merchant.one_step_body(AMOUNT, &Card::visa(0));
        body["order"]["order_id"] = format!("BENCH-{NUMBER}").into();
        body["order"]["webhook_urls"]["notify_order"] = receiver.url(NUMBER).into();
        Self(Arc::new(Inner {
            client: client(),
            url: format!("{}{PURCHASE_V2}", system.gateway_url),
            api_key: system.merchant.keys.private_key.clone(),
            template: body.to_string(),
            idempotency_keys,
            receiver: receiver.clone(),
            next: AtomicU64::new(1),
        }))
    }

    /// That many clients, each of which calls again when it has its answer.
    pub async fn closed_loop(self: &Shop, clients: usize, time: Duration) -> Load {
        self.0.receiver.take();
        let began = Instant::now();
        let mut running = JoinSet::new();
        for _ in 0..clients {
            let shop = self.clone();
            running.spawn(async move {
                let mut calls = Vec::new();
                while began.elapsed() < time {
                    calls.push(shop.buy().await);
                }
                calls
            });
        }
        let calls = running.join_all().await.into_iter().flatten().collect();
        self.summed_up(began, calls).await
    }

    /// So many calls a second at random moments, however long the answers take.
    pub async fn open_loop(&self, per_second: f64, time: Duration) -> Load {
        self.0.receiver.take();
        let mut running = JoinSet::new();
        let mut late = Latencies::default();
        let (began, mut due, mut chance) = (Instant::now(), Duration::ZERO, Chance(0x9E37_79B9_7F4A_7C15));
        while due < time {
            tokio::time::sleep_until((began + due).into()).await;
            late.push(began.elapsed().saturating_sub(due));
            let shop = self.clone();
            running.spawn(async move { shop.buy().await });
            due += Duration::from_secs_f64(chance.pause() / per_second);
        }
        let calls = running.join_all().await;
        let mut load = self.summed_up(began, calls).await;
        load.late = late;
        load
    }

    async fn buy(&self) -> Call {
        let inner = &*self.0;
        let number = inner.next.fetch_add(1, Ordering::Relaxed);
        let mut request = inner
            .client
            .post(&inner.url)
            .header("x-api-key", &inner.api_key)
            .header(CONTENT_TYPE, "application/json")
            .body(inner.template.replace(NUMBER, &number.to_string()));
        if inner.idempotency_keys {
            request = request.header("x-idempotency-key", format!("bench-{number}"));
        }
        let began = Instant::now();
        let outcome = async {
            let reply = request.send().await.map_err(|error| format!("{error:?}"))?;
            let status = reply.status();
            let text = reply.text().await.map_err(|error| format!("{error:?}"))?;
            let took = began.elapsed();
            if status.is_success() && text.contains(PAID) {
                Ok(took)
            } else {
                Err(format!("HTTP {status}: {text}"))
            }
        };
        Call {
            number,
            began,
            outcome: outcome.await,
        }
    }

    async fn summed_up(&self, began: Instant, calls: Vec<Call>) -> Load {
        let receiver = &self.0.receiver;
        let paid = calls.iter().filter(|call| call.outcome.is_ok()).count();
        let waiting = Instant::now();
        while receiver.count() < paid && waiting.elapsed() < WEBHOOKS_PATIENCE {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let arrived = receiver.take();
        let mut load = Load::default();
        let mut last = began;
        for call in calls {
            match call.outcome {
                Ok(took) => load.calls.push(took),
                Err(why) => {
                    load.failures.push(why);
                    continue;
                }
            }
            match arrived.get(&call.number) {
                Some(at) => {
                    load.completed += 1;
                    load.delivered.push(at.duration_since(call.began));
                    last = last.max(*at);
                }
                None => load.webhooks_missing += 1,
            }
        }
        load.took = last - began;
        load
    }
}

/// A client that keeps its connections.
pub fn client() -> Client {
    Client::builder()
        .http1_only()
        .no_proxy()
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

/// Chance that is the same in every run (xorshift64).
struct Chance(u64);

impl Chance {
    /// Pauses between independent arrivals, one time unit on average.
    fn pause(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // 53 bits are what a float holds exactly.
        let uniform = ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        -uniform.ln()
    }
}

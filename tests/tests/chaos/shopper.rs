//! Shoppers and their merchants: each buys, authenticates or gives up, and does with the order what merchants do.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::cardholder::{Cardholder, Temper};
use tests::cards::{Brand, Card};
use tests::http::Answer;
use tests::merchant::{Merchant, ORDERS, PURCHASE_V2};
use tests::order::Order;

use crate::chance::Chance;

/// How often a call is repeated that nobody answered, and after how long.
const REPEATS: usize = 12;
const REPEAT_AFTER: Duration = Duration::from_millis(700);
/// How long a shopper watches an order whose outcome is open.
const WATCH: Duration = Duration::from_secs(6);

/// Pause between two looks at how much is left.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How much is left to do, and what was done.
#[derive(Debug)]
pub struct Day {
    left: AtomicU64,
    done: Mutex<BTreeMap<String, u64>>,
    /// The names of those that the merchant has connections to.
    processors: Vec<String>,
}

impl Day {
    pub fn new(operations: u64, processors: Vec<String>) -> Self {
        Self {
            left: AtomicU64::new(operations),
            done: Mutex::default(),
            processors,
        }
    }

    pub fn some_processor(&self, chance: &mut Chance) -> &str {
        let index = usize::try_from(chance.below(self.processors.len() as u64)).unwrap_or_default();
        &self.processors[index]
    }

    pub fn is_over(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// Waits until so much more is done, or all.
    pub async fn goes_on(&self, operations: u64) {
        let until = self.left.load(Ordering::Relaxed).saturating_sub(operations);
        while self.left.load(Ordering::Relaxed) > until {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Takes one operation off what is left. `false`: the day is over.
    fn takes_one(&self) -> bool {
        let less = |left: u64| left.checked_sub(1);
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }

    fn note(&self, operation: &str, answer: Option<&Answer>) {
        let status = answer.map_or("no answer".to_owned(), |answer| answer.status.to_string());
        let mut done = self.done.lock().unwrap();
        *done.entry(format!("{operation} {status}")).or_default() += 1;
    }

    pub fn summary(&self) -> String {
        let done = self.done.lock().unwrap();
        let total: u64 = done.values().sum();
        format!("{total} operations {:?}", *done)
    }
}

/// Orders one thing after the other until the day is over.
pub async fn shop(merchant: Merchant, cardholder: Cardholder, day: std::sync::Arc<Day>, mut chance: Chance) {
    while !day.is_over() {
        let shopper = Shopper {
            merchant: &merchant,
            cardholder: &cardholder,
            day: &day,
        };
        shopper.buys(&mut chance).await;
    }
}

struct Shopper<'a> {
    merchant: &'a Merchant,
    cardholder: &'a Cardholder,
    day: &'a Day,
}

impl Shopper<'_> {
    async fn buys(&self, chance: &mut Chance) {
        let amount = amount(chance);
        let body = self.merchant.order_body(amount);
        let Some(placed) = self.calls(ORDERS, &body, None).await else {
            return;
        };
        let Some(token) = placed.json()["token"].as_str().map(str::to_owned) else {
            return;
        };
        let holds = chance.percent(50);
        for _ in 0..chance.weighed(&[(7, 1), (2, 2), (1, 3)]) {
            if !self.pays(&token, holds, chance).await {
                break;
            }
        }
        let acts = chance.weighed(&[(2, 0), (3, 1), (3, 2), (2, 3), (1, 5)]);
        for _ in 0..acts {
            self.goes_on_with(&token, amount, chance).await;
        }
    }

    /// Pays, now and then twice at the same time. Whether another try makes sense.
    async fn pays(&self, token: &str, holds: bool, chance: &mut Chance) -> bool {
        let mut body = self.merchant.purchase_body(token, &card(chance));
        // Half of all take whichever comes first, and the next when that declines.
        let named = chance.percent(50);
        body["processor_name"] = named.then(|| self.day.some_processor(chance)).into();
        body["capture"] = (!holds).into();
        let twice = chance.percent(5);
        let (first, _) = tokio::join!(self.does("purchase", PURCHASE_V2, &body), async {
            if twice {
                self.does("purchase", PURCHASE_V2, &body).await;
            }
        });
        if first.is_none() {
            return false;
        }
        let Some(order) = self.reads(token).await else {
            return false;
        };
        if let Some(page) = order.page_url().map(str::to_owned) {
            self.authenticates(page, chance).await;
        }
        let order = self.watches(token).await;
        order.is_some_and(|order| order.status() == "pending" && order.payment_status() == "denied")
    }

    /// Goes to the page, if at all; whatever kills the browser on its way is none of the cardholder's business.
    async fn authenticates(&self, page: String, chance: &mut Chance) {
        let temper = chance.weighed(&[
            (12, Some(Temper::TypesTheCode)),
            (1, Some(Temper::TypesRubbish)),
            (1, Some(Temper::CancelsAtTheBank)),
            (1, Some(Temper::CancelsAtThePage)),
            (1, None),
        ]);
        let Some(temper) = temper else { return };
        let cardholder = self.cardholder.clone();
        let browser = tokio::spawn(async move { cardholder.authenticates(&page, temper).await });
        let _ = tokio::time::timeout(WATCH, browser).await;
    }

    /// What merchants do with an order: alone, or several at the same time.
    async fn goes_on_with(&self, token: &str, amount: i64, chance: &mut Chance) {
        let Some(order) = self.reads(token).await else {
            return;
        };
        // Of what is not paid there is little to be had: mistakes, now and then.
        let unpaid = ["", "denied", "cancelled"].contains(&order.payment_status());
        if unpaid && chance.percent(70) {
            return;
        }
        let acts = usize::try_from(chance.weighed(&[(6, 1), (2, 2), (1, 4)])).unwrap_or(1);
        let mut calls = Vec::new();
        for _ in 0..acts {
            calls.push(act(&order, amount, chance));
        }
        let doing = calls.iter().map(|(operation, path, body)| {
            let path = format!("{ORDERS}/{token}/{path}");
            async move { self.does(operation, &path, body).await }
        });
        futures_util::future::join_all(doing).await;
    }

    /// One operation, with a key of its own, repeated until somebody answers.
    async fn does(&self, operation: &str, path: &str, body: &Value) -> Option<Answer> {
        if !self.day.takes_one() {
            return None;
        }
        let key = uuid::Uuid::new_v4().to_string();
        let answer = self.calls(path, body, Some(&key)).await;
        self.day.note(operation, answer.as_ref());
        answer
    }

    async fn calls(&self, path: &str, body: &Value, key: Option<&str>) -> Option<Answer> {
        for _ in 0..REPEATS {
            let headers: Vec<_> = key.map(|key| ("x-idempotency-key", key)).into_iter().collect();
            let answer = self
                .merchant
                .try_call(Method::POST, path, &headers, Some(body))
                .await;
            match answer {
                Ok(answer) if answer.status < 500 => return Some(answer),
                // Nobody there, or somebody in trouble: the same again, under the same key.
                Ok(_) | Err(_) => tokio::time::sleep(REPEAT_AFTER).await,
            }
        }
        None
    }

    async fn reads(&self, token: &str) -> Option<Order> {
        for _ in 0..REPEATS {
            let path = format!("{ORDERS}/{token}");
            match self.merchant.try_call(Method::GET, &path, &[], None).await {
                Ok(answer) if answer.status == 200 => return Some(Order::of(&answer.json())),
                Ok(_) | Err(_) => tokio::time::sleep(REPEAT_AFTER).await,
            }
        }
        None
    }

    /// Looks at an order until it has come to rest, but not for ever.
    async fn watches(&self, token: &str) -> Option<Order> {
        let patience = tokio::time::Instant::now() + WATCH;
        loop {
            let order = self.reads(token).await?;
            if order.is_over() || tokio::time::Instant::now() > patience {
                return Some(order);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
}

/// Every ending that means something to the sandbox, mostly that which approves.
fn amount(chance: &mut Chance) -> i64 {
    let pair = chance.weighed(&[
        (60, 0),
        (3, 5),
        (1, 14),
        (1, 41),
        (1, 43),
        (2, 51),
        (1, 54),
        (3, 65),
        (3, 91),
        (5, 92),
        (5, 96),
        (2, 68),
        (2, 69),
    ]);
    i64::try_from(chance.between(10, 900)).unwrap_or(10) * 100 + pair
}

fn card(chance: &mut Chance) -> Card {
    let brand = chance.weighed(&[(5, Brand::Visa), (5, Brand::Mastercard), (2, Brand::Amex)]);
    let scenario = chance.weighed(&[
        (60, 0),
        (3, 1),
        (3, 2),
        (2, 3),
        (2, 4),
        (12, 5),
        (4, 6),
        (2, 7),
        (1, 8),
        (4, 9),
        (2, 13),
        (2, 18),
    ]);
    Card::of(brand, scenario)
}

/// Something that fits the order as it was read; by the time it arrives the order may be another.
fn act(order: &Order, amount: i64, chance: &mut Chance) -> (&'static str, &'static str, Value) {
    let part = i64::try_from(chance.between(1, 120)).unwrap_or(1) * amount / 100;
    let part = part.max(1);
    let capture = [
        ("capture", "capture", json!({ "amount": amount })),
        ("capture", "v2/capture", json!({})),
        ("capture", "v2/capture", json!({ "amount": part, "final": false })),
        ("capture", "capture", json!({ "amount": part })),
    ];
    let refund = [
        ("refund", "refund", json!({ "reason": "returned" })),
        (
            "refund",
            "refund",
            json!({ "reason": "returned", "amount": part }),
        ),
        (
            "refund",
            "v2/refund",
            json!({ "reason": "returned", "amount": part }),
        ),
        (
            "refund",
            "v2/refund",
            json!({ "reason": "returned", "amount": part }),
        ),
    ];
    let void = ("void", "void", json!({ "reason": "no stock" }));
    let cancel = ("cancel", "cancel", json!({ "reason": "no stock" }));
    let index = usize::try_from(chance.below(4)).unwrap_or_default();
    match (order.payment_status(), chance.below(20)) {
        (_, 0) => cancel,
        ("authorized", 1..4) => void,
        ("authorized", _) | (_, 1) => capture[index].clone(),
        (_, 2) => void,
        (_, _) => refund[index].clone(),
    }
}

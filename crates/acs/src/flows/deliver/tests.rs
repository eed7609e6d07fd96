//! Codes on their way with providers that do as they are told, on a real database.

mod backend;
mod death;

use super::*;
use crate::clock::{Clock, SystemClock};
use crate::identifiers::IssuerId;
use crate::keys::Keys;
use crate::service::{Parts, Settings};
use crate::sms::ladder::DeliveryStatus;
use crate::sms::provider::{Receipt, ReceiptStatus, SmsProvider};
use crate::store::Store;
use crate::store::deliveries::tests::{id, queue};
use crate::store::deliveries::{DeliveryId, Heard};
use crate::store::issuers::Issuer;
use async_trait::async_trait;
use sqlx::PgPool;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Answers what it is told to answer, then accepts everything; remembers what it was asked.
#[derive(Debug)]
pub struct Double {
    name: &'static str,
    answers: Mutex<VecDeque<Handed>>,
    asked: Mutex<Vec<(String, String)>>,
}

impl Double {
    fn new(name: &'static str, answers: Vec<Handed>) -> Arc<Self> {
        Arc::new(Self {
            name,
            answers: Mutex::new(answers.into()),
            asked: Mutex::default(),
        })
    }

    /// Names and texts of the messages that it was asked to carry.
    fn asked(&self) -> Vec<(String, String)> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl SmsProvider for Double {
    fn name(&self) -> &str {
        self.name
    }

    fn knows_repeats(&self) -> bool {
        false
    }

    async fn hand_over(&self, message: &TextMessage, _limit: Duration) -> Handed {
        let asked = (message.delivery_id.clone(), message.text.reveal().clone());
        self.asked.lock().unwrap().push(asked);
        let answer = self.answers.lock().unwrap().pop_front();
        answer.unwrap_or_else(|| Handed::Accepted {
            provider_reference: format!("{}-{}", self.name, message.delivery_id),
        })
    }
}

fn busy() -> Handed {
    Handed::NotTaken {
        code: "busy".to_owned(),
    }
}

/// A service with these providers and an issuer of this policy.
async fn service(pool: PgPool, providers: &[Arc<Double>], policy: serde_json::Value) -> Acs {
    let store = Store::from_pool(pool);
    let now = SystemClock.now();
    let issuer = Issuer {
        issuer: IssuerId::parse("banco-0001").unwrap(),
        name: "Banco".to_owned(),
        policy: serde_json::from_value(policy).unwrap(),
        created_at: now,
        updated_at: now,
    };
    issuers::insert(&store, &issuer).await.unwrap();
    let carriers: Vec<Arc<dyn SmsProvider>> = providers
        .iter()
        .map(|double| Arc::clone(double) as Arc<dyn SmsProvider>)
        .collect();
    Acs::new(Parts {
        store,
        keys: Keys::for_tests(),
        clock: Arc::new(SystemClock),
        settings: Settings {
            production: false,
            ..Settings::new("http://127.0.0.1:1")
        },
        providers: carriers.into(),
    })
    .unwrap()
}

impl Acs {
    /// Queues a code and hands over everything that is queued.
    async fn deliver_one(&self, id: DeliveryId) {
        queue(&self.inner().store, id, self.inner().clock.now()).await;
        self.deliver_all().await;
    }

    async fn deliver_all(&self) {
        for leased in self.lease_codes(10).await.unwrap() {
            self.deliver(leased).await.unwrap();
        }
    }

    async fn status(&self, id: DeliveryId) -> DeliveryStatus {
        self.inner().store.delivery_status(id).await.unwrap().unwrap()
    }

    async fn news_of(&self, id: DeliveryId) -> Option<News> {
        let news = self.inner().store.deliveries_to_tell(100).await.unwrap();
        news.into_iter().find(|news| news.id == id).map(|news| news.news)
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn the_first_provider_carries_the_message(pool: PgPool) {
    let (one, two) = (Double::new("one", vec![]), Double::new("two", vec![]));
    let acs = service(pool, &[one.clone(), two.clone()], serde_json::json!({})).await;
    acs.deliver_one(id(1, 1)).await;
    let asked = one.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].1.contains("012345"), "the message has the code");
    assert!(two.asked().is_empty());
    assert_eq!(acs.status(id(1, 1)).await, DeliveryStatus::Accepted);
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::HandedOver));
    let costs: (Option<String>, Option<i16>) =
        sqlx::query_as("SELECT encoding, segments FROM acs.sms_deliveries")
            .fetch_one(acs.inner().store.pool())
            .await
            .unwrap();
    assert_eq!(costs, (Some("gsm7".to_owned()), Some(1)));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn the_issuers_order_of_providers_counts(pool: PgPool) {
    let (one, two) = (Double::new("one", vec![]), Double::new("two", vec![]));
    let policy = serde_json::json!({ "providers": ["nobody", "two", "one"] });
    let acs = service(pool, &[one.clone(), two.clone()], policy).await;
    acs.deliver_one(id(1, 1)).await;
    assert_eq!((one.asked().len(), two.asked().len()), (0, 1));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_provider_that_is_down_gives_way_to_the_next_with_the_same_code(pool: PgPool) {
    let one = Double::new("one", vec![busy(), busy()]);
    let two = Double::new("two", vec![]);
    let acs = service(pool, &[one.clone(), two.clone()], serde_json::json!({})).await;
    acs.deliver_one(id(1, 1)).await;
    assert_eq!(one.asked().len(), 2, "asked once more");
    assert_eq!(one.asked()[0], two.asked()[0]);
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::HandedOver));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_code_in_doubt_goes_to_nobody_else_and_the_next_code_by_another_provider(pool: PgPool) {
    let (one, two) = (
        Double::new("one", vec![Handed::Unknown]),
        Double::new("two", vec![Handed::Unknown]),
    );
    let acs = service(pool, &[one.clone(), two.clone()], serde_json::json!({})).await;
    acs.deliver_one(id(1, 1)).await;
    assert_eq!((one.asked().len(), two.asked().len()), (1, 0));
    assert_eq!(acs.status(id(1, 1)).await, DeliveryStatus::Unknown);
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::MaybeLost));

    acs.deliver_one(id(1, 2)).await;
    assert_eq!((one.asked().len(), two.asked().len()), (1, 1));
    assert_eq!(
        acs.news_of(id(1, 2)).await,
        Some(News::NotSent),
        "there is nobody left"
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn when_nobody_takes_a_code_the_challenge_is_told_so(pool: PgPool) {
    let one = Double::new("one", vec![busy(), busy()]);
    let acs = service(pool, &[one], serde_json::json!({})).await;
    acs.deliver_one(id(1, 1)).await;
    assert_eq!(acs.status(id(1, 1)).await, DeliveryStatus::Failed);
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::NotSent));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_provider_that_keeps_failing_is_left_alone(pool: PgPool) {
    let one = Double::new("one", vec![busy(); 10]);
    let two = Double::new("two", vec![]);
    let acs = service(pool, &[one.clone(), two.clone()], serde_json::json!({})).await;
    for challenge in 1..=4 {
        acs.deliver_one(id(challenge, 1)).await;
    }
    assert_eq!(one.asked().len(), 5, "the fifth failure opened its breaker");
    assert_eq!(two.asked().len(), 4);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_receipt_that_a_message_did_not_arrive_is_left_to_be_told(pool: PgPool) {
    let (one, two) = (Double::new("one", vec![]), Double::new("two", vec![]));
    let acs = service(pool, &[one.clone(), two.clone()], serde_json::json!({})).await;
    acs.deliver_one(id(1, 1)).await;
    let receipt = Receipt {
        provider: "one".to_owned(),
        provider_reference: format!("one-{}", id(1, 1).as_text()),
        status: ReceiptStatus::Undelivered,
        code: None,
        at: acs.inner().clock.now(),
    };
    assert!(matches!(
        acs.receipt(receipt.clone()).await.unwrap(),
        Heard::Climbed(_)
    ));
    assert_eq!(acs.receipt(receipt).await.unwrap(), Heard::Stale);
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::Undelivered));
    acs.deliver_one(id(1, 2)).await;
    assert_eq!(two.asked().len(), 1, "by another provider");
    let health = provider_health::since(&acs.inner().store, acs.inner().clock.now())
        .await
        .unwrap();
    let of_one = health.iter().find(|health| health.provider == "one").unwrap();
    assert_eq!((of_one.accepted, of_one.undelivered), (1, 1));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn the_worker_hands_over_what_is_queued_while_it_runs(pool: PgPool) {
    let one = Double::new("one", vec![]);
    let acs = service(pool, std::slice::from_ref(&one), serde_json::json!({})).await;
    let workers = acs.spawn_workers();
    for challenge in 1..=20 {
        queue(&acs.inner().store, id(challenge, 1), acs.inner().clock.now()).await;
        acs.wake_deliveries();
    }
    let all = async {
        while one.asked().len() < 20 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all).await.unwrap();
    workers.stop().await;
    let mut names: Vec<_> = one.asked().into_iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 20, "each once");
}

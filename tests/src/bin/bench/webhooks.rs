//! The load of the dispatcher: events written straight into the database, each for one endpoint, delivered to consumers that
//! answer at once. With one endpoint, and with a thousand.
//!
//! What is measured is both halves, as others measure it: the event is written and its delivery arrives. Writing alone is
//! measured apart.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};
use tests::consumers::{Consumers, Manner};
use tests::operator::Operator;
use tests::outbox::{Outbox, Target};
use tests::system::System;
use uuid::Uuid;

use crate::latencies::{milliseconds, rounded};
use crate::meters::Meters;
use crate::purchases::Load;

/// Connections that write, and the events of each of their transactions.
const WRITERS: usize = 4;
const BATCH: usize = 8;
/// How far writers may be ahead of arrivals: a backlog deep enough to keep the dispatcher busy, and no deeper, since its
/// age would be counted as lag.
const AHEAD: usize = 2_000;
/// How often the open loop writes.
const BEAT: Duration = Duration::from_millis(10);
/// How long the last deliveries may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Endpoints that a merchant may have.
const PER_MERCHANT: usize = 50;
/// The consumer that all endpoints are at.
const CONSUMER: &str = "prompt";
/// Tables that grow with deliveries.
const TABLES: [&str; 3] = ["events", "deliveries", "webhook_attempts"];

/// Everything that is measured of webhooks.
pub async fn measure(system: &System, meters: &Meters, step: Duration) -> Value {
    let bench = Bench::open(system).await;
    let mut figures = serde_json::Map::new();
    meters.settle().await;
    crate::say("events for nobody");
    let writing = meters.around(bench.busy(&[], step / 2)).await;
    figures.insert("writing_events_alone".into(), writing.figures());
    for endpoints in [1, 1_000] {
        let targets = bench.endpoints(system, endpoints).await;
        bench.busy(&targets, step / 4).await;
        meters.settle().await;
        crate::say(&format!("webhooks to {endpoints} endpoints"));
        let before = sizes(meters).await;
        let run = meters.around(bench.busy(&targets, step)).await;
        let (best, delivered) = (run.load.per_second(), run.load.completed);
        let after = sizes(meters).await;
        crate::say(&format!(
            "webhooks to {endpoints} endpoints, {:.0} a second",
            best / 2.0
        ));
        let half = meters.around(bench.paced(&targets, best / 2.0, step)).await;
        figures.insert(
            format!("endpoints_{endpoints}"),
            json!({
                "as_fast_as_it_goes": run.figures(),
                "at_half": half.figures(),
                "mb_per_million": grown(&before, &after, delivered),
            }),
        );
    }
    figures.insert("vacuum".into(), vacuumed(meters).await);
    crate::say("dropping a week");
    figures.insert("pruning".into(), pruning(meters).await);
    figures.into()
}

struct Bench {
    consumers: Consumers,
    url: String,
    writers: Vec<tokio::sync::Mutex<Outbox>>,
}

impl Bench {
    async fn open(system: &System) -> Self {
        let consumers = Consumers::open().await;
        let url = consumers.add(CONSUMER, Manner::AtOnce);
        // One real purchase, for a document as long as documents are and no easier to compress.
        system.merchant.buy(34_900, &tests::cards::Card::visa(0)).await;
        let document = system
            .database
            .ask("SELECT document FROM events ORDER BY id LIMIT 1");
        let mut writers = Vec::new();
        for _ in 0..WRITERS {
            let mut outbox = Outbox::of(&system.database, &system.merchant.keys.id).await;
            outbox.carry(document.clone());
            writers.push(outbox.into());
        }
        Self {
            consumers,
            url,
            writers,
        }
    }

    /// That many endpoints of as many merchants as it takes, all of them new.
    async fn endpoints(&self, system: &System, count: usize) -> Vec<Target> {
        let operator = Operator::log_in(system.http.clone(), &system.sandbox_json).await;
        let mut targets = Vec::with_capacity(count);
        while targets.len() < count {
            let name = format!("bench {}", targets.len());
            let body = json!({ "name": name, "country": "MX", "currencies": ["MXN"] });
            let merchant = operator.post("/merchants", &body).await;
            let merchant = merchant["id"].as_str().unwrap();
            let path = format!("/merchants/{merchant}/webhook-endpoints");
            for _ in 0..PER_MERCHANT.min(count - targets.len()) {
                let shown = operator.post(&path, &json!({ "url": self.url })).await;
                let endpoint = shown["id"].as_str().unwrap().trim_start_matches("ep_").to_owned();
                targets.push(Target {
                    merchant: uuid(merchant),
                    endpoint: uuid(&endpoint),
                });
            }
        }
        targets
    }

    /// Writes as fast as deliveries arrive, for that long.
    async fn busy(&self, targets: &[Target], time: Duration) -> Load {
        self.consumers.forget();
        let began = Instant::now();
        let written = std::sync::atomic::AtomicUsize::new(0);
        let writing = self.writers.iter().enumerate().map(async |(number, outbox)| {
            let mut outbox = outbox.lock().await;
            let mut next = number * BATCH;
            while began.elapsed() < time {
                let so_far = written.fetch_add(BATCH, std::sync::atomic::Ordering::Relaxed);
                self.write(&mut outbox, targets, next, BATCH).await;
                next += BATCH * WRITERS;
                while !targets.is_empty() && so_far > self.consumers.accepted_in_all() + AHEAD {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        });
        futures_util::future::join_all(writing).await;
        let written = written.into_inner();
        self.summed_up(began, written, targets.is_empty()).await
    }

    /// Writes so many events a second, for that long.
    async fn paced(&self, targets: &[Target], per_second: f64, time: Duration) -> Load {
        self.consumers.forget();
        let mut outbox = self.writers[0].lock().await;
        let began = Instant::now();
        let (mut written, mut beats) = (0, 0);
        while began.elapsed() < time {
            beats += 1;
            tokio::time::sleep_until((began + BEAT * beats).into()).await;
            let due = (began.elapsed().as_secs_f64() * per_second) as usize;
            self.write(&mut outbox, targets, written, due - written).await;
            written = due;
        }
        drop(outbox);
        self.summed_up(began, written, false).await
    }

    async fn write(&self, outbox: &mut Outbox, targets: &[Target], first: usize, count: usize) {
        if count == 0 {
            return;
        }
        if targets.is_empty() {
            outbox.write(count, &[]).await.unwrap();
            return;
        }
        let these: Vec<_> = (first..first + count)
            .map(|number| targets[number % targets.len()])
            .collect();
        outbox.write_one_each(&these).await.unwrap();
    }

    async fn summed_up(&self, began: Instant, written: usize, for_nobody: bool) -> Load {
        let mut load = Load::default();
        if for_nobody {
            load.completed = written;
            load.took = began.elapsed();
            return load;
        }
        let waiting = Instant::now();
        while self.consumers.accepted_in_all() < written && waiting.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        load.took = began.elapsed();
        load.completed = self.consumers.accepted_in_all();
        load.webhooks_missing = written - load.completed;
        load.delivered = self.consumers.lags(CONSUMER).into_iter().collect();
        load
    }
}

fn uuid(text: &str) -> Uuid {
    let bare = text.rsplit('_').next().unwrap();
    Uuid::parse_str(bare).unwrap()
}

/// Bytes of each table with everything that belongs to it, over all its partitions.
async fn sizes(meters: &Meters) -> Vec<i64> {
    let mut connection = meters.connection().await;
    let mut sizes = Vec::new();
    for table in TABLES {
        sizes.push(size(&mut connection, table).await);
    }
    sizes
}

async fn size(connection: &mut PgConnection, table: &str) -> i64 {
    let question = "SELECT sum(pg_total_relation_size(relid))::bigint FROM (
                        SELECT relid FROM pg_partition_tree($1::regclass)
                        UNION SELECT $1::regclass::oid::regclass
                    ) AS parts";
    sqlx::query_scalar(question)
        .bind(table)
        .fetch_one(connection)
        .await
        .unwrap()
}

fn grown(before: &[i64], after: &[i64], delivered: usize) -> Value {
    let megabytes = |bytes: i64| rounded(bytes as f64 / delivered.max(1) as f64);
    let tables = TABLES.iter().zip(before.iter().zip(after));
    // Bytes a delivery are megabytes a million of them.
    tables
        .map(|(table, (before, after))| ((*table).to_owned(), json!(megabytes(after - before))))
        .collect()
}

/// What is left of the table of open deliveries when all of them are over and swept up.
async fn vacuumed(meters: &Meters) -> Value {
    let mut connection = meters.connection().await;
    let before = size(&mut connection, "deliveries").await;
    sqlx::raw_sql("VACUUM deliveries")
        .execute(&mut connection)
        .await
        .unwrap();
    json!({
        "deliveries_mb_before": rounded(before as f64 / 1e6),
        "deliveries_mb_after": rounded(size(&mut connection, "deliveries").await as f64 / 1e6),
    })
}

/// What dropping the present week's partitions takes and gives back.
async fn pruning(meters: &Meters) -> Value {
    let mut connection = meters.connection().await;
    let mut figures = serde_json::Map::new();
    for table in ["webhook_attempts", "events"] {
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let before = size(&mut connection, table).await;
        let began = Instant::now();
        let question =
            "SELECT webhook_partition_drop($1, date_trunc('week', now() AT TIME ZONE 'UTC')::date)";
        let dropped: Option<bool> = sqlx::query_scalar(question)
            .bind(table)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        figures.insert(
            table.to_owned(),
            json!({
                "rows": rows,
                "mb_before": rounded(before as f64 / 1e6),
                "mb_after": rounded(size(&mut connection, table).await as f64 / 1e6),
                "dropped": dropped,
                "took_ms": milliseconds(began.elapsed()),
            }),
        );
    }
    figures.into()
}

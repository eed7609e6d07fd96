//! What everybody used: processor time and memory from `/proc`, commits and log from the database itself.

use std::fs;
use std::ops::Sub;
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Map, Value, json};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Row};
use tests::http::Http;
use tests::system::System;

use crate::latencies::rounded;
use crate::purchases::Load;

/// `/proc` counts in hundredths of a second, whatever the kernel's own tick is.
const MILLISECONDS_PER_TICK: u64 = 10;
/// A server process passes its counters on once a second while it works, and when it has been idle for ten.
const COUNTERS_PASSED_ON: Duration = Duration::from_millis(11_000);
/// How long the last deliveries may take to be recorded.
const RECORDED_PATIENCE: Duration = Duration::from_secs(30);

/// Reads what is used.
#[derive(Debug)]
pub struct Meters {
    gateway: u32,
    sandbox: u32,
    postgres: Option<u32>,
    options: PgConnectOptions,
    http: Http,
    metrics_url: String,
}

/// A load with what it used.
#[derive(Debug)]
pub struct Measured {
    pub load: Load,
    used: Usage,
}

/// Sums since the beginning, or the difference of two of those.
#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    gateway_ms: u64,
    sandbox_ms: u64,
    postgres_ms: u64,
    bench_ms: u64,
    transactions: i64,
    writing_transactions: i64,
    log_flushes: i64,
    log_bytes: i64,
    /// What the gateway waited for directory servers and processors.
    simulators_seconds: f64,
}

impl Meters {
    /// Meters of a running system.
    pub fn of(system: &System) -> Self {
        let admin = system.sandbox_json["admin"]["url"].as_str().unwrap();
        let (gateway, sandbox) = system.process_ids();
        Self {
            gateway,
            sandbox,
            postgres: std::env::var("PASARELA_POSTGRES_PID")
                .ok()
                .and_then(|id| id.parse().ok()),
            options: PgConnectOptions::from_str(system.database.url().as_str()).unwrap(),
            http: system.http.clone(),
            metrics_url: format!("{admin}/metrics"),
        }
    }

    /// A connection to the gateway's database.
    pub async fn connection(&self) -> PgConnection {
        self.options.connect().await.unwrap()
    }

    /// Runs a load and measures what it used, until its last webhook is recorded as delivered. The counters must have
    /// settled before, and have when this returns.
    pub async fn around(&self, load: impl Future<Output = Load>) -> Measured {
        let before = self.usage().await;
        let load = load.await;
        self.deliveries_recorded().await;
        let mut after = self.usage().await;
        // The processor time is that of now, the counters come later.
        self.settle().await;
        self.read_counters(&mut after).await;
        Measured {
            load,
            used: after - before,
        }
    }

    /// Waits until the server's processes have passed their counters on.
    pub async fn settle(&self) {
        tokio::time::sleep(COUNTERS_PASSED_ON).await;
    }

    /// Resident memory in MB.
    pub fn memory(&self) -> Value {
        json!({ "gateway": resident_mb(self.gateway), "sandbox": resident_mb(self.sandbox) })
    }

    /// The gateway's resident memory in MB.
    pub fn gateway_memory(&self) -> Option<f64> {
        resident_mb(self.gateway)
    }

    /// Version and durability of the server.
    pub async fn postgres_settings(&self) -> Value {
        let mut connection = self.connection().await;
        let rows = sqlx::query(
            "SELECT name, setting FROM pg_settings
             WHERE name IN ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers')",
        );
        let rows = rows.fetch_all(&mut connection).await.unwrap();
        let settings: Map<String, Value> = rows
            .iter()
            .map(|row| (row.get(0), Value::String(row.get(1))))
            .collect();
        settings.into()
    }

    async fn usage(&self) -> Usage {
        let mut usage = Usage {
            gateway_ms: own_cpu_ms(self.gateway),
            sandbox_ms: own_cpu_ms(self.sandbox),
            postgres_ms: self.postgres.map(family_cpu_ms).unwrap_or_default(),
            bench_ms: own_cpu_ms(std::process::id()),
            simulators_seconds: self.simulators_seconds().await,
            ..Usage::default()
        };
        self.read_counters(&mut usage).await;
        usage
    }

    async fn read_counters(&self, usage: &mut Usage) {
        let mut connection = self.connection().await;
        let row = sqlx::query(
            "SELECT d.xact_commit + d.xact_rollback, pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
                    w.wal_sync, (pg_current_wal_insert_lsn() - '0/0')::bigint
             FROM pg_stat_database d, pg_stat_wal w WHERE d.datname = current_database()",
        );
        let row = row.fetch_one(&mut connection).await.unwrap();
        usage.transactions = row.get(0);
        usage.writing_transactions = row.get(1);
        usage.log_flushes = row.get(2);
        usage.log_bytes = row.get(3);
    }

    async fn deliveries_recorded(&self) {
        let mut connection = self.connection().await;
        let deadline = tokio::time::Instant::now() + RECORDED_PATIENCE;
        loop {
            let open: bool =
                sqlx::query_scalar("SELECT EXISTS (SELECT FROM deliveries WHERE state <> 'given_up')")
                    .fetch_one(&mut connection)
                    .await
                    .unwrap();
            if !open || tokio::time::Instant::now() > deadline {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// All that the gateway ever waited for directory servers and processors, as its metrics have it.
    async fn simulators_seconds(&self) -> f64 {
        let metrics = self.http.get(&self.metrics_url).await.text;
        let sums = [
            "pasarela_directory_server_seconds_sum",
            "pasarela_processor_seconds_sum",
        ];
        metrics
            .lines()
            .filter(|line| sums.iter().any(|sum| line.starts_with(sum)))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}

impl Measured {
    /// All figures of the run.
    pub fn figures(self) -> Value {
        let Self { load, used } = self;
        let each = |sum: f64| rounded(sum / (load.completed.max(1) as f64));
        let per_second = load.per_second();
        let (failures, missing) = (load.failures.len(), load.webhooks_missing);
        let mut figures = json!({
            "completed": load.completed,
            "failures": failures,
            "webhooks_missing": missing,
            "per_second": rounded(per_second),
            "call_ms": load.calls.figures(),
            "delivered_ms": load.delivered.figures(),
            "simulators_ms_each": each(used.simulators_seconds * 1_000.0),
            "cpu_ms_each": {
                "gateway": each(used.gateway_ms as f64),
                "postgres": each(used.postgres_ms as f64),
                "sandbox": each(used.sandbox_ms as f64),
                "bench": each(used.bench_ms as f64),
            },
            "transactions_each": each(used.transactions as f64),
            "writing_transactions_each": each(used.writing_transactions as f64),
            "log_flushes_each": each(used.log_flushes as f64),
            "log_bytes_each": each(used.log_bytes as f64).round(),
        });
        if let Some(why) = load.failures.first() {
            figures["first_failure"] = why.chars().take(2_000).collect::<String>().into();
        }
        let late = load.late.figures();
        if !late["p50"].is_null() {
            figures["began_late_ms"] = late;
        }
        figures
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            gateway_ms: self.gateway_ms.saturating_sub(before.gateway_ms),
            sandbox_ms: self.sandbox_ms.saturating_sub(before.sandbox_ms),
            postgres_ms: self.postgres_ms.saturating_sub(before.postgres_ms),
            bench_ms: self.bench_ms.saturating_sub(before.bench_ms),
            transactions: self.transactions - before.transactions,
            writing_transactions: self.writing_transactions - before.writing_transactions,
            log_flushes: self.log_flushes - before.log_flushes,
            log_bytes: self.log_bytes - before.log_bytes,
            simulators_seconds: self.simulators_seconds - before.simulators_seconds,
        }
    }
}

/// The three load averages, which tell how quiet the machine was.
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// The numbers of `/proc/PID/stat` from the state on, field 3 of proc(5).
fn stat(process: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before may hold anything, brackets included.
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// Fields of proc(5), which counts from 1 and whose third is our first.
fn ticks(stat: &[String], fields: impl IntoIterator<Item = usize>) -> u64 {
    fields
        .into_iter()
        .filter_map(|field| stat.get(field - 3)?.parse::<u64>().ok())
        .sum()
}

/// User and system time of a process with all its threads.
pub fn own_cpu_ms(process: u32) -> u64 {
    stat(process).map_or(0, |stat| ticks(&stat, [14, 15])) * MILLISECONDS_PER_TICK
}

/// The same of a process, the children it has, and those it had.
pub fn family_cpu_ms(process: u32) -> u64 {
    let own = stat(process).map_or(0, |stat| ticks(&stat, 14..=17));
    let children = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let stat = stat(entry.file_name().to_str()?.parse().ok()?)?;
            (stat.get(1)?.parse() == Ok(process)).then(|| ticks(&stat, [14, 15]))
        });
    (own + children.sum::<u64>()) * MILLISECONDS_PER_TICK
}

/// Resident memory of a process in MB.
pub fn resident_mb(process: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(rounded(kilobytes / 1_024.0))
}

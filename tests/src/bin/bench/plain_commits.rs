//! The yardstick: durable commits of one small row, on the same server in the same minute.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::latencies::rounded;
use crate::meters::Meters;

/// Commits of so many clients, each on a connection of its own.
pub async fn measure(meters: &Meters, clients: usize, time: Duration) -> Value {
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(meters.connection().await);
    }
    if let Some(connection) = connections.first_mut() {
        sqlx::query(
            "CREATE TABLE IF NOT EXISTS bench_commits (id bigserial PRIMARY KEY, text text NOT NULL)",
        )
        .execute(connection)
        .await
        .unwrap();
    }
    let began = Instant::now();
    let mut running = JoinSet::new();
    for mut connection in connections {
        running.spawn(async move {
            let mut commits = 0_u64;
            while began.elapsed() < time {
                sqlx::query("INSERT INTO bench_commits (text) VALUES ($1)")
                    .bind("one small row")
                    .execute(&mut connection)
                    .await
                    .unwrap();
                commits += 1;
            }
            commits
        });
    }
    let commits: u64 = running.join_all().await.into_iter().sum();
    json!({ "clients": clients, "per_second": rounded(commits as f64 / began.elapsed().as_secs_f64()) })
}

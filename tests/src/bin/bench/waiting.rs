//! The crowd: clients that wait with Get Order, each on a connection of its own, until their order changes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::{Value, json};
use tests::merchant::ORDERS;
use tests::system::System;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};

use crate::latencies::{Latencies, milliseconds, rounded};
use crate::meters::Meters;
use crate::purchases::client;

/// Clients that wait for the same order.
const CLIENTS_PER_ORDER: usize = 5;
/// Connections that are being made at the same time.
const AT_ONCE: usize = 64;
/// How long each client asks to wait.
const WAIT_SECONDS: u8 = 60;
/// Orders that are cancelled to see who wakes.
const CANCELLED: usize = 40;
/// How long a woken client may take.
const WAKE_PATIENCE: Duration = Duration::from_secs(5);
/// Pause until everybody who was sent out does wait.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// A client's answer.
struct Woken {
    order: usize,
    at: Instant,
}

/// Lets so many clients wait, and cancels some of their orders.
pub async fn measure(system: &System, meters: &Meters, clients: usize) -> Value {
    let tokens = orders(system, clients.div_ceil(CLIENTS_PER_ORDER)).await;
    let memory_before = meters.gateway_memory();
    let began = Instant::now();
    let address: SocketAddr = system.gateway_url.trim_start_matches("http://").parse().unwrap();
    let (woken, mut answers) = mpsc::unbounded_channel();
    let connecting = Arc::new(Semaphore::new(AT_ONCE));
    let mut waiting = tokio::task::JoinSet::new();
    let connected = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    for client in 0..clients {
        let order = client / CLIENTS_PER_ORDER;
        let request = format!(
            "GET {ORDERS}/{}?wait={WAIT_SECONDS} HTTP/1.1\r\nhost: {address}\r\nx-api-key: {}\r\n\r\n",
            tokens[order], system.merchant.keys.private_key
        );
        let (woken, connected) = (woken.clone(), Arc::clone(&connected));
        let slot = Arc::clone(&connecting).acquire_owned().await.unwrap();
        waiting.spawn(async move {
            let Ok(mut stream) = TcpStream::connect(address).await else {
                return;
            };
            if stream.write_all(request.as_bytes()).await.is_err() {
                return;
            }
            connected.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            drop(slot);
            let mut beginning = [0; 12];
            if stream.read_exact(&mut beginning).await.is_ok() && beginning == *b"HTTP/1.1 200" {
                let _ = woken.send(Woken {
                    order,
                    at: Instant::now(),
                });
            }
        });
    }
    tokio::time::sleep(SETTLED_AFTER).await;
    let gathering = began.elapsed().saturating_sub(SETTLED_AFTER);
    let memory = meters.gateway_memory();
    let reached = connected.load(std::sync::atomic::Ordering::Relaxed);

    let (mut wakes, mut calls, mut silent) = (Latencies::default(), Latencies::default(), 0);
    for (order, token) in tokens.iter().enumerate().take(CANCELLED) {
        let asked = Instant::now();
        let answer = system.merchant.cancel(token).await;
        calls.push(asked.elapsed());
        assert_eq!(answer.status, 204, "{}", answer.text);
        let waiters = CLIENTS_PER_ORDER.min(clients - order * CLIENTS_PER_ORDER);
        for _ in 0..waiters {
            match tokio::time::timeout(WAKE_PATIENCE, answers.recv()).await {
                Ok(Some(woken)) if woken.order == order => wakes.push(woken.at - asked),
                Ok(_) | Err(_) => silent += 1,
            }
        }
    }
    waiting.abort_all();
    json!({
        "clients": clients,
        "connected": reached,
        "orders": tokens.len(),
        "gathered_in_ms": milliseconds(gathering),
        "gateway_memory_mb": { "before": memory_before, "with_everybody_waiting": memory },
        "kb_each": memory.zip(memory_before).map(|(with, without)| {
            rounded((with - without) * 1_024.0 / (reached.max(1) as f64))
        }),
        "cancel_call_ms": calls.figures(),
        "cancel_call_to_woken_client_ms": wakes.figures(),
        "woken_late_or_never": silent,
    })
}

/// Creates orders, some at a time.
async fn orders(system: &System, count: usize) -> Vec<String> {
    let client = client();
    let url = format!("{}{ORDERS}", system.gateway_url);
    let placed = stream::iter(0..count).map(|_| {
        let request = client
            .post(&url)
            .header("x-api-key", &system.merchant.keys.private_key)
            .header("content-type", "application/json")
            .body(system.merchant.order_body(34_900).to_string());
        async move {
            let text = request.send().await.unwrap().text().await.unwrap();
            let answer: Value = serde_json::from_str(&text).unwrap();
            answer["token"]
                .as_str()
                .unwrap_or_else(|| panic!("{text}"))
                .to_owned()
        }
    });
    placed.buffered(16).collect().await
}

//! The merchants' server: takes every webhook, and remembers when the last one of each purchase came.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;

/// What the webhook that tells of a paid order has in it.
const PAID: &[u8] = br#""event_type":"order.succeeded""#;

/// A running receiver. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Receiver {
    address: SocketAddr,
    arrived: Arc<Mutex<HashMap<u64, Instant>>>,
}

impl Receiver {
    /// Listens on a loopback port.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            arrived: Arc::default(),
        };
        let routes = Router::new()
            .route("/hooks/{purchase}", post(receive))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        receiver
    }

    /// Where webhooks about that purchase go.
    pub fn url(&self, purchase: &str) -> String {
        format!("http://{}/hooks/{purchase}", self.address)
    }

    /// When the news of these purchases came, for all that are known; they are forgotten.
    pub fn take(&self) -> HashMap<u64, Instant> {
        std::mem::take(&mut *self.arrived.lock().unwrap())
    }

    /// How many purchases are known to have been paid.
    pub fn count(&self) -> usize {
        self.arrived.lock().unwrap().len()
    }
}

async fn receive(State(receiver): State<Receiver>, Path(purchase): Path<u64>, body: Bytes) -> StatusCode {
    if body.windows(PAID.len()).any(|part| part == PAID) {
        receiver.arrived.lock().unwrap().insert(purchase, Instant::now());
    }
    StatusCode::NO_CONTENT
}

//! What the simulated processors tell the gateway of their own accord: notifications, posted until they are taken.

use std::time::Duration;

use primitives::Secret;
use reqwest::{Client, redirect};

use crate::faults::{Fault, Faults, Kind};

/// How often one notification is posted before the processor gives up: for ten minutes, in life for days, so that a gateway
/// that was down hears it, on a slow machine too.
const ATTEMPTS: u32 = 600;
/// How long the processor waits before it posts a notification again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The headers of an attempt, by its number.
pub type Headers = Box<dyn Fn(u32) -> Vec<(&'static str, Secret<String>)> + Send + Sync>;

/// One notification. What it says is fixed; what goes with it may differ from attempt to attempt.
pub struct Notification {
    /// Where it goes.
    pub url: String,
    /// JSON.
    pub body: Vec<u8>,
    /// The headers of an attempt, counted from 1, beside the content type; they may hold a secret.
    pub headers: Headers,
    /// What the answer's body must hold for the notification to count as taken; a 200 alone where it is empty.
    pub receipt: &'static str,
}

/// What the faults of notifications are set for.
pub const TARGET: &str = "notifications";

/// Posts notifications. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Postman {
    client: Option<Client>,
    faults: Faults,
}

impl Default for Postman {
    fn default() -> Self {
        Self::new(Faults::default())
    }
}

impl Postman {
    /// One that obeys the faults of [`TARGET`].
    pub fn new(faults: Faults) -> Self {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(ANSWER_TIMEOUT);
        Self {
            client: client.build().ok(),
            faults,
        }
    }

    /// Posts a notification after a wait, and again until it is taken or the attempts are used up.
    pub fn post_after(&self, wait: Duration, notification: Notification) {
        let Some(client) = self.client.clone() else {
            tracing::error!("no HTTP client for notifications");
            return;
        };
        let faults = self.faults.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            for attempt in 1..=ATTEMPTS {
                if is_on_its_way(&faults).await && is_taken(&client, &notification, attempt).await {
                    return;
                }
                tokio::time::sleep(AGAIN_AFTER).await;
            }
            tracing::warn!(url = notification.url, "a notification was not taken");
        });
    }
}

/// Whether an attempt leaves the processor at all; a delay is sat out, and whatever else is set keeps it back.
async fn is_on_its_way(faults: &Faults) -> bool {
    match faults.take(TARGET) {
        None => true,
        Some(Fault {
            kind: Kind::Delay,
            delay,
        }) => {
            tokio::time::sleep(delay).await;
            true
        }
        Some(_) => false,
    }
}

async fn is_taken(client: &Client, notification: &Notification, attempt: u32) -> bool {
    let mut call = client
        .post(&notification.url)
        .header("content-type", "application/json")
        .body(notification.body.clone());
    for (name, value) in (notification.headers)(attempt) {
        call = call.header(name, value.reveal());
    }
    let Ok(answer) = call.send().await else {
        return false;
    };
    let is_ok = answer.status() == 200;
    is_ok
        && answer
            .text()
            .await
            .is_ok_and(|text| text.contains(notification.receipt))
}

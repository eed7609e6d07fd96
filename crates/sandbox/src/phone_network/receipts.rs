//! Receipts of the providers over HTTP: signed, and posted until they are taken.

use std::time::Duration;

use aws_lc_rs::hmac;
use reqwest::{Client, redirect};
use serde_json::json;
use time::OffsetDateTime;

use super::accounts::HttpAccount;

/// How often one receipt is posted before the provider gives up.
const ATTEMPTS: u32 = 60;
/// How long the provider waits before it posts a receipt again.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a message is, as a provider says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// Handed on to the phone's network.
    Sent,
    /// On the phone.
    Delivered,
    /// Nowhere.
    Undelivered,
}

impl Whereabouts {
    fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
        }
    }
}

/// Posts receipts. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Postman {
    client: Option<Client>,
}

impl Postman {
    pub(super) fn new() -> Self {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(ANSWER_TIMEOUT);
        Self {
            client: client.build().ok(),
        }
    }

    /// Posts one receipt. One that is `forged` carries somebody else's signature, and is posted once.
    pub(super) async fn post(
        self,
        url: String,
        account: HttpAccount,
        message_id: String,
        what: Whereabouts,
        forged: bool,
    ) {
        let Some(client) = self.client else {
            tracing::error!("no HTTP client for receipts");
            return;
        };
        let code = if what == Whereabouts::Undelivered {
            "404"
        } else {
            "000"
        };
        let body = json!({ "id": message_id, "status": what.word(), "code": code }).to_string();
        let secret = if forged {
            "somebody else's secret"
        } else {
            account.receipts_secret.reveal()
        };
        for _ in 0..ATTEMPTS {
            let call = client
                .post(&url)
                .header("content-type", "application/json")
                .header(
                    "sms-signature",
                    signature(secret, OffsetDateTime::now_utc(), &body),
                )
                .body(body.clone());
            match call.send().await {
                Ok(answer) if answer.status().is_success() || forged => return,
                _ => tokio::time::sleep(AGAIN_AFTER).await,
            }
        }
        tracing::warn!(url, "a receipt was not taken");
    }
}

/// `t=…,v1=…`: the HMAC-SHA256 of time, a dot and the body, in hexadecimal.
fn signature(secret: &str, at: OffsetDateTime, body: &str) -> String {
    let seconds = at.unix_timestamp();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={digits}")
}

//! The phone network: what issuers send arrives in an inbox anyone in the sandbox may read.
//!
//! `GET /sms` answers all messages, `GET /sms?phone=…` those of one phone, newest first, as a bare JSON array.
//! `GET /sms/inbox?phone=…` is the same for people.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Messages kept over all phones; older ones are forgotten first.
const MESSAGES_KEPT: usize = 10_000;

/// A text message as it was delivered.
#[derive(Clone, Debug, Serialize)]
pub struct Sms {
    /// The receiving phone in E.164 form, `+525512345678`.
    pub phone: String,
    /// Who sent it, as shown to the receiver.
    pub sender: String,
    /// The text. One-time codes are in here and nowhere else.
    pub text: String,
    /// When it was delivered.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// What the network does with one message; the sandbox's faults decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carriage {
    /// Delivered so many times, normally once, after a delay.
    Delivered {
        /// How many copies arrive.
        copies: u8,
        /// After how long.
        after: Duration,
    },
    /// Lost on the way.
    Lost,
}

impl Carriage {
    /// One copy at once.
    pub const PROMPT: Self = Self::Delivered {
        copies: 1,
        after: Duration::ZERO,
    };
}

/// The sandbox's only network operator. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct PhoneNetwork {
    inbox: Arc<Mutex<Inbox>>,
}

/// Oldest first in both; `by_phone` holds the same messages.
#[derive(Debug, Default)]
struct Inbox {
    all: VecDeque<Arc<Sms>>,
    by_phone: HashMap<String, VecDeque<Arc<Sms>>>,
}

impl PhoneNetwork {
    /// A network without a message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a message for delivery and returns at once, as operators do.
    pub fn send(&self, phone: &str, sender: &str, text: String, carriage: Carriage) {
        let Carriage::Delivered { copies, after } = carriage else {
            return;
        };
        let (network, phone, sender) = (self.clone(), phone.to_owned(), sender.to_owned());
        let deliver = move || {
            for _ in 0..copies {
                let at = OffsetDateTime::now_utc();
                network.inbox().put(Sms {
                    phone: phone.clone(),
                    sender: sender.clone(),
                    text: text.clone(),
                    at,
                });
            }
        };
        if after.is_zero() {
            deliver();
        } else {
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                deliver();
            });
        }
    }

    /// The messages of one phone, newest first; of all phones without one. `+`, spaces and the like do not matter, since
    /// a `+` seldom survives a query string.
    pub fn messages(&self, phone: Option<&str>) -> Vec<Sms> {
        let inbox = self.inbox();
        match phone {
            None => inbox.all.iter().rev().map(|sms| Sms::clone(sms)).collect(),
            Some(phone) => {
                let of_phone = inbox.by_phone.get(&digits(phone)).into_iter().flatten();
                of_phone.rev().map(|sms| Sms::clone(sms)).collect()
            }
        }
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    fn put(&mut self, sms: Sms) {
        let sms = Arc::new(sms);
        self.by_phone
            .entry(digits(&sms.phone))
            .or_default()
            .push_back(Arc::clone(&sms));
        self.all.push_back(sms);
        while self.all.len() > MESSAGES_KEPT {
            let Some(oldest) = self.all.pop_front() else { break };
            let phone = digits(&oldest.phone);
            if let Some(of_phone) = self.by_phone.get_mut(&phone) {
                of_phone.pop_front();
                if of_phone.is_empty() {
                    self.by_phone.remove(&phone);
                }
            }
        }
    }
}

fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

/// `/sms` and `/sms/inbox`.
pub fn router(network: PhoneNetwork) -> Router {
    Router::new()
        .route("/sms", get(list))
        .route("/sms/inbox", get(inbox))
        .with_state(network)
}

#[derive(Debug, Deserialize)]
struct Which {
    phone: Option<String>,
}

impl Which {
    fn phone(&self) -> Option<&str> {
        self.phone.as_deref().filter(|phone| !digits(phone).is_empty())
    }
}

async fn list(State(network): State<PhoneNetwork>, Query(which): Query<Which>) -> Json<Vec<Sms>> {
    Json(network.messages(which.phone()))
}

#[derive(Template)]
#[template(path = "phone/inbox.html")]
struct InboxPage {
    phone: Option<String>,
    messages: Vec<ShownSms>,
}

struct ShownSms {
    sender: String,
    phone: String,
    text: String,
    at: String,
}

/// Messages shown on the page; the JSON has them all.
const SHOWN_MAX: usize = 50;

async fn inbox(State(network): State<PhoneNetwork>, Query(which): Query<Which>) -> Response {
    let messages = network.messages(which.phone());
    let shown = messages.iter().take(SHOWN_MAX).map(|sms| ShownSms {
        sender: sms.sender.clone(),
        phone: sms.phone.clone(),
        text: sms.text.clone(),
        at: format!(
            "{:02}:{:02}:{:02} UTC",
            sms.at.hour(),
            sms.at.minute(),
            sms.at.second()
        ),
    });
    let page = InboxPage {
        phone: which.phone().map(|phone| format!("+{}", digits(phone))),
        messages: shown.collect(),
    };
    crate::page::html(&page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(network: &PhoneNetwork, phone: Option<&str>) -> Vec<String> {
        network
            .messages(phone)
            .iter()
            .map(|sms| sms.text.clone())
            .collect()
    }

    #[tokio::test]
    async fn a_phone_sees_its_own_messages_newest_first() {
        let network = PhoneNetwork::new();
        network.send("+525500000001", "Banco", "one".into(), Carriage::PROMPT);
        network.send("+525500000002", "Banco", "two".into(), Carriage::PROMPT);
        network.send("+525500000001", "Banco", "three".into(), Carriage::PROMPT);
        assert_eq!(texts(&network, Some("+525500000001")), ["three", "one"]);
        assert_eq!(
            texts(&network, Some(" 525500000001")),
            ["three", "one"],
            "a plus that became a space"
        );
        assert_eq!(texts(&network, None), ["three", "two", "one"]);
    }

    #[tokio::test]
    async fn messages_may_be_lost_late_or_doubled() {
        let network = PhoneNetwork::new();
        network.send("+1", "Banco", "lost".into(), Carriage::Lost);
        let twice = Carriage::Delivered {
            copies: 2,
            after: Duration::ZERO,
        };
        network.send("+1", "Banco", "twice".into(), twice);
        let late = Carriage::Delivered {
            copies: 1,
            after: Duration::from_millis(50),
        };
        network.send("+1", "Banco", "late".into(), late);
        assert_eq!(texts(&network, Some("+1")), ["twice", "twice"]);
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(texts(&network, Some("+1")), ["late", "twice", "twice"]);
    }

    #[test]
    fn the_inbox_forgets_the_oldest() {
        let network = PhoneNetwork::new();
        for number in 0..=MESSAGES_KEPT {
            network.send(
                &format!("+{}", number % 3),
                "Banco",
                number.to_string(),
                Carriage::PROMPT,
            );
        }
        assert_eq!(network.messages(None).len(), MESSAGES_KEPT);
        let of_the_first = texts(&network, Some("0"));
        assert_eq!(of_the_first.last().map(String::as_str), Some("3"));
    }
}

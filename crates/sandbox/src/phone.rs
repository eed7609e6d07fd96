//! The phone network: what issuers send arrives in an inbox anyone in the sandbox may read.
//!
//! `GET /sms` answers all messages, `GET /sms?phone=…` those of one phone, newest first, as a bare JSON array.
//! `GET /sms/inbox?phone=…` is the same for people.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::faults::{Faults, Kind};
use crate::recent::Recent;

/// Messages kept over all phones; older ones are forgotten first.
const MESSAGES_KEPT: usize = 10_000;
/// What arrives of a message that was garbled on the way.
const UNREADABLE: &str = "\u{fffd}\u{fffd}\u{fffd}\u{fffd}";

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

/// The sandbox's only network operator. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PhoneNetwork {
    inbox: Arc<Mutex<Recent<String, Sms>>>,
    faults: Faults,
}

impl PhoneNetwork {
    /// A network without a message, subject to the faults set for `sms`.
    pub fn new(faults: Faults) -> Self {
        Self {
            inbox: Arc::new(Mutex::new(Recent::new(MESSAGES_KEPT))),
            faults,
        }
    }

    /// Takes a message for delivery and returns at once, as operators do.
    pub fn send(&self, phone: &str, sender: &str, text: String) {
        let (phone, sender) = (phone.to_owned(), sender.to_owned());
        let fault = self.faults.take("sms");
        match fault.map(|fault| fault.kind) {
            // Nobody waits for the operator's answer, so losing that changes nothing.
            None | Some(Kind::DropReply) => self.deliver(phone, sender, text),
            Some(Kind::Delay) => {
                let (network, after) = (self.clone(), fault.map(|fault| fault.delay).unwrap_or_default());
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    network.deliver(phone, sender, text);
                });
            }
            Some(Kind::Refuse | Kind::Http500) => {}
            Some(Kind::Garbage) => self.deliver(phone, sender, UNREADABLE.to_owned()),
            Some(Kind::Duplicate) => {
                self.deliver(phone.clone(), sender.clone(), text.clone());
                self.deliver(phone, sender, text);
            }
        }
    }

    fn deliver(&self, phone: String, sender: String, text: String) {
        let at = OffsetDateTime::now_utc();
        let key = digits(&phone);
        self.inbox().push(
            vec![key],
            Sms {
                phone,
                sender,
                text,
                at,
            },
        );
    }

    /// The messages of one phone, newest first; of all phones without one. `+`, spaces and the like do not matter, since
    /// a `+` seldom survives a query string.
    pub fn messages(&self, phone: Option<&str>) -> Vec<Sms> {
        let inbox = self.inbox();
        match phone {
            None => inbox.all().rev().cloned().collect(),
            Some(phone) => inbox.of_key(&digits(phone)).rev().cloned().collect(),
        }
    }

    fn inbox(&self) -> MutexGuard<'_, Recent<String, Sms>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
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
    use crate::faults::Fault;
    use std::time::Duration;

    fn texts(network: &PhoneNetwork, phone: Option<&str>) -> Vec<String> {
        network
            .messages(phone)
            .iter()
            .map(|sms| sms.text.clone())
            .collect()
    }

    #[test]
    fn a_phone_sees_its_own_messages_newest_first() {
        let network = PhoneNetwork::new(Faults::default());
        network.send("+525500000001", "Banco", "one".into());
        network.send("+525500000002", "Banco", "two".into());
        network.send("+525500000001", "Banco", "three".into());
        assert_eq!(texts(&network, Some("+525500000001")), ["three", "one"]);
        assert_eq!(
            texts(&network, Some(" 525500000001")),
            ["three", "one"],
            "a plus that became a space"
        );
        assert_eq!(texts(&network, None), ["three", "two", "one"]);
    }

    #[tokio::test]
    async fn messages_may_be_lost_late_doubled_or_garbled() {
        let faults = Faults::default();
        let network = PhoneNetwork::new(faults.clone());
        for kind in [Kind::Refuse, Kind::Duplicate, Kind::Delay, Kind::Garbage] {
            faults.set(
                "sms",
                Fault {
                    kind,
                    delay: Duration::from_millis(50),
                },
                Some(1),
            );
        }
        for text in ["lost", "twice", "late", "garbled", "well"] {
            network.send("+1", "Banco", text.into());
        }
        assert_eq!(
            texts(&network, Some("+1")),
            ["well", UNREADABLE, "twice", "twice"]
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(
            texts(&network, Some("+1")).first().map(String::as_str),
            Some("late")
        );
    }
}

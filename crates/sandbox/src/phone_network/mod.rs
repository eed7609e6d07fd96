//! The phone network: what issuers and providers of text messages send arrives in an inbox anyone in the sandbox may read.
//!
//! `GET /sms` answers all messages, `GET /sms?phone=…` those of one phone, newest first, as a bare JSON array.
//! `GET /sms/inbox?phone=…` is the same for people.
//!
//! Messages come from the sandbox's own issuers ([`PhoneNetwork::send`]), from providers over HTTP
//! (`POST /sms-provider/{name}/messages`, [`accounts`]) and from the short message centre ([`centre`]).

pub mod accounts;
mod carriage;
pub mod centre;
mod http_provider;
mod inbox;
mod receipts;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use serde::Serialize;
use time::OffsetDateTime;

use self::accounts::Accounts;
use self::centre::Centre;
use self::receipts::Postman;
use crate::faults::text_message::SMS;
use crate::faults::{Faults, Kind};
use crate::recent::Recent;

/// Messages kept over all phones; older ones are forgotten first.
const MESSAGES_KEPT: usize = 10_000;
/// Messages to numbers that are busy once that are remembered; all are forgotten when there are more.
const BUSY_ONCE_KEPT: usize = 10_000;
/// What arrives of a message that was garbled on the way.
const UNREADABLE: &str = "\u{fffd}\u{fffd}\u{fffd}\u{fffd}";

/// Number and content of messages.
type HandedOnce = HashSet<(String, Vec<u8>)>;

/// A text message as it was delivered.
#[derive(Clone, Debug, Serialize)]
pub struct Sms {
    /// The receiving phone in E.164 form, `+525512345678`.
    pub phone: String,
    /// Who sent it, as shown to the receiver.
    pub sender: String,
    /// The text. One-time codes are in here and nowhere else.
    pub text: String,
    /// The provider that carried it; none for what was sent inside the sandbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<&'static str>,
    /// When it was delivered.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// The sandbox's only network operator. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PhoneNetwork {
    inbox: Arc<Mutex<Recent<String, Sms>>>,
    faults: Faults,
    accounts: Arc<Accounts>,
    centre: Centre,
    postman: Postman,
    /// Below which address receipts of the providers over HTTP are taken.
    webhooks: Arc<Mutex<Option<String>>>,
    /// Messages that a number which is busy once has been handed.
    busy_once: Arc<Mutex<HandedOnce>>,
}

impl PhoneNetwork {
    /// A network without a message, subject to the faults set for `sms` and the other carriers.
    pub fn new(faults: Faults) -> Self {
        Self {
            inbox: Arc::new(Mutex::new(Recent::new(MESSAGES_KEPT))),
            faults,
            accounts: Arc::new(Accounts::random()),
            centre: Centre::default(),
            postman: Postman::new(),
            webhooks: Arc::default(),
            busy_once: Arc::default(),
        }
    }

    /// Who may hand messages to the providers.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Receipts of the providers over HTTP are posted to `{url}/{provider}` from now on.
    pub fn tell_receipts_to(&self, url: impl Into<String>) {
        *self.webhooks.lock().unwrap_or_else(PoisonError::into_inner) = Some(url.into());
    }

    fn webhooks(&self) -> Option<String> {
        self.webhooks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether a number is handed this message for the first time.
    fn is_new(&self, number: &str, content: &[u8]) -> bool {
        let mut known = self.busy_once.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= BUSY_ONCE_KEPT {
            known.clear();
        }
        known.insert((number.to_owned(), content.to_vec()))
    }

    /// Takes a message for delivery and returns at once, as operators do.
    pub fn send(&self, phone: &str, sender: &str, text: String) {
        let (phone, sender) = (phone.to_owned(), sender.to_owned());
        let fault = self.faults.take(SMS);
        match fault.map(|fault| fault.kind) {
            // Nobody waits for the operator's answer, so losing that changes nothing.
            None | Some(Kind::DropReply) => self.deliver(phone, sender, text, None),
            Some(Kind::Delay) => {
                let (network, after) = (self.clone(), fault.map(|fault| fault.delay).unwrap_or_default());
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    network.deliver(phone, sender, text, None);
                });
            }
            Some(Kind::Refuse | Kind::Http500) => {}
            Some(Kind::Garbage) => self.deliver(phone, sender, UNREADABLE.to_owned(), None),
            Some(Kind::Duplicate) => {
                self.deliver(phone.clone(), sender.clone(), text.clone(), None);
                self.deliver(phone, sender, text, None);
            }
        }
    }

    fn deliver(&self, phone: String, sender: String, text: String, provider: Option<&'static str>) {
        let at = OffsetDateTime::now_utc();
        let key = digits(&phone);
        self.inbox().push(
            vec![key],
            Sms {
                phone,
                sender,
                text,
                provider,
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

/// The inbox and the providers over HTTP.
pub fn router(network: PhoneNetwork) -> Router {
    http_provider::router(&network).merge(inbox::router(network))
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

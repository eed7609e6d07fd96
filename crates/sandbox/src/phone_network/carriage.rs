//! What becomes of a message that a provider was handed: whether it takes it, when it arrives, and what it tells of it.
//!
//! The last four digits of the number decide, whichever the provider.

use std::time::Duration;

use crate::faults::message::MessageFault;
use crate::faults::text_message::{SMS, TextFault};

use super::accounts::{self, CENTRE};
use super::receipts::Whereabouts;
use super::{PhoneNetwork, digits};

/// When the first receipt comes after a message was taken.
const SENT_AFTER: Duration = Duration::from_millis(100);
/// When the last one comes after that.
const FINAL_AFTER: Duration = Duration::from_millis(200);
/// How long after its time a message to `…0005` arrives.
const LATE_AFTER: Duration = Duration::from_secs(1);

/// A message as the network carries it.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    /// The provider that took it.
    pub(super) provider: &'static str,
    /// The phone, digits only.
    pub(super) phone: String,
    /// As shown to the receiver.
    pub(super) sender: String,
    pub(super) text: String,
    /// How long it may be tried.
    pub(super) validity: Duration,
    /// What the provider called its parts.
    pub(super) ids: Vec<String>,
}

/// What the network means to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrives.
    Arrives,
    /// There is no such number: `…0001`.
    NoSuchNumber,
    /// Not now: `…0002`, the first time a provider is handed the message.
    Busy,
    /// It has no way there.
    NoRoute,
    /// It arrives, and nobody answers: `…0003`.
    Silence,
    /// It is taken and does not arrive: `…0004`.
    Undelivered,
    /// It arrives when its time is over: `…0005`.
    Late,
}

impl PhoneNetwork {
    /// What is to become of a message; `content` tells one message from another.
    pub(super) fn fate(&self, provider: &str, phone: &str, content: &[u8]) -> Fate {
        match self.text_fault(provider, TextFault::is_at_hand_over) {
            Some(TextFault::Busy) => return Fate::Busy,
            Some(_) => return Fate::NoRoute,
            None => {}
        }
        let number = digits(phone);
        match number.get(number.len().saturating_sub(4)..) {
            Some("0001") => Fate::NoSuchNumber,
            Some("0002") if self.is_new(&number, content) => Fate::Busy,
            Some("0003") => Fate::Silence,
            Some("0004") => Fate::Undelivered,
            Some("0005") => Fate::Late,
            _ => Fate::Arrives,
        }
    }

    /// A fault of single messages that is set for a provider, counted as having happened.
    fn text_fault(&self, provider: &str, fits: fn(TextFault) -> bool) -> Option<TextFault> {
        let of_text = |fault| match fault {
            MessageFault::Text(fault) => Some(fault).filter(|fault| fits(*fault)),
            _ => None,
        };
        let own = accounts::target_of(provider);
        let shared = (provider != CENTRE).then_some(SMS);
        let order = [Some(own), shared].into_iter().flatten().find_map(|target| {
            self.faults
                .take_message(target, |order| of_text(order.fault).is_some())
        })?;
        of_text(order.fault)
    }

    /// Carries a message that was taken, and tells of it.
    pub(super) fn carry(&self, message: Carried, fate: Fate) {
        let arrives = match fate {
            Fate::Arrives | Fate::Silence => {
                self.arrive(&message);
                true
            }
            Fate::Late => {
                let network = self.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(message.validity + LATE_AFTER).await;
                    network.arrive(&message);
                    network.tell_end(&message, Whereabouts::Delivered);
                });
                return;
            }
            Fate::Undelivered => false,
            Fate::NoSuchNumber | Fate::Busy | Fate::NoRoute => return,
        };
        let end = if arrives {
            Whereabouts::Delivered
        } else {
            Whereabouts::Undelivered
        };
        self.tell_end(&message, end);
    }

    fn arrive(&self, message: &Carried) {
        let phone = format!("+{}", digits(&message.phone));
        self.deliver(
            phone,
            message.sender.clone(),
            message.text.clone(),
            Some(message.provider),
        );
    }

    /// Tells that a message was sent, and how that ended.
    fn tell_end(&self, message: &Carried, end: Whereabouts) {
        let fault = self.text_fault(message.provider, |fault| !fault.is_at_hand_over());
        let mut told = match fault {
            Some(TextFault::ReceiptsMissing) => return,
            Some(TextFault::ReceiptsUndelivered) => vec![Whereabouts::Sent, Whereabouts::Undelivered],
            Some(TextFault::ReceiptsReversed) => vec![end, Whereabouts::Sent],
            _ => vec![Whereabouts::Sent, end],
        };
        if fault == Some(TextFault::ReceiptsRepeated) {
            told = told.into_iter().flat_map(|what| [what, what]).collect();
        }
        let forged = fault == Some(TextFault::ReceiptsForged);
        let (network, provider, ids) = (self.clone(), message.provider, message.ids.clone());
        tokio::spawn(async move {
            let mut pause = SENT_AFTER;
            for what in told {
                tokio::time::sleep(pause).await;
                for id in &ids {
                    network.tell(provider, id, what, forged);
                }
                pause = FINAL_AFTER;
            }
        });
    }

    fn tell(&self, provider: &'static str, id: &str, what: Whereabouts, forged: bool) {
        let Some(account) = self.accounts.http.get(provider) else {
            let id = if forged { "not-yours" } else { id };
            self.centre.tell(id, what);
            return;
        };
        let Some(webhooks) = self.webhooks() else {
            return;
        };
        let url = format!("{webhooks}/{provider}");
        let post = self
            .postman
            .clone()
            .post(url, account.clone(), id.to_owned(), what, forged);
        tokio::spawn(post);
    }
}

//! A short message centre: SMPP 3.4 on a TCP port of its own.
//!
//! It knows one account, binds transceivers only, wants international numbers, joins the parts of long messages, and sends
//! a receipt for each part to whoever is bound; what nobody is bound for waits.

mod parts;
mod session;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acs::sms::smpp::pdu::{Address, Body, Pdu, ShortMessage, Tlv};
use acs::sms::smpp::short_message::{ESM_CLASS_RECEIPT, TLV_MESSAGE_STATE, TLV_RECEIPTED_MESSAGE_ID};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use self::parts::Parts;
use super::PhoneNetwork;
use super::receipts::Whereabouts;

/// Receipts that wait for somebody to be bound.
const WAITING_MAX: usize = 1_000;

/// What all sessions of the centre have in common. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Centre(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// Where receipts go: to the session that was bound last.
    bound: Option<mpsc::UnboundedSender<Pdu>>,
    waiting: VecDeque<Pdu>,
    sequence: u32,
    messages: u64,
    parts: Parts,
}

impl Centre {
    /// Tells whoever is bound where a message is.
    pub(super) fn tell(&self, message_id: &str, what: Whereabouts) {
        let mut inner = self.inner();
        inner.sequence += 1;
        let pdu = Pdu::request(inner.sequence, Body::DeliverSm(receipt(message_id, what)));
        inner.send(pdu);
    }

    /// Receipts go to this session from now on.
    fn bind(&self, session: mpsc::UnboundedSender<Pdu>) {
        let mut inner = self.inner();
        inner.bound = Some(session);
        for pdu in std::mem::take(&mut inner.waiting) {
            inner.send(pdu);
        }
    }

    /// A name for a message that was never given before.
    fn next_id(&self) -> String {
        let mut inner = self.inner();
        inner.messages += 1;
        format!("c-{}", inner.messages)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn send(&mut self, pdu: Pdu) {
        let unsent = match &self.bound {
            Some(session) => session.send(pdu).err().map(|unsent| unsent.0),
            None => Some(pdu),
        };
        if let Some(pdu) = unsent {
            self.bound = None;
            if self.waiting.len() < WAITING_MAX {
                self.waiting.push_back(pdu);
            }
        }
    }
}

/// A receipt as most centres write it, in words and in parameters.
fn receipt(message_id: &str, what: Whereabouts) -> ShortMessage {
    let (word, state, delivered, error) = match what {
        Whereabouts::Sent => ("ENROUTE", 1, 0, "000"),
        Whereabouts::Delivered => ("DELIVRD", 2, 1, "000"),
        Whereabouts::Undelivered => ("UNDELIV", 5, 0, "034"),
    };
    let text = format!(
        "id:{message_id} sub:001 dlvrd:00{delivered} submit date:2601010000 done date:2601010000 stat:{word} \
         err:{error} text:"
    );
    ShortMessage {
        source: Address::default(),
        destination: Address::default(),
        esm_class: ESM_CLASS_RECEIPT,
        validity_period: String::new(),
        registered_delivery: 0,
        data_coding: 0,
        short_message: text.into_bytes().into(),
        tlvs: vec![
            Tlv {
                tag: TLV_RECEIPTED_MESSAGE_ID,
                value: format!("{message_id}\0").into_bytes(),
            },
            Tlv {
                tag: TLV_MESSAGE_STATE,
                value: vec![state],
            },
        ],
    }
}

/// Serves the centre of a network until the listener fails.
///
/// # Errors
/// When connections can no longer be accepted.
pub async fn serve(listener: TcpListener, network: PhoneNetwork) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let network = network.clone();
        tokio::spawn(async move {
            if let Err(error) = session::run(stream, network).await {
                tracing::debug!(%error, "a session with the short message centre ended");
            }
        });
    }
}

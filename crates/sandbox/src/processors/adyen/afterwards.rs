//! What becomes of money weeks later in life, and here within seconds: a capture or a refund that had been told as done turns
//! out to have failed, or what is held runs out. The payment's amount asks for it.

use std::time::Duration;

use primitives::Amount;
use time::OffsetDateTime;

use super::book::{Payment, fresh_psp_reference};
use super::modify::{Made, Modification};
use super::notify::{self, Item};
use super::{Adyen, Caller, NAME};
use crate::ledger::{Entry, Operation};

/// How many times the usual wait passes before a capture or refund turns out to have failed.
const FAILS_AFTER: u32 = 2;
/// How many times the usual wait passes before what is held runs out: long enough to capture a part of it.
const EXPIRES_AFTER: u32 = 4;

/// What the last two digits of a payment's amount, in minor units, ask for once it is approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// The first capture fails.
    CaptureFails,
    /// The first refund fails.
    RefundFails,
    /// The first refund comes back from the cardholder's bank.
    RefundReturns,
    /// What is held and not captured runs out.
    Expires,
}

impl Afterwards {
    pub fn of(amount: Amount) -> Option<Self> {
        match amount.minor() % 100 {
            81 => Some(Self::CaptureFails),
            82 => Some(Self::RefundFails),
            83 => Some(Self::RefundReturns),
            84 => Some(Self::Expires),
            _ => None,
        }
    }

    fn event_code(self) -> &'static str {
        match self {
            Self::CaptureFails => "CAPTURE_FAILED",
            Self::RefundFails => "REFUND_FAILED",
            Self::RefundReturns => "REFUNDED_REVERSED",
            Self::Expires => "EXPIRE",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::CaptureFails => "Capture Failed",
            Self::RefundFails => "Refund Failed",
            Self::RefundReturns => "Refund returned by the cardholder's bank",
            Self::Expires => "",
        }
    }

    /// Whether it befalls what such a modification did.
    fn befalls(self, modification: Modification) -> bool {
        match self {
            Self::CaptureFails => modification == Modification::Capture,
            Self::RefundFails | Self::RefundReturns => modification == Modification::Refund,
            Self::Expires => false,
        }
    }
}

/// What is to befall this modification, if it is the payment's first of its kind that was done.
pub fn take(payment: &mut Payment, modification: Modification) -> Option<Afterwards> {
    payment.afterwards.take_if(|it| it.befalls(modification))
}

/// Undoes after a while what was done, and tells so. A capture whose money was given back meanwhile stands.
pub fn undo_later(adyen: &Adyen, caller: &Caller, what: Afterwards, made: Made) {
    let (adyen, caller) = (adyen.clone(), caller.clone());
    tokio::spawn(async move {
        tokio::time::sleep(wait(&adyen, FAILS_AFTER)).await;
        let minor = made.amount.minor();
        let undone = match adyen.book().payment(&caller.api_key, &made.payment.psp_reference) {
            Some(payment) if made.modification == Modification::Capture => payment.uncapture(minor),
            Some(payment) => payment.unrefund(minor),
            None => false,
        };
        if undone {
            adyen.processors.ledger.record(Entry {
                amount: Some(-minor),
                response_code: Some(what.event_code().to_owned()),
                at: OffsetDateTime::now_utc(),
                ..made.entry(&caller)
            });
            let item = Item {
                event_code: what.event_code(),
                success: true,
                reason: what.reason().to_owned(),
                ..made.item()
            };
            notify::at_once(&adyen, &caller, &item);
        }
    });
}

/// Releases after a while what is still held, and tells so.
pub fn expire_later(adyen: &Adyen, caller: &Caller, psp_reference: &str) {
    let (adyen, caller, psp_reference) = (adyen.clone(), caller.clone(), psp_reference.to_owned());
    tokio::spawn(async move {
        tokio::time::sleep(wait(&adyen, EXPIRES_AFTER)).await;
        let expired = match adyen.book().payment(&caller.api_key, &psp_reference) {
            Some(payment) => payment.expire().then(|| payment.clone()),
            None => None,
        };
        let Some(payment) = expired else { return };
        // What was captured goes on, so that only a charge of which nothing is left counts as taken back.
        if payment.captured == 0 {
            adyen.processors.ledger.record(released(&payment, &caller));
        }
        let item = Item {
            event_code: Afterwards::Expires.event_code(),
            success: true,
            psp_reference: fresh_psp_reference(),
            merchant_reference: payment.reference.clone(),
            amount: Some(payment.authorized.into()),
            payment_method: notify::payment_method(payment.brand),
            ..Item::default()
        };
        notify::at_once(&adyen, &caller, &item);
    });
}

fn wait(adyen: &Adyen, times: u32) -> Duration {
    adyen.processors.settings.asynchronous_after * times
}

fn released(payment: &Payment, caller: &Caller) -> Entry {
    Entry {
        processor: NAME,
        connection_id: Some(caller.connection.connection_id.clone()),
        operation: Operation::Void,
        reference: None,
        order_id: payment.order_id.clone(),
        idempotency_key: None,
        amount: Some(payment.authorized.minor()),
        currency: Some(payment.authorized.currency()),
        card_last4: Some(payment.card_last4.clone()),
        eci: None,
        authentication_value: None,
        ds_trans_id: None,
        on_file: None,
        approved: true,
        response_code: Some(Afterwards::Expires.event_code().to_owned()),
        at: OffsetDateTime::now_utc(),
    }
}

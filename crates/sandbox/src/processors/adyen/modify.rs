//! What follows a payment: captures, cancellations, reversals and refunds, all taken in now and told of later.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use primitives::Amount;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::afterwards;
use super::book::{Misfit, Payment, fresh_psp_reference};
use super::idempotency::Keyed;
use super::money::AmountBody;
use super::notify::{self, Item};
use super::reply::{Refused, read_json};
use super::{Adyen, Caller, NAME};
use crate::ledger::{Entry, Operation};

const REFERENCE_MAX_CHARACTERS: usize = 80;
const REFUND_REASONS: [&str; 5] = ["FRAUD", "CUSTOMER REQUEST", "RETURN", "DUPLICATE", "OTHER"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    merchant_account: String,
    amount: Option<AmountBody>,
    reference: Option<String>,
    merchant_refund_reason: Option<String>,
    payment_reference: Option<String>,
}

/// What is asked of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modification {
    Capture,
    Cancel,
    /// Cancels or gives back the whole, whichever it takes.
    Reverse,
    Refund,
    /// Takes back by the merchant's own reference.
    TechnicalCancel,
}

impl Modification {
    /// Under which name it is told.
    fn event_code(self) -> &'static str {
        match self {
            Modification::Capture => "CAPTURE",
            Modification::Cancel => "CANCELLATION",
            Modification::Reverse => "CANCEL_OR_REFUND",
            Modification::Refund => "REFUND",
            Modification::TechnicalCancel => "TECHNICAL_CANCEL",
        }
    }

    fn operation(self) -> Operation {
        match self {
            Modification::Capture => Operation::Capture,
            Modification::Cancel | Modification::Reverse => Operation::Void,
            Modification::Refund => Operation::Refund,
            Modification::TechnicalCancel => Operation::Reversal,
        }
    }

    fn takes_amount(self) -> bool {
        match self {
            Modification::Capture | Modification::Refund => true,
            Modification::Cancel | Modification::Reverse | Modification::TechnicalCancel => false,
        }
    }

    /// Does it to a payment, if it can be done.
    fn apply(self, payment: &mut Payment, minor: i64) -> Result<(), Misfit> {
        match self {
            Modification::Capture => payment.capture(minor),
            Modification::Cancel => payment.cancel(),
            // What is captured at once is only collected at the end of the day: until then it can be taken back.
            Modification::Reverse | Modification::TechnicalCancel => payment.reverse(),
            Modification::Refund => payment.refund(minor),
        }
    }
}

/// `POST /payments/{pspReference}/captures`.
pub async fn capture(
    State(adyen): State<Adyen>,
    Path(payment): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&adyen, Modification::Capture, &payment, &headers, &body)
}

/// `POST /payments/{pspReference}/cancels`.
pub async fn cancel(
    State(adyen): State<Adyen>,
    Path(payment): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&adyen, Modification::Cancel, &payment, &headers, &body)
}

/// `POST /payments/{pspReference}/reversals`.
pub async fn reverse(
    State(adyen): State<Adyen>,
    Path(payment): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&adyen, Modification::Reverse, &payment, &headers, &body)
}

/// `POST /payments/{pspReference}/refunds`.
pub async fn refund(
    State(adyen): State<Adyen>,
    Path(payment): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&adyen, Modification::Refund, &payment, &headers, &body)
}

/// `POST /cancels`.
pub async fn technical_cancel(State(adyen): State<Adyen>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&adyen, Modification::TechnicalCancel, "", &headers, &body)
}

fn answer(
    adyen: &Adyen,
    modification: Modification,
    psp_reference: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    modify(adyen, modification, psp_reference, headers, body).unwrap_or_else(IntoResponse::into_response)
}

fn modify(
    adyen: &Adyen,
    modification: Modification,
    psp_reference: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Refused> {
    let caller = Caller::of(adyen, headers)?;
    let path = format!("{} {psp_reference}", modification.event_code());
    let keyed = match Keyed::of(adyen, &caller, &path, body)? {
        Ok(keyed) => keyed,
        Err(answered_before) => return Ok(answered_before),
    };
    let body: Body = read_json(body)?;
    let amount = check(modification, &body)?;
    caller.owns(&body.merchant_account)?;

    let mut book = adyen.book();
    let payment = match &body.payment_reference {
        Some(reference) => book.payment_of_reference(&caller.api_key, reference),
        None => book.payment(&caller.api_key, psp_reference),
    };
    let payment = payment.ok_or_else(Refused::no_such_payment)?;
    let amount = amount.unwrap_or(payment.authorized);
    if amount.currency() != payment.authorized.currency() {
        return Err(Refused::invalid(
            "138",
            "Currency differs from that of the payment",
        ));
    }
    let done = modification.apply(payment, amount.minor());
    let afterwards = match done {
        Ok(()) => afterwards::take(payment, modification),
        Err(_) => None,
    };
    let payment = payment.clone();
    drop(book);

    let made = Made {
        modification,
        payment,
        amount,
        reference: body.reference,
        psp_reference: fresh_psp_reference(),
        done,
    };
    adyen.processors.ledger.record(made.entry(&caller));
    notify::of_modification(adyen, &caller, &made.item(), &made.payment.told);
    let reply = made.reply(&body.merchant_account, body.merchant_refund_reason.as_deref());
    if let Some(afterwards) = afterwards {
        afterwards::undo_later(adyen, &caller, afterwards, made);
    }
    Ok(keyed.answer(adyen, StatusCode::CREATED, &reply))
}

fn check(modification: Modification, body: &Body) -> Result<Option<Amount>, Refused> {
    if body
        .reference
        .as_ref()
        .is_some_and(|reference| reference.chars().count() > REFERENCE_MAX_CHARACTERS)
    {
        return Err(Refused::invalid("702", "Invalid reference"));
    }
    if body.payment_reference.is_some() != (modification == Modification::TechnicalCancel) {
        return Err(Refused::invalid("702", "Invalid paymentReference"));
    }
    let reason = body.merchant_refund_reason.as_deref();
    if reason.is_some_and(|reason| modification != Modification::Refund || !REFUND_REASONS.contains(&reason))
    {
        return Err(Refused::invalid("702", "Invalid merchantRefundReason"));
    }
    match (&body.amount, modification.takes_amount()) {
        (Some(amount), true) => amount.read().map(Some),
        (None, false) => Ok(None),
        (None, true) => Err(Refused::invalid("100", "No amount specified")),
        (Some(_), false) => Err(Refused::invalid("702", "unknown field `amount`")),
    }
}

/// A modification that was taken in, and what came of it.
pub struct Made {
    pub modification: Modification,
    pub payment: Payment,
    pub amount: Amount,
    reference: Option<String>,
    psp_reference: String,
    done: Result<(), Misfit>,
}

impl Made {
    pub fn item(&self) -> Item {
        let mut additional_data = Map::new();
        if self.modification == Modification::Reverse {
            let action = if self.payment.captured > 0 {
                "refund"
            } else {
                "cancel"
            };
            additional_data.insert("modification.action".into(), action.into());
        }
        // A reversal by reference is told under the payment's reference, any other modification under its own.
        let merchant_reference = match (self.modification, &self.reference) {
            (Modification::TechnicalCancel, _) | (_, None) => self.payment.reference.clone(),
            (_, Some(reference)) => reference.clone(),
        };
        Item {
            event_code: self.modification.event_code(),
            success: self.done.is_ok(),
            psp_reference: self.psp_reference.clone(),
            original_reference: Some(self.payment.psp_reference.clone()),
            merchant_reference,
            amount: Some(self.amount.into()),
            payment_method: notify::payment_method(self.payment.brand),
            reason: self.done.err().unwrap_or_default().to_owned(),
            additional_data,
        }
    }

    fn reply(&self, merchant_account: &str, refund_reason: Option<&str>) -> Value {
        let mut reply = json!({
            "merchantAccount": merchant_account,
            "pspReference": self.psp_reference,
            "status": "received",
        });
        if self.modification == Modification::TechnicalCancel {
            reply["paymentReference"] = self.payment.reference.as_str().into();
        } else {
            reply["paymentPspReference"] = self.payment.psp_reference.as_str().into();
        }
        if let Some(reference) = &self.reference {
            reply["reference"] = reference.as_str().into();
        }
        if self.modification.takes_amount() {
            reply["amount"] = json!(AmountBody::from(self.amount));
        }
        if let Some(reason) = refund_reason {
            reply["merchantRefundReason"] = reason.into();
        }
        reply
    }

    /// As the ledger has it.
    pub fn entry(&self, caller: &Caller) -> Entry {
        Entry {
            processor: NAME,
            connection_id: Some(caller.connection.connection_id.clone()),
            operation: self.modification.operation(),
            reference: self.reference.clone(),
            order_id: self.payment.order_id.clone(),
            idempotency_key: caller.idempotency_key.clone(),
            amount: Some(self.amount.minor()),
            currency: Some(self.amount.currency()),
            card_last4: Some(self.payment.card_last4.clone()),
            eci: None,
            authentication_value: None,
            ds_trans_id: None,
            on_file: None,
            approved: self.done.is_ok(),
            response_code: self.done.err().map(str::to_owned),
            at: OffsetDateTime::now_utc(),
        }
    }
}

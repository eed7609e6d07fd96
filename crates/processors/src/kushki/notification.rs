//! Notifications of card transactions: verified over the raw bytes, then read.

use super::{
    codes::{self, Codes, Context, Operation},
    money,
};
use acquiring::{
    About, Account, Approval, Decline, Initiator, InquiryAnswer, Notice, NotificationRefused, Says,
    SettlementInquiryAnswer, SettlementKind,
};
use aws_lc_rs::hmac;
use primitives::{Currency, Moment};
use serde::Deserialize;
use serde_json::value::RawValue;
use time::Duration;

/// The secret that signs what Kushki sends to us.
pub const WEBHOOK_SECRET: &str = "webhook_secret";

/// How old, or how far in the future, a notification's time may be.
const FRESH_FOR: Duration = Duration::minutes(5);

/// Checks `X-Kushki-Signature`, the hexadecimal HMAC-SHA256 of body, full stop and `X-Kushki-Id` (a Unix time), in
/// constant time, and that it is fresh.
pub fn verify(
    account: &Account,
    headers: &[(String, String)],
    body: &[u8],
    moment: Moment,
) -> Result<(), NotificationRefused> {
    let header = |name: &str| {
        headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .ok_or(NotificationRefused::BadSignature)
    };
    let secret = account
        .credentials
        .get(WEBHOOK_SECRET)
        .ok_or(NotificationRefused::BadSignature)?;
    let id = header("x-kushki-id")?;
    let signature = unhex(header("x-kushki-signature")?).ok_or(NotificationRefused::BadSignature)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signed = [body, b".", id.as_bytes()].concat();
    hmac::verify(&key, &signed, &signature).map_err(|_| NotificationRefused::BadSignature)?;

    let seconds: i64 = id
        .parse()
        .map_err(|_| NotificationRefused::Unreadable("X-Kushki-Id is no Unix time"))?;
    let age = moment.now.unix_timestamp().saturating_sub(seconds);
    if age.unsigned_abs() > FRESH_FOR.whole_seconds().unsigned_abs() {
        return Err(NotificationRefused::Stale);
    }
    Ok(())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.last()?)?))
        .collect()
}

#[derive(Deserialize)]
struct Event<'a> {
    external_reference_id: Option<String>,
    ticket_number: Option<String>,
    transaction_type: Option<String>,
    transaction_status: Option<String>,
    approval_code: Option<String>,
    response_code: Option<String>,
    response_text: Option<String>,
    currency_code: Option<String>,
    #[serde(borrow)]
    approved_transaction_amount: Option<&'a RawValue>,
}

/// Reads a verified notification about a charge or about what followed one.
pub fn read(body: &[u8]) -> Result<Notice, NotificationRefused> {
    use NotificationRefused::Unreadable;
    let event: Event<'_> = serde_json::from_slice(body).map_err(|_| Unreadable("not the documented JSON"))?;
    let about = match event.transaction_type.as_deref() {
        Some("SALE" | "DEFERRED" | "PREAUTHORIZATION") => charge(&event)?,
        Some("CAPTURE") => settlement(SettlementKind::Capture, &event)?,
        Some("VOID") => settlement(SettlementKind::Void, &event)?,
        Some("REFUND") => settlement(SettlementKind::Refund, &event)?,
        Some("CHARGEBACK") => About::Other("CHARGEBACK".into()),
        _ => return Err(Unreadable("undocumented transaction_type")),
    };
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    let identity = [
        of(&event.ticket_number),
        of(&event.transaction_type),
        of(&event.transaction_status),
    ];
    Ok(Notice {
        identity: identity.join(" "),
        about,
    })
}

fn charge(event: &Event<'_>) -> Result<About, NotificationRefused> {
    use NotificationRefused::Unreadable;
    let reference = event.reference().ok_or(Unreadable("no external_reference_id"))?;
    let says = match event.transaction_status.as_deref() {
        Some("APPROVAL" | "APPROVED") => InquiryAnswer::Approved(approval(event)?),
        Some("DECLINED") => InquiryAnswer::Declined(decline(event, Operation::Charge)?),
        Some("INITIALIZED") => InquiryAnswer::Pending,
        _ => return Err(Unreadable("undocumented transaction_status")),
    };
    Ok(About::Charge {
        reference,
        says: Says::Outcome(says),
    })
}

fn settlement(kind: SettlementKind, event: &Event<'_>) -> Result<About, NotificationRefused> {
    use NotificationRefused::Unreadable;
    let (reference, processor_reference) = (event.reference(), event.ticket());
    if reference.is_none() && processor_reference.is_none() {
        return Err(Unreadable("neither external_reference_id nor ticket_number"));
    }
    let says = match event.transaction_status.as_deref() {
        Some("APPROVAL" | "APPROVED") => SettlementInquiryAnswer::Done {
            processor_reference: processor_reference.clone(),
        },
        Some("DECLINED") => SettlementInquiryAnswer::Refused(decline(event, Operation::Settlement)?),
        Some("INITIALIZED") => SettlementInquiryAnswer::Pending,
        _ => return Err(Unreadable("undocumented transaction_status")),
    };
    Ok(About::Settlement {
        kind,
        reference,
        processor_reference,
        says: Says::Outcome(says),
    })
}

impl Event<'_> {
    fn reference(&self) -> Option<String> {
        self.external_reference_id
            .clone()
            .filter(|reference| !reference.is_empty())
    }

    fn ticket(&self) -> Option<String> {
        self.ticket_number.clone().filter(|ticket| !ticket.is_empty())
    }
}

fn approval(event: &Event<'_>) -> Result<Approval, NotificationRefused> {
    use NotificationRefused::Unreadable;
    let currency = event
        .currency_code
        .as_deref()
        .and_then(|code| Currency::parse(code).ok())
        .ok_or(Unreadable("no currency_code"))?;
    let amount = event
        .approved_transaction_amount
        .and_then(|number| money::read(number, currency, "approved_transaction_amount").ok())
        .ok_or(Unreadable("no approved_transaction_amount"))?;
    Ok(Approval {
        processor_reference: event.ticket().ok_or(Unreadable("no ticket_number"))?,
        approval_code: event.approval_code.as_deref().map(codes::shortened),
        response_code: event.response_code.as_deref().map(codes::shortened),
        amount,
        network_transaction_id: None,
        issuer_bank: None,
        issuer_country: None,
    })
}

fn decline(event: &Event<'_>, operation: Operation) -> Result<Decline, NotificationRefused> {
    let codes = Codes {
        switch: codes::switch_of(None, None, None),
        issuer: None,
        vendor: event.response_code.as_deref(),
        merchant_advice: None,
    };
    let context = Context {
        operation,
        brand: None,
        fully_authenticated: true,
        initiator: Initiator::Customer,
    };
    let (reason, advice) = codes::read(&codes, &context)
        .map_err(|_| NotificationRefused::Unreadable("a code that leaves the outcome open"))?;
    Ok(Decline {
        reason,
        advice,
        raw_code: event.response_code.as_deref().map(codes::shortened),
        raw_message: event.response_text.as_deref().map(codes::shortened),
        network_advice: None,
        processor_reference: event.ticket(),
        leaves_hold: false,
    })
}

#[cfg(test)]
mod tests;

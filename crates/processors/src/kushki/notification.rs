//! Notifications of card transactions: verified over the raw bytes, then read.

use super::{
    codes::{self, Codes, Context, Operation},
    money,
};
use acquiring::{
    About, Account, Approval, Decline, Initiator, InquiryAnswer, Notice, NotificationRefused, Says,
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

/// Reads a verified notification about a charge.
pub fn read(body: &[u8]) -> Result<Notice, NotificationRefused> {
    use NotificationRefused::Unreadable;
    let event: Event<'_> = serde_json::from_slice(body).map_err(|_| Unreadable("not the documented JSON"))?;
    let reference = event
        .external_reference_id
        .clone()
        .filter(|reference| !reference.is_empty())
        .ok_or(Unreadable("no external_reference_id"))?;
    if !matches!(
        event.transaction_type.as_deref(),
        Some("SALE" | "DEFERRED" | "PREAUTHORIZATION")
    ) {
        return Err(Unreadable("not about a charge"));
    }
    let says = match event.transaction_status.as_deref() {
        Some("APPROVAL" | "APPROVED") => InquiryAnswer::Approved(approval(&event)?),
        Some("DECLINED") => InquiryAnswer::Declined(decline(&event)?),
        Some("INITIALIZED") => InquiryAnswer::Pending,
        _ => return Err(Unreadable("undocumented transaction_status")),
    };
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    let identity = [
        of(&event.ticket_number),
        of(&event.transaction_type),
        of(&event.transaction_status),
    ];
    Ok(Notice {
        identity: identity.join(" "),
        about: About::Charge {
            reference,
            says: Says::Outcome(says),
        },
    })
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
    let ticket = event.ticket_number.clone().filter(|ticket| !ticket.is_empty());
    Ok(Approval {
        processor_reference: ticket.ok_or(Unreadable("no ticket_number"))?,
        approval_code: event.approval_code.as_deref().map(codes::shortened),
        response_code: event.response_code.as_deref().map(codes::shortened),
        amount,
        network_transaction_id: None,
        issuer_bank: None,
        issuer_country: None,
    })
}

fn decline(event: &Event<'_>) -> Result<Decline, NotificationRefused> {
    let codes = Codes {
        switch: codes::switch_of(None, None, None),
        issuer: None,
        vendor: event.response_code.as_deref(),
        merchant_advice: None,
    };
    let context = Context {
        operation: Operation::Charge,
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
        processor_reference: event.ticket_number.clone().filter(|ticket| !ticket.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kushki::{Kushki, samples};
    use acquiring::{Processor, Reason};
    use primitives::Amount;

    const ID: i64 = 1_768_471_200;

    fn at(seconds: i64) -> Moment {
        Moment::new(
            time::OffsetDateTime::from_unix_timestamp(seconds).unwrap(),
            samples::moment().nonce,
        )
    }

    fn account() -> Account {
        samples::account_at(
            "https://kushki.example",
            &[(WEBHOOK_SECRET, "kushki_test_secret")],
        )
    }

    fn signed(body: &str) -> Vec<(String, String)> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"kushki_test_secret");
        let tag = hmac::sign(&key, format!("{body}.{ID}").as_bytes());
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        vec![
            ("x-kushki-id".into(), ID.to_string()),
            ("x-kushki-signature".into(), hex),
        ]
    }

    fn approved() -> String {
        std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/testdata/kushki/notification.approved.json"
        ))
        .unwrap()
    }

    fn read_signed(body: &str) -> Result<Vec<Notice>, NotificationRefused> {
        Kushki.notification(&account(), &signed(body), body.as_bytes(), at(ID + 3))
    }

    /// What a notification says of the one charge it is about.
    fn told(body: &str) -> (String, InquiryAnswer) {
        match read_signed(body).unwrap().remove(0).about {
            About::Charge {
                reference,
                says: Says::Outcome(says),
            } => (reference, says),
            other => panic!("not the outcome of a charge: {other:?}"),
        }
    }

    #[test]
    fn the_published_vector_verifies() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/specs/signature-vectors.json"
        );
        let Ok(text) = std::fs::read(path) else {
            eprintln!("SKIPPED: {path} is not there, so the signature was compared with no vector");
            return;
        };
        let file: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let vectors: Vec<_> = file["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|vector| vector["name"].as_str().unwrap().starts_with("kushki."))
            .collect();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let text = |name: &str| vector[name].as_str().unwrap().to_owned();
            let account = samples::account_at("https://kushki.example", &[(WEBHOOK_SECRET, &text("secret"))]);
            let headers = [
                ("x-kushki-id".to_owned(), text("x_kushki_id")),
                ("x-kushki-signature".to_owned(), text("x_kushki_signature_hex")),
            ];
            let moment = at(text("x_kushki_id").parse().unwrap());
            assert_eq!(
                verify(&account, &headers, text("raw_body").as_bytes(), moment),
                Ok(())
            );
        }
    }

    #[test]
    fn an_approval_is_read() {
        let (reference, says) = told(&approved());
        assert_eq!(reference, samples::REFERENCE);
        let InquiryAnswer::Approved(approval) = says else {
            panic!("not approved");
        };
        assert_eq!(approval.amount, Amount::new(125_050, Currency::MXN).unwrap());
    }

    #[test]
    fn a_decline_is_read_with_its_reason() {
        let body = approved()
            .replace("\"APPROVAL\"", "\"DECLINED\"")
            .replace("\"000\"", "\"021\"");
        let InquiryAnswer::Declined(decline) = told(&body).1 else {
            panic!("not declined");
        };
        assert_eq!(decline.reason, Reason::InsufficientFunds);
    }

    #[test]
    fn a_changed_body_time_or_signature_is_refused() {
        let body = approved();
        let headers = signed(&body);
        let refused = |headers: &[(String, String)], body: &str| {
            Kushki.notification(&account(), headers, body.as_bytes(), at(ID))
        };
        assert!(refused(&headers, &body).is_ok());
        assert_eq!(
            refused(&headers, &body.replace("1250.5", "1.5")),
            Err(NotificationRefused::BadSignature)
        );
        let mut later = headers.clone();
        later[0].1 = (ID + 1).to_string();
        assert_eq!(refused(&later, &body), Err(NotificationRefused::BadSignature));
        for broken in ["", "00", "zz", "é1", &headers[1].1[1..]] {
            let mut headers = headers.clone();
            headers[1].1 = broken.to_owned();
            assert_eq!(
                refused(&headers, &body),
                Err(NotificationRefused::BadSignature),
                "{broken}"
            );
        }
        assert_eq!(refused(&[], &body), Err(NotificationRefused::BadSignature));
    }

    #[test]
    fn a_connection_without_the_secret_believes_nothing() {
        let body = approved();
        let account = samples::account_at("https://kushki.example", &[]);
        assert_eq!(
            Kushki.notification(&account, &signed(&body), body.as_bytes(), at(ID)),
            Err(NotificationRefused::BadSignature)
        );
    }

    #[test]
    fn five_minutes_are_fresh_and_a_second_more_is_not() {
        let body = approved();
        for (now, fresh) in [
            (ID + 300, true),
            (ID + 301, false),
            (ID - 300, true),
            (ID - 301, false),
        ] {
            let answer = Kushki.notification(&account(), &signed(&body), body.as_bytes(), at(now));
            assert_eq!(answer != Err(NotificationRefused::Stale), fresh, "{now}");
        }
    }

    #[test]
    fn what_is_signed_but_no_charge_is_unreadable() {
        for body in [
            "{}".to_owned(),
            "[]".to_owned(),
            approved().replace("SALE", "REFUND"),
            approved().replace("external_reference_id", "other"),
            approved().replace("APPROVAL", "CONFUSED"),
            approved().replace("MXN", "???"),
        ] {
            assert!(
                matches!(read_signed(&body), Err(NotificationRefused::Unreadable(_))),
                "{body}"
            );
        }
    }
}

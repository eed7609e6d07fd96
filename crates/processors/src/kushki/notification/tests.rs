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
fn captures_voids_and_refunds_are_told_by_their_own_reference() {
    for (listed, expected) in [
        ("CAPTURE", SettlementKind::Capture),
        ("VOID", SettlementKind::Void),
        ("REFUND", SettlementKind::Refund),
    ] {
        let body = approved().replace("SALE", listed);
        let About::Settlement {
            kind,
            reference,
            processor_reference,
            says: Says::Outcome(says),
        } = read_signed(&body).unwrap().remove(0).about
        else {
            panic!("{listed} is no settlement");
        };
        assert_eq!((kind, reference.as_deref()), (expected, Some(samples::REFERENCE)));
        assert!(processor_reference.is_some());
        assert_eq!(says, SettlementInquiryAnswer::Done { processor_reference });
    }
}

#[test]
fn a_refused_refund_is_told_with_its_reason() {
    let body = approved()
        .replace("SALE", "REFUND")
        .replace("\"APPROVAL\"", "\"DECLINED\"")
        .replace("\"000\"", "\"019\"");
    let About::Settlement {
        says: Says::Outcome(SettlementInquiryAnswer::Refused(decline)),
        ..
    } = read_signed(&body).unwrap().remove(0).about
    else {
        panic!("not refused");
    };
    assert_eq!(decline.reason, Reason::InvalidState);
}

#[test]
fn a_chargeback_changes_no_payment() {
    let body = approved().replace("SALE", "CHARGEBACK");
    assert_eq!(
        read_signed(&body).unwrap().remove(0).about,
        About::Other("CHARGEBACK".into())
    );
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
fn what_is_signed_but_no_transaction_is_unreadable() {
    for body in [
        "{}".to_owned(),
        "[]".to_owned(),
        approved().replace("SALE", "SOMETHING"),
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

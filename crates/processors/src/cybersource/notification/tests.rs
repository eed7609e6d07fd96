use super::*;
use crate::{
    cybersource::{Cybersource, samples},
    testdata,
};
use acquiring::Processor;

const MILLISECONDS: i64 = 1_768_471_200_000;
const KEY_ID: &str = "a1b2c3d4-0000-4000-8000-000000000001";
const KEY: &str = "EpvKt6ZIXPpkJYGP7vOVs/ahPQ8ZUp5IBBiLZPToXZQ=";

fn at(milliseconds: i64) -> Moment {
    let now = time::OffsetDateTime::from_unix_timestamp(milliseconds / 1_000).unwrap();
    Moment::new(now, samples::moment().nonce)
}

fn account() -> Account {
    samples::account_with(&[(WEBHOOK_KEY, KEY), (WEBHOOK_KEY_ID, KEY_ID)])
}

fn signed(covered: &str) -> Vec<(String, String)> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(KEY).unwrap());
    let tag = hmac::sign(&key, format!("{MILLISECONDS}.{covered}").as_bytes());
    let value = format!("t={MILLISECONDS};keyId={KEY_ID};sig={}", STANDARD.encode(tag));
    vec![("v-c-signature".to_owned(), value)]
}

fn file(name: &str) -> String {
    String::from_utf8(testdata::reply(200, &format!("cybersource/{name}.json")).body).unwrap()
}

fn notice(headers: &[(String, String)], body: &str) -> Result<Notice, NotificationRefused> {
    let notices = Cybersource.notification(&account(), headers, body.as_bytes(), at(MILLISECONDS));
    notices.map(|mut notices| notices.remove(0))
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
        .filter(|vector| {
            vector["name"]
                .as_str()
                .unwrap()
                .starts_with("cybersource.webhook")
        })
        .collect();
    assert!(!vectors.is_empty());
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let account = samples::account_with(&[(WEBHOOK_KEY, text("key_base64")), (WEBHOOK_KEY_ID, KEY_ID)]);
        let headers = [("v-c-signature".to_owned(), text("v_c_signature").to_owned())];
        let moment = at(text("timestamp_ms").parse().unwrap());
        let body = text("raw_body").as_bytes();
        assert_eq!(verify(&account, &headers, body, moment), Ok(Signed::Body));
        assert!(read(Signed::Body, body).is_ok());
    }
}

fn settlement(notice: Notice) -> (SettlementKind, Option<String>, Says<SettlementInquiryAnswer>) {
    match notice.about {
        About::Settlement {
            kind,
            reference,
            says,
            ..
        } => (kind, reference, says),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_capture_that_went_out_is_done() {
    let body = file("notification.capture");
    let (kind, reference, says) = settlement(notice(&signed(&body), &body).unwrap());
    assert_eq!(
        (kind, reference.as_deref()),
        (SettlementKind::Capture, Some(samples::CAPTURE))
    );
    assert_eq!(
        says,
        Says::Outcome(SettlementInquiryAnswer::Done {
            processor_reference: Some("7012345678901234567892".into())
        })
    );
    let pending = body.replace("TRANSMITTED", "PENDING");
    let (_, _, says) = settlement(notice(&signed(&pending), &pending).unwrap());
    assert_eq!(says, Says::AskAgain);
    let odd = body.replace("TRANSMITTED", "VOIDED");
    let (_, _, says) = settlement(notice(&signed(&odd), &odd).unwrap());
    assert_eq!(says, Says::AskAgain);
}

#[test]
fn a_refund_that_was_declined_is_refused() {
    let body = file("notification.refund-declined");
    let (kind, _, says) = settlement(notice(&signed(&body), &body).unwrap());
    assert_eq!(kind, SettlementKind::Refund);
    let Says::Outcome(SettlementInquiryAnswer::Refused(decline)) = says else {
        panic!("not refused");
    };
    assert_eq!(decline.reason, Reason::InvalidState);
    let open = body.replace("ACCOUNT_NOT_ALLOWED_CREDIT", "PROCESSOR_TIMEOUT");
    let (_, _, says) = settlement(notice(&signed(&open), &open).unwrap());
    assert_eq!(says, Says::AskAgain);
}

#[test]
fn a_charge_is_asked_about() {
    let body =
        file("notification.capture").replace("payments.capture.status.updated", "payments.payments.accept");
    let about = notice(&signed(&body), &body).unwrap().about;
    assert_eq!(
        about,
        About::Charge {
            reference: samples::CAPTURE.into(),
            says: Says::AskAgain
        }
    );
    let other =
        file("notification.capture").replace("payments.capture.status.updated", "risk.profile.decision");
    assert_eq!(
        notice(&signed(&other), &other).unwrap().about,
        About::Other("risk.profile.decision".into())
    );
}

#[test]
fn a_signature_over_the_payload_alone_vouches_for_no_outcome() {
    let body = file("notification.capture");
    let event: Event<'_> = serde_json::from_str(&body).unwrap();
    let headers = signed(event.payload.unwrap().get());
    let (_, reference, says) = settlement(notice(&headers, &body).unwrap());
    assert_eq!(reference.as_deref(), Some(samples::CAPTURE));
    assert_eq!(says, Says::AskAgain);
    let changed = body.replace("TRANSMITTED", "DECLINED");
    assert_eq!(notice(&headers, &changed), Err(NotificationRefused::BadSignature));
}

#[test]
fn a_changed_body_time_key_or_signature_is_refused() {
    let body = file("notification.capture");
    let fine = signed(&body);
    assert!(notice(&fine, &body).is_ok());
    let bad = Err(NotificationRefused::BadSignature);
    assert_eq!(notice(&fine, &body.replace("TRANSMITTED", "PENDING")), bad);
    let value = &fine[0].1;
    for broken in [
        String::new(),
        "t=1".to_owned(),
        value.replace("1768471200000", "1768471200001"),
        value.replace(KEY_ID, "another"),
        value.replace("sig=", "sig=A"),
        format!("{value};t=1"),
        format!("{value};sig="),
        value.replace(";sig", ";signature"),
    ] {
        let headers = [("v-c-signature".to_owned(), broken.clone())];
        assert_eq!(notice(&headers, &body), bad, "{broken}");
    }
    assert_eq!(notice(&[], &body), bad);
    let keyless = samples::account();
    assert_eq!(
        Cybersource.notification(&keyless, &fine, body.as_bytes(), at(MILLISECONDS)),
        Err(NotificationRefused::BadSignature)
    );
}

#[test]
fn an_hour_is_fresh_and_a_second_more_is_not() {
    let body = file("notification.capture");
    for (now, fresh) in [
        (MILLISECONDS + 3_600_000, true),
        (MILLISECONDS + 3_601_000, false),
        (MILLISECONDS - 3_600_000, true),
        (MILLISECONDS - 3_601_000, false),
    ] {
        let answer = Cybersource.notification(&account(), &signed(&body), body.as_bytes(), at(now));
        assert_eq!(answer != Err(NotificationRefused::Stale), fresh, "{now}");
    }
}

#[test]
fn what_is_signed_but_tells_of_nothing_is_unreadable() {
    for body in [
        "{}".to_owned(),
        "[]".to_owned(),
        file("notification.capture").replace("\"payload\"", "\"other\""),
        file("notification.capture").replace("\"eventType\"", "\"other\""),
        file("notification.capture")
            .replace("\"id\"", "\"other\"")
            .replace("\"code\"", "\"other\""),
    ] {
        assert!(
            matches!(
                notice(&signed(&body), &body),
                Err(NotificationRefused::Unreadable(_))
            ),
            "{body}"
        );
    }
}

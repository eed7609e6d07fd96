use super::*;
use crate::{
    adyen::{Adyen, samples},
    published,
};
use acquiring::{Advice, Processor};
use primitives::{Amount, Currency, Secret};
use serde_json::{Value, json};

fn item(event: &str, success: bool) -> Value {
    json!({
        "eventCode": event,
        "success": success.to_string(),
        "pspReference": "WNS7WQ756L2GWR83",
        "originalReference": samples::PSP_REFERENCE,
        "merchantAccountCode": "ShopMX",
        "merchantReference": "0190c0de000070008000000000000002",
        "amount": { "value": 100_000, "currency": "MXN" },
        "eventDate": "2026-11-22T11:30:00+01:00",
        "paymentMethod": "visa",
        "reason": "",
    })
}

fn authorisation(success: bool, reason: &str) -> Value {
    let mut item = item("AUTHORISATION", success);
    item["pspReference"] = samples::PSP_REFERENCE.into();
    item.as_object_mut().unwrap().remove("originalReference");
    item["merchantReference"] = samples::REFERENCE.into();
    item["amount"]["value"] = 125_050.into();
    item["reason"] = reason.into();
    item
}

fn signed(mut item: Value) -> Value {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &unhex(samples::HMAC_KEY).unwrap());
    let text: Item = serde_json::from_str(&item.to_string()).unwrap();
    let tag = hmac::sign(&key, text.signed().as_bytes());
    item["additionalData"]["hmacSignature"] = STANDARD.encode(tag).into();
    item
}

fn body(items: &[Value]) -> Vec<u8> {
    let items: Vec<_> = items
        .iter()
        .map(|item| json!({ "NotificationRequestItem": item }))
        .collect();
    json!({ "live": "false", "notificationItems": items })
        .to_string()
        .into_bytes()
}

fn read(items: &[Value]) -> Result<Vec<Notice>, NotificationRefused> {
    Adyen.notification(&samples::account(), &[], &body(items), samples::moment())
}

fn about(item: Value) -> About {
    read(&[signed(item)]).unwrap().remove(0).about
}

#[test]
fn the_published_vectors_verify_and_no_part_of_them_may_be_missing() {
    let Some(file) = published::file("signature-vectors.json") else {
        return;
    };
    let vectors = file["vectors"].as_array().unwrap().iter();
    let mut seen = 0;
    for vector in vectors.filter(|vector| vector["name"].as_str().unwrap().starts_with("adyen.")) {
        let mut item = vector["item"].clone();
        let text: Item = serde_json::from_str(&item.to_string()).unwrap();
        assert_eq!(text.signed(), vector["signing_string"].as_str().unwrap());
        item["additionalData"]["hmacSignature"] = vector["signature_base64"].clone();
        let mut account = samples::account();
        let credentials = [
            ("hmac_key", vector["key_hex"].as_str().unwrap()),
            ("merchant_account", "ShopMX"),
        ];
        account.credentials = acquiring::Credentials::new(
            credentials
                .map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())))
                .into(),
        );
        let read = |item: &Value| super::read(&account, &body(std::slice::from_ref(item)));
        assert_eq!(read(&item).map(|notices| notices.len()), Ok(1));
        for member in item.as_object().unwrap().keys() {
            let mut lacking = item.clone();
            lacking.as_object_mut().unwrap().remove(member);
            let signed = !matches!(member.as_str(), "eventDate" | "paymentMethod" | "reason");
            assert_eq!(read(&lacking).is_err(), signed, "{member}");
        }
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn an_approval_is_read() {
    let mut item = authorisation(true, "874574:1111:03/2030");
    item["additionalData"] = json!({ "networkTxReference": "MCC4711BN1122", "authCode": "874574" });
    let About::Charge {
        reference,
        says: Says::Outcome(InquiryAnswer::Approved(approval)),
    } = about(item)
    else {
        panic!("not the approval of a charge");
    };
    assert_eq!(reference, samples::REFERENCE);
    assert_eq!(approval.processor_reference, samples::PSP_REFERENCE);
    assert_eq!(approval.approval_code.as_deref(), Some("874574"));
    assert_eq!(approval.amount, Amount::new(125_050, Currency::MXN).unwrap());
    assert_eq!(approval.network_transaction_id.as_deref(), Some("MCC4711BN1122"));
}

#[test]
fn amounts_have_adyens_decimals() {
    let mut item = authorisation(true, "874574:1111:03/2030");
    item["amount"] = json!({ "value": 199_000, "currency": "CLP" });
    let About::Charge {
        says: Says::Outcome(InquiryAnswer::Approved(approval)),
        ..
    } = about(item)
    else {
        panic!("not the approval of a charge");
    };
    assert_eq!(approval.amount, Amount::new(1_990, Currency::CLP).unwrap());
}

#[test]
fn a_decline_has_the_reason_of_its_text_or_of_the_issuers_code() {
    let declined = |item| match about(item) {
        About::Charge {
            says: Says::Outcome(InquiryAnswer::Declined(decline)),
            ..
        } => (decline.reason, decline.advice),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        declined(authorisation(false, "Not enough balance")),
        (Reason::InsufficientFunds, Advice::Later)
    );
    let mut item = authorisation(false, "Refused");
    item["additionalData"]["refusalReasonRaw"] = "91 : Issuer or switch inoperative".into();
    assert_eq!(declined(item), (Reason::IssuerUnavailable, Advice::Transient));
    assert_eq!(
        declined(authorisation(false, "?")),
        (Reason::Unknown, Advice::Never)
    );
}

#[test]
fn what_follows_a_charge_is_told_by_our_reference_and_adyens() {
    let done = SettlementInquiryAnswer::Done {
        processor_reference: Some("WNS7WQ756L2GWR83".into()),
    };
    for (event, success, kind, is_done) in [
        ("CAPTURE", true, SettlementKind::Capture, true),
        ("CAPTURE", false, SettlementKind::Capture, false),
        ("CAPTURE_FAILED", true, SettlementKind::Capture, false),
        ("CANCELLATION", true, SettlementKind::Void, true),
        ("CANCELLATION", false, SettlementKind::Void, false),
        ("CANCEL_OR_REFUND", true, SettlementKind::Void, true),
        ("REFUND", true, SettlementKind::Refund, true),
        ("REFUND", false, SettlementKind::Refund, false),
        ("REFUND_FAILED", true, SettlementKind::Refund, false),
        ("REFUNDED_REVERSED", true, SettlementKind::Refund, false),
    ] {
        let About::Settlement {
            kind: told,
            reference,
            processor_reference,
            says: Says::Outcome(says),
        } = about(item(event, success))
        else {
            panic!("{event}");
        };
        assert_eq!(told, kind, "{event}");
        assert_eq!(reference.as_deref(), Some("0190c0de000070008000000000000002"));
        assert_eq!(processor_reference.as_deref(), Some("WNS7WQ756L2GWR83"));
        assert_eq!(says == done, is_done, "{event}");
        if let SettlementInquiryAnswer::Refused(decline) = says {
            assert_eq!(decline.reason, Reason::InvalidState);
        }
    }
}

#[test]
fn a_reversal_is_told_by_our_reference_of_the_charge() {
    for done in [true, false] {
        let mut item = item("TECHNICAL_CANCEL", done);
        item["merchantReference"] = samples::REFERENCE.into();
        assert_eq!(
            about(item),
            About::Reversal {
                charge_reference: samples::REFERENCE.into(),
                done,
            }
        );
    }
}

#[test]
fn an_authorisation_that_ran_out_is_told_by_our_reference_of_the_charge() {
    let mut item = item("EXPIRE", true);
    item.as_object_mut().unwrap().remove("originalReference");
    item["merchantReference"] = samples::REFERENCE.into();
    let expired = About::Expiry {
        charge_reference: samples::REFERENCE.into(),
    };
    assert_eq!(about(item.clone()), expired);
    item["success"] = "false".into();
    assert_eq!(about(item), About::Other("EXPIRE".into()));
}

#[test]
fn disputes_reports_and_whatever_is_new_change_no_payment() {
    for event in [
        "AUTHORISATION_ADJUSTMENT",
        "NOTIFICATION_OF_CHARGEBACK",
        "CHARGEBACK",
        "CHARGEBACK_REVERSED",
        "NOTIFICATION_OF_FRAUD",
        "REQUEST_FOR_INFORMATION",
        "REPORT_AVAILABLE",
        "REFUND_WITH_DATA",
        "SOMETHING_NEW",
    ] {
        assert_eq!(about(item(event, true)), About::Other(event.into()));
    }
}

#[test]
fn several_items_are_several_notices_each_with_its_identity() {
    let items = [
        signed(authorisation(true, "874574:1111:03/2030")),
        signed(item("CAPTURE", true)),
        signed(item("CAPTURE", false)),
        signed(item("CAPTURE_FAILED", true)),
    ];
    let identities: Vec<_> = read(&items)
        .unwrap()
        .into_iter()
        .map(|notice| notice.identity)
        .collect();
    assert_eq!(
        identities,
        [
            "AUTHORISATION NC6HT9CRT65ZGN82 true",
            "CAPTURE WNS7WQ756L2GWR83 true",
            "CAPTURE WNS7WQ756L2GWR83 false",
            "CAPTURE_FAILED WNS7WQ756L2GWR83 true",
        ]
    );
    let mut one_forged = items;
    one_forged[2]["amount"]["value"] = 1.into();
    assert_eq!(read(&one_forged), Err(NotificationRefused::BadSignature));
}

#[test]
fn a_changed_item_signature_or_key_is_refused() {
    let fine = signed(item("REFUND", true));
    for (member, value) in [
        ("/success", json!("false")),
        ("/amount/value", json!(1)),
        ("/amount/currency", json!("USD")),
        ("/eventCode", json!("CAPTURE")),
        ("/merchantReference", json!("another")),
        ("/additionalData/hmacSignature", json!("")),
        ("/additionalData/hmacSignature", json!("no Base64")),
        ("/additionalData/hmacSignature", json!(null)),
        ("/additionalData", json!(null)),
    ] {
        let mut changed = fine.clone();
        *changed.pointer_mut(member).unwrap() = value;
        assert_eq!(
            read(&[changed]),
            Err(NotificationRefused::BadSignature),
            "{member}"
        );
    }
    for key in ["", "zz", "abc", "é1"] {
        let mut account = samples::account();
        let credentials = [("hmac_key", key), ("merchant_account", "ShopMX")];
        account.credentials = acquiring::Credentials::new(
            credentials
                .map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())))
                .into(),
        );
        assert_eq!(
            super::read(&account, &body(std::slice::from_ref(&fine))),
            Err(NotificationRefused::BadSignature),
            "{key}"
        );
    }
}

#[test]
fn what_is_signed_but_makes_no_sense_is_unreadable() {
    let mut elsewhere = item("CAPTURE", true);
    elsewhere["merchantAccountCode"] = "AnotherShop".into();
    let mut neither = item("CAPTURE", true);
    neither["success"] = "perhaps".into();
    let mut no_amount = authorisation(true, "");
    no_amount["amount"]["currency"] = "???".into();
    for item in [elsewhere, neither, no_amount] {
        assert!(matches!(
            read(&[signed(item)]),
            Err(NotificationRefused::Unreadable(_))
        ));
    }
    for body in ["", "{}", "[]", r#"{"notificationItems":[{}]}"#] {
        let answer = super::read(&samples::account(), body.as_bytes());
        assert!(
            matches!(answer, Err(NotificationRefused::Unreadable(_))),
            "{body}"
        );
    }
}

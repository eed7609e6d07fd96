//! Requests, replies and notifications against the vendor's OpenAPI documents, which lie beside the checkout where there is
//! a copy.

use super::{
    authorize, capture, refund, reverse,
    samples::{self, account},
    void,
};
use crate::{
    published::{self, Integers, Structure},
    testdata,
};
use acquiring::ChargeKind;
use serde_json::{Value, json};

const CHECKOUT: &str = "adyen-checkout-v72.openapi.json";
const WEBHOOKS: &str = "adyen-webhooks-v1.openapi.json";

#[test]
fn payments_have_the_published_structure() {
    let Some(checkout) = Structure::load(CHECKOUT, Integers::Whole) else {
        return;
    };
    for (name, order) in samples::charges() {
        let request = authorize::request(&account(), &order).unwrap();
        checkout.assert_request("post", "/payments", &request, &[]);
        let mut body: Value = serde_json::from_slice(request.body.reveal()).unwrap();
        // The members of additionalData are published apart: each must be one of theirs.
        if let Some(more) = body["additionalData"].as_object_mut() {
            let known = ["AdditionalDataCommon", "AdditionalData3DSecure"];
            for (member, value) in more {
                let listed = known.iter().any(|part| {
                    checkout.component(part)["properties"][member]["type"] == "string" && value.is_string()
                });
                assert!(listed, "{name}: {member}");
            }
        }
    }
}

#[test]
fn what_follows_a_payment_has_the_published_structure() {
    let Some(checkout) = Structure::load(CHECKOUT, Integers::Whole) else {
        return;
    };
    let account = account();
    let payment = |operation: &str| format!("/payments/{{paymentPspReference}}/{operation}");
    for (path, request) in [
        (
            payment("captures"),
            capture::request(&account, &samples::capture()),
        ),
        (
            payment("cancels"),
            void::request(&account, &samples::void(ChargeKind::Authorization)),
        ),
        (
            payment("reversals"),
            void::request(&account, &samples::void(ChargeKind::Sale)),
        ),
        (payment("refunds"), refund::request(&account, &samples::refund())),
        (
            "/cancels".into(),
            reverse::request(&account, &samples::reversal()),
        ),
    ] {
        checkout.assert_request("post", &path, &request.unwrap(), &[]);
    }
}

#[test]
fn the_replies_the_tests_read_have_the_published_structure() {
    let Some(checkout) = Structure::load(CHECKOUT, Integers::Whole) else {
        return;
    };
    for (name, path, status) in [
        ("payment.authorised", "/payments", "200"),
        ("payment.refused", "/payments", "200"),
        (
            "capture.received",
            "/payments/{paymentPspReference}/captures",
            "201",
        ),
        (
            "capture.refused",
            "/payments/{paymentPspReference}/captures",
            "422",
        ),
        ("void.received", "/payments/{paymentPspReference}/cancels", "201"),
        (
            "refund.received",
            "/payments/{paymentPspReference}/refunds",
            "201",
        ),
        ("reversal.received", "/cancels", "201"),
    ] {
        let reply = testdata::reply(200, &format!("adyen/{name}.json"));
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        checkout.assert_fits(checkout.reply("post", path, status), &body, name, &[]);
    }
}

/// Our requests say all that the published examples say, and the validator takes the examples.
#[test]
fn the_examples_have_the_published_structure() {
    let (Some(checkout), Some(file)) = (
        Structure::load(CHECKOUT, Integers::Whole),
        published::file("request-examples.json"),
    ) else {
        return;
    };
    let mut seen = 0;
    for example in file["examples"].as_array().unwrap() {
        if example["spec"] != CHECKOUT {
            continue;
        }
        let component = example["schema"].as_str().unwrap().rsplit('/').next().unwrap();
        let name = example["name"].as_str().unwrap();
        checkout.assert_fits(checkout.component(component), &example["body"], name, &[]);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

/// What the notification tests sign and read is what Adyen sends.
#[test]
fn notifications_have_the_published_structure() {
    let Some(webhooks) = Structure::load(WEBHOOKS, Integers::Whole) else {
        return;
    };
    for event in [
        "AUTHORISATION",
        "CAPTURE",
        "CAPTURE_FAILED",
        "CANCELLATION",
        "CANCEL_OR_REFUND",
        "REFUND",
        "REFUND_FAILED",
        "TECHNICAL_CANCEL",
    ] {
        let mut item = json!({
            "additionalData": { "hmacSignature": "bUwlSMdcgKYMaew/ZSd4rh0wppTvfPbkAZuY+CAVjys=" },
            "eventCode": event,
            "success": "true",
            "pspReference": "WNS7WQ756L2GWR83",
            "originalReference": samples::PSP_REFERENCE,
            "merchantAccountCode": "ShopMX",
            "merchantReference": samples::REFERENCE,
            "amount": { "value": 100_000, "currency": "MXN" },
            "eventDate": "2026-11-22T11:30:00+01:00",
            "paymentMethod": "visa",
            "reason": "",
        });
        if event == "AUTHORISATION" {
            item.as_object_mut().unwrap().remove("originalReference");
        }
        let body = json!({
            "live": "false",
            "notificationItems": [{ "NotificationRequestItem": item }],
        });
        let schema = webhooks.request("post", &format!("/{event}"));
        webhooks.assert_fits(schema, &body, event, &[]);
    }
}

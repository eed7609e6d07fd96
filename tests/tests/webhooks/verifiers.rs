//! Libraries that others publish accept what the gateway sends: from the merchant's own URL, from an endpoint, and while its
//! keys are being changed.
//!
//! They come from the registries of Python and JavaScript, once; where those languages or registries cannot be had, this says
//! so and shows nothing.

use serde_json::{Value, json};
use tests::cards::Card;
use tests::operator::Operator;
use tests::system::System;
use tests::webhook::Webhook;

use crate::toolbox::Verifier;

/// A secret that nothing was ever signed with.
const STRANGER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a verifier is given of a delivery: whoever has any one of these keys must be able to check it.
fn given(delivery: &Webhook, secrets: &[&str], public_keys: &[&str]) -> Value {
    let header = |name: &str| (name.to_owned(), Value::from(delivery.header(name)));
    let headers: Value = ["webhook-id", "webhook-timestamp", "webhook-signature"]
        .map(header)
        .into_iter()
        .collect();
    json!({ "headers": headers, "body": delivery.raw_body, "secrets": secrets, "public_keys": public_keys })
}

/// The schemes of a delivery's signatures, in their order.
fn schemes(delivery: &Webhook) -> Vec<&str> {
    let signatures = delivery.header("webhook-signature").split(' ');
    signatures
        .map(|signature| signature.split(',').next().unwrap())
        .collect()
}

#[tokio::test]
async fn published_libraries_accept_what_is_sent() {
    let verifiers = [("Python", Verifier::python()), ("Node", Verifier::node())];
    if verifiers.iter().all(|(_, verifier)| verifier.is_err()) {
        for (name, verifier) in verifiers {
            eprintln!("SKIPPED: no verifier of {name}: {}", verifier.unwrap_err());
        }
        return;
    }
    let system = System::start().await;
    let (merchant, outside) = (&system.merchant, &system.outside);
    let operator = Operator::log_in(system.http.clone(), &system.sandbox_json).await;
    let endpoints = format!("/merchants/{}/webhook-endpoints", merchant.keys.id);
    let last = async |tag: &str, known: usize| Webhook::of(outside.hooks(tag, known).await.last().unwrap());

    // An order's own URL, and an endpoint beside it with keys of its own.
    let url = format!("{}/merchant/hooks/endpoint", outside.url());
    let endpoint = operator.post(&endpoints, &json!({ "url": url })).await;
    let keys = |shown: &Value| {
        let text = |name: &str| shown[name].as_str().unwrap().to_owned();
        (text("webhook_secret"), text("public_key"))
    };
    let (secret, public_key) = keys(&endpoint);
    let order = merchant.buy(45_600, &Card::visa(0)).await;
    let own = last(order.reference(), 0).await;
    let first = last("endpoint", 0).await;
    assert_eq!(own.id(), first.id(), "one event, one id");
    assert_eq!(schemes(&first), ["v1", "v1a"]);

    // While its keys change, both sets hold.
    let path = format!("{endpoints}/{}/secret", endpoint["id"].as_str().unwrap());
    let (next_secret, next_public_key) = keys(&operator.post(&path, &json!({})).await);
    assert_ne!((&secret, &public_key), (&next_secret, &next_public_key));
    let order = merchant.buy(45_601, &Card::visa(0)).await;
    let own_again = last(order.reference(), 0).await;
    let rotating = last("endpoint", 1).await;
    let mut signatures = schemes(&rotating);
    signatures.sort_unstable();
    assert_eq!(signatures, ["v1", "v1", "v1a", "v1a"]);

    let deliveries = [
        given(&own, &[&merchant.keys.webhook_secret], &[]),
        given(&own_again, &[&merchant.keys.webhook_secret], &[]),
        given(&first, &[&secret], &[&public_key]),
        given(
            &rotating,
            &[&secret, &next_secret],
            &[&public_key, &next_public_key],
        ),
    ];
    let asked = json!({ "deliveries": deliveries, "stranger": STRANGER }).to_string();
    for (name, verifier) in verifiers {
        match verifier {
            Ok(verifier) => eprintln!("{}", verifier.verify(&asked)),
            Err(why) => eprintln!("SKIPPED: no verifier of {name}: {why}"),
        }
    }
    system.finish().await;
}

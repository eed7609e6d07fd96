//! What the bank registers: its policy, a product for each brand, its cardholders and their cards.

use std::collections::BTreeMap;

use primitives::Brand;
use reqwest::Method;
use serde_json::{Value, json};

use super::bank::{Bank, CallFailed};
use super::registered::{self, Registered};
use crate::issuer_backend::{Consumer, IssuerBackend};
use crate::world::Timers;

/// The language of all cardholders.
const LANGUAGE: &str = "es-MX";
/// Digits of a phone's country prefix here, with its `+`.
const PREFIX_LENGTH: usize = 3;

/// What the bank set: the sandbox's times, and limits that only those meet who set their own. Codes are sent by the access
/// control server; the backend hears of outcomes, and is asked to send by whoever sets `delivery`.
pub fn policy(timers: &Timers, backend: &IssuerBackend, sandbox_url: &str) -> Value {
    json!({
        "bank_name": "Banco Sandbox",
        "backend": backend.policy(sandbox_url),
        "language": "es",
        "otp": { "resend_waits_seconds": [0] },
        "app": { "timeout_seconds": timers.app_timeout.as_secs() },
        "limits": {
            "sends_per_phone": [],
            "sends_per_card": [],
            "challenges_per_address": [],
            "failures_to_lock": 1_000_000,
            "failures_to_lock_for_good": 1_000_000,
        },
    })
}

/// Registers everything; doing it twice changes nothing.
///
/// # Errors
/// What the issuer API said no to.
pub async fn register(
    bank: &Bank,
    timers: &Timers,
    backend: &IssuerBackend,
    sandbox_url: &str,
) -> Result<(), CallFailed> {
    let secret = json!({ "secret": backend.secret().reveal() });
    bank.call(Method::PUT, "/backend-secret", Some(&secret)).await?;
    let policy = policy(timers, backend, sandbox_url);
    bank.call(Method::PUT, "/policy", Some(&policy)).await?;
    let cards = registered::cards();
    for card in &cards {
        let holder = Consumer {
            phone: card.phone.clone(),
            language: LANGUAGE.to_owned(),
        };
        backend.knows(&consumer(card), holder);
    }
    let mut by_brand: BTreeMap<Brand, Vec<&Registered>> = BTreeMap::new();
    for card in &cards {
        by_brand.entry(card.brand).or_default().push(card);
    }
    for (brand, cards) in by_brand {
        let path = format!("/products/{}", product(brand));
        bank.call(Method::PUT, &path, Some(&product_document(brand, &cards)))
            .await?;
    }
    for card in &cards {
        let path = format!("/consumers/{}/cards", consumer(card));
        bank.call(Method::PUT, &path, Some(&document(card))).await?;
    }
    Ok(())
}

fn product(brand: Brand) -> String {
    format!("sandbox-{brand}")
}

fn product_document(brand: Brand, cards: &[&Registered]) -> Value {
    let blocks = cards.iter().filter_map(|card| card.block());
    let ranges: Vec<Value> = blocks
        .map(|block| {
            let (start, end) = block.bounds();
            json!({ "start": start, "end": end })
        })
        .collect();
    json!({ "brand": brand, "name": format!("Banco Sandbox {brand}"), "ranges": ranges })
}

fn consumer(card: &Registered) -> String {
    format!("holder-{}", card.name())
}

fn document(card: &Registered) -> Value {
    let (prefix, number) = card.phone.split_at_checked(PREFIX_LENGTH).unwrap_or_default();
    let mut registered = json!({
        "cardId": card.name(),
        "pan": card.number,
        "productId": product(card.brand),
    });
    if let Some(password) = card.password {
        registered["staticPassword"] = password.into();
    }
    json!({
        "language": LANGUAGE,
        "appRegistered": card.app,
        "mobilePhoneNumber": { "countryCode": prefix, "phoneNumber": number },
        "cards": [registered],
    })
}

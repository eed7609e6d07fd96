//! The vendor's samples as they are printed, and what each outcome answers.

use super::{
    fields::Leniency,
    testing::{World, error, everything, request},
};
use orchestrator::flows::threeds_server::Status;
use primitives::Brand;
use serde_json::{Value, json};

/// As printed, oddities included: a comma after the merchant's name, the word `date`, an expiry in the past, a country in
/// letters, a card number that fails its check digit, values as texts and one as a boolean.
pub(super) const PRINTED: &str = r#"{
  "three_ds_comp_ind": "U",
  "pay_token_ind": "false",
  "notification_url": "https://www.loja.com.br/notification",
  "trans_type": "01",
  "broad_info": "broad info",
  "three_ds_requestor": {
    "authentication_ind": "01", "challenge_ind": "01", "id": "1", "name": "Loja", "url": "https://www.loja.com.br"
  },
  "acquirer": { "bin": "2", "merchant_id": "1" },
  "browser": {
    "accept_header": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "ip": "192.168.0.1",
    "java_enabled": "false", "javascript_enabled": true, "language": "pt-BR", "color_depth": "24",
    "screen_height": "1080", "screen_width": "1920", "tz": "180", "user_agent": "Mozilla/5.0"
  },
  "cardholder": {
    "card_expiry_date": "2212", "name": "Nome do portador",
    "acct": { "type": "02", "number": "1234123412341234" }
  },
  "merchant": { "mcc": "742", "country_code": "BRA", "name": "Loja", },
  "message": { "category": "01" },
  "purchase": { "amount": "10000", "currency": "986", "exponent": "2", "date": "date" }
}"#;

#[tokio::test]
async fn the_printed_sample_passes_in_the_sandbox_and_is_refused_in_production() {
    let world = World::new(Leniency::Lenient);
    let id = world.transaction(Brand::Mastercard);
    let path = format!("/v2/authentication/{id}");
    let (status, body) = world.call("PUT", &path, PRINTED).await;
    assert_eq!(status, 200, "{body}");
    let wanted = world.fake.wanted.lock().unwrap().take().unwrap();
    for (element, sent) in [
        ("cardExpiryDate", json!("2212")),
        ("merchantCountryCode", json!("076")),
        ("mcc", json!("0742")),
        ("purchaseDate", json!("20261122100000")),
        ("payTokenInd", json!(false)),
        ("browserJavascriptEnabled", json!(true)),
        ("browserTZ", json!("180")),
    ] {
        assert_eq!(wanted.elements[element], sent, "{element}");
    }

    let strict = World::new(Leniency::Strict);
    let id = strict.transaction(Brand::Mastercard);
    let path = format!("/v2/authentication/{id}");
    let (status, body) = strict.call("PUT", &path, PRINTED).await;
    assert_eq!((status, error(&body)), (400, ("203", "body")));
    let without_comma = PRINTED.replace("\"Loja\", }", "\"Loja\" }");
    let id = strict.transaction(Brand::Mastercard);
    let path = format!("/v2/authentication/{id}");
    let (status, body) = strict.call("PUT", &path, without_comma).await;
    assert_eq!((status, error(&body)), (400, ("203", "purchase.date")));
}

/// The names of an object's members, with those inside.
fn members(value: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for (name, value) in value.as_object().unwrap() {
        match value {
            Value::Object(inner) => names.extend(inner.keys().map(|member| format!("{name}.{member}"))),
            Value::String(_) => names.push(name.clone()),
            other => panic!("{name} is {other}"),
        }
    }
    names.sort();
    names
}

const ALWAYS: [&str; 9] = [
    "acs.operator_id",
    "acs.reference_number",
    "acs.trans_id",
    "broad_info",
    "device_channel",
    "ds.reference_number",
    "ds.trans_id",
    "message_version",
    "transaction.status",
];

async fn answered(status: Status) -> Value {
    let world = World::new(Leniency::Lenient);
    *world.fake.answer.lock().unwrap() = Some(status);
    let id = world.transaction(Brand::Mastercard);
    let path = format!("/v2/authentication/{id}");
    let (code, body) = world.call("PUT", &path, PRINTED).await;
    assert_eq!(code, 200, "{body}");
    assert_eq!(body["three_ds_server"]["trans_id"], id.to_string());
    assert_eq!(body["three_ds_server"]["status"], status.as_str());
    assert_eq!(body["broad_info"], "broad info");
    body
}

#[tokio::test]
async fn each_outcome_answers_exactly_the_members_of_its_example() {
    for (status, more) in [
        (Status::Authenticated, &["authentication.value", "eci"][..]),
        (
            Status::ChallengeRequired,
            &["acs.challenge_mandated", "acs.url", "authentication.type"],
        ),
        (
            Status::Decoupled,
            &[
                "acs.challenge_mandated",
                "acs.decoupled_confirmation_ind",
                "authentication.type",
                "cardholder.info",
            ],
        ),
    ] {
        let mut expected: Vec<String> = ALWAYS.iter().chain(more).map(|name| (*name).to_owned()).collect();
        expected.extend(["three_ds_server.status".into(), "three_ds_server.trans_id".into()]);
        expected.sort();
        assert_eq!(members(&answered(status).await), expected, "{}", status.as_str());
    }
}

#[tokio::test]
async fn what_the_directory_server_did_not_answer_is_an_error_with_the_transaction() {
    for (status, code, http, component) in [
        (Status::CommunicationError, "402", 504, "S"),
        (Status::ErrorMessage, "405", 502, "D"),
    ] {
        let world = World::new(Leniency::Lenient);
        *world.fake.answer.lock().unwrap() = Some(status);
        let (answered, body) = world.authenticate(&everything()).await;
        assert_eq!((answered, error(&body).0), (http, code));
        assert_eq!(body["error"]["component"], component);
        assert_eq!(body["three_ds_server"]["status"], status.as_str());
    }
}

#[tokio::test]
async fn a_query_shows_brand_proof_and_cancellation() {
    let world = World::new(Leniency::Strict);
    let id = world.transaction(Brand::Elo);
    let path = format!("/v2/transaction/{id}");
    let (_, new) = world.call("GET", &path, "").await;
    assert_eq!(
        members(&new),
        [
            "brand_id",
            "device_channel",
            "message_version",
            "three_ds_server.status",
            "three_ds_server.trans_id"
        ]
    );
    assert_eq!(new["brand_id"], "41");

    world.fake.put(id, 1, Brand::Elo, Status::Authenticated);
    let (_, done) = world.call("GET", &path, "").await;
    assert_eq!(
        (&done["eci"], &done["authentication"]["value"]),
        (&json!("05"), &json!("AJkBBkhgQQAAAE4gSEJydQAAAAA="))
    );
    world.fake.put(id, 1, Brand::Elo, Status::NotAuthenticated);
    let (_, cancelled) = world.call("GET", &path, "").await;
    assert_eq!(cancelled["challenge_cancel"], "01");
    assert!(cancelled.get("eci").is_none());
}

#[tokio::test]
async fn data_only_is_mastercard_s() {
    let world = World::new(Leniency::Strict);
    let mut document = everything();
    document["message"]["category"] = json!("80");
    for (brand, expected) in [(Brand::Mastercard, 200), (Brand::Visa, 400), (Brand::Elo, 400)] {
        let id = world.transaction(brand);
        let path = format!("/v2/authentication/{id}");
        let (status, body) = world.call("PUT", &path, document.to_string()).await;
        assert_eq!(status, expected, "{body}");
        if expected == 400 {
            assert_eq!(error(&body), ("203", "message.category"));
        }
    }
}

#[tokio::test]
async fn answers_are_not_to_be_kept_by_anybody() {
    let world = World::new(Leniency::Strict);
    let id = world.transaction(Brand::Visa);
    let path = format!("/v2/transaction/{id}");
    let (_, headers, _) = world.send(request("GET", &path, "")).await;
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["content-type"], "application/json");
}

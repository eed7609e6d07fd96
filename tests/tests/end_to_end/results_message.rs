//! RReqs as a directory server posts them, made by the test from what the sandbox saw of the authentication.

use serde_json::{Value, json};
use tests::http::Answer;
use tests::system::System;

/// The identifiers of an authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    pub server: String,
    pub acs: String,
    pub ds: String,
}

/// The latest AReq of that amount, which each test uses once.
pub async fn areq_of_amount(system: &System, amount: i64) -> Value {
    let amount = amount.to_string();
    let messages = system.outside.messages(None).await;
    let asked = messages.iter().rfind(|entry| {
        entry["message_type"] == "AReq" && entry["message"]["purchaseAmount"].as_str() == Some(&amount)
    });
    asked.expect("an AReq of that amount")["message"].clone()
}

/// The identifiers of the latest authentication of that amount.
pub async fn ids_of_amount(system: &System, amount: i64) -> Ids {
    let asked = areq_of_amount(system, amount).await;
    let server = asked["threeDSServerTransID"].as_str().unwrap();
    let messages = system.outside.messages(Some(server)).await;
    let answered = messages.iter().rfind(|entry| entry["message_type"] == "ARes");
    let answered = answered.expect("its ARes");
    let text = |name: &str| answered["message"][name].as_str().unwrap().to_owned();
    Ids {
        server: server.to_owned(),
        acs: text("acsTransID"),
        ds: text("dsTransID"),
    }
}

/// The RReq of a cardholder who passed.
pub fn passed(ids: &Ids) -> Value {
    json!({
        "messageType": "RReq",
        "messageVersion": "2.2.0",
        "messageCategory": "01",
        "threeDSServerTransID": ids.server,
        "acsTransID": ids.acs,
        "dsTransID": ids.ds,
        "transStatus": "Y",
        "eci": "05",
        "authenticationValue": "AAABBBEFGHIJKLMNOPQRSTUVWXY=",
        "authenticationType": "02",
        "authenticationMethod": "02",
        "interactionCounter": "01",
    })
}

/// The RReq of a challenge that nobody came to.
pub fn never_started(ids: &Ids) -> Value {
    json!({
        "messageType": "RReq",
        "messageVersion": "2.2.0",
        "messageCategory": "01",
        "threeDSServerTransID": ids.server,
        "acsTransID": ids.acs,
        "dsTransID": ids.ds,
        "transStatus": "N",
        "transStatusReason": "14",
        "challengeCancel": "05",
        "authenticationType": "02",
        "authenticationMethod": "02",
        "interactionCounter": "00",
    })
}

/// Posts a message to the results receiver, as the directory server of the authentication's brand.
pub async fn post(system: &System, message: &Value) -> Answer {
    let brand = brand_of(system, message).await;
    system.post_results_as(brand, &message.to_string()).await
}

/// The brand of the card in the AReq. A message about no authentication that there is comes from Visa.
async fn brand_of(system: &System, message: &Value) -> &'static str {
    let id = message["threeDSServerTransID"].as_str().unwrap_or_default();
    let messages = system.outside.messages(Some(id)).await;
    let asked = messages.iter().find(|entry| entry["message_type"] == "AReq");
    match asked.and_then(|entry| entry["message"]["acctNumber"].as_str()) {
        Some(number) if number.starts_with('5') => "mastercard",
        _ => "visa",
    }
}

/// Posts an RReq that must be answered by an RRes about the same authentication.
pub async fn post_accepted(system: &System, rreq: &Value) {
    let answer = post(system, rreq).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let rres = answer.json();
    assert_eq!(rres["messageType"], "RRes", "{rres}");
    for id in [
        "threeDSServerTransID",
        "acsTransID",
        "dsTransID",
        "messageVersion",
    ] {
        assert_eq!(rres[id], rreq[id], "{id}");
    }
}

/// Posts an RReq that must be answered by an Erro with this code.
pub async fn post_refused(system: &System, rreq: &Value, code: &str) {
    let answer = post(system, rreq).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let erro = answer.json();
    assert_eq!(erro["messageType"], "Erro", "{erro}");
    assert_eq!(erro["errorCode"], code, "{erro}");
    assert_eq!(erro["errorComponent"], "S", "{erro}");
}

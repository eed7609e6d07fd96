//! What a directory server takes and what it refuses.

use emv3ds::code::{Component, ErrorCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::Playground;

const FRICTIONLESS: &str = "4000000000001000";

#[tokio::test]
async fn faulty_requests_are_refused_with_the_code_of_their_fault() {
    let playground = Playground::open().await;
    let old = "20200101000000";
    for (element, value, code, detail) in [
        (
            "messageType",
            json!("CReq"),
            ErrorCode::MessageReceivedInvalid,
            "messageType",
        ),
        (
            "messageVersion",
            json!("2.0.1"),
            ErrorCode::VersionNotSupported,
            "2.1.0,2.2.0,2.3.1",
        ),
        ("mcc", Value::Null, ErrorCode::FormatInvalid, "mcc"),
        (
            "purchaseDate",
            json!(old),
            ErrorCode::FormatInvalid,
            "purchaseDate",
        ),
        (
            "purchaseDate",
            json!("yesterday"),
            ErrorCode::FormatInvalid,
            "purchaseDate",
        ),
        (
            "threeDSRequestorID",
            json!("UNREGISTERED-1"),
            ErrorCode::AccessDenied,
            "threeDSRequestorID",
        ),
        (
            "acquirerBIN",
            json!("000000"),
            ErrorCode::AccessDenied,
            "acquirerBIN",
        ),
        (
            "merchantCountryCode",
            json!("003"),
            ErrorCode::IsoCodeInvalid,
            "merchantCountryCode",
        ),
        (
            "purchaseCurrency",
            json!("001"),
            ErrorCode::IsoCodeInvalid,
            "purchaseCurrency",
        ),
        (
            "purchaseExponent",
            json!("0"),
            ErrorCode::TransactionDataInvalid,
            "purchaseExponent",
        ),
        (
            "messageCategory",
            json!("80"),
            ErrorCode::FormatInvalid,
            "messageCategory",
        ),
        ("mcc", json!("0000"), ErrorCode::MccInvalid, "mcc"),
        (
            "acctNumber",
            json!("4000000000002008"),
            ErrorCode::TransactionDataInvalid,
            "acctNumber",
        ),
        (
            "acctNumber",
            json!("5200000000001005"),
            ErrorCode::TransactionDataInvalid,
            "acctNumber",
        ),
    ] {
        let mut areq = playground.areq(FRICTIONLESS);
        areq[element] = value;
        let erro = playground.refused("visa", &areq).await;
        assert_eq!(
            (erro.error_code, erro.error_detail.as_str()),
            (code, detail),
            "{element}"
        );
        assert_eq!(erro.error_component, Component::DirectoryServer);
    }
}

#[tokio::test]
async fn missing_and_doubled_elements_are_told_apart() {
    let playground = Playground::open().await;
    let mut areq = playground.areq(FRICTIONLESS);
    areq.as_object_mut().unwrap().remove("merchantName");
    let missing = playground.refused("visa", &areq).await;
    assert_eq!(missing.error_code, ErrorCode::RequiredElementMissing);
    assert_eq!(missing.error_detail, "merchantName");

    let doubled = playground
        .areq(FRICTIONLESS)
        .to_string()
        .replacen('{', r#"{"mcc":"5411","#, 1);
    let response = playground
        .client
        .post(format!("{}/directory/visa", playground.url))
        .header("content-type", "application/json; charset=utf-8")
        .body(doubled)
        .send()
        .await
        .unwrap();
    let erro: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(erro["errorCode"], "204");
}

#[tokio::test]
async fn a_transaction_is_asked_about_once() {
    let playground = Playground::open().await;
    let areq = playground.areq(FRICTIONLESS);
    playground.authenticate(&areq).await;
    let erro = playground.refused("visa", &areq).await;
    assert_eq!(erro.error_code, ErrorCode::TransactionNotRecognised);
}

#[tokio::test]
async fn an_issuer_of_2_1_0_alone_is_not_asked_in_2_2_0() {
    let playground = Playground::open().await;
    let erro = playground
        .refused("visa", &playground.areq("4000000000001141"))
        .await;
    assert_eq!(erro.error_code, ErrorCode::VersionNotSupported);
    assert_eq!(erro.error_detail, "2.1.0");
}

#[tokio::test]
async fn other_bodies_brands_and_content_types_are_refused() {
    let playground = Playground::open().await;
    let post = |brand: &str, content_type: &'static str, body: String| {
        let url = format!("{}/directory/{brand}", playground.url);
        playground
            .client
            .post(url)
            .header("content-type", content_type)
            .body(body)
            .send()
    };
    let areq = playground.areq(FRICTIONLESS).to_string();
    for (content_type, body) in [
        ("application/json", "no JSON".to_owned()),
        ("text/plain", areq.clone()),
    ] {
        let response = post("visa", content_type, body).await.unwrap();
        let erro: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(erro["errorCode"], "101", "{content_type}");
    }
    assert_eq!(
        post("diners", "application/json", areq).await.unwrap().status(),
        404
    );
}

#[tokio::test]
async fn an_erro_is_taken_without_an_answer() {
    let playground = Playground::open().await;
    let erro = json!({
        "messageType": "Erro",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": Uuid::new_v4(),
        "errorCode": "203",
        "errorComponent": "S",
        "errorDescription": "Format",
        "errorDetail": "eci",
        "errorMessageType": "ARes",
    });
    assert!(playground.ask("visa", &erro).await.is_empty());
}

#[tokio::test]
async fn the_viewer_shows_both_messages_without_the_card_number() {
    let playground = Playground::open().await;
    let areq = playground.areq("5200000000001005");
    playground.authenticate(&areq).await;
    let id = areq["threeDSServerTransID"].as_str().unwrap();
    let messages = playground.get(&format!("/messages?authentication={id}")).await;
    assert_eq!(messages[0]["message_type"], "AReq");
    assert_eq!(messages[0]["message"]["acctNumber"], "520000******1005");
    assert_eq!(messages[1]["message_type"], "ARes");
    assert_eq!(messages[1]["from"], "directory_server");
    assert!(!messages.to_string().contains("5200000000001005"));
}

#[tokio::test]
async fn faults_cut_off_the_directory_server_or_its_issuer() {
    let playground = Playground::open().await;
    playground.set_fault("directory", "refuse", 1).await;
    let cut = playground
        .client
        .post(format!("{}/directory/visa", playground.url))
        .header("content-type", "application/json")
        .body(playground.areq(FRICTIONLESS).to_string())
        .send()
        .await;
    assert!(cut.is_err());
    for (fault, code) in [
        ("refuse", ErrorCode::ConnectionFailure),
        ("drop_reply", ErrorCode::TimedOut),
    ] {
        playground.set_fault("acs", fault, 1).await;
        let erro = playground.refused("visa", &playground.areq(FRICTIONLESS)).await;
        assert_eq!(erro.error_code, code);
    }
}

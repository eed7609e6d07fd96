//! What is charged, refused, remembered and found again.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Sandbox, VISIBLE_AFTER, WithJson as _, charge, read};

#[tokio::test]
async fn a_charge_is_approved_and_stands_in_the_ledger() {
    let sandbox = Sandbox::start().await;
    let (status, reply) = sandbox.charge(&charge("ref-00001", "1250.5")).await;
    assert_eq!(status, 201, "{reply}");
    assert_eq!(reply["details"]["transactionStatus"], "APPROVAL");
    assert_eq!(reply["details"]["externalReferenceId"], "ref-00001");
    assert_eq!(reply["ticketNumber"].as_str().unwrap().len(), 18);

    let entries = sandbox.ledger("reference=ref-00001").await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries, sandbox.ledger("order_id=order-of-ref-00001").await);
    let entry = &entries[0];
    for (member, expected) in [
        ("processor", json!("kushki")),
        ("connection_id", json!("connection-1")),
        ("operation", json!("sale")),
        ("amount", json!(125_050)),
        ("currency", json!("MXN")),
        ("card_last4", json!("1000")),
        ("eci", json!("05")),
        ("authentication_value", json!("AAABBoVBaZKAR3BkdkFpELpWIiE=")),
        ("ds_trans_id", Value::Null),
        ("approved", json!(true)),
        ("response_code", json!("00")),
    ] {
        assert_eq!(entry[member], expected, "{member}");
    }
}

#[tokio::test]
async fn the_amount_picks_the_issuers_answer() {
    let sandbox = Sandbox::start().await;
    for (cents, issuer, vendor) in [
        ("05", "05", "006"),
        ("14", "14", "017"),
        ("41", "41", "006"),
        ("43", "43", "006"),
        ("51", "51", "021"),
        ("54", "54", "018"),
        ("65", "65", "006"),
        ("91", "91", "006"),
    ] {
        let (status, reply) = sandbox
            .charge(&charge("ref-declined", &format!("10.{cents}")))
            .await;
        assert_eq!(status, 400, "{cents}");
        assert_eq!(reply["details"]["isoErrorCode"], issuer);
        assert_eq!(reply["code"], vendor);
        assert_eq!(reply["externalReferenceId"], "ref-declined");
    }
    let entries = sandbox.ledger("reference=ref-declined").await;
    assert!(entries.iter().all(|entry| entry["approved"] == false));
}

#[tokio::test]
async fn the_vendors_own_cards_keep_their_meaning() {
    let sandbox = Sandbox::start().await;
    for (number, status, code) in [
        ("4000100011112224", 201, None),
        ("4000300011112220", 400, Some("006")),
        ("4349003000047015", 400, Some("017")),
        ("4349001210846432", 400, Some("021")),
    ] {
        let mut body = charge("ref-cards", "10.00");
        body["card"]["number"] = number.into();
        let (got, reply) = sandbox.charge(&body).await;
        assert_eq!((got, reply["code"].as_str()), (status, code), "{number}");
    }
}

#[tokio::test]
async fn what_the_vendor_would_refuse_is_refused_and_charges_nothing() {
    let sandbox = Sandbox::start().await;
    let changes: [(&str, Value, &str); 12] = [
        ("/card/name", json!(""), "K001"),
        ("/card/number", json!("4000000000001001"), "017"),
        ("/card/number", json!("370000000010001"), "007"),
        ("/card/expiryYear", json!("20"), "018"),
        ("/card/cvv", json!("12"), "K001"),
        ("/amount/currency", json!("EUR"), "205"),
        ("/amount/subtotalIva0", json!(0), "220"),
        ("/amount/subtotalIva0", json!("10"), "220"),
        ("/externalReferenceId", json!("x"), "K001"),
        ("/threeDomainSecure/eci", json!("02"), "K001"),
        ("/threeDomainSecure/eci", json!("07"), "K322"),
        ("/fullResponse", json!("v3"), "K001"),
    ];
    for (path, value, code) in changes {
        let mut body = charge("ref-refused", "10.00");
        *body.pointer_mut(path).unwrap() = value;
        let (status, reply) = sandbox.charge(&body).await;
        assert_eq!((status, reply["code"].as_str()), (400, Some(code)), "{path}");
    }
    let mut misspelt = charge("ref-refused", "10.00");
    misspelt["externalReferenceID"] = "ref-refused".into();
    assert_eq!(sandbox.charge(&misspelt).await.1["code"], "K001");
    let mut risk = charge("ref-refused", "10.00");
    risk["threeDomainSecure"]["eci"] = "07".into();
    let (_, reply) = sandbox.charge(&risk).await;
    assert_eq!(reply["details"]["rules"][0]["code"], "K325");
    assert!(sandbox.ledger("reference=ref-refused").await.is_empty());

    let body = charge("ref-refused", "10.00");
    let url = sandbox.url("/processors/kushki/card/v2/charges");
    let nobody = sandbox.client.post(&url).json(&body).send().await.unwrap();
    assert_eq!(nobody.status(), 403);
    let odd = sandbox
        .client
        .post(&url)
        .header("private-merchant-id", "short")
        .json(&body);
    assert_eq!(read(odd.send().await.unwrap()).await.1["code"], "K004");
}

#[tokio::test]
async fn the_list_shows_a_charge_some_time_after_it() {
    let sandbox = Sandbox::start().await;
    sandbox.charge(&charge("ref-list0", "10.00")).await;
    sandbox.charge(&charge("ref-list0", "10.51")).await;
    assert_eq!(sandbox.list("ref-list0").await["total"], 0);
    tokio::time::sleep(VISIBLE_AFTER + Duration::from_millis(20)).await;
    let list = sandbox.list("ref-list0").await;
    assert_eq!(list["total"], 2);
    assert_eq!(list["data"][0]["transaction_status"], "APPROVED");
    assert_eq!(list["data"][0]["approved_transaction_amount"], 10.0);
    assert_eq!(list["data"][1]["transaction_status"], "DECLINED");
    assert_eq!(list["data"][1]["processor_code"], "51");
    assert_eq!(sandbox.list("ref-other").await["total"], 0);
}

#[tokio::test]
async fn lost_answers_leave_what_was_done() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.charge(&charge("ref-96000", "10.96")).await.0, 500);
    for (reference, amount) in [("ref-68000", "10.68"), ("ref-69000", "10.69")] {
        let call = sandbox
            .call(Method::POST, "/card/v2/charges", &charge(reference, amount))
            .timeout(Duration::from_millis(300));
        assert!(call.send().await.unwrap_err().is_timeout(), "{reference}");
    }
    for (reference, approved) in [("ref-96000", true), ("ref-68000", true), ("ref-69000", false)] {
        let entries = sandbox.ledger(&format!("reference={reference}")).await;
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0]["approved"], approved, "{reference}");
    }
}

#[tokio::test]
async fn the_connection_of_an_unknown_credential_is_null() {
    let sandbox = Sandbox::start().await;
    let call = sandbox
        .client
        .post(sandbox.url("/processors/kushki/card/v2/charges"))
        .header("private-key", "somebody-else")
        .json(&charge("ref-other0", "10.00"));
    assert_eq!(call.send().await.unwrap().status(), 201);
    assert_eq!(
        sandbox.processors.ledger.of_reference("ref-other0")[0].connection_id,
        None
    );
}

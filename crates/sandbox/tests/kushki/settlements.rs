//! What follows a charge.

use reqwest::Method;
use serde_json::json;

use crate::{Sandbox, WithJson as _, charge, mxn, read};

#[tokio::test]
async fn held_money_is_captured_once_and_given_back_in_parts() {
    let sandbox = Sandbox::start().await;
    let held = sandbox.call(
        Method::POST,
        "/card/v2/preAuthorization",
        &charge("ref-hold0", "100.00"),
    );
    let (status, reply) = read(held.send().await.unwrap()).await;
    assert_eq!(
        (status, &reply["details"]["transactionType"]),
        (201, &json!("PREAUTHORIZATION"))
    );
    let ticket = reply["ticketNumber"].clone();

    let early = sandbox
        .take_back("refund", &ticket, "key-early", &json!({}))
        .await;
    assert_eq!((early.0, &early.1["code"]), (400, &json!("K023")));

    let capture = |amount: &str| {
        let body = json!({ "ticketNumber": ticket, "amount": mxn(amount), "fullResponse": "v2", "externalReferenceId": "ref-capture" });
        sandbox.call(Method::POST, "/card/v1/capture", &body).send()
    };
    assert_eq!(read(capture("110.01").await.unwrap()).await.0, 400);
    let (status, captured) = read(capture("80.00").await.unwrap()).await;
    assert_eq!(
        (status, &captured["details"]["transactionStatus"]),
        (201, &json!("APPROVAL"))
    );
    assert_eq!(read(capture("1.00").await.unwrap()).await.0, 400, "once");

    let refund = |key: &'static str, amount: &str| {
        let body = json!({ "amount": mxn(amount), "fullResponse": "v2", "externalReferenceId": key });
        let (sandbox, ticket) = (&sandbox, &captured["ticketNumber"]);
        async move { sandbox.take_back("refund", ticket, key, &body).await }
    };
    let first = refund("refund-1", "50.00").await;
    assert_eq!(
        (first.0, &first.1["details"]["transactionStatus"]),
        (201, &json!("INITIALIZED"))
    );
    assert_eq!(
        refund("refund-1", "50.00").await,
        first,
        "the same key is the same refund"
    );
    let over = refund("refund-2", "30.01").await;
    assert_eq!((over.0, &over.1["code"]), (400, &json!("019")));
    assert_eq!(refund("refund-3", "30.00").await.0, 201);

    let operations: Vec<_> = sandbox
        .ledger("order_id=order-of-ref-hold0")
        .await
        .into_iter()
        .filter(|entry| entry["approved"] == true)
        .map(|entry| {
            (
                entry["operation"].as_str().unwrap().to_owned(),
                entry["amount"].as_i64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("authorization", 10_000),
        ("capture", 8_000),
        ("refund", 5_000),
        ("refund", 3_000),
    ];
    assert_eq!(
        operations,
        expected.map(|(name, amount)| (name.to_owned(), amount))
    );
}

#[tokio::test]
async fn a_void_needs_its_key_and_the_merchants_own_ticket() {
    let sandbox = Sandbox::start().await;
    let (_, sale) = sandbox.charge(&charge("ref-void0", "100.00")).await;
    let ticket = &sale["ticketNumber"];
    let path = format!("/v1/charges/{}", ticket.as_str().unwrap());
    let keyless = sandbox
        .call(Method::DELETE, &path, &json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(read(keyless).await.1["code"], "K001");
    let stranger = sandbox
        .client
        .delete(sandbox.url(&format!("/processors/kushki{path}")))
        .header("private-merchant-id", "another-merchant")
        .header("idempotency-key", "k")
        .json(&json!({}));
    assert_eq!(read(stranger.send().await.unwrap()).await.1["code"], "K010");

    let part = json!({ "amount": mxn("40.00"), "fullResponse": "v2" });
    let voided = sandbox.take_back("charges", ticket, "void-1", &part).await;
    assert_eq!(
        (voided.0, &voided.1["details"]["transactionType"]),
        (201, &json!("VOID"))
    );
    assert_eq!(
        sandbox.take_back("charges", ticket, "void-1", &part).await,
        voided
    );
    assert_eq!(
        sandbox.take_back("charges", ticket, "void-2", &json!({})).await.0,
        201
    );
    assert_eq!(
        sandbox.take_back("charges", ticket, "void-3", &json!({})).await.0,
        400
    );
}

//! Transactions of the 3DS Server API whose gateway dies at each step that it records.

use tests::cards::Card;
use tests::process::eventually;
use tests::requestor::{Requestor, status};
use tests::system::System;

use super::{NO_ANSWER, SETTINGS, killed_and_started_again};

/// The directory server's time-outs, after which nobody may still be waiting for an answer.
const SHORT: &str = "
[three_ds]
directory_connect_seconds = 1
directory_read_seconds = 2
";

async fn start() -> (System, Requestor) {
    let system = System::start_with(&format!("{SETTINGS}{SHORT}")).await;
    let requestor = system.requestor();
    (system, requestor)
}

/// The messages of a type about a transaction, as the sandbox saw them.
async fn messages(system: &System, transaction: &str, message_type: &str) -> usize {
    let messages = system.outside.messages(Some(transaction)).await;
    let of_type = messages
        .iter()
        .filter(|entry| entry["message_type"] == message_type);
    of_type.count()
}

#[tokio::test]
async fn a_transaction_that_was_only_created_goes_on() {
    let (mut system, requestor) = start().await;
    let card = Card::visa(0);
    let transaction = requestor.creates(&card, "02").await;

    killed_and_started_again(&mut system).await;

    let answer = requestor
        .authenticates(&transaction, &requestor.browser_details(&card))
        .await;
    assert_eq!(
        (status(&answer), &answer["eci"]),
        ("AUY", &"05".into()),
        "{answer}"
    );
    system.finish().await;
}

/// Nobody is left who could hear the answer, and a shop may have told its cardholder: it is not asked again.
#[tokio::test]
async fn an_authentication_request_that_was_out_ends_in_an_error_for_every_channel() {
    let (mut system, requestor) = start().await;
    for channel in ["02", "03"] {
        system
            .outside
            .fault("directory", "delay", Some(1), NO_ANSWER)
            .await;
        let card = Card::mastercard(0);
        let transaction = requestor.creates(&card, channel).await;
        let details = match channel {
            "02" => requestor.browser_details(&card),
            _ => requestor.recurring_details(&card),
        };
        let (asking, at) = (requestor.clone(), transaction.clone());
        let call = tokio::spawn(async move { asking.try_authenticate(&at, &details).await.ok() });
        eventually("an AReq", async || {
            messages(&system, &transaction, "AReq").await > 0
        })
        .await;

        killed_and_started_again(&mut system).await;

        assert!(call.await.unwrap().is_none(), "nobody answers a caller any more");
        let ended = requestor.settled(&transaction).await;
        assert_eq!(status(&ended), "ERR", "{ended}");
        assert!(
            ended["eci"].is_null() && ended["authentication"]["value"].is_null(),
            "{ended}"
        );
        system.outside.clear_faults().await;
    }
    system.finish().await;
}

#[tokio::test]
async fn a_challenge_that_was_open_takes_its_result_afterwards() {
    let (mut system, requestor) = start().await;
    let card = Card::visa(5);
    let transaction = requestor.creates(&card, "02").await;
    let answer = requestor
        .authenticates(&transaction, &requestor.browser_details(&card))
        .await;
    assert_eq!(status(&answer), "AUC", "{answer}");

    killed_and_started_again(&mut system).await;

    let still = requestor.asks(&transaction).await;
    assert_eq!(status(&still), "AUC", "{still}");
    let rreq = serde_json::json!({
        "messageType": "RReq",
        "messageVersion": answer["message_version"],
        "messageCategory": "01",
        "threeDSServerTransID": transaction,
        "acsTransID": answer["acs"]["trans_id"],
        "dsTransID": answer["ds"]["trans_id"],
        "transStatus": "Y",
        "eci": "05",
        "authenticationValue": "AJkBBkhgQQAAAE4gSEJydQAAAAA=",
        "authenticationType": "02",
        "interactionCounter": "01",
    });
    let rres = system.post_results(&rreq.to_string()).await.expect("an RRes");
    assert_eq!(rres["messageType"], "RRes", "{rres}");

    killed_and_started_again(&mut system).await;

    let ended = requestor.settled(&transaction).await;
    assert_eq!((status(&ended), &ended["eci"]), ("AUY", &"05".into()), "{ended}");
    assert_eq!(ended["authentication"]["value"], "AJkBBkhgQQAAAE4gSEJydQAAAAA=");
    system.finish().await;
}

/// The issuer's answer comes while nobody is there, and comes again; the shop is told in the end, once it is known.
#[tokio::test]
async fn a_decoupled_result_that_found_nobody_is_taken_when_it_comes_again() {
    let (mut system, requestor) = start().await;
    let card = Card::visa(11);
    let transaction = requestor.creates(&card, "02").await;
    let details = requestor.decoupled_details(&card, &transaction);
    let answer = requestor.authenticates(&transaction, &details).await;
    assert_eq!(status(&answer), "AUD", "{answer}");

    system.kill_gateway().await;
    eventually("an RReq that finds nobody", async || {
        messages(&system, &transaction, "RReq").await > 0
    })
    .await;
    system.start_gateway().await;

    let ended = requestor.settled(&transaction).await;
    assert_eq!(status(&ended), "AUY", "{ended}");
    let notices = system.outside.hooks(&transaction, 0).await;
    assert!(!notices.is_empty());
    system.finish().await;
}

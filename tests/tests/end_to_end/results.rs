//! What directory servers post decides, and only what belongs to an authentication that still runs.

use serde_json::Value;
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::system::System;
use uuid::Uuid;

use crate::results_message::{Ids, ids_of_amount, never_started, passed, post, post_accepted, post_refused};

#[tokio::test]
async fn an_rreq_with_forged_identifiers_is_told_so_and_grants_nothing() {
    let system = System::start().await;
    let order = system.merchant.buy(41_100, &Card::visa(5)).await;
    let ids = ids_of_amount(&system, 41_100).await;
    let other = || Uuid::new_v4().to_string();
    for forged in [
        Ids {
            server: other(),
            ..ids.clone()
        },
        Ids {
            acs: other(),
            ..ids.clone()
        },
        Ids {
            ds: other(),
            ..ids.clone()
        },
    ] {
        let answer = post(&system, &passed(&forged)).await;
        assert_eq!(answer.status, 200);
        let erro = answer.json();
        assert_eq!(erro["messageType"], "Erro", "{erro}");
        assert_eq!(erro["errorCode"], "301", "{erro}");
        assert_eq!(erro["errorComponent"], "S", "{erro}");
        assert_eq!(erro["threeDSServerTransID"], forged.server.as_str());
    }
    // What is no RReq at all is told what is wrong with it.
    let required = passed(&ids);
    for member in ["transStatus", "messageVersion", "authenticationType"] {
        let mut broken = required.clone();
        broken.as_object_mut().unwrap().remove(member);
        let erro = post(&system, &broken).await.json();
        assert_eq!(
            (&erro["messageType"], &erro["errorCode"]),
            (&"Erro".into(), &"201".into()),
            "{member}: {erro}"
        );
    }
    for (name, value, code) in [
        ("transStatus", "Z", "203"),
        ("acsTransID", "nonsense", "203"),
        ("messageType", "XReq", "101"),
    ] {
        let mut broken = required.clone();
        broken[name] = value.into();
        let erro = post(&system, &broken).await.json();
        assert_eq!(
            (&erro["messageType"], &erro["errorCode"]),
            (&"Erro".into(), &code.into()),
            "{name}: {erro}"
        );
    }
    let read = system.merchant.read(order.token()).await;
    assert_eq!(read.hash_state(), order.hash_state());
    system.outside.no_charge(order.reference()).await;

    // The right one still works.
    post_accepted(&system, &passed(&ids)).await;
    assert_eq!(
        system.merchant.settled(order.token()).await.payment_status(),
        "processed"
    );
    // A directory server that says it again is told so.
    post_refused(&system, &passed(&ids), "301").await;
    system.outside.only_charge(order.reference()).await;
    system.finish().await;
}

#[tokio::test]
async fn a_result_that_comes_too_late_is_answered_and_never_charges() {
    let system = System::start().await;
    let merchant = &system.merchant;
    // Cancelled by the merchant.
    let order = merchant.buy(41_200, &Card::visa(5)).await;
    let ids = ids_of_amount(&system, 41_200).await;
    assert_eq!(merchant.cancel(order.token()).await.status, 204);
    let cancelled = merchant.read(order.token()).await;
    post_accepted(&system, &passed(&ids)).await;
    let after = merchant.read(order.token()).await;
    assert_eq!(after.statuses(), ("cancelled", "cancelled"));
    assert_eq!(after.hash_state(), cancelled.hash_state());
    // The cardholder's page says how it ended.
    let end = system.cardholder.open(order.page_url().unwrap()).await;
    let next = system.cardholder.progress(&end, None, 0).await.json();
    assert_eq!(
        (&next["next"], &next["outcome"]),
        (&"done".into(), &"cancelled".into())
    );

    // Given up by the cardholder, who then pays by another card.
    let placed = merchant.place(41_300).await;
    let order = merchant.pay(&placed, &Card::visa(5)).await;
    let ids = ids_of_amount(&system, 41_300).await;
    let page = order.page_url().unwrap();
    system
        .cardholder
        .authenticates(page, Temper::CancelsAtThePage)
        .await;
    post_accepted(&system, &passed(&ids)).await;
    assert_eq!(merchant.read(&placed.token).await.payment_status(), "denied");
    system.outside.no_charge(&placed.reference).await;
    let paid = merchant.pay(&placed, &Card::mastercard(0)).await;
    assert_eq!(paid.payment_status(), "processed");
    post_refused(&system, &passed(&ids), "301").await;
    assert_eq!(
        system.outside.only_charge(&placed.reference).await["card_last4"],
        "1005"
    );
    system.finish().await;
}

/// The ACS waited for its first CReq, nobody came, and it said so: no failure. Who comes later gets a new authentication.
#[tokio::test]
async fn a_challenge_that_never_started_starts_anew_when_its_page_is_opened() {
    let system = System::start().await;
    let order = system.merchant.buy(41_400, &Card::mastercard(5)).await;
    let first = ids_of_amount(&system, 41_400).await;
    post_accepted(&system, &never_started(&first)).await;
    let read = system.merchant.read(order.token()).await;
    assert_eq!(
        read.hash_state(),
        order.hash_state(),
        "nothing happened as far as the merchant is concerned"
    );

    let end = system
        .cardholder
        .authenticates(order.page_url().unwrap(), Temper::TypesTheCode)
        .await;
    assert_eq!(end.outcome, "succeeded");
    let paid = system.merchant.settled(order.token()).await;
    assert_eq!(paid.statuses(), ("succeeded", "processed"));
    let second = ids_of_amount(&system, 41_400).await;
    assert_ne!(first.server, second.server);
    assert_eq!(paid.three_ds("three_ds_server_trans_id"), second.server.as_str());
    let charge = system.outside.only_charge(order.reference()).await;
    assert_eq!(charge["ds_trans_id"], second.ds.as_str());

    // A result for the first one has nothing to say any more.
    post_refused(&system, &never_started(&first), "301").await;
    system.outside.only_charge(order.reference()).await;
    system.finish().await;
}

/// A failed challenge whose RReq is repeated with another outcome stays failed.
#[tokio::test]
async fn the_first_result_stands() {
    let system = System::start().await;
    let order = system.merchant.buy(41_500, &Card::mastercard(5)).await;
    let end = system
        .cardholder
        .authenticates(order.page_url().unwrap(), Temper::TypesRubbish)
        .await;
    assert_eq!(end.outcome, "rejected");
    let ids = ids_of_amount(&system, 41_500).await;
    let mut forged = passed(&ids);
    forged["eci"] = "02".into();
    post_refused(&system, &forged, "301").await;
    assert_eq!(
        system.merchant.read(order.token()).await.payment_status(),
        "denied"
    );
    system.outside.no_charge(order.reference()).await;
    system.finish().await;
}

#[tokio::test]
async fn rubbish_at_the_results_receiver_is_answered_in_its_own_language() {
    let system = System::start().await;
    for body in [
        "",
        "rubbish",
        "[]",
        "{}",
        "null",
        "{\"messageType\":\"RReq\"",
        "{\"a\":1,\"a\":2}",
        "\u{0}",
    ] {
        let answer = system.post_results_as("visa", body).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.text);
        let erro: Value = answer.json();
        assert_eq!(erro["messageType"], "Erro", "{body}: {erro}");
    }
    system.finish().await;
}

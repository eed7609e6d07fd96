//! What the merchant's server is told, how it is signed, and what happens when it does not listen.

use serde_json::Value;
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::merchant::PURCHASE_V2;
use tests::order::Order;
use tests::system::System;

/// The news of each flow, in their order.
#[tokio::test]
async fn every_change_is_told_once_in_its_order_and_signed_twice() {
    let system = System::start().await;
    let merchant = &system.merchant;

    let paid = merchant.buy(44_000, &Card::visa(0)).await;
    told(&system, &paid, &[("order.succeeded", "processed")]).await;

    let denied = merchant.buy(44_051, &Card::visa(0)).await;
    told(&system, &denied, &[("order.pending", "denied")]).await;

    let refused = merchant.buy(44_100, &Card::visa(1)).await;
    assert_eq!(merchant.cancel(refused.token()).await.status, 204);
    told(
        &system,
        &refused,
        &[("order.pending", "denied"), ("order.cancelled", "cancelled")],
    )
    .await;

    for (temper, end) in [
        (Temper::TypesTheCode, ("order.succeeded", "processed")),
        (Temper::TypesRubbish, ("order.pending", "denied")),
    ] {
        let amount = if temper == Temper::TypesTheCode {
            44_200
        } else {
            44_300
        };
        let order = merchant.buy(amount, &Card::visa(5)).await;
        system
            .cardholder
            .authenticates(order.page_url().unwrap(), temper)
            .await;
        told(&system, &order, &[("order.pending", "pending_3ds"), end]).await;
    }

    let mut body = merchant.one_step_body(44_400, &Card::visa(0));
    body["capture"] = false.into();
    let held = Order::of(&merchant.post(PURCHASE_V2, &body).await.json());
    told(&system, &held, &[("order.succeeded", "authorized")]).await;

    let placed = merchant.place(44_500).await;
    assert_eq!(merchant.expire(&placed.token).await.status, 204);
    let expired = merchant.read(&placed.token).await;
    told(&system, &expired, &[("order.expired", "")]).await;
    system.finish().await;
}

/// The webhooks of an order are these, each signed both ways, and the last one is the order as it can be read.
async fn told(system: &System, order: &Order, news: &[(&str, &str)]) {
    let webhooks = system.merchant.webhooks(order.reference(), news.len()).await;
    let heard: Vec<(&str, &str)> = webhooks.iter().map(|webhook| webhook.news()).collect();
    assert_eq!(heard, news, "{}", order.reference());
    let mut ids: Vec<&str> = webhooks.iter().map(|webhook| webhook.id()).collect();
    ids.dedup();
    assert_eq!(ids.len(), webhooks.len(), "each event has an id of its own");
    for webhook in &webhooks {
        assert!(!webhook.body["event_id"].as_str().unwrap_or_default().is_empty());
        assert!(!webhook.body["signed_at"].as_str().unwrap_or_default().is_empty());
        assert!(webhook.header("content-type").starts_with("application/json"));
        assert!(!webhook.deuna_signature_is_valid(&system.proceeding.keys));
        assert!(!webhook.standard_signature_is_valid(&system.proceeding.keys));
    }
    let last = &webhooks[webhooks.len() - 1].body["order"];
    let read = system.merchant.read(order.token()).await;
    for member in [
        "token",
        "order_id",
        "status",
        "payment_status",
        "payment_method",
        "total_amount",
        "shipping_amount",
        "hash_state",
    ] {
        assert_eq!(last[member], read.document()[member], "{member}");
    }
}

/// A merchant's server that is down hears everything once it is up, in order, and the log shows the tries.
#[tokio::test]
async fn a_server_that_was_down_hears_everything_later() {
    let system = System::start().await;
    let merchant = &system.merchant;
    system.outside.fault("merchant", "http_500", Some(1), None).await;
    let order = merchant.buy(44_600, &Card::visa(5)).await;
    system
        .cardholder
        .authenticates(order.page_url().unwrap(), Temper::TypesTheCode)
        .await;
    let webhooks = merchant.webhooks(order.reference(), 2).await;
    let heard: Vec<(&str, &str)> = webhooks.iter().map(|webhook| webhook.news()).collect();
    assert_eq!(
        heard,
        [("order.pending", "pending_3ds"), ("order.succeeded", "processed")]
    );

    let read = merchant.read(order.token()).await;
    let hooks: Vec<&Value> = read.document()["hooks"].as_array().unwrap().iter().collect();
    assert_eq!(hooks.len(), 2, "{hooks:?}");
    assert_eq!(
        (&hooks[0]["retry"], &hooks[0]["successed"]),
        (&1.into(), &true.into()),
        "{hooks:?}"
    );
    system.finish().await;
}

/// A receiver that answers a redirect is not followed, and says so in the log.
#[tokio::test]
async fn the_url_of_the_call_is_the_one_that_is_told() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let placed = merchant.place(44_700).await;
    let elsewhere = format!(
        "{}/merchant/hooks/elsewhere-{}",
        system.outside.url(),
        placed.reference
    );
    let mut body = merchant.purchase_body(&placed.token, &Card::visa(0));
    body["order"] = serde_json::json!({ "webhook_urls": { "notify_order": elsewhere } });
    let answer = merchant.post(PURCHASE_V2, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let tag = format!("elsewhere-{}", placed.reference);
    let webhooks = merchant.webhooks(&tag, 1).await;
    assert_eq!(webhooks[0].news(), ("order.succeeded", "processed"));
    assert!(system.outside.hooks_so_far(&placed.reference).await.is_empty());
    system.finish().await;
}

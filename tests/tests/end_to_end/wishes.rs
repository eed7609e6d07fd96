//! What a purchase wishes of 3-D Secure: exemptions that an issuer vetoes, authentications out of the browser, data alone.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::cardholder::Temper;
use tests::cards::{Brand, Card};
use tests::merchant::{Merchant, PURCHASE_V2};
use tests::order::Order;
use tests::system::System;

/// Buys with a wish; answers the order as the purchase left it.
async fn buy(merchant: &Merchant, amount: i64, card: &Card, wish: Value) -> Order {
    let mut body = merchant.one_step_body(amount, card);
    body["three_ds"] = wish;
    let answer = merchant.post(PURCHASE_V2, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Order::of(&serde_json::from_str(&answer.text).unwrap())
}

/// The issuer wants an authentication, gets one by a challenge, and is asked once more. (The amount that makes it want one
/// is over its limit when it has one, which ends the story.)
#[tokio::test]
async fn a_vetoed_exemption_leads_to_a_challenge_and_one_more_charge() {
    let system = System::start().await;
    let excluded = || json!({ "mode": "auto", "exemption": "one_leg_out" });
    for (brand, amount) in [(Brand::Visa, 41_065), (Brand::Mastercard, 42_065)] {
        let bought = buy(&system.merchant, amount, &Card::of(brand, 5), excluded()).await;
        assert_eq!(bought.statuses(), ("pending", "pending_3ds"));
        assert_eq!(system.outside.charges(bought.reference()).await.len(), 1);
        let page = bought.page_url().unwrap();
        let end = system.cardholder.authenticates(page, Temper::TypesTheCode).await;
        assert_eq!(end.outcome, "rejected");
        let order = system.merchant.settled(bought.token()).await;
        assert_eq!(
            (order.statuses(), order.code()),
            (("pending", "denied"), "DP-4500")
        );
        let charges = system.outside.charges(order.reference()).await;
        let carried: Vec<_> = charges.iter().map(|charge| charge["eci"].clone()).collect();
        assert_eq!(carried, [Value::Null, json!(brand.authenticated_eci())]);
        let told: Vec<_> = system
            .outside
            .hooks(order.reference(), 1)
            .await
            .iter()
            .map(|hook| hook.to_string().contains("pending_3ds"))
            .collect();
        assert!(told.contains(&true), "the merchant was told of the challenge");
    }
    // Without the wish the same card is authenticated first, and with mode off never.
    let authenticated = buy(&system.merchant, 43_000, &Card::visa(0), json!({})).await;
    assert_eq!(authenticated.three_ds("flow"), "frictionless");
    let off = buy(&system.merchant, 44_065, &Card::visa(0), json!("off")).await;
    assert_eq!((off.statuses(), off.code()), (("pending", "denied"), "DP-4500"));
    assert_eq!(system.outside.charges(off.reference()).await.len(), 1);
    system.finish().await;
}

#[tokio::test]
async fn a_decoupled_authentication_is_waited_for_and_survives_the_gateway_s_death() {
    let mut system = System::start().await;
    let minutes = || json!({ "decoupled_max_minutes": 5 });
    let waiting = join_all(
        [Brand::Visa, Brand::Mastercard].map(|brand| buy_decoupled(&system.merchant, brand, minutes())),
    )
    .await;
    system.kill_gateway().await;
    system.start_gateway().await;
    for order in waiting {
        let order = system.merchant.settled(order.token()).await;
        assert_eq!(order.statuses(), ("succeeded", "processed"));
        assert_eq!(order.three_ds("flow"), "decoupled");
        assert_eq!(order.three_ds("trans_status"), "Y");
        system.outside.only_charge(order.reference()).await;
    }
    // An issuer that is not offered it says that it would have needed it.
    let order = buy(&system.merchant, 45_000, &Card::visa(11), json!({})).await;
    assert_eq!(order.statuses(), ("pending", "denied"));
    assert_eq!(order.three_ds("trans_status_reason"), "23");
    system.finish().await;
}

async fn buy_decoupled(merchant: &Merchant, brand: Brand, wish: Value) -> Order {
    let order = buy(merchant, 45_000, &Card::of(brand, 11), wish).await;
    assert_eq!(order.statuses(), ("pending", "pending_3ds"), "{brand:?}");
    assert_eq!((order.code(), order.page_url()), ("DP-7028", None), "{brand:?}");
    assert_eq!(order.three_ds("flow"), "decoupled", "{brand:?}");
    assert!(order.three_ds("decoupled_until").is_string(), "{brand:?}");
    order
}

#[tokio::test]
async fn data_alone_is_charged_without_liability_shift_whatever_the_policy_on_unavailable() {
    let system = System::start().await;
    let data_only = || json!({ "mode": "data_only" });
    for (brand, status, eci) in [(Brand::Visa, "I", "07"), (Brand::Mastercard, "U", "04")] {
        let card = Card::of(brand, 16);
        for merchant in [&system.merchant, &system.proceeding] {
            let charged = buy(merchant, 46_000, &card, data_only()).await;
            assert_eq!(charged.statuses(), ("succeeded", "processed"), "{brand:?}");
            assert_eq!(
                (charged.three_ds("trans_status"), charged.three_ds("eci")),
                (&json!(status), &json!(eci)),
                "{brand:?}"
            );
            assert_eq!(charged.three_ds("liability_shift"), false, "{brand:?}");
            system.outside.only_charge(charged.reference()).await;
        }
    }
    system.finish().await;
}

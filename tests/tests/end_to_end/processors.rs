//! Several processors of one merchant: which of them a card goes to, where a declined charge goes on, and how a processor
//! whose answers come later tells them.

use tests::cards::{Brand, Card};
use tests::merchant::PURCHASE_V2;
use tests::order::Order;
use tests::process::eventually;
use tests::system::System;

#[tokio::test]
async fn a_card_goes_to_the_first_processor_that_takes_it() {
    let system = System::start().await;
    for (brand, processor) in [
        (Brand::Visa, "kushki"),
        (Brand::Mastercard, "kushki"),
        (Brand::Amex, "adyen"),
    ] {
        let order = system.merchant.buy_at(None, 34_900, &Card::of(brand, 0)).await;
        assert_eq!(order.statuses(), ("succeeded", "processed"), "{order:?}");
        assert_eq!(order.text("/payment/data/processor"), processor);
        let charge = system.outside.only_charge(order.reference()).await;
        assert_eq!(charge["processor"], processor);
        assert_eq!(charge["authentication_value"], *order.three_ds("cavv"));
    }
    system.finish().await;
}

/// The second processor gets the very same authentication; the cardholder's issuer was asked once.
#[tokio::test]
async fn a_declined_charge_goes_on_at_the_next_processor_with_the_same_authentication() {
    let system = System::start().await;
    let asked_before = areqs(&system).await;
    let order = system.merchant.buy_at(None, 50_092, &Card::mastercard(0)).await;
    assert_eq!(order.statuses(), ("succeeded", "processed"), "{order:?}");
    let charges = system.outside.charges(order.reference()).await;
    let [declined, approved] = charges.as_slice() else {
        panic!("two charges: {charges:?}");
    };
    for (charge, processor, is_approved) in [(declined, "kushki", false), (approved, "adyen", true)] {
        assert_eq!(charge["processor"], processor);
        assert_eq!(charge["approved"], is_approved);
        for member in ["eci", "authentication_value", "ds_trans_id"] {
            assert_eq!(charge[member], declined[member], "{member}");
            assert!(!charge[member].is_null(), "{member}");
        }
    }
    assert_eq!(areqs(&system).await, asked_before + 1);
    system.finish().await;
}

async fn areqs(system: &System) -> usize {
    let messages = system.outside.messages(None).await;
    messages
        .iter()
        .filter(|entry| entry["message_type"] == "AReq")
        .count()
}

/// Adyen cannot be asked: what became of a charge whose answer was lost is told by its notification.
#[tokio::test]
async fn a_lost_answer_is_found_by_notification_where_nothing_can_be_asked() {
    let system = System::start().await;
    for pair in [96, 68] {
        let merchant = &system.merchant;
        let order = merchant
            .buy_at(Some("adyen"), 50_000 + pair, &Card::visa(0))
            .await;
        assert_eq!(order.statuses(), ("pending", "processing"), "{pair}");
        assert_eq!(order.code(), "DP-6003", "{pair}");
        let order = merchant.settled(order.token()).await;
        assert_eq!(order.statuses(), ("succeeded", "processed"), "{pair}");
        assert_eq!(order.text("/payment/data/processor"), "adyen");
        system.outside.only_charge(order.reference()).await;
    }
    system.finish().await;
}

#[tokio::test]
async fn a_charge_that_never_reached_adyen_is_denied_and_took_nothing() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let order = merchant.buy_at(Some("adyen"), 50_069, &Card::visa(0)).await;
    assert_eq!((order.payment_status(), order.code()), ("processing", "DP-6003"));
    let order = merchant.settled(order.token()).await;
    assert_eq!((order.payment_status(), order.code()), ("denied", "DP-6003"));
    let charges = system.outside.charges(order.reference()).await;
    assert!(
        charges.iter().all(|charge| charge["approved"] == false),
        "{charges:?}"
    );
    system.finish().await;
}

/// What was held, as the processor counts it: held, less released.
async fn held(system: &System, reference: &str) -> i64 {
    let entries = system.outside.ledger(reference).await;
    entries
        .iter()
        .filter(|entry| entry["approved"] == true)
        .filter_map(|entry| {
            let amount = entry["amount"].as_i64()?;
            match entry["operation"].as_str()? {
                "authorization" => Some(amount),
                "void" | "reversal" => Some(-amount),
                _ => None,
            }
        })
        .sum()
}

/// The issuer approves and the processor's risk rules refuse: the merchant hears of a decline, and the cardholder's money is
/// released behind it.
#[tokio::test]
async fn what_a_refusal_by_the_risk_rules_leaves_held_is_released() {
    let mut system = System::start().await;
    for capture in [true, false] {
        let merchant = &system.merchant;
        let placed = merchant.place(50_059).await;
        let mut body = merchant.purchase_body(&placed.token, &Card::visa(0));
        body["processor_name"] = "cybersource".into();
        body["capture"] = capture.into();
        let answer = merchant.post(PURCHASE_V2, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let order = Order::of(&answer.json());
        assert_eq!((order.payment_status(), order.code()), ("denied", "DP-8001"));
        let charge = system.outside.only_charge(&placed.reference).await;
        assert_eq!(charge["response_code"], "AUTHORIZED_RISK_DECLINED");
        eventually("the hold to be released", async || {
            held(&system, &placed.reference).await == 0
        })
        .await;
    }

    // The answer is lost and the gateway dies: whoever finds out what became of the charge releases what is held.
    system
        .outside
        .fault("cybersource", "drop_reply", Some(1), None)
        .await;
    let order = system
        .merchant
        .buy_at(Some("cybersource"), 50_059, &Card::visa(0))
        .await;
    assert_eq!((order.payment_status(), order.code()), ("processing", "DP-6003"));
    system.kill_gateway().await;
    assert_eq!(held(&system, order.reference()).await, 50_059);
    system.start_gateway().await;
    let order = system.merchant.settled(order.token()).await;
    assert_eq!((order.payment_status(), order.code()), ("denied", "DP-8001"));
    eventually("the hold to be released", async || {
        held(&system, order.reference()).await == 0
    })
    .await;
    system.finish().await;
}

//! Cards that the merchant keeps: the cardholder leaves one with a first charge, and later charges, with or without the
//! cardholder, are told to the processor as what they are.

use serde_json::{Value, json};
use tests::cards::{Brand, Card};
use tests::merchant::{Merchant, PURCHASE_V1, PURCHASE_V2};
use tests::order::Order;
use tests::system::System;

/// A one-step purchase at that processor, as the cardholder makes it.
fn present(merchant: &Merchant, processor: &str, card: &Card, recurrence: Value) -> Value {
    let mut body = merchant.one_step_body(34_900, card);
    body["processor_name"] = processor.into();
    body["recurrence"] = recurrence;
    body
}

/// The same without the cardholder: nobody knows the security code, and there is no browser.
fn absent(merchant: &Merchant, processor: &str, card: &Card, recurrence: Value) -> Value {
    let mut body = present(merchant, processor, card, recurrence);
    body["initiator_type"] = "merchant".into();
    body["browser_details"] = Value::Null;
    body["credit_info"]["card_cvv"] = Value::Null;
    body
}

async fn paid(merchant: &Merchant, body: &Value) -> Order {
    let answer = merchant.post(PURCHASE_V2, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let order = Order::of(&answer.json());
    assert_eq!(order.statuses(), ("succeeded", "processed"), "{}", answer.text);
    order
}

#[tokio::test]
async fn what_the_first_charge_stores_later_ones_point_to() {
    let system = System::start().await;
    let merchant = &system.merchant;
    for (processor, brand) in [
        ("adyen", Brand::Visa),
        ("adyen", Brand::Mastercard),
        ("cybersource", Brand::Visa),
    ] {
        let card = Card::of(brand, 0);
        let first = json!({ "type": "unscheduled", "first": true });
        let first = paid(merchant, &present(merchant, processor, &card, first)).await;
        let charge = system.outside.only_charge(first.reference()).await;
        let stored = json!({ "initiator": "cardholder", "is_first": true, "network_transaction_id": null });
        assert_eq!(charge["on_file"], stored);
        assert_eq!(charge["eci"], brand.authenticated_eci());
        let network = first.text("/payment/data/network_transaction_id");
        assert!(!network.is_empty(), "{:?}", first.document());

        let later = json!({ "type": "unscheduled", "network_transaction_id": network });
        let renewal = paid(merchant, &absent(merchant, processor, &card, later.clone())).await;
        let charge = system.outside.only_charge(renewal.reference()).await;
        let used = json!({ "initiator": "merchant", "is_first": false, "network_transaction_id": network });
        assert_eq!(charge["on_file"], used);
        assert!(
            charge["eci"].is_null() && charge["authentication_value"].is_null(),
            "{charge}"
        );
        assert!(renewal.three_ds("version").is_null(), "nobody was authenticated");

        let mut back = later;
        back["first"] = false.into();
        let back = paid(merchant, &present(merchant, processor, &card, back)).await;
        let charge = system.outside.only_charge(back.reference()).await;
        assert_eq!(charge["on_file"]["initiator"], "cardholder");
        assert_eq!(charge["on_file"]["is_first"], false);
        assert_eq!(charge["eci"], brand.authenticated_eci());
    }

    // A vendor that keeps the networks' ids to itself, and one that is told nothing of kept cards.
    let amex = Card::of(Brand::Amex, 0);
    let renewal = absent(merchant, "amex", &amex, json!({ "type": "recurring" }));
    let renewal = paid(merchant, &renewal).await;
    let charge = system.outside.only_charge(renewal.reference()).await;
    assert_eq!(charge["on_file"]["initiator"], "merchant");
    let ordinary = paid(merchant, &merchant.one_step_body(34_900, &Card::visa(0))).await;
    let charge = system.outside.only_charge(ordinary.reference()).await;
    assert!(charge.get("on_file").is_none(), "{charge}");
    system.finish().await;
}

/// Whose card it is cannot be asked for a challenge; neither force, nor an issuer that would want one, changes that.
#[tokio::test]
async fn a_charge_that_the_merchant_starts_is_never_challenged() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let challenged = Card::visa(5);
    let recurrence = json!({ "type": "recurring", "network_transaction_id": "016150703802094" });
    let mut body = absent(merchant, "adyen", &challenged, recurrence);
    body["three_ds"] = json!({ "mode": "force", "challenge_indicator": "04" });
    let asked_before = system.outside.messages(None).await.len();
    let order = paid(merchant, &body).await;
    assert_eq!(system.outside.messages(None).await.len(), asked_before);
    let charge = system.outside.only_charge(order.reference()).await;
    assert_eq!(charge["on_file"]["network_transaction_id"], "016150703802094");
    // The issuer that declines for want of an authentication is not asked for one either.
    body["order"] = merchant.order(34_965);
    let answer = merchant.post(PURCHASE_V2, &body).await;
    assert_eq!(
        Order::of(&answer.json()).payment_status(),
        "denied",
        "{}",
        answer.text
    );
    assert_eq!(system.outside.messages(None).await.len(), asked_before);
    system.finish().await;
}

#[tokio::test]
async fn what_cannot_be_meant_of_a_kept_card_is_refused_by_its_field() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let card = Card::visa(0);
    let agreed_in_absence = absent(
        merchant,
        "adyen",
        &card,
        json!({ "type": "recurring", "first": true }),
    );
    let of_no_kind = present(merchant, "adyen", &card, json!({ "first": true }));
    let both = json!({ "type": "recurring", "first": true, "network_transaction_id": "016150703802094" });
    let both = present(merchant, "adyen", &card, both);
    for (body, field) in [
        (agreed_in_absence, "recurrence.first: "),
        (of_no_kind, "recurrence.type: is required"),
        (both, "recurrence.network_transaction_id: "),
    ] {
        let answer = merchant.post(PURCHASE_V2, &body).await;
        assert_eq!((answer.status, answer.error_code().as_str()), (400, "DP-3000"));
        assert!(answer.text.contains(field), "{}", answer.text);
        system
            .outside
            .no_charge(body["order"]["order_id"].as_str().unwrap())
            .await;
    }
    let placed = merchant.place(34_900).await;
    let mut body = merchant.purchase_v1_body(&placed.token, &card);
    body["recurrence"] = json!({ "type": "recurring" });
    let answer = merchant.post(PURCHASE_V1, &body).await;
    assert!(
        answer.text.contains("recurrence.first: is required"),
        "{}",
        answer.text
    );
    system.finish().await;
}

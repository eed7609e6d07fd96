//! What follows a purchase, and what happens where the first processor declines.

use serde_json::{Value, json};

use super::Parties;
use super::flows::{charged_once, expect};
use crate::cards::Card;
use crate::merchant::{ORDERS, PURCHASE_V2};
use crate::order::Order;

/// Held, taken in part, and part of that given back; the refund is answered later by the processor.
pub(super) async fn held_captured_refunded(parties: Parties) {
    let order = held(&parties, 50_000).await;
    let captured = called(&parties, &order, "v2/capture", &json!({ "amount": 40_000 })).await;
    let captured = parties
        .merchant
        .follow(captured.token(), |order| order.payment_status() == "captured")
        .await;
    expect(&captured, ("succeeded", "captured"), "");
    let refund = json!({ "amount": 15_000, "reason": "one item came back" });
    called(&parties, &order, "v2/refund", &refund).await;
    let refunded = parties
        .merchant
        .follow(order.token(), |order| {
            order.payment_status() == "partial_refunded"
        })
        .await;
    expect(&refunded, ("succeeded", "partial_refunded"), "");
    let ledger = parties.outside.ledger(order.reference()).await;
    let moved: Vec<_> = ledger
        .iter()
        .filter(|entry| entry["approved"] == true && entry["operation"] != "inquiry")
        .map(|entry| (entry["operation"].as_str().unwrap_or_default(), &entry["amount"]))
        .collect();
    let (authorized, taken, given_back) = (json!(50_000), json!(40_000), json!(15_000));
    let expected = [
        ("authorization", &authorized),
        ("capture", &taken),
        ("refund", &given_back),
    ];
    assert_eq!(moved, expected, "{ledger:?}");
}

/// Held and released.
pub(super) async fn held_voided(parties: Parties) {
    let order = held(&parties, 34_900).await;
    let path = format!("{ORDERS}/{}/void", order.token());
    let answer = parties
        .merchant
        .post(&path, &json!({ "reason": "no stock" }))
        .await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    let voided = parties
        .merchant
        .follow(order.token(), |order| order.payment_status() == "voided")
        .await;
    expect(&voided, ("cancelled", "voided"), "");
}

/// The amount that the first connection declines and every other approves: authenticated once, charged elsewhere.
pub(super) async fn cascaded(parties: Parties) {
    let order = parties.merchant.buy_at(None, 34_992, &Card::visa(0)).await;
    expect(&order, ("succeeded", "processed"), "");
    let charges = parties.outside.charges(order.reference()).await;
    let [first, second] = charges.as_slice() else {
        panic!("not two charges: {charges:?}");
    };
    assert_ne!(first["processor"], second["processor"]);
    assert_eq!(
        (&first["approved"], &second["approved"]),
        (&false.into(), &true.into())
    );
    for member in ["eci", "authentication_value"] {
        assert_eq!(first[member], second[member], "{member}");
    }
    let authentication = order.three_ds("three_ds_server_trans_id").as_str().unwrap();
    let messages = parties.outside.messages(Some(authentication)).await;
    let asked = messages.iter().filter(|entry| entry["message_type"] == "AReq");
    assert_eq!(asked.count(), 1, "authenticated more than once");
}

async fn held(parties: &Parties, amount: i64) -> Order {
    let mut body = parties.merchant.one_step_body(amount, &Card::visa(0));
    body["capture"] = false.into();
    let answer = parties.merchant.post(PURCHASE_V2, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let order = Order::of(&answer.json());
    expect(&order, ("succeeded", "authorized"), "");
    charged_once(parties, &order, "05").await;
    order
}

async fn called(parties: &Parties, order: &Order, call: &str, body: &Value) -> Order {
    let path = format!("{ORDERS}/{}/{call}", order.token());
    let answer = parties.merchant.post(&path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Order::of(&answer.json())
}

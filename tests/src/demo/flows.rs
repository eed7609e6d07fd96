//! The flows, each of which panics with what is wrong.

use std::pin::Pin;

use serde_json::Value;

use super::{Parties, after_purchase, directlink};
use crate::cardholder::Temper;
use crate::cards::Card;
use crate::merchant::Merchant;
use crate::order::Order;

/// A flow with its name for people.
pub struct Flow {
    /// What the summary calls it.
    pub name: &'static str,
    /// Plays it.
    pub play: fn(Parties) -> Playing,
}

/// A flow under way.
pub type Playing = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Every flow, in the order in which it is played.
pub const ALL: [Flow; 15] = [
    Flow {
        name: "frictionless, approved",
        play: |parties| Box::pin(frictionless_approved(parties)),
    },
    Flow {
        name: "frictionless, refused by the issuer",
        play: |parties| Box::pin(frictionless_refused(parties)),
    },
    Flow {
        name: "challenge passed by SMS code in the ACS's own form, real RReq, approved",
        play: |parties| Box::pin(challenge_approved(parties)),
    },
    Flow {
        name: "challenge failed",
        play: |parties| Box::pin(challenge_failed(parties)),
    },
    Flow {
        name: "3DS Method first, then approved (semi-frictionless)",
        play: |parties| Box::pin(semi_frictionless(parties)),
    },
    Flow {
        name: "soft decline by the processor",
        play: |parties| Box::pin(soft_decline(parties)),
    },
    Flow {
        name: "attempted, connection rejects",
        play: |parties| Box::pin(attempted_rejected(parties)),
    },
    Flow {
        name: "attempted, connection proceeds",
        play: |parties| Box::pin(attempted_proceeds(parties)),
    },
    Flow {
        name: "unavailable, connection rejects",
        play: |parties| Box::pin(unavailable_rejected(parties)),
    },
    Flow {
        name: "unavailable, connection proceeds",
        play: |parties| Box::pin(unavailable_proceeds(parties)),
    },
    Flow {
        name: "declined at one processor, approved at the next with the same authentication",
        play: |parties| Box::pin(after_purchase::cascaded(parties)),
    },
    Flow {
        name: "held, captured in part, refunded in part",
        play: |parties| Box::pin(after_purchase::held_captured_refunded(parties)),
    },
    Flow {
        name: "held, then voided",
        play: |parties| Box::pin(after_purchase::held_voided(parties)),
    },
    Flow {
        name: "a DirectLink shop: paid, asked after, refunded in part",
        play: |parties| Box::pin(directlink::paid_asked_refunded(parties)),
    },
    Flow {
        name: "webhooks received, both signatures verified here",
        play: |parties| Box::pin(webhooks(parties)),
    },
];

async fn frictionless_approved(parties: Parties) {
    let order = parties.merchant.buy(34_900, &Card::visa(0)).await;
    expect(&order, ("succeeded", "processed"), "");
    assert_eq!(order.three_ds("flow"), "frictionless");
    charged_once(&parties, &order, "05").await;
}

async fn frictionless_refused(parties: Parties) {
    let order = parties.merchant.buy(34_900, &Card::visa(1)).await;
    expect(
        &order,
        ("pending", "denied"),
        "DEUNA_3DS.UNSUCCESSFUL_FRICTIONLESS_AUTHENTICATION",
    );
    parties.outside.no_charge(order.reference()).await;
}

async fn challenge_approved(parties: Parties) {
    let order = challenged(&parties, 120_050, Temper::TypesTheCode, "succeeded").await;
    expect(&order, ("succeeded", "processed"), "");
    assert_eq!(order.three_ds("flow"), "challenge");
    results_message(&parties, &order).await;
    charged_once(&parties, &order, "05").await;
}

async fn challenge_failed(parties: Parties) {
    let order = challenged(&parties, 120_050, Temper::TypesRubbish, "rejected").await;
    expect(
        &order,
        ("pending", "denied"),
        "DEUNA_3DS.FAILED_CHALLENGE_AUTHENTICATION",
    );
    parties.outside.no_charge(order.reference()).await;
}

async fn semi_frictionless(parties: Parties) {
    let order = parties.merchant.buy(34_900, &Card::mastercard(6)).await;
    expect(&order, ("pending", "pending_3ds"), "DP-7028");
    let end = parties
        .cardholder
        .authenticates(order.page_url().unwrap(), Temper::TypesTheCode)
        .await;
    assert_eq!(end.outcome, "succeeded");
    let order = parties.merchant.settled(order.token()).await;
    expect(&order, ("succeeded", "processed"), "");
    assert_eq!(order.three_ds("flow"), "semi_frictionless");
    charged_once(&parties, &order, "02").await;
}

async fn soft_decline(parties: Parties) {
    let order = parties.merchant.buy(34_905, &Card::visa(0)).await;
    expect(&order, ("pending", "denied"), "DP-4500");
    // Another route may be tried after a soft decline; here they all decline.
    let charges = parties.outside.charges(order.reference()).await;
    assert_eq!(charges[0]["response_code"], "05", "{charges:?}");
    assert!(
        charges.iter().all(|charge| charge["approved"] == false),
        "{charges:?}"
    );
}

async fn attempted_rejected(parties: Parties) {
    let order = parties.merchant.buy(34_900, &Card::visa(2)).await;
    expect(
        &order,
        ("pending", "denied"),
        "DEUNA_3DS.STAND_IN_FRICTIONLESS_AUTHENTICATION_ATTEMPTED",
    );
    parties.outside.no_charge(order.reference()).await;
}

async fn attempted_proceeds(parties: Parties) {
    let order = parties.proceeding.buy(34_900, &Card::visa(2)).await;
    expect(&order, ("succeeded", "processed"), "");
    assert_eq!(order.three_ds("liability_shift"), true);
    charged_once(&parties, &order, "06").await;
}

async fn unavailable_rejected(parties: Parties) {
    let order = parties.merchant.buy(34_900, &Card::visa(3)).await;
    expect(
        &order,
        ("pending", "denied"),
        "DEUNA_3DS.UNAVAILABLE_FRICTIONLESS_AUTHENTICATION",
    );
    parties.outside.no_charge(order.reference()).await;
}

async fn unavailable_proceeds(parties: Parties) {
    let order = parties.proceeding.buy(34_900, &Card::visa(3)).await;
    expect(&order, ("succeeded", "processed"), "");
    assert_eq!(
        (order.three_ds("eci"), order.three_ds("liability_shift")),
        (&"07".into(), &false.into())
    );
    // Without an authentication value there is nothing of it that this processor would take.
    let charge = parties.outside.only_charge(order.reference()).await;
    assert_eq!(charge["authentication_value"], Value::Null);
}

async fn webhooks(parties: Parties) {
    let order = challenged(&parties, 34_900, Temper::TypesTheCode, "succeeded").await;
    let webhooks = news(&parties.merchant, &order, 2).await;
    assert_eq!(
        webhooks,
        [("order.pending", "pending_3ds"), ("order.succeeded", "processed")]
            .map(|(event, payment)| (event.to_owned(), payment.to_owned()))
    );
}

/// Buys with the card that is challenged, and goes through the challenge in that temper.
async fn challenged(parties: &Parties, amount: i64, temper: Temper, outcome: &str) -> Order {
    let order = parties.merchant.buy(amount, &Card::visa(5)).await;
    expect(&order, ("pending", "pending_3ds"), "DP-7028");
    let end = parties
        .cardholder
        .authenticates(order.page_url().unwrap(), temper)
        .await;
    assert_eq!(end.outcome, outcome);
    parties.merchant.settled(order.token()).await
}

pub(super) fn expect(order: &Order, statuses: (&str, &str), code: &str) {
    assert_eq!((order.statuses(), order.code()), (statuses, code), "{order:?}");
}

/// One approved charge, with the ECI of the authentication.
pub(super) async fn charged_once(parties: &Parties, order: &Order, eci: &str) {
    let charge = parties.outside.only_charge(order.reference()).await;
    assert_eq!(charge["eci"], eci);
    assert_eq!(charge["amount"], *order.at("/total_amount"));
    assert_eq!(&charge["authentication_value"], order.three_ds("cavv"));
}

/// The directory server sent an RReq with `Y`, and we answered it with an RRes.
async fn results_message(parties: &Parties, order: &Order) {
    let authentication = order.three_ds("three_ds_server_trans_id").as_str().unwrap();
    let messages = parties.outside.messages(Some(authentication)).await;
    let sent = |kind: &str| messages.iter().find(|entry| entry["message_type"] == kind);
    assert_eq!(sent("RReq").expect("an RReq")["message"]["transStatus"], "Y");
    assert!(sent("RRes").is_some(), "no RRes");
    let kinds: Vec<&str> = messages
        .iter()
        .filter_map(|entry| entry["message_type"].as_str())
        .collect();
    parties.outside.story().tell("EMV 3DS", || kinds.join(" → "));
}

/// The first webhooks of an order, signatures verified.
async fn news(merchant: &Merchant, order: &Order, count: usize) -> Vec<(String, String)> {
    let webhooks = merchant.webhooks(order.reference(), count).await;
    webhooks
        .iter()
        .map(|webhook| webhook.news())
        .map(|(event, payment)| (event.to_owned(), payment.to_owned()))
        .collect()
}

//! Many payments at every stage, and a gateway that dies again and again at no moment in particular.

use futures_util::future::join_all;
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::merchant::PURCHASE_V2;
use tests::process::eventually;
use tests::system::System;

use super::{SETTINGS, killed_and_started_again};

/// How often the gateway dies.
const DEATHS: i64 = 4;
/// Purchases under way each time.
const PURCHASES: i64 = 12;

#[tokio::test]
async fn whatever_was_under_way_ends_with_one_charge_or_none() {
    let mut system = System::start_with(SETTINGS).await;
    let merchant = system.merchant.clone();
    let mut orders = Vec::new();
    for round in 0..DEATHS {
        let placed =
            join_all((0..PURCHASES).map(|number| merchant.place(49_000 + round * 2_000 + number * 100)))
                .await;
        let purchases: Vec<_> = placed
            .iter()
            .zip(0_u8..)
            .map(|(order, number)| {
                let card = match number % 4 {
                    0 => Card::visa(0),
                    1 => Card::mastercard(0),
                    2 => Card::visa(1),
                    _ => Card::visa(5),
                };
                let body = merchant.purchase_body(&order.token, &card);
                let merchant = merchant.clone();
                tokio::spawn(async move {
                    merchant
                        .try_call(reqwest::Method::POST, PURCHASE_V2, &[], Some(&body))
                        .await
                        .ok()
                })
            })
            .collect();
        // Some are charged by now, some are not, and some are not even asked about.
        eventually("the first charges", async || {
            let charged = join_all(
                placed
                    .iter()
                    .map(|order| system.outside.charges(&order.reference)),
            )
            .await;
            charged.iter().filter(|charges| !charges.is_empty()).count() >= 2
        })
        .await;
        killed_and_started_again(&mut system).await;
        for purchase in purchases {
            let _ = purchase.await.unwrap();
        }
        orders.extend(placed);
    }
    join_all(orders.iter().map(|order| ends_well(&system, &order.token))).await;
    system.finish().await;
}

/// The payment is paid and charged once, or not paid and not charged; whoever has to authenticate does so first.
async fn ends_well(system: &System, token: &str) {
    let merchant = &system.merchant;
    let rests =
        |order: &tests::order::Order| order.is_over() || matches!(order.payment_status(), "" | "pending_3ds");
    let mut order = merchant.follow(token, rests).await;
    if let Some(page) = order.page_url() {
        let end = system.cardholder.authenticates(page, Temper::TypesTheCode).await;
        assert_eq!(end.outcome, "succeeded", "{order:?}");
        order = merchant.settled(token).await;
    }
    let charges = system.outside.charges(order.reference()).await;
    let approved = charges.iter().filter(|charge| charge["approved"] == true).count();
    match order.payment_status() {
        "processed" => assert_eq!((charges.len(), approved), (1, 1), "{order:?}: {charges:?}"),
        // Refused by the issuer, lost before it left, or never begun: the purchase did not reach the gateway in time.
        "denied" | "" => assert_eq!(approved, 0, "{order:?}: {charges:?}"),
        other => panic!("{other}: {order:?}"),
    }
}

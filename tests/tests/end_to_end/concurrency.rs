//! Many at once: one order is charged once, however many try.

use futures_util::future::join_all;
use tests::cards::Card;
use tests::merchant::{PURCHASE_V1, PURCHASE_V2};
use tests::system::System;

#[tokio::test]
async fn fifty_purchases_of_one_order_make_one_charge() {
    let system = System::start().await;
    let merchant = &system.merchant;
    for (card, amount) in [(Card::visa(0), 34_900), (Card::mastercard(0), 34_996)] {
        let placed = merchant.place(amount).await;
        let answers = join_all((0..50).map(|number| {
            let (path, body) = match number % 2 {
                0 => (PURCHASE_V1, merchant.purchase_v1_body(&placed.token, &card)),
                _ => (PURCHASE_V2, merchant.purchase_body(&placed.token, &card)),
            };
            async move { merchant.post(path, &body).await }
        }))
        .await;
        let accepted = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(accepted, 1, "purchases of which one may be taken");
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(refused.status, 409, "{}", refused.text);
            let code = refused.error_code();
            assert!(
                matches!(code.as_str(), "DP-4019" | "EMA-1004"),
                "{}",
                refused.text
            );
        }
        assert_eq!(
            merchant.settled(&placed.token).await.payment_status(),
            "processed"
        );
        system.outside.only_charge(&placed.reference).await;
    }
    system.finish().await;
}

/// Paying and cancelling at the same moment: one of them wins, and money moves only where the payment does.
#[tokio::test]
async fn a_purchase_and_a_cancellation_do_not_both_win() {
    let system = System::start().await;
    let merchant = &system.merchant;
    join_all((0..20).map(|_| async {
        let placed = merchant.place(34_900).await;
        let body = merchant.purchase_body(&placed.token, &Card::visa(0));
        let (purchase, cancellation) =
            tokio::join!(merchant.post(PURCHASE_V2, &body), merchant.cancel(&placed.token));
        let order = merchant.settled(&placed.token).await;
        let charges = system.outside.charges(&placed.reference).await;
        match order.status() {
            "succeeded" => assert_eq!(
                (purchase.status, cancellation.status, charges.len()),
                (200, 409, 1)
            ),
            // The purchase was refused, or its authentication was overtaken by the cancellation.
            "cancelled" => assert_eq!((cancellation.status, charges.len()), (204, 0), "{charges:?}"),
            other => panic!("{other}"),
        }
    }))
    .await;
    system.finish().await;
}

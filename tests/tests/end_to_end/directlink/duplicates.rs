//! One ORDERID is paid once, however often and however much at once it is posted, and whatever dies meanwhile.

use futures_util::future::join_all;
use tests::cards::Card;
use tests::process::eventually;
use tests::system::System;

use super::until;

#[tokio::test]
async fn an_order_that_is_paid_is_not_paid_again() {
    let system = System::start().await;
    let shop = system.directlink();
    let order = shop.order(6_000, &Card::visa(0));
    let paid = shop.pays(&order).await;
    assert_eq!(paid.told(), ("5", "0"), "{paid:?}");

    for again in [
        order.clone(),
        order.clone().with("AMOUNT", 6_100),
        order.clone().with("CARDNO", Card::mastercard(0).number),
    ] {
        let told = shop.pays(&again).await;
        assert_eq!(told.told(), ("0", "50001113"), "{told:?}");
        assert_eq!(told.get("NCSTATUS"), "5");
        assert_eq!(told.payid(), paid.payid());
        assert_eq!(told.get("ACCEPTANCE"), paid.get("ACCEPTANCE"));
    }
    system.outside.only_charge(order.value("ORDERID")).await;
    system.finish().await;
}

#[tokio::test]
async fn an_order_that_was_refused_or_let_go_may_be_paid_yet() {
    let system = System::start().await;
    let shop = system.directlink();
    let order = shop.order(7_051, &Card::visa(0));
    let refused = shop.pays(&order).await;
    assert_eq!(refused.told(), ("2", "30511001"), "{refused:?}");
    let complained = shop.pays(&order.clone().with("CVC", "7x7")).await;
    complained.assert_complains("50001180", "CVC");

    let paid = shop.pays(&order.clone().with("AMOUNT", 7_000)).await;

    assert_eq!(paid.told(), ("5", "0"), "{paid:?}");
    assert_ne!(paid.payid(), refused.payid());
    let latest = shop.asks(&[("ORDERID", order.value("ORDERID"))]).await;
    assert_eq!((latest.payid(), latest.status()), (paid.payid(), "5"));
    let before = shop.asks(&[("PAYID", refused.payid())]).await;
    assert_eq!(before.told(), ("2", "30511001"), "{before:?}");

    // What was authorised and deleted is not processed either.
    let gone = shop.maintains(paid.payid(), "DES", None).await;
    assert_eq!(gone.error(), "0", "{gone:?}");
    until(&shop, &[("PAYID", paid.payid())], "6").await;
    let again = shop.pays(&order.clone().with("AMOUNT", 7_000)).await;
    assert_eq!(again.told(), ("5", "0"), "{again:?}");
    system.finish().await;
}

#[tokio::test]
async fn fifty_at_once_charge_once() {
    let system = System::start().await;
    let shop = system.directlink();
    let order = shop.order(8_000, &Card::visa(0)).with("OPERATION", "SAL");

    let answers = join_all((0..50).map(|_| shop.pays(&order))).await;

    let charge = system.outside.only_charge(order.value("ORDERID")).await;
    assert_eq!(charge["amount"], 8_000);
    let paid: Vec<_> = answers.iter().filter(|answer| answer.error() == "0").collect();
    assert_eq!(paid.len(), 1, "{paid:?}");
    for answer in &answers {
        assert!(
            matches!(answer.error(), "0" | "50001113" | "50001133"),
            "{answer:?}"
        );
        if answer.error() == "50001113" {
            assert_eq!(answer.payid(), paid[0].payid());
        }
    }
    system.finish().await;
}

/// The shop gets no answer, asks, and is told what became of it.
#[tokio::test]
async fn a_gateway_that_dies_while_it_charges_charges_once() {
    let mut system = System::start().await;
    let shop = system.directlink();
    let order = shop.order(9_000, &Card::visa(0));
    let reference = order.value("ORDERID").to_owned();
    system
        .outside
        .fault("adyen", "delay", Some(1), Some(300_000))
        .await;
    let posting = tokio::spawn({
        let (shop, order) = (shop.clone(), order.clone());
        async move { shop.try_posts(tests::directlink::ORDER, &order).await }
    });
    eventually("a charge", async || {
        !system.outside.charges(&reference).await.is_empty()
    })
    .await;

    system.kill_gateway().await;
    system.start_gateway().await;

    assert!(posting.await.unwrap().is_err(), "nobody answers any more");
    let asked = shop.asks(&[("ORDERID", &reference)]).await;
    assert!(matches!(asked.status(), "52" | "5"), "{asked:?}");
    let repeated = shop.pays(&order).await;
    assert!(
        matches!(repeated.error(), "50001133" | "50001113"),
        "{repeated:?}"
    );
    // This processor can only be asked to take back what nobody heard of: the money is held, or was let go and may be asked for
    // once more.
    let mut settled = shop.asks(&[("ORDERID", &reference)]).await;
    eventually("an end", async || {
        settled = shop.asks(&[("ORDERID", &reference)]).await;
        matches!(settled.status(), "5" | "2")
    })
    .await;
    let repeated = shop.pays(&order).await;
    let operations: Vec<String> = system
        .outside
        .moved(&reference)
        .await
        .into_iter()
        .map(|(it, _)| it)
        .collect();
    if settled.status() == "5" {
        assert_eq!(
            (repeated.error(), repeated.payid()),
            ("50001113", settled.payid())
        );
        assert_eq!(operations, ["authorization"]);
    } else {
        assert_eq!(repeated.told(), ("5", "0"), "{repeated:?}");
        assert_eq!(operations, ["authorization", "reversal", "authorization"]);
    }
    system.finish().await;
}

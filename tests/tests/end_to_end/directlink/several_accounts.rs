//! Shops of one merchant that number their orders alike, each with an account of its own, and the merchant's orders of the
//! orders API beside them: all are paid, each once, and none touches another's.

use futures_util::future::join_all;
use serde_json::json;
use tests::cards::Card;
use tests::directlink::signature::Hash;
use tests::directlink::{MAINTENANCE, Request, Shop};
use tests::merchant::{Keys, PURCHASE_V2};
use tests::system::System;

use super::{account, opened, until};

/// An account of that name beside the seeded one, of the same merchant.
async fn another(system: &System, pspid: &str) -> Shop {
    opened(system, account(system, pspid, Hash::Sha512), json!({})).await
}

#[tokio::test]
async fn twenty_at_once_at_each_charge_once_each() {
    let system = System::start().await;
    let (one, two) = (system.directlink(), another(&system, "two").await);
    let mut merchant = system.merchant.clone();
    merchant.keys = Keys::read(&system.sandbox_json["directlink_merchant"]);
    // Amounts of their own, by which the processor's ledger tells them apart.
    let order = one.order(11_000, &Card::visa(0)).with("OPERATION", "SAL");
    let others = order.clone().with("AMOUNT", 12_000);
    let reference = order.value("ORDERID");
    let mut purchase = merchant.one_step_body(13_000, &Card::visa(0));
    purchase["order"]["order_id"] = reference.into();
    purchase["processor_name"] = "adyen".into();

    let (at_one, at_two, bought) = tokio::join!(
        join_all((0..20).map(|_| one.pays(&order))),
        join_all((0..20).map(|_| two.pays(&others))),
        join_all((0..20).map(|_| merchant.post(PURCHASE_V2, &purchase))),
    );

    let mut payids = Vec::new();
    for (shop, request, answers) in [(&one, &order, &at_one), (&two, &others, &at_two)] {
        let paid: Vec<_> = answers.iter().filter(|answer| answer.error() == "0").collect();
        assert_eq!(paid.len(), 1, "{paid:?}");
        for answer in answers {
            match answer.error() {
                "50001113" => assert_eq!(answer.payid(), paid[0].payid()),
                error => assert!(matches!(error, "0" | "50001133"), "{answer:?}"),
            }
        }
        until(shop, &[("ORDERID", reference)], "9").await;
        let again = shop.pays(request).await;
        assert_eq!(again.told(), ("0", "50001113"), "{again:?}");
        assert_eq!(again.payid(), paid[0].payid());
        assert_eq!(again.get("ACCEPTANCE"), paid[0].get("ACCEPTANCE"));
        payids.push(again.payid().to_owned());
    }
    assert_ne!(payids[0], payids[1]);
    assert_eq!(bought.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in bought.iter().filter(|answer| answer.status != 200) {
        let code = answer.error_code();
        assert!(matches!(code.as_str(), "EMA-6004" | "DP-4019"), "{}", answer.text);
    }
    let charges = system.outside.charges(reference).await;
    let mut amounts: Vec<_> = charges.iter().map(|charge| charge["amount"].as_i64()).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [11_000, 12_000, 13_000].map(Some), "{charges:?}");
    system.finish().await;
}

#[tokio::test]
async fn asking_and_changing_by_number_is_about_the_account_s_own_payment() {
    let system = System::start().await;
    let (one, two) = (system.directlink(), another(&system, "two").await);
    let order = one.order(21_000, &Card::visa(0));
    let reference = order.value("ORDERID");
    let by_reference = [("ORDERID", reference)];
    let asked_to = |operation| Request::of(&[("ORDERID", reference), ("OPERATION", operation)]);
    let first = one.pays(&order).await;
    assert_eq!(first.told(), ("5", "0"), "{first:?}");

    // Nothing is under that number at the other account, whichever way it is asked for.
    for which in [by_reference, [("PAYID", first.payid())]] {
        let unknown = two.asks(&which).await;
        assert_eq!(unknown.error(), "50001130", "{unknown:?}");
        let unknown = two
            .posts(MAINTENANCE, &Request::of(&which).with("OPERATION", "DES"))
            .await;
        assert_eq!(unknown.error(), "50001130", "{unknown:?}");
    }
    // A refusal there is that account's alone.
    let refused = two.pays(&order.clone().with("AMOUNT", 22_051)).await;
    assert_eq!(refused.status(), "2", "{refused:?}");
    assert_eq!(two.asks(&by_reference).await.payid(), refused.payid());
    let nothing = two.posts(MAINTENANCE, &asked_to("DES")).await;
    assert_eq!(nothing.error(), "50001127", "{nothing:?}");
    assert_eq!(
        one.asks(&by_reference).await.told(),
        ("5", "0"),
        "still authorised"
    );

    let second = two.pays(&order.clone().with("AMOUNT", 22_000)).await;
    assert_eq!(second.told(), ("5", "0"), "{second:?}");
    let released = two.posts(MAINTENANCE, &asked_to("DES")).await;
    assert_eq!((released.error(), released.payid()), ("0", second.payid()));
    until(&two, &by_reference, "6").await;
    let held = one.asks(&by_reference).await;
    assert_eq!((held.status(), held.payid()), ("5", first.payid()));
    let captured = one.posts(MAINTENANCE, &asked_to("SAS")).await;
    assert_eq!((captured.error(), captured.payid()), ("0", first.payid()));
    until(&one, &by_reference, "9").await;

    let moved = system.outside.moved(reference).await;
    let operation = |name: &str, amount| (name.to_owned(), amount);
    assert_eq!(
        moved,
        [
            operation("authorization", 21_000),
            operation("authorization", 22_000),
            operation("void", 22_000),
            operation("capture", 21_000),
        ]
    );
    system.finish().await;
}

//! What comes after the payment: captures, voids and refunds, and asking how it stands.

use tests::cards::{Brand, Card};
use tests::directlink::signature::Hash;
use tests::directlink::{MAINTENANCE, Request};
use tests::system::System;

use super::{account, opened, until};

/// What a payment answers that is only authorised.
#[tokio::test]
async fn an_authorisation_is_captured_and_given_back_in_parts() {
    let system = System::start().await;
    let shop = system.directlink();
    let order = shop.order(10_000, &Card::visa(0));
    let reference = order.value("ORDERID");

    let paid = shop.pays(&order).await;

    assert_eq!(paid.told(), ("5", "0"), "{paid:?}");
    assert_eq!(paid.get("orderID"), reference);
    assert_eq!((paid.get("NCSTATUS"), paid.get("NCERRORPLUS")), ("0", "!"));
    assert_eq!((paid.get("amount"), paid.get("currency")), ("100", "EUR"));
    assert_eq!((paid.get("PM"), paid.get("BRAND")), ("CreditCard", "VISA"));
    assert_eq!(paid.get("ECI"), "7");
    assert!(!paid.get("ACCEPTANCE").is_empty(), "{paid:?}");
    assert!(paid.html_answer.is_none());
    let payid = paid.payid().to_owned();
    assert_eq!(payid.len(), 10, "{paid:?}");
    let which = |level: &'static str| [("PAYID", payid.as_str()), ("PAYIDSUB", level)];

    // Two captures, of which the second closes; between them one that is too large.
    let first = shop.maintains(&payid, "SAL", Some(4_050)).await;
    assert!(matches!(first.status(), "91" | "9"), "{first:?}");
    assert_eq!(
        (first.error(), first.get("PAYIDSUB"), first.get("amount")),
        ("0", "1", "40.5")
    );
    let done = until(&shop, &which("1"), "9").await;
    assert_eq!((done.get("PAYIDSUB"), done.get("amount")), ("1", "40.5"));
    let too_much = shop.maintains(&payid, "SAL", Some(5_951)).await;
    assert_eq!(too_much.error(), "50001126", "{too_much:?}");
    let second = shop.maintains(&payid, "SAS", Some(5_950)).await;
    assert!(matches!(second.status(), "91" | "9"), "{second:?}");
    until(&shop, &[("PAYID", &payid)], "9").await;
    let closed = shop.maintains(&payid, "SAL", Some(1)).await;
    assert!(matches!(closed.error(), "50001126" | "50001127"), "{closed:?}");

    // Two refunds, with one between them that is too large.
    let first = shop.maintains(&payid, "RFD", Some(3_000)).await;
    assert!(matches!(first.status(), "81" | "8"), "{first:?}");
    until(&shop, &[("PAYID", &payid)], "8").await;
    let too_much = shop.maintains(&payid, "RFD", Some(7_001)).await;
    assert_eq!(too_much.error(), "50001129", "{too_much:?}");
    let second = shop.maintains(&payid, "RFS", Some(7_000)).await;
    assert!(matches!(second.status(), "81" | "8"), "{second:?}");
    let told = until(&shop, &[("PAYID", &payid)], "8").await;
    assert_eq!(told.get("CARDNO"), "XXXXXXXXXXXX1000");

    let moved = system.outside.moved(reference).await;
    let operation = |name: &str, amount| (name.to_owned(), amount);
    assert_eq!(
        moved,
        [
            operation("authorization", 10_000),
            operation("capture", 4_050),
            operation("capture", 5_950),
            operation("refund", 3_000),
            operation("refund", 7_000),
        ]
    );
    system.finish().await;
}

#[tokio::test]
async fn parcels_are_captured_one_after_the_other_without_waiting_for_the_processor() {
    let system = System::start().await;
    let shop = system.directlink();
    let order = shop.order(10_000, &Card::visa(0));
    let payid = shop.pays(&order).await.payid().to_owned();

    for (level, operation, amount) in [("1", "SAL", 2_000), ("2", "SAL", 3_000), ("3", "SAS", 4_000)] {
        let asked = shop.maintains(&payid, operation, Some(amount)).await;
        assert!(matches!(asked.status(), "91" | "9"), "{asked:?}");
        assert_eq!((asked.error(), asked.get("PAYIDSUB")), ("0", level), "{asked:?}");
    }
    let closed = shop.maintains(&payid, "SAL", Some(500)).await;
    assert_eq!((closed.status(), closed.error()), ("0", "50001127"), "{closed:?}");
    for level in ["1", "2", "3"] {
        until(&shop, &[("PAYID", &payid), ("PAYIDSUB", level)], "9").await;
    }

    let moved = system.outside.moved(order.value("ORDERID")).await;
    let amounts: Vec<_> = moved
        .iter()
        .map(|(operation, amount)| (operation.as_str(), *amount))
        .collect();
    let expected = [
        ("authorization", 10_000),
        ("capture", 2_000),
        ("capture", 3_000),
        ("capture", 4_000),
    ];
    assert_eq!(amounts, expected);
    system.finish().await;
}

#[tokio::test]
async fn a_sale_takes_the_money_and_an_authorisation_can_be_let_go() {
    let system = System::start().await;
    let shop = system.directlink();

    // At once.
    let order = shop
        .order(1_050, &Card::of(Brand::Amex, 0))
        .with("OPERATION", "SAL");
    let sold = shop.pays(&order).await;
    assert!(matches!(sold.status(), "9" | "91"), "{sold:?}");
    assert_eq!(
        (sold.get("amount"), sold.get("BRAND")),
        ("10.5", "American Express")
    );
    let told = until(&shop, &[("PAYID", sold.payid())], "9").await;
    assert_eq!(told.get("CARDNO"), "XXXXXXXXXXX0001");

    // Held, and taken as a whole without saying how much.
    let order = shop.order(2_000, &Card::mastercard(0));
    let held = shop.pays(&order).await;
    assert_eq!((held.status(), held.get("BRAND")), ("5", "MasterCard"));
    let taken = shop.maintains(held.payid(), "SAS", None).await;
    assert_eq!((taken.error(), taken.get("amount")), ("0", "20"), "{taken:?}");
    until(&shop, &[("ORDERID", order.value("ORDERID"))], "9").await;

    // Let go, either way.
    for operation in ["DES", "DEL"] {
        let order = shop.order(3_000, &Card::visa(0));
        let held = shop.pays(&order).await;
        let gone = shop.maintains(held.payid(), operation, None).await;
        assert!(matches!(gone.status(), "61" | "6"), "{operation}: {gone:?}");
        assert_eq!((gone.error(), gone.get("PAYIDSUB")), ("0", "1"));
        until(&shop, &[("PAYID", held.payid())], "6").await;
        let late = shop.maintains(held.payid(), "SAS", None).await;
        assert_eq!((late.status(), late.error()), ("0", "50001127"), "{late:?}");
        let moved = system.outside.moved(order.value("ORDERID")).await;
        assert_eq!(
            moved.last().map(|(operation, _)| operation.as_str()),
            Some("void")
        );
        assert_eq!(moved.len(), 2, "{moved:?}");
    }

    // What is only held cannot be given back, and what is refused cannot be taken.
    let held = shop.pays(&shop.order(4_000, &Card::visa(0))).await;
    let early = shop.maintains(held.payid(), "RFD", Some(4_000)).await;
    assert!(matches!(early.error(), "50001127" | "50001129"), "{early:?}");
    let refused = shop.pays(&shop.order(4_051, &Card::visa(0))).await;
    assert_eq!(refused.told(), ("2", "30511001"), "{refused:?}");
    assert_eq!((refused.get("NCSTATUS"), refused.get("ACCEPTANCE")), ("3", ""));
    let never = shop.maintains(refused.payid(), "SAS", None).await;
    assert_eq!((never.status(), never.error()), ("0", "50001127"), "{never:?}");
    // No processor here renews an authorisation.
    let renewed = shop.maintains(held.payid(), "REN", None).await;
    assert_eq!(
        (renewed.status(), renewed.error()),
        ("0", "50001186"),
        "{renewed:?}"
    );
    system.finish().await;
}

/// Whose it is, or whether there is any, is not to be found out.
#[tokio::test]
async fn nobody_learns_anything_of_the_payments_of_others() {
    let system = System::start().await;
    let shop = system.directlink();
    let other = opened(
        &system,
        account(&system, "another-shop", Hash::Sha256),
        serde_json::json!({}),
    )
    .await;
    let order = shop.order(5_000, &Card::visa(0));
    let (paid, reference) = (shop.pays(&order).await, order.value("ORDERID"));
    assert_eq!(paid.status(), "5", "{paid:?}");

    for (key, value) in [
        ("PAYID", paid.payid()),
        ("PAYID", "3999999999"),
        ("PAYID", "999999999999999999"),
        ("ORDERID", reference),
        ("ORDERID", "never-seen"),
    ] {
        let asked = other.asks(&[(key, value)]).await;
        assert_eq!(asked.error(), "50001130", "{key} {value}: {asked:?}");
        assert_eq!(
            (asked.payid(), asked.status(), asked.get("ACCEPTANCE")),
            ("", "", ""),
            "{asked:?}"
        );
        let request = Request::of(&[(key, value), ("OPERATION", "SAS")]);
        let maintained = other.posts(MAINTENANCE, &request).await;
        assert_eq!(
            maintained.told(),
            ("0", "50001130"),
            "{key} {value}: {maintained:?}"
        );
    }
    // The words differ in nothing but what was asked for.
    let words = |answer: &tests::directlink::answer::NcResponse, asked: &str| {
        answer.get("NCERRORPLUS").replace(asked, "…")
    };
    let theirs = other.asks(&[("PAYID", paid.payid())]).await;
    let nobodys = other.asks(&[("PAYID", "3999999999")]).await;
    assert_eq!(words(&theirs, paid.payid()), words(&nobodys, "3999999999"));

    // Both keys together: the number counts.
    let both = shop
        .asks(&[("PAYID", paid.payid()), ("ORDERID", "never-seen")])
        .await;
    assert_eq!((both.status(), both.get("orderID")), ("5", reference));
    let level = shop.asks(&[("PAYID", paid.payid()), ("PAYIDSUB", "7")]).await;
    assert!(matches!(level.error(), "50001130" | "50001131"), "{level:?}");
    system.outside.only_charge(reference).await;
    // Each account numbers its orders for itself: the same number at another of the merchant's is another order, and each finds
    // its own.
    let theirs = other.pays(&order).await;
    assert_eq!(theirs.told(), ("5", "0"), "{theirs:?}");
    assert_ne!(theirs.payid(), paid.payid());
    for (asking, own) in [(&shop, &paid), (&other, &theirs)] {
        let found = asking.asks(&[("ORDERID", reference)]).await;
        assert_eq!(found.payid(), own.payid(), "{found:?}");
    }
    system.finish().await;
}

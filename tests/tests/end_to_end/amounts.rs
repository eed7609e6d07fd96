//! What each amount makes the processor answer, and what becomes of the payment.

use futures_util::future::join_all;
use tests::cards::{Brand, Card};
use tests::merchant::{Merchant, PURCHASE_V1};
use tests::order::Order;
use tests::system::System;

/// The pair at the end of the amount, the processor's response code, and whether it is approved.
const ANSWERED: [(i64, &str, bool); 9] = [
    (0, "00", true),
    (77, "00", true),
    (5, "05", false),
    (14, "14", false),
    (41, "41", false),
    (43, "43", false),
    (51, "51", false),
    (54, "54", false),
    (91, "91", false),
];

#[tokio::test]
async fn the_processor_s_answer_is_the_payment_s_end() {
    let system = System::start().await;
    let cards = [Card::visa(0), Card::mastercard(0)];
    let purchases = cards
        .iter()
        .flat_map(|card| ANSWERED.iter().map(move |answered| (card, answered)));
    join_all(purchases.map(|(card, (pair, response_code, approved))| {
        let system = &system;
        async move {
            let order = system.merchant.buy(50_000 + pair, card).await;
            let charges = system.outside.charges(order.reference()).await;
            assert_eq!(charges.len(), 1, "{pair}: {charges:?}");
            assert_eq!(charges[0]["response_code"], *response_code, "{pair}");
            assert_eq!(charges[0]["approved"], *approved, "{pair}");
            if *approved {
                assert_eq!(order.statuses(), ("succeeded", "processed"), "{pair}");
                assert!(
                    !order.text("/payment/data/external_transaction_id").is_empty(),
                    "{pair}"
                );
            } else {
                declined(&order);
            }
        }
    }))
    .await;
    system.finish().await;
}

fn declined(order: &Order) {
    assert_eq!(order.statuses(), ("pending", "denied"), "{order:?}");
    assert_eq!(order.code(), "DP-4500", "{order:?}");
    assert_eq!(order.text("/payment/data/processor"), "kushki");
    assert_eq!(order.text("/payment/error/code"), "DP-4500");
}

/// The pair 65: the issuer wants an authentication, or where there was one says that a limit is exceeded.
#[tokio::test]
async fn an_issuer_that_wants_authentication_declines_without() {
    let system = System::start().await;
    for card in [Card::visa(0), Card::mastercard(0)] {
        let order = system.merchant.buy(50_065, &card).await;
        declined(&order);
        let charges = system.outside.charges(order.reference()).await;
        assert_eq!(charges[0]["response_code"], "65", "{card:?}");
    }
    // The issuer gets the authentication it wants: it is asked once more, cannot give one again, and nothing is charged.
    for (card, response_code) in [(Card::visa(3), "1A"), (Card::mastercard(3), "65")] {
        let order = system.proceeding.buy(50_065, &card).await;
        assert_eq!(order.statuses(), ("pending", "denied"), "{order:?}");
        assert_eq!(
            order.code(),
            "DEUNA_3DS.UNAVAILABLE_FRICTIONLESS_AUTHENTICATION",
            "{order:?}"
        );
        let charges = system.outside.charges(order.reference()).await;
        let [charge] = charges.as_slice() else {
            panic!("one charge: {charges:?}");
        };
        assert_eq!(
            (&charge["response_code"], &charge["approved"]),
            (&response_code.into(), &false.into())
        );
    }
    system.finish().await;
}

/// The merchant is told that nobody knows yet, cannot start anew meanwhile, and hears the truth from the processor's own
/// list: charged once.
#[tokio::test]
async fn an_unknown_outcome_is_settled_by_inquiry_with_one_charge() {
    let system = System::start().await;
    // A notification would tell first.
    system.outside.fault("notifications", "refuse", None, None).await;
    join_all(
        [
            (96, Brand::Visa),
            (96, Brand::Mastercard),
            (68, Brand::Visa),
            (68, Brand::Mastercard),
        ]
        .map(|(pair, brand)| {
            let system = &system;
            async move {
                let placed = system.merchant.place(50_000 + pair).await;
                let order = system.merchant.pay(&placed, &Card::of(brand, 0)).await;
                assert_eq!(order.statuses(), ("pending", "processing"), "{pair}");
                assert_eq!(order.code(), "DP-6003", "{pair}");
                another_purchase_waits(&system.merchant, &placed.token, &Card::of(brand, 0)).await;

                let order = system.merchant.settled(&placed.token).await;
                assert_eq!(order.statuses(), ("succeeded", "processed"), "{pair}");
                assert_eq!(order.code(), "", "{pair}");
                system.outside.only_charge(&placed.reference).await;
                let told = system.merchant.webhooks(&placed.reference, 1).await;
                assert_eq!(told[0].news(), ("order.succeeded", "processed"), "{pair}");
            }
        }),
    )
    .await;
    system.finish().await;
}

/// The pair 69: nothing was charged. After the processor's final window the payment is denied, and the order can be paid
/// again.
#[tokio::test]
async fn a_charge_that_never_arrived_is_denied_when_its_processor_is_sure() {
    let system = System::start().await;
    let placed = system.merchant.place(50_069).await;
    let order = system.merchant.pay(&placed, &Card::visa(0)).await;
    assert_eq!((order.payment_status(), order.code()), ("processing", "DP-6003"));
    meanwhile_everything_waits(&system.merchant, &placed.token, &Card::visa(0)).await;

    let order = system.merchant.settled(&placed.token).await;
    assert_eq!((order.payment_status(), order.code()), ("denied", "DP-6003"));
    let charges = system.outside.charges(&placed.reference).await;
    assert!(
        charges.iter().all(|charge| charge["approved"] == false),
        "{charges:?}"
    );
    assert_eq!(system.merchant.cancel(&placed.token).await.status, 204);
    system.finish().await;
}

/// Neither can the order be paid again nor cancelled while nobody knows what became of its charge.
async fn meanwhile_everything_waits(merchant: &Merchant, token: &str, card: &Card) {
    another_purchase_waits(merchant, token, card).await;
    let cancelled = merchant.cancel(token).await;
    assert_eq!(
        (cancelled.status, cancelled.error_code().as_str()),
        (409, "EMA-6002")
    );
}

/// The order cannot be paid again, be it that nobody knows what became of its charge, or that it is paid by now.
async fn another_purchase_waits(merchant: &Merchant, token: &str, card: &Card) {
    let again = merchant
        .post(tests::merchant::PURCHASE_V2, &merchant.purchase_body(token, card))
        .await;
    let is_settled = merchant.read(token).await.payment_status() != "processing";
    assert_eq!(again.status, 409, "{}", again.text);
    assert!(again.error_code() == "DP-4019" || is_settled, "{}", again.text);
}

/// V1 answers 422 where V2 answers 200, with the same order in it.
#[tokio::test]
async fn purchase_v1_says_no_in_its_own_way() {
    let system = System::start().await;
    let merchant = &system.merchant;
    for (amount, card, code) in [
        (50_051, Card::visa(0), "DP-4500"),
        (
            50_000,
            Card::visa(1),
            "DEUNA_3DS.UNSUCCESSFUL_FRICTIONLESS_AUTHENTICATION",
        ),
        (50_000, Card::visa(7), "DEUNA_3DS.ENROLLMENT_CHECK_ERROR"),
    ] {
        let placed = merchant.place(amount).await;
        let answer = merchant
            .post(PURCHASE_V1, &merchant.purchase_v1_body(&placed.token, &card))
            .await;
        assert_eq!(
            (answer.status, answer.error_code().as_str()),
            (422, code),
            "{}",
            answer.text
        );
        let order = Order::of(&answer.json());
        assert_eq!(order.statuses(), ("pending", "denied"));
        assert_eq!(order.code(), code);
        // What V2 would show of it is what Get Order shows.
        assert_eq!(
            merchant.read(&placed.token).await.hash_state(),
            order.hash_state()
        );
    }
    for (amount, card, status) in [
        (50_000, Card::visa(0), "processed"),
        (50_000, Card::visa(5), "pending_3ds"),
        (50_096, Card::visa(0), "processing"),
    ] {
        let placed = merchant.place(amount).await;
        let answer = merchant
            .post(PURCHASE_V1, &merchant.purchase_v1_body(&placed.token, &card))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(Order::of(&answer.json()).payment_status(), status);
    }
    system.finish().await;
}

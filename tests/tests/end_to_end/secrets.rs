//! Where card data go, and where they never do. Every test of this suite ends with the same search; here it is shown that
//! the search finds what it looks for, and what is kept sealed.

use serde_json::Value;
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::merchant::PURCHASE_V2;
use tests::order::Order;
use tests::system::System;

/// A code that is kept is sealed, and gone once no charge can need it.
#[tokio::test]
async fn security_codes_are_sealed_while_needed_and_then_gone() {
    let system = System::start().await;
    let sealed = |order: &Order| {
        system.database.ask(&format!(
            "SELECT sealed_security_code IS NOT NULL FROM payment_cards WHERE payment_id = '{}'",
            order.text("/payment/data/id")
        ))
    };
    let waiting = system.merchant.buy(49_500, &Card::visa(5)).await;
    assert_eq!(sealed(&waiting), "t", "the charge after the challenge needs it");
    system
        .cardholder
        .authenticates(waiting.page_url().unwrap(), Temper::TypesTheCode)
        .await;
    let paid = system.merchant.settled(waiting.token()).await;
    assert_eq!(paid.payment_status(), "processed");
    for order in [
        paid,
        system.merchant.buy(49_551, &Card::visa(0)).await,
        system.merchant.buy(49_600, &Card::visa(1)).await,
        system.merchant.buy(49_696, &Card::visa(0)).await,
    ] {
        assert_eq!(sealed(&order), "f", "{order:?}");
    }
    let cancelled = system.merchant.buy(49_700, &Card::visa(5)).await;
    system.merchant.cancel(cancelled.token()).await;
    assert_eq!(sealed(&cancelled), "f");
    system.finish().await;
}

/// The search that ends every test would notice.
#[tokio::test]
async fn what_is_written_in_the_open_is_found() {
    let system = System::start().await;
    let card = Card::visa(0);
    let order = system.merchant.buy(49_800, &card).await;
    assert!(system.secrets_found().await.is_empty());
    for statement in [
        format!("UPDATE orders SET reference = '{}'", card.number),
        format!("UPDATE payment_cards SET sealed_card = '{}'::bytea", card.number),
        format!(
            "UPDATE orders SET details = details || '{{\"card_cvv\": \"{}\"}}'",
            card.security_code
        ),
    ] {
        let found = in_a_copy(&system, &statement).await;
        assert!(
            !found.is_empty(),
            "{}",
            statement.split(' ').nth(1).unwrap_or_default()
        );
    }
    assert_eq!(
        system.outside.only_charge(order.reference()).await["card_last4"],
        card.last_four()
    );
    system.finish().await;
}

/// What is found after the statement, which is undone afterwards.
async fn in_a_copy(system: &System, statement: &str) -> Vec<String> {
    system
        .database
        .ask("CREATE TABLE orders_before AS TABLE orders; CREATE TABLE cards_before AS TABLE payment_cards");
    system.database.ask(statement);
    let found = system.secrets_found().await;
    system.database.ask(
        "UPDATE orders o SET reference = b.reference, details = b.details FROM orders_before b WHERE o.id = b.id;
         UPDATE payment_cards c SET sealed_card = b.sealed_card FROM cards_before b WHERE c.payment_id = b.payment_id;
         DROP TABLE orders_before; DROP TABLE cards_before",
    );
    found
}

/// Card numbers that are sent where they do not belong are neither echoed nor kept.
#[tokio::test]
async fn card_numbers_in_the_wrong_places_are_not_told_again() {
    let system = System::start().await;
    let card = Card::visa(0);
    system.secrets.used_card(&card.number);
    let spoken = [
        ("card_holder", Value::from(card.number.as_str())),
        ("expiry_month", Value::from(card.number.as_str())),
        ("card_cvv", Value::from(card.number.as_str())),
    ];
    for (member, value) in spoken {
        let mut body = system.merchant.one_step_body(49_900, &card);
        body["credit_info"][member] = value;
        let answer = system.merchant.post(PURCHASE_V2, &body).await;
        assert!(!answer.text.contains(&card.number), "{member}: echoed");
        assert!((400..500).contains(&answer.status), "{member}: {}", answer.status);
    }
    let headers = [("x-api-key", card.number.as_str())];
    let path = format!("/merchants/orders/{}", card.number);
    let answer = system
        .merchant
        .try_call(reqwest::Method::GET, &path, &headers, None)
        .await
        .unwrap();
    assert!(!answer.text.contains(&card.number), "{}", answer.text);
    system.finish().await;
}

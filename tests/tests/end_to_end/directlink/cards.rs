//! The vendor's test cards and amounts do what its documentation says (ogone-directlink.md, section 13).

use tests::cards::Card;
use tests::system::System;

fn card(number: &str) -> Card {
    let security_code = if number.len() == 15 { "7373" } else { "737" };
    Card::numbered(number, security_code)
}

#[tokio::test]
async fn test_cards_behave_as_documented() {
    let system = System::start().await;
    let shop = system.directlink();
    for (number, status, error, eci) in [
        // Made for protocol 1: a challenge, whatever the protocol.
        ("4000000000000002", "46", "0", ""),
        ("5300000000000006", "46", "0", ""),
        ("371449635311004", "46", "0", ""),
        // Without a challenge.
        ("4186455175836497", "5", "0", "5"),
        ("5137009801943438", "5", "0", "5"),
        ("375418081197346", "5", "0", "5"),
        // With one.
        ("4874970686672022", "46", "0", ""),
        ("5130257474533310", "46", "0", ""),
        ("379764422997381", "46", "0", ""),
        // Everybody's.
        ("4111111111111111", "5", "0", ""),
        ("4000100011112224", "5", "0", ""),
        ("5399999999999999", "5", "0", ""),
        ("374111111111111", "5", "0", ""),
        ("4242424242424242", "5", "0", ""),
        ("5555444433331111", "5", "0", ""),
        // Those that nobody wants.
        ("4111113333333333", "2", "30001001", ""),
        ("4419177274955460", "0", "40001134", ""),
    ] {
        let order = shop.authenticated_order(16_000, &card(number));
        let answer = shop.pays(&order).await;
        assert_eq!(answer.told(), (status, error), "{number}: {answer:?}");
        assert!(eci.is_empty() || answer.get("ECI") == eci, "{number}: {answer:?}");
        assert_eq!(answer.html_answer.is_some(), status == "46", "{number}");
    }
    for (operation, status) in [("RES", "52"), ("SAL", "92")] {
        let order = shop
            .authenticated_order(16_000, &card("4111116666666666"))
            .with("OPERATION", operation);
        let answer = shop.pays(&order).await;
        assert_eq!(answer.status(), status, "{answer:?}");
        assert!(answer.error().starts_with("200"), "{answer:?}");
    }
    let answer = shop.pays(&shop.order(16_000, &card("1111111111111111"))).await;
    let told = answer.get("NCERRORPLUS");
    assert_eq!(answer.status(), "0", "{answer:?}");
    assert!(told.contains("no brand or invalid card number"), "{answer:?}");
    system.finish().await;
}

#[tokio::test]
async fn test_amounts_behave_as_documented() {
    let system = System::start().await;
    let shop = system.directlink();
    for (cents, status) in [
        (1, "5"),
        (900_000, "5"),
        (900_001, "2"),
        (950_000, "2"),
        (999_899, "2"),
        (999_900, "52"),
    ] {
        let answer = shop.pays(&shop.order(cents, &Card::visa(0))).await;
        assert_eq!(answer.status(), status, "{cents}: {answer:?}");
    }
    system.finish().await;
}

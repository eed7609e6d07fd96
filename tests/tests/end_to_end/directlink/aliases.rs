//! Cards that the shop keeps with us and pays with by a name (ogone-directlink.md, section 11).

use reqwest::Method;
use serde_json::json;
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::directlink::feedback::Feedback;
use tests::directlink::signature::Hash;
use tests::directlink::{Request, Shop};
use tests::operator::Operator;
use tests::system::System;

use super::{account, accounts, opened};

const CHALLENGED: &str = "4874970686672022";

/// An order of a card that is kept: without its number and its month.
fn by_name(shop: &Shop, cents: i64, card: &Card, alias: &str) -> Request {
    shop.order(cents, card)
        .without("CARDNO")
        .without("ED")
        .with("ALIAS", alias)
}

#[tokio::test]
async fn a_card_that_is_kept_pays_by_its_name() {
    let system = System::start().await;
    let shop = system.directlink();
    let card = Card::visa(0);
    let order = shop.order(16_000, &card).with("ALIAS", "ana_1");
    let first = shop.pays(&order).await;
    assert_eq!(
        (first.told(), first.get("ALIAS")),
        (("5", "0"), "ana_1"),
        "{first:?}"
    );
    let charge = system.outside.only_charge(order.value("ORDERID")).await;
    assert_eq!(charge["on_file"]["is_first"], true, "{charge}");
    let asked = shop.asks(&[("PAYID", first.payid())]).await;
    assert_eq!(asked.get("ALIAS"), "ana_1");

    // The shopper is back: the code is typed, and asked for where it is not.
    let second = by_name(&shop, 16_100, &card, "ana_1");
    let nameless = shop.pays(&second.clone().without("CVC")).await;
    nameless.assert_complains("50001090", "CVC is mandatory");
    let paid = shop.pays(&second).await;
    assert_eq!(
        (paid.told(), paid.get("ALIAS")),
        (("5", "0"), "ana_1"),
        "{paid:?}"
    );
    let charge = system.outside.only_charge(second.value("ORDERID")).await;
    assert_eq!(charge["card_last4"], card.last_four());
    assert_eq!(
        (&charge["on_file"]["initiator"], &charge["on_file"]["is_first"]),
        (&json!("cardholder"), &json!(false))
    );

    // The shop charges again by itself: without a code, pointing to the charge that brought the card.
    let renewal = by_name(&shop, 16_200, &card, "ana_1")
        .without("CVC")
        .with("ECI", "9");
    let paid = shop.pays(&renewal).await;
    assert_eq!(paid.told(), ("5", "0"), "{paid:?}");
    let charge = system.outside.only_charge(renewal.value("ORDERID")).await;
    assert_eq!(charge["on_file"]["initiator"], "merchant");
    assert!(
        charge["on_file"]["network_transaction_id"].is_string(),
        "{charge}"
    );

    // Authentication works with it as with any card.
    let authenticated = shop
        .authenticated_order(16_300, &Card::numbered(CHALLENGED, "737"))
        .with("ALIAS", "bea");
    assert_eq!(shop.pays(&authenticated).await.status(), "46");
    let not_yet = shop
        .pays(&by_name(&shop, 16_400, &Card::numbered(CHALLENGED, "737"), "bea"))
        .await;
    not_yet.assert_complains("50001111", "Alias \"bea\" not Found");
    system.finish().await;
}

#[tokio::test]
async fn another_card_takes_the_name_only_once_it_is_authorised() {
    let system = System::start().await;
    let shop = system.directlink();
    let (old, new) = (Card::visa(0), Card::mastercard(0));
    let kept = shop.pays(&shop.order(17_000, &old).with("ALIAS", "ana")).await;
    assert_eq!(kept.told(), ("5", "0"), "{kept:?}");
    // The vendor's amounts that are refused.
    let refused = shop.pays(&shop.order(900_001, &new).with("ALIAS", "ana")).await;
    assert_eq!(refused.status(), "2", "{refused:?}");
    let by_old = by_name(&shop, 17_100, &old, "ana");
    assert_eq!(shop.pays(&by_old).await.told(), ("5", "0"));
    let charge = system.outside.only_charge(by_old.value("ORDERID")).await;
    assert_eq!(charge["card_last4"], old.last_four());

    let updated = shop.pays(&shop.order(17_200, &new).with("ALIAS", "ana")).await;
    assert_eq!(updated.told(), ("5", "0"), "{updated:?}");
    let by_new = by_name(&shop, 17_300, &new, "ana").with("ED", "01/41");
    let paid = shop.pays(&by_new).await;
    assert_eq!((paid.told(), paid.get("BRAND")), (("5", "0"), "MasterCard"));
    let charge = system.outside.only_charge(by_new.value("ORDERID")).await;
    assert_eq!(charge["card_last4"], new.last_four());
    let renewed = by_name(&shop, 17_400, &new, "ana");
    let paid = shop.pays(&renewed).await;
    let told = shop.asks(&[("PAYID", paid.payid())]).await;
    assert_eq!(told.get("ED"), "0141", "the month that came without a number");

    // What holds for a card that is typed holds for one that is kept.
    for (name, value, error) in [
        ("EXCLPMLIST", "MasterCard", "50001054"),
        ("BRAND", "VISA", "50001069"),
        ("ED", "12/20", "50001183"),
    ] {
        let wrong = by_name(&shop, 17_500, &new, "ana").with(name, value);
        assert_eq!(shop.pays(&wrong).await.error(), error, "{name}");
    }
    let named_as_card = shop
        .pays(&shop.order(17_600, &old).with("ALIAS", &old.number))
        .await;
    named_as_card.assert_complains("50001216", "ALIAS must not be the card number");
    system.finish().await;
}

#[tokio::test]
async fn a_challenge_that_is_passed_keeps_the_card_and_the_shop_is_told_its_name() {
    let system = System::start().await;
    let hook = format!("{}/merchant/hooks/alias-accepted", system.outside.url());
    let said = json!({ "feedback_on_redirect": true, "post_sale_accept_url": hook });
    let shop = opened(&system, account(&system, "alias", Hash::Sha512), said).await;
    let card = Card::numbered(CHALLENGED, "737");
    let order = shop
        .authenticated_order(18_000, &card)
        .with("ALIASOPERATION", "BYPSP")
        .with("ACCEPTURL", "https://shop.example/accepted");
    let waiting = shop.pays(&order).await;
    assert_eq!(waiting.status(), "46", "{waiting:?}");
    let alias = waiting.get("ALIAS").to_owned();
    assert!(alias.len() == 16 && alias.bytes().all(|byte| byte.is_ascii_digit()));
    let early = shop.pays(&by_name(&shop, 18_100, &card, &alias)).await;
    early.assert_complains("50001111", "not Found");

    let end = system
        .cardholder
        .authenticates(&waiting.page_url(), Temper::TypesTheCode)
        .await;

    let back = system.http.get(end.redirect.as_deref().unwrap()).await;
    let told = Feedback::of_redirect(back.header("location"));
    told.assert_signed_by(&shop.account);
    assert_eq!(told.get("ALIAS"), alias, "{told:?}");
    let hooks = system.outside.hooks("alias-accepted", 0).await;
    let told = Feedback::read(hooks[0]["raw_body"].as_str().unwrap());
    told.assert_signed_by(&shop.account);
    assert_eq!(told.get("ALIAS"), alias, "{told:?}");
    let paid = shop.pays(&by_name(&shop, 18_200, &card, &alias)).await;
    assert_eq!(paid.told(), ("5", "0"), "{paid:?}");

    // Nobody else's shop can pay with it.
    let other = system.directlink();
    let paid = other.pays(&by_name(&other, 18_300, &card, &alias)).await;
    paid.assert_complains("50001111", "not Found");

    // Until an operator deletes it.
    let operator = Operator::log_in(system.http.clone(), &system.sandbox_json).await;
    let names = format!("{}/alias/aliases", accounts(&system));
    let listed = operator.call(Method::GET, &names, None).await.json();
    let shown = &listed["data"][0];
    assert_eq!(
        (&shown["alias"], &shown["card_number"], &shown["brand"]),
        (&json!(alias), &json!("XXXXXXXXXXXX2022"), &json!("visa"))
    );
    assert_eq!(shown["expiry"], "2039-11");
    let one = format!("{names}/{alias}");
    assert_eq!(operator.call(Method::DELETE, &one, None).await.status, 204);
    assert_eq!(operator.call(Method::DELETE, &one, None).await.status, 404);
    let gone = shop.pays(&by_name(&shop, 18_400, &card, &alias)).await;
    gone.assert_complains("50001111", "not Found");
    let left = system
        .database
        .ask("SELECT (SELECT count(*) FROM directlink_aliases) + (SELECT count(*) FROM directlink_aliases_proposed)");
    assert_eq!(left, "0");
    system.finish().await;
}

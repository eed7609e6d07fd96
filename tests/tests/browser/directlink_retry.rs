//! A shopper of DirectLink whose payment was refused, and their next tries.

use tests::cards::Card;
use tests::directlink::Request;

use crate::directlink_shop::{DirectLinkShop, Urls};
use crate::driver::Habits;
use crate::shopper::{Shopper, Stage};
use crate::window::{ENTER, Window};

/// Authenticated without a challenge.
const FRICTIONLESS: &str = "4186455175836497";
/// Cents of an amount that every issuer declines, without a reason.
const DECLINED: i64 = 20_205;
/// How often a shopper may try, unless the account says otherwise.
const TRIES_MAX: u8 = 10;

#[tokio::test]
async fn a_refused_shopper_may_try_other_cards_until_the_maximum() {
    let stage = Stage::set().await;
    let shop = DirectLinkShop::opens(&stage.system).await;
    tokio::join!(
        another_card_pays(&stage, &shop),
        every_try_is_refused(&stage, &shop)
    );
    tokio::join!(
        leaves_after_a_refusal(&stage, &shop),
        in_the_language_of_the_request(&stage, &shop, &ENGLISH)
    );
    in_the_language_of_the_request(&stage, &shop, &PORTUGUESE).await;
    drop(shop);
    stage.finish().await;
}

fn order(shop: &DirectLinkShop, cents: i64) -> Request {
    shop.shop
        .authenticated_order(cents, &Card::numbered("4000000000000002", "123"))
}

/// Types wrong passwords until the bank has enough, and stands at the form for another card.
async fn fails_at_the_bank(ana: &Shopper<'_>) {
    const WRONG_PASSWORDS: usize = 3;
    ana.looks_at_the_bank().await;
    for tried in 1..=WRONG_PASSWORDS {
        ana.answers("22222").await;
        if tried < WRONG_PASSWORDS {
            ana.window.sees("#notice").await;
        }
    }
    ana.window.leaves_the_frame().await;
    ana.window.arrives_at("/order_A3DS.asp").await;
    ana.window.sees("#card").await;
}

/// Fills the form in and sends it with the keyboard.
async fn types_a_card(window: &Window, number: &str) {
    window.types("#number", number).await;
    window.types("#expiry", "11/39").await;
    window.types("#code", "123").await;
    window.types("#holder", "Ana Torres").await;
    window.strikes([ENTER]).await;
}

async fn another_card_pays(stage: &Stage, shop: &DirectLinkShop) {
    let ana = stage.enters(Habits::default()).await;
    let window = &ana.window;
    let reference = shop.sells(window, order(shop, 20_100), Urls::All).await;
    // Given a bank that does not know the cardholder.
    fails_at_the_bank(&ana).await;
    window
        .reads("#why", "The bank could not confirm that the card is yours.")
        .await;
    window.reads("#left", "You have 9 tries left.").await;
    let form = window
        .runs("return location.href")
        .await
        .as_str()
        .unwrap()
        .to_owned();
    window.picture("directlink-retry").await;
    window.fits().await;
    // Every field is there for the keyboard and for screen readers.
    for (field, name) in [
        ("#number", "Card number"),
        ("#expiry", "Expiry date"),
        ("#code", "Security code"),
        ("#holder", "Name on the card"),
    ] {
        window.tabs_to(field).await;
        assert_eq!(window.name(field).await, name);
    }
    // When the shopper first types something that is no card,
    types_a_card(window, "4111111111111112").await;
    window
        .reads("#number-wrong", "The card number is not right.")
        .await;
    assert_eq!(window.property("#number", "value").await, "");
    window.sees("#number:focus").await;
    window.picture("directlink-retry-wrong").await;
    // then one that is,
    stage.system.secrets.used_card(FRICTIONLESS);
    types_a_card(window, FRICTIONLESS).await;
    // it is paid with that one, as another payment of the same order.
    let told = shop.receives(window, "accept").await;
    assert_eq!(told.get("STATUS"), "5");
    assert_eq!(told.get("orderID"), reference);
    assert_eq!(told.get("CARDNO"), "XXXXXXXXXXXX6497");
    assert_ne!(told.get("PAYID"), shop.answered(&reference).payid());
    // The address of the form leads to the shop now, and there is one charge.
    window.goes_to(&form).await;
    assert_eq!(
        shop.receives(window, "accept").await.get("PAYID"),
        told.get("PAYID")
    );
    stage.system.outside.only_charge(&reference).await;
    let complaints = window.complaints().await;
    assert!(
        complaints.iter().all(|complaint| complaint.contains("422")),
        "{complaints:?}"
    );
    ana.goes_away().await;
}

async fn every_try_is_refused(stage: &Stage, shop: &DirectLinkShop) {
    let ana = stage
        .enters(Habits {
            phone: true,
            ..Habits::default()
        })
        .await;
    let window = &ana.window;
    let order = order(shop, DECLINED).with("LANGUAGE", "es_MX");
    shop.sells(window, order, Urls::All).await;
    // The bank knows the cardholder, and declines all the same.
    ana.looks_at_the_bank().await;
    ana.answers("11111").await;
    window.leaves_the_frame().await;
    window.sees("#card").await;
    window
        .reads("#why", "El banco no autorizó el pago con esta tarjeta.")
        .await;
    window.picture("directlink-retry-phone").await;
    window.fits().await;
    stage.system.secrets.used_card(FRICTIONLESS);
    for left in (1..TRIES_MAX).rev() {
        let says = match left {
            1 => "Te queda un intento.".to_owned(),
            left => format!("Te quedan {left} intentos."),
        };
        window.reads("#left", &says).await;
        types_a_card(window, FRICTIONLESS).await;
    }
    let told = shop.receives(window, "decline").await;
    assert_eq!(
        (told.get("STATUS"), told.get("NCERROR")),
        ("2".into(), "30001001".into())
    );
    assert_eq!(told.get("ACCEPTANCE"), "");
    ana.goes_away().await;
}

/// What the pages say to somebody.
struct Words {
    asked: &'static str,
    cents: i64,
    tag: &'static str,
    verifying: &'static str,
    why: &'static str,
    paid: &'static str,
}

const ENGLISH: Words = Words {
    asked: "en_US",
    cents: 20_400,
    tag: "en",
    verifying: "Verifying your payment",
    why: "The bank could not confirm that the card is yours.",
    paid: "Payment approved",
};

const PORTUGUESE: Words = Words {
    asked: "pt_BR",
    cents: 20_500,
    tag: "pt",
    verifying: "Verificação do seu pagamento",
    why: "O banco não conseguiu confirmar que o cartão é seu.",
    paid: "Pagamento aprovado",
};

/// A browser of somebody who reads Spanish, in a shop that asks for another language.
async fn in_the_language_of_the_request(stage: &Stage, shop: &DirectLinkShop, words: &Words) {
    let ana = stage
        .enters(Habits {
            language: "es-MX",
            ..Habits::default()
        })
        .await;
    let window = &ana.window;
    let order = order(shop, words.cents).with("LANGUAGE", words.asked);
    shop.sells(window, order, Urls::None).await;
    // On the hosted page,
    window.arrives_at("/transactions/view_challenge").await;
    window.reads("#heading", words.verifying).await;
    assert_eq!(window.attribute("html", "lang").await, words.tag);
    // on the form for another card,
    fails_at_the_bank(&ana).await;
    window.reads("#why", words.why).await;
    assert_eq!(window.attribute("html", "lang").await, words.tag);
    // and where it ends.
    stage.system.secrets.used_card(FRICTIONLESS);
    types_a_card(window, FRICTIONLESS).await;
    window.reads("#heading", words.paid).await;
    assert_eq!(window.attribute("html", "lang").await, words.tag);
    ana.goes_away().await;
}

async fn leaves_after_a_refusal(stage: &Stage, shop: &DirectLinkShop) {
    let ana = stage
        .enters(Habits {
            scripts: true,
            ..Habits::default()
        })
        .await;
    let window = &ana.window;
    let order = order(shop, 20_300).with("WIN3DS", "POPUP");
    let reference = shop.sells(window, order, Urls::All).await;
    let shops = window.moves_to_the_new_window().await;
    fails_at_the_bank(&ana).await;
    window.presses("#cancel").await;
    window.is_alone().await;
    window.moves_to(&shops).await;
    // The browser goes where who cancels goes; what it brings is what was true and is still told.
    let brought = shop.receives(window, "cancel").await;
    let found = shop.shop.asks(&[("ORDERID", &reference)]).await;
    assert_eq!(found.told(), ("0", "40001134"));
    for (name, value) in [
        ("STATUS", found.status()),
        ("NCERROR", found.error()),
        ("PAYID", found.payid()),
    ] {
        assert_eq!(brought.get(name), value, "{name} of {brought:?}");
    }
    let messages = format!(
        "SELECT string_agg(telling->>'status' || ' ' || (telling->>'error'), ', ') FROM directlink_feedback WHERE payid = {}",
        found.payid()
    );
    let told = stage.system.database.ask(&messages);
    assert_eq!(told.trim(), "0 40001134", "the feedback");
    ana.goes_away().await;
}

//! DirectLink from a shop's page to its next one, in every way of `WIN3DS`.

use tests::cards::Card;
use tests::directlink::{Request, Shop};

use crate::directlink_shop::{DirectLinkShop, Urls};
use crate::driver::Habits;
use crate::shopper::{Shopper, Stage};

/// What the documentation's registered cards are opened with.
const PASSWORD: &str = "11111";

/// An order whose cardholder types a password on the bank's page.
fn with_password(shop: &Shop, cents: i64, window: &str) -> Request {
    shop.authenticated_order(cents, &Card::numbered("4000000000000002", "123"))
        .with("WIN3DS", window)
}

async fn types_the_password(ana: &Shopper<'_>) {
    ana.looks_at_the_bank().await;
    ana.answers(PASSWORD).await;
    ana.window.leaves_the_frame().await;
}

#[tokio::test]
async fn a_shopper_authenticates_in_the_way_the_shop_chose_and_comes_back_to_it() {
    let stage = Stage::set().await;
    let shop = DirectLinkShop::opens(&stage.system).await;
    tokio::join!(
        in_the_shops_own_window(&stage, &shop),
        in_a_window_that_closes(&stage, &shop)
    );
    tokio::join!(
        in_a_window_that_stays(&stage, &shop),
        without_scripts(&stage, &shop)
    );
    tokio::join!(
        a_shop_without_addresses(&stage, &shop),
        without_a_challenge(&stage, &shop)
    );
    gives_up(&stage, &shop).await;
    drop(shop);
    stage.finish().await;
}

async fn in_the_shops_own_window(stage: &Stage, shop: &DirectLinkShop) {
    let ana = stage.enters(Habits::default()).await;
    // Given an order that the bank wants confirmed.
    let order = with_password(&shop.shop, 10_100, "MAINW").with("CN", "José Núñez");
    let reference = shop.sells(&ana.window, order, Urls::All).await;
    // When the shopper confirms it.
    types_the_password(&ana).await;
    // Then the shop's page is told, signed, and with what is the shop's own.
    let told = shop.receives(&ana.window, "accept").await;
    assert_eq!(shop.answered(&reference).status(), "46");
    let payid = shop.answered(&reference).payid().to_owned();
    for (name, value) in [
        ("orderID", reference.as_str()),
        ("currency", "EUR"),
        ("amount", "101"),
        ("PM", "CreditCard"),
        ("STATUS", "5"),
        ("CARDNO", "XXXXXXXXXXXX0002"),
        ("ED", "1139"),
        ("CN", "José Núñez"),
        ("PAYID", payid.as_str()),
        ("NCERROR", "0"),
        ("BRAND", "VISA"),
        ("ECI", "5"),
        ("COMPLUS", "mine"),
        ("IP", "203.0.113.7"),
        ("basket", "7"),
        ("note", "señal"),
    ] {
        assert_eq!(told.get(name), value, "{name} in {told:?}");
    }
    assert_ne!(told.get("ACCEPTANCE"), "");
    ana.goes_away().await;
}

async fn in_a_window_that_closes(stage: &Stage, shop: &DirectLinkShop) {
    let ana = stage.enters(Habits::default()).await;
    let order = with_password(&shop.shop, 10_200, "POPUP");
    shop.sells(&ana.window, order, Urls::All).await;
    let shops = ana.window.moves_to_the_new_window().await;
    types_the_password(&ana).await;
    // The window closes by itself, and the shop's own goes on.
    ana.window.is_alone().await;
    ana.window.moves_to(&shops).await;
    assert_eq!(shop.receives(&ana.window, "accept").await.get("STATUS"), "5");
    ana.goes_away().await;
}

async fn in_a_window_that_stays(stage: &Stage, shop: &DirectLinkShop) {
    let ana = stage.enters(Habits::default()).await;
    let order = with_password(&shop.shop, 10_300, "POPIX");
    shop.sells(&ana.window, order, Urls::All).await;
    ana.window.picture("directlink-popix-shop").await;
    let shops = ana.window.moves_to_the_new_window().await;
    types_the_password(&ana).await;
    assert_eq!(shop.receives(&ana.window, "accept").await.get("STATUS"), "5");
    ana.window.moves_to(&shops).await;
    ana.window.reads("h1", "checkout").await;
    ana.goes_away().await;
}

async fn without_scripts(stage: &Stage, shop: &DirectLinkShop) {
    let habits = Habits {
        scripts: false,
        ..Habits::default()
    };
    let ana = stage.enters(habits).await;
    let window = &ana.window;
    // The shop asks for a window of its own, and no script can close it.
    let order = with_password(&shop.shop, 10_400, "POPUP");
    shop.sells(window, order, Urls::All).await;
    window.picture("directlink-scripts-off-shop").await;
    window.presses("#downloadform3D button").await;
    window.moves_to_the_new_window().await;
    window.presses("noscript a[href*=handover]").await;
    window.presses("#handover button").await;
    ana.answers(PASSWORD).await;
    window.arrives_at("/challenge/answer").await;
    window.presses("form button").await;
    window.presses("a.button").await;
    assert_eq!(shop.receives(window, "accept").await.get("STATUS"), "5");
    ana.goes_away().await;
}

async fn a_shop_without_addresses(stage: &Stage, shop: &DirectLinkShop) {
    let ana = stage.enters(Habits::default()).await;
    let order = with_password(&shop.shop, 10_500, "MAINW").with("LANGUAGE", "pt_BR");
    let reference = shop.sells(&ana.window, order, Urls::None).await;
    types_the_password(&ana).await;
    ana.window.arrives_at("/ncol/test/order_A3DS.asp").await;
    ana.window.reads("#heading", "Pagamento aprovado").await;
    ana.window.picture("directlink-result").await;
    ana.window.fits().await;
    // Loading it again changes nothing.
    ana.window.reloads().await;
    ana.window.reads("#heading", "Pagamento aprovado").await;
    let found = shop.shop.asks(&[("ORDERID", &reference)]).await;
    assert_eq!(found.status(), "5");
    ana.goes_away().await;
}

async fn without_a_challenge(stage: &Stage, shop: &DirectLinkShop) {
    let ana = stage.enters(Habits::default()).await;
    let card = Card::numbered("4186455175836497", "123");
    let order = shop.shop.authenticated_order(10_600, &card);
    let reference = shop.sells(&ana.window, order, Urls::All).await;
    // The answer itself says it; the browser has nowhere to go.
    ana.window.reads("#status", "5").await;
    assert_eq!(shop.answered(&reference).html_answer, None);
    ana.goes_away().await;
}

async fn gives_up(stage: &Stage, shop: &DirectLinkShop) {
    let ana = stage.enters(Habits::default()).await;
    let order = with_password(&shop.shop, 10_700, "MAINW");
    shop.sells(&ana.window, order, Urls::All).await;
    ana.looks_at_the_bank().await;
    ana.window.leaves_the_frame().await;
    ana.gives_up_on_our_page().await;
    let told = shop.receives(&ana.window, "cancel").await;
    assert_eq!(
        (told.get("STATUS"), told.get("NCERROR")),
        ("1".into(), "0".into())
    );
    ana.goes_away().await;
}

//! Everything on a phone's width.

use tests::cards::Card;

use crate::driver::Habits;
use crate::shopper::{Shopper, Stage};

const PHONE: Habits = Habits {
    language: "es-MX",
    scripts: true,
    phone: true,
};

#[tokio::test]
async fn everything_fits_a_phone() {
    let stage = Stage::set().await;
    tokio::join!(the_bank_has_the_whole_page(&stage), the_bank_has_a_frame(&stage));
    stage.finish().await;
}

/// A small screen: the bank is promised all of it.
async fn the_bank_has_the_whole_page(stage: &Stage) {
    let ana = stage.enters(PHONE).await;
    let window = &ana.window;
    // A page that stands for a while: its 3DS Method never reports back.
    ana.pays(&Card::visa(13), "373.00").await;
    window.sees("#payment").await;
    window.fits().await;
    window.picture("phone-page").await;

    ana.pays_after(&Card::visa(5), "371.00", async || {
        window.fits().await;
        window.picture("phone-shop").await;
    })
    .await;
    window.arrives_at("/acs/3ds/challenge").await;
    can_answer(&ana).await;
    window.picture("phone-challenge").await;
    let code = ana.reads_the_code().await;
    ana.answers(&code).await;
    let shown = ana.ends_at_the_shop().await;
    assert_eq!(shown.statuses(), ("succeeded", "processed"));
    window.reads("#webhooks tr:last-child", "order.succeeded").await;
    window.fits().await;
    window.picture("phone-shop-return").await;
    stage.system.outside.only_charge(&shown.reference).await;
    ana.goes_away().await;
}

/// A merchant that tells of a large screen, and no address to come back to: a frame, and our own page at the end.
async fn the_bank_has_a_frame(stage: &Stage) {
    let ana = stage.enters(PHONE).await;
    let window = &ana.window;
    let merchant = &stage.system.merchant;
    let order = ana.opens_the_page_of_no_shop(&Card::mastercard(5), 37_200).await;
    ana.looks_at_the_bank().await;
    can_answer(&ana).await;
    window.leaves_the_frame().await;
    window.fits().await;
    window.picture("phone-frame").await;
    ana.passes_the_challenge().await;
    window.reads("#heading", "Pago aprobado").await;
    window.fits().await;
    window.picture("phone-result").await;
    assert_eq!(
        merchant.settled(order.token()).await.payment_status(),
        "processed"
    );
    stage.system.outside.only_charge(order.reference()).await;
    ana.goes_away().await;
}

/// The bank's page needs no moving sideways, and its field and button are as wide as a finger.
async fn can_answer(ana: &Shopper<'_>) {
    const FINGER: f64 = 40.0;
    ana.window.sees("#code").await;
    ana.window.fits().await;
    for what in ["#code", "button[value=submit]"] {
        let size = ana
            .window
            .runs(&format!(
                "const place = document.querySelector('{what}').getBoundingClientRect(); return [place.width, place.height];"
            ))
            .await;
        assert!(
            size[0].as_f64().unwrap() >= FINGER && size[1].as_f64().unwrap() >= FINGER,
            "{what}: {size}"
        );
    }
}

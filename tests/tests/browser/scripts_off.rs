//! A browser that runs no scripts.

use tests::cards::Card;

use crate::driver::Habits;
use crate::shopper::{Stage, areqs_of};

#[tokio::test]
async fn without_scripts_every_step_has_a_button_and_the_payment_ends() {
    let stage = Stage::set().await;
    let ana = stage
        .enters(Habits {
            scripts: false,
            ..Habits::default()
        })
        .await;
    let window = &ana.window;
    // This card's issuer has a 3DS Method, which cannot run.
    ana.pays(&Card::visa(9), "401.00").await;
    // Tells that there are no scripts.
    window
        .reads("noscript", "Tu navegador no ejecuta JavaScript")
        .await;
    window.picture("scripts-off-page").await;
    window.presses("noscript form button").await;
    // To the bank's page, which has the whole window.
    window.presses("noscript a[href*=handover]").await;
    window.picture("scripts-off-handover").await;
    window.presses("#handover button").await;
    let code = ana.reads_the_code().await;
    ana.answers(&code).await;
    // From the bank to us, and back to the payment; its page looks again by itself until it can lead to the shop.
    window.arrives_at("/challenge/answer").await;
    window.presses("form button").await;
    window
        .arrives_at("/transactions/3ds/challenge-notification")
        .await;
    window.picture("scripts-off-answered").await;
    window.presses("a.button").await;
    let shown = ana.ends_at_the_shop().await;
    assert_eq!(shown.statuses(), ("succeeded", "processed"));
    assert_eq!(shown.flow, "challenge");
    stage.system.outside.only_charge(&shown.reference).await;
    let asked = areqs_of(&stage.system, 40_100).await;
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["browserJavascriptEnabled"], false);
    ana.goes_away().await;
    stage.finish().await;
}

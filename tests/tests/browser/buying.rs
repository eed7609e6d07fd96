//! One purchase with everything a person sees of it.

use tests::cards::Card;

use crate::driver::Habits;
use crate::shopper::Stage;

#[tokio::test]
async fn a_person_buys_with_a_challenge_card_and_sees_the_webhook_arrive() {
    let stage = Stage::set().await;
    let ana = stage.enters(Habits::default()).await;
    let window = &ana.window;
    ana.pays(&Card::visa(5), "349.00").await;

    window.reads("#heading", "Verificación de tu pago").await;
    window.reads(".bill-amount", "349.00").await;
    window.picture("page").await;
    ana.looks_at_the_bank().await;
    window.reads("main", "•••• 1059").await;
    window.leaves_the_frame().await;
    window
        .reads("#status", "Tu banco te pide confirmar esta compra")
        .await;
    window.picture("challenge").await;
    ana.looks_at_the_bank().await;
    // The person's phone is another window of the browser.
    window.presses("main a[href*=inbox]").await;
    let message = window
        .in_the_new_window(async || {
            window.picture("inbox").await;
            window.text(".messages .text").await
        })
        .await;
    ana.looks_at_the_bank().await;
    ana.answers(&ana.code_in(&message)).await;
    window.leaves_the_frame().await;

    let shown = ana.ends_at_the_shop().await;
    assert_eq!(shown.headline, "Pago aprobado");
    assert_eq!(shown.statuses(), ("succeeded", "processed"));
    assert_eq!(shown.flow, "challenge");
    window.reads("#webhooks tr:last-child", "order.succeeded").await;
    let webhooks = window.text("#webhooks").await;
    assert!(
        webhooks.contains("pending_3ds") && webhooks.contains("processed"),
        "{webhooks}"
    );
    assert_eq!(
        webhooks.matches("válida").count(),
        4,
        "two webhooks with two signatures each: {webhooks}"
    );
    assert!(!webhooks.contains("no válida"), "{webhooks}");
    window.picture("shop-return").await;

    let charge = stage.system.outside.only_charge(&shown.reference).await;
    assert_eq!(
        (&charge["amount"], &charge["card_last4"]),
        (&34_900.into(), &"1059".into())
    );
    ana.goes_away().await;
    stage.finish().await;
}

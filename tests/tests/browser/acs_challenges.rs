//! Challenges by the issuers' access control server, looked at from both sides: what the cardholder saw and the
//! merchant's order says, and what the bank has on record.

use serde_json::json;
use tests::bank::{Bank, Record};
use tests::cards::Card;

use crate::driver::Habits;
use crate::shopper::{Shopper, Shown, Stage, other_than};

/// The code of a challenge without success.
const FAILED: &str = "DEUNA_3DS.FAILED_CHALLENGE_AUTHENTICATION";
/// The button for a new code.
const RESEND: &str = "button[value=resend]";

#[tokio::test]
async fn codes_are_counted_and_renewed_as_the_bank_s_policy_says() {
    let stage = Stage::set().await;
    let bank = stage.bank().await;
    bank.sets(&[("/otp/resends", json!(1)), ("/otp/reference_code", json!(true))])
        .await;
    tokio::join!(
        types_the_right_code(&stage, &bank),
        types_a_wrong_code_first(&stage, &bank),
        types_three_wrong_codes(&stage, &bank),
        asks_for_a_new_code(&stage, &bank),
        cancels(&stage, &bank),
    );
    stage.finish().await;
}

async fn types_the_right_code(stage: &Stage, bank: &Bank) {
    let card = Card::visa(5);
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&card, "501.00").await;
    ana.looks_at_the_bank().await;
    // Message and screen show the same reference.
    let messages = ana.reads_the_messages().await;
    let (_, rest) = messages[0].split_once(" (").unwrap();
    let (reference, _) = rest.split_once(')').unwrap();
    ana.window.reads("#hint", reference).await;
    ana.window.picture("acs-challenge").await;
    ana.answers(&ana.code_in(&messages[0])).await;
    ana.window.leaves_the_frame().await;
    let record = is_paid(stage, bank, ana, &card).await;
    assert_eq!(
        (record.text("method"), record.number("interactionCounter")),
        ("code", 1)
    );
}

async fn types_a_wrong_code_first(stage: &Stage, bank: &Bank) {
    let card = Card::mastercard(5);
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&card, "502.00").await;
    ana.looks_at_the_bank().await;
    let code = ana.reads_the_code().await;
    ana.answers(other_than(&code)).await;
    ana.window
        .reads("#notice[role=alert]", "Te quedan 2 intentos")
        .await;
    ana.answers(&code).await;
    ana.window.leaves_the_frame().await;
    let record = is_paid(stage, bank, ana, &card).await;
    assert_eq!(record.number("interactionCounter"), 2);
}

async fn types_three_wrong_codes(stage: &Stage, bank: &Bank) {
    let card = Card::of(tests::cards::Brand::Amex, 5);
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&card, "503.00").await;
    ana.looks_at_the_bank().await;
    let wrong = other_than(&ana.reads_the_code().await);
    for told in ["Te quedan 2 intentos", "Te queda un intento"] {
        ana.answers(wrong).await;
        ana.window.reads("#notice", told).await;
    }
    ana.answers(wrong).await;
    ana.window.leaves_the_frame().await;
    let record = is_refused(stage, bank, ana, &card).await;
    assert_eq!(record.result(), ("N", "19"));
    assert_eq!(
        (record.text("ending"), record.number("interactionCounter")),
        ("attempts_used_up", 3)
    );
}

async fn asks_for_a_new_code(stage: &Stage, bank: &Bank) {
    let card = Card::visa(9);
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&card, "504.00").await;
    ana.looks_at_the_bank().await;
    let old = ana.reads_the_code().await;
    ana.window.presses(RESEND).await;
    ana.window
        .reads("#notice[role=status]", "Enviamos un código nuevo")
        .await;
    // One is all there is.
    assert!(!ana.window.has(RESEND).await);
    let messages = ana.reads_messages_until(2).await;
    let new = ana.code_in(&messages[0]);
    if old != new {
        ana.answers(&old).await;
        ana.window.reads("#notice", "El código no es correcto").await;
    }
    ana.answers(&new).await;
    ana.window.leaves_the_frame().await;
    let record = is_paid(stage, bank, ana, &card).await;
    assert_eq!(record.number("resends"), 1);
}

async fn cancels(stage: &Stage, bank: &Bank) {
    let card = Card::mastercard(9);
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&card, "505.00").await;
    ana.looks_at_the_bank().await;
    ana.window.presses("button[value=cancel]").await;
    ana.window.leaves_the_frame().await;
    let record = is_refused(stage, bank, ana, &card).await;
    assert_eq!(record.result(), ("N", "01"));
    assert_eq!(record.text("ending"), "cancelled");
}

#[tokio::test]
async fn the_bank_s_app_comes_first_and_a_code_after_it() {
    let stage = Stage::set().await;
    let bank = stage.bank().await;
    tokio::join!(
        confirms_in_the_app(&stage, &bank),
        denies_in_the_app(&stage, &bank),
        lets_the_app_wait(&stage, &bank),
    );
    wants_a_code_instead(&stage, &bank).await;
    stage.finish().await;
}

async fn confirms_in_the_app(stage: &Stage, bank: &Bank) {
    let card = Card::visa(10);
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&card, "511.00").await;
    ana.window.enters("#challenge iframe").await;
    ana.window.sees("main[data-page] button[value=continue]").await;
    ana.window.picture("acs-app").await;
    bank.app_answers(&card, "approved").await;
    // The page goes on by itself.
    ana.window.leaves_the_frame().await;
    let record = is_paid(stage, bank, ana, &card).await;
    assert_eq!(record.text("method"), "app");
}

async fn denies_in_the_app(stage: &Stage, bank: &Bank) {
    let card = Card::of(tests::cards::Brand::Amex, 10);
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&card, "512.00").await;
    ana.window.enters("#challenge iframe").await;
    ana.window.sees("main[data-page]").await;
    bank.app_answers(&card, "not_me").await;
    ana.window.leaves_the_frame().await;
    let record = is_refused(stage, bank, ana, &card).await;
    assert_eq!(record.result(), ("N", "11"));
}

async fn lets_the_app_wait(stage: &Stage, bank: &Bank) {
    let card = Card::mastercard(10);
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&card, "513.00").await;
    ana.window.enters("#challenge iframe").await;
    ana.window.sees("main[data-page]").await;
    ana.window.presses("button[value=continue]").await;
    ana.window
        .reads("#notice", "Todavía no has confirmado en la app")
        .await;
    ana.window.reads("#notice", "La app no respondió").await;
    ana.window.sees("#code").await;
    ana.answers(&ana.reads_the_code().await).await;
    ana.window.leaves_the_frame().await;
    let record = is_paid(stage, bank, ana, &card).await;
    assert_eq!(record.text("method"), "code");
}

async fn wants_a_code_instead(stage: &Stage, bank: &Bank) {
    let card = Card::visa(10);
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&card, "514.00").await;
    ana.window.enters("#challenge iframe").await;
    ana.window.presses("button[value=code]").await;
    ana.window.sees("#code").await;
    ana.answers(&ana.reads_the_code().await).await;
    ana.window.leaves_the_frame().await;
    let record = is_paid(stage, bank, ana, &card).await;
    assert_eq!(record.text("method"), "code");
}

#[tokio::test]
async fn a_code_that_ran_out_is_told_and_renewed() {
    /// The shortest time that a policy may give a code.
    const CODE_SECONDS: u64 = 60;
    let stage = Stage::set().await;
    let bank = stage.bank().await;
    bank.sets(&[("/otp/ttl_seconds", json!(CODE_SECONDS))]).await;
    let card = Card::visa(5);
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&card, "521.00").await;
    ana.looks_at_the_bank().await;
    let old = ana.reads_the_code().await;
    tokio::time::sleep(std::time::Duration::from_secs(CODE_SECONDS + 1)).await;
    ana.answers(&old).await;
    ana.window.reads("#notice[role=alert]", "El código venció").await;
    ana.window.picture("acs-expired").await;
    ana.window.presses(RESEND).await;
    let messages = ana.reads_messages_until(2).await;
    ana.answers(&ana.code_in(&messages[0])).await;
    ana.window.leaves_the_frame().await;
    is_paid(&stage, &bank, ana, &card).await;
    stage.finish().await;
}

#[tokio::test]
async fn a_provider_that_is_down_makes_way_for_the_next() {
    let stage = Stage::set().await;
    let bank = stage.bank().await;
    let outside = &stage.system.outside;
    outside.fault("sms-norte", "busy", None, None).await;
    let card = Card::visa(5);
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&card, "531.00").await;
    ana.looks_at_the_bank().await;
    let code = ana.reads_the_code().await;
    let carried: Vec<_> = outside.all_sms().await;
    assert_eq!(carried.len(), 1, "one message, by one provider: {carried:?}");
    assert_ne!(carried[0]["provider"], "norte");
    ana.answers(&code).await;
    ana.window.leaves_the_frame().await;
    is_paid(&stage, &bank, ana, &card).await;
    // With all of them down, nobody gets in, and nobody waits for long.
    for target in ["sms", "smpp"] {
        outside.fault(target, "busy", None, None).await;
    }
    let card = Card::mastercard(5);
    let ben = stage.enters(Habits::default()).await;
    ben.pays(&card, "532.00").await;
    let shown = ben.ends_at_the_shop().await;
    assert_eq!(shown.statuses(), ("pending", "denied"));
    let record = bank.ending_of(&card).await;
    assert_eq!(record.result(), ("U", "22"));
    assert_eq!(record.text("ending"), "code_not_sent");
    ben.goes_away().await;
    outside.clear_faults().await;
    stage.finish().await;
}

#[tokio::test]
async fn a_bank_that_sends_codes_itself_gets_them_and_is_told_how_it_ended() {
    let stage = Stage::set().await;
    let bank = stage.bank().await;
    let by_itself = json!({ "mode": "issuer_sends", "fall_back": true });
    bank.sets(&[("/delivery", by_itself)]).await;
    let outside = &stage.system.outside;
    let card = Card::visa(5);
    let ana = stage.enters(Habits::default()).await;
    ana.pays(&card, "541.00").await;
    ana.looks_at_the_bank().await;
    let messages = ana.reads_the_messages().await;
    assert!(
        messages[0].starts_with("Su banco: "),
        "the bank's own words: {messages:?}"
    );
    assert_eq!(messages.len(), 1, "{messages:?}");
    ana.answers(&ana.code_in(&messages[0])).await;
    ana.window.leaves_the_frame().await;
    let record = is_paid(&stage, &bank, ana, &card).await;
    let told = bank.is_told_of(&record).await;
    assert_eq!(
        (&told["operation"], &told["status"]),
        (&json!("3DS_CHALLENGE_OTP_SMS"), &json!("SUCCESSFUL"))
    );
    // When its backend takes no codes, they are sent for it.
    outside.fault("issuer", "http_500", None, None).await;
    let card = Card::mastercard(5);
    let ben = stage.enters(Habits::default()).await;
    ben.pays(&card, "542.00").await;
    ben.looks_at_the_bank().await;
    let messages = ben.reads_the_messages().await;
    assert!(messages[0].starts_with("Banco Sandbox: "), "{messages:?}");
    // Nobody knows what became of the first code: the page that was drawn for it says so, and takes the new one.
    ben.window.reloads_the_frame("#code").await;
    ben.answers(&ben.code_in(&messages[0])).await;
    ben.window.leaves_the_frame().await;
    is_paid(&stage, &bank, ben, &card).await;
    outside.clear_faults().await;
    stage.finish().await;
}

/// The shop has its money, the processor charged once, and the bank recorded `Y`.
async fn is_paid(stage: &Stage, bank: &Bank, ana: Shopper<'_>, card: &Card) -> Record {
    let shown = ana.ends_at_the_shop().await;
    assert_eq!(shown.statuses(), ("succeeded", "processed"));
    assert_eq!(shown.flow, "challenge");
    stage.system.outside.only_charge(&shown.reference).await;
    ana.goes_away().await;
    let record = bank.ending_of(card).await;
    assert_eq!(record.result(), ("Y", ""), "{:?}", record.0);
    record
}

/// The shop was told that the authentication failed, nobody was charged, and the bank recorded an end.
async fn is_refused(stage: &Stage, bank: &Bank, ana: Shopper<'_>, card: &Card) -> Record {
    let shown: Shown = ana.ends_at_the_shop().await;
    assert_eq!(shown.statuses(), ("pending", "denied"));
    assert_eq!(shown.code, FAILED);
    stage.system.outside.no_charge(&shown.reference).await;
    ana.goes_away().await;
    bank.ending_of(card).await
}

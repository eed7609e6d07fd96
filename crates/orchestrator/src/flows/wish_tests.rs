//! What purchases wish of 3-D Secure, followed to the wire: exemptions and their veto, data alone, and authentications
//! outside of the browser.

use super::{
    page_step::{PageOutcome, PageStep},
    testing::{World, purchase},
};
use acquiring::Exemption;
use payments::{NewOrder, Purchase, PurchaseTarget, RefusalCode, ThreeDs, ThreeDsMode};
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

fn exempted() -> ThreeDs {
    ThreeDs {
        exemption: Some(Exemption::LowValue),
        ..ThreeDs::default()
    }
}

fn decoupled(minutes: u16) -> ThreeDs {
    ThreeDs {
        decoupled_max_minutes: Some(minutes),
        ..ThreeDs::default()
    }
}

fn paid() -> (String, String, String) {
    ("succeeded".into(), "processed".into(), "-".into())
}

fn denied(code: &str) -> (String, String, String) {
    ("pending".into(), "denied".into(), code.into())
}

/// How many AReqs and charges there have been.
fn asked_and_charged(world: &World) -> (usize, usize) {
    let script = world.script();
    (script.areqs.len(), script.charges.len())
}

async fn buy(world: &World, wish: ThreeDs) -> Id<kind::Order> {
    buy_with(world, |purchase| purchase.three_ds = wish).await
}

async fn buy_with(world: &World, change: impl FnOnce(&mut Purchase)) -> Id<kind::Order> {
    let order = world.order().await;
    let mut asked = purchase(order);
    change(&mut asked);
    world.gateway.purchase(&world.caller, asked, None).await.unwrap();
    order
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_exemption_that_the_processor_takes_goes_with_the_charge_and_nobody_is_asked(pool: PgPool) {
    let world = World::new(pool).await;
    let order = buy(&world, exempted()).await;
    assert_eq!(world.words(order).await, paid());
    assert_eq!(world.script().areqs.len(), 0);
    assert_eq!(world.script().charges[0]["exemption"], "low_value");
    let told = world.document(order).await;
    assert_eq!(told["payment"]["data"]["three_ds"]["exemption"], "low_value");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_exemption_that_the_processor_cannot_be_told_is_put_to_the_issuer(pool: PgPool) {
    let world = World::new(pool).await;
    let wish = ThreeDs {
        exemption: Some(Exemption::TraAcquirer),
        ..ThreeDs::default()
    };
    let order = buy(&world, wish).await;
    assert_eq!(world.words(order).await, paid());
    assert_eq!(world.areq()["threeDSRequestorChallengeInd"], "05");
    assert_eq!(world.script().charges[0]["exemption"], Value::Null);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_veto_leads_to_one_challenge_and_one_more_charge(pool: PgPool) {
    let world = World::new(pool).await;
    {
        let mut script = world.script();
        (script.ares, script.charge) = ("C", "vetoed");
    }
    let order = buy(&world, exempted()).await;
    assert_eq!(world.words(order).await.1, "pending_3ds");
    assert_eq!(world.areq()["threeDSRequestorChallengeInd"], "04");
    let told = world.document(order).await;
    let url = &told["payment"]["data"]["next_action"]["authorization_3ds"]["url"];
    let token = world.page_token(order).await;
    assert!(url.as_str().unwrap().ends_with(&token), "{url}");
    let view = world.gateway.page_opened(&token).await.unwrap();
    assert!(matches!(view.step, PageStep::Challenge { .. }), "{:?}", view.step);

    world.post_results(&world.rreq()).await;
    world.comes_to(order, "processed").await;
    let script = world.script();
    let carried: Vec<_> = script
        .charges
        .iter()
        .map(|charge| (charge["exemption"].clone(), charge["eci"].clone()))
        .collect();
    assert_eq!(
        carried,
        [(json!("low_value"), Value::Null), (Value::Null, json!("05"))]
    );
    assert_ne!(script.charges[0]["reference"], script.charges[1]["reference"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_caller_that_waits_gets_what_the_step_up_came_to(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().charge = "vetoed";
    let order = buy(&world, exempted()).await;
    assert_eq!(world.words(order).await, paid());
    assert_eq!(asked_and_charged(&world), (1, 2));

    // An attempt is not what the issuer asked for, and the policy takes none.
    let order = world.order().await;
    let mut asked = purchase(order);
    asked.three_ds = exempted();
    world.script().ares = "A";
    world.gateway.purchase(&world.caller, asked, None).await.unwrap();
    assert_eq!(
        world.words(order).await,
        denied("DEUNA_3DS.STAND_IN_FRICTIONLESS_AUTHENTICATION_ATTEMPTED")
    );
    assert_eq!(world.script().charges.len(), 3);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_step_up_asks_for_a_browser_that_is_not_known(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().charge = "vetoed";
    let order = buy_with(&world, |purchase| {
        purchase.three_ds = exempted();
        purchase.browser = None;
    })
    .await;
    assert_eq!(world.words(order).await.1, "pending_3ds");
    assert_eq!(world.script().areqs.len(), 0);
    let view = world.gateway.page_opened(&world.page_token(order).await).await;
    assert_eq!(view.unwrap().step, PageStep::BrowserData);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_step_up_whose_process_died_is_taken_up_with_its_challenge(pool: PgPool) {
    let world = World::new(pool).await;
    {
        let mut script = world.script();
        (script.charge, script.ares_held) = ("vetoed", true);
    }
    let order = world.order().await;
    let mut asked = purchase(order);
    asked.three_ds = exempted();
    let paying = tokio::spawn({
        let (gateway, caller) = (world.gateway.clone(), world.caller.clone());
        async move { gateway.purchase(&caller, asked, None).await }
    });
    let asked_times = async |count: usize| {
        while world.script().areqs.len() < count {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    asked_times(1).await;
    assert_eq!(world.words(order).await.1, "processing");

    // Whoever asked is as good as dead: its answer comes when another has long asked in its place.
    world.clock.advance(Duration::seconds(120));
    let recovering = tokio::spawn({
        let gateway = world.gateway.clone();
        async move { gateway.recover_due().await }
    });
    asked_times(2).await;
    world.script().ares_held = false;
    recovering.await.unwrap().unwrap();
    paying.await.unwrap().unwrap();
    world.comes_to(order, "processed").await;

    let script = world.script();
    for areq in &script.areqs {
        assert_eq!(areq["threeDSRequestorChallengeInd"], "04");
    }
    let carried: Vec<_> = script.charges.iter().map(|charge| &charge["eci"]).collect();
    assert_eq!(carried, [&Value::Null, &json!("05")]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn mode_off_asks_nobody_even_after_a_veto(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().charge = "vetoed";
    let order = buy(&world, ThreeDsMode::Off.into()).await;
    assert_eq!(world.words(order).await, denied("DP-4500"));
    assert_eq!(asked_and_charged(&world), (0, 1));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn data_alone_is_shared_with_the_issuer_and_the_charge_goes_on_without_liability_shift(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().ares = "I";
    let order = buy(&world, ThreeDsMode::DataOnly.into()).await;
    assert_eq!(world.areq()["threeDSRequestorChallengeInd"], "06");
    assert_eq!(world.words(order).await, paid());
    let told = world.document(order).await;
    let block = &told["payment"]["data"]["three_ds"];
    assert_eq!(
        (&block["trans_status"], &block["liability_shift"]),
        (&json!("I"), &json!(false))
    );
    assert_eq!(world.script().charges.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_decoupled_authentication_is_waited_for_without_a_page_and_charged_by_its_result(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().ares = "D";
    let order = buy(&world, decoupled(5)).await;
    let areq = world.areq();
    assert_eq!(
        (
            &areq["threeDSRequestorDecReqInd"],
            &areq["threeDSRequestorDecMaxTime"]
        ),
        (&json!("Y"), &json!("00005"))
    );
    assert_eq!(
        world.words(order).await,
        ("pending".into(), "pending_3ds".into(), "DP-7028".into())
    );
    let told = world.document(order).await;
    let data = &told["payment"]["data"];
    assert!(data.get("next_action").is_none() && data.get("authorization_3ds").is_none());
    assert_eq!(data["three_ds"]["cardholder_info"], "Open your bank's app");
    assert_eq!(data["three_ds"]["decoupled_until"], "2026-11-22T10:05:00Z");

    world.clock.advance(Duration::seconds(200));
    assert_eq!(
        world.gateway.recover_due().await.unwrap(),
        0,
        "nothing is due yet"
    );
    let rreq = world.rreq_with(json!({"authenticationType": "04", "authenticationMethod": ["12"]}));
    assert_eq!(world.post_results(&rreq).await["messageType"], "RRes");
    world.comes_to(order, "processed").await;
    assert_eq!(world.script().charges.len(), 1);
    let told = world.document(order).await;
    assert_eq!(told["payment"]["data"]["three_ds"]["flow"], "decoupled");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_decoupled_authentication_that_nobody_concludes_expires_after_its_grace(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().ares = "D";
    let order = buy(&world, decoupled(5)).await;
    world.clock.advance(Duration::minutes(6));
    world.gateway.recover_due().await.unwrap();
    assert_eq!(world.words(order).await.1, "pending_3ds", "the grace runs");
    world.clock.advance(Duration::minutes(61));
    world.gateway.recover_due().await.unwrap();
    assert_eq!(world.words(order).await, denied("DEUNA_3DS.TIME_EXPIRED"));
    assert_eq!(world.post_results(&world.rreq()).await["messageType"], "RRes");
    assert_eq!(world.script().charges.len(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_order_is_cancelled_while_the_issuer_looks_for_its_cardholder(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().ares = "D";
    let order = buy(&world, decoupled(5)).await;
    world
        .gateway
        .cancel(&world.caller, order, None, None)
        .await
        .unwrap();
    assert_eq!(world.words(order).await.0, "cancelled");
    world.post_results(&world.rreq()).await;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(world.script().charges.len(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_browser_that_is_there_reads_what_the_issuer_says_and_goes_on_with_the_result(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().ares = "D";
    let order = buy_with(&world, |purchase| {
        purchase.three_ds = decoupled(5);
        purchase.browser = None;
    })
    .await;
    let token = world.page_token(order).await;
    let browser = purchase(order).browser.unwrap();
    world.gateway.page_opened(&token).await.unwrap();
    world.gateway.page_browser_data(&token, browser).await.unwrap();
    for _ in 0..200 {
        let view = world.gateway.page_opened(&token).await.unwrap();
        if let PageStep::Decoupled { text } = view.step {
            assert_eq!(text.as_deref(), Some("Open your bank's app"));
            world.post_results(&world.rreq()).await;
            world.comes_to(order, "processed").await;
            let view = world.gateway.page_opened(&token).await.unwrap();
            let PageStep::Done { outcome, .. } = view.step else {
                panic!("{:?}", view.step);
            };
            assert_eq!(outcome, PageOutcome::Succeeded);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the page never told of the issuer");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_decoupled_answer_to_a_request_that_offered_none_is_unusable(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().ares = "D";
    let order = buy(&world, ThreeDs::default()).await;
    assert_eq!(world.words(order).await, denied("DEUNA_3DS.UNABLE_ISSUER"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_two_orders_with_one_reference_only_one_is_paid(pool: PgPool) {
    let world = World::new(pool).await;
    let (first, second) = (named_order(&world).await, named_order(&world).await);
    world.purchase(first, None).await.unwrap();
    let refused = world.purchase(second, None).await.unwrap_err();
    assert_eq!(refused.code, RefusalCode::OrderAlreadyProcessed);
    assert_eq!(world.script().charges.len(), 1);
    let again = world.purchase(first, None).await.unwrap_err();
    assert_eq!(again.code, RefusalCode::OrderAlreadyProcessed);
}

fn new_order(world_reference: &str, details: Value) -> NewOrder {
    NewOrder {
        reference: Some(world_reference.to_owned()),
        numbering: payments::Numbering::Merchant,
        order_type: "DEUNA_NOW".into(),
        amount: primitives::Amount::new(10_000, primitives::Currency::MXN).unwrap(),
        store_code: "all".into(),
        details: details.as_object().unwrap().clone(),
        notify_url: None,
        callbacks: payments::Callbacks::default(),
        payer_email: None,
    }
}

async fn named_order(world: &World) -> Id<kind::Order> {
    let created = world
        .gateway
        .create_order(&world.caller, new_order("A-1", json!({})), None);
    created.await.unwrap().document.token()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_events_of_an_order_made_by_its_purchase_have_numbers_of_their_own(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().ares = "C";
    let mut asked = purchase(Id::from_uuid(uuid::Uuid::nil()));
    asked.target = PurchaseTarget::New(Box::new(new_order("A-1", json!({}))));
    let answer = world.gateway.purchase(&world.caller, asked, None).await.unwrap();
    world.post_results(&world.rreq()).await;
    world.comes_to(answer.document.token(), "processed").await;
    let events: Vec<(String, i64)> =
        sqlx::query_as("SELECT payment_status, sequence FROM events ORDER BY sequence")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    let statuses: Vec<_> = events.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(statuses, ["pending_3ds", "processed"]);
    assert!(events[0].1 < events[1].1, "{events:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_issuer_hears_what_the_order_says_of_risk_and_of_an_earlier_authentication(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().charge = "declined";
    let details = json!({
        "shipping_options": {"type": "pickup"},
        "billing_address": {"first_name": "Ana", "last_name": "Torres"},
        "shipping_address": {"first_name": "Luis", "last_name": "Torres"},
    });
    let created = world
        .gateway
        .create_order(&world.caller, new_order("A-1", details), None);
    let order = created.await.unwrap().document.token();
    world.purchase(order, None).await.unwrap();
    let first = world.areq();
    assert_eq!(first["merchantRiskIndicator"]["shipIndicator"], "04");
    assert_eq!(first["acctInfo"]["shipNameIndicator"], "02");
    assert!(first.get("threeDSRequestorPriorAuthenticationInfo").is_none());

    world.purchase(order, None).await.unwrap();
    let prior = &world.areq()["threeDSRequestorPriorAuthenticationInfo"];
    assert_eq!(prior["threeDSReqPriorAuthMethod"], "01", "{prior}");
    assert_eq!(prior["threeDSReqPriorAuthTimestamp"], "202611221000");
}

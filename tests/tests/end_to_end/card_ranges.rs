//! Card ranges as many as a large directory server has.

use serde_json::json;
use tests::cards::Card;
use tests::system::System;

/// What the standard's largest directory servers publish, roughly.
const RANGES: usize = 200_000;

#[tokio::test]
async fn two_hundred_thousand_card_ranges_are_taken_in_and_a_purchase_finds_its_own() {
    let mut system = System::start().await;
    system.kill_gateway().await;
    let levers = format!("{}/directory/visa/ranges", system.outside.url());
    let told = system.http.post_json(&levers, &json!({ "count": RANGES })).await;
    assert_eq!(told.json()["ranges"], RANGES, "{}", told.text);
    // As if it had never asked: what was stored a moment ago would do for hours.
    system.database.ask("DELETE FROM card_range_caches");

    // Ready means that the ranges are there.
    system.start_gateway().await;
    let log = system.gateway_log();
    assert!(log.contains(&format!("\"ranges\":{RANGES}")), "{log}");
    let paid = system.merchant.buy(41_100, &Card::visa(0)).await;
    assert_eq!(paid.payment_status(), "processed");
    assert_eq!(paid.three_ds("flow"), "frictionless");

    // Stored, so that the next start needs nobody.
    system.outside.fault("directory", "refuse", None, None).await;
    system.kill_gateway().await;
    system.start_gateway().await;
    system.outside.clear_faults().await;
    // The range of this card says 2.1.0 and a 3DS Method.
    let waiting = system.merchant.buy(41_200, &Card::visa(6)).await;
    assert_eq!(waiting.payment_status(), "pending_3ds");
    system.finish().await;
}

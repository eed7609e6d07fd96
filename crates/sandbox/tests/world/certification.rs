//! The certification cards of the 3DS Server API: amounts pick the outcome, digits do not pick the brand.

use emv3ds::code::{ErrorCode, TransStatus, TransStatusReason};
use serde_json::{Value, json};

use crate::server::Playground;

const CARDS: [(&str, &str); 7] = [
    ("visa", "4551820000009478"),
    ("mastercard", "5555555555555555"),
    ("elo", "5091490000009011"),
    ("elo", "6091490000009011"),
    ("amex", "3766001349171000"),
    ("visa", "1234123412341234"),
    ("mastercard", "1234123412341234"),
];

fn areq(playground: &Playground, card: &str, amount: &str) -> Value {
    let mut areq = playground.areq_with_decoupled(card);
    areq["purchaseAmount"] = json!(amount);
    areq
}

#[tokio::test]
async fn amounts_pick_what_happens_with_every_certification_card() {
    let playground = Playground::open().await;
    for (brand, card) in CARDS {
        for (amount, status) in [
            ("10000", TransStatus::Authenticated),
            ("10001", TransStatus::NotAuthenticated),
            ("10002", TransStatus::Unavailable),
            ("10003", TransStatus::Attempted),
            ("10004", TransStatus::ChallengeRequired),
            ("10005", TransStatus::Rejected),
            ("10006", TransStatus::DecoupledChallenge),
            ("12345", TransStatus::Authenticated),
        ] {
            let areq = areq(&playground, card, amount);
            let ares = playground.authenticate_at(brand, &areq).await;
            assert_eq!(ares.trans_status, Some(status), "{card} {amount}");
            if status == TransStatus::Authenticated {
                let eci = if brand == "mastercard" { "02" } else { "05" };
                assert_eq!(ares.eci.unwrap().as_str(), eci, "the directory server's brand");
            }
        }
        for (amount, code) in [
            ("10007", ErrorCode::TimedOut),
            ("10008", ErrorCode::ConnectionFailure),
        ] {
            let erro = playground.refused(brand, &areq(&playground, card, amount)).await;
            assert_eq!(erro.error_code, code, "{card} {amount}");
        }
    }
}

#[tokio::test]
async fn amounts_mean_nothing_with_other_cards() {
    let playground = Playground::open().await;
    let areq = areq(&playground, "4000000000001000", "10001");
    let ares = playground.authenticate(&areq).await;
    assert_eq!(ares.trans_status, Some(TransStatus::Authenticated));
}

#[tokio::test]
async fn a_mandated_challenge_is_one_whatever_the_amount() {
    let playground = Playground::open().await;
    let mut areq = areq(&playground, "4551820000009478", "10000");
    areq["threeDSRequestorChallengeInd"] = json!("04");
    let ares = playground.authenticate_at("visa", &areq).await;
    assert_eq!(ares.trans_status, Some(TransStatus::ChallengeRequired));
}

#[tokio::test]
async fn data_only_is_answered_as_the_brand_answers_it() {
    let playground = Playground::open().await;
    let mut insights = areq(&playground, "5555555555555555", "10000");
    insights["messageCategory"] = json!("80");
    let ares = playground.authenticate_at("mastercard", &insights).await;
    assert_eq!(ares.trans_status, Some(TransStatus::Unavailable));
    assert_eq!(ares.trans_status_reason.unwrap().to_string(), "80");
    assert_eq!(ares.eci.unwrap().as_str(), "04");

    let mut shared = areq(&playground, "4551820000009478", "10004");
    shared["threeDSRequestorChallengeInd"] = json!("06");
    let ares = playground.authenticate_at("visa", &shared).await;
    assert_eq!(ares.trans_status, Some(TransStatus::InformationOnly));
    assert_eq!(ares.eci.unwrap().as_str(), "07");
}

#[tokio::test]
async fn decoupled_is_refused_where_nobody_allowed_it() {
    let playground = Playground::open().await;
    let mut areq = playground.areq("4551820000009478");
    areq["purchaseAmount"] = json!("10006");
    let ares = playground.authenticate_at("visa", &areq).await;
    assert_eq!(ares.trans_status, Some(TransStatus::NotAuthenticated));
    assert_eq!(
        ares.trans_status_reason,
        Some(TransStatusReason::DecoupledNeededNotRequested)
    );
}

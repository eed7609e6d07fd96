//! 3RI: nobody is at the shop, so the card decides and nobody is challenged.

use emv3ds::code::{ErrorCode, TransStatus, TransStatusReason};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Playground, status_of};

const FRICTIONLESS: &str = "5200000000001005";
const CHALLENGE: &str = "5200000000001054";

fn with_prior(mut areq: Value, reference: &str) -> Value {
    areq["threeDSRequestorPriorAuthenticationInfo"] = json!({
        "threeDSReqPriorRef": reference,
        "threeDSReqPriorAuthMethod": "02",
        "threeDSReqPriorAuthTimestamp": "202611220100",
    });
    areq
}

#[tokio::test]
async fn the_card_decides_as_in_the_browser_and_never_challenges() {
    let playground = Playground::open().await;
    for (card, status, eci) in [
        (FRICTIONLESS, TransStatus::Authenticated, "07"),
        ("4000000000001000", TransStatus::Authenticated, "05"),
        ("4000000000001018", TransStatus::NotAuthenticated, "07"),
        ("5200000000001021", TransStatus::Attempted, "01"),
        ("5200000000001047", TransStatus::Rejected, "00"),
        (CHALLENGE, TransStatus::NotAuthenticated, "00"),
        ("4000000000001109", TransStatus::NotAuthenticated, "07"),
        ("4000000000000002", TransStatus::NotAuthenticated, "07"),
    ] {
        let ares = playground.authenticate(&playground.areq_of_3ri(card)).await;
        assert_eq!(ares.trans_status, Some(status), "{card}");
        assert_eq!(ares.eci.unwrap().as_str(), eci, "{card}");
        assert_eq!(
            (ares.acs_url, ares.acs_challenge_mandated),
            (None, None),
            "{card}"
        );
    }
    let ares = playground.authenticate(&playground.areq_of_3ri(CHALLENGE)).await;
    assert_eq!(
        ares.trans_status_reason,
        Some(TransStatusReason::DecoupledNeededNotRequested)
    );
}

#[tokio::test]
async fn a_challenge_card_is_asked_later_where_that_is_allowed() {
    let playground = Playground::open().await;
    let mut areq = playground.areq_of_3ri(CHALLENGE);
    areq["threeDSRequestorDecReqInd"] = json!("Y");
    areq["threeDSRequestorDecMaxTime"] = json!("00010");
    let ares = playground.authenticate(&areq).await;
    assert_eq!(ares.trans_status, Some(TransStatus::DecoupledChallenge));
    let rreq = playground.results.wait_for(1).await.remove(0);
    assert_eq!(status_of(&rreq, &ares), TransStatus::Authenticated);
    assert_eq!(rreq.eci.unwrap().as_str(), "07");
}

#[tokio::test]
async fn recurring_payments_say_how_long_and_how_often() {
    let playground = Playground::open().await;
    for name in [
        "recurringExpiry",
        "recurringFrequency",
        "threeRIInd",
        "purchaseAmount",
    ] {
        let mut areq = playground.areq_of_3ri(FRICTIONLESS);
        areq.as_object_mut().unwrap().remove(name);
        let erro = playground.refused("mastercard", &areq).await;
        assert_eq!(erro.error_code, ErrorCode::RequiredElementMissing, "{name}");
        assert_eq!(erro.error_detail, name);
    }
    let mut areq = playground.areq_of_3ri(FRICTIONLESS);
    areq["threeRIInd"] = json!("11");
    areq.as_object_mut().unwrap().remove("recurringExpiry");
    playground.authenticate(&areq).await;
}

#[tokio::test]
async fn what_is_no_payment_needs_no_purchase_and_has_ecis_of_its_own() {
    let playground = Playground::open().await;
    for (card, eci) in [
        (FRICTIONLESS, "N2"),
        ("5200000000001013", "N0"),
        ("4000000000001000", "05"),
    ] {
        let mut areq = playground.areq_of_3ri(card);
        areq["messageCategory"] = json!("02");
        areq["threeRIInd"] = json!("03");
        areq.as_object_mut()
            .unwrap()
            .retain(|name, _| !name.starts_with("purchase") && !name.starts_with("recurring"));
        let ares = playground.authenticate(&areq).await;
        assert_eq!(ares.eci.unwrap().as_str(), eci, "{card}");
    }
    let mut in_2_1_0 = playground.areq_of_3ri(CHALLENGE);
    in_2_1_0["messageVersion"] = json!("2.1.0");
    let erro = playground.refused("mastercard", &in_2_1_0).await;
    assert_eq!(erro.error_detail, "messageCategory", "3RI paid nothing then");
    in_2_1_0["messageCategory"] = json!("02");
    in_2_1_0["threeRIInd"] = json!("05");
    let ares = playground.authenticate(&in_2_1_0).await;
    assert_eq!(ares.trans_status, Some(TransStatus::Unavailable));
    assert_eq!(
        ares.trans_status_reason,
        Some(TransStatusReason::RequestorInitiatedNotSupported)
    );
}

#[tokio::test]
async fn a_reference_to_somebody_else_s_authentication_gets_nobody_through() {
    let playground = Playground::open().await;
    let own = playground.authenticate(&playground.areq(FRICTIONLESS)).await;
    let other = playground
        .authenticate(&playground.areq("5200000000001021"))
        .await;
    let unknown = Uuid::new_v4();
    for (reference, status) in [
        (own.acs_trans_id.to_string(), TransStatus::Authenticated),
        (other.acs_trans_id.to_string(), TransStatus::NotAuthenticated),
        (unknown.to_string(), TransStatus::Authenticated),
    ] {
        let areq = with_prior(playground.areq_of_3ri(FRICTIONLESS), &reference);
        let ares = playground.authenticate(&areq).await;
        assert_eq!(ares.trans_status, Some(status), "{reference}");
    }
}

#[tokio::test]
async fn a_lever_challenges_all_the_same_and_that_is_refused() {
    let playground = Playground::open().await;
    playground.set_fault("acs", "ares_challenge", 1).await;
    let areq = playground.areq_of_3ri(FRICTIONLESS);
    let body = playground.ask("mastercard", &areq).await;
    let ares: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(ares["transStatus"], "C");
}

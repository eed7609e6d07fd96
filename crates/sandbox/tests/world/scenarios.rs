//! What each card number means to directory server and issuer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emv3ds::code::{ErrorCode, MessageType, TransStatus, TransStatusReason};
use emv3ds::message::ARes;
use primitives::Brand;
use sandbox::issuers::scenario::{BRANDS_WITH_SCENARIOS, card_of};

use crate::server::{Playground, at_the_server, brand_of};

/// A scenario's status, its reason, and its ECI at Visa or Amex and at Mastercard.
type Row = (
    usize,
    TransStatus,
    Option<TransStatusReason>,
    Option<[&'static str; 2]>,
);

/// The scenarios that end in an ARes.
const TABLE: [Row; 16] = [
    (0, TransStatus::Authenticated, None, Some(["05", "02"])),
    (
        1,
        TransStatus::NotAuthenticated,
        Some(TransStatusReason::CardAuthenticationFailed),
        Some(["07", "00"]),
    ),
    (2, TransStatus::Attempted, None, Some(["06", "01"])),
    (
        3,
        TransStatus::Unavailable,
        Some(TransStatusReason::UnsupportedDevice),
        Some(["07", "00"]),
    ),
    (
        4,
        TransStatus::Rejected,
        Some(TransStatusReason::SuspectedFraud),
        Some(["07", "00"]),
    ),
    (5, TransStatus::ChallengeRequired, None, None),
    (6, TransStatus::Authenticated, None, Some(["05", "02"])),
    (9, TransStatus::ChallengeRequired, None, None),
    (10, TransStatus::ChallengeRequired, None, None),
    (
        11,
        TransStatus::NotAuthenticated,
        Some(TransStatusReason::DecoupledNeededNotRequested),
        Some(["07", "00"]),
    ),
    (12, TransStatus::ChallengeRequired, None, None),
    (13, TransStatus::Authenticated, None, Some(["05", "02"])),
    (14, TransStatus::ChallengeRequired, None, None),
    (15, TransStatus::ChallengeRequired, None, None),
    (16, TransStatus::Authenticated, None, Some(["05", "02"])),
    (18, TransStatus::ChallengeRequired, None, None),
];

#[tokio::test]
async fn every_card_of_the_table_is_answered_as_the_table_says() {
    let playground = Playground::open().await;
    for (scenario, status, reason, eci) in TABLE {
        for brand in BRANDS_WITH_SCENARIOS {
            let card = card_of(brand, scenario).unwrap();
            let areq = if scenario == 14 {
                playground.areq_of_2_1_0(&card)
            } else {
                playground.areq(&card)
            };
            let ares = playground.authenticate(&areq).await;
            let expected = eci.map(|eci| eci[usize::from(brand == Brand::Mastercard)]);
            assert_eq!(ares.trans_status, Some(status), "{card}");
            assert_eq!(ares.trans_status_reason, reason, "{card}");
            assert_eq!(ares.eci.map(|eci| eci.to_string()).as_deref(), expected, "{card}");
            let proven = matches!(status, TransStatus::Authenticated | TransStatus::Attempted);
            assert_eq!(ares.authentication_value.is_some(), proven, "{card}");
            assert_eq!(
                ares.acs_url.is_some(),
                status == TransStatus::ChallengeRequired,
                "{card}"
            );
        }
    }
}

#[tokio::test]
async fn cards_known_by_name_and_all_others_take_part() {
    let playground = Playground::open().await;
    for (card, status) in [
        ("4186455175836497", TransStatus::Authenticated),
        ("5137009801943438", TransStatus::Authenticated),
        ("375418081197346", TransStatus::Authenticated),
        ("4874970686672022", TransStatus::ChallengeRequired),
        ("5130257474533310", TransStatus::ChallengeRequired),
        ("379764422997381", TransStatus::ChallengeRequired),
        ("4000000000000002", TransStatus::ChallengeRequired),
        ("5300000000000006", TransStatus::ChallengeRequired),
        ("371449635311004", TransStatus::ChallengeRequired),
        ("4111111111111111", TransStatus::Authenticated),
        ("5067310000000010", TransStatus::Authenticated),
        ("3528000000000007", TransStatus::Authenticated),
    ] {
        let ares = playground.authenticate(&playground.areq(card)).await;
        assert_eq!(ares.trans_status, Some(status), "{card}");
    }
}

#[tokio::test]
async fn authentication_values_have_the_shape_of_their_brand_and_differ() {
    let playground = Playground::open().await;
    let mut values = Vec::new();
    for card in [
        "4000000000001000",
        "4000000000001000",
        "5200000000001005",
        "370000000010001",
    ] {
        let ares = playground.authenticate(&playground.areq(card)).await;
        let value = ares.authentication_value.unwrap().as_str().to_owned();
        // Mastercard's begins with the bytes C6 04, which leave four letters open for the third place.
        let bytes = STANDARD.decode(&value).unwrap();
        let expected = if brand_of(card) == "mastercard" { 21 } else { 20 };
        assert_eq!(bytes.len(), expected, "{value}");
        assert_eq!(
            bytes.starts_with(&[0xC6, 0x04]),
            brand_of(card) == "mastercard",
            "{value}"
        );
        assert!(!values.contains(&value));
        values.push(value);
    }
}

#[tokio::test]
async fn the_directory_server_of_scenario_07_answers_erro() {
    let playground = Playground::open().await;
    let erro = playground
        .refused("visa", &playground.areq("4000000000001075"))
        .await;
    assert_eq!(erro.error_code, ErrorCode::PermanentFailure);
}

#[tokio::test]
async fn the_directory_server_of_scenario_08_says_nothing_for_long() {
    let playground = Playground::open().await;
    let began = std::time::Instant::now();
    let erro = playground
        .refused("mastercard", &playground.areq("5200000000001088"))
        .await;
    assert!(began.elapsed() >= crate::server::impatient().directory_silence);
    assert_eq!(erro.error_code, ErrorCode::TimedOut);
}

#[tokio::test]
async fn the_issuer_of_scenario_17_answers_what_nobody_can_take() {
    let playground = Playground::open().await;
    let body = playground.ask("visa", &playground.areq("4000000000001174")).await;
    let fault = at_the_server().read_as::<ARes>(&body).unwrap_err();
    assert_eq!(fault.code, ErrorCode::RequiredElementMissing);
    assert_eq!(fault.message_type, Some(MessageType::ARes));
    assert!(
        fault.ids.acs_trans_id.is_some(),
        "the 3DS Server can say in an Erro what it is about"
    );
}

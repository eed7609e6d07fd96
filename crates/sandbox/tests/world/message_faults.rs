//! Messages with something wrong, by levers: each is wrong in the one way its word says.

use emv3ds::code::{Component, ErrorCode, TransStatus};
use emv3ds::message::{ARes, Asked, CRes, Received};
use serde_json::{Value, json};

use crate::browser::{Page, code_for, open_challenge, press};
use crate::server::{Manner, Playground, at_the_server, challenged, parsed};

const FRICTIONLESS: &str = "4000000000001000";
const CHALLENGE: &str = "4000000000001059";

async fn once(playground: &Playground, target: &str, fault: &str, more: Value) {
    let mut order = json!({ "target": target, "fault": fault, "times": 1 });
    order
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    playground.order_fault(&order).await;
}

/// Goes through a challenge with the right code.
async fn pass(playground: &Playground) -> (ARes, Page) {
    let ares = playground.authenticate(&playground.areq(CHALLENGE)).await;
    let page = open_challenge(playground, &ares).await;
    let code = code_for(playground, &page).await;
    (ares, press(playground, &page, &code, "submit").await)
}

#[tokio::test]
async fn an_ares_is_spoiled_in_the_way_the_word_says() {
    let playground = Playground::open().await;
    for (fault, more, code, detail) in [
        (
            "ares_missing_element",
            json!({ "elements": ["acsTransID", "eci"] }),
            ErrorCode::RequiredElementMissing,
            "acsTransID",
        ),
        (
            "ares_bad_format",
            json!({ "elements": ["eci"] }),
            ErrorCode::FormatInvalid,
            "eci",
        ),
        (
            "ares_empty_element",
            json!({ "elements": ["eci"] }),
            ErrorCode::FormatInvalid,
            "eci",
        ),
        (
            "ares_reserved_value",
            json!({}),
            ErrorCode::FormatInvalid,
            "transStatusReason",
        ),
        (
            "ares_duplicate_element",
            json!({}),
            ErrorCode::DuplicateElement,
            "transStatus",
        ),
        (
            "ares_critical_extension",
            json!({}),
            ErrorCode::CriticalExtensionNotRecognised,
            "A000000999-001",
        ),
        (
            "ares_wrong_type",
            json!({}),
            ErrorCode::MessageReceivedInvalid,
            "messageType",
        ),
        (
            "ares_with",
            json!({ "set": { "transStatus": "Z" } }),
            ErrorCode::FormatInvalid,
            "transStatus",
        ),
    ] {
        once(&playground, "acs", fault, more).await;
        let body = playground.ask("visa", &playground.areq(FRICTIONLESS)).await;
        let found = at_the_server().read_as::<ARes>(&body).unwrap_err();
        assert_eq!((found.code, found.detail.as_str()), (code, detail), "{fault}");
        playground.authenticate(&playground.areq(FRICTIONLESS)).await;
    }
}

#[tokio::test]
async fn an_ares_that_does_not_belong_to_its_areq_keeps_to_the_tables_all_the_same() {
    let playground = Playground::open().await;
    for (fault, code, detail) in [
        (
            "ares_foreign_server_id",
            ErrorCode::TransactionNotRecognised,
            None,
        ),
        (
            "ares_other_version",
            ErrorCode::FormatInvalid,
            Some("messageVersion"),
        ),
        ("ares_decoupled", ErrorCode::FormatInvalid, Some("transStatus")),
    ] {
        once(&playground, "acs", fault, json!({ "card": FRICTIONLESS })).await;
        let areq = playground.areq(FRICTIONLESS);
        playground
            .authenticate(&playground.areq("4000000000001018"))
            .await;
        let body = playground.ask("visa", &areq).await;
        let Ok(Received::Message(ares)) = at_the_server().read_as::<ARes>(&body) else {
            panic!("{fault}: {}", String::from_utf8_lossy(&body));
        };
        let found = ares.answers(&Asked::from(&parsed(&areq))).unwrap_err();
        assert_eq!(found.code, code, "{fault}");
        assert!(detail.is_none_or(|detail| found.detail == detail), "{fault}");
    }
}

#[tokio::test]
async fn erros_come_with_the_code_and_from_the_component_of_the_order() {
    let playground = Playground::open().await;
    for (code, detail) in [
        (101, "set by a lever"),
        (102, "2.1.0"),
        (203, "acctNumber"),
        (303, "threeDSRequestorID"),
        (305, "acctNumber"),
        (403, "set by a lever"),
        (404, "set by a lever"),
    ] {
        for (target, component) in [("directory", Component::DirectoryServer), ("acs", Component::Acs)] {
            once(&playground, target, "areq_erro", json!({ "code": code })).await;
            let erro = playground.refused("visa", &playground.areq(FRICTIONLESS)).await;
            assert_eq!(erro.error_code, ErrorCode::from_number(code));
            assert_eq!(
                (erro.error_component, erro.error_detail.as_str()),
                (component, detail)
            );
        }
    }
}

#[tokio::test]
async fn forged_rreqs_go_ahead_of_the_true_one() {
    let playground = Playground::open().await;
    for fault in [
        "rreq_foreign_server_id",
        "rreq_foreign_acs_id",
        "rreq_foreign_ds_id",
    ] {
        playground.set_fault("acs", fault, 1).await;
        let before = playground.results.received().len();
        let (ares, _) = pass(&playground).await;
        let rreqs = playground.results.received();
        assert_eq!(rreqs.len(), before + 2, "{fault}");
        let challenged = challenged(&ares);
        let forged = rreqs[before].concludes(&challenged).unwrap_err();
        assert_eq!(forged.code, ErrorCode::TransactionNotRecognised, "{fault}");
        rreqs[before + 1].concludes(&challenged).unwrap();
    }
    playground.set_fault("acs", "rreq_missing_element", 1).await;
    pass(&playground).await;
    let refused = playground.results.refused();
    assert_eq!(refused[0].detail, "transStatus");
}

#[tokio::test]
async fn rreqs_are_repeated_contradicted_or_missing() {
    let playground = Playground::open().await;
    playground.set_fault("acs", "rreq_repeated", 1).await;
    // Who comes to no RReq does not use it up.
    playground.authenticate(&playground.areq(FRICTIONLESS)).await;
    pass(&playground).await;
    let rreqs = playground.results.received();
    assert_eq!(rreqs.len(), 2);
    assert_eq!(rreqs[0], rreqs[1]);

    playground.set_fault("acs", "rreq_contradicted", 1).await;
    pass(&playground).await;
    let rreqs = playground.results.received();
    assert_eq!(rreqs.len(), 4);
    assert_eq!(rreqs[2].trans_status, Some(TransStatus::Authenticated));
    assert_eq!(rreqs[3].trans_status, Some(TransStatus::NotAuthenticated));

    playground.set_fault("acs", "rreq_missing", 1).await;
    let (_, back) = pass(&playground).await;
    assert!(back.hidden.contains_key("cres"));
    assert_eq!(playground.results.received().len(), 4);
}

#[tokio::test]
async fn another_brand_s_directory_server_may_bring_the_rreq_first() {
    let playground = Playground::open().await;
    playground.set_fault("acs", "rreq_by_other_brand", 1).await;
    pass(&playground).await;
    let rreqs = playground.results.received();
    assert_eq!(rreqs.len(), 2);
    assert_eq!(rreqs[0], rreqs[1], "only who brings it differs");
}

#[tokio::test]
async fn rreqs_come_before_the_ares_after_the_cres_or_unasked() {
    let playground = Playground::open().await;
    playground.set_fault("acs", "rreq_early", 1).await;
    let ares = playground.authenticate(&playground.areq(CHALLENGE)).await;
    let early = playground.results.received();
    assert_eq!(early.len(), 1, "before the ARes");
    early[0].concludes(&challenged(&ares)).unwrap();

    once(&playground, "acs", "rreq_late", json!({ "milliseconds": 300 })).await;
    let (_, back) = pass(&playground).await;
    assert!(back.hidden.contains_key("cres"));
    assert_eq!(playground.results.received().len(), 1, "the browser is first");
    playground.results.wait_for(2).await;

    playground.set_fault("acs", "rreq_unasked", 1).await;
    let ares = playground.authenticate(&playground.areq(FRICTIONLESS)).await;
    assert_eq!(ares.trans_status, Some(TransStatus::Authenticated));
    let rreqs = playground.results.wait_for(3).await;
    rreqs[2].concludes(&challenged(&ares)).unwrap();
}

#[tokio::test]
async fn browsers_bring_a_forged_cres_or_none() {
    let playground = Playground::open().await;
    playground.set_fault("acs", "cres_contradicted", 1).await;
    let (_, back) = pass(&playground).await;
    let Ok(Received::Message(cres)) = at_the_server().read_form::<CRes>(&back.hidden["cres"]) else {
        panic!("no CRes");
    };
    assert_eq!(cres.trans_status, TransStatus::NotAuthenticated);
    let rreq = playground.results.received().remove(0);
    assert_eq!(rreq.trans_status, Some(TransStatus::Authenticated));

    playground.set_fault("acs", "cres_foreign_acs_id", 1).await;
    let (ares, back) = pass(&playground).await;
    let Ok(Received::Message(cres)) = at_the_server().read_form::<CRes>(&back.hidden["cres"]) else {
        panic!("no CRes");
    };
    assert!(!cres.is_about(&challenged(&ares)));

    playground.set_fault("acs", "cres_missing", 1).await;
    let (_, back) = pass(&playground).await;
    assert_eq!(back.hidden["cres"], "");
}

#[tokio::test]
async fn an_erro_to_a_repetition_ends_the_attempts() {
    let playground = Playground::open().await;
    playground.results.take_next(&[Manner::Cut, Manner::Erro]);
    let (_, back) = pass(&playground).await;
    assert!(back.hidden.contains_key("cres"));
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(playground.results.received().len(), 2);
}

#[tokio::test]
async fn words_nobody_knows_are_answered_with_those_that_are_known() {
    let playground = Playground::open().await;
    let order = json!({ "target": "acs", "fault": "pres_overlap" });
    let response = playground.post_json("/faults", &order).await;
    assert_eq!(response.status(), 400);
    let text = response.text().await.unwrap();
    assert!(text.contains("drop_reply") && text.contains("ares_missing_element"));
    assert!(!text.contains("pres_"), "those are a directory server's");
}

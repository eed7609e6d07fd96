//! Protocol 2.3.1 from the card ranges to the result.

use std::io::Read as _;

use emv3ds::code::{AuthenticationMethod, ErrorCode, ResultsStatus, TransStatus, TransStatusReason};
use emv3ds::message::{ARes, Asked, CRes, Challenged, PRes, Received};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::browser::{code_for, creq, open_challenge, post, press};
use crate::card_ranges::preq;
use crate::server::{Playground, at_the_server, parsed};

const NEWEST: &str = "4000000000001158";

#[tokio::test]
async fn the_challenge_of_scenario_15_is_told_in_methods_and_not_in_types() {
    let playground = Playground::open().await;
    let areq = playground.areq_of_2_3_1(NEWEST);
    let ares = playground.authenticate(&areq).await;
    assert_eq!(ares.trans_status, Some(TransStatus::ChallengeRequired));
    assert_eq!(ares.authentication_type, None);
    assert_eq!(
        ares.authentication_method,
        Some(vec![AuthenticationMethod::SmsCode])
    );
    let page = open_challenge(&playground, &ares).await;
    assert!(
        !page.says("Confirmar más tarde"),
        "the requestor did not allow it"
    );
    let code = code_for(&playground, &page).await;
    let back = press(&playground, &page, &code, "submit").await;
    assert!(back.hidden.contains_key("cres"));
    let rreq = playground.results.received().remove(0);
    rreq.concludes(&Challenged::by(&ares, &Asked::from(&parsed(&areq))))
        .unwrap();
    assert_eq!(
        rreq.authentication_method,
        Some(vec![AuthenticationMethod::SmsCode])
    );

    let late = post(
        &playground,
        ares.acs_url.as_deref().unwrap(),
        &[("creq", &creq(&ares))],
    )
    .await;
    let Err(fault) = at_the_server()
        .read_form::<CRes>(&late.hidden["erro"])
        .map(|received| match received {
            Received::Erro(erro) => assert_eq!(erro.error_code, ErrorCode::CreqAfterResults),
            Received::Message(cres) => panic!("a CRes: {cres:?}"),
        })
    else {
        return;
    };
    panic!("no Erro: {fault}");
}

#[tokio::test]
async fn other_cards_are_not_asked_in_it_until_their_range_says_so() {
    let playground = Playground::open().await;
    let card = "4000000000001000";
    let erro = playground.refused("visa", &playground.areq_of_2_3_1(card)).await;
    assert_eq!(erro.error_code, ErrorCode::VersionNotSupported);
    assert_eq!(erro.error_detail, "2.1.0,2.2.0");
    let versions = ["2.2.0", "2.3.1"];
    for (ds_versions, asked) in [(json!(["2.2.0"]), false), (json!(versions), true)] {
        let order = json!({ "add": [{
            "start": card, "end": card, "acs_versions": versions, "ds_versions": ds_versions,
        }] });
        assert_eq!(
            playground
                .post_json("/directory/visa/ranges", &order)
                .await
                .status(),
            200
        );
        let areq = playground.areq_of_2_3_1(card);
        if asked {
            let ares = playground.authenticate(&areq).await;
            assert_eq!(ares.trans_status, Some(TransStatus::Authenticated));
        } else {
            let erro = playground.refused("visa", &areq).await;
            assert_eq!(erro.error_detail, "2.2.0", "what both speak");
        }
    }
}

#[tokio::test]
async fn a_challenge_may_be_put_off_where_the_requestor_allows_it() {
    let playground = Playground::open().await;
    let mut areq = playground.areq_of_2_3_1(NEWEST);
    areq["threeDSRequestorDecReqInd"] = json!("F");
    areq["threeDSRequestorDecMaxTime"] = json!("00010");
    playground
        .results
        .answer_decoupled_with(ResultsStatus::DecoupledFollows);
    let ares = playground.authenticate(&areq).await;
    assert_eq!(
        ares.trans_status,
        Some(TransStatus::ChallengeRequired),
        "F is no Y"
    );
    let page = open_challenge(&playground, &ares).await;
    assert!(page.says("Confirmar más tarde"));
    press(&playground, &page, "", "later").await;
    let rreq = playground.results.received().remove(0);
    rreq.concludes(&Challenged::by(&ares, &Asked::from(&parsed(&areq))))
        .unwrap();
    assert_eq!(rreq.trans_status, Some(TransStatus::DecoupledChallenge));
    assert_eq!(
        rreq.trans_status_reason,
        Some(TransStatusReason::DecoupledFallback)
    );

    let id = &areq["threeDSServerTransID"];
    let faults = playground
        .get(&format!("/messages?authentication={}", id.as_str().unwrap()))
        .await;
    let found = |faults: &Value| {
        faults
            .as_array()
            .unwrap()
            .iter()
            .filter(|seen| seen.get("fault").is_some())
            .count()
    };
    assert_eq!(
        found(&faults),
        0,
        "resultsStatus 04 is what an undecided challenge asks for"
    );

    let mut follow_up = playground.areq_of_3ri(NEWEST);
    follow_up["messageVersion"] = json!("2.3.1");
    follow_up["threeRIInd"] = json!("19");
    follow_up["acquirerCountryCode"] = json!("484");
    follow_up["acquirerCountryCodeSource"] = json!("01");
    follow_up["threeDSRequestorDecReqInd"] = json!("Y");
    follow_up["threeDSRequestorDecMaxTime"] = json!("00010");
    let reference = |id: String| {
        json!([{
            "threeDSReqPriorRef": id,
            "threeDSReqPriorAuthMethod": "02",
            "threeDSReqPriorAuthTimestamp": "202611220100",
        }])
    };
    let mut to_nothing = follow_up.clone();
    to_nothing["threeDSServerTransID"] = json!(uuid::Uuid::new_v4());
    to_nothing["threeDSRequestorPriorAuthenticationInfo"] = reference(uuid::Uuid::new_v4().to_string());
    let refused = playground.authenticate(&to_nothing).await;
    assert_eq!(
        refused.trans_status_reason,
        Some(TransStatusReason::InvalidTransaction)
    );

    follow_up["threeDSRequestorPriorAuthenticationInfo"] = reference(ares.acs_trans_id.to_string());
    let later = playground.authenticate(&follow_up).await;
    assert_eq!(later.trans_status, Some(TransStatus::DecoupledChallenge));
    assert_eq!(
        later.authentication_method,
        Some(vec![AuthenticationMethod::Decoupled])
    );
    let rreq = playground.results.wait_for(2).await.remove(1);
    assert_eq!(rreq.acs_trans_id, later.acs_trans_id);
    assert_eq!(rreq.trans_status, Some(TransStatus::Authenticated));
}

#[tokio::test]
async fn a_receipt_that_promises_nothing_for_an_undecided_challenge_is_noticed() {
    let playground = Playground::open().await;
    let mut areq = playground.areq_of_2_3_1(NEWEST);
    areq["threeDSRequestorDecReqInd"] = json!("B");
    areq["threeDSRequestorDecMaxTime"] = json!("00010");
    playground.set_fault("acs", "rreq_decoupled_follows", 1).await;
    let ares = playground.authenticate(&areq).await;
    let page = open_challenge(&playground, &ares).await;
    press(&playground, &page, "000000", "submit").await;
    let rreq = playground.results.received().remove(0);
    assert_eq!(rreq.trans_status, Some(TransStatus::DecoupledChallenge));
    let id = areq["threeDSServerTransID"].as_str().unwrap();
    let messages = playground.get(&format!("/messages?authentication={id}")).await;
    assert!(
        messages.to_string().contains("Invalid: resultsStatus"),
        "{messages}"
    );
}

#[tokio::test]
async fn the_acquirer_s_country_is_one_and_reserved_values_have_a_code_of_their_own() {
    let playground = Playground::open().await;
    for (name, value, code) in [
        ("acquirerCountryCode", json!("003"), ErrorCode::IsoCodeInvalid),
        (
            "threeDSRequestorAuthenticationInd",
            json!("55"),
            ErrorCode::ReservedValueUsed,
        ),
    ] {
        let mut areq = playground.areq_of_2_3_1(NEWEST);
        areq[name] = value;
        let erro = playground.refused("visa", &areq).await;
        assert_eq!((erro.error_code, erro.error_detail.as_str()), (code, name));
    }
}

#[tokio::test]
async fn identifiers_travel_in_headers_too_and_must_be_the_message_s() {
    let playground = Playground::open().await;
    let ask = |areq: Value, request_id: Value| {
        playground
            .client
            .post(format!("{}/directory/visa", playground.url))
            .header("content-type", "application/json; charset=utf-8")
            .header("x-request-id", request_id.as_str().unwrap())
            .body(areq.to_string())
            .send()
    };
    let areq = playground.areq_of_2_3_1(NEWEST);
    let id = areq["threeDSServerTransID"].clone();
    let response = ask(areq.clone(), id.clone()).await.unwrap();
    assert_eq!(response.headers()["x-request-id"], id.as_str().unwrap());
    let response_id = response.headers()["x-response-id"].clone();
    let Ok(Received::Message(ares)) = at_the_server().read_as::<ARes>(&response.bytes().await.unwrap())
    else {
        panic!("no ARes");
    };
    assert_eq!(response_id, ares.ds_trans_id.to_string());

    let repeated = playground.refused("visa", &areq).await;
    assert_eq!(repeated.error_code, ErrorCode::DuplicateMessage);

    let strange = ask(playground.areq_of_2_3_1(NEWEST), id).await.unwrap();
    let erro: Value = serde_json::from_slice(&strange.bytes().await.unwrap()).unwrap();
    assert_eq!(
        (&erro["errorCode"], &erro["errorDetail"]),
        (&json!("203"), &json!("X-Request-ID"))
    );
}

#[tokio::test]
async fn ranges_with_one_issuer_come_in_one_entry_and_versions_as_lists() {
    let playground = Playground::open().await;
    let body = playground.ask("visa", &preq("2.3.1", None)).await;
    let pres: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(pres["dsProtocolVersions"], json!(["2.1.0", "2.2.0"]));
    let entries = pres["cardRangeData"].as_array().unwrap();
    assert!(entries[0]["ranges"].as_array().unwrap().len() > 20);
    let newest = entries.iter().find(|entry| {
        let ranges = entry["ranges"].as_array().unwrap();
        ranges.contains(&json!({ "startRange": "4000000000001150", "endRange": "4000000000001159" }))
    });
    let newest = newest.unwrap();
    assert_eq!(newest["acsProtocolVersions"][2]["version"], "2.3.1");
    assert_eq!(newest["dsProtocolVersions"], json!(["2.1.0", "2.2.0", "2.3.1"]));
    assert!(matches!(
        at_the_server().read_as::<PRes>(&body),
        Ok(Received::Message(_))
    ));

    let order = json!({ "delete": [{ "start": "4000000000003000", "end": "4000000000003009" }] });
    assert_eq!(
        playground
            .post_json("/directory/visa/ranges", &order)
            .await
            .status(),
        200
    );
    let body = playground
        .ask("visa", &preq("2.3.1", pres["serialNum"].as_str()))
        .await;
    assert!(matches!(
        at_the_server().read_as::<PRes>(&body),
        Ok(Received::Message(_))
    ));
    let delta: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(delta["readOrder"], "01");
    let actions: Vec<&Value> = delta["cardRangeData"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["actionInd"])
        .collect();
    assert_eq!(actions, ["D", "A"]);
    assert_eq!(delta["cardRangeData"][1]["ranges"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn ranges_can_be_downloaded_in_parts() {
    let playground = Playground::open().await;
    let mut asked = preq("2.3.1", None);
    asked["cardRangeDataDownloadInd"] = json!("Y");
    let body = playground.ask("visa", &asked).await;
    assert!(matches!(
        at_the_server().read_as::<PRes>(&body),
        Ok(Received::Message(_))
    ));
    let pres: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((pres.get("cardRangeData"), pres.get("serialNum")), (None, None));
    let url = pres["cardRangeDataFileURL"].as_str().unwrap();
    let get = |range: Option<&'static str>, coding: &'static str| {
        let request = playground.client.get(url).header("accept-encoding", coding);
        match range {
            Some(range) => request.header("range", range),
            None => request,
        }
        .send()
    };
    let whole = get(None, "identity").await.unwrap();
    assert_eq!(
        (
            whole.status().as_u16(),
            whole.headers()["accept-ranges"].to_str().unwrap()
        ),
        (200, "bytes")
    );
    let whole = whole.bytes().await.unwrap();
    let file: Value = serde_json::from_slice(&whole).unwrap();
    assert!(
        file["cardRangeData"]
            .as_array()
            .is_some_and(|entries| !entries.is_empty())
    );

    let first = get(Some("bytes=0-99"), "identity").await.unwrap();
    assert_eq!(first.status(), 206);
    assert_eq!(
        first.headers()["content-range"],
        format!("bytes 0-99/{}", whole.len())
    );
    let mut together = first.bytes().await.unwrap().to_vec();
    together.extend(
        get(Some("bytes=100-"), "identity")
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap(),
    );
    assert_eq!(together, whole);
    assert_eq!(
        get(Some("bytes=99999999-"), "identity").await.unwrap().status(),
        416
    );

    let compressed = get(None, "gzip").await.unwrap();
    assert_eq!(compressed.headers()["content-encoding"], "gzip");
    let mut unpacked = Vec::new();
    GzDecoder::new(&compressed.bytes().await.unwrap()[..])
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, whole);
    assert_eq!(
        playground
            .client
            .get(url.replace(".json", "0.json"))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
}

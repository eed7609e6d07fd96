//! RReqs: what concludes a challenge, and what is told about what does not.

use serde_json::{Value, json};
use tests::system::System;

use crate::case::Change::{self, Body, Twice, With, Without};
use crate::case::Expected::Erro;
use crate::case::{Case, VERSIONS, letters, malformed, missing, print_areas};
use crate::directory::{ScriptedDirectory, card_of};

const PASSED: &str = "the RReq of who passed";
const FAILED: &str = "the RReq of who failed";

/// The identifiers of the challenge, as the ARes gave them.
const DS_TRANS_ID: &str = "f25084f0-5b16-4c0a-ae5d-b24808a95e4b";
const ACS_TRANS_ID: &str = "d7c1ee99-9478-44a6-b1f2-391e29c6b340";

fn challenge(areq: &Value) -> Value {
    let mut ares = json!({
        "messageType": "ARes",
        "messageVersion": areq["messageVersion"],
        "threeDSServerTransID": areq["threeDSServerTransID"],
        "dsTransID": DS_TRANS_ID,
        "acsTransID": ACS_TRANS_ID,
        "acsReferenceNumber": "3DS_LOA_ACS_CASE_020300_00001",
        "dsReferenceNumber": "3DS_LOA_DIS_CASE_020300_00001",
        "transStatus": "C",
        "acsChallengeMandated": "Y",
        "acsURL": "https://acs.example/challenge",
    });
    match areq["messageVersion"].as_str() {
        Some("2.3.1") => ares["authenticationMethod"] = json!(["02"]),
        _ => ares["authenticationType"] = json!("02"),
    }
    ares
}

/// A good RReq of that challenge.
fn good(base: &str, areq: &Value) -> Value {
    let mut rreq = json!({
        "messageType": "RReq",
        "messageVersion": areq["messageVersion"],
        "messageCategory": "01",
        "threeDSServerTransID": areq["threeDSServerTransID"],
        "acsTransID": ACS_TRANS_ID,
        "dsTransID": DS_TRANS_ID,
        "interactionCounter": "01",
    });
    match areq["messageVersion"].as_str() {
        Some("2.3.1") => rreq["authenticationMethod"] = json!(["02"]),
        _ => rreq["authenticationType"] = json!("02"),
    }
    if base == PASSED {
        rreq["transStatus"] = json!("Y");
        rreq["authenticationValue"] = json!("AJkBBkhgQQAAAE4gSEJydQAAAAA=");
        rreq["eci"] = json!("05");
    } else {
        rreq["transStatus"] = json!("N");
        rreq["transStatusReason"] = json!("01");
    }
    rreq
}

fn case(section: &'static str, area: &'static str, change: Change, expected: crate::case::Expected) -> Case {
    Case::new(section, area, PASSED, change, expected)
}

/// Every faulty RReq of a version. None of them may conclude anything.
fn cases(version: &'static str) -> Vec<Case> {
    let newest = version == "2.3.1";
    let mut cases: Vec<Case> = ["", "{", "[]", "null", "{}", "creq=eyJ9"]
        .map(|body| Body(body.to_owned()))
        .into_iter()
        .chain(
            ["AReq", "CRes", "CReq", "RRes", "PReq", "rreq", ""].map(|name| With("messageType", json!(name))),
        )
        .chain([Without("messageType")])
        .map(|change| case("3.2", "message types", change, Erro(101, "")))
        .collect();

    let always = [
        "messageVersion",
        "messageCategory",
        "threeDSServerTransID",
        "acsTransID",
        "dsTransID",
        "transStatus",
        "authenticationValue",
    ];
    cases.extend(missing("7.1", PASSED, &always));
    cases.extend(missing("7.1", FAILED, &["transStatusReason"]));
    if !newest {
        cases.extend(missing("7.1", PASSED, &["authenticationType"]));
    }
    if version == "2.1.0" {
        cases.extend(missing("7.1", PASSED, &["interactionCounter"]));
    }
    let mut timed_out = Case::new(
        "7.1",
        "required elements",
        FAILED,
        With("transStatusReason", json!("14")),
        Erro(201, "challengeCancel"),
    );
    timed_out.changes.push(With("interactionCounter", json!("00")));
    cases.push(timed_out);

    for name in ["threeDSServerTransID", "acsTransID", "dsTransID"] {
        let values = [json!(""), json!("nonsense"), json!(17), Value::Null];
        cases.extend(malformed("3.3", PASSED, name, values));
        let other = json!("00000000-0000-4000-8000-000000000000");
        cases.push(case("3.4", "consistency", With(name, other), Erro(301, "")));
        cases.push(case("3.2", "duplicate elements", Twice(name), Erro(204, name)));
    }
    // C, I and S say nothing about the end of a challenge.
    cases.extend(malformed(
        "11.1",
        PASSED,
        "transStatus",
        ["", "Z", "y", "C", "I", "S"].map(|status| json!(status)),
    ));
    // D does only where a decoupled fallback was asked for.
    let mut fallback = case(
        "11.1",
        "formats",
        With("transStatus", json!("D")),
        Erro(203, "transStatus"),
    );
    fallback
        .changes
        .push(With("transStatusReason", json!(if newest { "29" } else { "14" })));
    fallback.changes.push(With("challengeCancel", json!("04")));
    cases.push(fallback);
    cases.extend(malformed(
        "11.2",
        FAILED,
        "transStatusReason",
        [json!(""), json!("1"), json!("xx")],
    ));
    cases.extend(malformed(
        "7.1",
        PASSED,
        "interactionCounter",
        [json!(""), json!("1"), json!("xx"), json!(1)],
    ));
    cases.extend(malformed(
        "11.7",
        FAILED,
        "challengeCancel",
        [json!(""), json!("1"), json!("xx")],
    ));
    cases.extend(malformed(
        "16.1",
        PASSED,
        "eci",
        [json!(""), json!("5"), json!("055")],
    ));
    let too_long = letters(if newest { 4001 } else { 29 });
    cases.extend(malformed(
        "16.2",
        PASSED,
        "authenticationValue",
        [json!(""), json!(too_long)],
    ));
    cases.extend(malformed(
        "4.1",
        PASSED,
        "messageCategory",
        [json!(""), json!("1"), json!("xx")],
    ));
    if newest {
        cases.extend(malformed(
            "11.9",
            PASSED,
            "authenticationMethod",
            [json!("02"), json!([])],
        ));
    } else {
        cases.extend(malformed(
            "11.3",
            PASSED,
            "authenticationType",
            [json!("2"), json!(2)],
        ));
    }

    for other in VERSIONS.iter().filter(|other| **other != version) {
        let mut case = case(
            "3.4",
            "consistency",
            With("messageVersion", json!(other)),
            Erro(203, "messageVersion"),
        );
        // Complete in every version, so that only the version is wrong.
        case.changes.push(With("authenticationType", json!("02")));
        if *other == "2.3.1" {
            case.changes.push(With("authenticationMethod", json!(["02"])));
        } else if newest {
            case.changes.push(Without("authenticationMethod"));
        }
        cases.push(case);
    }
    for unknown in ["2.0.1", "2.4.0", "9.9.9"] {
        cases.push(case(
            "1",
            "versions",
            With("messageVersion", json!(unknown)),
            Erro(102, ""),
        ));
    }
    let critical = json!([{ "name": "x", "id": "A000000802-099", "criticalityIndicator": true, "data": {} }]);
    cases.push(case(
        "17",
        "extensions",
        With("messageExtension", critical),
        Erro(202, "A000000802-099"),
    ));
    cases
}

#[tokio::test]
async fn an_rreq_concludes_its_challenge_once_and_faulty_ones_change_nothing() {
    let mut system = System::start().await;
    let directory = ScriptedDirectory::in_place(&mut system).await;
    let all: Vec<(&'static str, Vec<Case>)> = VERSIONS.map(|version| (version, cases(version))).into();
    let mut wrong = Vec::new();
    for (version, cases) in &all {
        directory.answers(|areq| challenge(areq).to_string());
        let order = system.merchant.buy(10_000, &card_of(version)).await;
        assert_eq!(order.payment_status(), "pending_3ds", "{version}");
        let areq = directory.areq();
        for case in cases {
            let erro = system.post_results(&case.body(good(case.base, &areq))).await;
            wrong.extend(case.judge(
                version,
                erro.as_ref().filter(|answer| answer["messageType"] == "Erro"),
            ));
        }
        let untouched = system.merchant.read(order.token()).await;
        assert_eq!(untouched.hash_state(), order.hash_state(), "{version}");

        let right = good(PASSED, &areq).to_string();
        let rres = system.post_results(&right).await.expect("an RRes");
        assert_eq!(
            (&rres["messageType"], &rres["resultsStatus"]),
            (&json!("RRes"), &json!("01")),
            "{rres}"
        );
        assert_eq!(
            system.merchant.settled(order.token()).await.payment_status(),
            "processed"
        );
        // 7.3: a second one, whatever it says, is told so.
        let duplicate = if *version == "2.3.1" { "312" } else { "301" };
        for base in [PASSED, FAILED] {
            let erro = system
                .post_results(&good(base, &areq).to_string())
                .await
                .expect("an Erro");
            assert_eq!(erro["errorCode"], duplicate, "{version}: {erro}");
        }
        assert_eq!(
            system.merchant.read(order.token()).await.payment_status(),
            "processed"
        );
        system.outside.only_charge(order.reference()).await;
    }
    let count = print_areas("RReq over HTTP", &all);
    assert!(
        wrong.is_empty(),
        "{} of {count} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    system.finish().await;
}

#[tokio::test]
async fn an_rreq_without_a_challenge_and_an_erro_change_nothing() {
    let mut system = System::start().await;
    let directory = ScriptedDirectory::in_place(&mut system).await;
    for version in VERSIONS {
        directory.answers(|areq| {
            let mut ares = challenge(areq);
            ares["transStatus"] = json!("N");
            ares["transStatusReason"] = json!("01");
            ares.to_string()
        });
        let order = system.merchant.buy(10_000, &card_of(version)).await;
        assert_eq!(order.payment_status(), "denied");
        let areq = directory.areq();
        let erro = system
            .post_results(&good(PASSED, &areq).to_string())
            .await
            .expect("an Erro");
        let unasked = if version == "2.3.1" { "313" } else { "301" };
        assert_eq!(erro["errorCode"], unasked, "{version}: {erro}");
        let told = json!({
            "messageType": "Erro",
            "messageVersion": version,
            "threeDSServerTransID": areq["threeDSServerTransID"],
            "errorCode": "402",
            "errorComponent": "A",
            "errorDescription": "Transaction timed out",
            "errorDetail": "",
        });
        assert_eq!(
            system.post_results(&told.to_string()).await,
            None,
            "an Erro is not answered"
        );
        assert_eq!(
            system.merchant.read(order.token()).await.hash_state(),
            order.hash_state()
        );
        system.outside.no_charge(order.reference()).await;
    }
    system.finish().await;
}

//! AReses: what a directory server may answer to an AReq, and what it is told about what it may not.

use serde_json::{Value, json};
use tests::system::System;
use uuid::Uuid;

use crate::case::Change::{self, Body, Twice, With, Without};
use crate::case::Expected::{Erro, Taken};
use crate::case::{Case, VERSIONS, letters, malformed, missing, print_areas};
use crate::directory::{ScriptedDirectory, card_of};

/// Authenticated without a challenge.
const AUTHENTICATED: &str = "an authenticated ARes";
/// Refused.
const REFUSED: &str = "a refusing ARes";
/// A challenge in the browser.
const CHALLENGED: &str = "a challenging ARes";

/// A good ARes to this AReq.
fn good(base: &str, areq: &Value) -> Value {
    let version = areq["messageVersion"].as_str().unwrap();
    let mut ares = json!({
        "messageType": "ARes",
        "messageVersion": version,
        "threeDSServerTransID": areq["threeDSServerTransID"],
        "dsTransID": Uuid::new_v4(),
        "acsTransID": Uuid::new_v4(),
        "acsReferenceNumber": "3DS_LOA_ACS_CASE_020300_00001",
        "dsReferenceNumber": "3DS_LOA_DIS_CASE_020300_00001",
    });
    match base {
        AUTHENTICATED => {
            ares["transStatus"] = json!("Y");
            ares["authenticationValue"] = json!("AJkBBkhgQQAAAE4gSEJydQAAAAA=");
            ares["eci"] = json!("05");
        }
        REFUSED => {
            ares["transStatus"] = json!("N");
            ares["transStatusReason"] = json!("01");
        }
        _ => {
            ares["transStatus"] = json!("C");
            ares["acsChallengeMandated"] = json!("Y");
            ares["acsURL"] = json!("https://acs.example/challenge");
            match version {
                "2.3.1" => ares["authenticationMethod"] = json!(["02"]),
                _ => ares["authenticationType"] = json!("02"),
            }
        }
    }
    ares
}

fn case(section: &'static str, area: &'static str, change: Change, expected: crate::case::Expected) -> Case {
    Case::new(section, area, AUTHENTICATED, change, expected)
}

/// Every case of a version.
fn cases(version: &'static str) -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(messages());
    cases.extend(required(version));
    cases.extend(formats(version));
    cases.extend(reserved(version));
    cases.extend(statuses(version));
    cases.extend(consistency(version));
    cases.extend(extensions(version));
    cases.extend(by_version(version));
    cases
}

/// What is no ARes at all.
fn messages() -> Vec<Case> {
    let bodies = [
        "",
        "{",
        "[]",
        "null",
        "\"ARes\"",
        "{}",
        "{\"messageType\":\"ARes\"",
        "<html></html>",
    ];
    let types = ["AReq", "CRes", "RReq", "RRes", "PReq", "PRes", "ARES", ""];
    let bodies = bodies.map(|body| Body(body.to_owned())).into_iter();
    let types = types.map(|name| With("messageType", json!(name))).into_iter();
    bodies
        .chain(types)
        .chain([Without("messageType"), With("messageType", json!(7))])
        .map(|change| case("3.2", "message types", change, Erro(101, "")))
        .collect()
}

fn required(version: &'static str) -> Vec<Case> {
    let always = [
        "messageVersion",
        "threeDSServerTransID",
        "dsTransID",
        "acsTransID",
        "acsReferenceNumber",
        "dsReferenceNumber",
        "transStatus",
        "authenticationValue",
    ];
    let how = if version == "2.3.1" {
        "authenticationMethod"
    } else {
        "authenticationType"
    };
    missing("5", AUTHENTICATED, &always)
        .chain(missing("5", CHALLENGED, &["acsURL", "acsChallengeMandated"]))
        .chain(missing("5", CHALLENGED, &[how]))
        .chain(missing("5", REFUSED, &["transStatusReason"]))
        .collect()
}

fn formats(version: &'static str) -> Vec<Case> {
    let newest = version == "2.3.1";
    let mut cases = Vec::new();
    for name in ["threeDSServerTransID", "dsTransID", "acsTransID"] {
        let values = [
            json!(""),
            json!("nonsense"),
            json!(17),
            Value::Null,
            json!("f25084f0-5b16-4c0a-ae5d-b24808a95e4"),
        ];
        cases.extend(malformed("3.3", AUTHENTICATED, name, values));
    }
    for name in ["acsReferenceNumber", "dsReferenceNumber", "acsOperatorID"] {
        let values = [json!(""), json!(letters(33)), json!(5), Value::Null];
        cases.extend(malformed("5", AUTHENTICATED, name, values));
    }
    let too_long = letters(if newest { 4001 } else { 29 });
    cases.extend(malformed(
        "16.2",
        AUTHENTICATED,
        "authenticationValue",
        [json!(""), json!(too_long), json!(28)],
    ));
    cases.extend(malformed(
        "16.1",
        AUTHENTICATED,
        "eci",
        [json!(""), json!("5"), json!("055"), json!("0_"), json!(5)],
    ));
    cases.extend(malformed(
        "11.1",
        AUTHENTICATED,
        "transStatus",
        [json!(""), json!("Z"), json!("y"), json!("YY"), json!(true)],
    ));
    cases.extend(malformed(
        "11.2",
        REFUSED,
        "transStatusReason",
        [json!(""), json!("1"), json!("xx"), json!("001"), json!(1)],
    ));
    cases.extend(malformed(
        "5",
        CHALLENGED,
        "acsChallengeMandated",
        [json!(""), json!("X"), json!(true)],
    ));
    cases.extend(malformed(
        "3.3",
        CHALLENGED,
        "acsURL",
        [
            json!(""),
            json!("acs.example"),
            json!("http://acs.example/"),
            json!("ftp://acs.example/"),
            json!(format!("https://acs.example/{}", letters(2048))),
        ],
    ));
    cases.extend(malformed(
        "5",
        AUTHENTICATED,
        "broadInfo",
        [json!("text"), json!([])],
    ));
    if newest {
        cases.extend(malformed(
            "12.11",
            AUTHENTICATED,
            "cardholderInfo",
            [json!("text"), json!({ "text": letters(129) })],
        ));
        cases.extend(malformed(
            "11.9",
            CHALLENGED,
            "authenticationMethod",
            [json!("02"), json!([])],
        ));
    } else {
        cases.extend(malformed(
            "5",
            AUTHENTICATED,
            "cardholderInfo",
            [json!(""), json!(letters(129)), json!({ "text": "text" })],
        ));
        cases.extend(malformed(
            "11.3",
            CHALLENGED,
            "authenticationType",
            [json!("2"), json!(2)],
        ));
    }
    cases
}

/// Values that EMVCo has kept for later: as bad as any other until 2.3.1, which has a code of its own for them.
fn reserved(version: &'static str) -> Vec<Case> {
    let code = if version == "2.3.1" { 207 } else { 203 };
    let first_free = match version {
        "2.1.0" => "22",
        "2.2.0" => "27",
        _ => "31",
    };
    vec![
        Case::new(
            "3.2",
            "reserved values",
            REFUSED,
            With("transStatusReason", json!(first_free)),
            Erro(code, "transStatusReason"),
        ),
        Case::new(
            "3.2",
            "reserved values",
            REFUSED,
            With("transStatusReason", json!("79")),
            Erro(code, "transStatusReason"),
        ),
        Case::new(
            "11.2",
            "reserved values",
            REFUSED,
            With("transStatusReason", json!("80")),
            Taken,
        ),
    ]
}

/// Statuses, and what they are allowed after.
fn statuses(version: &'static str) -> Vec<Case> {
    let mut cases: Vec<Case> = ["N", "U", "R"]
        .map(|status| {
            Case::new(
                "11.1",
                "transaction statuses",
                REFUSED,
                With("transStatus", json!(status)),
                Taken,
            )
        })
        .into();
    cases.push(Case::new(
        "11.1",
        "transaction statuses",
        CHALLENGED,
        With("eci", json!("07")),
        Taken,
    ));
    cases.push(case(
        "11.1",
        "transaction statuses",
        With("transStatus", json!("A")),
        Taken,
    ));
    // Nobody asked for information only, decoupled authentication or secure payment confirmation.
    cases.push(case(
        "11.1",
        "transaction statuses",
        With("transStatus", json!("I")),
        Erro(203, "transStatus"),
    ));
    let mut decoupled = Case::new(
        "11.1",
        "transaction statuses",
        CHALLENGED,
        With("transStatus", json!("D")),
        Erro(203, "transStatus"),
    );
    decoupled.changes.push(With("acsDecConInd", json!("Y")));
    decoupled.changes.push(match version {
        "2.3.1" => With("cardholderInfo", json!({ "text": "Look at your phone" })),
        _ => With("cardholderInfo", json!("Look at your phone")),
    });
    cases.push(decoupled);
    // 2.3.1 has the status, for who asked for it; before, no such status is known.
    if version != "2.3.1" {
        cases.push(Case::new(
            "11.1",
            "transaction statuses",
            CHALLENGED,
            With("transStatus", json!("S")),
            Erro(203, "transStatus"),
        ));
    }
    cases
}

/// What the answer must repeat.
fn consistency(version: &'static str) -> Vec<Case> {
    let mut cases: Vec<Case> = VERSIONS
        .iter()
        .filter(|other| **other != version)
        .map(|other| {
            // Complete in every version, so that only the version is wrong.
            case(
                "3.4",
                "consistency",
                With("messageVersion", json!(other)),
                Erro(203, "messageVersion"),
            )
        })
        .collect();
    for unknown in ["2.0.1", "2.4.0", "9.9.9"] {
        cases.push(case(
            "1",
            "versions",
            With("messageVersion", json!(unknown)),
            Erro(102, ""),
        ));
    }
    cases.extend(malformed(
        "1",
        AUTHENTICATED,
        "messageVersion",
        [json!("2.2"), json!(2), json!("")],
    ));
    let other = json!("00000000-0000-4000-8000-000000000000");
    cases.push(case(
        "3.4",
        "consistency",
        With("threeDSServerTransID", other),
        Erro(301, "00000000"),
    ));
    for name in ["messageVersion", "acsTransID", "transStatus", "eci"] {
        cases.push(case("3.2", "duplicate elements", Twice(name), Erro(204, name)));
    }
    cases
}

fn extensions(version: &'static str) -> Vec<Case> {
    let most = if version == "2.3.1" { 15 } else { 10 };
    let extension = |critical: Value| json!({ "name": "bridging", "id": "A000000802-099", "criticalityIndicator": critical, "data": { "version": "2.0" } });
    let without = |name: &str| {
        let mut short = extension(json!(false));
        short.as_object_mut().unwrap().remove(name);
        json!([short])
    };
    let many = |count: usize| Value::Array(vec![extension(json!(false)); count]);
    let area = "extensions";
    let with = |value: Value| With("messageExtension", value);
    vec![
        case("17", area, with(many(1)), Taken),
        case("17", area, with(many(most)), Taken),
        case("17", area, with(many(most + 1)), Erro(203, "messageExtension")),
        case("17", area, with(json!([])), Erro(203, "messageExtension")),
        case("17", area, with(json!({})), Erro(203, "messageExtension")),
        case(
            "17",
            area,
            with(json!([extension(json!("false"))])),
            Erro(203, "messageExtension"),
        ),
        case(
            "17",
            area,
            with(json!([extension(json!(true))])),
            Erro(202, "A000000802-099"),
        ),
        case("17", area, with(without("id")), Erro(201, "messageExtension")),
        case("17", area, with(without("name")), Erro(201, "messageExtension")),
        case(
            "17",
            area,
            with(without("criticalityIndicator")),
            Erro(201, "messageExtension"),
        ),
        case("17", area, with(without("data")), Erro(201, "messageExtension")),
    ]
}

/// What only some versions know; the others ignore it, whatever it holds.
fn by_version(version: &'static str) -> Vec<Case> {
    let area = "elements by version";
    let since = |first: &str| version >= first;
    let mut cases = vec![
        case(
            "3.2",
            area,
            With("somethingNew", json!({ "deep": [1, null] })),
            Taken,
        ),
        case("5", area, With("acsOperatorID", json!("ACS-OP-1")), Taken),
    ];
    let wrong = |name: &'static str, known: bool| if known { Erro(203, name) } else { Taken };
    let trust = since("2.3.1");
    for (status, source, known) in [
        ("whiteListStatus", "whiteListStatusSource", version == "2.2.0"),
        ("trustListStatus", "trustListStatusSource", trust),
    ] {
        let mut odd = case("11.8", area, With(status, json!("X")), wrong(status, known));
        odd.changes.push(With(source, json!("03")));
        cases.push(odd);
        let sourceless = if known { Erro(201, source) } else { Taken };
        cases.push(case("5", area, With(status, json!("Y")), sourceless));
    }
    cases.push(case(
        "5",
        area,
        With("acsDecConInd", json!("X")),
        wrong("acsDecConInd", since("2.2.0")),
    ));
    cases.push(case(
        "5",
        area,
        With("transChallengeExemption", json!("X")),
        wrong("transChallengeExemption", trust),
    ));
    cases.push(case(
        "5",
        area,
        With("transStatusReasonInfo", json!(letters(257))),
        wrong("transStatusReasonInfo", trust),
    ));
    cases
}

#[tokio::test]
async fn an_ares_is_taken_or_answered_with_the_erro_that_the_reference_wants() {
    let mut system = System::start().await;
    let directory = ScriptedDirectory::in_place(&mut system).await;
    let all: Vec<(&'static str, Vec<Case>)> = VERSIONS.map(|version| (version, cases(version))).into();
    let mut wrong = Vec::new();
    for (version, cases) in &all {
        let card = card_of(version);
        for case in cases {
            let played = case.clone();
            directory.answers(move |areq| played.body(good(played.base, areq)));
            let order = system.merchant.buy(10_000, &card).await;
            assert_eq!(directory.areq()["messageVersion"], *version);
            let erro = match case.expected {
                Taken => None,
                Erro(..) => directory.erro().await,
            };
            wrong.extend(case.judge(version, erro.as_ref()));
            let expected = match (&case.expected, case.base) {
                (Taken, AUTHENTICATED) if is_proceeding(case) => "processed",
                (Taken, CHALLENGED) => "pending_3ds",
                (Taken | Erro(..), _) => "denied",
            };
            if order.payment_status() != expected {
                let line = case.line(version);
                wrong.push(format!(
                    "{line}\n    payment {}, not {expected}",
                    order.payment_status()
                ));
            }
        }
    }
    let left = directory.erros_left();
    assert!(left.is_empty(), "Erros about good messages: {left:#?}");
    let count = print_areas("ARes over HTTP", &all);
    assert!(
        wrong.is_empty(),
        "{} of {count} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    system.finish().await;
}

/// An attempt alone is refused by this merchant's policy.
fn is_proceeding(case: &Case) -> bool {
    !case
        .changes
        .iter()
        .any(|change| matches!(change, With("transStatus", value) if value == "A"))
}

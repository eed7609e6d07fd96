//! Card ranges: everything, what has changed, and what a broken directory server says.

use std::io::Read as _;

use emv3ds::code::ErrorCode;
use emv3ds::message::{Erro, PRes, Received};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Playground, at_the_server};

/// A PReq in a version, from a serial number or for everything.
pub fn preq(version: &str, serial_number: Option<&str>) -> Value {
    let mut preq = json!({
        "messageType": "PReq",
        "messageVersion": version,
        "threeDSServerTransID": Uuid::new_v4(),
        "threeDSServerRefNumber": "3DS_LOA_SER_PASA_020200_00001",
    });
    if let Some(serial_number) = serial_number {
        preq["serialNum"] = json!(serial_number);
    }
    preq
}

async fn prepare(playground: &Playground, brand: &str, serial_number: Option<&str>) -> Value {
    let body = playground.ask(brand, &preq("2.2.0", serial_number)).await;
    match at_the_server().read_as::<PRes>(&body) {
        Ok(Received::Message(_)) => serde_json::from_slice(&body).unwrap(),
        other => panic!("no PRes: {other:?}"),
    }
}

fn serial_number(pres: &Value) -> &str {
    pres["serialNum"].as_str().unwrap()
}

/// Actions and bounds of the entries of a PRes.
fn entries(pres: &Value) -> Vec<(&str, &str, &str)> {
    let entries = pres["cardRangeData"].as_array().unwrap().iter();
    entries
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default();
            (text("actionInd"), text("startRange"), text("endRange"))
        })
        .collect()
}

#[tokio::test]
async fn ranges_come_once_and_then_nothing_new() {
    let playground = Playground::open().await;
    for brand in ["visa", "mastercard", "amex", "elo", "jcb"] {
        let everything = prepare(&playground, brand, None).await;
        assert!(!entries(&everything).is_empty(), "{brand}");
        let nothing = prepare(&playground, brand, Some(serial_number(&everything))).await;
        assert_eq!(nothing.get("cardRangeData"), None, "{brand}");
        assert_eq!(serial_number(&nothing), serial_number(&everything));
    }
    let erro = playground.refused("visa", &preq("2.2.0", Some("12345"))).await;
    assert_eq!(erro.error_code, ErrorCode::SerialNumberInvalid);
}

#[tokio::test]
async fn the_oldest_version_is_told_nothing_of_what_issuers_can_do_besides() {
    let playground = Playground::open().await;
    let body = playground.ask("visa", &preq("2.1.0", None)).await;
    assert!(matches!(
        at_the_server().read_as::<PRes>(&body),
        Ok(Received::Message(_))
    ));
    assert!(!String::from_utf8(body).unwrap().contains("acsInfoInd"));
    let newer = playground.ask("visa", &preq("2.2.0", None)).await;
    assert!(
        String::from_utf8(newer)
            .unwrap()
            .contains(r#""acsInfoInd":["01","03"]"#)
    );
}

#[tokio::test]
async fn what_levers_change_comes_as_a_delta() {
    let playground = Playground::open().await;
    let before = prepare(&playground, "amex", None).await;
    let lever = "/directory/amex/ranges";
    let range = json!({ "start": "341000000000000", "end": "341999999999999" });
    let added = json!({ "add": [range] });
    let summary = playground.post_json(lever, &added).await;
    assert_eq!(summary.status(), 200);
    let summary: Value = serde_json::from_slice(&summary.bytes().await.unwrap()).unwrap();

    let delta = prepare(&playground, "amex", Some(serial_number(&before))).await;
    assert_eq!(summary["serial_number"], delta["serialNum"]);
    assert_eq!(
        entries(&delta),
        [
            ("D", "340000000000000", "349999999999999"),
            ("A", "340000000000000", "340999999999999"),
            ("A", "342000000000000", "349999999999999"),
            ("A", "341000000000000", "341999999999999"),
        ]
    );
    let modified = json!({ "modify": [{
        "start": "341000000000000", "end": "341999999999999", "acs_versions": ["2.1.0"],
    }] });
    assert_eq!(playground.post_json(lever, &modified).await.status(), 200);
    let newer = prepare(&playground, "amex", Some(serial_number(&delta))).await;
    assert_eq!(entries(&newer), [("M", "341000000000000", "341999999999999")]);
    assert_eq!(newer["cardRangeData"][0]["acsEndProtocolVersion"], "2.1.0");
    let erro = playground
        .refused("amex", &playground.areq("341111111111111"))
        .await;
    assert_eq!(erro.error_code, ErrorCode::VersionNotSupported);

    let deleted = json!({ "delete": [{ "start": "341000000000000", "end": "341999999999999" }] });
    assert_eq!(playground.post_json(lever, &deleted).await.status(), 200);
    let both = prepare(&playground, "amex", Some(serial_number(&delta))).await;
    assert_eq!(entries(&both).len(), 2, "two changes since");
    let erro = playground
        .refused("amex", &playground.areq("341111111111111"))
        .await;
    assert_eq!(erro.error_code, ErrorCode::TransactionDataInvalid);

    let reset = playground.client.delete(format!("{}{lever}", playground.url));
    assert_eq!(reset.send().await.unwrap().status(), 204);
    assert_eq!(
        prepare(&playground, "amex", None).await["serialNum"],
        before["serialNum"]
    );
}

#[tokio::test]
async fn senseless_orders_change_nothing() {
    let playground = Playground::open().await;
    let lever = "/directory/jcb/ranges";
    let before = playground.get(lever).await;
    for order in [
        json!({ "delete": [{ "start": "4000000000000000", "end": "4000000000000009" }] }),
        json!({ "modify": [{ "start": "3528000000000000", "end": "3528000000000009" }] }),
        json!({ "add": [{ "start": "3528", "end": "3529" }] }),
        json!({ "add": [{ "start": "3528000000000009", "end": "3528000000000000" }] }),
        json!({ "count": 2_000_000 }),
    ] {
        assert_eq!(playground.post_json(lever, &order).await.status(), 400, "{order}");
    }
    assert_eq!(playground.get(lever).await, before);
    assert_eq!(
        playground
            .post_json("/directory/diners/ranges", &json!({}))
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn so_many_ranges_as_are_wanted_come_compressed() {
    let playground = Playground::open().await;
    let order = json!({ "count": 20_000 });
    let summary = playground.post_json("/directory/visa/ranges", &order).await;
    let summary: Value = serde_json::from_slice(&summary.bytes().await.unwrap()).unwrap();
    assert_eq!(summary["ranges"], 20_000);
    let request = playground
        .client
        .post(format!("{}/directory/visa", playground.url))
        .header("content-type", "application/json; charset=utf-8")
        .header("accept-encoding", "gzip")
        .body(preq("2.2.0", None).to_string());
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let compressed = response.bytes().await.unwrap();
    let mut body = Vec::new();
    GzDecoder::new(&compressed[..]).read_to_end(&mut body).unwrap();
    assert!(compressed.len() * 10 < body.len());
    let Ok(Received::Message(pres)) = at_the_server().read_as::<PRes>(&body) else {
        panic!("no PRes");
    };
    assert_eq!(pres.card_range_data.unwrap().len(), 20_000);

    playground.set_fault("directory", "pres_truncated_gzip", 1).await;
    let cut = playground
        .client
        .post(format!("{}/directory/visa", playground.url))
        .header("content-type", "application/json; charset=utf-8")
        .header("accept-encoding", "gzip")
        .body(preq("2.2.0", None).to_string());
    let cut = cut.send().await.unwrap().bytes().await.unwrap();
    assert!(GzDecoder::new(&cut[..]).read_to_end(&mut Vec::new()).is_err());
}

#[tokio::test]
async fn more_requests_than_a_directory_server_wants_are_refused_where_it_is_told_to() {
    let playground = Playground::open().await;
    let order = json!({ "requests_per_hour": 1 });
    assert_eq!(
        playground
            .post_json("/directory/elo/ranges", &order)
            .await
            .status(),
        200
    );
    prepare(&playground, "elo", None).await;
    let erro = playground.refused("elo", &preq("2.2.0", None)).await;
    assert_eq!(erro.error_code, ErrorCode::SentMessagesLimitExceeded);
    prepare(&playground, "jcb", None).await;
}

#[tokio::test]
async fn broken_answers_are_broken_as_their_lever_says() {
    let playground = Playground::open().await;
    let good = prepare(&playground, "jcb", None).await;
    let known = entries(&good)[0];
    for (fault, action) in [
        ("pres_modify_unknown", "M"),
        ("pres_delete_unknown", "D"),
        ("pres_add_known", "A"),
        ("pres_overlap", "A"),
    ] {
        playground
            .order_fault(&json!({ "target": "directory", "fault": fault, "times": 1, "brand": "jcb" }))
            .await;
        prepare(&playground, "visa", None).await;
        let broken = prepare(&playground, "jcb", Some(serial_number(&good))).await;
        let (said, start, _) = entries(&broken)[0];
        assert_eq!(said, action, "{fault}");
        assert_eq!(
            start == known.1,
            matches!(fault, "pres_add_known" | "pres_overlap"),
            "{fault}"
        );
        assert_ne!(serial_number(&broken), serial_number(&good));
    }
    playground.set_fault("directory", "pres_without_serial", 1).await;
    let anew = prepare(&playground, "jcb", Some(serial_number(&good))).await;
    assert_eq!(anew.get("serialNum"), None);
    assert_eq!(entries(&anew).len(), entries(&good).len());

    playground.set_fault("directory", "pres_truncated", 1).await;
    let cut = playground.ask("jcb", &preq("2.2.0", None)).await;
    assert!(serde_json::from_slice::<Value>(&cut).is_err());

    playground.set_fault("directory", "pres_missing_element", 1).await;
    let missing = playground.ask("jcb", &preq("2.2.0", None)).await;
    let fault = at_the_server().read_as::<PRes>(&missing).unwrap_err();
    assert_eq!(
        (fault.code, fault.detail.as_str()),
        (ErrorCode::RequiredElementMissing, "dsTransID")
    );

    playground
        .order_fault(&json!({ "target": "directory", "fault": "preq_erro", "times": 1, "code": 103 }))
        .await;
    let erro = playground.refused("jcb", &preq("2.2.0", None)).await;
    assert_eq!(erro.error_code, ErrorCode::SentMessagesLimitExceeded);
    assert!(matches!(
        at_the_server().read_as::<Erro>(&playground.ask("jcb", &preq("2.2.0", Some("1"))).await),
        Ok(Received::Message(_) | Received::Erro(_))
    ));
}

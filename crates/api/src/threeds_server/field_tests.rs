//! Every field over HTTP: missing, empty, and each way of not fitting, with the code and detail that the reference asks
//! for. The list is written from the reference and not from the table it tests.

use super::{
    errors::Code,
    fields::{
        Leniency, Need, engine,
        format::{Format, Reading},
        table,
    },
    testing::{NOW, World, error, everything},
};
use emv3ds::{
    AccountNumber, ThreeDsServerTransId, Version,
    code::{DeviceChannel, MessageCategory},
    message::AReq,
};
use mpi::request::{self, Essentials, Requestor, ServerIdentity};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const YES: bool = true;
const NO: bool = false;

/// Path, whether a browser's payment needs it, and what does not fit.
#[rustfmt::skip]
const FIELDS: &[(&str, bool, &[&str])] = &[
    ("device_channel", NO, &["00", "04", "2", "x", "020"]),
    ("three_ds_comp_ind", YES, &["X", "y", "YY"]),
    ("pay_token_ind", NO, &["yes", "1", "falsehood"]),
    ("pay_token_source", NO, &["03", "1", "xx"]),
    ("notification_url", YES, &["loja", "ftp://loja.example", "http://loja.example", LONG_URL]),
    ("decoupled_notification_url", NO, &["loja", "http://loja.example"]),
    ("trans_type", YES, &["02", "1", "99", "xx"]),
    ("three_ds_requestor.authentication_ind", YES, &["00", "07", "1", "xx"]),
    ("three_ds_requestor.challenge_ind", NO, &["00", "10", "1", "xx"]),
    ("three_ds_requestor.id", YES, &["{36}"]),
    ("three_ds_requestor.name", YES, &["{41}"]),
    ("three_ds_requestor.url", YES, &["no address", "ftp://loja.example", "https://", "https://loja.example/{2048}"]),
    ("three_ds_requestor.decoupled_max_time", NO, &["0", "10081", "x", "-1", "000010"]),
    ("three_ds_requestor.authentication_info.data", NO, &["{20001}"]),
    ("three_ds_requestor.authentication_info.method", NO, &["00", "09", "1"]),
    ("three_ds_requestor.authentication_info.timestamp", NO, &["20261122", "202613221000", "20261122100000", "x"]),
    ("three_ds_requestor.prior_authentication_info.data", NO, &["{2049}"]),
    ("three_ds_requestor.prior_authentication_info.method", NO, &["00", "05", "1"]),
    ("three_ds_requestor.prior_authentication_info.timestamp", NO, &["20261122", "202611222400"]),
    ("three_ds_requestor.prior_authentication_info.reference", NO, &["{37}"]),
    ("acquirer.bin", YES, &["{12}"]),
    ("acquirer.merchant_id", YES, &["{36}"]),
    ("browser.accept_header", YES, &[]),
    ("browser.ip", YES, &["300.1.1.1", "x", "1.2.3", "{46}"]),
    ("browser.java_enabled", YES, &["yes", "1", "Y"]),
    ("browser.javascript_enabled", YES, &["no", "0", "N"]),
    ("browser.language", YES, &["pt_BR", "zh-Hant-TW", "-", "pt BR"]),
    ("browser.color_depth", YES, &["0", "x", "-1", "100"]),
    ("browser.screen_height", YES, &["1000000", "x", "10.5", "-1"]),
    ("browser.screen_width", YES, &["1000000", "x", "10.5", "-1"]),
    ("browser.tz", YES, &["x", "+00060", "3.5", "--3", "123456"]),
    ("browser.user_agent", YES, &[]),
    ("cardholder.card_expiry_date", YES, &["1399", "122", "12222", "YYMM", "0000"]),
    ("cardholder.addr_match", NO, &["X", "true", "y"]),
    ("cardholder.email", NO, &["ana", "@loja.example", "ana@", "a b@loja.example", "{250}@loja.example"]),
    ("cardholder.name", YES, &["{46}"]),
    ("cardholder.home_phone.cc", YES, &["5511", "x", "+55"]),
    ("cardholder.home_phone.subscriber", YES, &["1234567890123456", "11-99", "x"]),
    ("cardholder.mobile_phone.cc", YES, &["5511", "x"]),
    ("cardholder.mobile_phone.subscriber", YES, &["1234567890123456", "x"]),
    ("cardholder.work_phone.cc", YES, &["5511", "x"]),
    ("cardholder.work_phone.subscriber", YES, &["1234567890123456", "x"]),
    ("cardholder.acct.type", YES, &["00", "04", "2", "xx"]),
    ("cardholder.acct.number", YES, &["45518200000", "45518200000094781234", "4551-8200", "x"]),
    ("cardholder.acct.token", NO, &["{89}"]),
    ("cardholder.acct.id", NO, &["{65}"]),
    ("cardholder.acct.info.ch_acc_age_ind", NO, &["00", "06", "1"]),
    ("cardholder.acct.info.ch_acc_change", NO, &["20261301", "2026", "x"]),
    ("cardholder.acct.info.ch_acc_change_ind", NO, &["00", "05"]),
    ("cardholder.acct.info.ch_acc_date", NO, &["20260230", "x"]),
    ("cardholder.acct.info.ch_acc_pw_change", NO, &["20260431", "x"]),
    ("cardholder.acct.info.ch_acc_pw_change_ind", NO, &["00", "06"]),
    ("cardholder.acct.info.nb_purchase_account", NO, &["12345", "x", "-1"]),
    ("cardholder.acct.info.provision_attempts_day", NO, &["1234", "x"]),
    ("cardholder.acct.info.txn_activity_day", NO, &["1234", "x"]),
    ("cardholder.acct.info.txn_activity_year", NO, &["1234", "x"]),
    ("cardholder.acct.info.payment_acc_age", NO, &["202601011", "x"]),
    ("cardholder.acct.info.payment_acc_ind", NO, &["00", "06"]),
    ("cardholder.acct.info.ship_address_usage", NO, &["2026011", "x"]),
    ("cardholder.acct.info.ship_address_usage_ind", NO, &["00", "05"]),
    ("cardholder.acct.info.ship_name_indicator", NO, &["00", "03"]),
    ("cardholder.acct.info.suspicious_acc_activity", NO, &["00", "03"]),
    ("cardholder.bill_addr.city", YES, &["{51}"]),
    ("cardholder.bill_addr.country", YES, &["999", "XXX", "Brasil", "7"]),
    ("cardholder.bill_addr.line1", YES, &["{51}"]),
    ("cardholder.bill_addr.line2", NO, &["{51}"]),
    ("cardholder.bill_addr.line3", NO, &["{51}"]),
    ("cardholder.bill_addr.post_code", YES, &["{17}"]),
    ("cardholder.bill_addr.state", YES, &["{4}"]),
    ("cardholder.ship_addr.city", YES, &["{51}"]),
    ("cardholder.ship_addr.country", YES, &["999", "XXX", "Brasil"]),
    ("cardholder.ship_addr.line1", YES, &["{51}"]),
    ("cardholder.ship_addr.line2", NO, &["{51}"]),
    ("cardholder.ship_addr.line3", NO, &["{51}"]),
    ("cardholder.ship_addr.post_code", YES, &["{17}"]),
    ("cardholder.ship_addr.state", YES, &["{4}"]),
    ("merchant.mcc", YES, &["54111"]),
    ("merchant.country_code", YES, &["999", "XXX", "Brasil", "B"]),
    ("merchant.name", YES, &["{41}"]),
    ("merchant.risk_indicator.delivery_email_address", NO, &["ana", "{250}@loja.example"]),
    ("merchant.risk_indicator.delivery_timeframe", NO, &["00", "05"]),
    ("merchant.risk_indicator.gift_card_amount", NO, &["1234567890123456", "1.5", "x"]),
    ("merchant.risk_indicator.gift_card_count", NO, &["100", "x"]),
    ("merchant.risk_indicator.gift_card_curr", NO, &["BRL", "999", "98"]),
    ("merchant.risk_indicator.pre_order_date", NO, &["20261322", "x"]),
    ("merchant.risk_indicator.pre_order_purchase_ind", NO, &["00", "03"]),
    ("merchant.risk_indicator.reorder_items_ind", NO, &["00", "03"]),
    ("merchant.risk_indicator.ship_indicator", NO, &["00", "08"]),
    ("message.category", YES, &["00", "03", "1", "81", "xx"]),
    ("purchase.amount", YES, &["{d49}", "1.00", "-1", "x"]),
    ("purchase.currency", YES, &["BRL", "999", "98", "963"]),
    ("purchase.exponent", YES, &["22", "x", "-"]),
    ("purchase.date", YES, &["date", "20261322101112", "202611", "yesterday"]),
    ("purchase.instal_data", NO, &["1", "0", "1000", "x"]),
    ("recurring.expiry", NO, &["20261301", "2026", "x"]),
    ("recurring.frequency", NO, &["12345", "x"]),
    ("white_list.status", NO, &["X", "y"]),
    ("white_list.status_source", NO, &["00", "04"]),
];

const LONG_URL: &str = "https://loja.example/{256}";

/// `{n}` stands for n letters, `{dn}` for n digits.
fn spelled(text: &str) -> String {
    let Some((before, rest)) = text.split_once('{') else {
        return text.to_owned();
    };
    let (count, after) = rest.split_once('}').unwrap();
    let (symbol, count) = match count.strip_prefix('d') {
        Some(count) => ("1", count),
        None => ("a", count),
    };
    format!("{before}{}{after}", symbol.repeat(count.parse().unwrap()))
}

/// The document with another value at a path; `None` takes the member out.
fn with(document: &Value, path: &str, value: Option<Value>) -> Value {
    let mut document = document.clone();
    let (groups, member) = path.rsplit_once('.').unwrap_or(("", path));
    let mut inner = &mut document;
    for group in groups.split('.').filter(|group| !group.is_empty()) {
        inner = &mut inner[group];
    }
    let members = match inner {
        Value::Object(members) => members,
        other => {
            *other = json!({});
            other.as_object_mut().unwrap()
        }
    };
    match value {
        Some(value) => members.insert(member.to_owned(), value),
        None => members.remove(member),
    };
    document
}

/// A token would do in place of the number, and has no meaning without its keys.
fn base(path: &str) -> Value {
    let document = everything();
    if path == "cardholder.acct.token" {
        with(&document, "cardholder.acct.number", None)
    } else {
        document
    }
}

#[tokio::test]
async fn a_document_with_everything_is_taken() {
    let world = World::new(Leniency::Strict);
    let (status, body) = world.authenticate(&everything()).await;
    assert_eq!((status, error(&body)), (200, ("", "")), "{body}");
}

#[tokio::test]
async fn what_is_needed_is_201_when_missing_or_empty_and_the_rest_may_be() {
    let world = World::new(Leniency::Strict);
    for (path, needed, _) in FIELDS
        .iter()
        .filter(|(path, ..)| *path != "cardholder.acct.token")
    {
        for value in [None, Some(json!("")), Some(json!("  ")), Some(Value::Null)] {
            let document = with(&base(path), path, value.clone());
            let (status, body) = world.authenticate(&document).await;
            let expected = if *needed {
                (400, ("201", *path))
            } else {
                (200, ("", ""))
            };
            assert_eq!((status, error(&body)), expected, "{path} = {value:?}: {body}");
            if *needed {
                assert_eq!(body["three_ds_server"]["status"], "INV", "{path}");
                assert_eq!(body["error"]["component"], "S", "{path}");
            }
        }
    }
}

#[tokio::test]
async fn what_does_not_fit_is_203_and_names_its_field() {
    let world = World::new(Leniency::Strict);
    for (path, _, bad) in FIELDS {
        let structures = [json!({"a": "b"}), json!(["a"])];
        let texts = bad.iter().map(|text| json!(spelled(text)));
        for value in texts.chain(structures) {
            let document = with(&base(path), path, Some(value.clone()));
            let (status, body) = world.authenticate(&document).await;
            assert_eq!((status, error(&body)), (400, ("203", *path)), "{value}");
            assert_eq!(body["three_ds_server"]["status"], "INV", "{path}");
        }
    }
}

#[tokio::test]
async fn a_group_that_is_no_object_is_at_fault_itself() {
    let world = World::new(Leniency::Strict);
    let groups: BTreeSet<&str> = FIELDS
        .iter()
        .filter_map(|(path, ..)| path.rsplit_once('.').map(|(group, _)| group))
        .collect();
    for group in groups {
        for value in [json!("x"), json!(7), json!(["x"])] {
            let document = with(&everything(), group, Some(value));
            let (status, body) = world.authenticate(&document).await;
            assert_eq!((status, error(&body)), (400, ("203", group)));
        }
    }
}

#[tokio::test]
async fn groups_that_are_optional_may_be_absent_or_empty() {
    let world = World::new(Leniency::Strict);
    for group in [
        "cardholder.home_phone",
        "cardholder.bill_addr",
        "cardholder.ship_addr",
        "cardholder.acct.info",
        "merchant.risk_indicator",
        "three_ds_requestor.authentication_info",
        "three_ds_requestor.prior_authentication_info",
        "message.extension",
        "recurring",
        "white_list",
    ] {
        for value in [None, Some(Value::Null), Some(json!({}))] {
            let (status, body) = world.authenticate(&with(&everything(), group, value)).await;
            assert_eq!(status, 200, "{group}: {body}");
        }
    }
}

#[tokio::test]
async fn a_series_needs_its_end_and_its_frequency_wherever_they_stand() {
    let world = World::new(Leniency::Strict);
    let series = with(
        &everything(),
        "three_ds_requestor.authentication_ind",
        Some(json!("02")),
    );
    assert_eq!(world.authenticate(&series).await.0, 200);
    for path in ["recurring.expiry", "recurring.frequency"] {
        let (status, body) = world.authenticate(&with(&series, path, None)).await;
        assert_eq!((status, error(&body)), (400, ("201", path)));
    }
    let inside = with(&series, "recurring", None);
    let inside = with(
        &inside,
        "purchase.recurring",
        Some(json!({"expiry": "20301231", "frequency": "30"})),
    );
    assert_eq!(world.authenticate(&inside).await.0, 200);
    let wanted = world.fake.wanted.lock().unwrap().take().unwrap();
    assert_eq!(wanted.elements["recurringExpiry"], "20301231");
}

#[tokio::test]
async fn the_requestor_s_own_channel_needs_an_indicator_and_no_browser() {
    let world = World::new(Leniency::Strict);
    let mut document = with(&everything(), "device_channel", Some(json!("03")));
    for path in ["browser", "notification_url", "three_ds_comp_ind"] {
        document = with(&document, path, None);
    }
    let (status, body) = world.authenticate(&document).await;
    assert_eq!((status, error(&body)), (400, ("201", "three_ri_ind")));
    for bad in ["00", "12", "1", "xx"] {
        let (status, body) = world
            .authenticate(&with(&document, "three_ri_ind", Some(json!(bad))))
            .await;
        assert_eq!((status, error(&body)), (400, ("203", "three_ri_ind")), "{bad}");
    }
    let document = with(&document, "three_ri_ind", Some(json!("11")));
    assert_eq!(world.authenticate(&document).await.0, 200);
    let wanted = world.fake.wanted.lock().unwrap().take().unwrap();
    assert_eq!(wanted.elements["threeRIInd"], "11");
    assert!(!wanted.elements.contains_key("notificationURL"));
    let series = with(&document, "three_ri_ind", Some(json!("01")));
    let (_, body) = world.authenticate(&with(&series, "recurring", None)).await;
    assert_eq!(error(&body), ("201", "recurring.expiry"));
}

#[tokio::test]
async fn an_app_needs_every_part_of_its_sdk_before_the_channel_is_refused() {
    let world = World::new(Leniency::Strict);
    let sdk = json!({
        "app_id": "0190c5a2-1df0-4cc4-a3a2-6d0f5e9c1a11", "enc_data": "eyJ", "ephem_pub_key": {"kty": "EC"},
        "max_timeout": "05", "trans_id": "0190c5a2-1df0-4cc4-a3a2-6d0f5e9c1a12", "iface": "03",
        "ui_type": ["01", "05"]
    });
    let mut document = with(&everything(), "device_channel", Some(json!("01")));
    document = with(&document, "browser", None);
    document = with(&document, "sdk", Some(sdk));
    for member in [
        "app_id",
        "enc_data",
        "ephem_pub_key",
        "max_timeout",
        "trans_id",
        "iface",
    ] {
        let path = format!("sdk.{member}");
        let (_, body) = world.authenticate(&with(&document, &path, None)).await;
        assert_eq!(error(&body), ("201", path.as_str()));
    }
    for (path, bad, detail) in [
        ("sdk.app_id", json!("x"), "sdk.app_id"),
        ("sdk.enc_data", json!("a".repeat(64_001)), "sdk.enc_data"),
        ("sdk.ephem_pub_key", json!("x"), "sdk.ephem_pub_key"),
        ("sdk.max_timeout", json!("100"), "sdk.max_timeout"),
        ("sdk.iface", json!("04"), "sdk.iface"),
        ("sdk.ui_type", json!(["01", "06"]), "sdk.ui_type[1]"),
        ("sdk.ui_type", json!("01"), "sdk.ui_type"),
    ] {
        let (_, body) = world.authenticate(&with(&document, path, Some(bad))).await;
        assert_eq!(error(&body), ("203", detail));
    }
    let (_, body) = world.authenticate(&document).await;
    assert_eq!(error(&body), ("203", "device_channel"));
}

#[tokio::test]
async fn extensions_are_passed_on_unless_one_must_be_understood() {
    let world = World::new(Leniency::Strict);
    assert_eq!(world.authenticate(&everything()).await.0, 200);
    let wanted = world.fake.wanted.lock().unwrap().take().unwrap();
    assert_eq!(
        wanted.elements["messageExtension"],
        json!([{"id": "A000000004-x", "name": "x", "criticalityIndicator": false, "data": {"k": "v"}}])
    );
    let extension = |member: &str, value: Value| {
        let mut document = everything();
        document["message"]["extension"][0][member] = value;
        document
    };
    for critical in [json!("true"), json!(true)] {
        let (status, body) = world
            .authenticate(&extension("criticality_indicator", critical))
            .await;
        assert_eq!((status, error(&body).0), (400, "202"));
    }
    for (member, bad) in [
        ("criticality_indicator", json!("maybe")),
        ("data", json!("text")),
        ("id", json!("a".repeat(65))),
        ("name", json!("a".repeat(65))),
    ] {
        let (_, body) = world.authenticate(&extension(member, bad)).await;
        let path = format!("message.extension[0].{member}");
        assert_eq!(error(&body), ("203", path.as_str()));
    }
}

/// What the table lets through must be an AReq: a value that its element does not know would be our fault, not the shop's.
#[test]
fn every_listed_value_is_one_that_its_element_takes() {
    let server = ServerIdentity {
        reference_number: "3DS".into(),
        operator_id: None,
        results_url: "https://pay.example/3ds/results".into(),
    };
    let areq = request::blank(Essentials {
        id: ThreeDsServerTransId::parse("0190c5a2-1df0-4cc4-a3a2-6d0f5e9c1a11").unwrap(),
        version: Version::V2_2_0,
        channel: DeviceChannel::Browser,
        category: MessageCategory::Payment,
        server: &server,
        requestor: Requestor {
            id: "1",
            name: "Loja",
            url: "https://loja.example",
        },
        account_number: AccountNumber::parse("4551820000009478").unwrap(),
    });
    let blank = serde_json::to_value(&areq).unwrap();
    let reading = Reading {
        leniency: Leniency::Lenient,
        now: NOW,
    };
    for row in table::AUTHENTICATE.iter().filter(|row| row.element.is_some()) {
        let Format::List(values) = row.format else {
            continue;
        };
        for value in values {
            let initiated = json!({"device_channel": "03"});
            let base = if row.path == "three_ri_ind" {
                initiated
            } else {
                json!({})
            };
            let document = with(&base, row.path, Some(json!(value)));
            let fields = engine::read(document.as_object().unwrap(), &[*row], reading).unwrap();
            let mut areq = blank.clone();
            areq.as_object_mut().unwrap().extend(fields.elements());
            let taken = serde_json::from_value::<AReq>(areq);
            assert!(taken.is_ok(), "{} = {value}: {:?}", row.path, taken.err());
        }
    }
}

#[test]
fn the_list_has_every_field_of_the_table() {
    let listed: BTreeSet<&str> = FIELDS.iter().map(|(path, ..)| *path).collect();
    let elsewhere = |path: &str| {
        path.starts_with("sdk.") || path.contains("[]") || ["three_ri_ind", "broad_info"].contains(&path)
    };
    let table: BTreeSet<&str> = table::AUTHENTICATE
        .iter()
        .map(|row| row.path)
        .filter(|path| !elsewhere(path))
        .collect();
    assert_eq!(listed, table);
    for row in table::AUTHENTICATE.iter().filter(|row| row.need == Need::Always) {
        let needed = FIELDS
            .iter()
            .any(|(path, needed, _)| *path == row.path && *needed);
        assert!(needed, "{}", row.path);
    }
}

#[test]
fn elements_lead_back_to_their_fields() {
    for (element, path) in [
        ("acctNumber", "cardholder.acct.number"),
        ("purchaseAmount", "purchase.amount"),
        ("acctInfo.chAccDate", "cardholder.acct.info.ch_acc_date"),
        ("acctInfo", "cardholder.acct.info"),
        ("homePhone", "cardholder.home_phone"),
        ("messageExtension", "message.extension"),
        ("threeDSRequestorChallengeInd", "three_ds_requestor.challenge_ind"),
        (
            "threeDSRequestorAuthenticationInfo[0].threeDSReqAuthData",
            "three_ds_requestor.authentication_info.data",
        ),
        ("whiteListStatus", "white_list.status"),
        (
            "threeDSRequestorDecMaxTime",
            "three_ds_requestor.decoupled_max_time",
        ),
    ] {
        assert_eq!(table::path_of(element), Some(path), "{element}");
    }
    assert_eq!(table::path_of("threeDSServerRefNumber"), None);
    assert_eq!(Code::Invalid.number(), 203);
}

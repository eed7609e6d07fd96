use super::*;
use crate::connection::ConnectionStatus;

fn written() -> Value {
    json!({
        "name": "Kushki MX", "processor_name": "kushki", "operation": "authorization",
        "currencies": ["MXN", "USD"], "countries": ["MX"],
        "credentials": {"private_merchant_id": "k-1"},
        "three_ds": {
            "provider": "deuna", "on_attempted": "proceed",
            "mpi": {
                "acquirer_merchant_id": "9876543210001", "acquirer_bin": "400551", "merchant_name": "Demo",
                "mcc": "5999", "merchant_url": "https://demo.example", "merchant_country": "MX",
                "requestor_id": "10001", "requestor_name": "Pasarela demo",
                "brands": {"mastercard": {"acquirer_bin": "520013"}}
            }
        }
    })
}

fn connection(document: &Value) -> Connection {
    let settings = NewConnection::read(document, "", UrlPolicy::HttpsOnly)
        .unwrap()
        .settings;
    let template = Connection {
        id: "01910000-0000-7000-8000-000000000001".parse().unwrap(),
        merchant: "01910000-0000-7000-8000-000000000002".parse().unwrap(),
        status: ConnectionStatus::Inactive,
        preference: 10,
        name: String::new(),
        processor_name: String::new(),
        operation: ChargeKind::Sale,
        currencies: vec![],
        countries: vec![],
        base_url: None,
        inquiry_visible_after_seconds: None,
        inquiry_final_after_seconds: None,
        three_ds: settings.three_ds.clone(),
    };
    settings.applied_to(&template)
}

#[test]
fn a_brand_overrides_only_what_it_says() {
    let three_ds = connection(&written()).three_ds;
    let visa = three_ds.mpi_for(Brand::Visa).unwrap();
    let mastercard = three_ds.mpi_for(Brand::Mastercard).unwrap();
    assert_eq!(
        (visa.acquirer_bin.as_str(), mastercard.acquirer_bin.as_str()),
        ("400551", "520013")
    );
    assert_eq!(visa.mcc, mastercard.mcc);
    assert_eq!(
        three_ds.on_unavailable,
        OnDoubt::Reject,
        "what nobody decided is rejected"
    );
}

#[test]
fn every_problem_is_told_at_once() {
    let document = json!({
        "processor_name": 7, "currencies": ["XXX"], "operation": "sale", "nmae": "x",
        "base_url": "http://example.com", "inquiry_visible_after_seconds": -1,
        "credentials": {"private_merchant_id": 12},
        "three_ds": {"provider": "deuna", "on_attempted": "maybe", "mpi": {
            "acquirer_merchant_id": "x".repeat(36), "acquirer_bin": "12345", "merchant_name": "",
            "mcc": "59990", "merchant_url": "http://demo.example", "merchant_country": "Nowhere",
            "requestor_id": "ñ", "brands": {"visas": {}, "visa": {"mcc": 5, "brands": {}}}
        }}
    });
    let problems = NewConnection::read(&document, "", UrlPolicy::HttpsOnly).unwrap_err();
    let mut fields: Vec<_> = problems.0.iter().map(|problem| problem.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "base_url",
            "credentials.private_merchant_id",
            "currencies",
            "inquiry_visible_after_seconds",
            "name",
            "nmae",
            "operation",
            "processor_name",
            "three_ds.mpi.acquirer_bin",
            "three_ds.mpi.acquirer_merchant_id",
            "three_ds.mpi.brands.visa.brands",
            "three_ds.mpi.brands.visa.mcc",
            "three_ds.mpi.brands.visas",
            "three_ds.mpi.mcc",
            "three_ds.mpi.merchant_country",
            "three_ds.mpi.merchant_name",
            "three_ds.mpi.merchant_url",
            "three_ds.mpi.requestor_id",
            "three_ds.mpi.requestor_name",
            "three_ds.on_attempted",
        ]
    );
    let told = problems.to_string();
    assert!(
        !told.contains("12345") && !told.contains("Nowhere"),
        "values are not quoted: {told}"
    );
}

#[test]
fn our_mpi_needs_its_data() {
    let mut document = written();
    document["three_ds"] = json!({"provider": "deuna"});
    let problems = NewConnection::read(&document, "connections.0", UrlPolicy::HttpsOnly).unwrap_err();
    assert_eq!(problems.0[0].field, "connections.0.three_ds.mpi");
}

#[test]
fn a_change_replaces_what_it_mentions_and_null_clears() {
    let mut document = written();
    document["inquiry_visible_after_seconds"] = json!(2);
    let current = connection(&document);
    let change = json!({"name": "Otro", "inquiry_visible_after_seconds": null, "operation": "purchase"});
    let changed = Settings::read_change(&change, &current, UrlPolicy::HttpsOnly)
        .unwrap()
        .applied_to(&current);
    assert_eq!(
        (changed.name.as_str(), changed.operation),
        ("Otro", ChargeKind::Sale)
    );
    assert_eq!(changed.inquiry_visible_after_seconds, None);
    assert_eq!(changed.three_ds, current.three_ds);
    assert_eq!(changed.id, current.id);
}

#[test]
fn loopback_http_is_for_the_sandbox() {
    let mut document = written();
    document["base_url"] = json!("http://127.0.0.1:8090/kushki");
    assert!(NewConnection::read(&document, "", UrlPolicy::HttpsOnly).is_err());
    assert!(NewConnection::read(&document, "", UrlPolicy::LoopbackHttpToo).is_ok());
}

#[test]
fn settings_survive_the_database() {
    let three_ds = connection(&written()).three_ds;
    let row = serde_json::to_value(&three_ds).unwrap();
    assert_eq!(serde_json::from_value::<ThreeDsSettings>(row).unwrap(), three_ds);
}

#[test]
fn what_a_connection_wishes_of_3_d_secure_is_read_shown_and_kept() {
    let mut document = written();
    document["three_ds"]["defaults"] = json!({
        "mode": "force", "challenge_indicator": ["09", 12], "decoupled_max_minutes": "10",
    });
    let read = connection(&document);
    assert_eq!(read.three_ds.defaults.decoupled_max_minutes, Some(10));
    let shown = as_written(&read);
    assert_eq!(
        shown["three_ds"]["defaults"],
        json!({"mode": "force", "challenge_indicator": ["09", "12"], "decoupled_max_minutes": 10})
    );
    let again = Settings::read_change(&shown, &read, UrlPolicy::HttpsOnly).unwrap();
    assert_eq!(again.three_ds, read.three_ds);
    let row = serde_json::to_value(&read.three_ds).unwrap();
    assert_eq!(
        serde_json::from_value::<ThreeDsSettings>(row).unwrap(),
        read.three_ds
    );
}

#[test]
fn wishes_that_no_connection_can_have_are_named() {
    for (defaults, member) in [
        (json!({"mode": "sometimes"}), "mode"),
        (json!({"challenge_indicator": "44"}), "challenge_indicator"),
        (json!({"exemption": "moto"}), "exemption"),
        (json!({"exemption": "merchant_initiated"}), "exemption"),
        (json!({"decoupled_max_minutes": 0}), "decoupled_max_minutes"),
        (
            json!({"mode": "off", "challenge_indicator": "04"}),
            "challenge_indicator",
        ),
        (json!({"exemptions": "low_value"}), "exemptions"),
    ] {
        let mut document = written();
        document["three_ds"]["defaults"] = defaults;
        let problems = NewConnection::read(&document, "", UrlPolicy::HttpsOnly).unwrap_err();
        let fields: Vec<_> = problems.0.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, [format!("three_ds.defaults.{member}")]);
    }
}

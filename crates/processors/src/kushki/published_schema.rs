//! The requests and the replies of `testdata/` against the vendor's published structure, which lies beside the checkout
//! where there is one.

use super::{
    authorize, capture, refund,
    samples::{self, account},
    void,
};
use crate::testdata;
use primitives::HttpRequest;
use serde_json::Value;

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/specs/kushki-card-structure.openapi.json"
);

fn published() -> Option<Value> {
    match std::fs::read(PATH) {
        Ok(text) => Some(serde_json::from_slice(&text).unwrap()),
        Err(_) => {
            eprintln!("SKIPPED: {PATH} is not there, so nothing was compared with the published structure");
            None
        }
    }
}

/// Checks `value` as far as the published structure uses JSON Schema. Objects are closed, so that a misspelt member is
/// found; `open` says where the vendor leaves them open.
fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        return check(root, target, value, at, faults);
    }
    let mut fault = |what: String| faults.push(format!("{at}: {what}"));
    let typed = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        // Published as integers, though amounts have decimals in the vendor's own examples.
        Some("number" | "integer") => value.is_number(),
        _ => true,
    };
    if !typed {
        fault(format!("is no {}", schema["type"]));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|list| !list.contains(value))
    {
        fault(format!("{value} is not listed"));
    }
    let characters = value.as_str().map(|text| text.chars().count());
    if let Some(count) = characters {
        let bound = |name: &str| {
            schema[name]
                .as_u64()
                .and_then(|limit| usize::try_from(limit).ok())
        };
        if bound("minLength").is_some_and(|least| count < least)
            || bound("maxLength").is_some_and(|most| count > most)
        {
            fault(format!("has {count} characters"));
        }
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.get(name.as_str().unwrap()).is_none() {
            fault(format!("lacks {name}"));
        }
    }
    if let Some(alternatives) = schema["anyOf"].as_array() {
        let one_holds = alternatives.iter().any(|alternative| {
            let mut inner = Vec::new();
            check(root, alternative, value, at, &mut inner);
            inner.is_empty()
        });
        if !one_holds {
            fault("fits no alternative".into());
        }
    }
    let Some(known) = schema["properties"].as_object() else {
        return;
    };
    for (name, member) in value.as_object().into_iter().flatten() {
        match known.get(name) {
            Some(schema) => check(root, schema, member, &format!("{at}.{name}"), faults),
            None => faults.push(format!("{at}.{name}: is not in the structure")),
        }
    }
}

fn assert_request(root: &Value, path: &str, method: &str, request: &HttpRequest, open: &[&str]) {
    let operation = &root["paths"][path][method];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path} is not published");
    let body: Value = serde_json::from_slice(request.body.reveal()).unwrap();
    let mut faults = Vec::new();
    check(root, schema, &body, "body", &mut faults);
    faults.retain(|fault| !open.iter().any(|known| fault.starts_with(known)));
    assert!(faults.is_empty(), "{method} {path}: {faults:#?}");
}

#[test]
fn charges_have_the_published_structure() {
    let Some(root) = published() else { return };
    let account = samples::account_with(&[("site_domain", "shop.example")]);
    for (name, order) in samples::charges() {
        let path = match order.kind {
            acquiring::ChargeKind::Sale => "/card/v2/charges",
            acquiring::ChargeKind::Authorization => "/card/v2/preAuthorization",
        };
        let request = authorize::request(&account, &order).unwrap();
        assert_eq!(request.url.path(), path, "{name}");
        // The members of metadata are the merchant's own; the structure names three examples.
        assert_request(&root, path, "post", &request, &["body.metadata."]);
    }
}

#[test]
fn what_follows_a_charge_has_the_published_structure() {
    let Some(root) = published() else { return };
    let account = account();
    let capture = capture::request(&account, &samples::capture()).unwrap();
    assert_request(&root, "/card/v1/capture", "post", &capture, &[]);
    let void = void::request(&account, &samples::void()).unwrap();
    assert_request(&root, "/v1/charges/{ticketNumber}", "delete", &void, &[]);
    let refund = refund::request(&account, &samples::refund()).unwrap();
    assert_request(&root, "/v1/refund/{ticketNumber}", "delete", &refund, &[]);
}

#[test]
fn the_replies_the_tests_read_have_the_published_structure() {
    let Some(root) = published() else { return };
    for (name, path, method, status, open) in [
        (
            "sale.approved",
            "/card/v2/charges",
            "post",
            "201",
            &["reply.details.externalReferenceId"][..],
        ),
        ("sale.declined", "/card/v2/charges", "post", "400", &[]),
        (
            "capture.approved",
            "/card/v1/capture",
            "post",
            "201",
            &["reply.details.transactionId"],
        ),
        (
            "void.approved",
            "/v1/charges/{ticketNumber}",
            "delete",
            "201",
            &["reply.externalReferenceId"],
        ),
        (
            "refund.accepted",
            "/v1/refund/{ticketNumber}",
            "delete",
            "201",
            &[],
        ),
        (
            "refund.refused",
            "/v1/refund/{ticketNumber}",
            "delete",
            "400",
            &[],
        ),
        (
            "inquiry.approved",
            "/analytics/v2/transactions-list",
            "get",
            "200",
            &["reply.metadata."],
        ),
    ] {
        let reply = testdata::reply(200, &format!("kushki/{name}.json"));
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        let schema =
            &root["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {path} {status} is not published");
        let mut faults = Vec::new();
        check(&root, schema, &body, "reply", &mut faults);
        // The reference documents these members, the structure leaves them out.
        faults.retain(|fault| !open.iter().any(|known| fault.starts_with(known)));
        assert!(faults.is_empty(), "{name}: {faults:#?}");
    }
}

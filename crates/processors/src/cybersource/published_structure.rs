//! The requests and the replies of `testdata/` against the vendor's published structure.
//!
//! The structure tells names, types and lengths, and nothing of what must be there. What the operations need is added here
//! from their description, so that each comparison has its counterpart: the same document without one such member fails.

use super::{authorize, capture, inquire, refund, reverse, samples, void};
use crate::{
    published::{self, Integers, Structure},
    testdata,
};
use acquiring::ChargeKind;
use serde_json::{Value, json};

/// What every charge must have.
const CHARGE: [&str; 8] = [
    "clientReferenceInformation.code",
    "clientReferenceInformation.transactionId",
    "processingInformation.capture",
    "processingInformation.commerceIndicator",
    "paymentInformation.card.number",
    "paymentInformation.card.expirationMonth",
    "paymentInformation.card.expirationYear",
    "paymentInformation.card.type",
];
const AMOUNT: [&str; 2] = [
    "orderInformation.amountDetails.totalAmount",
    "orderInformation.amountDetails.currency",
];
const REVERSED_AMOUNT: [&str; 2] = [
    "reversalInformation.amountDetails.totalAmount",
    "reversalInformation.amountDetails.currency",
];
const CODE: [&str; 1] = ["clientReferenceInformation.code"];
const TRANSACTION_ID: [&str; 1] = ["clientReferenceInformation.transactionId"];
/// What an authenticated charge must have besides.
const OF_VISA: [&str; 3] = [
    "consumerAuthenticationInformation.cavv",
    "consumerAuthenticationInformation.eciRaw",
    "consumerAuthenticationInformation.paSpecificationVersion",
];
const OF_MASTERCARD: [&str; 4] = [
    "consumerAuthenticationInformation.ucafAuthenticationData",
    "consumerAuthenticationInformation.ucafCollectionIndicator",
    "consumerAuthenticationInformation.eciRaw",
    "consumerAuthenticationInformation.directoryServerTransactionId",
];

fn structure() -> Option<Structure> {
    Structure::load("cybersource-payments-structure.openapi.json", Integers::Whole)
}

/// The schema with the members at these paths required.
fn requiring(structure: &Structure, schema: &Value, paths: &[&str]) -> Value {
    let mut schema = match schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        Some(name) => structure.component(name).clone(),
        None => schema.clone(),
    };
    let mut names: Vec<&str> = paths.iter().filter_map(|path| path.split('.').next()).collect();
    names.dedup();
    for name in &names {
        let below: Vec<&str> = paths
            .iter()
            .filter_map(|path| path.strip_prefix(name)?.strip_prefix('.'))
            .collect();
        let member = schema["properties"][name].clone();
        assert!(!member.is_null(), "{name} is not published");
        schema["properties"][name] = requiring(structure, &member, &below);
    }
    if !names.is_empty() {
        schema["required"] = json!(names);
    }
    schema
}

fn assert_request(structure: &Structure, path: &str, request: &primitives::HttpRequest, paths: &[&[&str]]) {
    let schema = requiring(structure, structure.request("post", path), &paths.concat());
    let body: Value = serde_json::from_slice(request.body.reveal()).unwrap();
    structure.assert_fits(&schema, &body, path, &[]);
}

#[test]
fn charges_have_the_published_structure() {
    let Some(structure) = structure() else { return };
    for (name, order) in samples::charges() {
        let request = authorize::request(&samples::account(), &order, samples::moment()).unwrap();
        assert_eq!(request.url.path(), "/pts/v2/payments", "{name}");
        let authentication: &[&str] = match name {
            "sale.visa" | "authorization.amex" => &OF_VISA,
            "sale.mastercard" => &OF_MASTERCARD,
            _ => &[],
        };
        assert_request(
            &structure,
            "/pts/v2/payments",
            &request,
            &[&CHARGE, &AMOUNT, authentication],
        );
    }
}

#[test]
fn what_follows_a_charge_has_the_published_structure() {
    use ChargeKind::{Authorization, Sale};
    let Some(structure) = structure() else { return };
    let (account, moment) = (samples::account(), samples::moment());
    let payment = "/pts/v2/payments/{id}";
    for (path, request, paths) in [
        (
            format!("{payment}/captures"),
            capture::request(&account, &samples::capture(), moment),
            [&CODE[..], &AMOUNT],
        ),
        (
            format!("{payment}/reversals"),
            void::request(&account, &samples::void(Authorization), moment),
            [&CODE, &REVERSED_AMOUNT],
        ),
        (
            format!("{payment}/voids"),
            void::request(&account, &samples::void(Sale), moment),
            [&CODE, &[]],
        ),
        (
            format!("{payment}/refunds"),
            refund::request(&account, &samples::refund(Sale), moment),
            [&CODE, &AMOUNT],
        ),
        (
            "/pts/v2/captures/{id}/refunds".to_owned(),
            refund::request(&account, &samples::refund(Authorization), moment),
            [&CODE, &AMOUNT],
        ),
        (
            "/pts/v2/reversals".to_owned(),
            reverse::request(&account, &samples::reversal(Authorization), moment),
            [&TRANSACTION_ID, &REVERSED_AMOUNT],
        ),
        (
            "/pts/v2/voids".to_owned(),
            reverse::request(&account, &samples::reversal(Sale), moment),
            [&TRANSACTION_ID, &[]],
        ),
        (
            "/tss/v2/searches".to_owned(),
            inquire::request(&account, samples::REFERENCE, moment),
            [&["query"], &["limit"]],
        ),
    ] {
        let request = request.unwrap();
        let sent = request
            .url
            .path()
            .replace("7012345678901234567890", "{id}")
            .replace("7012345678901234567892", "{id}");
        assert_eq!(sent, path);
        assert_request(&structure, &path, &request, &paths);
    }
}

#[test]
fn the_replies_the_tests_read_have_the_published_structure() {
    let Some(structure) = structure() else { return };
    let fault: &[&str] = &["status", "reason"];
    for (name, component, paths) in [
        (
            "sale.approved",
            "PtsV2PaymentsPost201Response",
            &[
                "id",
                "status",
                "clientReferenceInformation.code",
                "orderInformation.amountDetails.authorizedAmount",
            ][..],
        ),
        (
            "sale.declined",
            "PtsV2PaymentsPost201Response",
            &["id", "status", "errorInformation.reason"],
        ),
        ("sale.invalid", "PtsV2PaymentsPost400Response", fault),
        ("sale.duplicate", "PtsV2PaymentsPost400Response", fault),
        ("sale.failed", "PtsV2PaymentsPost502Response", fault),
        (
            "capture.accepted",
            "PtsV2PaymentsCapturesPost201Response",
            &["id", "status"],
        ),
        ("capture.refused", "PtsV2PaymentsCapturesPost400Response", fault),
        (
            "void.authorization.done",
            "PtsV2PaymentsReversalsPost201Response",
            &["id", "status"],
        ),
        (
            "void.sale.done",
            "PtsV2PaymentsVoidsPost201Response",
            &["id", "status"],
        ),
        ("void.refused", "PtsV2PaymentsVoidsPost400Response", fault),
        (
            "refund.accepted",
            "PtsV2PaymentsRefundPost201Response",
            &["id", "status"],
        ),
        (
            "refund.declined",
            "PtsV2PaymentsRefundPost201Response",
            &["id", "status", "errorInformation.reason"],
        ),
        (
            "inquiry.approved",
            "TssV2TransactionsPost201Response",
            &["totalCount", "_embedded.transactionSummaries"],
        ),
        (
            "inquiry.declined",
            "TssV2TransactionsPost201Response",
            &["totalCount", "_embedded.transactionSummaries"],
        ),
        (
            "inquiry.nothing",
            "TssV2TransactionsPost201Response",
            &["totalCount"],
        ),
    ] {
        let reply = testdata::reply(200, &format!("cybersource/{name}.json"));
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        let schema = requiring(&structure, structure.component(component), paths);
        structure.assert_fits(&schema, &body, name, &[]);
    }
}

#[test]
fn the_published_examples_are_what_we_say_too() {
    let Some(structure) = structure() else { return };
    let Some(file) = published::file("request-examples.json") else {
        return;
    };
    let examples: Vec<&Value> = file["examples"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|example| example["name"].as_str().unwrap().starts_with("cybersource."))
        .collect();
    assert_eq!(examples.len(), 7);
    for example in examples {
        let name = example["name"].as_str().unwrap();
        let component = example["schema"].as_str().unwrap().rsplit('/').next().unwrap();
        let paths: Vec<&str> = match name.split('.').nth(1).unwrap() {
            "authorise" => [&CHARGE[..], &AMOUNT, &OF_VISA].concat(),
            "sale" => [&CHARGE[..], &AMOUNT, &OF_MASTERCARD].concat(),
            "capture" | "refund_capture" => [&CODE[..], &AMOUNT].concat(),
            "auth_reversal" => [&CODE[..], &REVERSED_AMOUNT].concat(),
            "timeout_reversal" => [&TRANSACTION_ID[..], &REVERSED_AMOUNT[..1]].concat(),
            other => panic!("{other}"),
        };
        let schema = requiring(&structure, structure.component(component), &paths);
        structure.assert_fits(&schema, &example["body"], name, &[]);
        // Everything an example of a charge says is something that ours say.
        if component == "CreatePaymentRequest" {
            let mut said = Vec::new();
            for (_, order) in samples::charges() {
                let request = authorize::request(&samples::account(), &order, samples::moment()).unwrap();
                members(
                    &serde_json::from_slice(request.body.reveal()).unwrap(),
                    "",
                    &mut said,
                );
            }
            let mut expected = Vec::new();
            members(&example["body"], "", &mut expected);
            let unsaid: Vec<_> = expected.iter().filter(|path| !said.contains(path)).collect();
            assert!(unsaid.is_empty(), "{name}: {unsaid:?}");
        }
    }
}

/// The paths of all members.
fn members(value: &Value, at: &str, found: &mut Vec<String>) {
    for (name, member) in value.as_object().into_iter().flatten() {
        let path = format!("{at}.{name}");
        members(member, &path, found);
        found.push(path);
    }
}

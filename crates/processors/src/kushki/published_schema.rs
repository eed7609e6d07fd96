//! The requests and the replies of `testdata/` against the vendor's published structure, which lies beside the checkout
//! where there is one.

use super::{
    authorize, capture, refund,
    samples::{self, account},
    void,
};
use crate::{
    published::{Integers, Structure},
    testdata,
};
use serde_json::Value;

fn published() -> Option<Structure> {
    Structure::load("kushki-card-structure.openapi.json", Integers::AnyNumber)
}

#[test]
fn charges_have_the_published_structure() {
    let Some(structure) = published() else { return };
    let account = samples::account_with(&[("site_domain", "shop.example")]);
    for (name, order) in samples::charges() {
        let path = match order.kind {
            acquiring::ChargeKind::Sale => "/card/v2/charges",
            acquiring::ChargeKind::Authorization => "/card/v2/preAuthorization",
        };
        let request = authorize::request(&account, &order).unwrap();
        assert_eq!(request.url.path(), path, "{name}");
        // The members of metadata are the merchant's own; the structure names three examples.
        structure.assert_request("post", path, &request, &["body.metadata."]);
    }
}

#[test]
fn what_follows_a_charge_has_the_published_structure() {
    let Some(structure) = published() else { return };
    let account = account();
    let capture = capture::request(&account, &samples::capture()).unwrap();
    structure.assert_request("post", "/card/v1/capture", &capture, &[]);
    let void = void::request(&account, &samples::void()).unwrap();
    structure.assert_request("delete", "/v1/charges/{ticketNumber}", &void, &[]);
    let refund = refund::request(&account, &samples::refund()).unwrap();
    structure.assert_request("delete", "/v1/refund/{ticketNumber}", &refund, &[]);
}

#[test]
fn the_replies_the_tests_read_have_the_published_structure() {
    let Some(structure) = published() else { return };
    for (name, path, method, status, open) in [
        (
            "sale.approved",
            "/card/v2/charges",
            "post",
            "201",
            &["body.details.externalReferenceId"][..],
        ),
        ("sale.declined", "/card/v2/charges", "post", "400", &[]),
        (
            "capture.approved",
            "/card/v1/capture",
            "post",
            "201",
            &["body.details.transactionId"],
        ),
        (
            "void.approved",
            "/v1/charges/{ticketNumber}",
            "delete",
            "201",
            &["body.externalReferenceId"],
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
            &["body.metadata."],
        ),
    ] {
        let reply = testdata::reply(200, &format!("kushki/{name}.json"));
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        // The reference documents the open members, the structure leaves them out.
        structure.assert_fits(structure.reply(method, path, status), &body, name, open);
    }
}

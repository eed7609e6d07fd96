//! The document against the router and the readers.

use crate::{
    PublicState, directlink,
    health::Readiness,
    notifications::Notifications,
    orders::{
        self, OrdersState,
        fields::Fields,
        problems::Problems,
        purchase::Surroundings,
        testing::{FakeOrders, face, of_order, request, send},
    },
    pages::{PageSettings, Pages},
    results::ResultsReceiver,
    threeds_server::{CERTIFICATION_PREFIX, ThreeDsServerState, fields::Leniency, testing::Fake},
};
use async_trait::async_trait;
use axum::{
    Router,
    body::to_bytes,
    http::{HeaderMap, StatusCode},
};
use orchestrator::{
    Fault,
    administration::Environment,
    flows::{
        notifications::{NotTaken, Notification},
        page_step::{PageError, PageReturn, PageView, StepName},
    },
};
use payments::{Browser, RefusalCode};
use primitives::UrlPolicy;
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc};
use tower::ServiceExt;

/// Every public face, with nobody behind the pages and the results.
fn everything() -> Router {
    struct Nobody;

    #[async_trait]
    impl Pages for Nobody {
        async fn opened(&self, _: &str) -> Result<PageView, PageError> {
            Err(PageError::UnknownToken)
        }
        async fn browser_data(&self, _: &str, _: Browser) -> Result<PageView, PageError> {
            Err(PageError::UnknownToken)
        }
        async fn method_notified(&self, _: &str) -> Result<(), PageError> {
            Err(PageError::UnknownToken)
        }
        async fn progress(&self, _: &str, _: Option<StepName>, _: u8) -> Result<PageView, PageError> {
            Err(PageError::UnknownToken)
        }
        async fn challenge_returned(&self, _: &str, _: Option<&str>) -> Result<PageReturn, PageError> {
            Err(PageError::UnknownToken)
        }
        async fn cancelled(&self, _: &str) -> Result<PageView, PageError> {
            Err(PageError::UnknownToken)
        }
    }

    #[async_trait]
    impl ResultsReceiver for Nobody {
        async fn received(
            &self,
            _: &orchestrator::flows::sender::Sender,
            _: &[u8],
        ) -> Result<Vec<u8>, Fault> {
            Ok(Vec::new())
        }
    }

    #[async_trait]
    impl Notifications for Nobody {
        async fn received(&self, _: Notification) -> Result<&'static str, NotTaken> {
            Ok("")
        }
    }

    #[async_trait]
    impl Readiness for Nobody {
        async fn lacks(&self) -> Option<&'static str> {
            None
        }
    }

    crate::public_router(PublicState {
        orders: OrdersState::new(Arc::new(FakeOrders::default()), UrlPolicy::HttpsOnly),
        pages: Arc::new(Nobody),
        threeds_server: ThreeDsServerState::new(Arc::new(Fake::default()), Leniency::Strict),
        directlink: directlink::testing::state(Environment::Sandbox).0,
        notifications: Arc::new(Nobody),
        results: Some(Arc::new(Nobody)),
        readiness: Arc::new(Nobody),
        page_settings: PageSettings {
            urls: UrlPolicy::HttpsOnly,
            trust_forwarded_for: false,
        },
    })
}

async fn document() -> Value {
    let (status, _, document) = send(&everything(), request("GET", "/openapi.json", "")).await;
    assert_eq!(status, 200);
    document
}

/// The routes of a router, which axum shows in its debug form only.
fn routes(router: &Router) -> BTreeSet<String> {
    let shown = format!("{router:?}");
    let shown = shown.split("fallback_router").next().unwrap();
    let paths = shown
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| text.starts_with('/') && !text.contains("__private"));
    paths.map(str::to_owned).collect()
}

#[tokio::test]
async fn every_route_is_in_the_document() {
    let document = document().await;
    let documented: BTreeSet<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    let mut routed = routes(&everything());
    // The form-encoded protocol is its vendor's, names its pages in any letter case, and has a page of its own in `docs/`.
    routed.retain(|path| path != "/{page}" && !path.to_ascii_lowercase().starts_with("/ncol/"));
    assert!(routed.contains("/merchants/orders/{order_token}"), "{routed:?}");
    // The services of the 3DS Server API are there a second time, for clients of the vendor's certification environment.
    let (twins, routed): (BTreeSet<String>, BTreeSet<String>) = routed
        .into_iter()
        .partition(|path| path.starts_with(CERTIFICATION_PREFIX));
    assert_eq!(routed, documented);
    for twin in &twins {
        assert!(
            documented.contains(twin.trim_start_matches(CERTIFICATION_PREFIX)),
            "{twin}"
        );
    }
    assert_eq!(twins.len(), 3);
}

#[tokio::test]
async fn every_operation_of_the_document_is_answered() {
    let face = everything();
    for (path, item) in document().await["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let request = request(&method.to_uppercase(), path, "");
            let status = face.clone().oneshot(request).await.unwrap().status();
            assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
}

/// What OpenAPI 3.1 asks of any document, as far as ours uses it.
#[tokio::test]
async fn the_document_is_sound() {
    let document = document().await;
    assert!(
        document["openapi"].as_str().unwrap().starts_with("3.1"),
        "{}",
        document["openapi"]
    );
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let tags: Vec<&Value> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            assert!(["get", "post", "put"].contains(&method.as_str()), "{place}");
            assert!(operation["summary"].is_string(), "{place} has no summary");
            assert!(
                ids.insert(operation["operationId"].to_string()),
                "{place}: the operation id is taken"
            );
            assert!(
                tags.contains(&&operation["tags"][0]),
                "{place} has a tag that is not described"
            );
            let answers = operation["responses"].as_object().unwrap();
            assert!(!answers.is_empty(), "{place} has no answers");
            for (status, answer) in answers {
                assert!(
                    status
                        .parse::<u16>()
                        .is_ok_and(|status| (100..600).contains(&status)),
                    "{place}: {status}"
                );
                assert!(
                    answer["description"].is_string(),
                    "{place}: {status} is not described"
                );
            }
            let in_path: BTreeSet<&str> = path.split(['{', '}']).skip(1).step_by(2).collect();
            let described: BTreeSet<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .inspect(|parameter| assert_eq!(parameter["required"], true, "{place}"))
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            assert_eq!(in_path, described, "{place}");
            for scheme in operation["security"].as_array().into_iter().flatten() {
                for name in scheme.as_object().unwrap().keys() {
                    assert!(
                        document["components"]["securitySchemes"][name].is_object(),
                        "{place}: {name}"
                    );
                }
            }
        }
    }
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference.clone());
            }
            members
                .values()
                .for_each(|member| collect_references(member, found));
        }
        Value::Array(elements) => elements
            .iter()
            .for_each(|element| collect_references(element, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_example_is_a_body_that_is_taken() {
    let document = document().await;
    let (face, orders) = face();
    for (path, schema) in [
        ("/merchants/orders", "CreateOrderBody"),
        ("/merchants/transactions/purchase", "PurchaseV1Body"),
        ("/merchants/transactions/v2/purchase", "PurchaseV2Body"),
        (
            "/merchants/orders/0199c1d2-7a5e-7c60-8d5c-1f2a3b4c5d6e/cancel",
            "CancelBody",
        ),
        (&of_order("capture"), "CaptureBody"),
        (&of_order("v2/capture"), "CaptureBody"),
        (&of_order("void"), "ReasonBody"),
        (&of_order("refund"), "RefundBody"),
        (&of_order("v2/refund"), "RefundBody"),
    ] {
        let example = &document["components"]["schemas"][schema]["example"];
        assert!(example.is_object(), "{schema} has no example");
        let (status, _, answer) = send(&face, request("POST", path, example.to_string())).await;
        assert!(status.is_success(), "{schema}: {answer}");
        assert_eq!(orders.asked().len(), 1);
    }
}

/// An object with every member that `schema` describes.
fn whole(document: &Value, schema: &Value) -> Value {
    let schema = resolved(document, schema);
    if let Some(properties) = schema["properties"].as_object() {
        let members = properties
            .iter()
            .map(|(name, property)| (name.clone(), whole(document, property)));
        return Value::Object(members.collect());
    }
    match schema.get("items") {
        Some(items) => json!([whole(document, items)]),
        None => json!({ "any": 1 }),
    }
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return resolved(
            document,
            document.pointer(reference.trim_start_matches('#')).unwrap(),
        );
    }
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    choices
        .into_iter()
        .find(|choice| choice.get("$ref").is_some())
        .map_or(schema, |choice| resolved(document, choice))
}

fn member_paths(value: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(name, _)| *name != "any") {
                let path = if prefix.is_empty() {
                    name.clone()
                } else {
                    format!("{prefix}.{name}")
                };
                member_paths(member, &path, found);
                found.insert(path);
            }
        }
        Value::Array(elements) => elements
            .iter()
            .for_each(|element| member_paths(element, &format!("{prefix}[0]"), found)),
        _ => {}
    }
}

type Reader = fn(&Fields<'_>);

fn around(headers: &HeaderMap) -> Surroundings<'_> {
    Surroundings {
        urls: UrlPolicy::HttpsOnly,
        today: time::macros::date!(2026 - 11 - 22),
        headers,
    }
}

#[tokio::test]
async fn readers_ask_for_what_is_described_and_nothing_else() {
    let document = document().await;
    let readers: [(&str, Reader, &[&str]); 6] = [
        (
            "CreateOrderBody",
            |root| drop(orders::create::read(root, UrlPolicy::HttpsOnly)),
            &[],
        ),
        // Other spellings are told of where the member they stand for is described.
        (
            "PurchaseV1Body",
            |root| drop(orders::purchase_v1::read(root, around(&HeaderMap::new()))),
            &["credential_id", "callback_urls", "stored_credential"],
        ),
        (
            "PurchaseV2Body",
            |root| drop(orders::purchase_v2::read(root, around(&HeaderMap::new()))),
            &["token", "credit_card", "stored_credential"],
        ),
        ("CaptureBody", |root| drop(orders::capture::read(root)), &[]),
        ("ReasonBody", |root| drop(orders::void::read(root)), &["amount"]),
        ("RefundBody", |root| drop(orders::refund::read(root)), &[]),
    ];
    let other_spellings = ["exp_month", "exp_year", "cvv", "zip"];
    // Taken for other clients' sake, and only echoed.
    let only_echoed = ["user_id", "order"];
    for (schema, read, unlisted) in readers {
        let described = whole(&document, &document["components"]["schemas"][schema]);
        let mut asked = BTreeSet::new();
        for body in bodies(&described) {
            let problems = Problems::new(RefusalCode::PayloadError);
            read(&Fields::root(&body, &problems));
            asked.extend(problems.asked());
        }
        let mut listed = BTreeSet::new();
        member_paths(&described, "", &mut listed);
        let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        let surprising: Vec<_> = asked
            .iter()
            .filter(|path| !listed.contains(*path) && !unlisted.contains(&path.as_str()))
            .filter(|path| !other_spellings.contains(&last(path).as_str()))
            .collect();
        assert!(surprising.is_empty(), "{schema} does not describe {surprising:?}");
        let unread: Vec<_> = listed
            .iter()
            .filter(|path| !asked.contains(*path) && !only_echoed.contains(&last(path).as_str()))
            .collect();
        assert!(unread.is_empty(), "nobody reads {unread:?} of {schema}");
    }
}

/// `whole`, once as it is and once for each member that hides others: a token hides the order, a card's id the card.
fn bodies(whole: &Value) -> Vec<Map<String, Value>> {
    let whole = whole.as_object().unwrap();
    let without = |hidden: &[&str]| {
        whole
            .iter()
            .filter(|(name, _)| !hidden.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    vec![
        whole.clone(),
        without(&[
            "order_token",
            "card_id",
            "credential_id",
            "callback_urls",
            "anti_fraud_info",
        ]),
    ]
}

#[tokio::test]
async fn the_page_is_whole_and_needs_no_other_host() {
    let face = everything();
    let response = face.clone().oneshot(request("GET", "/docs", "")).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert!(
        response.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    let page = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let page = std::str::from_utf8(&page).unwrap();
    for expected in [
        "/merchants/transactions/v2/purchase",
        "id=\"createOrder\"",
        "id=\"schema-BrowserDetails\"",
        "curl -X POST",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    let sources = page.split("src=\"").skip(1).chain(
        page.split("<link")
            .skip(1)
            .filter_map(|tag| tag.split("href=\"").nth(1)),
    );
    for source in sources {
        assert!(
            source.starts_with("/docs/") || source.starts_with("data:"),
            "{}",
            &source[..40]
        );
    }
    for asset in ["/docs/style.css", "/docs/script.js"] {
        assert_eq!(
            face.clone()
                .oneshot(request("GET", asset, ""))
                .await
                .unwrap()
                .status(),
            200
        );
    }
}

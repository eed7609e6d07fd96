//! What the tests of this face share: a gateway that remembers what it was asked ([`fake_gateway`]), and forms that are right.

mod fake_gateway;

pub use fake_gateway::*;

use super::{ANSWER_WITHIN, DirectLinkState, router};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use orchestrator::administration::Environment;
use std::{net::SocketAddr, sync::Arc};
use tower::ServiceExt;

/// The face, in the sandbox, with what it asks.
pub fn face() -> (Router, Arc<FakeDirectLink>) {
    face_in(Environment::Sandbox)
}

/// The same in another environment.
pub fn face_in(environment: Environment) -> (Router, Arc<FakeDirectLink>) {
    let (state, fake) = state(environment);
    (router(state).into(), fake)
}

/// What the face is served from.
pub fn state(environment: Environment) -> (DirectLinkState, Arc<FakeDirectLink>) {
    let fake = Arc::new(FakeDirectLink::default());
    let state = DirectLinkState {
        gateway: Arc::clone(&fake) as _,
        environment,
        trust_forwarded_for: true,
        urls: environment.url_policy(),
        rate_limits: Arc::default(),
        answer_within: ANSWER_WITHIN,
    };
    (state, fake)
}

/// An order that is right.
pub const ORDER: &[(&str, &str)] = &[
    ("PSPID", OPEN),
    ("USERID", USER),
    ("PSWD", PASSWORD),
    ("ORDERID", "A1"),
    ("AMOUNT", "1550"),
    ("CURRENCY", "EUR"),
    ("CARDNO", "4111111111111111"),
    ("ED", "12/30"),
    ("CVC", "123"),
    ("CN", "Ana Pérez"),
    ("OPERATION", "RES"),
];

/// A capture, and a query, that are right.
pub const CAPTURE: &[(&str, &str)] = &[
    ("PSPID", OPEN),
    ("USERID", USER),
    ("PSWD", PASSWORD),
    ("PAYID", "3000000001"),
    ("AMOUNT", "1550"),
    ("OPERATION", "SAS"),
];
pub const QUERY: &[(&str, &str)] = &[
    ("PSPID", OPEN),
    ("USERID", USER),
    ("PSWD", PASSWORD),
    ("PAYID", "3000000001"),
];
pub const RATES: &[(&str, &str)] = &[
    ("PSPID", OPEN),
    ("USERID", USER),
    ("PSWD", PASSWORD),
    ("ORDERID", "A1"),
    ("AMOUNT", "1550"),
    ("CURRENCY", "EUR"),
    ("BIN", "411111"),
];

/// `form` with other values for some names; an empty one takes the parameter out.
pub fn with<'a>(form: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut changed: Vec<_> = form
        .iter()
        .filter(|(name, _)| !changes.iter().any(|(other, _)| other == name))
        .copied()
        .collect();
    changed.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    changed
}

/// A request as a shop's server sends it, from 192.0.2.10.
pub fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 10], 4000))))
        .body(body.into())
        .unwrap()
}

/// An answer of the face, read.
#[derive(Debug)]
pub struct Answer {
    pub text: String,
}

impl Answer {
    /// An attribute's value, still escaped; every answer of the three pages has each that the tests ask for.
    pub fn get(&self, name: &str) -> &str {
        let start = format!("\n{name}=\"");
        let after = self.text.split_once(&start).map(|(_, after)| after);
        after
            .and_then(|after| after.split_once('"'))
            .map(|(value, _)| value)
            .unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }

    pub fn has(&self, name: &str) -> bool {
        self.text.contains(&format!("\n{name}=\""))
    }

    /// `NCERROR` and `NCERRORPLUS`.
    pub fn error(&self) -> (&str, &str) {
        (self.get("NCERROR"), self.get("NCERRORPLUS"))
    }
}

/// Sends a request, and reads an answer that is XML with HTTP 200.
pub async fn send(face: &Router, request: Request<Body>) -> Answer {
    let response = face.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/XML; Charset=iso-8859-1"
    );
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text: String = body.iter().map(|byte| char::from(*byte)).collect();
    assert!(text.starts_with("<?xml version=\"1.0\"?>\n<"), "{text}");
    Answer { text }
}

/// Posts a form to a page of the test environment. Whatever comes back, no secret of the form is in it.
pub async fn ask(face: &Router, page: &str, form: &[(&str, &str)]) -> Answer {
    let body = serde_urlencoded::to_string(form).unwrap();
    let answer = send(face, post(&format!("/ncol/test/{page}"), body)).await;
    for (name, secret) in form {
        let shown = secret.len() > 8 && answer.text.contains(secret);
        assert!(!(matches!(*name, "CARDNO" | "PSWD") && shown), "{}", answer.text);
    }
    answer
}

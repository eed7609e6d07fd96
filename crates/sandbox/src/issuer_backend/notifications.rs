//! Notify 3-D Secure card operation: what the bank hears of authentications.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{IssuerBackend, Refusal, held, invalid};

const OPERATIONS: [&str; 4] = [
    "3DS_FRICTIONLESS",
    "3DS_CHALLENGE_OOB",
    "3DS_CHALLENGE_OOB_ISSUER",
    "3DS_CHALLENGE_OTP_SMS",
];

/// What the bank was told, and how often.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification {
    issuer_id: String,
    card_id: String,
    #[serde(flatten)]
    body: Body,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Body {
    operation_id: String,
    operation: String,
    status: String,
    start_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer_id: Option<String>,
    details: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Takes a notification; one that was taken before is known by its `operationId`.
pub(super) async fn take(
    State(backend): State<IssuerBackend>,
    Path((issuer_id, card_id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Json<Body>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    backend.check(&headers)?;
    let Json(body) = body.map_err(|_| invalid("body"))?;
    if acs::identifiers::CardId::parse(&body.operation_id).is_none() {
        return Err(invalid("operationId"));
    }
    if !OPERATIONS.contains(&body.operation.as_str()) {
        return Err(invalid("operation"));
    }
    if !["SUCCESSFUL", "FAILED"].contains(&body.status.as_str()) {
        return Err(invalid("status"));
    }
    if OffsetDateTime::parse(&body.start_time, &Rfc3339).is_err() {
        return Err(invalid("startTime"));
    }
    if (body.status == "FAILED") != body.error.is_some() {
        return Err(invalid("error"));
    }
    let mut known = held(&backend.0.notifications);
    let id = body.operation_id.clone();
    if known.of_key(&id).next().is_none() {
        let notification = Notification {
            issuer_id,
            card_id,
            body,
        };
        known.push(vec![id], notification);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /issuer-backend/notifications`.
pub(super) async fn list(State(backend): State<IssuerBackend>) -> Json<Vec<Notification>> {
    let known = held(&backend.0.notifications);
    Json(known.all().rev().cloned().collect())
}

//! Imports in bulk.

use super::call::{Asked, AskedQuery, Caller, timestamp};
use super::failure::{Answered, Failure};
use super::schema;
use crate::flows::import::UploadEnded;
use crate::service::Acs;
use crate::store::imports::{self, Progress};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

const PAGE_DEFAULT: i64 = 100;
const PAGE_MAX: i64 = 1_000;

fn import_id(text: &str) -> Answered<&str> {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(letters);
    fits.then_some(text)
        .ok_or_else(|| Failure::format("importId", "must be 1 to 64 letters, digits, _ and -"))
}

fn shown(import: &str, progress: &Progress) -> Value {
    json!({
        "importId": import,
        "complete": progress.complete,
        "linesReceived": progress.lines_received,
        "rowsTaken": progress.rows_taken,
        "rowsRefused": progress.rows_refused,
        "rowsOpen": progress.lines_received - progress.rows_taken - progress.rows_refused,
        "startTime": timestamp(progress.created_at),
        "endTime": progress.finished_at.map(timestamp),
    })
}

impl From<UploadEnded> for Failure {
    fn from(ended: UploadEnded) -> Self {
        let told = ended.to_string();
        match ended {
            UploadEnded::LineTooLong(_) => Self::new(StatusCode::BAD_REQUEST, "LINE_TOO_LONG", told),
            UploadEnded::TooManyLines => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", told),
            UploadEnded::BrokenOff => Self::new(StatusCode::BAD_REQUEST, "BODY_INVALID_FORMAT", told),
            UploadEnded::Another => Self::conflict("IMPORT_UNDER_WAY", told),
            UploadEnded::Store(fault) => fault.into(),
        }
    }
}

/// Upload an import
///
/// NDJSON, a card with its cardholder on each line. What broke off goes on when the same lines are uploaded again under the same
/// name: those that are kept are left out. A complete import is answered with its progress.
#[utoipa::path(
    put, path = "/acs/banking/v2/issuers/{issuerId}/imports/{importId}", tag = "Imports",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("importId" = String, Path)),
    request_body(content = schema::ImportRowBody, content_type = "application/x-ndjson"),
    responses(
        (status = 202, body = schema::ImportReply),
        (status = 400, description = "The upload broke off, or a line is too long", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer", body = schema::FailureBody),
        (status = 409, description = "Another upload of this name is under way", body = schema::FailureBody),
        (status = 413, description = "More than 2000000 lines", body = schema::FailureBody),
    )
)]
pub(crate) async fn put(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, import)): Path<(String, String)>,
    body: Body,
) -> Answered<(StatusCode, Json<Value>)> {
    let import = import_id(&import)?;
    let progress = acs
        .receive_import(&caller.issuer, import, body.into_data_stream())
        .await?;
    Ok((StatusCode::ACCEPTED, Json(shown(import, &progress))))
}

async fn find(acs: &Acs, caller: &Caller, import: &str) -> Answered<Progress> {
    let found = imports::load(&acs.inner().store, &caller.issuer, import_id(import)?).await?;
    found.ok_or_else(|| Failure::not_found("import"))
}

/// Get an import's progress
#[utoipa::path(
    get, path = "/acs/banking/v2/issuers/{issuerId}/imports/{importId}", tag = "Imports",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("importId" = String, Path)),
    responses(
        (status = 200, body = schema::ImportReply),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such import", body = schema::FailureBody),
    )
)]
pub(crate) async fn get(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, import)): Path<(String, String)>,
) -> Answered<Json<Value>> {
    let progress = find(&acs, &caller, &import).await?;
    Ok(Json(shown(&import, &progress)))
}

/// List the rows of an import that were refused
///
/// With the line's number, the member and what holds for it; never what was in it.
#[utoipa::path(
    get, path = "/acs/banking/v2/issuers/{issuerId}/imports/{importId}/refusals", tag = "Imports",
    security(("access_token" = [])),
    params(
        ("issuerId" = String, Path), ("importId" = String, Path),
        ("after" = Option<u64>, Query, description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 1000; 100"),
    ),
    responses(
        (status = 200, body = schema::RefusalListReply),
        (status = 400, description = "A parameter is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such import", body = schema::FailureBody),
    )
)]
pub(crate) async fn refusals(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, import)): Path<(String, String)>,
    query: AskedQuery,
) -> Answered<Json<Value>> {
    let mut asked = Asked::read(query)?;
    let after = asked.number("after", "must be a line's number", 0..=i64::MAX)?;
    let limit = asked.number("limit", "must be a whole number from 1 to 1000", 1..=PAGE_MAX)?;
    asked.finish()?;
    find(&acs, &caller, &import).await?;
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    let store = &acs.inner().store;
    let found = imports::refusals(store, &caller.issuer, &import, after.unwrap_or_default(), limit).await?;
    let more = i64::try_from(found.len()).is_ok_and(|found| found == limit);
    let next = found.last().filter(|_| more).map(|last| last.line);
    let found = found.iter().map(|refusal| {
        json!({
            "line": refusal.line,
            "field": refusal.field,
            "code": refusal.code,
            "message": refusal.detail,
        })
    });
    Ok(Json(json!({"refusals": found.collect::<Vec<_>>(), "next": next})))
}

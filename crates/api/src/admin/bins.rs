//! The table of card prefixes.

use super::{
    AdminState,
    call::{Answered, Document},
    schema::{BinImportBody, BinImportReply, ProblemBody},
    session::Operator,
};
use axum::{Json, extract::State};
use serde_json::{Value, json};

/// The largest import; 50,000 rows have some 7 MiB.
pub(super) const BODY_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Import card prefixes
///
/// Rows that are right are taken, the others told. A prefix that is known already is as its new row says from then on. The
/// longest prefix that a card's number begins with counts.
#[utoipa::path(
    post, path = "/bins/import", tag = "Card prefixes", security(("session" = [])),
    request_body = BinImportBody,
    responses(
        (status = 200, body = BinImportReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 422, description = "The body is no import", body = ProblemBody),
    )
)]
pub(super) async fn import(
    State(state): State<AdminState>,
    operator: Operator,
    Document(document): Document,
) -> Answered<Json<Value>> {
    let imported = state
        .administration
        .bins_import(operator.actor, &document)
        .await?;
    let refused: Vec<_> = imported
        .refused
        .iter()
        .map(|(row, problems)| {
            let errors = problems.0.iter();
            json!({
                "row": row,
                "errors": errors
                    .map(|problem| json!({"field": problem.field, "detail": problem.text}))
                    .collect::<Vec<_>>(),
            })
        })
        .collect();
    Ok(Json(json!({"taken": imported.taken, "refused": refused})))
}

//! Who changed what.

use super::{
    AdminState,
    call::{Answered, ListQuery, page, timestamp},
    schema::{AuditListReply, ProblemBody},
    session::Operator,
};
use axum::{Json, extract::State};
use serde_json::{Value, json};
use store::audit::{Actor, AuditRow};

fn as_shown(row: &AuditRow) -> Value {
    let (actor, operator) = match row.actor {
        Actor::Operator(id) => ("operator", Some(id)),
        Actor::CommandLine => ("command_line", None),
        Actor::Gateway => ("gateway", None),
    };
    json!({
        "id": row.id,
        "at": timestamp(row.at),
        "actor": actor,
        "operator_id": operator,
        "operator_email": row.operator_email,
        "action": row.action,
        "merchant_id": row.merchant,
        "subject": row.subject,
        "before": row.before,
        "after": row.after,
    })
}

/// List changes
///
/// Newest first. `before` is the number of the last entry seen.
#[utoipa::path(
    get, path = "/audit", tag = "Audit", security(("session" = [])),
    params(
        ("merchant_id" = Option<String>, Query, description = "Only what belongs to this merchant"),
        ("before" = Option<i64>, Query, description = "Only entries before this one"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless told"),
    ),
    responses(
        (status = 200, body = AuditListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 422, description = "The query is wrong", body = ProblemBody),
    )
)]
pub(super) async fn list(
    State(state): State<AdminState>,
    _operator: Operator,
    query: ListQuery,
) -> Answered<Json<Value>> {
    let page = page(query)?;
    let (merchant, before, limit) = (page.merchant()?, page.before()?, page.limit()?);
    let rows = state.administration.audit_list(merchant, before, limit).await?;
    Ok(Json(
        json!({"data": rows.iter().map(as_shown).collect::<Vec<_>>()}),
    ))
}

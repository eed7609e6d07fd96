//! Cards that DirectLink's shops pay with by a name.

use super::super::{
    AdminState,
    call::{Answered, Failure, ListQuery, page},
    schema::{DirectLinkAliasListReply, ProblemBody},
    session::Operator,
};
use super::place;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use orchestrator::administration::{AliasName, directlink_alias_as_written};
use serde_json::{Value, json};

/// List the cards that a DirectLink shop keeps
///
/// By the names that it pays with. Numbers are masked.
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/directlink-accounts/{pspid}/aliases", tag = "DirectLink",
    operation_id = "directlink_aliases_list", security(("session" = [])),
    params(
        ("merchant_id" = String, Path),
        ("pspid" = String, Path),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "Those after this one"),
    ),
    responses(
        (status = 200, body = DirectLinkAliasListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such DirectLink account", body = ProblemBody),
        (status = 422, description = "The query is wrong", body = ProblemBody),
    )
)]
pub(in super::super) async fn list(
    State(state): State<AdminState>,
    _operator: Operator,
    Path((merchant, pspid)): Path<(String, String)>,
    query: ListQuery,
) -> Answered<Json<Value>> {
    let ((merchant, pspid), page) = (place(&merchant, &pspid)?, page(query)?);
    let after: Option<AliasName> = page.after_name()?;
    let aliases = state
        .administration
        .directlink_aliases_list(merchant, &pspid, after.as_ref(), page.limit()?)
        .await?;
    let shown: Vec<_> = aliases.iter().map(directlink_alias_as_written).collect();
    Ok(Json(json!({"data": shown})))
}

/// Delete a card that a DirectLink shop keeps
///
/// The shop cannot pay with the name any more. Payments that were begun with it go on.
#[utoipa::path(
    delete, path = "/merchants/{merchant_id}/directlink-accounts/{pspid}/aliases/{alias}", tag = "DirectLink",
    operation_id = "directlink_aliases_delete", security(("session" = [])),
    params(("merchant_id" = String, Path), ("pspid" = String, Path), ("alias" = String, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such alias of this account", body = ProblemBody),
    )
)]
pub(in super::super) async fn delete(
    State(state): State<AdminState>,
    operator: Operator,
    Path((merchant, pspid, alias)): Path<(String, String, String)>,
) -> Answered<StatusCode> {
    let (merchant, pspid) = place(&merchant, &pspid)?;
    let alias: AliasName = alias
        .parse()
        .map_err(|_| Failure::new(StatusCode::NOT_FOUND, "there is no such alias"))?;
    state
        .administration
        .directlink_alias_delete(operator.actor, merchant, (&pspid, &alias))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

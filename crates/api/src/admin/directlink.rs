//! Accounts of DirectLink. Who may call for them is in [`users`], which cards their shops keep in [`aliases`], what those were
//! told in [`feedback`].

pub(super) mod aliases;
pub(super) mod feedback;
pub(super) mod users;

use super::{
    AdminState,
    call::{Answered, Document, Failure, ListQuery, id, page},
    schema::{DirectLinkAccountBody, DirectLinkAccountListReply, DirectLinkAccountReply, ProblemBody},
    session::Operator,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use orchestrator::administration::{Pspid, directlink_account_as_written};
use primitives::{Id, id::kind};
use serde_json::{Value, json};

/// What an address names: a merchant's account. What cannot be a name names nothing.
fn place(merchant: &str, pspid: &str) -> Answered<(Id<kind::Merchant>, Pspid)> {
    const WHAT: &str = "DirectLink account";
    let pspid = pspid
        .parse()
        .map_err(|_| Failure::new(StatusCode::NOT_FOUND, format!("there is no such {WHAT}")))?;
    Ok((id(merchant, WHAT)?, pspid))
}

/// List a merchant's DirectLink accounts
///
/// By name.
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/directlink-accounts", tag = "DirectLink",
    operation_id = "directlink_accounts_list", security(("session" = [])),
    params(
        ("merchant_id" = String, Path),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "Those after this one"),
    ),
    responses(
        (status = 200, body = DirectLinkAccountListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
        (status = 422, description = "The query is wrong", body = ProblemBody),
    )
)]
pub(super) async fn list(
    State(state): State<AdminState>,
    _operator: Operator,
    Path(merchant): Path<String>,
    query: ListQuery,
) -> Answered<Json<Value>> {
    let (merchant, page) = (id(&merchant, "merchant")?, page(query)?);
    let after: Option<Pspid> = page.after_name()?;
    let accounts = state
        .administration
        .directlink_accounts_list(merchant, after.as_ref(), page.limit()?)
        .await?;
    let shown: Vec<_> = accounts.iter().map(directlink_account_as_written).collect();
    Ok(Json(json!({"data": shown})))
}

/// Create a DirectLink account
///
/// Its name is taken for all merchants. It has no users yet, so nobody can call for it. Passphrases are never read back.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/directlink-accounts", tag = "DirectLink",
    operation_id = "directlink_accounts_create", security(("session" = [])),
    params(("merchant_id" = String, Path)),
    request_body = DirectLinkAccountBody,
    responses(
        (status = 201, body = DirectLinkAccountReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
        (status = 409, description = "The name is taken", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn create(
    State(state): State<AdminState>,
    operator: Operator,
    Path(merchant): Path<String>,
    Document(document): Document,
) -> Answered<(StatusCode, Json<Value>)> {
    let merchant = id(&merchant, "merchant")?;
    let created = state
        .administration
        .directlink_account_create(operator.actor, merchant, &document)
        .await?;
    Ok((StatusCode::CREATED, Json(directlink_account_as_written(&created))))
}

/// Get a DirectLink account
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/directlink-accounts/{pspid}", tag = "DirectLink",
    operation_id = "directlink_accounts_get", security(("session" = [])),
    params(("merchant_id" = String, Path), ("pspid" = String, Path)),
    responses(
        (status = 200, body = DirectLinkAccountReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such DirectLink account", body = ProblemBody),
    )
)]
pub(super) async fn get(
    State(state): State<AdminState>,
    _operator: Operator,
    Path((merchant, pspid)): Path<(String, String)>,
) -> Answered<Json<Value>> {
    let (merchant, pspid) = place(&merchant, &pspid)?;
    let account = state
        .administration
        .directlink_account_get(merchant, &pspid)
        .await?;
    Ok(Json(directlink_account_as_written(&account)))
}

/// Change a DirectLink account
///
/// Members that are there replace what is, `null` clears those that may be absent: passphrases too, which are kept when they
/// are not mentioned. With `version` the change is made only if the account is still at that version.
#[utoipa::path(
    patch, path = "/merchants/{merchant_id}/directlink-accounts/{pspid}", tag = "DirectLink",
    operation_id = "directlink_accounts_update", security(("session" = [])),
    params(("merchant_id" = String, Path), ("pspid" = String, Path)),
    request_body = DirectLinkAccountBody,
    responses(
        (status = 200, body = DirectLinkAccountReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such DirectLink account", body = ProblemBody),
        (status = 409, description = "Changed meanwhile", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn update(
    State(state): State<AdminState>,
    operator: Operator,
    Path((merchant, pspid)): Path<(String, String)>,
    Document(document): Document,
) -> Answered<Json<Value>> {
    let (merchant, pspid) = place(&merchant, &pspid)?;
    let changed = state
        .administration
        .directlink_account_update(operator.actor, merchant, &pspid, &document)
        .await?;
    Ok(Json(directlink_account_as_written(&changed)))
}

//! Who may call for a DirectLink account.

use super::super::{
    AdminState,
    call::{Answered, Failure, ListQuery, MaybeDocument, page},
    schema::{
        DirectLinkUserBody, DirectLinkUserListReply, DirectLinkUserReply, ProblemBody, PutDirectLinkUserReply,
    },
    session::Operator,
};
use super::place;
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use orchestrator::administration::{UserId, directlink_user_as_written};
use primitives::Secret;
use serde_json::{Value, json};
use store::directlink::users::UserChange;

const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// List a DirectLink account's users
///
/// By name.
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/directlink-accounts/{pspid}/users", tag = "DirectLink",
    operation_id = "directlink_users_list", security(("session" = [])),
    params(
        ("merchant_id" = String, Path),
        ("pspid" = String, Path),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "Those after this one"),
    ),
    responses(
        (status = 200, body = DirectLinkUserListReply),
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
    let after: Option<UserId> = page.after_name()?;
    let users = state
        .administration
        .directlink_users_list(merchant, &pspid, after.as_ref(), page.limit()?)
        .await?;
    let shown: Vec<_> = users.iter().map(directlink_user_as_written).collect();
    Ok(Json(json!({"data": shown})))
}

/// Let a user call for a DirectLink account
///
/// Makes the user, or gives it another password; either way it is active and not locked. A password that we make is shown
/// this once.
#[utoipa::path(
    put, path = "/merchants/{merchant_id}/directlink-accounts/{pspid}/users/{userid}", tag = "DirectLink",
    operation_id = "directlink_users_put", security(("session" = [])),
    params(("merchant_id" = String, Path), ("pspid" = String, Path), ("userid" = String, Path)),
    request_body(content = Option<DirectLinkUserBody>),
    responses(
        (status = 200, body = PutDirectLinkUserReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such DirectLink account", body = ProblemBody),
        (status = 422, description = "Name or password is wrong", body = ProblemBody),
    )
)]
pub(in super::super) async fn put(
    State(state): State<AdminState>,
    operator: Operator,
    Path((merchant, pspid, userid)): Path<(String, String, String)>,
    MaybeDocument(document): MaybeDocument,
) -> Answered<Response> {
    let (merchant, pspid) = place(&merchant, &pspid)?;
    let put = state
        .administration
        .directlink_user_put(operator.actor, merchant, &pspid, &userid, &document)
        .await?;
    let shown = json!({
        "userid": put.userid.as_str(),
        "password": put.made.as_ref().map(Secret::reveal),
    });
    Ok((NO_STORE, Json(shown)).into_response())
}

/// Keep a user out
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/directlink-accounts/{pspid}/users/{userid}/disable", tag = "DirectLink",
    operation_id = "directlink_users_disable", security(("session" = [])),
    params(("merchant_id" = String, Path), ("pspid" = String, Path), ("userid" = String, Path)),
    responses(
        (status = 200, body = DirectLinkUserReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such DirectLink user", body = ProblemBody),
    )
)]
pub(in super::super) async fn disable(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String, String)>,
) -> Answered<Json<Value>> {
    change(&state, &operator, &path, UserChange::Disable).await
}

/// Let a disabled user in again
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/directlink-accounts/{pspid}/users/{userid}/enable", tag = "DirectLink",
    operation_id = "directlink_users_enable", security(("session" = [])),
    params(("merchant_id" = String, Path), ("pspid" = String, Path), ("userid" = String, Path)),
    responses(
        (status = 200, body = DirectLinkUserReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such DirectLink user", body = ProblemBody),
    )
)]
pub(in super::super) async fn enable(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String, String)>,
) -> Answered<Json<Value>> {
    change(&state, &operator, &path, UserChange::Enable).await
}

/// Forget a user's wrong passwords
///
/// Five in a row lock a user.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/directlink-accounts/{pspid}/users/{userid}/unlock", tag = "DirectLink",
    operation_id = "directlink_users_unlock", security(("session" = [])),
    params(("merchant_id" = String, Path), ("pspid" = String, Path), ("userid" = String, Path)),
    responses(
        (status = 200, body = DirectLinkUserReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such DirectLink user", body = ProblemBody),
    )
)]
pub(in super::super) async fn unlock(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String, String)>,
) -> Answered<Json<Value>> {
    change(&state, &operator, &path, UserChange::Unlock).await
}

async fn change(
    state: &AdminState,
    operator: &Operator,
    (merchant, pspid, userid): &(String, String, String),
    change: UserChange,
) -> Answered<Json<Value>> {
    let (merchant, pspid) = place(merchant, pspid)?;
    let userid: UserId = userid
        .parse()
        .map_err(|_| Failure::new(StatusCode::NOT_FOUND, "there is no such DirectLink user"))?;
    let changed = state
        .administration
        .directlink_user_change(operator.actor, merchant, (&pspid, &userid), change)
        .await?;
    Ok(Json(directlink_user_as_written(&changed)))
}

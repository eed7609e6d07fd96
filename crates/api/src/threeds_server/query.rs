//! Query transaction (carat-3ds-server.md section 4).

use super::{
    ThreeDsServerState,
    call::{self, Call},
    errors::Failure,
    reply,
};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, Method},
};
use serde_json::Value;

/// Query a transaction
///
/// For when the result of a challenge did not come through the browser, and for the proof, which never does.
#[utoipa::path(
    get,
    path = "/v2/transaction/{id}",
    tag = "3DS Server API",
    operation_id = "threedsQuery",
    params(
        ("id" = String, Path, description = "`three_ds_server.trans_id`"),
        ("merchant_id" = String, Header, description = "The shop's id"),
        ("merchant_key" = String, Header, description = "The shop's key"),
    ),
    responses(
        (status = 200, description = "How it stands", body = Value, content_type = "application/json",
            example = json!({
                "three_ds_server": {"trans_id": "0190c5a2-1df0-7cc4-a3a2-6d0f5e9c1a11", "status": "AUY"},
                "brand_id": "1", "eci": "05", "authentication": {"value": "AJkBBkhgQQAAAE4gSEJydQAAAAA="},
                "device_channel": "02", "message_version": "2.2.0"
            })),
        (status = 400, description = "Error 301: no transaction id", body = Value),
        (status = 401, description = "Error 1: credentials are wrong", body = Value),
        (status = 404, description = "Error 2: no such transaction", body = Value),
        (status = 429, description = "Faster than agreed", body = Value),
    ),
)]
pub(super) async fn query(
    State(state): State<ThreeDsServerState>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Json<Value>, Failure> {
    let call = Call::accept(&state, &method, &headers).await?;
    let id = call::transaction_id(&id)?;
    let view = state.server.query(&call.shop, id).await?;
    Ok(Json(reply::queried(&view)))
}

//! Expire an order: `POST /merchants/orders/{order_token}/expire` (deuna-api.md section 7).

use crate::orders::{
    OrdersState, call::Call, errors::Failure, keys::Access, reply, schema::ErrorBody, token::OrderToken,
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use payments::RefusalCode;

/// Expire an order
///
/// Ends an order that nobody has tried to pay.
#[utoipa::path(
    post,
    path = "/merchants/orders/{order_token}/expire",
    tag = "Orders",
    operation_id = "expireOrder",
    security(("api_key" = [])),
    params(
        ("order_token" = String, Path, description = "The token that Create Order answered.", format = Uuid),
        ("X-Idempotency-Key" = Option<String>, Header, description = "Makes a repeated call the same call; 1 to 255 visible ASCII characters, a UUID is advised."),
    ),
    responses(
        (status = 204, description = "The order is expired."),
        (status = 400, description = "A header is wrong (`EMA-1000`), or there is a body that is no object (`EMA-1002`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 403, description = "The key is a public one (`EMA-5000`).", body = ErrorBody),
        (status = 404, description = "There is no such order (`EMA-3001`).", body = ErrorBody),
        (status = 409, description = "Somebody has tried to pay the order, or it has ended (`EMA-6020`).", body = ErrorBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn expire_order(
    State(state): State<OrdersState>,
    token: OrderToken,
    request: Request,
) -> Result<Response, Failure> {
    let call = Call::accept(&state, request, Access::Private).await?;
    // There is nothing to say in the body; one that is there must still be what it claims to be.
    call.object_if_any(RefusalCode::PayloadError)?;
    let order = token.known()?;
    let answer = state.orders.expire(&call.caller, order, call.idempotency).await?;
    Ok(reply::marked(
        StatusCode::NO_CONTENT.into_response(),
        answer.replayed,
    ))
}

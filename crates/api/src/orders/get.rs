//! Get Order: `GET /merchants/orders/{order_token}` (deuna-api.md section 4), at once or when the order changes.

use crate::orders::{
    OrdersState,
    call::Call,
    errors::Failure,
    keys::Access,
    reply,
    schema::{ErrorBody, GetOrderReply},
    token::OrderToken,
    wait::WaitRequest,
};
use axum::{
    extract::{Request, State},
    response::Response,
};

/// Read an order
///
/// Answers the order as it stands. With `wait` (or `Prefer: wait=N`, RFC 7240) the answer is held until the order
/// changes or the time is over; with `since` it is held only while the order is still in that state, so that no change
/// slips through between two calls.
#[utoipa::path(
    get,
    path = "/merchants/orders/{order_token}",
    tag = "Orders",
    operation_id = "getOrder",
    security(("api_key" = [])),
    params(
        ("order_token" = String, Path, description = "The token that Create Order answered.", format = Uuid),
        ("wait" = Option<u8>, Query, description = "Seconds to hold the answer while the order does not change.", minimum = 0, maximum = 60),
        ("since" = Option<String>, Query, description = "The `hash_state` the caller knows.", pattern = "^[0-9a-f]{32}$"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: as the query parameter, which goes first. More than 60 is shortened."),
    ),
    responses(
        (status = 200, description = "The order.", body = GetOrderReply, headers(
            ("Preference-Applied" = String, description = "`wait=N`, when the wait came as a preference."),
        )),
        (status = 400, description = "A parameter or a header is wrong (`EMA-1002`, `EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 404, description = "There is no such order (`EMA-3001`).", body = ErrorBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn get_order(
    State(state): State<OrdersState>,
    token: OrderToken,
    request: Request,
) -> Result<Response, Failure> {
    let query = request.uri().query().map(str::to_owned);
    let call = Call::accept(&state, request, Access::Any).await?;
    let order = token.known()?;
    let wait = WaitRequest::read(query.as_deref(), &call.headers)?;
    let hold = wait.hold();
    let document = state.orders.get_order(&call.caller, order, wait.into()).await?;
    Ok(hold.acknowledged(reply::found(&document)))
}

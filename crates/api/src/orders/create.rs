//! Create Order: `POST /merchants/orders` (deuna-api.md section 3).

use crate::orders::{
    OrdersState,
    call::Call,
    errors::Failure,
    fields::Fields,
    keys::Access,
    order,
    problems::Problems,
    reply,
    schema::{CreateOrderBody, CreateOrderReply, ErrorBody},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use payments::{NewOrder, Refusal, RefusalCode};
use primitives::UrlPolicy;

/// Reads the body.
pub(crate) fn read(root: &Fields<'_>, urls: UrlPolicy) -> Option<NewOrder> {
    let order_type = order::order_type(root);
    let payer = order::payer_email(root);
    let order = root.required("order", |root, name| root.object(name))?;
    order::read(&order, order_type, payer, urls).map(|given| given.order)
}

/// Create an order
///
/// Records what a shopper is to pay and answers its token, with which the order is paid, read, cancelled and expired.
#[utoipa::path(
    post,
    path = "/merchants/orders",
    tag = "Orders",
    operation_id = "createOrder",
    security(("api_key" = [])),
    params(
        ("X-Idempotency-Key" = Option<String>, Header, description = "Makes a repeated call the same call; 1 to 255 visible ASCII characters, a UUID is advised."),
    ),
    request_body = CreateOrderBody,
    responses(
        (status = 200, description = "The order was created. The token to use is the one at the root.", body = CreateOrderReply),
        (status = 400, description = "The body or a header is wrong (`EMA-1002`, `EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 403, description = "The key is a public one (`EMA-5000`).", body = ErrorBody),
        (status = 409, description = "An order of this `order_id` is paid already and not wholly given back (`EMA-6004`), or the idempotency key was used for another body (`EMA-1002`).", body = ErrorBody),
        (status = 413, description = "The body is too large.", body = ErrorBody),
        (status = 415, description = "The body is not JSON.", body = ErrorBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn create_order(State(state): State<OrdersState>, request: Request) -> Result<Response, Failure> {
    let call = Call::accept(&state, request, Access::Private).await?;
    let order = parse(&call, &state)?;
    let answer = state
        .orders
        .create_order(&call.caller, order, call.idempotency)
        .await?;
    Ok(reply::marked(reply::created(&answer.document), answer.replayed))
}

fn parse(call: &Call, state: &OrdersState) -> Result<NewOrder, Refusal> {
    let body = call.object(RefusalCode::PayloadError)?;
    let problems = Problems::new(RefusalCode::PayloadError);
    let read = read(&Fields::root(&body, &problems), state.url_policy);
    problems.unless_any(read)
}

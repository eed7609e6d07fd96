//! Cancel an order: `POST /merchants/orders/{order_token}/cancel` (deuna-api.md section 7).

use crate::orders::{
    OrdersState,
    call::Call,
    errors::Failure,
    fields::Fields,
    keys::Access,
    problems::Problems,
    reply,
    schema::{CancelBody, DeniedBody, ErrorBody},
    settlement,
    token::OrderToken,
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use payments::{Refusal, RefusalCode};

const REASON_MAX_CHARACTERS: usize = 255;

/// Cancel an order
///
/// Ends an order. One that is paid is ended by giving the money back: what is held is voided, what was taken is refunded as far
/// as it is left.
#[utoipa::path(
    post,
    path = "/merchants/orders/{order_token}/cancel",
    tag = "Orders",
    operation_id = "cancelOrder",
    security(("api_key" = [])),
    params(
        ("order_token" = String, Path, description = "The token that Create Order answered.", format = Uuid),
        ("X-Idempotency-Key" = Option<String>, Header, description = "Makes a repeated call the same call; 1 to 255 visible ASCII characters, a UUID is advised."),
    ),
    request_body(content = Option<CancelBody>, description = "May be left out."),
    responses(
        (status = 204, description = "The order is cancelled, or will be once the processor has given the money back."),
        (status = 400, description = "The body or a header is wrong (`EMA-1002`, `EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 403, description = "The key is a public one (`EMA-5000`).", body = ErrorBody),
        (status = 404, description = "There is no such order (`EMA-3001`).", body = ErrorBody),
        (status = 409, description = "The order cannot be cancelled in its state (`EMA-1005`), or a payment is under way (`DP-4019`).", body = ErrorBody),
        (status = 422, description = "The processor refused to give the money back (`EMA-1005`): the order is in `data`, as it stands.", body = DeniedBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn cancel_order(
    State(state): State<OrdersState>,
    token: OrderToken,
    request: Request,
) -> Result<Response, Failure> {
    let call = Call::accept(&state, request, Access::Private).await?;
    let reason = parse(&call)?;
    let order = token.known()?;
    let answer = state
        .orders
        .cancel(&call.caller, order, reason, call.idempotency)
        .await?;
    Ok(
        match settlement::unless_failed(answer, RefusalCode::StatusNotValidForTransition) {
            Ok(answer) => reply::marked(StatusCode::NO_CONTENT.into_response(), answer.replayed),
            Err(refused) => *refused,
        },
    )
}

fn parse(call: &Call) -> Result<Option<String>, Refusal> {
    let body = call.object_if_any(RefusalCode::PayloadError)?;
    let problems = Problems::new(RefusalCode::PayloadError);
    let reason = Fields::root(&body, &problems)
        .text("reason", REASON_MAX_CHARACTERS)
        .map(str::to_owned);
    problems.unless_any(Some(reason))
}

//! Void: `POST /merchants/orders/{order_token}/void` (deuna-api.md section 7).

use crate::orders::{
    OrdersState,
    errors::Failure,
    fields::Fields,
    reply,
    schema::{DeniedBody, ErrorBody, ReasonBody},
    settlement,
    token::OrderToken,
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use orchestrator::SettlementAsked;
use payments::RefusalCode;

/// Reads the body.
pub(crate) fn read(root: &Fields<'_>) -> SettlementAsked {
    // A void is of everything: whoever names an amount wants something else.
    if root.has("amount") {
        root.wrong(
            "amount",
            "a void releases all there is: leave it out, or capture or refund a part",
        );
    }
    SettlementAsked::Void {
        reason: settlement::reason(root),
    }
}

/// Void an order
///
/// Releases the money that an authorised order holds: the payment ends as `voided`, the order as `cancelled`. Where the processor
/// answers later, or its answer was lost, the order stays `authorized` until its end is known; the webhook tells.
#[utoipa::path(
    post,
    path = "/merchants/orders/{order_token}/void",
    tag = "After the purchase",
    operation_id = "voidOrder",
    security(("api_key" = [])),
    params(
        ("order_token" = String, Path, description = "The token that Create Order answered.", format = Uuid),
        ("X-Idempotency-Key" = Option<String>, Header, description = "Makes a repeated call the same call; 1 to 255 visible ASCII characters, a UUID is advised."),
    ),
    request_body(content = Option<ReasonBody>, description = "May be left out."),
    responses(
        (status = 204, description = "Released, or accepted by the processor."),
        (status = 400, description = "The body or a header is wrong (`EMA-1002`, `EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 403, description = "The key is a public one (`EMA-5000`).", body = ErrorBody),
        (status = 404, description = "There is no such order (`EMA-3001`).", body = ErrorBody),
        (status = 409, description = "The order holds no money, or some of it was captured (`EMA-6001`), a payment is under way (`EMA-6002`), or the processor does not offer it (`DP-5001`).", body = ErrorBody),
        (status = 413, description = "The body is too large.", body = ErrorBody),
        (status = 415, description = "The body is not JSON.", body = ErrorBody),
        (status = 422, description = "The processor refused (`EMA-6001`): the order is in `data`, as it stands.", body = DeniedBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn void_order(
    State(state): State<OrdersState>,
    token: OrderToken,
    request: Request,
) -> Result<Response, Failure> {
    let settled = settlement::settle(&state, token, request, read, RefusalCode::CannotVoid).await?;
    Ok(match settled {
        Ok(answer) => reply::marked(StatusCode::NO_CONTENT.into_response(), answer.replayed),
        Err(refused) => *refused,
    })
}

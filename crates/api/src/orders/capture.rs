//! Capture: `POST /merchants/orders/{order_token}/capture` and `…/v2/capture` (deuna-api.md section 7).

use crate::orders::{
    OrdersState,
    errors::Failure,
    fields::Fields,
    reply,
    schema::{CaptureBody, DeniedBody, ErrorBody, OrderReply},
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

/// Reads the body of both captures.
pub(crate) fn read(root: &Fields<'_>) -> SettlementAsked {
    SettlementAsked::Capture {
        amount: settlement::amount(root, &["final", "order", "reason"]),
        is_final: root.boolean("final"),
    }
}

/// Capture an order (V1)
///
/// Takes the money that an authorised order holds, all of it or the `amount`. What a partial capture leaves is released, unless
/// `final` is `false` and the processor takes several captures of one charge. Where the processor answers later, or its answer was
/// lost, the order stays `authorized` until its end is known; the webhook tells.
#[utoipa::path(
    post,
    path = "/merchants/orders/{order_token}/capture",
    tag = "After the purchase",
    operation_id = "captureOrder",
    security(("api_key" = [])),
    params(
        ("order_token" = String, Path, description = "The token that Create Order answered.", format = Uuid),
        ("X-Idempotency-Key" = Option<String>, Header, description = "Makes a repeated call the same call; 1 to 255 visible ASCII characters, a UUID is advised."),
    ),
    request_body(content = Option<CaptureBody>, description = "May be left out: everything is captured."),
    responses(
        (status = 204, description = "Captured, or accepted by the processor."),
        (status = 400, description = "The body or a header is wrong (`EMA-1002`, `EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 403, description = "The key is a public one (`EMA-5000`).", body = ErrorBody),
        (status = 404, description = "There is no such order (`EMA-3001`).", body = ErrorBody),
        (status = 409, description = "The order holds no money (`EMA-6003`), or less than that (`DP-4018`), a payment is under way (`EMA-6002`), or the processor does not offer it (`DP-5001`).", body = ErrorBody),
        (status = 413, description = "The body is too large.", body = ErrorBody),
        (status = 415, description = "The body is not JSON.", body = ErrorBody),
        (status = 422, description = "The processor refused (`EMA-6003`): the order is in `data`, as it stands.", body = DeniedBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn capture_order(
    State(state): State<OrdersState>,
    token: OrderToken,
    request: Request,
) -> Result<Response, Failure> {
    let settled = settlement::settle(&state, token, request, read, RefusalCode::CannotCapture).await?;
    Ok(match settled {
        Ok(answer) => reply::marked(StatusCode::NO_CONTENT.into_response(), answer.replayed),
        Err(refused) => *refused,
    })
}

/// Capture an order (V2)
///
/// As V1, and answers the order: `payment.data.settlements` has what was asked for and how it stands.
#[utoipa::path(
    post,
    path = "/merchants/orders/{order_token}/v2/capture",
    tag = "After the purchase",
    operation_id = "captureOrderV2",
    security(("api_key" = [])),
    params(
        ("order_token" = String, Path, description = "The token that Create Order answered.", format = Uuid),
        ("X-Idempotency-Key" = Option<String>, Header, description = "Makes a repeated call the same call; 1 to 255 visible ASCII characters, a UUID is advised."),
    ),
    request_body(content = Option<CaptureBody>, description = "May be left out: everything is captured."),
    responses(
        (status = 200, description = "Captured, or accepted by the processor.", body = OrderReply),
        (status = 400, description = "The body or a header is wrong (`EMA-1002`, `EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 403, description = "The key is a public one (`EMA-5000`).", body = ErrorBody),
        (status = 404, description = "There is no such order (`EMA-3001`).", body = ErrorBody),
        (status = 409, description = "The order holds no money (`EMA-6003`), or less than that (`DP-4018`), a payment is under way (`EMA-6002`), or the processor does not offer it (`DP-5001`).", body = ErrorBody),
        (status = 413, description = "The body is too large.", body = ErrorBody),
        (status = 415, description = "The body is not JSON.", body = ErrorBody),
        (status = 422, description = "The processor refused (`EMA-6003`): the order is in `data`, as it stands.", body = DeniedBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn capture_order_v2(
    State(state): State<OrdersState>,
    token: OrderToken,
    request: Request,
) -> Result<Response, Failure> {
    let settled = settlement::settle(&state, token, request, read, RefusalCode::CannotCapture).await?;
    Ok(match settled {
        Ok(answer) => reply::marked(reply::order(&answer.document), answer.replayed),
        Err(refused) => *refused,
    })
}

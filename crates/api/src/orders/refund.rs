//! Refund: `POST /merchants/orders/{order_token}/refund` and `…/v2/refund` (deuna-api.md section 7).

use crate::orders::{
    OrdersState,
    errors::Failure,
    fields::Fields,
    reply,
    schema::{DeniedBody, ErrorBody, OrderReply, RefundBody, RefundReply},
    settlement,
    token::OrderToken,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use orchestrator::SettlementAsked;
use payments::RefusalCode;

/// Reads the body of both refunds.
pub(crate) fn read(root: &Fields<'_>) -> SettlementAsked {
    SettlementAsked::Refund {
        amount: settlement::amount(root, &["reason", "order"]),
        reason: settlement::reason(root),
    }
}

/// Refund an order (V1)
///
/// Gives back what was captured, all that is left of it or the `amount`; several refunds may follow each other until everything is
/// given back. Where the processor answers later, or its answer was lost, the status is `refunding` or `partial_refunding` until
/// its end is known; each end has a webhook.
#[utoipa::path(
    post,
    path = "/merchants/orders/{order_token}/refund",
    tag = "After the purchase",
    operation_id = "refundOrder",
    security(("api_key" = [])),
    params(
        ("order_token" = String, Path, description = "The token that Create Order answered.", format = Uuid),
        ("X-Idempotency-Key" = Option<String>, Header, description = "Makes a repeated call the same call; 1 to 255 visible ASCII characters, a UUID is advised."),
    ),
    request_body(content = Option<RefundBody>, description = "May be left out: everything is refunded."),
    responses(
        (status = 200, description = "Refunded, or accepted by the processor.", body = RefundReply),
        (status = 400, description = "The body or a header is wrong (`EMA-1002`, `EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 403, description = "The key is a public one (`EMA-5000`).", body = ErrorBody),
        (status = 404, description = "There is no such order (`EMA-3001`).", body = ErrorBody),
        (status = 409, description = "Nothing was captured (`EMA-6000`), less than that is left (`DP-4018`), or nothing (`DP-6005`), a payment is under way (`EMA-6002`), or the processor does not offer it (`DP-5001`).", body = ErrorBody),
        (status = 413, description = "The body is too large.", body = ErrorBody),
        (status = 415, description = "The body is not JSON.", body = ErrorBody),
        (status = 422, description = "The processor refused (`EMA-6000`): the order is in `data`, as it stands.", body = DeniedBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn refund_order(
    State(state): State<OrdersState>,
    token: OrderToken,
    request: Request,
) -> Result<Response, Failure> {
    let settled = settlement::settle(&state, token, request, read, RefusalCode::CannotRefund).await?;
    Ok(match settled {
        Ok(answer) => {
            let amount = answer.settled.as_ref().and_then(|settled| settled.amount);
            reply::marked(reply::refunded(&answer.document, amount), answer.replayed)
        }
        Err(refused) => *refused,
    })
}

/// Refund an order (V2)
///
/// As V1, and answers the order: `payment.data.settlements` has what was asked for and how it stands.
#[utoipa::path(
    post,
    path = "/merchants/orders/{order_token}/v2/refund",
    tag = "After the purchase",
    operation_id = "refundOrderV2",
    security(("api_key" = [])),
    params(
        ("order_token" = String, Path, description = "The token that Create Order answered.", format = Uuid),
        ("X-Idempotency-Key" = Option<String>, Header, description = "Makes a repeated call the same call; 1 to 255 visible ASCII characters, a UUID is advised."),
    ),
    request_body(content = Option<RefundBody>, description = "May be left out: everything is refunded."),
    responses(
        (status = 200, description = "Refunded, or accepted by the processor.", body = OrderReply),
        (status = 400, description = "The body or a header is wrong (`EMA-1002`, `EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 403, description = "The key is a public one (`EMA-5000`).", body = ErrorBody),
        (status = 404, description = "There is no such order (`EMA-3001`).", body = ErrorBody),
        (status = 409, description = "Nothing was captured (`EMA-6000`), less than that is left (`DP-4018`), or nothing (`DP-6005`), a payment is under way (`EMA-6002`), or the processor does not offer it (`DP-5001`).", body = ErrorBody),
        (status = 413, description = "The body is too large.", body = ErrorBody),
        (status = 415, description = "The body is not JSON.", body = ErrorBody),
        (status = 422, description = "The processor refused (`EMA-6000`): the order is in `data`, as it stands.", body = DeniedBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn refund_order_v2(
    State(state): State<OrdersState>,
    token: OrderToken,
    request: Request,
) -> Result<Response, Failure> {
    let settled = settlement::settle(&state, token, request, read, RefusalCode::CannotRefund).await?;
    Ok(match settled {
        Ok(answer) => reply::marked(reply::order(&answer.document), answer.replayed),
        Err(refused) => *refused,
    })
}

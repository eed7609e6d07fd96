//! Purchase V1: `POST /merchants/transactions/purchase`, always the second of two steps (deuna-api.md section 5.1).

use crate::orders::{
    OrdersState,
    call::Call,
    errors::Failure,
    fields::Fields,
    keys::Access,
    problems::Problems,
    purchase::{self, Named, Surroundings},
    reply,
    schema::{DeniedBody, ErrorBody, PurchaseReply, PurchaseV1Body},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use payments::{Purchase, PurchaseApi, PurchaseTarget, Refusal, RefusalCode};

/// Reads the body.
pub(crate) fn read(root: &Fields<'_>, around: Surroundings<'_>) -> Option<Purchase> {
    let named = Named {
        api: PurchaseApi::V1,
        target: root
            .required("token", purchase::order_token)
            .map(PurchaseTarget::Existing),
        billing: None,
        shipping: None,
        email: root.required("email", |root, name| root.email(name)),
        identity_document: None,
        store_code: root.required("store_code", purchase::store_code),
        notify_url: None,
        fraud: None,
        card_name: "credit_card",
    };
    purchase::read(root, named, around)
}

/// Pay an order (V1)
///
/// Pays the order of `token` with a card. A card that needs a challenge answers `200` with
/// `payment.data.status` `pending_3ds` and the page to send the cardholder to. A payment that was refused answers `422`,
/// with the order in `data`.
#[utoipa::path(
    post,
    path = "/merchants/transactions/purchase",
    tag = "Purchases",
    operation_id = "purchaseV1",
    security(("api_key" = [])),
    params(
        ("X-Idempotency-Key" = Option<String>, Header, description = "Makes a repeated call the same call; 1 to 255 visible ASCII characters, a UUID is advised."),
        ("X-Device-Id" = Option<String>, Header, description = "Device for fraud checks, unless `device_id` is given."),
        ("X-Session-Id" = Option<String>, Header, description = "Session for fraud checks, unless `session_id` is given."),
    ),
    request_body = PurchaseV1Body,
    responses(
        (status = 200, description = "Paid, authorised, waiting for the cardholder, or with an outcome that is not known yet: see `order.payment.data.status`.", body = PurchaseReply),
        (status = 422, description = "The payment was refused, or the card cannot be right or may not be tried again (`DP-4002`).", body = DeniedBody),
        (status = 400, description = "The body or a header is wrong (`DP-3000`, `EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 404, description = "There is no such order (`EMA-3001`).", body = ErrorBody),
        (status = 409, description = "The order cannot be paid now (`EMA-1004`, `EMA-6019`, `DP-4019`, `EMA-9001`), another order with its `order_id` is being paid (`DP-4019`) or is paid and not wholly given back (`EMA-1004`), or the idempotency key was used for another body (`EMA-1002`).", body = ErrorBody),
        (status = 413, description = "The body is too large.", body = ErrorBody),
        (status = 415, description = "The body is not JSON.", body = ErrorBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn purchase_v1(State(state): State<OrdersState>, request: Request) -> Result<Response, Failure> {
    let call = Call::accept(&state, request, Access::Any).await?;
    let purchase = parse(&call, &state)?;
    let answer = state
        .orders
        .purchase(&call.caller, purchase, call.idempotency)
        .await?;
    let document = &answer.document;
    let response = match document.payment_status() {
        Some("denied") => {
            let code = document.code().unwrap_or(RefusalCode::InvalidCard.as_str());
            reply::denied(
                document,
                code,
                document.reason().unwrap_or("the payment was refused"),
            )
        }
        _ => reply::purchased(document),
    };
    Ok(reply::marked(response, answer.replayed))
}

fn parse(call: &Call, state: &OrdersState) -> Result<Purchase, Refusal> {
    let body = call.object(RefusalCode::PurchasePayload)?;
    let problems = Problems::new(RefusalCode::PurchasePayload);
    let around = call.surroundings(state);
    let read = read(&Fields::root(&body, &problems), around);
    problems.unless_any(read)
}

//! Purchase V2: `POST /merchants/transactions/v2/purchase`, in one step or as the second of two (deuna-api.md section
//! 5.2). Takes V1's spellings too.

use crate::orders::{
    OrdersState, address,
    call::Call,
    errors::Failure,
    fields::Fields,
    keys::Access,
    order,
    problems::Problems,
    purchase::{self, Named, Surroundings},
    reply,
    schema::{ErrorBody, PurchaseReply, PurchaseV2Body},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use payments::{Purchase, PurchaseApi, PurchaseTarget, Refusal, RefusalCode};
use primitives::{Email, UrlPolicy};

/// Reads the body.
pub(crate) fn read(root: &Fields<'_>, around: Surroundings<'_>) -> Option<Purchase> {
    let payer = root.object("payer_info");
    let fraud = root.object("anti_fraud_info");
    let email = email(root, payer.as_ref());
    let mut named = Named {
        api: PurchaseApi::V2,
        target: None,
        billing: None,
        shipping: None,
        email: email.clone(),
        identity_document: payer
            .as_ref()
            .and_then(|payer| address::identity_document(payer, "identity_document")),
        store_code: purchase::store_code(root, "store_code"),
        notify_url: order::notify_url(root, around.urls),
        fraud,
        card_name: root.spelling(&["credit_info", "credit_card"]),
    };
    find_order(root, &mut named, email, around.urls);
    let purchase = purchase::read(root, named, around)?;
    if let (PurchaseTarget::New(new), None) = (&purchase.target, &purchase.shopper.email)
        && new.payer_email.is_none()
    {
        root.wrong("payer_info.email", "is required");
    }
    Some(purchase)
}

fn email(root: &Fields<'_>, payer: Option<&Fields<'_>>) -> Option<Email> {
    let of_payer = payer.and_then(|payer| payer.email("email"));
    let at_root = root.email("email");
    if of_payer.is_some() && at_root.is_some() && of_payer != at_root {
        root.wrong("email", "contradicts payer_info.email");
    }
    of_payer.or(at_root)
}

/// Either an order's token or an order. Beside a token, `order` may still carry the webhook address of this call.
fn find_order(root: &Fields<'_>, named: &mut Named<'_>, payer: Option<Email>, urls: UrlPolicy) {
    let token = root.spelling(&["order_token", "token"]);
    let order = root.object("order");
    match (root.has(token), order) {
        (true, order) => {
            named.target = purchase::order_token(root, token).map(PurchaseTarget::Existing);
            if let Some(order) = order {
                if order.members().keys().any(|name| name != "webhook_urls") {
                    root.wrong("order", format!("must not be given beside {token}"));
                }
                named.notify_url = named
                    .notify_url
                    .take()
                    .or_else(|| order::notify_url(&order, urls));
            }
        }
        (false, Some(order)) => {
            if let Some(given) = order::read(&order, order::order_type(root), payer, urls) {
                named.paying(given);
            }
        }
        // An `order` of another type has been told already.
        (false, None) if root.has("order") => {}
        (false, None) => root.wrong("order_token", "is required, unless order is given"),
    }
}

/// Pay an order (V2)
///
/// Pays the order of `order_token`, or the `order` given with the call, with a card. A payment that was refused answers
/// `200` with `payment.data.status` `denied` and the reason in `payment.data.metadata`.
#[utoipa::path(
    post,
    path = "/merchants/transactions/v2/purchase",
    tag = "Purchases",
    operation_id = "purchaseV2",
    security(("api_key" = [])),
    params(
        ("X-Idempotency-Key" = Option<String>, Header, description = "Makes a repeated call the same call; 1 to 255 visible ASCII characters, a UUID is advised."),
        ("X-Device-Id" = Option<String>, Header, description = "Device for fraud checks, unless `anti_fraud_info.device_id` is given."),
        ("X-Session-Id" = Option<String>, Header, description = "Session for fraud checks, unless `anti_fraud_info.session_id` is given."),
    ),
    request_body = PurchaseV2Body,
    responses(
        (status = 200, description = "Paid, authorised, refused, waiting for the cardholder, or with an outcome that is not known yet: see `order.payment.data.status`.", body = PurchaseReply),
        (status = 422, description = "The card cannot be right (`DP-4303`, `DP-4300`, `DP-4100`, `DP-4101`, `DP-4008`) or may not be tried again (`DP-4002`).", body = ErrorBody),
        (status = 400, description = "The body or a header is wrong (`DP-3000`, `EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 404, description = "There is no such order (`EMA-3001`).", body = ErrorBody),
        (status = 409, description = "The order cannot be paid now (`EMA-1004`, `EMA-6019`, `DP-4019`, `EMA-9001`), another order with its `order_id` is being paid (`DP-4019`) or is paid and not wholly given back (`EMA-1004`; `EMA-6004` where the same call brings the order), or the idempotency key was used for another body (`EMA-1002`).", body = ErrorBody),
        (status = 413, description = "The body is too large.", body = ErrorBody),
        (status = 415, description = "The body is not JSON.", body = ErrorBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn purchase_v2(State(state): State<OrdersState>, request: Request) -> Result<Response, Failure> {
    let call = Call::accept(&state, request, Access::Any).await?;
    let purchase = parse(&call, &state)?;
    let answer = state
        .orders
        .purchase(&call.caller, purchase, call.idempotency)
        .await?;
    Ok(reply::marked(reply::purchased(&answer.document), answer.replayed))
}

fn parse(call: &Call, state: &OrdersState) -> Result<Purchase, Refusal> {
    let body = call.object(RefusalCode::PurchasePayload)?;
    let problems = Problems::new(RefusalCode::PurchasePayload);
    let around = call.surroundings(state);
    let read = read(&Fields::root(&body, &problems), around);
    problems.unless_any(read)
}

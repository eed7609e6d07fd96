//! Answers that carry an order. Its document is written once, by `payments`, and goes into them as the text it is.

use crate::orders::idempotency::{IDEMPOTENCY_REPLAYED, REPLAYED};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use payments::OrderDocument;
use primitives::Amount;

/// The answer of both purchases (deuna-api.md section 5.3).
pub fn purchased(document: &OrderDocument) -> Response {
    json(
        StatusCode::OK,
        format!(
            r#"{{"order":{},"order_token":"{}"}}"#,
            document.as_json(),
            document.token()
        ),
    )
}

/// The answer to a payment, capture, void or refund that was refused: an error that carries the order as it now stands.
pub fn denied(document: &OrderDocument, code: &str, description: &str) -> Response {
    let error = serde_json::json!({ "code": code, "description": description });
    json(
        StatusCode::UNPROCESSABLE_ENTITY,
        format!(r#"{{"error":{error},"data":{}}}"#, document.as_json()),
    )
}

/// The answer of Capture V2 and Refund V2 (section 7).
pub fn order(document: &OrderDocument) -> Response {
    json(StatusCode::OK, format!(r#"{{"order":{}}}"#, document.as_json()))
}

/// The answer of Refund V1 (section 7).
pub fn refunded(document: &OrderDocument, amount: Option<Amount>) -> Response {
    let amount =
        amount.map(|amount| serde_json::json!({ "amount": amount.minor(), "currency": amount.currency() }));
    let data = serde_json::json!({ "status": document.payment_status(), "refund_amount": amount });
    json(StatusCode::OK, serde_json::json!({ "data": data }).to_string())
}

/// The answer of Get Order (section 4).
pub fn found(document: &OrderDocument) -> Response {
    json(
        StatusCode::OK,
        format!(
            r#"{{"token":"{}","order_type":{},"checkout_modules":[],"custom_fields":[],"order":{}}}"#,
            document.token(),
            serde_json::Value::from(document.order_type()),
            document.as_json()
        ),
    )
}

/// The answer of Create Order (section 3.2). The token to use is the one at the root; the order's own is empty there.
pub fn created(document: &OrderDocument) -> Response {
    let token = document.token();
    // Nobody could have written this very member into the order: its token is no older than the order.
    let order = document
        .as_json()
        .replacen(&format!(r#""token":"{token}""#), r#""token":"""#, 1);
    json(
        StatusCode::OK,
        format!(
            r#"{{"token":"{token}","order_type":{},"order":{order}}}"#,
            serde_json::Value::from(document.order_type())
        ),
    )
}

/// Says that the answer was given before, if it was.
pub fn marked(mut response: Response, replayed: bool) -> Response {
    if replayed {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, REPLAYED);
    }
    response
}

fn json(status: StatusCode, text: String) -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, JSON)], text).into_response()
}

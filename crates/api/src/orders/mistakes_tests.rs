//! Particular mistakes: each with the code and the words that help with it.

use super::{bad_input_tests::with, testing::*};
use serde_json::json;

#[tokio::test]
async fn particular_mistakes_have_particular_words() {
    let face = face();
    let v2 = "/merchants/transactions/v2/purchase";
    for (path, body, at, value, code, description) in [
        (
            "/merchants/orders",
            order_body(),
            "order.total_amount",
            json!(-5),
            "EMA-1002",
            "order.total_amount: must not be negative",
        ),
        (
            "/merchants/orders",
            order_body(),
            "order.total_amount",
            json!(10.5),
            "EMA-1002",
            "order.total_amount: must be a whole number of minor units",
        ),
        (
            "/merchants/orders",
            order_body(),
            "order.total_amount",
            json!(10_000_000_000_000_i64),
            "EMA-1002",
            "order.total_amount: must be at most 999999999999 minor units",
        ),
        (
            "/merchants/orders",
            order_body(),
            "order.currency",
            json!("XXX"),
            "EMA-1002",
            "order.currency: is not an ISO 4217 currency code",
        ),
        (
            "/merchants/orders",
            order_body(),
            "order.webhook_urls",
            json!({ "notify_order": "http://shop.example" }),
            "EMA-1002",
            "order.webhook_urls.notify_order: must be an absolute https URL of at most 2048 characters",
        ),
        (
            v2,
            purchase_v2_body(),
            "token",
            json!("0199c1d2-7a5e-7c60-8d5c-000000000001"),
            "DP-3000",
            "token: contradicts order_token",
        ),
        (
            v2,
            purchase_v2_body(),
            "order",
            json!({ "currency": "MXN" }),
            "DP-3000",
            "order: must not be given beside order_token",
        ),
        (
            v2,
            purchase_v2_body(),
            "email",
            json!("other@example.com"),
            "DP-3000",
            "email: contradicts payer_info.email",
        ),
        (
            v2,
            purchase_v2_body(),
            "credit_info.exp_month",
            json!(12),
            "DP-3000",
            "credit_info.exp_month: contradicts credit_info.expiry_month",
        ),
        (
            v2,
            purchase_v2_body(),
            "credit_info.card_number",
            json!("4000000000001001"),
            "DP-4303",
            "credit_info.card_number: must be 13 to 19 digits with a valid check digit",
        ),
        (
            v2,
            purchase_v2_body(),
            "credit_info.expiry_year",
            json!("20"),
            "DP-4300",
            "credit_info.expiry_year: is in the past",
        ),
        (
            v2,
            purchase_v2_body(),
            "credit_info.card_cvv",
            json!(null),
            "DP-4100",
            "credit_info.card_cvv: is required",
        ),
        (
            v2,
            purchase_v2_body(),
            "credit_info.card_cvv",
            json!("12345"),
            "DP-4101",
            "credit_info.card_cvv: must be 3 or 4 digits",
        ),
        (
            v2,
            purchase_v2_body(),
            "card_id",
            json!("c-1"),
            "DP-4008",
            "card_id: there is no saved card of this id",
        ),
        (
            v2,
            purchase_v2_body(),
            "method_type",
            json!("cash"),
            "EM-1005",
            "method_type: is not configured for this merchant",
        ),
        (
            v2,
            purchase_v2_body(),
            "installments",
            json!(100),
            "DP-3000",
            "installments: must be a whole number from 0 to 99",
        ),
        (
            v2,
            purchase_v2_body(),
            "callback_urls",
            json!({ "on_failed": "javascript:alert(1)" }),
            "DP-3000",
            "callback_urls.on_failed: must be an absolute https URL of at most 2048 characters",
        ),
        (
            v2,
            purchase_v2_body(),
            "browser_details",
            json!({ "time_zone": "x9" , "color_depth": "deep" }),
            "DP-3000",
            "browser_details.color_depth: must be a whole number from 0 to 999",
        ),
        (
            v2,
            purchase_v2_body(),
            "three_ds",
            json!({ "mode": "always" }),
            "DP-3000",
            "three_ds.mode: must be one of off, auto, force, data_only",
        ),
        (
            v2,
            purchase_v2_body(),
            "metadata",
            json!({ "a": "x".repeat(20_000) }),
            "DP-3000",
            "metadata: must be at most 16384 bytes",
        ),
        (
            v2,
            one_step_body(),
            "order.items",
            json!([{ "quantity": "two" }]),
            "DP-3000",
            "order.items[0].quantity: must be a number from 0 to 1000000000",
        ),
    ] {
        let (status, _, answer) = send(&face.0, request("POST", path, with(body, at, Some(value)))).await;
        assert!(status.is_client_error(), "{status} {answer}");
        assert_eq!(
            answer["error"],
            json!({ "code": code, "description": description })
        );
    }
    assert!(face.1.asked().is_empty());
}

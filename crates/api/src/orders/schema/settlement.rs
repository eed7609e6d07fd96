//! Bodies and answers of captures, voids and refunds (deuna-api.md section 7).

use super::{Money, Order};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Body of both captures.
#[derive(ToSchema)]
#[schema(example = json!({ "amount": 10000, "final": true }))]
pub struct CaptureBody {
    /// Minor units; everything that is held, when absent.
    #[schema(minimum = 1, maximum = 999_999_999_999_i64)]
    pub amount: Option<i64>,
    /// Must be the order's, when given.
    #[schema(example = "MXN")]
    pub currency: Option<String>,
    /// `false` keeps what is not captured, where the processor takes several captures; otherwise it is released.
    pub r#final: Option<bool>,
    /// Taken for other clients' sake, and not read.
    pub order: Option<Map<String, Value>>,
}

/// Body of Void.
#[derive(ToSchema)]
#[schema(example = json!({ "reason": "out of stock" }))]
pub struct ReasonBody {
    #[schema(max_length = 255)]
    pub reason: Option<String>,
}

/// Body of both refunds.
#[derive(ToSchema)]
#[schema(example = json!({ "amount": 2500, "reason": "one shoe came back" }))]
pub struct RefundBody {
    /// Minor units; everything that is left, when absent.
    #[schema(minimum = 1, maximum = 999_999_999_999_i64)]
    pub amount: Option<i64>,
    /// Must be the order's, when given.
    #[schema(example = "MXN")]
    pub currency: Option<String>,
    /// For people; some processors show it to the cardholder.
    #[schema(max_length = 255)]
    pub reason: Option<String>,
    /// Taken for other clients' sake, and not read.
    pub order: Option<Map<String, Value>>,
}

/// A capture, void or refund of a payment.
#[derive(ToSchema)]
pub struct Settlement {
    #[schema(format = Uuid)]
    pub id: String,
    /// `capture`, `void` or `refund`.
    #[schema(example = "refund")]
    pub r#type: String,
    pub amount: Money,
    /// `pending`, `succeeded` or `failed`.
    #[schema(example = "succeeded")]
    pub status: String,
    /// Why it failed (`EMA-6003`, `EMA-6001`, `EMA-6000`, `DP-6003`); empty otherwise.
    pub code: String,
    /// Why it failed, or the reason that was given for it.
    pub reason: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// Answer of Refund V1.
#[derive(ToSchema)]
#[schema(example = json!({ "data": { "status": "partial_refunded", "refund_amount": { "amount": 2500, "currency": "MXN" } } }))]
pub struct RefundReply {
    pub data: RefundData,
}

/// How a refund stands.
#[derive(ToSchema)]
pub struct RefundData {
    /// `refunded`, `partial_refunded`, `refunding` or `partial_refunding`.
    pub status: String,
    pub refund_amount: Money,
}

/// Answer of Capture V2 and Refund V2.
#[derive(ToSchema)]
pub struct OrderReply {
    pub order: Order,
}

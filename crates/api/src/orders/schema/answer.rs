//! What is answered (deuna-api.md sections 3.2, 4, 5.3 and 10).

use super::{order::Money, settlement::Settlement};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Answer of Create Order.
#[derive(ToSchema)]
pub struct CreateOrderReply {
    /// The token of the order, to be used from here on.
    #[schema(format = Uuid)]
    pub token: String,
    pub order_type: String,
    /// The order; its own `token` is empty.
    pub order: Order,
}

/// Answer of Get Order.
#[derive(ToSchema)]
pub struct GetOrderReply {
    #[schema(format = Uuid)]
    pub token: String,
    pub order_type: String,
    pub checkout_modules: Vec<Map<String, Value>>,
    pub custom_fields: Vec<Map<String, Value>>,
    pub order: Order,
}

/// Answer of both purchases.
#[derive(ToSchema)]
pub struct PurchaseReply {
    pub order: Order,
    #[schema(format = Uuid)]
    pub order_token: String,
}

/// Answer of Purchase V1 to a payment that was refused, or to a card that cannot be right (`data` is then `null`).
#[derive(ToSchema)]
pub struct DeniedBody {
    pub error: ErrorDetail,
    pub data: Option<Order>,
}

/// An error. For a wrong key (401) `code` and `message` stand at the root as well.
#[derive(ToSchema)]
#[schema(example = json!({ "error": { "code": "EMA-1002", "description": "order.currency: is required" }, "data": null }))]
pub struct ErrorBody {
    pub error: ErrorDetail,
    /// Always `null`.
    pub data: Option<Map<String, Value>>,
}

/// What went wrong.
#[derive(ToSchema)]
pub struct ErrorDetail {
    #[schema(example = "EMA-1002")]
    pub code: String,
    /// The member at fault as a path, and what is wrong with it; several are separated by semicolons.
    #[schema(example = "order.currency: is required")]
    pub description: String,
}

/// An order as it stands: what the merchant sent, completed. Ignore members you do not know.
#[derive(ToSchema)]
pub struct Order {
    pub order_id: String,
    #[schema(format = Uuid)]
    pub token: String,
    pub store_code: String,
    pub currency: String,
    pub total_amount: i64,
    #[schema(example = "MXN 150.00")]
    pub display_total_amount: Option<String>,
    /// `pending`, `succeeded`, `cancelled`, `refund` or `expired`.
    #[schema(example = "succeeded")]
    pub status: String,
    /// Copy of `payment.data.status`.
    pub payment_status: Option<String>,
    /// Copy of `payment.data.method_type`.
    pub payment_method: Option<String>,
    pub payment_link: Option<String>,
    pub transaction_id: Option<String>,
    pub payment: Payment,
    /// Changes when, and only when, the order's state does: pass it as `since` to wait for the next change.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub hash_state: String,
    /// The log of notifications about this order.
    pub hooks: Vec<Map<String, Value>>,
    #[schema(format = DateTime)]
    pub created_at: Option<String>,
    #[schema(format = DateTime)]
    pub updated_at: Option<String>,
}

/// The latest payment of an order.
#[derive(ToSchema)]
pub struct Payment {
    /// Empty when nobody has tried to pay.
    pub data: PaymentData,
    pub error: Option<ErrorDetail>,
}

/// One payment.
#[derive(ToSchema)]
pub struct PaymentData {
    #[schema(format = Uuid)]
    pub id: Option<String>,
    /// `processing`, `pending`, `authorizing`, `pending_3ds`, `denied`, `processed`, `authorized`, `captured`,
    /// `partial_refunded`, `refunding`, `refunded`, `voided` or `cancelled`.
    #[schema(example = "pending_3ds")]
    pub status: Option<String>,
    #[schema(example = "kushki")]
    pub processor: Option<String>,
    pub method_type: Option<String>,
    pub reason: Option<String>,
    pub amount: Option<Money>,
    pub from_card: Option<FromCard>,
    /// The processor's own id.
    pub external_transaction_id: Option<String>,
    /// The card network's id of the approved charge, where the processor tells it. Keep that of the charge with which the
    /// cardholder left the card: `recurrence.network_transaction_id` of every later one.
    #[schema(example = "016150703802094")]
    pub network_transaction_id: Option<String>,
    pub installments: Option<u8>,
    /// `3DS2` when 3-D Secure ran.
    pub authentication_method: Option<String>,
    /// Present while the cardholder is to be sent to a page. Absent in `pending_3ds` when the issuer reaches the cardholder
    /// by a way of its own (`three_ds.flow` is then `decoupled`).
    pub next_action: Option<NextAction>,
    /// The older place of the same URL, as `url_challenge`.
    pub authorization_3ds: Option<Map<String, Value>>,
    pub metadata: Option<PaymentMetadata>,
    /// What was captured, voided and refunded since, once the payment is approved: all that is under way or done, and the
    /// latest that failed.
    pub settlements: Option<Vec<Settlement>>,
    pub three_ds: Option<ThreeDs>,
    /// What was decided about the authentication for each connection that came into question after another one or the
    /// authentication had failed: `connection_id`, `processor`, `decision` (`carried`, `anew`, `not_used`, `not_needed`,
    /// `waived`) and `reason`; where a routing rule waived it also `failed`, the `code` and `reason` that the payment would
    /// have been denied with.
    pub three_ds_reuse: Option<Vec<Map<String, Value>>>,
    #[schema(format = DateTime)]
    pub created_at: Option<String>,
    #[schema(format = DateTime)]
    pub updated_at: Option<String>,
}

/// The card that paid, as far as it may be shown.
#[derive(ToSchema)]
pub struct FromCard {
    #[schema(example = "visa")]
    pub card_brand: String,
    #[schema(example = "400000")]
    pub first_six: String,
    #[schema(example = "1000")]
    pub last_four: String,
    pub card_holder: String,
    pub bank: String,
    pub country_iso: String,
}

/// What the shopper has to do.
#[derive(ToSchema)]
pub struct NextAction {
    pub authorization_3ds: Redirection,
}

/// The page the cardholder's browser is to open.
#[derive(ToSchema)]
pub struct Redirection {
    #[schema(format = "uri")]
    pub url: String,
}

/// How the payment ended, or what it waits for.
#[derive(ToSchema)]
pub struct PaymentMetadata {
    /// `DP-7028` while waiting for 3-D Secure, `DP-6003` while the outcome is not known, a `DEUNA_3DS.*` code after a
    /// failed authentication, `DP-4500` and its like after a decline.
    #[schema(example = "DP-7028")]
    pub code: String,
    pub status: Option<String>,
    pub reason: String,
}

/// What 3-D Secure gave, be it a refusal.
#[derive(ToSchema)]
pub struct ThreeDs {
    #[schema(example = "2.2.0")]
    pub version: Option<String>,
    #[schema(example = "05")]
    pub eci: Option<String>,
    pub cavv: Option<String>,
    pub ds_trans_id: Option<String>,
    pub acs_trans_id: Option<String>,
    pub three_ds_server_trans_id: Option<String>,
    #[schema(example = "Y")]
    pub trans_status: Option<String>,
    pub trans_status_reason: Option<String>,
    /// `frictionless`, `semi_frictionless`, `challenge` or `decoupled`.
    pub flow: Option<String>,
    pub liability_shift: Option<bool>,
    /// What the issuer wants the cardholder to read.
    pub cardholder_info: Option<String>,
    /// Until when the issuer may take to reach the cardholder, while that is waited for.
    #[schema(format = DateTime)]
    pub decoupled_until: Option<String>,
    /// The ground that the charge gave for going without authentication.
    pub exemption: Option<String>,
}

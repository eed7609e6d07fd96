//! What merchants send to have an order paid (deuna-api.md section 5).

use super::order::{Address, OrderBody, PayerInfo, WebhookUrls};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Body of Purchase V1.
#[derive(ToSchema)]
#[schema(example = json!({
    "token": "0199c1d2-7a5e-7c60-8d5c-1f2a3b4c5d6e", "email": "ana@example.com", "method_type": "credit_card", "store_code": "all",
    "credit_card": {
        "card_number": "4000000000001000", "card_cvv": "123", "card_holder": "Ana Pérez",
        "expiry_month": "11", "expiry_year": "2031"
    },
    "installments": 1,
    "specific_fields": { "callbacks": { "on_success": "https://shop.example/thanks", "on_failed": "https://shop.example/retry" } }
}))]
pub struct PurchaseV1Body {
    /// The order's token.
    #[schema(format = Uuid)]
    pub token: String,
    #[schema(format = Email)]
    pub email: String,
    /// `credit_card` or `debit_card`; the other methods of DEUNA are not configured.
    pub method_type: String,
    #[schema(max_length = 64)]
    pub store_code: String,
    /// Forces a processor; otherwise routing decides.
    #[schema(max_length = 64, example = "kushki")]
    pub processor_name: Option<String>,
    pub credit_card: CardBody,
    /// A saved card. There are none yet.
    pub card_id: Option<String>,
    #[schema(minimum = 0, maximum = 99, default = 1)]
    pub installments: Option<u8>,
    /// `false` holds the money only, `true` takes it, whatever the connection is set to.
    pub capture: Option<bool>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    pub browser_details: Option<BrowserDetails>,
    #[schema(max_length = 255)]
    pub device_id: Option<String>,
    #[schema(max_length = 255)]
    pub session_id: Option<String>,
    pub specific_fields: Option<SpecificFields>,
    /// Where the browser goes after an end that has no callback of its own.
    #[schema(format = "uri")]
    pub callback_url: Option<String>,
    /// `customer` (default) or `merchant`. Where the merchant starts the payment there is no cardholder to be asked, so
    /// that it is never authenticated, whatever `three_ds` says.
    pub initiator_type: Option<String>,
    /// `ecommerce` (default) or `moto`.
    pub market_type: Option<String>,
    /// A card that the merchant keeps; `stored_credential` means the same.
    pub recurrence: Option<Recurrence>,
    pub secure_authentication: Option<SecureAuthentication>,
    pub three_ds: Option<ThreeDsChoice>,
    pub metadata: Option<Map<String, Value>>,
}

/// Body of Purchase V2. Exactly one of `order_token` and `order` names the order; `token`, `email`, `credit_card`,
/// `device_id`, `session_id` and `specific_fields` of V1 are taken too.
#[derive(ToSchema)]
#[schema(example = json!({
    "order_type": "DEUNA_NOW",
    "order": {
        "order_id": "A-1002", "store_code": "all", "currency": "MXN",
        "total_amount": 15000, "sub_total": 15000, "items_total_amount": 15000,
        "webhook_urls": { "notify_order": "https://shop.example/webhooks/pasarela" }
    },
    "payer_info": { "email": "ana@example.com" },
    "method_type": "credit_card",
    "credit_info": {
        "card_number": "4000000000001000", "card_cvv": "123", "card_holder": "Ana Pérez",
        "expiry_month": "11", "expiry_year": "2031"
    },
    "callback_urls": {
        "on_success": "https://shop.example/thanks", "on_reject": "https://shop.example/retry",
        "on_canceled": "https://shop.example/cart", "on_failed": "https://shop.example/retry"
    },
    "browser_details": {
        "user_agent": "Mozilla/5.0", "accept_header": "text/html,*/*", "ip_address": "203.0.113.7", "language": "es-MX",
        "color_depth": 24, "screen_height": 1080, "screen_width": 1920, "time_zone": 360,
        "java_enabled": false, "javascript_enabled": true
    }
}))]
pub struct PurchaseV2Body {
    /// The order to pay; `token` means the same.
    #[schema(format = Uuid)]
    pub order_token: Option<String>,
    /// An order to create and pay. Beside `order_token` it may hold `webhook_urls` only.
    pub order: Option<OrderBody>,
    #[schema(default = "DEUNA_CHECKOUT")]
    pub order_type: Option<String>,
    /// Its `email` is required when the order is created by this call and names none.
    pub payer_info: Option<PayerInfo>,
    /// As `payer_info.email`.
    pub email: Option<String>,
    /// `credit_card` or `debit_card`; the other methods of DEUNA are not configured.
    pub method_type: String,
    /// Forces a processor; otherwise routing decides.
    #[schema(max_length = 64, example = "kushki")]
    pub processor_name: Option<String>,
    #[schema(max_length = 64)]
    pub store_code: Option<String>,
    pub credit_info: CardBody,
    /// A saved card. There are none yet.
    pub card_id: Option<String>,
    /// As `card_id`.
    pub credential_id: Option<String>,
    #[schema(minimum = 0, maximum = 99, default = 1)]
    pub installments: Option<u8>,
    /// `false` holds the money only, `true` takes it, whatever the connection is set to.
    pub capture: Option<bool>,
    pub callback_urls: Option<CallbackUrls>,
    pub specific_fields: Option<SpecificFields>,
    /// Where the browser goes after an end that has no callback of its own.
    #[schema(format = "uri")]
    pub callback_url: Option<String>,
    pub anti_fraud_info: Option<AntiFraudInfo>,
    pub device_id: Option<String>,
    pub session_id: Option<String>,
    pub browser_details: Option<BrowserDetails>,
    pub secure_authentication: Option<SecureAuthentication>,
    pub three_ds: Option<ThreeDsChoice>,
    /// `customer` (default) or `merchant`. Where the merchant starts the payment there is no cardholder to be asked, so
    /// that it is never authenticated, whatever `three_ds` says.
    pub initiator_type: Option<String>,
    /// `ecommerce` (default) or `moto`.
    pub market_type: Option<String>,
    /// A card that the merchant keeps; `stored_credential` means the same.
    pub recurrence: Option<Recurrence>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    /// Where to tell of this order, instead of where the order says.
    pub webhook_urls: Option<WebhookUrls>,
    pub metadata: Option<Map<String, Value>>,
}

/// A card. Kept sealed, shown as first six and last four digits only.
#[derive(ToSchema)]
pub struct CardBody {
    /// 13 to 19 digits; spaces and hyphens do not matter.
    #[schema(example = "4000000000001000")]
    pub card_number: String,
    /// 3 digits, 4 for American Express; `cvv` means the same. May be absent when the merchant starts the payment, and
    /// for mail and telephone orders.
    #[schema(example = "123")]
    pub card_cvv: Option<String>,
    /// The name on the card.
    #[schema(max_length = 100)]
    pub card_holder: String,
    #[schema(max_length = 64)]
    pub card_holder_dni: Option<String>,
    pub card_holder_dni_type: Option<String>,
    /// `01` to `12`; `exp_month` means the same.
    #[schema(example = "11")]
    pub expiry_month: String,
    /// Two or four digits; `exp_year` means the same.
    #[schema(example = "2031")]
    pub expiry_year: String,
    /// As at the root.
    pub installments: Option<u8>,
    pub address1: Option<String>,
    pub zip: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub phone: Option<String>,
}

/// Where the shopper's browser goes, by how the payment ends. `order_token`, `order_id` and `status` are added to the
/// query; they are for the eye only, so ask for the order before handing anything over.
#[derive(ToSchema)]
pub struct CallbackUrls {
    #[schema(format = "uri", max_length = 2048)]
    pub on_success: Option<String>,
    #[schema(format = "uri", max_length = 2048)]
    pub on_reject: Option<String>,
    #[schema(format = "uri", max_length = 2048)]
    pub on_canceled: Option<String>,
    #[schema(format = "uri", max_length = 2048)]
    pub on_failed: Option<String>,
}

/// V1's place for the callbacks.
#[derive(ToSchema)]
pub struct SpecificFields {
    pub callbacks: Option<CallbackUrls>,
}

/// Identifiers of the merchant's fraud checks.
#[derive(ToSchema)]
pub struct AntiFraudInfo {
    #[schema(max_length = 255)]
    pub session_id: Option<String>,
    #[schema(max_length = 255)]
    pub device_id: Option<String>,
}

/// The cardholder's browser. With all of it a card may be authenticated without showing a page. Numbers and booleans
/// may be written as strings.
#[derive(ToSchema)]
pub struct BrowserDetails {
    pub accept_header: Option<String>,
    pub user_agent: Option<String>,
    #[schema(example = "203.0.113.7")]
    pub ip_address: Option<String>,
    #[schema(example = "es-MX")]
    pub language: Option<String>,
    #[schema(example = 24)]
    pub color_depth: Option<u32>,
    pub screen_height: Option<u32>,
    pub screen_width: Option<u32>,
    /// Minutes as `Date.getTimezoneOffset` gives them: positive when local time is behind UTC.
    #[schema(minimum = -1440, maximum = 1440, example = 360)]
    pub time_zone: Option<i32>,
    pub java_enabled: Option<bool>,
    pub javascript_enabled: Option<bool>,
}

/// The result of a 3-D Secure authentication made elsewhere.
#[derive(ToSchema)]
pub struct SecureAuthentication {
    #[schema(example = "2.2.0")]
    pub version: String,
    #[schema(example = "05")]
    pub eci: String,
    /// CAVV, AAV or AEVV in Base64.
    pub cavv: Option<String>,
    #[schema(format = Uuid)]
    pub ds_transaction_id: Option<String>,
    pub xid: Option<String>,
    #[schema(example = "Y")]
    pub trans_status: Option<String>,
}

/// A charge with a card that the merchant keeps: the one with which the cardholder leaves it, or one that follows from
/// that. The card networks treat those that follow, and come without a cardholder, by what was agreed with the first.
#[derive(ToSchema)]
#[schema(example = json!({ "type": "recurring", "network_transaction_id": "016150703802094" }))]
pub struct Recurrence {
    /// What the cardholder agreed to: `recurring` charges at intervals; `installments` of one purchase, charged by the
    /// merchant; `unscheduled` charges, or the card kept for purchases to come.
    #[schema(example = "recurring")]
    pub r#type: String,
    /// `true`: the cardholder leaves the card with this charge. `false`: it was left before, and the cardholder is back.
    /// Required where `initiator_type` is `customer`; with `merchant` the cardholder is not there, and it is `false`.
    pub first: Option<bool>,
    /// `payment.data.network_transaction_id` of the first charge, where there was one. Not with the first itself.
    #[schema(max_length = 64, example = "016150703802094")]
    pub network_transaction_id: Option<String>,
}

/// What this purchase wants of 3-D Secure. What is left out is as the connection has it. The mode's word may stand in
/// place of the object.
#[derive(ToSchema)]
#[schema(example = json!({ "mode": "auto", "exemption": "low_value", "decoupled_max_minutes": 10 }))]
pub struct ThreeDsChoice {
    /// `off`: not at all. `auto`: as the connection is set, unless the exemption goes with the charge. `force`: always,
    /// with a challenge unless another indicator or an exemption says otherwise. `data_only`: the issuer is told, and
    /// nobody is authenticated; charged only where the connection's `on_unavailable` is `proceed`. `skip` means `off`.
    #[schema(example = "auto")]
    pub mode: Option<String>,
    /// Two digits, `01` to `14`: whether a challenge is wanted, as EMV 3-D Secure has it; or a list of two that do not
    /// conflict. A directory server of an older version is told the nearest word it knows.
    #[schema(example = "04")]
    pub challenge_indicator: Option<Value>,
    /// Why the cardholder need not be authenticated. Exemptions: `low_value`, `tra_issuer`, `tra_acquirer`,
    /// `trusted_list`, `corporate`, `delayed_shipment`, `delegated`. Where the processor takes it, it goes with the charge,
    /// and nobody is authenticated; else the issuer is asked with the challenge indicator that says so. Exclusions:
    /// `moto`, `one_leg_out`, `anonymous_prepaid`, `merchant_initiated`, which are never authenticated in mode `auto`. An
    /// issuer that wants an authentication all the same gets one, once, with a challenge.
    #[schema(example = "low_value")]
    pub exemption: Option<String>,
    /// The issuer may take so long to authenticate the cardholder by a way of its own, outside of the browser. A processor
    /// that needs the security code shortens it to what is left of the code's half hour.
    #[schema(minimum = 1, maximum = 10_080)]
    pub decoupled_max_minutes: Option<u16>,
}

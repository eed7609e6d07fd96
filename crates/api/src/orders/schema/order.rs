//! What merchants send about an order (deuna-api.md section 3.1).

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Body of Create Order.
#[derive(ToSchema)]
#[schema(example = json!({
    "order_type": "DEUNA_NOW",
    "payer_info": { "email": "ana@example.com" },
    "order": {
        "order_id": "A-1001", "store_code": "all", "currency": "MXN",
        "total_amount": 15000, "sub_total": 15000, "items_total_amount": 15000,
        "items": [{ "id": "sku-1", "name": "Shoes", "quantity": 1, "unit_price": { "amount": 15000, "currency": "MXN" } }],
        "billing_address": {
            "first_name": "Ana", "last_name": "Pérez", "email": "ana@example.com", "phone": "+525555555555",
            "address1": "Reforma 1", "city": "Ciudad de México", "state_code": "CMX", "zipcode": "06600", "country_code": "MX"
        },
        "webhook_urls": { "notify_order": "https://shop.example/webhooks/pasarela" }
    }
}))]
pub struct CreateOrderBody {
    /// `DEUNA_CHECKOUT` (the default), `DEUNA_NOW`, `PAYMENT_LINK`, `AIRLINE_ORDER` or `UNSPECIFIED`; hyphens mean
    /// the same as underscores.
    #[schema(default = "DEUNA_CHECKOUT")]
    pub order_type: Option<String>,
    /// Taken inside `order` too.
    pub payer_info: Option<PayerInfo>,
    pub order: OrderBody,
}

/// Who pays.
#[derive(ToSchema)]
pub struct PayerInfo {
    #[schema(format = Email, max_length = 254)]
    pub email: Option<String>,
    pub user_id: Option<String>,
    #[schema(max_length = 64)]
    pub identity_document: Option<String>,
}

/// An order as a merchant describes it. All amounts count minor units (10.00 MXN is `1000`; CLP has none) and may be
/// written `1000.0`. Members that are not listed are echoed as they are, except such as look like card data.
#[derive(ToSchema)]
pub struct OrderBody {
    /// The merchant's own reference; the token is taken when it is absent.
    #[schema(max_length = 128)]
    pub order_id: Option<String>,
    /// `all` for a merchant with a single store.
    #[schema(max_length = 64, example = "all")]
    pub store_code: String,
    /// ISO 4217.
    #[schema(min_length = 3, max_length = 3, example = "MXN")]
    pub currency: String,
    /// What is charged.
    #[schema(minimum = 1, maximum = 999999999999_i64)]
    pub total_amount: i64,
    #[schema(minimum = 0)]
    pub sub_total: i64,
    #[schema(minimum = 0)]
    pub items_total_amount: i64,
    #[schema(minimum = 0, default = 0)]
    pub shipping_amount: Option<i64>,
    #[schema(minimum = 0, default = 0)]
    pub shipping_tax_amount: Option<i64>,
    #[schema(minimum = 0, default = 0)]
    pub tax_amount: Option<i64>,
    #[schema(minimum = 0, default = 0)]
    pub total_tax_amount: Option<i64>,
    #[schema(minimum = 0, default = 0)]
    pub total_discount: Option<i64>,
    #[schema(minimum = 0)]
    pub cash_change: Option<i64>,
    #[schema(max_items = 500)]
    pub items: Option<Vec<Item>>,
    #[schema(max_items = 100)]
    pub discounts: Option<Vec<Reduction>>,
    #[schema(max_items = 100)]
    pub gift_card: Option<Vec<Reduction>>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    pub shipping_options: Option<Map<String, Value>>,
    pub shipping_method: Option<Map<String, Value>>,
    #[schema(max_items = 100)]
    pub shipping_methods: Option<Vec<Map<String, Value>>>,
    pub shipping: Option<Map<String, Value>>,
    pub payment_method: Option<String>,
    #[schema(max_items = 100)]
    pub include_payment_options: Option<Vec<Map<String, Value>>>,
    /// Where the browser goes afterwards, whatever the end.
    #[schema(format = "uri", max_length = 2048)]
    pub redirect_url: Option<String>,
    pub redirect_urls: Option<RedirectUrls>,
    pub webhook_urls: Option<WebhookUrls>,
    #[schema(max_length = 4000)]
    pub user_instructions: Option<String>,
    pub scheduled_at: Option<String>,
    #[schema(example = "America/Mexico_City")]
    pub timezone: Option<String>,
    /// Goes with the order type `AIRLINE_ORDER`.
    pub airline_information: Option<Map<String, Value>>,
    /// The merchant's own notes.
    pub metadata: Option<Map<String, Value>>,
    /// See the member of the same name beside `order`.
    pub payer_info: Option<PayerInfo>,
}

/// One line of an order. Members that are not listed are echoed.
#[derive(ToSchema)]
pub struct Item {
    pub id: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    #[schema(minimum = 0)]
    pub quantity: Option<f64>,
    pub unit_price: Option<Money>,
    pub total_amount: Option<Money>,
    pub tax_amount: Option<Money>,
    pub taxable: Option<bool>,
    #[schema(example = "physical")]
    pub r#type: Option<String>,
    pub sku: Option<String>,
    pub brand: Option<String>,
    pub category: Option<String>,
}

/// An amount with its currency.
#[derive(ToSchema)]
pub struct Money {
    #[schema(minimum = 0)]
    pub amount: i64,
    #[schema(example = "MXN")]
    pub currency: Option<String>,
}

/// A discount or a gift card.
#[derive(ToSchema)]
pub struct Reduction {
    #[schema(minimum = 0)]
    pub amount: Option<i64>,
    pub code: Option<String>,
}

/// A person at an address. A full billing address makes a payment without a challenge likelier.
#[derive(ToSchema)]
pub struct Address {
    #[schema(max_length = 100)]
    pub first_name: Option<String>,
    #[schema(max_length = 100)]
    pub last_name: Option<String>,
    #[schema(format = Email)]
    pub email: Option<String>,
    #[schema(max_length = 32)]
    pub phone: Option<String>,
    #[schema(max_length = 64)]
    pub identity_document: Option<String>,
    pub identification_type: Option<String>,
    #[schema(max_length = 255)]
    pub address1: Option<String>,
    #[schema(max_length = 255)]
    pub address2: Option<String>,
    #[schema(max_length = 255)]
    pub city: Option<String>,
    #[schema(max_length = 255)]
    pub state_name: Option<String>,
    /// ISO 3166-2, without the country.
    #[schema(max_length = 255)]
    pub state_code: Option<String>,
    /// `zip` means the same.
    #[schema(max_length = 32)]
    pub zipcode: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "MX")]
    pub country_code: Option<String>,
    /// Alpha-2, alpha-3 or a name; must agree with `country_code`.
    pub country: Option<String>,
    #[schema(example = "home")]
    pub address_type: Option<String>,
    pub additional_description: Option<String>,
    pub is_default: Option<bool>,
    pub is_billing_address: Option<bool>,
    pub user_id: Option<String>,
}

/// Where the shopper's browser goes, as payment links name the ends.
#[derive(ToSchema)]
pub struct RedirectUrls {
    #[schema(format = "uri")]
    pub success: Option<String>,
    #[schema(format = "uri")]
    pub error: Option<String>,
    #[schema(format = "uri")]
    pub close: Option<String>,
}

/// Where the merchant wants to be told. Only `notify_order` is called; https only, except to loopback addresses in a
/// sandbox.
#[derive(ToSchema)]
pub struct WebhookUrls {
    #[schema(format = "uri", max_length = 2048)]
    pub notify_order: Option<String>,
    pub get_shipping_methods: Option<String>,
    pub update_shipping_method: Option<String>,
    pub shipping_rate: Option<String>,
    pub apply_coupon: Option<String>,
    pub remove_coupon: Option<String>,
}

/// Body of Cancel.
#[derive(ToSchema)]
#[schema(example = json!({ "reason": "out of stock" }))]
pub struct CancelBody {
    #[schema(max_length = 255)]
    pub reason: Option<String>,
}

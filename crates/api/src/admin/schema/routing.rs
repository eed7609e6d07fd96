//! Routing and card prefixes.

use serde_json::Value;
use utoipa::ToSchema;

/// A rule about where charges go.
#[derive(ToSchema)]
#[schema(example = json!({
    "name": "Debit of Banco Uno", "priority": 10, "enabled": true,
    "when": {"all": [
        {"field": "bin", "op": "in", "value": ["400000", "41111111"]},
        {"field": "amount", "op": "between", "value": [1_000, 500_000]},
        {"field": "metadata.channel", "op": "eq", "value": "app"}
    ]},
    "then": {
        "action": "process", "three_ds": {"mode": "auto", "exemption": "low_value"},
        "split": [{"processors": ["Kushki MX"], "weight": 70}, {"processors": ["Adyen MX"], "weight": 30}],
        "processors": ["cybersource"], "cascade": {"enabled": true, "max_attempts": 3}
    }
}))]
pub struct RoutingRuleBody {
    /// Unique within the merchant.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Lower is asked first.
    #[schema(minimum = 0, maximum = 10_000)]
    pub priority: i32,
    pub enabled: Option<bool>,
    pub when: Option<RoutingConditions>,
    pub then: RoutingStep,
}

/// What is to be different.
#[derive(ToSchema)]
#[schema(example = json!({"enabled": false, "version": 1}))]
pub struct RoutingRuleChangeBody {
    pub name: Option<String>,
    pub priority: Option<i32>,
    pub enabled: Option<bool>,
    pub when: Option<RoutingConditions>,
    pub then: Option<RoutingStep>,
    /// The version the change is made to.
    pub version: Option<i64>,
}

/// All of them have to hold; none at all always do.
#[derive(ToSchema)]
pub struct RoutingConditions {
    #[schema(max_items = 20)]
    pub all: Option<Vec<RoutingCondition>>,
}

/// What one fact of a purchase is compared with. What is not known matches nothing.
#[derive(ToSchema)]
pub struct RoutingCondition {
    /// `amount` (minor units), `bin`, `card_brand`, `card_type`, `issuer_country`, `issuer_bank`, `currency`, `country`,
    /// `store_code`, or `metadata.` and a key.
    pub field: String,
    /// `eq`, `in`, `gte`, `lte`, `between` or `prefix`, as far as the field takes it.
    pub op: String,
    /// One value; a list for `in`, and one of two for `between`.
    pub value: Value,
}

/// What becomes of a purchase.
#[derive(ToSchema)]
pub struct RoutingStep {
    /// `process` or `reject`.
    pub action: String,
    /// `off`, `auto`, `force`, `data_only`, or `{mode, challenge_indicator, exemption, decoupled_max_minutes}`. Behind the
    /// purchase's own wish and before the connection's.
    pub three_ds: Option<Value>,
    /// Charge without authentication where one was tried and could not be had: the card takes no part, the directory server
    /// or the issuer's server fails, or only an attempt is proven. Never after `N` or `R`, never once the issuer has asked for a
    /// challenge, and never where the purchase's own `three_ds.mode` is `force`.
    #[schema(default = false)]
    pub charge_after_failed_authentication: Option<bool>,
    /// Ids or names of connections, or names of processors, best first. Without any, and without `split`, all connections by
    /// preference.
    #[schema(max_items = 20)]
    pub processors: Option<Vec<String>>,
    /// Parts of the volume. The drawn one's processors go before `processors`.
    #[schema(max_items = 20)]
    pub split: Option<Vec<RoutingShare>>,
    /// A flag, or `{enabled, max_attempts}`: whether a decline that allows it goes to the next connection, and how many are
    /// tried at most.
    pub cascade: Option<Value>,
}

#[derive(ToSchema)]
pub struct RoutingShare {
    #[schema(min_items = 1, max_items = 20)]
    pub processors: Vec<String>,
    #[schema(minimum = 0, maximum = 10_000)]
    pub weight: u32,
}

#[derive(ToSchema)]
pub struct RoutingRuleReply {
    #[schema(format = Uuid)]
    pub id: String,
    #[schema(format = Uuid)]
    pub merchant_id: String,
    pub name: String,
    pub priority: i32,
    pub enabled: bool,
    #[schema(inline)]
    pub when: RoutingConditions,
    #[schema(inline)]
    pub then: RoutingStep,
    /// Counts changes.
    pub version: i64,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct RoutingRuleListReply {
    pub data: Vec<RoutingRuleReply>,
}

/// A purchase that nobody makes.
#[derive(ToSchema)]
#[schema(example = json!({"amount": 34_900, "currency": "MXN", "bin": "40000010", "metadata": {"channel": "app"}}))]
pub struct ExplainBody {
    /// Splits of the volume are drawn by it; made up where it is not given.
    #[schema(format = Uuid)]
    pub order_token: Option<String>,
    /// A payment with the same card, whose declines are then counted; else those of a card that was never declined.
    #[schema(format = Uuid)]
    pub payment_id: Option<String>,
    /// Minor units.
    #[schema(minimum = 1)]
    pub amount: i64,
    pub currency: String,
    /// The card's first six to eight digits.
    #[schema(pattern = "^[0-9]{6,8}$")]
    pub bin: Option<String>,
    /// Required where `bin` does not tell it.
    pub card_brand: Option<String>,
    /// `credit`, `debit` or `prepaid`, where the table of prefixes does not know.
    pub card_type: Option<String>,
    /// Where the shopper is billed; else where the merchant is.
    pub country: Option<String>,
    pub store_code: Option<String>,
    pub metadata: Option<Value>,
    #[schema(minimum = 1, maximum = 99)]
    pub installments: Option<u8>,
    pub processor_name: Option<String>,
    pub capture: Option<bool>,
    /// `{mode, challenge_indicator, exemption, decoupled_max_minutes}`
    pub three_ds: Option<Value>,
}

#[derive(ToSchema)]
pub struct ExplainReply {
    #[schema(format = Uuid)]
    pub order_token: String,
    /// `processed`, `rejected` (by a rule), `refused` (the card may not be tried) or `no_connection`.
    pub outcome: String,
    /// What would be tried, in this order.
    pub routes: Vec<Value>,
    #[schema(inline)]
    pub explanation: RoutingExplanation,
}

/// Everything that was looked at, in the order of looking.
#[derive(ToSchema)]
pub struct RoutingExplanation {
    /// What was known of the purchase, by the names rules use.
    pub facts: Value,
    /// Every rule up to the one that decided, with `outcome` `chosen`, `disabled` or `not_matched`; the last with the
    /// condition that failed and the value that was seen.
    pub rules: Vec<Value>,
    /// The rule that decided; none for default processing.
    pub rule: Option<String>,
    /// `process` or `reject`.
    pub action: String,
    pub processor_asked: Option<String>,
    /// What the rule wants of 3-D Secure.
    pub three_ds: Option<Value>,
    /// The rule lets the purchase be charged without authentication where one was tried and could not be had.
    pub charge_after_failed_authentication: Option<bool>,
    /// How the volume was split: the point that was drawn, of how many, and the shares.
    pub split: Option<Value>,
    /// How many connections may be tried; none for all there are.
    pub attempts_max: Option<u8>,
    /// How often the card may still be tried: the brand's `limits`, how many attempts were `declined` in 30 days, how many are
    /// `allowed_more`, and `refused` with `given_up` or `limit_reached`. None where limits are not kept.
    pub retry_limits: Option<Value>,
    /// All of the merchant's connections: those that are tried with their `position`, the others with every reason in
    /// `left_out`.
    pub connections: Vec<Value>,
}

#[derive(ToSchema)]
pub struct OrderRoutingReply {
    pub data: Vec<PaymentRouting>,
}

#[derive(ToSchema)]
pub struct PaymentRouting {
    #[schema(format = Uuid)]
    pub payment_id: String,
    /// Counts the order's payments from 1.
    pub number: i16,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// None for payments from before explanations were kept.
    #[schema(inline)]
    pub explanation: Option<RoutingExplanation>,
}

/// Declines that were forgotten.
#[derive(ToSchema)]
pub struct CardDeclinesLiftedReply {
    /// How many there were.
    pub lifted: u64,
}

/// A connection within the last while.
#[derive(ToSchema)]
pub struct ConnectionHealthReply {
    #[schema(format = Uuid)]
    pub connection_id: String,
    /// `closed`, `half_open` or `open`.
    pub breaker: String,
    #[schema(format = DateTime)]
    pub next_probe_at: Option<String>,
    pub approved: u32,
    pub declined: u32,
    /// Accepted, to be answered later.
    pub pending: u32,
    /// No answer, an unusable one, or one that says that something is broken.
    pub failed: u32,
    /// Of all charges, how many were answered, and how many failed.
    pub success_percent: Option<u8>,
    pub error_percent: Option<u8>,
    /// Of those that were approved or declined.
    pub approval_percent: Option<u8>,
    /// To within a fourth.
    pub latency_p50_ms: Option<u64>,
    pub latency_p95_ms: Option<u64>,
}

#[derive(ToSchema)]
#[schema(example = json!({"bins": [
    {"prefix": "40000010", "brand": "visa", "card_type": "credit", "issuer_bank": "Banco Uno", "issuer_country": "MX"}
]}))]
pub struct BinImportBody {
    #[schema(min_items = 1, max_items = 50_000)]
    pub bins: Vec<BinRow>,
}

#[derive(ToSchema)]
pub struct BinRow {
    #[schema(pattern = "^[0-9]{6,8}$")]
    pub prefix: String,
    pub brand: String,
    /// `credit`, `debit` or `prepaid`.
    pub card_type: Option<String>,
    #[schema(max_length = 100)]
    pub issuer_bank: Option<String>,
    pub issuer_country: Option<String>,
    /// What the cards are billed in.
    pub currency: Option<String>,
}

#[derive(ToSchema)]
pub struct BinImportReply {
    /// How many rows were taken.
    pub taken: usize,
    pub refused: Vec<BinRowRefused>,
}

#[derive(ToSchema)]
pub struct BinRowRefused {
    /// From 0.
    pub row: usize,
    /// `{field, detail}` for each problem.
    pub errors: Vec<Value>,
}

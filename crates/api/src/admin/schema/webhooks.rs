//! Webhook endpoints, their keys, and deliveries.

use serde_json::Value;
use utoipa::ToSchema;

/// Where a merchant wants events.
#[derive(ToSchema)]
#[schema(example = json!({
    "url": "https://erp.tienda.example/webhooks", "description": "ERP",
    "event_types": ["order.succeeded", "order.refund"], "rate_per_second": 20
}))]
pub struct WebhookEndpointBody {
    /// https; in a sandbox http to this machine too.
    #[schema(max_length = 2048)]
    pub url: String,
    #[schema(max_length = 200)]
    pub description: Option<String>,
    /// Which events it gets; all when absent or empty.
    pub event_types: Option<Vec<String>>,
    /// Absent: as fast as it answers.
    #[schema(minimum = 1, maximum = 1000)]
    pub rate_per_second: Option<u32>,
}

/// What is to be different.
#[derive(ToSchema)]
#[schema(example = json!({"event_types": [], "version": 1}))]
pub struct WebhookEndpointChangeBody {
    pub url: Option<String>,
    pub description: Option<String>,
    pub event_types: Option<Vec<String>>,
    pub rate_per_second: Option<u32>,
    /// Change it only at this version.
    pub version: Option<i64>,
}

#[derive(ToSchema)]
pub struct WebhookEndpointReply {
    #[schema(example = "ep_01910000000070008000000000000009")]
    pub id: String,
    #[schema(format = Uuid)]
    pub merchant_id: String,
    pub url: String,
    pub description: Option<String>,
    pub event_types: Vec<String>,
    pub rate_per_second: Option<u32>,
    pub enabled: bool,
    /// `operator`, `gone` (it answered 410) or `failing` (for days).
    pub disabled_reason: Option<String>,
    #[schema(format = DateTime)]
    pub disabled_at: Option<String>,
    /// Since when it has only failed.
    #[schema(format = DateTime)]
    pub failing_since: Option<String>,
    pub keys: Vec<WebhookKeyReply>,
    pub version: i64,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// What is public of a key.
#[derive(ToSchema)]
pub struct WebhookKeyReply {
    /// `v1` (HMAC-SHA256) or `v1a` (Ed25519).
    pub scheme: String,
    /// `whpk_…`, of `v1a`.
    pub public_key: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it ceases to sign; `null` for the current one.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
}

#[derive(ToSchema)]
pub struct WebhookEndpointListReply {
    pub data: Vec<WebhookEndpointReply>,
}

/// A new endpoint with the secret that is shown only this once.
#[derive(ToSchema)]
pub struct CreatedWebhookEndpointReply {
    #[serde(flatten)]
    pub endpoint: WebhookEndpointReply,
    pub webhook_secret: String,
    pub public_key: String,
}

/// The merchant's own URLs.
#[derive(ToSchema)]
pub struct OwnWebhooksReply {
    /// Always `own`.
    pub id: String,
    #[schema(format = Uuid)]
    pub merchant_id: String,
    /// Where events go when an order does not say.
    pub url: Option<String>,
    pub keys: Vec<WebhookKeyReply>,
}

/// What to rotate, and how long the old keys sign too. May be left out whole.
#[derive(ToSchema)]
#[schema(example = json!({"overlap_seconds": 3600}))]
pub struct WebhookRotationBody {
    /// A day unless told; at most 30 days. 0: the old keys sign no more.
    #[schema(minimum = 0, maximum = 2_592_000)]
    pub overlap_seconds: Option<u32>,
    /// `v1`, `v1a`; both unless told.
    pub schemes: Option<Vec<String>>,
}

/// New keys.
#[derive(ToSchema)]
pub struct WebhookKeysReply {
    /// `whsec_…`, shown this once; `null` when only `v1a` was rotated.
    pub webhook_secret: Option<String>,
    /// `whpk_…`; `null` when only `v1` was rotated.
    pub public_key: Option<String>,
    /// Until when the keys before them sign too.
    #[schema(format = DateTime)]
    pub overlap_until: Option<String>,
}

/// May be left out whole.
#[derive(ToSchema)]
#[schema(example = json!({"wait_seconds": 10}))]
pub struct WebhookTestBody {
    /// How long to wait for what comes of the first attempt; not at all unless told.
    #[schema(minimum = 0, maximum = 15)]
    pub wait_seconds: Option<u32>,
}

#[derive(ToSchema)]
pub struct WebhookTestReply {
    #[schema(format = Uuid)]
    pub event_id: String,
    /// `null` when it was not waited for, or took longer.
    pub attempt: Option<WebhookAttemptReply>,
}

/// One attempt, as the log has it.
#[derive(ToSchema)]
pub struct WebhookAttemptReply {
    #[schema(format = Uuid)]
    pub event_id: String,
    pub event_type: String,
    /// `own`, or the endpoint's id.
    pub target: String,
    /// From 1.
    pub attempt: u32,
    /// `delivered`, `retry`, `given_up` or `postponed` (it was we who could not send).
    pub outcome: String,
    /// Why, in a word: `http_status`, `timed_out`, …
    pub code: String,
    #[schema(format = DateTime)]
    pub begun_at: String,
    pub latency_ms: u32,
    pub request: WebhookRequestReply,
    /// `null` when there was none.
    pub response: Option<WebhookResponseReply>,
}

/// What was sent. The body follows from the event, with `begun_at` to the second as `signed_at`; signatures are not kept.
#[derive(ToSchema)]
pub struct WebhookRequestReply {
    pub url: String,
    /// `content-type`, `webhook-id` and `webhook-timestamp`.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub headers: Value,
}

#[derive(ToSchema)]
pub struct WebhookResponseReply {
    pub http_status: u16,
    /// Its beginning, with anything like a card number masked.
    #[schema(max_length = 512)]
    pub body: Option<String>,
}

#[derive(ToSchema)]
pub struct WebhookAttemptListReply {
    /// Newest first.
    pub data: Vec<WebhookAttemptReply>,
    /// For `before`, when there are more.
    pub next: Option<String>,
}

/// A delivery that was given up.
#[derive(ToSchema)]
pub struct WebhookDeadLetterReply {
    #[schema(format = Uuid)]
    pub event_id: String,
    pub event_type: String,
    pub url: String,
    pub attempts: u32,
    pub code: Option<String>,
    pub response: Option<WebhookResponseReply>,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was given up.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct WebhookDeadLetterListReply {
    /// By age.
    pub data: Vec<WebhookDeadLetterReply>,
    /// For `after`, when there are more.
    pub next: Option<String>,
}

/// Exactly one of `event_id`, `since` with `until`, and `failed`.
#[derive(ToSchema)]
#[schema(example = json!({"since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}))]
pub struct WebhookReplayBody {
    #[schema(format = Uuid)]
    pub event_id: Option<String>,
    /// Events from this time on,
    #[schema(format = DateTime)]
    pub since: Option<String>,
    /// and before this one.
    #[schema(format = DateTime)]
    pub until: Option<String>,
    /// `true`: all dead letters.
    pub failed: Option<bool>,
}

#[derive(ToSchema)]
pub struct WebhookReplayReply {
    /// How many deliveries were queued.
    pub queued: u64,
}

/// An event and all that came of it.
#[derive(ToSchema)]
pub struct WebhookEventReply {
    #[schema(format = Uuid)]
    pub event_id: String,
    pub event_type: String,
    pub sequence: i64,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The order as it was at that time; absent where the event is about an endpoint.
    pub order: Option<Value>,
    /// The endpoint that the event is about.
    pub endpoint: Option<Value>,
    /// To all targets, newest first.
    pub attempts: Vec<WebhookAttemptReply>,
}

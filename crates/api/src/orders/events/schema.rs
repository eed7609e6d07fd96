//! The log's answers as the OpenAPI document describes them; they are written as text in [`super`].

use crate::orders::schema::Order;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Some of the log, oldest first.
#[derive(ToSchema)]
pub struct EventsReply {
    pub events: Vec<Event>,
    /// To be passed as `after` next time, also where `events` is empty. Good for this merchant only.
    pub next: String,
    /// Whether it is worth asking again at once.
    pub has_more: bool,
}

/// One event.
#[derive(ToSchema)]
pub struct EventReply {
    pub event: Event,
}

/// What its webhooks tell. Ignore types and members you do not know.
#[derive(ToSchema)]
pub struct Event {
    /// The same as in the webhooks' bodies; their `webhook-id` is made of it.
    #[schema(format = Uuid)]
    pub event_id: String,
    /// `order.pending`, `order.succeeded`, `order.cancelled`, `order.refund`, `order.expired`, `payment.updated`,
    /// `webhook.endpoint_disabled` or `webhook.test`.
    #[schema(example = "order.succeeded")]
    pub event_type: String,
    /// Of two events of one order the later one has the higher number, or the same.
    pub sequence: i64,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The order as it was at that point, where the event is about an order.
    pub order: Option<Order>,
    /// The webhook endpoint, where the event is about one.
    pub endpoint: Option<Map<String, Value>>,
    /// `true` for a `webhook.test`, whose order is a sample.
    pub test: Option<bool>,
}

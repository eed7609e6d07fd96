//! What of a webhook endpoint can be said and changed, read from a document and written as one.

use payments::fields::{Fields, Problems, integer, list, parsed, text};
use primitives::{HttpUrl, UrlPolicy};
use serde_json::{Map, Value, json};
use store::{
    events::{EVENT_TEST, EVENT_TYPES},
    webhook_endpoints::WebhookEndpoint,
};

/// The most deliveries per second that an endpoint may ask to be kept to.
const RATE_MAX: u32 = 1_000;
const DESCRIPTION_MAX_CHARACTERS: usize = 200;

/// What may be said of an endpoint. What is shown with it, and cannot be changed so, may be sent back as it was read.
const MEMBERS: [&str; 14] = [
    "url",
    "description",
    "event_types",
    "rate_per_second",
    "id",
    "merchant_id",
    "enabled",
    "disabled_reason",
    "disabled_at",
    "failing_since",
    "keys",
    "version",
    "created_at",
    "updated_at",
];

/// What of an endpoint is its merchant's choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub url: HttpUrl,
    pub description: String,
    /// Which events it gets; empty for all.
    pub event_types: Vec<String>,
    pub rate_per_second: Option<u32>,
}

impl Settings {
    /// Reads a whole endpoint.
    pub(super) fn read(document: &Value, policy: UrlPolicy) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let read = Fields::open(document, "", &MEMBERS, &mut problems)
            .and_then(|fields| Self::of(&fields, policy, &mut problems));
        problems.or(read)
    }

    /// Reads a change: members that are there replace what is, `null` clears those that may be absent.
    pub(super) fn read_change(&self, document: &Value, policy: UrlPolicy) -> Result<Self, Problems> {
        let change = document
            .as_object()
            .ok_or_else(|| Problems::of("", "must be an object"))?;
        let mut whole = self.members();
        whole.extend(change.iter().map(|(name, value)| (name.clone(), value.clone())));
        Self::read(&Value::Object(whole), policy)
    }

    fn of(fields: &Fields<'_>, policy: UrlPolicy, problems: &mut Problems) -> Option<Self> {
        let url = fields.need("url", parsed(|text| HttpUrl::parse(text, policy)), problems);
        let description = fields.take("description", text(DESCRIPTION_MAX_CHARACTERS), problems);
        let event_types = fields.take("event_types", list(0..=EVENT_TYPES.len(), event_type), problems);
        let rate_per_second = fields.take("rate_per_second", integer(1..=RATE_MAX), problems);
        Some(Self {
            url: url?,
            description: description.unwrap_or_default(),
            event_types: event_types.unwrap_or_default(),
            rate_per_second,
        })
    }

    fn members(&self) -> Map<String, Value> {
        let description = Some(&self.description).filter(|text| !text.is_empty());
        [
            ("url", json!(self.url.as_str())),
            ("description", json!(description)),
            ("event_types", json!(self.event_types)),
            ("rate_per_second", json!(self.rate_per_second)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
    }

    pub(super) fn apply_to(self, endpoint: &mut WebhookEndpoint) {
        endpoint.url = self.url;
        endpoint.description = self.description;
        endpoint.event_types = self.event_types;
        endpoint.rate_per_second = self.rate_per_second;
    }

    /// In the form in which they are read.
    pub(super) fn as_written(&self) -> Value {
        Value::Object(self.members())
    }
}

impl From<&WebhookEndpoint> for Settings {
    fn from(endpoint: &WebhookEndpoint) -> Self {
        Self {
            url: endpoint.url.clone(),
            description: endpoint.description.clone(),
            event_types: endpoint.event_types.clone(),
            rate_per_second: endpoint.rate_per_second,
        }
    }
}

/// A test event goes where it is asked for, whatever the filter says; no filter can name it.
fn event_type(value: &Value) -> Result<String, String> {
    value
        .as_str()
        .filter(|text| *text != EVENT_TEST && EVENT_TYPES.contains(text))
        .map(str::to_owned)
        .ok_or_else(|| {
            let types: Vec<_> = EVENT_TYPES
                .into_iter()
                .filter(|known| *known != EVENT_TEST)
                .collect();
            format!("must be one of {}", types.join(", "))
        })
}

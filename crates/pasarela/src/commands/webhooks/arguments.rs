//! What `pasarela webhooks` is told.

use clap::{Args, Subcommand, ValueEnum};
use orchestrator::administration::OWN_WEBHOOKS;
use primitives::{Id, id::kind};
use serde_json::{Map, Value, json};
use store::deliveries::DeliveryTarget;

/// Whose webhooks, and how the answer is written.
#[derive(Debug, Args)]
pub struct Webhooks {
    /// The merchant's id.
    #[arg(long, global = true, value_name = "ID")]
    pub(super) merchant: Option<Id<kind::Merchant>>,
    /// Answers as the admin's API does.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) action: Action,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// All endpoints.
    List,
    /// Makes an endpoint; its secret is printed this once.
    Create {
        #[arg(long)]
        url: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// One endpoint.
    Show {
        #[command(flatten)]
        of: Target,
    },
    /// Changes what is given, and nothing else.
    Update {
        endpoint: Id<kind::WebhookEndpoint>,
        #[arg(long)]
        url: Option<String>,
        #[command(flatten)]
        settings: Settings,
        /// Every event again.
        #[arg(long, conflicts_with = "event_types")]
        all_events: bool,
        /// As fast as it answers again.
        #[arg(long, conflicts_with = "rate_per_second")]
        no_rate: bool,
    },
    /// Takes an endpoint away, with its keys and what was still to be sent.
    Delete { endpoint: Id<kind::WebhookEndpoint> },
    /// Switches an endpoint on.
    Enable { endpoint: Id<kind::WebhookEndpoint> },
    /// Switches an endpoint off; what was still to be sent becomes dead letters.
    Disable { endpoint: Id<kind::WebhookEndpoint> },
    /// Makes new keys; the secret is printed this once.
    Rotate {
        #[command(flatten)]
        of: Target,
        /// How long the old keys sign too; a day unless told.
        #[arg(long, value_name = "SECONDS")]
        overlap_seconds: Option<u32>,
        /// Only keys of this scheme; more than once for several.
        #[arg(long = "scheme", value_enum)]
        schemes: Vec<Scheme>,
    },
    /// Sends a test event, and waits for what comes of it.
    Test {
        #[command(flatten)]
        of: Target,
        /// 0: does not wait.
        #[arg(long, value_name = "SECONDS", default_value_t = 10)]
        wait_seconds: u32,
    },
    /// Sends again.
    Replay {
        #[command(flatten)]
        of: Target,
        #[command(flatten)]
        what: Replayed,
    },
    /// What was given up, by age.
    DeadLetters {
        #[command(flatten)]
        of: Target,
        #[arg(long, default_value_t = 50)]
        limit: u16,
        /// The `next` of the page before.
        #[arg(long)]
        after: Option<String>,
    },
    /// What was sent, newest first.
    Attempts {
        #[command(flatten)]
        of: Target,
        #[arg(long)]
        failed_only: bool,
        /// Only those of this event.
        #[arg(long)]
        event: Option<Id<kind::Event>>,
        #[arg(long, default_value_t = 50)]
        limit: u16,
        /// The `next` of the page before.
        #[arg(long)]
        before: Option<String>,
    },
    /// An event and all that came of it.
    Event { event: Id<kind::Event> },
}

/// An endpoint, or the merchant's own URLs.
#[derive(Debug, Args)]
pub(super) struct Target {
    /// An endpoint's id, or `own` for the merchant's own URLs.
    #[arg(value_name = "ENDPOINT|own", value_parser = target)]
    pub(super) target: DeliveryTarget,
}

fn target(text: &str) -> Result<DeliveryTarget, String> {
    match text {
        OWN_WEBHOOKS => Ok(DeliveryTarget::Own),
        id => id
            .parse()
            .map(DeliveryTarget::Endpoint)
            .map_err(|_| format!("must be an endpoint's id or `{OWN_WEBHOOKS}`")),
    }
}

/// What an endpoint may be told beside its URL.
#[derive(Debug, Args)]
pub(super) struct Settings {
    #[arg(long)]
    description: Option<String>,
    /// An event it gets; more than once for several. All unless told.
    #[arg(long = "event-type", value_name = "TYPE")]
    event_types: Vec<String>,
    /// Deliveries per second at most.
    #[arg(long, value_name = "NUMBER")]
    rate_per_second: Option<u32>,
}

impl Settings {
    /// As the API's document, with the members that were given.
    pub(super) fn document(&self, url: Option<&String>) -> Map<String, Value> {
        let given = [
            ("url", url.map(|url| json!(url))),
            ("description", self.description.as_ref().map(|text| json!(text))),
            (
                "event_types",
                (!self.event_types.is_empty()).then(|| json!(self.event_types)),
            ),
            ("rate_per_second", self.rate_per_second.map(|rate| json!(rate))),
        ];
        given
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Scheme {
    V1,
    V1a,
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1a => "v1a",
        }
    }
}

/// What is to be sent again.
#[derive(Debug, Args)]
#[group(id = "replayed", required = true)]
pub(super) struct Replayed {
    /// This event.
    #[arg(long, conflicts_with_all = ["since", "until", "failed"])]
    event: Option<Id<kind::Event>>,
    /// Events from this time on (RFC 3339),
    #[arg(long, requires = "until", conflicts_with = "failed")]
    since: Option<String>,
    /// and before this one.
    #[arg(long, requires = "since", conflicts_with = "failed")]
    until: Option<String>,
    /// Everything that was given up.
    #[arg(long)]
    failed: bool,
}

impl Replayed {
    pub(super) fn document(&self) -> Value {
        match (self.event, &self.since, &self.until) {
            (Some(event), _, _) => json!({"event_id": event}),
            (_, Some(since), Some(until)) => json!({"since": since, "until": until}),
            _ => json!({"failed": self.failed}),
        }
    }
}

/// A rotation as the API's document.
pub(super) fn rotation(overlap_seconds: Option<u32>, schemes: &[Scheme]) -> Value {
    let mut document = json!({"overlap_seconds": overlap_seconds});
    if !schemes.is_empty() {
        document["schemes"] = schemes.iter().map(|scheme| scheme.as_str()).collect();
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        webhooks: Webhooks,
    }

    const MERCHANT: &str = "--merchant=01910000-0000-7000-8000-000000000001";
    const ENDPOINT: &str = "ep_01910000000070008000000000000009";
    const EVENT: &str = "01910000-0000-7000-8000-000000000002";

    fn parsed(arguments: &[&str]) -> Result<Action, clap::Error> {
        let line = ["webhooks", MERCHANT].iter().chain(arguments);
        Line::try_parse_from(line).map(|line| line.webhooks.action)
    }

    #[test]
    fn what_is_replayed_is_exactly_one_thing() {
        let document = |arguments: &[&str]| match parsed(arguments).unwrap() {
            Action::Replay { what, .. } => what.document(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            document(&["replay", ENDPOINT, "--event", EVENT]),
            json!({"event_id": EVENT})
        );
        assert_eq!(document(&["replay", "own", "--failed"]), json!({"failed": true}));
        assert_eq!(
            document(&[
                "replay",
                "own",
                "--since",
                "2026-11-20T00:00:00Z",
                "--until",
                "2026-11-21T00:00:00Z"
            ]),
            json!({"since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"})
        );
        for wrong in [
            &["replay", ENDPOINT][..],
            &["replay", "own", "--failed", "--event", EVENT],
            &["replay", "own", "--since", "2026-11-20T00:00:00Z"],
            &["replay", "own", "--since", "a", "--until", "b", "--failed"],
            &["replay", "somebody", "--failed"],
        ] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_update_names_only_what_was_given() {
        let Action::Update { settings, url, .. } = parsed(&[
            "update",
            ENDPOINT,
            "--rate-per-second",
            "5",
            "--event-type",
            "order.refund",
        ])
        .unwrap() else {
            panic!("another action");
        };
        assert_eq!(
            Value::Object(settings.document(url.as_ref())),
            json!({"rate_per_second": 5, "event_types": ["order.refund"]})
        );
    }

    #[test]
    fn schemes_are_those_that_were_named() {
        assert_eq!(rotation(None, &[]), json!({"overlap_seconds": null}));
        assert_eq!(
            rotation(Some(0), &[Scheme::V1a]),
            json!({"overlap_seconds": 0, "schemes": ["v1a"]})
        );
    }
}

//! `pasarela webhooks`: what the admin's API does with webhook endpoints and deliveries, from a shell.

mod arguments;
mod print;

use super::Outcome;
use crate::{config::Config, wiring};
pub use arguments::Webhooks;
use arguments::{Action, rotation};
use orchestrator::administration::{Administration, AttemptFilter, PAGE_MAX, ShownWebhookEndpoint};
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use std::io::{self, Write};
use store::{audit::Actor, deliveries::DeliveryTarget};

/// Does it, and prints the answer on standard output.
pub async fn run(config: &Config, webhooks: Webhooks) -> Outcome {
    let merchant = webhooks.merchant.ok_or("--merchant is required")?;
    let administration = wiring::base(config)?.administration;
    let (answer, lines) = answered(&administration, merchant, webhooks.action).await?;
    let written = if webhooks.json {
        format!("{answer:#}\n")
    } else {
        lines
    };
    Ok(io::stdout().write_all(written.as_bytes())?)
}

/// The API's answer, and the same for people.
type Answer = (Value, String);

async fn answered(
    administration: &Administration,
    merchant: Id<kind::Merchant>,
    action: Action,
) -> Result<Answer, Box<dyn std::error::Error>> {
    let actor = Actor::CommandLine;
    let endpoint = |shown: &ShownWebhookEndpoint| both(shown.as_written(), print::endpoint);
    Ok(match action {
        Action::List => list(administration, merchant).await?,
        Action::Create { url, settings } => {
            let document = Value::Object(settings.document(Some(&url)));
            let created = administration
                .webhook_endpoint_create(actor, merchant, &document)
                .await?;
            both(created.as_written(), print::endpoint)
        }
        Action::Show { of } => match of.target {
            DeliveryTarget::Own => {
                let own = administration.own_webhooks_get(merchant).await?;
                both(own.as_written(), print::endpoint)
            }
            DeliveryTarget::Endpoint(id) => {
                endpoint(&administration.webhook_endpoint_get(merchant, id).await?)
            }
        },
        Action::Update {
            endpoint: id,
            url,
            settings,
            all_events,
            no_rate,
        } => {
            let mut document = settings.document(url.as_ref());
            if all_events {
                document.insert("event_types".into(), json!([]));
            }
            if no_rate {
                document.insert("rate_per_second".into(), Value::Null);
            }
            let document = Value::Object(document);
            endpoint(
                &administration
                    .webhook_endpoint_update(actor, merchant, id, &document)
                    .await?,
            )
        }
        Action::Delete { endpoint } => {
            administration
                .webhook_endpoint_delete(actor, merchant, endpoint)
                .await?;
            (json!({}), format!("{} is gone\n", endpoint.prefixed()))
        }
        Action::Enable { endpoint: id } => endpoint(
            &administration
                .webhook_endpoint_set_enabled(actor, merchant, id, true)
                .await?,
        ),
        Action::Disable { endpoint: id } => endpoint(
            &administration
                .webhook_endpoint_set_enabled(actor, merchant, id, false)
                .await?,
        ),
        Action::Event { event } => {
            let shown = administration.webhook_event(merchant, event).await?;
            both(shown.as_written(), print::event)
        }
        Action::Rotate {
            of,
            overlap_seconds,
            schemes,
        } => {
            let document = rotation(overlap_seconds, &schemes);
            let issued = administration
                .webhook_keys_rotate(actor, merchant, of.target, &document)
                .await?;
            both(issued.as_written(), print::keys)
        }
        Action::Test { of, wait_seconds } => {
            let document = json!({"wait_seconds": wait_seconds});
            let sent = administration
                .webhook_test(actor, merchant, of.target, &document)
                .await?;
            both(sent.as_written(), print::test)
        }
        Action::Replay { of, what } => {
            let queued = administration
                .webhook_replay(actor, merchant, of.target, &what.document())
                .await?;
            (json!({"queued": queued}), format!("{queued} deliveries queued\n"))
        }
        Action::DeadLetters { of, limit, after } => {
            let after = after.map(|text| text.parse()).transpose()?;
            let letters = administration
                .webhook_dead_letters(merchant, of.target, after, limit)
                .await?;
            both(letters.as_written(), print::dead_letters)
        }
        Action::Attempts {
            of,
            failed_only,
            event,
            limit,
            before,
        } => {
            let filter = AttemptFilter {
                failed_only,
                event,
                before: before.map(|text| text.parse()).transpose()?,
            };
            let attempts = administration
                .webhook_attempts(merchant, of.target, &filter, limit)
                .await?;
            both(attempts.as_written(), print::attempts)
        }
    })
}

async fn list(
    administration: &Administration,
    merchant: Id<kind::Merchant>,
) -> Result<Answer, Box<dyn std::error::Error>> {
    let endpoints = administration
        .webhook_endpoints_list(merchant, None, PAGE_MAX)
        .await?;
    let data: Vec<_> = endpoints.iter().map(ShownWebhookEndpoint::as_written).collect();
    Ok(both(json!({"data": data}), print::endpoints))
}

fn both(answer: Value, lines: fn(&Value) -> String) -> Answer {
    let lines = lines(&answer);
    (answer, lines)
}

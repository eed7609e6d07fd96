//! What attempts say about endpoints, and what is done about it: noted since when one has been failing, disabled when
//! that has gone on for too long or when it says that it is gone, and its merchant told.

use crate::{Clock, health::EndpointNews, telemetry};
use primitives::{Id, id::kind};
use serde_json::json;
use store::{
    Store, StoreError,
    audit::{Actor, AuditEntry},
    events::{EVENT_ENDPOINT_DISABLED, NewEvent, Recipients, Subject},
    webhook_endpoints::{DisabledReason, EndpointStatus, WebhookEndpoint},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What was found out about an endpoint's row.
#[derive(Debug)]
pub(crate) struct Noted {
    pub(crate) failing_since: Option<OffsetDateTime>,
    /// Whether it was disabled, and so an event written.
    pub(crate) disabled: bool,
}

/// Acts on news of an endpoint. What cannot be done now is tried again at its next news.
pub(crate) async fn act(
    store: Store,
    clock: Clock,
    merchant: Id<kind::Merchant>,
    endpoint: Id<kind::WebhookEndpoint>,
    news: EndpointNews,
) -> Result<Noted, StoreError> {
    let noted = |failing_since, disabled| Noted {
        failing_since,
        disabled,
    };
    match news {
        EndpointNews::Failing { since } => {
            store.endpoint_failing(endpoint, Some(since)).await?;
            tracing::info!(%merchant, %endpoint, "webhook endpoint fails");
            Ok(noted(Some(since), false))
        }
        EndpointNews::Recovered => {
            store.endpoint_failing(endpoint, None).await?;
            tracing::info!(%merchant, %endpoint, "webhook endpoint accepts again");
            Ok(noted(None, false))
        }
        EndpointNews::Gone => {
            let disabled = disable(&store, &clock, merchant, endpoint, DisabledReason::Gone).await?;
            Ok(noted(None, disabled))
        }
        EndpointNews::FailingTooLong { since } => {
            let disabled = disable(&store, &clock, merchant, endpoint, DisabledReason::Failing).await?;
            Ok(noted(Some(since).filter(|_| !disabled), disabled))
        }
    }
}

/// Disables an endpoint, with an audit entry and an event for the merchant's other endpoints and its own URL. `false`
/// when it is disabled already, or no longer there, or has recovered meanwhile.
async fn disable(
    store: &Store,
    clock: &Clock,
    merchant: Id<kind::Merchant>,
    endpoint: Id<kind::WebhookEndpoint>,
    reason: DisabledReason,
) -> Result<bool, StoreError> {
    let Some(row) = store.endpoint_load(merchant, endpoint).await? else {
        return Ok(false);
    };
    if reason == DisabledReason::Failing && row.failing_since.is_none() {
        return Ok(false);
    }
    let profile = store.merchant_load(merchant).await?;
    let moment = clock();
    let document = document(&row, reason, moment.now);
    let notice = NewEvent {
        id: moment.fresh_id(),
        merchant,
        subject: Subject::Endpoint(endpoint),
        sequence: row.version + 1,
        event_type: EVENT_ENDPOINT_DISABLED,
        payment_status: None,
        document: document.to_string(),
        notify_url: profile.and_then(|profile| profile.notify_url),
        recipients: Recipients::Subscribed,
        created_at: moment.now,
    };
    let audit = AuditEntry {
        at: moment.now,
        actor: Actor::Gateway,
        action: "webhook_endpoint.disable",
        merchant: Some(merchant),
        subject: endpoint.to_string(),
        before: Some(json!({ "status": word(row.status) })),
        after: Some(json!({ "status": "disabled", "reason": reason.as_str() })),
    };
    let disabled = store
        .endpoint_disable(merchant, endpoint, reason, moment.now, Some(&notice), &audit)
        .await?;
    if disabled {
        telemetry::endpoint_disabled(merchant, endpoint, reason.as_str());
        // Who reads the log of events waits for a word that there is a new one. Without it the reader looks by itself.
        if let Err(error) = store.changes_notify(&[], &[merchant]).await {
            tracing::warn!(%error, "readers of the event log cannot be woken");
        }
    }
    Ok(disabled)
}

/// The endpoint as the event shows it.
fn document(row: &WebhookEndpoint, reason: DisabledReason, now: OffsetDateTime) -> serde_json::Value {
    let write = |time: OffsetDateTime| time.format(&Rfc3339).ok();
    json!({
        "endpoint_id": row.id.prefixed(),
        "url": row.url.as_str(),
        "description": row.description,
        "event_types": row.event_types,
        "status": "disabled",
        "disabled_reason": reason.as_str(),
        "disabled_at": write(now),
        "failing_since": row.failing_since.and_then(write),
    })
}

fn word(status: EndpointStatus) -> &'static str {
    match status {
        EndpointStatus::Enabled => "enabled",
        EndpointStatus::Disabled { .. } => "disabled",
    }
}

//! The event log: `GET /events` and `GET /events/{event_id}`, for merchants who read instead of being told, or who were
//! not reached.

mod query;
pub mod schema;
#[cfg(test)]
mod tests;

use crate::orders::{OrdersState, call::Call, errors::Failure, keys::Access, schema::ErrorBody};
use axum::{
    extract::{FromRequestParts, Path, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use orchestrator::{Fault, event_log::EventsFound};
use payments::{Refusal, RefusalCode};
use primitives::{Id, id::kind};
use query::EventsQuery;
use schema::{EventReply, EventsReply};
use std::convert::Infallible;
use store::events::{EVENT_TEST, EventRecord};
use time::format_description::well_known::Rfc3339;

/// Read the event log
///
/// Answers the merchant's events behind a cursor, oldest first: everything that webhooks tell, whether they arrived or
/// not, for as long as events are kept (30 days at least). Go on with `next` of each answer, at once while `has_more` says
/// so: nothing is skipped and nothing comes twice, and nothing appears later behind a cursor that was handed out. With
/// `wait` (or `Prefer: wait=N`, RFC 7240) an answer that would be empty is held until there is an event or the time is
/// over.
#[utoipa::path(
    get,
    path = "/events",
    tag = "Events",
    operation_id = "listEvents",
    security(("api_key" = [])),
    params(
        ("after" = Option<String>, Query, description = "`next` of an earlier answer; without it, from the oldest event that is kept."),
        ("limit" = Option<u16>, Query, description = "At most this many; 50 where nothing is said.", minimum = 1, maximum = 100),
        ("event_type" = Option<Vec<String>>, Query, description = "Only events of this type; may be given several times. An answer may then be empty and still say `has_more`."),
        ("wait" = Option<u8>, Query, description = "Seconds to hold an answer that would be empty.", minimum = 0, maximum = 60),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: as the query parameter, which goes first. More than 60 is shortened."),
    ),
    responses(
        (status = 200, description = "Events, or none.", body = EventsReply, headers(
            ("Preference-Applied" = String, description = "`wait=N`, when the wait came as a preference."),
        )),
        (status = 400, description = "A parameter or a header is wrong (`EMA-1002`, `EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 403, description = "The key is a public one (`EMA-5000`).", body = ErrorBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn list_events(State(state): State<OrdersState>, request: Request) -> Result<Response, Failure> {
    let query = request.uri().query().map(str::to_owned);
    let call = Call::accept(&state, request, Access::Private).await?;
    let EventsQuery { asked, hold } = EventsQuery::read(query.as_deref(), &call.headers)?;
    let found = state.orders.events(&call.caller, asked).await?;
    Ok(hold.acknowledged(listed(&found)?))
}

/// Read one event
#[utoipa::path(
    get,
    path = "/events/{event_id}",
    tag = "Events",
    operation_id = "getEvent",
    security(("api_key" = [])),
    params(("event_id" = String, Path, description = "The `event_id` of a webhook's body, or its `webhook-id`.")),
    responses(
        (status = 200, description = "The event.", body = EventReply),
        (status = 400, description = "A header is wrong (`EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 403, description = "The key is a public one (`EMA-5000`).", body = ErrorBody),
        (status = 404, description = "There is no such event, or not any more (`EMA-3001`).", body = ErrorBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn get_event(
    State(state): State<OrdersState>,
    EventIdInPath(event): EventIdInPath,
    request: Request,
) -> Result<Response, Failure> {
    let call = Call::accept(&state, request, Access::Private).await?;
    let found = match event {
        Some(event) => state.orders.event(&call.caller, event).await?,
        None => None,
    };
    let found = found.ok_or_else(Failure::no_such_event)?;
    Ok(json(format!(r#"{{"event":{}}}"#, shown(&found)?)))
}

/// What stands in the path where an event's id should: what cannot be one names no event.
pub struct EventIdInPath(Option<Id<kind::Event>>);

impl<S: Send + Sync> FromRequestParts<S> for EventIdInPath {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(text.ok().and_then(|Path(text)| text.parse().ok())))
    }
}

fn listed(found: &EventsFound) -> Result<Response, Refusal> {
    let events = found.events.iter().map(shown).collect::<Result<Vec<_>, _>>()?;
    Ok(json(format!(
        r#"{{"events":[{}],"next":"{}","has_more":{}}}"#,
        events.join(","),
        found.next,
        found.more
    )))
}

/// An event as its webhooks have it, but for the time of signing. The document goes in as the text it is.
fn shown(event: &EventRecord) -> Result<String, Refusal> {
    let created_at = event.created_at.format(&Rfc3339).map_err(|_| {
        let fault = Fault::Missing("an event's time that RFC 3339 can write");
        Refusal::new(RefusalCode::Internal, fault.logged())
    })?;
    let is_test = event.event_type == EVENT_TEST;
    // A test shows an order that is none, whatever it is filed under.
    let (member, test) = if is_test {
        ("order", r#","test":true"#)
    } else {
        (event.subject.member(), "")
    };
    Ok(format!(
        r#"{{"event_id":"{}","event_type":"{}","sequence":{},"created_at":"{created_at}","{member}":{}{test}}}"#,
        event.id, event.event_type, event.sequence, event.document
    ))
}

fn json(text: String) -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    (StatusCode::OK, [(header::CONTENT_TYPE, JSON)], text).into_response()
}

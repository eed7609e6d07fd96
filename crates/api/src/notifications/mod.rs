//! Where processors tell us what became of charges, captures, voids and refunds.
//!
//! Server to server: no browser and no merchant comes here. Each connection has an address of its own, and what comes to it is
//! believed only once the processor's adapter has verified it with that connection's credentials. 200 means that it is
//! recorded; after anything else the processor tells it again. Errors carry no body: whoever may know more is told by
//! the log, and a stranger learns nothing.

use acquiring::NotificationRefused;
use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use orchestrator::flows::notifications::{NotTaken, Notification};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Largest notification: a batch of some dozens of items.
const BODY_MAX_BYTES: usize = 128 * 1024;

/// Who takes what a processor posts.
#[async_trait::async_trait]
pub trait Notifications: Send + Sync {
    /// Answers the receipt to reply with, once the notification is recorded.
    async fn received(&self, notification: Notification) -> Result<&'static str, NotTaken>;
}

#[async_trait::async_trait]
impl Notifications for orchestrator::Gateway {
    async fn received(&self, notification: Notification) -> Result<&'static str, NotTaken> {
        self.notification_received(notification).await
    }
}

pub fn router(notifications: Arc<dyn Notifications>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(receive))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(notifications)
}

/// Take a processor's notification
///
/// For processors only: register this address with the processor, with the name and the id of the connection it tells about.
/// What comes is verified by that processor's own rules with the connection's credentials, taken in once however often it is told,
/// and answered with the receipt that the processor wants.
#[utoipa::path(
    post,
    path = "/notifications/{processor_name}/{connection_id}",
    tag = "Notifications",
    operation_id = "processorNotification",
    params(
        ("processor_name" = String, Path, description = "The processor that tells.", example = "kushki"),
        ("connection_id" = String, Path, description = "The connection that it tells about."),
    ),
    request_body(content = String, description = "Whatever the processor sends.", content_type = "application/json"),
    responses(
        (status = 200, description = "Recorded, or heard before. The body is the processor's own word for that.",
            body = String, content_type = "text/plain"),
        (status = 400, description = "Verified, yet unreadable."),
        (status = 401, description = "Signature missing or wrong, or the notification too old."),
        (status = 404, description = "There is no such connection of that processor, or it sends no notifications."),
        (status = 413, description = "Larger than any notification."),
        (status = 500, description = "Not recorded: tell it again."),
    )
)]
async fn receive(
    State(notifications): State<Arc<dyn Notifications>>,
    Path((processor_name, connection)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Ok(connection) = connection.parse() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let notification = Notification {
        processor_name,
        connection,
        headers: texts(&headers),
        body: body.to_vec(),
    };
    match notifications.received(notification).await {
        Ok(receipt) => received(receipt),
        Err(why) => refused(&connection.to_string(), why),
    }
}

/// The headers that are text; no signature is anything else.
fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect()
}

fn received(receipt: &'static str) -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
    match receipt {
        "" => StatusCode::OK.into_response(),
        json if json.starts_with('{') => ([(CONTENT_TYPE, JSON)], json).into_response(),
        text => ([(CONTENT_TYPE, TEXT)], text).into_response(),
    }
}

fn refused(connection: &str, why: NotTaken) -> Response {
    let (status, outcome) = match why {
        NotTaken::NoSuchConnection => (StatusCode::NOT_FOUND, "no_such_connection"),
        NotTaken::Refused(refused) => {
            tracing::warn!(connection, why = %refused, "notification not believed");
            match refused {
                NotificationRefused::BadSignature => (StatusCode::UNAUTHORIZED, "bad_signature"),
                NotificationRefused::Stale => (StatusCode::UNAUTHORIZED, "stale"),
                NotificationRefused::Unreadable(_) => (StatusCode::BAD_REQUEST, "unreadable"),
                NotificationRefused::NotOffered => (StatusCode::NOT_FOUND, "not_offered"),
            }
        }
        NotTaken::Fault(fault) => {
            fault.logged();
            (StatusCode::INTERNAL_SERVER_ERROR, "fault")
        }
    };
    metrics::counter!("pasarela_notifications_refused_total", "why" => outcome).increment(1);
    status.into_response()
}

#[cfg(test)]
mod tests;

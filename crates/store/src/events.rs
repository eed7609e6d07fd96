//! The outbox: what merchants are told, written with what happened.

use crate::StoreError;
use primitives::{HttpUrl, Id, id::kind};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Something a merchant is to be told, with the order as it was at that point.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub id: Id<kind::Event>,
    pub merchant: Id<kind::Merchant>,
    pub order: Id<kind::Order>,
    /// The order's version. Events of one order reach one URL in this order, those of one version in that of their
    /// ids.
    pub sequence: i64,
    /// `order.pending`, `order.succeeded`, `order.cancelled`, `order.refund`, `order.expired` or `payment.updated`.
    pub event_type: &'static str,
    pub payment_status: String,
    /// The order document as JSON text. It is sent byte for byte.
    pub order_document: String,
    /// Where the merchant wants to be told. Without one the event is kept and nothing is delivered.
    pub target: Option<HttpUrl>,
    pub created_at: OffsetDateTime,
}

/// Writes an event and, when it has a target, its delivery: one statement in the transaction that made it happen.
///
/// # Errors
/// [`StoreError::Taken`] when an event of this id exists.
pub async fn events_insert_in(conn: &mut PgConnection, event: &NewEvent) -> Result<(), StoreError> {
    let url = event.target.as_ref().map(HttpUrl::as_str);
    // The delivery takes the event's own UUID: there is one per event, and it needs no second random number.
    //
    // It is due at once, or with the last open delivery ahead of it in the same order and URL. One that is being sent
    // has been due already, so nothing is ever put off beyond the end of what it waits for. (Why COALESCE: see
    // `deliveries`.)
    sqlx::query!(
        r#"
        WITH event AS (
            INSERT INTO events
                (merchant_id, id, order_id, sequence, event_type, payment_status, document, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            RETURNING merchant_id, id, order_id, sequence, created_at
        )
        INSERT INTO deliveries
            (merchant_id, order_id, id, event_id, sequence, url, queue, created_at, next_at, updated_at)
        SELECT event.merchant_id, event.order_id, event.id, event.id, event.sequence,
               $9, $10, event.created_at,
               GREATEST(event.created_at, (
                   SELECT max(ahead.next_at)
                   FROM deliveries AS ahead
                   WHERE ahead.merchant_id = event.merchant_id
                     AND ahead.order_id = event.order_id
                     AND ahead.url = $9
                     AND COALESCE(ahead.outcome, '') = ''
               )),
               event.created_at
        FROM event
        WHERE $9::text IS NOT NULL
        "#,
        event.merchant.uuid(),
        event.id.uuid(),
        event.order.uuid(),
        event.sequence,
        event.event_type,
        event.payment_status,
        event.order_document,
        event.created_at,
        url,
        url.map(queue_of),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The queue that deliveries to a URL wait in: its host and port as written, in lower case.
fn queue_of(url: &str) -> String {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_scheme
        .split(['/', '?', '#', '\\'])
        .next()
        .unwrap_or_default();
    authority.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::queue_of;

    #[test]
    fn a_queue_is_a_host_and_port_whatever_follows() {
        for url in [
            "https://Shop.example:8443/hooks?x=1",
            "https://shop.example:8443",
            "https://shop.example:8443?x=/y",
            "HTTPS://SHOP.EXAMPLE:8443#z",
        ] {
            assert_eq!(queue_of(url), "shop.example:8443", "{url}");
        }
        assert_eq!(queue_of("http://[::1]:8090/hook"), "[::1]:8090");
    }
}

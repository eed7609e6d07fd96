//! Events written straight into the database, as the gateway's own transactions would: a load for the dispatcher that
//! costs no purchases.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use uuid::Uuid;

use crate::database::Database;

/// The order document that the events carry is about as long as a real one.
const DOCUMENT_PADDING: usize = 3_000;

/// A webhook endpoint, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub merchant: Uuid,
    pub endpoint: Uuid,
}

/// An event to write: whose, and for which endpoints of that merchant.
#[derive(Clone, Debug)]
struct Planned<'a> {
    id: Uuid,
    merchant: Uuid,
    endpoints: &'a [Uuid],
}

/// A connection that writes events.
#[derive(Debug)]
pub struct Outbox {
    options: PgConnectOptions,
    connection: PgConnection,
    merchant: Uuid,
    document: String,
}

impl Outbox {
    /// Of the merchant with that id.
    pub async fn of(database: &Database, merchant: &str) -> Self {
        let options = PgConnectOptions::from_str(database.url().as_str()).unwrap();
        Self {
            connection: options.connect().await.unwrap(),
            options,
            merchant: Uuid::parse_str(merchant).unwrap(),
            document: format!(
                r#"{{"order_id":"outbox","status":"succeeded","created_at":"2026-01-01T00:00:00Z","note":"{}"}}"#,
                "x".repeat(DOCUMENT_PADDING)
            ),
        }
    }

    /// From now on the events carry this document.
    pub fn carry(&mut self, document: String) {
        self.document = document;
    }

    /// Writes that many events in one transaction, each about an order of its own and to be delivered to each of these
    /// endpoints; answers their ids. The dispatchers are told, as the gateway would.
    ///
    /// # Errors
    /// When the database is away; whether the events are written is then not known.
    pub async fn write(&mut self, count: usize, endpoints: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
        let ids = fresh(count);
        self.write_these(&self.planned(&ids, endpoints), Duration::ZERO)
            .await?;
        Ok(ids)
    }

    /// Writes an event for each of these endpoints, in one transaction.
    ///
    /// # Errors
    /// When the database is away; whether the events are written is then not known.
    pub async fn write_one_each(&mut self, targets: &[Target]) -> Result<(), sqlx::Error> {
        let planned: Vec<_> = targets
            .iter()
            .map(|target| Planned {
                id: Uuid::now_v7(),
                merchant: target.merchant,
                endpoints: std::slice::from_ref(&target.endpoint),
            })
            .collect();
        self.write_these(&planned, Duration::ZERO).await
    }

    /// Writes events for nobody in a transaction that is held open for that time before it commits.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn write_slowly(&mut self, count: usize, held: Duration) -> Result<Vec<Uuid>, sqlx::Error> {
        let ids = fresh(count);
        self.write_these(&self.planned(&ids, &[]), held).await?;
        Ok(ids)
    }

    /// Writes until it is sure that the events are written, each of them once.
    pub async fn write_surely(&mut self, count: usize, endpoints: &[Uuid]) -> Vec<Uuid> {
        let ids = fresh(count);
        while let Err(error) = self
            .write_these(&self.planned(&ids, endpoints), Duration::ZERO)
            .await
        {
            // A transaction whose answer was lost may have been committed.
            if error
                .as_database_error()
                .is_some_and(|error| error.is_unique_violation())
            {
                break;
            }
            tokio::time::sleep(crate::process::LOOK_EVERY).await;
            if let Ok(connection) = self.options.connect().await {
                self.connection = connection;
            }
        }
        ids
    }

    fn planned<'a>(&self, ids: &[Uuid], endpoints: &'a [Uuid]) -> Vec<Planned<'a>> {
        let planned = ids.iter().map(|id| Planned {
            id: *id,
            merchant: self.merchant,
            endpoints,
        });
        planned.collect()
    }

    async fn write_these(&mut self, planned: &[Planned<'_>], held: Duration) -> Result<(), sqlx::Error> {
        let (ids, merchants): (Vec<_>, Vec<_>) =
            planned.iter().map(|event| (event.id, event.merchant)).unzip();
        let (events, endpoints): (Vec<_>, Vec<_>) = planned
            .iter()
            .flat_map(|event| event.endpoints.iter().map(|endpoint| (event.id, *endpoint)))
            .unzip();
        let mut transaction = self.connection.begin().await?;
        sqlx::query(
            "WITH event AS (
                 INSERT INTO events (merchant_id, id, subject, subject_id, sequence, event_type, payment_status,
                                     document, created_at)
                 SELECT merchant, id, 'order', id, 1, 'order.succeeded', 'processed', $3, clock_timestamp()
                 FROM unnest($1::uuid[], $2::uuid[]) AS planned (id, merchant)
                 RETURNING merchant_id, id, subject_id, sequence, created_at
             )
             INSERT INTO deliveries (merchant_id, subject_id, event_id, queue, endpoint_id, sequence, state, next_at,
                                     created_at, updated_at)
             SELECT merchant_id, subject_id, id, endpoint, endpoint, sequence, 'ready', created_at, created_at, created_at
             FROM unnest($4::uuid[], $5::uuid[]) AS wanted (event, endpoint) JOIN event ON event.id = wanted.event",
        )
        .bind(&ids)
        .bind(&merchants)
        .bind(&self.document)
        .bind(&events)
        .bind(&endpoints)
        .execute(&mut *transaction)
        .await?;
        tokio::time::sleep(held).await;
        // Who waits for deliveries, and who waits for this merchant's events.
        sqlx::query("SELECT pg_notify('pasarela_deliveries', ''), pg_notify('pasarela_events', $1)")
            .bind(self.merchant.simple().to_string())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
}

fn fresh(count: usize) -> Vec<Uuid> {
    (0..count).map(|_| Uuid::now_v7()).collect()
}

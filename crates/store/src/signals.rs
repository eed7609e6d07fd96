//! LISTEN/NOTIFY: what processes tell each other so that nobody has to poll.
//!
//! A signal is a hint: it may be lost with the connection, so everything that is woken by one also looks by itself now
//! and then, and a lost connection is reported so that everybody looks once.

use crate::{Store, StoreError};
use primitives::{
    Id,
    id::{Kind, kind},
};
use sqlx::postgres::PgListener;
use uuid::Uuid;

const ORDERS: &str = "pasarela_orders";
const EVENTS: &str = "pasarela_events";
pub(crate) const CONFIGURATION: &str = "pasarela_configuration";
pub(crate) const DELIVERIES: &str = "pasarela_deliveries";

/// What a process hears from the others (and from itself).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    OrdersChanged(Vec<Id<kind::Order>>),
    /// Events of these merchants were recorded.
    EventsRecorded(Vec<Id<kind::Merchant>>),
    /// Merchants, keys, connections or directory servers changed.
    ConfigurationChanged,
    /// Webhook deliveries may have fallen due.
    DeliveriesDue,
    /// The connection was lost for a while; signals may have been missed.
    MayHaveMissed,
}

/// One connection that listens for all signals.
#[derive(Debug)]
pub struct Signals {
    listener: PgListener,
}

impl Signals {
    /// The next signal. An error means that the database cannot be reached even after reconnecting.
    pub async fn next(&mut self) -> Result<Signal, StoreError> {
        loop {
            let Some(heard) = self.listener.try_recv().await? else {
                return Ok(Signal::MayHaveMissed);
            };
            match heard.channel() {
                ORDERS => return Ok(Signal::OrdersChanged(ids(heard.payload()))),
                EVENTS => return Ok(Signal::EventsRecorded(ids(heard.payload()))),
                CONFIGURATION => return Ok(Signal::ConfigurationChanged),
                DELIVERIES => return Ok(Signal::DeliveriesDue),
                _ => {}
            }
        }
    }
}

fn ids<K: Kind>(payload: &str) -> Vec<Id<K>> {
    payload
        .split(',')
        .filter_map(|text| Uuid::try_parse(text).ok())
        .map(Id::from_uuid)
        .collect()
}

fn payload<K: Kind>(ids: &[Id<K>]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| id.uuid().simple().to_string()).collect();
    ids.join(",")
}

impl Store {
    /// Starts to listen, on a connection of its own.
    pub async fn listen(&self) -> Result<Signals, StoreError> {
        let mut listener = PgListener::connect_with(self.pool()).await?;
        listener
            .listen_all([ORDERS, EVENTS, CONFIGURATION, DELIVERIES])
            .await?;
        Ok(Signals { listener })
    }

    /// Tells every process that these orders changed, and that events of these merchants were recorded. To be sent after
    /// the commit that did so. Each list must fit into a payload of less than 8000 bytes, an id taking 33.
    pub async fn changes_notify(
        &self,
        orders: &[Id<kind::Order>],
        merchants: &[Id<kind::Merchant>],
    ) -> Result<(), StoreError> {
        // A hint need not be durable: its commit does not wait for the log. `set_config` in the same statement saves the
        // round trips of a transaction around it.
        sqlx::query!(
            r#"
            SELECT set_config('synchronous_commit', 'off', true),
                   CASE WHEN $2 <> '' THEN pg_notify($1, $2) END AS orders,
                   CASE WHEN $4 <> '' THEN pg_notify($3, $4) END AS events
            "#,
            ORDERS,
            payload(orders),
            EVENTS,
            payload(merchants),
        )
        .fetch_one(self.pool())
        .await?;
        Ok(())
    }
}

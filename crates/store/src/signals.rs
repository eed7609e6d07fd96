//! LISTEN/NOTIFY: what processes tell each other so that nobody has to poll.
//!
//! A signal is a hint: it may be lost with the connection, so everything that is woken by one also looks by itself now
//! and then, and a lost connection is reported so that everybody looks once.

use crate::{Store, StoreError};
use primitives::{Id, id::kind};
use sqlx::postgres::PgListener;
use uuid::Uuid;

const ORDERS: &str = "pasarela_orders";
pub(crate) const CONFIGURATION: &str = "pasarela_configuration";
const DELIVERIES: &str = "pasarela_deliveries";

/// What a process hears from the others (and from itself).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    OrdersChanged(Vec<Id<kind::Order>>),
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
                CONFIGURATION => return Ok(Signal::ConfigurationChanged),
                DELIVERIES => return Ok(Signal::DeliveriesDue),
                _ => {}
            }
        }
    }
}

fn ids(payload: &str) -> Vec<Id<kind::Order>> {
    payload
        .split(',')
        .filter_map(|text| Uuid::try_parse(text).ok())
        .map(Id::from_uuid)
        .collect()
}

impl Store {
    /// Starts to listen, on a connection of its own.
    pub async fn listen(&self) -> Result<Signals, StoreError> {
        let mut listener = PgListener::connect_with(self.pool()).await?;
        listener.listen_all([ORDERS, CONFIGURATION, DELIVERIES]).await?;
        Ok(Signals { listener })
    }

    /// Tells every process that these orders changed. To be sent after the commit that changed them.
    pub async fn orders_notify(&self, orders: &[Id<kind::Order>]) -> Result<(), StoreError> {
        let payload: Vec<String> = orders
            .iter()
            .map(|order| order.uuid().simple().to_string())
            .collect();
        // A hint need not be durable: its commit does not wait for the log. `set_config` in the same statement saves the
        // round trips of a transaction around it.
        sqlx::query!(
            "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)",
            ORDERS,
            payload.join(","),
        )
        .fetch_one(self.pool())
        .await?;
        Ok(())
    }
}

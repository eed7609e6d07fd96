//! Which connections may take a charge, in which order.

use crate::{
    connection::{Connection, ConnectionStatus, OnDoubt, ThreeDsProvider},
    purchase::Market,
    settlement::Offers,
    three_ds::{
        ThreeDs,
        approach::{implied_exclusion, stands_in_charge},
    },
};
use acquiring::{Capabilities, ChargeKind, Exemption, Initiator};
use primitives::{Amount, Brand, Id, id::kind};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One way to charge, with everything later decisions need of the connection, frozen when the purchase was made: a
/// change of configuration does not change a payment on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub connection: Id<kind::Connection>,
    pub processor: String,
    pub charge: ChargeKind,
    /// Whether Pasarela's own MPI authenticates for this connection.
    pub authenticates: bool,
    pub on_attempted: OnDoubt,
    pub on_unavailable: OnDoubt,
    /// Whether the processor takes 3DS values of this brand from outside.
    pub takes_external_authentication: bool,
    /// What is wanted of 3-D Secure here: by the purchase, else by the connection.
    #[serde(default)]
    pub three_ds: ThreeDs,
    /// The ground for going without authentication that a charge here gives, where there is one that its processor takes.
    #[serde(default)]
    pub claims: Option<Exemption>,
    /// Whether a charge here cannot go without the card's security code.
    #[serde(default)]
    pub needs_security_code: bool,
    /// What can be done with a charge that was approved here.
    #[serde(default)]
    pub offers: Offers,
    /// When an inquiry can first find a charge, and when "not found" is final, counted from sending.
    pub inquiry_visible_after_seconds: u32,
    pub inquiry_final_after_seconds: u32,
}

/// What a charge must be able to do.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    pub brand: Brand,
    pub amount: Amount,
    pub installments: u8,
    /// Only this processor will do.
    pub processor_name: Option<&'a str>,
    /// `Some(false)`: hold only; `Some(true)`: take; `None`: as the connection is set.
    pub capture: Option<bool>,
    /// What is wanted of 3-D Secure before the connection is asked: the purchase's wish, and where a rule routes, the
    /// rule's behind it.
    pub three_ds: &'a ThreeDs,
    pub initiator: Initiator,
    pub market: Market,
}

/// The routes for a charge, best first. Empty when no connection takes the card.
pub fn routes<'a>(
    demand: Demand<'_>,
    connections: impl IntoIterator<Item = (&'a Connection, &'a Capabilities)>,
) -> Vec<Route> {
    let mut fitting: Vec<_> = connections
        .into_iter()
        .filter(|(connection, can)| fits(demand, connection, can))
        .collect();
    fitting.sort_by_key(|(connection, _)| (connection.preference, connection.id));
    fitting
        .into_iter()
        .map(|(connection, can)| route(demand, connection, can))
        .collect()
}

fn fits(demand: Demand<'_>, connection: &Connection, can: &Capabilities) -> bool {
    let currency = demand.amount.currency();
    let holds = charge_kind(demand, connection) == ChargeKind::Authorization;
    connection.status == ConnectionStatus::Active
        && demand
            .processor_name
            .is_none_or(|name| name == connection.processor_name)
        && can.takes(demand.brand, currency)
        && (connection.currencies.is_empty() || connection.currencies.contains(&currency))
        && demand.installments <= can.installments_max.max(1)
        && (!holds || can.authorizations)
}

fn charge_kind(demand: Demand<'_>, connection: &Connection) -> ChargeKind {
    match demand.capture {
        Some(true) => ChargeKind::Sale,
        Some(false) => ChargeKind::Authorization,
        None => connection.operation,
    }
}

fn route(demand: Demand<'_>, connection: &Connection, can: &Capabilities) -> Route {
    let seconds = |setting: Option<u32>, declared: Duration| {
        setting.unwrap_or_else(|| u32::try_from(declared.as_secs()).unwrap_or(u32::MAX))
    };
    let three_ds = demand.three_ds.clone().or(&connection.three_ds.defaults);
    let ground = three_ds
        .exemption
        .or(implied_exclusion(demand.initiator, demand.market));
    Route {
        claims: ground.filter(|ground| stands_in_charge(*ground) && can.exemptions.contains(ground)),
        needs_security_code: can.needs_security_code,
        three_ds,
        connection: connection.id,
        processor: connection.processor_name.clone(),
        charge: charge_kind(demand, connection),
        authenticates: matches!(
            connection.three_ds.provider,
            ThreeDsProvider::Deuna | ThreeDsProvider::Remote
        ),
        on_attempted: connection.three_ds.on_attempted,
        on_unavailable: connection.three_ds.on_unavailable,
        offers: Offers::from(can),
        takes_external_authentication: can.external_authentication.contains(&demand.brand),
        inquiry_visible_after_seconds: seconds(
            connection.inquiry_visible_after_seconds,
            can.inquiry_visible_after,
        ),
        inquiry_final_after_seconds: seconds(connection.inquiry_final_after_seconds, can.inquiry_final_after),
    }
}

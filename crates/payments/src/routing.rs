//! Which connections may take a charge, in which order, and why.
//!
//! A merchant's rules are asked by priority; the first whose conditions all hold decides, and where none does, all
//! connections are taken by preference. A [`Choice`] is the routes and an [`Explanation`] that agrees with them. Read
//! [`rule`], then [`choose`](choose()).

mod choose;
pub mod document;
pub mod explanation;
pub mod facts;
pub mod rule;
mod split;

#[cfg(test)]
mod tests;

pub use choose::choose;
pub use explanation::{Breaker, Explanation};
pub use facts::{Facts, bin_of};
pub use rule::Rule;

use crate::{
    connection::{Connection, OnDoubt, ReusePolicy, ThreeDsProvider},
    purchase::Market,
    settlement::Offers,
    three_ds::{
        ThreeDs,
        approach::{implied_exclusion, stands_in_charge},
    },
};
use acquiring::{Capabilities, ChargeKind, Exemption, Initiator, Recovery};
use primitives::{Id, id::kind};
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
    /// What tells what became of a charge here whose answer was lost.
    #[serde(default)]
    pub lost_charge: Recovery,
    /// Whether a charge here can be taken back by our own reference.
    #[serde(default)]
    pub reversals: bool,
    /// Whether an authentication that was made for another connection is taken here.
    #[serde(default)]
    pub reuse: ReusePolicy,
    /// Whether a charge may go on here, without any authentication, after one for this or an earlier route could not be
    /// had. Only ever said by a rule of the merchant's.
    #[serde(default)]
    pub charges_after_failed_authentication: bool,
}

/// What a charge must be able to do.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    pub facts: Facts<'a>,
    pub installments: u8,
    /// Only this processor will do. Rules may then reject, and say what is wanted of 3-D Secure, but choose no connection.
    pub processor_name: Option<&'a str>,
    /// `Some(false)`: hold only; `Some(true)`: take; `None`: as the connection is set.
    pub capture: Option<bool>,
    /// What the purchase wants of 3-D Secure. Behind it comes the rule's wish, then the connection's.
    pub three_ds: &'a ThreeDs,
    pub initiator: Initiator,
    pub market: Market,
}

/// A connection that might take a charge.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    pub connection: &'a Connection,
    /// Its processor's.
    pub can: &'a Capabilities,
    pub breaker: Breaker,
    /// Why the card's scheme lets it not be tried there now, where it does not.
    pub retry_limit: Option<String>,
}

/// What becomes of a purchase.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Best first. Empty when a rule rejects the purchase, or no connection takes it; the explanation tells which.
    pub routes: Vec<Route>,
    pub explanation: Explanation,
}

fn charge_kind(demand: Demand<'_>, connection: &Connection) -> ChargeKind {
    match demand.capture {
        Some(true) => ChargeKind::Sale,
        Some(false) => ChargeKind::Authorization,
        None => connection.operation,
    }
}

fn route(demand: Demand<'_>, wish: &ThreeDs, connection: &Connection, can: &Capabilities) -> Route {
    let seconds = |setting: Option<u32>, declared: Duration| {
        setting.unwrap_or_else(|| u32::try_from(declared.as_secs()).unwrap_or(u32::MAX))
    };
    let three_ds = wish.clone().or(&connection.three_ds.defaults);
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
        takes_external_authentication: can.external_authentication.contains(&demand.facts.brand),
        inquiry_visible_after_seconds: seconds(
            connection.inquiry_visible_after_seconds,
            can.inquiry_visible_after,
        ),
        inquiry_final_after_seconds: seconds(connection.inquiry_final_after_seconds, can.inquiry_final_after),
        lost_charge: can.lost_charge,
        reversals: can.reversals,
        reuse: connection.three_ds.reuse,
        charges_after_failed_authentication: false,
    }
}

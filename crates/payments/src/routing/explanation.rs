//! Why a purchase took the routes it took: kept with the payment, and answered for purchases that nobody makes.
//!
//! Of the card there is no more in it than [`super::facts::bin_of`] allows.

use super::{
    facts::Operand,
    rule::{Action, Condition, Op},
};
use crate::{connection::ConnectionStatus, retry_limits::Standing, three_ds::ThreeDs};
use primitives::{Id, id::kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many of a condition's values are repeated; a rule may have a thousand, and every payment keeps its explanation.
const VALUES_SHOWN: usize = 5;

/// Everything that was looked at, in the order of looking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// What was known of the purchase, by the names rules use; metadata only shows where a rule asked for it.
    pub facts: BTreeMap<String, Operand>,
    /// Every rule up to the one that decided.
    pub rules: Vec<RuleSeen>,
    /// The rule that decided; none for default processing.
    pub rule: Option<Id<kind::RoutingRule>>,
    pub action: Action,
    /// The purchase asked for this processor, so that no rule chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processor_asked: Option<String>,
    /// What the rule wants of 3-D Secure.
    #[serde(default, skip_serializing_if = "ThreeDs::is_empty")]
    pub three_ds: ThreeDs,
    /// The rule lets the purchase be charged without authentication where one was tried and could not be had.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub charge_after_failed_authentication: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Draw>,
    /// How many connections may be tried; none for all there are.
    pub attempts_max: Option<u8>,
    /// How often the card may still be tried, where the networks' limits are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_limits: Option<Standing>,
    /// All of the merchant's connections: those that are taken in the order in which they are tried, then the others.
    pub connections: Vec<ConnectionSeen>,
}

/// A rule that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSeen {
    pub id: Id<kind::RoutingRule>,
    pub name: String,
    pub priority: i32,
    #[serde(flatten)]
    pub outcome: RuleOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RuleOutcome {
    /// All its conditions hold: it decides.
    Chosen,
    /// It is not enabled.
    Disabled,
    /// This condition does not hold.
    NotMatched { failed: Failed },
}

/// A condition that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    pub field: String,
    pub op: Op,
    /// The first few of the values it was compared with.
    pub values: Vec<Operand>,
    /// How many values there are.
    pub values_count: usize,
    /// What the purchase has; none when that is not known.
    pub seen: Option<Operand>,
}

impl Failed {
    pub(super) fn new(condition: &Condition, seen: Option<Operand>) -> Self {
        Self {
            field: condition.field.to_string(),
            op: condition.op,
            values: condition.values.iter().take(VALUES_SHOWN).cloned().collect(),
            values_count: condition.values.len(),
            seen: seen.map(Operand::cut),
        }
    }
}

/// How the volume was split for this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// From 0, below `of`.
    pub point: u64,
    /// The sum of the weights of all shares that can be drawn.
    pub of: u64,
    pub shares: Vec<ShareSeen>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareSeen {
    pub processors: Vec<String>,
    pub weight: u32,
    /// Whether one of its connections can take the charge. Where no share has one whose breaker is closed, open ones do.
    pub usable: bool,
    pub drawn: bool,
}

/// A connection, and whether it is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionSeen {
    pub id: Id<kind::Connection>,
    pub name: String,
    pub processor_name: String,
    pub breaker: Breaker,
    /// Counts those that are tried from 1; none for one that is left out.
    pub position: Option<usize>,
    /// What puts it there among its equals.
    pub by: RankedBy,
    /// Why it is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// What a connection's place comes from. One whose breaker is open stands behind all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RankedBy {
    /// The share that was drawn names it, at this place from 1.
    Share(usize),
    /// The rule names it, at this place from 1.
    Rule(usize),
    /// Its preference.
    Preference(i32),
}

/// Whether a connection has been answering lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breaker {
    Closed,
    /// It has failed, and this purchase is one of the few that see whether it still does.
    HalfOpen,
    /// It fails: others go before it.
    Open,
}

/// Why a connection is not tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum LeftOut {
    /// It is not active.
    Status { status: ConnectionStatus },
    /// The purchase asked for another processor.
    ProcessorName,
    /// The rule names others.
    Rule,
    /// Only shares name it that were not drawn.
    Share,
    /// Its processor does not take the brand.
    Brand,
    /// It, or its processor, does not take the currency.
    Currency,
    /// It takes no orders from there.
    Country,
    /// Its processor takes no more than so many.
    Installments { max: u8 },
    /// Its processor cannot hold money without taking it.
    Operation,
    /// The scheme lets this card not be tried there any more.
    RetryLimit { why: String },
    /// As many as may be tried stand before it.
    AttemptsMax,
}

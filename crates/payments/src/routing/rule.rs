//! A merchant's rule about where charges go: on which purchases it speaks, and what it says then (deuna-api.md 12.2).

use super::facts::{Facts, Field, Operand};
use crate::three_ds::ThreeDs;
use primitives::{Id, id::kind};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A rule with its name in the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub id: Id<kind::RoutingRule>,
    pub settings: Settings,
}

/// Everything of a rule that its author says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// For people; unique within the merchant.
    pub name: String,
    /// Rules are asked in ascending order of this.
    pub priority: i32,
    /// A rule that is not enabled is passed over.
    pub enabled: bool,
    /// All of them have to hold; none at all always do.
    pub when: Vec<Condition>,
    pub then: Step,
}

/// What one fact of a purchase is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub field: Field,
    pub op: Op,
    /// One value; two for [`Op::Between`], both ends included; any number for [`Op::In`].
    pub values: Vec<Operand>,
}

/// How a fact is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Eq,
    In,
    Gte,
    Lte,
    Between,
    Prefix,
}

impl Op {
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("eq", Self::Eq),
        ("in", Self::In),
        ("gte", Self::Gte),
        ("lte", Self::Lte),
        ("between", Self::Between),
        ("prefix", Self::Prefix),
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::In => "in",
            Self::Gte => "gte",
            Self::Lte => "lte",
            Self::Between => "between",
            Self::Prefix => "prefix",
        }
    }
}

/// What becomes of a purchase that a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub action: Action,
    /// Behind the purchase's own wish and before the connection's.
    pub three_ds: ThreeDs,
    /// Which connections, best first, each by its id, its name, or the name of its processor, which stands for all
    /// connections to it. Empty, with no shares either, for all of the merchant's by preference.
    pub processors: Vec<String>,
    /// Parts of the volume; the drawn one's processors go before [`Step::processors`].
    pub split: Vec<Share>,
    pub cascade: Cascade,
    /// Charge without authentication where one was tried and could not be had. Never after a verdict of the issuer's on
    /// the cardholder, and never once the issuer has asked for a challenge.
    pub charge_after_failed_authentication: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Process,
    /// No processor is asked; the payment is denied.
    Reject,
}

/// A part of the volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub processors: Vec<String>,
    /// Its part of the sum of all weights.
    pub weight: u32,
}

/// Whether a charge that was declined, and may be tried again, goes to another connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cascade {
    pub enabled: bool,
    /// How many connections at most, the first included; `None`: all there are.
    pub max_attempts: Option<u8>,
}

impl Default for Cascade {
    fn default() -> Self {
        Self {
            enabled: true,
            max_attempts: None,
        }
    }
}

impl Cascade {
    /// How many connections may be tried; `None`: all there are.
    pub fn attempts_max(self) -> Option<u8> {
        if self.enabled { self.max_attempts } else { Some(1) }
    }
}

impl Step {
    /// Every connection or processor that it names, each with where it does so in the rule's document.
    pub fn names(&self) -> Vec<(String, &str)> {
        let named = |path: String, names: &'_ [String]| -> Vec<String> {
            (0..names.len()).map(|index| format!("{path}[{index}]")).collect()
        };
        let shares = self.split.iter().enumerate().flat_map(|(index, share)| {
            named(format!("then.split[{index}].processors"), &share.processors)
                .into_iter()
                .zip(share.processors.iter().map(String::as_str))
        });
        named("then.processors".to_owned(), &self.processors)
            .into_iter()
            .zip(self.processors.iter().map(String::as_str))
            .chain(shares)
            .collect()
    }
}

impl Settings {
    /// The first condition that does not hold.
    pub fn first_failing(&self, facts: &Facts<'_>) -> Option<&Condition> {
        self.when.iter().find(|condition| !condition.holds(facts))
    }
}

impl Condition {
    /// Whether it holds. About what is not known, nothing does.
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        let Some(seen) = facts.seen(&self.field) else {
            return false;
        };
        let seen = &seen;
        match (self.op, self.values.as_slice()) {
            (Op::Eq | Op::In, values) => values.iter().any(|value| self.is_same(seen, value)),
            (Op::Gte, [least]) => self.compare(seen, least).is_some_and(Ordering::is_ge),
            (Op::Lte, [most]) => self.compare(seen, most).is_some_and(Ordering::is_le),
            (Op::Between, [least, most]) => {
                self.compare(seen, least).is_some_and(Ordering::is_ge)
                    && self.compare(seen, most).is_some_and(Ordering::is_le)
            }
            (Op::Prefix, [prefix]) => self.begins(seen, prefix),
            (Op::Gte | Op::Lte | Op::Between | Op::Prefix, _) => false,
        }
    }

    fn is_same(&self, seen: &Operand, value: &Operand) -> bool {
        match self.field {
            // Banks are written in many ways, numbers of six digits stand for all that begin with them.
            Field::IssuerBank => seen.to_string().to_lowercase() == value.to_string().to_lowercase(),
            Field::Bin => self.begins(seen, value),
            // Shops send `7` and `"7"` for the same thing.
            Field::Metadata(_) => seen.to_string() == value.to_string(),
            Field::Amount
            | Field::CardBrand
            | Field::CardType
            | Field::IssuerCountry
            | Field::Currency
            | Field::Country
            | Field::StoreCode => seen == value,
        }
    }

    fn begins(&self, seen: &Operand, prefix: &Operand) -> bool {
        let (seen, prefix) = (seen.to_string(), prefix.to_string());
        match self.field {
            Field::IssuerBank => seen.to_lowercase().starts_with(&prefix.to_lowercase()),
            _ => seen.starts_with(&prefix),
        }
    }

    /// Numbers by size; card numbers by as many digits as the rule has.
    fn compare(&self, seen: &Operand, value: &Operand) -> Option<Ordering> {
        match (&self.field, seen, value) {
            (Field::Bin, Operand::Text(seen), Operand::Text(value)) => {
                Some(seen.get(..value.len())?.cmp(value.as_str()))
            }
            _ => Some(seen.as_number()?.cmp(&value.as_number()?)),
        }
    }
}

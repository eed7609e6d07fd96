//! The rules of an issuer, in order.

use emv3ds::code::{TransStatus, TransStatusReason};
use serde_json::{Map, Value};
use time::Duration;

use super::condition::Condition;
use super::document::{self, BadRules};
use super::facts::Facts;

/// An issuer's rules; the first that matches answers, and none that matches leaves it to `otherwise`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub(super) rules: Vec<Rule>,
    pub(super) otherwise: Answer,
}

/// One rule: every condition must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) conditions: Vec<Condition>,
    pub(super) then: Answer,
}

/// What a rule answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// `Y N R A U D C`.
    pub status: TransStatus,
    /// Why, with `N R U`; a usual one where the rule does not say.
    pub reason: Option<TransStatusReason>,
}

/// Which rule answered what, and the facts it looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Matched {
    pub(super) rule: String,
    pub(super) facts: Map<String, Value>,
    pub(super) answer: Answer,
}

impl Default for Rules {
    /// Everybody is challenged.
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            otherwise: Answer {
                status: TransStatus::ChallengeRequired,
                reason: None,
            },
        }
    }
}

impl Rules {
    /// Reads `rules` of a policy; JSON `null` is the default.
    ///
    /// ```json
    /// {"rules": [{"name": "small amounts on a known device",
    ///             "when": {"amount": {"currency": "EUR", "to": 3000}, "known_device": {"days": 90}},
    ///             "then": {"answer": "Y"}}],
    ///  "otherwise": {"answer": "C"}}
    /// ```
    ///
    /// # Errors
    /// The first member that is wrong, and how.
    pub fn read(document: &Value) -> Result<Self, BadRules> {
        document::read(document)
    }

    /// How far back the rules look into the history of a card; `None` where none does.
    pub fn looks_back(&self) -> Option<Duration> {
        let conditions = self.rules.iter().flat_map(|rule| &rule.conditions);
        conditions.filter_map(Condition::looks_back).max()
    }

    pub(super) fn answer(&self, facts: &Facts<'_>) -> Matched {
        for rule in &self.rules {
            let mut looked_at = Map::new();
            if rule
                .conditions
                .iter()
                .all(|condition| condition.holds(facts, &mut looked_at))
            {
                return Matched {
                    rule: rule.name.clone(),
                    facts: looked_at,
                    answer: rule.then,
                };
            }
        }
        Matched {
            rule: "otherwise".to_owned(),
            facts: Map::new(),
            answer: self.otherwise,
        }
    }
}

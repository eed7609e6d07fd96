//! From a rule's answer to the issuer's: what the requestor wishes, what the version knows, what the card can do.

use emv3ds::Version;
use emv3ds::code::{DsValue, TransStatus, TransStatusReason};
use serde::Serialize;
use serde_json::{Map, Value};

use super::facts::Facts;
use super::rules::{Answer, Rules};
use super::wishes::Prior;

/// What the issuer answers, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// `transStatus` of the ARes.
    pub status: TransStatus,
    /// `transStatusReason`, there with `N`, `R` and `U`.
    pub reason: Option<TransStatusReason>,
    /// Why.
    pub explanation: Explanation,
}

/// Why an authentication was answered as it was; kept with the transaction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The rule that matched, or `otherwise`; none where no rule was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What the rule said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<&'static str>,
    /// The facts it looked at.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub facts: Map<String, Value>,
    /// What changed the rule's answer, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed_by: Vec<&'static str>,
}

/// Why somebody is not challenged after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The card failed too often lately, and is locked for a while.
    LockedForAWhile,
    /// The card failed too often, and is locked until the issuer says otherwise.
    LockedForGood,
    /// Too many challenges come from the browser's address.
    AddressTooBusy,
    /// The issuer blocked the card.
    Blocked,
    /// No issuer here has the card.
    NoSuchCard,
    /// The issuer's rules cannot be read.
    RulesUnreadable,
}

/// The issuer's answer to a request.
pub fn decide(rules: &Rules, facts: &Facts<'_>) -> Decision {
    let wishes = facts.wishes;
    if wishes.data_only_category {
        // Mastercard's answer to a request of its own category: never an authentication.
        let reason = DsValue::parse("80").map(TransStatusReason::DirectoryServer);
        return unasked(TransStatus::Unavailable, reason, "the message only shares data");
    }
    let strange = match wishes.prior {
        Prior::OtherCard => true,
        Prior::Unknown => wishes.goes_on_decoupled,
        Prior::SameCard => false,
    };
    if wishes.requestor_initiated && strange {
        return unasked(
            TransStatus::NotAuthenticated,
            Some(TransStatusReason::InvalidTransaction),
            "the earlier authentication it names is not this card's",
        );
    }
    let matched = rules.answer(facts);
    let mut settling = Settling {
        facts,
        answer: matched.answer,
        changed_by: Vec::new(),
    };
    settling.wishes();
    settling.means();
    settling.version();
    Decision {
        status: settling.answer.status,
        reason: settling.answer.reason,
        explanation: Explanation {
            rule: Some(matched.rule),
            answer: Some(matched.answer.status.as_str()),
            facts: matched.facts,
            changed_by: settling.changed_by,
        },
    }
}

/// What the issuer answers instead of a challenge, or of anything.
pub fn refuse(refusal: Refusal, version: Version, explanation: Option<Explanation>) -> Decision {
    let (status, reason, why) = match refusal {
        Refusal::LockedForAWhile => (
            TransStatus::NotAuthenticated,
            TransStatusReason::FrequencyExceeded,
            "the card is locked for a while",
        ),
        Refusal::LockedForGood => (
            TransStatus::Rejected,
            TransStatusReason::SuspectedFraud,
            "the card is locked until its issuer unlocks it",
        ),
        Refusal::AddressTooBusy => (
            TransStatus::NotAuthenticated,
            TransStatusReason::FrequencyExceeded,
            "too many challenges from this address",
        ),
        Refusal::Blocked => (
            TransStatus::Rejected,
            TransStatusReason::NotPermittedToCardholder,
            "the issuer blocked the card",
        ),
        Refusal::NoSuchCard => (
            TransStatus::Unavailable,
            TransStatusReason::NoCardRecord,
            "no issuer here has the card",
        ),
        Refusal::RulesUnreadable => (
            TransStatus::Unavailable,
            TransStatusReason::AcsTechnicalIssue,
            "the issuer's rules cannot be read",
        ),
    };
    let mut decision = unasked(status, known_reason(reason, version), why);
    if let Some(before) = explanation {
        let changed_by = before.changed_by.iter().copied().chain([why]).collect();
        decision.explanation = Explanation { changed_by, ..before };
    }
    decision
}

fn unasked(status: TransStatus, reason: Option<TransStatusReason>, why: &'static str) -> Decision {
    Decision {
        status,
        reason,
        explanation: Explanation {
            rule: None,
            answer: None,
            facts: Map::new(),
            changed_by: vec![why],
        },
    }
}

/// A reason in the words of the version; older ones know fewer.
fn known_reason(reason: TransStatusReason, version: Version) -> Option<TransStatusReason> {
    let known = TransStatusReason::LIST.allows(reason.as_str(), version);
    Some(if known {
        reason
    } else {
        TransStatusReason::CardAuthenticationFailed
    })
}

struct Settling<'a> {
    facts: &'a Facts<'a>,
    answer: Answer,
    changed_by: Vec<&'static str>,
}

impl Settling<'_> {
    fn change(&mut self, status: TransStatus, reason: Option<TransStatusReason>, why: &'static str) {
        self.answer = Answer { status, reason };
        self.changed_by.push(why);
    }

    /// What the requestor wants, and what cannot be where nobody is at the shop.
    fn wishes(&mut self) {
        let wishes = self.facts.wishes;
        let challenges = |answer: Answer| answer.status == TransStatus::ChallengeRequired;
        if wishes.goes_on_decoupled {
            let why = "it goes on with a challenge that ended undecided";
            self.change(TransStatus::DecoupledChallenge, None, why);
        }
        let lenient = matches!(
            self.answer.status,
            TransStatus::Authenticated | TransStatus::Attempted
        );
        if lenient && wishes.mandates_challenge() && !wishes.requestor_initiated {
            let why = "the requestor must have a challenge";
            self.change(TransStatus::ChallengeRequired, None, why);
        }
        if challenges(self.answer) && wishes.shares_data_only() {
            let why = "the requestor only shares data";
            self.change(TransStatus::InformationOnly, None, why);
        }
        if challenges(self.answer) && wishes.requestor_initiated {
            let why = "nobody is at the shop";
            self.change(TransStatus::DecoupledChallenge, None, why);
        }
        if self.answer.status == TransStatus::DecoupledChallenge && !wishes.decoupled {
            let why = "the requestor does not allow a decoupled authentication";
            let (status, reason) = match self.facts.version {
                Version::V2_1_0 if wishes.requestor_initiated => (
                    TransStatus::Unavailable,
                    TransStatusReason::RequestorInitiatedNotSupported,
                ),
                Version::V2_1_0 => (
                    TransStatus::NotAuthenticated,
                    TransStatusReason::CardAuthenticationFailed,
                ),
                Version::V2_2_0 | Version::V2_3_1 => (
                    TransStatus::NotAuthenticated,
                    TransStatusReason::DecoupledNeededNotRequested,
                ),
            };
            self.change(status, Some(reason), why);
        }
    }

    /// Nobody is asked in a way that does not reach them.
    fn means(&mut self) {
        let means = self.facts.means;
        let unreachable = match self.answer.status {
            TransStatus::ChallengeRequired => !means.any(),
            TransStatus::DecoupledChallenge => !means.app,
            _ => false,
        };
        if unreachable {
            let reason = Some(TransStatusReason::AcsTechnicalIssue);
            let why = "the cardholder cannot be asked: no phone, no app";
            self.change(TransStatus::Unavailable, reason, why);
        }
    }

    fn version(&mut self) {
        let version = self.facts.version;
        self.answer.reason = self
            .answer
            .reason
            .and_then(|reason| known_reason(reason, version));
    }
}

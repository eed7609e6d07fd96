//! What a payment has been through: the attempts that were made, and what was decided about its authentication on each
//! route that came into question. Kept with the payment, shown to the merchant.

use crate::{
    attempt::{AttemptRecord, AttemptState, ThreeDsUse},
    authentication_policy::Reuse,
    decide::denied_by,
    payment::{Denial, DeniedBy},
    routing::Route,
};
use acquiring::{Advice, Reason};
use primitives::{Id, id::kind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// The attempts and decisions of one payment, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    pub attempts: Vec<Tried>,
    pub reuse: Vec<ReuseDecision>,
    /// How many attempts the scheme's limits left this payment when it began; `None`: they set no limit.
    pub attempts_allowed: Option<u16>,
}

/// One attempt as it is told (deuna-api.md section 12.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    pub attempt: Id<kind::Attempt>,
    pub connection: Id<kind::Connection>,
    pub processor: String,
    /// The word of its [`AttemptState`].
    pub status: String,
    /// The processor's or issuer's own response code.
    pub code: Option<String>,
    pub declined: Option<Reason>,
    pub advice: Option<Advice>,
    /// Why it never left the house.
    pub not_sent: Option<String>,
    /// From its record to the first that was heard of it, or to giving up waiting. Milliseconds.
    pub latency_ms: Option<u64>,
    pub external_transaction_id: Option<String>,
    pub three_ds: ThreeDsUse,
    #[serde(with = "time::serde::rfc3339")]
    pub sent_at: OffsetDateTime,
}

/// What was decided about the payment's authentication on a route that came into question after another had failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReuseDecision {
    pub connection: Id<kind::Connection>,
    pub processor: String,
    pub reuse: Reuse,
    /// Of an authentication that was waived: why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Failed>,
}

/// An authentication that failed, as the payment would have been denied for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// `DEUNA_3DS.…`
    pub code: String,
    /// For people.
    pub reason: String,
}

impl ReuseDecision {
    pub fn of(route: &Route, reuse: Reuse) -> Self {
        Self {
            connection: route.connection,
            processor: route.processor.clone(),
            reuse,
            failed: None,
        }
    }

    /// A routing rule lets this route charge although the authentication failed, for which the payment would have been
    /// denied so.
    pub fn waived(route: &Route, denial: &Denial) -> Self {
        Self {
            failed: Some(Failed {
                code: denial.code.clone(),
                reason: denial.reason.clone(),
            }),
            ..Self::of(route, Reuse::Waived)
        }
    }
}

impl History {
    /// Takes in what a step says of an attempt.
    pub(crate) fn note(&mut self, record: &AttemptRecord, now: OffsetDateTime) {
        let index = match self.attempts.iter().position(|tried| tried.attempt == record.id) {
            Some(index) => index,
            None => {
                self.attempts.push(Tried::of(record));
                self.attempts.len() - 1
            }
        };
        if let Some(tried) = self.attempts.get_mut(index) {
            tried.note(&record.state, now);
        }
    }

    /// Whether the cardholder has been authenticated anew for another route already.
    pub fn authenticated_anew(&self) -> bool {
        self.reuse
            .iter()
            .any(|decision| matches!(decision.reuse, Reuse::Anew(_)))
    }

    /// Whether the payment was charged after an authentication that failed, as a routing rule allows.
    pub fn waived(&self) -> bool {
        self.reuse.iter().any(|decision| decision.reuse == Reuse::Waived)
    }

    /// How often the issuer has said no without a reason that would make asking again useless.
    pub(crate) fn issuer_declines(&self) -> usize {
        let by_issuer = |tried: &&Tried| {
            tried.advice == Some(Advice::Failover)
                && tried
                    .declined
                    .is_some_and(|reason| denied_by(reason) == DeniedBy::Issuer)
        };
        self.attempts.iter().filter(by_issuer).count()
    }

    /// `payment.data.attempts`.
    pub(crate) fn attempts_as_json(&self) -> Value {
        let each = |(index, tried): (usize, &Tried)| {
            json!({
                "attempt": index + 1,
                "id": tried.attempt,
                "processor": tried.processor,
                "connection_id": tried.connection,
                "status": tried.status,
                "code": tried.code,
                "reason": tried.reason(),
                "latency_ms": tried.latency_ms,
                "external_transaction_id": tried.external_transaction_id,
                "three_ds_reuse": tried.three_ds.as_str(),
            })
        };
        self.attempts.iter().enumerate().map(each).collect()
    }

    /// `payment.data.three_ds_reuse`; `None` where no other route ever came into question.
    pub(crate) fn reuse_as_json(&self) -> Option<Value> {
        let each = |decision: &ReuseDecision| {
            let mut told = json!({
                "connection_id": decision.connection,
                "processor": decision.processor,
                "decision": decision.reuse.as_str(),
                "reason": decision.reuse.reason(),
            });
            if let Some(failed) = &decision.failed {
                told["failed"] = json!(failed);
            }
            told
        };
        (!self.reuse.is_empty()).then(|| self.reuse.iter().map(each).collect())
    }
}

impl Tried {
    fn of(record: &AttemptRecord) -> Self {
        Self {
            attempt: record.id,
            connection: record.connection,
            processor: record.processor.clone(),
            status: record.state.name().to_owned(),
            code: None,
            declined: None,
            advice: None,
            not_sent: None,
            latency_ms: None,
            external_transaction_id: None,
            three_ds: record.three_ds,
            sent_at: record.sent_at,
        }
    }

    fn note(&mut self, state: &AttemptState, now: OffsetDateTime) {
        state.name().clone_into(&mut self.status);
        if !matches!(state, AttemptState::Sending) {
            let waited = u64::try_from((now - self.sent_at).whole_milliseconds()).unwrap_or(0);
            self.latency_ms.get_or_insert(waited);
        }
        match state {
            AttemptState::Approved(approval) | AttemptState::Reversing(approval) => {
                self.code.clone_from(&approval.response_code);
                self.external_transaction_id = Some(approval.processor_reference.clone());
            }
            AttemptState::Declined(decline) => {
                self.code.clone_from(&decline.raw_code);
                self.declined = Some(decline.reason);
                self.advice = Some(decline.advice);
                if decline.processor_reference.is_some() {
                    self.external_transaction_id
                        .clone_from(&decline.processor_reference);
                }
            }
            AttemptState::Awaited { processor_reference } => {
                self.external_transaction_id.clone_from(processor_reference);
            }
            AttemptState::NotSent(why) => self.not_sent = Some((*why).to_owned()),
            AttemptState::Sending | AttemptState::Unknown | AttemptState::Lost | AttemptState::Reversed => {}
        }
    }

    /// Our word for why it was declined, or why it was not sent.
    fn reason(&self) -> Option<&str> {
        self.declined.map(Reason::as_str).or(self.not_sent.as_deref())
    }
}

//! While the AReq is out.

use emv3ds::{
    code::{RequestorChallengeInd, TransStatus},
    message::{ARes, Challenged, WireMessage},
};
use time::{Duration, OffsetDateTime};

use super::{Next, failed, given_up, moved, repeat, unchanged};
use crate::{
    result::{AuthenticationResult, Failure, Flow},
    transaction::{
        Answer, AwaitingAres, AwaitingResults, Challenge, Finished, LateResults, News, Results, Trace,
        Transaction, failure_of_erro,
    },
};

/// Mastercard's `messageCategory` for data only (emv-3ds section 11.11).
const MASTERCARD_DATA_ONLY: &str = "80";

/// The most RReqs kept until the ARes comes. More than one is a fault of somebody's already.
const EARLY_MAX: usize = 4;

impl AwaitingAres {
    pub(super) fn apply(self, news: News, now: OffsetDateTime) -> Next {
        let subject = self.subject;
        let trace = self.trace(now);
        match news {
            News::Answered(answer) if answer.is_to(&self.asked) => self.answered(&answer, now),
            News::ResultsReceived(results) if results.follow(&subject).is_ok() => {
                self.results_came_first(results)
            }
            News::AnswerUnusable => failed(subject, Failure::UnusableAnswer, trace),
            News::ErroReceived {
                component,
                code,
                detail,
            } => failed(
                subject,
                failure_of_erro(component, code, subject.version, &detail),
                trace,
            ),
            News::DirectoryTimedOut => failed(subject, Failure::DirectoryTimeout, trace),
            News::DirectoryUnreachable => failed(subject, Failure::DirectoryUnreachable, trace),
            News::DeadlinePassed => failed(subject, Failure::TimeExpired, trace),
            News::GivenUp => given_up(subject, trace),
            // The 3DS Method came too late to be mentioned.
            News::MethodCompleted | News::MethodTimedOut => unchanged(Transaction::AwaitingAres(self)),
            News::MethodStarted
            | News::Asked { .. }
            | News::CannotRequest
            | News::Answered(_)
            | News::ChallengeOpened
            | News::CresReturned
            | News::ResultsReceived(_) => None,
        }
    }

    /// Whether no more was asked for than that data be shared with the issuer: Visa's way, or Mastercard's.
    fn data_only(&self) -> bool {
        self.asked
            .challenge_inds
            .contains(RequestorChallengeInd::NoChallengeDataOnly)
            || self.subject.category.as_str() == MASTERCARD_DATA_ONLY
    }

    /// What is left of it when it ends without a result.
    fn trace(&self, now: OffsetDateTime) -> Trace {
        Trace {
            asked: Some(self.asked),
            late: self.early.first().map(|rreq| LateResults {
                trans_status: rreq.trans_status,
                at: now,
            }),
            ..Trace::default()
        }
    }

    /// The challenge's identifiers are not known yet, so each RReq that names others than the ones before is kept: one that
    /// was made up must not keep the true one out.
    fn results_came_first(mut self, results: Results) -> Next {
        if self.early.iter().any(|kept| kept.ids() == results.ids()) {
            return repeat(Transaction::AwaitingAres(self));
        }
        if self.early.len() >= EARLY_MAX {
            return None;
        }
        self.early.push(results.into_rreq());
        moved(Transaction::AwaitingAres(self))
    }

    fn answered(self, answer: &Answer, now: OffsetDateTime) -> Next {
        let subject = self.subject;
        let ares = answer.ares();
        let flow = if self.through_page {
            Flow::SemiFrictionless
        } else {
            Flow::Frictionless
        };
        let awaiting = |challenge| {
            let state = AwaitingResults {
                subject,
                challenged: Challenged::by(ares, &self.asked),
                challenge,
                decoupled_minutes: self.decoupled_minutes,
                cardholder_info: words(ares),
                since: now,
            };
            let mut early = self.early.iter().cloned().map(Results::new);
            match early.find(|results| results.conclude(&subject, &state.challenged).is_ok()) {
                Some(results) => state.concluded(&results, now),
                None => moved(Transaction::AwaitingResults(state)),
            }
        };
        let unusable = || failed(subject, Failure::UnusableAnswer, self.trace(now));
        let Some(status) = ares.trans_status else {
            return unusable();
        };
        let until = now + Duration::minutes(self.decoupled_minutes.unwrap_or_default().into());
        match (status, &ares.acs_url) {
            (TransStatus::ChallengeRequired, Some(acs_url)) => awaiting(Challenge::InBrowser {
                acs_url: acs_url.clone(),
                opened: false,
            }),
            (TransStatus::ChallengeRequired, None) | (TransStatus::SecurePaymentConfirmation, _) => {
                unusable()
            }
            (TransStatus::DecoupledChallenge, _) => awaiting(Challenge::Decoupled { until }),
            (
                TransStatus::Authenticated
                | TransStatus::NotAuthenticated
                | TransStatus::Unavailable
                | TransStatus::Attempted
                | TransStatus::Rejected
                | TransStatus::InformationOnly,
                _,
            ) => moved(Transaction::Finished(Box::new(Finished {
                subject,
                result: AuthenticationResult::of_ares(ares, status, &subject, self.data_only(), flow, now),
                challenged: None,
                cardholder_info: words(ares),
            }))),
        }
    }
}

/// The issuer's words to the cardholder.
fn words(ares: &ARes) -> Option<String> {
    ares.cardholder_info.as_ref().map(|info| info.text.clone())
}

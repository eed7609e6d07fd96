//! The states that wait for nothing: messages may still come, and outcomes stay what they are.

use emv3ds::message::Challenged;
use time::OffsetDateTime;

use super::{Next, failed, given_up, unchanged};
use crate::{
    result::Failure,
    transaction::{ChallengeNeverStarted, Effect, Finished, LateResults, News, Step, Trace, Transaction},
};

impl ChallengeNeverStarted {
    pub(super) fn apply(self, news: News) -> Next {
        let subject = self.subject;
        let trace = Trace {
            challenged: Some(self.challenged),
            ..Trace::default()
        };
        match news {
            News::ResultsReceived(_) => Some(Step {
                transaction: Transaction::ChallengeNeverStarted(self),
                effect: Effect::Repeat,
            }),
            News::DeadlinePassed => failed(subject, Failure::TimeExpired, trace),
            News::GivenUp => given_up(subject, trace),
            News::MethodCompleted | News::MethodTimedOut | News::CresReturned => {
                unchanged(Transaction::ChallengeNeverStarted(self))
            }
            // Opening the challenge now would find an ACS that has forgotten it: a new authentication is to be started.
            News::ChallengeOpened
            | News::MethodStarted
            | News::Asked { .. }
            | News::CannotRequest
            | News::Answered(_)
            | News::AnswerUnusable
            | News::ErroReceived { .. }
            | News::DirectoryTimedOut
            | News::DirectoryUnreachable => None,
        }
    }
}

impl Finished {
    pub(super) fn apply(self: Box<Self>, news: News) -> Next {
        match news {
            // An RReq where no challenge was asked for is refused; a second one after a challenge changes nothing.
            News::ResultsReceived(_) if self.challenged.is_some() => Some(Step {
                transaction: Transaction::Finished(self),
                effect: Effect::Repeat,
            }),
            News::MethodCompleted
            | News::MethodTimedOut
            | News::ErroReceived { .. }
            | News::ChallengeOpened
            | News::CresReturned
            | News::DeadlinePassed
            | News::GivenUp => unchanged(Transaction::Finished(self)),
            News::ResultsReceived(_)
            | News::MethodStarted
            | News::Asked { .. }
            | News::CannotRequest
            | News::Answered(_)
            | News::AnswerUnusable
            | News::DirectoryTimedOut
            | News::DirectoryUnreachable => None,
        }
    }
}

/// News of an authentication that has ended without a result. Messages that still come are noted, so that what follows
/// them can be answered; the end stays what it was.
pub(super) fn after(
    trace: Trace,
    news: News,
    now: OffsetDateTime,
    end: impl Fn(Trace) -> Transaction,
) -> Next {
    let late = |trace| {
        Some(Step {
            transaction: end(trace),
            effect: Effect::Late,
        })
    };
    match (news, trace.late) {
        (News::Answered(answer), _) => {
            let ares = answer.ares();
            let awaited = ares.trans_status.is_some_and(|status| !status.is_final());
            late(Trace {
                challenged: if awaited {
                    Some(Challenged::from(ares))
                } else {
                    trace.challenged
                },
                ..trace
            })
        }
        (News::ResultsReceived(results), None) if trace.challenged.is_some() => {
            let noted = LateResults {
                trans_status: results.rreq().trans_status,
                at: now,
            };
            late(Trace {
                late: Some(noted),
                ..trace
            })
        }
        (News::ResultsReceived(_), Some(_)) => Some(Step {
            transaction: end(trace),
            effect: Effect::Repeat,
        }),
        (
            News::MethodCompleted
            | News::MethodTimedOut
            | News::AnswerUnusable
            | News::ErroReceived { .. }
            | News::DirectoryTimedOut
            | News::DirectoryUnreachable
            | News::CresReturned
            | News::DeadlinePassed
            | News::GivenUp,
            _,
        ) => unchanged(end(trace)),
        (
            News::ResultsReceived(_)
            | News::MethodStarted
            | News::Asked { .. }
            | News::CannotRequest
            | News::ChallengeOpened,
            _,
        ) => None,
    }
}

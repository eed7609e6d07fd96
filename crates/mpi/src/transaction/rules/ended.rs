//! The states that wait for nothing: messages may still come, and outcomes stay what they are.

use emv3ds::{
    code::TransStatus,
    message::{Asked, Challenged},
};
use time::OffsetDateTime;

use super::{Next, failed, given_up, repeat, unchanged};
use crate::{
    result::Failure,
    transaction::{
        ChallengeNeverStarted, DecoupledFollows, Effect, Finished, LateResults, News, Results, Step, Subject,
        Trace, Transaction,
    },
};

impl ChallengeNeverStarted {
    pub(super) fn apply(self, news: News, now: OffsetDateTime) -> Next {
        let subject = self.subject;
        // Its RReq has come already: a second one must not pass for a late one.
        let trace = Trace {
            challenged: Some(self.challenged),
            late: Some(LateResults {
                trans_status: Some(TransStatus::NotAuthenticated),
                at: now,
            }),
            ..Trace::default()
        };
        match news {
            News::ResultsReceived(results) if results.conclude(&subject, &self.challenged).is_ok() => {
                repeat(Transaction::ChallengeNeverStarted(self))
            }
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
            | News::DirectoryUnreachable
            | News::ResultsReceived(_) => None,
        }
    }
}

impl DecoupledFollows {
    pub(super) fn apply(self, news: News, now: OffsetDateTime) -> Next {
        let subject = self.subject;
        let trace = Trace {
            challenged: Some(self.challenged),
            reached: true,
            late: Some(LateResults {
                trans_status: Some(TransStatus::DecoupledChallenge),
                at: now,
            }),
            ..Trace::default()
        };
        match news {
            News::ResultsReceived(results) if results.conclude(&subject, &self.challenged).is_ok() => {
                repeat(Transaction::DecoupledFollows(self))
            }
            News::DeadlinePassed => failed(subject, Failure::TimeExpired, trace),
            News::GivenUp => given_up(subject, trace),
            News::MethodCompleted | News::MethodTimedOut | News::ChallengeOpened | News::CresReturned => {
                unchanged(Transaction::DecoupledFollows(self))
            }
            News::MethodStarted
            | News::Asked { .. }
            | News::CannotRequest
            | News::Answered(_)
            | News::AnswerUnusable
            | News::ErroReceived { .. }
            | News::DirectoryTimedOut
            | News::DirectoryUnreachable
            | News::ResultsReceived(_) => None,
        }
    }
}

impl Finished {
    pub(super) fn apply(self: Box<Self>, news: News) -> Next {
        match news {
            // An RReq where no challenge was asked for is refused; a second one after a challenge changes nothing.
            News::ResultsReceived(results)
                if self
                    .challenged
                    .is_some_and(|challenged| results.conclude(&self.subject, &challenged).is_ok()) =>
            {
                repeat(Transaction::Finished(self))
            }
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
    subject: &Subject,
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
        (News::Answered(answer), _) if trace.asked.is_some_and(|asked| answer.is_to(&asked)) => {
            let ares = answer.ares();
            let awaited = ares.trans_status.is_some_and(|status| !status.is_final());
            late(Trace {
                challenged: if awaited {
                    let plainly = Asked::plainly(ares.message_version, ares.three_ds_server_trans_id);
                    Some(Challenged::by(ares, &trace.asked.unwrap_or(plainly)))
                } else {
                    trace.challenged
                },
                ..trace
            })
        }
        (News::ResultsReceived(results), None) if trace.awaits(&results, subject) => {
            let noted = LateResults {
                trans_status: results.rreq().trans_status,
                at: now,
            };
            late(Trace {
                late: Some(noted),
                ..trace
            })
        }
        (News::ResultsReceived(results), Some(_)) if trace.awaits(&results, subject) => repeat(end(trace)),
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
            News::Answered(_)
            | News::ResultsReceived(_)
            | News::MethodStarted
            | News::Asked { .. }
            | News::CannotRequest
            | News::ChallengeOpened,
            _,
        ) => None,
    }
}

impl Trace {
    /// Whether the RReq is one that can follow: of the challenge, or where its ARes never came, of what was asked.
    fn awaits(&self, results: &Results, subject: &Subject) -> bool {
        match (self.challenged, self.asked) {
            (Some(challenged), _) => results.conclude(subject, &challenged).is_ok(),
            (None, Some(_)) => results.follow(subject).is_ok(),
            (None, None) => false,
        }
    }
}

//! Before the AReq is out.

use emv3ds::code::CompletionIndicator;
use time::OffsetDateTime;

use super::{Next, failed, given_up, moved, unchanged};
use crate::{
    result::Failure,
    transaction::{AwaitingAres, AwaitingMethod, News, Started, Trace, Transaction},
};

impl Started {
    pub(super) fn apply(self, news: News, now: OffsetDateTime) -> Next {
        let subject = self.subject;
        match news {
            News::MethodStarted if self.has_method => moved(Transaction::AwaitingMethod(AwaitingMethod {
                subject,
                ended: None,
                since: now,
            })),
            News::Asked {
                asked,
                decoupled_minutes,
                through_page,
            } if asked.three_ds_server_trans_id == subject.id => {
                moved(Transaction::AwaitingAres(AwaitingAres {
                    subject,
                    asked,
                    through_page,
                    decoupled_minutes,
                    early: Vec::new(),
                    since: now,
                }))
            }
            News::CannotRequest => failed(subject, Failure::CannotRequest, Trace::default()),
            News::DeadlinePassed => failed(subject, Failure::TimeExpired, Trace::default()),
            News::GivenUp => given_up(subject, Trace::default()),
            News::MethodStarted
            | News::MethodCompleted
            | News::MethodTimedOut
            | News::Asked { .. }
            | News::Answered(_)
            | News::AnswerUnusable
            | News::ErroReceived { .. }
            | News::DirectoryTimedOut
            | News::DirectoryUnreachable
            | News::ChallengeOpened
            | News::CresReturned
            | News::ResultsReceived(_) => None,
        }
    }
}

impl AwaitingMethod {
    pub(super) fn apply(self, news: News, now: OffsetDateTime) -> Next {
        let subject = self.subject;
        let ended = |ended| {
            Transaction::AwaitingMethod(Self {
                ended: Some(ended),
                ..self.clone()
            })
        };
        match news {
            // The page was loaded again.
            News::MethodStarted => unchanged(Transaction::AwaitingMethod(self)),
            News::MethodCompleted if self.ended.is_none() => moved(ended(CompletionIndicator::Completed)),
            News::MethodTimedOut if self.ended.is_none() => moved(ended(CompletionIndicator::NotCompleted)),
            News::MethodCompleted | News::MethodTimedOut => unchanged(Transaction::AwaitingMethod(self)),
            News::Asked {
                asked,
                decoupled_minutes,
                through_page,
            } if asked.three_ds_server_trans_id == subject.id => {
                moved(Transaction::AwaitingAres(AwaitingAres {
                    subject,
                    asked,
                    through_page,
                    decoupled_minutes,
                    early: Vec::new(),
                    since: now,
                }))
            }
            News::CannotRequest => failed(subject, Failure::CannotRequest, Trace::default()),
            News::DeadlinePassed => failed(subject, Failure::TimeExpired, Trace::default()),
            News::GivenUp => given_up(subject, Trace::default()),
            News::Asked { .. }
            | News::Answered(_)
            | News::AnswerUnusable
            | News::ErroReceived { .. }
            | News::DirectoryTimedOut
            | News::DirectoryUnreachable
            | News::ChallengeOpened
            | News::CresReturned
            | News::ResultsReceived(_) => None,
        }
    }
}

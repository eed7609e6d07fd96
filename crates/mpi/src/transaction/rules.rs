//! Every state and every news: what comes of them. No `_`, so that a new state or new news asks its questions here.

use emv3ds::{
    code::{CompletionIndicator, TransStatus},
    message::Challenged,
};
use time::{Duration, OffsetDateTime};

use super::{
    Answer, AwaitingAres, AwaitingMethod, AwaitingResults, Challenge, ChallengeNeverStarted, Effect, Failed,
    Finished, GivenUp, News, Refused, Results, Started, Step, Subject, Trace, Transaction, failure_of_erro,
};
use crate::result::{AuthenticationResult, Failure, Flow};

mod ended;

use ended::after;

impl Transaction {
    /// What some news makes of the state.
    pub fn apply(self, news: News, now: OffsetDateTime) -> Result<Step, Refused> {
        let refused = Refused {
            state: self.name(),
            news: news.name(),
        };
        let step = match self {
            Self::Started(state) => state.apply(news, now),
            Self::AwaitingMethod(state) => state.apply(news, now),
            Self::AwaitingAres(state) => state.apply(news, now),
            Self::AwaitingResults(state) => state.apply(news, now),
            Self::ChallengeNeverStarted(state) => state.apply(news),
            Self::Finished(state) => state.apply(news),
            Self::Failed(state) => {
                let Failed {
                    subject,
                    failure,
                    trace,
                } = state;
                after(trace, news, now, |trace| {
                    Self::Failed(Failed {
                        subject,
                        failure,
                        trace,
                    })
                })
            }
            Self::GivenUp(state) => {
                let GivenUp { subject, trace } = state;
                after(trace, news, now, |trace| {
                    Self::GivenUp(GivenUp { subject, trace })
                })
            }
        };
        step.ok_or(refused)
    }
}

/// `None` refuses.
type Next = Option<Step>;

fn moved(transaction: Transaction) -> Next {
    Some(Step {
        transaction,
        effect: Effect::Moved,
    })
}

fn unchanged(transaction: Transaction) -> Next {
    Some(Step {
        transaction,
        effect: Effect::Unchanged,
    })
}

fn failed(subject: Subject, failure: Failure, trace: Trace) -> Next {
    moved(Transaction::Failed(Failed {
        subject,
        failure,
        trace,
    }))
}

fn given_up(subject: Subject, trace: Trace) -> Next {
    moved(Transaction::GivenUp(GivenUp { subject, trace }))
}

impl Started {
    fn apply(self, news: News, now: OffsetDateTime) -> Next {
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
    fn apply(self, news: News, now: OffsetDateTime) -> Next {
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

impl AwaitingAres {
    fn apply(self, news: News, now: OffsetDateTime) -> Next {
        let subject = self.subject;
        let trace = Trace {
            asked: Some(self.asked),
            ..Trace::default()
        };
        match news {
            News::Answered(answer) => self.answered(&answer, now),
            News::AnswerUnusable => failed(subject, Failure::UnusableAnswer, trace),
            News::ErroReceived { component, code } => {
                failed(subject, failure_of_erro(component, code), trace)
            }
            News::DirectoryTimedOut => failed(subject, Failure::DirectoryTimeout, trace),
            News::DirectoryUnreachable => failed(subject, Failure::DirectoryUnreachable, trace),
            News::DeadlinePassed => failed(subject, Failure::TimeExpired, trace),
            News::GivenUp => given_up(subject, trace),
            // The 3DS Method came too late to be mentioned.
            News::MethodCompleted | News::MethodTimedOut => unchanged(Transaction::AwaitingAres(self)),
            News::MethodStarted
            | News::Asked { .. }
            | News::CannotRequest
            | News::ChallengeOpened
            | News::CresReturned
            | News::ResultsReceived(_) => None,
        }
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
            moved(Transaction::AwaitingResults(AwaitingResults {
                subject,
                challenged: Challenged::from(ares),
                challenge,
                cardholder_info: ares.cardholder_info.clone(),
                since: now,
            }))
        };
        let unusable = || {
            failed(
                subject,
                Failure::UnusableAnswer,
                Trace {
                    asked: Some(self.asked),
                    ..Trace::default()
                },
            )
        };
        let Some(status) = ares.trans_status else {
            return unusable();
        };
        let until = now + Duration::minutes(self.decoupled_minutes.unwrap_or_default().into());
        match (status, &ares.acs_url) {
            (TransStatus::ChallengeRequired, Some(acs_url)) => awaiting(Challenge::InBrowser {
                acs_url: acs_url.clone(),
                opened: false,
            }),
            (TransStatus::ChallengeRequired, None) => unusable(),
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
                result: AuthenticationResult::of_ares(ares, status, subject.brand, flow, now),
                challenged: None,
                cardholder_info: ares.cardholder_info.clone(),
            }))),
        }
    }
}

impl AwaitingResults {
    fn apply(mut self, news: News, now: OffsetDateTime) -> Next {
        let subject = self.subject;
        let trace = Trace {
            challenged: Some(self.challenged),
            ..Trace::default()
        };
        match news {
            News::ChallengeOpened => match &mut self.challenge {
                Challenge::InBrowser { opened: true, .. } => unchanged(Transaction::AwaitingResults(self)),
                Challenge::InBrowser { opened, .. } => {
                    *opened = true;
                    moved(Transaction::AwaitingResults(self))
                }
                Challenge::Decoupled { .. } => None,
            },
            News::ResultsReceived(results) => self.concluded(&results, now),
            News::ErroReceived { component, code } => {
                failed(subject, failure_of_erro(component, code), trace)
            }
            News::DeadlinePassed => failed(subject, Failure::TimeExpired, trace),
            News::GivenUp => given_up(subject, trace),
            // The browser moves on; the RReq decides.
            News::CresReturned | News::MethodCompleted | News::MethodTimedOut => {
                unchanged(Transaction::AwaitingResults(self))
            }
            News::MethodStarted
            | News::Asked { .. }
            | News::CannotRequest
            | News::Answered(_)
            | News::AnswerUnusable
            | News::DirectoryTimedOut
            | News::DirectoryUnreachable => None,
        }
    }

    fn concluded(self, results: &Results, now: OffsetDateTime) -> Next {
        let Self {
            subject,
            challenged,
            challenge,
            cardholder_info,
            ..
        } = self;
        let rreq = results.rreq();
        let unopened = matches!(challenge, Challenge::InBrowser { opened: false, .. });
        if unopened && rreq.challenge_never_started() {
            return moved(Transaction::ChallengeNeverStarted(ChallengeNeverStarted {
                subject,
                challenged,
            }));
        }
        match rreq.trans_status {
            Some(status) if status.is_final() => moved(Transaction::Finished(Box::new(Finished {
                subject,
                result: AuthenticationResult::of_rreq(rreq, status, subject.brand, now),
                challenged: Some(challenged),
                cardholder_info,
            }))),
            Some(_) | None => {
                let trace = Trace {
                    challenged: Some(challenged),
                    ..Trace::default()
                };
                failed(subject, Failure::UnusableAnswer, trace)
            }
        }
    }
}

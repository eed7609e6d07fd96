//! Every state and every news: what comes of them. No `_`, so that a new state or new news asks its questions here.

use time::OffsetDateTime;

use super::{Effect, Failed, GivenUp, News, Refused, Step, Subject, Trace, Transaction};
use crate::result::Failure;

mod asked;
mod before;
mod challenged;
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
            Self::ChallengeNeverStarted(state) => state.apply(news, now),
            Self::DecoupledFollows(state) => state.apply(news, now),
            Self::Finished(state) => state.apply(news),
            Self::Failed(state) => {
                let Failed {
                    subject,
                    failure,
                    trace,
                } = state;
                after(&subject, trace, news, now, |trace| {
                    Self::Failed(Failed {
                        subject,
                        failure,
                        trace,
                    })
                })
            }
            Self::GivenUp(state) => {
                let GivenUp { subject, trace } = state;
                after(&subject, trace, news, now, |trace| {
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

fn repeat(transaction: Transaction) -> Next {
    Some(Step {
        transaction,
        effect: Effect::Repeat,
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

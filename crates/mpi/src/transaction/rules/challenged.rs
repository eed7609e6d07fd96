//! While the issuer challenges the cardholder.

use emv3ds::code::TransStatus;
use time::OffsetDateTime;

use super::{Next, failed, given_up, moved, unchanged};
use crate::{
    result::{AuthenticationResult, Failure},
    transaction::{
        AwaitingResults, Challenge, ChallengeNeverStarted, DecoupledFollows, Finished, News, Results, Trace,
        Transaction, failure_of_erro,
    },
};

impl AwaitingResults {
    pub(super) fn apply(mut self, news: News, now: OffsetDateTime) -> Next {
        let subject = self.subject;
        let trace = self.trace();
        match news {
            News::ChallengeOpened => match &mut self.challenge {
                Challenge::InBrowser { opened: true, .. } => unchanged(Transaction::AwaitingResults(self)),
                Challenge::InBrowser { opened, .. } => {
                    *opened = true;
                    moved(Transaction::AwaitingResults(self))
                }
                Challenge::Decoupled { .. } => None,
            },
            News::ResultsReceived(results) if results.conclude(&subject, &self.challenged).is_ok() => {
                self.concluded(&results, now)
            }
            News::ErroReceived {
                component,
                code,
                detail,
            } => failed(
                subject,
                failure_of_erro(component, code, subject.version, &detail),
                trace,
            ),
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
            | News::DirectoryUnreachable
            | News::ResultsReceived(_) => None,
        }
    }

    /// What is left of it when it ends without a result.
    fn trace(&self) -> Trace {
        Trace {
            challenged: Some(self.challenged),
            reached: match self.challenge {
                Challenge::InBrowser { opened, .. } => opened,
                Challenge::Decoupled { .. } => true,
            },
            ..Trace::default()
        }
    }

    /// Takes the RReq that was held against it.
    pub(super) fn concluded(self, results: &Results, now: OffsetDateTime) -> Next {
        let trace = self.trace();
        let Self {
            subject,
            challenged,
            challenge,
            decoupled_minutes,
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
            // Only where it was offered as a fallback: the RReq has been held against that.
            Some(TransStatus::DecoupledChallenge) => {
                let words = rreq.cardholder_info.as_ref().map(|info| info.text.clone());
                moved(Transaction::DecoupledFollows(DecoupledFollows {
                    subject,
                    challenged,
                    decoupled_minutes: decoupled_minutes.unwrap_or_default(),
                    cardholder_info: words.or(cardholder_info),
                    since: now,
                }))
            }
            Some(status) if status.is_final() => moved(Transaction::Finished(Box::new(Finished {
                subject,
                result: AuthenticationResult::of_rreq(rreq, status, &subject, now),
                challenged: Some(challenged),
                cardholder_info,
            }))),
            Some(_) | None => failed(subject, Failure::UnusableAnswer, trace),
        }
    }
}

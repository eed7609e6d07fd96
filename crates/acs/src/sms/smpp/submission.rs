//! A part of a message on its way to the session that submits it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::short_message::ShortMessage;
use super::status::Status;

/// What the session says of a part.
#[derive(Debug)]
pub(super) enum Answer {
    /// The centre's answer.
    Centre {
        /// Its status.
        status: Status,
        /// Its name for the part.
        message_id: String,
    },
    /// The part was not written, and will not be.
    NotSent(&'static str),
}

/// What became of a part.
#[derive(Debug)]
pub(super) enum Outcome {
    /// There is an answer.
    Answered(Answer),
    /// It was written, and nobody answered.
    Lost,
}

/// A part that wants to be submitted.
#[derive(Debug)]
pub(super) struct Submission {
    pub(super) message: ShortMessage,
    claim: Claim,
    answer: oneshot::Sender<Answer>,
}

/// Who waits for its answer.
#[derive(Debug)]
pub(super) struct Waiting {
    claim: Claim,
    answer: oneshot::Receiver<Answer>,
}

/// Decides between the session, which wants to write a part, and the one who waits, whose patience ends: whoever claims
/// the part first has it. So a part that was given up is never written afterwards.
#[derive(Debug, Clone, Default)]
struct Claim(Arc<AtomicBool>);

impl Claim {
    /// Whether it is ours now.
    fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

impl Submission {
    pub(super) fn new(message: ShortMessage) -> (Self, Waiting) {
        let (sender, receiver) = oneshot::channel();
        let claim = Claim::default();
        let submission = Self {
            message,
            claim: claim.clone(),
            answer: sender,
        };
        let waiting = Waiting {
            claim,
            answer: receiver,
        };
        (submission, waiting)
    }

    /// The message, and whom to answer, for whoever writes it now; `None` where it was given up.
    pub(super) fn claim(self) -> Option<(ShortMessage, oneshot::Sender<Answer>)> {
        self.claim.take().then_some((self.message, self.answer))
    }

    /// Gives it back unwritten.
    pub(super) fn give_back(self, why: &'static str) {
        if self.claim.take() {
            // Nobody listens any more where the caller went away; there is nothing to tell then.
            let _ = self.answer.send(Answer::NotSent(why));
        }
    }
}

impl Waiting {
    /// What becomes of the part until then.
    pub(super) async fn until(mut self, deadline: Instant) -> Outcome {
        match timeout_at(deadline, &mut self.answer).await {
            Ok(Ok(answer)) => Outcome::Answered(answer),
            Err(_) if self.claim.take() => Outcome::Answered(Answer::NotSent("not_sent")),
            // The last word may have come while the claim was lost.
            Err(_) => self.answer.try_recv().map_or(Outcome::Lost, Outcome::Answered),
            Ok(Err(_)) if self.claim.take() => Outcome::Answered(Answer::NotSent("not_sent")),
            Ok(Err(_)) => Outcome::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::smpp::pdu::Address;
    use std::time::Duration;

    fn submission() -> (Submission, Waiting) {
        Submission::new(ShortMessage {
            source: Address::default(),
            destination: Address::default(),
            esm_class: 0,
            validity_period: String::new(),
            registered_delivery: 0,
            data_coding: 0,
            short_message: Vec::new().into(),
            tlvs: Vec::new(),
        })
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(5)
    }

    #[tokio::test]
    async fn a_part_that_was_given_up_is_never_written() {
        let (submission, waiting) = submission();
        let outcome = waiting.until(soon()).await;
        assert!(matches!(outcome, Outcome::Answered(Answer::NotSent(_))));
        assert!(submission.claim().is_none());
    }

    #[tokio::test]
    async fn a_part_that_was_written_is_lost_without_an_answer() {
        let (submission, waiting) = submission();
        let (_message, _answer) = submission.claim().unwrap();
        assert!(matches!(waiting.until(soon()).await, Outcome::Lost));
    }

    #[tokio::test]
    async fn a_part_whose_session_died_is_lost_at_once_if_it_was_written() {
        let deadline = Instant::now() + Duration::from_secs(60);
        let (written, waiting) = submission();
        drop(written.claim());
        assert!(matches!(waiting.until(deadline).await, Outcome::Lost));
        let (unwritten, waiting) = submission();
        drop(unwritten);
        let outcome = waiting.until(deadline).await;
        assert!(matches!(outcome, Outcome::Answered(Answer::NotSent(_))));
    }
}

//! What comes over the wire, made into news: read, held against its table, then against its transaction.

use emv3ds::{
    Fault, Rules, Version,
    code::{Component, ErrorCode, ResultsStatus},
    message::{ARes, Erro, RRes, Received},
};
use time::OffsetDateTime;

use crate::result::Failure;

use super::{Answer, Effect, Failed, GivenUp, News, Refused, Results, Step, Transaction};

/// What the directory server's answer to an AReq led to.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerTaken {
    pub step: Step,
    /// The ARes, where it was one that answers the AReq: for a requestor that wants to read it itself. The transaction
    /// holds everything that counts.
    pub ares: Option<Box<ARes>>,
    /// What was wrong with the answer, for the log.
    pub fault: Option<Box<Fault>>,
    /// What the directory server is to be told about it, in a request of its own. Nothing waits for that to succeed.
    pub erro: Option<Box<Erro>>,
}

/// What a directory server posted to the results receiver.
#[derive(Debug, Clone, PartialEq)]
pub enum ResultsReceived {
    /// An RReq; its transaction is to be found by its [`Results::ids`].
    Results(Results),
    /// An Erro about a transaction; it gets no answer beyond HTTP.
    Erro(Erro),
}

/// Reads what a directory server posted to the results receiver. The fault of anything else is answered with
/// [`Fault::to_erro`].
pub fn read_results(body: &[u8], ours: &[Version]) -> Result<ResultsReceived, Box<Fault>> {
    Rules::received_by(Component::Server, ours)
        .read_as(body)
        .map(|received| match received {
            Received::Message(rreq) => ResultsReceived::Results(Results::new(rreq)),
            Received::Erro(erro) => ResultsReceived::Erro(erro),
        })
}

/// The fault of an RReq whose transaction is not there: 301.
pub fn unknown_transaction(results: &Results) -> Box<Fault> {
    results.fault(ErrorCode::TransactionNotRecognised, named_id(results))
}

/// The fault of an RReq that has been taken before: 312, or 301 before 2.3.1 (emv-3ds section 7.3).
fn repeated(results: &Results) -> Box<Fault> {
    let code = ErrorCode::DuplicateMessage.in_version(results.rreq().message_version);
    results.fault(code, named_id(results))
}

/// The fault of an RReq about an authentication that ended without a challenge: 313, or 301 before 2.3.1.
fn without_challenge(results: &Results) -> Box<Fault> {
    let code = ErrorCode::ResultsWithoutChallenge.in_version(results.rreq().message_version);
    results.fault(code, named_id(results))
}

fn named_id(results: &Results) -> String {
    let id = results.ids().three_ds_server_trans_id;
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// The fault of an RReq whose sender may not speak about its transaction: 303 (emv-3ds section 4.8).
pub fn access_denied(results: &Results, detail: &str) -> Box<Fault> {
    results.fault(ErrorCode::AccessDenied, detail.to_owned())
}

impl Transaction {
    /// Takes the body that answered the AReq: an ARes, an Erro, or something unusable.
    ///
    /// Refused where no AReq is out.
    pub fn receive_answer(self, body: &[u8], now: OffsetDateTime) -> Result<AnswerTaken, Refused> {
        let Some(asked) = self.asked().copied() else {
            return Err(Refused {
                state: self.name(),
                news: "answered",
            });
        };
        let subject = *self.subject();
        let received = Rules::received_by(Component::Server, &Version::ALL)
            .channel(subject.channel)
            .category(subject.category)
            .read_as::<ARes>(body);
        let news = received.and_then(|received| match received {
            Received::Message(ares) => Answer::to(&asked, ares).map(News::Answered),
            Received::Erro(erro) => Ok(News::ErroReceived {
                component: erro.error_component,
                code: erro.error_code,
                detail: erro.error_detail,
            }),
        });
        match news {
            Ok(news) => {
                let ares = match &news {
                    News::Answered(answer) => Some(Box::new(answer.ares().clone())),
                    _ => None,
                };
                self.apply(news, now).map(|step| AnswerTaken {
                    step,
                    ares,
                    fault: None,
                    erro: None,
                })
            }
            Err(fault) => {
                let erro = fault.to_erro(Component::Server, &[asked.version]).map(Box::new);
                let step = self.apply(News::AnswerUnusable, now)?;
                Ok(AnswerTaken {
                    step,
                    ares: None,
                    fault: Some(fault),
                    erro,
                })
            }
        }
    }

    /// Takes an RReq for this transaction: the step, and the RRes to be sent once the step is recorded. One that comes too
    /// late, or before the ARes is recorded, is answered too; [`super::Effect`] tells.
    ///
    /// The fault of any other is answered with [`Fault::to_erro`], and leaves the transaction as it was: one whose
    /// identifiers are another transaction's (301), whose version or category differ (203), that repeats one taken
    /// before, or that follows no challenge.
    pub fn receive_results(self, results: Results, now: OffsetDateTime) -> Result<(Step, RRes), Box<Fault>> {
        self.expects(&results)?;
        let copy = results.clone();
        match self.apply(News::ResultsReceived(results), now) {
            Ok(Step {
                effect: Effect::Repeat,
                ..
            }) => Err(repeated(&copy)),
            Ok(step) => {
                let rres = RRes::to(copy.rreq(), results_status(&step.transaction));
                Ok((step, rres))
            }
            Err(Refused { .. }) => Err(unknown_transaction(&copy)),
        }
    }

    /// Whether an RReq can be about this transaction, as far as this state can tell.
    fn expects(&self, results: &Results) -> Result<(), Box<Fault>> {
        match (self.challenged(), self.asked()) {
            (Some(challenged), _) => results.conclude(self.subject(), challenged),
            (None, Some(_)) => results.follow(self.subject()),
            (None, None) if matches!(self, Self::Finished(_)) => Err(without_challenge(results)),
            (None, None) => Err(unknown_transaction(results)),
        }
    }
}

/// The RRes as the body to answer with.
pub fn rres_body(rres: &RRes) -> Result<Vec<u8>, Box<Fault>> {
    Rules::received_by(Component::DirectoryServer, &[rres.message_version]).write(rres)
}

/// The Erro as the body to send to the directory server.
pub fn erro_body(erro: &Erro) -> Result<Vec<u8>, Box<Fault>> {
    Rules::received_by(Component::DirectoryServer, &Version::ALL).write(erro)
}

/// What we tell of the RReq: received, or why the cardholder has not been to the challenge that it ends.
fn results_status(transaction: &Transaction) -> ResultsStatus {
    match transaction {
        Transaction::ChallengeNeverStarted(_) => ResultsStatus::ChallengeNotSent,
        Transaction::DecoupledFollows(_) => ResultsStatus::DecoupledFollows,
        Transaction::GivenUp(GivenUp { trace, .. }) if !trace.reached => ResultsStatus::ChallengeNotSent,
        Transaction::Failed(Failed { failure, trace, .. }) if !trace.reached => match failure {
            Failure::TimeExpired => ResultsStatus::ChallengeNotSent,
            Failure::DirectoryErro { .. }
            | Failure::VersionRefused { .. }
            | Failure::AcsErro { .. }
            | Failure::DirectoryTimeout
            | Failure::DirectoryUnreachable
            | Failure::UnusableAnswer
            | Failure::CannotRequest => ResultsStatus::ChallengeNotDelivered,
        },
        Transaction::Started(_)
        | Transaction::AwaitingMethod(_)
        | Transaction::AwaitingAres(_)
        | Transaction::AwaitingResults(_)
        | Transaction::Finished(_)
        | Transaction::Failed(_)
        | Transaction::GivenUp(_) => ResultsStatus::Received,
    }
}

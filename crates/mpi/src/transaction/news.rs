use super::{Subject, receive};
use crate::request::Prepared;
use emv3ds::{
    Fault, TransactionIds,
    code::{Component, ErrorCode, MessageType},
    message::{ARes, Asked, Challenged, RReq, WireMessage},
};

/// Something that happened to an authentication.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// The 3DS Method has been handed to the browser.
    MethodStarted,
    /// The ACS's page reported that the 3DS Method is done.
    MethodCompleted,
    /// It has not reported in time.
    MethodTimedOut,
    /// The AReq is being recorded, to be sent next.
    Asked {
        asked: Asked,
        /// The longest the issuer may take for a decoupled authentication, in minutes, if it is offered one.
        decoupled_minutes: Option<u16>,
        /// Whether the cardholder has seen our page by now.
        through_page: bool,
    },
    /// The AReq cannot be made of what is configured.
    CannotRequest,
    /// An ARes came that answers the AReq.
    Answered(Answer),
    /// Something came that is no ARes to this AReq, or none that can be used.
    AnswerUnusable,
    /// An Erro came.
    ErroReceived {
        component: Component,
        code: ErrorCode,
        /// `errorDetail`: with 102, the versions that the other side speaks.
        detail: String,
    },
    /// No answer came in time.
    DirectoryTimedOut,
    /// No connection could be made.
    DirectoryUnreachable,
    /// The CReq has been handed to the browser.
    ChallengeOpened,
    /// The browser came back from the challenge.
    CresReturned,
    /// An RReq came that concludes the challenge.
    ResultsReceived(Results),
    /// Its time is over.
    DeadlinePassed,
    /// The requestor or the cardholder wants it no more, or a new authentication takes its place.
    GivenUp,
}

impl News {
    /// The AReq is being recorded, to be sent next; `through_page` where the cardholder has seen our page by now.
    pub fn asked(prepared: &Prepared, through_page: bool) -> Self {
        Self::Asked {
            asked: prepared.asked,
            decoupled_minutes: prepared.decoupled_minutes,
            through_page,
        }
    }

    /// The news in a word, for logs and refusals.
    pub fn name(&self) -> &'static str {
        match self {
            Self::MethodStarted => "method_started",
            Self::MethodCompleted => "method_completed",
            Self::MethodTimedOut => "method_timed_out",
            Self::Asked { .. } => "asked",
            Self::CannotRequest => "cannot_request",
            Self::Answered(_) => "answered",
            Self::AnswerUnusable => "answer_unusable",
            Self::ErroReceived { .. } => "erro_received",
            Self::DirectoryTimedOut => "directory_timed_out",
            Self::DirectoryUnreachable => "directory_unreachable",
            Self::ChallengeOpened => "challenge_opened",
            Self::CresReturned => "cres_returned",
            Self::ResultsReceived(_) => "results_received",
            Self::DeadlinePassed => "deadline_passed",
            Self::GivenUp => "given_up",
        }
    }
}

/// An ARes held against its AReq.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer(Box<ARes>);

impl Answer {
    pub(crate) fn to(asked: &Asked, ares: ARes) -> Result<Self, Box<Fault>> {
        ares.answers(asked).map(|()| Self(Box::new(ares)))
    }

    pub(super) fn ares(&self) -> &ARes {
        &self.0
    }

    /// Whether it answers this AReq, and not another one's.
    pub(super) fn is_to(&self, asked: &Asked) -> bool {
        self.0.answers(asked).is_ok()
    }
}

/// An RReq as it came in, checked against its table. Every state holds it against its own transaction before it takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Results(Box<RReq>);

impl Results {
    pub(crate) fn new(rreq: RReq) -> Self {
        Self(Box::new(rreq))
    }

    pub(super) fn rreq(&self) -> &RReq {
        &self.0
    }

    pub(super) fn into_rreq(self) -> RReq {
        *self.0
    }

    /// The transaction it names, to find it by.
    pub fn ids(&self) -> TransactionIds {
        self.0.ids()
    }

    /// Whether it concludes this challenge: all identifiers (else 301), version and category (else 203).
    pub(super) fn conclude(&self, subject: &Subject, challenged: &Challenged) -> Result<(), Box<Fault>> {
        self.0.concludes(challenged)?;
        self.is_of_category(subject)
    }

    /// Whether it can follow an ARes that has not come yet. All that is known of it is what was asked: the transaction's
    /// own identifier (else 301), the version and the category (else 203).
    pub(super) fn follow(&self, subject: &Subject) -> Result<(), Box<Fault>> {
        if self.0.three_ds_server_trans_id != subject.id {
            return Err(receive::unknown_transaction(self));
        }
        if self.0.message_version != subject.version {
            return Err(self.malformed("messageVersion"));
        }
        self.is_of_category(subject)
    }

    fn is_of_category(&self, subject: &Subject) -> Result<(), Box<Fault>> {
        if self.0.message_category == subject.category {
            Ok(())
        } else {
            Err(self.malformed("messageCategory"))
        }
    }

    fn malformed(&self, name: &str) -> Box<Fault> {
        self.fault(ErrorCode::FormatInvalid, name.to_owned())
    }

    /// A fault of this RReq.
    pub(super) fn fault(&self, code: ErrorCode, detail: String) -> Box<Fault> {
        let fault = Fault::new(code, detail);
        Box::new(fault.of(MessageType::RReq, Some(self.0.message_version), self.ids()))
    }
}

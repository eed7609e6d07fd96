use crate::request::Prepared;
use emv3ds::{
    Fault, TransactionIds,
    code::{Component, ErrorCode},
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
    ErroReceived { component: Component, code: ErrorCode },
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
    pub(super) fn to(asked: &Asked, ares: ARes) -> Result<Self, Box<Fault>> {
        ares.answers(asked).map(|()| Self(Box::new(ares)))
    }

    pub(super) fn ares(&self) -> &ARes {
        &self.0
    }
}

/// An RReq as it came in, checked against its table; [`super::Transaction::receive_results`] holds it against its
/// transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Results(Box<RReq>);

impl Results {
    pub(super) fn new(rreq: RReq) -> Self {
        Self(Box::new(rreq))
    }

    pub(super) fn rreq(&self) -> &RReq {
        &self.0
    }

    /// The transaction it names, to find it by.
    pub fn ids(&self) -> TransactionIds {
        self.0.ids()
    }

    pub(super) fn conclude(&self, challenged: &Challenged) -> Result<(), Box<Fault>> {
        self.0.concludes(challenged)
    }
}

//! What an answer means for its transaction.
//!
//! It is put back into the ARes, or the RReq, that the remote server had: the same rules then hold it against what was
//! asked. Only what counts is put back, so that a server which leaves out an operator's id is still understood.

use super::document::{Answered, Document, Report, Status};
use crate::{
    Transaction,
    transaction::{Answer, AwaitingResults, Effect, Finished, News, Refused, Results, Step},
};
use emv3ds::{
    AuthenticationValue, Eci, Version,
    code::{ChallengeCancel, MessageCategory, TransStatus, TransStatusReason},
    message::{ARes, Asked, CardholderInfo, RReq},
};
use serde_json::{Map, Value};
use time::OffsetDateTime;

/// What an answer led to.
#[derive(Debug)]
pub struct Taken {
    pub step: Step,
    /// Why it could not be used, for the log.
    pub flaw: Option<Flaw>,
}

/// The member of an answer that is missing, or contradicts another or what was asked.
pub type Flaw = &'static str;

impl Transaction {
    /// Takes the answer to the authentication that is on its way. Unchanged where the server says that it had been asked
    /// before: then a report tells.
    ///
    /// `by` is the server's name for us. Refused where nothing is on its way.
    pub fn receive_remote_answer(
        self,
        answered: &Answered,
        by: &str,
        now: OffsetDateTime,
    ) -> Result<Taken, Refused> {
        let Some(asked) = self.asked().copied() else {
            return Err(Refused {
                state: self.name(),
                news: "answered",
            });
        };
        let Answered(document) = answered;
        let (news, flaw) = match document.trouble() {
            Some(trouble) => match trouble.news() {
                Some(news) => (news, None),
                None => return Ok(unchanged(self, None)),
            },
            None => match answer(document, &asked) {
                Ok(answer) => (News::Answered(answer), None),
                Err(flaw) => (News::AnswerUnusable, Some(flaw)),
            },
        };
        Ok(Taken {
            step: marked(self.apply(news, now)?, by),
            flaw,
        })
    }

    /// Takes a report of how it stands at the remote server. Only a report that settles something changes anything: a
    /// result, or the challenge that an answer which was lost had told of. A report of trouble says nothing that the
    /// deadline would not say as well.
    pub fn receive_remote_report(
        self,
        report: &Report,
        by: &str,
        now: OffsetDateTime,
    ) -> Result<Taken, Refused> {
        let Report(document) = report;
        if document.trouble().is_some() || document.status() == Some(Status::New) {
            return Ok(unchanged(self, None));
        }
        let news = match &self {
            Self::AwaitingAres(waiting) => answer(document, &waiting.asked).map(News::Answered),
            Self::AwaitingResults(waiting) => match results(document, waiting) {
                Ok(Some(results)) => Ok(News::ResultsReceived(results)),
                Ok(None) => return Ok(unchanged(self, None)),
                Err(flaw) => Err(flaw),
            },
            Self::Started(_)
            | Self::AwaitingMethod(_)
            | Self::ChallengeNeverStarted(_)
            | Self::DecoupledFollows(_)
            | Self::Finished(_)
            | Self::Failed(_)
            | Self::GivenUp(_) => return Ok(unchanged(self, None)),
        };
        match news {
            Ok(news) => Ok(Taken {
                step: marked(self.apply(news, now)?, by),
                flaw: None,
            }),
            Err(flaw) => Ok(unchanged(self, Some(flaw))),
        }
    }
}

fn unchanged(transaction: Transaction, flaw: Option<Flaw>) -> Taken {
    let step = Step {
        transaction,
        effect: Effect::Unchanged,
    };
    Taken { step, flaw }
}

/// Marks the result, if this step brought one.
fn marked(mut step: Step, by: &str) -> Step {
    if let Transaction::Finished(finished) = &mut step.transaction {
        let Finished { result, .. } = finished.as_mut();
        result.mark_as_made_by(by);
    }
    step
}

/// The ARes that the server had, where it answers what was asked.
fn answer(document: &Document, asked: &Asked) -> Result<Answer, Flaw> {
    let status = trans_status(document)?;
    let mut message = Message::new("ARes");
    message.set(
        "threeDSServerTransID",
        document.id().ok_or("three_ds_server.trans_id")?.to_string(),
    );
    let version = version(document, asked.version)?;
    message.set("messageVersion", version.to_string());
    message.set("acsTransID", document.text("acs.trans_id").ok_or("acs.trans_id")?);
    message.set("dsTransID", document.text("ds.trans_id").ok_or("ds.trans_id")?);
    message.set(
        "acsReferenceNumber",
        document.text("acs.reference_number").unwrap_or_default(),
    );
    message.set(
        "dsReferenceNumber",
        document.text("ds.reference_number").unwrap_or_default(),
    );
    message.outcome(document, version, status, MessageCategory::Payment)?;
    match status {
        TransStatus::ChallengeRequired => {
            message.set("acsURL", document.web_address("acs.url").ok_or("acs.url")?);
        }
        // The wire status says as much.
        TransStatus::DecoupledChallenge => message.set("acsDecConInd", "Y".to_owned()),
        TransStatus::Authenticated
        | TransStatus::NotAuthenticated
        | TransStatus::Unavailable
        | TransStatus::Attempted
        | TransStatus::Rejected
        | TransStatus::InformationOnly => {}
        // A browser's own confirmation of a payment does not go through somebody else's server.
        TransStatus::SecurePaymentConfirmation => return Err("transaction.status"),
    }
    let ares = ARes {
        cardholder_info: document
            .text("cardholder.info")
            .as_deref()
            .map(CardholderInfo::from),
        ..message.read()?
    };
    Answer::to(asked, ares).map_err(|_| "an answer to another question")
}

/// The RReq that the server had; `None` while there is none.
fn results(document: &Document, waiting: &AwaitingResults) -> Result<Option<Results>, Flaw> {
    let status = trans_status(document)?;
    if !status.is_final() {
        return Ok(None);
    }
    let (subject, challenged) = (&waiting.subject, &waiting.challenged);
    let mut message = Message::new("RReq");
    message.set(
        "threeDSServerTransID",
        document.id().ok_or("three_ds_server.trans_id")?.to_string(),
    );
    let version = version(document, challenged.version)?;
    message.set("messageVersion", version.to_string());
    message.set("messageCategory", subject.category.to_string());
    // A report need not repeat what the answer said, and must not contradict it.
    message.set(
        "acsTransID",
        document
            .text("acs.trans_id")
            .unwrap_or_else(|| challenged.acs_trans_id.to_string()),
    );
    message.set(
        "dsTransID",
        document
            .text("ds.trans_id")
            .unwrap_or_else(|| challenged.ds_trans_id.to_string()),
    );
    message.outcome(document, version, status, subject.category)?;
    let cancel = document
        .text("challenge_cancel")
        .as_deref()
        .and_then(ChallengeCancel::parse);
    if let Some(cancel) = cancel {
        message.set("challengeCancel", cancel.to_string());
    }
    let rreq: RReq = message.read()?;
    rreq.concludes(challenged)
        .map_err(|_| "results of another transaction")?;
    Ok(Some(Results::new(rreq)))
}

/// The transaction status, which the status of the 3DS Server must not contradict.
fn trans_status(document: &Document) -> Result<TransStatus, Flaw> {
    let Some(Status::Authentication(of_server)) = document.status() else {
        return Err("three_ds_server.status");
    };
    let Some(text) = document.text("transaction.status") else {
        return Ok(of_server);
    };
    match (of_server, TransStatus::parse(&text)) {
        // The API has no status of its own for what is informational only.
        (TransStatus::Unavailable, Some(TransStatus::InformationOnly)) => Ok(TransStatus::InformationOnly),
        (of_server, Some(status)) if of_server == status => Ok(status),
        (_, _) => Err("transaction.status"),
    }
}

fn version(document: &Document, otherwise: Version) -> Result<Version, Flaw> {
    match document.text("message_version") {
        Some(text) => Version::parse(&text).ok_or("message_version"),
        None => Ok(otherwise),
    }
}

/// A message being put back together.
struct Message(Map<String, Value>);

impl Message {
    fn new(message_type: &str) -> Self {
        let mut members = Map::new();
        members.insert("messageType".to_owned(), Value::from(message_type));
        Self(members)
    }

    fn set(&mut self, name: &str, text: String) {
        self.0.insert(name.to_owned(), Value::String(text));
    }

    /// Status, reason and proof. A payment that is authenticated without a proof is not.
    fn outcome(
        &mut self,
        document: &Document,
        version: Version,
        status: TransStatus,
        category: MessageCategory,
    ) -> Result<(), Flaw> {
        self.set("transStatus", status.to_string());
        let reason = document.text("transaction.status_reason");
        if let Some(reason) = reason.as_deref().and_then(TransStatusReason::parse) {
            self.set("transStatusReason", reason.to_string());
        }
        if let Some(eci) = document.text("eci") {
            let eci = Eci::parse(&eci).ok_or("eci")?;
            self.set("eci", eci.to_string());
        }
        let proves = matches!(status, TransStatus::Authenticated | TransStatus::Attempted);
        match document.text("authentication.value") {
            Some(value) => {
                let value = AuthenticationValue::parse(&value)
                    .filter(|value| value.fits(version))
                    .ok_or("authentication.value")?;
                self.set("authenticationValue", value.as_str().to_owned());
            }
            None if proves && category == MessageCategory::Payment => return Err("authentication.value"),
            None => {}
        }
        Ok(())
    }

    fn read<M: serde::de::DeserializeOwned>(self) -> Result<M, Flaw> {
        serde_json::from_value(Value::Object(self.0)).map_err(|_| "an identifier")
    }
}

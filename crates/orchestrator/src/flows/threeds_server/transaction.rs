//! A shop's transaction: what is stored of it, and what is shown. No card data.

use super::status::Status;
use crate::fault::Fault;
use emv3ds::{
    AuthenticationValue, Eci, ThreeDsServerTransId, Version,
    code::{ChallengeCancel, DeviceChannel, MessageCategory, TransStatus, TransStatusReason},
    message::ARes,
};
use mpi::{Subject, Timers, Transaction, transaction::News};
use primitives::{Brand, Id, id::kind};
use serde::{Deserialize, Serialize};
use store::threeds_server::{notices::NewNotice, transactions::TransactionRecord};
use time::{Duration, OffsetDateTime};

/// An ACS reports a challenge that timed out within so long (emv-3ds section 14).
const ACS_REPORTS_WITHIN: Duration = Duration::seconds(60);

/// How far a transaction has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Created; the shop has not asked yet.
    New(New),
    /// It never did.
    Expired(New),
    /// It asked with parameters that do not fit.
    Invalid(New),
    /// It has asked.
    Run(Box<Run>),
}

/// What a new transaction knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct New {
    pub brand: Brand,
    /// The version that the shop was told.
    pub version: Version,
    pub channel: DeviceChannel,
}

/// What a transaction knows that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub transaction: Transaction,
    /// What the ARes said beside its outcome, once one has come.
    pub particulars: Option<Particulars>,
    /// Where the result of a decoupled authentication is posted to.
    pub decoupled_notification_url: Option<String>,
}

/// What an ARes says of its parties and of the challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    pub acs_trans_id: String,
    pub acs_reference_number: String,
    pub acs_operator_id: Option<String>,
    /// Where the browser posts the CReq.
    pub acs_url: Option<String>,
    /// `Y` or `N`.
    pub challenge_mandated: Option<String>,
    /// `Y` or `N`.
    pub decoupled_confirmation: Option<String>,
    /// How the issuer will authenticate: 01 static, 02 dynamic, 03 out of band, 04 decoupled.
    pub authentication_type: Option<String>,
    pub ds_trans_id: String,
    pub ds_reference_number: String,
    /// The issuer's words to the cardholder.
    pub cardholder_info: Option<String>,
    pub trust_list_status: Option<String>,
    pub trust_list_status_source: Option<String>,
    /// Whether the ARes announced a decoupled authentication.
    pub decoupled: bool,
}

impl Particulars {
    pub(super) fn of(ares: &ARes) -> Self {
        Self {
            acs_trans_id: ares.acs_trans_id.to_string(),
            acs_reference_number: ares.acs_reference_number.clone(),
            acs_operator_id: ares.acs_operator_id.clone(),
            acs_url: ares.acs_url.clone(),
            challenge_mandated: ares.acs_challenge_mandated.map(|it| it.as_str().to_owned()),
            decoupled_confirmation: ares.acs_dec_con_ind.map(|it| it.as_str().to_owned()),
            authentication_type: authentication_type(ares).map(str::to_owned),
            ds_trans_id: ares.ds_trans_id.to_string(),
            ds_reference_number: ares.ds_reference_number.clone(),
            cardholder_info: ares.cardholder_info.as_ref().map(|info| info.text.clone()),
            trust_list_status: ares.trust_list_status.map(|it| it.as_str().to_owned()),
            trust_list_status_source: ares.trust_list_status_source.map(|it| it.as_str().to_owned()),
            decoupled: ares.trans_status == Some(TransStatus::DecoupledChallenge),
        }
    }
}

/// How the issuer will authenticate, in the four words that 2.2.0 had for it. 2.3.1 says it more finely.
fn authentication_type(ares: &ARes) -> Option<&'static str> {
    if let Some(known) = ares.authentication_type {
        return Some(known.as_str());
    }
    let first = ares.authentication_method.as_ref()?.first()?;
    Some(match first.as_str() {
        "01" => "01",
        "07" | "08" | "09" | "11" => "03",
        "12" => "04",
        _ => "02",
    })
}

impl Run {
    pub fn is_decoupled(&self) -> bool {
        self.particulars
            .as_ref()
            .is_some_and(|particulars| particulars.decoupled)
    }

    /// Takes in what happened. `false`: it changes nothing, or cannot be.
    pub fn apply(&mut self, news: News, now: OffsetDateTime) -> bool {
        match self.transaction.clone().apply(news, now) {
            Ok(step) => {
                let moved = step.transaction != self.transaction;
                self.transaction = step.transaction;
                moved
            }
            Err(refused) => {
                tracing::debug!(authentication = %self.transaction.subject().id, %refused, "news that this transaction cannot take");
                false
            }
        }
    }
}

/// A transaction that is new, and read to be asked for.
#[derive(Debug, Clone)]
pub struct Open {
    pub id: Id<kind::Authentication>,
    pub shop: Id<kind::Shop>,
    pub brand: Brand,
    /// The version that the shop was told.
    pub version: Version,
    /// The channel that it named when it created the transaction.
    pub channel: DeviceChannel,
    /// The row's version: of two callers that read the same one is served.
    pub row_version: i64,
}

impl Open {
    pub(super) fn subject(&self, channel: DeviceChannel, category: MessageCategory) -> Subject {
        Subject {
            id: ThreeDsServerTransId(self.id.uuid()),
            brand: self.brand,
            version: self.version,
            channel,
            category,
        }
    }

    pub(super) fn as_stored(&self, stage: Stage) -> Stored {
        Stored {
            id: self.id,
            shop: self.shop,
            row_version: self.row_version,
            due_at: None,
            stage,
        }
    }

    pub(super) fn as_new(&self) -> New {
        New {
            brand: self.brand,
            version: self.version,
            channel: self.channel,
        }
    }
}

/// A transaction with its row.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub id: Id<kind::Authentication>,
    pub shop: Id<kind::Shop>,
    /// The row's version; 0 while there is none.
    pub row_version: i64,
    pub due_at: Option<OffsetDateTime>,
    pub stage: Stage,
}

impl Stored {
    pub fn read(record: TransactionRecord) -> Result<Self, Fault> {
        Ok(Self {
            id: record.id,
            shop: record.shop,
            row_version: record.version,
            due_at: record.due_at,
            stage: serde_json::from_value(record.data)?,
        })
    }

    pub fn record(&self) -> Result<TransactionRecord, Fault> {
        let state = match &self.stage {
            Stage::New(_) => "new",
            Stage::Expired(_) => "expired",
            Stage::Invalid(_) => "invalid",
            Stage::Run(run) => run.transaction.name(),
        };
        Ok(TransactionRecord {
            id: self.id,
            shop: self.shop,
            state: state.to_owned(),
            data: serde_json::to_value(&self.stage)?,
            due_at: self.due_at,
            version: self.row_version,
        })
    }

    /// Sets when somebody has to look at it, should nothing come.
    pub fn set_due(&mut self, timers: &Timers) {
        self.due_at = match &self.stage {
            Stage::New(_) => self.due_at,
            Stage::Expired(_) | Stage::Invalid(_) => None,
            Stage::Run(run) => run
                .transaction
                .deadline(timers)
                .map(|deadline| match run.transaction {
                    Transaction::AwaitingResults(_) => deadline + ACS_REPORTS_WITHIN,
                    _ => deadline,
                }),
        };
    }

    /// How it stands at that time: a new one whose time is over has expired, whether somebody has looked or not.
    pub fn status(&self, now: OffsetDateTime) -> Status {
        match Status::of(&self.stage) {
            Status::New if self.has_expired(now) => Status::Expired,
            status => status,
        }
    }

    pub fn has_expired(&self, now: OffsetDateTime) -> bool {
        matches!(self.stage, Stage::New(_)) && self.due_at.is_some_and(|due_at| due_at <= now)
    }

    /// What is to be told of a decoupled authentication that has come to its end.
    pub fn notice(&self, now: OffsetDateTime) -> Option<NewNotice> {
        let Stage::Run(run) = &self.stage else { return None };
        let ended = run.is_decoupled() && run.transaction.outcome().is_some();
        let url = run.decoupled_notification_url.as_ref().filter(|_| ended)?;
        let view = self.view(now);
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("three_ds_server_status", view.status.as_str())
            .append_pair("three_ds_server_trans_id", &self.id.to_string());
        if let Some(eci) = &view.eci {
            form.append_pair("eci", eci.as_str());
        }
        if let Some(value) = &view.authentication_value {
            form.append_pair("authentication_value", value.as_str());
        }
        Some(NewNotice {
            url: url.clone(),
            form: form.finish(),
        })
    }

    pub fn view(&self, now: OffsetDateTime) -> View {
        let (brand, version, channel) = match &self.stage {
            Stage::New(new) | Stage::Expired(new) | Stage::Invalid(new) => {
                (new.brand, new.version, new.channel)
            }
            Stage::Run(run) => {
                let subject = run.transaction.subject();
                (subject.brand, subject.version, subject.channel)
            }
        };
        let mut view = View {
            id: self.id,
            status: self.status(now),
            brand,
            channel,
            version,
            trans_status: None,
            trans_status_reason: None,
            eci: None,
            authentication_value: None,
            challenge_cancel: None,
            particulars: None,
        };
        if let Stage::Run(run) = &self.stage {
            view.fill(run);
        }
        view
    }
}

/// A transaction as its shop sees it.
#[derive(Debug, Clone)]
pub struct View {
    pub id: Id<kind::Authentication>,
    pub status: Status,
    pub brand: Brand,
    pub channel: DeviceChannel,
    pub version: Version,
    pub trans_status: Option<TransStatus>,
    pub trans_status_reason: Option<TransStatusReason>,
    /// Exactly as it came.
    pub eci: Option<Eci>,
    pub authentication_value: Option<AuthenticationValue>,
    pub challenge_cancel: Option<ChallengeCancel>,
    pub particulars: Option<Particulars>,
}

impl View {
    fn fill(&mut self, run: &Run) {
        self.particulars.clone_from(&run.particulars);
        if let Some(Ok(result)) = run.transaction.outcome() {
            self.trans_status = Some(result.trans_status());
            self.trans_status_reason = result.trans_status_reason();
            self.eci = result.eci().cloned();
            self.authentication_value = result.authentication_value().cloned();
            self.challenge_cancel = result.challenge_cancel();
        } else if let Transaction::AwaitingResults(_) = run.transaction {
            self.trans_status = Some(if run.is_decoupled() {
                TransStatus::DecoupledChallenge
            } else {
                TransStatus::ChallengeRequired
            });
        }
    }
}

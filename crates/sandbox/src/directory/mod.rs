//! The directory servers of Visa, Mastercard, American Express, Elo and JCB, at `POST /directory/{brand}`.
//!
//! A directory server tells its card ranges ([`card_range_service`]), checks and completes AReqs ([`registration`]) and
//! asks the card's issuer, and takes results back to the 3DS Server ([`results`]). Over TLS it asks for the
//! 3DS Server's certificate ([`tls`]); over plain HTTP, which no directory server speaks in life, everybody may ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::http::HeaderName;
use emv3ds::code::{Component, ErrorCode};
use emv3ds::message::{AReq, Message, PReq, WireMessage};
use emv3ds::{DsTransId, Fault, Rules, ThreeDsServerTransId, Version};
use primitives::Brand;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::faults::message::{self, MessageFault, MessageFaultOrder};
use crate::faults::{Faults, Kind};
use crate::issuers::scenario::Scenario;
use crate::issuers::{Issuers, malformed};
use crate::messages::{MessageLog, Party};
use crate::recent::RecentMap;

pub mod acs;
pub mod card_range_service;
mod compression;
mod door;
pub mod number_space;
pub mod preparation;
pub mod range_levers;
pub mod ranges;
pub mod registration;
pub mod results;
pub mod tls;

use acs::AcsLink;
use card_range_service::CardRangeService;
pub use door::router;
pub use number_space::BRANDS;

/// Content type of every message between servers.
pub const JSON: &str = "application/json; charset=utf-8";
/// Longest message taken, in bytes.
pub const MESSAGE_MAX_BYTES: usize = 512 * 1024;
/// The header of 2.3.1 that carries the asking side's identifier.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// `dsReferenceNumber` of all directory servers here.
const DS_REFERENCE_NUMBER: &str = "3DS_LOA_DIS_SNDB_020200_00001";
/// Transactions remembered to notice an identifier that comes twice.
const TRANSACTIONS_REMEMBERED: usize = 100_000;

/// The directory servers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    card_ranges: HashMap<Brand, CardRangeService>,
    issuers: Issuers,
    /// Who answers for registered cards, where there is a service for them.
    acs: OnceLock<Arc<AcsLink>>,
    messages: MessageLog,
    /// How long scenario 08 keeps its caller waiting for nothing.
    silence: Duration,
    seen: Mutex<RecentMap<ThreeDsServerTransId, ()>>,
    faults: Faults,
}

impl Directory {
    /// Directory servers in front of these issuers. `public_url` is the sandbox as browsers reach it, `silence` how long
    /// the one that never answers holds a connection.
    pub fn new(
        public_url: &str,
        issuers: Issuers,
        messages: MessageLog,
        silence: Duration,
        faults: Faults,
    ) -> Self {
        let card_ranges = BRANDS
            .into_iter()
            .map(|brand| (brand, CardRangeService::new(brand, public_url)))
            .collect();
        let seen = Mutex::new(RecentMap::new(TRANSACTIONS_REMEMBERED));
        Self(Arc::new(Inner {
            card_ranges,
            issuers,
            acs: OnceLock::new(),
            messages,
            silence,
            seen,
            faults,
        }))
    }

    /// From now on the cards of an access control server are its own. There is one at most.
    pub(crate) fn join(&self, acs: AcsLink) {
        if self.0.acs.set(Arc::new(acs)).is_err() {
            tracing::error!("the directory servers have an access control server already");
        }
    }

    fn acs(&self) -> Option<&Arc<AcsLink>> {
        self.0.acs.get()
    }

    /// The card ranges of the brand with this name in an address.
    pub fn card_ranges(&self, brand: &str) -> Option<&CardRangeService> {
        self.0.card_ranges.get(&Brand::parse(brand)?)
    }

    /// Answers a message as the directory server of `brand`; `None` when there is nothing to answer, as to an Erro.
    /// `request_id` is the header `X-Request-ID`, where there was one.
    pub async fn answer(&self, brand: Brand, body: &[u8], request_id: Option<&str>) -> Option<Answer> {
        let messages = &self.0.messages;
        let record = |id, fault: Option<&Fault>| {
            let fault = fault.map(ToString::to_string);
            messages.record(id, Party::ThreeDsServer, Party::DirectoryServer, body, fault);
        };
        let ds_trans_id = DsTransId(Uuid::new_v4());
        let mut truncated = false;
        let read = Rules::received_by(Component::DirectoryServer, &Version::ALL)
            .read(body)
            .and_then(|message| has_its_id(message, request_id));
        self.follow_products(brand).await;
        let (id, version, answer) = match read {
            Err(fault) => {
                record(fault.ids.three_ds_server_trans_id, Some(&fault));
                (fault.ids.three_ds_server_trans_id, fault.version, Err(fault))
            }
            Ok(Message::Erro(erro)) => {
                record(erro.three_ds_server_trans_id, None);
                return None;
            }
            Ok(Message::AReq(areq)) => {
                let (id, version) = (Some(areq.three_ds_server_trans_id), areq.message_version);
                let accepted = self.accept(brand, &areq);
                record(id, accepted.as_ref().err().map(|fault| &**fault));
                match accepted {
                    Ok(()) => (
                        id,
                        Some(version),
                        self.authenticate(brand, *areq, ds_trans_id).await,
                    ),
                    Err(fault) => (id, Some(version), Err(fault)),
                }
            }
            Ok(Message::PReq(preq)) => {
                let (id, version) = (Some(preq.three_ds_server_trans_id), preq.message_version);
                let fault = self.0.faults.take_message(message::DIRECTORY, |order| {
                    order.fault.is_of_preparation() && order.brand.is_none_or(|of| of == brand)
                });
                truncated = fault.as_ref().map(|order| order.fault) == Some(MessageFault::PResTruncatedGzip);
                let answer = self.prepare(brand, &preq, ds_trans_id, fault.as_ref());
                record(id, answer.as_ref().err().map(|fault| &**fault));
                (id, Some(version), answer)
            }
            // ARes, RReq and RRes do not come in at this door.
            Ok(other) => {
                let fault = Fault::new(ErrorCode::MessageReceivedInvalid, "messageType");
                let fault = Box::new(fault.of(other.message_type(), None, other.ids()));
                record(fault.ids.three_ds_server_trans_id, Some(&fault));
                (fault.ids.three_ds_server_trans_id, None, Err(fault))
            }
        };
        let bytes = answer.unwrap_or_else(|fault| erro(&fault, Component::DirectoryServer));
        messages.record(id, Party::DirectoryServer, Party::ThreeDsServer, &bytes, None);
        let with_ids = version.is_some_and(has_id_headers);
        Some(Answer {
            bytes,
            truncated,
            ids: id.filter(|_| with_ids).map(|id| (id, ds_trans_id)),
        })
    }

    /// Whether an AReq may go on to the issuer.
    fn accept(&self, brand: Brand, areq: &AReq) -> Result<(), Box<Fault>> {
        let id = areq.three_ds_server_trans_id;
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.get(&id).is_some() {
            let detail = format!("{id} was used before");
            return Err(about(areq, registration::repeated(areq.message_version), &detail));
        }
        seen.insert(id, ());
        drop(seen);
        let service = self.0.card_ranges.get(&brand);
        let issuer =
            service.and_then(|service| service.ranges().issuer_of(areq.acct_number.reveal()).cloned());
        registration::check(brand, areq, issuer.as_deref(), OffsetDateTime::now_utc())
    }

    async fn authenticate(
        &self,
        brand: Brand,
        mut areq: AReq,
        ds_trans_id: DsTransId,
    ) -> Result<Vec<u8>, Box<Fault>> {
        if let Some(order) = self.areq_erro(message::DIRECTORY, brand, &areq) {
            return Err(about(&areq, erro_code(&order), &erro_detail(&order, &areq)));
        }
        match Scenario::of_areq(&areq) {
            Scenario::DirectoryError => {
                let detail = "scenario 07: this directory server is out of order";
                return Err(about(&areq, ErrorCode::PermanentFailure, detail));
            }
            Scenario::DirectorySilence => {
                tokio::time::sleep(self.0.silence).await;
                let detail = "scenario 08: the issuer did not answer";
                return Err(about(&areq, ErrorCode::TimedOut, detail));
            }
            Scenario::NotEnrolled => {
                return Err(about(&areq, ErrorCode::TransactionDataInvalid, "acctNumber"));
            }
            Scenario::IssuerUnreachable => {
                return Err(about(&areq, ErrorCode::ConnectionFailure, ISSUER_UNREACHABLE));
            }
            _ => {}
        }
        areq.ds_trans_id = Some(ds_trans_id);
        areq.ds_reference_number = Some(DS_REFERENCE_NUMBER.to_owned());
        self.ask_issuer(brand, &areq).await
    }

    fn areq_erro(&self, target: &str, brand: Brand, areq: &AReq) -> Option<MessageFaultOrder> {
        self.0.faults.take_message(target, |order| {
            order.fault == MessageFault::AReqErro && order.concerns(brand, areq.acct_number.reveal())
        })
    }

    /// Registered cards are their access control server's, unless a message of theirs is to go wrong: the issuers of this
    /// process play that, and all other cards. A fault set for them is played here as the directory server would see it.
    async fn ask_issuer(&self, brand: Brand, areq: &AReq) -> Result<Vec<u8>, Box<Fault>> {
        let account_number = areq.acct_number.reveal();
        let goes_wrong = |order: &MessageFaultOrder| order.concerns(brand, account_number);
        if let Some(acs) = self.acs()
            && !self.0.faults.has_message(message::ACS, goes_wrong)
            && acs.has(brand, account_number).await
        {
            return acs.ask(brand, areq).await;
        }
        let fault = self.0.faults.take("acs");
        let kind = fault.map(|fault| fault.kind);
        if matches!(kind, Some(Kind::Refuse | Kind::Http500)) {
            return Err(about(areq, ErrorCode::ConnectionFailure, ISSUER_UNREACHABLE));
        }
        if let Some(order) = self.areq_erro(message::ACS, brand, areq) {
            // The issuer found the error; the directory server passes it on.
            let fault = about(areq, erro_code(&order), &erro_detail(&order, areq));
            return Ok(erro(&fault, Component::Acs));
        }
        let ares = self.0.issuers.authenticate(brand, areq).await?;
        match kind {
            Some(Kind::DropReply) => Err(about(areq, ErrorCode::TimedOut, "the issuer did not answer")),
            Some(Kind::Garbage) => Ok(malformed::spoil(ares)),
            Some(Kind::Delay) => {
                tokio::time::sleep(fault.map(|fault| fault.delay).unwrap_or_default()).await;
                Ok(ares)
            }
            // An issuer that got the AReq twice answers twice, and one answer is enough.
            None | Some(Kind::Duplicate | Kind::Refuse | Kind::Http500) => Ok(ares),
        }
    }

    /// Card ranges are as the products of the access control server are now.
    async fn follow_products(&self, brand: Brand) {
        if let (Some(acs), Some(service)) = (self.acs(), self.0.card_ranges.get(&brand)) {
            service.follow(&acs.blocks(brand).await);
        }
    }

    fn prepare(
        &self,
        brand: Brand,
        preq: &PReq,
        ds_trans_id: DsTransId,
        order: Option<&MessageFaultOrder>,
    ) -> Result<Vec<u8>, Box<Fault>> {
        let answer = match (order, self.0.card_ranges.get(&brand)) {
            (Some(order), _) if order.fault == MessageFault::PReqErro => {
                let detail = order.detail.clone().unwrap_or_else(|| "PReq".to_owned());
                Err(Fault::new(erro_code(order), detail))
            }
            (_, None) => Err(Fault::new(ErrorCode::PermanentFailure, "no card ranges")),
            (order, Some(service)) => {
                let now = OffsetDateTime::now_utc();
                service.answer(preq, ds_trans_id, order, now)
            }
        };
        answer.map_err(|fault| Box::new(fault.of(PReq::TYPE, Some(preq.message_version), preq.ids())))
    }
}

/// What goes back to a 3DS Server.
#[derive(Debug)]
pub struct Answer {
    /// The message.
    pub bytes: Vec<u8>,
    /// Whether its compressed form ends in the middle, by a lever.
    truncated: bool,
    /// What the headers of 2.3.1 say: the request's identifier and ours.
    ids: Option<(ThreeDsServerTransId, DsTransId)>,
}

impl From<Vec<u8>> for Answer {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            truncated: false,
            ids: None,
        }
    }
}

const ISSUER_UNREACHABLE: &str = "the issuer cannot be reached";

/// From 2.3.1 on, identifiers travel in headers as well.
fn has_id_headers(version: Version) -> bool {
    version >= Version::V2_3_1
}

/// A header that names another transaction than the message is as wrong as an element that does.
fn has_its_id(message: Message, request_id: Option<&str>) -> Result<Message, Box<Fault>> {
    let ids = message.ids();
    let (id, version) = match &message {
        Message::AReq(areq) => (areq.three_ds_server_trans_id, areq.message_version),
        Message::PReq(preq) => (preq.three_ds_server_trans_id, preq.message_version),
        _ => return Ok(message),
    };
    match request_id.filter(|_| has_id_headers(version)) {
        Some(request_id) if !request_id.eq_ignore_ascii_case(&id.to_string()) => {
            let fault = Fault::new(ErrorCode::FormatInvalid, "X-Request-ID");
            Err(Box::new(fault.of(message.message_type(), Some(version), ids)))
        }
        _ => Ok(message),
    }
}

/// The code an order for an Erro asks for; 404 where it does not say.
fn erro_code(order: &MessageFaultOrder) -> ErrorCode {
    order
        .code
        .map_or(ErrorCode::PermanentFailure, ErrorCode::from_number)
}

/// The detail it asks for. For a version that is not supported, that is the list of those that are: all lower ones.
fn erro_detail(order: &MessageFaultOrder, areq: &AReq) -> String {
    let lower = Version::ALL
        .into_iter()
        .filter(|version| *version < areq.message_version);
    match (&order.detail, erro_code(order)) {
        (Some(detail), _) => detail.clone(),
        (None, ErrorCode::VersionNotSupported) => lower.map(Version::as_str).collect::<Vec<_>>().join(","),
        (None, ErrorCode::FormatInvalid | ErrorCode::TransactionDataInvalid) => "acctNumber".to_owned(),
        (None, ErrorCode::AccessDenied) => "threeDSRequestorID".to_owned(),
        (None, _) => "set by a lever".to_owned(),
    }
}

/// A fault of an AReq that its form does not show.
fn about(areq: &AReq, code: ErrorCode, detail: &str) -> Box<Fault> {
    Box::new(Fault::new(code, detail).of(AReq::TYPE, Some(areq.message_version), areq.ids()))
}

/// The Erro a directory server answers with, or an issuer through it.
fn erro(fault: &Fault, finder: Component) -> Vec<u8> {
    let written = fault
        .to_erro(finder, &Version::ALL)
        .map(|erro| Rules::received_by(Component::Server, &Version::ALL).write(&erro));
    match written {
        Some(Ok(bytes)) => bytes,
        Some(Err(broken)) => {
            tracing::error!(fault = %broken, "an Erro of ours breaks the rules");
            Vec::new()
        }
        // Erros are never answered with an Erro.
        None => Vec::new(),
    }
}

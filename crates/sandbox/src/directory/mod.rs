//! The directory servers of Visa, Mastercard, American Express, Elo and JCB, at `POST /directory/{brand}`.
//!
//! A directory server tells its card ranges ([`ranges`]), checks and completes AReqs ([`registration`]) and asks the
//! card's issuer, and takes results back to the 3DS Server ([`results`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use emv3ds::code::{Component, ErrorCode};
use emv3ds::message::{AReq, Message, PReq, WireMessage};
use emv3ds::{DsTransId, Fault, Rules, ThreeDsServerTransId, Version};
use primitives::Brand;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::faults::{Faults, Kind};
use crate::issuers::scenario::Scenario;
use crate::issuers::{Issuers, malformed};
use crate::messages::{MessageLog, Party};
use crate::recent::RecentMap;

pub mod ranges;
pub mod registration;
pub mod results;

use ranges::{BRANDS, CardRanges};

/// Content type of every message between servers.
pub const JSON: &str = "application/json; charset=utf-8";
/// Longest message taken, in bytes.
pub const MESSAGE_MAX_BYTES: usize = 512 * 1024;
/// `dsReferenceNumber` of all directory servers here.
const DS_REFERENCE_NUMBER: &str = "3DS_LOA_DIS_SNDB_020200_00001";
/// Transactions remembered to notice an identifier that comes twice.
const TRANSACTIONS_REMEMBERED: usize = 100_000;

/// The directory servers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ranges: HashMap<Brand, CardRanges>,
    issuers: Issuers,
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
        let ranges = BRANDS
            .into_iter()
            .map(|brand| (brand, CardRanges::of(brand, public_url)))
            .collect();
        let seen = Mutex::new(RecentMap::new(TRANSACTIONS_REMEMBERED));
        Self(Arc::new(Inner {
            ranges,
            issuers,
            messages,
            silence,
            seen,
            faults,
        }))
    }

    /// Answers a message as the directory server of `brand`; `None` when there is nothing to answer, as to an Erro.
    pub async fn answer(&self, brand: Brand, body: &[u8]) -> Option<Vec<u8>> {
        let messages = &self.0.messages;
        let record = |id, fault: Option<&Fault>| {
            let fault = fault.map(ToString::to_string);
            messages.record(id, Party::ThreeDsServer, Party::DirectoryServer, body, fault);
        };
        let read = Rules::received_by(Component::DirectoryServer, &Version::ALL).read(body);
        let (id, answer) = match read {
            Err(fault) => {
                record(fault.ids.three_ds_server_trans_id, Some(&fault));
                (fault.ids.three_ds_server_trans_id, Err(fault))
            }
            Ok(Message::Erro(erro)) => {
                record(erro.three_ds_server_trans_id, None);
                return None;
            }
            Ok(Message::AReq(areq)) => {
                let id = Some(areq.three_ds_server_trans_id);
                let accepted = self.accept(brand, &areq);
                record(id, accepted.as_ref().err().map(|fault| &**fault));
                match accepted {
                    Ok(()) => (id, self.authenticate(brand, *areq).await),
                    Err(fault) => (id, Err(fault)),
                }
            }
            Ok(Message::PReq(preq)) => {
                let id = Some(preq.three_ds_server_trans_id);
                let answer = self.prepare(brand, &preq);
                record(id, answer.as_ref().err().map(|fault| &**fault));
                (id, answer)
            }
            // ARes, RReq and RRes do not come in at this door.
            Ok(other) => {
                let fault = Fault::new(ErrorCode::MessageReceivedInvalid, "messageType");
                let fault = Box::new(fault.of(other.message_type(), None, other.ids()));
                record(fault.ids.three_ds_server_trans_id, Some(&fault));
                (fault.ids.three_ds_server_trans_id, Err(fault))
            }
        };
        let bytes = answer.unwrap_or_else(|fault| erro(&fault));
        messages.record(id, Party::DirectoryServer, Party::ThreeDsServer, &bytes, None);
        Some(bytes)
    }

    /// Whether an AReq may go on to the issuer.
    fn accept(&self, brand: Brand, areq: &AReq) -> Result<(), Box<Fault>> {
        let id = areq.three_ds_server_trans_id;
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.get(&id).is_some() {
            let detail = format!("{id} was used before");
            return Err(about(areq, ErrorCode::TransactionNotRecognised, &detail));
        }
        seen.insert(id, ());
        drop(seen);
        let ranges = self.0.ranges.get(&brand);
        let versions = ranges.and_then(|ranges| ranges.versions_for(areq.acct_number.reveal()));
        registration::check(areq, versions, OffsetDateTime::now_utc())
    }

    async fn authenticate(&self, brand: Brand, mut areq: AReq) -> Result<Vec<u8>, Box<Fault>> {
        match Scenario::of(areq.acct_number.reveal()) {
            Scenario::DirectoryError => {
                let detail = "scenario 07: this directory server is out of order";
                return Err(about(&areq, ErrorCode::PermanentFailure, detail));
            }
            Scenario::DirectorySilence => {
                tokio::time::sleep(self.0.silence).await;
                let detail = "scenario 08: the issuer did not answer";
                return Err(about(&areq, ErrorCode::TimedOut, detail));
            }
            _ => {}
        }
        areq.ds_trans_id = Some(DsTransId(Uuid::new_v4()));
        areq.ds_reference_number = Some(DS_REFERENCE_NUMBER.to_owned());
        self.ask_issuer(brand, &areq).await
    }

    /// The ACS is in this process, so that a fault set for it is played here as the directory server would see it.
    async fn ask_issuer(&self, brand: Brand, areq: &AReq) -> Result<Vec<u8>, Box<Fault>> {
        let fault = self.0.faults.take("acs");
        let kind = fault.map(|fault| fault.kind);
        if matches!(kind, Some(Kind::Refuse | Kind::Http500)) {
            return Err(about(
                areq,
                ErrorCode::ConnectionFailure,
                "the issuer cannot be reached",
            ));
        }
        let ares = self.0.issuers.authenticate(brand, areq)?;
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

    fn prepare(&self, brand: Brand, preq: &PReq) -> Result<Vec<u8>, Box<Fault>> {
        let no_ranges = || Fault::new(ErrorCode::PermanentFailure, "no card ranges");
        let ranges = self.0.ranges.get(&brand).ok_or_else(no_ranges);
        let answer = ranges.and_then(|ranges| ranges.answer(preq, DsTransId(Uuid::new_v4())));
        let pres =
            answer.map_err(|fault| Box::new(fault.of(PReq::TYPE, Some(preq.message_version), preq.ids())))?;
        Rules::received_by(Component::Server, &Version::ALL).write(&pres)
    }
}

/// A fault of an AReq that its form does not show.
fn about(areq: &AReq, code: ErrorCode, detail: &str) -> Box<Fault> {
    Box::new(Fault::new(code, detail).of(AReq::TYPE, Some(areq.message_version), areq.ids()))
}

/// The Erro a directory server answers with.
fn erro(fault: &Fault) -> Vec<u8> {
    let written = fault
        .to_erro(Component::DirectoryServer, &Version::ALL)
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

/// `POST /directory/{brand}`.
pub fn router(directory: Directory) -> Router {
    Router::new()
        .route("/directory/{brand}", post(receive))
        .layer(DefaultBodyLimit::max(MESSAGE_MAX_BYTES))
        .with_state(directory)
}

async fn receive(
    State(directory): State<Directory>,
    Path(brand): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(brand) = Brand::parse(&brand).filter(|brand| BRANDS.contains(brand)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let answer = if is_json(&headers) {
        directory.answer(brand, &body).await
    } else {
        Some(erro(&Fault::new(
            ErrorCode::MessageReceivedInvalid,
            "Content-Type",
        )))
    };
    ([(CONTENT_TYPE, JSON)], answer.unwrap_or_default()).into_response()
}

/// `application/json; charset=utf-8`, in any case and spacing.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = value.split(';').map(|part| part.trim().to_ascii_lowercase());
    let is_json = parts.next().as_deref() == Some("application/json");
    is_json
        && parts.all(|part| !part.starts_with("charset") || part.replace(['"', ' '], "") == "charset=utf-8")
}

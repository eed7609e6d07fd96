//! The directory servers of Visa, Mastercard, American Express, Elo and JCB, at `POST /directory/{brand}`.
//!
//! A directory server tells its card ranges ([`ranges`]), checks and completes AReqs ([`registration`]) and asks the
//! card's issuer, and takes results back to the 3DS Server ([`results`]).

use std::collections::{HashMap, HashSet, VecDeque};
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

use crate::issuers::Issuers;
use crate::issuers::scenario::Scenario;
use crate::messages::{MessageLog, Party};

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
    seen: Mutex<Remembered>,
}

/// The latest transaction identifiers, oldest first in `order`.
#[derive(Debug, Default)]
struct Remembered {
    ids: HashSet<ThreeDsServerTransId>,
    order: VecDeque<ThreeDsServerTransId>,
}

impl Remembered {
    /// False when the identifier came before.
    fn first_time(&mut self, id: ThreeDsServerTransId) -> bool {
        if !self.ids.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > TRANSACTIONS_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}

impl Directory {
    /// Directory servers in front of these issuers. `public_url` is the sandbox as browsers reach it, `silence` how long
    /// the one that never answers holds a connection.
    pub fn new(public_url: &str, issuers: Issuers, messages: MessageLog, silence: Duration) -> Self {
        let ranges = BRANDS
            .into_iter()
            .map(|brand| (brand, CardRanges::of(brand, public_url)))
            .collect();
        Self(Arc::new(Inner {
            ranges,
            issuers,
            messages,
            silence,
            seen: Mutex::default(),
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

    fn ranges(&self, brand: Brand) -> Option<&CardRanges> {
        self.0.ranges.get(&brand)
    }

    /// Whether an AReq may go on to the issuer.
    fn accept(&self, brand: Brand, areq: &AReq) -> Result<(), Box<Fault>> {
        let id = areq.three_ds_server_trans_id;
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.first_time(id) {
            let fault = Fault::new(
                ErrorCode::TransactionNotRecognised,
                format!("{id} was used before"),
            );
            return Err(Box::new(fault.of(
                AReq::TYPE,
                Some(areq.message_version),
                areq.ids(),
            )));
        }
        drop(seen);
        let versions = self
            .ranges(brand)
            .and_then(|ranges| ranges.versions_for(areq.acct_number.reveal()));
        registration::check(areq, versions, OffsetDateTime::now_utc())
    }

    async fn authenticate(&self, brand: Brand, mut areq: AReq) -> Result<Vec<u8>, Box<Fault>> {
        let fault = |code, detail: &str| {
            Err(Box::new(Fault::new(code, detail).of(
                AReq::TYPE,
                Some(areq.message_version),
                areq.ids(),
            )))
        };
        match Scenario::of(areq.acct_number.reveal()) {
            Scenario::DirectoryError => {
                return fault(
                    ErrorCode::PermanentFailure,
                    "scenario 07: this directory server is out of order",
                );
            }
            Scenario::DirectorySilence => {
                tokio::time::sleep(self.0.silence).await;
                return fault(ErrorCode::TimedOut, "scenario 08: the issuer did not answer");
            }
            _ => {}
        }
        let ds_trans_id = DsTransId(Uuid::new_v4());
        areq.ds_trans_id = Some(ds_trans_id);
        areq.ds_reference_number = Some(DS_REFERENCE_NUMBER.to_owned());
        self.0
            .issuers
            .authenticate(brand, &areq, ds_trans_id, DS_REFERENCE_NUMBER)
    }

    fn prepare(&self, brand: Brand, preq: &PReq) -> Result<Vec<u8>, Box<Fault>> {
        let about = |fault: Fault| Box::new(fault.of(PReq::TYPE, Some(preq.message_version), preq.ids()));
        let Some(ranges) = self.ranges(brand) else {
            return Err(about(Fault::new(ErrorCode::PermanentFailure, "no ranges")));
        };
        let pres = ranges.answer(preq, DsTransId(Uuid::new_v4())).map_err(about)?;
        Rules::received_by(Component::Server, &Version::ALL).write(&pres)
    }
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

//! The way to an access control server that is a service of its own: AReqs go there over HTTP, and it brings its results
//! to `POST /ds/{brand}/results`.
//!
//! Which cards are its own it says by the ranges of its products. They take part in 3-D Secure as long as both sides know
//! them: numbers of a product that is gone are in no range of ours either.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use emv3ds::code::{Component, DeviceChannel, ErrorCode, MessageCategory};
use emv3ds::message::{AReq, RReq, Received, WireMessage as _};
use emv3ds::{AcsTransId, DsTransId, Fault, Rules, ThreeDsServerTransId, Version};
use primitives::Brand;
use serde_json::Value;

use super::number_space::Block;
use super::results::{Addressee, Forwarded, ResultsRoute};
use super::{BRANDS, Directory, ISSUER_UNREACHABLE, JSON, MESSAGE_MAX_BYTES, about, erro};
use crate::access_control::AccessControl;
use crate::messages::{MessageLog, Party};
use crate::recent::RecentMap;

/// How long an access control server may take for its ARes.
const ARES_TIMEOUT: Duration = Duration::from_secs(5);
/// For how long ranges are taken to be as they were.
const RANGES_FRESH: Duration = Duration::from_millis(500);
/// Authentications whose results are awaited, at most.
const AWAITED_MAX: usize = 100_000;

/// An access control server, as directory servers see it.
#[derive(Debug)]
pub(crate) struct AcsLink {
    service: AccessControl,
    client: reqwest::Client,
    results: ResultsRoute,
    messages: MessageLog,
    ranges: Mutex<Ranges>,
    awaited: Mutex<RecentMap<ThreeDsServerTransId, Awaited>>,
}

#[derive(Debug, Default)]
struct Ranges {
    read_at: Option<Instant>,
    blocks: HashMap<Brand, Vec<Block>>,
}

/// What an RReq has to fit.
#[derive(Clone, Debug)]
struct Awaited {
    brand: Brand,
    version: Version,
    category: MessageCategory,
    channel: DeviceChannel,
    three_ds_server_url: String,
    ds_trans_id: Option<DsTransId>,
    acs_trans_id: AcsTransId,
}

impl AcsLink {
    /// The way to a service whose results go over `results`.
    pub(crate) fn new(
        service: AccessControl,
        client: reqwest::Client,
        results: ResultsRoute,
        messages: MessageLog,
    ) -> Self {
        Self {
            service,
            client,
            results,
            messages,
            ranges: Mutex::default(),
            awaited: Mutex::new(RecentMap::new(AWAITED_MAX)),
        }
    }

    /// The blocks of a brand that the service has now; as they were before, should it not say.
    pub(super) async fn blocks(&self, brand: Brand) -> Vec<Block> {
        let fresh = |read_at: Instant| read_at.elapsed() < RANGES_FRESH;
        if !self.ranges().read_at.is_some_and(fresh) {
            match self.service.ranges().await {
                Ok(ranges) => {
                    let mut known = self.ranges();
                    known.read_at = Some(Instant::now());
                    known.blocks = ranges;
                }
                Err(error) => tracing::warn!(%error, "the access control server does not tell its ranges"),
            }
        }
        self.ranges().blocks.get(&brand).cloned().unwrap_or_default()
    }

    /// Whether a card is one of the service's.
    pub(super) async fn has(&self, brand: Brand, account_number: &str) -> bool {
        let blocks = self.blocks(brand).await;
        blocks.iter().any(|block| block.holds(account_number))
    }

    /// Asks the service. Its answer goes on as it is: what is wrong with it, the 3DS Server has to see.
    pub(super) async fn ask(&self, brand: Brand, areq: &AReq) -> Result<Vec<u8>, Box<Fault>> {
        let rules = Rules::received_by(Component::Acs, &Version::ALL);
        let body = rules
            .category(areq.message_category)
            .channel(areq.device_channel)
            .write(areq)?;
        let sent = self
            .client
            .post(format!("{}/acs/3ds/areq/{brand}", self.service.url()))
            .header(CONTENT_TYPE, JSON)
            .timeout(ARES_TIMEOUT)
            .body(body)
            .send()
            .await;
        let read = match sent.and_then(reqwest::Response::error_for_status) {
            Ok(response) => response.bytes().await,
            Err(error) => Err(error),
        };
        let answer = read.map_err(|error| {
            let timed_out = error.is_timeout() && !error.is_connect();
            let (code, detail) = match timed_out {
                true => (ErrorCode::TimedOut, "the issuer did not answer"),
                false => (ErrorCode::ConnectionFailure, ISSUER_UNREACHABLE),
            };
            about(areq, code, detail)
        })?;
        self.expect_result(brand, areq, &answer);
        Ok(answer.to_vec())
    }

    fn expect_result(&self, brand: Brand, areq: &AReq, answer: &[u8]) {
        let ares: Value = serde_json::from_slice(answer).unwrap_or_default();
        let asks = matches!(ares.get("transStatus").and_then(Value::as_str), Some("C" | "D"));
        let id = ares.get("acsTransID").and_then(Value::as_str);
        let Some(acs_trans_id) = id.and_then(AcsTransId::parse).filter(|_| asks) else {
            return;
        };
        let awaited = Awaited {
            brand,
            version: areq.message_version,
            category: areq.message_category,
            channel: areq.device_channel,
            three_ds_server_url: areq.three_ds_server_url.clone(),
            ds_trans_id: areq.ds_trans_id,
            acs_trans_id,
        };
        self.awaited().insert(areq.three_ds_server_trans_id, awaited);
    }

    /// Takes an RReq on to its 3DS Server; answers the RRes, or an Erro.
    async fn relay(&self, brand: Brand, body: &[u8]) -> Vec<u8> {
        let document: Value = serde_json::from_slice(body).unwrap_or_default();
        let id = document.get("threeDSServerTransID").and_then(Value::as_str);
        let id = id.and_then(ThreeDsServerTransId::parse);
        let awaited = id.and_then(|id| self.awaited().get(&id).cloned());
        let awaited = awaited.filter(|awaited| awaited.brand == brand);
        let refuse = |fault: &Fault| {
            self.messages.record(
                id,
                Party::Acs,
                Party::DirectoryServer,
                body,
                Some(fault.to_string()),
            );
            erro(fault, Component::DirectoryServer)
        };
        let rules = Rules::received_by(Component::DirectoryServer, &Version::ALL);
        let rules = match &awaited {
            Some(awaited) => rules.category(awaited.category).channel(awaited.channel),
            None => rules,
        };
        let rreq = match rules.read_as::<RReq>(body) {
            Ok(Received::Message(rreq)) => rreq,
            Ok(Received::Erro(_)) => return Vec::new(),
            Err(fault) => return refuse(&fault),
        };
        let about = |code, detail: &str| {
            Fault::new(code, detail).of(RReq::TYPE, Some(rreq.message_version), rreq.ids())
        };
        let Some(awaited) = awaited else {
            return refuse(&about(
                ErrorCode::TransactionNotRecognised,
                "threeDSServerTransID",
            ));
        };
        if rreq.message_version != awaited.version {
            return refuse(&about(ErrorCode::FormatInvalid, "messageVersion"));
        }
        if rreq.acs_trans_id != awaited.acs_trans_id || Some(rreq.ds_trans_id) != awaited.ds_trans_id {
            return refuse(&about(
                ErrorCode::TransactionNotRecognised,
                "acsTransID,dsTransID",
            ));
        }
        let to = Addressee {
            brand,
            channel: awaited.channel,
            three_ds_server_url: &awaited.three_ds_server_url,
        };
        let answered = |written: Result<Vec<u8>, Box<Fault>>| {
            written.unwrap_or_else(|fault| {
                tracing::error!(%fault, "an answer to an RReq breaks the rules");
                Vec::new()
            })
        };
        let to_the_acs = Rules::received_by(Component::Acs, &Version::ALL);
        let (code, detail) = match self.results.forward(&rreq, &to).await {
            Forwarded::Received(rres) => return answered(to_the_acs.write(&rres)),
            Forwarded::Refused(refusal) => return answered(to_the_acs.write(&refusal)),
            Forwarded::Faulty => (ErrorCode::PermanentFailure, "the 3DS Server's answer is faulty"),
            Forwarded::TimedOut => (ErrorCode::TimedOut, "the 3DS Server did not answer"),
            Forwarded::Unreachable => (ErrorCode::ConnectionFailure, "the 3DS Server cannot be reached"),
        };
        erro(&about(code, detail), Component::DirectoryServer)
    }

    fn ranges(&self) -> MutexGuard<'_, Ranges> {
        self.ranges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn awaited(&self) -> MutexGuard<'_, RecentMap<ThreeDsServerTransId, Awaited>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `POST /ds/{brand}/results`.
pub fn results_router(directory: Directory) -> Router {
    Router::new()
        .route("/ds/{brand}/results", post(receive))
        .layer(DefaultBodyLimit::max(MESSAGE_MAX_BYTES))
        .with_state(directory)
}

async fn receive(State(directory): State<Directory>, Path(brand): Path<String>, body: Bytes) -> Response {
    let brand = Brand::parse(&brand).filter(|brand| BRANDS.contains(brand));
    match brand.zip(directory.acs()) {
        Some((brand, acs)) => {
            let acs: Arc<AcsLink> = Arc::clone(acs);
            ([(CONTENT_TYPE, JSON)], acs.relay(brand, &body).await).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

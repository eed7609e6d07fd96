//! The three requests: whether and how a card takes part, the authentication, and how it stands.

use super::{
    RemoteServer,
    document::{Answered, Document, Report, Trouble},
    elements,
};
use crate::{
    AuthenticationRequest, Prepared,
    request::{self, CannotRequest, Channel},
    result::Failure,
};
use emv3ds::{Fault, ProtocolVersion, ThreeDsServerTransId, Version, code::ErrorCode, message::Asked};
use primitives::{Brand, Exchange, HttpRequest, Method, Moment, Pan, Unreadable};
use serde_json::{Map, Value, json};
use thiserror::Error;
use zeroize::Zeroizing;

/// What a remote 3DS Server says of a card, having made a transaction for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    Enrolled(Enrolled),
    /// The card takes no part in 3-D Secure.
    NotEnrolled,
    /// It could not tell.
    Failed(Failure),
}

/// A card that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The transaction, as the remote server named it.
    pub id: ThreeDsServerTransId,
    /// The version of every message.
    pub version: Version,
    /// The card range's 3DS Method, if it has one.
    pub method_url: Option<String>,
}

/// A request that cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CannotAsk {
    /// The API has no name for the brand.
    #[error("the 3DS Server API does not know the brand")]
    UnknownBrand,
    /// The signing key is unusable.
    #[error("the request cannot be signed")]
    CannotSign,
}

/// What the API calls a brand.
pub fn brand_id(brand: Brand) -> Option<&'static str> {
    match brand {
        Brand::Visa => Some("1"),
        Brand::Mastercard => Some("2"),
        Brand::Amex => Some("3"),
        Brand::Elo => Some("41"),
        Brand::Jcb | Brand::Diners | Brand::Discover | Brand::Carnet | Brand::Other => None,
    }
}

/// Asks whether and how a card takes part: the version check. It makes a transaction that nobody misses if it is never
/// used.
pub fn create(server: &RemoteServer, pan: &Pan, moment: Moment) -> Result<Exchange<Creation>, CannotAsk> {
    let brand = brand_id(pan.brand()).ok_or(CannotAsk::UnknownBrand)?;
    let body = json!({
        "brand_id": brand,
        "cardholder": { "acct": { "number": pan.reveal() } },
    });
    let mut request = with_credentials(server, Method::Post, "/v2/authentication")
        .header("content-type", "application/json")
        .body(body.to_string().into_bytes());
    if let Some(key) = &server.signing_key {
        let token = key.sign(server, pan, moment.now).ok_or(CannotAsk::CannotSign)?;
        request = request.header("authorization", format!("Bearer {token}"));
    }
    Ok(Exchange::new(request, |reply| created(&Document::read(reply)?)))
}

/// Makes an authentication ready: an AReq checked as for a directory server, said in the API's words.
///
/// It is made in 2.2.0, the version whose elements the API has; the remote server fits it to the transaction's.
pub fn prepare(request: &AuthenticationRequest<'_>) -> Result<Prepared, CannotRequest> {
    let unsayable = || CannotRequest(Box::new(Fault::new(ErrorCode::FormatInvalid, "AReq")));
    let mut areq = request::areq(request)?;
    areq.message_version = Version::V2_2_0;
    let prepared = request::prepare_areq(areq)?;
    let areq: Map<String, Value> = serde_json::from_slice(&prepared.body).map_err(|_| unsayable())?;
    let mut fields = elements::fields(&areq, matches!(request.channel, Channel::Browser { .. }));
    // Any text is a name here; EMV 3-D Secure has no letters for some.
    if let (None, Some(holder)) = (elements::member(&fields, "cardholder.name"), request.holder) {
        let holder = holder.chars().take(45).collect();
        elements::put(&mut fields, "cardholder.name", Value::String(holder));
    }
    Ok(Prepared {
        body: Zeroizing::new(serde_json::to_vec(&fields).map_err(|_| unsayable())?),
        asked: Asked {
            version: request.version,
            ..prepared.asked
        },
        decoupled_minutes: prepared.decoupled_minutes,
    })
}

/// Asks for the authentication that [`prepare`] made ready. Not to be sent twice: what became of one that brought no
/// answer is asked by [`report`].
pub fn authenticate(
    server: &RemoteServer,
    id: ThreeDsServerTransId,
    prepared: &Prepared,
) -> Exchange<Answered> {
    let request = with_credentials(server, Method::Put, &format!("/v2/authentication/{id}"))
        .header("content-type", "application/json")
        .body(prepared.body.to_vec());
    Exchange::new(request, |reply| Document::read(reply).map(Answered))
}

/// Asks how a transaction stands. May be repeated as often as one likes.
pub fn report(server: &RemoteServer, id: ThreeDsServerTransId) -> Exchange<Report> {
    let request = with_credentials(server, Method::Get, &format!("/v2/transaction/{id}"));
    Exchange::new(request, |reply| Document::read(reply).map(Report))
}

fn with_credentials(server: &RemoteServer, method: Method, resource: &str) -> HttpRequest {
    HttpRequest::new(method, server.address(resource))
        .header("merchant_id", server.merchant_id.as_str())
        .header("merchant_key", server.merchant_key.reveal().as_str())
        .header("accept", "application/json")
}

fn created(document: &Document) -> Result<Creation, Unreadable> {
    match document.trouble() {
        Some(trouble) if trouble.is_unsupported_card() => return Ok(Creation::NotEnrolled),
        Some(trouble) => return Ok(Creation::Failed(trouble.failure())),
        None => {}
    }
    let id = document
        .id()
        .ok_or_else(|| unreadable("three_ds_server.trans_id"))?;
    Ok(match version(document)? {
        Some(version) => Creation::Enrolled(Enrolled {
            id,
            version,
            method_url: document.web_address("three_ds_method_url"),
        }),
        // It takes part, but not with us.
        None => Creation::NotEnrolled,
    })
}

/// The version it names; where it names none, the highest of ours that both ends speak.
fn version(document: &Document) -> Result<Option<Version>, Unreadable> {
    if let Some(text) = document.text("message_version") {
        let version = Version::parse(&text).ok_or_else(|| unreadable("message_version"))?;
        return Ok(Some(version));
    }
    let bound = |path: &str| {
        document
            .text(path)
            .map(|text| ProtocolVersion::parse(&text).ok_or_else(|| unreadable(path)))
            .transpose()
    };
    let mut spoken: Vec<Version> = Version::ALL.to_vec();
    for end in ["acs", "ds"] {
        let start = bound(&format!("{end}.protocol_version.start"))?;
        let last = bound(&format!("{end}.protocol_version.end"))?;
        spoken.retain(|version| {
            start.is_none_or(|start| start <= version.number())
                && last.is_none_or(|last| version.number() <= last)
        });
    }
    Ok(spoken.into_iter().max())
}

fn unreadable(path: &str) -> Unreadable {
    Unreadable(format!("{path} is missing or not what it should be"))
}

impl Trouble {
    /// 305 to a creation: no range that the server knows has the card.
    fn is_unsupported_card(self) -> bool {
        matches!(
            self,
            Trouble::Erro {
                code: ErrorCode::TransactionDataInvalid,
                ..
            }
        )
    }
}

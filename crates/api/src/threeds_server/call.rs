//! One call of a shop, let in: who calls, within the agreed rate, and what its body says.

use super::{
    ThreeDsServerState, document,
    errors::{BadInput, Code, Failure},
    fields::{engine::Fields, format::Reading},
};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, Method},
};
use emv3ds::{AccountNumber, ThreeDsServerTransId, code::DeviceChannel};
use orchestrator::flows::threeds_server::GivenCard;
use primitives::{Id, Secret, id::kind};
use serde_json::{Map, Value};
use std::sync::Arc;
use store::threeds_server::shops::Shop;

const MERCHANT_ID: &str = "merchant_id";
const MERCHANT_KEY: &str = "merchant_key";
const CARAT_MERCHANT_ID: &str = "carat_merchant_id";
const CARAT_MERCHANT_KEY: &str = "carat_merchant_key";

const ID_MAX_CHARACTERS: usize = 15;
const KEY_MAX_CHARACTERS: usize = 80;

/// A call of a shop that is known.
pub struct Call {
    pub shop: Arc<Shop>,
    pub merchant_id: String,
    pub merchant_key: Secret<String>,
    pub headers: HeaderMap,
}

impl Call {
    /// Lets a call in. A stranger is turned away before anything is counted, a shop beyond its rate before anything is
    /// read.
    pub async fn accept(
        state: &ThreeDsServerState,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Self, Failure> {
        let unknown = || Failure::new(Code::InvalidCredentials);
        let id = header(headers, MERCHANT_ID, ID_MAX_CHARACTERS).ok_or_else(unknown)?;
        let key = header(headers, MERCHANT_KEY, KEY_MAX_CHARACTERS).ok_or_else(unknown)?;
        let shop = state.server.shop(id, key).await?.ok_or_else(unknown)?;
        state
            .rate_limits
            .admit_caller(
                shop.id.uuid(),
                method,
                shop.reads_per_second,
                shop.writes_per_second,
            )
            .map_err(Failure::rate_limited)?;
        Ok(Self {
            merchant_id: id.to_owned(),
            merchant_key: Secret::new(key.to_owned()),
            shop,
            headers: headers.clone(),
        })
    }

    /// The body as an object.
    pub async fn document(
        &self,
        state: &ThreeDsServerState,
        request: Request,
    ) -> Result<Result<Map<String, Value>, BadInput>, Failure> {
        document::is_json(&self.headers)?;
        let body = Bytes::from_request(request, &())
            .await
            .map_err(|rejection| Failure::unread(&rejection))?;
        Ok(document::read(&body, state.leniency))
    }

    /// The card that the fields name. A token is good only with the shop's keys of the card vault.
    pub fn card(&self, state: &ThreeDsServerState, fields: &Fields) -> Result<GivenCard, BadInput> {
        if let Some(number) = fields.text("cardholder.acct.number") {
            return Ok(AccountNumber::parse(number).map_or(GivenCard::TooShort, GivenCard::Number));
        }
        let Some(token) = fields.text("cardholder.acct.token") else {
            return Err(BadInput::empty("cardholder.acct.number"));
        };
        let given = |name, most| header(&self.headers, name, most).ok_or_else(|| BadInput::empty(name));
        let id = given(CARAT_MERCHANT_ID, ID_MAX_CHARACTERS)?;
        let key = given(CARAT_MERCHANT_KEY, KEY_MAX_CHARACTERS)?;
        if state.server.is_card_vault_pair(&self.shop, id, key) {
            Ok(GivenCard::Token(Secret::new(token.to_owned())))
        } else {
            Err(BadInput::new(Code::InvalidCredentials, CARAT_MERCHANT_ID))
        }
    }

    pub fn reading(&self, state: &ThreeDsServerState) -> Reading {
        Reading {
            leniency: state.leniency,
            now: state.server.now(),
        }
    }
}

/// The channel that the fields name.
pub fn channel(fields: &Fields) -> DeviceChannel {
    let named = fields.text("device_channel").and_then(DeviceChannel::parse);
    named.unwrap_or(DeviceChannel::Browser)
}

/// The transaction that an address names.
pub fn transaction_id(text: &str) -> Result<Id<kind::Authentication>, Failure> {
    match ThreeDsServerTransId::parse(text) {
        Some(id) => Ok(Id::from_uuid(id.0)),
        None => Err(Failure::new(Code::TransactionIdNotValid)),
    }
}

/// A header that is there once, and not too long. Its name has an underscore, which some proxies drop.
fn header<'h>(headers: &'h HeaderMap, name: &'static str, most: usize) -> Option<&'h str> {
    let mut given = headers.get_all(name).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return None;
    };
    let text = value.to_str().ok()?.trim();
    (1..=most).contains(&text.len()).then_some(text)
}

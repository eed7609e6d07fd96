//! `DeliverOTP`: the bank gets a code and sends it.

use acs::language::Language;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use primitives::{Amount, Currency};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::{Consumer, IssuerBackend, Refusal, held, invalid, unknown};

/// Who the message is from, as the phone shows it.
const SENDER: &str = "BANCO";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    otp: Otp,
    delivery_channel: String,
    pan_suffix: String,
    #[serde(rename = "threeDSDetails")]
    three_ds_details: Details,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Otp {
    value: String,
    expiration_date: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    acs_trans_id: Uuid,
    merchant_name: String,
    purchase_amount: Option<String>,
    purchase_currency: Option<String>,
    purchase_exponent: Option<String>,
}

/// Takes a code, and sends it at once; the same code of the same use case is sent once.
pub(super) async fn take(
    State(backend): State<IssuerBackend>,
    Path((issuer, consumer)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Json<Body>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let correlation_id = backend.check(&headers)?;
    let Json(body) = body.map_err(|_| invalid("body"))?;
    if acs::identifiers::IssuerId::parse(&issuer).is_none() {
        return Err(invalid("issuerId"));
    }
    let consumer = backend.consumer(&consumer).ok_or_else(|| unknown("consumerId"))?;
    let code = read(&backend, &body)?;
    let text = text(&body, &consumer, &code)?;
    let key = (correlation_id, code);
    let is_new = {
        let mut codes = held(&backend.0.codes);
        let is_new = codes.get(&key).is_none();
        codes.insert(key, ());
        is_new
    };
    if is_new {
        backend.0.phones.send(&consumer.phone, SENDER, text);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The digits, if everything about them is as it should be.
fn read(backend: &IssuerBackend, body: &Body) -> Result<String, Refusal> {
    let expires_at = OffsetDateTime::parse(&body.otp.expiration_date, &Rfc3339);
    if expires_at.is_ok_and(|at| at <= OffsetDateTime::now_utc()) || expires_at.is_err() {
        return Err(invalid("otp.expirationDate"));
    }
    if body.otp.reason != "CARDHOLDER-VERIFICATION" {
        return Err(invalid("otp.reason"));
    }
    if body.delivery_channel != "SMS" {
        return Err(invalid("deliveryChannel"));
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if body.pan_suffix.len() != 4 || !digits(&body.pan_suffix) {
        return Err(invalid("panSuffix"));
    }
    if body.three_ds_details.acs_trans_id.is_nil() {
        return Err(invalid("threeDSDetails.acsTransId"));
    }
    let plain = backend
        .0
        .key
        .as_ref()
        .and_then(|key| key.decrypt(&body.otp.value));
    plain
        .and_then(|plain| String::from_utf8(plain).ok())
        .filter(|code| (6..=8).contains(&code.len()) && digits(code))
        .ok_or_else(|| invalid("otp.value"))
}

fn text(body: &Body, consumer: &Consumer, code: &str) -> Result<String, Refusal> {
    let details = &body.three_ds_details;
    let amount = match (&details.purchase_amount, &details.purchase_currency) {
        (Some(minor), Some(currency)) => {
            let wrong = || invalid("threeDSDetails.purchaseAmount");
            let currency = Currency::parse_numeric3(currency).map_err(|_| wrong())?;
            if details.purchase_exponent != Some(currency.exponent().to_string()) {
                return Err(invalid("threeDSDetails.purchaseExponent"));
            }
            let amount = Amount::new(minor.parse().map_err(|_| wrong())?, currency).map_err(|_| wrong())?;
            format!("{} {}", amount.to_decimal(), currency.code())
        }
        _ => String::new(),
    };
    let (merchant, card) = (&details.merchant_name, &body.pan_suffix);
    Ok(match Language::of_tag(&consumer.language) {
        Some(Language::English) => {
            format!("Your bank: code {code} to pay {amount} to {merchant}, card *{card}.")
        }
        Some(Language::Portuguese) => {
            format!("Seu banco: codigo {code} para pagar {amount} a {merchant}, cartao *{card}.")
        }
        Some(Language::Japanese) => format!("認証コード{code} {merchant} {amount} カード*{card}"),
        Some(Language::Spanish) | None => {
            format!("Su banco: codigo {code} para pagar {amount} a {merchant}, tarjeta *{card}.")
        }
    })
}

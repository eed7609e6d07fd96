//! The vendor's replies.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use primitives::Amount;
use serde::Serialize;

use super::money::AmountReply;
use crate::processors::exact::Exact;

/// A request that is refused before any issuer is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    status: StatusCode,
    code: Option<&'static str>,
    message: String,
    /// The vendor's own rule behind it.
    rule: Option<(&'static str, &'static str)>,
}

impl Refused {
    /// Refused with a code of the vendor's catalogue.
    pub fn code(code: &'static str, message: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: Some(code),
            message: message.to_owned(),
            rule: None,
        }
    }

    /// The body or a header is not what the reference asks for. `what` says so to the developer who looks.
    pub fn invalid(what: &str) -> Self {
        Self::code("K001", &format!("Cuerpo de la petición inválido: {what}"))
    }

    /// Refused by the gateway in front, which knows no codes.
    pub fn at_the_front_door(message: &str) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            code: None,
            message: message.to_owned(),
            rule: None,
        }
    }

    /// Refused by a rule, which the details name.
    pub fn by_rule(
        code: &'static str,
        message: &str,
        rule: &'static str,
        rule_message: &'static str,
    ) -> Self {
        Self {
            rule: Some((rule, rule_message)),
            ..Self::code(code, message)
        }
    }

    /// The catalogue's code, for the ledger.
    pub fn response_code(&self) -> Option<&'static str> {
        self.code
    }
}

/// Reads a body. What was wrong is told by name only: serde's texts may quote values, and values may be card data.
pub fn read_json<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Refused> {
    serde_json::from_slice(bytes).map_err(|fault| {
        let text = fault.to_string();
        let names_only = text.starts_with("missing field") || text.starts_with("unknown field");
        let what = if names_only {
            text.as_str()
        } else {
            "a value of the wrong type"
        };
        Refused::invalid(what)
    })
}

#[derive(Serialize)]
struct RefusedBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<RuleDetails>,
}

#[derive(Serialize)]
struct RuleDetails {
    rules: [Rule; 1],
}

#[derive(Serialize)]
struct Rule {
    code: &'static str,
    message: &'static str,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = RefusedBody {
            code: self.code,
            message: &self.message,
            details: self.rule.map(|(code, message)| RuleDetails {
                rules: [Rule { code, message }],
            }),
        };
        (self.status, Json(body)).into_response()
    }
}

/// A reply about a transaction: an approval, or a refusal by the issuer.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket_number: Option<String>,
    pub transaction_reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_reference_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
}

/// `details`, for requests that said `fullResponse: "v2"`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    pub amount: AmountReply,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_code: Option<String>,
    pub approved_transaction_amount: Exact,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bin_info: Option<BinInfo>,
    /// Unix time in milliseconds.
    pub created: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_reference_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iso_error_code: Option<&'static str>,
    pub merchant_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_fields: Option<MessageFields>,
    pub payment_brand: &'static str,
    pub processor_bank_name: &'static str,
    pub request_amount: Exact,
    pub response_code: &'static str,
    pub response_text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_ticket_number: Option<String>,
    pub transaction_id: String,
    pub transaction_status: &'static str,
    pub transaction_type: &'static str,
}

/// What the vendor tells of the card.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BinInfo {
    pub bank: &'static str,
    pub bin_card: String,
    pub card_country: &'static str,
    pub last_four_digits: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// Fields of the ISO 8583 message behind the answer.
#[derive(Clone, Debug, Serialize)]
pub struct MessageFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f38: Option<String>,
    pub f39: &'static str,
}

impl TransactionReply {
    pub fn with_status(&self, status: StatusCode) -> Response {
        (status, Json(self)).into_response()
    }
}

/// The vendor's code and text for an issuer's response code.
pub fn vendor_code(response_code: &str) -> (&'static str, &'static str) {
    match response_code {
        "14" => ("017", "Tarjeta no válida"),
        "51" => ("021", "Fondos insuficientes"),
        "54" => ("018", "Tarjeta expirada"),
        "1A" | "65" => ("006", "Se requiere autenticación o se superó el límite"),
        "91" => ("006", "Emisor no disponible"),
        _ => ("006", "Transacción rechazada por el emisor"),
    }
}

/// Nothing, in the currency of `amount`.
pub fn nothing(amount: Amount) -> Exact {
    Exact(Amount::zero(amount.currency()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_never_quotes_what_was_sent() {
        #[derive(Debug, serde::Deserialize)]
        struct Card {
            #[expect(dead_code, reason = "only the fault of reading it is looked at")]
            number: bool,
        }
        let fault = read_json::<Card>(br#"{"number":"4000000000001000"}"#).unwrap_err();
        assert!(!fault.message.contains("4000"), "{}", fault.message);
        let fault = read_json::<Card>(b"{}").unwrap_err();
        assert!(fault.message.contains("number"), "{}", fault.message);
    }
}

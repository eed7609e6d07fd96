//! What the vendor answers: a transaction, or an error.

use axum::Json;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use primitives::Amount;
use serde::Serialize;

use super::book::{Key, Money};
use crate::processors::exact::Exact;

/// A request that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    status: StatusCode,
    cause: &'static str,
    explanation: String,
    field: Option<String>,
}

impl Refused {
    /// The body or address is not what the reference asks for. `explanation` never quotes a value.
    pub fn invalid(field: &str, explanation: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::state(explanation)
        }
    }

    /// Not possible in the state that the order is in.
    pub fn state(explanation: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            cause: "INVALID_REQUEST",
            explanation: explanation.to_owned(),
            field: None,
        }
    }

    /// Nobody that is known here.
    pub fn login() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            ..Self::state("Invalid credentials.")
        }
    }

    /// The simulator's own defect.
    pub fn failed() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            cause: "SERVER_FAILED",
            ..Self::state("The request could not be processed.")
        }
    }
}

#[derive(Serialize)]
struct RefusedBody<'a> {
    error: ErrorBody<'a>,
    result: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody<'a> {
    cause: &'static str,
    explanation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_type: Option<&'static str>,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = RefusedBody {
            error: ErrorBody {
                cause: self.cause,
                explanation: &self.explanation,
                field: self.field.as_deref(),
                validation_type: self.field.is_some().then_some("INVALID"),
            },
            result: "ERROR",
        };
        (self.status, Json(body)).into_response()
    }
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    pub gateway_code: &'static str,
    pub recommendation: &'static str,
    /// What the issuer said, where it was asked.
    pub acquirer: Option<(&'static str, &'static str)>,
}

impl Ending {
    pub const APPROVED: Self = Self {
        gateway_code: "APPROVED",
        recommendation: "NO_ACTION",
        acquirer: Some(("000", "Approved")),
    };

    pub fn is_approved(self) -> bool {
        self == Self::APPROVED
    }

    /// How the gateway shows an issuer's response code. Limits have none among the link's own codes, so theirs passes as
    /// it is; a missing authentication is noticed before any issuer is asked.
    pub fn declined(response_code: &'static str, fully_authenticated: bool) -> Self {
        let (gateway_code, recommendation, acquirer) = match response_code {
            "14" => (
                "DECLINED",
                "RESUBMIT_WITH_ALTERNATIVE_PAYMENT_DETAILS",
                Some(("111", "Invalid account")),
            ),
            "41" | "43" => ("DECLINED", "DO_NOT_PROCEED", Some(("200", "Deny"))),
            "51" => (
                "INSUFFICIENT_FUNDS",
                "NO_ACTION",
                Some(("116", "Not sufficient funds")),
            ),
            "54" => (
                "EXPIRED_CARD",
                "RESUBMIT_WITH_ALTERNATIVE_PAYMENT_DETAILS",
                Some(("101", "Expired card")),
            ),
            "65" if !fully_authenticated => ("NOT_ENROLLED_3D_SECURE", "NO_ACTION", None),
            "65" => ("DECLINED", "NO_ACTION", Some(("65", "Exceeds limit"))),
            "91" => (
                "ACQUIRER_SYSTEM_ERROR",
                "NO_ACTION",
                Some(("912", "Issuer not available")),
            ),
            _ => ("DECLINED", "NO_ACTION", Some(("100", "Deny"))),
        };
        Self {
            gateway_code,
            recommendation,
            acquirer,
        }
    }

    /// A card this merchant's contract does not take.
    pub const NOT_SUPPORTED: Self = Self {
        gateway_code: "NOT_SUPPORTED",
        recommendation: "RESUBMIT_WITH_ALTERNATIVE_PAYMENT_DETAILS",
        acquirer: None,
    };
}

/// A transaction, as its `PUT`, a `GET` and a notification show it.
#[derive(Serialize)]
pub struct TransactionReply<'a> {
    merchant: &'a str,
    order: OrderReply<'a>,
    response: Response_<'a>,
    result: &'static str,
    transaction: TransactionBody<'a>,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderReply<'a> {
    amount: Exact,
    currency: &'static str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    status: &'static str,
    total_authorized_amount: Exact,
    total_captured_amount: Exact,
    total_refunded_amount: Exact,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response_<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    acquirer_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acquirer_message: Option<&'a str>,
    gateway_code: &'a str,
    gateway_recommendation: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TransactionBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    acquirer: Option<AcquirerBody>,
    amount: Exact,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_code: Option<&'static str>,
    currency: &'static str,
    id: &'a str,
    receipt: String,
    #[serde(rename = "type")]
    kind: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AcquirerBody {
    transaction_id: String,
}

/// One transaction, and the state of its order after it.
pub struct Made<'a> {
    pub key: &'a Key,
    pub kind: &'static str,
    pub amount: Amount,
    pub ending: Ending,
    /// The merchant's own id of the order.
    pub order_reference: Option<&'a str>,
    pub money: Money,
    /// Counts transactions, for receipt and scheme's id.
    pub number: u64,
}

/// The transaction's JSON.
pub fn json(made: &Made<'_>) -> Result<Bytes, Refused> {
    let approved = made.ending.is_approved();
    let is_charge = matches!(made.kind, "PAYMENT" | "AUTHORIZATION");
    let currency = made.amount.currency();
    let part = |minor: i64| Amount::new(minor, currency).map_or(Exact(Amount::zero(currency)), Exact);
    let total = if made.money.authorized > 0 {
        part(made.money.authorized)
    } else {
        Exact(made.amount)
    };
    let reply = TransactionReply {
        merchant: &made.key.merchant,
        order: OrderReply {
            amount: total,
            currency: currency.code(),
            id: &made.key.order,
            reference: made.order_reference,
            status: made.money.status(),
            total_authorized_amount: part(made.money.authorized),
            total_captured_amount: part(made.money.captured),
            total_refunded_amount: part(made.money.refunded),
        },
        response: Response_ {
            acquirer_code: made.ending.acquirer.map(|(code, _)| code),
            acquirer_message: made.ending.acquirer.map(|(_, message)| message),
            gateway_code: made.ending.gateway_code,
            gateway_recommendation: made.ending.recommendation,
        },
        result: if approved { "SUCCESS" } else { "FAILURE" },
        transaction: TransactionBody {
            acquirer: (approved && is_charge).then(|| AcquirerBody {
                transaction_id: format!("{:015}", made.number),
            }),
            amount: Exact(made.amount),
            authorization_code: (approved && is_charge).then_some("831000"),
            currency: currency.code(),
            id: &made.key.transaction,
            receipt: format!("{:012}", made.number),
            kind: made.kind,
        },
        version: "100",
    };
    serde_json::to_vec(&reply)
        .map(Bytes::from)
        .map_err(|_| Refused::failed())
}

/// The answer to a `PUT` that made something.
pub fn made(json: Bytes) -> Response {
    (StatusCode::CREATED, [(CONTENT_TYPE, "application/json")], json).into_response()
}

/// The answer to a `PUT` that came again, and to a `GET`.
pub fn found(json: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/json")], json).into_response()
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
        Refused::invalid("body", what)
    })
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
        let fault = read_json::<Card>(br#"{"number":"370000000010001"}"#).unwrap_err();
        assert!(!fault.explanation.contains("3700"), "{}", fault.explanation);
    }
}

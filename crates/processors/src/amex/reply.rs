//! What the gateway's JSON replies have in common, whichever operation they answer.
//!
//! Members that decide must have their documented type, else the reply is unreadable and the outcome unknown. Members
//! that only inform are read leniently: an odd one must not turn an approval into an unknown outcome.

use super::codes::{self, Codes};
use crate::reading::lenient;
use acquiring::{ChargeKind, Decline, Meaning, SettlementAnswer, SettlementKind};
use primitives::{Amount, Currency, Reply, Unreadable};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What an answer must be about.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Our reference of the charge, the gateway's order id.
    pub order: String,
    /// Our reference of the operation, the gateway's transaction id.
    pub transaction: String,
    pub amount: Amount,
    /// What the gateway calls such a transaction.
    types: &'static [&'static str],
    /// Whether the answer must name the amount; a void's need not.
    names_amount: bool,
    /// Whether this follows a charge.
    pub is_settlement: bool,
}

impl Asked {
    pub fn charge(reference: &str, kind: ChargeKind, amount: Amount) -> Self {
        Self {
            order: reference.to_owned(),
            transaction: reference.to_owned(),
            amount,
            types: match kind {
                ChargeKind::Sale => &["PAYMENT"],
                ChargeKind::Authorization => &["AUTHORIZATION"],
            },
            names_amount: true,
            is_settlement: false,
        }
    }

    pub fn settlement(kind: SettlementKind, charge: &str, reference: &str, amount: Amount) -> Self {
        Self {
            order: charge.to_owned(),
            transaction: reference.to_owned(),
            amount,
            types: match kind {
                SettlementKind::Capture => &["CAPTURE"],
                SettlementKind::Void => &["VOID_AUTHORIZATION", "VOID_PAYMENT", "VOID_CAPTURE"],
                SettlementKind::Refund => &["REFUND"],
            },
            names_amount: kind != SettlementKind::Void,
            is_settlement: true,
        }
    }
}

/// A reply's JSON, the body of a notification included.
#[derive(Deserialize)]
pub struct Body<'a> {
    result: String,
    pub response: Option<Response>,
    #[serde(borrow)]
    pub transaction: Option<Transaction<'a>>,
    pub order: Option<Order>,
    error: Option<ErrorBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    pub gateway_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub gateway_recommendation: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub acquirer_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub acquirer_message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction<'a> {
    pub id: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
    currency: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub authorization_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub acquirer: Option<Acquirer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Acquirer {
    #[serde(default, deserialize_with = "lenient")]
    pub transaction_id: Option<String>,
}

#[derive(Deserialize)]
pub struct Order {
    pub id: Option<String>,
    currency: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody {
    cause: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    explanation: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    field: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    validation_type: Option<String>,
}

/// How a transaction ended, as the answer to its `PUT` tells it.
pub enum Verdict<'a> {
    Done(Box<Body<'a>>),
    Refused(Decline),
    /// Taken; the end comes later.
    Pending,
}

/// What a `GET` of a transaction tells.
pub enum Known<'a> {
    Done(Box<Body<'a>>),
    Refused(Decline),
    /// There, and without an end that the gateway knows.
    Open,
    /// Not there.
    Nothing,
}

/// Reads the answer to a `PUT`. The first answer is a 201, that to a repeat a 200.
pub fn verdict<'a>(asked: &Asked, reply: &'a Reply) -> Result<Verdict<'a>, Unreadable> {
    if !matches!(reply.status, 200 | 201) {
        let body = parse(reply)?;
        return refusal(asked, reply.status, &body).map(Verdict::Refused);
    }
    match end(asked, parse(reply)?)? {
        End::Done(body) => Ok(Verdict::Done(body)),
        End::Refused(decline) => Ok(Verdict::Refused(decline)),
        End::Pending => Ok(Verdict::Pending),
        End::Unknown => Err(unreadable("leaves the outcome open")),
    }
}

/// Reads the answer to a `GET`. That nothing is there is an error of the request, told from others by its words, since
/// no member of its own says so.
pub fn known<'a>(asked: &Asked, reply: &'a Reply) -> Result<Known<'a>, Unreadable> {
    let body = parse(reply)?;
    if reply.status == 200 {
        return Ok(match end(asked, body)? {
            End::Done(body) => Known::Done(body),
            End::Refused(decline) => Known::Refused(decline),
            End::Pending | End::Unknown => Known::Open,
        });
    }
    let error = body.error.as_ref().filter(|_| body.result == "ERROR");
    let is_absent = error.is_some_and(|error| {
        let words = error.explanation.as_deref().map(str::to_ascii_lowercase);
        error.cause.as_deref() == Some("INVALID_REQUEST")
            && error.field.is_none()
            && words.is_some_and(|words| words.contains("unable to find") || words.contains("not found"))
    });
    match reply.status {
        400 | 404 if is_absent => Ok(Known::Nothing),
        status => Err(unreadable(&format!("has status {status}"))),
    }
}

/// What became of a capture, void or refund, from the answer to its `PUT`.
pub fn settlement(asked: &Asked, reply: &Reply) -> Result<SettlementAnswer, Unreadable> {
    let processor_reference = Some(asked.transaction.clone());
    Ok(match verdict(asked, reply)? {
        Verdict::Done(_) => SettlementAnswer::Done { processor_reference },
        Verdict::Pending => SettlementAnswer::Accepted { processor_reference },
        Verdict::Refused(decline) => SettlementAnswer::Refused(decline),
    })
}

fn parse(reply: &Reply) -> Result<Body<'_>, Unreadable> {
    serde_json::from_slice(&reply.body)
        .map_err(|fault| unreadable(&format!("is not the documented JSON ({:?})", fault.classify())))
}

enum End<'a> {
    Done(Box<Body<'a>>),
    Refused(Decline),
    Pending,
    Unknown,
}

/// How the transaction that was asked about ended.
fn end<'a>(asked: &Asked, body: Body<'a>) -> Result<End<'a>, Unreadable> {
    check_ids(asked, &body)?;
    let response = body.response.as_ref();
    let code = response
        .and_then(|response| response.gateway_code.as_deref())
        .ok_or_else(|| unreadable("has no gatewayCode"))?;
    match (body.result.as_str(), codes::gateway(code)) {
        ("SUCCESS", Some(codes::Said::Code(Meaning::Approved))) => {
            check_transaction(asked, &body)?;
            Ok(End::Done(Box::new(body)))
        }
        ("SUCCESS", Some(codes::Said::Code(Meaning::PartiallyApproved))) => {
            Err(unreadable("approves another amount"))
        }
        ("SUCCESS" | "PENDING", Some(codes::Said::Pending))
        | ("PENDING", Some(codes::Said::Code(Meaning::Approved))) => Ok(End::Pending),
        ("FAILURE", _) => {
            let codes = Codes {
                gateway: code,
                recommendation: response.and_then(|response| response.gateway_recommendation.as_deref()),
                acquirer: response.and_then(|response| response.acquirer_code.as_deref()),
            };
            let Some((reason, advice)) = codes::read(&codes) else {
                return Ok(End::Unknown);
            };
            let texts = response.map(|response| [&response.acquirer_code, &response.acquirer_message]);
            let texts: Vec<_> = texts
                .into_iter()
                .flatten()
                .flatten()
                .map(String::as_str)
                .collect();
            Ok(End::Refused(Decline {
                reason,
                advice,
                raw_code: Some(codes::shortened(code)),
                raw_message: (!texts.is_empty()).then(|| codes::shortened(&texts.join(" "))),
                network_advice: None,
                processor_reference: Some(asked.transaction.clone()),
                leaves_hold: false,
            }))
        }
        ("UNKNOWN", _) => Ok(End::Unknown),
        _ => Err(unreadable(
            "has a result and a gatewayCode that do not go together",
        )),
    }
}

/// Refuses a reply that speaks of another order or transaction.
fn check_ids(asked: &Asked, body: &Body<'_>) -> Result<(), Unreadable> {
    let transaction = body
        .transaction
        .as_ref()
        .and_then(|transaction| transaction.id.as_deref());
    let order = body.order.as_ref().and_then(|order| order.id.as_deref());
    if transaction != Some(&asked.transaction) || order != Some(&asked.order) {
        return Err(unreadable("is not about the transaction that was asked"));
    }
    Ok(())
}

/// Refuses success at another kind of operation, or of another amount or currency.
fn check_transaction(asked: &Asked, body: &Body<'_>) -> Result<(), Unreadable> {
    let transaction = body
        .transaction
        .as_ref()
        .ok_or_else(|| unreadable("has no transaction"))?;
    if !transaction
        .kind
        .as_deref()
        .is_some_and(|kind| asked.types.contains(&kind))
    {
        return Err(unreadable("is about another type of transaction"));
    }
    let Some(amount) = transaction.amount else {
        return if asked.names_amount {
            Err(unreadable("has no amount"))
        } else {
            Ok(())
        };
    };
    let of_order = body.order.as_ref().and_then(|order| order.currency.as_deref());
    if transaction.currency.as_deref().or(of_order) != Some(asked.amount.currency().code()) {
        return Err(unreadable("is about another currency"));
    }
    if decimal(amount, asked.amount.currency())? == asked.amount {
        Ok(())
    } else {
        Err(unreadable("is about another amount"))
    }
}

/// An amount in major units, as a number or as text; a binary float never touches it.
fn decimal(raw: &RawValue, currency: Currency) -> Result<Amount, Unreadable> {
    Amount::from_decimal(unquoted(raw.get()), currency)
        .map_err(|fault| unreadable(&format!("has an amount that {fault}")))
}

fn unquoted(json: &str) -> &str {
    json.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(json)
}

/// A request that was not taken: `ERROR` with its cause. An error that leaves open what was done is no refusal.
fn refusal(asked: &Asked, status: u16, body: &Body<'_>) -> Result<Decline, Unreadable> {
    let undocumented = || unreadable(&format!("has the undocumented status {status}"));
    let error = body
        .error
        .as_ref()
        .filter(|_| body.result == "ERROR")
        .ok_or_else(undocumented)?;
    let cause = error.cause.as_deref().ok_or_else(undocumented)?;
    let reason = codes::cause(
        cause,
        status,
        asked.is_settlement && error.validation_type.is_none(),
    )
    .ok_or_else(|| unreadable("is an error that leaves the outcome open"))?;
    // What explains an error of a charge may quote what was wrong, and that may be card data.
    let message = if asked.is_settlement {
        error.explanation.clone()
    } else {
        let parts: Vec<_> = [&error.validation_type, &error.field]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    Ok(Decline {
        reason,
        advice: reason.usual_advice(),
        raw_code: Some(codes::shortened(cause)),
        raw_message: message.as_deref().map(codes::shortened),
        network_advice: None,
        processor_reference: None,
        leaves_hold: false,
    })
}

/// The fault, for the log; never with anything out of the reply.
pub fn unreadable(what: &str) -> Unreadable {
    Unreadable(format!("amex: the reply {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{amex::samples, testdata::reply_of};
    use acquiring::Reason;

    fn asked() -> Asked {
        Asked::charge("o-1", ChargeKind::Sale, samples::mxn(125_050))
    }

    fn read(status: u16, json: &str) -> Result<&'static str, Unreadable> {
        let reply = reply_of(status, json);
        verdict(&asked(), &reply).map(|verdict| match verdict {
            Verdict::Done(_) => "done",
            Verdict::Refused(_) => "refused",
            Verdict::Pending => "pending",
        })
    }

    fn sale(result: &str, code: &str, transaction: &str) -> String {
        format!(
            r#"{{"result":"{result}","response":{{"gatewayCode":"{code}"}},"order":{{"id":"o-1","currency":"MXN"}},"transaction":{{"id":"o-1","type":"PAYMENT"{transaction}}}}}"#
        )
    }

    #[test]
    fn result_and_code_must_go_together() {
        let amount = r#","amount":1250.5"#;
        for (result, code, expected) in [
            ("SUCCESS", "APPROVED", Some("done")),
            ("SUCCESS", "APPROVED_AUTO", Some("done")),
            ("SUCCESS", "APPROVED_PENDING_SETTLEMENT", Some("done")),
            ("SUCCESS", "PARTIALLY_APPROVED", None),
            ("SUCCESS", "DECLINED", None),
            ("SUCCESS", "NEW_CODE", None),
            ("PENDING", "PENDING", Some("pending")),
            ("PENDING", "SUBMITTED", Some("pending")),
            ("PENDING", "DEFERRED_TRANSACTION_RECEIVED", Some("pending")),
            ("FAILURE", "DECLINED", Some("refused")),
            ("FAILURE", "NEW_CODE", Some("refused")),
            ("FAILURE", "TIMED_OUT", None),
            ("FAILURE", "UNKNOWN", None),
            ("FAILURE", "DUPLICATE_BATCH", None),
            ("FAILURE", "APPROVED", None),
            ("UNKNOWN", "UNKNOWN", None),
            ("ERROR", "DECLINED", None),
        ] {
            assert_eq!(
                read(201, &sale(result, code, amount)).ok(),
                expected,
                "{result} {code}"
            );
        }
    }

    #[test]
    fn an_amount_is_a_number_or_a_text_and_must_be_the_one_asked() {
        for (transaction, fine) in [
            (r#","amount":1250.50"#, true),
            (r#","amount":"1250.50","currency":"MXN""#, true),
            (r#","amount":1250.51"#, false),
            (r#","amount":1250.5,"currency":"USD""#, false),
            (r#","amount":1.2505e3"#, false),
            ("", false),
        ] {
            assert_eq!(
                read(201, &sale("SUCCESS", "APPROVED", transaction)).is_ok(),
                fine,
                "{transaction}"
            );
        }
    }

    #[test]
    fn errors_refuse_only_where_nothing_was_done() {
        let error = |cause: &str| {
            format!(r#"{{"result":"ERROR","error":{{"cause":"{cause}","explanation":"4000000000001000"}}}}"#)
        };
        for (status, cause, reason) in [
            (400, "INVALID_REQUEST", Some(Reason::InvalidRequest)),
            (401, "INVALID_REQUEST", Some(Reason::MerchantConfiguration)),
            (403, "REQUEST_REJECTED", Some(Reason::MerchantConfiguration)),
            (400, "REQUEST_REJECTED", Some(Reason::MerchantConfiguration)),
            (503, "SERVER_BUSY", Some(Reason::ProcessorUnavailable)),
            (500, "SERVER_FAILED", None),
            (503, "INVALID_REQUEST", None),
            (400, "NEW_CAUSE", None),
        ] {
            let reply = reply_of(status, error(cause));
            match (verdict(&asked(), &reply), reason) {
                (Ok(Verdict::Refused(decline)), Some(reason)) => {
                    assert_eq!(decline.reason, reason, "{status} {cause}");
                    assert_eq!(decline.raw_code.as_deref(), Some(cause));
                    assert_eq!(decline.raw_message, None, "an explanation may quote the card");
                }
                (Err(_), None) => {}
                _ => panic!("{status} {cause}"),
            }
        }
    }

    #[test]
    fn only_the_documented_words_say_that_nothing_is_there() {
        let error = |explanation: &str| {
            reply_of(
                400,
                format!(
                    r#"{{"result":"ERROR","error":{{"cause":"INVALID_REQUEST","explanation":"{explanation}"}}}}"#
                ),
            )
        };
        let absent = error("Unable to find transaction 'o-1' of order 'o-1'");
        assert!(matches!(known(&asked(), &absent), Ok(Known::Nothing)));
        let other = error("Unsupported version");
        assert!(known(&asked(), &other).is_err());
        assert!(known(&asked(), &reply_of(404, "{}")).is_err());
    }

    #[test]
    fn what_the_gateway_itself_does_not_know_stays_open() {
        for (result, code) in [
            ("UNKNOWN", "UNKNOWN"),
            ("FAILURE", "TIMED_OUT"),
            ("PENDING", "PENDING"),
        ] {
            let reply = reply_of(200, sale(result, code, ""));
            assert!(matches!(known(&asked(), &reply), Ok(Known::Open)), "{result}");
        }
    }
}

//! What the vendor's JSON replies have in common.
//!
//! Members that decide must have their documented type, else the reply is unreadable and the outcome unknown. Members
//! that only inform are read leniently.

use super::codes::{self, Context, Refusal};
use crate::reading::lenient;
use acquiring::{Decline, Reason, SettlementAnswer};
use primitives::{Amount, Reply, Unreadable};
use serde::Deserialize;

/// What an answer must be about.
#[derive(Debug, Clone)]
pub struct Asked {
    pub reference: String,
    pub amount: Amount,
}

impl Asked {
    pub fn new(reference: &str, amount: Amount) -> Self {
        Self {
            reference: reference.to_owned(),
            amount,
        }
    }
}

/// The reply to an operation that was looked at: approved, accepted or declined.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    pub id: Option<String>,
    pub status: Option<String>,
    pub client_reference_information: Option<ClientReference>,
    #[serde(default, deserialize_with = "lenient")]
    pub error_information: Option<ErrorInformation>,
    #[serde(default, deserialize_with = "lenient")]
    pub processor_information: Option<Processing>,
    pub order_information: Option<OrderInformation>,
    pub refund_amount_details: Option<RefundAmount>,
    pub reversal_amount_details: Option<ReversalAmount>,
    pub void_amount_details: Option<VoidAmount>,
}

#[derive(Deserialize)]
pub struct ClientReference {
    pub code: Option<String>,
}

/// Why it was declined.
#[derive(Deserialize)]
pub struct ErrorInformation {
    #[serde(default, deserialize_with = "lenient")]
    pub reason: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub message: Option<String>,
}

/// What acquirer, network and issuer said.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Processing {
    #[serde(default, deserialize_with = "lenient")]
    pub approval_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub response_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub transaction_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub network_transaction_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    merchant_advice: Option<MerchantAdvice>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MerchantAdvice {
    #[serde(default, deserialize_with = "lenient")]
    code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    code_raw: Option<String>,
}

impl Processing {
    /// The network's own advice, as the network wrote it where that is told.
    pub fn advice(&self) -> Option<&str> {
        let advice = self.merchant_advice.as_ref()?;
        [&advice.code_raw, &advice.code]
            .into_iter()
            .filter_map(|code| code.as_deref())
            .find(|code| !code.is_empty())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderInformation {
    pub amount_details: Option<AmountDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AmountDetails {
    pub total_amount: Option<String>,
    pub authorized_amount: Option<String>,
    pub currency: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundAmount {
    refund_amount: Option<String>,
    currency: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReversalAmount {
    reversed_amount: Option<String>,
    currency: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VoidAmount {
    void_amount: Option<String>,
    currency: Option<String>,
}

/// The reply to a request that was refused before anything was done (400) or that failed (502, 503).
#[derive(Deserialize)]
struct FaultBody {
    id: Option<String>,
    status: Option<String>,
    reason: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    message: Option<String>,
}

impl Body {
    /// Reads the JSON of a reply.
    pub fn parse(reply: &Reply) -> Result<Self, Unreadable> {
        serde_json::from_slice(&reply.body)
            .map_err(|fault| unreadable(&format!("is not the documented JSON ({:?})", fault.classify())))
    }

    /// Refuses a reply that speaks of another request.
    pub fn check_reference(&self, asked: &Asked) -> Result<(), Unreadable> {
        let given = self
            .client_reference_information
            .as_ref()
            .and_then(|client| client.code.as_deref());
        if given.is_some_and(|given| given != asked.reference) {
            return Err(unreadable("repeats another clientReferenceInformation.code"));
        }
        Ok(())
    }

    /// Whether the reply says which request it answers at all.
    pub fn repeats_a_reference(&self) -> bool {
        self.client_reference_information
            .as_ref()
            .is_some_and(|client| client.code.is_some())
    }

    pub fn status(&self) -> Result<&str, Unreadable> {
        self.status.as_deref().ok_or_else(|| unreadable("has no status"))
    }

    /// The vendor's id of what was done, which later operations need.
    pub fn id(&self) -> Result<&str, Unreadable> {
        self.id
            .as_deref()
            .filter(|id| !id.is_empty())
            .ok_or_else(|| unreadable("has no id"))
    }

    pub fn amounts(&self) -> Option<&AmountDetails> {
        self.order_information.as_ref()?.amount_details.as_ref()
    }

    /// A status that refuses.
    pub fn refusal<'a>(&'a self, status: &'a str, otherwise: Reason) -> Refusal<'a> {
        let error = self.error_information.as_ref();
        Refusal {
            status,
            reason: error.and_then(|error| error.reason.as_deref()),
            message: error.and_then(|error| error.message.as_deref()),
            processing: self.processor_information.as_ref(),
            id: self.id.as_deref(),
            otherwise,
        }
    }

    /// Refuses a reply that moved another amount than was asked. Replies to captures, refunds, reversals and voids each
    /// tell it under a name of their own, and may leave it out.
    fn check_moved(&self, asked: &Asked) -> Result<(), Unreadable> {
        let captured = self
            .amounts()
            .map(|details| (&details.total_amount, &details.currency));
        let refunded = self
            .refund_amount_details
            .as_ref()
            .map(|details| (&details.refund_amount, &details.currency));
        let reversed = self
            .reversal_amount_details
            .as_ref()
            .map(|details| (&details.reversed_amount, &details.currency));
        let voided = self
            .void_amount_details
            .as_ref()
            .map(|details| (&details.void_amount, &details.currency));
        for (amount, currency) in [captured, refunded, reversed, voided].into_iter().flatten() {
            if let Some(amount) = amount {
                check_amount(amount, asked.amount)?;
            }
            check_currency(currency.as_deref(), asked.amount)?;
        }
        Ok(())
    }
}

/// Refuses another amount than `asked`.
pub fn check_amount(text: &str, asked: Amount) -> Result<(), Unreadable> {
    match Amount::from_decimal(text, asked.currency()) {
        Ok(amount) if amount == asked => Ok(()),
        Ok(_) => Err(unreadable("is about another amount")),
        Err(_) => Err(unreadable("has an amount that is none")),
    }
}

/// Refuses another currency than that of `asked`, where one is told.
pub fn check_currency(text: Option<&str>, asked: Amount) -> Result<(), Unreadable> {
    if text.is_some_and(|text| text != asked.currency().code()) {
        return Err(unreadable("is about another currency"));
    }
    Ok(())
}

/// The fault, for the log; never with anything out of the reply.
pub fn unreadable(what: &str) -> Unreadable {
    Unreadable(format!("cybersource: the reply {what}"))
}

/// A reply that is no 201: refused, or failed in a way that leaves the outcome open.
pub fn refused(reply: &Reply, context: &Context) -> Result<Decline, Unreadable> {
    let status = reply.status;
    let required = match status {
        400 => "INVALID_REQUEST",
        // At the front door nothing was looked at, whatever the body says.
        401 | 429 => return Ok(codes::front_door(status)),
        // Not taken in, if it is the vendor that says so.
        503 => "SERVER_ERROR",
        // 502 among them: nobody can say what became of it.
        _ => return Err(unreadable(&format!("has the status {status}"))),
    };
    let body: FaultBody = serde_json::from_slice(&reply.body)
        .map_err(|fault| unreadable(&format!("is not the documented JSON ({:?})", fault.classify())))?;
    if body.status.as_deref() != Some(required) {
        return Err(unreadable("is no documented refusal"));
    }
    let otherwise = match status {
        503 => Reason::ProcessorUnavailable,
        _ => Reason::Unknown,
    };
    let refusal = Refusal {
        status: required,
        reason: body.reason.as_deref(),
        message: body.message.as_deref(),
        processing: None,
        id: body.id.as_deref(),
        otherwise,
    };
    refusal.decline(context)
}

/// The answer to a capture, void or refund. `done` are the statuses that say that it is done at once.
pub fn settled(asked: &Asked, done: &[&str], reply: &Reply) -> Result<SettlementAnswer, Unreadable> {
    let context = Context::settlement();
    if reply.status != 201 {
        return refused(reply, &context).map(SettlementAnswer::Refused);
    }
    let body = Body::parse(reply)?;
    body.check_reference(asked)?;
    let status = body.status()?;
    if status == "DECLINED" {
        let decline = body.refusal(status, Reason::Unknown).decline(&context)?;
        return Ok(SettlementAnswer::Refused(decline));
    }
    body.check_moved(asked)?;
    let processor_reference = Some(body.id()?.to_owned());
    match status {
        done_at_once if done.contains(&done_at_once) => Ok(SettlementAnswer::Done { processor_reference }),
        // In the batch, or handed to the acquirer with it: the outcome comes later.
        "PENDING" | "TRANSMITTED" if done.is_empty() => {
            Ok(SettlementAnswer::Accepted { processor_reference })
        }
        _ => Err(unreadable("has an undocumented status")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cybersource::samples, testdata::reply_of};

    #[test]
    fn members_that_only_inform_may_have_any_type_and_those_that_decide_may_not() {
        let fine = r#"{"id":"1","status":"DECLINED","errorInformation":7,"processorInformation":{"responseCode":[]}}"#;
        assert!(Body::parse(&reply_of(201, fine)).is_ok());
        for json in [
            r#"{"id":1,"status":"AUTHORIZED"}"#,
            r#"{"id":"1","status":["AUTHORIZED"]}"#,
            r#"{"status":"DECLINED","status":"AUTHORIZED"}"#,
            r#"{"status":"AUTHORIZED"} trailing"#,
            r#"{"orderInformation":{"amountDetails":{"authorizedAmount":1250.5}}}"#,
            "[]",
            "",
        ] {
            assert!(Body::parse(&reply_of(201, json)).is_err(), "{json}");
        }
    }

    #[test]
    fn only_the_vendors_own_words_refuse() {
        let context = Context::settlement();
        for (status, body, reason) in [
            (
                400,
                r#"{"status":"INVALID_REQUEST","reason":"MISSING_FIELD"}"#,
                Some(Reason::InvalidRequest),
            ),
            (400, r#"{"status":"AUTHORIZED","reason":"MISSING_FIELD"}"#, None),
            (400, r#"{"reason":"MISSING_FIELD"}"#, None),
            (
                400,
                r#"{"status":"INVALID_REQUEST","reason":"DUPLICATE_REQUEST"}"#,
                None,
            ),
            (401, "<html>", Some(Reason::MerchantConfiguration)),
            (429, "", Some(Reason::ProcessorUnavailable)),
            (
                503,
                r#"{"status":"SERVER_ERROR","message":"busy"}"#,
                Some(Reason::ProcessorUnavailable),
            ),
            (
                503,
                r#"{"status":"SERVER_ERROR","reason":"SERVICE_TIMEOUT"}"#,
                None,
            ),
            (503, "<html>", None),
            (502, r#"{"status":"SERVER_ERROR","reason":"SYSTEM_ERROR"}"#, None),
            (500, "Internal Server Error", None),
            (404, "{}", None),
            (403, "{}", None),
            (200, r#"{"status":"AUTHORIZED"}"#, None),
        ] {
            let answer = refused(&reply_of(status, body), &context);
            assert_eq!(
                answer.ok().map(|decline| decline.reason),
                reason,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn faults_quote_nothing_out_of_the_reply() {
        let reply = reply_of(400, "4000000000001000 is no JSON");
        let fault = refused(&reply, &Context::settlement()).unwrap_err();
        assert!(!fault.to_string().contains("4000"), "{fault}");
    }

    #[test]
    fn another_amount_currency_or_reference_is_no_answer() {
        let asked = Asked::new(samples::CAPTURE, samples::mxn(100_000));
        let fine = r#"{"id":"1","status":"PENDING","clientReferenceInformation":{"code":"REF"},"orderInformation":{"amountDetails":{"totalAmount":"1000.00","currency":"MXN"}}}"#
            .replace("REF", samples::CAPTURE);
        assert!(settled(&asked, &[], &reply_of(201, fine.clone())).is_ok());
        for (from, to) in [
            ("1000.00", "1000.01"),
            ("1000.00", "all"),
            ("MXN", "USD"),
            (samples::CAPTURE, "another"),
            ("PENDING", "CONFUSED"),
            ("\"1\"", "\"\""),
        ] {
            let reply = reply_of(201, fine.replace(from, to));
            assert!(settled(&asked, &[], &reply).is_err(), "{from} {to}");
        }
    }
}

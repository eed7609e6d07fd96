//! What Kushki's JSON replies to charges, captures, voids and refunds have in common.
//!
//! Members that decide must have their documented type, else the reply is unreadable and the outcome unknown. Members
//! that only inform are read leniently: an odd one must not turn an approval into an unknown outcome.

use super::{codes, money};
use crate::reading::lenient;
use acquiring::Decline;
use primitives::{Amount, Reply, Unreadable};
use serde::Deserialize;
use serde_json::value::RawValue;

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

/// A reply's JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body<'a> {
    pub ticket_number: Option<String>,
    pub code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub message: Option<String>,
    pub external_reference_id: Option<String>,
    #[serde(borrow)]
    pub details: Option<Details<'a>>,
}

/// `details`, which come because requests say `fullResponse: "v2"`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Details<'a> {
    pub transaction_status: Option<String>,
    pub transaction_type: Option<String>,
    #[serde(borrow)]
    pub request_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    pub approved_transaction_amount: Option<&'a RawValue>,
    pub amount: Option<Currency>,
    pub external_reference_id: Option<String>,
    pub iso_error_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub message_fields: Option<MessageFields>,
    #[serde(default, deserialize_with = "lenient")]
    pub rules: Option<Vec<Rule>>,
    #[serde(default, deserialize_with = "lenient")]
    pub approval_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub response_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub response_text: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub payment_brand: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub processor_bank_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub bin_info: Option<BinInfo>,
}

/// The currency inside `details.amount`; its parts are not needed, since the totals stand beside it.
#[derive(Deserialize)]
pub struct Currency {
    pub currency: Option<String>,
}

/// Fields of the ISO 8583 message behind the reply.
#[derive(Default, Deserialize)]
pub struct MessageFields {
    /// Field 39, response code.
    #[serde(default, deserialize_with = "lenient")]
    pub f39: Option<String>,
    /// Field 48, additional data.
    #[serde(default, deserialize_with = "lenient")]
    pub f48: Option<AdditionalData>,
}

#[derive(Deserialize)]
pub struct AdditionalData {
    /// Subelement 84, Mastercard's merchant advice code.
    #[serde(default, deserialize_with = "lenient")]
    pub s84: Option<String>,
}

/// One of the vendor's own rules that refused the request.
#[derive(Deserialize)]
pub struct Rule {
    #[serde(default, deserialize_with = "lenient")]
    pub code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BinInfo {
    #[serde(default, deserialize_with = "lenient")]
    pub bank: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub card_country: Option<String>,
}

impl<'a> Body<'a> {
    /// Reads the JSON of a reply.
    pub fn parse(reply: &'a Reply) -> Result<Self, Unreadable> {
        serde_json::from_slice(&reply.body)
            .map_err(|fault| unreadable(&format!("is not the documented JSON ({:?})", fault.classify())))
    }

    /// Refuses a reply that speaks of another transaction. Not every reply repeats our reference.
    pub fn check_reference(&self, asked: &Asked) -> Result<(), Unreadable> {
        let inner = self
            .details
            .as_ref()
            .and_then(|details| details.external_reference_id.as_ref());
        let other = [self.external_reference_id.as_ref(), inner]
            .into_iter()
            .flatten()
            .any(|given| *given != asked.reference);
        if other {
            Err(unreadable("repeats another externalReferenceId"))
        } else {
            Ok(())
        }
    }

    pub fn details(&self) -> Result<&Details<'a>, Unreadable> {
        self.details.as_ref().ok_or_else(|| unreadable("has no details"))
    }

    /// The ticket number, which later operations need.
    pub fn ticket(&self) -> Result<&str, Unreadable> {
        self.ticket_number
            .as_deref()
            .filter(|ticket| !ticket.is_empty())
            .ok_or_else(|| unreadable("has no ticketNumber"))
    }
}

impl Details<'_> {
    pub fn status(&self) -> Result<&str, Unreadable> {
        self.transaction_status
            .as_deref()
            .ok_or_else(|| unreadable("has no transactionStatus"))
    }

    /// Refuses an answer about another amount or currency. `approved` asks that the approved amount is there too.
    pub fn check_amount(&self, asked: &Asked, approved: bool) -> Result<(), Unreadable> {
        let currency = asked.amount.currency();
        let named = self.amount.as_ref().and_then(|amount| amount.currency.as_deref());
        if named.is_some_and(|named| named != currency.code()) {
            return Err(unreadable("is about another currency"));
        }
        if approved && self.approved_transaction_amount.is_none() {
            return Err(unreadable("has no approvedTransactionAmount"));
        }
        let approved_amount = self.approved_transaction_amount.filter(|_| approved);
        for (number, name) in [
            (self.request_amount, "requestAmount"),
            (approved_amount, "approvedTransactionAmount"),
        ] {
            if let Some(number) = number
                && money::read(number, currency, name)? != asked.amount
            {
                return Err(unreadable("is about another amount"));
            }
        }
        Ok(())
    }
}

/// The fault, for the log; never with anything out of the reply.
pub fn unreadable(what: &str) -> Unreadable {
    Unreadable(format!("kushki: the reply {what}"))
}

/// A refusal, whichever operation it refuses. `None` where the status is none that settles the outcome.
pub fn refusal(reply: &Reply, asked: &Asked, context: &codes::Context) -> Result<Decline, Unreadable> {
    match reply.status {
        400 | 402 => {
            let body = Body::parse(reply)?;
            body.check_reference(asked)?;
            codes::decline(&body, context)
        }
        // The vendor's front door, before any payment is looked at: documented as a bare message.
        status @ (401 | 403 | 429) => {
            let body = Body::parse(reply)?;
            let message = body
                .message
                .as_deref()
                .ok_or_else(|| unreadable("is no documented refusal"))?;
            Ok(codes::front_door(status, body.code.as_deref(), message))
        }
        status => Err(unreadable(&format!("has the undocumented status {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::reply_of;
    use primitives::Currency as Iso;

    fn asked() -> Asked {
        Asked::new("att-1", Amount::new(125_050, Iso::MXN).unwrap())
    }

    #[test]
    fn members_that_only_inform_may_have_any_type() {
        let reply = reply_of(
            201,
            r#"{"ticketNumber":"1","message":7,"details":{"transactionStatus":"APPROVAL","messageFields":"x","binInfo":[],"approvalCode":12}}"#,
        );
        let body = Body::parse(&reply).unwrap();
        let details = body.details().unwrap();
        assert_eq!(details.status(), Ok("APPROVAL"));
        assert!(details.message_fields.is_none() && details.approval_code.is_none());
    }

    #[test]
    fn members_that_decide_must_have_their_type_and_come_once() {
        for json in [
            r#"{"ticketNumber":5}"#,
            r#"{"details":[]}"#,
            r#"{"details":{"transactionStatus":true}}"#,
            r#"{"ticketNumber":"1","ticketNumber":"2"}"#,
            r#"{"ticketNumber":"1"} trailing"#,
            "[]",
            "",
        ] {
            assert!(Body::parse(&reply_of(201, json)).is_err(), "{json}");
        }
    }

    #[test]
    fn another_amount_currency_or_reference_is_not_an_answer() {
        for (details, fine) in [
            (
                r#"{"requestAmount":1250.5,"approvedTransactionAmount":1250.50,"amount":{"currency":"MXN"}}"#,
                true,
            ),
            (r#"{"requestAmount":1250.5}"#, false),
            (r#"{"approvedTransactionAmount":1250.51}"#, false),
            (
                r#"{"requestAmount":1250,"approvedTransactionAmount":1250.5}"#,
                false,
            ),
            (
                r#"{"approvedTransactionAmount":1250.5,"amount":{"currency":"USD"}}"#,
                false,
            ),
            (r#"{"approvedTransactionAmount":"1250.5"}"#, false),
            (r#"{"approvedTransactionAmount":1.2505e3}"#, false),
        ] {
            let reply = reply_of(201, format!(r#"{{"details":{details}}}"#));
            let body = Body::parse(&reply).unwrap();
            assert_eq!(
                body.details().unwrap().check_amount(&asked(), true).is_ok(),
                fine,
                "{details}"
            );
        }
        for json in [
            r#"{"externalReferenceId":"att-2"}"#,
            r#"{"details":{"externalReferenceId":"att-2"}}"#,
        ] {
            let reply = reply_of(201, json);
            assert!(
                Body::parse(&reply).unwrap().check_reference(&asked()).is_err(),
                "{json}"
            );
        }
    }

    #[test]
    fn faults_quote_nothing_out_of_the_reply() {
        let reply = reply_of(400, "4000100011112224 is no JSON");
        let context = codes::Context::settlement();
        let fault = refusal(&reply, &asked(), &context).unwrap_err();
        assert!(!fault.to_string().contains("4000"), "{fault}");
    }
}

//! What Adyen's JSON replies have in common.
//!
//! Members that decide must have their documented type, else the reply is unreadable and the outcome unknown. Members
//! that only inform are read leniently.

use super::{codes, money::AmountBody};
use crate::reading::{lenient, shortened};
use acquiring::{Decline, Meaning, Reason, SettlementAnswer};
use primitives::{Amount, Reply, Unreadable};
use serde::{Deserialize, de::DeserializeOwned};

/// The reply to `POST /payments`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentReply {
    pub result_code: Option<String>,
    pub psp_reference: Option<String>,
    pub merchant_reference: Option<String>,
    pub amount: Option<AmountBody>,
    pub refusal_reason_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub refusal_reason: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub additional_data: Option<MoreOfPayment>,
}

/// Members of `additionalData` in replies and notifications, most of which a merchant account must have switched on.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MoreOfPayment {
    #[serde(default, deserialize_with = "lenient")]
    pub auth_code: Option<String>,
    /// The issuer's code and text: `05 : Do not honor`.
    #[serde(default, deserialize_with = "lenient")]
    pub refusal_reason_raw: Option<String>,
    /// `01 : New account information available`.
    #[serde(default, deserialize_with = "lenient")]
    pub merchant_advice_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub network_tx_reference: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub card_issuing_bank: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub card_issuing_country: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub issuer_country: Option<String>,
    /// Only in a notification's item.
    #[serde(default, deserialize_with = "lenient")]
    pub hmac_signature: Option<String>,
}

impl PaymentReply {
    pub fn parse(reply: &Reply) -> Result<Self, Unreadable> {
        parse(reply)
    }

    /// Refuses a reply that speaks of another payment. Not every reply repeats what was asked.
    pub fn check(&self, reference: &str, amount: Amount) -> Result<(), Unreadable> {
        if self
            .merchant_reference
            .as_deref()
            .is_some_and(|given| given != reference)
        {
            return Err(unreadable("repeats another merchantReference"));
        }
        match &self.amount {
            Some(given) if given.read() != Some(amount) => Err(unreadable("is about another amount")),
            _ => Ok(()),
        }
    }

    /// Adyen's id of the payment, which later operations need.
    pub fn psp_reference(&self) -> Result<&str, Unreadable> {
        self.psp_reference
            .as_deref()
            .filter(|reference| !reference.is_empty())
            .ok_or_else(|| unreadable("has no pspReference"))
    }
}

/// The reply to whatever follows a payment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModificationReply {
    status: Option<String>,
    psp_reference: Option<String>,
    payment_psp_reference: Option<String>,
    payment_reference: Option<String>,
    reference: Option<String>,
    amount: Option<AmountBody>,
}

/// What a modification's answer must be about.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Our reference of the modification.
    pub reference: String,
    pub payment: Payment,
    /// For those that name one.
    pub amount: Option<Amount>,
}

/// How the payment was named.
#[derive(Debug, Clone)]
pub enum Payment {
    /// By Adyen's own id.
    PspReference(String),
    /// By our reference of it.
    Reference(String),
}

/// Accepted, by a 201 that repeats what was asked; what came of it is told by a notification. Answers the modification's own
/// id.
pub fn received(asked: &Asked, reply: &Reply) -> Result<String, Unreadable> {
    let body: ModificationReply = parse(reply)?;
    if body.status.as_deref() != Some("received") {
        return Err(unreadable("has an undocumented status"));
    }
    let (named, repeated) = match &asked.payment {
        Payment::PspReference(id) => (id, &body.payment_psp_reference),
        Payment::Reference(reference) => (reference, &body.payment_reference),
    };
    if repeated.as_ref() != Some(named) {
        return Err(unreadable("is about another payment"));
    }
    if body.reference.is_some_and(|given| given != asked.reference) {
        return Err(unreadable("repeats another reference"));
    }
    if let (Some(given), Some(amount)) = (&body.amount, asked.amount)
        && given.read() != Some(amount)
    {
        return Err(unreadable("is about another amount"));
    }
    body.psp_reference
        .filter(|id| !id.is_empty())
        .ok_or_else(|| unreadable("has no pspReference"))
}

/// The answer to a capture, void or refund.
pub fn settlement(asked: &Asked, reply: &Reply) -> Result<SettlementAnswer, Unreadable> {
    if reply.status != 201 {
        return refusal(reply).map(SettlementAnswer::Refused);
    }
    received(asked, reply).map(|id| SettlementAnswer::Accepted {
        processor_reference: Some(id),
    })
}

/// The reply of a request that was not taken.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceError {
    error_code: Option<String>,
    error_type: Option<String>,
    message: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    psp_reference: Option<String>,
}

/// A request that was not taken, whichever operation it asked for. Unreadable where that leaves the outcome open.
pub fn refusal(reply: &Reply) -> Result<Decline, Unreadable> {
    let status = reply.status;
    if !matches!(status, 400 | 401 | 403 | 422) {
        return Err(unreadable(&format!("has the undocumented status {status}")));
    }
    // Invites a repetition under the same key: what became of this one is not said.
    if reply.header("transient-error") == Some("true") {
        return Err(unreadable("tells of a transient error"));
    }
    let body: ServiceError = parse(reply)?;
    let (Some(code), Some(message)) = (body.error_code.filter(|code| !code.is_empty()), body.message) else {
        return Err(unreadable("is no documented error"));
    };
    let reason = match (status, body.error_type.as_deref()) {
        (_, Some("internal")) => return Err(unreadable("tells of an internal error")),
        (401 | 403, _) | (_, Some("security" | "configuration")) => Reason::MerchantConfiguration,
        _ => match codes::error(&code) {
            Some(Meaning::Refused(reason)) => reason,
            Some(_) => return Err(unreadable("has an errorCode that leaves the outcome open")),
            None => Reason::InvalidRequest,
        },
    };
    Ok(Decline {
        reason,
        advice: reason.usual_advice(),
        raw_code: Some(shortened(&code)),
        raw_message: Some(shortened(&message)),
        network_advice: None,
        processor_reference: body.psp_reference.filter(|id| !id.is_empty()),
        leaves_hold: false,
    })
}

fn parse<T: DeserializeOwned>(reply: &Reply) -> Result<T, Unreadable> {
    serde_json::from_slice(&reply.body)
        .map_err(|fault| unreadable(&format!("is not the documented JSON ({:?})", fault.classify())))
}

/// The fault, for the log; never with anything out of the reply.
pub fn unreadable(what: &str) -> Unreadable {
    Unreadable(format!("adyen: the reply {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::reply_of;
    use primitives::Currency;

    fn asked() -> Asked {
        Asked {
            reference: "set-1".into(),
            payment: Payment::PspReference("NC6HT9CRT65ZGN82".into()),
            amount: Amount::new(1_000, Currency::MXN).ok(),
        }
    }

    #[test]
    fn a_modification_is_accepted_when_it_repeats_what_was_asked() {
        let fine = concat!(
            r#"{"merchantAccount":"ShopMX","paymentPspReference":"NC6HT9CRT65ZGN82","pspReference":"X","#,
            r#""reference":"set-1","status":"received","amount":{"value":1000,"currency":"MXN"}}"#
        );
        assert_eq!(
            settlement(&asked(), &reply_of(201, fine)),
            Ok(SettlementAnswer::Accepted {
                processor_reference: Some("X".into())
            })
        );
        for (part, other) in [
            ("received", "done"),
            ("NC6HT9CRT65ZGN82", "NC6HT9CRT65ZGN83"),
            (r#""pspReference":"X""#, r#""pspReference":"""#),
            ("set-1", "set-2"),
            ("1000", "1001"),
            ("MXN", "USD"),
        ] {
            let reply = reply_of(201, fine.replace(part, other));
            assert!(settlement(&asked(), &reply).is_err(), "{other}");
        }
        assert!(settlement(&asked(), &reply_of(200, fine)).is_err());
    }

    fn error(status: u16, code: &str, kind: &str) -> Reply {
        reply_of(
            status,
            format!(r#"{{"status":{status},"errorCode":"{code}","message":"m","errorType":"{kind}"}}"#),
        )
    }

    #[test]
    fn errors_have_reasons() {
        for (reply, reason) in [
            (error(401, "000", "security"), Reason::MerchantConfiguration),
            (error(403, "010", "security"), Reason::MerchantConfiguration),
            (error(403, "901", "validation"), Reason::MerchantConfiguration),
            (error(422, "901", "validation"), Reason::MerchantConfiguration),
            (error(422, "101", "validation"), Reason::InvalidCard),
            (error(422, "129", "validation"), Reason::ExpiredCard),
            (error(422, "103", "validation"), Reason::InvalidCvc),
            (error(422, "137", "validation"), Reason::InvalidAmount),
            (error(422, "167", "validation"), Reason::InvalidState),
            (error(422, "14_030", "validation"), Reason::InvalidRequest),
            (error(400, "702", "validation"), Reason::InvalidRequest),
        ] {
            assert_eq!(refusal(&reply).unwrap().reason, reason);
        }
    }

    #[test]
    fn errors_that_leave_the_outcome_open_are_no_refusals() {
        let mut transient = error(422, "101", "validation");
        transient.headers.push(("transient-error".into(), "true".into()));
        for reply in [
            transient,
            error(422, "704", "validation"),
            error(422, "101", "internal"),
            error(500, "101", "validation"),
            error(429, "101", "validation"),
            reply_of(401, r#"{"message":"Unauthorized"}"#),
            reply_of(403, "<html>no</html>"),
        ] {
            assert!(refusal(&reply).is_err());
        }
    }

    #[test]
    fn members_that_only_inform_may_have_any_type() {
        let json = r#"{"resultCode":"Refused","refusalReason":7,"additionalData":{"authCode":1,"networkTxReference":[]}}"#;
        let body = PaymentReply::parse(&reply_of(200, json)).unwrap();
        assert_eq!(body.refusal_reason, None);
        assert_eq!(body.additional_data.unwrap().auth_code, None);
        for json in [
            r#"{"resultCode":5}"#,
            r#"{"pspReference":1}"#,
            r#"{"amount":{"value":"10","currency":"MXN"}}"#,
            r#"{"resultCode":"Authorised","resultCode":"Refused"}"#,
            "[]",
            "",
        ] {
            assert!(PaymentReply::parse(&reply_of(200, json)).is_err(), "{json}");
        }
    }

    #[test]
    fn faults_quote_nothing_out_of_the_reply() {
        let fault = refusal(&reply_of(422, "4000100011112224 is no JSON")).unwrap_err();
        assert!(!fault.to_string().contains("4000"), "{fault}");
    }
}

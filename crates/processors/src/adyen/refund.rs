//! Giving captured money back, all or part of it, as often as there is something left:
//! `POST /payments/{pspReference}/refunds`.

use super::{
    call,
    money::AmountBody,
    reply::{Asked, Payment},
};
use acquiring::{Account, CannotBuild, Refund};
use primitives::HttpRequest;
use serde::Serialize;

/// The reasons that the vendor lists.
const REASONS: [&str; 5] = ["FRAUD", "CUSTOMER REQUEST", "RETURN", "DUPLICATE", "OTHER"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundBody<'a> {
    merchant_account: &'a str,
    amount: AmountBody,
    reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_refund_reason: Option<&'static str>,
}

pub fn request(account: &Account, order: &Refund) -> Result<HttpRequest, CannotBuild> {
    let body = RefundBody {
        merchant_account: call::merchant_account(account)?,
        amount: AmountBody::of(order.amount)?,
        reference: &order.reference,
        merchant_refund_reason: order.reason.as_deref().map(reason),
    };
    let path = ["payments", &order.of.processor_reference, "refunds"];
    call::post(account, &path, &order.reference, &body)
}

/// The listed reason that a merchant's own words name.
fn reason(words: &str) -> &'static str {
    let words = words.trim().replace('_', " ");
    REASONS
        .into_iter()
        .find(|reason| reason.eq_ignore_ascii_case(&words))
        .unwrap_or("OTHER")
}

/// What the answer must be about.
pub fn asked(order: &Refund) -> Asked {
    Asked {
        reference: order.reference.clone(),
        payment: Payment::PspReference(order.of.processor_reference.clone()),
        amount: Some(order.amount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        adyen::{reply, samples},
        testdata,
    };
    use acquiring::SettlementAnswer;

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::refund()).unwrap();
        testdata::assert_request("adyen/refund.request", &request);
    }

    #[test]
    fn a_refund_is_accepted_and_its_outcome_still_to_come() {
        let answer = reply::settlement(
            &asked(&samples::refund()),
            &testdata::reply(201, "adyen/refund.received.json"),
        );
        assert_eq!(
            answer,
            Ok(SettlementAnswer::Accepted {
                processor_reference: Some("WNS7WQ756L2GWR85".into())
            })
        );
    }

    #[test]
    fn a_reason_is_one_of_the_listed_ones() {
        assert_eq!(reason("customer_request"), "CUSTOMER REQUEST");
        assert_eq!(reason("Duplicate"), "DUPLICATE");
        assert_eq!(reason("wrong size"), "OTHER");
    }
}

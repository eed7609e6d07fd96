//! Taking held money, all or part of it, once or (where the merchant account is set up for it) several times:
//! `POST /payments/{pspReference}/captures`. What a last capture leaves is released by Adyen itself.

use super::{
    call,
    money::AmountBody,
    reply::{Asked, Payment},
};
use acquiring::{Account, CannotBuild, Capture};
use primitives::HttpRequest;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CaptureBody<'a> {
    merchant_account: &'a str,
    amount: AmountBody,
    reference: &'a str,
}

pub fn request(account: &Account, order: &Capture) -> Result<HttpRequest, CannotBuild> {
    let body = CaptureBody {
        merchant_account: call::merchant_account(account)?,
        amount: AmountBody::of(order.amount)?,
        reference: &order.reference,
    };
    let path = ["payments", &order.of.processor_reference, "captures"];
    call::post(account, &path, &order.reference, &body)
}

/// What the answer must be about.
pub fn asked(order: &Capture) -> Asked {
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
    use acquiring::{Reason, SettlementAnswer};

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::capture()).unwrap();
        testdata::assert_request("adyen/capture.request", &request);
    }

    #[test]
    fn a_capture_is_accepted_and_its_outcome_still_to_come() {
        let answer = reply::settlement(
            &asked(&samples::capture()),
            &testdata::reply(201, "adyen/capture.received.json"),
        );
        assert_eq!(
            answer,
            Ok(SettlementAnswer::Accepted {
                processor_reference: Some("WNS7WQ756L2GWR83".into())
            })
        );
    }

    #[test]
    fn a_capture_of_an_unknown_payment_is_refused() {
        let answer = reply::settlement(
            &asked(&samples::capture()),
            &testdata::reply(422, "adyen/capture.refused.json"),
        );
        let Ok(SettlementAnswer::Refused(decline)) = answer else {
            panic!("not refused");
        };
        assert_eq!(decline.reason, Reason::InvalidState);
    }
}

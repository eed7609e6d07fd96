//! Releasing held money (`POST /payments/{pspReference}/cancels`), or taking back a sale of which nobody knows whether it is
//! captured yet (`/reversals`, which cancels or refunds the whole of it).

use super::{
    call,
    reply::{Asked, Payment},
};
use acquiring::{Account, CannotBuild, ChargeKind, Void};
use primitives::HttpRequest;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CancelBody<'a> {
    merchant_account: &'a str,
    reference: &'a str,
}

pub fn request(account: &Account, order: &Void) -> Result<HttpRequest, CannotBuild> {
    let body = CancelBody {
        merchant_account: call::merchant_account(account)?,
        reference: &order.reference,
    };
    let operation = match order.of.kind {
        ChargeKind::Authorization => "cancels",
        ChargeKind::Sale => "reversals",
    };
    let path = ["payments", &order.of.processor_reference, operation];
    call::post(account, &path, &order.reference, &body)
}

/// What the answer must be about.
pub fn asked(order: &Void) -> Asked {
    Asked {
        reference: order.reference.clone(),
        payment: Payment::PspReference(order.of.processor_reference.clone()),
        amount: None,
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
    fn a_hold_is_cancelled_and_a_sale_is_reversed() {
        for (name, kind) in [
            ("void", ChargeKind::Authorization),
            ("void.sale", ChargeKind::Sale),
        ] {
            let request = request(&samples::account(), &samples::void(kind)).unwrap();
            testdata::assert_request(&format!("adyen/{name}.request"), &request);
        }
    }

    #[test]
    fn a_void_is_accepted_and_its_outcome_still_to_come() {
        let answer = reply::settlement(
            &asked(&samples::void(ChargeKind::Authorization)),
            &testdata::reply(201, "adyen/void.received.json"),
        );
        assert_eq!(
            answer,
            Ok(SettlementAnswer::Accepted {
                processor_reference: Some("WNS7WQ756L2GWR84".into())
            })
        );
    }
}

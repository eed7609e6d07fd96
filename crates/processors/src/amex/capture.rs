//! Taking held money: `CAPTURE`, all or part of it, several times.
//!
//! Nothing documented releases what a final partial capture leaves; it lapses with the authorisation.

use super::{
    call::{self, Address, Operation},
    reply::Asked,
};
use acquiring::{Account, CannotBuild, Capture, SettlementKind};
use primitives::{Amount, HttpRequest};
use serde::Serialize;

/// What a capture and a refund say.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Movement<'a> {
    api_operation: Operation,
    transaction: Transaction<'a>,
}

#[derive(Serialize)]
struct Transaction<'a> {
    amount: String,
    currency: &'static str,
    reference: &'a str,
}

impl<'a> Movement<'a> {
    pub fn new(api_operation: Operation, amount: Amount, reference: &'a str) -> Self {
        Self {
            api_operation,
            transaction: Transaction {
                amount: amount.to_decimal(),
                currency: amount.currency().code(),
                reference,
            },
        }
    }
}

pub fn request(account: &Account, order: &Capture) -> Result<HttpRequest, CannotBuild> {
    let address = Address {
        order: &order.of.reference,
        transaction: &order.reference,
    };
    let body = Movement::new(Operation::Capture, order.amount, &order.reference);
    call::put(account, address, &body)
}

/// What the answer must be about.
pub fn asked(order: &Capture) -> Asked {
    Asked::settlement(
        SettlementKind::Capture,
        &order.of.reference,
        &order.reference,
        order.amount,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        amex::{reply, samples},
        testdata,
    };
    use acquiring::{Reason, SettlementAnswer};

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::capture()).unwrap();
        testdata::assert_request("amex/capture.request", &request);
    }

    #[test]
    fn a_capture_is_done_and_so_is_its_repeat() {
        let order = samples::capture();
        for status in [200, 201] {
            let reply = testdata::reply(status, "amex/capture.approved.json");
            assert_eq!(
                reply::settlement(&asked(&order), &reply),
                Ok(SettlementAnswer::Done {
                    processor_reference: Some(order.reference.clone())
                })
            );
        }
    }

    #[test]
    fn more_than_was_held_is_refused() {
        let reply = testdata::reply(400, "amex/capture.refused.json");
        let Ok(SettlementAnswer::Refused(decline)) = reply::settlement(&asked(&samples::capture()), &reply)
        else {
            panic!("not refused");
        };
        assert_eq!(decline.reason, Reason::InvalidState);
        assert_eq!(decline.raw_code.as_deref(), Some("INVALID_REQUEST"));
    }
}

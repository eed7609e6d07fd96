//! Giving captured money back: `REFUND`, all or part of it, several times.

use super::{
    call::{self, Address, Operation},
    capture::Movement,
    reply::Asked,
};
use acquiring::{Account, CannotBuild, Refund, SettlementKind};
use primitives::HttpRequest;

pub fn request(account: &Account, order: &Refund) -> Result<HttpRequest, CannotBuild> {
    let address = Address {
        order: &order.of.reference,
        transaction: &order.reference,
    };
    let body = Movement::new(Operation::Refund, order.amount, &order.reference);
    call::put(account, address, &body)
}

/// What the answer must be about.
pub fn asked(order: &Refund) -> Asked {
    Asked::settlement(
        SettlementKind::Refund,
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
    use acquiring::SettlementAnswer;

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::refund()).unwrap();
        testdata::assert_request("amex/refund.request", &request);
    }

    #[test]
    fn a_refund_is_done_or_answered_later() {
        let order = samples::refund();
        let processor_reference = Some(order.reference.clone());
        let reply = testdata::reply(201, "amex/refund.approved.json");
        assert_eq!(
            reply::settlement(&asked(&order), &reply),
            Ok(SettlementAnswer::Done {
                processor_reference: processor_reference.clone()
            })
        );
        let text = String::from_utf8(reply.body).unwrap();
        let pending = text.replace("SUCCESS", "PENDING").replace("APPROVED", "PENDING");
        assert_eq!(
            reply::settlement(&asked(&order), &testdata::reply_of(201, pending)),
            Ok(SettlementAnswer::Accepted { processor_reference })
        );
    }

    #[test]
    fn the_answer_to_a_capture_is_none_to_a_refund() {
        let reply = testdata::reply(201, "amex/capture.approved.json");
        assert!(reply::settlement(&asked(&samples::refund()), &reply).is_err());
    }
}

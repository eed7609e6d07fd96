//! Asking what became of a capture, void or refund: `GET` of its transaction.

use super::{
    call::{self, Address},
    reply::{self, Asked, Known},
};
use acquiring::{Account, CannotBuild, SettlementInquiry, SettlementInquiryAnswer};
use primitives::{HttpRequest, Reply, Unreadable};

pub fn request(account: &Account, order: &SettlementInquiry) -> Result<HttpRequest, CannotBuild> {
    let address = Address {
        order: &order.of.reference,
        transaction: &order.reference,
    };
    call::get(account, address)
}

/// What the answer must be about.
pub fn asked(order: &SettlementInquiry) -> Asked {
    Asked::settlement(order.kind, &order.of.reference, &order.reference, order.amount)
}

pub fn answer(asked: &Asked, reply: &Reply) -> Result<SettlementInquiryAnswer, Unreadable> {
    Ok(match reply::known(asked, reply)? {
        Known::Done(_) => SettlementInquiryAnswer::Done {
            processor_reference: Some(asked.transaction.clone()),
        },
        Known::Refused(decline) => SettlementInquiryAnswer::Refused(decline),
        Known::Open => SettlementInquiryAnswer::Pending,
        Known::Nothing => SettlementInquiryAnswer::NotFound,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{amex::samples, testdata};

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::settlement_inquiry()).unwrap();
        testdata::assert_request("amex/settlement-inquiry.request", &request);
    }

    #[test]
    fn a_refund_is_done_pending_or_not_there() {
        let asked = asked(&samples::settlement_inquiry());
        let reply = testdata::reply(200, "amex/refund.approved.json");
        assert_eq!(
            answer(&asked, &reply),
            Ok(SettlementInquiryAnswer::Done {
                processor_reference: Some(samples::refund().reference)
            })
        );
        let text = String::from_utf8(reply.body).unwrap();
        let pending = text.replace("SUCCESS", "PENDING").replace("APPROVED", "PENDING");
        assert_eq!(
            answer(&asked, &testdata::reply_of(200, pending)),
            Ok(SettlementInquiryAnswer::Pending)
        );
        let absent = testdata::reply(400, "amex/inquiry.not-found.json");
        assert_eq!(answer(&asked, &absent), Ok(SettlementInquiryAnswer::NotFound));
    }
}

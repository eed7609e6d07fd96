//! Asking what became of a charge: `GET` of its transaction.

use super::{
    authorize,
    call::{self, Address},
    reply::{self, Asked, Known},
};
use acquiring::{Account, CannotBuild, Inquiry, InquiryAnswer};
use primitives::{HttpRequest, Reply, Unreadable};

pub fn request(account: &Account, order: &Inquiry) -> Result<HttpRequest, CannotBuild> {
    let address = Address {
        order: &order.reference,
        transaction: &order.reference,
    };
    call::get(account, address)
}

/// What the answer must be about.
pub fn asked(order: &Inquiry) -> Asked {
    Asked::charge(&order.reference, order.kind, order.amount)
}

pub fn answer(asked: &Asked, reply: &Reply) -> Result<InquiryAnswer, Unreadable> {
    Ok(match reply::known(asked, reply)? {
        Known::Done(body) => InquiryAnswer::Approved(authorize::approval(asked, &body)),
        Known::Refused(decline) => InquiryAnswer::Declined(decline),
        Known::Open => InquiryAnswer::Pending,
        Known::Nothing => InquiryAnswer::NotFound,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{amex::samples, testdata};
    use acquiring::Reason;

    fn read(status: u16, name: &str) -> Result<InquiryAnswer, Unreadable> {
        answer(&asked(&samples::inquiry()), &testdata::reply(status, name))
    }

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::inquiry()).unwrap();
        testdata::assert_request("amex/inquiry.request", &request);
    }

    #[test]
    fn a_charge_is_found_as_it_was_answered() {
        let Ok(InquiryAnswer::Approved(approval)) = read(200, "amex/sale.approved.json") else {
            panic!("not approved");
        };
        assert_eq!(approval.amount, samples::inquiry().amount);
        let Ok(InquiryAnswer::Declined(decline)) = read(200, "amex/sale.declined.json") else {
            panic!("not declined");
        };
        assert_eq!(decline.reason, Reason::InsufficientFunds);
    }

    #[test]
    fn a_charge_that_never_arrived_is_not_found() {
        assert_eq!(
            read(400, "amex/inquiry.not-found.json"),
            Ok(InquiryAnswer::NotFound)
        );
        assert!(read(500, "amex/inquiry.not-found.json").is_err());
        assert!(read(401, "amex/inquiry.not-found.json").is_err());
    }
}

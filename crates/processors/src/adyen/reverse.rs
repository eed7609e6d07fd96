//! Taking back a payment of which only our reference is known: `POST /cancels`. What came of it is told by a notification
//! (`TECHNICAL_CANCEL`), unless no payment of that reference is known at once.

use super::{
    call,
    reply::{self, Asked, Payment},
};
use acquiring::{Account, CannotBuild, Reason, Reversal, ReversalAnswer};
use primitives::{HttpRequest, Reply, Unreadable};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CancelBody<'a> {
    merchant_account: &'a str,
    payment_reference: &'a str,
    reference: &'a str,
}

pub fn request(account: &Account, order: &Reversal) -> Result<HttpRequest, CannotBuild> {
    let body = CancelBody {
        merchant_account: call::merchant_account(account)?,
        payment_reference: &order.charge_reference,
        reference: &order.reference,
    };
    call::post(account, &["cancels"], &order.reference, &body)
}

/// What the answer must be about.
pub fn asked(order: &Reversal) -> Asked {
    Asked {
        reference: order.reference.clone(),
        payment: Payment::Reference(order.charge_reference.clone()),
        amount: None,
    }
}

pub fn answer(asked: &Asked, reply: &Reply) -> Result<ReversalAnswer, Unreadable> {
    if reply.status == 201 {
        return reply::received(asked, reply).map(|_| ReversalAnswer::Accepted);
    }
    let decline = reply::refusal(reply)?;
    Ok(match decline.reason {
        // No payment of that reference.
        Reason::InvalidState => ReversalAnswer::NotFound,
        _ => ReversalAnswer::Refused(decline),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{adyen::samples, testdata};

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::reversal()).unwrap();
        testdata::assert_request("adyen/reversal.request", &request);
    }

    #[test]
    fn a_reversal_is_accepted_and_its_outcome_still_to_come() {
        let asked = asked(&samples::reversal());
        let reply = testdata::reply(201, "adyen/reversal.received.json");
        assert_eq!(answer(&asked, &reply), Ok(ReversalAnswer::Accepted));
    }

    #[test]
    fn an_unknown_payment_is_not_found_and_any_other_refusal_is_one() {
        let asked = asked(&samples::reversal());
        let unknown = testdata::reply(422, "adyen/capture.refused.json");
        assert_eq!(answer(&asked, &unknown), Ok(ReversalAnswer::NotFound));
        let refused = testdata::reply_of(
            403,
            r#"{"status":403,"errorCode":"010","message":"Not allowed","errorType":"security"}"#,
        );
        assert!(matches!(answer(&asked, &refused), Ok(ReversalAnswer::Refused(_))));
        assert!(answer(&asked, &testdata::reply_of(500, "{}")).is_err());
    }
}

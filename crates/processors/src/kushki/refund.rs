//! Giving captured money back: `DELETE /v1/refund/{ticketNumber}`.

use super::{
    call,
    codes::{self, Context},
    money::Total,
    reply::{self, Asked, Body, unreadable},
};
use acquiring::{Account, CannotBuild, Refund, SettlementAnswer};
use primitives::{HttpRequest, Method, Reply, Unreadable};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundBody<'a> {
    full_response: &'static str,
    amount: Total,
    external_reference_id: &'a str,
}

pub fn request(account: &Account, order: &Refund) -> Result<HttpRequest, CannotBuild> {
    let body = RefundBody {
        full_response: "v2",
        amount: Total::of(order.amount)?,
        external_reference_id: call::external_reference(&order.reference)?,
    };
    let path = ["v1", "refund", &order.of.processor_reference];
    let key = call::idempotency_key(&order.reference)?;
    Ok(call::with_json(account, Method::Delete, &path, &body)?.header("idempotency-key", key))
}

/// "Semi-automatic": a 201 says that the refund was taken in, not that it settled.
pub fn answer(asked: &Asked, reply: &Reply) -> Result<SettlementAnswer, Unreadable> {
    let context = Context::settlement();
    if reply.status != 201 {
        return reply::refusal(reply, asked, &context).map(SettlementAnswer::Refused);
    }
    let body = Body::parse(reply)?;
    body.check_reference(asked)?;
    if let Some(details) = &body.details {
        match details.transaction_status.as_deref() {
            Some("DECLINED") => return codes::decline(&body, &context).map(SettlementAnswer::Refused),
            Some("INITIALIZED" | "APPROVAL") | None => details.check_amount(asked, false)?,
            Some(_) => return Err(unreadable("has an undocumented transactionStatus")),
        }
    }
    Ok(SettlementAnswer::Accepted {
        processor_reference: Some(body.ticket()?.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kushki::samples, testdata};
    use acquiring::Reason;

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::refund()).unwrap();
        testdata::assert_request("kushki/refund.request", &request);
    }

    fn asked() -> Asked {
        let order = samples::refund();
        Asked::new(&order.reference, order.amount)
    }

    #[test]
    fn a_refund_is_accepted_and_never_done_at_once() {
        assert_eq!(
            answer(&asked(), &testdata::reply(201, "kushki/refund.accepted.json")),
            Ok(SettlementAnswer::Accepted {
                processor_reference: Some("182343532700123459".into())
            })
        );
    }

    #[test]
    fn more_than_the_sale_is_refused() {
        let reply = testdata::reply(400, "kushki/refund.refused.json");
        let Ok(SettlementAnswer::Refused(decline)) = answer(&asked(), &reply) else {
            panic!("not refused");
        };
        assert_eq!(decline.reason, Reason::InvalidState);
        assert_eq!(decline.raw_code.as_deref(), Some("019"));
    }

    #[test]
    fn an_open_outcome_is_unreadable() {
        for (status, body) in [
            (201, "{}"),
            (201, r#"{"ticketNumber":"1","externalReferenceId":"another"}"#),
            (500, r#"{"code":"K002","message":"x"}"#),
            (201, "OK"),
        ] {
            assert!(
                answer(&asked(), &testdata::reply_of(status, body)).is_err(),
                "{body}"
            );
        }
    }
}

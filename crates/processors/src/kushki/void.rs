//! Releasing held money or taking back a sale: `DELETE /v1/charges/{ticketNumber}`.

use super::{
    call,
    codes::{self, Context},
    money::Total,
    reply::{self, Asked, Body, unreadable},
};
use acquiring::{Account, CannotBuild, SettlementAnswer, Void};
use primitives::{HttpRequest, Method, Reply, Unreadable};
use serde::Serialize;

/// The amount always goes along: a void without one would take back whatever is there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VoidBody<'a> {
    full_response: &'static str,
    amount: Total,
    external_reference_id: &'a str,
}

pub fn request(account: &Account, order: &Void) -> Result<HttpRequest, CannotBuild> {
    let body = VoidBody {
        full_response: "v2",
        amount: Total::of(order.of.authorized)?,
        external_reference_id: call::external_reference(&order.reference)?,
    };
    let path = ["v1", "charges", &order.of.processor_reference];
    let key = call::idempotency_key(&order.reference)?;
    Ok(call::with_json(account, Method::Delete, &path, &body)?.header("idempotency-key", key))
}

/// Outside the void window the same call turns into a refund, which is accepted and settles later.
pub fn answer(asked: &Asked, reply: &Reply) -> Result<SettlementAnswer, Unreadable> {
    let context = Context::settlement();
    if reply.status != 201 {
        return reply::refusal(reply, asked, &context).map(SettlementAnswer::Refused);
    }
    let body = Body::parse(reply)?;
    body.check_reference(asked)?;
    let details = body.details()?;
    let status = details.status()?;
    if status == "DECLINED" {
        return codes::decline(&body, &context).map(SettlementAnswer::Refused);
    }
    details.check_amount(asked, false)?;
    let processor_reference = Some(body.ticket()?.to_owned());
    match status {
        "APPROVAL" => Ok(SettlementAnswer::Done { processor_reference }),
        "INITIALIZED" => Ok(SettlementAnswer::Accepted { processor_reference }),
        _ => Err(unreadable("has an undocumented transactionStatus")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kushki::samples, testdata};

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::void()).unwrap();
        testdata::assert_request("kushki/void.request", &request);
    }

    fn asked() -> Asked {
        let order = samples::void();
        Asked::new(&order.reference, order.of.authorized)
    }

    #[test]
    fn a_void_is_done_or_became_a_refund() {
        let processor_reference = Some("182343532700123458".to_owned());
        let reply = testdata::reply(201, "kushki/void.approved.json");
        assert_eq!(
            answer(&asked(), &reply),
            Ok(SettlementAnswer::Done {
                processor_reference: processor_reference.clone()
            })
        );
        let text = String::from_utf8(reply.body).unwrap();
        let refund = text.replace("APPROVAL", "INITIALIZED").replace("VOID", "REFUND");
        assert_eq!(
            answer(&asked(), &testdata::reply_of(201, refund)),
            Ok(SettlementAnswer::Accepted { processor_reference })
        );
    }

    #[test]
    fn an_open_outcome_is_unreadable() {
        for (status, body) in [
            (201, r#"{"ticketNumber":"1"}"#),
            (201, r#"{"details":{"transactionStatus":"APPROVAL"}}"#),
            (500, r#"{"code":"K002","message":"x"}"#),
            (404, "{}"),
        ] {
            assert!(
                answer(&asked(), &testdata::reply_of(status, body)).is_err(),
                "{body}"
            );
        }
    }
}

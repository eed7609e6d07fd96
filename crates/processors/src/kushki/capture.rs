//! Taking held money: `POST /card/v1/capture`.

use super::{
    call,
    codes::{self, Context},
    money::Total,
    reply::{self, Asked, Body, unreadable},
};
use acquiring::{Account, CannotBuild, Capture, SettlementAnswer};
use primitives::{HttpRequest, Method, Reply, Unreadable};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CaptureBody<'a> {
    ticket_number: &'a str,
    amount: Total,
    full_response: &'static str,
    external_reference_id: &'a str,
}

pub fn request(account: &Account, order: &Capture) -> Result<HttpRequest, CannotBuild> {
    let body = CaptureBody {
        ticket_number: &order.of.processor_reference,
        amount: Total::of(order.amount)?,
        full_response: "v2",
        external_reference_id: call::external_reference(&order.reference)?,
    };
    call::with_json(account, Method::Post, &["card", "v1", "capture"], &body)
}

pub fn answer(asked: &Asked, reply: &Reply) -> Result<SettlementAnswer, Unreadable> {
    let context = Context::settlement();
    if reply.status != 201 {
        return reply::refusal(reply, asked, &context).map(SettlementAnswer::Refused);
    }
    let body = Body::parse(reply)?;
    body.check_reference(asked)?;
    let details = body.details()?;
    match details.status()? {
        "APPROVAL" => {
            details.check_amount(asked, true)?;
            Ok(SettlementAnswer::Done {
                processor_reference: Some(body.ticket()?.to_owned()),
            })
        }
        "DECLINED" => codes::decline(&body, &context).map(SettlementAnswer::Refused),
        _ => Err(unreadable("has an undocumented transactionStatus")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kushki::samples, testdata};
    use acquiring::Reason;

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::capture()).unwrap();
        testdata::assert_request("kushki/capture.request", &request);
    }

    fn asked() -> Asked {
        let order = samples::capture();
        Asked::new(&order.reference, order.amount)
    }

    #[test]
    fn a_capture_is_done_when_it_says_so_for_the_amount_asked() {
        let reply = testdata::reply(201, "kushki/capture.approved.json");
        assert_eq!(
            answer(&asked(), &reply),
            Ok(SettlementAnswer::Done {
                processor_reference: Some("182343532700123457".into())
            })
        );
        let mut other = asked();
        other.amount = primitives::Amount::new(1, primitives::Currency::MXN).unwrap();
        assert!(answer(&other, &reply).is_err());
    }

    #[test]
    fn a_capture_of_the_wrong_state_is_refused() {
        let reply = testdata::reply_of(400, r#"{"code":"K023","message":"Estado no permitido"}"#);
        let Ok(SettlementAnswer::Refused(decline)) = answer(&asked(), &reply) else {
            panic!("not refused");
        };
        assert_eq!(decline.reason, Reason::InvalidState);
    }

    #[test]
    fn an_open_outcome_is_unreadable() {
        for (status, body) in [
            (201, "{}"),
            (500, r#"{"code":"K002","message":"x"}"#),
            (502, "<html>"),
            (400, r#"{"code":"500","message":"x"}"#),
        ] {
            assert!(
                answer(&asked(), &testdata::reply_of(status, body)).is_err(),
                "{body}"
            );
        }
    }
}

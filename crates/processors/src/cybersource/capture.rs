//! Taking held money: `POST /pts/v2/payments/{id}/captures`.

use super::{
    call::{self, ClientReference},
    money::OrderInformation,
    reply::{self, Asked},
};
use acquiring::{Account, CannotBuild, Capture, SettlementAnswer};
use primitives::{HttpRequest, Moment, Reply, Unreadable};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CaptureBody<'a> {
    client_reference_information: ClientReference<'a>,
    order_information: OrderInformation,
    processing_information: ProcessingInformation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProcessingInformation {
    capture_options: CaptureOptions,
}

/// Whether the acquirer may release what is not captured.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CaptureOptions {
    is_final: &'static str,
}

pub fn request(account: &Account, order: &Capture, moment: Moment) -> Result<HttpRequest, CannotBuild> {
    let body = CaptureBody {
        client_reference_information: ClientReference::with_transaction_id(&order.reference)?,
        order_information: OrderInformation::of(order.amount),
        processing_information: ProcessingInformation {
            capture_options: CaptureOptions {
                is_final: if order.is_final { "true" } else { "false" },
            },
        },
    };
    let path = ["pts", "v2", "payments", &order.of.processor_reference, "captures"];
    call::post(account, &path, &body, moment)
}

/// A capture goes out with the day's batch, so it is accepted and never done at once.
pub fn answer(asked: &Asked, reply: &Reply) -> Result<SettlementAnswer, Unreadable> {
    reply::settled(asked, &[], reply)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cybersource::samples, testdata};
    use acquiring::Reason;

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::capture(), samples::moment()).unwrap();
        testdata::assert_request("cybersource/capture.request", &request);
    }

    fn asked() -> Asked {
        let order = samples::capture();
        Asked::new(&order.reference, order.amount)
    }

    #[test]
    fn a_capture_is_accepted() {
        let reply = testdata::reply(201, "cybersource/capture.accepted.json");
        let accepted = Ok(SettlementAnswer::Accepted {
            processor_reference: Some("7012345678901234567892".into()),
        });
        assert_eq!(answer(&asked(), &reply), accepted);
        let text = String::from_utf8(reply.body).unwrap();
        let transmitted = testdata::reply_of(201, text.replace("PENDING", "TRANSMITTED"));
        assert_eq!(answer(&asked(), &transmitted), accepted);
        for status in ["AUTHORIZED", "VOIDED", "CAPTURED"] {
            let other = testdata::reply_of(201, text.replace("PENDING", status));
            assert!(answer(&asked(), &other).is_err(), "{status}");
        }
    }

    #[test]
    fn more_than_was_authorized_is_refused() {
        let reply = testdata::reply(400, "cybersource/capture.refused.json");
        let Ok(SettlementAnswer::Refused(decline)) = answer(&asked(), &reply) else {
            panic!("not refused");
        };
        assert_eq!(decline.reason, Reason::InvalidAmount);
    }
}

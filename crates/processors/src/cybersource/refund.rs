//! Giving captured money back: of a sale (`POST /pts/v2/payments/{id}/refunds`) or of one capture
//! (`POST /pts/v2/captures/{id}/refunds`).

use super::{
    call::{self, ClientReference},
    money::OrderInformation,
    reply::{self, Asked},
};
use acquiring::{Account, CannotBuild, ChargeKind, Refund, SettlementAnswer};
use primitives::{HttpRequest, Moment, Reply, Unreadable};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundBody<'a> {
    client_reference_information: ClientReference<'a>,
    order_information: OrderInformation,
}

pub fn request(account: &Account, order: &Refund, moment: Moment) -> Result<HttpRequest, CannotBuild> {
    let body = RefundBody {
        client_reference_information: ClientReference::with_transaction_id(&order.reference)?,
        order_information: OrderInformation::of(order.amount),
    };
    let path = match order.of.kind {
        ChargeKind::Sale => ["pts", "v2", "payments", &order.of.processor_reference, "refunds"],
        ChargeKind::Authorization => {
            let capture = order
                .capture
                .as_ref()
                .and_then(|capture| capture.processor_reference.as_deref())
                .ok_or(CannotBuild::NotExpressible("a refund of no capture"))?;
            ["pts", "v2", "captures", capture, "refunds"]
        }
    };
    call::post(account, &path, &body, moment)
}

/// A refund goes out with the day's batch, so it is accepted and never done at once.
pub fn answer(asked: &Asked, reply: &Reply) -> Result<SettlementAnswer, Unreadable> {
    reply::settled(asked, &[], reply)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cybersource::samples, testdata};
    use acquiring::Reason;

    #[test]
    fn a_refund_names_the_sale_or_the_capture() {
        for (kind, name) in [
            (ChargeKind::Sale, "refund.sale"),
            (ChargeKind::Authorization, "refund.capture"),
        ] {
            let request = request(&samples::account(), &samples::refund(kind), samples::moment()).unwrap();
            testdata::assert_request(&format!("cybersource/{name}.request"), &request);
        }
    }

    #[test]
    fn a_refund_of_an_authorization_needs_its_capture() {
        let mut order = samples::refund(ChargeKind::Authorization);
        order.capture = None;
        assert!(request(&samples::account(), &order, samples::moment()).is_err());
    }

    fn asked() -> Asked {
        let order = samples::refund(ChargeKind::Sale);
        Asked::new(&order.reference, order.amount)
    }

    #[test]
    fn a_refund_is_accepted_and_never_done_at_once() {
        assert_eq!(
            answer(
                &asked(),
                &testdata::reply(201, "cybersource/refund.accepted.json")
            ),
            Ok(SettlementAnswer::Accepted {
                processor_reference: Some("7012345678901234567895".into())
            })
        );
    }

    #[test]
    fn a_refund_may_be_declined_with_201() {
        let reply = testdata::reply(201, "cybersource/refund.declined.json");
        let Ok(SettlementAnswer::Refused(decline)) = answer(&asked(), &reply) else {
            panic!("not refused");
        };
        assert_eq!(decline.reason, Reason::InvalidState);
        assert_eq!(decline.raw_code.as_deref(), Some("ACCOUNT_NOT_ALLOWED_CREDIT"));
    }
}

//! Releasing held money (`POST /pts/v2/payments/{id}/reversals`) or taking back a sale before the day's batch
//! (`POST /pts/v2/payments/{id}/voids`).

use super::{
    call::{self, ClientReference},
    money::AmountDetails,
    reply::{self, Asked},
};
use acquiring::{Account, CannotBuild, ChargeKind, SettlementAnswer, Void};
use primitives::{HttpRequest, Moment, Reply, Unreadable};
use serde::Serialize;

/// What a reversal gives as its reason where the merchant gave none.
const NO_REASON: &str = "cancelled";
/// The longest reason passed on.
const REASON_MAX_CHARACTERS: usize = 60;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReversalBody<'a> {
    client_reference_information: ClientReference<'a>,
    reversal_information: ReversalInformation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReversalInformation {
    amount_details: AmountDetails,
    reason: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VoidBody<'a> {
    client_reference_information: ClientReference<'a>,
}

pub fn request(account: &Account, order: &Void, moment: Moment) -> Result<HttpRequest, CannotBuild> {
    let client_reference_information = ClientReference::of(&order.reference)?;
    let payment = &order.of.processor_reference;
    match order.of.kind {
        ChargeKind::Authorization => {
            let reason = order.reason.as_deref().unwrap_or(NO_REASON);
            let body = ReversalBody {
                client_reference_information,
                reversal_information: ReversalInformation {
                    amount_details: AmountDetails::of(order.of.authorized),
                    reason: reason.chars().take(REASON_MAX_CHARACTERS).collect(),
                },
            };
            let path = ["pts", "v2", "payments", payment, "reversals"];
            call::post(account, &path, &body, moment)
        }
        ChargeKind::Sale => {
            let body = VoidBody {
                client_reference_information,
            };
            call::post(
                account,
                &["pts", "v2", "payments", payment, "voids"],
                &body,
                moment,
            )
        }
    }
}

pub fn answer(asked: &Asked, reply: &Reply) -> Result<SettlementAnswer, Unreadable> {
    reply::settled(asked, &["REVERSED", "VOIDED", "CANCELLED"], reply)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cybersource::samples, testdata};
    use acquiring::Reason;

    #[test]
    fn an_authorization_is_reversed_and_a_sale_is_voided() {
        for (kind, name) in [
            (ChargeKind::Authorization, "void.authorization"),
            (ChargeKind::Sale, "void.sale"),
        ] {
            let request = request(&samples::account(), &samples::void(kind), samples::moment()).unwrap();
            testdata::assert_request(&format!("cybersource/{name}.request"), &request);
        }
    }

    fn asked() -> Asked {
        let order = samples::void(ChargeKind::Sale);
        Asked::new(&order.reference, order.of.authorized)
    }

    #[test]
    fn a_void_is_done_at_once() {
        for (name, id) in [
            ("void.authorization.done", "7012345678901234567893"),
            ("void.sale.done", "7012345678901234567894"),
        ] {
            let reply = testdata::reply(201, &format!("cybersource/{name}.json"));
            assert_eq!(
                answer(&asked(), &reply),
                Ok(SettlementAnswer::Done {
                    processor_reference: Some(id.into())
                }),
                "{name}"
            );
        }
    }

    #[test]
    fn a_part_is_no_void_and_an_odd_status_is_none() {
        let reply = testdata::reply(201, "cybersource/void.authorization.done.json");
        let text = String::from_utf8(reply.body).unwrap();
        for (from, to) in [
            ("\"1250.50\"", "\"1000.00\""),
            ("REVERSED", "PENDING"),
            ("REVERSED", "AUTHORIZED"),
        ] {
            let reply = testdata::reply_of(201, text.replace(from, to));
            assert!(answer(&asked(), &reply).is_err(), "{to}");
        }
    }

    #[test]
    fn what_was_settled_is_refused() {
        let reply = testdata::reply(400, "cybersource/void.refused.json");
        let Ok(SettlementAnswer::Refused(decline)) = answer(&asked(), &reply) else {
            panic!("not refused");
        };
        assert_eq!(decline.reason, Reason::InvalidState);
    }
}

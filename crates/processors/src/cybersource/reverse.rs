//! Taking back a charge whose answer was lost, by the transaction id it was sent with: an authorisation is reversed
//! (`POST /pts/v2/reversals`), a sale is voided (`POST /pts/v2/voids`).

use super::{
    call::{self, ClientReference},
    money::AmountDetails,
    reply::{self, Asked},
};
use acquiring::{Account, CannotBuild, ChargeKind, Reversal, ReversalAnswer, SettlementAnswer};
use primitives::{HttpRequest, Moment, Reply, Unreadable};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReversalBody<'a> {
    client_reference_information: ClientReference<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reversal_information: Option<ReversalInformation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReversalInformation {
    amount_details: AmountDetails,
    reason: &'static str,
}

pub fn request(account: &Account, order: &Reversal, moment: Moment) -> Result<HttpRequest, CannotBuild> {
    // Under the charge's own code, so that whoever searches for the charge finds that it was taken back.
    let client_reference_information = ClientReference::with_transaction_id(&order.charge_reference)?;
    let (operation, reversal_information) = match order.kind {
        ChargeKind::Authorization => (
            "reversals",
            Some(ReversalInformation {
                amount_details: AmountDetails::of(order.amount),
                reason: "timeout",
            }),
        ),
        ChargeKind::Sale => ("voids", None),
    };
    let body = ReversalBody {
        client_reference_information,
        reversal_information,
    };
    call::post(account, &["pts", "v2", operation], &body, moment)
}

pub fn answer(asked: &Asked, reply: &Reply) -> Result<ReversalAnswer, Unreadable> {
    let settled = reply::settled(asked, &["REVERSED", "VOIDED", "CANCELLED"], reply)?;
    Ok(match settled {
        SettlementAnswer::Done { .. } => ReversalAnswer::Reversed,
        SettlementAnswer::Accepted { .. } => ReversalAnswer::Accepted,
        SettlementAnswer::Refused(decline) => match decline.raw_code.as_deref() {
            // An earlier try got through though its answer was lost.
            Some("AUTH_ALREADY_REVERSED" | "CAPTURE_ALREADY_VOIDED") => ReversalAnswer::Reversed,
            // Nothing is known under that transaction id.
            Some("MISSING_AUTH" | "INVALID_PAYMENT_ID") => ReversalAnswer::NotFound,
            _ => ReversalAnswer::Refused(decline),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cybersource::samples, testdata};
    use acquiring::Reason;

    #[test]
    fn a_lost_charge_is_named_by_the_transaction_id_it_was_sent_with() {
        for (kind, name) in [
            (ChargeKind::Authorization, "reversal.authorization"),
            (ChargeKind::Sale, "reversal.sale"),
        ] {
            let request = request(&samples::account(), &samples::reversal(kind), samples::moment()).unwrap();
            testdata::assert_request(&format!("cybersource/{name}.request"), &request);
            let body = String::from_utf8(request.body.reveal().clone()).unwrap();
            let transaction_id = call::transaction_id(samples::REFERENCE).unwrap();
            assert!(
                body.contains(&format!(r#""transactionId":"{transaction_id}""#)),
                "{body}"
            );
        }
    }

    fn read(status: u16, body: &str) -> Result<ReversalAnswer, Unreadable> {
        let order = samples::reversal(ChargeKind::Authorization);
        let asked = Asked::new(&order.charge_reference, order.amount);
        answer(&asked, &testdata::reply_of(status, body))
    }

    #[test]
    fn a_reversal_is_done_found_nothing_or_was_refused() {
        let done = |status: &str| {
            read(
                201,
                &format!(r#"{{"id":"7012345678901234567896","status":"{status}"}}"#),
            )
        };
        for status in ["REVERSED", "VOIDED", "CANCELLED"] {
            assert_eq!(done(status), Ok(ReversalAnswer::Reversed));
        }
        for status in ["PENDING", "AUTHORIZED", ""] {
            assert!(done(status).is_err(), "{status}");
        }
        let refused = |reason: &str| {
            read(
                400,
                &format!(r#"{{"status":"INVALID_REQUEST","reason":"{reason}"}}"#),
            )
        };
        assert_eq!(refused("AUTH_ALREADY_REVERSED"), Ok(ReversalAnswer::Reversed));
        assert_eq!(refused("MISSING_AUTH"), Ok(ReversalAnswer::NotFound));
        for reason in ["TRANSACTION_ALREADY_REVERSED_OR_SETTLED", "INVALID_DATA"] {
            let answer = refused(reason);
            assert!(
                matches!(&answer, Ok(ReversalAnswer::Refused(decline))
                    if matches!(decline.reason, Reason::InvalidState | Reason::InvalidRequest)),
                "{answer:?}"
            );
        }
        assert!(read(502, r#"{"status":"SERVER_ERROR"}"#).is_err());
    }
}

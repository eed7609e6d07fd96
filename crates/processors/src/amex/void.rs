//! Releasing held money or taking back a sale: `VOID` of the charge's own transaction.

use super::{
    call::{self, Address, Operation},
    reply::Asked,
};
use acquiring::{Account, CannotBuild, SettlementKind, Void};
use primitives::HttpRequest;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VoidBody<'a> {
    api_operation: Operation,
    transaction: Transaction<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transaction<'a> {
    target_transaction_id: &'a str,
    reference: &'a str,
}

pub fn request(account: &Account, order: &Void) -> Result<HttpRequest, CannotBuild> {
    let address = Address {
        order: &order.of.reference,
        transaction: &order.reference,
    };
    let body = VoidBody {
        api_operation: Operation::Void,
        transaction: Transaction {
            target_transaction_id: &order.of.reference,
            reference: &order.reference,
        },
    };
    call::put(account, address, &body)
}

/// What the answer must be about.
pub fn asked(order: &Void) -> Asked {
    Asked::settlement(
        SettlementKind::Void,
        &order.of.reference,
        &order.reference,
        order.of.authorized,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        amex::{reply, samples},
        testdata,
    };
    use acquiring::SettlementAnswer;

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::void()).unwrap();
        testdata::assert_request("amex/void.request", &request);
    }

    #[test]
    fn a_void_is_done() {
        let order = samples::void();
        let reply = testdata::reply(201, "amex/void.approved.json");
        assert_eq!(
            reply::settlement(&asked(&order), &reply),
            Ok(SettlementAnswer::Done {
                processor_reference: Some(order.reference.clone())
            })
        );
    }

    #[test]
    fn an_open_outcome_is_unreadable() {
        for (status, body) in [
            (201, "{}"),
            (201, r#"{"result":"SUCCESS"}"#),
            (201, r#"{"result":"UNKNOWN"}"#),
            (500, r#"{"result":"ERROR","error":{"cause":"SERVER_FAILED"}}"#),
            (404, "{}"),
        ] {
            assert!(
                reply::settlement(&asked(&samples::void()), &testdata::reply_of(status, body)).is_err(),
                "{body}"
            );
        }
    }
}

//! Asking what became of a charge, in the transactions list.

use super::{
    codes::{self, Operation},
    list::{self, Row, Status},
    reply::unreadable,
};
use acquiring::{Account, Approval, CannotBuild, ChargeKind, Inquiry, InquiryAnswer};
use primitives::{HttpRequest, Moment, Reply, Unreadable};

pub fn request(account: &Account, order: &Inquiry, moment: Moment) -> Result<HttpRequest, CannotBuild> {
    list::request(account, &order.reference, order.sent_at, moment)
}

/// Reads the list. An approval counts only for the amount that was asked; two approvals under one reference are for
/// people to look at.
pub fn answer(order: &Inquiry, reply: &Reply) -> Result<InquiryAnswer, Unreadable> {
    let mut answers = Vec::new();
    for row in &list::rows(reply, &order.reference)? {
        if is_charge(order.kind, row.transaction_type.as_deref()) {
            answers.push(read(order, row)?);
        }
    }
    let approvals = answers
        .iter()
        .filter(|answer| matches!(answer, InquiryAnswer::Approved(_)))
        .count();
    if approvals > 1 {
        return Err(unreadable("lists two approvals under one reference"));
    }
    Ok(answers
        .into_iter()
        .min_by_key(weight)
        .unwrap_or(InquiryAnswer::NotFound))
}

/// Which of several rows decides: an approval before anything pending, that before a decline.
fn weight(answer: &InquiryAnswer) -> u8 {
    match answer {
        InquiryAnswer::Approved(_) => 0,
        InquiryAnswer::Pending => 1,
        InquiryAnswer::Declined(_) => 2,
        InquiryAnswer::NotFound => 3,
    }
}

fn is_charge(kind: ChargeKind, transaction_type: Option<&str>) -> bool {
    match kind {
        ChargeKind::Sale => matches!(transaction_type, Some("SALE" | "DEFERRED")),
        ChargeKind::Authorization => transaction_type == Some("PREAUTHORIZATION"),
    }
}

fn read(order: &Inquiry, row: &Row<'_>) -> Result<InquiryAnswer, Unreadable> {
    match row.status()? {
        Status::Approved => approval(order, row).map(InquiryAnswer::Approved),
        Status::Declined => row.decline(Operation::Charge).map(InquiryAnswer::Declined),
        Status::Begun => Ok(InquiryAnswer::Pending),
    }
}

fn approval(order: &Inquiry, row: &Row<'_>) -> Result<Approval, Unreadable> {
    row.check_amount(order.amount)?;
    Ok(Approval {
        processor_reference: row.ticket()?.to_owned(),
        approval_code: row.approval_code.as_deref().map(codes::shortened),
        response_code: row.response_code.as_deref().map(codes::shortened),
        amount: order.amount,
        network_transaction_id: None,
        issuer_bank: row.issuing_bank.as_deref().map(codes::shortened),
        issuer_country: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kushki::samples, testdata};
    use acquiring::{Advice, Reason};

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(&samples::account(), &samples::inquiry(), samples::moment()).unwrap();
        testdata::assert_request("kushki/inquiry.request", &request);
    }

    #[test]
    fn an_approved_charge_is_found() {
        let answer = answer(
            &samples::inquiry(),
            &testdata::reply(200, "kushki/inquiry.approved.json"),
        );
        let Ok(InquiryAnswer::Approved(approval)) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(approval.processor_reference, "182343532700123456");
        assert_eq!(approval.amount, samples::inquiry().amount);
    }

    #[test]
    fn a_declined_charge_is_found_with_its_reason() {
        let answer = answer(
            &samples::inquiry(),
            &testdata::reply(200, "kushki/inquiry.declined.json"),
        );
        let Ok(InquiryAnswer::Declined(decline)) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(
            (decline.reason, decline.advice),
            (Reason::GenericDecline, Advice::Failover)
        );
    }

    fn of(rows: &str) -> Result<InquiryAnswer, Unreadable> {
        let body = format!(r#"{{"total":1,"data":[{rows}]}}"#).replace("REF", &samples::inquiry().reference);
        answer(&samples::inquiry(), &testdata::reply_of(200, body))
    }

    const APPROVED: &str = r#"{"external_reference_id":"REF","transaction_type":"SALE","transaction_status":"APPROVED","ticket_number":"1","currency_code":"MXN","approved_transaction_amount":1250.5}"#;

    #[test]
    fn an_empty_list_is_not_found_and_a_begun_charge_is_pending() {
        assert_eq!(of(""), Ok(InquiryAnswer::NotFound));
        let pending =
            r#"{"external_reference_id":"REF","transaction_type":"SALE","transaction_status":"INITIALIZED"}"#;
        assert_eq!(of(pending), Ok(InquiryAnswer::Pending));
        let void =
            r#"{"external_reference_id":"REF","transaction_type":"VOID","transaction_status":"APPROVED"}"#;
        assert_eq!(of(void), Ok(InquiryAnswer::NotFound));
    }

    #[test]
    fn an_approval_decides_over_the_other_rows() {
        let declined = r#"{"external_reference_id":"REF","transaction_type":"SALE","transaction_status":"DECLINED","response_code":"006"}"#;
        let answer = of(&format!("{declined},{APPROVED}"));
        assert!(matches!(answer, Ok(InquiryAnswer::Approved(_))), "{answer:?}");
    }

    #[test]
    fn what_is_not_clearly_our_charge_is_unreadable() {
        assert!(of(&format!("{APPROVED},{APPROVED}")).is_err(), "two approvals");
        for (from, to) in [
            ("REF", "another"),
            ("MXN", "USD"),
            ("1250.5", "1250.51"),
            ("\"1\"", "\"\""),
            ("APPROVED", "CONFUSED"),
        ] {
            assert!(of(&APPROVED.replace(from, to)).is_err(), "{from} {to}");
        }
        for (status, body) in [
            (500, "{}"),
            (200, "{}"),
            (200, "<html>"),
            (403, r#"{"message":"Forbidden"}"#),
        ] {
            assert!(answer(&samples::inquiry(), &testdata::reply_of(status, body)).is_err());
        }
    }
}

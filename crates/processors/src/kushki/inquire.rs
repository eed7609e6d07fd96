//! Asking what became of a charge: `GET /analytics/v2/transactions-list`, filtered by our reference.
//!
//! Rows appear no sooner than about 90 seconds after the transaction, so "not found" says nothing before that.

use super::{
    call,
    codes::{self, Codes, Context, Operation},
    money,
    reply::unreadable,
};
use acquiring::{Account, Approval, CannotBuild, ChargeKind, Decline, Initiator, Inquiry, InquiryAnswer};
use primitives::{HttpRequest, Method, Moment, Reply, Unreadable};
use serde::Deserialize;
use serde_json::value::RawValue;
use time::{Duration, OffsetDateTime, format_description::FormatItem, macros::format_description};

/// How far the two clocks may be apart: the list is asked from this long before the charge was sent.
const CLOCK_TOLERANCE: Duration = Duration::minutes(10);

/// `from` and `to`, UTC.
const LIST_TIME: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

pub fn request(account: &Account, order: &Inquiry, moment: Moment) -> Result<HttpRequest, CannotBuild> {
    let from = list_time(order.sent_at - CLOCK_TOLERANCE)?;
    let to = list_time(moment.now + CLOCK_TOLERANCE)?;
    let reference = call::external_reference(&order.reference)?;
    call::bare(
        account,
        Method::Get,
        &["analytics", "v2", "transactions-list"],
        &[("from", &from), ("to", &to), ("external_reference_id", reference)],
    )
}

fn list_time(time: OffsetDateTime) -> Result<String, CannotBuild> {
    time.to_offset(time::UtcOffset::UTC)
        .format(LIST_TIME)
        .map_err(|_| CannotBuild::NotExpressible("this time"))
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    data: Vec<Row<'a>>,
}

#[derive(Deserialize)]
struct Row<'a> {
    external_reference_id: Option<String>,
    transaction_type: Option<String>,
    transaction_status: Option<String>,
    ticket_number: Option<String>,
    currency_code: Option<String>,
    #[serde(borrow)]
    request_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    approved_transaction_amount: Option<&'a RawValue>,
    approval_code: Option<String>,
    response_code: Option<String>,
    response_text: Option<String>,
    processor_code: Option<String>,
    payment_brand: Option<String>,
    acquirer_bank: Option<String>,
    issuing_bank: Option<String>,
}

/// Reads the list. An approval counts only for the amount that was asked; two approvals under one reference are for
/// people to look at.
pub fn answer(order: &Inquiry, reply: &Reply) -> Result<InquiryAnswer, Unreadable> {
    if reply.status != 200 {
        return Err(unreadable(&format!("has status {}", reply.status)));
    }
    let list: List<'_> = serde_json::from_slice(&reply.body)
        .map_err(|fault| unreadable(&format!("is no transactions list ({:?})", fault.classify())))?;
    let mut answers = Vec::new();
    for row in &list.data {
        if row.external_reference_id.as_deref() != Some(order.reference.as_str()) {
            return Err(unreadable("lists a transaction that was not asked for"));
        }
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
    // The reference says APPROVAL, the published structure APPROVED.
    match row.transaction_status.as_deref() {
        Some("APPROVAL" | "APPROVED") => approval(order, row).map(InquiryAnswer::Approved),
        Some("DECLINED") => decline(row).map(InquiryAnswer::Declined),
        Some("INITIALIZED") => Ok(InquiryAnswer::Pending),
        _ => Err(unreadable("lists an undocumented transaction_status")),
    }
}

fn approval(order: &Inquiry, row: &Row<'_>) -> Result<Approval, Unreadable> {
    let currency = order.amount.currency();
    if row.currency_code.as_deref() != Some(currency.code()) {
        return Err(unreadable("lists another currency"));
    }
    let approved = row
        .approved_transaction_amount
        .or(row.request_amount)
        .ok_or_else(|| unreadable("lists no amount"))?;
    if money::read(approved, currency, "approved_transaction_amount")? != order.amount {
        return Err(unreadable("lists another amount"));
    }
    let ticket = row.ticket_number.as_deref().filter(|ticket| !ticket.is_empty());
    Ok(Approval {
        processor_reference: ticket
            .ok_or_else(|| unreadable("lists no ticket_number"))?
            .to_owned(),
        approval_code: row.approval_code.as_deref().map(codes::shortened),
        response_code: row.response_code.as_deref().map(codes::shortened),
        amount: order.amount,
        network_transaction_id: None,
        issuer_bank: row.issuing_bank.as_deref().map(codes::shortened),
        issuer_country: None,
    })
}

fn decline(row: &Row<'_>) -> Result<Decline, Unreadable> {
    // Only what looks like an issuer's code is read as one: the column also carries acquirers' own codes.
    let issuer = row.processor_code.as_deref().filter(|code| code.len() == 2);
    let codes = Codes {
        switch: codes::switch_of(row.acquirer_bank.as_deref(), row.payment_brand.as_deref(), None),
        issuer,
        vendor: row.response_code.as_deref(),
        merchant_advice: None,
    };
    let context = Context {
        operation: Operation::Charge,
        brand: None,
        fully_authenticated: true,
        initiator: Initiator::Customer,
    };
    let (reason, advice) = codes::read(&codes, &context)?;
    Ok(Decline {
        reason,
        advice,
        raw_code: issuer.or(row.response_code.as_deref()).map(codes::shortened),
        raw_message: row.response_text.as_deref().map(codes::shortened),
        network_advice: None,
        processor_reference: row.ticket_number.clone().filter(|ticket| !ticket.is_empty()),
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

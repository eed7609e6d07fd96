//! Asking what became of a capture, void or refund, in the transactions list.

use super::{
    codes::Operation,
    list::{self, Row, Status},
    reply::unreadable,
};
use acquiring::{Account, CannotBuild, SettlementInquiry, SettlementInquiryAnswer, SettlementKind};
use primitives::{HttpRequest, Moment, Reply, Unreadable};

pub fn request(
    account: &Account,
    order: &SettlementInquiry,
    moment: Moment,
) -> Result<HttpRequest, CannotBuild> {
    list::request(account, &order.reference, order.sent_at, moment)
}

/// Reads the list. What was done counts only for the amount that was asked, and only once.
pub fn answer(order: &SettlementInquiry, reply: &Reply) -> Result<SettlementInquiryAnswer, Unreadable> {
    let mut answers = Vec::new();
    for row in &list::rows(reply, &order.reference)? {
        if is_settlement(order.kind, row.transaction_type.as_deref()) {
            answers.push(read(order, row)?);
        }
    }
    let done = answers
        .iter()
        .filter(|answer| matches!(answer, SettlementInquiryAnswer::Done { .. }))
        .count();
    if done > 1 {
        return Err(unreadable("lists two settlements under one reference"));
    }
    Ok(answers
        .into_iter()
        .min_by_key(weight)
        .unwrap_or(SettlementInquiryAnswer::NotFound))
}

/// Which of several rows decides: what was done before anything pending, that before a refusal.
fn weight(answer: &SettlementInquiryAnswer) -> u8 {
    match answer {
        SettlementInquiryAnswer::Done { .. } => 0,
        SettlementInquiryAnswer::Pending => 1,
        SettlementInquiryAnswer::Refused(_) => 2,
        SettlementInquiryAnswer::NotFound => 3,
    }
}

/// A void outside its window is listed as the refund it became.
fn is_settlement(kind: SettlementKind, transaction_type: Option<&str>) -> bool {
    match kind {
        SettlementKind::Capture => transaction_type == Some("CAPTURE"),
        SettlementKind::Void => matches!(transaction_type, Some("VOID" | "REFUND")),
        SettlementKind::Refund => transaction_type == Some("REFUND"),
    }
}

fn read(order: &SettlementInquiry, row: &Row<'_>) -> Result<SettlementInquiryAnswer, Unreadable> {
    Ok(match row.status()? {
        Status::Approved => {
            row.check_amount(order.amount)?;
            SettlementInquiryAnswer::Done {
                processor_reference: Some(row.ticket()?.to_owned()),
            }
        }
        Status::Declined => SettlementInquiryAnswer::Refused(row.decline(Operation::Settlement)?),
        Status::Begun => SettlementInquiryAnswer::Pending,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kushki::samples, testdata};
    use acquiring::Reason;

    fn of(kind: SettlementKind, rows: &str) -> Result<SettlementInquiryAnswer, Unreadable> {
        let order = SettlementInquiry {
            kind,
            ..samples::settlement_inquiry()
        };
        let body = format!(r#"{{"total":1,"data":[{rows}]}}"#).replace("@OURS@", &order.reference);
        answer(&order, &testdata::reply_of(200, body))
    }

    const REFUNDED: &str = r#"{"external_reference_id":"@OURS@","transaction_type":"REFUND","transaction_status":"APPROVED","ticket_number":"7","currency_code":"MXN","approved_transaction_amount":250.1}"#;

    fn done() -> Result<SettlementInquiryAnswer, Unreadable> {
        Ok(SettlementInquiryAnswer::Done {
            processor_reference: Some("7".into()),
        })
    }

    #[test]
    fn the_request_is_these_bytes() {
        let request = request(
            &samples::account(),
            &samples::settlement_inquiry(),
            samples::moment(),
        )
        .unwrap();
        testdata::assert_request("kushki/settlement-inquiry.request", &request);
    }

    #[test]
    fn each_kind_has_its_own_rows_and_a_late_void_is_a_refund() {
        for (listed, kinds) in [
            ("CAPTURE", &[SettlementKind::Capture][..]),
            ("VOID", &[SettlementKind::Void]),
            ("REFUND", &[SettlementKind::Refund, SettlementKind::Void]),
            ("SALE", &[]),
        ] {
            let row = REFUNDED.replace("\"REFUND\"", &format!("\"{listed}\""));
            for kind in SettlementKind::ALL {
                let expected = if kinds.contains(&kind) {
                    done()
                } else {
                    Ok(SettlementInquiryAnswer::NotFound)
                };
                assert_eq!(of(kind, &row), expected, "{listed} {kind:?}");
            }
        }
    }

    #[test]
    fn what_was_only_taken_in_is_pending() {
        let begun = REFUNDED.replace("APPROVED", "INITIALIZED").replace("250.1", "0");
        assert_eq!(
            of(SettlementKind::Refund, &begun),
            Ok(SettlementInquiryAnswer::Pending)
        );
        assert_eq!(of(SettlementKind::Refund, &format!("{begun},{REFUNDED}")), done());
    }

    #[test]
    fn a_refusal_has_its_reason() {
        let declined = REFUNDED.replace("\"APPROVED\"", "\"DECLINED\",\"response_code\":\"019\"");
        let Ok(SettlementInquiryAnswer::Refused(decline)) = of(SettlementKind::Refund, &declined) else {
            panic!("not refused");
        };
        assert_eq!(decline.reason, Reason::InvalidState);
    }

    #[test]
    fn what_is_not_clearly_our_settlement_is_unreadable() {
        assert!(of(SettlementKind::Refund, &format!("{REFUNDED},{REFUNDED}")).is_err());
        for (from, to) in [
            ("@OURS@", "another"),
            ("MXN", "USD"),
            ("250.1", "250.11"),
            ("\"7\"", "\"\""),
            ("APPROVED", "CONFUSED"),
        ] {
            assert!(
                of(SettlementKind::Refund, &REFUNDED.replacen(from, to, 1)).is_err(),
                "{from} {to}"
            );
        }
    }
}

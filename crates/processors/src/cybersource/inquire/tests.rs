use super::*;
use crate::{cybersource::samples, testdata};

#[test]
fn the_request_is_these_bytes() {
    let request = request(&samples::account(), samples::REFERENCE, samples::moment()).unwrap();
    testdata::assert_request("cybersource/inquiry.request", &request);
}

fn file(name: &str) -> String {
    String::from_utf8(testdata::reply(201, &format!("cybersource/{name}.json")).body).unwrap()
}

fn read(body: &str) -> Result<InquiryAnswer, Unreadable> {
    answer(&samples::inquiry(), &testdata::reply_of(201, body))
}

#[test]
fn an_approved_charge_is_found() {
    let Ok(InquiryAnswer::Approved(approval)) = read(&file("inquiry.approved")) else {
        panic!("not approved");
    };
    assert_eq!(approval.processor_reference, "7012345678901234567890");
    assert_eq!(approval.amount, samples::inquiry().amount);
    assert_eq!(approval.approval_code.as_deref(), Some("831000"));
}

#[test]
fn a_declined_charge_is_found_with_its_reason() {
    let Ok(InquiryAnswer::Declined(decline)) = read(&file("inquiry.declined")) else {
        panic!("not declined");
    };
    assert_eq!(decline.reason, Reason::InsufficientFunds);
}

#[test]
fn an_empty_list_finds_nothing() {
    assert_eq!(read(&file("inquiry.nothing")), Ok(InquiryAnswer::NotFound));
}

#[test]
fn every_status_of_a_charge_has_its_meaning() {
    let with = |status: &str| read(&file("inquiry.approved").replace("AUTHORIZED", status));
    for status in ["PENDING", "PENDING_REVIEW", "AUTHORIZED_PENDING_REVIEW"] {
        assert_eq!(with(status), Ok(InquiryAnswer::Pending), "{status}");
    }
    for (status, reason) in [
        ("AUTHORIZED_RISK_DECLINED", Reason::ProcessorRiskBlock),
        ("REVERSED", Reason::Cancelled),
        ("VOIDED", Reason::Cancelled),
    ] {
        let answer = with(status);
        assert!(
            matches!(&answer, Ok(InquiryAnswer::Declined(decline)) if decline.reason == reason
                && decline.leaves_hold == (status == "AUTHORIZED_RISK_DECLINED")),
            "{status}: {answer:?}"
        );
    }
    assert!(matches!(with("TRANSMITTED"), Ok(InquiryAnswer::Approved(_))));
    for status in ["PARTIAL_AUTHORIZED", "SERVER_ERROR", "SOMETHING", ""] {
        assert!(with(status).is_err(), "{status}");
    }
    let mut held = samples::inquiry();
    held.kind = ChargeKind::Authorization;
    let transmitted = file("inquiry.approved").replace("AUTHORIZED", "TRANSMITTED");
    assert!(answer(&held, &testdata::reply_of(201, transmitted)).is_err());
}

#[test]
fn a_refused_repeat_and_what_followed_the_charge_decide_nothing() {
    let fine = file("inquiry.approved");
    let duplicate = fine.replace("AUTHORIZED", "INVALID_REQUEST").replace(
        "\"processorInformation\"",
        "\"errorInformation\":{\"reason\":\"DUPLICATE_REQUEST\"},\"processorInformation\"",
    );
    assert_eq!(read(&duplicate), Ok(InquiryAnswer::NotFound));
    let void = fine
        .replace("ics_auth", "ics_void")
        .replace("ics_bill", "ics_void");
    assert_eq!(read(&void), Ok(InquiryAnswer::NotFound));
}

#[test]
fn what_is_not_clearly_our_charge_is_unreadable() {
    let fine = file("inquiry.approved");
    for (from, to) in [
        (samples::REFERENCE, "another"),
        ("MXN", "USD"),
        ("1250.50", "1250.51"),
        ("\"7012345678901234567890\"", "\"\""),
        ("\"totalCount\": 1", "\"totalCount\": 2"),
        ("\"totalCount\"", "\"other\""),
        ("\"status\"", "\"other\""),
        ("\"currency\"", "\"other\""),
        ("\"totalAmount\"", "\"other\""),
    ] {
        let body = fine.replace(from, to);
        assert_ne!(body, fine, "{from}");
        assert!(read(&body).is_err(), "{from}");
    }
    for (status, body) in [
        (200, fine.as_str()),
        (500, "{}"),
        (401, "{}"),
        (201, "{}"),
        (201, "[]"),
    ] {
        let reply = testdata::reply_of(status, body);
        assert!(answer(&samples::inquiry(), &reply).is_err(), "{status}");
    }
}

#[test]
fn two_approvals_under_one_reference_are_unreadable_and_a_decline_beside_one_is_not() {
    let mut page: serde_json::Value = serde_json::from_str(&file("inquiry.approved")).unwrap();
    let first = page["_embedded"]["transactionSummaries"][0].clone();
    page["totalCount"] = 2.into();
    page["_embedded"]["transactionSummaries"]
        .as_array_mut()
        .unwrap()
        .push(first);
    assert!(read(&page.to_string()).is_err());
    page["_embedded"]["transactionSummaries"][0]["status"] = "DECLINED".into();
    assert!(matches!(read(&page.to_string()), Ok(InquiryAnswer::Approved(_))));
}

#[test]
fn a_charge_that_was_taken_back_is_no_approval() {
    let mut page: serde_json::Value = serde_json::from_str(&file("inquiry.approved")).unwrap();
    let mut reversal = page["_embedded"]["transactionSummaries"][0].clone();
    reversal["applicationInformation"] = serde_json::json!({ "applications": [{ "name": "ics_void" }] });
    page["totalCount"] = 2.into();
    for (status, stands) in [("VOIDED", false), ("REVERSED", false), ("DECLINED", true)] {
        reversal["status"] = status.into();
        let mut page = page.clone();
        page["_embedded"]["transactionSummaries"]
            .as_array_mut()
            .unwrap()
            .push(reversal.clone());
        match read(&page.to_string()) {
            Ok(InquiryAnswer::Approved(_)) => assert!(stands, "{status}"),
            Ok(InquiryAnswer::Declined(decline)) => {
                assert_eq!((stands, decline.reason), (false, Reason::Cancelled), "{status}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_settlement_is_pending_until_the_batch_went_out() {
    let done = |id: &str| SettlementInquiryAnswer::Done {
        processor_reference: Some(id.to_owned()),
    };
    let kinds = [
        (SettlementKind::Capture, "ics_bill", "TRANSMITTED"),
        (SettlementKind::Refund, "ics_credit", "TRANSMITTED"),
        (SettlementKind::Void, "ics_auth_reversal", "REVERSED"),
        (SettlementKind::Void, "ics_void", "VOIDED"),
    ];
    for (kind, service, final_status) in kinds {
        let order = samples::settlement_inquiry(kind);
        let read = |status: &str| {
            let body = file("inquiry.approved")
                .replace(samples::REFERENCE, &order.reference)
                .replace("1250.50", "1000.00")
                .replace("ics_auth", service)
                .replace("ics_bill", service)
                .replace("AUTHORIZED", status);
            settlement_answer(&order, &testdata::reply_of(201, body))
        };
        assert_eq!(read(final_status), Ok(done("7012345678901234567890")), "{kind:?}");
        assert!(read("AUTHORIZED").is_err() && read("").is_err(), "{kind:?}");
        assert!(matches!(
            read("DECLINED"),
            Ok(SettlementInquiryAnswer::Refused(_))
        ));
        if kind == SettlementKind::Void {
            assert!(read("PENDING").is_err() && read("TRANSMITTED").is_err());
        } else {
            assert_eq!(read("PENDING"), Ok(SettlementInquiryAnswer::Pending));
            let voided = read("VOIDED");
            assert!(
                matches!(&voided, Ok(SettlementInquiryAnswer::Refused(decline))
                    if decline.reason == Reason::Cancelled),
                "{voided:?}"
            );
        }
    }
    let nothing = testdata::reply(201, "cybersource/inquiry.nothing.json");
    assert_eq!(
        settlement_answer(&samples::settlement_inquiry(SettlementKind::Capture), &nothing),
        Ok(SettlementInquiryAnswer::NotFound)
    );
}

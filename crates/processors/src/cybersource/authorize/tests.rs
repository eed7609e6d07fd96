use super::*;
use crate::{
    cybersource::samples::{self, MASTERCARD, VISA},
    testdata,
};
use acquiring::Decline;
use primitives::{Amount, Currency};
use proptest::prelude::*;

fn asked() -> Asked {
    Asked::of(&samples::order(ChargeKind::Sale, VISA))
}

fn file(name: &str) -> String {
    String::from_utf8(testdata::reply(201, &format!("cybersource/{name}.json")).body).unwrap()
}

fn read(body: &str) -> Result<AuthorizationAnswer, Unreadable> {
    answer(&asked(), &testdata::reply_of(201, body))
}

#[test]
fn requests_are_these_bytes() {
    for (name, order) in samples::charges() {
        let request = request(&samples::account(), &order, samples::moment()).unwrap();
        testdata::assert_request(&format!("cybersource/{name}.request"), &request);
    }
    let account = samples::account_with(&[("authentication", "http_signature")]);
    let order = samples::order(ChargeKind::Sale, VISA);
    let request = request(&account, &order, samples::moment()).unwrap();
    testdata::assert_request("cybersource/sale.http-signature.request", &request);
}

#[test]
fn an_approved_sale_is_read_whole() {
    assert_eq!(
        read(&file("sale.approved")),
        Ok(AuthorizationAnswer::Approved(Approval {
            processor_reference: "7012345678901234567890".into(),
            approval_code: Some("831000".into()),
            response_code: Some("00".into()),
            amount: samples::mxn(125_050),
            network_transaction_id: Some("016150703802094".into()),
            issuer_bank: None,
            issuer_country: None,
        }))
    );
}

#[test]
fn an_approval_of_something_else_is_unreadable() {
    let sale = samples::order(ChargeKind::Sale, VISA);
    let mut other_amount = sale.clone();
    other_amount.amount = samples::mxn(125_051);
    let mut other_currency = sale.clone();
    other_currency.amount = Amount::new(125_050, Currency::USD).unwrap();
    let mut other_reference = sale;
    other_reference.reference = "0190c0de-0000-7000-8000-000000000009".into();
    for order in [other_amount, other_currency, other_reference] {
        let reply = testdata::reply(201, "cybersource/sale.approved.json");
        assert!(answer(&Asked::of(&order), &reply).is_err());
    }
}

#[test]
fn an_approval_counts_only_with_status_201() {
    for status in [200, 202, 400, 402, 500, 502, 503] {
        let reply = testdata::reply(status, "cybersource/sale.approved.json");
        assert!(answer(&asked(), &reply).is_err(), "{status}");
    }
}

#[test]
fn a_decline_comes_with_201_too() {
    assert_eq!(
        read(&file("sale.declined")),
        Ok(AuthorizationAnswer::Declined(Decline {
            reason: Reason::InsufficientFunds,
            advice: Advice::Later,
            raw_code: Some("INSUFFICIENT_FUND 51".into()),
            raw_message: Some("Decline - Insufficient funds in the account.".into()),
            network_advice: None,
            processor_reference: Some("7012345678901234567891".into()),
            leaves_hold: false,
        }))
    );
}

fn declined(body: &str) -> (Reason, Advice) {
    match read(body) {
        Ok(AuthorizationAnswer::Declined(decline)) => (decline.reason, decline.advice),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_status_has_its_meaning() {
    let with = |status: &str| file("sale.declined").replace("\"DECLINED\"", &format!("\"{status}\""));
    let without_reason = |status: &str| with(status).replace("INSUFFICIENT_FUND", "NEW_CODE");
    assert_eq!(
        declined(&without_reason("DECLINED")),
        (Reason::Unknown, Advice::Never)
    );
    assert_eq!(
        declined(&without_reason("AUTHORIZED_RISK_DECLINED")),
        (Reason::ProcessorRiskBlock, Advice::Never)
    );
    assert_eq!(
        declined(&with("AUTHORIZED_RISK_DECLINED").replace("INSUFFICIENT_FUND", "AVS_FAILED")),
        (Reason::AvsFailed, Advice::FixInput)
    );
    let leaves_hold = |status: &str| match read(&with(status)) {
        Ok(AuthorizationAnswer::Declined(decline)) => decline.leaves_hold,
        other => panic!("{other:?}"),
    };
    assert!(leaves_hold("AUTHORIZED_RISK_DECLINED"));
    assert!(!leaves_hold("DECLINED") && !leaves_hold("PENDING_AUTHENTICATION"));
    assert_eq!(
        declined(&without_reason("PENDING_AUTHENTICATION")),
        (Reason::AuthenticationRequired, Advice::Reauthenticate)
    );
    for status in ["AUTHORIZED_PENDING_REVIEW", "PENDING_REVIEW", "PENDING"] {
        assert_eq!(
            read(&with(status)),
            Ok(AuthorizationAnswer::Pending {
                processor_reference: Some("7012345678901234567891".into())
            }),
            "{status}"
        );
    }
    for status in [
        "PARTIAL_AUTHORIZED",
        "TRANSMITTED",
        "REVERSED",
        "VOIDED",
        "SERVER_ERROR",
        "INVALID_REQUEST",
        "authorized",
        "",
    ] {
        assert!(read(&with(status)).is_err(), "{status}");
    }
}

#[test]
fn an_approval_that_lacks_what_makes_it_one_is_unreadable() {
    let fine = file("sale.approved");
    for (from, to) in [
        ("\"authorizedAmount\"", "\"other\""),
        ("\"1250.50\"", "\"1250.5000001\""),
        ("\"1250.50\"", "\"600.00\""),
        ("\"orderInformation\"", "\"other\""),
        ("\"currency\"", "\"other\""),
        ("\"clientReferenceInformation\"", "\"other\""),
        ("\"code\"", "\"other\""),
        ("\"7012345678901234567890\"", "\"\""),
        ("\"status\"", "\"other\""),
    ] {
        let body = fine.replace(from, to);
        assert_ne!(body, fine, "{from}");
        assert!(read(&body).is_err(), "{from}");
    }
}

#[test]
fn the_request_was_refused_or_the_outcome_is_open() {
    let reply = testdata::reply(400, "cybersource/sale.invalid.json");
    let Ok(AuthorizationAnswer::Declined(decline)) = answer(&asked(), &reply) else {
        panic!("not declined");
    };
    assert_eq!(
        (decline.reason, decline.raw_code.as_deref()),
        (Reason::InvalidRequest, Some("MISSING_FIELD"))
    );
    for (status, name) in [(400, "sale.duplicate"), (502, "sale.failed")] {
        let reply = testdata::reply(status, &format!("cybersource/{name}.json"));
        assert!(answer(&asked(), &reply).is_err(), "{name}");
    }
}

#[test]
fn what_a_charge_cannot_carry_is_refused_before_it_leaves() {
    let changes: [fn(&mut Authorization); 4] = [
        |order| order.reference = String::new(),
        |order| order.reference = "pay-0001".into(),
        |order| order.order_id = "o".repeat(256),
        |order| order.exemption = Some(acquiring::Exemption::OneLegOut),
    ];
    for change in changes {
        let mut order = samples::order(ChargeKind::Sale, MASTERCARD);
        change(&mut order);
        assert!(matches!(
            request(&samples::account(), &order, samples::moment()),
            Err(CannotBuild::NotExpressible(_))
        ));
    }
}

proptest! {
    #[test]
    fn arbitrary_replies_never_panic_and_never_approve(status in 100u16..600, body in "\\PC*") {
        let answer = answer(&asked(), &testdata::reply_of(status, body));
        prop_assert!(!matches!(answer, Ok(AuthorizationAnswer::Approved(_))));
    }
}

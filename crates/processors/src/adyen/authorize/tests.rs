use super::*;
use crate::{
    adyen::samples::{self, MASTERCARD, VISA},
    testdata,
};
use acquiring::{Advice, Decline, Reason, StoredCredential};
use primitives::Currency;
use proptest::prelude::*;

fn read(order: &Authorization, name: &str) -> Result<AuthorizationAnswer, Unreadable> {
    answer(&Asked::of(order), &testdata::reply(200, name))
}

#[test]
fn requests_are_these_bytes() {
    for (name, order) in samples::charges() {
        let request = request(&samples::account(), &order).unwrap();
        testdata::assert_request(&format!("adyen/{name}.request"), &request);
    }
}

#[test]
fn an_approved_payment_is_read_whole() {
    let order = samples::order(ChargeKind::Sale, MASTERCARD);
    assert_eq!(
        read(&order, "adyen/payment.authorised.json"),
        Ok(AuthorizationAnswer::Approved(Approval {
            processor_reference: "NC6HT9CRT65ZGN82".into(),
            approval_code: Some("041382".into()),
            response_code: Some("00".into()),
            amount: order.amount,
            network_transaction_id: Some("MCC4711BN1122".into()),
            issuer_bank: Some("BANCO DE PRUEBA".into()),
            issuer_country: Country::parse("MX").ok(),
        }))
    );
}

#[test]
fn an_approval_of_something_else_is_unreadable() {
    let order = samples::order(ChargeKind::Sale, MASTERCARD);
    let mut other_amount = order.clone();
    other_amount.amount = Amount::new(125_051, Currency::MXN).unwrap();
    let mut other_currency = order.clone();
    other_currency.amount = Amount::new(125_050, Currency::USD).unwrap();
    let mut other_reference = order.clone();
    other_reference.reference = "0190c0de000070008000000000000009".into();
    for order in [other_amount, other_currency, other_reference] {
        assert!(read(&order, "adyen/payment.authorised.json").is_err());
    }
}

#[test]
fn a_refusal_is_read_from_the_issuers_code_behind_it() {
    let order = samples::order(ChargeKind::Sale, VISA);
    assert_eq!(
        read(&order, "adyen/payment.refused.json"),
        Ok(AuthorizationAnswer::Declined(Decline {
            reason: Reason::InsufficientFunds,
            advice: Advice::Later,
            raw_code: Some("51".into()),
            raw_message: Some("51 : Insufficient funds".into()),
            network_advice: None,
            processor_reference: Some("NC6HT9CRT65ZGN83".into()),
            leaves_hold: false,
        }))
    );
}

fn with_result(result_code: &str) -> Result<AuthorizationAnswer, Unreadable> {
    let order = samples::order(ChargeKind::Sale, VISA);
    let body = format!(r#"{{"pspReference":"NC6HT9CRT65ZGN84","resultCode":"{result_code}"}}"#);
    answer(&Asked::of(&order), &testdata::reply_of(200, body))
}

#[test]
fn what_is_pending_is_pending() {
    for result in ["Received", "Pending"] {
        assert_eq!(
            with_result(result),
            Ok(AuthorizationAnswer::Pending {
                processor_reference: Some("NC6HT9CRT65ZGN84".into())
            })
        );
    }
}

#[test]
fn a_processor_that_wants_to_authenticate_asks_for_it() {
    for result in ["RedirectShopper", "IdentifyShopper", "ChallengeShopper"] {
        let Ok(AuthorizationAnswer::Declined(decline)) = with_result(result) else {
            panic!("{result}");
        };
        assert_eq!(decline.reason, Reason::AuthenticationRequired);
        assert_eq!(decline.raw_code.as_deref(), Some(result));
    }
}

#[test]
fn errors_and_cancellations_charged_nothing() {
    for (result, reason) in [
        ("Error", Reason::ProcessorError),
        ("Cancelled", Reason::Cancelled),
        ("Refused", Reason::Unknown),
    ] {
        let Ok(AuthorizationAnswer::Declined(decline)) = with_result(result) else {
            panic!("{result}");
        };
        assert_eq!(decline.reason, reason, "{result}");
    }
}

#[test]
fn whatever_does_not_settle_the_outcome_is_unreadable() {
    for result in [
        "PartiallyAuthorised",
        "AuthenticationFinished",
        "AuthenticationNotRequired",
        "PresentToShopper",
        "Success",
        "Authorised",
        "",
    ] {
        assert!(with_result(result).is_err(), "{result}");
    }
    let asked = Asked::of(&samples::order(ChargeKind::Sale, MASTERCARD));
    let fine = String::from_utf8(testdata::reply(200, "adyen/payment.authorised.json").body).unwrap();
    for (status, body) in [
        (201, fine.clone()),
        (500, fine.clone()),
        (200, fine.replace("NC6HT9CRT65ZGN82", "")),
        (200, fine.replace("merchantReference", "other")),
        (200, fine.replace("\"amount\"", "\"other\"")),
        (200, fine[..fine.len() - 3].to_owned()),
    ] {
        assert!(
            answer(&asked, &testdata::reply_of(status, body.clone())).is_err(),
            "{status} {body}"
        );
    }
}

#[test]
fn interaction_and_model_tell_who_charges_a_kept_card() {
    let told = |initiator, agreement, is_first| {
        let mut order = samples::order(ChargeKind::Sale, VISA);
        order.initiator = initiator;
        order.stored_credential = Some(StoredCredential {
            agreement,
            is_first,
            network_transaction_id: None,
        });
        (
            shopper_interaction(&order),
            recurring_processing_model(&order).unwrap(),
        )
    };
    use Agreement::{Recurring, Unscheduled};
    use Initiator::{Customer, Merchant};
    assert_eq!(told(Customer, Recurring, true), ("Ecommerce", "Subscription"));
    assert_eq!(told(Merchant, Recurring, false), ("ContAuth", "Subscription"));
    assert_eq!(
        told(Customer, Unscheduled, true),
        ("Ecommerce", "UnscheduledCardOnFile")
    );
    assert_eq!(told(Customer, Unscheduled, false), ("ContAuth", "CardOnFile"));
    assert_eq!(
        told(Merchant, Unscheduled, false),
        ("ContAuth", "UnscheduledCardOnFile")
    );
    let plain = samples::order(ChargeKind::Sale, VISA);
    assert_eq!(recurring_processing_model(&plain), None);
}

proptest! {
    #[test]
    fn arbitrary_replies_never_panic_and_never_approve(status in 100u16..600, body in "\\PC*") {
        let asked = Asked::of(&samples::order(ChargeKind::Sale, VISA));
        let answer = answer(&asked, &testdata::reply_of(status, body));
        prop_assert!(!matches!(answer, Ok(AuthorizationAnswer::Approved(_))));
    }
}

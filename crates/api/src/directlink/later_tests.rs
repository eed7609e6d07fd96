//! What is asked after a payment, and how it is told.

use super::testing::*;
use orchestrator::flows::directlink::{Maintenance, View, Which};
use payments::directlink::NcError;

/// A payment with a capture that is done and a refund that was refused.
fn refunded() -> View {
    let mut view = view("A1", 9, NcError::NONE);
    view.levels = vec![
        telling(9, NcError::NONE, Some(1)),
        telling(83, NcError::REFUSED, Some(2)),
    ];
    view.facts.com_plus = Some("left & right".to_owned());
    view.facts.param_plus = Some("Session=7&STATUS=2&1st=x&a<b=c&xmlns=y&session=8&b=x%26y&odd".to_owned());
    view
}

#[tokio::test]
async fn a_capture_is_answered_in_the_vendors_order_of_attributes() {
    let (face, fake) = face();
    let answer = ask(&face, "maintenancedirect.asp", CAPTURE).await;
    assert_eq!(
        answer.text,
        "<?xml version=\"1.0\"?>\n<ncresponse\norderID=\"A1\"\nPAYID=\"3000000001\"\nPAYIDSUB=\"1\"\nNCSTATUS=\"0\"\n\
         NCERROR=\"0\"\nNCERRORPLUS=\"!\"\nACCEPTANCE=\"test123\"\nSTATUS=\"91\"\namount=\"15.5\"\ncurrency=\"EUR\"/>"
    );
    assert!(matches!(
        fake.asked().as_slice(),
        [Asked::Maintain(
            Which::Number(PAYID),
            Maintenance::Capture {
                hundredths: Some(1550),
                closing: true
            }
        )]
    ));
}

#[tokio::test]
async fn every_operation_is_understood_and_foreign_parameters_are_passed_over() {
    for (operation, amount, expected) in [
        (
            "SAL",
            "100",
            Maintenance::Capture {
                hundredths: Some(100),
                closing: false,
            },
        ),
        (
            "sas",
            "",
            Maintenance::Capture {
                hundredths: None,
                closing: true,
            },
        ),
        ("DEL", "", Maintenance::Void),
        ("DES", "", Maintenance::Void),
        ("RFD", "50", Maintenance::Refund { hundredths: Some(50) }),
        ("RFS", "", Maintenance::Refund { hundredths: None }),
    ] {
        let (face, fake) = face();
        *fake.view.lock().unwrap() = Some(refunded());
        let changes = [
            ("OPERATION", operation),
            ("AMOUNT", amount),
            ("CURRENCY", "EUR"),
            ("CARDNO", "4111111111111111"),
        ];
        let answer = ask(&face, "maintenancedirect.asp", &with(CAPTURE, &changes)).await;
        assert_eq!(answer.get("PAYIDSUB"), "3", "{operation}");
        match fake.asked().as_slice() {
            [Asked::Maintain(_, asked)] => assert_eq!(*asked, expected, "{operation}"),
            other => panic!("{operation}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_payment_s_number_goes_before_the_order_s() {
    let (face, fake) = face();
    let form = with(CAPTURE, &[("ORDERID", "other")]);
    assert_eq!(
        ask(&face, "maintenancedirect.asp", &form).await.get("STATUS"),
        "91"
    );
    for none in ["", " "] {
        let by_order = with(CAPTURE, &[("PAYID", none), ("ORDERID", "A1")]);
        let answer = ask(&face, "maintenancedirect.asp", &by_order).await;
        assert_eq!(answer.get("STATUS"), "91", "{none:?}");
    }
    let asked = fake.asked();
    assert!(
        matches!(&asked[0], Asked::Maintain(Which::Number(PAYID), _)),
        "{asked:?}"
    );
    for by_order in &asked[1..] {
        assert!(
            matches!(by_order, Asked::Maintain(Which::Reference(it), _) if it == "A1"),
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn what_the_payment_does_not_allow_counts_all_the_same() {
    let face = face().0;
    for (operation, amount, code, text) in [
        ("RFD", "2", "50001111", "AMOUNT has decimals"),
        ("RFD", "100", "50001127", "|this order is not authorized|"),
        ("SAS", "1551", "50001126", "captures exceed the order"),
    ] {
        let form = with(CAPTURE, &[("OPERATION", operation), ("AMOUNT", amount)]);
        let answer = ask(&face, "maintenancedirect.asp", &form).await;
        assert_eq!(answer.error(), (code, text));
        for (name, value) in [
            ("PAYID", "3000000001"),
            ("PAYIDSUB", "1"),
            ("STATUS", "0"),
            ("NCSTATUS", "5"),
            ("amount", ""),
            ("currency", ""),
        ] {
            assert_eq!(answer.get(name), value, "{operation} {name}");
        }
    }
}

#[tokio::test]
async fn a_fault_of_ours_leaves_open_what_was_done() {
    let form = with(CAPTURE, &[("OPERATION", "RFD"), ("AMOUNT", "1")]);
    let answer = ask(&face().0, "maintenancedirect.asp", &form).await;
    assert_eq!((answer.get("STATUS"), answer.get("NCERROR")), ("82", "20001001"));
    assert!(answer.get("NCERRORPLUS").ends_with("error-id-1"), "{answer:?}");
}

#[tokio::test]
async fn a_payment_of_somebody_else_is_unknown() {
    let face = face().0;
    for page in ["maintenancedirect.asp", "querydirect.asp"] {
        let form = with(CAPTURE, &[("PAYID", "3000000002")]);
        let answer = ask(&face, page, &form).await;
        let text = "unknown orderid 3000000002 for merchant OpenShop";
        assert_eq!(answer.error(), ("50001130", text), "{page}");
    }
    let answer = ask(
        &face,
        "querydirect.asp",
        &with(QUERY, &[("PAYID", ""), ("ORDERID", "B&2")]),
    )
    .await;
    assert_eq!(
        answer.get("NCERRORPLUS"),
        "unknown orderid B&amp;2 for merchant OpenShop"
    );
    for name in ["PAYID", "PAYIDSUB", "ACCEPTANCE", "STATUS"] {
        assert_eq!(answer.get(name), "", "{name}");
    }
    assert_eq!(answer.get("NCSTATUS"), "5");
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let face = face().0;
    for (page, name, value, code, text) in [
        (
            "maintenancedirect.asp",
            "OPERATION",
            "",
            "50001111",
            "no OPERATION",
        ),
        (
            "maintenancedirect.asp",
            "OPERATION",
            "RES",
            "50001007",
            "OPERATION must be DEL, DES, SAL, SAS, RFD or RFS",
        ),
        (
            "maintenancedirect.asp",
            "OPERATION",
            "REN",
            "50001186",
            "OPERATION REN is not offered by the acquirer",
        ),
        (
            "maintenancedirect.asp",
            "AMOUNT",
            "1.5",
            "50001111",
            "AMOUNT too long or not numeric",
        ),
        (
            "maintenancedirect.asp",
            "PAYID",
            "12x",
            "50001111",
            "PAYID not numeric",
        ),
        (
            "querydirect.asp",
            "PAYID",
            "123456789012345678901",
            "50001111",
            "PAYID too long",
        ),
        (
            "querydirect.asp",
            "PAYIDSUB",
            "x",
            "50001111",
            "PAYIDSUB not numeric",
        ),
        (
            "querydirect.asp",
            "PAYIDSUB",
            "7",
            "50001131",
            "unknown PAYIDSUB 7",
        ),
        (
            "querydirect.asp",
            "PAYID",
            "99999999999999999999",
            "50001130",
            "unknown orderid 99999999999999999999 for merchant OpenShop",
        ),
    ] {
        let form = if page.starts_with('m') { CAPTURE } else { QUERY };
        let answer = ask(&face, page, &with(form, &[(name, value)])).await;
        assert_eq!(answer.error(), (code, text), "{page} {name}={value}");
    }
}

#[tokio::test]
async fn a_query_tells_all_there_is() {
    let (face, fake) = face();
    *fake.view.lock().unwrap() = Some(refunded());
    let answer = ask(&face, "querydirect.asp", QUERY).await;
    assert!(matches!(
        fake.asked().as_slice(),
        [Asked::Find(Which::Number(PAYID))]
    ));
    assert_eq!(
        answer.text,
        "<?xml version=\"1.0\"?>\n<ncresponse\norderID=\"A1\"\nPAYID=\"3000000001\"\nPAYIDSUB=\"2\"\nNCSTATUS=\"0\"\n\
         NCERROR=\"0\"\nNCERRORPLUS=\"!\"\nACCEPTANCE=\"test123\"\nSTATUS=\"9\"\nECI=\"7\"\namount=\"15.5\"\n\
         currency=\"EUR\"\nPM=\"CreditCard\"\nBRAND=\"VISA\"\nCARDNO=\"XXXXXXXXXXXX1111\"\nED=\"1230\"\n\
         IP=\"192.0.2.10\"\nCOMPLUS=\"left &amp; right\"\nSession=\"7\"\nb=\"x&amp;y\"\nodd=\"\"/>"
    );
}

#[tokio::test]
async fn a_query_may_ask_for_one_level() {
    for (level, status, error) in [("0", "5", "0"), ("1", "9", "0"), ("2", "83", "30001001")] {
        let (face, fake) = face();
        *fake.view.lock().unwrap() = Some(refunded());
        let answer = ask(&face, "querydirect.asp", &with(QUERY, &[("PAYIDSUB", level)])).await;
        assert_eq!(
            (
                answer.get("PAYIDSUB"),
                answer.get("STATUS"),
                answer.get("NCERROR")
            ),
            (level, status, error)
        );
    }
}

#[tokio::test]
async fn a_query_that_we_cannot_answer_is_told_as_such() {
    let form = with(QUERY, &[("PAYID", ""), ("ORDERID", "broken")]);
    let answer = ask(&face().0, "querydirect.asp", &form).await;
    assert_eq!((answer.get("STATUS"), answer.get("NCERROR")), ("88", "40001998"));
}

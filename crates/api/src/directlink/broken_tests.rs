//! Answers that break: the face still says what is known of the payment, in XML with HTTP 200.

use super::{router, testing::*};
use crate::in_front;
use axum::{Router, body::Body};
use orchestrator::administration::Environment;
use std::{convert::Infallible, time::Duration};

/// The face, which has no patience, behind what stands in front of all faces.
fn front() -> Router {
    let (mut state, _) = state(Environment::Sandbox);
    state.answer_within = Duration::from_millis(100);
    in_front(router(state).into())
}

const UNCERTAIN: &str = "the result is not known, do not repeat; error id ";
const BEFORE: &str = "temporary problem, error id ";

#[tokio::test]
async fn once_money_may_have_moved_the_result_is_uncertain() {
    let front = front();
    for name in [PANICS, NEVER_ENDS] {
        let named = [("PAYID", ""), ("ORDERID", name)];
        for (page, form, operation, status) in [
            ("orderdirect.asp", ORDER, "RES", "52"),
            ("orderdirect.asp", ORDER, "SAL", "92"),
            ("maintenancedirect.asp", CAPTURE, "SAS", "92"),
            ("maintenancedirect.asp", CAPTURE, "DES", "62"),
            ("maintenancedirect.asp", CAPTURE, "RFD", "82"),
        ] {
            let form = with(&with(form, &named), &[("OPERATION", operation)]);
            let answer = ask(&front, page, &form).await;
            assert_eq!(
                (
                    answer.get("STATUS"),
                    answer.get("NCSTATUS"),
                    answer.get("NCERROR")
                ),
                (status, "2", "20001001"),
                "{name} {operation}"
            );
            assert_eq!(answer.get("orderID"), name);
            assert_eq!((answer.get("amount"), answer.get("ACCEPTANCE")), ("", ""));
            assert_names_an_id(&answer, UNCERTAIN);
        }
    }
}

#[tokio::test]
async fn before_that_and_in_queries_it_is_a_problem_that_passes() {
    let front = front();
    for name in [PANICS, NEVER_ENDS] {
        let account = [("PSPID", name)];
        let payment = [("PAYID", ""), ("ORDERID", name)];
        for (page, form, status) in [
            ("orderdirect.asp", with(ORDER, &account), "0"),
            ("maintenancedirect.asp", with(CAPTURE, &account), "0"),
            ("querydirect.asp", with(QUERY, &account), "88"),
            ("querydirect.asp", with(QUERY, &payment), "88"),
        ] {
            let answer = ask(&front, page, &form).await;
            assert_eq!(
                (answer.get("STATUS"), answer.get("NCERROR")),
                (status, "40001998"),
                "{name} {page}"
            );
            assert_names_an_id(&answer, BEFORE);
        }
        let text = ask(&front, "getDCCRates.asp", &with(RATES, &account)).await.text;
        assert!(
            text.contains("<error><code>40001998</code><desc>temporary problem"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered_too() {
    let body = Body::from_stream(futures_util::stream::pending::<Result<&[u8], Infallible>>());
    let answer = send(&front(), post("/orderdirect.asp", body)).await;
    assert_eq!((answer.get("STATUS"), answer.get("NCERROR")), ("0", "40001998"));
    assert_eq!(answer.get("orderID"), "");
}

/// The id of the request, which the log has too.
fn assert_names_an_id(answer: &Answer, before: &str) {
    let (_, text) = answer.error();
    let id = text.strip_prefix(before).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(id.len(), 36, "{text}");
}

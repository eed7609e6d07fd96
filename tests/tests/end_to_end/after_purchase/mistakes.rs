//! Calls that cannot be meant, or that the order does not allow: a clear answer, and no money moves.

use serde_json::{Value, json};
use tests::cards::Card;
use tests::merchant::{ORDERS, Placed};
use tests::system::System;
use uuid::Uuid;

use super::{call, held, moved, taken};

const OPERATIONS: [&str; 5] = ["capture", "v2/capture", "void", "refund", "v2/refund"];

#[tokio::test]
async fn bad_input_is_named_and_moves_nothing() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let order = taken(merchant, 10_000).await;
    for operation in ["capture", "v2/capture", "refund", "v2/refund"] {
        for (amount, status) in [
            (json!(0), 400),
            (json!(-100), 400),
            (json!(99.5), 400),
            (json!("100"), 400),
            (json!(true), 400),
            (json!([100]), 400),
            (json!({ "amount": 100 }), 400),
            (json!(1_000_000_000_000_i64), 400),
            (json!(10_001), 409),
        ] {
            let answer = call(merchant, &order, operation, json!({ "amount": amount })).await;
            assert_eq!(answer.status, status, "{operation} {amount}: {}", answer.text);
            assert!(
                status == 409 || answer.text.contains("amount: "),
                "{}",
                answer.text
            );
        }
        let answer = call(
            merchant,
            &order,
            operation,
            json!({ "amount": 100, "currency": "USD" }),
        )
        .await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(
            answer
                .text
                .contains("currency: must be the order's currency, MXN"),
            "{}",
            answer.text
        );
        let answer = call(merchant, &order, operation, json!({ "amuont": 100 })).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(answer.text.contains("amuont: "), "{}", answer.text);
    }
    for operation in ["capture", "refund", "void"] {
        assert_eq!(moved(&system, &order, operation).await, 0, "{operation}");
    }
    system.finish().await;
}

#[tokio::test]
async fn an_order_that_is_not_there_or_not_the_callers_is_not_found() {
    let system = System::start().await;
    let foreign = held(&system.proceeding, 10_000).await;
    let unknown = Placed {
        token: Uuid::new_v4().to_string(),
        reference: String::new(),
    };
    for operation in OPERATIONS {
        for order in [&foreign, &unknown] {
            let answer = call(&system.merchant, order, operation, json!({})).await;
            let found = (answer.status, answer.error_code());
            assert_eq!(found, (404, "EMA-3001".into()), "{operation}: {}", answer.text);
        }
        let headers = [("x-api-key", system.merchant.keys.public_key.as_str())];
        let path = format!("{ORDERS}/{}/{operation}", foreign.token);
        let body = json!({});
        let answer = system
            .merchant
            .try_call(reqwest::Method::POST, &path, &headers, Some(&body))
            .await
            .unwrap();
        assert_eq!(
            (answer.status, answer.error_code().as_str()),
            (403, "EMA-5000"),
            "{operation}"
        );
    }
    assert_eq!(
        system.proceeding.read(&foreign.token).await.payment_status(),
        "authorized"
    );
    system.finish().await;
}

#[tokio::test]
async fn each_state_refuses_what_it_does_not_allow() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let refused = async |order: &Placed, operation: &str| {
        let answer = call(merchant, order, operation, Value::Object(Default::default())).await;
        assert_eq!(answer.status, 409, "{operation}: {}", answer.text);
        answer.error_code()
    };
    let unpaid = merchant.place(10_000).await;
    for operation in OPERATIONS {
        let code = refused(&unpaid, operation).await;
        assert!(
            ["EMA-6003", "EMA-6001", "EMA-6000", "EMA-1005"].contains(&code.as_str()),
            "{operation}: {code}"
        );
    }
    let waiting = merchant.buy(10_000, &Card::visa(5)).await;
    let waiting = Placed {
        token: waiting.token().to_owned(),
        reference: waiting.reference().to_owned(),
    };
    for operation in OPERATIONS {
        let code = refused(&waiting, operation).await;
        assert!(
            ["EMA-6002", "EMA-1005"].contains(&code.as_str()),
            "{operation}: {code}"
        );
    }
    let held = held(merchant, 10_000).await;
    assert_eq!(refused(&held, "refund").await, "EMA-6000");
    let taken = taken(merchant, 10_000).await;
    assert_eq!(refused(&taken, "capture").await, "EMA-6003");
    for order in [&unpaid, &waiting] {
        system.outside.no_charge(&order.reference).await;
    }
    for order in [&held, &taken] {
        for operation in ["capture", "refund", "void"] {
            assert_eq!(moved(&system, order, operation).await, 0, "{operation}");
        }
    }
    system.finish().await;
}

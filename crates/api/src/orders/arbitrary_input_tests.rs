//! Arbitrary input to every operation: never a 500, never a panic.

use super::{bad_input_tests::with, testing::*};
use axum::Router;
use proptest::prelude::*;
use serde_json::Value;
use std::sync::{Arc, LazyLock};

/// Every member of `body`, as dotted paths without array elements.
fn paths(body: &Value, prefix: &str, found: &mut Vec<String>) {
    for (name, value) in body.as_object().into_iter().flatten() {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        paths(value, &path, found);
        found.push(path);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        "[a-z_]{0,12}",
        prop::sample::select(vec![
            "order",
            "token",
            "order_token",
            "credit_card",
            "credit_info",
            "card_number",
            "currency",
            "total_amount",
            "items",
            "browser_details",
            "payer_info",
            "email",
            "metadata",
            "three_ds",
            "billing_address",
            "country",
            "order_type",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        ".{0,10}".prop_map(Value::from),
        prop::sample::select(vec![
            "MXN",
            "4000000000001000",
            "credit_card",
            "https://x.example",
            "MX"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names.clone(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn never_a_fault(path: &str, body: Vec<u8>) -> Result<(), TestCaseError> {
    // Made once, since a thousand bodies go through it.
    static FACE: LazyLock<(Router, Arc<FakeOrders>)> = LazyLock::new(face);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let (status, _, answer) = runtime.block_on(send(&FACE.0, request("POST", path, body)));
    drop(FACE.1.asked());
    prop_assert!(!status.is_server_error(), "{path}: {status} {answer}");
    prop_assert!(
        status.is_success() || answer["error"]["description"].is_string(),
        "{answer}"
    );
    Ok(())
}

proptest! {
    #[test]
    fn arbitrary_json_is_never_a_fault(body in any_json(), which in 0..9usize) {
        let (path, _, _) = &posts()[which];
        never_a_fault(path, body.to_string().into_bytes())?;
    }

    #[test]
    fn any_member_may_be_anything(value in any_json(), which in 0..10usize, member in any::<prop::sample::Index>()) {
        let (path, body) = match which {
            9 => ("/merchants/transactions/v2/purchase".to_owned(), one_step_body()),
            which => (posts()[which].0.clone(), posts()[which].1.clone()),
        };
        let mut found = Vec::new();
        paths(&body, "", &mut found);
        let changed = with(body, member.get::<String>(&found), Some(value));
        never_a_fault(&path, changed.into_bytes())?;
    }

    #[test]
    fn arbitrary_bytes_are_never_a_fault(body in prop::collection::vec(any::<u8>(), 0..200), which in 0..9usize) {
        never_a_fault(&posts()[which].0, body)?;
    }
}

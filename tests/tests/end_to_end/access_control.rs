//! The access control server by itself: what it keeps, logs, measures and traces, and what it does not.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use serde_json::json;
use tests::access_control::AccessControl;
use tests::access_control::bank::Bank;
use tests::access_control::browser::Browser;
use tests::process::eventually;
use tests::secrets::{Secrets, assert_none};

/// Takes what is exported of traces.
async fn collector() -> (String, Arc<Mutex<String>>) {
    let traces = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&traces);
    let take = post(async move |body: String| {
        let mut kept = kept.lock().unwrap();
        kept.push_str(&body);
        kept.push('\n');
        "{}"
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/traces", take)).await });
    (url, traces)
}

/// Neither codes nor phones nor card numbers are in its log (everything it would ever say), its metrics, its traces and its
/// database, whatever happened to a challenge.
#[tokio::test]
async fn nothing_that_is_written_has_codes_phones_or_card_numbers_in_it() {
    let (collector, traces) = collector().await;
    let settings = format!(
        "[telemetry]\nlog = \"info,acs=trace,sqlx=debug,axum=trace,reqwest=trace\"\notlp_endpoint = \"{collector}\""
    );
    let acs = AccessControl::start(&settings).await;
    let policy = json!({ "otp": { "resend_waits_seconds": [0], "reference_code": true }, "limits": { "sends_per_phone": [{ "count": 3, "seconds": 600 }] } });
    let bank = Bank::open(&acs, 1, &policy).await;
    let holders = bank.register(&acs, 3).await;

    let mut right = Browser::challenged(&acs, &holders[0]).await.unwrap();
    let code = right.code().await.unwrap();
    right.types(&code).await.unwrap();
    assert_eq!(right.trans_status().as_deref(), Some("Y"));
    let (result, _) = acs.surroundings.result_of(&right.acs_trans_id).await.unwrap();
    assert_eq!(result["transStatus"], "Y");

    let mut wrong = Browser::challenged(&acs, &holders[1]).await.unwrap();
    let code = wrong.code().await.unwrap();
    let other = if code == "123450" { "123451" } else { "123450" };
    for _ in 0..3 {
        wrong.types(other).await.unwrap();
    }
    assert_eq!(wrong.trans_status().as_deref(), Some("N"));

    // Of four codes the last is over the phone's limit: the screen is the same, and nothing comes.
    let mut flooding = Browser::challenged(&acs, &holders[2]).await.unwrap();
    flooding.code().await.unwrap();
    for _ in 0..2 {
        flooding.asks_again().await.unwrap();
        flooding.code().await.unwrap();
    }
    flooding.asks_again().await.unwrap();
    assert!(flooding.page.has_form() && flooding.trans_status().is_none());
    assert_eq!(acs.surroundings.messages(&holders[2].phone), 3);

    let secrets = Secrets::default();
    for holder in &holders {
        secrets.used_card(&holder.pan);
        secrets.used_phone(&holder.phone);
    }
    for (phone, text) in acs.surroundings.all_messages() {
        secrets.used_message(&phone, &text);
    }
    secrets.used_code(other);
    // Spans are sent some seconds after they end, in that order: once this one is there, all before it are.
    let last = "/acs/openapi.json";
    acs.client.get(format!("{}{last}", acs.url)).send().await.unwrap();
    eventually("the traces of all that", async || {
        let traces = traces.lock().unwrap();
        traces.contains(last) && traces.contains("/acs/3ds/challenge/answer")
    })
    .await;
    let mut found = secrets.found_in("log", &acs.log());
    found.extend(secrets.found_in("metrics", &acs.metrics().await));
    found.extend(secrets.found_in("traces", &traces.lock().unwrap()));
    found.extend(secrets.found_in("database", &acs.database.everything()));
    assert_none(&found);
    assert!(!acs.log().contains("panicked at"));

    // The look would have noticed.
    let database = acs.database.everything();
    assert!(database.lines().any(|line| line.contains(&right.acs_trans_id)));
    let (phone, text) = &acs.surroundings.all_messages()[0];
    assert!(
        !secrets
            .found_in("test", &format!("to {phone}: {text}"))
            .is_empty()
    );
}

//! Webhook endpoints and deliveries over HTTP.

use super::Admin;
use axum::http::header;
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_endpoint_lives_and_its_secrets_are_shown_once(pool: PgPool) {
    let admin = Admin::new(pool).await;
    let merchant = admin.merchant().await;
    let all = format!("/merchants/{merchant}/webhook-endpoints");
    let body = json!({"url": "https://erp.example/h", "event_types": ["order.succeeded"]}).to_string();
    let (status, headers, created) = admin.send("POST", &all, body, Some(&admin.token)).await;
    assert_eq!(status, 201, "{created}");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert!(created["webhook_secret"].as_str().unwrap().starts_with("whsec_"));
    assert!(created["public_key"].as_str().unwrap().starts_with("whpk_"));
    let id = created["id"].as_str().unwrap();
    assert!(id.starts_with("ep_"));
    let one = format!("{all}/{id}");

    let (status, read) = admin.call("GET", &one, &Value::Null).await;
    assert_eq!(status, 200);
    assert!(!read.to_string().contains("whsec_") && !read.to_string().contains("whsk_"));
    assert_eq!((&read["enabled"], &read["version"]), (&json!(true), &json!(1)));
    assert_eq!(
        admin.call("GET", &all, &Value::Null).await.1["data"],
        json!([read])
    );

    let (status, changed) = admin
        .call("PATCH", &one, &json!({"rate_per_second": 5, "version": 1}))
        .await;
    assert_eq!(
        (status, &changed["rate_per_second"]),
        (200, &json!(5)),
        "{changed}"
    );
    let (status, stale) = admin
        .call("PATCH", &one, &json!({"rate_per_second": 6, "version": 1}))
        .await;
    assert_eq!(status, 409, "{stale}");

    let (status, rotated) = admin
        .call("POST", &format!("{one}/secret"), &json!({"overlap_seconds": 60}))
        .await;
    assert_eq!(status, 201, "{rotated}");
    assert_ne!(rotated["webhook_secret"], created["webhook_secret"]);
    let (_, read) = admin.call("GET", &one, &Value::Null).await;
    assert_eq!(read["keys"].as_array().unwrap().len(), 4, "{read}");

    assert_eq!(
        admin
            .call("POST", &format!("{one}/disable"), &Value::Null)
            .await
            .0,
        200
    );
    for (route, body) in [("test", json!({})), ("replay", json!({"failed": true}))] {
        let (status, refused) = admin.call("POST", &format!("{one}/{route}"), &body).await;
        assert_eq!(status, 409, "{route}: {refused}");
    }
    let (_, on) = admin.call("POST", &format!("{one}/enable"), &Value::Null).await;
    assert_eq!(on["disabled_reason"], Value::Null);
    assert_eq!(admin.call("DELETE", &one, &Value::Null).await.0, 204);
    assert_eq!(admin.call("GET", &one, &Value::Null).await.0, 404);
    let (_, audit) = admin.call("GET", "/audit", &Value::Null).await;
    assert!(!audit.to_string().contains("whsec_"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_test_event_is_queued_shown_and_has_no_attempt_while_nobody_delivers(pool: PgPool) {
    let admin = Admin::new(pool).await;
    let merchant = admin.merchant().await;
    let all = format!("/merchants/{merchant}/webhook-endpoints");
    let (_, created) = admin
        .call("POST", &all, &json!({"url": "https://erp.example/h"}))
        .await;
    let one = format!("{all}/{}", created["id"].as_str().unwrap());

    let (status, sent) = admin.call("POST", &format!("{one}/test"), &Value::Null).await;
    assert_eq!((status, &sent["attempt"]), (202, &Value::Null), "{sent}");
    let event = sent["event_id"].as_str().unwrap();
    let (status, shown) = admin
        .call(
            "GET",
            &format!("/merchants/{merchant}/webhook-events/{event}"),
            &Value::Null,
        )
        .await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(shown["event_type"], "webhook.test");
    assert_eq!(shown["order"]["order_id"], "webhook-test");

    let (status, log) = admin
        .call(
            "GET",
            &format!("{one}/attempts?failed_only=true&event={event}"),
            &Value::Null,
        )
        .await;
    assert_eq!((status, log), (200, json!({"data": [], "next": null})));
    let (status, letters) = admin
        .call("GET", &format!("{one}/dead-letters"), &Value::Null)
        .await;
    assert_eq!((status, letters), (200, json!({"data": [], "next": null})));
    let (status, replayed) = admin
        .call("POST", &format!("{one}/replay"), &json!({"event_id": event}))
        .await;
    assert_eq!(
        (status, replayed),
        (202, json!({"queued": 0})),
        "it is due anyway"
    );

    // The merchant has no default URL, so there is nowhere to send a test to.
    let (status, refused) = admin.call("POST", &format!("{all}/own/test"), &json!({})).await;
    assert_eq!(status, 409, "{refused}");
    let (status, own) = admin.call("GET", &format!("{all}/own"), &Value::Null).await;
    assert_eq!(
        (status, &own["id"], &own["url"]),
        (200, &json!("own"), &Value::Null)
    );
}

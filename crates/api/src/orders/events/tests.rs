//! The log over HTTP: what is asked for, what is answered, what is refused.

use crate::orders::testing::*;
use orchestrator::event_log::EventsAsked;
use serde_json::{Value, json};

#[tokio::test]
async fn a_page_shows_events_as_webhooks_do_and_where_to_go_on() {
    let (face, orders) = face();
    let path = "/events?after=abc&limit=7&event_type=order.succeeded&event_type=webhook.test\
                &event_type=order.succeeded&wait=9";
    let (status, headers, body) = send(&face, request("GET", path, "")).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(!headers.contains_key("preference-applied"));
    let event = |number: u8, rest: Value| {
        let mut event = json!({
            "event_id": format!("00000000-0000-0000-0000-00000000000{number}"),
            "created_at": "1970-01-01T00:00:00Z",
        });
        let members = rest.as_object().unwrap().clone();
        event.as_object_mut().unwrap().extend(members);
        event
    };
    assert_eq!(
        body,
        json!({
            "events": [
                event(1, json!({ "event_type": "order.succeeded", "sequence": 4, "order": { "order_id": "A-1" } })),
                event(2, json!({ "event_type": "webhook.test", "sequence": 0, "order": { "order_id": "webhook-test" },
                    "test": true })),
                event(3, json!({ "event_type": "webhook.endpoint_disabled", "sequence": 0,
                    "endpoint": { "url": "https://shop.example" } })),
            ],
            "next": "the-next",
            "has_more": true,
        })
    );
    let asked = EventsAsked {
        after: Some("abc".into()),
        event_types: vec!["order.succeeded".into(), "webhook.test".into()],
        limit: 7,
        wait_seconds: 9,
    };
    assert!(matches!(&orders.asked()[..], [Asked::Events(it)] if *it == asked));
}

#[tokio::test]
async fn nothing_said_means_from_the_oldest_at_once() {
    let (face, orders) = face();
    let (status, _, _) = send(&face, request("GET", "/events?after=&wait=&limit=", "")).await;
    assert_eq!(status, 200);
    let usual = EventsAsked {
        limit: 50,
        ..EventsAsked::default()
    };
    assert!(matches!(&orders.asked()[..], [Asked::Events(it)] if *it == usual));

    let mut preferring = request("GET", "/events", "");
    preferring
        .headers_mut()
        .insert("prefer", "wait=99".parse().unwrap());
    let (status, headers, _) = send(&face, preferring).await;
    assert_eq!(
        (status.as_u16(), &headers["preference-applied"]),
        (200, &"wait=60".parse().unwrap())
    );
    assert!(matches!(&orders.asked()[..], [Asked::Events(it)] if it.wait_seconds == 60));
}

#[tokio::test]
async fn whatever_makes_no_sense_is_named() {
    let (face, orders) = face();
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("wait=61", "wait"),
        ("wait=1.5", "wait"),
        ("wait=1&wait=1", "wait"),
        ("event_type=order.paid", "event_type"),
        ("event_type=order.succeeded&event_type=", "event_type"),
        ("event_type=order.succeeded,order.refund", "event_type"),
        ("after=a&after=b", "after"),
        (&format!("after={}", "0".repeat(4_000)), "after"),
    ] {
        let (status, _, body) = send(&face, request("GET", &format!("/events?{query}"), "")).await;
        assert_eq!(status, 400, "{query}");
        assert_eq!(body["error"]["code"], "EMA-1002", "{query}");
        let description = body["error"]["description"].as_str().unwrap();
        assert!(
            description.starts_with(&format!("{field}: ")),
            "{query}: {description}"
        );
        assert!(orders.asked().is_empty(), "{query}");
    }
}

#[tokio::test]
async fn an_event_is_found_by_both_names_of_it() {
    let (face, _) = face();
    for id in [
        "00000000-0000-0000-0000-000000000001",
        "00000000000000000000000000000001",
        &primitives::Id::<primitives::id::kind::Event>::from_uuid(uuid::Uuid::from_u128(1)).prefixed(),
    ] {
        let (status, _, body) = send(&face, request("GET", &format!("/events/{id}"), "")).await;
        assert_eq!(status, 200, "{id}: {body}");
        assert_eq!(body["event"]["order"], json!({ "order_id": "A-1" }), "{id}");
    }
    for id in [
        "00000000-0000-0000-0000-000000000009",
        "me",
        "%FF",
        "ord_00000000000000000000000000000001",
    ] {
        let (status, _, body) = send(&face, request("GET", &format!("/events/{id}"), "")).await;
        assert_eq!(
            (status.as_u16(), &body["error"]["code"]),
            (404, &"EMA-3001".into()),
            "{id}"
        );
    }
}

#[tokio::test]
async fn only_the_merchant_s_own_backend_reads_the_log() {
    let (face, orders) = face();
    for path in ["/events", "/events/00000000-0000-0000-0000-000000000001"] {
        for (key, expected) in [(PUBLIC_KEY, 403), ("sk_test_nobody", 401)] {
            let mut asking = request("GET", path, "");
            asking.headers_mut().insert("x-api-key", key.parse().unwrap());
            let (status, _, body) = send(&face, asking).await;
            assert_eq!(status, expected, "{path}: {body}");
        }
        let statuses = [(); 3].map(|()| async {
            let mut asking = request("GET", path, "");
            asking
                .headers_mut()
                .insert("x-api-key", SLOW_KEY.parse().unwrap());
            send(&face, asking).await.0.as_u16()
        });
        let statuses = futures_util::future::join_all(statuses).await;
        assert!(statuses.contains(&429), "{path}: {statuses:?}");
    }
    orders.asked();
}

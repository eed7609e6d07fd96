//! What the page's script asks: browser data, progress; and giving up.

use crate::{
    browser::{FORM, JSON, Site},
    gateway::*,
};
use api::pages::PageSettings;
use orchestrator::flows::page_step::StepName;
use payments::Browser;
use primitives::UrlPolicy;
use serde_json::{Value, json};

const BROWSER_DATA: &str = "/transactions/3ds/browser-data";

fn data(token: &str) -> Value {
    json!({
        "token": token, "color_depth": 24, "java_enabled": false, "language": "es-MX",
        "screen_height": 640, "screen_width": 360, "time_zone": 360, "user_agent": "Told/1.0",
    })
}

fn whole_browser() -> Browser {
    Browser {
        accept_header: Some("text/html,*/*;q=0.8".into()),
        user_agent: Some("Seen/2.0".into()),
        ip_address: Some("127.0.0.1".into()),
        language: Some("es-MX".into()),
        color_depth: Some(24),
        screen_height: Some(640),
        screen_width: Some(360),
        time_zone: Some(360),
        java_enabled: Some(false),
        javascript_enabled: Some(true),
    }
}

#[tokio::test]
async fn the_browser_is_described_by_its_script_and_its_headers() {
    let site = Site::open().await;
    let headers = [
        JSON,
        "User-Agent: Seen/2.0",
        "Accept: text/html,*/*;q=0.8",
        "X-Forwarded-For: 192.0.2.1",
    ];
    let reply = site
        .post(BROWSER_DATA, &headers, &data(CHALLENGES).to_string())
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.json(),
        json!({
            "next": "challenge", "window": { "width": 390, "height": 400 },
            "frame": format!("/transactions/3ds/handover?token={CHALLENGES}"),
        })
    );
    assert_eq!(
        site.gateway.told(),
        [Told::BrowserData(CHALLENGES.into(), Box::new(whole_browser()))]
    );
}

#[tokio::test]
async fn numbers_and_booleans_may_come_as_strings() {
    let site = Site::open().await;
    let mut body = data(WORKS);
    for (name, text) in [
        ("color_depth", "24"),
        ("java_enabled", "false"),
        ("screen_height", "640"),
        ("screen_width", "360"),
        ("time_zone", "360"),
    ] {
        body[name] = json!(text);
    }
    body["accept_header"] = json!("text/html,*/*;q=0.8");
    let reply = site
        .post(
            BROWSER_DATA,
            &[JSON, "User-Agent: Seen/2.0", "Accept: */*"],
            &body.to_string(),
        )
        .await;
    assert_eq!(reply.json(), json!({ "next": "working" }));
    assert_eq!(
        site.gateway.told(),
        [Told::BrowserData(WORKS.into(), Box::new(whole_browser()))]
    );
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_address_is_the_one_that_the_proxy_saw() {
    let settings = PageSettings {
        urls: UrlPolicy::HttpsOnly,
        trust_forwarded_for: true,
    };
    let site = Site::open_with(settings).await;
    let headers = [JSON, "X-Forwarded-For: 198.51.100.7, 192.0.2.1"];
    site.post(BROWSER_DATA, &headers, &data(WORKS).to_string()).await;
    let told = site.gateway.told();
    let [Told::BrowserData(_, browser)] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(browser.ip_address.as_deref(), Some("192.0.2.1"));
    assert_eq!(
        browser.user_agent.as_deref(),
        Some("Told/1.0"),
        "the request had none"
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let site = Site::open().await;
    for (name, bad) in [
        ("token", json!(null)),
        ("token", json!("short")),
        ("token", json!(7)),
        ("color_depth", json!(null)),
        ("color_depth", json!(0)),
        ("color_depth", json!(100)),
        ("java_enabled", json!("maybe")),
        ("java_enabled", json!(1)),
        ("language", json!("")),
        ("language", json!("es_MX; drop")),
        ("language", json!(["es"])),
        ("screen_height", json!(-1)),
        ("screen_height", json!(1_000_000)),
        ("screen_width", json!(3.5)),
        ("screen_width", json!("wide")),
        ("time_zone", json!(1441)),
        ("time_zone", json!({})),
        ("user_agent", json!(1)),
        ("accept_header", json!(true)),
    ] {
        let mut body = data(ASKS_BROWSER);
        body[name] = bad.clone();
        let reply = site.post(BROWSER_DATA, &[JSON], &body.to_string()).await;
        assert_eq!(reply.status, 400, "{name} {bad}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(reply.json()["errors"][0]["field"], name, "{bad}");
    }
    for body in ["", "{", "[]", "null", "\u{0}"] {
        let reply = site.post(BROWSER_DATA, &[JSON], body).await;
        assert_eq!(
            (reply.status, &reply.json()["errors"][0]["field"]),
            (400, &json!("body")),
            "{body}"
        );
    }
    assert_eq!(site.gateway.told(), []);
}

#[tokio::test]
async fn scripts_are_told_of_a_page_that_is_no_more() {
    let site = Site::open().await;
    for (token, status) in [(UNKNOWN, 404), (EXPIRED, 410), (BROKEN, 500)] {
        let reply = site.post(BROWSER_DATA, &[JSON], &data(token).to_string()).await;
        assert_eq!((reply.status, &reply.json()["status"]), (status, &json!(status)));
        let asked = site
            .get(&format!("/transactions/3ds/progress?token={token}"), &[])
            .await;
        assert_eq!(asked.status, status);
    }
}

#[tokio::test]
async fn a_browser_without_scripts_is_described_by_its_headers() {
    let site = Site::open().await;
    let headers = [
        FORM,
        "Accept-Language: pt-BR,en;q=0.3",
        "User-Agent: Seen/2.0",
        "Accept: text/html",
    ];
    let reply = site
        .post(
            BROWSER_DATA,
            &headers,
            &format!("token={WORKS}&javascript_enabled=false"),
        )
        .await;
    assert_eq!(reply.status, 303);
    assert_eq!(
        reply.header("location"),
        format!("/transactions/view_challenge?token={WORKS}")
    );
    let browser = Browser {
        accept_header: Some("text/html".into()),
        user_agent: Some("Seen/2.0".into()),
        ip_address: Some("127.0.0.1".into()),
        language: Some("pt-BR".into()),
        java_enabled: Some(false),
        javascript_enabled: Some(false),
        ..Browser::default()
    };
    assert_eq!(
        site.gateway.told(),
        [Told::BrowserData(WORKS.into(), Box::new(browser))]
    );
}

#[tokio::test]
async fn progress_says_what_comes_next() {
    let site = Site::open().await;
    let ask = async |query: &str| {
        site.get(&format!("/transactions/3ds/progress?{query}"), &[])
            .await
    };

    let method = ask(&format!("token={RUNS_METHOD}&seen=browser_data&wait=25")).await;
    let frame = format!("/transactions/3ds/handover?token={RUNS_METHOD}");
    assert_eq!(
        method.json(),
        json!({ "next": "method", "frame": frame, "timeout_ms": 10_000 })
    );
    assert_eq!(method.header("cache-control"), "no-store");
    let asked = Told::Asked {
        token: RUNS_METHOD.into(),
        seen: Some(StepName::BrowserData),
        wait_seconds: 25,
    };
    assert_eq!(site.gateway.told(), [asked]);

    let full_page = ask(&format!("token={CHALLENGES_FULL_PAGE}")).await.json();
    assert_eq!(
        (&full_page["next"], &full_page["window"]),
        (&json!("challenge"), &json!(null))
    );
    let done = ask(&format!("token={DONE_WITH_CALLBACK}")).await.json();
    assert_eq!(
        done,
        json!({ "next": "done", "outcome": "succeeded", "redirect": CALLBACK })
    );
}

#[tokio::test]
async fn progress_names_what_it_cannot_read() {
    let site = Site::open().await;
    for (query, name) in [
        (String::new(), "token"),
        ("token=short".into(), "token"),
        (format!("token={WORKS}&wait=31"), "wait"),
        (format!("token={WORKS}&wait=-1"), "wait"),
        (format!("token={WORKS}&wait=soon"), "wait"),
        (format!("token={WORKS}&seen=everything"), "seen"),
    ] {
        let reply = site
            .get(&format!("/transactions/3ds/progress?{query}"), &[])
            .await;
        assert_eq!(
            (reply.status, &reply.json()["errors"][0]["field"]),
            (400, &json!(name)),
            "{query}"
        );
    }
    assert_eq!(site.gateway.told(), []);
}

#[tokio::test]
async fn giving_up_leads_back_to_the_page() {
    let site = Site::open().await;
    let reply = site
        .post("/transactions/3ds/cancel", &[FORM], &format!("token={DONE}"))
        .await;
    assert_eq!(reply.status, 303);
    assert_eq!(
        reply.header("location"),
        format!("/transactions/view_challenge?token={DONE}")
    );
    assert_eq!(site.gateway.told(), [Told::Cancelled(DONE.into())]);

    let nameless = site.post("/transactions/3ds/cancel", &[FORM], "").await;
    assert_eq!(nameless.status, 400);
    assert!(nameless.body.contains("<code>token</code>"));
    let unknown = site
        .post("/transactions/3ds/cancel", &[FORM], &format!("token={UNKNOWN}"))
        .await;
    assert_eq!(unknown.status, 404);
}

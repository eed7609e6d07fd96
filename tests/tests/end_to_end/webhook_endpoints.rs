//! Webhook endpoints: made, told what their filter has, rotated, tested, dead, replayed; by the admin's API and from a shell.

use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use tests::cards::Card;
use tests::merchant::Keys;
use tests::operator::Operator;
use tests::process::{built, eventually};
use tests::system::System;
use tests::webhook::Webhook;

/// A place at the sandbox where webhooks arrive.
struct Receiver<'s> {
    system: &'s System,
    tag: String,
}

impl Receiver<'_> {
    fn url(&self) -> String {
        format!("{}/merchant/hooks/{}", self.system.outside.url(), self.tag)
    }

    async fn heard(&self) -> Vec<Webhook> {
        let hooks = self.system.outside.hooks_so_far(&self.tag).await;
        hooks.iter().map(Webhook::of).collect()
    }

    async fn hears(&self, count: usize) -> Vec<Webhook> {
        eventually("webhooks at the endpoint", async || {
            self.heard().await.len() >= count
        })
        .await;
        let heard = self.heard().await;
        assert_eq!(heard.len(), count, "{heard:?}");
        heard
    }
}

fn receiver<'s>(system: &'s System, tag: &str) -> Receiver<'s> {
    Receiver {
        system,
        tag: tag.to_owned(),
    }
}

/// The merchant's keys with another webhook secret.
fn with_secret(keys: &Keys, secret: &Value) -> Keys {
    Keys {
        webhook_secret: secret.as_str().expect("a secret").to_owned(),
        ..keys.clone()
    }
}

#[tokio::test]
async fn endpoints_hear_what_their_filter_has_beside_the_orders_own_url() {
    let system = System::start().await;
    let (merchant, keys) = (&system.merchant, &system.merchant.keys);
    let operator = Operator::log_in(system.http.clone(), &system.sandbox_json).await;
    let all = format!("/merchants/{}/webhook-endpoints", keys.id);
    let everything = receiver(&system, "everything");
    let successes = receiver(&system, "successes");
    let every = operator.post(&all, &json!({"url": everything.url()})).await;
    let only = operator
        .post(
            &all,
            &json!({"url": successes.url(), "event_types": ["order.succeeded"]}),
        )
        .await;

    let denied = merchant.buy(44_051, &Card::visa(0)).await;
    let paid = merchant.buy(44_000, &Card::visa(0)).await;

    // The order's own URL hears of its order, as before.
    merchant.webhooks(denied.reference(), 1).await;
    let own = merchant.webhooks(paid.reference(), 1).await;
    let all_heard = everything.hears(2).await;
    let heard = successes.hears(1).await;
    assert_eq!(heard[0].news(), ("order.succeeded", "processed"));
    assert_eq!(heard[0].id(), own[0].id(), "one id for all targets");
    heard[0].assert_signed_by(&with_secret(keys, &only["webhook_secret"]));
    assert!(
        !heard[0].standard_signature_is_valid(keys),
        "each endpoint has a secret of its own"
    );
    for webhook in &all_heard {
        webhook.assert_signed_by(&with_secret(keys, &every["webhook_secret"]));
        assert!(webhook.header("webhook-signature").contains(" v1a,"));
    }

    // While the overlap lasts, old and new secret both hold.
    let one = format!("{all}/{}", only["id"].as_str().unwrap());
    let rotated = operator
        .post(&format!("{one}/secret"), &json!({"overlap_seconds": 600}))
        .await;
    merchant.buy(44_001, &Card::visa(0)).await;
    let heard = successes.hears(2).await;
    for secret in [&only["webhook_secret"], &rotated["webhook_secret"]] {
        heard[1].assert_signed_by(&with_secret(keys, secret));
    }
    let second = operator
        .post(&format!("{one}/secret"), &json!({"overlap_seconds": 0}))
        .await;
    merchant.buy(44_002, &Card::visa(0)).await;
    let heard = successes.hears(3).await;
    heard[2].assert_signed_by(&with_secret(keys, &second["webhook_secret"]));
    assert!(!heard[2].standard_signature_is_valid(&with_secret(keys, &rotated["webhook_secret"])));

    // A test reaches its target alone, and the answer tells what came of it.
    let answer = operator
        .call(
            Method::POST,
            &format!("{one}/test"),
            Some(&json!({"wait_seconds": 10})),
        )
        .await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(
        answer.json()["attempt"]["outcome"],
        "delivered",
        "{}",
        answer.text
    );
    let heard = successes.hears(4).await;
    assert_eq!(heard[3].body["event_type"], "webhook.test");
    assert_eq!(heard[3].body["order"]["order_id"], "webhook-test");
    assert_eq!(heard[3].body["test"], true);
    everything.hears(4).await;
    system.finish().await;
}

#[tokio::test]
async fn what_an_endpoint_missed_is_replayed_by_api_and_from_a_shell() {
    let mut system = System::start().await;
    let operator = Operator::log_in(system.http.clone(), &system.sandbox_json).await;
    let shell = Shell::of(&system);
    let created = shell.says(&[
        "create",
        "--url",
        &receiver(&system, "shell").url(),
        "--description",
        "ERP",
    ]);
    let id = created["id"].as_str().unwrap().to_owned();
    let one = format!("/merchants/{}/webhook-endpoints/{id}", system.merchant.keys.id);

    system.merchant.buy(45_000, &Card::visa(0)).await;
    system.merchant.buy(45_001, &Card::visa(0)).await;
    receiver(&system, "shell").hears(2).await;

    // It is switched off, so it misses one; then the whole time is sent again.
    shell.says(&["disable", &id]);
    system.merchant.buy(45_002, &Card::visa(0)).await;
    shell.says(&["enable", &id]);
    let queued = operator
        .call(
            Method::POST,
            &format!("{one}/replay"),
            Some(&json!({"since": "2000-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"})),
        )
        .await;
    assert_eq!(queued.status, 202, "{}", queued.text);
    receiver(&system, "shell").hears(2 + 3).await;

    // What is on its way when it is switched off becomes a dead letter.
    system.outside.fault("merchant", "http_500", None, None).await;
    system.merchant.buy(45_003, &Card::visa(0)).await;
    eventually("a failed attempt", async || {
        let log = operator.get(&format!("{one}/attempts?failed_only=true")).await;
        !log["data"].as_array().unwrap().is_empty()
    })
    .await;
    shell.says(&["disable", &id]);
    let letters = shell.says(&["dead-letters", &id]);
    assert_eq!(letters["data"].as_array().unwrap().len(), 1, "{letters}");
    assert_eq!(operator.get(&format!("{one}/dead-letters")).await, letters);
    shell.says(&["enable", &id]);
    system.outside.clear_faults().await;

    // Replayed while no gateway runs, it goes out when one does.
    system.kill_gateway().await;
    let before = receiver(&system, "shell").heard().await.len();
    assert_eq!(shell.says(&["replay", &id, "--failed"])["queued"], 1);
    assert_eq!(shell.says(&["dead-letters", &id])["data"], json!([]));
    system.start_gateway().await;
    receiver(&system, "shell").hears(before + 1).await;

    // Beside a running one it goes out at once, and is told of.
    let tested = shell.says(&["test", &id, "--wait-seconds", "10"]);
    assert_eq!(tested["attempt"]["outcome"], "delivered", "{tested}");
    let event = tested["event_id"].as_str().unwrap();
    assert_eq!(shell.says(&["event", event])["order"]["order_id"], "webhook-test");
    let lines = shell.prints(&["attempts", &id, "--event", event]);
    assert!(lines.contains("delivered (delivered 200"), "{lines}");
    let rotated = shell.says(&["rotate", "own"]);
    assert!(rotated["webhook_secret"].as_str().unwrap().starts_with("whsec_"));
    shell.says(&["delete", &id]);
    assert_eq!(shell.says(&["list"])["data"], json!([]));
    system.finish().await;
}

/// `pasarela webhooks …` for the merchant.
struct Shell {
    environment: Vec<(String, String)>,
    merchant: String,
}

impl Shell {
    fn of(system: &System) -> Self {
        Self {
            environment: system.environment(),
            merchant: system.merchant.keys.id.clone(),
        }
    }

    fn prints(&self, arguments: &[&str]) -> String {
        let ran = Command::new(built("pasarela"))
            .args(["webhooks", "--merchant", &self.merchant])
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{arguments:?}: {complaint}");
        String::from_utf8(ran.stdout).unwrap()
    }

    fn says(&self, arguments: &[&str]) -> Value {
        let with_json: Vec<_> = arguments.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.prints(&with_json)).unwrap()
    }
}

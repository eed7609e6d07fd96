//! What the sandbox tells of the outside world, and what it lets happen there.

use reqwest::Method;
use serde_json::{Value, json};

use crate::http::Http;
use crate::merchant::money;
use crate::story::Story;

/// The longest time a list of webhooks can be asked to wait, in seconds.
const HOOKS_WAIT_SECONDS: u64 = 30;

/// The sandbox's oracles and levers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outside {
    http: Http,
    url: String,
    story: Story,
}

impl Outside {
    /// The sandbox at that address.
    pub fn new(http: Http, url: impl Into<String>, story: Story) -> Self {
        let url = url.into();
        Self { http, url, story }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Who is told what it shows.
    pub fn story(&self) -> Story {
        self.story
    }

    async fn list(&self, path: &str) -> Vec<Value> {
        let answer = self.http.get(&format!("{}{path}", self.url)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        match answer.json() {
            Value::Array(list) => list,
            other => panic!("{path}: {other}"),
        }
    }

    /// What the processors really did for an order, oldest first.
    pub async fn ledger(&self, reference: &str) -> Vec<Value> {
        let entries = self.list(&format!("/ledger?order_id={reference}")).await;
        if entries.is_empty() {
            self.story
                .tell("ledger", || "nothing was asked of any processor".to_owned());
        }
        for entry in &entries {
            self.story.tell("ledger", || {
                format!(
                    "{} {} of {}, ECI {}: {} {}",
                    entry["processor"].as_str().unwrap_or_default(),
                    entry["operation"].as_str().unwrap_or_default(),
                    money(
                        entry["amount"].as_i64().unwrap_or_default(),
                        entry["currency"].as_str().unwrap_or_default()
                    ),
                    entry["eci"].as_str().unwrap_or("none"),
                    if entry["approved"] == true {
                        "approved"
                    } else {
                        "not approved"
                    },
                    entry["response_code"].as_str().unwrap_or_default(),
                )
            });
        }
        entries
    }

    /// The charges among them: what took money, or tried to.
    pub async fn charges(&self, reference: &str) -> Vec<Value> {
        let mut entries = self.ledger(reference).await;
        entries.retain(|entry| matches!(entry["operation"].as_str(), Some("sale" | "authorization")));
        entries
    }

    /// What was approved for an order, oldest first: the operation and its amount in minor units.
    pub async fn moved(&self, reference: &str) -> Vec<(String, i64)> {
        let mut entries = self.ledger(reference).await;
        entries.retain(|entry| entry["approved"] == true);
        let told = |entry: &Value| Some((entry["operation"].as_str()?.to_owned(), entry["amount"].as_i64()?));
        entries.iter().filter_map(told).collect()
    }

    /// The only charge of an order, which must have been approved.
    pub async fn only_charge(&self, reference: &str) -> Value {
        let charges = self.charges(reference).await;
        assert_eq!(charges.len(), 1, "{reference} was charged so often: {charges:?}");
        assert_eq!(charges[0]["approved"], true, "{charges:?}");
        charges[0].clone()
    }

    /// Nobody charged the order, or tried to.
    pub async fn no_charge(&self, reference: &str) {
        let charges = self.charges(reference).await;
        assert!(charges.is_empty(), "{reference}: {charges:?}");
    }

    /// Text messages of a phone, newest first.
    pub async fn sms(&self, phone: &str) -> Vec<Value> {
        self.list(&format!("/sms?phone={phone}")).await
    }

    /// Text messages of all phones, newest first.
    pub async fn all_sms(&self) -> Vec<Value> {
        self.list("/sms").await
    }

    /// The EMV messages of an authentication that directory server and ACS saw, oldest first; of all without one.
    pub async fn messages(&self, authentication: Option<&str>) -> Vec<Value> {
        let question = authentication.map(|id| format!("?authentication={id}"));
        self.list(&format!("/messages{}", question.unwrap_or_default()))
            .await
    }

    /// The deliveries to the receiver with that tag, once there are more than `known` of them.
    pub async fn hooks(&self, tag: &str, known: usize) -> Vec<Value> {
        let deadline = tokio::time::Instant::now() + crate::process::READY_PATIENCE;
        loop {
            let path = format!("/merchant/hooks/{tag}?known={known}&wait={HOOKS_WAIT_SECONDS}");
            let hooks = self.list(&path).await;
            if hooks.len() > known {
                return hooks;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{tag}: only {} webhooks",
                hooks.len()
            );
        }
    }

    /// The deliveries so far.
    pub async fn hooks_so_far(&self, tag: &str) -> Vec<Value> {
        self.list(&format!("/merchant/hooks/{tag}")).await
    }

    /// Sets a fault; see the sandbox's design for targets and kinds.
    pub async fn fault(&self, target: &str, fault: &str, times: Option<u32>, milliseconds: Option<u64>) {
        let mut order = json!({ "target": target, "fault": fault });
        if let Some(times) = times {
            order["times"] = times.into();
        }
        if let Some(milliseconds) = milliseconds {
            order["milliseconds"] = milliseconds.into();
        }
        let answer = self.http.post_json(&format!("{}/faults", self.url), &order).await;
        assert_eq!(answer.status, 204, "{order}: {}", answer.text);
    }

    /// Clears all faults.
    pub async fn clear_faults(&self) {
        let url = format!("{}/faults", self.url);
        let answer = self.http.send(Method::DELETE, &url, &[], None).await.unwrap();
        assert_eq!(answer.status, 204);
    }
}

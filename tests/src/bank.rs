//! The bank behind the sandbox's cards, at its access control server: what it sets there, and what it finds recorded.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::cards::Card;
use crate::http::{Answer, Http};
use crate::process::eventually;

/// The grant of RFC 7523.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How far ahead an assertion expires, in seconds.
const ASSERTION_SECONDS: i64 = 60;

/// The bank's program, signed in. Its token is good for longer than a test.
#[derive(Clone, Debug)]
pub struct Bank {
    http: Http,
    notifications: String,
    issuer: String,
    token: String,
}

/// What the access control server has on record of an authentication.
#[derive(Clone, Debug)]
pub struct Record(pub Value);

impl Bank {
    /// Signs in with what `sandbox.json` says.
    pub async fn signs_in(http: &Http, sandbox_json: &Value) -> Self {
        let text = |name: &str| sandbox_json["acs"][name].as_str().unwrap().to_owned();
        let address = format!("{}/acs/oauth2/token", text("url"));
        let claims = json!({
            "iss": text("client_id"),
            "aud": address,
            "exp": OffsetDateTime::now_utc().unix_timestamp() + ASSERTION_SECONDS,
            "jti": Uuid::new_v4(),
        });
        let assertion = signed(&text("issuer_key"), &claims);
        let fields = [("grant_type", GRANT), ("assertion", assertion.as_str())];
        let answer = http.post_form(&address, &fields).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Self {
            http: http.clone(),
            notifications: format!("{}/issuer-backend/notifications", text("url")),
            issuer: format!("{}/acs/banking/v2/issuers/{}", text("url"), text("issuer_id")),
            token: answer.json()["access_token"].as_str().unwrap().to_owned(),
        }
    }

    /// Changes members of its policy, given by JSON pointers.
    pub async fn sets(&self, changes: &[(&str, Value)]) {
        let mut policy = self.call(Method::GET, "/policy", None).await.json();
        for (pointer, value) in changes {
            *policy.pointer_mut(pointer).unwrap() = value.clone();
        }
        let answer = self.call(Method::PUT, "/policy", Some(policy)).await;
        assert!((200..300).contains(&answer.status), "{}", answer.text);
    }

    /// What is recorded of a card's newest authentication.
    pub async fn newest_of(&self, card: &Card) -> Record {
        let path = format!("/cards/{}/3ds/operations?limit=1", name_of(card));
        let operations = self.call(Method::GET, &path, None).await.json();
        let id = operations["operations"][0]["details"]["acsTransactionId"].clone();
        let path = format!("/challenges/{}", id.as_str().expect("an authentication"));
        Record(self.call(Method::GET, &path, None).await.json())
    }

    /// Waits until a card's newest authentication has ended.
    pub async fn ending_of(&self, card: &Card) -> Record {
        let mut newest = self.newest_of(card).await;
        eventually("the end of the authentication", async || {
            newest = self.newest_of(card).await;
            newest.0["transStatus"].is_string()
        })
        .await;
        newest
    }

    /// Hands over what the cardholder answered in the bank's app: `approved`, `denied` or `not_me`.
    pub async fn app_answers(&self, card: &Card, result: &str) {
        let record = self.newest_of(card).await;
        let path = format!(
            "/challenges/{}/oob-result",
            record.0["acsTransId"].as_str().unwrap()
        );
        let answer = self
            .call(Method::POST, &path, Some(json!({ "result": result })))
            .await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }

    /// What its backend was told of an authentication, as soon as it was.
    pub async fn is_told_of(&self, record: &Record) -> Value {
        let mut told = None;
        eventually("a notification of the bank's backend", async || {
            let all = self.http.get(&self.notifications).await.json();
            let all = all.as_array().cloned().unwrap_or_default();
            told = all
                .into_iter()
                .find(|one| one["details"]["acsTransactionId"] == record.0["acsTransId"]);
            told.is_some()
        })
        .await;
        told.unwrap_or_default()
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let token = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "application/json"),
        ];
        let url = format!("{}{path}", self.issuer);
        let body = body.map(|body| body.to_string());
        self.http.send(method, &url, &headers, body).await.unwrap()
    }
}

impl Record {
    /// `transStatus` and `transStatusReason` of the result.
    pub fn result(&self) -> (&str, &str) {
        let text = |name: &str| self.0[name].as_str().unwrap_or_default();
        (text("transStatus"), text("transStatusReason"))
    }

    /// How the cardholder was asked, and how that ended.
    pub fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    /// A number of the record.
    pub fn number(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap_or_default()
    }
}

/// What the bank calls the card: its brand, and its digits' number and end.
fn name_of(card: &Card) -> String {
    let brand = match card.number.as_bytes() {
        [b'4', ..] => "visa",
        [b'3', ..] => "amex",
        _ => "mastercard",
    };
    format!("{brand}-{}-{}", card.number.len(), card.last_four())
}

/// A JWT of these claims, signed by ES256.
fn signed(key: &str, claims: &Value) -> String {
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "alg": "ES256", "typ": "JWT" });
    let content = format!("{}.{}", encoded(&header), encoded(claims));
    let key = STANDARD.decode(key).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key).unwrap();
    let signature = key.sign(&SystemRandom::new(), content.as_bytes()).unwrap();
    format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature))
}

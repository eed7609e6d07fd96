//! A shop that only wants its cardholders authenticated, through the 3DS Server API, and charges elsewhere.

use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;
use uuid::Uuid;

use crate::cards::Card;
use crate::http::{Answer, Http};
use crate::outside::Outside;
use crate::process::eventually;
use crate::secrets::Secrets;

/// What has come to its end, or waits for the cardholder.
const MEANWHILE: [&str; 3] = ["NEW", "AUC", "AUD"];

/// A shop's backend.
#[derive(Clone, Debug)]
pub struct Requestor {
    http: Http,
    gateway_url: String,
    keys: Value,
    outside: Outside,
    secrets: Secrets,
}

impl Requestor {
    /// The shop with the keys that `sandbox.json` gives under `threeds_server`.
    pub fn new(http: Http, gateway_url: &str, keys: Value, outside: Outside, secrets: Secrets) -> Self {
        Self {
            http,
            gateway_url: gateway_url.to_owned(),
            keys,
            outside,
            secrets,
        }
    }

    /// Creates a transaction for a card, by the brand's number in this API.
    pub async fn creates(&self, card: &Card, channel: &str) -> String {
        self.secrets.used_card(&card.number);
        let brand = match card.number.as_bytes().first() {
            Some(b'5') => "2",
            Some(b'3') => "3",
            _ => "1",
        };
        let body = json!({
            "brand_id": brand,
            "device_channel": channel,
            "cardholder": { "acct": { "number": card.number } },
        });
        let answer = self.call(Method::POST, "/v2/authentication", Some(&body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let created = answer.json();
        assert_eq!(created["three_ds_server"]["status"], "NEW", "{created}");
        created["three_ds_server"]["trans_id"]
            .as_str()
            .expect("a transaction")
            .to_owned()
    }

    /// Has the cardholder authenticated. `Err` when no answer came.
    ///
    /// # Errors
    /// Whatever kept the answer away, in words.
    pub async fn try_authenticate(&self, transaction: &str, details: &Value) -> Result<Answer, String> {
        let path = format!("/v2/authentication/{transaction}");
        self.try_call(Method::PUT, &path, Some(details)).await
    }

    /// The same with an answer, which must be a success.
    pub async fn authenticates(&self, transaction: &str, details: &Value) -> Value {
        let answer = self.try_authenticate(transaction, details).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// How a transaction stands.
    pub async fn asks(&self, transaction: &str) -> Value {
        let path = format!("/v2/transaction/{transaction}");
        let answer = self.call(Method::GET, &path, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// How a transaction ended, as soon as it has.
    pub async fn settled(&self, transaction: &str) -> Value {
        let mut answer = Value::Null;
        eventually("the end of the transaction", async || {
            answer = self.asks(transaction).await;
            !MEANWHILE.contains(&status(&answer))
        })
        .await;
        answer
    }

    /// A browser purchase of BRL 100.00.
    pub fn browser_details(&self, card: &Card) -> Value {
        let mut details = self.details(card);
        details["three_ds_comp_ind"] = "U".into();
        details["notification_url"] = "https://shop.example/notification".into();
        details["browser"] = json!({
            "accept_header": "text/html,*/*;q=0.8",
            "ip": "203.0.113.7",
            "java_enabled": "false",
            "javascript_enabled": "true",
            "language": "pt-BR",
            "color_depth": "24",
            "screen_height": "1080",
            "screen_width": "1920",
            "tz": "180",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
        });
        details
    }

    /// The same where the issuer may take some minutes, and post the result to the receiver of that tag.
    pub fn decoupled_details(&self, card: &Card, tag: &str) -> Value {
        let mut details = self.browser_details(card);
        details["three_ds_requestor"]["decoupled_max_time"] = "10".into();
        details["decoupled_notification_url"] = format!("{}/merchant/hooks/{tag}", self.outside.url()).into();
        details
    }

    /// A recurring payment that the shop starts by itself.
    pub fn recurring_details(&self, card: &Card) -> Value {
        let mut details = self.details(card);
        details["device_channel"] = "03".into();
        details["three_ri_ind"] = "01".into();
        details["recurring"] = json!({ "expiry": "20301231", "frequency": "28" });
        details["three_ds_requestor"]["prior_authentication_info"] = json!({
            "method": "02",
            "timestamp": "202611010900",
            "reference": Uuid::new_v4(),
        });
        details
    }

    fn details(&self, card: &Card) -> Value {
        self.secrets.used_card(&card.number);
        json!({
            "trans_type": "01",
            "three_ds_requestor": {
                "authentication_ind": "01",
                "id": "SHOP-1",
                "name": "Shop",
                "url": "https://shop.example",
            },
            "acquirer": { "bin": "400551", "merchant_id": "7654321" },
            "cardholder": {
                "card_expiry_date": "3012",
                "name": "Ana Gomes",
                "acct": { "type": "02", "number": card.number },
            },
            "merchant": { "mcc": "5734", "country_code": "076", "name": "Shop" },
            "message": { "category": "01" },
            "purchase": { "amount": "10000", "currency": "986", "exponent": "2", "date": now() },
        })
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.try_call(method, path, body).await.unwrap()
    }

    /// Calls the 3DS Server API with the shop's keys. `Err` when no answer came.
    ///
    /// # Errors
    /// Whatever kept the answer away, in words.
    pub async fn try_call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, String> {
        let key = |name: &str| self.keys[name].as_str().expect("a key");
        let headers = [
            ("merchant_id", key("merchant_id")),
            ("merchant_key", key("merchant_key")),
            ("content-type", "application/json"),
        ];
        let url = format!("{}{path}", self.gateway_url);
        self.http
            .send(method, &url, &headers, body.map(Value::to_string))
            .await
    }
}

/// The time as a purchase tells it: `YYYYMMDDHHMMSS` in UTC.
pub fn now() -> String {
    let format = format_description!("[year][month][day][hour][minute][second]");
    OffsetDateTime::now_utc().format(format).unwrap()
}

/// The 3DS Server's word for how a transaction stands: `AUY`, `AUC`, …
pub fn status(answer: &Value) -> &str {
    answer["three_ds_server"]["status"].as_str().unwrap_or_default()
}

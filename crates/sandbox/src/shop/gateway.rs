//! The shop's backend as a customer of the gateway: the three calls a shop needs, over the public orders API.

use std::time::Duration;

use primitives::{Amount, Card, Secret};
use serde_json::{Map, Value, json};

/// The gateway answers within 60 s; a caller waits a little longer.
const PURCHASE_TIMEOUT: Duration = Duration::from_secs(65);
/// For calls that do not talk to a processor, on top of the wait they ask for.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer read, in bytes.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// What is bought, and how the shopper gets back.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// The merchant's reference, `SHOP-…`.
    pub order_id: String,
    /// Made when the form was shown: a form sent twice is one purchase.
    pub idempotency_key: String,
    /// The price.
    pub amount: Amount,
    /// The shopper's card.
    pub card: Card,
    /// The shopper's browser, where its script could tell.
    pub browser: Option<Map<String, Value>>,
    /// How long the order may wait for the shopper to answer the bank elsewhere; `None` for not at all.
    pub decoupled_max_minutes: Option<u16>,
    /// The sandbox as browsers and the gateway reach it.
    pub public_url: String,
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The gateway says no.
    #[error("{code}: {description}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The gateway's code.
        code: String,
        /// The gateway's words.
        description: String,
    },
    /// It cannot be reached, or what it says cannot be read.
    #[error("the gateway does not answer: {0}")]
    Silent(String),
}

/// The shop's side of the gateway. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gateway {
    client: reqwest::Client,
    url: String,
    private_key: Secret<String>,
}

impl Gateway {
    /// Calls the gateway at `url` with a merchant's private key.
    pub fn new(client: reqwest::Client, url: String, private_key: Secret<String>) -> Self {
        Self {
            client,
            url,
            private_key,
        }
    }

    /// Creates the order; answers its token.
    pub async fn create_order(&self, checkout: &Checkout) -> Result<String, Trouble> {
        let answer = self
            .post("/merchants/orders", order_body(checkout), checkout, CALL_TIMEOUT)
            .await?;
        let token = answer.get("token").and_then(Value::as_str);
        token
            .map(str::to_owned)
            .ok_or_else(|| Trouble::Silent("an order without a token".to_owned()))
    }

    /// Pays the order; answers the order.
    pub async fn purchase(&self, token: &str, checkout: &Checkout) -> Result<Value, Trouble> {
        let body = purchase_body(token, checkout);
        let path = "/merchants/transactions/v2/purchase";
        let mut answer = self.post(path, body, checkout, PURCHASE_TIMEOUT).await?;
        match answer.get_mut("order") {
            Some(order) => Ok(order.take()),
            None => Err(Trouble::Silent("a purchase without an order".to_owned())),
        }
    }

    /// The order, at once or when it changes from the state whose hash is `since`, at most `wait_seconds` later.
    pub async fn order(&self, token: &str, wait_seconds: u8, since: Option<&str>) -> Result<Value, Trouble> {
        let mut url = url::Url::parse(&format!("{}/merchants/orders", self.url))
            .map_err(|error| Trouble::Silent(error.to_string()))?;
        if let Ok(mut path) = url.path_segments_mut() {
            // A token that came through a browser must not lead anywhere else.
            path.push(token);
        }
        if wait_seconds > 0 {
            url.query_pairs_mut()
                .append_pair("wait", &wait_seconds.to_string());
        }
        if let Some(since) = since {
            url.query_pairs_mut().append_pair("since", since);
        }
        let timeout = CALL_TIMEOUT + Duration::from_secs(u64::from(wait_seconds));
        let request = self.client.get(url).timeout(timeout);
        self.send(request).await
    }

    async fn post(
        &self,
        path: &str,
        body: Value,
        checkout: &Checkout,
        timeout: Duration,
    ) -> Result<Value, Trouble> {
        let request = self
            .client
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .header("x-idempotency-key", &checkout.idempotency_key)
            .timeout(timeout)
            .body(body.to_string());
        self.send(request).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, Trouble> {
        let silent = |error: reqwest::Error| Trouble::Silent(error.without_url().to_string());
        let mut response = request
            .header("x-api-key", self.private_key.reveal())
            .send()
            .await
            .map_err(silent)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(silent)? {
            if body.len() + chunk.len() > ANSWER_MAX_BYTES {
                return Err(Trouble::Silent("the answer is too long".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        let answer: Value = serde_json::from_slice(&body)
            .map_err(|_| Trouble::Silent(format!("HTTP {status} with a body that is no JSON")))?;
        if status.is_success() {
            Ok(answer)
        } else {
            Err(refused(status.as_u16(), &answer))
        }
    }
}

/// The gateway's two shapes of errors.
fn refused(status: u16, answer: &Value) -> Trouble {
    let text = |pointers: [&str; 2]| {
        let found = pointers
            .iter()
            .find_map(|pointer| answer.pointer(pointer))
            .and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    Trouble::Refused {
        status,
        code: text(["/error/code", "/code"]),
        description: text(["/error/description", "/message"]),
    }
}

fn order_body(checkout: &Checkout) -> Value {
    let amount = checkout.amount.minor();
    let currency = checkout.amount.currency().code();
    json!({
        "order_type": "DEUNA_NOW",
        "order": {
            "order_id": checkout.order_id,
            "store_code": "all",
            "currency": currency,
            "total_amount": amount,
            "sub_total": amount,
            "items_total_amount": amount,
            "items": [{
                "id": "cafe-1kg",
                "name": "Café de altura, 1 kg",
                "quantity": 1,
                "unit_price": { "amount": amount, "currency": currency },
                "total_amount": { "amount": amount, "currency": currency },
            }],
            "billing_address": address(),
            "webhook_urls": { "notify_order": format!("{}/shop/webhooks", checkout.public_url) },
        },
    })
}

fn purchase_body(token: &str, checkout: &Checkout) -> Value {
    let card = &checkout.card;
    let back = |result: &str| format!("{}/shop/return?result={result}", checkout.public_url);
    let mut body = json!({
        "order_token": token,
        "payer_info": { "email": EMAIL },
        "method_type": "credit_card",
        "store_code": "all",
        "credit_info": {
            "card_number": card.pan.reveal(),
            "card_cvv": card.security_code.as_ref().map(|code| code.reveal()),
            "card_holder": card.holder,
            "expiry_month": format!("{:02}", card.expiry.month()),
            "expiry_year": card.expiry.year().to_string(),
        },
        "billing_address": address(),
        "callback_urls": {
            "on_success": back("success"),
            "on_reject": back("reject"),
            "on_canceled": back("canceled"),
            "on_failed": back("failed"),
        },
    });
    if let (Some(browser), Some(members)) = (&checkout.browser, body.as_object_mut()) {
        members.insert("browser_details".to_owned(), Value::Object(browser.clone()));
    }
    if let (Some(minutes), Some(members)) = (checkout.decoupled_max_minutes, body.as_object_mut()) {
        let wishes = json!({ "mode": "auto", "decoupled_max_minutes": minutes });
        members.insert("three_ds".to_owned(), wishes);
    }
    body
}

/// The shopper everybody is in this shop.
const EMAIL: &str = "ana.torres@shopper.example";

fn address() -> Value {
    json!({
        "first_name": "Ana",
        "last_name": "Torres",
        "email": EMAIL,
        "phone": "+525512345678",
        "address1": "Av. Insurgentes Sur 1602",
        "city": "Ciudad de México",
        "state_name": "Ciudad de México",
        "state_code": "CMX",
        "zipcode": "03940",
        "country_code": "MX",
    })
}

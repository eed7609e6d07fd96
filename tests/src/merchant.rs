//! A merchant's backend: the orders API with the merchant's keys.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cards::Card;
use crate::http::{Answer, Http};
use crate::order::Order;
use crate::outside::Outside;
use crate::secrets::Secrets;
use crate::story::Story;
use crate::webhook::Webhook;

/// Seconds that Get Order is asked to wait for a change.
const WAIT_SECONDS: u8 = 20;
/// How long a payment may take to its end: a look at it that died with its process is over after 90 s.
const SETTLED_PATIENCE: Duration = Duration::from_secs(180);
/// The processor that purchases here name, so that a test means this one whatever others the merchant has.
pub const ONE_PROCESSOR: &str = "kushki";
/// The shopper everybody is.
const EMAIL: &str = "ana.torres@shopper.example";

/// A merchant's keys, as `sandbox.json` has them.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The merchant.
    pub id: String,
    /// `sk_…`
    pub private_key: String,
    /// `pk_…`
    pub public_key: String,
    /// `whsec_…`
    pub webhook_secret: String,
}

/// A merchant's backend. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Merchant {
    http: Http,
    gateway: String,
    outside: Outside,
    story: Story,
    secrets: Secrets,
    /// The keys it calls with.
    pub keys: Keys,
}

/// An order that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The order token.
    pub token: String,
    /// The merchant's own id, and the tag of its webhooks.
    pub reference: String,
}

impl Keys {
    /// Reads a merchant's object of `sandbox.json`.
    pub fn read(merchant: &Value) -> Self {
        let text = |name: &str| merchant[name].as_str().unwrap_or_default().to_owned();
        Self {
            id: text("id"),
            private_key: text("private_key"),
            public_key: text("public_key"),
            webhook_secret: text("webhook_secret"),
        }
    }
}

impl Merchant {
    /// A backend that calls the gateway with these keys, and has its webhooks sent to the sandbox.
    pub fn new(
        http: Http,
        gateway: impl Into<String>,
        keys: Keys,
        outside: Outside,
        secrets: Secrets,
        story: Story,
    ) -> Self {
        let gateway = gateway.into();
        Self {
            http,
            gateway,
            outside,
            story,
            secrets,
            keys,
        }
    }

    /// The same backend, calling another process of the gateway.
    pub fn at(&self, gateway: impl Into<String>) -> Self {
        Self {
            gateway: gateway.into(),
            ..self.clone()
        }
    }

    /// The body of Create Order: a fresh reference, webhooks to the receiver of that tag.
    pub fn order_body(&self, amount: i64) -> Value {
        json!({ "order_type": "DEUNA_NOW", "order": self.order(amount) })
    }

    /// An order, for Create Order or a one-step purchase.
    pub fn order(&self, amount: i64) -> Value {
        let reference = format!("E2E-{}", Uuid::new_v4().simple());
        json!({
            "webhook_urls": { "notify_order": format!("{}/merchant/hooks/{reference}", self.outside.url()) },
            "order_id": reference,
            "store_code": "all",
            "currency": "MXN",
            "total_amount": amount,
            "sub_total": amount,
            "items_total_amount": amount,
            "items": [{ "id": "cafe-1kg", "name": "Café de altura, 1 kg", "quantity": 1 }],
            "billing_address": address(),
        })
    }

    /// The body of a V2 purchase of an order, with everything a browser tells, so that no page is needed for it.
    pub fn purchase_body(&self, token: &str, card: &Card) -> Value {
        let mut body = self.payment_body(card);
        body["order_token"] = token.into();
        body
    }

    /// The body of a one-step V2 purchase.
    pub fn one_step_body(&self, amount: i64, card: &Card) -> Value {
        let mut body = self.payment_body(card);
        body["order"] = self.order(amount);
        body["order_type"] = "DEUNA_NOW".into();
        body
    }

    fn payment_body(&self, card: &Card) -> Value {
        self.secrets.used_card(&card.number);
        json!({
            "payer_info": { "email": EMAIL },
            "method_type": "credit_card",
            "store_code": "all",
            "credit_info": card_body(card),
            "billing_address": address(),
            "browser_details": browser_details(),
            "callback_urls": callbacks(),
            "processor_name": ONE_PROCESSOR,
        })
    }

    /// The body of a V1 purchase.
    pub fn purchase_v1_body(&self, token: &str, card: &Card) -> Value {
        self.secrets.used_card(&card.number);
        json!({
            "token": token,
            "email": EMAIL,
            "method_type": "credit_card",
            "store_code": "all",
            "credit_card": card_body(card),
            "billing_address": address(),
            "browser_details": browser_details(),
            "specific_fields": { "callbacks": callbacks() },
            "processor_name": ONE_PROCESSOR,
        })
    }

    /// Calls the orders API with the private key. `Err` when no answer came.
    ///
    /// # Errors
    /// Whatever kept the answer away, in words.
    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let mut all = vec![("x-api-key", self.keys.private_key.as_str())];
        if body.is_some() {
            all.push(("content-type", "application/json"));
        }
        // A header given by the caller stands for ours.
        all.retain(|(name, _)| !headers.iter().any(|(given, _)| given == name));
        all.extend_from_slice(headers);
        self.story.tell(method.as_str(), || {
            let sent = body.map(sent).unwrap_or_default();
            format!("{path}{sent}")
        });
        let url = format!("{}{path}", self.gateway);
        let answer = self
            .http
            .send(method.clone(), &url, &all, body.map(Value::to_string))
            .await?;
        self.story
            .tell("", || format!("→ HTTP {}{}", answer.status, summary(&answer)));
        Ok(answer)
    }

    /// Posts to the orders API.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_call(Method::POST, path, &[], Some(body)).await.unwrap()
    }

    /// Posts to the orders API with an idempotency key.
    pub async fn post_with_key(&self, path: &str, key: &str, body: &Value) -> Answer {
        let headers = [("x-idempotency-key", key)];
        self.try_call(Method::POST, path, &headers, Some(body))
            .await
            .unwrap()
    }

    /// Creates an order.
    pub async fn place(&self, amount: i64) -> Placed {
        let body = self.order_body(amount);
        let answer = self.post(ORDERS, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Placed {
            token: answer.json()["token"].as_str().unwrap().to_owned(),
            reference: body["order"]["order_id"].as_str().unwrap().to_owned(),
        }
    }

    /// Pays an order (V2).
    pub async fn pay(&self, order: &Placed, card: &Card) -> Order {
        let answer = self
            .post(PURCHASE_V2, &self.purchase_body(&order.token, card))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Order::of(&answer.json())
    }

    /// Creates an order and pays it at [`ONE_PROCESSOR`].
    pub async fn buy(&self, amount: i64, card: &Card) -> Order {
        let placed = self.place(amount).await;
        self.pay(&placed, card).await
    }

    /// Creates an order and pays it at the named processor, or at whichever the gateway chooses.
    pub async fn buy_at(&self, processor: Option<&str>, amount: i64, card: &Card) -> Order {
        let mut body = self.one_step_body(amount, card);
        body["processor_name"] = processor.into();
        let answer = self.post(PURCHASE_V2, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Order::of(&answer.json())
    }

    /// Reads an order.
    pub async fn read(&self, token: &str) -> Order {
        let answer = self
            .try_call(Method::GET, &format!("{ORDERS}/{token}"), &[], None)
            .await
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
        Order::of(&answer.json())
    }

    /// Reads an order once it is in another state than that of the hash, or after so many seconds.
    pub async fn read_since(&self, token: &str, since: &str, seconds: u8) -> Order {
        let path = format!("{ORDERS}/{token}?wait={seconds}&since={since}");
        let answer = self.try_call(Method::GET, &path, &[], None).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
        Order::of(&answer.json())
    }

    /// Follows an order until it is as wanted, by Get Order's own waiting.
    pub async fn follow(&self, token: &str, wanted: impl Fn(&Order) -> bool) -> Order {
        let deadline = tokio::time::Instant::now() + SETTLED_PATIENCE;
        let mut order = self.read(token).await;
        while !wanted(&order) {
            assert!(tokio::time::Instant::now() < deadline, "still {order:?}");
            order = self.read_since(token, order.hash_state(), WAIT_SECONDS).await;
        }
        order
    }

    /// Follows an order to its end.
    pub async fn settled(&self, token: &str) -> Order {
        self.follow(token, Order::is_over).await
    }

    /// Cancels an order.
    pub async fn cancel(&self, token: &str) -> Answer {
        self.post(
            &format!("{ORDERS}/{token}/cancel"),
            &json!({ "reason": "no stock" }),
        )
        .await
    }

    /// Expires an order.
    pub async fn expire(&self, token: &str) -> Answer {
        self.try_call(Method::POST, &format!("{ORDERS}/{token}/expire"), &[], None)
            .await
            .unwrap()
    }

    /// The first `count` webhooks of an order, each with both signatures checked.
    pub async fn webhooks(&self, reference: &str, count: usize) -> Vec<Webhook> {
        let hooks = self.outside.hooks(reference, count - 1).await;
        let webhooks: Vec<Webhook> = hooks.iter().map(Webhook::of).collect();
        for webhook in &webhooks {
            webhook.assert_signed_by(&self.keys);
            self.story.tell("webhook", || {
                let (event, payment) = webhook.news();
                format!("{event}, payment {payment}: X-Deuna-Signature and webhook-signature hold")
            });
        }
        webhooks
    }
}

/// Create Order.
pub const ORDERS: &str = "/merchants/orders";
/// Purchase V1.
pub const PURCHASE_V1: &str = "/merchants/transactions/purchase";
/// Purchase V2.
pub const PURCHASE_V2: &str = "/merchants/transactions/v2/purchase";

/// What a request says, for whoever watches: the price, the card.
fn sent(body: &Value) -> String {
    let mut line = String::new();
    if let (Some(amount), Some(currency)) = (
        body["order"]["total_amount"].as_i64(),
        body["order"]["currency"].as_str(),
    ) {
        line += &format!(", {}", money(amount, currency));
    }
    let card = [&body["credit_info"], &body["credit_card"]];
    if let Some(number) = card.iter().find_map(|card| card["card_number"].as_str()) {
        let last_four = number.get(number.len().saturating_sub(4)..).unwrap_or_default();
        line += &format!(", card that ends in {last_four}");
    }
    line
}

/// `MXN 349.00`; the sandbox's merchants have currencies with two decimals.
pub fn money(minor: i64, currency: &str) -> String {
    format!("{currency} {}.{:02}", minor / 100, minor % 100)
}

/// What an answer says, for whoever watches.
fn summary(answer: &Answer) -> String {
    let Ok(body) = serde_json::from_str::<Value>(&answer.text) else {
        return String::new();
    };
    let mut line = String::new();
    if let Some(code) = body["error"]["code"].as_str() {
        line += &format!(
            ", {code} {}",
            body["error"]["description"].as_str().unwrap_or_default()
        );
    }
    if body["order"].is_object() {
        let order = Order::of(&body);
        line += &format!(", order {}", order.status());
        if !order.payment_status().is_empty() {
            line += &format!(", payment {}", order.payment_status());
        }
        if !order.code().is_empty() {
            line += &format!(" ({})", order.code());
        }
        if let Some(eci) = order.three_ds("eci").as_str() {
            line += &format!(
                ", {} ECI {eci}",
                order.three_ds("flow").as_str().unwrap_or_default()
            );
        }
    }
    line
}

fn card_body(card: &Card) -> Value {
    json!({
        "card_number": card.number,
        "card_cvv": card.security_code,
        "card_holder": "Ana Torres",
        "expiry_month": "11",
        "expiry_year": "2039",
    })
}

/// A full billing address.
pub fn address() -> Value {
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

fn browser_details() -> Value {
    json!({
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
        "accept_header": "text/html,*/*",
        "ip_address": "203.0.113.7",
        "language": "es-MX",
        "color_depth": 24,
        "screen_height": 1080,
        "screen_width": 1920,
        "time_zone": 360,
        "java_enabled": false,
        "javascript_enabled": true,
    })
}

fn callbacks() -> Value {
    json!({
        "on_success": "https://tienda-demo.example/gracias",
        "on_reject": "https://tienda-demo.example/rechazado",
        "on_canceled": "https://tienda-demo.example/cancelado",
        "on_failed": "https://tienda-demo.example/error",
    })
}

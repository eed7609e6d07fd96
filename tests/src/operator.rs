//! An operator: the admin's API with a session.

use reqwest::Method;
use serde_json::{Value, json};

use crate::http::{Answer, Http};
use crate::merchant::Merchant;

/// Somebody who logged in.
#[derive(Clone, Debug)]
pub struct Operator {
    http: Http,
    url: String,
    bearer: String,
}

impl Operator {
    /// Logs in as `sandbox.json` says.
    pub async fn log_in(http: Http, sandbox_json: &Value) -> Self {
        let admin = &sandbox_json["admin"];
        let url = admin["url"].as_str().unwrap().to_owned();
        let login = json!({ "email": admin["email"], "password": admin["password"] });
        let session = http.post_json(&format!("{url}/merchants/login"), &login).await;
        let bearer = format!("Bearer {}", session.json()["token"].as_str().expect("a session"));
        Self { http, url, bearer }
    }

    /// Calls the admin.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let headers = [
            ("authorization", self.bearer.as_str()),
            ("content-type", "application/json"),
        ];
        self.http
            .send(
                method,
                &format!("{}{path}", self.url),
                &headers,
                body.map(Value::to_string),
            )
            .await
            .expect("an answer from the admin")
    }

    /// Reads something that must be there.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// Posts something that must be right.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.call(Method::POST, path, Some(body)).await;
        assert!(matches!(answer.status, 200 | 201), "{path}: {}", answer.text);
        answer.json()
    }

    /// Creates a routing rule of a merchant's.
    pub async fn rules(&self, merchant: &Merchant, rule: &Value) -> Value {
        self.post(&format!("/merchants/{}/routing/rules", merchant.keys.id), rule)
            .await
    }

    /// Why an order's payments took their routes, the latest first.
    pub async fn routing_of(&self, merchant: &Merchant, order_token: &str) -> Value {
        let path = format!("/merchants/{}/orders/{order_token}/routing", merchant.keys.id);
        self.get(&path).await["data"].clone()
    }

    /// What would become of a purchase.
    pub async fn explain(&self, merchant: &Merchant, purchase: &Value) -> Value {
        self.post(
            &format!("/merchants/{}/routing/explain", merchant.keys.id),
            purchase,
        )
        .await
    }
}

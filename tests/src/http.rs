//! Plain HTTP: no redirects, no repetition, no connection kept from one request to the next.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// Longer than any answer of the gateway takes (60 s, and 70 s for a held Get Order).
const PATIENCE: Duration = Duration::from_secs(80);

/// A client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http(reqwest::Client);

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
}

impl Default for Http {
    fn default() -> Self {
        Self(builder().build().unwrap())
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        // A gateway that is killed leaves dead connections behind, which must not become another test's trouble.
        .pool_max_idle_per_host(0)
        .timeout(PATIENCE)
}

impl Http {
    /// One that trusts this root alone, and shows this certificate (with its key, PEM) where there is one.
    pub fn with_certificates(root: &str, identity: Option<&str>) -> Self {
        let root = reqwest::Certificate::from_pem(root.as_bytes()).unwrap();
        let mut builder = builder().tls_certs_only([root]);
        if let Some(identity) = identity {
            builder = builder.identity(reqwest::Identity::from_pem(identity.as_bytes()).unwrap());
        }
        Self(builder.build().unwrap())
    }

    /// Sends a request; `Err` when the connection fails or is cut.
    ///
    /// # Errors
    /// Whatever kept the answer away, in words.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<Answer, String> {
        let mut request = self.0.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let reply = request.send().await.map_err(|error| format!("{error:?}"))?;
        Ok(Answer {
            status: reply.status().as_u16(),
            headers: reply.headers().clone(),
            text: reply.text().await.map_err(|error| format!("{error:?}"))?,
        })
    }

    /// Gets a document.
    pub async fn get(&self, url: &str) -> Answer {
        self.send(Method::GET, url, &[("accept", "text/html,*/*")], None)
            .await
            .unwrap()
    }

    /// Posts a form as a browser does.
    pub async fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html,*/*"),
            ("accept-language", "es-MX,es;q=0.9"),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"),
        ];
        self.send(Method::POST, url, &headers, Some(form)).await.unwrap()
    }

    /// Posts JSON.
    pub async fn post_json(&self, url: &str, body: &Value) -> Answer {
        let headers = [
            ("content-type", "application/json"),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"),
        ];
        self.send(Method::POST, url, &headers, Some(body.to_string()))
            .await
            .unwrap()
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error} in HTTP {}: {}", self.status, self.text))
    }

    /// The code of an error answer; empty where there is none.
    pub fn error_code(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        body["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The description of an error answer; empty where there is none.
    pub fn error_description(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        body["error"]["description"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

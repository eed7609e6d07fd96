//! WebDriver (W3C, 2018) as far as the tests need it: one session, and an element's identifier.

use reqwest::Method;
use serde_json::{Value, json};
use tests::http::Http;

/// The member that names an element, by the specification.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser that was started for us. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Session {
    http: Http,
    url: String,
}

/// A command that the driver refused: its code, and what it says.
#[derive(Debug)]
pub struct Refused(pub String);

/// Something on a page, as long as the page stands.
#[derive(Clone, Debug)]
pub struct Element(String);

impl Session {
    /// Starts a browser.
    pub async fn start(driver: &str, capabilities: &Value) -> Self {
        let http = Http::default();
        let body = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let value = call(&http, Method::POST, &format!("{driver}/session"), &body)
            .await
            .unwrap_or_else(|Refused(why)| panic!("no browser: {why}"));
        let url = format!("{driver}/session/{}", value["sessionId"].as_str().unwrap());
        Self { http, url }
    }

    /// Posts a command.
    pub async fn post(&self, command: &str, body: Value) -> Result<Value, Refused> {
        call(
            &self.http,
            Method::POST,
            &format!("{}/{command}", self.url),
            &body,
        )
        .await
    }

    /// Asks something.
    pub async fn get(&self, question: &str) -> Result<Value, Refused> {
        call(
            &self.http,
            Method::GET,
            &format!("{}/{question}", self.url),
            &Value::Null,
        )
        .await
    }

    /// Asks for something that is always a text.
    pub async fn text(&self, question: &str) -> Result<String, Refused> {
        let value = self.get(question).await?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// What matches first.
    pub async fn find(&self, selector: &str) -> Result<Element, Refused> {
        let body = json!({ "using": "css selector", "value": selector });
        let found = self.post("element", body).await?;
        Ok(Element(found[ELEMENT].as_str().unwrap_or_default().to_owned()))
    }

    /// Asks something about an element.
    pub async fn ask(&self, element: &Element, question: &str) -> Result<Value, Refused> {
        self.get(&format!("element/{}/{question}", element.0)).await
    }

    /// Does something with an element.
    pub async fn act(&self, element: &Element, command: &str, body: Value) -> Result<Value, Refused> {
        self.post(&format!("element/{}/{command}", element.0), body).await
    }

    /// Goes into the frame that this element is.
    pub async fn enter(&self, frame: &Element) -> Result<(), Refused> {
        let body = json!({ "id": { ELEMENT: frame.0 } });
        self.post("frame", body).await.map(drop)
    }

    /// Closes the window; with the last one, the driver ends the session too.
    pub async fn close_window(&self) -> Result<(), Refused> {
        call(
            &self.http,
            Method::DELETE,
            &format!("{}/window", self.url),
            &Value::Null,
        )
        .await
        .map(drop)
    }

    /// Ends the browser.
    pub async fn end(&self) -> Result<(), Refused> {
        call(&self.http, Method::DELETE, &self.url, &Value::Null)
            .await
            .map(drop)
    }
}

async fn call(http: &Http, method: Method, url: &str, body: &Value) -> Result<Value, Refused> {
    let (headers, body) = if method == Method::POST {
        (vec![("content-type", "application/json")], Some(body.to_string()))
    } else {
        (Vec::new(), None)
    };
    let answer = http.send(method, url, &headers, body).await.map_err(Refused)?;
    let mut document: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    let value = document["value"].take();
    if answer.status == 200 {
        Ok(value)
    } else {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Err(Refused(format!("{}: {}", text("error"), text("message"))))
    }
}

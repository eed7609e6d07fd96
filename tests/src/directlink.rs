//! A shop on the form-encoded gateway: posts signed forms and reads one `ncresponse` each (ogone-directlink.md).
//!
//! [`Shop`] is its backend, [`Request`] a form, [`answer`] the reader of what comes back, [`signature`] the digests, [`feedback`]
//! what the gateway tells the shop by itself. Made from the protocol's documents alone: nothing of ours is imported, so that
//! both sides would have to misread them in the same way.

pub mod answer;
pub mod feedback;
pub mod signature;

use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::cards::Card;
use crate::http::{Answer, Http};
use crate::secrets::Secrets;
use answer::NcResponse;
use signature::Hash;

/// The page for new orders.
pub const ORDER: &str = "/ncol/test/orderdirect.asp";
/// The page for what comes after the payment.
pub const MAINTENANCE: &str = "/ncol/test/maintenancedirect.asp";
/// The page that says how a payment stands.
pub const QUERY: &str = "/ncol/test/querydirect.asp";

/// What a shop was given, as `sandbox.json` has it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The account's name.
    pub pspid: String,
    /// Its API user.
    pub userid: String,
    /// The user's password.
    pub pswd: String,
    /// What requests are signed with; empty: they go unsigned.
    pub sha_in: String,
    /// What feedback is signed with.
    pub sha_out: String,
    /// The digest of both.
    pub hash: Hash,
}

/// The character set of a form's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// One byte a character, as the plain pages expect.
    Latin1,
    /// As the `_utf8` pages do.
    Utf8,
}

/// A form: names and values in the order they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request(Vec<(String, String)>);

/// The shop's backend. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shop {
    http: Http,
    gateway: String,
    charset: Charset,
    secrets: Secrets,
    /// What it calls with.
    pub account: Account,
}

impl Account {
    /// Reads the `directlink` object of `sandbox.json`.
    pub fn read(directlink: &Value) -> Self {
        let text = |name: &str| {
            directlink[name]
                .as_str()
                .expect("a DirectLink account")
                .to_owned()
        };
        Self {
            pspid: text("pspid"),
            userid: text("userid"),
            pswd: text("pswd"),
            sha_in: text("sha_in"),
            sha_out: text("sha_out"),
            hash: Hash::parse(&text("hash")),
        }
    }

    /// Its password and passphrases may be nowhere from now on.
    pub fn is_secret(&self, secrets: &Secrets) {
        for secret in [&self.pswd, &self.sha_in, &self.sha_out] {
            secrets.used_password(secret);
        }
    }
}

impl Charset {
    /// The bytes of a text. Panics where the character set has none for it.
    pub fn bytes(self, text: &str) -> Vec<u8> {
        let latin1 = |letter: char| u8::try_from(u32::from(letter)).expect("a letter of ISO-8859-1");
        match self {
            Self::Latin1 => text.chars().map(latin1).collect(),
            Self::Utf8 => text.as_bytes().to_vec(),
        }
    }
}

impl Request {
    /// A form of these.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self(pairs.iter().map(owned).collect())
    }

    /// With a parameter, instead of the one of that name if there is one.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        match self.0.iter_mut().find(|(given, _)| given == name) {
            Some((_, old)) => *old = value.to_string(),
            None => self.0.push((name.to_owned(), value.to_string())),
        }
        self
    }

    /// With all of these.
    #[must_use]
    pub fn with_all(self, pairs: &[(&str, &str)]) -> Self {
        pairs
            .iter()
            .fold(self, |request, (name, value)| request.with(name, value))
    }

    /// Without a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(given, _)| given != name);
        self
    }

    /// A parameter that must be there.
    pub fn value(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str()).expect("a parameter")
    }

    /// Its names and values.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// With its names as `rename` has them.
    #[must_use]
    pub fn renamed(self, rename: impl Fn(&str) -> String) -> Self {
        let pairs = self.0.into_iter();
        Self(pairs.map(|(name, value)| (rename(&name), value)).collect())
    }

    /// The body: percent-encoded bytes of that character set.
    pub fn body(&self, charset: Charset) -> String {
        let encoded =
            |text: &str| url::form_urlencoded::byte_serialize(&charset.bytes(text)).collect::<String>();
        let pairs = self.0.iter();
        pairs
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect::<Vec<_>>()
            .join("&")
    }
}

impl Shop {
    /// A shop that calls the gateway with this account, in ISO-8859-1.
    pub fn new(http: Http, gateway: impl Into<String>, account: Account, secrets: Secrets) -> Self {
        Self {
            http,
            gateway: gateway.into(),
            charset: Charset::Latin1,
            secrets,
            account,
        }
    }

    /// The same shop, calling another process of the gateway.
    pub fn at(&self, gateway: impl Into<String>) -> Self {
        Self {
            gateway: gateway.into(),
            ..self.clone()
        }
    }

    /// The same shop, writing its forms in that character set.
    pub fn writing(&self, charset: Charset) -> Self {
        Self {
            charset,
            ..self.clone()
        }
    }

    /// The same shop with another account.
    pub fn with_account(&self, account: Account) -> Self {
        Self {
            account,
            ..self.clone()
        }
    }

    /// An order of so many euro cents that is only authorised: a fresh reference, no 3-D Secure.
    pub fn order(&self, cents: i64, card: &Card) -> Request {
        self.secrets.used_card(&card.number);
        Request::default()
            .with("ORDERID", format!("DL-{}", Uuid::new_v4().simple()))
            .with("AMOUNT", cents)
            .with("CURRENCY", "EUR")
            .with("CARDNO", &card.number)
            .with("ED", "11/39")
            .with("CVC", &card.security_code)
            .with("CN", "Ana Torres")
            .with("OPERATION", "RES")
    }

    /// The same with 3-D Secure and everything that the shop knows of the browser, so that no page of ours need ask it.
    pub fn authenticated_order(&self, cents: i64, card: &Card) -> Request {
        self.order(cents, card).with_all(&BROWSER)
    }

    /// A request with the account's name, user and password, and its signature.
    pub fn signed(&self, request: &Request) -> Request {
        let request = request
            .clone()
            .with("PSPID", &self.account.pspid)
            .with("USERID", &self.account.userid)
            .with("PSWD", &self.account.pswd);
        if self.account.sha_in.is_empty() {
            return request;
        }
        let values = request.pairs().iter();
        let pairs: Vec<_> = values
            .map(|(name, value)| (name.clone(), self.charset.bytes(value)))
            .collect();
        let digest = signature::of_request(&pairs, &self.account.sha_in, self.account.hash);
        request.with("SHASIGN", digest)
    }

    /// Signs a request, posts it and reads the answer, which must be a success of HTTP and well-formed whatever it says.
    pub async fn posts(&self, page: &str, request: &Request) -> NcResponse {
        self.try_posts(page, request).await.expect("an answer")
    }

    /// The same. `Err` when no answer came.
    ///
    /// # Errors
    /// Whatever kept the answer away, in words.
    pub async fn try_posts(&self, page: &str, request: &Request) -> Result<NcResponse, String> {
        let body = self.signed(request).body(self.charset);
        let answer = self
            .sends(page, "application/x-www-form-urlencoded", body)
            .await?;
        Ok(NcResponse::of(&answer))
    }

    /// Posts a body as it is.
    ///
    /// # Errors
    /// Whatever kept the answer away, in words.
    pub async fn sends(&self, page: &str, content_type: &str, body: String) -> Result<Answer, String> {
        let url = format!("{}{page}", self.gateway);
        let headers = [("content-type", content_type)];
        self.http.send(Method::POST, &url, &headers, Some(body)).await
    }

    /// Has an order paid.
    pub async fn pays(&self, order: &Request) -> NcResponse {
        self.posts(ORDER, order).await
    }

    /// Captures, voids or gives back; without an amount, all of it.
    pub async fn maintains(&self, payid: &str, operation: &str, cents: Option<i64>) -> NcResponse {
        let request = Request::of(&[("PAYID", payid), ("OPERATION", operation)]);
        let request = match cents {
            Some(cents) => request.with("AMOUNT", cents),
            None => request,
        };
        self.posts(MAINTENANCE, &request).await
    }

    /// Asks how a payment stands.
    pub async fn asks(&self, which: &[(&str, &str)]) -> NcResponse {
        self.posts(QUERY, &Request::of(which)).await
    }
}

/// What asks for 3-D Secure, and what a browser tells.
pub const BROWSER: [(&str, &str); 14] = [
    ("FLAG3D", "Y"),
    ("WIN3DS", "MAINW"),
    ("LANGUAGE", "en_US"),
    ("HTTP_ACCEPT", "text/html,*/*"),
    ("HTTP_USER_AGENT", "Mozilla/5.0 (X11; Linux x86_64)"),
    ("browserAcceptHeader", "text/html,*/*"),
    ("browserColorDepth", "24"),
    ("browserJavaEnabled", "false"),
    ("browserLanguage", "en-GB"),
    ("browserScreenHeight", "1080"),
    ("browserScreenWidth", "1920"),
    ("browserTimeZone", "-60"),
    ("browserUserAgent", "Mozilla/5.0 (X11; Linux x86_64)"),
    ("REMOTE_ADDR", "203.0.113.7"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_in_its_character_set() {
        let request = Request::of(&[("CN", "José & Söhne"), ("ED", "11/39")]);
        assert_eq!(request.body(Charset::Latin1), "CN=Jos%E9+%26+S%F6hne&ED=11%2F39");
        assert_eq!(
            request.body(Charset::Utf8),
            "CN=Jos%C3%A9+%26+S%C3%B6hne&ED=11%2F39"
        );
    }
}

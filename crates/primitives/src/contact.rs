//! Addresses of people and servers.

use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// An e-mail address: something before and something after one `@`, at most 254 characters (RFC 5321).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not an e-mail address")]
pub struct NotAnEmail;

impl Email {
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        let clean = !text
            .chars()
            .any(|symbol| symbol.is_whitespace() || symbol.is_control());
        let labels = !domain.starts_with('.') && !domain.ends_with('.') && !domain.contains("..");
        if clean
            && labels
            && !local.is_empty()
            && local.len() <= 64
            && !domain.is_empty()
            && text.len() <= 254
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnEmail)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = NotAnEmail;

    fn try_from(text: String) -> Result<Self, NotAnEmail> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

/// Addresses are personal data: `Debug` shows the domain only.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "…@{}",
            self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
        )
    }
}

/// Which URLs may be called or redirected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlPolicy {
    /// `https` only: production.
    HttpsOnly,
    /// `http` to a loopback host too: the sandbox.
    LoopbackHttpToo,
}

/// An absolute URL that [`UrlPolicy`] lets through, without user name or password, at most 2048 characters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HttpUrl(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be an absolute https URL of at most 2048 characters")]
pub struct NotAnAllowedUrl;

impl HttpUrl {
    /// A page that nobody but a browser is sent to, and which we never call: `http` to anybody too, since shops older than
    /// [`UrlPolicy`] still have such pages.
    pub fn parse_page(text: &str) -> Result<Self, NotAnAllowedUrl> {
        let url = url::Url::parse(text).map_err(|_| NotAnAllowedUrl)?;
        if matches!(url.scheme(), "https" | "http") && url.host().is_some() {
            Self::plain(text, &url)
        } else {
            Err(NotAnAllowedUrl)
        }
    }

    pub fn parse(text: &str, policy: UrlPolicy) -> Result<Self, NotAnAllowedUrl> {
        let url = url::Url::parse(text).map_err(|_| NotAnAllowedUrl)?;
        let loopback = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(NotAnAllowedUrl),
        };
        let scheme_allowed = match (url.scheme(), policy) {
            ("https", _) => true,
            ("http", UrlPolicy::LoopbackHttpToo) => loopback,
            _ => false,
        };
        if scheme_allowed {
            Self::plain(text, &url)
        } else {
            Err(NotAnAllowedUrl)
        }
    }

    /// Without credentials, short, in one line, and with its two strokes: without them a browser reads the rest as a path of the
    /// page that sends it there.
    fn plain(text: &str, url: &url::Url) -> Result<Self, NotAnAllowedUrl> {
        let in_one_line = !text.chars().any(char::is_control);
        let text = text.trim();
        let rest = text
            .get(url.scheme().len()..)
            .and_then(|rest| rest.strip_prefix("://"));
        let absolute = rest.is_some_and(|rest| !rest.starts_with(['/', '\\']));
        let plain = url.username().is_empty() && url.password().is_none();
        if absolute && plain && in_one_line && text.len() <= 2048 {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnAllowedUrl)
        }
    }

    /// The URL as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_in_the_sandbox_only() {
        let allowed = |text, policy| HttpUrl::parse(text, policy).is_ok();
        assert!(allowed("https://shop.example/x?y=1", UrlPolicy::HttpsOnly));
        assert!(!allowed("http://127.0.0.1:8090/hook", UrlPolicy::HttpsOnly));
        assert!(allowed("http://127.0.0.1:8090/hook", UrlPolicy::LoopbackHttpToo));
        assert!(allowed("http://[::1]/hook", UrlPolicy::LoopbackHttpToo));
        for text in [
            "http://shop.example",
            "ftp://shop.example",
            "/relative",
            "https://u:p@shop.example",
            "",
        ] {
            assert!(!allowed(text, UrlPolicy::LoopbackHttpToo), "{text}");
        }
    }

    #[test]
    fn a_browser_may_be_sent_to_pages_without_tls() {
        assert!(HttpUrl::parse_page("http://shop.example/paid?x=1").is_ok());
        assert!(HttpUrl::parse_page("https://shop.example").is_ok());
        for text in [
            "ftp://shop.example",
            "javascript:alert(1)",
            "/paid",
            "https:paid",
            "https:/paid",
            "https:///paid",
            "https://\\paid",
            "https:\\\\shop.example\\paid",
            "http://u:p@shop.example",
            "",
        ] {
            assert_eq!(HttpUrl::parse_page(text), Err(NotAnAllowedUrl), "{text}");
        }
    }

    #[test]
    fn an_address_needs_both_sides_of_the_at() {
        assert!(Email::parse("ana@example.com").is_ok());
        for text in [
            "ana",
            "@example.com",
            "ana@",
            "a b@example.com",
            "ana@.example.com",
        ] {
            assert_eq!(Email::parse(text), Err(NotAnEmail), "{text}");
        }
    }
}

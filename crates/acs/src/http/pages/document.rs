//! How a document leaves: what browsers are told to refuse, whatever it should turn out to contain.

use askama::Template;
use aws_lc_rs::digest;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::language::Language;

/// Sources on this machine, for a sandbox, where nothing has certificates.
const LOOPBACK: &str = " http://127.0.0.1:* http://localhost:*";

const DENY_ALL: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'");

/// What a document has to be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Document<'d> {
    /// Shows the bank's logo and posts to us.
    Challenge {
        /// The logo's URL.
        logo_url: Option<&'d str>,
        /// The one style that stands in the document itself.
        style: Option<&'d str>,
    },
    /// Posts to whoever is notified.
    Return,
    /// Says something.
    Problem,
}

impl Document<'_> {
    /// The content policy. Any merchant may have the page in a frame; a sandbox's, without certificates, too. The way back
    /// may lead over redirects, each of which Chromium holds against `form-action`, hence any https.
    fn policy(self, production: bool) -> String {
        let loopback = if production { "" } else { LOOPBACK };
        let own = match self {
            Self::Challenge { logo_url, style } => {
                let logo = logo_url.and_then(origin).unwrap_or_default();
                let style = style.map(hash_source).unwrap_or_default();
                format!(
                    "script-src 'self'; connect-src 'self'; style-src 'self'{style}; img-src 'self'{logo}; form-action 'self'"
                )
            }
            Self::Return => {
                format!("script-src 'self'; style-src 'self'; form-action https:{loopback}")
            }
            Self::Problem => "style-src 'self'; form-action 'none'".to_owned(),
        };
        format!("default-src 'none'; {own}; base-uri 'none'; frame-ancestors 'self' https:{loopback}")
    }

    /// The rendered document. It is kept nowhere, and its address is told nobody.
    pub(super) fn html(
        self,
        status: StatusCode,
        language: Language,
        production: bool,
        template: &impl Template,
    ) -> Response {
        let Ok(text) = template.render() else {
            tracing::error!("a page's template could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let policy = HeaderValue::try_from(self.policy(production)).unwrap_or(DENY_ALL);
        let headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (CONTENT_LANGUAGE, HeaderValue::from_static(language.code())),
            (CONTENT_SECURITY_POLICY, policy),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ]);
        (status, headers, text).into_response()
    }
}

/// The origin of a URL as a source, with a blank before it; nothing for what has none.
fn origin(url: &str) -> Option<String> {
    let origin = Url::parse(url).ok()?.origin();
    origin
        .is_tuple()
        .then(|| format!(" {}", origin.ascii_serialization()))
}

/// Lets that one style through, with a blank before it.
fn hash_source(style: &str) -> String {
    let hash = digest::digest(&digest::SHA256, style.as_bytes());
    format!(" 'sha256-{}'", STANDARD.encode(hash))
}

/// Whether a browser may be sent to this address: never to a scheme that runs something.
pub(super) fn may_lead_to(url: &str, production: bool) -> bool {
    url.starts_with("https://") || (!production && url.starts_with("http://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTS: [Document<'_>; 3] = [
        Document::Challenge {
            logo_url: Some("https://bank.example/logo.svg?a=b;c"),
            style: None,
        },
        Document::Return,
        Document::Problem,
    ];

    #[test]
    fn only_a_sandbox_trusts_plain_http() {
        for document in DOCUMENTS {
            assert!(!document.policy(true).contains("http:"), "{document:?}");
            assert!(document.policy(false).contains(LOOPBACK), "{document:?}");
        }
    }

    #[test]
    fn no_document_runs_what_stands_in_it() {
        for document in DOCUMENTS {
            let policy = document.policy(true);
            assert!(!policy.contains("unsafe"), "{policy}");
            assert!(
                policy.contains("frame-ancestors 'self' https:"),
                "any merchant may have it in a frame: {policy}"
            );
        }
    }

    #[test]
    fn the_logo_comes_from_its_own_host_and_from_no_other() {
        let policy = DOCUMENTS[0].policy(true);
        assert!(
            policy.contains("img-src 'self' https://bank.example; form-action 'self'"),
            "{policy}"
        );
        let injected = Document::Challenge {
            logo_url: Some("javascript:alert(1)"),
            style: None,
        };
        assert!(injected.policy(true).contains("img-src 'self';"));
    }

    #[test]
    fn no_browser_is_sent_to_a_script() {
        assert!(may_lead_to("https://shop.example/", true));
        assert!(!may_lead_to("http://127.0.0.1/", true));
        assert!(!may_lead_to("javascript:alert(1)", false));
        assert!(!may_lead_to("//shop.example", false));
    }
}

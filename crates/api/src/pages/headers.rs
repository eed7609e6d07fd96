//! What browsers are told to refuse, whatever a document should turn out to contain.

use super::words::Words;
use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use primitives::UrlPolicy;

/// The kinds of documents we serve, by what they have to be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Document {
    /// The payment's page: asks for progress, posts to us, and holds the frames of 3DS Method and challenge.
    Payment,
    /// Posts one form to an ACS.
    Handover,
    /// Says something and leads on.
    Notice,
    /// Asks for a card: posts to us alone, and stands in no frame, so that nobody else's page can lie over its fields.
    CardForm,
}

/// Sources on this machine, for the sandbox, where nothing has certificates.
const LOOPBACK: &str = " http://127.0.0.1:* http://localhost:*";

const DENY_ALL: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'");

impl Document {
    /// The content policy.
    ///
    /// Frames and the handover's form may go to any https address, not just to the ACS's: Chromium holds `form-action`
    /// and `frame-src` against each redirect too, and an ACS may pass the cardholder on to a bank's own host. Neither
    /// document holds a field that the cardholder fills in. Merchants may embed the page, hence `frame-ancestors`.
    fn policy(self, urls: UrlPolicy) -> String {
        let loopback = match urls {
            UrlPolicy::HttpsOnly => "",
            UrlPolicy::LoopbackHttpToo => LOOPBACK,
        };
        let own = match self {
            Self::Payment => {
                format!("connect-src 'self'; form-action 'self'; frame-src 'self' https:{loopback}")
            }
            Self::Handover => format!("form-action https:{loopback}"),
            Self::Notice => "form-action 'none'".to_owned(),
            Self::CardForm => "form-action 'self'".to_owned(),
        };
        let ancestors = match self {
            Self::Payment | Self::Handover | Self::Notice => format!("'self' https:{loopback}"),
            Self::CardForm => "'none'".to_owned(),
        };
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; {own}; base-uri 'none'; \
             frame-ancestors {ancestors}"
        )
    }
}

/// Renders a document with its status, language and content policy.
pub(crate) fn html(
    document: Document,
    urls: UrlPolicy,
    words: &Words,
    status: StatusCode,
    template: &impl Template,
) -> Response {
    let Ok(text) = template.render() else {
        tracing::error!("a hosted page's template could not be rendered");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(words.tag));
    let policy = HeaderValue::try_from(document.policy(urls)).unwrap_or(DENY_ALL);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    (status, headers, text).into_response()
}

/// Whether a browser may be sent to this address: never to a scheme that runs something.
pub(crate) fn may_lead_to(url: &str, urls: UrlPolicy) -> bool {
    url.starts_with("https://") || (urls == UrlPolicy::LoopbackHttpToo && url.starts_with("http://"))
}

/// What every answer carries that does not say otherwise.
pub(crate) async fn safe_by_default(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, DENY_ALL),
        // Our addresses hold the token; no other site is to learn it.
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ] {
        headers.entry(name).or_insert(value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_sandbox_trusts_plain_http() {
        for document in [Document::Payment, Document::Handover, Document::Notice] {
            assert!(!document.policy(UrlPolicy::HttpsOnly).contains("http:"));
            assert!(document.policy(UrlPolicy::LoopbackHttpToo).contains(LOOPBACK));
        }
    }

    #[test]
    fn cards_are_asked_for_in_no_frame() {
        let policy = Document::CardForm.policy(UrlPolicy::LoopbackHttpToo);
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self';"),
            "{policy}"
        );
    }

    #[test]
    fn no_browser_is_sent_to_a_script() {
        assert!(may_lead_to("https://shop.example/", UrlPolicy::HttpsOnly));
        assert!(!may_lead_to("http://127.0.0.1/", UrlPolicy::HttpsOnly));
        assert!(!may_lead_to("javascript:alert(1)", UrlPolicy::LoopbackHttpToo));
        assert!(!may_lead_to("//shop.example", UrlPolicy::LoopbackHttpToo));
    }
}

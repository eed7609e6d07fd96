//! What can be told from a request alone.

use super::{Findings, MARKER, SECURITY_CODE, Subject};
use crate::CannotBuild;
use primitives::{Exchange, HttpRequest};

/// The rules for every request, whatever it asks.
pub fn rules(request: &HttpRequest, name: &str, reference: &str, findings: &mut Findings) {
    findings.expect(
        contains(request, reference),
        "a request carries our reference",
        || name.into(),
    );
    let lower = request
        .headers
        .iter()
        .all(|(header, _)| !header.bytes().any(|byte| byte.is_ascii_uppercase()));
    findings.expect(lower, "header names are in lower case", || name.into());
    let shown = format!("{request:?}");
    let hidden = [MARKER, "5200000000001005", "370000000010001", SECURITY_CODE];
    for secret in hidden {
        findings.expect(!shown.contains(secret), "Debug shows no card data", || {
            name.into()
        });
    }
    let query = request.url.query().unwrap_or_default();
    findings.expect(!query.contains(MARKER), "no card data in an address", || {
        name.into()
    });
}

/// Whether address, headers or body hold the text.
pub fn contains(request: &HttpRequest, text: &str) -> bool {
    let in_body = request.body.reveal();
    request.url.as_str().contains(text)
        || request
            .headers
            .iter()
            .any(|(_, value)| value.reveal().contains(text))
        || (!text.is_empty()
            && in_body
                .windows(text.len())
                .any(|window| window == text.as_bytes()))
}

/// The account's credentials that are long enough to be searched for.
pub fn credentials_of(subject: &Subject<'_>, request: &HttpRequest) -> Vec<(String, String)> {
    let credentials = &subject.account.credentials;
    credentials
        .names()
        .filter_map(|name| Some((name.to_owned(), credentials.get(name)?.to_owned())))
        .filter(|(_, value)| value.len() >= 12 && contains(request, value))
        .collect()
}

/// The same order at the same moment must become the same request.
pub fn same_bytes<A>(first: &HttpRequest, again: Result<Exchange<A>, CannotBuild>, findings: &mut Findings) {
    let same = again.is_ok_and(|again| {
        let again = again.request;
        let headers = |request: &HttpRequest| {
            let pairs = request.headers.iter();
            pairs
                .map(|(name, value)| (*name, value.reveal().clone()))
                .collect::<Vec<_>>()
        };
        first.url == again.url
            && headers(first) == headers(&again)
            && first.body.reveal() == again.body.reveal()
    });
    findings.expect(
        same,
        "the same order at the same moment is the same bytes",
        || first.url.path().to_owned(),
    );
}

//! What every request has in common: the address below the connection's base, the merchant's key, a JSON body.

use acquiring::{Account, CannotBuild};
use primitives::{HttpRequest, Method};
use serde::Serialize;

/// The credential that names the merchant to Kushki and proves it at once.
pub const PRIVATE_MERCHANT_ID: &str = "private_merchant_id";

/// Which header carries the key. Examples and existing gateways say `Private-Merchant-Id`, newer reference pages
/// `Private-key`, so a connection may choose the other one.
pub const KEY_HEADER: &str = "key_header";

/// The longest `externalReferenceId` the published structure allows.
const REFERENCE_MAX_CHARACTERS: usize = 64;

/// The longest `Idempotency-Key`.
const IDEMPOTENCY_KEY_MAX_CHARACTERS: usize = 56;

/// A request without a body.
pub fn bare(
    account: &Account,
    method: Method,
    path: &[&str],
    query: &[(&str, &str)],
) -> Result<HttpRequest, CannotBuild> {
    let mut url = account.base_url.clone();
    url.path_segments_mut()
        .map_err(|()| CannotBuild::NotExpressible("the connection's base address takes no path"))?
        .pop_if_empty()
        .extend(path);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    let key = account
        .credentials
        .get(PRIVATE_MERCHANT_ID)
        .ok_or(CannotBuild::MissingCredential(PRIVATE_MERCHANT_ID))?;
    Ok(HttpRequest::new(method, url)
        .header("accept", "application/json")
        .header("content-type", "application/json")
        .header(key_header(account)?, key))
}

/// A request with `body` as JSON.
pub fn with_json(
    account: &Account,
    method: Method,
    path: &[&str],
    body: &impl Serialize,
) -> Result<HttpRequest, CannotBuild> {
    let bytes = serde_json::to_vec(body)
        .map_err(|_| CannotBuild::NotExpressible("a value that cannot be written as JSON"))?;
    Ok(bare(account, method, path, &[])?.body(bytes))
}

/// Our reference as `externalReferenceId`, which the inquiry looks for; never cut short, since it would not be found.
pub fn external_reference(reference: &str) -> Result<&str, CannotBuild> {
    if (5..=REFERENCE_MAX_CHARACTERS).contains(&reference.len()) {
        Ok(reference)
    } else {
        Err(CannotBuild::NotExpressible("a reference of this length"))
    }
}

/// Our reference as `Idempotency-Key`.
pub fn idempotency_key(reference: &str) -> Result<&str, CannotBuild> {
    if (1..=IDEMPOTENCY_KEY_MAX_CHARACTERS).contains(&reference.len()) {
        Ok(reference)
    } else {
        Err(CannotBuild::NotExpressible("an idempotency key of this length"))
    }
}

fn key_header(account: &Account) -> Result<&'static str, CannotBuild> {
    match account.credentials.get(KEY_HEADER) {
        None | Some("Private-Merchant-Id" | "private-merchant-id") => Ok("private-merchant-id"),
        Some("Private-key" | "private-key") => Ok("private-key"),
        Some(_) => Err(CannotBuild::NotExpressible("a key header of this name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kushki::samples;

    #[test]
    fn the_path_goes_below_the_base_address_and_is_escaped() {
        for base in ["http://127.0.0.1:8090/kushki", "http://127.0.0.1:8090/kushki/"] {
            let account = samples::account_at(base, &[]);
            let request = bare(&account, Method::Delete, &["v1", "charges", "a/b"], &[]).unwrap();
            assert_eq!(
                request.url.as_str(),
                "http://127.0.0.1:8090/kushki/v1/charges/a%2Fb"
            );
        }
    }

    #[test]
    fn the_key_header_is_a_setting() {
        let name = |setting: &[(&str, &str)]| {
            bare(
                &samples::account_at("https://kushki.example", setting),
                Method::Get,
                &["x"],
                &[],
            )
            .map(|request| request.headers[2].0)
        };
        assert_eq!(name(&[]), Ok("private-merchant-id"));
        assert_eq!(name(&[("key_header", "Private-key")]), Ok("private-key"));
        assert_eq!(
            name(&[("key_header", "Cookie")]),
            Err(CannotBuild::NotExpressible("a key header of this name"))
        );
    }

    #[test]
    fn without_its_key_a_connection_sends_nothing() {
        let mut account = samples::account();
        account.credentials = acquiring::Credentials::default();
        let fault = bare(&account, Method::Get, &["x"], &[]).unwrap_err();
        assert_eq!(fault, CannotBuild::MissingCredential("private_merchant_id"));
    }

    #[test]
    fn a_reference_that_would_be_cut_is_refused() {
        assert!(external_reference(&"r".repeat(64)).is_ok());
        assert!(external_reference(&"r".repeat(65)).is_err());
        assert!(idempotency_key(&"r".repeat(56)).is_ok());
        assert!(idempotency_key(&"r".repeat(57)).is_err());
    }
}

//! What every request has in common: the address below the connection's base, the API key, an idempotency key, a JSON body.

use acquiring::{Account, CannotBuild};
use primitives::{HttpRequest, Method};
use serde::Serialize;

/// The credential that proves who calls.
pub const API_KEY: &str = "api_key";

/// The merchant account that payments are booked on; a company has several.
pub const MERCHANT_ACCOUNT: &str = "merchant_account";

/// The longest `Idempotency-Key`.
const IDEMPOTENCY_KEY_MAX_CHARACTERS: usize = 64;

/// A `POST` of `body`. `reference` is ours of the operation, and under it as idempotency key a repeated request is answered
/// as the first one was, for at least seven days.
pub fn post(
    account: &Account,
    path: &[&str],
    reference: &str,
    body: &impl Serialize,
) -> Result<HttpRequest, CannotBuild> {
    let mut url = account.base_url.clone();
    url.path_segments_mut()
        .map_err(|()| CannotBuild::NotExpressible("the connection's base address takes no path"))?
        .pop_if_empty()
        .extend(path);
    if !(1..=IDEMPOTENCY_KEY_MAX_CHARACTERS).contains(&reference.len()) {
        return Err(CannotBuild::NotExpressible("a reference of this length"));
    }
    let bytes = serde_json::to_vec(body)
        .map_err(|_| CannotBuild::NotExpressible("a value that cannot be written as JSON"))?;
    Ok(HttpRequest::new(Method::Post, url)
        .header("accept", "application/json")
        .header("content-type", "application/json")
        .header("x-api-key", credential(account, API_KEY)?)
        .header("idempotency-key", reference)
        .body(bytes))
}

/// The merchant account of a connection.
pub fn merchant_account(account: &Account) -> Result<&str, CannotBuild> {
    credential(account, MERCHANT_ACCOUNT)
}

fn credential<'a>(account: &'a Account, name: &'static str) -> Result<&'a str, CannotBuild> {
    account
        .credentials
        .get(name)
        .ok_or(CannotBuild::MissingCredential(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adyen::samples;

    #[test]
    fn the_path_goes_below_the_base_address_and_is_escaped() {
        for base in [
            "http://127.0.0.1:8090/adyen/v72",
            "http://127.0.0.1:8090/adyen/v72/",
        ] {
            let account = samples::account_at(base);
            let request = post(&account, &["payments", "a/b", "cancels"], "r", &()).unwrap();
            assert_eq!(
                request.url.as_str(),
                "http://127.0.0.1:8090/adyen/v72/payments/a%2Fb/cancels"
            );
        }
    }

    #[test]
    fn a_reference_that_is_no_idempotency_key_is_refused() {
        let built = |reference: &str| post(&samples::account(), &["payments"], reference, &()).is_ok();
        assert!(built(&"r".repeat(64)));
        assert!(!built(&"r".repeat(65)));
        assert!(!built(""));
    }

    #[test]
    fn without_its_key_a_connection_sends_nothing() {
        let mut account = samples::account();
        account.credentials = acquiring::Credentials::default();
        let fault = post(&account, &["payments"], "r", &()).unwrap_err();
        assert_eq!(fault, CannotBuild::MissingCredential("api_key"));
    }
}

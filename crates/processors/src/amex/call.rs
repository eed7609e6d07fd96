//! What every request has in common: the address of a transaction, the merchant's name and password, a JSON body.

use acquiring::{Account, CannotBuild};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use primitives::{HttpRequest, Method};
use serde::Serialize;

/// The merchant's id at the gateway; test merchants' begin with `TEST`.
pub const MERCHANT_ID: &str = "merchant_id";

/// The password that the gateway made for calls of its interface.
pub const API_PASSWORD: &str = "api_password";

/// Which version of the interface a connection speaks.
pub const API_VERSION: &str = "api_version";

/// The newest version that the reference knows; stored credentials came with 74.
const DEFAULT_API_VERSION: &str = "100";

/// The versions that the reference knows.
const API_VERSIONS: std::ops::RangeInclusive<u16> = 57..=100;

/// The longest order or transaction id.
const ID_MAX_CHARACTERS: usize = 40;

/// The operations, as `apiOperation` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Operation {
    Authorize,
    Pay,
    Capture,
    Void,
    Refund,
}

/// A transaction at the gateway: our references of the charge and of what is done with it.
#[derive(Debug, Clone, Copy)]
pub struct Address<'a> {
    pub order: &'a str,
    pub transaction: &'a str,
}

/// Asks for a transaction.
pub fn get(account: &Account, address: Address<'_>) -> Result<HttpRequest, CannotBuild> {
    bare(account, Method::Get, address)
}

/// Makes a transaction, or nothing where it was made before.
pub fn put(
    account: &Account,
    address: Address<'_>,
    body: &impl Serialize,
) -> Result<HttpRequest, CannotBuild> {
    let bytes = serde_json::to_vec(body)
        .map_err(|_| CannotBuild::NotExpressible("a value that cannot be written as JSON"))?;
    Ok(bare(account, Method::Put, address)?
        .header("content-type", "application/json")
        .body(bytes))
}

fn bare(account: &Account, method: Method, address: Address<'_>) -> Result<HttpRequest, CannotBuild> {
    let credential = |name| {
        let given = account.credentials.get(name).filter(|given| !given.is_empty());
        given.ok_or(CannotBuild::MissingCredential(name))
    };
    let merchant = credential(MERCHANT_ID)?;
    let password = credential(API_PASSWORD)?;
    let mut url = account.base_url.clone();
    url.path_segments_mut()
        .map_err(|()| CannotBuild::NotExpressible("the connection's base address takes no path"))?
        .pop_if_empty()
        .extend(["api", "rest", "version", version(account)?, "merchant", merchant])
        .extend([
            "order",
            id(address.order)?,
            "transaction",
            id(address.transaction)?,
        ]);
    let login = STANDARD.encode(format!("merchant.{merchant}:{password}"));
    Ok(HttpRequest::new(method, url)
        .header("accept", "application/json")
        .header("authorization", format!("Basic {login}")))
}

fn version(account: &Account) -> Result<&str, CannotBuild> {
    let version = account
        .credentials
        .get(API_VERSION)
        .unwrap_or(DEFAULT_API_VERSION);
    match version.parse() {
        Ok(number) if API_VERSIONS.contains(&number) => Ok(version),
        _ => Err(CannotBuild::NotExpressible("this version of the interface")),
    }
}

/// Our reference as an id; never cut short, since a repeat would be another transaction.
fn id(reference: &str) -> Result<&str, CannotBuild> {
    if (1..=ID_MAX_CHARACTERS).contains(&reference.len()) {
        Ok(reference)
    } else {
        Err(CannotBuild::NotExpressible("a reference of this length"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amex::samples;

    const ADDRESS: Address<'_> = Address {
        order: "o/1",
        transaction: "t 1",
    };

    #[test]
    fn the_path_names_version_merchant_order_and_transaction() {
        for (base, version, expected) in [
            (
                "https://gateway.example",
                None,
                "https://gateway.example/api/rest/version/100/merchant/TESTPASARELA/order/o%2F1/transaction/t%201",
            ),
            (
                "http://127.0.0.1:8090/processors/amex/",
                Some("78"),
                "http://127.0.0.1:8090/processors/amex/api/rest/version/78/merchant/TESTPASARELA/order/o%2F1/transaction/t%201",
            ),
        ] {
            let more: Vec<_> = version
                .map(|version| (API_VERSION, version))
                .into_iter()
                .collect();
            let account = samples::account_at(base, &more);
            assert_eq!(get(&account, ADDRESS).unwrap().url.as_str(), expected);
        }
    }

    #[test]
    fn a_version_the_reference_does_not_know_is_not_spoken() {
        for version in ["56", "101", "", "latest", "1e2"] {
            let account = samples::account_at("https://gateway.example", &[(API_VERSION, version)]);
            assert!(get(&account, ADDRESS).is_err(), "{version}");
        }
    }

    #[test]
    fn without_id_or_password_nothing_is_sent() {
        for (lacking, name) in [(MERCHANT_ID, "merchant_id"), (API_PASSWORD, "api_password")] {
            let account = samples::account_at("https://gateway.example", &[(lacking, "")]);
            assert_eq!(
                get(&account, ADDRESS).unwrap_err(),
                CannotBuild::MissingCredential(name)
            );
        }
    }

    #[test]
    fn a_reference_that_would_be_cut_is_refused() {
        assert!(id(&"r".repeat(40)).is_ok());
        assert!(id(&"r".repeat(41)).is_err());
        assert!(id("").is_err());
    }
}

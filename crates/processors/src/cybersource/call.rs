//! What every request has in common: the address below the connection's base, a JSON body, proof of who asks.

use super::signature::{self, Signer};
use acquiring::{Account, CannotBuild};
use primitives::{HttpRequest, Method, Moment};
use serde::Serialize;

/// The longest `clientReferenceInformation.code` the published structure allows.
const CODE_MAX_CHARACTERS: usize = 50;

/// Hexadecimal digits of a UUID.
const UUID_DIGITS: usize = 32;

/// `clientReferenceInformation`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientReference<'a> {
    /// Our reference of the operation, which its reply repeats and searches find.
    code: &'a str,
    /// What a lost request is taken back by.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
}

impl<'a> ClientReference<'a> {
    /// Our reference alone.
    pub fn of(reference: &'a str) -> Result<Self, CannotBuild> {
        let plain = reference
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        // Never cut short, since it would not be found; and it stands in the text of a search.
        if reference.is_empty() || reference.len() > CODE_MAX_CHARACTERS || !plain {
            return Err(CannotBuild::NotExpressible("a reference of this form"));
        }
        Ok(Self {
            code: reference,
            transaction_id: None,
        })
    }

    /// Our reference together with its transaction id, by which the operation can be taken back.
    pub fn with_transaction_id(reference: &'a str) -> Result<Self, CannotBuild> {
        Ok(Self {
            transaction_id: Some(transaction_id(reference)?),
            ..Self::of(reference)?
        })
    }
}

/// `clientReferenceInformation.transactionId`: at most 30 digits and letters, where our references are UUIDs of 32
/// hexadecimal digits.
///
/// The UUID is the same number written in base 36: 128 bits are at most 25 digits of it. So two references never share a
/// transaction id, which a shortened one might, and it can be made again from the reference alone when the request is to
/// be taken back. Case does not count in it, in case the vendor's does not either.
pub fn transaction_id(reference: &str) -> Result<String, CannotBuild> {
    let digits = reference.replace('-', "");
    let number = Some(&digits)
        .filter(|digits| digits.len() == UUID_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|digits| u128::from_str_radix(digits, 16).ok())
        .ok_or(CannotBuild::NotExpressible("a reference that is no UUID"))?;
    let mut rest = number;
    let mut text = Vec::new();
    loop {
        let digit = u32::try_from(rest % 36).unwrap_or_default();
        text.push(char::from_digit(digit, 36).unwrap_or_default());
        rest /= 36;
        if rest == 0 {
            break;
        }
    }
    Ok(text.into_iter().rev().collect())
}

/// A `POST` of `body` as JSON. The digest that is signed is that of the very bytes the request carries.
pub fn post(
    account: &Account,
    path: &[&str],
    body: &impl Serialize,
    moment: Moment,
) -> Result<HttpRequest, CannotBuild> {
    let bytes = serde_json::to_vec(body)
        .map_err(|_| CannotBuild::NotExpressible("a value that cannot be written as JSON"))?;
    let mut url = account.base_url.clone();
    url.path_segments_mut()
        .map_err(|()| CannotBuild::NotExpressible("the connection's base address takes no path"))?
        .pop_if_empty()
        .extend(path);
    let signer = Signer::of(account)?;
    let request = HttpRequest::new(Method::Post, url)
        .header("accept", "application/hal+json, application/json")
        .header("content-type", "application/json")
        .body(bytes);
    signature::sign(&signer, request, moment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cybersource::samples;
    use proptest::prelude::*;

    #[test]
    fn the_path_goes_below_the_base_address_and_is_escaped() {
        for base in ["http://127.0.0.1:8090/x", "http://127.0.0.1:8090/x/"] {
            let account = samples::account_at(base, &[]);
            let request = post(&account, &["pts", "v2", "a/b"], &1, samples::moment()).unwrap();
            assert_eq!(request.url.as_str(), "http://127.0.0.1:8090/x/pts/v2/a%2Fb");
        }
    }

    #[test]
    fn a_reference_that_would_be_cut_or_could_change_a_search_is_refused() {
        assert!(ClientReference::of(&"r".repeat(50)).is_ok());
        for wrong in ["", &"r".repeat(51), "a OR b", "a*", "a\"b", "a:b"] {
            assert!(ClientReference::of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn both_forms_of_a_uuid_are_one_transaction_id() {
        let hyphenated = transaction_id("0190c0de-0000-7000-8000-000000000001").unwrap();
        assert_eq!(
            transaction_id("0190c0de000070008000000000000001"),
            Ok(hyphenated.clone())
        );
        assert_eq!(hyphenated, "3c3zgu669r5lfsqw4pf59dz5");
        for wrong in ["", "pay-0001", "+190c0de000070008000000000000001", "0190c0de"] {
            assert!(transaction_id(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_transaction_id_fits_and_stands_for_one_reference_only(number: u128) {
            let text = transaction_id(&format!("{number:032x}")).unwrap();
            prop_assert!((1..=25).contains(&text.len()));
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()));
            prop_assert_eq!(u128::from_str_radix(&text, 36), Ok(number));
        }
    }
}

//! What is told of the shopper: `customer`, `billing` and `device`.
//!
//! All of it is optional, each member by itself. One that is too long for the gateway would have the charge refused, so it
//! is left out instead.

use acquiring::{Address, Shopper};
use serde::Serialize;
use std::net::IpAddr;

const NAME_MAX_CHARACTERS: usize = 50;
const EMAIL_MAX_CHARACTERS: usize = 256;
const PHONE_MAX_CHARACTERS: usize = 20;
const ADDRESS_MAX_CHARACTERS: usize = 100;
const STATE_MAX_CHARACTERS: usize = 20;
const POSTCODE_MAX_CHARACTERS: usize = 10;

/// `customer`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
}

/// `billing`.
#[derive(Serialize)]
pub struct Billing<'a> {
    address: BillingAddress<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BillingAddress<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    street: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    street2: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_province: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postcode_zip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'static str>,
}

/// `device`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device<'a> {
    ip_address: &'a str,
}

pub fn customer(shopper: &Shopper) -> Option<Customer<'_>> {
    let email = shopper.email.as_ref().map(primitives::Email::as_str);
    let customer = Customer {
        email: email.filter(|email| email.chars().count() <= EMAIL_MAX_CHARACTERS),
        phone: known(&shopper.phone, PHONE_MAX_CHARACTERS),
        first_name: known(&shopper.first_name, NAME_MAX_CHARACTERS),
        last_name: known(&shopper.last_name, NAME_MAX_CHARACTERS),
    };
    let all = [
        customer.email,
        customer.phone,
        customer.first_name,
        customer.last_name,
    ];
    all.iter().any(Option::is_some).then_some(customer)
}

pub fn billing(address: Option<&Address>) -> Option<Billing<'_>> {
    let address = address?;
    let body = BillingAddress {
        street: known(&address.line1, ADDRESS_MAX_CHARACTERS),
        street2: known(&address.line2, ADDRESS_MAX_CHARACTERS),
        city: known(&address.city, ADDRESS_MAX_CHARACTERS),
        state_province: known(&address.state, STATE_MAX_CHARACTERS),
        postcode_zip: known(&address.zip, POSTCODE_MAX_CHARACTERS),
        country: address.country.map(primitives::Country::alpha3),
    };
    let all = [
        body.street,
        body.street2,
        body.city,
        body.state_province,
        body.postcode_zip,
        body.country,
    ];
    all.iter()
        .any(Option::is_some)
        .then_some(Billing { address: body })
}

pub fn device(shopper: &Shopper) -> Option<Device<'_>> {
    let ip_address = shopper.ip_address.as_deref()?;
    let valid = ip_address.parse::<IpAddr>().is_ok();
    valid.then_some(Device { ip_address })
}

fn known(text: &Option<String>, max_characters: usize) -> Option<&str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty() && text.chars().count() <= max_characters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_not_fit_is_left_out_and_refuses_nothing() {
        let shopper = Shopper {
            first_name: Some("Ana".into()),
            last_name: Some("x".repeat(51)),
            phone: Some("  ".into()),
            ip_address: Some("not an address".into()),
            ..Shopper::default()
        };
        let customer = serde_json::to_string(&customer(&shopper)).unwrap();
        assert_eq!(customer, r#"{"firstName":"Ana"}"#);
        assert!(device(&shopper).is_none());
    }

    #[test]
    fn what_is_not_known_is_not_sent() {
        assert!(customer(&Shopper::default()).is_none());
        assert!(billing(Some(&Address::default())).is_none());
        assert!(billing(None).is_none());
    }
}

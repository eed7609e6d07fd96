//! What is told of who pays and where to. All of it is optional, so each part is sent where it is whole and fits, and left
//! out where not; none is a reason to refuse a charge.

use acquiring::{Address, Authorization, Shopper};
use serde::Serialize;

const EMAIL_MAX_CHARACTERS: usize = 256;
const TELEPHONE_MAX_CHARACTERS: usize = 64;
const IP_ADDRESS_MAX_CHARACTERS: usize = 50;
const NAME_MAX_CHARACTERS: usize = 80;
const POSTAL_CODE_MAX_CHARACTERS: usize = 10;
const STATE_MAX_CHARACTERS: usize = 3;
/// An address has no number of its own to give: merchants write it into the line of the street.
const NO_HOUSE_NUMBER: &str = "N/A";

/// `shopperName`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Name<'a> {
    first_name: &'a str,
    last_name: &'a str,
}

/// `billingAddress` and `deliveryAddress`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place<'a> {
    city: &'a str,
    country: &'static str,
    house_number_or_name: &'a str,
    postal_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_or_province: Option<&'a str>,
    street: &'a str,
}

/// The members of a payment that speak of the shopper.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    shopper_email: Option<&'a str>,
    #[serde(rename = "shopperIP", skip_serializing_if = "Option::is_none")]
    shopper_ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shopper_name: Option<Name<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    telephone_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_address: Option<Place<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_address: Option<Place<'a>>,
}

pub fn of(order: &Authorization) -> About<'_> {
    let shopper = &order.shopper;
    let email = shopper.email.as_ref().map(|email| email.as_str());
    About {
        shopper_email: email.filter(|email| email.len() <= EMAIL_MAX_CHARACTERS),
        shopper_ip: known(&shopper.ip_address, IP_ADDRESS_MAX_CHARACTERS),
        shopper_name: name(shopper),
        telephone_number: known(&shopper.phone, TELEPHONE_MAX_CHARACTERS),
        billing_address: order.billing.as_ref().and_then(place),
        delivery_address: order.shipping.as_ref().and_then(place),
    }
}

fn name(shopper: &Shopper) -> Option<Name<'_>> {
    Some(Name {
        first_name: known(&shopper.first_name, NAME_MAX_CHARACTERS)?,
        last_name: known(&shopper.last_name, NAME_MAX_CHARACTERS)?,
    })
}

fn place(address: &Address) -> Option<Place<'_>> {
    const LINE_MAX_CHARACTERS: usize = 3_000;
    Some(Place {
        city: known(&address.city, LINE_MAX_CHARACTERS)?,
        country: address.country?.alpha2(),
        house_number_or_name: known(&address.line2, LINE_MAX_CHARACTERS).unwrap_or(NO_HOUSE_NUMBER),
        postal_code: known(&address.zip, POSTAL_CODE_MAX_CHARACTERS)?,
        state_or_province: known(&address.state, STATE_MAX_CHARACTERS),
        street: known(&address.line1, LINE_MAX_CHARACTERS)?,
    })
}

fn known(text: &Option<String>, max_characters: usize) -> Option<&str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty() && text.chars().count() <= max_characters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adyen::samples;
    use acquiring::ChargeKind;
    use primitives::Country;
    use serde_json::json;

    #[test]
    fn parts_that_are_not_whole_are_left_out() {
        let mut order = samples::order(ChargeKind::Sale, samples::VISA);
        order.shopper.first_name = Some("Ana".into());
        order.shopper.last_name = Some(" ".into());
        order.shopper.phone = Some("5".repeat(65));
        order.billing = Some(Address {
            line1: Some("Av. Reforma 1".into()),
            city: Some("Ciudad de México".into()),
            state: Some("Ciudad de México".into()),
            zip: Some("06600".into()),
            country: Country::parse("MX").ok(),
            line2: None,
        });
        order.shipping = Some(Address {
            zip: None,
            ..order.billing.clone().unwrap()
        });
        assert_eq!(
            serde_json::to_value(of(&order)).unwrap(),
            json!({
                "billingAddress": {
                    "city": "Ciudad de México",
                    "country": "MX",
                    "houseNumberOrName": "N/A",
                    "postalCode": "06600",
                    "street": "Av. Reforma 1",
                },
            })
        );
    }
}

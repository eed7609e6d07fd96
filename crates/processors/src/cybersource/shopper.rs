//! What is told of the shopper: `billTo` and `shipTo`.
//!
//! Every member is optional and serves address checks and risk rules only, so none is a reason to refuse a charge: texts
//! that are too long are cut, codes and numbers that are too long are left out, since half a code is another one.

use acquiring::{Address, Shopper};
use serde::Serialize;

const TEXT_MAX_CHARACTERS: usize = 60;
const LOCALITY_MAX_CHARACTERS: usize = 50;
const AREA_MAX_CHARACTERS: usize = 20;
/// The structure of `shipTo` takes codes of states only.
const SHIP_TO_AREA_MAX_CHARACTERS: usize = 2;
const POSTAL_CODE_MAX_CHARACTERS: usize = 10;
const PHONE_MAX_CHARACTERS: usize = 15;
const EMAIL_MAX_CHARACTERS: usize = 255;

/// `orderInformation.billTo`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BillTo<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
    #[serde(flatten)]
    place: Place<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<&'a str>,
}

/// `orderInformation.shipTo`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ShipTo<'a> {
    #[serde(flatten)]
    place: Place<'a>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    address1: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address2: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locality: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    administrative_area: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'static str>,
}

/// Whatever is known; `None` where nothing is.
pub fn bill_to<'a>(shopper: &'a Shopper, billing: Option<&'a Address>) -> Option<BillTo<'a>> {
    let email = shopper.email.as_ref().map(|email| email.as_str());
    let bill_to = BillTo {
        first_name: cut(shopper.first_name.as_deref(), TEXT_MAX_CHARACTERS),
        last_name: cut(shopper.last_name.as_deref(), TEXT_MAX_CHARACTERS),
        place: billing.map_or_else(Place::default, |address| place(address, AREA_MAX_CHARACTERS)),
        email: whole(email, EMAIL_MAX_CHARACTERS),
        phone_number: whole(shopper.phone.as_deref(), PHONE_MAX_CHARACTERS),
    };
    (bill_to != BillTo::default()).then_some(bill_to)
}

/// Whatever is known; `None` where nothing is.
pub fn ship_to(address: &Address) -> Option<ShipTo<'_>> {
    let place = place(address, SHIP_TO_AREA_MAX_CHARACTERS);
    (place != Place::default()).then_some(ShipTo { place })
}

fn place(address: &Address, area_max_characters: usize) -> Place<'_> {
    Place {
        address1: cut(address.line1.as_deref(), TEXT_MAX_CHARACTERS),
        address2: cut(address.line2.as_deref(), TEXT_MAX_CHARACTERS),
        locality: cut(address.city.as_deref(), LOCALITY_MAX_CHARACTERS),
        administrative_area: whole(address.state.as_deref(), area_max_characters),
        postal_code: whole(address.zip.as_deref(), POSTAL_CODE_MAX_CHARACTERS),
        country: address.country.map(|country| country.alpha2()),
    }
}

/// The text, or its beginning.
fn cut(text: Option<&str>, max_characters: usize) -> Option<&str> {
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    let end = text
        .char_indices()
        .nth(max_characters)
        .map_or(text.len(), |(at, _)| at);
    text.get(..end)
}

/// The text, or nothing.
fn whole(text: Option<&str>, max_characters: usize) -> Option<&str> {
    text.map(str::trim)
        .filter(|text| !text.is_empty() && text.chars().count() <= max_characters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_codes_are_left_out() {
        let long = "é".repeat(61);
        assert_eq!(cut(Some(&long), 60).map(|text| text.chars().count()), Some(60));
        assert_eq!(cut(Some("  "), 60), None);
        assert_eq!(whole(Some("1234567890123456"), 15), None);
        assert_eq!(whole(Some(" 06600 "), 10), Some("06600"));
    }

    #[test]
    fn nothing_known_is_nothing_told() {
        assert_eq!(bill_to(&Shopper::default(), None), None);
        assert_eq!(ship_to(&Address::default()), None);
    }
}

//! Who pays, and where they live. What is recommended for the issuer's sake (`ECOM_…`) is cut where it is too long and left
//! out where it is wrong, since nobody's payment should fail for it; the protocol's own parameters have their limits.

use crate::directlink::complaints::Reading;
use acquiring::{Address, Shopper};
use payments::directlink::NcError;
use primitives::{Country, Email};

const LINE_MAX_CHARACTERS: usize = 50;
const CITY_MAX_CHARACTERS: usize = 40;
const ZIP_MAX_CHARACTERS: usize = 25;
const OWNER_ZIP_MAX_CHARACTERS: usize = 10;
const PHONE_MAX_CHARACTERS: usize = 30;
const EMAIL_MAX_CHARACTERS: usize = 50;

/// The shopper, with their address. An e-mail address that is none is refused, since receipts go there.
pub fn read(reading: &Reading<'_>, ip_address: Option<String>) -> Shopper {
    let email = reading.text("EMAIL", EMAIL_MAX_CHARACTERS).and_then(|given| {
        let email = Email::parse(given.trim()).ok();
        if email.is_none() {
            reading.complain(NcError::EMAIL, "EMAIL not valid");
        }
        email
    });
    let names = reading
        .get("CN")
        .and_then(|holder| holder.trim().rsplit_once(' '));
    Shopper {
        email,
        first_name: names.map(|(first, _)| first.trim().to_owned()),
        last_name: names.map(|(_, last)| last.to_owned()),
        phone: reading
            .text("OWNERTELNO", PHONE_MAX_CHARACTERS)
            .map(|phone| phone.trim().to_owned()),
        identity_document: None,
        ip_address,
    }
}

/// The bill's address.
pub fn billing(reading: &Reading<'_>) -> Option<Address> {
    if reading
        .get("OWNERCTY")
        .is_some_and(|country| !is_country_code(country.trim()))
    {
        reading.complain(NcError::COUNTRY, "OWNERCTY not valid");
    }
    for (name, max_characters) in [
        ("OWNERADDRESS", LINE_MAX_CHARACTERS),
        ("OWNERADDRESS2", LINE_MAX_CHARACTERS),
        ("OWNERTOWN", CITY_MAX_CHARACTERS),
        ("OWNERZIP", OWNER_ZIP_MAX_CHARACTERS),
    ] {
        reading.text(name, max_characters);
    }
    let of_owner = address(
        reading,
        [
            "OWNERADDRESS",
            "OWNERADDRESS2",
            "OWNERTOWN",
            "OWNERZIP",
            "OWNERCTY",
        ],
    );
    postal(reading, "ECOM_BILLTO_POSTAL").or(of_owner)
}

/// One of the two-letter codes of ISO 3166, which is all that the protocol has; names and other codes are for other faces.
fn is_country_code(text: &str) -> bool {
    text.len() == 2 && Country::parse(text).is_ok()
}

/// The parcel's address.
pub fn shipping(reading: &Reading<'_>) -> Option<Address> {
    postal(reading, "ECOM_SHIPTO_POSTAL")
}

fn postal(reading: &Reading<'_>, family: &str) -> Option<Address> {
    let names = [
        "STREET_LINE1",
        "STREET_LINE2",
        "CITY",
        "POSTALCODE",
        "COUNTRYCODE",
    ]
    .map(|name| format!("{family}_{name}"));
    address(reading, names.each_ref().map(String::as_str))
}

fn address(reading: &Reading<'_>, [line1, line2, city, zip, country]: [&str; 5]) -> Option<Address> {
    let address = Address {
        line1: cut(reading, line1, LINE_MAX_CHARACTERS),
        line2: cut(reading, line2, LINE_MAX_CHARACTERS),
        city: cut(reading, city, CITY_MAX_CHARACTERS),
        state: None,
        zip: cut(reading, zip, ZIP_MAX_CHARACTERS),
        country: reading
            .get(country)
            .and_then(|code| Country::parse(code.trim()).ok()),
    };
    (address != Address::default()).then_some(address)
}

fn cut(reading: &Reading<'_>, name: &str, max_characters: usize) -> Option<String> {
    let value: String = reading.get(name)?.trim().chars().take(max_characters).collect();
    (!value.is_empty()).then_some(value)
}

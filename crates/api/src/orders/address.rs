//! Postal addresses and the person at them, as `billing_address`, `shipping_address` and the card's own members give
//! them (deuna-api.md section 3.1, "Address").

use crate::orders::fields::Fields;
use acquiring::Address;
use primitives::{Country, Email};

const NAME_MAX_CHARACTERS: usize = 100;
const PHONE_MAX_CHARACTERS: usize = 32;
const DOCUMENT_MAX_CHARACTERS: usize = 64;
const LINE_MAX_CHARACTERS: usize = 255;
const ZIP_MAX_CHARACTERS: usize = 32;
const NOTE_MAX_CHARACTERS: usize = 2000;

/// An address and who lives there. Every part may be missing.
#[derive(Clone, Default)]
pub struct Resident {
    pub address: Address,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<Email>,
    pub phone: Option<String>,
    pub identity_document: Option<String>,
}

/// Reads an address object.
pub fn resident(fields: &Fields<'_>) -> Resident {
    for name in [
        "additional_description",
        "address_type",
        "identification_type",
        "user_id",
    ] {
        fields.text(name, NOTE_MAX_CHARACTERS);
    }
    for name in ["is_default", "is_billing_address"] {
        fields.boolean(name);
    }
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let state_name = fields.text("state_name", LINE_MAX_CHARACTERS);
    let state_code = fields.text("state_code", LINE_MAX_CHARACTERS);
    let zip = fields.spelling(&["zipcode", "zip"]);
    Resident {
        address: Address {
            line1: owned(fields.text("address1", LINE_MAX_CHARACTERS)),
            line2: owned(fields.text("address2", LINE_MAX_CHARACTERS)),
            city: owned(fields.text("city", LINE_MAX_CHARACTERS)),
            // EMV 3DS wants the code; the name is what most clients have.
            state: owned(state_code.or(state_name)),
            zip: fields
                .text_or_number(zip, ZIP_MAX_CHARACTERS)
                .map(|text| text.into_owned()),
            country: country(fields),
        },
        first_name: owned(fields.text("first_name", NAME_MAX_CHARACTERS)),
        last_name: owned(fields.text("last_name", NAME_MAX_CHARACTERS)),
        email: fields.email("email"),
        phone: phone(fields, "phone"),
        identity_document: identity_document(fields, "identity_document"),
    }
}

/// The address among the members of a card, for shops that give no `billing_address`.
pub fn of_card(fields: &Fields<'_>) -> Resident {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Resident {
        address: Address {
            line1: owned(fields.text("address1", LINE_MAX_CHARACTERS)),
            line2: None,
            city: owned(fields.text("city", LINE_MAX_CHARACTERS)),
            state: owned(fields.text("state", LINE_MAX_CHARACTERS)),
            zip: fields
                .text_or_number("zip", ZIP_MAX_CHARACTERS)
                .map(|text| text.into_owned()),
            country: fields.country("country"),
        },
        phone: phone(fields, "phone"),
        identity_document: identity_document(fields, "card_holder_dni"),
        ..Resident::default()
    }
}

pub fn phone(fields: &Fields<'_>, name: &str) -> Option<String> {
    fields
        .text_or_number(name, PHONE_MAX_CHARACTERS)
        .map(|text| text.into_owned())
}

pub fn identity_document(fields: &Fields<'_>, name: &str) -> Option<String> {
    fields
        .text_or_number(name, DOCUMENT_MAX_CHARACTERS)
        .map(|text| text.into_owned())
}

/// `country_code` is alpha-2; `country` comes as alpha-2, alpha-3 or a name. Given both, they must be one country.
fn country(fields: &Fields<'_>) -> Option<Country> {
    let code = fields.country("country_code");
    let named = fields.country("country");
    if code.is_some() && named.is_some() && code != named {
        fields.wrong(
            "country_code",
            format!("contradicts {}", fields.path_of("country")),
        );
    }
    code.or(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::testing::read_with;
    use serde_json::json;

    #[test]
    fn a_country_in_any_form_is_the_same_country() {
        for country in [
            json!({ "country": "MEX" }),
            json!({ "country_code": "mx", "country": "México" }),
        ] {
            let read = read_with(country, |fields| Some(resident(fields))).unwrap();
            assert_eq!(read.address.country.map(Country::alpha2), Some("MX"));
        }
    }

    #[test]
    fn two_countries_contradict_each_other() {
        let refusal = read_with(json!({ "country_code": "MX", "country": "Brasil" }), |fields| {
            Some(resident(fields))
        })
        .err()
        .unwrap();
        assert_eq!(refusal.field.as_deref(), Some("country_code"));
        assert_eq!(refusal.description, "contradicts country");
    }

    #[test]
    fn a_postal_code_may_be_a_number_and_the_states_code_goes_before_its_name() {
        let body = json!({ "zipcode": 6600, "state_name": "Ciudad de México", "state_code": "CMX" });
        let read = read_with(body, |fields| Some(resident(fields))).unwrap();
        assert_eq!(read.address.zip.as_deref(), Some("6600"));
        assert_eq!(read.address.state.as_deref(), Some("CMX"));
    }
}

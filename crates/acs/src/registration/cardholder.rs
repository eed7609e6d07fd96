//! A cardholder: language, phones, whether the bank's app is there, and who it is.

use super::members::{Members, Refused, plain};
use crate::identifiers::{ConsumerId, IssuerId};
use crate::keys::{Keys, KeysError};
use crate::phone::Phone;
use crate::store::cardholders::{Cardholder, SealedPhone};
use primitives::{Country, Email};
use serde_json::{Map, Value};
use time::{Date, OffsetDateTime, macros::format_description};
use zeroize::Zeroizing;

/// Phones beside the preferred one.
const MORE_PHONES_MAX: usize = 4;
const NAME: &str = "must be a text of 1 to 64 characters";

/// What an issuer says of a cardholder.
pub(crate) struct CardholderBody {
    language: Option<String>,
    app_registered: bool,
    phones: Vec<Phone>,
    /// A JSON document; nothing in the service reads it, the issuer's own notices may.
    contact: Zeroizing<Vec<u8>>,
}

impl CardholderBody {
    /// Reads a body, or the members of a row.
    pub(crate) fn read(members: &mut Members) -> Result<Self, Refused> {
        Ok(Self {
            language: members.maybe(
                "language",
                "must be a language and a region, such as es-MX",
                language,
            )?,
            app_registered: members.flag("appRegistered")?.unwrap_or_default(),
            phones: phones(members)?,
            contact: contact(members)?,
        })
    }

    /// The row of it.
    pub(crate) fn sealed(
        &self,
        keys: &Keys,
        issuer: &IssuerId,
        consumer: &ConsumerId,
        now: OffsetDateTime,
    ) -> Result<Cardholder, KeysError> {
        let context = format!("contact of {issuer} {consumer}");
        Ok(Cardholder {
            issuer: issuer.clone(),
            consumer: consumer.clone(),
            language: self.language.clone(),
            app_registered: self.app_registered,
            contact: keys.seal(context.as_bytes(), &self.contact)?,
            phones: self
                .phones
                .iter()
                .map(|phone| SealedPhone::seal(keys, issuer, consumer, phone))
                .collect::<Result<_, _>>()?,
            updated_at: now,
        })
    }
}

fn language(text: &str) -> Option<String> {
    let (primary, region) = text.split_once('-')?;
    let fits = primary.len() == 2
        && primary.bytes().all(|byte| byte.is_ascii_lowercase())
        && region.len() == 2
        && region.bytes().all(|byte| byte.is_ascii_alphabetic());
    fits.then(|| text.to_owned())
}

fn phones(members: &mut Members) -> Result<Vec<Phone>, Refused> {
    let mut phones = Vec::new();
    if let Some(preferred) = members.object("mobilePhoneNumber")? {
        phones.push(phone(preferred)?);
    }
    let must = "must be a list of at most 4 phones";
    let more = members.objects("additionalPhoneNumbers", MORE_PHONES_MAX, must)?;
    for another in more.unwrap_or_default() {
        let field = another.path("phoneNumber");
        let another = phone(another)?;
        if phones.contains(&another) {
            return Err(Refused::format(field, "is named twice"));
        }
        phones.push(another);
    }
    Ok(phones)
}

/// A number in two parts, as cardholders' records have it.
fn phone(mut members: Members) -> Result<Phone, Refused> {
    let country = members.text("countryCode", "must be a country prefix such as +52", |text| {
        let digits = text.strip_prefix('+')?;
        let fits = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.to_owned())
    })?;
    let must = "must be the digits of a phone number without its country";
    let phone = members.text("phoneNumber", must, |text| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        digits
            .then(|| Phone::parse(&format!("{country}{text}")).ok())
            .flatten()
    })?;
    members.finish()?;
    Ok(phone)
}

fn contact(members: &mut Members) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let mut contact = Map::new();
    for name in ["firstName", "middleName", "lastName"] {
        keep(&mut contact, name, members.maybe(name, NAME, plain(64))?);
    }
    let email = members.maybe("email", "must be an e-mail address", |text| {
        Email::parse(text).ok().map(String::from)
    })?;
    keep(&mut contact, "email", email);
    let birth = members.maybe("dateOfBirth", "must be a date such as 1984-02-29", |text| {
        let format = format_description!("[year]-[month]-[day]");
        Date::parse(text, format).ok().map(|_| text.to_owned())
    })?;
    keep(&mut contact, "dateOfBirth", birth);
    if let Some(address) = members.object("residencyAddress")? {
        contact.insert("residencyAddress".to_owned(), Value::Object(residency(address)?));
    }
    // A map of texts can always be written.
    Ok(Zeroizing::new(Value::Object(contact).to_string().into_bytes()))
}

fn residency(mut members: Members) -> Result<Map<String, Value>, Refused> {
    let mut address = Map::new();
    for name in ["line1", "line2", "line3", "city", "state"] {
        keep(&mut address, name, members.maybe(name, NAME, plain(64))?);
    }
    let zip = members.maybe("zipCode", "must be a text of 1 to 16 characters", plain(16))?;
    keep(&mut address, "zipCode", zip);
    let country = members.maybe(
        "countryCode",
        "must be an ISO 3166-1 country such as MX",
        |text| Country::parse(text).ok().map(|_| text.to_owned()),
    )?;
    keep(&mut address, "countryCode", country);
    members.finish()?;
    Ok(address)
}

fn keep(document: &mut Map<String, Value>, name: &str, text: Option<String>) {
    if let Some(text) = text {
        document.insert(name.to_owned(), Value::String(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(document: Value) -> Result<CardholderBody, Refused> {
        let mut members = Members::of(document)?;
        let body = CardholderBody::read(&mut members)?;
        members.finish()?;
        Ok(body)
    }

    #[test]
    fn a_phone_in_two_parts_becomes_one_number() {
        let body = read(json!({
            "language": "es-MX",
            "mobilePhoneNumber": {"countryCode": "+52", "phoneNumber": "5512345678"},
            "additionalPhoneNumbers": [{"countryCode": "+962", "phoneNumber": "795383056"}],
        }))
        .unwrap();
        let numbers: Vec<_> = body.phones.iter().map(Phone::reveal).collect();
        assert_eq!(numbers, ["+525512345678", "+962795383056"]);
    }

    #[test]
    fn every_wrong_member_is_named() {
        let phone = |country: &str, number: &str| json!({"countryCode": country, "phoneNumber": number});
        let same = phone("+52", "5512345678");
        for (document, field) in [
            (json!({"language": "es"}), "language"),
            (json!({"language": "ES-mx"}), "language"),
            (json!({"language": 7}), "language"),
            (json!({"appRegistered": "yes"}), "appRegistered"),
            (json!({"firstName": ""}), "firstName"),
            (json!({"firstName": "x".repeat(65)}), "firstName"),
            (json!({"lastName": "a\u{0}b"}), "lastName"),
            (json!({"email": "nobody"}), "email"),
            (json!({"dateOfBirth": "1983-02-29"}), "dateOfBirth"),
            (json!({"mobilePhoneNumber": "+525512345678"}), "mobilePhoneNumber"),
            (
                json!({"mobilePhoneNumber": {"countryCode": "+52"}}),
                "mobilePhoneNumber.phoneNumber",
            ),
            (
                json!({"mobilePhoneNumber": phone("52", "5512345678")}),
                "mobilePhoneNumber.countryCode",
            ),
            (
                json!({"mobilePhoneNumber": phone("+52", "55 1234 5678")}),
                "mobilePhoneNumber.phoneNumber",
            ),
            (
                json!({"mobilePhoneNumber": same, "additionalPhoneNumbers": [same]}),
                "additionalPhoneNumbers[0].phoneNumber",
            ),
            (
                json!({"additionalPhoneNumbers": [same, same, same, same, same]}),
                "additionalPhoneNumbers",
            ),
            (
                json!({"residencyAddress": {"countryCode": "XX"}}),
                "residencyAddress.countryCode",
            ),
            (
                json!({"residencyAddress": {"street": "x"}}),
                "residencyAddress.street",
            ),
            (json!({"nickname": "x"}), "nickname"),
        ] {
            let refused = read(document.clone()).err().unwrap();
            assert_eq!(refused.field, field, "{document}");
        }
    }
}

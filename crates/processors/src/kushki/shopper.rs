//! What is told of the shopper: `contactDetails` and `orderDetails`.
//!
//! Both are optional as a whole but, once sent, every member the published structure requires must be there. So each is
//! sent when it can be filled and left out when not; neither is a reason to refuse a charge.

use acquiring::{Account, Address, Authorization, Shopper};
use primitives::Currency;
use serde::Serialize;

/// The merchant's site, `shop.example`, which `orderDetails` requires.
pub const SITE_DOMAIN: &str = "site_domain";

/// `contactDetails`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactDetails<'a> {
    document_type: &'static str,
    document_number: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    email: &'a str,
    phone_number: &'a str,
}

/// The contact, where everything of it is known and the document's kind can be told.
pub fn contact(shopper: &Shopper, currency: Currency) -> Option<ContactDetails<'_>> {
    let document_number = shopper.identity_document.as_deref()?;
    Some(ContactDetails {
        document_type: document_type(document_number, currency)?,
        document_number,
        first_name: known(&shopper.first_name)?,
        last_name: known(&shopper.last_name)?,
        email: shopper.email.as_ref()?.as_str(),
        phone_number: international(&shopper.phone)?,
    })
}

/// The kind of an identity document, told from its form in the country of the currency.
fn document_type(number: &str, currency: Currency) -> Option<&'static str> {
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let alphanumeric = number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match (currency, number.len()) {
        (Currency::MXN, 18) if alphanumeric => Some("CURP"),
        (Currency::MXN, 12 | 13) if alphanumeric => Some("RFC"),
        (Currency::COP, 6..=10) if digits => Some("CC"),
        (Currency::PEN, 8) if digits => Some("DNI"),
        (Currency::PEN, 11) if digits => Some("RUC"),
        (Currency::CLP, 8..=10) => Some("RUT"),
        _ => None,
    }
}

/// `orderDetails`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderDetails<'a> {
    site_domain: &'a str,
    shipping_details: Place<'a>,
    billing_details: Place<'a>,
}

#[derive(Serialize)]
struct Place<'a> {
    name: &'a str,
    phone: &'a str,
    address1: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address2: Option<&'a str>,
    city: &'a str,
    region: &'a str,
    country: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    zipcode: Option<&'a str>,
}

/// The order's addresses, where both are known and the connection names the merchant's site.
pub fn order_details<'a>(account: &'a Account, order: &'a Authorization) -> Option<OrderDetails<'a>> {
    Some(OrderDetails {
        site_domain: account.credentials.get(SITE_DOMAIN)?,
        shipping_details: place(order, order.shipping.as_ref()?)?,
        billing_details: place(order, order.billing.as_ref()?)?,
    })
}

fn place<'a>(order: &'a Authorization, address: &'a Address) -> Option<Place<'a>> {
    Some(Place {
        name: &order.card.holder,
        phone: international(&order.shopper.phone)?,
        address1: known(&address.line1)?,
        address2: known(&address.line2),
        city: known(&address.city)?,
        region: known(&address.state)?,
        country: address.country?.alpha2(),
        zipcode: known(&address.zip),
    })
}

fn known(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// A phone number with its country code, `+52…`; without one it cannot be told whose number it is.
fn international(phone: &Option<String>) -> Option<&str> {
    known(phone).filter(|phone| {
        phone.strip_prefix('+').is_some_and(|digits| {
            (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Email;

    fn ana() -> Shopper {
        Shopper {
            email: Some(Email::parse("ana@example.com").unwrap()),
            first_name: Some("Ana".into()),
            last_name: Some("Pérez".into()),
            phone: Some("+525512345678".into()),
            identity_document: Some("PEPA800101MDFRRN09".into()),
            ip_address: None,
        }
    }

    #[test]
    fn a_whole_contact_is_sent() {
        let json = serde_json::to_string(&contact(&ana(), Currency::MXN).unwrap()).unwrap();
        assert_eq!(
            json,
            r#"{"documentType":"CURP","documentNumber":"PEPA800101MDFRRN09","firstName":"Ana","lastName":"Pérez","email":"ana@example.com","phoneNumber":"+525512345678"}"#
        );
    }

    #[test]
    fn half_a_contact_is_left_out_and_refuses_nothing() {
        let lacking: [fn(&mut Shopper); 5] = [
            |shopper| shopper.email = None,
            |shopper| shopper.first_name = Some("  ".into()),
            |shopper| shopper.phone = Some("5512345678".into()),
            |shopper| shopper.identity_document = None,
            |shopper| shopper.identity_document = Some("12".into()),
        ];
        for take_away in lacking {
            let mut shopper = ana();
            take_away(&mut shopper);
            assert!(contact(&shopper, Currency::MXN).is_none());
        }
    }

    #[test]
    fn the_documents_kind_follows_the_country() {
        for (number, currency, kind) in [
            ("PEPA800101XX0", Currency::MXN, Some("RFC")),
            ("1020304050", Currency::COP, Some("CC")),
            ("40302010", Currency::PEN, Some("DNI")),
            ("20123456789", Currency::PEN, Some("RUC")),
            ("12345678-K", Currency::CLP, Some("RUT")),
            ("1020304050", Currency::USD, None),
        ] {
            assert_eq!(document_type(number, currency), kind, "{number}");
        }
    }
}

//! Billing and shipping address.

use emv3ds::message::AReq;
use primitives::Country;

use super::text::optional;

const LINE_MAX: usize = 50;
const POST_CODE_MAX: usize = 16;
const STATE_MAX: usize = 3;

/// A postal address as the merchant gave it; any part may be missing.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct PostalAddress<'a> {
    pub line1: Option<&'a str>,
    pub line2: Option<&'a str>,
    pub line3: Option<&'a str>,
    pub city: Option<&'a str>,
    /// A name or a code, `CMX` or `MX-CMX`; only a code is sent.
    pub state: Option<&'a str>,
    pub post_code: Option<&'a str>,
    pub country: Option<Country>,
}

/// Whether both addresses are the same; `None` unless both are known.
pub(super) fn matching(
    billing: Option<&PostalAddress<'_>>,
    shipping: Option<&PostalAddress<'_>>,
) -> Option<bool> {
    let nothing = PostalAddress::default();
    let known = |address: &&PostalAddress<'_>| **address != nothing;
    Some(billing.filter(known)? == shipping.filter(known)?)
}

pub(super) fn bill(address: &PostalAddress<'_>, areq: &mut AReq) {
    areq.bill_addr_line1 = optional(address.line1, LINE_MAX);
    areq.bill_addr_line2 = optional(address.line2, LINE_MAX);
    areq.bill_addr_line3 = optional(address.line3, LINE_MAX);
    areq.bill_addr_city = optional(address.city, LINE_MAX);
    areq.bill_addr_post_code = post_code(address);
    areq.bill_addr_state = state(address);
    areq.bill_addr_country = country(address);
}

pub(super) fn ship(address: &PostalAddress<'_>, areq: &mut AReq) {
    areq.ship_addr_line1 = optional(address.line1, LINE_MAX);
    areq.ship_addr_line2 = optional(address.line2, LINE_MAX);
    areq.ship_addr_line3 = optional(address.line3, LINE_MAX);
    areq.ship_addr_city = optional(address.city, LINE_MAX);
    areq.ship_addr_post_code = post_code(address);
    areq.ship_addr_state = state(address);
    areq.ship_addr_country = country(address);
}

/// Half a post code is none.
fn post_code(address: &PostalAddress<'_>) -> Option<String> {
    optional(address.post_code, usize::MAX).filter(|code| code.chars().count() <= POST_CODE_MAX)
}

/// The ISO 3166-2 code without its country, and only where the country is known: the protocol wants both or neither.
fn state(address: &PostalAddress<'_>) -> Option<String> {
    let country = address.country?;
    let given = address.state?.trim().to_ascii_uppercase();
    let code = given
        .strip_prefix(country.alpha2())
        .and_then(|rest| rest.strip_prefix('-'))
        .unwrap_or(&given);
    let fits = (1..=STATE_MAX).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    fits.then(|| code.to_owned())
}

fn country(address: &PostalAddress<'_>) -> Option<String> {
    address.country.map(Country::numeric3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mexican(text: &str) -> PostalAddress<'_> {
        PostalAddress {
            state: Some(text),
            country: Country::parse("MX").ok(),
            ..PostalAddress::default()
        }
    }

    #[test]
    fn a_state_is_sent_as_its_code_or_not_at_all() {
        for (given, sent) in [
            ("CMX", Some("CMX")),
            ("mx-cmx", Some("CMX")),
            (" jal ", Some("JAL")),
            ("Jalisco", None),
            ("", None),
            ("Ñ", None),
        ] {
            assert_eq!(state(&mexican(given)).as_deref(), sent, "{given}");
        }
        assert_eq!(
            state(&PostalAddress {
                country: None,
                ..mexican("CMX")
            }),
            None
        );
    }

    #[test]
    fn a_post_code_is_whole_or_left_out() {
        let address = PostalAddress {
            post_code: Some("01000"),
            ..PostalAddress::default()
        };
        assert_eq!(post_code(&address).as_deref(), Some("01000"));
        let long = "0".repeat(17);
        assert_eq!(
            post_code(&PostalAddress {
                post_code: Some(&long),
                ..address
            }),
            None
        );
    }

    #[test]
    fn addresses_match_only_where_both_are_known() {
        let home = mexican("CMX");
        assert_eq!(matching(Some(&home), Some(&home)), Some(true));
        assert_eq!(matching(Some(&home), Some(&mexican("JAL"))), Some(false));
        assert_eq!(matching(Some(&home), None), None);
        assert_eq!(matching(Some(&home), Some(&PostalAddress::default())), None);
    }
}

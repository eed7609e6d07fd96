//! What goes back to the shop with the browser and in requests to its server (ogone-directlink.md, sections 9.2 and 9.4).

use super::{
    facts::Facts,
    signature::{self, Hash},
    spelling,
    telling::Telling,
    windows_1252,
};
use percent_encoding::percent_decode;
use primitives::Secret;
use time::OffsetDateTime;

/// A payment of which a shop is told.
#[derive(Debug, Clone, Copy)]
pub struct Feedback<'a> {
    /// `ORDERID`.
    pub order_id: &'a str,
    /// `PAYID`.
    pub payid: i64,
    /// What is told.
    pub telling: &'a Telling,
    /// What the order's request said.
    pub facts: &'a Facts,
    /// When the payment was begun: `TRXDATE`.
    pub moment: OffsetDateTime,
}

impl Feedback<'_> {
    /// The parameters in the vendor's order: those of the protocol, the signature over them where there is a passphrase, and,
    /// unsigned, the shop's own pairs. What has no value is there with an empty one, as recorded; what only some payments have
    /// is left out.
    pub fn pairs(&self, signing: Option<(&Secret<String>, Hash)>) -> Vec<(String, String)> {
        let told = self.own_pairs();
        let signature = signing.map(|(passphrase, hash)| {
            let signed: Vec<(&str, &str)> =
                told.iter().map(|(name, value)| (*name, value.as_str())).collect();
            ("SHASIGN", signature::sign(&signed, passphrase, hash))
        });
        told.into_iter()
            .chain(signature)
            .map(|(name, value)| (name.to_owned(), value))
            .chain(shop_pairs(self.facts.param_plus.as_deref().unwrap_or_default()))
            .collect()
    }

    /// [`Self::pairs`] as a query string or a form, in Windows-1252.
    pub fn encoded(&self, signing: Option<(&Secret<String>, Hash)>) -> String {
        encoded(&self.pairs(signing))
    }

    fn own_pairs(&self) -> Vec<(&'static str, String)> {
        let Self { telling, facts, .. } = self;
        let or_empty = |value: &Option<String>| value.clone().unwrap_or_default();
        let method = telling.brand.map(|_| spelling::PAYMENT_METHOD);
        let mut pairs = vec![
            ("orderID", self.order_id.to_owned()),
            ("currency", telling.amount.currency().to_string()),
            ("amount", spelling::amount(telling.amount)),
            ("PM", method.unwrap_or_default().to_owned()),
            ("ACCEPTANCE", or_empty(&telling.acceptance)),
            ("STATUS", telling.status.to_string()),
            ("CARDNO", or_empty(&telling.card_number)),
        ];
        pairs.extend(facts.alias.clone().map(|alias| ("ALIAS", alias)));
        pairs.extend([
            ("ED", or_empty(&facts.expiry)),
            ("CN", or_empty(&facts.holder)),
            ("TRXDATE", month_day_year(self.moment)),
            ("PAYID", self.payid.to_string()),
        ]);
        pairs.extend(telling.level.map(|level| ("PAYIDSUB", level.to_string())));
        pairs.push(("NCERROR", telling.error.to_string()));
        pairs.push(("BRAND", telling.brand.map_or("", spelling::brand).to_owned()));
        pairs.extend(telling.eci.clone().map(|eci| ("ECI", eci)));
        pairs.extend(facts.com_plus.clone().map(|value| ("COMPLUS", value)));
        pairs.push(("IP", or_empty(&facts.ip_address)));
        pairs
    }
}

/// `MM/DD/YY`.
fn month_day_year(moment: OffsetDateTime) -> String {
    let date = moment.date();
    format!(
        "{:02}/{:02}/{:02}",
        u8::from(date.month()),
        date.day(),
        date.year().rem_euclid(100)
    )
}

/// The pairs of `PARAMPLUS`. One that bears the name of a parameter of the protocol is left out: it would take the place of
/// what is signed.
pub fn shop_pairs(param_plus: &str) -> Vec<(String, String)> {
    let pairs = param_plus.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = unescaped(name);
        let upper = name.to_ascii_uppercase();
        let taken = upper == "SHASIGN" || signature::is_signed_by_us(&upper);
        (!name.is_empty() && !taken).then(|| (name, unescaped(value)))
    });
    pairs.collect()
}

fn unescaped(text: &str) -> String {
    let spaced = text.replace('+', " ");
    let bytes: Vec<u8> = percent_decode(spaced.as_bytes()).collect();
    String::from_utf8(bytes).unwrap_or_else(|other| windows_1252::text(other.as_bytes()))
}

/// Pairs as a query string or a form, in Windows-1252.
pub fn encoded(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
        .collect();
    pairs.join("&")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in windows_1252::bytes(text) {
        match byte {
            b' ' => escaped.push('+'),
            b'*' | b'-' | b'.' | b'_' => escaped.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directlink::ncerror::NcError;
    use primitives::{Amount, Brand, Currency};
    use time::macros::datetime;

    fn secret() -> Secret<String> {
        Secret::new("Mysecretsig1875!?".to_owned())
    }

    fn telling(minor: i64, currency: Currency) -> Telling {
        Telling {
            status: 9,
            error: NcError::NONE,
            amount: Amount::new(minor, currency).unwrap(),
            acceptance: Some("1234".to_owned()),
            eci: None,
            brand: Some(Brand::Visa),
            card_number: Some("XXXXXXXXXXXX1111".to_owned()),
            level: None,
        }
    }

    fn feedback<'a>(telling: &'a Telling, facts: &'a Facts) -> Feedback<'a> {
        Feedback {
            order_id: "12",
            payid: 32_100_123,
            telling,
            facts,
            moment: datetime!(2026-03-02 23:59 UTC),
        }
    }

    fn names(pairs: &[(String, String)]) -> Vec<&str> {
        pairs.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn parameters_come_in_the_recorded_order() {
        // Given a payment with nothing of its own.
        let telling = telling(1500, Currency::EUR);
        let facts = Facts::default();
        // When its shop is told.
        let pairs = feedback(&telling, &facts).pairs(Some((&secret(), Hash::Sha1)));
        // Then everything recorded is there, empty or not.
        assert_eq!(
            names(&pairs),
            [
                "orderID",
                "currency",
                "amount",
                "PM",
                "ACCEPTANCE",
                "STATUS",
                "CARDNO",
                "ED",
                "CN",
                "TRXDATE",
                "PAYID",
                "NCERROR",
                "BRAND",
                "IP",
                "SHASIGN",
            ]
        );
        assert!(pairs.contains(&("TRXDATE".to_owned(), "03/02/26".to_owned())));
        assert!(pairs.contains(&("amount".to_owned(), "15".to_owned())));
        assert!(pairs.contains(&("CN".to_owned(), String::new())));
    }

    #[test]
    fn what_some_payments_have_stands_between() {
        let telling = Telling {
            eci: Some("5".to_owned()),
            level: Some(2),
            ..telling(1500, Currency::EUR)
        };
        let facts = Facts {
            com_plus: Some("c".to_owned()),
            alias: Some("ana_1".to_owned()),
            param_plus: Some("SessionID=1&ShopperID=2".to_owned()),
            ..Facts::default()
        };
        let pairs = feedback(&telling, &facts).pairs(Some((&secret(), Hash::Sha256)));
        assert_eq!(
            names(&pairs)[6..],
            [
                "CARDNO",
                "ALIAS",
                "ED",
                "CN",
                "TRXDATE",
                "PAYID",
                "PAYIDSUB",
                "NCERROR",
                "BRAND",
                "ECI",
                "COMPLUS",
                "IP",
                "SHASIGN",
                "SessionID",
                "ShopperID"
            ]
        );
    }

    #[test]
    fn the_signature_is_over_what_is_sent() {
        // Given the vendor's longer vector, without the fields of the fraud module, which are not sent here.
        let telling = Telling {
            status: 5,
            acceptance: Some("test123".to_owned()),
            eci: Some("7".to_owned()),
            ..telling(150, Currency::CHF)
        };
        let facts = Facts {
            expiry: Some("1230".to_owned()),
            holder: Some("Señora Person".to_owned()),
            ip_address: Some("192.0.2.10".to_owned()),
            alias: Some("1987839941297952".to_owned()),
            param_plus: Some("MYOWN=unsigned".to_owned()),
            ..Facts::default()
        };
        let pairs = feedback(&telling, &facts).pairs(Some((&secret(), Hash::Sha256)));
        // When a shop signs what it received, byte by byte, as section 9.4 has it.
        let mut received: Vec<(String, Vec<u8>)> = pairs
            .iter()
            .filter(|(name, value)| !value.is_empty() && name != "SHASIGN" && name != "MYOWN")
            .map(|(name, value)| (name.to_ascii_uppercase(), windows_1252::bytes(value)))
            .collect();
        received.sort();
        let mut text = Vec::new();
        for (name, value) in received {
            text.extend([name.as_bytes(), b"=", &value, b"Mysecretsig1875!?"].concat());
        }
        let made = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &text);
        let made: String = made.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        // Then it is our signature, and the alias is under it.
        assert!(String::from_utf8_lossy(&text).contains("ALIAS=1987839941297952Mysecret"));
        assert!(pairs.contains(&("SHASIGN".to_owned(), made)));
    }

    #[test]
    fn nothing_is_signed_without_a_passphrase() {
        let telling = telling(1500, Currency::EUR);
        assert!(!names(&feedback(&telling, &Facts::default()).pairs(None)).contains(&"SHASIGN"));
    }

    #[test]
    fn it_is_written_in_windows_1252() {
        let telling = telling(1500, Currency::JPY);
        let facts = Facts {
            holder: Some("José 日".to_owned()),
            param_plus: Some("a=1+1&b=%26%3D&c=ñ&d=%F1&e=%C3%B1&f".to_owned()),
            ..Facts::default()
        };
        let text = feedback(&telling, &facts).encoded(None);
        assert!(text.contains("&amount=1500&"), "{text}");
        assert!(text.contains("&CN=Jos%E9+%3F&"), "{text}");
        assert!(text.contains("&TRXDATE=03%2F02%2F26&"), "{text}");
        assert!(
            text.ends_with("&IP=&a=1+1&b=%26%3D&c=%F1&d=%F1&e=%F1&f="),
            "{text}"
        );
    }

    #[test]
    fn a_shops_own_pair_cannot_stand_for_what_is_signed() {
        let pairs = shop_pairs("status=9&%53TATUS=9&ShaSign=x&=y&&mine=1");
        assert_eq!(pairs, [("mine".to_owned(), "1".to_owned())]);
    }
}

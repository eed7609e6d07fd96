//! The names by which issuers know their own things.

use std::fmt;

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident: $min:literal to $max:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// `None` where the text is not letters, digits, `_` and `-`, or not of the right length.
            pub fn parse(text: &str) -> Option<Self> {
                let fits = ($min..=$max).contains(&text.len())
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
                fits.then(|| Self(text.to_owned()))
            }

            /// As on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

identifiers! {
    /// `issuerId`: an issuer, exactly ten characters.
    IssuerId: 10 to 10;
    /// `consumerId`: a cardholder of an issuer.
    ConsumerId: 1 to 64;
    /// `cardId`: a card of an issuer; says nothing of the account number.
    CardId: 1 to 48;
    /// The name of a card product of an issuer.
    ProductId: 1 to 48;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_has_exactly_ten_characters() {
        assert!(IssuerId::parse("banco-0001").is_some());
        for wrong in ["", "banco-001", "banco-00001", "banco 0001", "bancó-001"] {
            assert!(IssuerId::parse(wrong).is_none(), "{wrong}");
        }
    }
}

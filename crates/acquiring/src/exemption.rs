//! Why a charge goes without strong authentication of its cardholder: an exemption, which somebody answers for, or an
//! exclusion, to which the duty never applied.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! exemptions {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// The ground on which a cardholder need not be authenticated.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Exemption {
            $($(#[$doc])* $name,)*
        }

        impl Exemption {
            pub const ALL: &'static [Exemption] = &[$(Exemption::$name,)*];

            /// The words merchants use, each with what it means.
            pub const WORDS: &'static [(&'static str, Exemption)] = &[$(($word, Exemption::$name),)*];

            /// The word merchants use.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Exemption::$name => $word,)*
                }
            }
        }
    };
}

exemptions! {
    /// The amount is small.
    LowValue = "low_value";
    /// The issuer analyses the risk itself.
    TraIssuer = "tra_issuer";
    /// Acquirer or merchant have analysed the risk.
    TraAcquirer = "tra_acquirer";
    /// The cardholder has the merchant on the issuer's list of trusted ones.
    TrustedList = "trusted_list";
    /// A corporate card in a secure process of its own.
    Corporate = "corporate";
    /// The rest of a delivery whose first part was authenticated.
    DelayedShipment = "delayed_shipment";
    /// A certified wallet has authenticated the cardholder.
    Delegated = "delegated";
    /// Mail or telephone order: excluded.
    Moto = "moto";
    /// Acquirer or issuer stand outside the region that asks for authentication: excluded.
    OneLegOut = "one_leg_out";
    /// A prepaid card that names nobody: excluded.
    AnonymousPrepaid = "anonymous_prepaid";
    /// The merchant starts the payment, without the cardholder: excluded.
    MerchantInitiated = "merchant_initiated";
}

impl Exemption {
    /// Whether the duty to authenticate never applied, so that nobody has to grant anything.
    pub fn is_exclusion(self) -> bool {
        match self {
            Self::Moto | Self::OneLegOut | Self::AnonymousPrepaid | Self::MerchantInitiated => true,
            Self::LowValue
            | Self::TraIssuer
            | Self::TraAcquirer
            | Self::TrustedList
            | Self::Corporate
            | Self::DelayedShipment
            | Self::Delegated => false,
        }
    }
}

impl fmt::Display for Exemption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_word_is_the_merchants_word() {
        for (word, exemption) in Exemption::WORDS {
            assert_eq!(exemption.as_str(), *word);
            assert_eq!(serde_json::to_value(exemption).unwrap(), *word);
        }
        assert_eq!(Exemption::WORDS.len(), Exemption::ALL.len());
    }
}

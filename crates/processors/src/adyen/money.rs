//! Amounts as Adyen counts them: integers in minor units, whose number of decimals is Adyen's own for a few currencies.

use acquiring::CannotBuild;
use primitives::{Amount, Currency};
use serde::{Deserialize, Serialize};

/// `amount`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountBody {
    pub value: i64,
    pub currency: String,
}

/// How many of Adyen's minor units make one of ours. The Chilean peso and the Icelandic króna have no decimals in ISO 4217
/// and two at Adyen.
fn scale(currency: Currency) -> i64 {
    match currency {
        Currency::CLP | Currency::ISK => 100,
        _ => 1,
    }
}

impl AmountBody {
    pub fn of(amount: Amount) -> Result<Self, CannotBuild> {
        let value = amount.minor().checked_mul(scale(amount.currency()));
        Ok(Self {
            value: value.ok_or(CannotBuild::NotExpressible("an amount as large as this"))?,
            currency: amount.currency().code().to_owned(),
        })
    }

    /// The amount in our units; `None` where it is none.
    pub fn read(&self) -> Option<Amount> {
        let currency = Currency::parse(&self.currency).ok()?;
        let scale = scale(currency);
        if self.value % scale != 0 {
            return None;
        }
        Amount::new(self.value / scale, currency).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chilean_and_icelandic_amounts_have_two_decimals_there() {
        for (minor, currency, value) in [
            (125_050, Currency::MXN, 125_050),
            (125_050, Currency::COP, 125_050),
            (1_990, Currency::CLP, 199_000),
            (1_990, Currency::ISK, 199_000),
            (1_990, Currency::JPY, 1_990),
        ] {
            let amount = Amount::new(minor, currency).unwrap();
            let body = AmountBody::of(amount).unwrap();
            assert_eq!(body.value, value, "{currency}");
            assert_eq!(body.read(), Some(amount));
        }
    }

    #[test]
    fn a_part_of_a_peso_is_no_amount() {
        let body = |value, currency: &str| AmountBody {
            value,
            currency: currency.into(),
        };
        assert_eq!(body(199_001, "CLP").read(), None);
        assert_eq!(body(-1, "MXN").read(), None);
        assert_eq!(body(1, "pesos").read(), None);
    }
}

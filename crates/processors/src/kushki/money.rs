//! Amounts on Kushki's wire: an object of tax parts, each a JSON number in major units.
//!
//! Numbers are written and read as their exact decimal text; a binary float never touches them.

use acquiring::CannotBuild;
use primitives::{Amount, Currency, Unreadable};
use serde::Serialize;
use serde_json::value::RawValue;

/// An amount whose tax split is not known: everything is untaxed base, the other parts are zero.
#[derive(Serialize)]
pub struct Total {
    #[serde(rename = "subtotalIva")]
    subtotal_iva: u8,
    #[serde(rename = "subtotalIva0")]
    subtotal_iva0: Box<RawValue>,
    iva: u8,
    ice: u8,
    currency: &'static str,
}

impl Total {
    pub fn of(amount: Amount) -> Result<Self, CannotBuild> {
        let decimal = RawValue::from_string(amount.to_decimal())
            .map_err(|_| CannotBuild::NotExpressible("an amount that is no JSON number"))?;
        Ok(Self {
            subtotal_iva: 0,
            subtotal_iva0: decimal,
            iva: 0,
            ice: 0,
            currency: amount.currency().code(),
        })
    }
}

/// Reads a JSON number of major units. `what` names it in the fault.
pub fn read(number: &RawValue, currency: Currency, what: &str) -> Result<Amount, Unreadable> {
    Amount::from_decimal(number.get(), currency).map_err(|fault| Unreadable(format!("{what} {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_written_as_it_is() {
        for (minor, currency, expected) in [
            (125_050, Currency::MXN, "1250.50"),
            (1, Currency::MXN, "0.01"),
            (1_990, Currency::CLP, "1990"),
            (999_999_999_999, Currency::USD, "9999999999.99"),
        ] {
            let amount = Amount::new(minor, currency).unwrap();
            let json = serde_json::to_string(&Total::of(amount).unwrap()).unwrap();
            assert_eq!(
                json,
                format!(
                    r#"{{"subtotalIva":0,"subtotalIva0":{expected},"iva":0,"ice":0,"currency":"{currency}"}}"#
                )
            );
            let number = RawValue::from_string(expected.to_owned()).unwrap();
            assert_eq!(read(&number, currency, "x"), Ok(amount));
        }
    }

    #[test]
    fn numbers_that_are_no_exact_amount_are_not_read() {
        for text in ["10.505", "1e3", "-1", "\"10\"", "null"] {
            let number = RawValue::from_string(text.to_owned()).unwrap();
            assert!(read(&number, Currency::MXN, "x").is_err(), "{text}");
        }
    }
}

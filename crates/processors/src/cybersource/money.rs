//! Amounts on the vendor's wire: decimal text in major units, with the currency's own number of decimals.

use primitives::Amount;
use serde::Serialize;

/// `amountDetails`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AmountDetails {
    total_amount: String,
    currency: &'static str,
}

impl AmountDetails {
    pub fn of(amount: Amount) -> Self {
        Self {
            total_amount: amount.to_decimal(),
            currency: amount.currency().code(),
        }
    }
}

/// `orderInformation` where it holds nothing but an amount.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderInformation {
    amount_details: AmountDetails,
}

impl OrderInformation {
    pub fn of(amount: Amount) -> Self {
        Self {
            amount_details: AmountDetails::of(amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Currency;

    #[test]
    fn amounts_are_text_with_the_currencys_decimals() {
        for (minor, currency, expected) in [
            (125_050, Currency::MXN, "1250.50"),
            (1, Currency::USD, "0.01"),
            (1_990, Currency::CLP, "1990"),
        ] {
            let details = AmountDetails::of(Amount::new(minor, currency).unwrap());
            assert_eq!(
                serde_json::to_string(&details).unwrap(),
                format!(r#"{{"totalAmount":"{expected}","currency":"{currency}"}}"#)
            );
        }
    }
}

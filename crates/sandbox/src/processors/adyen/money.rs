//! Amounts as the vendor counts them.

use primitives::{Amount, Currency};
use serde::{Deserialize, Serialize};

use super::reply::Refused;

/// `amount`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountBody {
    value: i64,
    currency: String,
}

/// How many of the vendor's minor units make one of ISO 4217's.
fn scale(currency: Currency) -> i64 {
    match currency {
        Currency::CLP | Currency::ISK => 100,
        _ => 1,
    }
}

impl From<Amount> for AmountBody {
    fn from(amount: Amount) -> Self {
        Self {
            value: amount.minor() * scale(amount.currency()),
            currency: amount.currency().code().to_owned(),
        }
    }
}

impl AmountBody {
    /// The amount, which is more than nothing.
    pub fn read(&self) -> Result<Amount, Refused> {
        let currency = Currency::parse(&self.currency)
            .map_err(|_| Refused::invalid("138", "Unsupported currency specified"))?;
        let invalid = || Refused::invalid("137", "Invalid amount specified");
        // What the vendor counts in hundredths has none in life.
        if self.value <= 0 || self.value % scale(currency) != 0 {
            return Err(invalid());
        }
        Amount::new(self.value / scale(currency), currency).map_err(|_| invalid())
    }

    /// As a notification signs it.
    pub fn value(&self) -> i64 {
        self.value
    }

    pub fn currency(&self) -> &str {
        &self.currency
    }
}

//! The vendor's amount object, read and written without a binary float.

use primitives::{Amount, AmountError, Currency};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::exact::Exact;
use super::reply::Refused;

/// Currencies of direct charges.
const CURRENCIES: [Currency; 5] = [
    Currency::MXN,
    Currency::COP,
    Currency::PEN,
    Currency::CLP,
    Currency::USD,
];

/// `amount` of a request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AmountBody<'a> {
    currency: String,
    #[serde(borrow)]
    subtotal_iva: &'a RawValue,
    #[serde(borrow)]
    subtotal_iva0: &'a RawValue,
    #[serde(borrow)]
    iva: &'a RawValue,
    #[serde(borrow)]
    ice: &'a RawValue,
}

impl AmountBody<'_> {
    /// The sum of the parts, which must be more than nothing.
    pub fn total(&self) -> Result<Amount, Refused> {
        let wrong = || Refused::code("220", "Monto inválido");
        let currency = Currency::parse(&self.currency)
            .ok()
            .filter(|currency| CURRENCIES.contains(currency) && currency.code() == self.currency)
            .ok_or(Refused::code("205", "Moneda no soportada"))?;
        [self.subtotal_iva, self.subtotal_iva0, self.iva, self.ice]
            .into_iter()
            .try_fold(Amount::zero(currency), |sum, part| {
                sum.checked_add(Amount::from_decimal(part.get(), currency)?)
            })
            .map_err(|_: AmountError| wrong())
            .and_then(|total| if total.is_zero() { Err(wrong()) } else { Ok(total) })
    }
}

/// `amount` of a reply: the whole as untaxed base.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AmountReply {
    currency: &'static str,
    subtotal_iva: u8,
    subtotal_iva0: Exact,
    iva: u8,
    ice: u8,
}

impl From<Amount> for AmountReply {
    fn from(amount: Amount) -> Self {
        Self {
            currency: amount.currency().code(),
            subtotal_iva: 0,
            subtotal_iva0: Exact(amount),
            iva: 0,
            ice: 0,
        }
    }
}

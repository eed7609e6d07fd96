//! Amounts of requests: in hundredths of the currency's unit, whatever its exponent.

use primitives::{Amount, Currency};

/// Why hundredths make no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAmount {
    /// The currency's units are not that fine.
    TooFine,
    /// More than any payment is, or less than nothing.
    OutOfRange,
}

/// An amount in a currency's own minor units. Yen are sent with two zeros; of the dinar's three digits the last is zero.
///
/// # Errors
/// What the currency cannot express, and what is no amount in any currency.
pub fn of_hundredths(hundredths: i64, currency: Currency) -> Result<Amount, NoAmount> {
    let whole = |factor: i64| {
        (hundredths % factor == 0)
            .then_some(hundredths / factor)
            .ok_or(NoAmount::TooFine)
    };
    let minor = match currency.exponent() {
        0 => whole(100)?,
        1 => whole(10)?,
        2 => hundredths,
        finer => 10_i64
            .checked_pow(u32::from(finer - 2))
            .and_then(|factor| hundredths.checked_mul(factor))
            .ok_or(NoAmount::OutOfRange)?,
    };
    Amount::new(minor, currency).map_err(|_| NoAmount::OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_become_the_currency_s_own_units_or_nothing() {
        let minor = |hundredths, currency| of_hundredths(hundredths, currency).map(Amount::minor);
        let currency = |code| Currency::parse(code).unwrap();
        assert_eq!(minor(1_234, currency("EUR")), Ok(1_234));
        assert_eq!(minor(50_000, currency("JPY")), Ok(500));
        assert_eq!(minor(50, currency("JPY")), Err(NoAmount::TooFine));
        assert_eq!(minor(1_250, currency("KWD")), Ok(12_500));
        assert_eq!(minor(i64::MAX, currency("KWD")), Err(NoAmount::OutOfRange));
        assert_eq!(
            minor(999_999_999_999_999, currency("EUR")),
            Err(NoAmount::OutOfRange)
        );
        assert_eq!(minor(-100, currency("EUR")), Err(NoAmount::OutOfRange));
    }
}

//! Amounts of requests: in hundredths of the currency's unit, whatever its exponent.

use primitives::{Amount, Currency};

/// An amount in a currency's own minor units; `None` where the currency is not that fine, or the number is too large. Yen are
/// sent with two zeros; of the dinar's three digits the last is zero.
pub fn of_hundredths(hundredths: i64, currency: Currency) -> Option<Amount> {
    let minor = match currency.exponent() {
        0 => (hundredths % 100 == 0).then_some(hundredths / 100),
        1 => (hundredths % 10 == 0).then_some(hundredths / 10),
        2 => Some(hundredths),
        finer => 10_i64
            .checked_pow(u32::from(finer - 2))
            .and_then(|factor| hundredths.checked_mul(factor)),
    };
    minor.and_then(|minor| Amount::new(minor, currency).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_become_the_currency_s_own_units_or_nothing() {
        let minor = |hundredths, currency| of_hundredths(hundredths, currency).map(Amount::minor);
        let currency = |code| Currency::parse(code).unwrap();
        assert_eq!(minor(1_234, currency("EUR")), Some(1_234));
        assert_eq!(minor(50_000, currency("JPY")), Some(500));
        assert_eq!(minor(50, currency("JPY")), None);
        assert_eq!(minor(1_250, currency("KWD")), Some(12_500));
        assert_eq!(minor(i64::MAX, currency("KWD")), None);
        assert_eq!(minor(-100, currency("EUR")), None);
    }
}

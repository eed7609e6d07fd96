//! Amounts as cardholders read them.

use primitives::{Amount, Currency};

use crate::language::Language;

/// Currencies of the Spanish-speaking countries that write a comma before the cents; the others write a point.
const COMMA_CURRENCIES: [&str; 9] = ["ARS", "BOB", "CLP", "COP", "CRC", "EUR", "PYG", "UYU", "VES"];

/// `EUR 1,234.56`, `EUR 1.234,56`, `¥12,345`: the currency's code first, so that no two currencies look alike, and nothing
/// that GSM-7 lacks. Spanish follows the currency, since its countries differ.
pub fn amount_text(language: Language, amount: Amount) -> String {
    let currency = amount.currency();
    let decimal_comma = match language {
        Language::English | Language::Japanese => false,
        Language::Portuguese => true,
        Language::Spanish => COMMA_CURRENCIES.contains(&currency.code()),
    };
    let (separator, point) = if decimal_comma { ('.', ',') } else { (',', '.') };
    let decimal = amount.to_decimal();
    let (whole, fraction) = decimal.split_once('.').unwrap_or((&decimal, ""));
    let mut text = match (language, currency) {
        (Language::Japanese, Currency::JPY) => "¥".to_owned(),
        _ => format!("{currency} "),
    };
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push(point);
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_written_as_the_language_and_its_countries_write_it() {
        let amount = |minor, code| Amount::new(minor, Currency::parse(code).unwrap()).unwrap();
        for (language, minor, currency, expected) in [
            (Language::English, 123_456, "EUR", "EUR 1,234.56"),
            (Language::Spanish, 123_456, "EUR", "EUR 1.234,56"),
            (Language::Spanish, 34_900, "MXN", "MXN 349.00"),
            (Language::Spanish, 1_234_567, "CLP", "CLP 1.234.567"),
            (Language::Portuguese, 123_456, "BRL", "BRL 1.234,56"),
            (Language::Japanese, 12_345, "JPY", "¥12,345"),
            (Language::Japanese, 5, "USD", "USD 0.05"),
            (Language::English, 999_999_999_999, "KWD", "KWD 999,999,999.999"),
            (Language::English, 999_999_999_999, "EUR", "EUR 9,999,999,999.99"),
        ] {
            assert_eq!(amount_text(language, amount(minor, currency)), expected);
        }
    }
}

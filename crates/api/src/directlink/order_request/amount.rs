//! `AMOUNT` and `CURRENCY`: the amount in hundredths, whatever the currency.

use crate::directlink::complaints::Reading;
use payments::directlink::{
    NcError,
    amount::{self, NoAmount},
};
use primitives::{Amount, Currency};

const DIGITS_MAX: usize = 15;
/// Said of what is no number, and of numbers that are more than any payment.
const TOO_LONG: &str = "AMOUNT too long or not numeric";
/// Enough of a wrong currency to find it again.
const SHOWN_MAX_CHARACTERS: usize = 6;

/// The amount, which must be there and more than nothing.
pub fn read(reading: &Reading<'_>) -> Option<Amount> {
    let hundredths = hundredths(reading);
    let currency = currency(reading);
    of_hundredths(reading, hundredths?, currency?)
}

/// `AMOUNT` as it came: hundredths of the currency's unit.
pub fn hundredths(reading: &Reading<'_>) -> Option<i64> {
    let Some(text) = reading.get("AMOUNT") else {
        reading.complain(NcError::INVALID, "no AMOUNT");
        return None;
    };
    let text = text.trim();
    let numeric = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !numeric || text.len() > DIGITS_MAX {
        reading.complain(NcError::INVALID, TOO_LONG);
        return None;
    }
    let number = text.parse().ok().filter(|number| *number > 0);
    if number.is_none() {
        reading.complain(NcError::INVALID, "AMOUNT must be more than 0");
    }
    number
}

fn currency(reading: &Reading<'_>) -> Option<Currency> {
    let text = reading.required("CURRENCY", usize::MAX)?;
    let currency = Currency::parse(text.trim()).ok();
    if currency.is_none() {
        let shown: String = text.trim().chars().take(SHOWN_MAX_CHARACTERS).collect();
        reading.complain(NcError::CURRENCY, format!("not a valid currency : {shown}"));
    }
    currency
}

/// An amount in a currency's own minor units. Yen are sent with two zeros; of the dinar's three digits the last is zero.
fn of_hundredths(reading: &Reading<'_>, hundredths: i64, currency: Currency) -> Option<Amount> {
    let (error, text) = match amount::of_hundredths(hundredths, currency) {
        Ok(amount) => return Some(amount),
        Err(NoAmount::TooFine) => {
            let text = format!("AMOUNT has decimals that {} lacks", currency.code());
            (NcError::DECIMALS, text)
        }
        Err(NoAmount::OutOfRange) => (NcError::INVALID, TOO_LONG.to_owned()),
    };
    reading.complain(error, text);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directlink::charset::Charset;
    use crate::directlink::complaints::Complaint;
    use crate::directlink::form::Form;
    use payments::directlink::spelling;
    use proptest::prelude::*;

    fn amount(body: &str) -> Result<Amount, Complaint> {
        let form = Form::read(body.as_bytes(), Charset::Utf8).unwrap();
        let reading = Reading::of(&form);
        let amount = read(&reading);
        reading.finish(amount)
    }

    #[test]
    fn amounts_are_hundredths_whatever_the_currency() {
        for (body, minor, text) in [
            ("AMOUNT=1500&CURRENCY=EUR", 1500, "15"),
            ("AMOUNT=450&CURRENCY=eur", 450, "4.5"),
            ("AMOUNT=2&CURRENCY=USD", 2, "0.02"),
            ("AMOUNT=50000&CURRENCY=JPY", 500, "500"),
            ("AMOUNT=1250&CURRENCY=KWD", 12_500, "12.5"),
        ] {
            let amount = amount(body).unwrap();
            assert_eq!(
                (amount.minor(), spelling::amount(amount).as_str()),
                (minor, text),
                "{body}"
            );
        }
    }

    #[test]
    fn a_wrong_amount_is_named() {
        for (body, error, text) in [
            ("CURRENCY=EUR", NcError::INVALID, "no AMOUNT"),
            ("AMOUNT=1500", NcError::INVALID, "no CURRENCY"),
            ("", NcError::INVALID, "no AMOUNT|no CURRENCY"),
            (
                "AMOUNT=15.00&CURRENCY=EUR",
                NcError::INVALID,
                "AMOUNT too long or not numeric",
            ),
            (
                "AMOUNT=-1500&CURRENCY=EUR",
                NcError::INVALID,
                "AMOUNT too long or not numeric",
            ),
            (
                "AMOUNT=1234567890123456&CURRENCY=EUR",
                NcError::INVALID,
                "AMOUNT too long or not numeric",
            ),
            (
                "AMOUNT=999999999999999&CURRENCY=EUR",
                NcError::INVALID,
                "AMOUNT too long or not numeric",
            ),
            (
                "AMOUNT=0&CURRENCY=EUR",
                NcError::INVALID,
                "AMOUNT must be more than 0",
            ),
            (
                "AMOUNT=1500&CURRENCY=EURO",
                NcError::CURRENCY,
                "not a valid currency : EURO",
            ),
            (
                "AMOUNT=50&CURRENCY=JPY",
                NcError::DECIMALS,
                "AMOUNT has decimals that JPY lacks",
            ),
        ] {
            assert_eq!(amount(body), Err(Complaint::new(error, text)), "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_an_amount_of_something_else(text in "\\PC{0,20}") {
            let body = serde_urlencoded::to_string([("AMOUNT", text.as_str()), ("CURRENCY", "EUR")]).unwrap();
            if let Ok(amount) = amount(&body) {
                prop_assert_eq!(amount.minor(), text.trim().parse::<i64>().unwrap());
            }
        }
    }
}

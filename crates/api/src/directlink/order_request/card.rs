//! `CARDNO`, `ED`, `CVC`, `CN`, and what they are held against: `PM`, `BRAND`, `EXCLPMLIST`.

use crate::directlink::complaints::Reading;
use payments::bins::CardType;
use payments::directlink::{NcError, spelling};
use primitives::{Brand, Card, CardError, ExpiryDate, Pan, SecurityCode};
use time::Date;

const NUMBER_MAX_CHARACTERS: usize = 21;
const CODE_MAX_CHARACTERS: usize = 5;
/// Of `CN`, and of what is typed on our page in its place.
pub const HOLDER_MAX_CHARACTERS: usize = 35;
/// No name has more digits, but a card number in the wrong field does; the name is kept and shown in the open.
const HOLDER_MAX_DIGITS: usize = 11;
/// Of `PM` and `BRAND`.
const NAME_MAX_CHARACTERS: usize = 25;

/// The card. `kept`: what the order need not say, since the shop keeps it with us. `code_needed`: whether the cardholder is
/// there to type a security code.
pub fn read(reading: &Reading<'_>, kept: Option<&Card>, code_needed: bool, today: Date) -> Option<Card> {
    let pan = match kept {
        Some(kept) => Some(kept.pan.clone()),
        None => number(reading),
    };
    let expiry = match kept {
        Some(kept) if reading.get("ED").is_none() => still_good(reading, kept.expiry, today),
        Some(_) | None => expiry(reading, today),
    };
    let security_code = security_code(reading, pan.as_ref(), code_needed);
    let holder = match kept {
        Some(kept) if reading.get("CN").is_none() => Some(kept.holder.clone()),
        Some(_) | None => holder(reading),
    };
    if let Some(pan) = &pan {
        fits(reading, pan.brand());
    }
    Some(Card {
        pan: pan?,
        expiry: expiry?,
        security_code: security_code?,
        holder: holder?,
    })
}

/// `CREDITDEBIT`: the kind of card that it must be.
pub fn kind(reading: &Reading<'_>) -> Option<CardType> {
    reading.one_of("CREDITDEBIT", |text| match text {
        "C" | "c" => Some(CardType::Credit),
        "D" | "d" => Some(CardType::Debit),
        _ => None,
    })
}

fn number(reading: &Reading<'_>) -> Option<Pan> {
    let Some(given) = reading.get("CARDNO") else {
        reading.complain(NcError::INVALID, "no card no");
        return None;
    };
    let digits: String = given
        .chars()
        .filter(|character| !matches!(character, ' ' | '-'))
        .collect();
    let complaint = if digits.chars().count() > NUMBER_MAX_CHARACTERS {
        (NcError::CARD_TOO_LONG, "CARDNO too long")
    } else if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        (NcError::CARD_NOT_NUMERIC, "CARDNO not numeric")
    } else {
        match Pan::parse(&digits) {
            Ok(pan) => return Some(pan),
            Err(_) => (NcError::INVALID, "no brand or invalid card number"),
        }
    };
    reading.complain(complaint.0, complaint.1);
    None
}

/// `MM/YY`, `MMYY`, and both with a year of four digits.
fn expiry(reading: &Reading<'_>, today: Date) -> Option<ExpiryDate> {
    let Some(given) = reading.get("ED") else {
        reading.complain(NcError::INVALID, "no exp date");
        return None;
    };
    let given = given.trim();
    let halves = given.split_once('/').or_else(|| given.split_at_checked(2));
    let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let complaint = match halves {
        Some((month, year))
            if month.len() == 2 && matches!(year.len(), 2 | 4) && numeric(month) && numeric(year) =>
        {
            match ExpiryDate::parse(month, year) {
                Ok(expiry) if !expiry.is_over(today) => return Some(expiry),
                Err(CardError::Month) => (NcError::EXPIRY_MONTH, "ED has no such month"),
                Ok(_) | Err(_) => (NcError::EXPIRED, "ED must be in the future"),
            }
        }
        _ => (NcError::EXPIRY_NOT_NUMERIC, "ED must be MMYY or MM/YY"),
    };
    reading.complain(complaint.0, complaint.1);
    None
}

/// Of a card that was good when it came.
fn still_good(reading: &Reading<'_>, expiry: ExpiryDate, today: Date) -> Option<ExpiryDate> {
    if expiry.is_over(today) {
        let text = "the card of ALIAS has expired: ED must be in the future";
        reading.complain(NcError::EXPIRED, text);
        return None;
    }
    Some(expiry)
}

/// Absent and wrong are two things: the outer `None` is wrong.
fn security_code(reading: &Reading<'_>, pan: Option<&Pan>, needed: bool) -> Option<Option<SecurityCode>> {
    let given = reading
        .get("CVC")
        .or_else(|| reading.get("ECOM_PAYMENT_CARD_VERIFICATION"));
    let Some(given) = given.map(str::trim) else {
        if needed {
            reading.complain(NcError::CVC_MISSING, "CVC is mandatory for this card");
            return None;
        }
        return Some(None);
    };
    let complaint = if given.chars().count() > CODE_MAX_CHARACTERS {
        (NcError::CVC_TOO_LONG, "CVC too long")
    } else if !given.bytes().all(|byte| byte.is_ascii_digit()) {
        (NcError::CVC_NOT_NUMERIC, "CVC not numeric")
    } else {
        match SecurityCode::parse(given) {
            Ok(code) if pan.is_none_or(|pan| code.fits(pan.brand())) => return Some(Some(code)),
            Ok(_) | Err(_) => (NcError::CVC_FORMAT, "CVC has not the length of this card's"),
        }
    };
    reading.complain(complaint.0, complaint.1);
    None
}

/// Whether nothing stands in a holder's name that shops could not put into a page of theirs, and no card number.
pub fn is_name(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    digits <= HOLDER_MAX_DIGITS
        && !text
            .chars()
            .any(|character| character.is_control() || matches!(character, '<' | '>'))
}

fn holder(reading: &Reading<'_>) -> Option<String> {
    let given = reading.get("CN").unwrap_or_default().trim();
    if given.chars().count() > HOLDER_MAX_CHARACTERS {
        reading.complain(NcError::HOLDER_TOO_LONG, "CN too long");
        return None;
    }
    if !is_name(given) {
        reading.complain(NcError::HOLDER_CHARACTERS, "CN has characters that no name has");
        return None;
    }
    Some(given.to_owned())
}

/// Holds the number's brand against what the shop says it is, and against what it does not want. Of a number whose brand is
/// not known here the shop may know it.
fn fits(reading: &Reading<'_>, brand: Brand) {
    let is = |name: &str| {
        [spelling::brand(brand), brand.as_str()]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name.trim()))
    };
    let is_method = |name: &str| name.trim().eq_ignore_ascii_case("CreditCard");
    let excluded = reading
        .get("EXCLPMLIST")
        .is_some_and(|list| list.split(';').any(|name| is(name) || is_method(name)));
    if excluded {
        reading.complain(NcError::CARD_EXCLUDED, "EXCLPMLIST excludes this card");
    }
    let given = reading.text("BRAND", NAME_MAX_CHARACTERS);
    if brand != Brand::Other && given.is_some_and(|given| !is(given)) {
        reading.complain(NcError::BRAND_MISMATCH, "BRAND is not the card's");
    }
    if reading
        .text("PM", NAME_MAX_CHARACTERS)
        .is_some_and(|given| !is_method(given))
    {
        reading.complain(NcError::BRAND_MISMATCH, "PM must be CreditCard");
    }
}

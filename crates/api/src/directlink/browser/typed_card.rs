//! A card as a shopper types it.

use super::{
    Brought,
    words::{Field, Texts},
};
use crate::directlink::order_request::card::{HOLDER_MAX_CHARACTERS, is_name};
use primitives::{Card, CardError, ExpiryDate, Pan, SecurityCode};
use time::Date;

/// The form's fields, by the names of their inputs.
pub(super) const NUMBER: &str = "number";
pub(super) const EXPIRY: &str = "expiry";
pub(super) const CODE: &str = "code";
pub(super) const HOLDER: &str = "holder";

/// What is wrong with which field. Never quotes what was typed.
pub(super) type Wrong = Vec<(&'static str, &'static str)>;

/// The card, or everything that is wrong with it.
pub(super) fn read(brought: &Brought, texts: &Texts, today: Date) -> Result<Card, Wrong> {
    let mut wrong = Wrong::new();
    let pan = noted(&mut wrong, NUMBER, number(&brought.number, &texts.number));
    let expiry = noted(&mut wrong, EXPIRY, expiry(&brought.expiry, texts, today));
    let security_code = noted(&mut wrong, CODE, code(&brought.code, pan.as_ref(), &texts.code));
    let holder = noted(&mut wrong, HOLDER, holder(&brought.holder, &texts.holder));
    match (pan, expiry, security_code, holder) {
        (Some(pan), Some(expiry), Some(security_code), Some(holder)) => Ok(Card {
            pan,
            expiry,
            security_code: Some(security_code),
            holder,
        }),
        _ => Err(wrong),
    }
}

fn noted<T>(wrong: &mut Wrong, field: &'static str, read: Result<T, &'static str>) -> Option<T> {
    read.map_err(|text| wrong.push((field, text))).ok()
}

/// What was typed without the blanks, dashes and points that people group digits with; an error when that is nothing.
fn typed(text: &str, field: &Field) -> Result<String, &'static str> {
    let left: String = text
        .chars()
        .filter(|character| !character.is_whitespace() && !matches!(character, '-' | '.'))
        .collect();
    if left.is_empty() {
        Err(field.missing)
    } else {
        Ok(left)
    }
}

fn number(text: &str, field: &Field) -> Result<Pan, &'static str> {
    Pan::parse(&typed(text, field)?).map_err(|_| field.wrong)
}

/// `MM/YY` with or without the stroke, and with a year of four digits.
fn expiry(text: &str, texts: &Texts, today: Date) -> Result<ExpiryDate, &'static str> {
    let field = &texts.expiry;
    let text = typed(text, field)?;
    let (month, year) = match text.split_once('/') {
        Some(halves) => halves,
        None => text.split_at_checked(2).ok_or(field.wrong)?,
    };
    let fits = |digits: &str, lengths: &[usize]| {
        lengths.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !fits(month, &[1, 2]) || !fits(year, &[2, 4]) {
        return Err(field.wrong);
    }
    match ExpiryDate::parse(&format!("{month:0>2}"), year) {
        Ok(expiry) if expiry.is_over(today) => Err(texts.expired),
        Ok(expiry) => Ok(expiry),
        Err(CardError::Month) => Err(field.wrong),
        Err(_) => Err(texts.expired),
    }
}

fn code(text: &str, pan: Option<&Pan>, field: &Field) -> Result<SecurityCode, &'static str> {
    let code = SecurityCode::parse(&typed(text, field)?).map_err(|_| field.wrong)?;
    if pan.is_none_or(|pan| code.fits(pan.brand())) {
        Ok(code)
    } else {
        Err(field.wrong)
    }
}

fn holder(text: &str, field: &Field) -> Result<String, &'static str> {
    let name = text.trim();
    if name.is_empty() {
        return Err(field.missing);
    }
    if name.chars().count() > HOLDER_MAX_CHARACTERS || !is_name(name) {
        return Err(field.wrong);
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{directlink::browser::words::texts, pages::words::ENGLISH};
    use time::macros::date;

    fn typed(number: &str, expiry: &str, code: &str, holder: &str) -> Result<Card, Wrong> {
        let brought = Brought {
            number: number.to_owned(),
            expiry: expiry.to_owned(),
            code: code.to_owned(),
            holder: holder.to_owned(),
            ..Brought::default()
        };
        read(&brought, texts(&ENGLISH), date!(2026 - 11 - 22))
    }

    #[test]
    fn cards_are_read_as_people_type_them() {
        for expiry in ["12/30", "1230", "12 / 2030", "122030"] {
            let card = typed(" 4111 1111-1111 1111", expiry, " 123 ", " Ana Gil ").unwrap();
            assert_eq!(
                (card.pan.last_four(), card.expiry.yymm().as_str()),
                ("1111", "3012")
            );
            assert_eq!(card.holder, "Ana Gil");
        }
        assert_eq!(
            typed("4111111111111111", "1/30", "123", "A")
                .unwrap()
                .expiry
                .yymm(),
            "3001"
        );
    }

    #[test]
    fn every_field_says_what_is_wrong_with_it() {
        let texts = texts(&ENGLISH);
        assert_eq!(
            typed("", " ", "", "").unwrap_err(),
            [
                (NUMBER, texts.number.missing),
                (EXPIRY, texts.expiry.missing),
                (CODE, texts.code.missing),
                (HOLDER, texts.holder.missing),
            ]
        );
        assert_eq!(
            typed("4111111111111112", "13/30", "12", &"x".repeat(36)).unwrap_err(),
            [
                (NUMBER, texts.number.wrong),
                (EXPIRY, texts.expiry.wrong),
                (CODE, texts.code.wrong),
                (HOLDER, texts.holder.wrong),
            ]
        );
        assert_eq!(
            typed("4111111111111111", "12/30", "123", "<b>Ana").unwrap_err(),
            [(HOLDER, texts.holder.wrong)]
        );
        assert_eq!(
            typed("4111111111111111", "12/30", "123", "4111 1111 1111 1111").unwrap_err(),
            [(HOLDER, texts.holder.wrong)]
        );
        for (expiry, text) in [
            ("10/26", texts.expired),
            ("é1", texts.expiry.wrong),
            ("1", texts.expiry.wrong),
        ] {
            assert_eq!(
                typed("4111111111111111", expiry, "123", "A").unwrap_err(),
                [(EXPIRY, text)]
            );
        }
        assert_eq!(
            typed("4111111111111111", "12/30", "1234", "A").unwrap_err(),
            [(CODE, texts.code.wrong)]
        );
    }
}

//! The card of a purchase: `credit_card` in V1, `credit_info` in V2 (deuna-api.md section 5.1).

use crate::orders::{
    address::{self, Resident},
    fields::Fields,
};
use payments::RefusalCode;
use primitives::{Card, CardError, ExpiryDate, Pan, SecurityCode};
use time::Date;

/// Longer texts are no card number however it is grouped.
const NUMBER_MAX_CHARACTERS: usize = 40;
const SECURITY_CODE_MAX_CHARACTERS: usize = 16;
const HOLDER_MAX_CHARACTERS: usize = 100;
/// No name has more digits, but a card number in the wrong field does; the name is kept and shown in the open.
const HOLDER_MAX_DIGITS: usize = 11;

/// A card and what came with it.
pub struct CardGiven {
    pub card: Card,
    /// The address among the card's members.
    pub holder: Resident,
}

/// Reads a card object. Without its security code a card is good only where `code_needed` says so.
pub fn read(fields: &Fields<'_>, today: Date, code_needed: bool) -> Option<CardGiven> {
    let number = fields.required("card_number", pan);
    let expiry = expiry(fields, today);
    let code = security_code(fields, number.as_ref(), code_needed);
    let holder = fields.required("card_holder", holder);
    fields.text("card_holder_dni_type", HOLDER_MAX_CHARACTERS);
    let resident = address::of_card(fields);
    Some(CardGiven {
        card: Card {
            pan: number?,
            expiry: expiry?,
            security_code: code?,
            holder: holder?.to_owned(),
        },
        holder: resident,
    })
}

fn holder<'a>(fields: &Fields<'a>, name: &str) -> Option<&'a str> {
    let text = fields.text(name, HOLDER_MAX_CHARACTERS)?;
    if text.chars().filter(char::is_ascii_digit).count() > HOLDER_MAX_DIGITS {
        fields.wrong(name, "must be a name, not a number");
        return None;
    }
    Some(text)
}

fn pan(fields: &Fields<'_>, name: &str) -> Option<Pan> {
    let text = fields.text_or_number(name, NUMBER_MAX_CHARACTERS)?;
    Pan::parse(&text)
        .map_err(|error| wrong(fields, RefusalCode::BadCardNumber, name, error))
        .ok()
}

fn expiry(fields: &Fields<'_>, today: Date) -> Option<ExpiryDate> {
    let month_name = fields.spelling(&["expiry_month", "exp_month"]);
    let year_name = fields.spelling(&["expiry_year", "exp_year"]);
    let month = fields.required(month_name, |fields, name| fields.text_or_number(name, 4));
    let year = fields.required(year_name, |fields, name| fields.text_or_number(name, 4));
    let (month, year) = (month?, year?);
    match ExpiryDate::parse(&month, &year) {
        Ok(expiry) if expiry.is_over(today) => {
            wrong(fields, RefusalCode::BadExpiry, year_name, CardError::Expired);
            None
        }
        Ok(expiry) => Some(expiry),
        Err(error) => {
            let name = if error == CardError::Year {
                year_name
            } else {
                month_name
            };
            wrong(fields, RefusalCode::BadExpiry, name, error);
            None
        }
    }
}

/// `Some(None)` is a card that needs no code and came without one.
fn security_code(fields: &Fields<'_>, pan: Option<&Pan>, needed: bool) -> Option<Option<SecurityCode>> {
    let name = fields.spelling(&["card_cvv", "cvv"]);
    if !fields.has(name) {
        if needed {
            fields.wrong_as(RefusalCode::MissingSecurityCode, name, "is required");
            return None;
        }
        return Some(None);
    }
    let text = fields.text_or_number(name, SECURITY_CODE_MAX_CHARACTERS)?;
    match SecurityCode::parse(&text) {
        Ok(code) => match pan {
            Some(pan) if !code.fits(pan.brand()) => {
                fields.wrong_as(
                    RefusalCode::BadSecurityCode,
                    name,
                    "must be 4 digits for American Express and 3 for others",
                );
                None
            }
            _ => Some(Some(code)),
        },
        Err(error) => {
            wrong(fields, RefusalCode::BadSecurityCode, name, error);
            None
        }
    }
}

fn wrong(fields: &Fields<'_>, code: RefusalCode, name: &str, error: CardError) {
    fields.wrong_as(code, name, error.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::testing::read_with;
    use serde_json::{Value, json};
    use time::macros::date;

    fn card(change: impl FnOnce(&mut Value)) -> Result<CardGiven, payments::Refusal> {
        let mut body = json!({
            "card_number": "4111 1111 1111 1111", "card_cvv": "123", "card_holder": "Ana Pérez",
            "expiry_month": "11", "expiry_year": "29",
        });
        change(&mut body);
        read_with(body, |fields| read(fields, date!(2026 - 11 - 22), true))
    }

    #[test]
    fn both_sets_of_names_are_read() {
        let given = card(|body| {
            *body = json!({
                "card_number": "370000000010001", "cvv": 1234, "card_holder": "Ana", "exp_month": 1, "exp_year": 2030,
            });
        })
        .unwrap();
        assert_eq!(given.card.expiry.yymm(), "3001");
        assert!(given.card.security_code.is_some());
    }

    #[test]
    fn each_card_problem_has_its_code_and_field() {
        for (member, value, code, field) in [
            ("card_number", json!("4111111111111112"), "DP-4303", "card_number"),
            ("card_number", json!(true), "DP-3000", "card_number"),
            ("card_number", Value::Null, "DP-3000", "card_number"),
            ("card_cvv", Value::Null, "DP-4100", "card_cvv"),
            ("card_cvv", json!("12"), "DP-4101", "card_cvv"),
            ("card_cvv", json!("1234"), "DP-4101", "card_cvv"),
            ("card_cvv", json!({ "a": 1 }), "DP-3000", "card_cvv"),
            ("expiry_month", json!("13"), "DP-4300", "expiry_month"),
            ("expiry_year", json!("129"), "DP-4300", "expiry_year"),
            ("expiry_year", json!("25"), "DP-4300", "expiry_year"),
            ("expiry_year", json!(""), "DP-3000", "expiry_year"),
            ("card_holder", json!("x".repeat(101)), "DP-3000", "card_holder"),
            (
                "card_holder",
                json!("4111 1111 1111 1111"),
                "DP-3000",
                "card_holder",
            ),
        ] {
            let refusal = card(|body| body[member] = value.clone()).err().unwrap();
            assert_eq!(
                (refusal.code.as_str(), refusal.field.as_deref()),
                (code, Some(field)),
                "{member} {value}"
            );
            assert!(!refusal.description.contains("4111"));
        }
    }

    #[test]
    fn a_merchant_may_go_without_the_security_code() {
        let body = json!({
            "card_number": "4111111111111111", "card_holder": "Ana", "expiry_month": 11, "expiry_year": 29,
        });
        let given = read_with(body, |fields| read(fields, date!(2026 - 11 - 22), false)).unwrap();
        assert!(given.card.security_code.is_none());
    }
}

//! Prefixes as operators send them: read row by row, so that one wrong row does not keep the others out.

use super::{Bin, CardType, PREFIX_DIGITS};
use crate::fields::{Fields, Problems, digits, parsed, text, word};
use primitives::{Brand, Country, Currency};
use serde_json::{Value, json};

const MEMBERS: [&str; 6] = [
    "prefix",
    "brand",
    "card_type",
    "issuer_bank",
    "issuer_country",
    "currency",
];
const BANK_MAX_CHARACTERS: usize = 100;
/// The most rows of one import: their bodies have to fit into memory several times over.
pub const ROWS_MAX: usize = 50_000;

/// An import, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub bins: Vec<Bin>,
    /// Which rows were refused (from 0) and why; the path of a problem begins at the row.
    pub refused: Vec<(usize, Problems)>,
}

impl Import {
    /// Reads `{"bins": [row, …]}`.
    ///
    /// # Errors
    /// When it has another shape than that. What is wrong with a row is in [`Import::refused`].
    pub fn read(document: &Value) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let rows = Fields::open(document, "", &["bins"], &mut problems)
            .and_then(|fields| fields.need("bins", rows, &mut problems));
        let rows = problems.or(rows)?;
        let mut import = Self {
            bins: Vec::with_capacity(rows.len()),
            refused: Vec::new(),
        };
        for (index, row) in rows.iter().enumerate() {
            match read_row(row, "") {
                Ok(bin) => import.bins.push(bin),
                Err(problems) => import.refused.push((index, problems)),
            }
        }
        Ok(import)
    }
}

fn rows(value: &Value) -> Result<&Vec<Value>, String> {
    let rows = value.as_array().ok_or("must be a list")?;
    if (1..=ROWS_MAX).contains(&rows.len()) {
        Ok(rows)
    } else {
        Err(format!("must have 1 to {ROWS_MAX} entries"))
    }
}

/// Reads a row. `path` leads every problem's field (empty at the top).
pub fn read_row(row: &Value, path: &str) -> Result<Bin, Problems> {
    let mut problems = Problems::default();
    let bin = Fields::open(row, path, &MEMBERS, &mut problems).and_then(|fields| {
        let prefix = fields.need("prefix", digits(PREFIX_DIGITS), &mut problems);
        let brand = fields.need("brand", brand, &mut problems);
        let card_type = fields.take("card_type", word(CardType::WORDS), &mut problems);
        let issuer_bank = fields.take("issuer_bank", text(BANK_MAX_CHARACTERS), &mut problems);
        let issuer_country = fields.take("issuer_country", parsed(Country::parse), &mut problems);
        let currency = fields.take("currency", parsed(Currency::parse), &mut problems);
        Some(Bin {
            prefix: prefix?,
            brand: brand?,
            card_type,
            issuer_bank,
            issuer_country,
            currency,
        })
    });
    problems.or(bin)
}

/// A brand's word as it is written elsewhere.
pub fn brand(value: &Value) -> Result<Brand, String> {
    let brand = value
        .as_str()
        .and_then(|text| Brand::parse(&text.trim().to_ascii_lowercase()));
    brand.ok_or_else(|| {
        let known: Vec<_> = Brand::KNOWN.iter().map(|brand| brand.as_str()).collect();
        format!("must be one of {}", known.join(", "))
    })
}

/// A row as it is read.
pub fn as_written(bin: &Bin) -> Value {
    json!({
        "prefix": bin.prefix,
        "brand": bin.brand,
        "card_type": bin.card_type,
        "issuer_bank": bin.issuer_bank,
        "issuer_country": bin.issuer_country,
        "currency": bin.currency,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_rows_are_told_and_the_others_are_read() {
        let document = json!({"bins": [
            {"prefix": "40000010", "brand": "visa", "card_type": "credit", "issuer_bank": "Banco", "issuer_country": "MX"},
            {"prefix": "4000", "brand": "vista", "card_type": "gold", "bank": "x"},
            7,
            {"prefix": "510510", "brand": "Mastercard", "issuer_country": null},
        ]});
        let import = Import::read(&document).unwrap();
        let prefixes: Vec<_> = import.bins.iter().map(|bin| bin.prefix.as_str()).collect();
        assert_eq!(prefixes, ["40000010", "510510"]);
        let told: Vec<_> = import
            .refused
            .iter()
            .map(|(row, problems)| {
                (
                    *row,
                    problems.0.iter().map(|it| it.field.as_str()).collect::<Vec<_>>(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [(1, vec!["bank", "prefix", "brand", "card_type"]), (2, vec![""])]
        );
        let again = json!({"bins": import.bins.iter().map(as_written).collect::<Vec<_>>()});
        assert_eq!(Import::read(&again).unwrap().bins, import.bins);
    }

    #[test]
    fn what_is_no_import_is_refused_whole() {
        for document in [json!([]), json!({}), json!({"bins": []}), json!({"bins": 1})] {
            assert!(Import::read(&document).is_err(), "{document}");
        }
    }
}

//! Every row of every table is needed: with any one of them struck out, a case goes wrong.

use std::collections::BTreeMap;

use emv3ds::{
    code::MessageType,
    validate::{
        element::{Element, Format},
        table,
    },
};

use super::case::Case;

const TYPES: [MessageType; 9] = [
    MessageType::AReq,
    MessageType::ARes,
    MessageType::CReq,
    MessageType::CRes,
    MessageType::RReq,
    MessageType::RRes,
    MessageType::PReq,
    MessageType::PRes,
    MessageType::Erro,
];

/// The rows of a table and of the objects inside it, dotted.
fn rows(table: &[Element], path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for element in table {
        let path = if path.is_empty() {
            element.name.to_owned()
        } else {
            format!("{path}.{}", element.name)
        };
        for inner in objects(&element.format) {
            found.extend(rows(inner, &path));
        }
        found.push(path);
    }
    found.sort();
    found.dedup();
    found
}

/// The tables of the objects that a format may hold.
fn objects(format: &Format) -> Vec<&'static [Element]> {
    match format {
        Format::Object(table) => vec![*table],
        Format::Array(_, _, inner) | Format::UpTo(_, inner) => objects(inner),
        Format::PerVersion(formats) => formats.iter().flat_map(objects).collect(),
        Format::When(_, formats) => formats.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

/// Whether a case of the message goes wrong without the row: those about it first, then all others.
fn is_missed(row: &str, cases: &[&Case]) -> bool {
    let (about, others): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.about == row);
    about
        .into_iter()
        .chain(others)
        .any(|case| case.judged_without(row).is_err())
}

#[test]
fn every_row_that_is_struck_out_is_missed_by_a_case() {
    let all = super::cases();
    let mut by_type: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in &all {
        by_type.entry(case.message_type.as_str()).or_default().push(case);
    }
    let mut counted = 0;
    let mut survivors = Vec::new();
    for message_type in TYPES {
        let cases = by_type.get(message_type.as_str()).map_or(&[][..], Vec::as_slice);
        for row in rows(table::of(message_type), "") {
            counted += 1;
            if !is_missed(&row, cases) {
                survivors.push(format!("{message_type}.{row}"));
            }
        }
    }
    println!("{counted} rows struck out one by one");
    assert!(
        survivors.is_empty(),
        "no case misses {} of {counted} rows:\n{}",
        survivors.len(),
        survivors.join("\n")
    );
}

#[test]
fn striking_out_what_is_no_row_changes_nothing() {
    for case in super::conditions::cases() {
        assert_eq!(case.judged_without("noSuchElement"), Ok(()));
    }
}

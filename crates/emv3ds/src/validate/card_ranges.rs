//! Reads the card ranges of a PRes one by one: only the typed list grows, never a tree of 200,000 objects.

use serde_json::{Value, value::RawValue};

use super::{
    engine::{Context, Findings, check_object},
    table,
};
use crate::{
    json::{self, CARD_RANGES},
    message::CardRangeData,
};

/// The entries that are sound; the others leave findings or duplicates.
pub(super) fn read(
    raw: &RawValue,
    context: Context,
    duplicates: &mut Vec<String>,
    findings: &mut Findings,
) -> Vec<CardRangeData> {
    let mut ranges = Vec::new();
    let count = json::for_each_entry(raw, duplicates, &mut |entry| {
        ranges.extend(read_entry(entry, context, findings));
    });
    // Neither an array nor an array with something in it: then the element had to be left out.
    if !matches!(count, Ok(1..)) {
        findings.refuse("", CARD_RANGES);
    }
    ranges.shrink_to_fit();
    ranges
}

fn read_entry(entry: Value, context: Context, findings: &mut Findings) -> Option<CardRangeData> {
    let Value::Object(mut entry) = entry else {
        findings.refuse("", CARD_RANGES);
        return None;
    };
    check_object(&mut entry, table::CARD_RANGE_DATA, context, CARD_RANGES, findings);
    let range: CardRangeData = serde_json::from_value(Value::Object(entry)).ok()?;
    let (start, end) = (range.start_range, range.end_range);
    if start.digits() != end.digits() || start > end {
        findings.refuse(CARD_RANGES, "endRange");
        return None;
    }
    Some(range)
}

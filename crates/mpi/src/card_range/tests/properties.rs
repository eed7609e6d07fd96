//! Whatever a directory server sends, ranges stay disjoint and a lookup finds what a naive search finds.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The cache as one would write it without thinking of memory: every range by its bounds.
type Naive = BTreeMap<AccountRange, Option<String>>;

fn method(entry: &CardRangeData) -> Option<String> {
    match &entry.acs {
        AcsVersions::Span { terms, .. } => terms.three_ds_method_url.clone(),
        AcsVersions::Listed(versions) => versions
            .iter()
            .find(|one| one.version == V22)
            .and_then(|one| one.terms.three_ds_method_url.clone()),
    }
}

fn apply_naively(model: &Naive, entries: &[CardRangeData]) -> Option<Naive> {
    let mut model = model.clone();
    for entry in entries {
        for range in &entry.ranges {
            let action = entry.action_ind.unwrap_or(ActionInd::Add);
            match (action, model.contains_key(range)) {
                (ActionInd::Add, false) | (ActionInd::Modify, true) => {
                    model.insert(*range, method(entry));
                }
                (ActionInd::Delete, true) => {
                    model.remove(range);
                }
                _ => return None,
            }
        }
    }
    let all: Vec<_> = model.keys().collect();
    let apart = all.iter().enumerate().all(|(at, one)| {
        all.iter()
            .skip(at + 1)
            .all(|two| one.digits() != two.digits() || one.end() < two.start() || two.end() < one.start())
    });
    apart.then_some(model)
}

prop_compose! {
    fn any_range()(slot in 0_u64..8, length in 0_u64..2, digits in 15_u8..=16) -> AccountRange {
        let start = START / 10_u64.pow(16 - u32::from(digits)) + slot * 100;
        let bound = |number| RangeBound::new(digits, number).unwrap();
        AccountRange::new(bound(start), bound(start + 49 + length * 100)).unwrap()
    }
}

prop_compose! {
    fn any_entry()(
        ranges in prop::collection::vec(any_range(), 1..3),
        action_ind in prop::sample::select(vec![
            None, Some(ActionInd::Add), Some(ActionInd::Delete), Some(ActionInd::Modify),
        ]),
        method in prop::option::of(prop::sample::select(vec!["https://a.example", "https://b.example"])),
        as_list in any::<bool>(),
    ) -> CardRangeData {
        let one = if as_list {
            listed(Vec::new(), &[(V22, method)])
        } else {
            entry(START, START, None, method)
        };
        CardRangeData { ranges, action_ind, ..one }
    }
}

fn disjoint(ranges: &CardRanges) -> bool {
    ranges.rows.iter().all(|rows| {
        rows.iter().all(|row| row.start <= row.end) && rows.windows(2).all(|pair| pair[0].end < pair[1].start)
    })
}

proptest! {
    #[test]
    fn the_cache_agrees_with_a_naive_model(
        rounds in prop::collection::vec(prop::collection::vec(any_entry(), 1..5), 1..12),
        numbers in prop::collection::vec((0_u64..1000, 15_u8..=16), 30),
    ) {
        let mut model = Naive::new();
        let mut ranges = CardRanges::default();
        for (round, entries) in rounds.into_iter().enumerate() {
            let serial = round.to_string();
            let expected = apply_naively(&model, &entries);
            let applied = apply(&ranges, Some("0"), &pres(Some(&serial)), entries);
            prop_assert_eq!(applied.is_ok(), expected.is_some());
            if let (Ok((next, _)), Some(expected)) = (applied, expected) {
                ranges = next;
                model = expected;
            }
            prop_assert!(disjoint(&ranges));
            prop_assert_eq!(ranges.len(), model.len());
            for (offset, digits) in &numbers {
                let number = START / 10_u64.pow(16 - u32::from(*digits)) + offset;
                let bound = RangeBound::new(*digits, number).unwrap();
                let expected = model.iter().find(|(range, _)| {
                    range.digits() == *digits && range.start() <= bound && bound <= range.end()
                });
                let found = ranges.find(bound);
                prop_assert_eq!(found.is_some(), expected.is_some());
                prop_assert_eq!(
                    found.and_then(|range| range.three_ds_method_url(Version::V2_2_0)),
                    expected.and_then(|(_, method)| method.as_deref())
                );
            }
            let stored = CardRanges::from_stored(ranges.header().clone(), ranges.stored().chunks());
            prop_assert_eq!(stored.as_ref(), Ok(&ranges));
        }
    }

    #[test]
    fn a_full_answer_is_taken_exactly_when_its_ranges_are_disjoint(
        entries in prop::collection::vec(any_entry(), 0..6),
    ) {
        let mut seen: Vec<AccountRange> = Vec::new();
        let mut overlaps = false;
        for range in entries.iter().flat_map(|entry| &entry.ranges) {
            overlaps |= seen.iter().any(|other| {
                other.digits() == range.digits() && other.start() <= range.end() && range.start() <= other.end()
            });
            seen.push(*range);
        }
        let applied = apply(&CardRanges::default(), None, &pres(None), entries);
        prop_assert_eq!(applied.is_err(), overlaps);
        if let Ok((ranges, _)) = applied {
            prop_assert!(disjoint(&ranges));
            prop_assert_eq!(ranges.len(), seen.len());
        }
    }
}

//! Every case of emv-3ds section 8.4.

use super::*;
use emv3ds::message::ReadOrder;

#[test]
fn a_full_answer_replaces_everything_and_ignores_what_its_entries_say_to_do() {
    let only = entry(
        START + 5_000_000,
        START + 5_999_999,
        Some(ActionInd::Delete),
        None,
    );
    let (ranges, applied) = apply(&loaded(), None, &pres(Some("7")), [only]).unwrap();
    assert_eq!(
        (ranges.len(), ranges.serial(), applied),
        (1, Some("7"), Applied::Replaced)
    );
}

#[test]
fn an_answer_without_serial_number_replaces_everything_even_when_changes_were_asked_for() {
    let only = entry(START, START + 1, None, None);
    let (ranges, applied) = apply(&loaded(), Some("1"), &pres(None), [only]).unwrap();
    assert_eq!(
        (ranges.len(), ranges.serial(), applied),
        (1, None, Applied::Replaced)
    );
    assert_eq!(
        apply(&loaded(), Some("1"), &pres(None), []),
        Err(Unapplicable::Empty)
    );
}

#[test]
fn the_same_serial_number_and_no_ranges_is_nothing_new() {
    let (ranges, applied) = apply(&loaded(), Some("1"), &pres(Some("1")), []).unwrap();
    assert_eq!(applied, Applied::NothingNew);
    assert_eq!(
        ranges.entries().collect::<Vec<_>>(),
        loaded().entries().collect::<Vec<_>>()
    );
    let (ranges, applied) = apply(&loaded(), Some("1"), &pres(Some("2")), []).unwrap();
    assert_eq!(
        (ranges.len(), ranges.serial(), applied),
        (2, Some("2"), Applied::Changed)
    );
}

#[test]
fn what_the_directory_server_says_of_itself_is_as_it_said_last() {
    let address = serde_json::Map::from_iter([("dsUrl".to_owned(), "https://ds.example".into())]);
    let with = PRes {
        ds_url_list: Some(vec![address.clone()]),
        ..pres(Some("1"))
    };
    let (ranges, _) = apply(&loaded(), Some("1"), &with, []).unwrap();
    assert_eq!(ranges.header().directory_urls, [address]);
    // A list left out is a list deleted.
    let (ranges, _) = apply(&ranges, Some("1"), &pres(Some("1")), []).unwrap();
    assert!(ranges.header().directory_urls.is_empty());
}

fn changes() -> Vec<CardRangeData> {
    vec![
        entry(START, START + 999_999, Some(ActionInd::Delete), None),
        entry(
            START,
            START + 499_999,
            Some(ActionInd::Add),
            Some("https://new.example/a"),
        ),
        entry(
            START,
            START + 499_999,
            Some(ActionInd::Modify),
            Some("https://new.example/b"),
        ),
        entry(
            START + 1_000_000,
            START + 1_999_999,
            Some(ActionInd::Modify),
            Some("https://new.example/c"),
        ),
    ]
}

#[test]
fn changes_are_applied_in_their_order() {
    let (ranges, applied) = apply(&loaded(), Some("1"), &pres(Some("2")), changes()).unwrap();
    assert_eq!(
        (ranges.len(), applied, ranges.serial()),
        (2, Applied::Changed, Some("2"))
    );
    assert_eq!(
        method_of(&ranges, "4000000000001000").as_deref(),
        Some("https://new.example/b")
    );
    // What nobody says any more is forgotten.
    assert_eq!(ranges.combinations(), 2);
}

#[test]
fn the_read_order_says_which_change_came_first() {
    let backwards: Vec<_> = changes().into_iter().rev().collect();
    let order = |read_order| PRes {
        read_order,
        ..pres(Some("2"))
    };
    let last_first = order(Some(ReadOrder::LastInFirstOut));
    let (ranges, _) = apply(&loaded(), Some("1"), &last_first, backwards.clone()).unwrap();
    assert_eq!(
        method_of(&ranges, "4000000000001000").as_deref(),
        Some("https://new.example/b")
    );
    let first_first = order(Some(ReadOrder::FirstInFirstOut));
    assert_eq!(
        apply(&loaded(), Some("1"), &first_first, backwards),
        Err(Unapplicable::UnknownRange(
            ActionInd::Modify,
            range(START, START + 499_999)
        ))
    );
}

#[test]
fn an_entry_of_many_ranges_changes_each_of_them() {
    let all = [(V22, Some("https://acs.example/new"))];
    let both = vec![
        range(START, START + 999_999),
        range(START + 1_000_000, START + 1_999_999),
    ];
    let modify = CardRangeData {
        action_ind: Some(ActionInd::Modify),
        ..listed(both.clone(), &all)
    };
    let (ranges, _) = apply(&loaded(), Some("1"), &pres(Some("2")), [modify]).unwrap();
    assert_eq!((ranges.len(), ranges.combinations()), (2, 1));
    let delete = CardRangeData {
        action_ind: Some(ActionInd::Delete),
        ..listed(both, &all)
    };
    let (ranges, _) = apply(&ranges, Some("2"), &pres(Some("3")), [delete]).unwrap();
    assert!(ranges.is_empty() && ranges.combinations() == 0);
}

#[test]
fn an_impossible_change_changes_nothing_at_all_and_2_3_1_has_a_code_for_it() {
    let good = entry(START + 9_000_000, START + 9_999_999, Some(ActionInd::Add), None);
    let unknown = range(START, START + 5);
    let across = range(START + 500, START + 1_000_500);
    let first = range(START, START + 999_999);
    for (bad, why, code, detail) in [
        (
            entry(START, START + 999_999, None, None),
            Unapplicable::AddExisting(first),
            206,
            "4000000000000000-4000000000999999 A",
        ),
        (
            entry(START, START + 5, Some(ActionInd::Modify), None),
            Unapplicable::UnknownRange(ActionInd::Modify, unknown),
            206,
            "4000000000000000-4000000000000005 M",
        ),
        (
            entry(START, START + 5, Some(ActionInd::Delete), None),
            Unapplicable::UnknownRange(ActionInd::Delete, unknown),
            206,
            "4000000000000000-4000000000000005 D",
        ),
        (
            entry(START + 500, START + 1_000_500, None, None),
            Unapplicable::Overlap(first, across),
            205,
            "4000000000000000-4000000000999999,4000000000000500-4000000001000500",
        ),
    ] {
        let before = loaded();
        let result = apply(&before, Some("1"), &pres(Some("2")), [good.clone(), bad]);
        assert_eq!(result, Err(why));
        assert_eq!(before, loaded());
        let told = why.told().map(|(code, detail)| (code.number(), detail));
        assert_eq!(told, Some((code, detail.to_owned())));
    }
}

#[test]
fn ranges_that_overlap_only_in_between_are_no_fault() {
    let split = [
        entry(START, START + 499_999, Some(ActionInd::Add), None),
        entry(START + 500_000, START + 999_999, Some(ActionInd::Add), None),
        entry(START, START + 999_999, Some(ActionInd::Delete), None),
    ];
    let (ranges, _) = apply(&loaded(), Some("1"), &pres(Some("2")), split).unwrap();
    assert_eq!(ranges.len(), 3);
}

#[test]
fn overlapping_ranges_of_a_full_answer_are_refused() {
    let entries = [
        entry(START, START + 10, None, None),
        entry(START + 10, START + 20, None, None),
    ];
    assert_eq!(
        apply(&CardRanges::default(), None, &pres(None), entries),
        Err(Unapplicable::Overlap(
            range(START, START + 10),
            range(START + 10, START + 20)
        ))
    );
}

#[test]
fn more_ranges_than_the_limit_are_refused() {
    let limits = Limits {
        ranges_max: 2,
        ..Limits::default()
    };
    let three = (0..3).map(|n| entry(START + n * 10, START + n * 10 + 9, None, None));
    let cache = CardRanges::default();
    let mut update = Update::new(&cache, None, &limits);
    three.for_each(|entry| update.take(entry));
    assert_eq!(update.finish(&pres(None)), Err(Unapplicable::TooMany(2)));
    let cache = loaded();
    let mut update = Update::new(&cache, Some("1"), &limits);
    update.take(entry(START + 9_000_000, START + 9_000_009, None, None));
    assert_eq!(update.finish(&pres(Some("2"))), Err(Unapplicable::TooMany(2)));
}

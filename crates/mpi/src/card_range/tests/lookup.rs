//! Which range a number lies in, and what is said of it.

use super::*;

#[test]
fn a_number_is_found_in_the_range_it_lies_in_bounds_included() {
    let ranges = loaded();
    assert_eq!((ranges.len(), ranges.serial()), (2, Some("1")));
    let found = ranges.lookup(&pan("4000000000001000")).unwrap();
    assert_eq!(
        found.three_ds_method_url(Version::V2_1_0),
        Some("https://acs.example/method")
    );
    assert_eq!(found.acs(), &SpokenVersions::span(V21, V22));
    assert_eq!(found.directory(), Some(SpokenVersions::span(V21, V22)));
    let second = ranges.lookup(&pan("4000000001000001")).unwrap();
    assert_eq!(second.three_ds_method_url(Version::V2_2_0), None);
    assert!(ranges.lookup(&pan("5200000000001005")).is_none());
    for (number, inside) in [
        (START - 1, false),
        (START, true),
        (START + 1_999_999, true),
        (START + 2_000_000, false),
    ] {
        let number = AccountNumber::parse(&number.to_string()).unwrap();
        assert_eq!(ranges.lookup_number(&number).is_some(), inside);
    }
}

#[test]
fn the_same_leading_digits_in_another_length_are_another_range() {
    assert!(loaded().lookup(&pan("4000000000006")).is_none());
}

#[test]
fn a_range_s_own_directory_versions_replace_the_general_ones() {
    let own = CardRangeData {
        ds_protocol_versions: Some(SpokenVersions::Span {
            first: None,
            last: Some(V21),
        }),
        ..entry(START, START + 999_999, None, None)
    };
    let ranges = full([own]);
    let found = ranges.lookup(&pan("4000000000001000")).unwrap();
    assert_eq!(found.directory(), Some(SpokenVersions::span(V21, V21)));
}

#[test]
fn every_listed_version_has_a_method_of_its_own() {
    let versions = [
        (V21, None),
        (V22, Some("https://acs.example/2.2")),
        (V231, Some("https://acs.example/2.3")),
    ];
    let both = vec![range(START, START + 9), range(START + 1_000, START + 1_009)];
    let ranges = full([listed(both, &versions)]);
    assert_eq!((ranges.len(), ranges.combinations()), (2, 1));
    let found = ranges.lookup(&pan("4000000000001000")).unwrap();
    assert_eq!(found.three_ds_method_url(Version::V2_1_0), None);
    assert_eq!(
        found.three_ds_method_url(Version::V2_2_0),
        Some("https://acs.example/2.2")
    );
    assert_eq!(found.issuer_country(), Some(484));
    assert!(
        found
            .abilities(Version::V2_2_0)
            .has(AcsInfoInd::AuthenticationAvailable)
    );
    assert_eq!(found.acs(), &SpokenVersions::listed([V21, V22, V231]));
}

#[test]
fn ranges_of_the_same_issuer_share_what_is_said_of_them() {
    let entries = |count: u64| {
        (0..count).map(|n| {
            let start = START + n * 10;
            entry(start, start + 9, None, Some("https://acs.example/m"))
        })
    };
    let ranges = full(entries(10_000));
    assert_eq!((ranges.len(), ranges.combinations()), (10_000, 1));
    // Others need 3.2 MB for as many.
    assert!(ranges.resident_bytes() < 250_000, "{}", ranges.resident_bytes());
}

#[test]
fn a_cache_that_nothing_was_told_to_is_not_loaded() {
    assert!(!CardRanges::default().is_loaded());
    assert!(loaded().is_loaded());
    let (none_at_all, _) = apply(&CardRanges::default(), None, &pres(Some("1")), []).unwrap();
    assert!(none_at_all.is_loaded() && none_at_all.is_empty());
}

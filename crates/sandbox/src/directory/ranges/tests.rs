use super::*;
use crate::directory::BRANDS;
use primitives::Pan;

const PUBLIC_URL: &str = "http://127.0.0.1:8090";

fn ranges_of(brand: Brand) -> CardRanges {
    CardRanges::of(brand, PUBLIC_URL)
}

fn block(start: &str, end: &str) -> Block {
    Block::between(start, end).unwrap()
}

fn assert_disjoint_and_in_order(ranges: &[CardRange]) {
    assert!(!ranges.is_empty());
    for pair in ranges.windows(2) {
        let (first, second) = (&pair[0].block, &pair[1].block);
        assert!(
            (first.digits, first.numbers.end()) < (second.digits, second.numbers.start()),
            "{pair:?}"
        );
    }
}

#[test]
fn ranges_are_disjoint_and_in_order() {
    for brand in BRANDS {
        assert_disjoint_and_in_order(ranges_of(brand).all());
    }
}

#[test]
fn every_listed_card_but_one_is_in_a_range_of_its_brand_alone() {
    for card in scenario::listed_cards() {
        for brand in BRANDS {
            let covered = ranges_of(brand).issuer_of(&card.number).is_some();
            let expected = card.brand == brand.as_str() && card.number != scenario::NOT_ENROLLED_CARD;
            assert_eq!(covered, expected, "{} at {brand}", card.number);
        }
    }
}

#[test]
fn certification_cards_are_in_a_range_of_the_brand_that_is_asked_for_them() {
    for (card, brands) in [
        ("4551820000009478", vec![Brand::Visa]),
        ("5555555555555555", vec![Brand::Mastercard]),
        ("5091490000009011", vec![Brand::Elo]),
        ("6091490000009011", vec![Brand::Elo]),
        ("3766001349171000", vec![Brand::Amex]),
        ("1234123412341234", BRANDS.to_vec()),
    ] {
        for brand in BRANDS {
            let covered = ranges_of(brand).issuer_of(card).is_some();
            assert_eq!(covered, brands.contains(&brand), "{card} at {brand}");
        }
    }
}

#[test]
fn every_number_of_a_range_has_the_range_s_brand() {
    for brand in BRANDS {
        for range in ranges_of(brand).all() {
            let (start, end) = range.block.bounds();
            if certification::cards_of(brand).any(|card| range.block.holds(card)) {
                continue;
            }
            for bound in [start, end] {
                // The last digit is free within a block of ten, and one of the ten has the right check digit.
                let card = (0..10)
                    .map(|digit| format!("{}{digit}", &bound[..bound.len() - 1]))
                    .find_map(|card| Pan::parse(&card).ok())
                    .unwrap();
                assert_eq!(card.brand(), brand, "{bound}");
            }
        }
    }
}

#[test]
fn numbers_of_every_length_and_corner_take_part() {
    for (brand, card) in [
        (Brand::Visa, "4222222222222"),
        (Brand::Visa, "4111111111111111"),
        (Brand::Visa, "4000000000000000006"),
        (Brand::Mastercard, "2223000048400011"),
        (Brand::Mastercard, "5555555555554444"),
        (Brand::Amex, "341111111111111"),
        (Brand::Elo, "5067310000000010"),
        (Brand::Elo, "4011780000000006"),
        (Brand::Jcb, "3528000000000007"),
    ] {
        assert!(ranges_of(brand).issuer_of(card).is_some(), "{card}");
    }
    assert!(
        ranges_of(Brand::Visa).issuer_of("4011780000000006").is_none(),
        "Elo's, not Visa's"
    );
}

#[test]
fn only_cards_with_a_method_have_its_address_and_versions_differ_by_scenario() {
    let ranges = ranges_of(Brand::Mastercard);
    let with_method: Vec<String> = ranges
        .all()
        .iter()
        .filter(|range| range.issuer.method_url.is_some())
        .map(|range| range.block.bounds().0)
        .collect();
    assert_eq!(
        with_method,
        ["5200000000001060", "5200000000001090", "5200000000001130"]
    );
    let spoken = |card: &str| {
        let versions = ranges.issuer_of(card).unwrap().versions_spoken();
        versions.map(|version| version.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(spoken("5200000000001146"), ["2.1.0"]);
    assert_eq!(spoken("5200000000001005"), ["2.1.0", "2.2.0"]);
    assert_eq!(spoken("5200000000001153"), ["2.1.0", "2.2.0", "2.3.1"]);
}

#[test]
fn a_serial_number_spares_the_ranges_and_a_strange_one_is_refused() {
    let ranges = ranges_of(Brand::Visa);
    let serial_number = ranges.serial_number().to_owned();
    assert!(matches!(ranges.news_since(None), Some(News::Everything(_))));
    assert_eq!(ranges.news_since(Some(&serial_number)), Some(News::Nothing));
    assert_eq!(ranges.news_since(Some("7")), None);
    let elsewhere = CardRanges::of(Brand::Visa, "http://127.0.0.1:9090");
    assert_ne!(elsewhere.serial_number(), serial_number);
}

#[test]
fn changes_are_told_from_every_serial_number_that_was_given() {
    let mut ranges = ranges_of(Brand::Jcb);
    let first = ranges.serial_number().to_owned();
    let card = "3540000000000003";
    let around = Block::around(card).unwrap();
    ranges.delete(&around).unwrap();
    assert!(ranges.issuer_of(card).is_none());
    let second = ranges.serial_number().to_owned();
    let issuer = Arc::new(Issuer {
        method_url: Some("http://127.0.0.1/method".into()),
        ..Issuer::of(Scenario::Frictionless, PUBLIC_URL)
    });
    let range = CardRange {
        block: around,
        issuer,
    };
    ranges.add(range.clone());
    assert!(ranges.issuer_of(card).unwrap().method_url.is_some());
    assert_disjoint_and_in_order(ranges.all());

    let of = |serial_number: &str| match ranges.news_since(Some(serial_number)) {
        Some(News::Changes(changes)) => changes.iter().map(|change| change.action).collect(),
        other => panic!("no changes: {other:?}"),
    };
    let since_first: Vec<Action> = of(&first);
    assert_eq!(
        since_first,
        [Action::Delete, Action::Add, Action::Add, Action::Add]
    );
    assert_eq!(of(&second), [Action::Add]);

    ranges.modify(range.clone()).unwrap();
    let nowhere = CardRange {
        block: block("3528000000000000", "3528000000000001"),
        ..range
    };
    assert_eq!(ranges.modify(nowhere), Err(CannotChange::NoSuchRange));
    assert_eq!(
        ranges.delete(&block("4000000000000000", "4000000000000009")),
        Err(CannotChange::NothingThere)
    );
}

#[test]
fn a_range_is_split_into_as_many_as_are_wanted() {
    let mut ranges = ranges_of(Brand::Amex);
    ranges.split_to(10_000).unwrap();
    assert_eq!(ranges.all().len(), 10_000);
    assert_disjoint_and_in_order(ranges.all());
    assert!(ranges.issuer_of("341111111111111").is_some());
    ranges.split_to(5).unwrap();
    assert_eq!(ranges.all().len(), 10_000, "never fewer");
}

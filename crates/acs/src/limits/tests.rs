use super::*;
use proptest::prelude::*;

const START: i64 = 1_750_000_000;

fn at(second: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(START + second).unwrap()
}

/// What the database does, in memory: asks, and counts what may be done.
#[derive(Default)]
struct Counter(BTreeMap<OffsetDateTime, i64>);

impl Counter {
    fn takes(&mut self, limit: Limit, now: OffsetDateTime) -> bool {
        let window = Window::at(limit, now).unwrap();
        let counted: i64 = self
            .0
            .iter()
            .filter(|(start, _)| **start > window.since)
            .map(|(_, n)| n)
            .sum();
        let within = counted < window.count;
        if within {
            *self.0.entry(window.grain_start).or_default() += 1;
        }
        within
    }
}

proptest! {
    #[test]
    fn in_no_stretch_of_its_length_more_than_its_count_gets_through(
        count in 1..6_u32,
        seconds in 1..700_u32,
        pauses in prop::collection::vec(0..200_i64, 1..80),
    ) {
        let mut counter = Counter::default();
        let mut passed = Vec::new();
        let mut second = 0;
        for pause in pauses {
            second += pause;
            if counter.takes(Limit { count, seconds }, at(second)) {
                passed.push(second);
            }
        }
        for (index, first) in passed.iter().enumerate() {
            let within = passed[index..].iter().filter(|later| **later - first < i64::from(seconds)).count();
            prop_assert!(within <= count as usize, "{within} from {first} on: {passed:?}");
        }
    }

    #[test]
    fn whoever_keeps_to_the_pace_is_never_refused(count in 1..6_u32, seconds in 1..90_000_u32, phase in 0..10_000_i64) {
        let limit = Limit { count, seconds };
        let grain = i64::from((seconds / GRAINS).max(1));
        let mut counter = Counter::default();
        for round in 0..20 {
            let second = phase + round * (i64::from(seconds) + grain);
            for _ in 0..count {
                prop_assert!(counter.takes(limit, at(second)));
            }
            prop_assert!(!counter.takes(limit, at(second)));
        }
    }

    #[test]
    fn a_grain_is_kept_until_no_window_counts_it(seconds in 1..90_000_u32, now in 0..1_000_000_i64) {
        let limit = Limit { count: 1, seconds };
        let window = Window::at(limit, at(now)).unwrap();
        prop_assert!(window.grain_start <= at(now));
        let last = Window::at(limit, window.expires_at - Duration::microseconds(1)).unwrap();
        let next = Window::at(limit, window.expires_at).unwrap();
        prop_assert!(window.grain_start > last.since);
        prop_assert!(window.grain_start <= next.since);
    }
}

#[test]
fn a_limit_of_nothing_is_no_limit() {
    let off = [
        Limit {
            count: 0,
            seconds: 60,
        },
        Limit { count: 3, seconds: 0 },
    ];
    assert_eq!(windows(&off, at(0)), []);
}

#[test]
fn of_two_limits_of_one_length_the_lower_counts() {
    let limit = |count, seconds| Limit { count, seconds };
    let windows = windows(&[limit(5, 60), limit(9, 600), limit(2, 60)], at(0));
    let counts: Vec<_> = windows
        .iter()
        .map(|window| (window.seconds, window.count))
        .collect();
    assert_eq!(counts, [(60, 2), (600, 9)]);
}

#[test]
fn messages_go_to_the_countries_that_are_named() {
    let phone = Phone::parse("+525512345678").unwrap();
    let allowing = |prefixes: &[&str]| LimitPolicy {
        allowed_prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
        ..LimitPolicy::default()
    };
    assert!(country_allowed(&allowing(&[]), &phone));
    assert!(country_allowed(&allowing(&["34", "52"]), &phone));
    assert!(!country_allowed(&allowing(&["34", "5"][..1]), &phone));
    assert!(!country_allowed(&allowing(&["53", "25"]), &phone));
}

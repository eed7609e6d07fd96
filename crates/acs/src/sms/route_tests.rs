use super::*;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::HashSet;
use time::macros::datetime;

const START: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

fn carrier(name: &str, knows_repeats: bool) -> Carrier {
    Carrier {
        name: name.to_owned(),
        knows_repeats,
    }
}

fn route(carriers: Vec<Carrier>) -> Route {
    Route::new(carriers, START, START + time::Duration::minutes(5), 7)
}

fn two() -> Route {
    route(vec![carrier("one", false), carrier("two", false)])
}

fn accepted() -> Handed {
    Handed::Accepted {
        provider_reference: "ref".to_owned(),
    }
}

fn busy() -> Handed {
    Handed::NotTaken {
        code: "429".to_owned(),
    }
}

fn refused(elsewhere: bool) -> Handed {
    Handed::Refused {
        code: "21211".to_owned(),
        elsewhere,
    }
}

/// Plays the answers in turn, each after `each`; answers who was asked, and how it ended.
fn play(mut route: Route, answers: Vec<Handed>, each: Duration) -> (Vec<String>, Ending) {
    let (mut asked, mut now) = (Vec::new(), START);
    let mut answers = answers.into_iter();
    loop {
        match route.next(now, |_| true) {
            Next::End(ending) => return (asked, ending),
            Next::Try { carrier, pause, .. } => {
                asked.push(carrier);
                now += pause + each;
                route.answered(answers.next().unwrap_or(Handed::Unknown));
            }
        }
    }
}

#[test]
fn the_first_that_accepts_ends_it() {
    let (asked, ending) = play(two(), vec![accepted()], Duration::ZERO);
    assert_eq!(asked, ["one"]);
    assert_eq!(
        ending,
        Ending::Accepted {
            carrier: "one".to_owned(),
            provider_reference: "ref".to_owned()
        }
    );
}

#[test]
fn who_is_busy_is_asked_once_more_and_then_the_next() {
    let (asked, ending) = play(two(), vec![busy(), busy(), accepted()], Duration::ZERO);
    assert_eq!(asked, ["one", "one", "two"]);
    assert!(matches!(ending, Ending::Accepted { carrier, .. } if carrier == "two"));
}

#[test]
fn a_refusal_goes_to_the_next_only_where_another_may_know_better() {
    let (asked, _) = play(two(), vec![refused(true), accepted()], Duration::ZERO);
    assert_eq!(asked, ["one", "two"]);
    let (asked, ending) = play(two(), vec![refused(false)], Duration::ZERO);
    assert_eq!(asked, ["one"]);
    assert_eq!(
        ending,
        Ending::NotSent {
            code: "21211".to_owned()
        }
    );
}

#[test]
fn no_answer_ends_it_without_another_carrier() {
    let (asked, ending) = play(two(), vec![busy(), Handed::Unknown], Duration::ZERO);
    assert_eq!(asked, ["one", "one"]);
    assert_eq!(
        ending,
        Ending::Unknown {
            carrier: "one".to_owned()
        }
    );
}

#[test]
fn who_knows_repeats_is_asked_again_when_no_answer_came() {
    let backend = || route(vec![carrier("backend", true), carrier("two", false)]);
    let (asked, ending) = play(backend(), vec![Handed::Unknown, accepted()], Duration::ZERO);
    assert_eq!(asked, ["backend", "backend"]);
    assert!(matches!(ending, Ending::Accepted { .. }));
    // A refusal of the second does not say that the first was not sent.
    let (asked, ending) = play(
        backend(),
        vec![Handed::Unknown, refused(true), accepted()],
        Duration::ZERO,
    );
    assert_eq!(asked, ["backend", "backend"]);
    assert!(matches!(ending, Ending::Unknown { carrier } if carrier == "backend"));
}

#[test]
fn a_carrier_whose_breaker_is_open_is_passed_over() {
    let mut route = two();
    let next = route.next(START, |name| name != "one");
    assert!(matches!(next, Next::Try { carrier, .. } if carrier == "two"));
    let mut route = two();
    assert_eq!(
        route.next(START, |_| false),
        Next::End(Ending::NotSent {
            code: "breaker_open".to_owned()
        })
    );
}

#[test]
fn a_process_that_died_while_sending_leaves_the_code_in_doubt() {
    let mut route = two().interrupted(carrier("one", false), 1);
    assert_eq!(
        route.next(START, |_| true),
        Next::End(Ending::Unknown {
            carrier: "one".to_owned()
        })
    );
}

#[test]
fn one_that_knows_repeats_is_asked_again_after_a_process_died() {
    let backend = carrier("backend", true);
    let mut again = route(vec![backend.clone()]).interrupted(backend.clone(), 1);
    assert!(matches!(
        again.next(START, |_| true),
        Next::Try { again: true, .. }
    ));
    let mut spent = route(vec![backend.clone()]).interrupted(backend, 2);
    assert!(matches!(
        spent.next(START, |_| true),
        Next::End(Ending::Unknown { .. })
    ));
}

#[test]
fn what_is_given_up_between_two_tries_is_in_doubt_only_if_the_first_was() {
    let backend = carrier("backend", true);
    for (handed, in_doubt) in [(Handed::Unknown, true), (busy(), false)] {
        let mut route = route(vec![backend.clone()]);
        assert!(matches!(route.next(START, |_| true), Next::Try { .. }));
        route.answered(handed);
        assert_eq!(matches!(route.abandon("void"), Ending::Unknown { .. }), in_doubt);
    }
}

#[test]
fn those_that_a_code_did_not_arrive_by_come_last() {
    let names = |carriers: Vec<Carrier>| carriers.into_iter().map(|it| it.name).collect::<Vec<_>>();
    let all = || vec![carrier("a", true), carrier("b", false), carrier("c", false)];
    assert_eq!(names(order(all(), &[])), ["a", "b", "c"]);
    assert_eq!(names(order(all(), &["a".to_owned()])), ["b", "c", "a"]);
}

#[test]
fn the_pause_is_between_a_fifth_and_half_a_second() {
    for chance in 0..1000 {
        assert!((200..500).contains(&pause(chance).as_millis()));
    }
}

#[test]
fn nothing_is_begun_when_the_codes_time_is_over() {
    let mut late = Route::new(vec![carrier("one", false)], START, START, 0);
    assert_eq!(
        late.next(START, |_| true),
        Next::End(Ending::NotSent {
            code: "out_of_time".to_owned()
        })
    );
}

fn answer() -> impl Strategy<Value = Handed> {
    select(vec![
        accepted(),
        busy(),
        refused(true),
        refused(false),
        Handed::Unknown,
    ])
}

proptest! {
    #[test]
    fn a_code_never_travels_twice(
        repeats in proptest::collection::vec(any::<bool>(), 0..6),
        answers in proptest::collection::vec(answer(), 0..20),
        millis in 0u64..4_000,
        open in proptest::collection::vec(any::<bool>(), 6),
        chance: u64,
    ) {
        let carriers: Vec<_> = repeats.iter().enumerate().map(|(at, knows)| carrier(&at.to_string(), *knows)).collect();
        let mut route = Route::new(carriers.clone(), START, START + time::Duration::minutes(5), chance);
        let (mut now, mut answers) = (START, answers.into_iter());
        let mut asked: Vec<(String, Handed)> = Vec::new();
        let ending = loop {
            let admitted = |name: &str| !open[name.parse::<usize>().unwrap()];
            match route.next(now, admitted) {
                Next::End(ending) => break ending,
                Next::Try { carrier, again, pause, limit } => {
                    prop_assert!(asked.len() < 20, "it ends");
                    prop_assert!(admitted(&carrier));
                    prop_assert_eq!(again, asked.iter().any(|(name, _)| *name == carrier));
                    for (name, answer) in &asked {
                        prop_assert!(!matches!(answer, Handed::Accepted { .. }), "nobody after one that accepted");
                        let same = *name == carrier && repeats[name.parse::<usize>().unwrap()];
                        prop_assert!(*answer != Handed::Unknown || same, "nobody else after one in doubt");
                    }
                    prop_assert!(limit <= TRY_LIMIT);
                    prop_assert!(now + pause + limit <= START + BUDGET, "within the budget");
                    now += pause + Duration::from_millis(millis).min(limit);
                    let handed = answers.next().unwrap_or(Handed::Unknown);
                    asked.push((carrier, handed.clone()));
                    route.answered(handed);
                }
            }
        };
        let of = |wanted: fn(&Handed) -> bool| asked.iter().any(|(_, answer)| wanted(answer));
        let accepted = of(|answer| matches!(answer, Handed::Accepted { .. }));
        let doubt = of(|answer| *answer == Handed::Unknown);
        prop_assert_eq!(matches!(ending, Ending::Accepted { .. }), accepted);
        prop_assert_eq!(matches!(ending, Ending::Unknown { .. }), doubt && !accepted, "doubt is not forgotten");
        let names: HashSet<_> = asked.iter().map(|(name, _)| name).collect();
        for name in names {
            prop_assert!(asked.iter().filter(|(asked, _)| asked == name).count() <= 2);
        }
        prop_assert_eq!(route.next(now, |_| true), Next::End(ending), "an end stays");
    }
}

use super::*;
use proptest::{collection::vec, prelude::*, sample::select};

const STANDINGS: [Standing; 5] = [
    Standing::Quick,
    Standing::Slow,
    Standing::Untried,
    Standing::Suspect,
    Standing::Paused,
];

fn id(number: usize) -> Uuid {
    Uuid::from_u128(number as u128 + 1)
}

fn endpoint(number: usize, standing: Standing) -> Candidate {
    Candidate {
        queue: id(number),
        receiver: id(number),
        standing,
        tokens: None,
    }
}

fn limits() -> impl Strategy<Value = Limits> {
    (1u32..600).prop_flat_map(|total| {
        (Just(total), 1..=total.min(40)).prop_map(|(total, per_queue)| Limits { total, per_queue })
    })
}

/// Candidates of every standing, some of them own URLs of one merchant, and what is in flight already, some of it to
/// receivers that have nothing waiting.
fn situation() -> impl Strategy<Value = (Vec<Candidate>, InFlight)> {
    let one = (
        select(STANDINGS.to_vec()),
        proptest::option::weighted(0.2, 0u32..20),
        0u32..4,
        any::<bool>(),
    );
    (vec(one, 0..80), 0u32..20).prop_map(|(ones, elsewhere)| {
        let mut in_flight = InFlight::default();
        let mut candidates = Vec::new();
        for (number, (standing, tokens, busy, shared)) in ones.into_iter().enumerate() {
            let receiver = if shared { id(100_000) } else { id(number) };
            in_flight.add(id(number), receiver, standing, busy);
            candidates.push(Candidate {
                receiver,
                tokens,
                ..endpoint(number, standing)
            });
        }
        for number in 0..elsewhere {
            in_flight.add(id(200_000 + number as usize), id(200_000), Standing::Quick, 1);
        }
        (candidates, in_flight)
    })
}

fn room(plan: &Plan, queue: Uuid) -> u32 {
    plan.rooms
        .iter()
        .find(|(of, _)| *of == queue)
        .map_or(0, |(_, room)| *room)
}

fn sum<'a>(plan: &Plan, candidates: impl Iterator<Item = &'a Candidate>) -> u32 {
    candidates.map(|candidate| room(plan, candidate.queue)).sum()
}

proptest! {
    #[test]
    fn no_limit_is_ever_passed(limits in limits(), (candidates, in_flight) in situation()) {
        let plan = plan(limits, &in_flight, &candidates);
        let all = sum(&plan, candidates.iter());
        prop_assert!(all == 0 || in_flight.all + all <= limits.total);

        let suspects = sum(&plan, candidates.iter().filter(|one| one.standing == Standing::Suspect));
        prop_assert!(suspects == 0 || in_flight.suspect + suspects <= (limits.total / 4).max(1));
        let unproven = sum(&plan, candidates.iter().filter(|one| one.standing != Standing::Quick));
        prop_assert!(unproven == 0 || in_flight.unproven + unproven <= limits.total - limits.total / 4);

        for candidate in &candidates {
            let granted = room(&plan, candidate.queue);
            let busy = load(&in_flight.queues, candidate.queue);
            prop_assert!(candidate.tokens.is_none_or(|tokens| granted <= tokens));
            let most = match candidate.standing {
                Standing::Quick | Standing::Slow => limits.per_queue,
                Standing::Untried => limits.per_queue.min(4),
                Standing::Suspect => 1,
                Standing::Paused => 0,
            };
            prop_assert!(granted == 0 || busy + granted <= most);
            let of_receiver = candidates.iter().filter(|other| other.receiver == candidate.receiver);
            let of_receiver = sum(&plan, of_receiver);
            let busy = load(&in_flight.receivers, candidate.receiver);
            prop_assert!(of_receiver == 0 || busy + of_receiver <= limits.per_queue.max(limits.total / 2));
        }
        let mut planned: Vec<_> = plan.rooms.iter().map(|(queue, _)| queue).collect();
        planned.sort();
        planned.dedup();
        prop_assert_eq!(planned.len(), plan.rooms.len());
    }

    /// Nobody who could be given more is left with less for no reason.
    #[test]
    fn room_is_not_left_unused(limits in limits(), (candidates, in_flight) in situation()) {
        let plan = plan(limits, &in_flight, &candidates);
        let all = in_flight.all + sum(&plan, candidates.iter());
        if !plan.held_by_total && !plan.held_by_share {
            for candidate in candidates.iter().filter(|one| one.standing != Standing::Paused) {
                let granted = room(&plan, candidate.queue);
                prop_assert!(
                    plan.full_receivers.contains(&candidate.receiver) || candidate.tokens == Some(granted),
                    "{candidate:?} got {granted} of {all}"
                );
            }
        }
    }

    /// Whatever the others are and however they came to hold what they hold, as long as a plan gave it to them.
    #[test]
    fn a_quick_queue_with_nothing_in_flight_always_gets_room(
        limits in limits().prop_filter("an eighth is something", |limits| limits.total >= 8),
        rounds in vec((vec(select(STANDINGS.to_vec()), 0..400), 0usize..100), 1..4),
    ) {
        let mut held: Vec<Candidate> = Vec::new();
        for (round, (standings, ended)) in rounds.into_iter().enumerate() {
            let candidates: Vec<_> = standings
                .into_iter()
                .enumerate()
                // Quick ones make room for each other in no time; at once they may be as many as the room is for.
                .scan(0, |quick, (number, standing)| {
                    *quick += u32::from(standing == Standing::Quick);
                    let one = endpoint(round * 1_000 + number, standing);
                    Some(Some(one).filter(|_| standing != Standing::Quick || *quick < limits.total / 8 / 4))
                })
                .flatten()
                .collect();
            let mut in_flight = InFlight::default();
            for one in &held {
                in_flight.add(one.queue, one.receiver, one.standing, 1);
            }
            let before = plan(limits, &in_flight, &candidates);
            for candidate in &candidates {
                let granted = room(&before, candidate.queue);
                in_flight.add(candidate.queue, candidate.receiver, candidate.standing, granted);
                held.extend(std::iter::repeat_n(*candidate, granted as usize));
            }
            let mut with_newcomer = candidates.clone();
            with_newcomer.push(endpoint(900_000, Standing::Quick));
            let after = plan(limits, &in_flight, &with_newcomer);
            prop_assert!(room(&after, id(900_000)) >= 1, "{} in flight of {}", in_flight.all, limits.total);
            held.drain(..ended.min(held.len()));
        }
    }

    #[test]
    fn where_queues_are_more_than_room_each_gets_one_or_none_and_the_first_come_first(
        limits in limits(), more in 1usize..200,
    ) {
        let count = limits.total as usize + more;
        let candidates: Vec<_> = (0..count).map(|number| endpoint(number, Standing::Quick)).collect();
        let plan = plan(limits, &InFlight::default(), &candidates);
        let expected: Vec<_> = (0..limits.total as usize).map(|number| (id(number), 1)).collect();
        prop_assert_eq!(&plan.rooms, &expected);
        prop_assert!(plan.held_by_total);
    }

    #[test]
    fn among_equals_no_two_differ_by_more_than_one(limits in limits(), count in 1usize..100) {
        let candidates: Vec<_> = (0..count).map(|number| endpoint(number, Standing::Quick)).collect();
        let plan = plan(limits, &InFlight::default(), &candidates);
        let rooms: Vec<_> = candidates.iter().map(|one| room(&plan, one.queue)).collect();
        let (least, most) = (rooms.iter().min().unwrap(), rooms.iter().max().unwrap());
        prop_assert!(most - least <= 1, "{rooms:?}");
    }
}

#[test]
fn who_has_the_least_in_flight_comes_first() {
    let limits = Limits {
        total: 10,
        per_queue: 8,
    };
    let mut in_flight = InFlight::default();
    in_flight.add(id(0), id(0), Standing::Quick, 6);
    let candidates = [endpoint(0, Standing::Quick), endpoint(1, Standing::Quick)];
    let plan = plan(limits, &in_flight, &candidates);
    // The tenth is left to somebody with nothing in flight.
    assert_eq!(plan.rooms, [(id(1), 3)]);
    assert!(plan.held_by_total);
}

#[test]
fn one_dead_url_of_a_merchant_leaves_the_others_their_room() {
    let limits = Limits {
        total: 64,
        per_queue: 8,
    };
    let own = |number, standing| Candidate {
        receiver: id(500),
        ..endpoint(number, standing)
    };
    let candidates = [
        own(0, Standing::Suspect),
        own(1, Standing::Quick),
        own(2, Standing::Paused),
    ];
    let plan = plan(limits, &InFlight::default(), &candidates);
    assert_eq!(plan.rooms, [(id(0), 1), (id(1), 8)]);
    assert!(plan.full_receivers.contains(&id(500)));
}

#[test]
fn a_rate_is_a_limit_of_its_own() {
    let limits = Limits {
        total: 64,
        per_queue: 8,
    };
    let candidates = [
        Candidate {
            tokens: Some(3),
            ..endpoint(0, Standing::Quick)
        },
        Candidate {
            tokens: Some(0),
            ..endpoint(1, Standing::Quick)
        },
    ];
    let plan = plan(limits, &InFlight::default(), &candidates);
    assert_eq!(plan.rooms, [(id(0), 3)]);
    assert!(!plan.held_by_total && !plan.held_by_share && plan.full_receivers.is_empty());
}

use super::*;
use time::macros::datetime;

const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const QUICKLY: Duration = Duration::from_millis(20);
const ENDPOINT: Uuid = Uuid::from_u128(1);

fn endpoint(queue: Uuid) -> Receiver {
    Receiver::Endpoint(Id::from_uuid(queue))
}

fn answer(status: u16, retry_after: Option<u64>) -> Ending {
    Ending {
        code: match status {
            200 => AttemptCode::Delivered,
            410 => AttemptCode::Gone,
            _ => AttemptCode::HttpStatus,
        },
        http_status: Some(status),
        body: None,
        retry_after: retry_after.map(Duration::from_secs),
    }
}

/// The endpoint's answers, one every so often; what each says, and how it stands after the last.
struct Story {
    healths: Healths,
    now: OffsetDateTime,
}

impl Story {
    fn new() -> Self {
        Self {
            healths: Healths::new(5 * DAY),
            now: START,
        }
    }

    fn hear(&mut self, ending: &Ending) -> Option<EndpointNews> {
        self.healths
            .hear(ENDPOINT, endpoint(ENDPOINT), ending, QUICKLY, self.now)
    }

    fn standing(&self) -> Standing {
        self.healths.standing(ENDPOINT, endpoint(ENDPOINT), self.now)
    }

    fn pause(&self) -> Option<Duration> {
        let until = self.healths.paused_until(ENDPOINT, self.now)?;
        Some((until - self.now).unsigned_abs())
    }
}

#[test]
fn a_receiver_is_untried_until_it_accepts_and_suspect_after_three_failures() {
    let mut story = Story::new();
    assert_eq!(story.standing(), Standing::Untried);
    story.hear(&answer(500, None));
    story.hear(&answer(500, None));
    assert_eq!(story.standing(), Standing::Untried);
    story.hear(&answer(200, None));
    assert_eq!(story.standing(), Standing::Quick);
    for _ in 0..2 {
        story.hear(&answer(500, None));
        assert_eq!(story.standing(), Standing::Quick);
    }
    story.hear(&Ending::unanswered(AttemptCode::TimedOut));
    assert_eq!(story.standing(), Standing::Suspect);
    story.hear(&answer(200, None));
    assert_eq!(story.standing(), Standing::Quick);
}

#[test]
fn a_receiver_that_takes_its_time_is_slow_until_it_no_longer_does() {
    let mut story = Story::new();
    let mut after = |latency: Duration| {
        story
            .healths
            .hear(ENDPOINT, endpoint(ENDPOINT), &answer(200, None), latency, START);
        story.standing()
    };
    assert_eq!(after(Duration::from_secs(5)), Standing::Slow);
    assert_eq!(after(QUICKLY), Standing::Slow);
    assert_eq!((0..10).map(|_| after(QUICKLY)).last(), Some(Standing::Quick));
    // One late answer among many is no habit.
    assert_eq!(after(Duration::from_secs(2)), Standing::Quick);
}

#[test]
fn what_we_did_wrong_is_not_held_against_a_receiver() {
    let mut story = Story::new();
    for _ in 0..5 {
        story.hear(&Ending::unanswered(AttemptCode::NotSigned));
        story.hear(&Ending::unanswered(AttemptCode::Interrupted));
    }
    assert_eq!(story.standing(), Standing::Untried);
}

#[test]
fn a_busy_receiver_is_left_alone_for_as_long_as_it_asks_and_a_day_at_most() {
    for status in [429, 502, 503, 504] {
        let mut story = Story::new();
        story.hear(&answer(200, None));
        story.hear(&answer(status, Some(90)));
        assert_eq!(story.standing(), Standing::Paused, "{status}");
        assert_eq!(story.pause(), Some(Duration::from_secs(90)));
        // Nothing it said before can shorten that.
        story.hear(&answer(status, Some(5)));
        assert_eq!(story.pause(), Some(Duration::from_secs(90)));
        story.now += Duration::from_secs(90);
        assert_eq!((story.standing(), story.pause()), (Standing::Untried, None));
        story.hear(&answer(status, Some(1_000_000)));
        assert_eq!(story.pause(), Some(DAY));
    }
    for status in [400, 404, 408, 500, 501] {
        let mut story = Story::new();
        story.hear(&answer(status, Some(90)));
        assert_eq!(story.pause(), None, "{status}");
    }
}

#[test]
fn without_a_time_pauses_double_to_a_minute_and_begin_anew_after_a_success() {
    let mut story = Story::new();
    let mut pauses = Vec::new();
    for _ in 0..8 {
        // Those that were in flight together count once.
        for _ in 0..5 {
            story.hear(&answer(503, None));
        }
        let pause = story.pause().unwrap();
        pauses.push(pause.as_secs());
        story.now += pause;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(story.standing(), Standing::Suspect);
    story.hear(&answer(200, None));
    story.hear(&answer(503, None));
    assert_eq!(story.pause(), Some(Duration::from_secs(1)));
}

#[test]
fn an_endpoint_is_written_down_as_failing_and_struck_off_once_each() {
    let mut story = Story::new();
    let failed = answer(500, None);
    assert_eq!(story.hear(&failed), None);
    story.now += Duration::from_secs(10);
    assert_eq!(story.hear(&failed), None);
    let since = START;
    assert_eq!(story.hear(&failed), Some(EndpointNews::Failing { since }));
    story.healths.learn(ENDPOINT, Some(since));
    assert_eq!(story.hear(&failed), None);
    assert_eq!(story.hear(&answer(200, None)), Some(EndpointNews::Recovered));
    story.healths.learn(ENDPOINT, None);
    assert_eq!(story.hear(&answer(200, None)), None);
}

#[test]
fn an_endpoint_that_failed_for_days_is_told_of_when_it_fails_again() {
    let mut story = Story::new();
    story.healths.learn(ENDPOINT, Some(START));
    assert_eq!(story.standing(), Standing::Suspect, "another process saw it fail");
    story.now += 5 * DAY;
    let failed = answer(500, None);
    assert_eq!(story.hear(&failed), None);
    assert_eq!(story.hear(&failed), None);
    let too_long = EndpointNews::FailingTooLong { since: START };
    assert_eq!(story.hear(&failed), Some(too_long));
    assert_eq!(story.hear(&answer(410, None)), Some(EndpointNews::Gone));
}

#[test]
fn a_merchants_untried_url_is_taken_for_what_its_others_are() {
    let mut healths = Healths::new(DAY);
    let own = Receiver::Own(Id::from_uuid(Uuid::from_u128(9)));
    let [first, second] = [Uuid::from_u128(10), Uuid::from_u128(11)];
    assert_eq!(healths.standing(second, own, START), Standing::Untried);
    for _ in 0..3 {
        assert_eq!(healths.hear(first, own, &answer(500, None), QUICKLY, START), None);
    }
    assert_eq!(healths.standing(second, own, START), Standing::Suspect);
    healths.hear(second, own, &answer(200, None), QUICKLY, START);
    assert_eq!(healths.standing(second, own, START), Standing::Quick);
    assert_eq!(healths.standing(first, own, START), Standing::Suspect);
    healths.hear(second, own, &answer(503, Some(60)), QUICKLY, START);
    assert_eq!(
        healths.standing(Uuid::from_u128(12), own, START),
        Standing::Untried
    );
}

#[test]
fn only_so_many_receivers_are_remembered() {
    let mut healths = Healths::new(DAY);
    for number in 0..30_000u32 {
        let queue = Uuid::from_u128(number.into());
        let now = START + Duration::from_secs(number.into());
        healths.hear(queue, endpoint(queue), &answer(200, None), QUICKLY, now);
    }
    assert!(healths.queues.len() <= REMEMBERED_MAX);
    let last = Uuid::from_u128(29_999);
    assert_eq!(
        healths.standing(last, endpoint(last), START + DAY),
        Standing::Quick
    );
}

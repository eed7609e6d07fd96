use super::*;
use time::macros::datetime;
use uuid::Uuid;

const START: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);

struct Watch {
    health: Health,
    now: OffsetDateTime,
}

impl Watch {
    fn new() -> Self {
        Self {
            health: Health::default(),
            now: START,
        }
    }

    fn connection() -> Id<kind::Connection> {
        Id::from_uuid(Uuid::from_u128(1))
    }

    fn sees(&self, outcome: Outcome) {
        self.sees_sent_at(outcome, self.now);
    }

    fn sees_sent_at(&self, outcome: Outcome, sent_at: OffsetDateTime) {
        let took = (self.now - sent_at).unsigned_abs() + Duration::from_millis(100);
        let sample = Sample {
            outcome,
            sent_at,
            took,
        };
        self.health.saw(Self::connection(), "plain", sample);
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn purchase(&self) -> Breaker {
        self.health.breaker_for_purchase(Self::connection(), self.now)
    }

    fn looks(&self) -> Breaker {
        self.health.breaker(Self::connection(), self.now)
    }

    /// Opens the breaker.
    fn broken() -> Self {
        let watch = Self::new();
        for _ in 0..10 {
            watch.sees(Outcome::Failed);
        }
        assert_eq!(watch.purchase(), Breaker::Open);
        watch
    }
}

#[test]
fn a_share_of_failures_opens_it_once_there_are_enough_charges() {
    let watch = Watch::new();
    for _ in 0..9 {
        watch.sees(Outcome::Failed);
    }
    assert_eq!(watch.purchase(), Breaker::Closed, "too few to tell");
    watch.sees(Outcome::Approved);
    assert_eq!(watch.purchase(), Breaker::Closed, "a success opens nothing");
    watch.sees(Outcome::Failed);
    assert_eq!(watch.purchase(), Breaker::Open);
}

#[test]
fn issuers_that_decline_do_not_open_it() {
    let watch = Watch::new();
    for _ in 0..100 {
        watch.sees(Outcome::Declined);
    }
    assert_eq!(watch.purchase(), Breaker::Closed);
    let report = watch.health.report(Watch::connection(), watch.now);
    assert_eq!(
        (report.answered_percent, report.approved_percent),
        (Some(100), Some(0))
    );
}

#[test]
fn old_failures_fall_out_of_the_window() {
    let mut watch = Watch::new();
    for _ in 0..9 {
        watch.sees(Outcome::Failed);
    }
    watch.pass(61);
    for _ in 0..9 {
        watch.sees(Outcome::Approved);
    }
    watch.sees(Outcome::Failed);
    assert_eq!(watch.purchase(), Breaker::Closed, "one of ten");
}

#[test]
fn after_a_pause_a_few_probe_and_their_answers_close_it() {
    let mut watch = Watch::broken();
    watch.pass(14);
    assert_eq!(watch.purchase(), Breaker::Open);
    watch.pass(2);
    assert_eq!(watch.looks(), Breaker::HalfOpen, "looking takes no probe");
    let asked: Vec<_> = (0..5).map(|_| watch.purchase()).collect();
    let (probe, open) = (Breaker::HalfOpen, Breaker::Open);
    assert_eq!(asked, [probe, probe, probe, open, open]);
    for outcome in [Outcome::Approved, Outcome::Declined] {
        watch.sees(outcome);
        assert_eq!(watch.looks(), Breaker::HalfOpen);
    }
    watch.sees(Outcome::Pending);
    assert_eq!(watch.purchase(), Breaker::Closed);
    watch.sees(Outcome::Failed);
    assert_eq!(watch.purchase(), Breaker::Closed, "what was before is forgotten");
}

#[test]
fn a_probe_that_fails_opens_it_again() {
    let mut watch = Watch::broken();
    watch.pass(16);
    assert_eq!(watch.purchase(), Breaker::HalfOpen);
    watch.sees(Outcome::Approved);
    watch.sees(Outcome::Failed);
    assert_eq!(watch.looks(), Breaker::Open);
    let report = watch.health.report(Watch::connection(), watch.now);
    assert!(report.next_probe_at.unwrap() > watch.now);
}

#[test]
fn what_was_sent_before_the_probation_says_nothing_about_it() {
    let mut watch = Watch::broken();
    watch.pass(16);
    assert_eq!(watch.purchase(), Breaker::HalfOpen);
    watch.sees_sent_at(Outcome::Failed, START);
    assert_eq!(watch.looks(), Breaker::HalfOpen);
}

#[test]
fn probes_that_never_come_to_a_charge_are_given_again() {
    let mut watch = Watch::broken();
    watch.pass(16);
    for _ in 0..3 {
        assert_eq!(watch.purchase(), Breaker::HalfOpen);
    }
    assert_eq!(watch.purchase(), Breaker::Open);
    watch.pass(15);
    assert_eq!(watch.purchase(), Breaker::HalfOpen);
}

#[test]
fn a_report_counts_what_was_seen() {
    let watch = Watch::new();
    let nothing = watch.health.report(Watch::connection(), watch.now);
    assert_eq!((nothing.answered_percent, nothing.latency_p50), (None, None));
    for (outcome, times) in [
        (Outcome::Approved, 6),
        (Outcome::Declined, 2),
        (Outcome::Pending, 1),
        (Outcome::Failed, 1),
    ] {
        for _ in 0..times {
            watch.sees(outcome);
        }
    }
    let report = watch.health.report(Watch::connection(), watch.now);
    assert_eq!(
        (report.approved, report.declined, report.pending, report.failed),
        (6, 2, 1, 1)
    );
    assert_eq!(
        (
            report.answered_percent,
            report.failed_percent,
            report.approved_percent
        ),
        (Some(90), Some(10), Some(75))
    );
    let p95 = report.latency_p95.unwrap().as_millis();
    assert!((100..=125).contains(&p95), "{p95}");
}

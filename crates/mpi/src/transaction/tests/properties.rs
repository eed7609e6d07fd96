//! No row of events ever makes a result of anything but a checked ARes or RReq of the transaction itself.

use super::*;
use proptest::prelude::*;

fn status() -> impl Strategy<Value = Option<TransStatus>> {
    const STATUSES: [&str; 9] = ["Y", "N", "U", "A", "R", "C", "D", "I", "S"];
    proptest::option::of(
        proptest::sample::select(&STATUSES[..]).prop_map(|text| TransStatus::parse(text).unwrap()),
    )
}

/// Ours once in two: transaction, ACS and directory server.
fn ids() -> impl Strategy<Value = (bool, bool, bool)> {
    (any::<bool>(), any::<bool>(), any::<bool>())
}

fn id(ours: bool, number: u128) -> Uuid {
    if ours {
        Uuid::from_u128(number)
    } else {
        Uuid::from_u128(99)
    }
}

fn ares_of((server, acs, directory): (bool, bool, bool), status: Option<TransStatus>, newer: bool) -> ARes {
    ARes {
        trans_status: status,
        acs_url: Some("https://acs.example/challenge".into()),
        three_ds_server_trans_id: ThreeDsServerTransId(id(server, 1)),
        acs_trans_id: emv3ds::AcsTransId(id(acs, 3)),
        ds_trans_id: emv3ds::DsTransId(id(directory, 2)),
        message_version: if newer { Version::V2_3_1 } else { Version::V2_2_0 },
        ..testing::ares()
    }
}

fn rreq_of((server, acs, directory): (bool, bool, bool), status: Option<TransStatus>, newer: bool) -> RReq {
    RReq {
        trans_status: status,
        three_ds_server_trans_id: ThreeDsServerTransId(id(server, 1)),
        acs_trans_id: emv3ds::AcsTransId(id(acs, 3)),
        ds_trans_id: emv3ds::DsTransId(id(directory, 2)),
        message_version: if newer { Version::V2_3_1 } else { Version::V2_2_0 },
        ..testing::rreq()
    }
}

/// Whatever may happen, whether it makes sense or not. An answer is held against whatever it says itself.
fn any_news() -> impl Strategy<Value = News> {
    let plain = proptest::sample::select(vec![
        News::MethodStarted,
        News::MethodCompleted,
        News::MethodTimedOut,
        asked(false),
        asked(true),
        News::CannotRequest,
        News::AnswerUnusable,
        News::ErroReceived {
            component: Component::Acs,
            code: ErrorCode::TimedOut,
            detail: String::new(),
        },
        News::DirectoryTimedOut,
        News::DirectoryUnreachable,
        News::ChallengeOpened,
        News::CresReturned,
        News::DeadlinePassed,
        News::GivenUp,
    ]);
    let answers =
        (ids(), status(), any::<bool>()).prop_filter_map("no answer to anything", |(ids, status, newer)| {
            let ares = ares_of(ids, status, newer);
            let itself = Asked::plainly(ares.message_version, ares.three_ds_server_trans_id);
            Answer::to(&itself, ares).ok().map(News::Answered)
        });
    let results = (ids(), status(), any::<bool>())
        .prop_map(|(ids, status, newer)| results(rreq_of(ids, status, newer)));
    prop_oneof![2 => plain, 2 => answers, 3 => results]
}

/// What the test remembers of what was let in.
#[derive(Default)]
struct Seen {
    asked: bool,
    ares: Vec<ARes>,
    rreqs: Vec<RReq>,
}

impl Seen {
    fn note(&mut self, news: &News) {
        match news {
            News::Asked { .. } => self.asked = true,
            News::Answered(answer) => self.ares.push(answer.ares().clone()),
            News::ResultsReceived(results) => self.rreqs.push(results.rreq().clone()),
            _ => {}
        }
    }

    /// Whether a result is one that these messages prove.
    fn prove(&self, result: &AuthenticationResult) -> bool {
        let ours = |ares: &&ARes| {
            ares.three_ds_server_trans_id == testing::transaction_id()
                && ares.message_version == Version::V2_2_0
        };
        let of_ares = self.ares.iter().filter(ours).any(|ares| {
            ares.trans_status == Some(result.trans_status())
                && result.trans_status().is_final()
                && ares.acs_trans_id == result.acs_trans_id()
        });
        let challenged = self.ares.iter().filter(ours).any(|ares| {
            ares.trans_status == Some(TransStatus::ChallengeRequired)
                && ares.acs_trans_id == result.acs_trans_id()
                && ares.ds_trans_id == result.ds_trans_id()
        });
        let of_rreq = self.rreqs.iter().any(|rreq| {
            rreq.trans_status == Some(result.trans_status())
                && rreq.three_ds_server_trans_id == testing::transaction_id()
                && rreq.message_version == Version::V2_2_0
                && rreq.acs_trans_id == result.acs_trans_id()
                && rreq.ds_trans_id == result.ds_trans_id()
        });
        self.asked
            && if result.flow() == Flow::Challenge {
                challenged && of_rreq
            } else {
                of_ares
            }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_row_of_events_makes_a_result_without_its_checked_messages(
        has_method: bool,
        events in proptest::collection::vec(any_news(), 1..12),
    ) {
        let mut transaction = started(has_method);
        let mut seen = Seen::default();
        let mut first: Option<AuthenticationResult> = None;
        for event in events {
            let before = transaction.clone();
            match transaction.apply(event.clone(), NOW) {
                Ok(step) => {
                    if step.effect != Effect::Repeat {
                        seen.note(&event);
                    }
                    transaction = step.transaction;
                }
                Err(_) => transaction = before,
            }
            if let Some(Ok(result)) = transaction.outcome() {
                prop_assert!(seen.prove(result), "{result:?}");
                let first = first.get_or_insert_with(|| result.clone());
                prop_assert_eq!(&*first, result, "the first result stands");
            } else {
                prop_assert!(first.is_none(), "a result does not go away");
            }
        }
    }

    #[test]
    fn no_bytes_at_the_results_receiver_make_a_result(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read_results(&bytes, &Version::ALL).is_err());
        let taken = awaiting_ares().receive_answer(&bytes, NOW).unwrap();
        prop_assert_eq!(taken.step.transaction.outcome(), Some(Err(Failure::UnusableAnswer)));
    }
}

//! Every state and every news, as a table to be read.

use super::*;

fn states() -> Vec<(&'static str, Transaction)> {
    let decoupled = match awaiting_results() {
        Transaction::AwaitingResults(state) => Transaction::AwaitingResults(AwaitingResults {
            challenge: Challenge::Decoupled { until: NOW },
            ..state
        }),
        other => other,
    };
    let failed_late = after(
        awaiting_results(),
        [News::DeadlinePassed, results(testing::rreq())],
    );
    vec![
        ("started, no method", started(false)),
        ("started, method", started(true)),
        ("awaiting method", after(started(true), [News::MethodStarted])),
        (
            "awaiting method, ended",
            after(started(true), [News::MethodStarted, News::MethodCompleted]),
        ),
        ("awaiting ares", awaiting_ares()),
        (
            "awaiting ares, early results",
            after(awaiting_ares(), [results(testing::rreq())]),
        ),
        ("awaiting results", awaiting_results()),
        (
            "awaiting results, opened",
            after(awaiting_results(), [News::ChallengeOpened]),
        ),
        ("awaiting results, decoupled", decoupled),
        (
            "never started",
            after(awaiting_results(), [results(testing::rreq_never_started())]),
        ),
        (
            "decoupled follows",
            Transaction::DecoupledFollows(DecoupledFollows {
                subject: *started(false).subject(),
                challenged: *awaiting_results().challenged().unwrap(),
                decoupled_minutes: 60,
                cardholder_info: None,
                since: NOW,
            }),
        ),
        ("finished", after(awaiting_ares(), [answered(testing::ares())])),
        (
            "finished, challenge",
            after(awaiting_results(), [results(testing::rreq())]),
        ),
        ("failed", after(awaiting_ares(), [News::DirectoryTimedOut])),
        (
            "failed, challenge",
            after(awaiting_results(), [News::DeadlinePassed]),
        ),
        ("failed, late", failed_late),
        (
            "failed, early",
            after(
                awaiting_ares(),
                [results(testing::rreq()), News::DirectoryUnreachable],
            ),
        ),
        ("given up", after(started(false), [News::GivenUp])),
        ("given up, challenge", after(awaiting_results(), [News::GivenUp])),
    ]
}

fn news() -> Vec<(&'static str, News)> {
    let erro = |component, code| News::ErroReceived {
        component,
        code,
        detail: "2.1.0".to_owned(),
    };
    let not_final = RReq {
        trans_status: None,
        ..testing::rreq()
    };
    vec![
        ("method started", News::MethodStarted),
        ("method completed", News::MethodCompleted),
        ("method timed out", News::MethodTimedOut),
        ("asked", asked(false)),
        ("cannot request", News::CannotRequest),
        ("answered Y", answered(testing::ares())),
        ("answered C", answered(testing::ares_challenge())),
        (
            "answered without a status",
            answered(ARes {
                trans_status: None,
                ..testing::ares()
            }),
        ),
        ("answer unusable", News::AnswerUnusable),
        (
            "erro by the directory server",
            erro(Component::DirectoryServer, ErrorCode::AccessDenied),
        ),
        (
            "erro: version",
            erro(Component::DirectoryServer, ErrorCode::VersionNotSupported),
        ),
        (
            "erro by the acs",
            erro(Component::Acs, ErrorCode::PermanentFailure),
        ),
        ("directory timed out", News::DirectoryTimedOut),
        ("directory unreachable", News::DirectoryUnreachable),
        ("challenge opened", News::ChallengeOpened),
        ("cres returned", News::CresReturned),
        ("results Y", results(testing::rreq())),
        (
            "results of another challenge",
            results(RReq {
                acs_trans_id: emv3ds::AcsTransId(Uuid::nil()),
                ..testing::rreq()
            }),
        ),
        ("results: never started", results(testing::rreq_never_started())),
        ("results without a status", results(not_final)),
        ("deadline passed", News::DeadlinePassed),
        ("given up", News::GivenUp),
    ]
}

fn in_a_word(transaction: &Transaction) -> String {
    match transaction {
        Transaction::Started(_) | Transaction::ChallengeNeverStarted(_) => transaction.name().to_owned(),
        Transaction::AwaitingAres(state) => match state.early.len() {
            0 => "awaiting_ares".to_owned(),
            kept => format!("awaiting_ares, {kept} results kept"),
        },
        Transaction::AwaitingMethod(state) => match state.ended {
            Some(ended) => format!("awaiting_method, ended {ended}"),
            None => "awaiting_method".to_owned(),
        },
        Transaction::AwaitingResults(state) => match state.challenge {
            Challenge::InBrowser { opened: true, .. } => "awaiting_results, opened".to_owned(),
            Challenge::InBrowser { opened: false, .. } => "awaiting_results".to_owned(),
            Challenge::Decoupled { .. } => "awaiting_results, decoupled".to_owned(),
        },
        Transaction::DecoupledFollows(_) => transaction.name().to_owned(),
        Transaction::Finished(state) => {
            format!(
                "finished {}, {}",
                state.result.trans_status(),
                state.result.flow().as_str()
            )
        }
        Transaction::Failed(state) => format!("failed: {}{}", state.failure, in_words(&state.trace)),
        Transaction::GivenUp(state) => format!("given_up{}", in_words(&state.trace)),
    }
}

fn in_words(trace: &Trace) -> &'static str {
    match (trace.challenged, trace.late) {
        (_, Some(_)) => ", late results noted",
        (Some(_), None) if trace.reached => ", results may still come of the challenge",
        (Some(_), None) => ", results may still come",
        (None, None) => "",
    }
}

#[test]
fn every_state_meets_every_news() {
    let mut matrix = String::new();
    for (state_name, state) in states() {
        matrix.push_str(&format!("{state_name}\n"));
        for (news_name, news) in news() {
            let end = match state.clone().apply(news, NOW) {
                Ok(Step {
                    transaction,
                    effect: Effect::Moved,
                }) => in_a_word(&transaction),
                Ok(Step {
                    transaction,
                    effect: Effect::Unchanged,
                }) => {
                    assert_eq!(transaction, state);
                    "-".to_owned()
                }
                Ok(Step {
                    transaction,
                    effect: Effect::Repeat,
                }) => {
                    assert_eq!(transaction, state);
                    "repeat".to_owned()
                }
                Ok(Step {
                    transaction,
                    effect: Effect::Late,
                }) => {
                    assert_eq!(transaction.outcome(), state.outcome());
                    format!("late; {}", in_a_word(&transaction))
                }
                Err(refused) => {
                    assert_eq!(refused.state, state.name());
                    "refused".to_owned()
                }
            };
            matrix.push_str(&format!("  {news_name:<30} {end}\n"));
        }
    }
    insta::assert_snapshot!(matrix);
}

#[test]
fn every_state_is_stored_and_read_back_as_it_was() {
    for (name, state) in states() {
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(
            serde_json::from_str::<Transaction>(&json).unwrap(),
            state,
            "{name}: {json}"
        );
        assert!(
            json.contains(&format!("\"state\":\"{}\"", state.name())),
            "{json}"
        );
    }
}

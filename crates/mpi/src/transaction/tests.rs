#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use super::receive::{ResultsReceived, read_results, rres_body};
use super::*;
use crate::{result::Flow, testing};
use emv3ds::{
    Rules, ThreeDsServerTransId,
    code::{ChallengeCancel, DeviceChannel, MessageCategory, ResultsStatus, TransStatus, TransStatusReason},
    message::{ARes, Erro, RReq, WireMessage},
};
use primitives::Brand;
use time::{Duration, macros::datetime};
use uuid::Uuid;

mod decoupled;
mod matrix;
mod properties;
mod results;

const NOW: OffsetDateTime = datetime!(2026-11-22 00:15 UTC);

fn started(has_method: bool) -> Transaction {
    let subject = Subject::browser_payment(testing::transaction_id(), Brand::Visa, Version::V2_2_0);
    Transaction::start(subject, has_method)
}

fn asked(through_page: bool) -> News {
    News::Asked {
        asked: testing::asked(),
        decoupled_minutes: None,
        through_page,
    }
}

fn answered(ares: ARes) -> News {
    News::Answered(Answer::to(&testing::asked(), ares).unwrap())
}

fn results(rreq: RReq) -> News {
    News::ResultsReceived(Results::new(rreq))
}

fn after(transaction: Transaction, news: impl IntoIterator<Item = News>) -> Transaction {
    news.into_iter().fold(transaction, |transaction, news| {
        transaction.apply(news, NOW).unwrap().transaction
    })
}

fn awaiting_ares() -> Transaction {
    after(started(false), [asked(false)])
}

fn awaiting_results() -> Transaction {
    after(awaiting_ares(), [answered(testing::ares_challenge())])
}

/// A body as a directory server sends it.
fn body<M: WireMessage>(message: &M) -> Vec<u8> {
    Rules::received_by(Component::Server, &Version::ALL)
        .write(message)
        .unwrap()
}

fn read(rreq: &RReq) -> Results {
    match read_results(&body(rreq), &Version::ALL).unwrap() {
        ResultsReceived::Results(results) => results,
        ResultsReceived::Erro(erro) => panic!("{erro:?}"),
    }
}

#[test]
fn an_answer_without_a_challenge_is_frictionless_or_through_our_page_semi_frictionless() {
    for (through_page, flow) in [(false, Flow::Frictionless), (true, Flow::SemiFrictionless)] {
        let waiting = after(started(false), [asked(through_page)]);
        let taken = waiting.receive_answer(&body(&testing::ares()), NOW).unwrap();
        let result = taken.step.transaction.outcome().unwrap().unwrap().clone();
        assert_eq!((result.flow(), result.liability_shift()), (flow, true));
        assert_eq!(result.authenticated_at(), NOW);
        assert_eq!(taken.erro, None);
    }
}

#[test]
fn a_challenge_is_decided_by_the_rreq_and_nothing_else() {
    let taken = awaiting_ares()
        .receive_answer(&body(&testing::ares_challenge()), NOW)
        .unwrap();
    let waiting = after(
        taken.step.transaction,
        [News::ChallengeOpened, News::CresReturned],
    );
    assert_eq!(waiting.outcome(), None);
    let (step, rres) = waiting.receive_results(read(&testing::rreq()), NOW).unwrap();
    assert_eq!(
        (step.effect, rres.results_status),
        (Effect::Moved, ResultsStatus::Received)
    );
    let result = step.transaction.outcome().unwrap().unwrap();
    assert_eq!(
        (result.flow(), result.trans_status()),
        (Flow::Challenge, TransStatus::Authenticated)
    );
    assert!(rres_body(&rres).is_ok());
}

#[test]
fn a_challenge_that_nobody_opened_is_no_failure_and_one_that_was_opened_timed_out() {
    let rreq = testing::rreq_never_started();
    let (step, rres) = awaiting_results().receive_results(read(&rreq), NOW).unwrap();
    assert!(matches!(step.transaction, Transaction::ChallengeNeverStarted(_)));
    assert_eq!(rres.results_status, ResultsStatus::ChallengeNotSent);
    assert_eq!(step.transaction.outcome(), None);

    let opened = after(awaiting_results(), [News::ChallengeOpened]);
    let (step, rres) = opened.receive_results(read(&rreq), NOW).unwrap();
    let result = step.transaction.outcome().unwrap().unwrap();
    assert_eq!(result.trans_status(), TransStatus::NotAuthenticated);
    assert_eq!(
        result.challenge_cancel(),
        Some(ChallengeCancel::FirstCreqNotReceived)
    );
    assert_eq!(rres.results_status, ResultsStatus::Received);
}

#[test]
fn an_unusable_answer_fails_the_authentication_and_the_directory_server_is_told() {
    let stranger = ARes {
        three_ds_server_trans_id: ThreeDsServerTransId(Uuid::nil()),
        ..testing::ares()
    };
    let malformed = body(&testing::ares())
        .iter()
        .map(|byte| if *byte == b':' { b';' } else { *byte })
        .collect();
    for (bytes, code) in [
        (malformed, ErrorCode::MessageReceivedInvalid),
        (body(&stranger), ErrorCode::TransactionNotRecognised),
        (body(&testing::rreq()), ErrorCode::MessageReceivedInvalid),
    ] {
        let taken = awaiting_ares().receive_answer(&bytes, NOW).unwrap();
        assert_eq!(
            taken.step.transaction.outcome(),
            Some(Err(Failure::UnusableAnswer))
        );
        let erro = taken.erro.unwrap();
        assert_eq!((erro.error_code, erro.error_component), (code, Component::Server));
    }
}

#[test]
fn an_erro_fails_the_authentication_at_the_one_it_speaks_of() {
    for (component, code, failure) in [
        (
            Component::DirectoryServer,
            ErrorCode::AccessDenied,
            Failure::DirectoryErro { code: 303 },
        ),
        (
            Component::DirectoryServer,
            ErrorCode::FormatInvalid,
            Failure::DirectoryErro { code: 203 },
        ),
        (
            Component::DirectoryServer,
            ErrorCode::TimedOut,
            Failure::DirectoryTimeout,
        ),
        (
            Component::DirectoryServer,
            ErrorCode::ConnectionFailure,
            Failure::AcsErro { code: 405 },
        ),
        (
            Component::Acs,
            ErrorCode::TransientFailure,
            Failure::AcsErro { code: 403 },
        ),
        (
            Component::DirectoryServer,
            ErrorCode::VersionNotSupported,
            Failure::VersionRefused {
                instead: Some(Version::V2_1_0),
            },
        ),
    ] {
        let erro = Erro {
            message_version: "2.2.0".into(),
            three_ds_server_trans_id: Some(testing::transaction_id()),
            acs_trans_id: None,
            ds_trans_id: None,
            sdk_trans_id: None,
            error_code: code,
            error_component: component,
            error_description: code.description().into(),
            error_detail: "mcc".into(),
            error_message_type: None,
        };
        let taken = awaiting_ares().receive_answer(&body(&erro), NOW).unwrap();
        assert_eq!(taken.step.transaction.outcome(), Some(Err(failure)));
        assert_eq!(taken.erro, None);
    }
}

#[test]
fn an_answer_after_the_time_out_leaves_the_failure_and_lets_the_rreq_that_follows_be_answered() {
    let over = after(awaiting_ares(), [News::DirectoryTimedOut]);
    let taken = over
        .receive_answer(&body(&testing::ares_challenge()), NOW)
        .unwrap();
    assert_eq!(taken.step.effect, Effect::Late);
    assert_eq!(
        taken.step.transaction.outcome(),
        Some(Err(Failure::DirectoryTimeout))
    );
    let (step, _) = taken
        .step
        .transaction
        .receive_results(read(&testing::rreq_never_started()), NOW)
        .unwrap();
    assert_eq!(step.effect, Effect::Late);
    assert!(
        awaiting_results()
            .receive_answer(&body(&testing::ares()), NOW)
            .is_err()
    );
}

#[test]
fn the_completion_indicator_tells_how_the_method_went() {
    let awaiting = after(started(true), [News::MethodStarted]);
    for (transaction, indicator) in [
        (started(false), CompletionIndicator::Unavailable),
        (started(true), CompletionIndicator::NotCompleted),
        (awaiting.clone(), CompletionIndicator::NotCompleted),
        (
            after(awaiting.clone(), [News::MethodCompleted]),
            CompletionIndicator::Completed,
        ),
        (
            after(awaiting, [News::MethodTimedOut, News::MethodCompleted]),
            CompletionIndicator::NotCompleted,
        ),
    ] {
        assert_eq!(transaction.completion_indicator(), indicator);
    }
}

#[test]
fn a_waiting_state_says_until_when() {
    let timers = Timers::default();
    for (transaction, wait) in [
        (started(true), None),
        (
            after(started(true), [News::MethodStarted]),
            Some(Duration::seconds(10)),
        ),
        (
            after(started(true), [News::MethodStarted, News::MethodCompleted]),
            None,
        ),
        (awaiting_ares(), Some(Duration::seconds(15))),
        (awaiting_results(), Some(Duration::minutes(10))),
        (after(awaiting_results(), [News::DeadlinePassed]), None),
    ] {
        assert_eq!(
            transaction.deadline(&timers),
            wait.map(|wait| NOW + wait),
            "{}",
            transaction.name()
        );
    }
}

#[test]
fn the_issuer_s_words_reach_the_cardholder() {
    let ares = ARes {
        cardholder_info: Some("Llame a su banco".into()),
        ..testing::ares()
    };
    let finished = after(awaiting_ares(), [answered(ares)]);
    assert_eq!(finished.cardholder_info(), Some("Llame a su banco"));
}

#[test]
fn an_areq_of_another_transaction_is_not_taken_for_this_one_s() {
    let asked = Asked {
        three_ds_server_trans_id: ThreeDsServerTransId(Uuid::nil()),
        ..testing::asked()
    };
    assert!(
        started(false)
            .apply(
                News::Asked {
                    asked,
                    decoupled_minutes: None,
                    through_page: false
                },
                NOW
            )
            .is_err()
    );
}

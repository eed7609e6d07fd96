//! RReqs that come twice, late, early, from elsewhere or for nothing.

use super::*;

#[test]
fn a_second_rreq_is_refused_and_the_first_one_counts() {
    let (step, _) = awaiting_results()
        .receive_results(read(&testing::rreq()), NOW)
        .unwrap();
    let refusal = RReq {
        trans_status: Some(TransStatus::NotAuthenticated),
        trans_status_reason: Some(TransStatusReason::SuspectedFraud),
        authentication_value: None,
        ..testing::rreq()
    };
    for repeat in [testing::rreq(), refusal] {
        let finished = step.transaction.clone();
        let fault = finished
            .clone()
            .receive_results(read(&repeat), NOW + Duration::seconds(5))
            .unwrap_err();
        assert_eq!(fault.code, ErrorCode::TransactionNotRecognised);
        let again = finished.clone().apply(results(repeat), NOW).unwrap();
        assert_eq!((again.effect, again.transaction), (Effect::Repeat, finished));
    }
}

#[test]
fn an_rreq_that_comes_too_late_is_noted_and_answered_and_changes_no_outcome() {
    let opened = || after(awaiting_results(), [News::ChallengeOpened]);
    for (waiting, news, status) in [
        (
            awaiting_results(),
            News::DeadlinePassed,
            ResultsStatus::ChallengeNotSent,
        ),
        (opened(), News::DeadlinePassed, ResultsStatus::Received),
        (awaiting_results(), News::GivenUp, ResultsStatus::ChallengeNotSent),
        (opened(), News::GivenUp, ResultsStatus::Received),
        (
            awaiting_ares(),
            News::DirectoryTimedOut,
            ResultsStatus::ChallengeNotDelivered,
        ),
        (awaiting_ares(), News::GivenUp, ResultsStatus::ChallengeNotSent),
    ] {
        let over = after(waiting, [news]);
        let outcome = over.outcome().map(|outcome| outcome.cloned());
        let (step, rres) = over.receive_results(read(&testing::rreq()), NOW).unwrap();
        assert_eq!((step.effect, rres.results_status), (Effect::Late, status));
        assert_eq!(
            step.transaction.outcome().map(|outcome| outcome.cloned()),
            outcome
        );
        let again = step.transaction.receive_results(read(&testing::rreq()), NOW);
        assert_eq!(again.unwrap_err().code, ErrorCode::TransactionNotRecognised);
    }
}

#[test]
fn an_rreq_that_is_faster_than_its_ares_is_kept_and_counts_with_it() {
    let (step, rres) = awaiting_ares()
        .receive_results(read(&testing::rreq()), NOW)
        .unwrap();
    assert_eq!(
        (step.effect, rres.results_status),
        (Effect::Moved, ResultsStatus::Received)
    );
    assert_eq!(step.transaction.outcome(), None, "nothing counts before the ARes");
    let early = step.transaction;
    let twice = early.clone().receive_results(read(&testing::rreq()), NOW);
    assert_eq!(twice.unwrap_err().code, ErrorCode::TransactionNotRecognised);

    let taken = early
        .clone()
        .receive_answer(&body(&testing::ares_challenge()), NOW)
        .unwrap();
    let result = taken.step.transaction.outcome().unwrap().unwrap().clone();
    assert_eq!(
        (result.flow(), result.trans_status()),
        (Flow::Challenge, TransStatus::Authenticated)
    );
    let twice = taken
        .step
        .transaction
        .receive_results(read(&testing::rreq()), NOW);
    assert!(twice.is_err());

    let gone = after(early, [News::DirectoryTimedOut]);
    assert_eq!(gone.outcome(), Some(Err(Failure::DirectoryTimeout)));
}

#[test]
fn an_early_rreq_that_names_another_challenge_or_none_is_worth_nothing() {
    let forged = RReq {
        acs_trans_id: emv3ds::AcsTransId(Uuid::nil()),
        ..testing::rreq()
    };
    let (step, _) = awaiting_ares().receive_results(read(&forged), NOW).unwrap();
    let (both, _) = step
        .transaction
        .clone()
        .receive_results(read(&testing::rreq()), NOW)
        .unwrap();
    let true_one = after(both.transaction, [answered(testing::ares_challenge())]);
    assert!(matches!(true_one, Transaction::Finished(_)), "{true_one:?}");
    let challenged = after(step.transaction.clone(), [answered(testing::ares_challenge())]);
    assert!(
        matches!(challenged, Transaction::AwaitingResults(_)),
        "{challenged:?}"
    );
    let refusal = ARes {
        trans_status: Some(TransStatus::NotAuthenticated),
        trans_status_reason: Some(TransStatusReason::SuspectedFraud),
        authentication_value: None,
        ..testing::ares()
    };
    let refused = after(step.transaction, [answered(refusal)]);
    let status = refused.outcome().unwrap().unwrap().trans_status();
    assert_eq!(status, TransStatus::NotAuthenticated);
}

#[test]
fn an_rreq_of_another_transaction_or_without_a_challenge_is_answered_301() {
    let other_acs = RReq {
        acs_trans_id: emv3ds::AcsTransId(Uuid::nil()),
        ..testing::rreq()
    };
    let other_directory = RReq {
        ds_trans_id: emv3ds::DsTransId(Uuid::nil()),
        ..testing::rreq()
    };
    let other_server = RReq {
        three_ds_server_trans_id: ThreeDsServerTransId(Uuid::nil()),
        ..testing::rreq()
    };
    for forged in [&other_acs, &other_directory, &other_server] {
        for state in [awaiting_results(), after(awaiting_results(), [News::GivenUp])] {
            let fault = state.clone().receive_results(read(forged), NOW).unwrap_err();
            assert_eq!(fault.code, ErrorCode::TransactionNotRecognised);
            assert!(
                state.apply(results(forged.clone()), NOW).is_err(),
                "not by the back door either"
            );
        }
    }
    assert!(awaiting_ares().receive_results(read(&other_server), NOW).is_err());
    for state in [
        started(false),
        after(started(false), [News::GivenUp]),
        after(awaiting_ares(), [answered(testing::ares())]),
    ] {
        let fault = state.receive_results(read(&testing::rreq()), NOW).unwrap_err();
        assert_eq!(fault.code, ErrorCode::TransactionNotRecognised);
        let erro = fault.to_erro(Component::Server, &Version::ALL).unwrap();
        assert_eq!(erro.three_ds_server_trans_id, Some(testing::transaction_id()));
    }
}

#[test]
fn an_rreq_in_another_version_or_of_another_category_is_answered_203() {
    let older = RReq {
        message_version: Version::V2_1_0,
        ..testing::rreq()
    };
    let no_payment = RReq {
        message_category: MessageCategory::NonPayment,
        ..testing::rreq()
    };
    for (rreq, name) in [(older, "messageVersion"), (no_payment, "messageCategory")] {
        for state in [awaiting_ares(), awaiting_results()] {
            let results = Results::new(rreq.clone());
            let fault = state.receive_results(results, NOW).unwrap_err();
            assert_eq!(
                (fault.code, fault.detail.as_str()),
                (ErrorCode::FormatInvalid, name)
            );
        }
    }
}

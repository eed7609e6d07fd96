//! Authentications apart from the shop's session, and those without a cardholder present.

use super::*;
use emv3ds::{
    code::{AuthenticationMethod, DecoupledRequestInd, RequestorChallengeInd, ThreeRiInd, YesNo},
    message::{CardholderInfo, ChallengeInds},
};

const MINUTES: u16 = 90;

fn subject(version: Version, channel: DeviceChannel) -> Subject {
    Subject {
        channel,
        ..Subject::browser_payment(testing::transaction_id(), Brand::Visa, version)
    }
}

/// An AReq that offers a decoupled authentication.
fn offering(subject: Subject, indicator: DecoupledRequestInd) -> Transaction {
    let asked = Asked {
        device_channel: subject.channel,
        dec_req_ind: Some(indicator),
        ..Asked::plainly(subject.version, subject.id)
    };
    let news = News::Asked {
        asked,
        decoupled_minutes: Some(MINUTES),
        through_page: false,
    };
    after(Transaction::start(subject, false), [news])
}

fn in_version(ares: ARes, version: Version) -> ARes {
    ARes {
        message_version: version,
        authentication_method: ares
            .authentication_type
            .map(|_| vec![AuthenticationMethod::Decoupled]),
        ..ares
    }
}

fn ares_decoupled(version: Version) -> ARes {
    let ares = ARes {
        trans_status: Some(TransStatus::DecoupledChallenge),
        acs_url: None,
        acs_dec_con_ind: Some(YesNo::Yes),
        cardholder_info: Some(CardholderInfo::from("Confirme en su app")),
        authentication_type: Some(emv3ds::code::AuthenticationType::Decoupled),
        ..testing::ares_challenge()
    };
    in_version(ares, version)
}

fn rreq_in(version: Version) -> RReq {
    RReq {
        message_version: version,
        authentication_method: Some(vec![AuthenticationMethod::Decoupled]),
        ..testing::rreq()
    }
}

/// The challenge ends with the ACS going on by itself.
fn rreq_decoupled_follows() -> RReq {
    RReq {
        trans_status: Some(TransStatus::DecoupledChallenge),
        trans_status_reason: Some(TransStatusReason::DecoupledFallback),
        authentication_value: None,
        eci: None,
        ..rreq_in(Version::V2_3_1)
    }
}

#[test]
fn a_decoupled_authentication_waits_as_long_as_was_offered_and_its_grace() {
    for version in [Version::V2_2_0, Version::V2_3_1] {
        for channel in [DeviceChannel::Browser, DeviceChannel::RequestorInitiated] {
            let asked = offering(subject(version, channel), DecoupledRequestInd::Yes);
            let taken = asked
                .receive_answer(&body(&ares_decoupled(version)), NOW)
                .unwrap();
            let waiting = taken.step.transaction;
            assert_eq!(waiting.cardholder_info(), Some("Confirme en su app"));
            let limit = NOW + Duration::minutes(90) + Duration::seconds(3_630);
            assert_eq!(waiting.deadline(&Timers::default()), Some(limit));
            let at = NOW + Duration::minutes(89);
            let (step, rres) = waiting.receive_results(read(&rreq_in(version)), at).unwrap();
            assert_eq!(rres.results_status, ResultsStatus::Received);
            let result = step.transaction.outcome().unwrap().unwrap();
            assert_eq!((result.flow(), result.channel()), (Flow::Challenge, channel));
            assert_eq!(result.liability_shift(), channel == DeviceChannel::Browser);
        }
    }
}

#[test]
fn a_decoupled_authentication_whose_time_is_over_fails_and_a_late_result_is_only_noted() {
    let asked = offering(
        subject(Version::V2_2_0, DeviceChannel::Browser),
        DecoupledRequestInd::Yes,
    );
    let waiting = after(asked, []);
    let taken = waiting
        .receive_answer(&body(&ares_decoupled(Version::V2_2_0)), NOW)
        .unwrap();
    let over = after(taken.step.transaction, [News::DeadlinePassed]);
    assert_eq!(over.outcome(), Some(Err(Failure::TimeExpired)));
    let (step, rres) = over
        .receive_results(read(&rreq_in(Version::V2_2_0)), NOW)
        .unwrap();
    assert_eq!(
        (step.effect, rres.results_status),
        (Effect::Late, ResultsStatus::Received)
    );
}

#[test]
fn an_issuer_goes_on_decoupled_only_where_that_was_offered() {
    let browser = |version| subject(version, DeviceChannel::Browser);
    let not_offered = after(
        Transaction::start(browser(Version::V2_2_0), false),
        [asked(false)],
    );
    for refused in [
        not_offered,
        offering(browser(Version::V2_2_0), DecoupledRequestInd::No),
        offering(browser(Version::V2_3_1), DecoupledRequestInd::Fallback),
    ] {
        let version = refused.subject().version;
        let taken = refused
            .receive_answer(&body(&ares_decoupled(version)), NOW)
            .unwrap();
        assert_eq!(
            taken.step.transaction.outcome(),
            Some(Err(Failure::UnusableAnswer))
        );
        assert_eq!(taken.erro.unwrap().error_code, ErrorCode::FormatInvalid);
    }
}

fn challenged_in_2_3_1(indicator: DecoupledRequestInd) -> Transaction {
    let asked = offering(subject(Version::V2_3_1, DeviceChannel::Browser), indicator);
    let ares = in_version(testing::ares_challenge(), Version::V2_3_1);
    let taken = asked.receive_answer(&body(&ares), NOW).unwrap();
    after(taken.step.transaction, [News::ChallengeOpened])
}

#[test]
fn a_challenge_that_goes_on_decoupled_is_followed_by_another_authentication_within_a_minute() {
    for indicator in [DecoupledRequestInd::Fallback, DecoupledRequestInd::Both] {
        let waiting = challenged_in_2_3_1(indicator);
        let (step, rres) = waiting
            .receive_results(read(&rreq_decoupled_follows()), NOW)
            .unwrap();
        assert_eq!(
            (step.effect, rres.results_status),
            (Effect::Moved, ResultsStatus::DecoupledFollows)
        );
        assert!(rres_body(&rres).is_ok());
        let ended = step.transaction;
        assert_eq!(ended.outcome(), None);
        assert_eq!(
            ended.deadline(&Timers::default()),
            Some(NOW + Duration::seconds(60))
        );
        let Transaction::DecoupledFollows(state) = &ended else {
            panic!("{ended:?}")
        };
        let next = ThreeDsServerTransId(Uuid::from_u128(9));
        let subject = state.subject_of_next(next);
        assert_eq!(
            (subject.id, subject.channel, subject.version),
            (next, DeviceChannel::RequestorInitiated, Version::V2_3_1)
        );
        let prior = state.prior();
        let acs = testing::ares().acs_trans_id.to_string();
        assert_eq!(prior.three_ds_req_prior_ref.as_deref(), Some(acs.as_str()));
        assert_eq!(prior.three_ds_req_prior_auth_method.as_deref(), Some("02"));
        assert_eq!(
            prior.three_ds_req_prior_auth_timestamp.as_deref(),
            Some("202611220015")
        );
        let again = ended
            .clone()
            .receive_results(read(&rreq_decoupled_follows()), NOW)
            .unwrap_err();
        assert_eq!(again.code, ErrorCode::DuplicateMessage);
        let over = after(ended, [News::DeadlinePassed]);
        assert_eq!(over.outcome(), Some(Err(Failure::TimeExpired)));
    }
}

#[test]
fn a_challenge_goes_on_decoupled_only_where_that_was_offered() {
    let waiting = challenged_in_2_3_1(DecoupledRequestInd::Yes);
    let fault = waiting
        .receive_results(read(&rreq_decoupled_follows()), NOW)
        .unwrap_err();
    assert_eq!(
        (fault.code, fault.detail.as_str()),
        (ErrorCode::FormatInvalid, "transStatus")
    );
}

#[test]
fn in_2_3_1_a_repeated_rreq_is_312_and_one_without_a_challenge_313() {
    let (step, _) = challenged_in_2_3_1(DecoupledRequestInd::No)
        .receive_results(read(&rreq_in(Version::V2_3_1)), NOW)
        .unwrap();
    let again = step
        .transaction
        .receive_results(read(&rreq_in(Version::V2_3_1)), NOW);
    assert_eq!(again.unwrap_err().code, ErrorCode::DuplicateMessage);

    let asked = offering(
        subject(Version::V2_3_1, DeviceChannel::Browser),
        DecoupledRequestInd::No,
    );
    let ares = in_version(testing::ares(), Version::V2_3_1);
    let finished = asked.receive_answer(&body(&ares), NOW).unwrap().step.transaction;
    let unasked = finished.receive_results(read(&rreq_in(Version::V2_3_1)), NOW);
    assert_eq!(unasked.unwrap_err().code, ErrorCode::ResultsWithoutChallenge);
}

#[test]
fn nobody_is_challenged_who_is_not_there() {
    let asked = offering(
        subject(Version::V2_2_0, DeviceChannel::RequestorInitiated),
        DecoupledRequestInd::Yes,
    );
    let taken = asked
        .receive_answer(&body(&testing::ares_challenge()), NOW)
        .unwrap();
    assert_eq!(
        taken.step.transaction.outcome(),
        Some(Err(Failure::UnusableAnswer))
    );
    assert_eq!(taken.erro.unwrap().error_code, ErrorCode::FormatInvalid);
    assert_eq!(ThreeRiInd::DecoupledFallback.as_str(), "19");
}

#[test]
fn what_was_asked_for_data_only_says_so_and_shifts_no_liability() {
    let visa = Subject::browser_payment(testing::transaction_id(), Brand::Visa, Version::V2_2_0);
    let mastercard = Subject {
        brand: Brand::Mastercard,
        category: MessageCategory::parse("80").unwrap(),
        ..visa
    };
    let wish = ChallengeInds::of(&[RequestorChallengeInd::NoChallengeDataOnly]);
    for (subject, challenge_inds) in [(visa, wish), (mastercard, ChallengeInds::NONE)] {
        let asked = Asked {
            challenge_inds,
            message_category: subject.category,
            ..Asked::plainly(subject.version, subject.id)
        };
        let news = News::Asked {
            asked,
            decoupled_minutes: None,
            through_page: false,
        };
        let waiting = after(Transaction::start(subject, false), [news]);
        for status in [TransStatus::InformationOnly, TransStatus::Authenticated] {
            let ares = ARes {
                trans_status: Some(status),
                ..testing::ares()
            };
            let taken = waiting.clone().receive_answer(&body(&ares), NOW).unwrap();
            let result = taken.step.transaction.outcome().unwrap().unwrap().clone();
            assert!(result.data_only() && !result.liability_shift());
            assert_eq!(result.category(), subject.category);
        }
    }
    // Nobody asked for it: an answer for information only is none.
    let ares = ARes {
        trans_status: Some(TransStatus::InformationOnly),
        ..testing::ares()
    };
    let taken = awaiting_ares().receive_answer(&body(&ares), NOW).unwrap();
    assert_eq!(
        taken.step.transaction.outcome(),
        Some(Err(Failure::UnusableAnswer))
    );
}

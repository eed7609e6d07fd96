use super::super::decision::{Challenge, Circumstances};
use super::*;
use emv3ds::code::{AuthenticationType, MessageCategory};
use emv3ds::{AcsTransId, AuthenticationValue, DsTransId, ThreeDsServerTransId, Version};
use primitives::Brand;
use uuid::Uuid;

fn session(credential: Credential, course: Course) -> Session {
    session_by(Way::Challenge(Challenge { credential, course }))
}

fn session_by(way: Way) -> Session {
    Session::new(Facts {
        version: Version::V2_2_0,
        category: MessageCategory::Payment,
        three_ds_server_trans_id: ThreeDsServerTransId(Uuid::from_u128(1)),
        ds_trans_id: DsTransId(Uuid::from_u128(2)),
        acs_trans_id: AcsTransId(Uuid::from_u128(3)),
        circumstances: Circumstances {
            brand: Brand::Visa,
            non_payment: false,
            requestor_initiated: false,
        },
        way,
        decoupled_follows: None,
        faults: Vec::new(),
        proof: AuthenticationValue::parse("AAABBBCCCDDDEEEFFFGGGHHHIII="),
        phone: "+525500000001".into(),
        last_four: "1059".into(),
        merchant: "Tienda".into(),
        amount: "MXN 10.00".into(),
        three_ds_server_url: "http://127.0.0.1:1/results".into(),
        notification_url: "http://127.0.0.1:1/back".into(),
    })
}

fn open(session: &Session) -> Code {
    match session.open("creq", Some("data")).unwrap() {
        Opening::First(code) => code.unwrap_or(Code(String::new())),
        Opening::Again => panic!("opened before"),
    }
}

fn wrong(code: &Code) -> String {
    if code.reveal() == "000000" {
        "000001".into()
    } else {
        "000000".into()
    }
}

#[test]
fn the_right_code_authenticates_with_the_proof() {
    let session = session(Credential::OneTimeCode, Course::Judged);
    let code = open(&session);
    assert_eq!(code.reveal().len(), 6);
    assert_eq!(
        session.answer(&wrong(&code)),
        Answered::Wrong { attempts_left: 2 }
    );
    assert_eq!(session.answer(&format!(" {} ", code.reveal())), Answered::Ended);
    let outcome = session.outcome().unwrap();
    let rreq = session.rreq(&outcome);
    assert_eq!(rreq.trans_status, Some(TransStatus::Authenticated));
    assert!(rreq.authentication_value.is_some());
    assert_eq!(rreq.interaction_counter.as_deref(), Some("02"));
    assert_eq!(session.cres(&outcome).trans_status, TransStatus::Authenticated);
    assert_eq!(session.session_data().as_deref(), Some("data"));
}

#[test]
fn three_wrong_codes_lose_the_challenge_with_reason_19() {
    let session = session(Credential::OneTimeCode, Course::Judged);
    let code = open(&session);
    for attempts_left in [2, 1] {
        assert_eq!(session.answer(&wrong(&code)), Answered::Wrong { attempts_left });
    }
    assert_eq!(session.answer(&wrong(&code)), Answered::Ended);
    assert_eq!(session.answer(code.reveal()), Answered::Ended, "too late");
    let rreq = session.rreq(&session.outcome().unwrap());
    assert_eq!(rreq.trans_status, Some(TransStatus::NotAuthenticated));
    assert_eq!(
        rreq.trans_status_reason,
        Some(TransStatusReason::ExceedsMaximumChallenges)
    );
    assert_eq!((rreq.authentication_value, rreq.challenge_cancel), (None, None));
}

#[test]
fn another_code_voids_the_first() {
    let session = session(Credential::OneTimeCode, Course::Judged);
    let first = open(&session);
    let Resent::Code(second) = session.resend() else {
        panic!("refused")
    };
    if first.reveal() != second.reveal() {
        assert_eq!(
            session.answer(first.reveal()),
            Answered::Wrong { attempts_left: 2 }
        );
    }
    assert_eq!(session.answer(second.reveal()), Answered::Ended);
    assert!(matches!(session.resend(), Resent::Ended));
}

#[test]
fn a_static_password_is_typed_where_there_is_no_code() {
    let session = session(Credential::StaticPassword, Course::Judged);
    assert!(matches!(session.open("creq", None), Ok(Opening::First(None))));
    assert!(matches!(session.resend(), Resent::Refused));
    assert_eq!(session.answer("11111"), Answered::Ended);
    let rreq = session.rreq(&session.outcome().unwrap());
    assert_eq!(rreq.trans_status, Some(TransStatus::Authenticated));
    assert_eq!(rreq.authentication_type, Some(AuthenticationType::Static));
}

#[test]
fn a_refresh_shows_the_page_again_and_anything_else_conflicts() {
    let session = session(Credential::OneTimeCode, Course::Judged);
    let code = open(&session);
    assert!(matches!(session.open("creq", Some("data")), Ok(Opening::Again)));
    assert_eq!(session.open("creq", None).unwrap_err(), NotOpened::Conflicting);
    assert_eq!(
        session.open("other", Some("data")).unwrap_err(),
        NotOpened::Conflicting
    );
    session.answer(code.reveal());
    assert_eq!(
        session.open("creq", Some("data")).unwrap_err(),
        NotOpened::AfterResult
    );
}

#[test]
fn time_outs_and_cancellation_say_which_they_are() {
    let never_opened = session(Credential::OneTimeCode, Course::Judged);
    never_opened.time_out();
    assert_eq!(never_opened.open("creq", None).unwrap_err(), NotOpened::TooLate);
    let never_answered = session(Credential::OneTimeCode, Course::Judged);
    open(&never_answered);
    never_answered.time_out();
    let given_up = session(Credential::OneTimeCode, Course::Judged);
    assert!(!given_up.cancel(), "no page yet");
    open(&given_up);
    assert!(given_up.cancel());
    given_up.time_out();
    for (session, reason, cancel) in [
        (
            &never_opened,
            TransStatusReason::TimedOutAtAcs,
            ChallengeCancel::FirstCreqNotReceived,
        ),
        (
            &never_answered,
            TransStatusReason::TimedOutAtAcs,
            ChallengeCancel::TimedOutAtAcs,
        ),
        (
            &given_up,
            TransStatusReason::CardAuthenticationFailed,
            ChallengeCancel::Cardholder,
        ),
    ] {
        let rreq = session.rreq(&session.outcome().unwrap());
        assert_eq!(rreq.trans_status, Some(TransStatus::NotAuthenticated));
        assert_eq!(
            (rreq.trans_status_reason, rreq.challenge_cancel),
            (Some(reason), Some(cancel))
        );
    }
}

#[test]
fn a_challenge_that_is_never_judged_ends_unavailable() {
    let session = session(Credential::OneTimeCode, Course::NeverJudged);
    let code = open(&session);
    assert_eq!(session.answer(code.reveal()), Answered::Ended);
    let outcome = session.outcome().unwrap();
    assert_eq!(
        session.rreq(&outcome).trans_status,
        Some(TransStatus::Unavailable)
    );
    assert_eq!(session.cres(&outcome).trans_status, TransStatus::NotAuthenticated);
}

#[test]
fn codes_do_not_show_in_debug() {
    let session = session(Credential::OneTimeCode, Course::Judged);
    let code = open(&session);
    assert!(!format!("{session:?}{code:?}").contains(code.reveal()));
}

#[test]
fn the_app_is_asked_first_and_a_code_is_sent_when_it_stays_silent() {
    let session = session(Credential::BankApp, Course::Judged);
    open(&session);
    assert!(session.asks_the_app().is_some());
    assert_eq!(session.answer("123456"), Answered::StillWaiting);
    let code = session.fall_back_to_code().unwrap();
    assert!(session.fall_back_to_code().is_none(), "once");
    assert!(!session.answer_in_app(true), "its turn has passed");
    assert_eq!(session.answer(code.reveal()), Answered::Ended);
    let rreq = session.rreq(&session.outcome().unwrap());
    assert_eq!(rreq.authentication_type, Some(AuthenticationType::Dynamic));
    assert_eq!(rreq.trans_status, Some(TransStatus::Authenticated));
}

#[test]
fn the_app_approves_or_denies() {
    for (approved, status) in [
        (true, TransStatus::Authenticated),
        (false, TransStatus::NotAuthenticated),
    ] {
        let session = session(Credential::BankApp, Course::Judged);
        assert!(!session.answer_in_app(approved), "not before the page is shown");
        open(&session);
        assert!(session.answer_in_app(approved));
        let rreq = session.rreq(&session.outcome().unwrap());
        assert_eq!(rreq.trans_status, Some(status));
        assert_eq!(rreq.authentication_type, Some(AuthenticationType::OutOfBand));
        assert_eq!(rreq.interaction_counter.as_deref(), Some("01"));
    }
}

#[test]
fn a_decoupled_authentication_is_the_app_s_alone() {
    let session = session_by(Way::Decoupled);
    assert_eq!(session.open("creq", None).unwrap_err(), NotOpened::Conflicting);
    assert_eq!(session.answer("123456"), Answered::NotOpen);
    assert!(session.answer_in_app(true));
    let rreq = session.rreq(&session.outcome().unwrap());
    assert_eq!(rreq.authentication_type, Some(AuthenticationType::Decoupled));
    assert_eq!(rreq.interaction_counter, None);

    let forgotten = session_by(Way::Decoupled);
    forgotten.time_out();
    let rreq = forgotten.rreq(&forgotten.outcome().unwrap());
    assert_eq!(rreq.trans_status, Some(TransStatus::Unavailable));
    assert_eq!(
        rreq.trans_status_reason,
        Some(TransStatusReason::DecoupledTimeExceeded)
    );
    assert_eq!(rreq.challenge_cancel, Some(ChallengeCancel::DecoupledTimedOut));
}

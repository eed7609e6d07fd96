//! Replies that do not belong to their requests.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use emv3ds::{
    AcsTransId, DsTransId, Rules, ThreeDsServerTransId, Version,
    code::{Component, DecoupledRequestInd, RequestorChallengeInd, ResultsStatus, TransStatus, YesNo},
    message::{
        AReq, ARes, Asked, CRes, ChallengeInds, Challenged, PReq, PRes, RReq, RRes, Received, WireMessage,
    },
};
use uuid::Uuid;

fn sample<M: WireMessage>(receiver: Component, text: &str) -> M {
    let rules = Rules::received_by(receiver, &Version::ALL);
    match rules.read_as::<M>(text.as_bytes()).unwrap() {
        Received::Message(message) => message,
        Received::Erro(_) => panic!("not an Erro"),
    }
}

fn areq() -> AReq {
    sample(Component::DirectoryServer, include_str!("../testdata/areq.json"))
}

fn ares() -> ARes {
    sample(Component::Server, include_str!("../testdata/ares.json"))
}

fn rreq() -> RReq {
    sample(Component::Server, include_str!("../testdata/rreq.json"))
}

#[test]
fn an_ares_repeats_the_transaction_and_the_version() {
    let asked = Asked::from(&areq());
    assert_eq!(ares().answers(&asked), Ok(()));
    let stranger = ARes {
        three_ds_server_trans_id: ThreeDsServerTransId(Uuid::nil()),
        ..ares()
    };
    assert_eq!(stranger.answers(&asked).unwrap_err().code.number(), 301);
    let older = ARes {
        message_version: Version::V2_1_0,
        ..ares()
    };
    let fault = older.answers(&asked).unwrap_err();
    assert_eq!(
        (fault.code.number(), fault.detail.as_str()),
        (203, "messageVersion")
    );
}

#[test]
fn an_ares_has_no_status_that_the_request_ruled_out() {
    let asked = Asked::from(&areq());
    let challenge = ARes {
        trans_status: Some(TransStatus::ChallengeRequired),
        ..ares()
    };
    assert!(challenge.answers(&asked).is_ok());
    let data_only = Asked {
        challenge_inds: ChallengeInds::of(&[RequestorChallengeInd::NoChallengeDataOnly]),
        ..asked
    };
    assert_eq!(challenge.answers(&data_only).unwrap_err().detail, "transStatus");

    let decoupled = ARes {
        trans_status: Some(TransStatus::DecoupledChallenge),
        ..ares()
    };
    assert_eq!(decoupled.answers(&asked).unwrap_err().detail, "transStatus");
    let allowed = Asked {
        dec_req_ind: Some(DecoupledRequestInd::Yes),
        ..asked
    };
    assert_eq!(decoupled.answers(&allowed).unwrap_err().detail, "acsDecConInd");
    let confirmed = ARes {
        acs_dec_con_ind: Some(YesNo::Yes),
        ..decoupled
    };
    assert!(confirmed.answers(&allowed).is_ok());
}

#[test]
fn an_rreq_matches_all_three_identifiers_and_the_version() {
    let challenged = Challenged::by(&ares(), &Asked::from(&areq()));
    assert_eq!(rreq().concludes(&challenged), Ok(()));
    let nil = Uuid::nil();
    for other in [
        RReq {
            three_ds_server_trans_id: ThreeDsServerTransId(nil),
            ..rreq()
        },
        RReq {
            acs_trans_id: AcsTransId(nil),
            ..rreq()
        },
        RReq {
            ds_trans_id: DsTransId(nil),
            ..rreq()
        },
    ] {
        assert_eq!(other.concludes(&challenged).unwrap_err().code.number(), 301);
    }
    let older = RReq {
        message_version: Version::V2_1_0,
        ..rreq()
    };
    assert_eq!(older.concludes(&challenged).unwrap_err().code.number(), 203);
}

#[test]
fn an_rres_is_the_receipt_of_one_rreq() {
    let rres = RRes::to(&rreq(), ResultsStatus::Received);
    assert_eq!(rres.answers(&rreq()), Ok(()));
    let other = RReq {
        ds_trans_id: DsTransId(Uuid::nil()),
        ..rreq()
    };
    assert_eq!(rres.answers(&other).unwrap_err().code.number(), 301);
    let older = RReq {
        message_version: Version::V2_1_0,
        ..rreq()
    };
    assert_eq!(rres.answers(&older).unwrap_err().code.number(), 203);
}

#[test]
fn a_pres_answers_one_preq() {
    let preq: PReq = sample(Component::DirectoryServer, include_str!("../testdata/preq.json"));
    let pres: PRes = sample(Component::Server, include_str!("../testdata/pres.json"));
    assert_eq!(pres.answers(&preq), Ok(()));
    let other = PReq {
        three_ds_server_trans_id: ThreeDsServerTransId(Uuid::nil()),
        ..preq
    };
    assert_eq!(pres.answers(&other).unwrap_err().code.number(), 301);
}

#[test]
fn a_cres_is_about_one_transaction() {
    let cres: CRes = sample(Component::Sdk, include_str!("../testdata/cres.json"));
    let challenged = Challenged::by(&ares(), &Asked::from(&areq()));
    assert!(cres.is_about(&challenged));
    assert!(!cres.is_about(&Challenged {
        acs_trans_id: AcsTransId(Uuid::nil()),
        ..challenged
    }));
}

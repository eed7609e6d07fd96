//! Orders in every state, for the tests of the rules.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::{AuthenticationPlan, Limits, News, Purchased, Step, decide};
use crate::{
    connection::OnDoubt,
    order::{Callbacks, NewOrder, Numbering, Order},
    payment::{CardFacts, Decoupled, Terms},
    purchase::{Market, PurchaseApi},
    routing::Route,
    settlement::Offers,
    three_ds::{NewAuthentication, ThreeDs},
};
use acquiring::{Advice, Approval, AuthorizationAnswer, ChargeKind, Decline, Initiator, Reason, Shopper};
use mpi::{AuthenticationResult, Transaction, transaction::News as RunNews};
use primitives::{Amount, Brand, Currency, Id, Moment, id::kind};
use serde_json::Map;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

pub const START: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

/// A moment so many seconds after the start; its nonce is told by the number.
pub fn at(seconds: i64) -> Moment {
    Moment::new(
        START + Duration::seconds(seconds),
        Uuid::from_u128(1_000 + u128::try_from(seconds).unwrap()),
    )
}

pub fn mxn(minor: i64) -> Amount {
    Amount::new(minor, Currency::MXN).unwrap()
}

pub fn new_order() -> Order {
    let new = NewOrder {
        reference: Some("shop-1".into()),
        numbering: Numbering::Merchant,
        order_type: "DEUNA_NOW".into(),
        amount: mxn(10_000),
        store_code: "all".into(),
        details: Map::new(),
        notify_url: None,
        callbacks: Callbacks::default(),
        payer_email: None,
    };
    Order::open(
        Id::from_uuid(Uuid::from_u128(1)),
        Id::from_uuid(Uuid::from_u128(2)),
        new,
        START,
    )
}

pub fn route(number: u128) -> Route {
    Route {
        connection: Id::from_uuid(Uuid::from_u128(100 + number)),
        processor: format!("processor_{number}"),
        charge: ChargeKind::Sale,
        authenticates: true,
        on_attempted: OnDoubt::Reject,
        on_unavailable: OnDoubt::Reject,
        takes_external_authentication: true,
        three_ds: ThreeDs::default(),
        claims: None,
        needs_security_code: false,
        offers: Offers::default(),
        inquiry_visible_after_seconds: 90,
        inquiry_final_after_seconds: 1_800,
        lost_charge: acquiring::Recovery::Inquire,
        reversals: false,
        reuse: crate::connection::ReusePolicy::Allow,
        charges_after_failed_authentication: false,
    }
}

pub fn purchase(plan: AuthenticationPlan, routes: Vec<Route>) -> News {
    News::Purchased(Box::new(Purchased {
        payment: Id::from_uuid(Uuid::from_u128(3)),
        terms: Terms {
            api: PurchaseApi::V2,
            method_type: "credit_card".into(),
            shopper: Shopper::default(),
            billing: None,
            shipping: None,
            installments: 1,
            initiator: Initiator::Customer,
            market: Market::Ecommerce,
            three_ds: ThreeDs::default(),
            browser: None,
            callbacks: Callbacks::default(),
            device_id: None,
            session_id: None,
            metadata: None,
            language: None,
            stored_credential: None,
            prior_authentication: None,
        },
        card: CardFacts {
            brand: Brand::Visa,
            first_six: "400000".into(),
            last_four: "1000".into(),
            holder: "Ana".into(),
            issuer_bank: None,
            issuer_country: None,
        },
        routes,
        plan,
        page_token: "01JDEADBEEFDEADBEEFDEADBEE".into(),
        attempts_allowed: None,
    }))
}

/// Decides, and insists that something comes of it.
pub fn step(order: Order, news: News, moment: Moment) -> Step {
    decide(&Limits::default(), order, news, moment).unwrap().unwrap()
}

/// Decides step by step from a new order.
pub fn after(steps: Vec<(News, i64)>) -> Order {
    steps.into_iter().fold(new_order(), |order, (news, seconds)| {
        step(order, news, at(seconds)).order
    })
}

/// The attempt that a step at that second makes.
pub fn attempt(seconds: i64) -> Id<kind::Attempt> {
    at(seconds).fresh_id()
}

pub fn approval() -> Approval {
    Approval {
        processor_reference: "ticket-1".into(),
        approval_code: Some("123456".into()),
        response_code: Some("00".into()),
        amount: mxn(10_000),
        network_transaction_id: None,
        issuer_bank: None,
        issuer_country: None,
    }
}

pub fn decline(reason: Reason, advice: Advice) -> Decline {
    Decline {
        reason,
        advice,
        raw_code: Some("05".into()),
        raw_message: None,
        network_advice: None,
        processor_reference: None,
        leaves_hold: false,
    }
}

pub fn approved(seconds: i64) -> News {
    News::Answered {
        attempt: attempt(seconds),
        answer: AuthorizationAnswer::Approved(approval()),
        means: None,
    }
}

/// The issuer declines for want of an authentication, and the means for one are at hand.
pub fn wants_authentication(seconds: i64, needs_page: bool) -> News {
    let decline = decline(Reason::AuthenticationRequired, Advice::Reauthenticate);
    News::Answered {
        attempt: attempt(seconds),
        answer: AuthorizationAnswer::Declined(decline),
        means: Some(NewAuthentication {
            route: 0,
            needs_page,
            page_token: "01JDEADBEEFDEADBEEFDEADBEF".into(),
        }),
    }
}

/// The run that the step at that second began ended so.
pub fn ended(seconds: i64, outcome: super::AuthenticationOutcome) -> News {
    News::AuthenticationEnded {
        authentication: Id::from_uuid(at(seconds).nonce),
        outcome,
        cardholder_info: None,
    }
}

/// The issuer takes the run that began at that second out of the browser, for five minutes.
pub fn decoupled(seconds: i64) -> News {
    let until = at(seconds).now + Duration::minutes(5);
    News::DecoupledAgreed {
        authentication: Id::from_uuid(at(seconds).nonce),
        agreed: Decoupled {
            until,
            expires_at: until + Duration::minutes(1),
            cardholder_info: Some("Open your bank's app".into()),
        },
    }
}

pub fn declined(seconds: i64, advice: Advice) -> News {
    let answer = AuthorizationAnswer::Declined(decline(Reason::GenericDecline, advice));
    News::Answered {
        attempt: attempt(seconds),
        answer,
        means: None,
    }
}

/// A result as the MPI makes it: from an ARes that answers a run's AReq.
pub fn result(status: &str, eci: &str) -> AuthenticationResult {
    let id = emv3ds::ThreeDsServerTransId(Uuid::from_u128(7));
    let subject = mpi::Subject::browser_payment(id, Brand::Visa, emv3ds::Version::V2_2_0);
    let run = Transaction::start(subject, false);
    // Risk analysed: an answer for information only is allowed as well.
    let wishes = [emv3ds::code::RequestorChallengeInd::NoChallengeRiskAnalysed];
    let asked = emv3ds::message::Asked {
        challenge_inds: emv3ds::message::ChallengeInds::of(&wishes),
        ..emv3ds::message::Asked::plainly(emv3ds::Version::V2_2_0, id)
    };
    let run = run
        .apply(
            RunNews::Asked {
                asked,
                decoupled_minutes: None,
                through_page: false,
            },
            START,
        )
        .unwrap()
        .transaction;
    let mut ares = serde_json::json!({
        "messageType": "ARes", "messageVersion": "2.2.0", "threeDSServerTransID": id, "eci": eci,
        "dsTransID": Uuid::from_u128(8), "acsTransID": Uuid::from_u128(9), "acsReferenceNumber": "ACS",
        "dsReferenceNumber": "DS", "transStatus": status,
    });
    match status {
        "Y" | "A" => ares["authenticationValue"] = "AJkBBkhgQQAAAE4gSEJydQAAAAA=".into(),
        _ => ares["transStatusReason"] = "01".into(),
    }
    let taken = run.receive_answer(ares.to_string().as_bytes(), START).unwrap();
    assert!(taken.fault.is_none(), "{:?}", taken.fault);
    taken.step.transaction.outcome().unwrap().unwrap().clone()
}

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use super::*;
use crate::{
    Failure, Flow, Prepared, Subject, Transaction, challenge,
    request::{Browser, Merchant, PostalAddress, ServerIdentity},
    result::AuthenticationResult,
    transaction::{Challenge, Effect, News},
};
use emv3ds::{
    ThreeDsServerTransId, Version,
    code::{
        ChallengeWindowSize, CompletionIndicator, DeviceChannel, MessageCategory, RequestorAuthenticationInd,
        TransStatus,
    },
};
use primitives::{Amount, Brand, Country, Currency, Email, ExpiryDate, HttpRequest, Moment, Pan, Reply};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

mod answers;
mod questions;

const NOW: OffsetDateTime = datetime!(2026-11-22 00:15 UTC);
const ID: &str = "00000000-0000-0000-0000-000000000001";

fn moment() -> Moment {
    Moment::new(NOW, Uuid::from_u128(9))
}

fn transaction_id() -> ThreeDsServerTransId {
    crate::testing::transaction_id()
}

fn server() -> RemoteServer {
    RemoteServer {
        name: "certified".into(),
        base_url: "https://tds.example/3ds-server/".parse().unwrap(),
        merchant_id: "shop-1".into(),
        merchant_key: Secret::new("0123456789abcdef".into()),
        signing_key: None,
    }
}

fn pan() -> Pan {
    Pan::parse("4000000000001000").unwrap()
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

/// The reply whose body is that file of the test data.
fn documented(name: &str) -> Reply {
    Reply {
        status: 200,
        headers: Vec::new(),
        body: fs::read(path(name)).unwrap(),
    }
}

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "testdata", "remote", name]
        .iter()
        .collect()
}

/// The request of an authentication with everything that orders have to say.
fn prepared_with(
    version: Version,
    holder: &str,
    browser: &Browser,
    decoupled_minutes: Option<u16>,
) -> Prepared {
    let email = Email::parse("ana@tienda.example").unwrap();
    let identity = ServerIdentity {
        reference_number: "3DS_LOA_SER_PASA_020200_00001".into(),
        operator_id: None,
        results_url: "https://mpi.example/results".into(),
    };
    let merchant = Merchant {
        requestor_id: "requestor-1".into(),
        requestor_name: "Tienda de Prueba".into(),
        url: "https://tienda.example".into(),
        acquirer_bin: "400551".into(),
        acquirer_merchant_id: "9876543210001".into(),
        name: "Tienda de Prueba".into(),
        mcc: "5411".into(),
        country: Country::parse("MX").unwrap(),
    };
    let address = PostalAddress {
        line1: Some("Calle Uno 1"),
        city: Some("Ciudad de México"),
        state: Some("CMX"),
        post_code: Some("01000"),
        country: Country::parse("MX").ok(),
        ..PostalAddress::default()
    };
    prepare(&crate::AuthenticationRequest {
        id: transaction_id(),
        version,
        channel: crate::request::Channel::Browser {
            completion: CompletionIndicator::Completed,
            notification_url: "https://pay.example/challenge",
            browser,
        },
        category: MessageCategory::Payment,
        authentication_ind: RequestorAuthenticationInd::Payment,
        server: &identity,
        merchant: &merchant,
        agreement: None,
        amount: Amount::new(12_300, Currency::MXN).unwrap(),
        at: NOW,
        pan: &pan(),
        expiry: ExpiryDate::parse("12", "29").ok(),
        holder: Some(holder),
        email: Some(&email),
        phone: Some("+52 55 1234 5678"),
        billing: Some(address),
        shipping: Some(address),
        challenge: &[],
        decoupled_minutes,
        authentication_info: None,
        prior: None,
        account_info: None,
        risk: None,
        extensions: &[],
    })
    .unwrap()
}

fn browser() -> Browser {
    Browser {
        accept_header: Some("text/html".into()),
        user_agent: Some("Mozilla/5.0".into()),
        ip_address: Some("203.0.113.7".into()),
        language: Some("es-MX".into()),
        color_depth: Some(30),
        screen_height: Some(1080),
        screen_width: Some(1920),
        time_zone: Some(360),
        java_enabled: Some(false),
        javascript_enabled: Some(true),
    }
}

fn prepared() -> Prepared {
    prepared_with(Version::V2_2_0, "Ana Prueba", &browser(), None)
}

/// A transaction whose authentication is on its way to the remote server.
fn awaiting(prepared: &Prepared) -> Transaction {
    let subject = Subject {
        id: transaction_id(),
        brand: Brand::Visa,
        version: Version::V2_2_0,
        channel: DeviceChannel::Browser,
        category: MessageCategory::Payment,
    };
    Transaction::start(subject, false)
        .apply(News::asked(prepared, true), NOW)
        .unwrap()
        .transaction
}

fn answered(transaction: Transaction, reply: &Reply) -> Taken {
    let exchange = authenticate(&server(), transaction_id(), &prepared());
    let answer = exchange.read(reply).unwrap();
    transaction
        .receive_remote_answer(&answer, "certified", NOW)
        .unwrap()
}

fn reported(transaction: Transaction, reply: &Reply) -> Taken {
    let report = report(&server(), transaction_id()).read(reply).unwrap();
    transaction
        .receive_remote_report(&report, "certified", NOW)
        .unwrap()
}

fn result_of(transaction: &Transaction) -> AuthenticationResult {
    transaction.outcome().unwrap().unwrap().clone()
}

fn failure_of(transaction: &Transaction) -> Failure {
    transaction.outcome().unwrap().unwrap_err()
}

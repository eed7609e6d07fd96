//! What only Cybersource has: two proofs of who asks, codes that are used once, and reversals by a transaction id.

use std::collections::BTreeMap;

use acquiring::conformance::wire::Wire;
use acquiring::{
    Account, Authorization, AuthorizationAnswer, ChargeKind, Credentials, Initiator, Inquiry, InquiryAnswer,
    Processor, Reason, Reversal, ReversalAnswer, Shopper,
};
use primitives::{Amount, Card, Currency, ExpiryDate, HttpRequest, Moment, Pan, Secret, SecurityCode};
use processors::cybersource::Cybersource;
use sandbox::ledger::Operation;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Http, VISIBLE_AFTER, account, sandbox};

fn order(kind: ChargeKind, minor: i64) -> Authorization {
    Authorization {
        kind,
        reference: Uuid::now_v7().simple().to_string(),
        order_id: "order-4711".into(),
        amount: Amount::new(minor, Currency::MXN).unwrap(),
        card: Card {
            pan: Pan::parse("4000000000001000").unwrap(),
            expiry: ExpiryDate::parse("11", "39").unwrap(),
            security_code: Some(SecurityCode::parse("737").unwrap()),
            holder: "ANA PEREZ".into(),
        },
        authentication: None,
        exemption: None,
        accept_no_liability_shift: true,
        installments: 1,
        initiator: Initiator::Customer,
        stored_credential: None,
        shopper: Shopper::default(),
        billing: None,
        shipping: None,
        return_url: "https://shop.example/return".into(),
    }
}

/// The account with another setting.
fn with(account: &Account, name: &str, value: &str) -> Account {
    let credentials = &account.credentials;
    let mut values: BTreeMap<String, Secret<String>> = credentials
        .names()
        .map(|known| {
            let value = credentials.get(known).unwrap().to_owned();
            (known.to_owned(), Secret::new(value))
        })
        .collect();
    values.insert(name.to_owned(), Secret::new(value.to_owned()));
    Account {
        credentials: Credentials::new(values),
        ..account.clone()
    }
}

fn request(account: &Account, moment: Moment) -> HttpRequest {
    let order = order(ChargeKind::Sale, 10_000);
    Cybersource.authorize(account, &order, moment).unwrap().request
}

async fn status(http: &Http, request: HttpRequest) -> u16 {
    http.send(request).await.unwrap().status
}

async fn charged(http: &Http, account: &Account, order: &Authorization) -> Option<AuthorizationAnswer> {
    let exchange = Cybersource.authorize(account, order, http.moment()).unwrap();
    let (request, read) = exchange.split();
    let reply = http.send(request).await?;
    read(&reply).ok()
}

async fn found(http: &Http, account: &Account, order: &Authorization) -> InquiryAnswer {
    http.wait(VISIBLE_AFTER).await;
    let inquiry = Inquiry {
        reference: order.reference.clone(),
        processor_reference: None,
        order_id: order.order_id.clone(),
        amount: order.amount,
        kind: order.kind,
        sent_at: OffsetDateTime::now_utc(),
    };
    let exchange = Cybersource.inquire(account, &inquiry, http.moment()).unwrap();
    let (request, read) = exchange.split();
    read(&http.send(request).await.unwrap()).unwrap()
}

#[tokio::test]
async fn both_proofs_are_taken_and_neither_for_another_request() {
    let sandbox = sandbox().await;
    let http = Http::new(&sandbox);
    let account = account(&sandbox, &Cybersource);
    for scheme in ["jwt", "http_signature"] {
        let account = with(&account, "authentication", scheme);
        assert_eq!(
            status(&http, request(&account, http.moment())).await,
            201,
            "{scheme}"
        );

        let mut changed = request(&account, http.moment());
        let body = String::from_utf8(changed.body.reveal().clone()).unwrap();
        changed.body = Secret::new(body.replace("100.00", "900.00").into_bytes());
        assert_eq!(status(&http, changed).await, 401, "{scheme}: another body");

        let mut elsewhere = request(&account, http.moment());
        let path = elsewhere.url.path().replace("/payments", "/voids");
        elsewhere.url.set_path(&path);
        assert_eq!(status(&http, elsewhere).await, 401, "{scheme}: another path");

        let mut unsigned = request(&account, http.moment());
        unsigned
            .headers
            .retain(|(name, _)| !matches!(*name, "authorization" | "signature"));
        assert_eq!(status(&http, unsigned).await, 401, "{scheme}: no proof");

        let an_hour_ago = OffsetDateTime::now_utc() - time::Duration::HOUR;
        let stale = request(&account, Moment::new(an_hour_ago, Uuid::now_v7()));
        assert_eq!(status(&http, stale).await, 401, "{scheme}: stale");

        let forged = with(
            &account,
            "shared_secret",
            "P6ZCIb+M9+nz9c9Yl+8F95+sjycEPqoWqF7Gq7HQXoU=",
        );
        let forged = request(&forged, http.moment());
        assert_eq!(status(&http, forged).await, 401, "{scheme}: another secret");
    }
}

#[tokio::test]
async fn a_code_is_charged_once_and_its_repeat_leaves_the_outcome_open() {
    let sandbox = sandbox().await;
    let http = Http::new(&sandbox);
    let account = account(&sandbox, &Cybersource);
    let order = order(ChargeKind::Sale, 10_000);
    let first = charged(&http, &account, &order).await;
    assert!(
        matches!(first, Some(AuthorizationAnswer::Approved(_))),
        "{first:?}"
    );
    assert_eq!(charged(&http, &account, &order).await, None);
    let entries = sandbox.processors.ledger.of_reference(&order.reference);
    assert_eq!(entries.iter().filter(|entry| entry.approved).count(), 1);
    let answer = found(&http, &account, &order).await;
    assert!(matches!(answer, InquiryAnswer::Approved(_)), "{answer:?}");
}

#[tokio::test]
async fn a_lost_charge_is_taken_back_once_and_for_all_by_its_transaction_id() {
    let sandbox = sandbox().await;
    let http = Http::new(&sandbox);
    let account = account(&sandbox, &Cybersource);
    for kind in [ChargeKind::Sale, ChargeKind::Authorization] {
        // Charged, and never answered.
        let order = order(kind, 10_068);
        assert_eq!(charged(&http, &account, &order).await, None);
        let reversal = Reversal {
            charge_reference: order.reference.clone(),
            reference: Uuid::now_v7().simple().to_string(),
            order_id: order.order_id.clone(),
            kind,
            amount: order.amount,
            sent_at: OffsetDateTime::now_utc(),
        };
        for _ in 0..2 {
            let exchange = Cybersource.reverse(&account, &reversal, http.moment()).unwrap();
            let (request, read) = exchange.split();
            let answer = read(&http.send(request).await.unwrap());
            assert_eq!(answer, Ok(ReversalAnswer::Reversed), "{kind:?}");
        }
        let entries = sandbox.processors.ledger.of_reference(&order.reference);
        let reversals = entries
            .iter()
            .filter(|entry| entry.operation == Operation::Reversal && entry.approved);
        assert_eq!(reversals.count(), 1, "{kind:?}");
        let answer = found(&http, &account, &order).await;
        assert!(
            matches!(&answer, InquiryAnswer::Declined(decline) if decline.reason == Reason::Cancelled),
            "{answer:?}"
        );
    }
}

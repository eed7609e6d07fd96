//! AReqs over a real database.

use emv3ds::AcsTransId;
use primitives::Brand;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::flows::challenge::testing::{Bank, issuer};
use crate::identifiers::{CardId, ConsumerId};
use crate::policy::Policy;
use crate::registration::card::CardBody;
use crate::registration::cardholder::CardholderBody;
use crate::registration::members::Members;
use crate::store::limits;
use crate::store::products::{self, CardRange, Product, ProductWritten};
use crate::store::transactions::{self, Transaction};
use emv3ds::message::RangeBound;

/// The card of the tests, one that is registered and one that is not.
const CARD: &str = "4000000000001059";
const STRANGER: &str = "4000000000001067";
const SAMPLE: &str = include_str!("../../../../emv3ds/testdata/areq.json");

fn card() -> CardId {
    CardId::parse("one").unwrap()
}

/// A bank with a card, and a holder of whom this is registered.
async fn bank(pool: PgPool, rules: Value, holder: Value) -> Bank {
    let policy = Policy {
        rules,
        ..Policy::default()
    };
    let bank = Bank::open(pool, policy).await;
    let product = Product {
        issuer: issuer(),
        product: crate::identifiers::ProductId::parse("clasica").unwrap(),
        brand: Brand::Visa,
        name: "Clásica".to_owned(),
        ranges: vec![CardRange {
            start: RangeBound::parse("4000000000000000").unwrap(),
            end: RangeBound::parse("4000000000009999").unwrap(),
        }],
        created_at: bank.acs.inner().clock.now(),
        updated_at: bank.acs.inner().clock.now(),
    };
    let written = products::put(bank.store(), &product).await.unwrap();
    assert_eq!(written, ProductWritten::Created);
    let mut members = Members::of(holder).unwrap();
    let holder = CardholderBody::read(&mut members).unwrap();
    let mut members = Members::of(json!({ "pan": CARD })).unwrap();
    let body = CardBody::read(&mut members, &|_| None).unwrap();
    let consumer = ConsumerId::parse("ana").unwrap();
    bank.acs
        .put_consumer(&issuer(), &consumer, &holder, &[(card(), body)])
        .await
        .unwrap();
    bank
}

fn with_phone() -> Value {
    json!({ "language": "es-MX", "mobilePhoneNumber": { "countryCode": "+52", "phoneNumber": "5512345678" } })
}

/// The sample as a directory server completes it, for a card, with some elements otherwise.
fn areq(number: u128, account_number: &str, otherwise: Value) -> Vec<u8> {
    let mut message: Value = serde_json::from_str(SAMPLE).unwrap();
    message["threeDSServerTransID"] = json!(Uuid::from_u128(number));
    message["dsTransID"] = json!(Uuid::from_u128(number + 1_000));
    message["dsReferenceNumber"] = json!("DS_REFERENCE");
    message["acctNumber"] = json!(account_number);
    for (name, value) in otherwise.as_object().unwrap() {
        message[name] = value.clone();
    }
    message.to_string().into_bytes()
}

async fn asked(bank: &Bank, areq: Vec<u8>) -> Value {
    serde_json::from_slice(&bank.acs.authenticate(Brand::Visa, &areq).await).unwrap()
}

async fn transaction(bank: &Bank, ares: &Value) -> Transaction {
    let id = AcsTransId::parse(ares["acsTransID"].as_str().unwrap()).unwrap();
    transactions::by_id(bank.store(), id).await.unwrap().unwrap()
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_challenge_is_announced_and_recorded_without_the_account_number(pool: PgPool) {
    let bank = bank(pool, Value::Null, with_phone()).await;

    let ares = asked(&bank, areq(1, CARD, json!({}))).await;

    assert_eq!(ares["transStatus"], "C", "{ares}");
    assert_eq!(ares["authenticationType"], "02");
    assert_eq!(ares["acsURL"], "http://127.0.0.1:9/acs/3ds/challenge");
    assert!(ares.get("eci").is_none() && ares.get("authenticationValue").is_none());
    let kept = transaction(&bank, &ares).await;
    assert_eq!(kept.end, None);
    assert!(kept.proof.is_some());
    assert_eq!(kept.card.unwrap().last_four, "1059");
    assert_eq!(kept.explanation, json!({ "rule": "otherwise", "answer": "C" }));
    let rows: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM acs.transactions t JOIN acs.challenges c USING (acs_trans_id)
         WHERE t::text || c::text NOT LIKE '%' || $1 || '%'",
    )
    .bind(CARD)
    .fetch_one(bank.pool())
    .await
    .unwrap();
    assert_eq!(rows, 1);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_rule_answers_at_once_with_a_proof_and_says_why(pool: PgPool) {
    let rules = json!({ "rules": [{
        "name": "groceries", "when": { "mcc": "5411" }, "then": { "answer": "Y" },
    }] });
    let bank = bank(pool, rules, with_phone()).await;

    let ares = asked(&bank, areq(1, CARD, json!({}))).await;

    assert_eq!((&ares["transStatus"], &ares["eci"]), (&json!("Y"), &json!("05")));
    assert_eq!(ares["authenticationValue"].as_str().unwrap().len(), 28);
    let kept = transaction(&bank, &ares).await;
    assert_eq!(kept.end.unwrap().status.as_str(), "Y");
    assert_eq!(kept.proof, None);
    assert_eq!(kept.explanation["facts"], json!({ "mcc": "5411" }));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_device_is_known_after_the_card_was_authenticated_on_it(pool: PgPool) {
    let rules = json!({ "rules": [
        { "when": { "known_device": { "days": 30 } }, "then": { "answer": "A" } },
        { "when": { "amount": { "currency": "MXN", "to": 100 } }, "then": { "answer": "Y" } },
    ] });
    let bank = bank(pool, rules, with_phone()).await;
    let small = json!({ "purchaseAmount": "100" });
    let other_device = json!({ "browserUserAgent": "Mozilla/6.0" });

    assert_eq!(asked(&bank, areq(1, CARD, json!({}))).await["transStatus"], "C");
    assert_eq!(asked(&bank, areq(2, CARD, small)).await["transStatus"], "Y");
    assert_eq!(asked(&bank, areq(3, CARD, json!({}))).await["transStatus"], "A");
    assert_eq!(
        asked(&bank, areq(4, CARD, other_device)).await["transStatus"],
        "C"
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn nobody_is_challenged_whom_nothing_reaches(pool: PgPool) {
    let bank = bank(pool, Value::Null, json!({})).await;
    let ares = asked(&bank, areq(1, CARD, json!({}))).await;
    assert_eq!(
        (&ares["transStatus"], &ares["transStatusReason"]),
        (&json!("U"), &json!("22"))
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_card_that_nobody_has_is_unavailable_and_written_down_without_an_issuer(pool: PgPool) {
    let bank = bank(pool, Value::Null, with_phone()).await;
    let ares = asked(&bank, areq(1, STRANGER, json!({}))).await;
    assert_eq!(
        (&ares["transStatus"], &ares["transStatusReason"]),
        (&json!("U"), &json!("08"))
    );
    assert_eq!(transaction(&bank, &ares).await.card, None);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_locked_card_is_refused_instead_of_challenged(pool: PgPool) {
    let bank = bank(pool, Value::Null, with_phone()).await;
    let (policy, now) = (Policy::default(), bank.acs.inner().clock.now());
    let mut connection = bank.pool().acquire().await.unwrap();
    for _ in 0..policy.limits.failures_to_lock {
        limits::failed_in(&mut connection, &policy.limits, &issuer(), &card(), now)
            .await
            .unwrap();
    }

    let ares = asked(&bank, areq(1, CARD, json!({}))).await;

    assert_eq!(
        (&ares["transStatus"], &ares["transStatusReason"]),
        (&json!("N"), &json!("04"))
    );
    let kept = transaction(&bank, &ares).await;
    assert_eq!(kept.explanation["answer"], "C");
    assert_eq!(
        kept.explanation["changed_by"],
        json!(["the card is locked for a while"])
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_question_is_answered_once(pool: PgPool) {
    let bank = bank(pool, Value::Null, with_phone()).await;
    assert_eq!(asked(&bank, areq(1, CARD, json!({}))).await["transStatus"], "C");
    let again = asked(&bank, areq(1, CARD, json!({}))).await;
    assert_eq!(
        (&again["messageType"], &again["errorCode"]),
        (&json!("Erro"), &json!("301"))
    );
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM acs.challenges")
        .fetch_one(bank.pool())
        .await
        .unwrap();
    assert_eq!(rows, 1);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_faulty_areq_is_named(pool: PgPool) {
    let bank = bank(pool, Value::Null, with_phone()).await;
    for (body, code) in [
        (b"{".to_vec(), "101"),
        (areq(1, CARD, json!({ "messageVersion": "2.9.0" })), "102"),
        (areq(2, CARD, json!({ "dsReferenceNumber": "" })), "203"),
        (areq(3, CARD, json!({ "purchaseCurrency": "peso" })), "203"),
    ] {
        let answer = asked(&bank, body).await;
        assert_eq!(answer["messageType"], "Erro", "{answer}");
        assert_eq!(answer["errorCode"], code, "{answer}");
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn too_many_challenges_from_one_address_are_refused(pool: PgPool) {
    let bank = bank(pool, Value::Null, with_phone()).await;
    let mut answers = Vec::new();
    for number in 0..11 {
        let ares = asked(&bank, areq(number, CARD, json!({}))).await;
        answers.push(ares["transStatus"].as_str().unwrap().to_owned());
    }
    assert_eq!(answers.concat(), "CCCCCCCCCCN");
    let elsewhere = json!({ "browserIP": "203.0.113.8" });
    assert_eq!(asked(&bank, areq(20, CARD, elsewhere)).await["transStatus"], "C");
}

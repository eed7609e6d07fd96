//! Imports in bulk.

use super::{Bank, OTHER_PAN, PAN, Reply};
use crate::jose::encrypt::encrypt;
use crate::jose::jwk::EcKey;
use axum::body::Body;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::fmt::Write as _;
use std::time::Instant;

impl Bank {
    async fn upload(&self, import: &str, body: impl Into<Body>) -> Reply {
        let path = format!("/acs/banking/v2/issuers/banco-0001/imports/{import}");
        self.with_token("PUT", &path, Some(&self.token), body.into())
            .await
    }

    /// Works off what waits; answers how many batches there were.
    async fn work_off(&self) -> usize {
        let mut batches = 0;
        while self.acs.work_batch_off().await.unwrap() {
            batches += 1;
        }
        batches
    }
}

/// The nth number of the first issuer's range, with its check digit.
fn pan(number: u32) -> String {
    let digits = format!("4000000{number:08}");
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| match (index % 2, u32::from(byte - b'0')) {
            (0, digit) => digit * 2 / 10 + digit * 2 % 10,
            (_, digit) => digit,
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

fn row(number: u32) -> Value {
    json!({
        "cardId": format!("card-{number}"), "consumerId": format!("holder-{number}"), "pan": pan(number), "exp": "1230",
        "language": "es-MX", "mobilePhoneNumber": {"countryCode": "+52", "phoneNumber": format!("55{number:08}")},
        "firstName": "Ana", "lastName": "García",
    })
}

fn rows(numbers: std::ops::Range<u32>) -> String {
    numbers.fold(String::new(), |mut text, number| {
        writeln!(text, "{}", row(number)).unwrap();
        text
    })
}

/// A range with room for every number of [`pan`].
async fn wide_bank(pool: PgPool) -> Bank {
    let bank = Bank::new(pool).await;
    let product = json!({
        "brand": "visa", "name": "Clásica",
        "ranges": [{"start": "4000000000000000", "end": "4000000999999999"}],
    });
    assert_eq!(bank.call("PUT", "/products/clasica", &product).await.status, 201);
    bank
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn rows_that_are_right_are_taken_and_the_others_told_without_quoting_them(pool: PgPool) {
    let bank = Bank::with_card(pool.clone()).await;
    let key = bank
        .with_token("GET", "/acs/banking/v2/encryption-key", None, Body::empty())
        .await
        .body;
    let sealed = json!({"pan": "4000000000000028", "exp": "0131"}).to_string();
    let kid = key["kid"].as_str();
    let sealed = encrypt(&EcKey::parse(&key).unwrap(), kid, sealed.as_bytes()).unwrap();
    let wrong = "4000000000000011";
    let lines = [
        json!({"cardId": "two", "consumerId": "eva", "pan": OTHER_PAN, "language": "pt-BR"}).to_string(),
        "rubbish".to_owned(),
        json!({"cardId": "three", "consumerId": "eva", "pan": wrong}).to_string(),
        json!({"cardId": "three", "consumerId": "leo", "pan": PAN}).to_string(),
        json!({"cardId": "three", "consumerId": "eva", "pan": OTHER_PAN}).to_string(),
        json!({"cardId": "three", "consumerId": "eva", "pan": "4000000000010019"}).to_string(),
        json!({"cardId": "three", "consumerId": "eva", "pan": "4000000000000036", "email": 7}).to_string(),
        String::new(),
        json!({"cardId": "four", "consumerId": "eva", "encryptedData": sealed}).to_string(),
        json!({"cardId": "one", "consumerId": "ana", "pan": PAN, "exp": "0232"}).to_string(),
    ];
    let reply = bank.upload("monday", lines.join("\n")).await;
    assert_eq!(reply.status, 202, "{}", reply.body);
    assert_eq!(
        (&reply.body["complete"], &reply.body["rowsOpen"]),
        (&json!(true), &json!(10))
    );
    let kept: Vec<u8> = sqlx::query_scalar("SELECT content FROM acs.import_batches")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(
        !kept.windows(PAN.len()).any(|part| part == PAN.as_bytes()),
        "what waits is sealed"
    );
    assert_eq!(bank.work_off().await, 1);

    let progress = bank.get("/imports/monday").await.body;
    assert_eq!(
        (&progress["rowsTaken"], &progress["rowsRefused"]),
        (&json!(3), &json!(7))
    );
    assert!(progress["endTime"].is_string());
    let refused = bank.get("/imports/monday/refusals").await.body;
    let told: Vec<_> = refused["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refusal| {
            (
                refusal["line"].as_i64().unwrap(),
                refusal["field"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (2, ""),
            (3, "pan"),
            (4, "pan"),
            (5, "pan"),
            (6, "pan"),
            (7, "email"),
            (8, "")
        ]
    );
    for secret in [wrong, PAN, OTHER_PAN, "rubbish"] {
        assert!(!refused.to_string().contains(secret));
    }
    assert_eq!(bank.get("/cards/four").await.body["panSuffix"], "0028");
    assert_eq!(bank.get("/cards/one").await.body["exp"], "0232");
    assert_eq!(
        bank.get("/consumers/leo").await.status,
        404,
        "of a refused row nothing is written"
    );
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM acs.import_batches")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(waiting, 0, "no row is kept once it is worked off");

    let page = bank.get("/imports/monday/refusals?after=3&limit=2").await.body;
    assert_eq!(
        (&page["refusals"][0]["line"], &page["next"]),
        (&json!(4), &json!(5))
    );
    let again = bank.upload("monday", "other lines").await;
    assert_eq!(
        (again.status, &again.body["rowsTaken"]),
        (202, &json!(3)),
        "a finished import stays as it is"
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn an_upload_that_broke_off_goes_on_where_it_ended(pool: PgPool) {
    let bank = wide_bank(pool).await;
    let whole = rows(0..1_300);
    let broken = futures_util::stream::iter([
        Ok(whole[..whole.len() / 2].to_owned()),
        Err(std::io::Error::other("the connection broke")),
    ]);
    let reply = bank.upload("night", Body::from_stream(broken)).await;
    assert_eq!(reply.failure().0, 400);
    let halfway = bank.get("/imports/night").await.body;
    assert_eq!(
        (&halfway["complete"], &halfway["linesReceived"]),
        (&json!(false), &json!(500))
    );
    assert_eq!(bank.work_off().await, 1, "what is kept is worked off meanwhile");

    let reply = bank.upload("night", whole).await;
    assert_eq!(reply.status, 202, "{}", reply.body);
    bank.work_off().await;
    let done = bank.get("/imports/night").await.body;
    assert_eq!(
        (&done["rowsTaken"], &done["rowsRefused"]),
        (&json!(1_300), &json!(0))
    );
    assert_eq!(bank.get("/cards/card-1299").await.status, 200);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn the_last_row_of_a_card_counts_and_every_number_is_of_one_card(pool: PgPool) {
    let bank = wide_bank(pool).await;
    let mut later = row(1);
    later["exp"] = json!("0540");
    let mut thief = row(2);
    thief["pan"] = row(1)["pan"].clone();
    let lines = format!("{}\n{}\n{later}\n{thief}\n", row(1), row(3));
    assert_eq!(bank.upload("twice", lines).await.status, 202);
    bank.work_off().await;
    assert_eq!(bank.get("/cards/card-1").await.body["exp"], "0540");
    assert_eq!(bank.get("/cards/card-2").await.status, 404);
    let refused = bank.get("/imports/twice/refusals").await.body;
    assert_eq!(
        (&refused["refusals"][0]["line"], &refused["refusals"][0]["field"]),
        (&json!(4), &json!("pan"))
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn wrong_imports_are_refused(pool: PgPool) {
    let bank = Bank::new(pool).await;
    assert_eq!(
        bank.upload("a.b", "").await.failure(),
        (400, "FIELD_INVALID_FORMAT", "importId")
    );
    let long = "x".repeat(20_000);
    assert_eq!(
        bank.upload("long", long).await.failure(),
        (400, "LINE_TOO_LONG", "")
    );
    assert_eq!(
        bank.get("/imports/none").await.failure(),
        (404, "RESOURCE_NOT_FOUND", "")
    );
    assert_eq!(bank.get("/imports/none/refusals").await.status, 404);
    for (query, field) in [
        ("after=x", "after"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("page=1", "page"),
    ] {
        let reply = bank.get(&format!("/imports/none/refusals?{query}")).await;
        assert_eq!(reply.failure(), (400, "FIELD_INVALID_FORMAT", field), "{query}");
    }
    let empty = bank.upload("empty", "").await;
    assert_eq!((empty.status, &empty.body["linesReceived"]), (202, &json!(0)));
    assert!(empty.body["endTime"].is_string(), "nothing to do is done");
}

/// Prints how long it took: 100,000 rows, uploaded and worked off. `cargo test -p acs --release -- --ignored --nocapture`
#[sqlx::test(migrator = "crate::store::MIGRATOR")]
#[ignore = "a measurement: tells how long it took, and judges nothing"]
async fn how_long_a_hundred_thousand_rows_take(pool: PgPool) {
    let bank = wide_bank(pool).await;
    let whole = rows(0..100_000);
    let bytes = whole.len();
    let start = Instant::now();
    assert_eq!(bank.upload("large", whole).await.status, 202);
    let uploaded = start.elapsed();
    bank.work_off().await;
    let done = bank.get("/imports/large").await.body;
    assert_eq!(done["rowsTaken"], 100_000);
    eprintln!(
        "{bytes} bytes taken in {uploaded:?}, worked off after {:?}",
        start.elapsed()
    );
}

use super::super::{
    AdministrationError,
    testing::{ACTOR, World},
};
use super::open_key;
use crate::certificate::testing::{Authority, Issued};
use crate::vault::{Vault, key_file::Keys};
use primitives::Brand;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::Arc;
use time::{Duration, OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);

fn issued(authority: &Authority, name: &str) -> Issued {
    authority.issue_for(name, NOW - Duration::days(300), NOW + Duration::days(65))
}

fn document(authority: &Authority, issued: &Issued) -> Value {
    json!({
        "url": "https://ds.example/visa", "versions": ["2.2.0", "2.1.0"],
        "client_certificate": format!("{}{}", issued.certificate, authority.pem()), "client_key": issued.key,
        "roots": authority.pem(), "results_names": ["RREQ.ds.example"],
    })
}

fn fields(refused: &AdministrationError) -> Vec<(String, String)> {
    let AdministrationError::Invalid(problems) = refused else {
        panic!("{refused:?}")
    };
    let told = |problem: &payments::fields::Problem| (problem.field.clone(), problem.text.clone());
    problems.0.iter().map(told).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_certificate_goes_in_with_its_key_and_shows_everything_but_that(pool: PgPool) {
    let vault = Arc::new(Vault::from_keys(Keys::generate().unwrap()).unwrap());
    let world = World::with_vault(pool, Arc::clone(&vault));
    let authority = Authority::new("Visa CA");
    let ours = issued(&authority, "3ds.pasarela.example");
    let set = world
        .administration
        .directory_server_set(ACTOR, Brand::Visa, &document(&authority, &ours))
        .await
        .unwrap();
    assert_eq!(set.client_certificate.len(), 2);
    assert_eq!(set.client_certificate[0].subject, "CN=3ds.pasarela.example");
    assert_eq!(set.client_certificate[0].issuer, "CN=Visa CA");
    assert_eq!(set.client_certificate[0].not_after, NOW + Duration::days(65));
    assert_eq!(set.roots[0].subject, "CN=Visa CA");
    assert_eq!(set.warnings, [] as [&str; 0]);
    assert_eq!(set.server.versions, Some(vec!["2.1.0".into(), "2.2.0".into()]));
    assert_eq!(set.server.tls.results_names, Some(vec!["rreq.ds.example".into()]));
    let client = set.server.tls.client.unwrap();
    assert_eq!(
        *open_key(&vault, Brand::Visa, &client).unwrap().reveal(),
        ours.key
    );
    assert!(open_key(&vault, Brand::Mastercard, &client).is_err());

    let audit = world.administration.audit_list(None, None, 10).await.unwrap();
    let written = serde_json::to_string(&audit[0].after).unwrap();
    assert!(written.contains("CN=3ds.pasarela.example"), "{written}");
    assert!(
        !written.contains("PRIVATE") && !written.contains("BEGIN"),
        "{written}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_not_mentioned_stays_and_null_takes_away(pool: PgPool) {
    let world = World::new(pool);
    let authority = Authority::new("Visa CA");
    let ours = issued(&authority, "3ds.pasarela.example");
    let set = async |document: &Value| {
        world
            .administration
            .directory_server_set(ACTOR, Brand::Visa, document)
            .await
    };
    let changes = async || {
        world
            .administration
            .audit_list(None, None, 10)
            .await
            .unwrap()
            .len()
    };
    let first = set(&document(&authority, &ours)).await.unwrap().server;
    assert_eq!(set(&document(&authority, &ours)).await.unwrap().server, first);
    assert_eq!(changes().await, 1, "the same again is no change");

    let moved = set(&json!({"url": "https://ds2.example/visa"}))
        .await
        .unwrap()
        .server;
    assert_eq!(moved.tls, first.tls);
    assert_eq!(moved.versions, None);

    // Renewed for the key that is stored: the key need not come again, and another one's certificate cannot.
    let other = issued(&authority, "3ds.pasarela.example");
    let refused = set(&json!({"url": "https://ds.example", "client_certificate": other.certificate}))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused)[0].0, "client_key");
    let shortened = set(&json!({"url": "https://ds.example", "client_certificate": ours.certificate}))
        .await
        .unwrap();
    assert_eq!(shortened.client_certificate.len(), 1);

    let bare = json!({"url": "https://ds.example", "client_certificate": null, "roots": null, "results_names": null});
    assert_eq!(set(&bare).await.unwrap().server.tls, Default::default());
    assert_eq!(changes().await, 4);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_mistake_is_told_with_its_field_and_quotes_no_key(pool: PgPool) {
    let world = World::new(pool);
    let authority = Authority::new("CA");
    let ours = issued(&authority, "3ds.pasarela.example");
    let told = async |change: &[(&str, Value)]| {
        let mut document = document(&authority, &ours);
        for (name, value) in change {
            document[*name] = value.clone();
        }
        let set = world
            .administration
            .directory_server_set(ACTOR, Brand::Visa, &document);
        let told = fields(&set.await.unwrap_err());
        assert!(told.iter().all(|(_, text)| !text.contains("BEGIN")), "{told:?}");
        told
    };
    let one = |field: &str, text: &str| vec![(field.to_owned(), text.to_owned())];

    assert_eq!(
        told(&[("client_key", json!(issued(&authority, "other").key))]).await,
        one(
            "client_key",
            "does not belong to the first certificate of the chain"
        )
    );
    assert_eq!(
        told(&[("client_key", json!("secret"))]).await,
        one(
            "client_key",
            "must be an unencrypted private key in PEM (PKCS #8, PKCS #1 or SEC 1)"
        )
    );
    assert_eq!(
        told(&[("client_certificate", json!(ours.key)), ("roots", json!("x"))]).await,
        [
            one("client_certificate", "must hold certificates only"),
            one("roots", "must be certificates in PEM")
        ]
        .concat()
    );
    assert_eq!(
        told(&[("client_certificate", Value::Null)]).await,
        one("client_key", "must come with client_certificate")
    );
    assert_eq!(
        told(&[
            ("versions", json!(["2.2"])),
            ("results_names", json!(["not a name"]))
        ])
        .await,
        [
            one("versions", "entry 0 must be a protocol version such as 2.2.0"),
            one("results_names", "entry 0 must be a DNS name")
        ]
        .concat()
    );
    let expired = authority.issue_for("old", NOW - Duration::days(10), NOW - Duration::days(2));
    let early = authority.issue_for("early", NOW + Duration::days(1), NOW + Duration::days(2));
    assert_eq!(
        told(&[
            ("client_certificate", json!(expired.certificate)),
            ("client_key", json!(expired.key))
        ])
        .await,
        one("client_certificate", "holds CN=old, which expired on 2026-11-20")
    );
    assert_eq!(
        told(&[("roots", json!(early.certificate))]).await,
        one("roots", "holds CN=early, which is not valid before 2026-11-23")
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_certificate_without_its_key_is_refused_where_none_is_stored(pool: PgPool) {
    let world = World::new(pool);
    let ours = issued(&Authority::new("CA"), "3ds.pasarela.example");
    let document = json!({"url": "https://ds.example", "client_certificate": ours.certificate});
    let set = world
        .administration
        .directory_server_set(ACTOR, Brand::Visa, &document);
    assert_eq!(
        fields(&set.await.unwrap_err()),
        [("client_key".to_owned(), "is required".to_owned())]
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_certificate_about_to_expire_is_warned_of(pool: PgPool) {
    let world = World::new(pool);
    let authority = Authority::new("CA");
    let ours = issued(&authority, "3ds.pasarela.example");
    let administration = &world.administration;
    administration
        .directory_server_set(ACTOR, Brand::Visa, &document(&authority, &ours))
        .await
        .unwrap();
    let warned = async || {
        administration.directory_servers_list().await.unwrap()[0]
            .warnings
            .clone()
    };
    world.clock.advance(Duration::days(40));
    assert_eq!(
        warned().await,
        ["client_certificate: CN=3ds.pasarela.example expires in 25 days, on 2027-01-26"]
    );
    world.clock.advance(Duration::days(30));
    assert_eq!(
        warned().await,
        ["client_certificate: CN=3ds.pasarela.example expired on 2027-01-26"]
    );
}

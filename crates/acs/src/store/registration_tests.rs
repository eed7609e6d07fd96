//! Issuers, products, cardholders and cards on a real database.

use super::cardholders::{Cardholder, SealedPhone};
use super::cards::{Card, CardState, CardsWritten};
use super::issuers::Issuer;
use super::products::{CardRange, Deleted, Product, ProductWritten};
use super::{Store, cardholders, cards, issuers, products};
use crate::identifiers::{CardId, ConsumerId, IssuerId, ProductId};
use crate::policy::Policy;
use emv3ds::message::RangeBound;
use primitives::{Brand, Pan};
use sqlx::PgPool;
use time::{OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn issuer_id(text: &str) -> IssuerId {
    IssuerId::parse(text).unwrap()
}

fn product(issuer: &str, name: &str, ranges: &[(&str, &str)]) -> Product {
    let bound = |digits| RangeBound::parse(digits).unwrap();
    Product {
        issuer: issuer_id(issuer),
        product: ProductId::parse(name).unwrap(),
        brand: Brand::Visa,
        name: "Clásica".to_owned(),
        ranges: ranges
            .iter()
            .map(|(start, end)| CardRange {
                start: bound(start),
                end: bound(end),
            })
            .collect(),
        created_at: NOW,
        updated_at: NOW,
    }
}

fn cardholder() -> Cardholder {
    Cardholder {
        issuer: issuer_id("banco-0001"),
        consumer: ConsumerId::parse("ana").unwrap(),
        language: Some("es-MX".to_owned()),
        app_registered: true,
        contact: vec![1, 2, 3],
        phones: [1, 2]
            .map(|number| SealedPhone {
                number: vec![number],
                hash: [number; 8],
            })
            .to_vec(),
        updated_at: NOW,
    }
}

fn card(name: &str, hash: u8) -> Card {
    Card {
        issuer: issuer_id("banco-0001"),
        card: CardId::parse(name).unwrap(),
        product: ProductId::parse("clasica").unwrap(),
        consumer: ConsumerId::parse("ana").unwrap(),
        pan_hash: [hash; 32],
        last_four: "1000".to_owned(),
        expiry: Some("3012".to_owned()),
        static_password_mac: None,
        state: CardState::Active,
        updated_at: NOW,
    }
}

async fn bank(pool: PgPool) -> Store {
    let store = Store::from_pool(pool);
    for name in ["banco-0001", "banco-0002"] {
        let issuer = Issuer {
            issuer: issuer_id(name),
            name: "Banco".to_owned(),
            policy: Policy::default(),
            created_at: NOW,
            updated_at: NOW,
        };
        assert!(issuers::insert(&store, &issuer).await.unwrap());
        assert!(!issuers::insert(&store, &issuer).await.unwrap());
    }
    let clasica = product(
        "banco-0001",
        "clasica",
        &[("4000000000000000", "4000000000009999")],
    );
    assert_eq!(
        products::put(&store, &clasica).await.unwrap(),
        ProductWritten::Created
    );
    store
}

async fn put_cards(store: &Store, cards: &[Card]) -> CardsWritten {
    let mut transaction = store.pool().begin().await.unwrap();
    let written = cards::put_in(&mut transaction, cards).await.unwrap();
    if let CardsWritten::Done { .. } = written {
        transaction.commit().await.unwrap();
    }
    written
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_card_is_found_by_its_hash_with_all_that_an_authentication_needs(pool: PgPool) {
    let store = bank(pool).await;
    let mut connection = store.pool().acquire().await.unwrap();
    cardholders::put_in(&mut connection, &[cardholder()])
        .await
        .unwrap();
    assert_eq!(
        put_cards(&store, &[card("one", 7)]).await,
        CardsWritten::Done { created: 1 }
    );

    let found = cards::by_pan_hash(&store, &[7; 32]).await.unwrap().unwrap();
    assert_eq!(found.issuer.as_str(), "banco-0001");
    assert_eq!(found.brand, Brand::Visa);
    assert_eq!(found.policy, Policy::default());
    assert_eq!(found.phones, cardholder().phones);
    assert_eq!(
        (found.language.as_deref(), found.app_registered),
        (Some("es-MX"), true)
    );
    assert_eq!(cards::by_pan_hash(&store, &[8; 32]).await.unwrap(), None);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_number_is_of_one_card_only_and_a_card_needs_product_and_cardholder(pool: PgPool) {
    let store = bank(pool).await;
    assert_eq!(put_cards(&store, &[card("one", 7)]).await, CardsWritten::Dangling);
    let mut connection = store.pool().acquire().await.unwrap();
    cardholders::put_in(&mut connection, &[cardholder()])
        .await
        .unwrap();
    assert_eq!(
        put_cards(&store, &[card("one", 7)]).await,
        CardsWritten::Done { created: 1 }
    );
    assert_eq!(
        put_cards(&store, &[card("two", 7)]).await,
        CardsWritten::NumberTaken
    );
    let clasica = ProductId::parse("clasica").unwrap();
    assert_eq!(
        products::delete(&store, &issuer_id("banco-0001"), &clasica)
            .await
            .unwrap(),
        Deleted::InUse
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn no_two_products_share_a_number(pool: PgPool) {
    let store = bank(pool).await;
    let put = async |product: Product| products::put(&store, &product).await.unwrap();
    for (start, end) in [
        ("4000000000009999", "4000000000010000"),
        ("4000000000000500", "4000000000000501"),
    ] {
        let other = product("banco-0002", "otra", &[(start, end)]);
        assert_eq!(put(other).await, ProductWritten::Overlaps, "{start}");
    }
    let beside = product("banco-0002", "otra", &[("4000000000010000", "4000000000010000")]);
    assert_eq!(put(beside).await, ProductWritten::Created);
    let same_again = product(
        "banco-0001",
        "clasica",
        &[("4000000000000000", "4000000000000999")],
    );
    assert_eq!(put(same_again).await, ProductWritten::Replaced);

    let of_number = async |digits: &str| {
        let found = products::of_number(&store, &Pan::parse(digits).unwrap()).await;
        found.unwrap().map(|product| product.issuer.as_str().to_owned())
    };
    assert_eq!(of_number("4000000000000002").await.as_deref(), Some("banco-0001"));
    assert_eq!(of_number("4000000000010019").await, None);
    assert_eq!(products::ranges(&store).await.unwrap().len(), 2);
}

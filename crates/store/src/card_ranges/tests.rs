use super::*;
use crate::merchants::tests::NOW;
use emv3ds::{
    DsTransId, ProtocolVersion, SpokenVersions, ThreeDsServerTransId, Version,
    message::{AccountRange, AcsTerms, AcsVersions, CardRangeData, PRes, RangeBound},
};
use mpi::card_range::{Limits, Update};
use sqlx::PgPool;
use time::Duration;

const URL: &str = "https://ds.example/visa";

fn lease(holder: u128) -> CardRangeLease {
    CardRangeLease {
        brand: Brand::Visa,
        holder: Uuid::from_u128(holder),
    }
}

/// So many ranges, of a hundred issuers.
fn ranges(count: u64) -> CardRanges {
    let version = |minor| ProtocolVersion::new(2, minor, 0);
    let empty = CardRanges::default();
    let mut update = Update::new(&empty, None, &Limits::default());
    for n in 0..count {
        let bound = |offset| RangeBound::new(16, 4_000_000_000_000_000 + n * 1_000 + offset).unwrap();
        update.take(CardRangeData {
            ranges: vec![AccountRange::new(bound(0), bound(999)).unwrap()],
            action_ind: None,
            acs: AcsVersions::Span {
                first: version(1),
                last: version(2),
                terms: AcsTerms {
                    three_ds_method_url: Some(format!("https://acs.example/{}", n % 100)),
                    ..AcsTerms::default()
                },
            },
            ds_protocol_versions: None,
            issuer_country_code: None,
        });
    }
    let pres = PRes {
        message_version: Version::V2_2_0,
        three_ds_server_trans_id: ThreeDsServerTransId(Uuid::nil()),
        ds_trans_id: DsTransId(Uuid::nil()),
        serial_num: Some("1".into()),
        ds_protocol_versions: SpokenVersions::span(version(1), version(2)),
        read_order: None,
        ds_url_list: None,
        card_range_data: None,
        card_range_data_file_url: None,
        message_extension: None,
    };
    update.finish(&pres).unwrap().0
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_is_saved_is_loaded_whole(pool: PgPool) {
    let store = Store::from_pool(pool);
    assert_eq!(store.card_ranges_load(Brand::Visa).await.unwrap(), None);
    let until = NOW + Duration::minutes(1);
    let state = store
        .card_ranges_take_lease(lease(1), URL, NOW, until)
        .await
        .unwrap();
    let state = state.unwrap();
    assert_eq!((state.last_preq, state.generation), (LastPreq::Never, 0));

    let all = ranges(45_000);
    for (generation, saved) in [(1, &all), (2, &ranges(3))] {
        let saved_as = store.card_ranges_replace(lease(1), saved, NOW).await.unwrap();
        assert_eq!(saved_as, Some(generation));
        let (state, loaded) = store.card_ranges_load(Brand::Visa).await.unwrap().unwrap();
        assert_eq!((state.generation, &loaded), (generation, saved));
    }
    let applied = LastPreq::Applied { at: NOW };
    assert!(store.card_ranges_release(lease(1), applied).await.unwrap());
    let (state, _) = store.card_ranges_load(Brand::Visa).await.unwrap().unwrap();
    assert_eq!((state.last_preq, state.directory_url.as_str()), (applied, URL));
    assert_eq!(store.card_ranges_load(Brand::Elo).await.unwrap(), None);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn one_asks_at_a_time_and_who_lost_the_lease_saves_nothing(pool: PgPool) {
    let store = Store::from_pool(pool);
    let until = NOW + Duration::minutes(1);
    let take = async |holder, now| {
        let taken = store.card_ranges_take_lease(lease(holder), URL, now, now + Duration::minutes(1));
        taken.await.unwrap().is_some()
    };
    assert!(take(1, NOW).await);
    assert!(!take(2, NOW).await);
    assert!(!take(2, until - Duration::seconds(1)).await);
    assert!(
        store
            .card_ranges_renew_lease(lease(1), until + Duration::minutes(1))
            .await
            .unwrap()
    );
    assert!(!take(2, until).await);
    assert!(take(2, until + Duration::minutes(1)).await);

    let saved = store
        .card_ranges_replace(lease(1), &ranges(3), NOW)
        .await
        .unwrap();
    assert_eq!(saved, None);
    assert!(
        !store
            .card_ranges_release(lease(1), LastPreq::Never)
            .await
            .unwrap()
    );
    assert!(!store.card_ranges_renew_lease(lease(1), until).await.unwrap());
    assert!(
        store
            .card_ranges_release(lease(2), LastPreq::Never)
            .await
            .unwrap()
    );
    assert!(take(3, NOW).await);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_another_directory_server_told_is_nothing(pool: PgPool) {
    let store = Store::from_pool(pool);
    store
        .card_ranges_take_lease(lease(1), URL, NOW, NOW)
        .await
        .unwrap();
    store
        .card_ranges_replace(lease(1), &ranges(3), NOW)
        .await
        .unwrap();
    store
        .card_ranges_release(lease(1), LastPreq::Refused { at: NOW })
        .await
        .unwrap();
    let other = store.card_ranges_take_lease(lease(2), "https://other.example", NOW, NOW);
    let other = other.await.unwrap().unwrap();
    assert_eq!((other.last_preq, other.generation), (LastPreq::Never, 2));
    let (_, loaded) = store.card_ranges_load(Brand::Visa).await.unwrap().unwrap();
    assert!(!loaded.is_loaded());
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn chunks_that_do_not_fit_together_are_named_as_corrupt(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    store
        .card_ranges_take_lease(lease(1), URL, NOW, NOW)
        .await
        .unwrap();
    store
        .card_ranges_replace(lease(1), &ranges(3), NOW)
        .await
        .unwrap();
    sqlx::query("DELETE FROM card_range_chunks WHERE kind = 'attributes'")
        .execute(&pool)
        .await
        .unwrap();
    assert!(matches!(
        store.card_ranges_load(Brand::Visa).await,
        Err(StoreError::Corrupt { column: "chunks", .. })
    ));
}

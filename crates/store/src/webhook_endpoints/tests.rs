use super::*;
use crate::{
    merchants::tests::{NOW, audit, id, insert},
    webhook_keys::KeyScheme,
};
use sqlx::PgPool;
use time::Duration;

pub fn endpoint(merchant: Id<kind::Merchant>, number: u128) -> WebhookEndpoint {
    let url = format!("https://shop.example/hooks/{number}");
    WebhookEndpoint {
        id: id(number),
        merchant,
        url: HttpUrl::parse(&url, UrlPolicy::HttpsOnly).unwrap(),
        description: format!("Warehouse {number}"),
        event_types: vec!["order.succeeded".into(), "order.refund".into()],
        status: EndpointStatus::Enabled,
        rate_per_second: Some(5),
        failing_since: None,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub async fn add(store: &Store, endpoint: &WebhookEndpoint) {
    store
        .endpoint_insert(endpoint, &[], &audit("webhook_endpoint.create"))
        .await
        .unwrap();
}

async fn audited(store: &Store) -> usize {
    store.audit_list(None, None, 100).await.unwrap().len()
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn endpoints_come_back_as_they_were_and_only_to_their_owner(pool: PgPool) {
    let store = Store::from_pool(pool);
    let owner = insert(&store, 1).await.id;
    let other = insert(&store, 2).await.id;
    let first = endpoint(owner, 10);
    let second = WebhookEndpoint {
        event_types: Vec::new(),
        rate_per_second: None,
        status: EndpointStatus::Disabled {
            reason: DisabledReason::Gone,
            at: NOW,
        },
        ..endpoint(owner, 11)
    };
    for endpoint in [&first, &second] {
        add(&store, endpoint).await;
    }

    assert_eq!(
        store.endpoints_list(owner, None, 10).await.unwrap(),
        [first.clone(), second.clone()]
    );
    assert_eq!(
        store.endpoints_list(owner, Some(first.id), 10).await.unwrap(),
        std::slice::from_ref(&second)
    );
    assert_eq!(
        store.endpoint_load(owner, first.id).await.unwrap(),
        Some(first.clone())
    );
    assert_eq!(store.endpoint_load(other, first.id).await.unwrap(), None);
    assert_eq!(store.endpoints_list(other, None, 10).await.unwrap(), []);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_merchant_has_at_most_fifty_endpoints_however_many_are_made_at_once(pool: PgPool) {
    let store = Store::from_pool(pool);
    let owner = insert(&store, 1).await.id;
    let mut makers = tokio::task::JoinSet::new();
    for number in 0..60 {
        let store = store.clone();
        makers.spawn(async move {
            store
                .endpoint_insert(
                    &endpoint(owner, 100 + number),
                    &[],
                    &audit("webhook_endpoint.create"),
                )
                .await
        });
    }
    let made = makers.join_all().await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 50);
    for refused in made.into_iter().filter_map(Result::err) {
        assert!(
            matches!(refused, StoreError::LimitReached("webhook endpoints")),
            "{refused}"
        );
    }
    assert_eq!(store.endpoints_list(owner, None, 100).await.unwrap().len(), 50);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_endpoint_is_changed_on_the_version_that_was_read(pool: PgPool) {
    let store = Store::from_pool(pool);
    let owner = insert(&store, 1).await.id;
    let mut changed = endpoint(owner, 10);
    add(&store, &changed).await;
    changed.url = HttpUrl::parse("https://elsewhere.example/", UrlPolicy::HttpsOnly).unwrap();
    changed.description = "Another".into();
    changed.event_types = Vec::new();
    changed.rate_per_second = None;
    changed.updated_at = NOW + Duration::hours(1);
    store
        .endpoint_update(&changed, &audit("webhook_endpoint.update"))
        .await
        .unwrap();
    let before = audited(&store).await;
    let again = store
        .endpoint_update(&changed, &audit("webhook_endpoint.update"))
        .await;
    assert!(matches!(again, Err(StoreError::Changed)));
    assert_eq!(audited(&store).await, before, "a refused change leaves no trace");
    changed.version = 2;
    assert_eq!(
        store.endpoint_load(owner, changed.id).await.unwrap(),
        Some(changed)
    );
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn the_first_time_that_an_endpoint_was_seen_failing_counts_until_it_is_well(pool: PgPool) {
    let store = Store::from_pool(pool);
    let owner = insert(&store, 1).await.id;
    let failing = endpoint(owner, 10);
    add(&store, &failing).await;
    add(&store, &endpoint(owner, 11)).await;
    for at in [NOW, NOW + Duration::hours(1)] {
        store.endpoint_failing(failing.id, Some(at)).await.unwrap();
    }

    let failing_since = async || {
        let stored = store.endpoint_load(owner, failing.id).await.unwrap();
        stored.unwrap().failing_since
    };
    assert_eq!(failing_since().await, Some(NOW), "the first one's time stays");
    store.endpoint_failing(failing.id, None).await.unwrap();
    assert_eq!(failing_since().await, None);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_endpoint_comes_with_its_keys_or_not_at_all(pool: PgPool) {
    let store = Store::from_pool(pool);
    let owner = insert(&store, 1).await.id;
    let made = endpoint(owner, 10);
    let key = |number| NewKey {
        id: id(number),
        merchant: owner,
        endpoint: Some(made.id),
        scheme: KeyScheme::V1,
        sealed: vec![1],
        public: None,
        created_at: NOW,
    };
    let twice = store
        .endpoint_insert(&made, &[key(1), key(2)], &audit("webhook_endpoint.create"))
        .await;
    assert!(matches!(twice, Err(StoreError::Taken(name)) if name == "webhook_keys_one_current"));
    assert_eq!(store.endpoint_load(owner, made.id).await.unwrap(), None);
    store
        .endpoint_insert(&made, &[key(1)], &audit("webhook_endpoint.create"))
        .await
        .unwrap();
    assert_eq!(
        store.keys_of(owner, Some(made.id), NOW).await.unwrap()[0].id,
        id(1)
    );
}

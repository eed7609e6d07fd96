//! Who gets what is told, on a real database.

use super::*;
use crate::{
    audit::Actor,
    deliveries::tests::{ONE, START, end, event, ids, insert, lease, order},
    deliveries::{LeasedDelivery, Verdict},
    merchants::tests::{NOW, audit, id, insert as insert_merchant},
    webhook_endpoints::{
        DisabledReason, EndpointStatus, WebhookEndpoint,
        tests::{add, endpoint},
    },
};
use sqlx::PgPool;
use std::collections::BTreeSet;
use time::Duration;

const HOOK: &str = "https://shop.example/hook";

/// Who is to be told, `None` for the merchant's own URL.
fn receivers(leased: &[LeasedDelivery]) -> BTreeSet<Option<u128>> {
    leased
        .iter()
        .map(|leased| leased.endpoint.map(|id| id.uuid().as_u128()))
        .collect()
}

/// A merchant with endpoints 10 (refunds and successes), 11 (everything) and 12 (everything, but disabled); and another
/// merchant with endpoint 20.
async fn world(pool: &PgPool) -> (Store, Id<kind::Merchant>) {
    let store = Store::from_pool(pool.clone());
    let owner = insert_merchant(&store, 1).await.id;
    let other = insert_merchant(&store, 2).await.id;
    let everything = |merchant, number| WebhookEndpoint {
        event_types: Vec::new(),
        rate_per_second: None,
        ..endpoint(merchant, number)
    };
    add(&store, &endpoint(owner, 10)).await;
    add(&store, &everything(owner, 11)).await;
    let disabled = EndpointStatus::Disabled {
        reason: DisabledReason::Operator,
        at: NOW,
    };
    add(
        &store,
        &WebhookEndpoint {
            status: disabled,
            ..everything(owner, 12)
        },
    )
    .await;
    add(&store, &everything(other, 20)).await;
    (store, owner)
}

fn told(owner: Id<kind::Merchant>, number: u128, event_type: &'static str) -> NewEvent {
    NewEvent {
        merchant: owner,
        event_type,
        ..event(order(number), 1, Some(HOOK))
    }
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_event_goes_to_its_own_url_and_to_every_enabled_endpoint_that_wants_it(pool: PgPool) {
    let (store, owner) = world(&pool).await;
    let made = store
        .event_insert(&told(owner, 1, "order.succeeded"))
        .await
        .unwrap();
    assert_eq!(made, 3);
    let leased = lease(&store, ONE, START).await;
    assert_eq!(receivers(&leased), BTreeSet::from([None, Some(10), Some(11)]));
    for leased in &leased {
        let url = leased.endpoint.map_or_else(
            || HOOK.to_owned(),
            |id| endpoint(owner, id.uuid().as_u128()).url.as_str().to_owned(),
        );
        assert_eq!(leased.url, url);
    }

    store
        .event_insert(&told(owner, 2, "order.pending"))
        .await
        .unwrap();
    let leased = lease(&store, ONE, START).await;
    assert_eq!(receivers(&leased), BTreeSet::from([None, Some(11)]));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_event_can_be_meant_for_one_receiver_only(pool: PgPool) {
    let (store, owner) = world(&pool).await;
    let only = async |number, recipients| {
        let event = NewEvent {
            recipients,
            ..told(owner, number, EVENT_TEST)
        };
        let made = store.event_insert(&event).await.unwrap();
        let receivers = receivers(&lease(&store, ONE, START).await);
        assert_eq!(made, receivers.len() as u64);
        receivers
    };
    assert_eq!(only(1, Recipients::Own).await, BTreeSet::from([None]));
    assert_eq!(
        only(2, Recipients::Only(id(10))).await,
        BTreeSet::from([Some(10)])
    );
    assert_eq!(only(3, Recipients::Only(id(12))).await, BTreeSet::new());
    assert_eq!(only(4, Recipients::Only(id(20))).await, BTreeSet::new());
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_event_without_a_receiver_is_kept_and_not_delivered(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let event = event(order(1), 1, None);
    assert_eq!(store.event_insert(&event).await.unwrap(), 0);
    assert!(lease(&store, ONE, START).await.is_empty());
    let kept = store.event_load(event.merchant, event.id).await.unwrap().unwrap();
    assert_eq!(kept.subject, event.subject);
    assert_eq!((kept.document, kept.notify_url), (event.document.clone(), None));
    assert_eq!(store.event_load(id(5), event.id).await.unwrap(), None);
    let again = store.event_insert(&event).await;
    assert!(matches!(again, Err(StoreError::Taken(constraint)) if constraint.ends_with("_pkey")));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn each_receiver_of_an_event_fails_by_itself(pool: PgPool) {
    let (store, owner) = world(&pool).await;
    store
        .event_insert(&told(owner, 1, "order.succeeded"))
        .await
        .unwrap();
    let later = START + Duration::seconds(10);
    for leased in &lease(&store, ONE, START).await {
        let verdict = match leased.endpoint {
            Some(_) => Verdict::RetryAt(later),
            None => Verdict::Delivered,
        };
        end(&store, ONE, leased, verdict, START).await;
    }
    let next = NewEvent {
        id: id(99),
        sequence: 2,
        ..told(owner, 1, "order.refund")
    };
    store.event_insert(&next).await.unwrap();
    let leased = lease(&store, ONE, START).await;
    assert_eq!(
        receivers(&leased),
        BTreeSet::from([None]),
        "those behind a failure wait"
    );
    assert_eq!(lease(&store, ONE, later).await.len(), 2);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_disabled_endpoint_is_sent_nothing_more_and_others_hear_of_it(pool: PgPool) {
    let (store, owner) = world(&pool).await;
    for number in 1..=3 {
        store
            .event_insert(&told(owner, number, "order.pending"))
            .await
            .unwrap();
    }
    let held = lease(&store, ONE, START).await;
    let mine = held
        .iter()
        .filter(|leased| leased.endpoint == Some(id(11)))
        .collect::<Vec<_>>();
    let later = START + Duration::hours(1);
    end(&store, ONE, mine[0], Verdict::RetryAt(later), START).await;
    let notice = NewEvent {
        id: id(98),
        subject: Subject::Endpoint(id(11)),
        payment_status: None,
        ..told(owner, 9, EVENT_ENDPOINT_DISABLED)
    };
    let entry = crate::audit::AuditEntry {
        actor: Actor::Gateway,
        ..audit("webhook_endpoint.disable")
    };
    let disable = async || {
        store
            .endpoint_disable(
                owner,
                id(11),
                DisabledReason::Failing,
                START,
                Some(&notice),
                &entry,
            )
            .await
            .unwrap()
    };
    assert!(disable().await);
    assert!(!disable().await, "it is disabled already");

    let stored = store.endpoint_load(owner, id(11)).await.unwrap().unwrap();
    assert_eq!(
        stored.status,
        EndpointStatus::Disabled {
            reason: DisabledReason::Failing,
            at: START
        }
    );
    assert_eq!(
        store.audit_list(None, None, 1).await.unwrap()[0].actor,
        Actor::Gateway
    );
    let leased = lease(&store, ONE, START).await;
    assert_eq!(leased[0].event, id(98));
    assert_eq!(receivers(&leased), BTreeSet::from([None]));
    assert_eq!(leased[0].subject, Subject::Endpoint(id(11)));

    let dead = dead_letters(&store, owner, id(11)).await;
    assert_eq!(dead, [(mine[0].event, "endpoint_disabled".to_owned())]);
    // What was being sent counts, and what fails then is found afterwards.
    end(&store, ONE, mine[1], Verdict::Delivered, START).await;
    end(&store, ONE, mine[2], Verdict::RetryAt(later), START).await;
    assert!(
        lease(&store, ONE, later)
            .await
            .iter()
            .all(|leased| leased.endpoint.is_none())
    );
    store.undeliverable_end(later).await.unwrap();
    assert_eq!(dead_letters(&store, owner, id(11)).await.len(), 2);

    assert!(
        store
            .endpoint_enable(owner, id(11), later, &audit("webhook_endpoint.enable"))
            .await
            .unwrap()
    );
    assert!(
        !store
            .endpoint_enable(owner, id(11), later, &audit("webhook_endpoint.enable"))
            .await
            .unwrap()
    );
    store
        .event_insert(&told(owner, 4, "order.pending"))
        .await
        .unwrap();
    let leased = lease(&store, ONE, later + Duration::seconds(1)).await;
    assert!(receivers(&leased).contains(&Some(11)));
}

async fn dead_letters(
    store: &Store,
    owner: Id<kind::Merchant>,
    endpoint: Id<kind::WebhookEndpoint>,
) -> Vec<(Id<kind::Event>, String)> {
    let target = crate::deliveries::DeliveryTarget::Endpoint(endpoint);
    let dead = store.dead_letters(owner, target, None, 100).await.unwrap();
    dead.into_iter()
        .map(|letter| (letter.event, letter.last_code.unwrap()))
        .collect()
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn with_an_endpoint_goes_all_that_is_open_or_dead_but_not_its_log(pool: PgPool) {
    let (store, owner) = world(&pool).await;
    for number in 1..=4 {
        store
            .event_insert(&told(owner, number, "order.pending"))
            .await
            .unwrap();
    }
    let held = lease(&store, ONE, START).await;
    let mine: Vec<_> = held.iter().filter(|leased| leased.endpoint.is_some()).collect();
    end(&store, ONE, mine[0], Verdict::GivenUp, START).await;
    end(
        &store,
        ONE,
        mine[1],
        Verdict::RetryAt(START + Duration::hours(1)),
        START,
    )
    .await;
    end(&store, ONE, mine[2], Verdict::PostponedTo(START), START).await;
    let entry = crate::audit::AuditEntry {
        at: START,
        ..audit("webhook_endpoint.delete")
    };
    let delete = async |owner| store.endpoint_delete(owner, id(11), &entry).await.unwrap();
    assert!(!delete(id(2)).await, "it is somebody else's");
    assert!(delete(owner).await);
    assert!(!delete(owner).await);

    let left = async || {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM deliveries WHERE endpoint_id IS NOT NULL")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    assert_eq!(left().await, 1, "what is being sent has its end yet to come");
    end(&store, ONE, mine[3], Verdict::RetryAt(START), START).await;
    // What waits is found once it is due.
    store.deliveries_promote(START, 10).await.unwrap();
    store.undeliverable_end(START).await.unwrap();
    assert_eq!(left().await, 0);
    let own: i64 = sqlx::query_scalar("SELECT count(*) FROM deliveries")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(own, 4);
    let target = crate::deliveries::DeliveryTarget::Endpoint(id(11));
    let log = store
        .attempts_of_target(owner, target, false, None, 10)
        .await
        .unwrap();
    assert_eq!(log.len(), 3);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn several_processes_together_send_an_endpoint_no_more_than_its_rate(pool: PgPool) {
    let store = Store::from_pool(pool);
    let owner = insert_merchant(&store, 1).await.id;
    let paced = WebhookEndpoint {
        event_types: Vec::new(),
        rate_per_second: Some(5),
        created_at: START,
        updated_at: START,
        ..endpoint(owner, 10)
    };
    add(&store, &paced).await;
    for number in 0..40 {
        let event = NewEvent {
            notify_url: None,
            ..told(owner, number, "order.pending")
        };
        store.event_insert(&event).await.unwrap();
    }
    let mut takers = tokio::task::JoinSet::new();
    for owner in 1..=4 {
        let store = store.clone();
        takers.spawn(async move { lease(&store, Uuid::from_u128(owner), START).await.len() });
    }
    let together: usize = takers.join_all().await.into_iter().sum();
    let rest = lease(&store, ONE, START).await.len();
    assert_eq!(together + rest, 5, "a second's worth to begin with");

    let at = |milliseconds| START + Duration::milliseconds(milliseconds);
    let tokens = async |now| {
        store.queues_ready(now, None, 1).await.unwrap()[0]
            .pace
            .unwrap()
            .tokens
    };
    assert_eq!(tokens(at(199)).await, 0);
    assert_eq!(lease(&store, ONE, at(199)).await.len(), 0);
    assert_eq!(tokens(at(400)).await, 2);
    assert_eq!(lease(&store, ONE, at(400)).await.len(), 2);
    assert_eq!(lease(&store, ONE, at(599)).await.len(), 0);
    assert_eq!(
        lease(&store, ONE, at(60_000)).await.len(),
        5,
        "no more is saved up"
    );

    let unlimited = WebhookEndpoint {
        rate_per_second: None,
        ..paced
    };
    store
        .endpoint_update(&unlimited, &audit("webhook_endpoint.update"))
        .await
        .unwrap();
    assert_eq!(
        lease(&store, ONE, at(60_001)).await.len(),
        35,
        "all but what is being sent"
    );
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_is_open_goes_to_the_url_that_its_endpoint_has_by_then(pool: PgPool) {
    let (store, owner) = world(&pool).await;
    store
        .event_insert(&told(owner, 1, "order.pending"))
        .await
        .unwrap();
    let mut changed = store.endpoint_load(owner, id(11)).await.unwrap().unwrap();
    changed.url = HttpUrl::parse("https://moved.example/", primitives::UrlPolicy::HttpsOnly).unwrap();
    store
        .endpoint_update(&changed, &audit("webhook_endpoint.update"))
        .await
        .unwrap();
    let leased = lease(&store, ONE, START).await;
    let moved = leased.iter().find(|leased| leased.endpoint.is_some()).unwrap();
    assert_eq!(moved.url, changed.url.as_str());
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_queue_is_a_merchants_exact_url(pool: PgPool) {
    let one = Id::from_uuid(Uuid::from_u128(1));
    let other = Id::from_uuid(Uuid::from_u128(2));
    let queue = queue_of(one, HOOK);
    assert_ne!(queue, queue_of(other, HOOK));
    assert_ne!(queue, queue_of(one, "https://shop.example/hook?"));
    // The migration says it in SQL.
    let said: Uuid = sqlx::query_scalar(
        "SELECT encode(substring(sha256(uuid_send($1) || convert_to($2, 'UTF8')) FOR 16), 'hex')::uuid",
    )
    .bind(one.uuid())
    .bind(HOOK)
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(said, queue);
    let store = Store::from_pool(pool);
    insert(&store, order(1), 1, HOOK).await;
    assert_eq!(ids(&lease(&store, ONE, START).await).len(), 1);
}

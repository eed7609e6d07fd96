//! What a reader of the log may rely on, on a real database.

use super::*;
use crate::{
    deliveries::tests::{START, event, merchant, order},
    events::{NewEvent, events_insert_in},
    plans::{assert_entered_by, plan_of},
};
use sqlx::PgPool;
use std::time::Duration as Wait;

fn numbered(number: u128, event_type: &'static str) -> NewEvent {
    NewEvent {
        id: Id::from_uuid(Uuid::from_u128(number)),
        event_type,
        ..event(order(number), 1, None)
    }
}

fn numbers(page: &EventPage) -> Vec<u128> {
    page.events
        .iter()
        .map(|event| event.id.uuid().as_u128())
        .collect()
}

async fn read(store: &Store, after: Option<Cursor>, limit: u32) -> EventPage {
    store.event_log(merchant(), after, &[], limit).await.unwrap()
}

/// Reads until the log has so many events: whatever else runs in the database cluster holds its end back.
async fn read_all(store: &Store, after: Option<Cursor>, expected: usize) -> EventPage {
    for _ in 0..2_000 {
        let page = read(store, after, 100).await;
        assert!(page.events.len() <= expected);
        if page.events.len() == expected {
            return page;
        }
        tokio::time::sleep(Wait::from_millis(10)).await;
    }
    panic!("the log never had {expected} events");
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_event_that_commits_late_is_never_behind_a_cursor(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    store.event_insert(&numbered(1, "order.pending")).await.unwrap();
    let cursor = read_all(&store, None, 1).await.next;

    // The first to write is the last to commit, and has the lower id.
    let mut late = pool.begin().await.unwrap();
    events_insert_in(&mut late, &numbered(2, "order.pending"))
        .await
        .unwrap();
    store.event_insert(&numbered(3, "order.pending")).await.unwrap();
    let meanwhile = read(&store, cursor, 100).await;
    assert_eq!(
        numbers(&meanwhile),
        [],
        "what is written already may not be shown yet"
    );
    assert_eq!(meanwhile.next, cursor);
    late.commit().await.unwrap();
    assert_eq!(numbers(&read_all(&store, cursor, 2).await), [2, 3]);

    // And one that is the first to write but has the higher id.
    let cursor = read_all(&store, None, 3).await.next;
    let mut late = pool.begin().await.unwrap();
    events_insert_in(&mut late, &numbered(9, "order.pending"))
        .await
        .unwrap();
    store.event_insert(&numbered(4, "order.pending")).await.unwrap();
    assert_eq!(numbers(&read(&store, cursor, 100).await), []);
    late.commit().await.unwrap();
    assert_eq!(numbers(&read_all(&store, cursor, 2).await), [9, 4]);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn writers_and_a_reader_side_by_side_lose_nothing(pool: PgPool) {
    const WRITERS: u128 = 4;
    const EACH: u128 = 40;
    let store = Store::from_pool(pool.clone());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let pool = pool.clone();
        writers.spawn(async move {
            for number in 0..EACH {
                let mut transaction = pool.begin().await.unwrap();
                let event = numbered(1 + writer * EACH + number, "order.pending");
                events_insert_in(&mut transaction, &event).await.unwrap();
                tokio::time::sleep(Wait::from_millis(((writer * 7 + number) % 5) as u64)).await;
                transaction.commit().await.unwrap();
            }
        });
    }
    let mut cursor = None;
    let mut seen = Vec::new();
    for _ in 0..20_000 {
        let page = read(&store, cursor, 7).await;
        seen.extend(numbers(&page));
        cursor = page.next;
        if seen.len() as u128 == WRITERS * EACH {
            break;
        }
        tokio::time::sleep(Wait::from_millis(1)).await;
    }
    writers.join_all().await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=WRITERS * EACH).collect::<Vec<_>>());
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn the_log_is_read_page_by_page_and_only_by_its_owner(pool: PgPool) {
    let store = Store::from_pool(pool);
    for number in 1..=5 {
        store
            .event_insert(&numbered(number, "order.pending"))
            .await
            .unwrap();
    }
    read_all(&store, None, 5).await;
    let first = read(&store, None, 2).await;
    assert_eq!((numbers(&first), first.more), (vec![1, 2], true));
    assert_eq!(first.events[0].document, r#"{"sequence":1}"#);
    let second = read(&store, first.next, 3).await;
    assert_eq!(numbers(&second), [3, 4, 5]);
    let end = read(&store, second.next, 3).await;
    assert_eq!((numbers(&end), end.more, end.next), (vec![], false, second.next));
    let stranger = Id::from_uuid(Uuid::from_u128(5));
    let page = store.event_log(stranger, None, &[], 9).await.unwrap();
    assert_eq!((page.events.len(), page.next, page.more), (0, None, false));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_is_of_another_type_is_passed_over_and_not_looked_at_again(pool: PgPool) {
    let store = Store::from_pool(pool);
    for number in 1..=6 {
        let event_type = if number % 3 == 0 {
            "order.refund"
        } else {
            "order.pending"
        };
        store.event_insert(&numbered(number, event_type)).await.unwrap();
    }
    let all = read_all(&store, None, 6).await;
    let only = async |after, types: &[&str], limit| {
        let types: Vec<_> = types.iter().map(|&name| name.to_owned()).collect();
        store.event_log(merchant(), after, &types, limit).await.unwrap()
    };
    let first = only(None, &["order.refund"], 1).await;
    assert_eq!((numbers(&first), first.more), (vec![3], true));
    let rest = only(first.next, &["order.refund", "order.expired"], 9).await;
    assert_eq!((numbers(&rest), rest.more), (vec![6], false));
    let none = only(None, &["order.expired"], 9).await;
    assert_eq!((numbers(&none), none.next, none.more), (vec![], all.next, false));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_cursor_of_before_a_restore_is_continued_by_time(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let hours = |count| crate::week::first_id(START + Duration::hours(count)).as_u128();
    for number in [hours(10), hours(20), hours(30)] {
        store
            .event_insert(&numbered(number, "order.pending"))
            .await
            .unwrap();
    }
    let page = read_all(&store, None, 3).await;
    let middle = read(&store, None, 2).await.next;

    // As in another cluster: numbers far beyond any that this one has handed out.
    sqlx::query("UPDATE events SET recorded_in = '9000000000000'")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("UPDATE event_log SET system_identifier = 1")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(numbers(&read(&store, None, 9).await), []);
    let kept = store.webhook_partitions_keep(START).await.unwrap();
    assert!(kept.new_era);
    let again = store.webhook_partitions_keep(START).await.unwrap();
    assert!(!again.new_era);

    // Behind the second event, an hour of which is read again.
    let continued = read_all(&store, middle, 2).await;
    assert_eq!(numbers(&continued), [hours(20), hours(30)]);
    assert_eq!(
        numbers(&read(&store, continued.next, 9).await),
        [],
        "a cursor of the new era is exact"
    );
    store
        .event_insert(&numbered(hours(31), "order.pending"))
        .await
        .unwrap();
    assert_eq!(numbers(&read_all(&store, continued.next, 1).await), [hours(31)]);
    assert_eq!(
        numbers(&read_all(&store, page.next, 2).await),
        [hours(30), hours(31)]
    );
}

#[test]
fn a_cursor_has_one_text() {
    let cursor = Cursor {
        era: 18,
        recorded_in: u64::MAX,
        event: Uuid::from_u128(0xabc),
    };
    let text = cursor.to_string();
    assert_eq!(text, "12-ffffffffffffffff-00000000000000000000000000000abc");
    assert_eq!(text.parse(), Ok(cursor));
    for wrong in [
        "",
        "1",
        "1-1",
        "1-1-1",
        "0x1-1-00000000000000000000000000000abc",
        "+1-1-00000000000000000000000000000abc",
        "01-1-00000000000000000000000000000abc",
        "1-1-00000000-0000-0000-0000-000000000abc",
        "1-10000000000000000-00000000000000000000000000000abc",
        "-1-1-00000000000000000000000000000abc",
    ] {
        assert_eq!(wrong.parse::<Cursor>(), Err(NotACursor), "{wrong}");
    }
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn the_logs_index_is_no_way_to_an_event_by_its_id(pool: PgPool) {
    let plan = plan_of(
        &pool,
        "PREPARE look (uuid, uuid) AS SELECT document FROM events WHERE merchant_id = $1 AND id = $2",
        "EXPLAIN EXECUTE look (gen_random_uuid(), gen_random_uuid())",
    )
    .await;
    assert_entered_by("(merchant_id = $1) AND (id = $2)", &plan);
}

use super::*;
use crate::{
    audit::{Actor, AuditEntry},
    directlink::{
        accounts::{Account, AccountUrls, PostSale},
        payments::NewDirectLinkPayment,
    },
    merchants::tests::NOW,
};
use payments::{directlink::NcError, order::NewOrder};
use primitives::{Amount, Currency, Id};
use serde_json::json;
use sqlx::PgPool;
use time::Duration;

const ONE: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);
const LEASE: Duration = Duration::seconds(30);

fn order() -> Order {
    let new = NewOrder {
        reference: Some("shop-1".into()),
        numbering: payments::Numbering::DirectLink("shop".into()),
        order_type: "DEUNA_NOW".into(),
        amount: Amount::new(1_500, Currency::EUR).unwrap(),
        store_code: "all".into(),
        details: serde_json::Map::new(),
        notify_url: None,
        callbacks: payments::order::Callbacks::default(),
        payer_email: None,
    };
    Order::open(
        Id::from_uuid(Uuid::from_u128(2)),
        Id::from_uuid(Uuid::from_u128(1)),
        new,
        NOW,
    )
}

fn change(occasion: Occasion, status: u8) -> Change {
    Change {
        occasion,
        telling: Telling {
            status,
            error: NcError::NONE,
            amount: Amount::new(1_500, Currency::EUR).unwrap(),
            acceptance: Some("123456".into()),
            eci: Some("5".into()),
            brand: None,
            card_number: Some("XXXXXXXXXXXX1111".into()),
            level: (occasion == Occasion::Change).then_some(1),
        },
    }
}

fn audit(order: &Order, action: &'static str) -> AuditEntry {
    AuditEntry {
        at: NOW,
        actor: Actor::CommandLine,
        action,
        merchant: Some(order.merchant),
        subject: "shop".into(),
        before: None,
        after: None,
    }
}

/// A store with an account, and its order if that has a number.
async fn store(pool: PgPool, order: &Order, numbered: bool) -> Store {
    sqlx::query("INSERT INTO merchants (id, name, country, currencies, version, created_at, updated_at) VALUES ($1, 'Shop', 'MX', '{EUR}', 1, $2, $2)")
        .bind(order.merchant.uuid())
        .bind(NOW)
        .execute(&pool)
        .await
        .unwrap();
    let store = Store::from_pool(pool);
    let account = Account {
        pspid: "shop".into(),
        merchant: order.merchant,
        processor: None,
        hash: "sha256".into(),
        sha_in_sealed: None,
        sha_out_sealed: None,
        operation: "SAL".into(),
        allowed_addresses: Vec::new(),
        urls: AccountUrls::default(),
        feedback_on_redirect: true,
        post_sale: PostSale {
            accept_url: None,
            decline_url: None,
            change_url: None,
            method: "POST".into(),
            online: false,
        },
        attempts_max: 10,
        disabled: false,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    };
    let made = audit(order, "directlink_account.create");
    store.directlink_account_insert(&account, &made).await.unwrap();
    store.record(recording(order, Vec::new())).await.unwrap();
    if numbered {
        let new = NewDirectLinkPayment {
            pspid: "shop",
            reference: "shop-1",
            merchant: order.merchant,
            order: order.id,
            operation: "SAL",
            facts: json!({ "param_var": "mx" }),
            return_token: "01JDEADBEEFDEADBEEFDEADBEE",
            with_shopper: false,
            created_at: NOW,
        };
        store.directlink_payment_insert(&new).await.unwrap();
    }
    store
}

/// A step of the order that tells this. A version of 0 and nothing told: its first.
fn recording(order: &Order, feedback: Vec<Change>) -> crate::recording::Recording<'_> {
    crate::recording::Recording {
        order,
        order_is_new: feedback.is_empty(),
        new_payment: None,
        tries: None,
        routing: None,
        attempts: &[],
        settlements: &[],
        holds: &[],
        authentications: Vec::new(),
        look_again_at: None,
        forget_security_code: false,
        event: None,
        feedback,
        card_to_keep: None,
        claim: None,
        answer: None,
        answered: None,
        now: NOW,
    }
}

fn report(leased: &LeasedFeedback, then: FeedbackVerdict) -> FeedbackReport {
    FeedbackReport {
        id: leased.id,
        attempt: leased.attempt,
        then,
        code: "http_status",
        http_status: Some(500),
    }
}

/// Room for so many, three of one account.
fn room(all: i64, busy: &[(&str, i64)]) -> FeedbackRoom {
    FeedbackRoom {
        all,
        per_account: 3,
        busy: busy
            .iter()
            .map(|(pspid, on_its_way)| ((*pspid).to_owned(), *on_its_way))
            .collect(),
    }
}

async fn next_due_at(store: &Store, now: OffsetDateTime) -> Option<OffsetDateTime> {
    store.feedback_next_due_at(now, &room(10, &[])).await.unwrap()
}

async fn lease(store: &Store, owner: Uuid, now: OffsetDateTime) -> Vec<LeasedFeedback> {
    store
        .feedback_lease(owner, now, now + LEASE, &room(10, &[]))
        .await
        .unwrap()
}

async fn count(store: &Store) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM directlink_feedback")
        .fetch_one(store.pool())
        .await
        .unwrap()
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_is_told_reads_back_with_its_payment(pool: PgPool) {
    let order = order();
    let store = store(pool, &order, true).await;
    let end = change(Occasion::End, 9);
    store.record(recording(&order, vec![end.clone()])).await.unwrap();
    let leased = lease(&store, ONE, NOW).await;
    let [leased] = leased.as_slice() else {
        panic!("{leased:?}")
    };
    assert_eq!((leased.occasion, &leased.telling), (end.occasion, &end.telling));
    assert_eq!((leased.attempt, leased.created_at), (1, NOW));
    assert_eq!(
        (leased.payment.pspid.as_str(), leased.payment.reference.as_str()),
        ("shop", "shop-1")
    );
    assert_eq!(leased.payment.facts["param_var"], "mx");
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_step_that_is_not_written_tells_nothing_and_what_cannot_be_told_stops_the_step(pool: PgPool) {
    let order = order();
    let store = store(pool, &order, true).await;
    // Somebody else was faster.
    let stale = Order {
        version: 7,
        ..order.clone()
    };
    let refused = store
        .record(recording(&stale, vec![change(Occasion::End, 9)]))
        .await;
    assert!(matches!(refused, Err(StoreError::Changed)), "{refused:?}");
    assert_eq!(count(&store).await, 0);

    // The message cannot be written, so nothing else is.
    sqlx::query("ALTER TABLE directlink_feedback ADD CONSTRAINT closed CHECK (occasion <> 'end') NOT VALID")
        .execute(store.pool())
        .await
        .unwrap();
    let step = vec![change(Occasion::Change, 9), change(Occasion::End, 9)];
    store.record(recording(&order, step)).await.unwrap_err();
    assert_eq!(count(&store).await, 0);
    let version: i64 = sqlx::query_scalar("SELECT version FROM orders")
        .fetch_one(store.pool())
        .await
        .unwrap();
    assert_eq!(version, order.version);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_order_without_a_number_tells_nobody(pool: PgPool) {
    let order = order();
    let store = store(pool, &order, false).await;
    store
        .record(recording(&order, vec![change(Occasion::End, 9)]))
        .await
        .unwrap();
    assert_eq!(count(&store).await, 0);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_message_is_one_senders_at_a_time_and_comes_back_when_the_sender_dies(pool: PgPool) {
    let order = order();
    let store = store(pool, &order, true).await;
    store
        .record(recording(&order, vec![change(Occasion::End, 9)]))
        .await
        .unwrap();
    let [first] = <[_; 1]>::try_from(lease(&store, ONE, NOW).await).unwrap();
    let awaited = async || store.feedback_is_awaited(first.payment.payid).await.unwrap();
    assert!(awaited().await, "it is just being sent");
    assert_eq!(lease(&store, OTHER, NOW).await, []);
    assert_eq!(next_due_at(&store, NOW).await, Some(NOW + LEASE));

    let [second] = <[_; 1]>::try_from(lease(&store, OTHER, NOW + LEASE).await).unwrap();
    assert_eq!(second.attempt, 2);
    let late = report(&first, FeedbackVerdict::Delivered);
    assert!(!store.feedback_record(ONE, &late, NOW + LEASE).await.unwrap());
    let at = NOW + LEASE + Duration::minutes(10);
    let again = report(&second, FeedbackVerdict::Again(at));
    assert!(store.feedback_record(OTHER, &again, NOW + LEASE).await.unwrap());
    assert!(!awaited().await, "a repeat is not waited for");
    assert_eq!(next_due_at(&store, NOW).await, Some(at));
    assert_eq!(lease(&store, ONE, at).await[0].attempt, 3);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_was_postponed_does_not_count_as_an_attempt(pool: PgPool) {
    let order = order();
    let store = store(pool, &order, true).await;
    store
        .record(recording(&order, vec![change(Occasion::End, 9)]))
        .await
        .unwrap();
    let leased = lease(&store, ONE, NOW).await;
    let postponed = report(&leased[0], FeedbackVerdict::Postponed(NOW));
    assert!(store.feedback_record(ONE, &postponed, NOW).await.unwrap());
    let payid = leased[0].payment.payid;
    assert!(store.feedback_is_awaited(payid).await.unwrap());
    let leased = lease(&store, ONE, NOW).await;
    assert_eq!(leased[0].attempt, 1);
    let delivered = report(&leased[0], FeedbackVerdict::Delivered);
    assert!(store.feedback_record(ONE, &delivered, NOW).await.unwrap());
    assert!(!store.feedback_is_awaited(payid).await.unwrap());
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_change_waits_for_the_end_to_be_tried_and_no_longer(pool: PgPool) {
    let order = order();
    let store = store(pool, &order, true).await;
    let both = vec![change(Occasion::End, 9), change(Occasion::Change, 8)];
    store.record(recording(&order, both)).await.unwrap();
    let first = lease(&store, ONE, NOW).await;
    assert_eq!(first.iter().map(|it| it.telling.status).collect::<Vec<_>>(), [9]);
    assert_eq!(lease(&store, OTHER, NOW).await, []);
    assert_eq!(next_due_at(&store, NOW).await, Some(NOW + LEASE));

    // The end could not be told, and is told again in ten minutes; the change need not wait for that.
    let again = report(&first[0], FeedbackVerdict::Again(NOW + Duration::minutes(10)));
    store.feedback_record(ONE, &again, NOW).await.unwrap();
    let then = lease(&store, ONE, NOW).await;
    assert_eq!(then.iter().map(|it| it.telling.status).collect::<Vec<_>>(), [8]);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn operators_see_what_was_told_and_have_it_sent_again(pool: PgPool) {
    let order = order();
    let store = store(pool, &order, true).await;
    store
        .record(recording(&order, vec![change(Occasion::End, 9)]))
        .await
        .unwrap();
    let leased = lease(&store, ONE, NOW).await;
    let (id, payid) = (leased[0].id, leased[0].payment.payid);
    let asked = audit(&order, "directlink_feedback.send_again");
    let again = |pspid: &'static str| store.feedback_send_again(pspid, id, &asked);
    assert!(!again("shop").await.unwrap(), "it is on its way");
    store
        .feedback_record(ONE, &report(&leased[0], FeedbackVerdict::GivenUp), NOW)
        .await
        .unwrap();

    let listed = store.feedback_list("shop", Some(payid), None, 10).await.unwrap();
    let [seen] = listed.as_slice() else {
        panic!("{listed:?}")
    };
    assert_eq!(
        (seen.outcome.as_deref(), seen.attempts, seen.next_at),
        (Some("given_up"), 1, None)
    );
    assert_eq!(
        (seen.last_code.as_deref(), seen.last_http_status),
        (Some("http_status"), Some(500))
    );
    for (pspid, of, before) in [
        ("other", None, None),
        ("shop", Some(payid + 1), None),
        ("shop", None, Some(id)),
    ] {
        assert_eq!(
            store.feedback_list(pspid, of, before, 10).await.unwrap(),
            [],
            "{pspid} {of:?} {before:?}"
        );
    }

    assert!(!again("other").await.unwrap());
    assert!(again("shop").await.unwrap());
    assert_eq!(lease(&store, ONE, NOW).await[0].attempt, 1);
    let noted = store.audit_list(Some(order.merchant), None, 1).await.unwrap();
    assert_eq!(
        noted[0].action, asked.action,
        "only what was done is noted, and last"
    );
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn old_messages_are_dropped_once_they_are_over(pool: PgPool) {
    let order = order();
    let store = store(pool, &order, true).await;
    store
        .record(recording(&order, vec![change(Occasion::End, 9)]))
        .await
        .unwrap();
    let later = NOW + Duration::days(31);
    assert_eq!(store.feedback_prune(later).await.unwrap(), 0, "it is open");
    let leased = lease(&store, ONE, NOW).await;
    store
        .feedback_record(ONE, &report(&leased[0], FeedbackVerdict::NoUrl), NOW)
        .await
        .unwrap();
    assert_eq!(store.feedback_prune(NOW).await.unwrap(), 0, "it is not old");
    assert_eq!(store.feedback_prune(later).await.unwrap(), 1);
}

/// An account beside that of the order, and messages about as many payments of its.
async fn another_shop(store: &Store, pspid: &str, messages: u128) {
    let merchant = "UPDATE merchants SET updated_at = updated_at RETURNING id";
    let merchant: Uuid = sqlx::query_scalar(merchant)
        .fetch_one(store.pool())
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO directlink_accounts (pspid, merchant_id, hash, operation, feedback_on_redirect, post_sale_method,
                                          attempts_max, status, version, created_at, updated_at)
         VALUES ($1, $2, 'sha256', 'SAL', true, 'POST', 10, 'active', 1, $3, $3)",
    )
    .bind(pspid)
    .bind(merchant)
    .bind(NOW)
    .execute(store.pool())
    .await
    .unwrap();
    for number in 0..messages {
        let order = Order {
            id: Id::from_uuid(Uuid::from_u128(100 + number)),
            merchant: Id::from_uuid(merchant),
            ..order()
        };
        store.record(recording(&order, Vec::new())).await.unwrap();
        let token = format!("{number:026}");
        let new = NewDirectLinkPayment {
            pspid,
            reference: "shop-1",
            merchant: order.merchant,
            order: order.id,
            operation: "SAL",
            facts: json!({}),
            return_token: &token,
            with_shopper: false,
            created_at: NOW,
        };
        store.directlink_payment_insert(&new).await.unwrap();
        let told = recording(&order, vec![change(Occasion::End, 9)]);
        store.record(told).await.unwrap();
    }
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_account_takes_no_more_than_its_room_and_others_go_first(pool: PgPool) {
    let order = order();
    let store = store(pool, &order, true).await;
    another_shop(&store, "busy", 5).await;
    store
        .record(recording(&order, vec![change(Occasion::End, 9)]))
        .await
        .unwrap();
    let lease = async |room: FeedbackRoom| {
        let leased = store.feedback_lease(ONE, NOW, NOW + LEASE, &room).await.unwrap();
        let mut names: Vec<_> = leased.into_iter().map(|it| it.payment.pspid).collect();
        names.sort();
        names
    };
    // The other's message is the youngest, and has nothing before it.
    assert_eq!(lease(room(2, &[])).await, ["busy", "shop"]);
    assert_eq!(lease(room(10, &[("busy", 1)])).await, ["busy", "busy"]);
    let full = room(10, &[("busy", 3), ("shop", 1)]);
    assert_eq!(lease(full.clone()).await, Vec::<String>::new());
    // Nobody need look for what there is no room for, and what is left is anybody's.
    let due = store.feedback_next_due_at(NOW, &full).await.unwrap();
    assert_eq!(due, Some(NOW + LEASE), "the other's lease");
    assert_eq!(next_due_at(&store, NOW).await, Some(NOW));
    assert_eq!(lease(room(10, &[])).await, ["busy", "busy"]);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_waits_is_measured(pool: PgPool) {
    let order = order();
    let store = store(pool, &order, true).await;
    let measured = async |now| {
        let backlog = store.feedback_backlog(now).await.unwrap();
        (backlog.open, backlog.due, backlog.oldest_due_at)
    };
    assert_eq!(measured(NOW).await, (0, 0, None));
    another_shop(&store, "other", 2).await;
    let leased = lease(&store, ONE, NOW).await;
    let again = report(&leased[0], FeedbackVerdict::Again(NOW + LEASE));
    store.feedback_record(ONE, &again, NOW).await.unwrap();
    assert_eq!(measured(NOW).await, (2, 1, Some(NOW)));
    let over = report(&leased[1], FeedbackVerdict::Delivered);
    store.feedback_record(ONE, &over, NOW).await.unwrap();
    assert_eq!(measured(NOW).await, (1, 0, None));
    assert_eq!(measured(NOW + LEASE).await, (1, 1, Some(NOW + LEASE)));
}

//! Accounts, users and payments of DirectLink on a real database.

use super::{
    accounts::{Account, AccountUrls, PostSale, SealedPassphrases},
    payments::NewDirectLinkPayment,
    users::User,
};
use crate::{
    Store, StoreError,
    merchants::tests::{NOW, audit, id},
    plans::{assert_entered_by, plan_of},
};
use primitives::{Id, id::kind};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

fn merchant() -> Id<kind::Merchant> {
    id(1)
}

async fn store(pool: &PgPool) -> Store {
    sqlx::query(
        "INSERT INTO merchants (id, name, country, currencies, version, created_at, updated_at)
         VALUES ($1, 'Shop', 'MX', '{MXN}', 1, $2, $2)",
    )
    .bind(merchant().uuid())
    .bind(NOW)
    .execute(pool)
    .await
    .unwrap();
    let store = Store::from_pool(pool.clone());
    for pspid in ["other", "shop"] {
        let audit = audit("directlink_account.create");
        store
            .directlink_account_insert(&account(pspid), &audit)
            .await
            .unwrap();
    }
    store
}

fn account(pspid: &str) -> Account {
    Account {
        pspid: pspid.to_owned(),
        merchant: merchant(),
        processor: Some("adyen".into()),
        hash: "sha512".into(),
        sha_in_sealed: Some(vec![1, 2, 3]),
        sha_out_sealed: None,
        operation: "RES".into(),
        allowed_addresses: vec!["192.0.2.0/24".into(), "2001:db8::1/128".into()],
        urls: AccountUrls {
            accept: Some("https://shop.example/accept".into()),
            ..AccountUrls::default()
        },
        feedback_on_redirect: true,
        post_sale: PostSale {
            accept_url: Some("https://shop.example/feedback".into()),
            decline_url: None,
            change_url: None,
            method: "GET".into(),
            online: false,
        },
        attempts_max: 10,
        disabled: false,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_account_reads_back_as_it_was_written(pool: PgPool) {
    let store = store(&pool).await;
    let mut shop = account("shop");
    let load = async || store.directlink_account_load("shop").await.unwrap().unwrap();
    assert_eq!(load().await, shop);
    let create = audit("directlink_account.create");
    let twice = store.directlink_account_insert(&shop, &create).await;
    assert!(matches!(twice, Err(StoreError::Taken(_))), "{twice:?}");

    shop.disabled = true;
    shop.allowed_addresses.clear();
    shop.sha_out_sealed = Some(vec![4]);
    shop.attempts_max = 1;
    shop.post_sale.online = true;
    let update = audit("directlink_account.update");
    store.directlink_account_update(&shop, &update).await.unwrap();
    let stale = store.directlink_account_update(&shop, &update).await;
    assert!(matches!(stale, Err(StoreError::Changed)), "{stale:?}");
    shop.version = 2;
    assert_eq!(load().await, shop);
    let listed = store
        .directlink_accounts_list(merchant(), None, 10)
        .await
        .unwrap();
    assert_eq!(listed, [account("other"), shop.clone()]);
    let after = store
        .directlink_accounts_list(merchant(), Some("other"), 10)
        .await;
    assert_eq!(after.unwrap(), [shop]);
    assert!(store.directlink_account_load("SHOP").await.unwrap().is_none());
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn passphrases_are_replaced_only_where_they_are_what_was_read(pool: PgPool) {
    let store = store(&pool).await;
    let listed = store.directlink_passphrases_list("", 1).await.unwrap();
    let [old] = listed.as_slice() else {
        panic!("{listed:?}");
    };
    assert_eq!(old.pspid, "other");
    let new = SealedPassphrases {
        sha_in_sealed: Some(vec![9]),
        ..old.clone()
    };
    assert!(store.directlink_passphrases_replace(old, &new).await.unwrap());
    assert!(!store.directlink_passphrases_replace(old, &new).await.unwrap());
    let changed = store.directlink_account_load("other").await.unwrap().unwrap();
    assert_eq!(changed.sha_in_sealed, Some(vec![9]));
    let rest = store.directlink_passphrases_list("other", 10).await.unwrap();
    assert_eq!(rest.len(), 1);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn wrong_passwords_are_counted_up_to_the_lock_and_forgotten_after_a_right_one(pool: PgPool) {
    let store = store(&pool).await;
    let user = User {
        pspid: "shop".into(),
        userid: "api".into(),
        password_hash: [7; 32],
        locked: false,
        disabled: false,
    };
    let put = audit("directlink_user.put");
    store.directlink_user_put(&user, NOW, &put).await.unwrap();
    let tried = async |right| store.directlink_user_tried("shop", "api", right).await.unwrap();
    let load = async || store.directlink_user_load("shop", "api").await.unwrap().unwrap();
    assert!(tried(true).await);
    for _ in 0..4 {
        assert!(tried(false).await);
    }
    assert!(tried(true).await);
    for _ in 0..4 {
        assert!(tried(false).await);
    }
    assert!(!tried(false).await, "the fifth in a row");
    assert!(!tried(true).await, "a right one comes too late");
    assert!(load().await.locked);
    store.directlink_user_put(&user, NOW, &put).await.unwrap();
    assert_eq!(load().await, user);
    let nobody = store.directlink_user_tried("shop", "nobody", true).await;
    assert!(!nobody.unwrap());
    assert!(
        store
            .directlink_user_load("other", "api")
            .await
            .unwrap()
            .is_none()
    );
}

/// An order under the reference, with a number of the account's. Its payment, if it has one, is in that state, and claims the
/// reference or does not.
async fn ordered(pool: &PgPool, pspid: &str, number: u128, payment: Option<(&str, bool)>) -> i64 {
    let (order, payment_id) = (Uuid::from_u128(number), Uuid::from_u128(number + 1_000));
    sqlx::query(
        "INSERT INTO orders (merchant_id, id, reference, order_type, store_code, currency, total_amount, details, callbacks,
                             lifecycle, payments, payment_id, version, created_at, updated_at)
         VALUES ($1, $2, 'order-1', 'DEUNA_NOW', 'all', 'MXN', 10000, '{}', '{}', 'open', $3, $4, 1, $5, $5)",
    )
    .bind(merchant().uuid())
    .bind(order)
    .bind(i16::from(payment.is_some()))
    .bind(payment.map(|_| payment_id))
    .bind(NOW)
    .execute(pool)
    .await
    .unwrap();
    if let Some((state, claims)) = payment {
        sqlx::query(
            "INSERT INTO payments (merchant_id, id, order_id, number, state, state_data, currency, amount, authorized,
                                   card, terms, routes, reference, created_at, updated_at)
             VALUES ($1, $2, $3, 1, $4, '{}', 'MXN', 10000, CASE WHEN $4 = 'authorized' THEN 10000 ELSE 0 END,
                     '{}', '{}', '[]', $5, $6, $6)",
        )
        .bind(merchant().uuid())
        .bind(payment_id)
        .bind(order)
        .bind(state)
        .bind(claims.then_some("order-1"))
        .bind(NOW)
        .execute(pool)
        .await
        .unwrap();
    }
    let token = format!("01JDEADBEEFDEADBEEFDEA{number:04}");
    let new = NewDirectLinkPayment {
        pspid,
        reference: "order-1",
        merchant: merchant(),
        order: Id::from_uuid(order),
        operation: "RES",
        facts: json!({ "com_plus": "x" }),
        return_token: &token,
        with_shopper: false,
        created_at: NOW,
    };
    let store = Store::from_pool(pool.clone());
    store.directlink_payment_insert(&new).await.unwrap()
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_payment_is_found_by_its_account_s_number_or_by_its_token(pool: PgPool) {
    let store = store(&pool).await;
    let payid = ordered(&pool, "shop", 1, None).await;
    assert_eq!(payid, 3_000_000_001);
    let found = store
        .directlink_payment_load("shop", payid)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.order, found.operation.as_str()), (id(1), "RES"));
    assert_eq!(found.facts, json!({ "com_plus": "x" }));
    let other = store.directlink_payment_load("other", payid).await.unwrap();
    assert!(other.is_none(), "another account's is nobody's");
    let by_token = store
        .directlink_payment_by_return_token(&found.return_token)
        .await
        .unwrap();
    assert_eq!(by_token, Some(found));
    let unknown = store
        .directlink_payment_by_return_token("01JDEADBEEFDEADBEEFDEA9999")
        .await;
    assert!(unknown.unwrap().is_none());
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn of_several_payments_that_counts_which_has_the_money_else_the_latest_tried(pool: PgPool) {
    let store = store(&pool).await;
    let counting = async |pspid: &'static str| {
        let found = store.directlink_payment_that_counts(pspid, "order-1").await;
        found.unwrap().map(|payment| payment.payid)
    };
    let tries = async || store.directlink_tries("shop", "order-1").await.unwrap();
    ordered(&pool, "shop", 1, None).await;
    assert_eq!((counting("shop").await, tries().await), (None, 0));
    let refused = ordered(&pool, "shop", 2, Some(("closed", false))).await;
    assert_eq!((counting("shop").await, tries().await), (Some(refused), 1));
    let held = ordered(&pool, "shop", 3, Some(("authorized", true))).await;
    let later = ordered(&pool, "shop", 4, Some(("closed", false))).await;
    ordered(&pool, "shop", 5, None).await;
    assert_eq!((counting("shop").await, tries().await), (Some(held), 3));
    sqlx::query("UPDATE payments SET reference = NULL")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(counting("shop").await, Some(later));
    assert_eq!(counting("other").await, None);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn payments_of_a_reference_are_looked_for_by_its_index_and_their_orders_by_key(pool: PgPool) {
    let plan = plan_of(
        &pool,
        "PREPARE counting (text, text) AS
         SELECT d.payid
         FROM (SELECT * FROM directlink_payments WHERE pspid = $1 AND reference = $2 OFFSET 0) d
         CROSS JOIN LATERAL (
             SELECT payment_id FROM orders WHERE merchant_id = d.merchant_id AND id = d.order_id OFFSET 0
         ) o
         CROSS JOIN LATERAL (
             SELECT reference FROM payments WHERE merchant_id = d.merchant_id AND id = o.payment_id OFFSET 0
         ) p
         ORDER BY p.reference IS NULL, d.payid DESC LIMIT 1",
        "EXPLAIN EXECUTE counting('shop', 'order-1')",
    )
    .await;
    let (of_directlink, of_orders): (Vec<_>, Vec<_>) = plan
        .into_iter()
        .filter(|line| line.contains("Index Cond") || line.contains("Filter"))
        .partition(|line| line.contains("pspid"));
    assert_entered_by("(pspid = $1) AND (reference = $2)", &of_directlink);
    assert_entered_by("(merchant_id = ", &of_orders);
    assert_entered_by(") AND (id = ", &of_orders);
}

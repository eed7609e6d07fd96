//! Cards with a static password.

use super::*;

/// The card has this static password.
async fn with_password(bank: &Bank, password: &str) {
    let mac = bank.acs.inner().keys.password_mac(&issuer(), &card(), password);
    sqlx::raw_sql(
        "INSERT INTO acs.products (issuer_id, product_id, brand, name, created_at, updated_at)
             VALUES ('banco-0001', 'gold', 'visa', 'Gold', now(), now());
         INSERT INTO acs.cardholders (issuer_id, consumer_id, app_registered, contact, created_at, updated_at)
             VALUES ('banco-0001', 'ana', false, '', now(), now());",
    )
    .execute(bank.pool())
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO acs.cards (issuer_id, card_id, product_id, consumer_id, pan_hash, last_four, static_password_mac, state,
             created_at, updated_at)
         VALUES ('banco-0001', 'card-1', 'gold', 'ana', $1, '4242', $2, 'active', now(), now())",
    )
    .bind(&[7_u8; 32][..])
    .bind(&mac[..])
    .execute(bank.pool())
    .await
    .unwrap();
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_static_password_is_asked_for_instead_of_a_code(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    with_password(&bank, "11111").await;
    let means = NewMeans {
        password: true,
        ..phones(1)
    };
    let id = bank.challenged(1, V2_2, means).await;
    assert_eq!(bank.opens(id).await.kind, ViewKind::Password);
    let shown = view(bank.types(id, "  ").await);
    assert_eq!(shown.notice, Some(Notice::NothingTyped));
    let shown = view(bank.types(id, "11112").await);
    assert_eq!(shown.notice, Some(Notice::Wrong { attempts_left: 2 }));
    assert_eq!(
        status_of_cres(bank.types(id, "11111").await),
        TransStatus::Authenticated
    );
    assert_eq!(bank.sent().await, []);
    let [rreq] = &bank.directory.received()[..] else {
        panic!("one RReq")
    };
    assert_eq!(rreq.authentication_type, Some(AuthenticationType::Static));
    assert_eq!(rreq.interaction_counter.as_deref(), Some("02"));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_wrong_password_before_a_right_code_does_not_pass(pool: PgPool) {
    let policy = Policy {
        password_then_code: true,
        ..Policy::default()
    };
    let bank = Bank::open(pool, policy).await;
    with_password(&bank, "11111").await;
    let means = NewMeans {
        password: true,
        ..phones(1)
    };
    let id = bank.challenged(1, V2_2, means).await;
    bank.opens(id).await;
    bank.types(id, "wrong").await;
    let code = bank.code().await;
    // When the code is right
    let shown = view(bank.types(id, &code).await);
    // Then both are asked for again, and it is the same code that is good
    assert_eq!(
        (shown.kind, shown.notice),
        (ViewKind::Password, Some(Notice::Wrong { attempts_left: 2 }))
    );
    view(bank.types(id, "11111").await);
    assert_eq!(
        status_of_cres(bank.types(id, &code).await),
        TransStatus::Authenticated
    );
    assert_eq!(bank.sent().await, []);
}

//! Who is let in.

use super::{
    account::Standing,
    testing::{audit, secret},
};
use crate::flows::testing::World;
use sqlx::PgPool;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_account_is_known_with_its_passphrases_until_it_is_changed(pool: PgPool) {
    let world = World::new(pool).await;
    assert!(world.gateway.directlink_account("shop").await.unwrap().is_none());
    let account = world.account("shop").await;
    assert_eq!(account.sha_in.as_ref().unwrap().reveal(), "in");
    assert!(account.sha_out.is_none());
    assert_eq!(account.caller.merchant.id, world.caller.merchant.id);

    let mut changed = (*account.account).clone();
    changed.disabled = true;
    let audit = audit("directlink_account.disable");
    let store = world.gateway.store();
    store.directlink_account_update(&changed, &audit).await.unwrap();
    assert!(
        world.gateway.directlink_account("shop").await.unwrap().is_some(),
        "until somebody says that it changed, the database is not asked"
    );
    world.gateway.configuration().invalidate_all();
    assert!(world.gateway.directlink_account("shop").await.unwrap().is_none());
    let configuration = world.gateway.configuration();
    let kept = configuration.directlink_account("shop").await.unwrap();
    assert!(kept.is_some(), "for browsers that are still to come back");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_user_is_let_in_by_the_password_of_this_account_alone(pool: PgPool) {
    let world = World::new(pool).await;
    let (shop, other) = (world.account("shop").await, world.account("other").await);
    world.user("shop", "correct horse", false).await;
    assert_eq!(world.let_in(&shop, "api", "correct horse").await, Standing::Right);
    assert_eq!(world.let_in(&shop, "api", "battery").await, Standing::Wrong);
    assert_eq!(
        world.let_in(&shop, "nobody", "correct horse").await,
        Standing::Unknown
    );
    assert_eq!(
        world.let_in(&other, "api", "correct horse").await,
        Standing::Unknown
    );
    world.user("shop", "correct horse", true).await;
    assert_eq!(
        world.let_in(&shop, "api", "correct horse").await,
        Standing::Unknown
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn five_wrong_passwords_in_a_row_lock_a_user_until_it_is_given_one_anew(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    world.user("shop", "correct horse", false).await;
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(world.let_in(&shop, "api", "wrong").await, Standing::Wrong);
        }
        assert_eq!(world.let_in(&shop, "api", "correct horse").await, Standing::Right);
    }
    for _ in 0..5 {
        assert_eq!(world.let_in(&shop, "api", "wrong").await, Standing::Wrong);
    }
    for _ in 0..2 {
        assert_eq!(world.let_in(&shop, "api", "correct horse").await, Standing::Wrong);
    }
    world.user("shop", "battery staple", false).await;
    assert_eq!(
        world.let_in(&shop, "api", "battery staple").await,
        Standing::Right
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn no_hash_of_a_password_is_that_of_a_user_who_is_not_there(pool: PgPool) {
    let world = World::new(pool).await;
    world.account("shop").await;
    let vault = world.gateway.vault();
    assert_ne!(
        vault.directlink_password_hash("shop", "nobody", &secret("")),
        [0; 32]
    );
}

use super::super::testing::{ACTOR, World};
use super::*;
use sqlx::PgPool;

impl World {
    /// What signs for a target now: the secrets of each scheme.
    async fn signing(
        &self,
        merchant: Id<kind::Merchant>,
        endpoint: Option<Id<kind::WebhookEndpoint>>,
    ) -> Vec<String> {
        let now = self.administration.clock.now();
        let keys = self
            .configuration
            .webhook_keys(merchant, endpoint, now)
            .await
            .unwrap();
        let good = keys
            .iter()
            .filter(|key| key.expires_at.is_none_or(|end| now < end));
        let mut secrets: Vec<_> = good.map(|key| key.secret.reveal().clone()).collect();
        secrets.sort();
        secrets
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn old_and_new_keys_of_an_endpoint_sign_together_until_the_overlap_ends(pool: PgPool) {
    let world = World::new(pool.clone());
    let merchant = world.merchant("Shop").await.merchant.id;
    let created = world.endpoint(merchant, "https://a.example").await;
    let id = created.shown.endpoint.id;
    let before = world.signing(merchant, Some(id)).await;
    assert_eq!(before.len(), 2);

    let target = DeliveryTarget::Endpoint(id);
    let issued = world
        .administration
        .webhook_keys_rotate(ACTOR, merchant, target, &json!({"overlap_seconds": 3600}))
        .await
        .unwrap();

    // The next look sees both, without waiting for anything to age.
    let during = world.signing(merchant, Some(id)).await;
    assert_eq!(during.len(), 4);
    assert!(before.iter().all(|secret| during.contains(secret)));
    let secret = issued.secret.unwrap().reveal().clone();
    assert!(during.contains(&secret) && !before.contains(&secret));
    let shown = world
        .administration
        .webhook_endpoint_get(merchant, id)
        .await
        .unwrap();
    assert_eq!(
        shown.keys.iter().filter(|key| key.expires_at.is_some()).count(),
        2
    );

    world.clock.advance(Duration::hours(1));
    let after = world.signing(merchant, Some(id)).await;
    assert_eq!(after.len(), 2);
    assert!(after.contains(&secret) && before.iter().all(|secret| !after.contains(secret)));

    let rows: String = sqlx::query_scalar(
        "SELECT concat((SELECT json_agg(k) FROM webhook_keys k), (SELECT json_agg(a) FROM audit a))",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    for secret in before.iter().chain(&after) {
        assert!(!rows.contains(secret.as_str()), "a secret in a row");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_merchants_own_secret_is_rotated_likewise_and_gets_its_first_signing_key(pool: PgPool) {
    let world = World::new(pool);
    let created = world.merchant("Shop").await;
    let merchant = created.merchant.id;
    let administration = &world.administration;
    assert_eq!(
        world.signing(merchant, None).await,
        [created.webhook_secret.reveal().clone()]
    );

    let issued = administration
        .webhook_keys_rotate(ACTOR, merchant, DeliveryTarget::Own, &json!({}))
        .await
        .unwrap();

    let beside = world.signing(merchant, None).await;
    assert_eq!(beside.len(), 3);
    assert!(beside.contains(issued.secret.unwrap().reveal()), "the new secret");
    assert!(beside.contains(created.webhook_secret.reveal()), "the old secret");
    assert!(beside.iter().any(|secret| secret.starts_with("whsk_")));
    let shown = administration.own_webhooks_get(merchant).await.unwrap();
    assert_eq!(shown.as_written()["id"], "own");
    assert_eq!(shown.keys.len(), 3);
    assert!(shown.keys.iter().any(|key| key.public_key == issued.public_key));

    // Without an overlap, and one scheme alone.
    let only = json!({"overlap_seconds": 0, "schemes": ["v1a"]});
    let second = administration
        .webhook_keys_rotate(ACTOR, merchant, DeliveryTarget::Own, &only)
        .await
        .unwrap();
    assert!(second.secret.is_none() && second.overlap_until.is_none());
    let now = world.signing(merchant, None).await;
    assert_eq!(now.iter().filter(|secret| secret.starts_with("whsk_")).count(), 1);
    assert!(now.contains(created.webhook_secret.reveal()));

    world.clock.advance(Duration::hours(24));
    let later = world.signing(merchant, None).await;
    assert!(!later.contains(created.webhook_secret.reveal()), "a day is over");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_secret_that_was_kept_with_its_merchant_signs_until_it_is_replaced(pool: PgPool) {
    let world = World::new(pool.clone());
    let merchant = world.merchant("Shop").await.merchant.id;
    let context = crate::vault::context("webhook secret", merchant);
    let sealed = world
        .administration
        .vault
        .seal_text(&context, "whsec_of_old")
        .unwrap();
    sqlx::query("UPDATE webhook_keys SET sealed = $1, sealed_with_merchant = true")
        .bind(sealed)
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(world.signing(merchant, None).await, ["whsec_of_old"]);

    let rotation = json!({"schemes": ["v1"]});
    let issued = world
        .administration
        .webhook_keys_rotate(ACTOR, merchant, DeliveryTarget::Own, &rotation)
        .await
        .unwrap();

    let mut both = vec!["whsec_of_old".to_owned(), issued.secret.unwrap().reveal().clone()];
    both.sort();
    assert_eq!(world.signing(merchant, None).await, both);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_rotations_at_once_leave_one_current_key(pool: PgPool) {
    let world = World::new(pool);
    let merchant = world.merchant("Shop").await.merchant.id;
    let id = world
        .endpoint(merchant, "https://a.example")
        .await
        .shown
        .endpoint
        .id;
    for target in [DeliveryTarget::Endpoint(id), DeliveryTarget::Own] {
        let rotate = async |schemes| {
            let document = json!({ "schemes": schemes });
            world
                .administration
                .webhook_keys_rotate(ACTOR, merchant, target, &document)
                .await
        };
        // Asked for in either order, so that they would wait for each other if they took it in that order.
        let (one, other) = tokio::join!(rotate(["v1", "v1a"]), rotate(["v1a", "v1"]));
        let shown = match target {
            DeliveryTarget::Endpoint(id) => {
                world
                    .administration
                    .webhook_endpoint_get(merchant, id)
                    .await
                    .unwrap()
                    .keys
            }
            DeliveryTarget::Own => {
                world
                    .administration
                    .own_webhooks_get(merchant)
                    .await
                    .unwrap()
                    .keys
            }
        };
        let current = shown.iter().filter(|key| key.expires_at.is_none());
        let mut schemes: Vec<_> = current.map(|key| key.scheme.as_str()).collect();
        schemes.sort_unstable();
        assert_eq!(schemes, ["v1", "v1a"]);
        let won = usize::from(one.is_ok()) + usize::from(other.is_ok());
        assert!(won >= 1);
        for lost in [one, other].into_iter().filter_map(Result::err) {
            assert!(matches!(lost, AdministrationError::Conflict(_)), "{lost}");
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_rotation_that_makes_no_sense_is_refused(pool: PgPool) {
    let world = World::new(pool);
    let merchant = world.merchant("Shop").await.merchant.id;
    for (document, field) in [
        (json!({"overlap_seconds": 2_592_001}), "overlap_seconds"),
        (json!({"overlap_seconds": -1}), "overlap_seconds"),
        (json!({"schemes": []}), "schemes"),
        (json!({"schemes": ["v2"]}), "schemes"),
        (json!({"schemes": ["v1", "v1"]}), "schemes"),
        (json!({"secret": "whsec_x"}), "secret"),
    ] {
        let refused = world
            .administration
            .webhook_keys_rotate(ACTOR, merchant, DeliveryTarget::Own, &document)
            .await;
        let Err(AdministrationError::Invalid(problems)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(problems.0[0].field, field);
    }
}

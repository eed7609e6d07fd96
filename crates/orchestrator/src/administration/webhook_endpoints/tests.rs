use super::super::{
    Environment,
    testing::{ACTOR, World},
};
use super::*;
use sqlx::PgPool;
use uuid::Uuid;

fn fields<T: std::fmt::Debug>(result: Result<T, AdministrationError>) -> Vec<String> {
    match result {
        Err(AdministrationError::Invalid(problems)) => {
            problems.0.into_iter().map(|problem| problem.field).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn endpoint(url: &str) -> Value {
    json!({"url": url, "description": "ERP", "event_types": ["order.succeeded"], "rate_per_second": 20})
}

impl World {
    pub async fn endpoint(&self, merchant: Id<kind::Merchant>, url: &str) -> CreatedWebhookEndpoint {
        self.administration
            .webhook_endpoint_create(ACTOR, merchant, &endpoint(url))
            .await
            .unwrap()
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_endpoint_is_created_changed_switched_off_and_on_and_deleted_and_each_is_audited(pool: PgPool) {
    let world = World::new(pool);
    let merchant = world.merchant("Shop").await.merchant.id;
    let administration = &world.administration;

    let created = world.endpoint(merchant, "https://a.example/h").await;
    let id = created.shown.endpoint.id;
    let secret = created.issued.secret.as_ref().unwrap().reveal().clone();
    assert!(secret.starts_with("whsec_"));
    assert!(
        created.as_written()["public_key"]
            .as_str()
            .unwrap()
            .starts_with("whpk_")
    );
    let shown = administration.webhook_endpoint_get(merchant, id).await.unwrap();
    assert_eq!(shown.endpoint, created.shown.endpoint);
    let schemes: Vec<_> = shown.keys.iter().map(|key| key.scheme.as_str()).collect();
    assert_eq!(schemes.len(), 2);
    assert!(schemes.contains(&"v1") && schemes.contains(&"v1a"));

    // What was read may be sent back with a change.
    let mut change = shown.as_written();
    change["url"] = json!("https://b.example/h");
    change["rate_per_second"] = Value::Null;
    let changed = administration
        .webhook_endpoint_update(ACTOR, merchant, id, &change)
        .await
        .unwrap();
    assert_eq!(
        (
            changed.endpoint.url.as_str(),
            changed.endpoint.rate_per_second,
            changed.endpoint.version
        ),
        ("https://b.example/h", None, 2)
    );
    assert_eq!(changed.endpoint.event_types, ["order.succeeded"]);

    let off = administration
        .webhook_endpoint_set_enabled(ACTOR, merchant, id, false)
        .await
        .unwrap();
    assert_eq!(off.as_written()["disabled_reason"], "operator");
    // Once more changes nothing.
    administration
        .webhook_endpoint_set_enabled(ACTOR, merchant, id, false)
        .await
        .unwrap();
    let on = administration
        .webhook_endpoint_set_enabled(ACTOR, merchant, id, true)
        .await
        .unwrap();
    assert_eq!(on.as_written()["enabled"], true);

    administration
        .webhook_endpoint_delete(ACTOR, merchant, id)
        .await
        .unwrap();
    let gone = administration.webhook_endpoint_get(merchant, id).await;
    assert!(matches!(
        gone,
        Err(AdministrationError::NotFound("webhook endpoint"))
    ));

    let audit = administration.audit_list(Some(merchant), None, 10).await.unwrap();
    let actions: Vec<_> = audit.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "webhook_endpoint.delete",
            "webhook_endpoint.enable",
            "webhook_endpoint.disable",
            "webhook_endpoint.update",
            "webhook_endpoint.create",
            "merchant.create"
        ]
    );
    assert_eq!(audit[3].before.as_ref().unwrap()["url"], "https://a.example/h");
    assert_eq!(audit[3].after.as_ref().unwrap()["url"], "https://b.example/h");
    assert!(!format!("{audit:?}").contains(&secret));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn everything_wrong_with_an_endpoint_is_told(pool: PgPool) {
    let world = World::in_environment(pool, Environment::Production);
    let merchant = world.merchant("Shop").await.merchant.id;
    let administration = &world.administration;
    let create = async |document: Value| {
        fields(
            administration
                .webhook_endpoint_create(ACTOR, merchant, &document)
                .await,
        )
    };
    assert_eq!(
        create(
            json!({"url": "http://127.0.0.1:9", "description": "x".repeat(201), "event_types": ["order.paid"],
            "rate_per_second": 1001, "secret": "whsec_x"})
        )
        .await,
        ["secret", "url", "description", "event_types", "rate_per_second"]
    );
    for url in [
        "https://user:word@a.example",
        "ftp://a.example",
        "https://",
        "a.example",
        &format!("https://a.example/{}", "x".repeat(2048)),
    ] {
        assert_eq!(create(json!({"url": url})).await, ["url"], "{url}");
    }
    assert_eq!(
        create(json!({"rate_per_second": 0})).await,
        ["url", "rate_per_second"]
    );
    let types = json!({"url": "https://a.example", "event_types": ["webhook.test"]});
    assert_eq!(
        create(types).await,
        ["event_types"],
        "no filter names the test event"
    );
    assert_eq!(create(json!([])).await, [""]);

    let id = world
        .endpoint(merchant, "https://a.example")
        .await
        .shown
        .endpoint
        .id;
    let update = administration
        .webhook_endpoint_update(ACTOR, merchant, id, &json!({"url": null, "colour": 1}))
        .await;
    assert_eq!(fields(update), ["colour", "url"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn another_merchants_endpoint_is_not_found(pool: PgPool) {
    let world = World::new(pool);
    let first = world.merchant("First").await.merchant.id;
    let second = world.merchant("Second").await.merchant.id;
    let administration = &world.administration;
    let id = world.endpoint(first, "https://a.example").await.shown.endpoint.id;

    let not_found = |result: Result<(), AdministrationError>| {
        assert!(
            matches!(result, Err(AdministrationError::NotFound("webhook endpoint"))),
            "{result:?}"
        );
    };
    not_found(administration.webhook_endpoint_get(second, id).await.map(drop));
    let change = json!({"url": "https://b.example"});
    not_found(
        administration
            .webhook_endpoint_update(ACTOR, second, id, &change)
            .await
            .map(drop),
    );
    not_found(
        administration
            .webhook_endpoint_set_enabled(ACTOR, second, id, false)
            .await
            .map(drop),
    );
    not_found(administration.webhook_endpoint_delete(ACTOR, second, id).await);
    let listed = administration
        .webhook_endpoints_list(second, None, 10)
        .await
        .unwrap();
    assert!(listed.is_empty());
    let nobody = Id::from_uuid(Uuid::from_u128(9));
    let listed = administration.webhook_endpoints_list(nobody, None, 10).await;
    assert!(matches!(listed, Err(AdministrationError::NotFound("merchant"))));
    assert!(administration.webhook_endpoint_get(first, id).await.is_ok());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_change_is_made_to_the_version_that_was_read(pool: PgPool) {
    let world = World::new(pool);
    let merchant = world.merchant("Shop").await.merchant.id;
    let administration = &world.administration;
    let id = world
        .endpoint(merchant, "https://a.example")
        .await
        .shown
        .endpoint
        .id;
    let change = |description: &str| json!({"description": description, "version": 1});

    let (one, other) = (change("one"), change("other"));
    let (one, other) = tokio::join!(
        administration.webhook_endpoint_update(ACTOR, merchant, id, &one),
        administration.webhook_endpoint_update(ACTOR, merchant, id, &other),
    );
    let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
    assert_eq!(won.unwrap().endpoint.version, 2);
    assert!(matches!(lost, Err(AdministrationError::Conflict(_))), "{lost:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_merchant_has_fifty_endpoints_at_most_however_many_are_made_at_once(pool: PgPool) {
    let world = World::new(pool);
    let merchant = world.merchant("Shop").await.merchant.id;
    let administration = &world.administration;
    for _ in 0..48 {
        world.endpoint(merchant, "https://a.example").await;
    }
    let (document, mut made) = (endpoint("https://a.example"), 0);
    let create = || administration.webhook_endpoint_create(ACTOR, merchant, &document);
    let (a, b, c, d) = tokio::join!(create(), create(), create(), create());
    for result in [a, b, c, d] {
        match result {
            Ok(_) => made += 1,
            Err(AdministrationError::Conflict(text)) => assert!(text.contains("webhook endpoints"), "{text}"),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(made, 2);
    let listed = administration
        .webhook_endpoints_list(merchant, None, 200)
        .await
        .unwrap();
    assert_eq!(listed.len(), 50);
    let after = listed[48].endpoint.id;
    let last = administration
        .webhook_endpoints_list(merchant, Some(after), 200)
        .await
        .unwrap();
    assert_eq!(last.len(), 1);
}

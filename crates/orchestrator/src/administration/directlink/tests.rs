use super::super::testing::{ACTOR, World};
use super::*;
use primitives::Secret;
use sqlx::PgPool;
use store::directlink::users::UserChange;

const PASSPHRASE: &str = "Mysecretsig1875!?";

fn named(pspid: &str) -> Value {
    json!({
        "pspid": pspid, "processor": "plain", "hash": "sha512", "sha_in": PASSPHRASE, "sha_out": "another one, longer",
        "operation": "SAL", "allowed_addresses": ["192.0.2.7", "2001:db8::/32"], "accept_url": "http://shop.example/ok",
        "feedback_on_redirect": true, "post_sale_accept_url": "https://shop.example/<PARAMVAR>?x=1", "attempts_max": 3,
    })
}

fn fields(refused: &AdministrationError) -> Vec<&str> {
    let AdministrationError::Invalid(problems) = refused else {
        panic!("{refused:?}")
    };
    problems.0.iter().map(|problem| problem.field.as_str()).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_account_is_created_read_changed_and_audited_without_its_passphrases(pool: PgPool) {
    let world = World::new(pool);
    let administration = &world.administration;
    let merchant = world.merchant("Shop").await.merchant.id;
    let created = administration
        .directlink_account_create(ACTOR, merchant, &named("MyPSPID"))
        .await
        .unwrap();
    assert_eq!(created.allowed_addresses, ["192.0.2.7/32", "2001:db8::/32"]);
    let sealed = created.sha_in_sealed.clone().unwrap();
    let opened = Passphrase::In
        .open(&administration.vault, "MyPSPID", &sealed)
        .unwrap();
    assert_eq!(opened.reveal(), PASSPHRASE);

    let pspid: Pspid = "MyPSPID".parse().unwrap();
    let read = administration
        .directlink_account_get(merchant, &pspid)
        .await
        .unwrap();
    assert_eq!(read, created);
    let shown = directlink_account_as_written(&read);
    assert_eq!(shown["sha_in_set"], true);
    assert!(!shown.to_string().contains(PASSPHRASE));

    // What was read may be sent back with a change, and keeps the passphrases.
    let mut change = shown.clone();
    change["attempts_max"] = json!(5);
    assert_eq!(change["post_sale_timing"], "deferred");
    change["post_sale_timing"] = json!("online");
    change["status"] = json!("disabled");
    let changed = administration
        .directlink_account_update(ACTOR, merchant, &pspid, &change)
        .await
        .unwrap();
    assert_eq!(
        (changed.attempts_max, changed.disabled, changed.version),
        (5, true, 2)
    );
    assert!(changed.post_sale.online);
    assert_eq!(
        directlink_account_as_written(&changed)["post_sale_timing"],
        "online"
    );
    assert_eq!(changed.sha_in_sealed, Some(sealed));
    let outdated = administration
        .directlink_account_update(ACTOR, merchant, &pspid, &change)
        .await;
    assert!(matches!(outdated, Err(AdministrationError::Conflict(_))));

    let cleared = json!({"sha_in": null, "sha_out": "yet another one", "accept_url": null});
    let cleared = administration
        .directlink_account_update(ACTOR, merchant, &pspid, &cleared)
        .await
        .unwrap();
    assert_eq!((&cleared.sha_in_sealed, &cleared.urls.accept), (&None, &None));

    let audit = administration.audit_list(Some(merchant), None, 3).await.unwrap();
    let actions: Vec<_> = audit.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "directlink_account.update",
            "directlink_account.update",
            "directlink_account.create"
        ]
    );
    assert_eq!(audit[0].after.as_ref().unwrap()["sha_out"], "replaced");
    let told: String = audit
        .iter()
        .map(|row| format!("{:?}{:?}", row.before, row.after))
        .collect();
    assert!(!told.contains(PASSPHRASE) && !told.contains("yet another one"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_member_at_fault_is_named(pool: PgPool) {
    let world = World::new(pool);
    let administration = &world.administration;
    let merchant = world.merchant("Shop").await.merchant.id;
    let bad = json!({
        "pspid": "a/b", "processor": "nobody", "hash": "md5", "sha_in": "short", "sha_out": "contraseña larga",
        "operation": "RFD", "allowed_addresses": ["10.0.0.1/8"], "accept_url": "ftp://shop.example",
        "decline_url": "/no", "exception_url": 1, "cancel_url": "https://u:p@shop.example",
        "feedback_on_redirect": true, "post_sale_accept_url": "https://<PARAMVAR>/x", "post_sale_method": "PUT",
        "post_sale_timing": "never",
        "attempts_max": 51, "status": "gone", "colour": 1,
    });
    let refused = administration
        .directlink_account_create(ACTOR, merchant, &bad)
        .await
        .unwrap_err();
    assert_eq!(
        fields(&refused),
        [
            "colour",
            "pspid",
            "processor",
            "hash",
            "sha_in",
            "sha_out",
            "operation",
            "allowed_addresses",
            "accept_url",
            "decline_url",
            "exception_url",
            "cancel_url",
            "feedback_on_redirect",
            "post_sale_accept_url",
            "post_sale_method",
            "post_sale_timing",
            "attempts_max",
            "status"
        ]
    );
    administration
        .directlink_account_create(ACTOR, merchant, &named("MyPSPID"))
        .await
        .unwrap();
    let pspid = "MyPSPID".parse().unwrap();
    for (change, field) in [
        (json!({"sha_out": null}), "feedback_on_redirect"),
        (json!({"pspid": "Other"}), "pspid"),
        (json!({"allowed_addresses": ["10.0.0.0/33"]}), "allowed_addresses"),
        (json!({"allowed_addresses": ["::/129"]}), "allowed_addresses"),
        (json!({"attempts_max": 0}), "attempts_max"),
    ] {
        let refused = administration
            .directlink_account_update(ACTOR, merchant, &pspid, &change)
            .await
            .unwrap_err();
        assert_eq!(fields(&refused), [field]);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn accounts_of_others_are_not_there_and_their_names_are_taken(pool: PgPool) {
    let world = World::new(pool);
    let administration = &world.administration;
    let merchant = world.merchant("Shop").await.merchant.id;
    let other = world.merchant("Other").await.merchant.id;
    administration
        .directlink_account_create(ACTOR, merchant, &named("MyPSPID"))
        .await
        .unwrap();
    let pspid: Pspid = "MyPSPID".parse().unwrap();
    let user: UserId = "api".parse().unwrap();
    let missing = |result: Result<(), AdministrationError>| {
        assert!(
            matches!(result, Err(AdministrationError::NotFound(_))),
            "{result:?}"
        );
    };
    missing(
        administration
            .directlink_account_get(other, &pspid)
            .await
            .map(drop),
    );
    missing(
        administration
            .directlink_account_update(ACTOR, other, &pspid, &json!({}))
            .await
            .map(drop),
    );
    missing(
        administration
            .directlink_user_put(ACTOR, other, &pspid, "api", &json!({}))
            .await
            .map(drop),
    );
    missing(
        administration
            .directlink_users_list(other, &pspid, None, 10)
            .await
            .map(drop),
    );
    missing(
        administration
            .directlink_user_change(ACTOR, merchant, (&pspid, &user), UserChange::Unlock)
            .await
            .map(drop),
    );
    let taken = administration
        .directlink_account_create(ACTOR, other, &named("MyPSPID"))
        .await;
    assert!(matches!(taken, Err(AdministrationError::Conflict(text)) if text.contains("DirectLink")));
    assert!(
        administration
            .directlink_accounts_list(other, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    for name in ["Other", "Third"] {
        administration
            .directlink_account_create(ACTOR, merchant, &named(name))
            .await
            .unwrap();
    }
    let page = administration
        .directlink_accounts_list(merchant, Some(&pspid), 1)
        .await
        .unwrap();
    let names: Vec<_> = page.iter().map(|account| account.pspid.as_str()).collect();
    assert_eq!(names, ["Other"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_user_is_given_a_password_locked_unlocked_disabled_and_enabled(pool: PgPool) {
    let world = World::new(pool);
    let administration = &world.administration;
    let merchant = world.merchant("Shop").await.merchant.id;
    administration
        .directlink_account_create(ACTOR, merchant, &named("MyPSPID"))
        .await
        .unwrap();
    let pspid: Pspid = "MyPSPID".parse().unwrap();
    let put = async |userid: &str, document: Value| {
        administration
            .directlink_user_put(ACTOR, merchant, &pspid, userid, &document)
            .await
    };
    assert_eq!(fields(&put("MyPSPID", json!({})).await.unwrap_err()), ["userid"]);
    assert_eq!(
        fields(&put("a", json!({"password": "seven77"})).await.unwrap_err()),
        ["userid", "password"]
    );
    assert!(
        put("api", json!({"password": "eight888"}))
            .await
            .unwrap()
            .made
            .is_none()
    );
    let made = put("api", json!({})).await.unwrap().made.unwrap();
    assert_eq!(made.reveal().len(), 20);

    let stored = async || {
        let user = administration.store.directlink_user_load("MyPSPID", "api").await;
        user.unwrap().unwrap()
    };
    let user = stored().await;
    let hash = |password: &str| {
        let password = Secret::new(password.to_owned());
        administration
            .vault
            .directlink_password_hash("MyPSPID", "api", &password)
    };
    assert_eq!(user.password_hash, hash(made.reveal()));
    assert_ne!(user.password_hash, hash("eight888"));

    for _ in 0..5 {
        administration
            .store
            .directlink_user_tried(&user.pspid, &user.userid, false)
            .await
            .unwrap();
    }
    let userid: UserId = "api".parse().unwrap();
    let change = async |change| {
        administration
            .directlink_user_change(ACTOR, merchant, (&pspid, &userid), change)
            .await
            .unwrap()
    };
    let listed = administration
        .directlink_users_list(merchant, &pspid, None, 10)
        .await
        .unwrap();
    assert!(listed[0].locked && !listed[0].disabled);
    assert!(!change(UserChange::Unlock).await.locked);
    assert!(change(UserChange::Disable).await.disabled);
    assert!(stored().await.disabled);
    assert!(!change(UserChange::Enable).await.disabled);

    let audit = administration.audit_list(Some(merchant), None, 10).await.unwrap();
    assert_eq!(audit[0].action, "directlink_user.enable");
    assert_eq!(audit[0].subject, "MyPSPID/api");
    let told: String = audit
        .iter()
        .map(|row| format!("{:?}{:?}", row.before, row.after))
        .collect();
    assert!(!told.contains(made.reveal()) && !told.contains("eight888"));
}

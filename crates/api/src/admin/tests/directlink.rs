//! DirectLink accounts and their users over HTTP.

use super::Admin;
use axum::http::header;
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_account_with_a_user_is_made_shown_changed_and_nobody_else_s(pool: PgPool) {
    let admin = Admin::new(pool).await;
    let merchant = admin.merchant().await;
    let accounts = format!("/merchants/{merchant}/directlink-accounts");
    let body = json!({"pspid": "MyPSPID", "sha_in": "Mysecretsig1875!?", "allowed_addresses": ["192.0.2.1"]});
    let (status, created) = admin.call("POST", &accounts, &body).await;
    assert_eq!(status, 201, "{created}");
    assert_eq!(
        (&created["hash"], &created["operation"], &created["attempts_max"]),
        (&json!("sha256"), &json!("RES"), &json!(10))
    );
    assert_eq!(created["allowed_addresses"], json!(["192.0.2.1/32"]));
    assert_eq!(
        (&created["sha_in_set"], &created["sha_out_set"]),
        (&json!(true), &json!(false))
    );
    assert!(created.get("sha_in").is_none());
    assert_eq!(admin.call("POST", &accounts, &body).await.0, 409);

    let account = format!("{accounts}/MyPSPID");
    let (_, read) = admin.call("GET", &account, &Value::Null).await;
    assert_eq!(read, created);
    // What was read may be sent back with a change.
    let mut change = read;
    change["status"] = json!("disabled");
    let (status, changed) = admin.call("PATCH", &account, &change).await;
    assert_eq!(
        (status, &changed["status"], &changed["version"]),
        (200, &json!("disabled"), &json!(2))
    );
    assert_eq!(admin.call("PATCH", &account, &change).await.0, 409);
    let (_, list) = admin
        .call("GET", &format!("{accounts}?after=A"), &Value::Null)
        .await;
    assert_eq!(list["data"], json!([changed]));

    let user = format!("{account}/users/api");
    let (status, headers, put) = admin.send("PUT", &user, String::new(), Some(&admin.token)).await;
    assert_eq!(status, 200, "{put}");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(put["password"].as_str().unwrap().len(), 20);
    let (status, put) = admin.call("PUT", &user, &json!({"password": "eight888"})).await;
    assert_eq!((status, &put["password"]), (200, &Value::Null));
    let (status, reply) = admin
        .call(
            "PUT",
            &format!("{account}/users/MyPSPID"),
            &json!({"password": "seven77"}),
        )
        .await;
    assert_eq!((status, reply["errors"].as_array().unwrap().len()), (422, 2));
    for (action, expected) in [
        ("disable", "disabled"),
        ("enable", "active"),
        ("unlock", "active"),
    ] {
        let (status, reply) = admin
            .call("POST", &format!("{user}/{action}"), &Value::Null)
            .await;
        assert_eq!((status, &reply["status"]), (200, &json!(expected)), "{action}");
    }
    let (_, users) = admin.call("GET", &format!("{account}/users"), &Value::Null).await;
    assert_eq!(users["data"][0]["userid"], "api");
    assert_eq!(users["data"][0]["locked"], false);
    assert!(users["data"][0].get("password").is_none());

    let aliases = format!("{account}/aliases");
    let (status, listed) = admin.call("GET", &aliases, &Value::Null).await;
    assert_eq!((status, listed), (200, json!({"data": []})));
    for name in ["ana_1", "no.name", "%00"] {
        let (status, _) = admin
            .call("DELETE", &format!("{aliases}/{name}"), &Value::Null)
            .await;
        assert_eq!(status, 404, "{name}");
    }
    let (status, _) = admin
        .call("GET", &format!("{aliases}?after=no.name"), &Value::Null)
        .await;
    assert_eq!(status, 422);

    let other = admin.merchant().await;
    for path in ["MyPSPID", "MyPSPID/users", "MyPSPID/aliases"] {
        let path = format!("/merchants/{other}/directlink-accounts/{path}");
        assert_eq!(admin.call("GET", &path, &Value::Null).await.0, 404, "{path}");
    }
}

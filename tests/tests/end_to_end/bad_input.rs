//! Bad input of every kind to every operation: a 4xx that says which member, never a 500, and nothing written.

use reqwest::Method;
use serde_json::{Value, json};
use tests::cards::Card;
use tests::http::Answer;
use tests::merchant::{ORDERS, PURCHASE_V1, PURCHASE_V2};
use tests::system::System;

/// A member by its path, what is put there (nothing takes it out), and the status.
type Mistake = (&'static str, Option<Value>, u16);

fn order_mistakes() -> Vec<Mistake> {
    vec![
        ("order", None, 400),
        ("order", Some(json!([])), 400),
        ("order", Some(json!("order")), 400),
        ("order.currency", None, 400),
        ("order.currency", Some(json!("EUX")), 400),
        ("order.currency", Some(json!(484)), 400),
        ("order.store_code", None, 400),
        ("order.store_code", Some(json!("s".repeat(10_000))), 400),
        ("order.total_amount", None, 400),
        ("order.total_amount", Some(json!(0)), 400),
        ("order.total_amount", Some(json!(-1)), 400),
        ("order.total_amount", Some(json!(10.5)), 400),
        ("order.total_amount", Some(json!("ten")), 400),
        ("order.total_amount", Some(json!(1e300)), 400),
        ("order.total_amount", Some(json!(u64::MAX)), 400),
        ("order.sub_total", Some(json!(-5)), 400),
        ("order.items_total_amount", None, 400),
        ("order.order_id", Some(json!("x".repeat(10_000))), 400),
        ("order.order_id", Some(json!(["x"])), 400),
        ("order.webhook_urls.notify_order", Some(json!("no url")), 400),
        (
            "order.webhook_urls.notify_order",
            Some(json!("ftp://example.test/")),
            400,
        ),
        ("order.webhook_urls", Some(json!(7)), 400),
        ("order_type", Some(json!("NO_SUCH_TYPE")), 400),
    ]
}

fn payment_mistakes() -> Vec<Mistake> {
    vec![
        ("method_type", None, 400),
        ("method_type", Some(json!("barter")), 400),
        ("payer_info.email", Some(json!("no address")), 400),
        ("credit_info", None, 400),
        ("credit_info", Some(json!("4000000000001000")), 400),
        ("credit_info.card_number", None, 400),
        ("credit_info.card_number", Some(json!("4000000000001001")), 422),
        ("credit_info.card_number", Some(json!("4")), 422),
        ("credit_info.card_number", Some(json!("4000 zero")), 422),
        ("credit_info.card_cvv", None, 422),
        ("credit_info.card_cvv", Some(json!("12a")), 422),
        ("credit_info.card_cvv", Some(json!("12")), 422),
        ("credit_info.card_cvv", Some(json!("1234")), 422),
        ("credit_info.expiry_month", Some(json!("13")), 422),
        ("credit_info.expiry_year", Some(json!("2001")), 422),
        ("credit_info.card_holder", None, 400),
        ("credit_info.card_holder", Some(json!("h".repeat(5_000))), 400),
        ("installments", Some(json!(-1)), 400),
        ("installments", Some(json!(1000)), 400),
        ("installments", Some(json!("many")), 400),
        ("browser_details", Some(json!("Mozilla")), 400),
        ("browser_details.screen_width", Some(json!("wide")), 400),
        ("browser_details.ip_address", Some(json!("300.1.1.1")), 400),
        ("billing_address", Some(json!(["street"])), 400),
        (
            "callback_urls.on_success",
            Some(json!("javascript:alert(1)")),
            400,
        ),
        ("three_ds.mode", Some(json!("never")), 400),
        ("initiator_type", Some(json!("nobody")), 400),
        ("market_type", Some(json!("flea")), 400),
        ("capture", Some(json!("perhaps")), 400),
        ("secure_authentication", Some(json!({ "eci": "99" })), 400),
    ]
}

#[tokio::test]
async fn every_mistake_is_named_and_nothing_is_written() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let placed = merchant.place(34_900).await;
    let written = written(&system);
    let mut wrong = Vec::new();

    for (path, value, status) in order_mistakes() {
        let body = with(merchant.order_body(34_900), path, value.clone());
        wrong.extend(otherwise(
            &merchant.post(ORDERS, &body).await,
            status,
            path,
            &value,
        ));
    }
    for (path, value, status) in payment_mistakes() {
        let body = with(
            merchant.purchase_body(&placed.token, &Card::visa(0)),
            path,
            value.clone(),
        );
        wrong.extend(otherwise(
            &merchant.post(PURCHASE_V2, &body).await,
            status,
            path,
            &value,
        ));
        let body = with(
            merchant.one_step_body(34_900, &Card::visa(0)),
            path,
            value.clone(),
        );
        wrong.extend(otherwise(
            &merchant.post(PURCHASE_V2, &body).await,
            status,
            path,
            &value,
        ));
    }
    // V1 has names of its own for some of it.
    for (path, value, status) in payment_mistakes() {
        let path = path.replacen("credit_info", "credit_card", 1);
        let names_of_v2 = ["payer_info", "callback_urls", "three_ds", "capture"];
        if names_of_v2.iter().any(|name| path.starts_with(name)) {
            continue;
        }
        let body = with(
            merchant.purchase_v1_body(&placed.token, &Card::visa(0)),
            &path,
            value.clone(),
        );
        wrong.extend(otherwise(
            &merchant.post(PURCHASE_V1, &body).await,
            status,
            &path,
            &value,
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (path, value) in [
        ("order_token", json!("nonsense")),
        ("order_token", json!(7)),
        ("order_token", Value::Null),
    ] {
        let body = with(
            merchant.purchase_body(&placed.token, &Card::visa(0)),
            path,
            Some(value.clone()),
        );
        let answer = merchant.post(PURCHASE_V2, &body).await;
        assert!(
            (400..=404).contains(&answer.status),
            "{value}: {} {}",
            answer.status,
            answer.text
        );
    }
    let both = {
        let mut body = merchant.one_step_body(34_900, &Card::visa(0));
        body["order_token"] = placed.token.as_str().into();
        body
    };
    assert_eq!(merchant.post(PURCHASE_V2, &both).await.status, 400);
    assert_eq!(self::written(&system), written, "something was written");
    system.outside.no_charge(&placed.reference).await;
    system.finish().await;
}

#[tokio::test]
async fn what_is_no_request_at_all_is_refused_too() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let placed = merchant.place(34_900).await;
    let written = written(&system);
    let cancel = format!("{ORDERS}/{}/cancel", placed.token);
    let expire = format!("{ORDERS}/{}/expire", placed.token);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let large = format!("{{\"order\":\"{}\"}}", "x".repeat(3_000_000));
    let bodies = [
        "",
        "{",
        "[]",
        "null",
        "7",
        "\"x\"",
        "{\"a\":1,}",
        "{\"order\":{\"order_id\":\"\\u0000\"}}",
        &deep,
        &large,
    ];
    for path in [ORDERS, PURCHASE_V1, PURCHASE_V2, &cancel, &expire] {
        for body in bodies {
            let may_be_empty = (path == cancel || path == expire) && body.is_empty();
            if may_be_empty {
                continue;
            }
            let answer = raw(&system, path, &[("content-type", "application/json")], body).await;
            let shown: String = body.chars().take(30).collect();
            assert!(
                (400..500).contains(&answer.status),
                "{path} {shown}: {} {}",
                answer.status,
                answer.text
            );
        }
        let body = merchant.order_body(34_900).to_string();
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/xml",
        ] {
            let answer = raw(&system, path, &[("content-type", content_type)], &body).await;
            assert_eq!(answer.status, 415, "{path} {content_type}: {}", answer.text);
        }
        for key in ["", &"k".repeat(256), "with a\ttab"] {
            let headers = [("content-type", "application/json"), ("x-idempotency-key", key)];
            let answer = raw(&system, path, &headers, &body).await;
            assert_eq!(
                (answer.status, answer.error_code().as_str()),
                (400, "EMA-1000"),
                "{path} {key:?}: {}",
                answer.text
            );
        }
    }
    for (method, path, status) in [
        (Method::GET, "/merchants/orders/nonsense", 404),
        (
            Method::GET,
            "/merchants/orders/00000000-0000-0000-0000-000000000000",
            404,
        ),
        (Method::GET, "/merchants/orders/%00", 404),
        (Method::POST, "/merchants/orders/nonsense/cancel", 404),
        (Method::DELETE, ORDERS, 405),
        (Method::PUT, PURCHASE_V2, 405),
        (Method::GET, "/no/such/path", 404),
        (Method::GET, "/merchants/../../etc/passwd", 404),
    ] {
        let answer = merchant.try_call(method.clone(), path, &[], None).await.unwrap();
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
    }
    let order = format!("{ORDERS}/{}", placed.token);
    for query in ["wait=61", "wait=-1", "wait=x", "since=nonsense", "wait=1&wait=2"] {
        let answer = merchant
            .try_call(Method::GET, &format!("{order}?{query}"), &[], None)
            .await
            .unwrap();
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
    }
    assert_eq!(self::written(&system), written, "something was written");
    system.finish().await;
}

/// The page's own routes.
#[tokio::test]
async fn mistakes_of_browsers_are_refused_too() {
    let system = System::start().await;
    let order = system.merchant.buy(45_000, &Card::visa(9)).await;
    let page = system.cardholder.open(order.page_url().unwrap()).await;
    let url = |path: &str| format!("{}/transactions/3ds/{path}", system.gateway_url);
    for (name, value) in [
        ("token", json!("nonsense")),
        ("token", Value::Null),
        ("color_depth", json!("deep")),
        ("color_depth", json!(0)),
        ("screen_width", json!(-1)),
        ("time_zone", json!(100_000)),
        ("language", json!("")),
        ("java_enabled", json!("perhaps")),
    ] {
        let mut data = json!({
            "token": page.token, "color_depth": 24, "java_enabled": false, "language": "es", "screen_height": 1,
            "screen_width": 1, "time_zone": 0, "user_agent": "x",
        });
        data[name] = value.clone();
        let answer = system.http.post_json(&url("browser-data"), &data).await;
        assert!(
            (400..500).contains(&answer.status),
            "{name} {value}: {} {}",
            answer.status,
            answer.text
        );
    }
    for path in [
        "method-notification",
        "challenge-notification",
        "cancel",
        "browser-data",
    ] {
        for fields in [
            &[][..],
            &[
                ("threeDSMethodData", "rubbish"),
                ("cres", "rubbish"),
                ("token", "rubbish"),
            ],
            &[("threeDSMethodData", "e30"), ("cres", "e30"), ("token", "")],
            &[("threeDSSessionData", "%%%"), ("cres", "%00")],
        ] {
            let answer = system.http.post_form(&url(path), fields).await;
            assert!(
                (400..500).contains(&answer.status),
                "{path} {fields:?}: {} {}",
                answer.status,
                answer.text
            );
        }
    }
    for query in [
        "",
        "token=x",
        &format!("token={}&seen=nonsense", page.token),
        &format!("token={}&wait=31", page.token),
    ] {
        let answer = system.http.get(&format!("{}?{query}", url("progress"))).await;
        assert!((400..500).contains(&answer.status), "{query}: {}", answer.status);
    }
    assert_eq!(
        system.merchant.read(order.token()).await.hash_state(),
        order.hash_state()
    );
    system.finish().await;
}

/// What an answer is instead of a refusal with that status that names the member (or one within it).
fn otherwise(answer: &Answer, status: u16, path: &str, value: &Option<Value>) -> Option<String> {
    let is_refused = answer.status == status && answer.error_code().contains('-');
    if is_refused && answer.error_description().contains(path) {
        return None;
    }
    let shown: String = format!("{path} = {value:?}").chars().take(80).collect();
    let text: String = answer.text.chars().take(200).collect();
    Some(format!("{shown}: not {status} but {} {text}", answer.status))
}

/// How many rows there are of everything that a call could write.
fn written(system: &System) -> String {
    system.database.ask(
        "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM payments), (SELECT count(*) FROM attempts),
                (SELECT count(*) FROM authentications), (SELECT count(*) FROM events), (SELECT count(*) FROM deliveries),
                (SELECT count(*) FROM payment_cards), (SELECT count(*) FROM idempotency_keys)",
    )
}

fn with(mut body: Value, path: &str, value: Option<Value>) -> Value {
    let (parents, name) = path
        .rsplit_once('.')
        .map_or((None, path), |(parents, name)| (Some(parents), name));
    let mut place = &mut body;
    for parent in parents.into_iter().flat_map(|parents| parents.split('.')) {
        if !place[parent].is_object() {
            place[parent] = json!({});
        }
        place = &mut place[parent];
    }
    match value {
        Some(value) => place[name] = value,
        None => _ = place.as_object_mut().unwrap().remove(name),
    }
    body
}

async fn raw(system: &System, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut all = vec![("x-api-key", system.merchant.keys.private_key.as_str())];
    all.extend_from_slice(headers);
    let url = format!("{}{path}", system.gateway_url);
    system
        .http
        .send(Method::POST, &url, &all, Some(body.to_owned()))
        .await
        .unwrap()
}

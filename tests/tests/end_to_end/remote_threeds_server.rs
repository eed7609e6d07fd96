//! One gateway as the 3DS Server of another: the first charges, the second authenticates by its 3DS Server API.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::merchant::PURCHASE_V2;
use tests::order::Order;
use tests::secrets;
use tests::system::System;

const SETTINGS: &str = "
[transport]
connect_timeout_ms = 1000
charge_timeout_ms = 4000
[payments]
charge_lease_seconds = 6
[three_ds]
method_seconds = 2
";

/// Where a merchant sells, and where its cardholders are authenticated: two gateways, each with a database and a world.
struct Pair {
    front: System,
    server: System,
}

impl Pair {
    async fn start() -> Self {
        let (front, server) = tokio::join!(System::start_with(SETTINGS), System::start_with(SETTINGS));
        let pair = Self { front, server };
        pair.introduce().await;
        pair
    }

    /// Tells the first gateway of the second, and has the merchant's connection use it.
    async fn introduce(&self) {
        let admin = &self.front.sandbox_json["admin"];
        let login = json!({ "email": admin["email"], "password": admin["password"] });
        let session = self.admin(Method::POST, "/merchants/login", None, &login).await;
        let token = session["token"].as_str().expect("a session");

        let shop = &self.server.sandbox_json["threeds_server"];
        let remote = json!({
            "base_url": format!("{}/3ds-server", self.server.gateway_url),
            "merchant_id": shop["merchant_id"],
            "merchant_key": shop["merchant_key"],
            "read_timeout_ms": 5_000,
        });
        self.admin(
            Method::PUT,
            "/remote-threeds-servers/certified",
            Some(token),
            &remote,
        )
        .await;
        let connections = format!("/merchants/{}/connections", self.front.merchant.keys.id);
        let listed = self
            .admin(Method::GET, &connections, Some(token), &Value::Null)
            .await;
        let connection = &listed["data"][0];
        let mut three_ds = connection["three_ds"].clone();
        three_ds["provider"] = json!("remote");
        three_ds["remote"] = json!("certified");
        let path = format!("{connections}/{}", connection["id"].as_str().unwrap());
        self.admin(
            Method::PATCH,
            &path,
            Some(token),
            &json!({ "three_ds": three_ds }),
        )
        .await;
    }

    async fn admin(&self, method: Method, path: &str, token: Option<&str>, body: &Value) -> Value {
        let url = format!(
            "{}{path}",
            self.front.sandbox_json["admin"]["url"].as_str().unwrap()
        );
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.iter().map(|it| ("authorization", it.as_str())));
        let body = (!body.is_null()).then(|| body.to_string());
        let answer = self.front.http.send(method, &url, &headers, body).await.unwrap();
        assert!(answer.status < 300, "{path}: {} {}", answer.status, answer.text);
        answer.json()
    }

    /// The result says which server brought it, and that server has the transaction.
    fn authenticated_there(&self, order: &Order) {
        let id = order.three_ds("ds_trans_id").as_str().unwrap_or_default();
        let here = self.front.database.ask(&format!(
            "SELECT transaction_data #>> '{{transaction,result,made_by}}' FROM authentications
             WHERE transaction_data #>> '{{transaction,result,ds_trans_id}}' = '{id}'"
        ));
        assert_eq!(here, "certified", "{order:?}");
    }

    /// What was used at the one gateway is nowhere at the other either.
    async fn finish(self) {
        let (database, log) = (self.server.database.everything(), self.server.gateway_log());
        secrets::assert_none(&self.front.secrets.found_in("other database", &database));
        secrets::assert_none(&self.front.secrets.found_in("other gateway's log", &log));
        self.front.finish().await;
        self.server.finish().await;
    }
}

/// What a purchase with a card comes to: the flow and version it is charged with, or its code.
enum Ends {
    Paid(&'static str, &'static str),
    Refused(&'static str),
}

#[tokio::test]
async fn purchases_are_authenticated_by_the_other_gateway() {
    let pair = Pair::start().await;
    let courses = [
        (Card::visa(0), None, Ends::Paid("frictionless", "2.2.0")),
        (Card::mastercard(0), None, Ends::Paid("frictionless", "2.2.0")),
        (
            Card::visa(1),
            None,
            Ends::Refused("UNSUCCESSFUL_FRICTIONLESS_AUTHENTICATION"),
        ),
        (
            Card::visa(3),
            None,
            Ends::Refused("UNAVAILABLE_FRICTIONLESS_AUTHENTICATION"),
        ),
        (
            Card::visa(4),
            None,
            Ends::Refused("REJECTED_FRICTIONLESS_AUTHENTICATION"),
        ),
        (Card::visa(8), None, Ends::Refused("ENROLLMENT_CHECK_TIMEOUT")),
        (
            Card::not_enrolled(),
            None,
            Ends::Refused("AUTHENTICATION_NOT_AVAILABLE_WHEN_CHECKING_ENROLLMENT"),
        ),
        (
            Card::visa(5),
            Some(Temper::TypesTheCode),
            Ends::Paid("challenge", "2.2.0"),
        ),
        (
            Card::mastercard(5),
            Some(Temper::TypesTheCode),
            Ends::Paid("challenge", "2.2.0"),
        ),
        (
            Card::visa(5),
            Some(Temper::TypesRubbish),
            Ends::Refused("FAILED_CHALLENGE_AUTHENTICATION"),
        ),
        (
            Card::visa(9),
            Some(Temper::TypesTheCode),
            Ends::Paid("challenge", "2.2.0"),
        ),
        (
            Card::visa(14),
            Some(Temper::TypesTheCode),
            Ends::Paid("challenge", "2.1.0"),
        ),
    ];
    // Each with an amount of its own, which the code in the text message is told apart by.
    join_all(
        courses
            .into_iter()
            .zip((50_000..).step_by(100))
            .map(|(course, amount)| play(&pair, course, amount)),
    )
    .await;
    assert_eq!(
        pair.front
            .database
            .ask("SELECT count(*) FROM threeds_transactions"),
        "0"
    );
    pair.finish().await;
}

async fn play(pair: &Pair, (card, temper, ends): (Card, Option<Temper>, Ends), amount: i64) {
    let label = format!("{} {temper:?}", card.number);
    let merchant = &pair.front.merchant;
    let bought = merchant.buy(amount, &card).await;
    let order = match temper {
        None => {
            assert!(bought.is_over(), "{label}: {bought:?}");
            bought
        }
        Some(temper) => {
            // The page is the merchant's gateway's; the issuer that challenges is the other one's.
            let page = bought.page_url().expect("a page");
            pair.server.cardholder.authenticates(page, temper).await;
            merchant.settled(bought.token()).await
        }
    };
    match ends {
        Ends::Paid(flow, version) => {
            assert_eq!(order.statuses(), ("succeeded", "processed"), "{label}: {order:?}");
            assert_eq!(order.three_ds("flow"), flow, "{label}");
            assert_eq!(order.three_ds("version"), version, "{label}");
            assert_eq!(order.three_ds("trans_status"), "Y", "{label}");
            assert_eq!(order.three_ds("liability_shift"), true, "{label}");
            let charge = pair.front.outside.only_charge(order.reference()).await;
            assert_eq!(charge["authentication_value"], *order.three_ds("cavv"), "{label}");
            pair.authenticated_there(&order);
        }
        Ends::Refused(code) => {
            assert_eq!(order.statuses(), ("pending", "denied"), "{label}");
            assert_eq!(order.code(), format!("DEUNA_3DS.{code}"), "{label}");
            pair.front.outside.no_charge(order.reference()).await;
        }
    }
}

/// Nobody brings the result of a decoupled authentication, so it is asked for until it is there.
#[tokio::test]
async fn a_decoupled_authentication_s_result_is_asked_for() {
    let pair = Pair::start().await;
    let merchant = &pair.front.merchant;
    let placed = merchant.place(51_500).await;
    let mut body = merchant.purchase_body(&placed.token, &Card::visa(11));
    body["three_ds"] = json!({ "decoupled_max_minutes": 5 });
    let answer = merchant.post(PURCHASE_V2, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let waiting = merchant.read(&placed.token).await;
    assert_eq!(waiting.statuses(), ("pending", "pending_3ds"), "{waiting:?}");
    assert_eq!(waiting.page_url(), None);
    let order = merchant.settled(&placed.token).await;
    assert_eq!(order.statuses(), ("succeeded", "processed"), "{order:?}");
    pair.authenticated_there(&order);
    pair.finish().await;
}

#[tokio::test]
async fn a_server_that_is_gone_denies_and_one_that_comes_back_serves_again() {
    let mut pair = Pair::start().await;
    let before = pair.front.merchant.buy(52_000, &Card::visa(5)).await;
    pair.server.kill_gateway().await;

    let order = pair.front.merchant.buy(52_100, &Card::visa(0)).await;
    assert_eq!(order.statuses(), ("pending", "denied"));
    assert_eq!(order.code(), "DEUNA_3DS.ENROLLMENT_CHECK_ERROR");
    pair.front.outside.no_charge(order.reference()).await;

    pair.server.start_gateway().await;
    let page = before.page_url().expect("a page");
    pair.server
        .cardholder
        .authenticates(page, Temper::TypesTheCode)
        .await;
    let order = pair.front.merchant.settled(before.token()).await;
    assert_eq!(order.statuses(), ("succeeded", "processed"), "{order:?}");
    pair.authenticated_there(&order);
    pair.finish().await;
}

/// The cardholder passes the challenge while the gateway that waits for it is dead.
#[tokio::test]
async fn a_gateway_that_died_during_a_challenge_asks_for_its_result_when_it_is_back() {
    let mut pair = Pair::start().await;
    let bought = pair.front.merchant.buy(53_000, &Card::visa(5)).await;
    let cardholder = &pair.server.cardholder;
    let page = cardholder.open(bought.page_url().expect("a page")).await;
    let challenge = cardholder.goes_to_the_bank(&page).await;
    pair.front.kill_gateway().await;
    let returning = cardholder.answers(challenge, Temper::TypesTheCode).await;
    pair.front.start_gateway().await;
    pair.server.cardholder.returns(&returning).await;
    let order = pair.front.merchant.settled(bought.token()).await;
    assert_eq!(order.statuses(), ("succeeded", "processed"), "{order:?}");
    pair.front.outside.only_charge(order.reference()).await;
    pair.authenticated_there(&order);
    pair.finish().await;
}

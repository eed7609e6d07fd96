//! What the servers of shops on the form-encoded gateway are told by themselves, and that nothing of it is lost.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request as Received, State};
use axum::http::{Method, StatusCode};
use serde_json::json;
use tests::cards::Card;
use tests::directlink::feedback::Feedback;
use tests::directlink::{Account, Shop};
use tests::operator::Operator;
use tests::process::eventually;
use tests::system::System;
use tokio::net::TcpListener;

/// What was on its way is taken up soon, and what failed repeated soon.
const SETTINGS: &str = "
[payments]
charge_lease_seconds = 40
[webhooks]
attempt_timeout_ms = 5000
lease_seconds = 20
poll_seconds = 1
feedback_pause_seconds = 1
";

/// A shop's server may take longer than any browser waits for it.
const PATIENT: &str = "
[webhooks]
attempt_timeout_ms = 20000
lease_seconds = 60
poll_seconds = 1
";

/// A shop's server.
#[derive(Clone)]
struct Server {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    /// What it answers, one status after the other and the last one for ever; `None`: nothing, while the caller waits.
    answers: Arc<Mutex<Vec<Option<StatusCode>>>>,
    /// How long it thinks before it answers.
    thinks: Duration,
}

/// A request that the server got.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Heard {
    method: Method,
    path: String,
    query: String,
    body: String,
}

impl Heard {
    fn feedback(&self) -> Feedback {
        Feedback::read(if self.method == Method::GET {
            &self.query
        } else {
            &self.body
        })
    }
}

impl Server {
    async fn answering(answers: &[Option<StatusCode>]) -> Self {
        Self::answering_after(Duration::ZERO, answers).await
    }

    async fn answering_after(thinks: Duration, answers: &[Option<StatusCode>]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            heard: Arc::default(),
            answers: Arc::new(Mutex::new(answers.to_vec())),
            thinks,
        };
        let router = Router::new().fallback(receive).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits for the request of that number, from 1.
    async fn request(&self, number: usize) -> Heard {
        eventually("feedback", async || self.heard().len() >= number).await;
        self.heard()[number - 1].clone()
    }

    /// Has the seeded account's shop told here.
    async fn told_of(&self, system: &System, method: &str) -> Shop {
        let account = Account::read(&system.sandbox_json["directlink"]);
        let at = |path: &str| format!("http://{}/{path}", self.address);
        let operator = Operator::log_in(system.http.clone(), &system.sandbox_json).await;
        let changes = json!({
            "post_sale_accept_url": at("accept/<PARAMVAR>?own=1"),
            "post_sale_decline_url": at("decline"),
            "post_sale_change_url": at("change"),
            "post_sale_method": method,
        });
        let changed = operator
            .call(Method::PATCH, &account_path(system), Some(&changes))
            .await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        Shop::new(
            system.http.clone(),
            &system.gateway_url,
            account,
            system.secrets.clone(),
        )
    }
}

/// Browsers of the seeded account's shop wait until its server was told.
async fn tells_before_the_shopper_sees(system: &System) {
    let operator = Operator::log_in(system.http.clone(), &system.sandbox_json).await;
    let online = json!({"post_sale_timing": "online"});
    let changed = operator
        .call(Method::PATCH, &account_path(system), Some(&online))
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

/// A browser comes back from the hosted page of that payment: where it is sent, and how long that took.
async fn browser_comes_back(system: &System, payid: &str) -> (String, Duration) {
    let question = format!("SELECT return_token FROM directlink_payments WHERE payid = {payid}");
    let token = system.database.ask(&question);
    let page = format!(
        "{}/ncol/test/order_A3DS.asp?token={}",
        system.gateway_url,
        token.trim()
    );
    let started = Instant::now();
    let answer = system.http.send(Method::GET, &page, &[], None).await.unwrap();
    assert_eq!(answer.status, 303, "{answer:?}");
    let to = answer.headers["location"].to_str().unwrap().to_owned();
    (to, started.elapsed())
}

/// The seeded account, as operators name it.
fn account_path(system: &System) -> String {
    let [merchant, pspid] = [("directlink_merchant", "id"), ("directlink", "pspid")]
        .map(|(member, name)| system.sandbox_json[member][name].as_str().unwrap());
    format!("/merchants/{merchant}/directlink-accounts/{pspid}")
}

async fn receive(State(server): State<Server>, received: Received) -> StatusCode {
    let (parts, body) = received.into_parts();
    let body = axum::body::to_bytes(body, 65_536).await.unwrap();
    server.heard.lock().unwrap().push(Heard {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let answer = {
        let mut answers = server.answers.lock().unwrap();
        if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0]
        }
    };
    match answer {
        Some(status) => {
            tokio::time::sleep(server.thinks).await;
            status
        }
        None => std::future::pending().await,
    }
}

/// How a message stands: its outcome or nothing, and the attempts that were begun.
fn standing(system: &System, payid: &str) -> String {
    let question = format!(
        "SELECT string_agg(coalesce(outcome, 'open') || ' ' || attempts, ', ' ORDER BY id) FROM directlink_feedback
         WHERE payid = {payid}"
    );
    system.database.ask(&question).trim().to_owned()
}

#[tokio::test]
async fn feedback_survives_the_gateway_and_tells_every_end_once_it_can() {
    // Given a shop's server that takes the first request and never answers it.
    let mut system = System::start_with(SETTINGS).await;
    let server = Server::answering(&[None, Some(StatusCode::OK)]).await;
    let shop = server.told_of(&system, "POST").await;
    let order = shop.order(10_000, &Card::visa(0)).with_all(&[
        ("PARAMVAR", "tienda/1"),
        ("PARAMPLUS", "SessionID=7&STATUS=8"),
        ("COMPLUS", "mío"),
    ]);

    // When an order is paid, and the gateway dies while it tells so.
    let paid = shop.pays(&order).await;
    assert_eq!(paid.told(), ("5", "0"), "{paid:?}");
    let first = server.request(1).await;
    assert_eq!(standing(&system, paid.payid()), "open 1");
    system.kill_gateway().await;
    system.start_gateway().await;

    // Then it is told the very same again, signed, at the address that the order has filled in.
    let again = server.request(2).await;
    assert_eq!(again, first);
    assert_eq!(
        (again.method.as_str(), again.path.as_str()),
        ("POST", "/accept/tienda%2F1")
    );
    assert_eq!(again.query, "own=1");
    let told = again.feedback();
    told.assert_signed_by(&shop.account);
    for (name, value) in [
        ("orderID", order.value("ORDERID")),
        ("PAYID", paid.payid()),
        ("STATUS", "5"),
        ("NCERROR", "0"),
        ("amount", "100"),
        ("currency", "EUR"),
        ("ACCEPTANCE", paid.get("ACCEPTANCE")),
        ("CARDNO", "XXXXXXXXXXXX1000"),
        ("BRAND", "VISA"),
        ("PM", "CreditCard"),
        ("CN", "Ana Torres"),
        ("ED", "1139"),
        ("COMPLUS", "mío"),
        ("SessionID", "7"),
    ] {
        assert_eq!(told.get(name), value, "{name} of {told:?}");
    }
    let names = told.names();
    assert_eq!(
        names.last(),
        Some(&"SessionID"),
        "the shop's own pairs come last: {names:?}"
    );
    assert_eq!(names.iter().filter(|name| **name == "STATUS").count(), 1);
    eventually("it is noted", async || {
        standing(&system, paid.payid()) == "delivered 2"
    })
    .await;

    // And what becomes of the payment later is told at the address for that, with its number.
    let payid = paid.payid();
    shop.maintains(payid, "SAL", Some(4_050)).await;
    let captured = server.request(3).await;
    assert_eq!(captured.path, "/change");
    captured.feedback().assert_signed_by(&shop.account);
    let said = |heard: &Heard| ["STATUS", "PAYIDSUB", "amount"].map(|name| heard.feedback().get(name));
    assert_eq!(said(&captured), ["9", "1", "40.5"]);
    shop.maintains(payid, "RFS", None).await;
    let refunded = server.request(4).await;
    assert_eq!(
        (refunded.path.as_str(), said(&refunded)),
        ("/change", ["8", "2", "40.5"].map(str::to_owned))
    );
    eventually("all is noted", async || {
        standing(&system, payid) == "delivered 2, delivered 1, delivered 1"
    })
    .await;

    // A card that is refused is told at the address for that.
    let refused = shop
        .pays(&shop.order(10_000, &Card::numbered("4111113333333333", "737")))
        .await;
    assert_eq!(refused.status(), "2", "{refused:?}");
    let heard = server.request(5).await;
    assert_eq!(
        (heard.path.as_str(), heard.feedback().get("STATUS").as_str()),
        ("/decline", "2")
    );
    assert_eq!(heard.feedback().get("NCERROR"), refused.error());
    heard.feedback().assert_signed_by(&shop.account);
    assert_eq!(server.heard().len(), 5, "nothing is told of what was on its way");
    system.finish().await;
}

#[tokio::test]
async fn a_query_is_sent_again_until_it_is_received_and_a_redirect_will_do() {
    // Given a shop that is told in a query, and whose server fails at first and then redirects.
    let system = System::start_with(SETTINGS).await;
    let [fails, redirects] = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::FOUND].map(Some);
    let server = Server::answering(&[fails, redirects]).await;
    let shop = server.told_of(&system, "GET").await;

    // When an order is sold.
    let order = shop.order(1_234, &Card::visa(0)).with("OPERATION", "SAL");
    let paid = shop.pays(&order).await;

    // Then its server is told twice, and not a third time.
    let payid = paid.payid();
    eventually("it is noted", async || {
        standing(&system, payid).starts_with("delivered 2")
    })
    .await;
    let heard = server.heard();
    assert_eq!((heard.len(), &heard[0]), (2, &heard[1]));
    let [told, _] = <[Heard; 2]>::try_from(heard).unwrap();
    assert_eq!(
        (told.method.as_str(), told.path.as_str(), told.body.as_str()),
        ("GET", "/accept/", "")
    );
    assert!(told.query.starts_with("own=1&orderID="), "{}", told.query);
    let feedback = told.feedback();
    assert_eq!(
        ["STATUS", "amount"].map(|name| feedback.get(name)),
        ["9", "12.34"]
    );
    feedback.assert_signed_by(&shop.account);

    // An operator sees it, and has it sent once more.
    let operator = Operator::log_in(system.http.clone(), &system.sandbox_json).await;
    let messages = format!("{}/feedback", account_path(&system));
    let listed = operator.get(&format!("{messages}?payid={payid}")).await;
    let [message] = listed["data"].as_array().unwrap().as_slice() else {
        panic!("{listed}")
    };
    for (name, value) in [
        ("payid", json!(payid)),
        ("occasion", json!("end")),
        ("status", json!(9)),
        ("outcome", json!("delivered")),
        ("attempts", json!(2)),
        ("last_http_status", json!(302)),
    ] {
        assert_eq!(message[name], value, "{name} of {message}");
    }
    let again = format!("{messages}/{}/send-again", message["id"]);
    assert_eq!(operator.call(Method::POST, &again, None).await.status, 204);
    assert_eq!(server.request(3).await, told);
    eventually("it is noted again", async || {
        standing(&system, payid) == "delivered 1"
    })
    .await;
    system.finish().await;
}

#[tokio::test]
async fn a_browser_goes_on_once_the_shop_was_told_or_took_too_long() {
    // Given a shop that wants to know before its shoppers do, and whose server thinks for a while.
    let system = System::start_with(PATIENT).await;
    tells_before_the_shopper_sees(&system).await;
    let thinks = Duration::from_secs(2);
    let slow = Server::answering_after(thinks, &[Some(StatusCode::OK)]).await;
    let shop = slow.told_of(&system, "POST").await;
    let order = || {
        shop.order(10_000, &Card::visa(0))
            .with("ACCEPTURL", "https://shop.example/paid")
    };
    // When a shopper's browser comes back while the server thinks.
    let paid = shop.pays(&order()).await;
    assert_eq!(paid.told(), ("5", "0"), "{paid:?}");
    let (to, _) = browser_comes_back(&system, paid.payid()).await;
    // Then it arrives after the server knows.
    assert!(to.starts_with("https://shop.example/paid"), "{to}");
    assert_eq!(standing(&system, paid.payid()), "delivered 1");
    // And a second time at once.
    let (_, took) = browser_comes_back(&system, paid.payid()).await;
    assert!(took < thinks, "{took:?}");

    // Given a server that takes the request and never answers it.
    let dead = Server::answering(&[None]).await;
    let shop = dead.told_of(&system, "POST").await;
    let paid = shop.pays(&order()).await;
    // Then the browser is kept for some seconds and goes on, while the server is still being told.
    let (to, took) = browser_comes_back(&system, paid.payid()).await;
    assert!(to.starts_with("https://shop.example/paid"), "{to}");
    assert!(
        (Duration::from_secs(4)..Duration::from_secs(15)).contains(&took),
        "{took:?}"
    );
    assert_eq!(standing(&system, paid.payid()), "open 1");

    // Nobody is kept from a shop whose server refuses: there is nothing to wait for until the repeat.
    let refuses = Server::answering(&[Some(StatusCode::SERVICE_UNAVAILABLE)]).await;
    let shop = refuses.told_of(&system, "POST").await;
    let paid = shop.pays(&order()).await;
    refuses.request(1).await;
    let (to, took) = browser_comes_back(&system, paid.payid()).await;
    assert!(to.starts_with("https://shop.example/paid"), "{to}");
    assert!(took < Duration::from_secs(4), "{took:?}");
    system.finish().await;
}

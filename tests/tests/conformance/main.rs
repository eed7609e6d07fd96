//! Every processor's adapter against its simulator, over real HTTP, with the simulators' notifications coming back.
//!
//! `cargo nextest run -p tests --test conformance --no-capture` shows the table of what was tried with which result.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test may panic, shows its table, and has a clock and an HTTP client of its own"
)]

mod careless;
mod cybersource;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acquiring::conformance::{
    BROKEN, NOT_OFFERED, Report, Subject,
    wire::{self, Received, Wire},
};
use acquiring::{Account, Credentials, Processor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use primitives::{HttpRequest, Id, Moment, Reply, Secret};
use sandbox::faults::Faults;
use sandbox::ledger::{Ledger, Operation};
use sandbox::processors::{self as simulators, Processors, Registered, Settings};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use uuid::Uuid;

/// How long a transaction stays out of the simulators' lists here.
const VISIBLE_AFTER: Duration = Duration::from_millis(200);
/// After how long an answer counts as lost.
const PATIENCE: Duration = Duration::from_millis(700);

/// How long the simulators take for what they only accept, and for their notifications.
const ASYNCHRONOUS_AFTER: Duration = Duration::from_millis(300);

/// The simulators on an address of their own, and what they post to us.
struct Sandbox {
    address: SocketAddr,
    processors: Processors,
    notifications: Notifications,
}

/// What came in so far.
#[derive(Clone, Default)]
struct Notifications(Arc<Mutex<Vec<Received>>>);

impl Notifications {
    fn all(&self) -> Vec<Received> {
        self.0.lock().unwrap().clone()
    }
}

async fn sandbox() -> Sandbox {
    let settings = Settings {
        inquiry_visible_after: VISIBLE_AFTER,
        asynchronous_after: ASYNCHRONOUS_AFTER,
    };
    let processors = Processors::new(Ledger::default(), Faults::default(), settings);
    let notifications = Notifications::default();
    let router = simulators::router(&processors).merge(
        Router::new()
            .route("/notifications", post(receive))
            .with_state(notifications.clone()),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Sandbox {
        address,
        processors,
        notifications,
    }
}

/// Takes whatever comes, with every processor's receipt at once.
async fn receive(
    State(notifications): State<Notifications>,
    headers: HeaderMap,
    body: Bytes,
) -> &'static str {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let body = body.to_vec();
    notifications.0.lock().unwrap().push(Received { headers, body });
    "[accepted]"
}

/// A connection's credentials by the adapter's names. The first is what the simulator knows its caller by.
fn credentials(processor: &dyn Processor) -> Vec<(&'static str, String)> {
    let secret = || Uuid::new_v4().simple().to_string();
    match processor.name() {
        "kushki" => vec![("private_merchant_id", secret()), ("webhook_secret", secret())],
        "adyen" => vec![
            ("api_key", secret()),
            ("merchant_account", "ConformanceShop".to_owned()),
            ("hmac_key", secret()),
        ],
        "amex" => vec![
            ("merchant_id", format!("TEST{}", secret())),
            ("api_password", secret()),
            ("notification_secret", secret()),
        ],
        "cybersource" => vec![
            ("merchant_id", secret()),
            ("key_id", Uuid::new_v4().to_string()),
            // 32 hexadecimal digits are Base64 too.
            ("shared_secret", secret()),
            ("webhook_key_id", Uuid::new_v4().to_string()),
            ("webhook_key", secret()),
        ],
        new => panic!("{new} has no credentials here"),
    }
}

fn account(sandbox: &Sandbox, processor: &dyn Processor) -> Account {
    let connection = Uuid::new_v4();
    let given = credentials(processor);
    let known_by = given[0].1.clone();
    let credentials: BTreeMap<String, Secret<String>> = given
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Secret::new(value)))
        .collect();
    let registered = Registered {
        connection_id: connection.to_string(),
        notification_url: Some(format!("http://{}/notifications", sandbox.address)),
        credentials: credentials.clone(),
    };
    sandbox
        .processors
        .connections
        .register_whole(processor.name(), &known_by, registered);
    Account {
        connection: Id::from_uuid(connection),
        base_url: format!("http://{}/processors/{}", sandbox.address, processor.name())
            .parse()
            .unwrap(),
        credentials: Credentials::new(credentials),
        inquiry_visible_after: Some(VISIBLE_AFTER),
        inquiry_final_after: None,
    }
}

/// A plain HTTP client, with the transport's rules: no redirects, no repetition, an end to patience.
struct Http {
    client: reqwest::Client,
    notifications: Notifications,
}

impl Http {
    fn new(sandbox: &Sandbox) -> Self {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .timeout(PATIENCE);
        Self {
            client: client.build().unwrap(),
            notifications: sandbox.notifications.clone(),
        }
    }
}

impl Wire for Http {
    async fn send(&self, request: HttpRequest) -> Option<Reply> {
        let method = request.method.as_str().parse().unwrap();
        let mut call = self.client.request(method, request.url.clone());
        for (name, value) in &request.headers {
            call = call.header(*name, value.reveal());
        }
        let reply = call.body(request.body.reveal().clone()).send().await.ok()?;
        let status = reply.status().as_u16();
        let headers = reply
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let body = reply.bytes().await.ok()?.to_vec();
        Some(Reply {
            status,
            headers,
            body,
        })
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn moment(&self) -> Moment {
        Moment::new(OffsetDateTime::now_utc(), Uuid::now_v7())
    }

    fn received(&self) -> Vec<Received> {
        self.notifications.all()
    }
}

/// Operation by operation, what every processor's adapter and simulator did together.
#[tokio::test]
async fn every_processor_keeps_the_rules_against_its_simulator() {
    let processors = processors::all();
    let mut runs = Vec::new();
    for processor in &processors {
        let sandbox = sandbox().await;
        let account = account(&sandbox, processor.as_ref());
        runs.push((processor, sandbox, account));
    }
    let reports = futures_util::future::join_all(runs.iter().map(async |(processor, sandbox, account)| {
        let subject = Subject {
            processor: processor.as_ref(),
            account,
        };
        let report = wire::check(&subject, &Http::new(sandbox)).await;
        (processor.name(), report)
    }))
    .await;

    println!("{}", table(&reports));
    for (name, report) in &reports {
        assert!(report.breaches.is_empty(), "{name}: {:#?}", report.breaches);
        assert!(report.rows.iter().all(|row| row.result != BROKEN), "{name}");
        // Every operation is tried with every processor; what one leaves out is known.
        assert_eq!(operations(report), operations(&reports[0].1), "{name}");
        let left_out: Vec<_> = report
            .rows
            .iter()
            .filter(|row| row.result == NOT_OFFERED)
            .map(|row| row.operation)
            .collect();
        assert_eq!(left_out, not_offered(name), "{name}");
    }
}

#[tokio::test]
async fn a_processor_that_breaks_the_rules_on_the_wire_is_found_out() {
    let sandbox = sandbox().await;
    let account = account(&sandbox, &careless::Careless);
    let subject = Subject {
        processor: &careless::Careless,
        account: &account,
    };
    let report = wire::check(&subject, &Http::new(&sandbox)).await;
    for (operation, rule) in [
        (
            "over-capture",
            "what is possible is done, and what is not is refused",
        ),
        ("lost charge", "an inquiry finds what was charged, and only that"),
        ("lost refund", "what was recovered was done only once"),
        (
            "settlement inquiry",
            "an inquiry finds what was settled, and only that",
        ),
        ("exemption", "a ground that is not listed is not given"),
        ("notification", "a forged notification is refused"),
    ] {
        assert_eq!(report.of(operation), Some(BROKEN), "{operation}");
        let found = report.breaches.iter().any(|breach| breach.rule == rule);
        assert!(found, "{rule}: {:#?}", report.breaches);
    }
    assert_eq!(
        report.of("sale"),
        Some("approved"),
        "what keeps the rules is left alone"
    );
}

fn operations(report: &Report) -> Vec<&'static str> {
    report.rows.iter().map(|row| row.operation).collect()
}

/// What each processor does not offer, so that a declaration that shrinks is noticed.
fn not_offered(processor: &str) -> &'static [&'static str] {
    match processor {
        "kushki" => &[
            "hold left by a decline",
            "exemption",
            "merchant-initiated",
            "several captures",
            "reversal",
        ],
        "adyen" => &["hold left by a decline", "settlement inquiry"],
        "cybersource" => &[],
        "amex" => &["hold left by a decline", "reversal"],
        new => panic!("what {new} does not offer is not written here"),
    }
}

/// Operation × processor × result.
fn table(reports: &[(&str, Report)]) -> String {
    let mut lines = vec![String::new()];
    let mut head = format!("{:<26}", "operation");
    for (name, _) in reports {
        head += &format!("{name:<22}");
    }
    lines.push(head);
    for operation in reports.iter().flat_map(|(_, report)| operations(report)) {
        let mut line = format!("{operation:<26}");
        for (_, report) in reports {
            line += &format!("{:<22}", report.of(operation).unwrap_or("-"));
        }
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

#[tokio::test]
async fn a_charge_is_found_in_the_ledger_by_reference_and_by_order() {
    use acquiring::{Authorization, AuthorizationAnswer, ChargeKind, Initiator, Shopper};
    use primitives::{Amount, Brand, Card, Currency, ExpiryDate, Pan, SecurityCode};

    for processor in processors::all() {
        let sandbox = sandbox().await;
        let account = account(&sandbox, processor.as_ref());
        let http = Http::new(&sandbox);
        let takes_visa = processor.capabilities().brands.contains(&Brand::Visa);
        let (number, code) = if takes_visa {
            ("4000000000001000", "737")
        } else {
            ("370000000010001", "7373")
        };
        let order = Authorization {
            kind: ChargeKind::Sale,
            reference: Uuid::now_v7().to_string(),
            order_id: "order-4711".into(),
            amount: Amount::new(12_500, Currency::MXN).unwrap(),
            card: Card {
                pan: Pan::parse(number).unwrap(),
                expiry: ExpiryDate::parse("11", "39").unwrap(),
                security_code: Some(SecurityCode::parse(code).unwrap()),
                holder: "ANA PEREZ".into(),
            },
            authentication: None,
            exemption: None,
            accept_no_liability_shift: true,
            installments: 1,
            initiator: Initiator::Customer,
            stored_credential: None,
            shopper: Shopper::default(),
            billing: None,
            shipping: None,
            return_url: "https://shop.example/return".into(),
        };
        let exchange = processor.authorize(&account, &order, http.moment()).unwrap();
        let (request, read) = exchange.split();
        let answer = read(&http.send(request).await.unwrap()).unwrap();
        assert!(matches!(answer, AuthorizationAnswer::Approved(_)), "{answer:?}");

        let ledger = &sandbox.processors.ledger;
        let entries = ledger.of_order(&order.order_id);
        assert_eq!(entries.len(), 1, "{}", processor.name());
        assert_eq!(ledger.of_reference(&order.reference).len(), 1);
        let entry = &entries[0];
        assert_eq!(
            (entry.processor, entry.operation),
            (processor.name(), Operation::Sale)
        );
        assert_eq!(
            entry.connection_id.as_deref(),
            Some(account.connection.to_string().as_str())
        );
        assert_eq!((entry.amount, entry.approved), (Some(12_500), true));
    }
}

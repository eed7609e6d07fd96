//! Every processor's adapter against its simulator, over real HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and has a clock and an HTTP client of its own"
)]

use std::net::SocketAddr;
use std::time::Duration;

use acquiring::conformance::{
    Subject,
    wire::{self, Wire},
};
use acquiring::{Account, Credentials, Processor};
use primitives::{HttpRequest, Id, Moment, Reply, Secret};
use sandbox::faults::Faults;
use sandbox::ledger::{Ledger, Operation};
use sandbox::processors::{self as simulators, Processors, Settings};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use uuid::Uuid;

/// How long a transaction stays out of the simulators' lists here.
const VISIBLE_AFTER: Duration = Duration::from_millis(200);
/// After how long an answer counts as lost.
const PATIENCE: Duration = Duration::from_millis(700);

/// The simulators on an address of their own.
struct Sandbox {
    address: SocketAddr,
    processors: Processors,
}

async fn sandbox() -> Sandbox {
    let settings = Settings {
        inquiry_visible_after: VISIBLE_AFTER,
        ..Settings::default()
    };
    let processors = Processors::new(Ledger::default(), Faults::default(), settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = simulators::router(&processors);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Sandbox { address, processors }
}

fn account(sandbox: &Sandbox, processor: &dyn Processor) -> Account {
    let connection = Uuid::new_v4();
    let credential = format!("conformance-{}", connection.simple());
    sandbox
        .processors
        .connections
        .register(processor.name(), &credential, &connection.to_string());
    let credentials = processor
        .credential_fields()
        .iter()
        .filter(|field| field.required)
        .map(|field| (field.name.to_owned(), Secret::new(credential.clone())))
        .collect();
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
struct Http(reqwest::Client);

impl Http {
    fn new() -> Self {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .timeout(PATIENCE);
        Self(client.build().unwrap())
    }
}

impl Wire for Http {
    async fn send(&self, request: HttpRequest) -> Option<Reply> {
        let method = request.method.as_str().parse().unwrap();
        let mut call = self.0.request(method, request.url.clone());
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
}

#[tokio::test]
async fn every_processor_keeps_the_rules_against_its_simulator() {
    for processor in processors::all() {
        let sandbox = sandbox().await;
        let account = account(&sandbox, processor.as_ref());
        let subject = Subject {
            processor: processor.as_ref(),
            account: &account,
        };
        let breaches = wire::check(&subject, &Http::new()).await;
        assert!(breaches.is_empty(), "{}: {breaches:#?}", processor.name());
    }
}

#[tokio::test]
async fn a_charge_is_found_in_the_ledger_by_reference_and_by_order() {
    use acquiring::{Authorization, AuthorizationAnswer, ChargeKind, Initiator, Shopper};
    use primitives::{Amount, Brand, Card, Currency, ExpiryDate, Pan, SecurityCode};

    for processor in processors::all() {
        let sandbox = sandbox().await;
        let account = account(&sandbox, processor.as_ref());
        let http = Http::new();
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

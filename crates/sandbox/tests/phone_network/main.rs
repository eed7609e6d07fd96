//! The access control server's providers of text messages against the phone network, over real sockets: what arrives, what
//! is told of it, and what every fault comes to.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and calls the sandbox with a client of its own"
)]

mod faults;
mod messages;
mod receipts;
mod strictness;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acs::clock::{Clock, SystemClock};
use acs::phone::Phone;
use acs::sms::provider::{Handed, Receipt, ReceiptStatus, SmsProvider, TextMessage};
use acs::sms::providers::Providers;
use acs::sms::receipts::{ReceiptKeys, ReceiptRefused};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use sandbox::faults::message::{MessageFault, MessageFaultOrder};
use sandbox::faults::text_message::TextFault;
use sandbox::faults::{Fault, Faults, Kind};
use sandbox::phone_network::{self, PhoneNetwork, Sms, centre};
use serde_json::Map;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

/// How long a provider may take here.
const LIMIT: Duration = Duration::from_millis(1_500);
/// How long whatever must come may take, on a slow machine too.
const PATIENCE: Duration = Duration::from_secs(15);
/// A number that means nothing.
const PHONE: &str = "+525512345678";

/// A phone network, and a service that sends through it.
struct Playground {
    network: PhoneNetwork,
    faults: Faults,
    providers: Vec<Arc<dyn SmsProvider>>,
    heard: Heard,
    http: SocketAddr,
    smpp: SocketAddr,
}

impl Playground {
    async fn open() -> Self {
        let faults = Faults::default();
        let network = PhoneNetwork::new(faults.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http = listener.local_addr().unwrap();
        let centre = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let smpp = centre.local_addr().unwrap();
        let settings = network.accounts().settings(&format!("http://{http}"), smpp);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let providers = Providers::open(&settings, &clock, false).unwrap();
        let heard = Heard {
            keys: Arc::new(providers.receipt_keys),
            told: Arc::default(),
        };
        let webhooks = Router::new()
            .route("/webhooks/{provider}", post(hear))
            .with_state(heard.clone());
        let router = phone_network::router(network.clone()).merge(webhooks);
        tokio::spawn(async move { axum::serve(listener, router).await });
        tokio::spawn(centre::serve(centre, network.clone()));
        network.tell_receipts_to(format!("http://{http}/webhooks"));
        let mut receipts = providers.receipts.unwrap();
        let told = heard.clone();
        tokio::spawn(async move {
            while let Some(receipt) = receipts.recv().await {
                told.push(Ok(receipt));
            }
        });
        Self {
            network,
            faults,
            providers: providers.carriers,
            heard,
            http,
            smpp,
        }
    }

    fn provider(&self, name: &str) -> &Arc<dyn SmsProvider> {
        self.providers
            .iter()
            .find(|provider| provider.name() == name)
            .unwrap()
    }

    async fn hand_over(&self, provider: &str, message: &TextMessage) -> Handed {
        self.provider(provider).hand_over(message, LIMIT).await
    }

    /// What a provider called the message that it took.
    async fn accepted(&self, provider: &str, message: &TextMessage) -> String {
        match self.hand_over(provider, message).await {
            Handed::Accepted { provider_reference } => provider_reference,
            other => panic!("{provider}: {other:?}"),
        }
    }

    fn inbox(&self, phone: &str) -> Vec<Sms> {
        self.network.messages(Some(phone))
    }

    fn fault(&self, target: &str, kind: Kind) {
        let delay = Duration::from_millis(300);
        self.faults.set(target, Fault { kind, delay }, Some(1));
    }

    fn text_fault(&self, target: &str, fault: TextFault) {
        let order = MessageFaultOrder {
            fault: MessageFault::Text(fault),
            elements: Vec::new(),
            set: Map::new(),
            code: None,
            detail: None,
            card: None,
            brand: None,
            delay: None,
        };
        self.faults.set_message(target, order, Some(1));
    }
}

/// What was told of messages.
#[derive(Clone)]
struct Heard {
    keys: Arc<ReceiptKeys>,
    told: Arc<Mutex<Vec<Result<Receipt, ReceiptRefused>>>>,
}

impl Heard {
    fn push(&self, receipt: Result<Receipt, ReceiptRefused>) {
        self.told.lock().unwrap().push(receipt);
    }

    fn all(&self) -> Vec<Result<Receipt, ReceiptRefused>> {
        self.told.lock().unwrap().clone()
    }

    /// What was said of a message, in the order it was said.
    fn of(&self, reference: &str) -> Vec<ReceiptStatus> {
        self.all()
            .into_iter()
            .flatten()
            .filter(|receipt| receipt.provider_reference == reference)
            .map(|receipt| receipt.status)
            .collect()
    }

    async fn wait_for(&self, reference: &str, count: usize) -> Vec<ReceiptStatus> {
        let enough = async {
            while self.of(reference).len() < count {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, enough)
            .await
            .unwrap_or_else(|_| panic!("{reference}: {:?}", self.all()));
        self.of(reference)
    }
}

async fn hear(
    State(heard): State<Heard>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let signature = headers.get("sms-signature").and_then(|value| value.to_str().ok());
    let now = OffsetDateTime::now_utc();
    match acs::sms::receipts::read(&provider, &heard.keys[&provider], signature, &body, now) {
        Ok(Some(receipt)) => heard.push(Ok(receipt)),
        Ok(None) => {}
        Err(refused) => {
            heard.push(Err(refused));
            return StatusCode::UNAUTHORIZED;
        }
    }
    StatusCode::NO_CONTENT
}

/// A message of its own: no other has its delivery id.
fn message(to: &str, text: &str) -> TextMessage {
    TextMessage {
        delivery_id: uuid::Uuid::new_v4().simple().to_string(),
        to: Phone::parse(to).unwrap(),
        sender: Some("Banco".to_owned()),
        text: text.to_owned().into(),
        validity: time::Duration::seconds(287),
    }
}

fn refused(code: &str, elsewhere: bool) -> Handed {
    Handed::Refused {
        code: code.to_owned(),
        elsewhere,
    }
}

fn not_taken(code: &str) -> Handed {
    Handed::NotTaken {
        code: code.to_owned(),
    }
}

/// Every provider of the network.
const ALL: [&str; 3] = ["norte", "sur", "centro"];

#[tokio::test]
async fn whoever_is_asked_a_message_arrives_as_it_was_written() {
    let playground = Playground::open().await;
    for provider in ALL {
        let text = format!("Banco: código de {provider} ¥ € 認証 😀");
        let reference = playground.accepted(provider, &message(PHONE, &text)).await;
        let arrived = &playground.inbox(PHONE)[0];
        assert_eq!(
            (arrived.text.as_str(), arrived.provider),
            (text.as_str(), Some(provider))
        );
        assert_eq!(
            (arrived.phone.as_str(), arrived.sender.as_str()),
            (PHONE, "Banco")
        );
        let told = playground.heard.wait_for(&reference, 2).await;
        assert_eq!(
            told,
            [ReceiptStatus::Sent, ReceiptStatus::Delivered],
            "{provider}"
        );
    }
}

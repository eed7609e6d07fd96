//! A gateway with an outside of its own: one local server that is directory server and processor at once, says what a
//! test tells it to say, and remembers what it was asked.

use crate::{
    administration::{
        Administration, Environment,
        testing::{ACTOR, SetClock, connection},
    },
    clock::Clock,
    configuration::{Caller, Configuration, Processors},
    flows::idempotency::{Answer, IdempotencyKey},
    gateway::{Gateway, Parts, ThreeDsSettings, WakeDeliveries},
    transport::{Transport, TransportSettings},
    vault::{Vault, key_file::Keys},
};
use acquiring::{
    Account, Advice, Approval, Authorization, AuthorizationAnswer, CannotBuild, Capabilities, Capture,
    Captures, CredentialField, Decline, Initiator, Inquiry, InquiryAnswer, Notification, NotificationRefused,
    Processor, Reason, Refund, Refunds, SettlementAnswer, Shopper, Void, Voids,
};
use mpi::Timers;
use payments::{
    Addresses, Browser, Callbacks, Limits, Market, NewOrder, Purchase, PurchaseApi, PurchaseTarget, Refusal,
    ThreeDsMode, connection::ConnectionStatus,
};
use primitives::{
    Amount, Brand, Card, Currency, Exchange, ExpiryDate, HttpRequest, Id, Method, Moment, Pan, Reply,
    SecurityCode, Unreadable, id::kind,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::{Arc, Mutex, MutexGuard};
use store::Store;
use time::macros::datetime;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What the outside says, and what it was asked.
#[derive(Debug)]
pub struct Script {
    /// The `transStatus` of every ARes.
    pub ares: &'static str,
    /// `approved`, `declined`, `held` for no answer while it says so, or anything else for one that nobody can read.
    pub charge: &'static str,
    /// `approved`, `not_found`, or anything else for no usable answer.
    pub inquiry: &'static str,
    pub charges: Vec<Value>,
    pub voids: Vec<Value>,
    /// The last AReq's `threeDSServerTransID`.
    pub asked: Option<String>,
}

/// A gateway, a merchant with one connection, and what is outside.
pub struct World {
    pub gateway: Gateway,
    pub clock: Arc<SetClock>,
    pub caller: Caller,
    pub pool: PgPool,
    script: Arc<Mutex<Script>>,
}

const DS_TRANS_ID: &str = "22222222-2222-4222-8222-222222222222";
const ACS_TRANS_ID: &str = "33333333-3333-4333-8333-333333333333";
const VALUE: &str = "AJkBBkhgQQAAAE4gSEJydQAAAAA=";

impl World {
    pub async fn new(pool: PgPool) -> Self {
        let script = Arc::new(Mutex::new(Script {
            ares: "Y",
            charge: "approved",
            inquiry: "not_found",
            charges: Vec::new(),
            voids: Vec::new(),
            asked: None,
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let outside = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, Arc::clone(&script)));

        let store = Store::from_pool(pool.clone());
        let vault = Arc::new(Vault::from_keys(Keys::generate().unwrap()).unwrap());
        let processors: Processors = [("plain", Arc::new(Fake) as Arc<dyn Processor>)].into();
        let configuration = Arc::new(Configuration::new(
            store.clone(),
            Arc::clone(&vault),
            Arc::new(processors),
        ));
        let clock = Arc::new(SetClock::at(datetime!(2026-11-22 10:00 UTC)));
        let administration = Administration::new(
            store.clone(),
            Arc::clone(&vault),
            Arc::clone(&configuration),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Environment::Sandbox,
        );
        let key = set_up(&administration, &outside).await;
        let caller = configuration.caller(&key).await.unwrap().unwrap();
        let (gateway, telling) = Gateway::new(Parts {
            store,
            vault,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            transport: Transport::new(TransportSettings::default()).unwrap(),
            configuration,
            three_ds: ThreeDsSettings {
                reference_number: "3DS_LOA_SER_TEST".into(),
                results_url: "https://pay.example/3ds/results".into(),
                method_notification_url: "https://pay.example/method".into(),
                challenge_notification_url: "https://pay.example/challenge".into(),
                timers: Timers::default(),
            },
            limits: Limits::default(),
            addresses: Addresses {
                public_url: "https://pay.example".into(),
            },
            wake_deliveries: WakeDeliveries::new(|| {}),
        });
        tokio::spawn(telling);
        // The directory server tells no ranges, so that every card of its brand counts as taking part.
        gateway.load_card_ranges().await.unwrap();
        Self {
            gateway,
            clock,
            caller,
            pool,
            script,
        }
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    pub async fn order(&self) -> Id<kind::Order> {
        let new = NewOrder {
            reference: None,
            order_type: "DEUNA_NOW".into(),
            amount: Amount::new(10_000, Currency::MXN).unwrap(),
            store_code: "all".into(),
            details: serde_json::Map::new(),
            notify_url: None,
            callbacks: Callbacks::default(),
            payer_email: None,
        };
        let answer = self.gateway.create_order(&self.caller, new, None).await;
        answer.unwrap().document.token()
    }

    /// Pays an order in one go with a browser that is known, so that no page is needed before the AReq.
    pub async fn purchase(&self, order: Id<kind::Order>, key: Option<&str>) -> Result<Answer, Refusal> {
        let key = key.map(|key| IdempotencyKey {
            key: key.to_owned(),
            method: "POST",
            path: "/purchase".into(),
            body_hash: [7; 32],
        });
        self.gateway.purchase(&self.caller, purchase(order), key).await
    }

    /// Order status, payment status and code, as the merchant reads them.
    pub async fn words(&self, order: Id<kind::Order>) -> (String, String, String) {
        let read = self.gateway.get_order(&self.caller, order, Default::default());
        let document = read.await.unwrap();
        (
            document.order_status().to_owned(),
            document.payment_status().unwrap_or("-").to_owned(),
            document.code().unwrap_or("-").to_owned(),
        )
    }

    /// Waits for the order's payment to get that status.
    pub async fn comes_to(&self, order: Id<kind::Order>, status: &str) {
        for _ in 0..500 {
            if self.words(order).await.1 == status {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!(
            "the payment did not become {status}: {:?}",
            self.words(order).await
        );
    }

    /// The run that the directory server was asked about last.
    pub fn asked(&self) -> String {
        self.script().asked.clone().unwrap()
    }

    /// An RReq about the last AReq: the challenge was passed.
    pub fn rreq(&self) -> Vec<u8> {
        let rreq = json!({
            "messageType": "RReq", "messageVersion": "2.2.0", "messageCategory": "01", "transStatus": "Y",
            "threeDSServerTransID": self.asked(), "dsTransID": DS_TRANS_ID, "acsTransID": ACS_TRANS_ID,
            "authenticationType": "02", "authenticationValue": VALUE, "eci": "05", "interactionCounter": "01",
        });
        rreq.to_string().into_bytes()
    }

    /// An RReq about the last AReq: nobody came to the challenge in time.
    pub fn rreq_never_started(&self) -> Vec<u8> {
        let rreq = json!({
            "messageType": "RReq", "messageVersion": "2.2.0", "messageCategory": "01", "transStatus": "N",
            "threeDSServerTransID": self.asked(), "dsTransID": DS_TRANS_ID, "acsTransID": ACS_TRANS_ID,
            "authenticationType": "02", "transStatusReason": "14", "challengeCancel": "05",
            "interactionCounter": "00",
        });
        rreq.to_string().into_bytes()
    }

    /// The token of an order's hosted page.
    pub async fn page_token(&self, order: Id<kind::Order>) -> String {
        sqlx::query_scalar("SELECT page_token FROM payments WHERE order_id = $1")
            .bind(order.uuid())
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

async fn set_up(administration: &Administration, outside: &str) -> String {
    let merchant = json!({"name": "Shop", "country": "MX", "currencies": ["MXN"]});
    let created = administration.merchant_create(ACTOR, &merchant).await.unwrap();
    let mut document = connection("Plain");
    document["base_url"] = json!(outside);
    let merchant = created.merchant.id;
    let stored = administration
        .connection_create(ACTOR, merchant, &document)
        .await
        .unwrap();
    administration
        .connection_set_status(ACTOR, merchant, stored.connection.id, ConnectionStatus::Active)
        .await
        .unwrap();
    let directory = json!({"url": format!("{outside}/directory")});
    administration
        .directory_server_set(ACTOR, Brand::Visa, &directory)
        .await
        .unwrap();
    created.application.private_key.reveal().clone()
}

pub fn purchase(order: Id<kind::Order>) -> Purchase {
    Purchase {
        api: PurchaseApi::V2,
        target: PurchaseTarget::Existing(order),
        method_type: "credit_card".into(),
        store_code: None,
        processor_name: None,
        card: Card {
            pan: Pan::parse("4000000000001000").unwrap(),
            expiry: ExpiryDate::parse("11", "29").unwrap(),
            security_code: Some(SecurityCode::parse("123").unwrap()),
            holder: "Ana".into(),
        },
        shopper: Shopper::default(),
        billing: None,
        shipping: None,
        installments: 1,
        capture: None,
        callbacks: Callbacks::default(),
        notify_url: None,
        browser: Some(Browser {
            accept_header: Some("*/*".into()),
            user_agent: Some("Test".into()),
            language: Some("es-MX".into()),
            color_depth: Some(24),
            screen_height: Some(800),
            screen_width: Some(600),
            time_zone: Some(360),
            java_enabled: Some(false),
            javascript_enabled: Some(true),
            ip_address: None,
        }),
        initiator: Initiator::Customer,
        market: Market::Ecommerce,
        external_authentication: None,
        three_ds: ThreeDsMode::Auto,
        device_id: None,
        session_id: None,
        metadata: None,
    }
}

async fn serve(listener: TcpListener, script: Arc<Mutex<Script>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, Arc::clone(&script)));
    }
}

/// One request, one answer, and the connection is closed.
async fn answer(stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let asked = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mut text = script.lock().unwrap().answer(path, asked);
    while text == "held" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        script.lock().unwrap().charge.clone_into(&mut text);
    }
    let answer = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

impl Script {
    fn answer(&mut self, path: &str, asked: Value) -> String {
        match path {
            "/directory" if asked["messageType"] == "AReq" => self.ares(&asked["threeDSServerTransID"]),
            "/charge" => {
                self.charges.push(asked);
                self.charge.to_owned()
            }
            "/inquiry" => self.inquiry.to_owned(),
            "/void" => {
                self.voids.push(asked);
                "done".to_owned()
            }
            _ => "?".to_owned(),
        }
    }

    fn ares(&mut self, id: &Value) -> String {
        self.asked = id.as_str().map(str::to_owned);
        let mut ares = json!({
            "messageType": "ARes", "messageVersion": "2.2.0", "threeDSServerTransID": id,
            "dsTransID": DS_TRANS_ID, "acsTransID": ACS_TRANS_ID, "acsReferenceNumber": "ACS",
            "dsReferenceNumber": "DS", "transStatus": self.ares,
        });
        if self.ares == "C" {
            ares["acsURL"] = json!("https://acs.example/challenge");
            ares["acsChallengeMandated"] = json!("Y");
            ares["authenticationType"] = json!("02");
        } else {
            ares["authenticationValue"] = json!(VALUE);
            ares["eci"] = json!("05");
        }
        ares.to_string()
    }
}

/// A processor whose answers are one word.
struct Fake;

const CAPABILITIES: Capabilities = Capabilities {
    brands: &[Brand::Visa],
    currencies: &[Currency::MXN],
    external_authentication: &[Brand::Visa],
    authorizations: false,
    captures: Captures::NotOffered,
    voids: Voids::NotOffered,
    refunds: Refunds::NotOffered,
    inquiry_visible_after: std::time::Duration::from_secs(90),
    inquiry_final_after: std::time::Duration::from_secs(1_800),
    installments_max: 1,
};

const NOT_OFFERED: CannotBuild = CannotBuild::NotOffered("anything in this test");

fn exchange<A>(
    account: &Account,
    path: &str,
    reference: &str,
    read: impl FnOnce(&str) -> Option<A> + Send + 'static,
) -> Exchange<A> {
    let mut url = account.base_url.clone();
    url.set_path(path);
    let body = json!({ "reference": reference }).to_string().into_bytes();
    Exchange::new(
        HttpRequest::new(Method::Post, url).body(body),
        move |reply: &Reply| {
            let word = String::from_utf8_lossy(&reply.body);
            read(&word).ok_or(Unreadable("says nothing known".into()))
        },
    )
}

fn approval(amount: Amount) -> Approval {
    Approval {
        processor_reference: "ticket-1".into(),
        approval_code: None,
        response_code: None,
        amount,
        issuer_bank: None,
        issuer_country: None,
    }
}

fn decline() -> Decline {
    Decline {
        reason: Reason::GenericDecline,
        advice: Advice::Never,
        raw_code: None,
        raw_message: None,
        processor_reference: None,
    }
}

impl Processor for Fake {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        &[CredentialField {
            name: "key",
            required: true,
            max_characters: 8,
        }]
    }

    fn default_base_url(&self) -> &'static str {
        "https://plain.example"
    }

    fn authorize(
        &self,
        account: &Account,
        order: &Authorization,
        _: Moment,
    ) -> Result<Exchange<AuthorizationAnswer>, CannotBuild> {
        let amount = order.amount;
        Ok(exchange(
            account,
            "/charge",
            &order.reference,
            move |word| match word {
                "approved" => Some(AuthorizationAnswer::Approved(approval(amount))),
                "declined" => Some(AuthorizationAnswer::Declined(decline())),
                _ => None,
            },
        ))
    }

    fn inquire(
        &self,
        account: &Account,
        order: &Inquiry,
        _: Moment,
    ) -> Result<Exchange<InquiryAnswer>, CannotBuild> {
        let amount = order.amount;
        Ok(exchange(
            account,
            "/inquiry",
            &order.reference,
            move |word| match word {
                "approved" => Some(InquiryAnswer::Approved(approval(amount))),
                "not_found" => Some(InquiryAnswer::NotFound),
                _ => None,
            },
        ))
    }

    fn void(
        &self,
        account: &Account,
        order: &Void,
        _: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        Ok(exchange(account, "/void", &order.reference, |word| {
            (word == "done").then_some(SettlementAnswer::Done {
                processor_reference: None,
            })
        }))
    }

    fn capture(
        &self,
        _: &Account,
        _: &Capture,
        _: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        Err(NOT_OFFERED)
    }

    fn refund(&self, _: &Account, _: &Refund, _: Moment) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        Err(NOT_OFFERED)
    }

    fn notification(
        &self,
        _: &Account,
        _: &[(String, String)],
        _: &[u8],
        _: Moment,
    ) -> Result<Notification, NotificationRefused> {
        Err(NotificationRefused::NotOffered)
    }
}

//! A gateway with an outside of its own: one local server that is directory server and processors at once, says what a
//! test tells it to say, and remembers what it was asked.

mod outside;
mod processor;

use crate::{
    administration::{
        Administration, Environment,
        testing::{ACTOR, SetClock, connection},
    },
    clock::Clock,
    configuration::{Caller, Configuration, Processors},
    flows::{
        card_ranges::CardRangeSettings,
        idempotency::{Answer, IdempotencyKey},
        sender::Sender,
    },
    gateway::{Gateway, Parts, ThreeDsSettings, WakeDeliveries},
    transport::{Transport, TransportSettings},
    vault::{Vault, key_file::Keys},
};
use acquiring::{Initiator, Processor, Shopper};
use emv3ds::Version;
use mpi::Timers;
pub use outside::ACS_TRANS_ID;
use outside::{DS_TRANS_ID, Script, VALUE, serve};
use payments::{
    Addresses, Browser, Callbacks, Limits, Market, NewOrder, Numbering, Purchase, PurchaseApi,
    PurchaseTarget, Refusal, ThreeDs, connection::ConnectionStatus,
};
use primitives::{Amount, Brand, Card, Currency, ExpiryDate, Id, Pan, SecurityCode, id::kind};
use processor::Fake;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::{Arc, Mutex, MutexGuard};
use store::Store;
use time::macros::datetime;
use tokio::net::TcpListener;

/// The greatest that there is.
const LAST_PREFERENCE: i32 = 10_000;

/// A gateway, a merchant with one connection, and what is outside.
pub struct World {
    pub gateway: Gateway,
    pub administration: Administration,
    pub clock: Arc<SetClock>,
    pub caller: Caller,
    pub pool: PgPool,
    script: Arc<Mutex<Script>>,
    outside: String,
    key: String,
}

/// An order of the merchant's own over 100.00.
pub fn new_order(reference: Option<&str>) -> NewOrder {
    NewOrder {
        reference: reference.map(str::to_owned),
        numbering: Numbering::Merchant,
        order_type: "DEUNA_NOW".into(),
        amount: Amount::new(10_000, Currency::MXN).unwrap(),
        store_code: "all".into(),
        details: serde_json::Map::new(),
        notify_url: None,
        callbacks: Callbacks::default(),
        payer_email: None,
    }
}

impl World {
    /// One that holds authentications in 2.1.0 and 2.2.0.
    pub async fn new(pool: PgPool) -> Self {
        Self::speaking(pool, &[Version::V2_1_0, Version::V2_2_0]).await
    }

    pub async fn speaking(pool: PgPool, versions: &[Version]) -> Self {
        let script = Arc::new(Mutex::new(Script {
            ares: "Y",
            charge: "approved",
            charge_of_mute: "approved",
            inquiry: "not_found",
            charges: Vec::new(),
            inquiries: Vec::new(),
            voids: Vec::new(),
            reversal: "reversed",
            reversals: Vec::new(),
            settle: "done",
            settled: "not_found",
            settlements: Vec::new(),
            ares_of_3ri: "D",
            ares_held: false,
            speaks: None,
            areqs: Vec::new(),
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let outside = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, Arc::clone(&script)));

        let store = Store::from_pool(pool.clone());
        let vault = Arc::new(Vault::from_keys(Keys::generate().unwrap()).unwrap());
        let processors: Processors = [Fake::PLAIN, Fake::MUTE]
            .map(|fake| (fake.name(), Arc::new(fake) as Arc<dyn Processor>))
            .into();
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
            health: Arc::default(),
            three_ds: ThreeDsSettings {
                reference_number: "3DS_LOA_SER_TEST".into(),
                results_url: "https://pay.example/3ds/results".into(),
                method_notification_url: "https://pay.example/method".into(),
                challenge_notification_url: "https://pay.example/challenge".into(),
                timers: Timers::default(),
                versions: versions.to_vec(),
                card_ranges: CardRangeSettings::default(),
            },
            limits: Limits::default(),
            retry_limits: true,
            addresses: Addresses {
                public_url: "https://pay.example".into(),
            },
            environment: Environment::Sandbox,
            wake_deliveries: WakeDeliveries::new(|| {}),
        });
        tokio::spawn(telling);
        // The directory server tells no ranges, so that every card of its brand counts as taking part.
        gateway.load_card_ranges().await.unwrap();
        Self {
            gateway,
            administration,
            clock,
            caller,
            pool,
            script,
            outside,
            key,
        }
    }

    /// Gives the merchant another connection, behind those it has.
    pub async fn connect(&mut self, processor: &str, change: impl FnOnce(&mut Value)) {
        let mut document = connection(processor);
        document["processor_name"] = json!(processor);
        document["preference"] = json!(LAST_PREFERENCE);
        change(&mut document);
        let merchant = self.caller.merchant.id;
        connect(&self.administration, &self.outside, merchant, document).await;
        let caller = self.gateway.configuration().caller(&self.key).await.unwrap();
        self.caller = caller.unwrap();
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    pub async fn order(&self) -> Id<kind::Order> {
        let new = new_order(None);
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

    /// The order document, as the merchant reads it.
    pub async fn document(&self, order: Id<kind::Order>) -> Value {
        let read = self.gateway.get_order(&self.caller, order, Default::default());
        serde_json::from_str(read.await.unwrap().as_json()).unwrap()
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

    /// The last AReq.
    pub fn areq(&self) -> Value {
        self.script().areqs.last().unwrap().clone()
    }

    /// The run that the directory server was asked about last.
    pub fn asked(&self) -> String {
        self.areq()["threeDSServerTransID"].as_str().unwrap().to_owned()
    }

    /// An RReq about the last AReq: the challenge was passed.
    pub fn rreq(&self) -> Vec<u8> {
        self.rreq_with(json!({}))
    }

    /// An RReq about the last AReq: nobody came to the challenge in time.
    pub fn rreq_never_started(&self) -> Vec<u8> {
        self.rreq_with(json!({
            "transStatus": "N", "transStatusReason": "14", "challengeCancel": "05", "interactionCounter": "00",
            "authenticationValue": null, "eci": null,
        }))
    }

    /// An RReq about the last AReq that says these things besides or instead, or, where they are null, does not.
    pub fn rreq_with(&self, said: Value) -> Vec<u8> {
        let areq = self.areq();
        let mut rreq = json!({
            "messageType": "RReq", "messageVersion": areq["messageVersion"],
            "messageCategory": areq["messageCategory"], "transStatus": "Y",
            "threeDSServerTransID": areq["threeDSServerTransID"], "dsTransID": DS_TRANS_ID,
            "acsTransID": ACS_TRANS_ID, "authenticationType": "02", "authenticationMethod": ["02"],
            "authenticationValue": VALUE, "eci": "05", "interactionCounter": "01",
        });
        for (name, value) in said.as_object().into_iter().flatten() {
            if value.is_null() {
                rreq.as_object_mut().unwrap().remove(name);
            } else {
                rreq[name] = value.clone();
            }
        }
        rreq.to_string().into_bytes()
    }

    /// A CRes about the last AReq, as a browser brings it, that says these things besides or instead.
    pub fn cres_with(&self, said: Value) -> String {
        let areq = self.areq();
        let mut cres = json!({
            "messageType": "CRes", "messageVersion": areq["messageVersion"], "acsTransID": ACS_TRANS_ID,
            "threeDSServerTransID": areq["threeDSServerTransID"], "transStatus": "Y",
        });
        for (name, value) in said.as_object().into_iter().flatten() {
            cres[name] = value.clone();
        }
        emv3ds::encoding::base64url(cres.to_string().as_bytes())
    }

    /// What the results receiver answers.
    pub async fn post_results(&self, rreq: &[u8]) -> Value {
        let answer = self.gateway.results_received(&Sender::Unchecked, rreq).await;
        serde_json::from_slice(&answer.unwrap()).unwrap()
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
    connect(administration, outside, created.merchant.id, connection("Plain")).await;
    let directory = json!({"url": format!("{outside}/directory")});
    administration
        .directory_server_set(ACTOR, Brand::Visa, &directory)
        .await
        .unwrap();
    created.application.private_key.reveal().clone()
}

async fn connect(
    administration: &Administration,
    outside: &str,
    merchant: Id<kind::Merchant>,
    mut document: Value,
) {
    document["base_url"] = json!(outside);
    let stored = administration
        .connection_create(ACTOR, merchant, &document)
        .await
        .unwrap();
    administration
        .connection_set_status(ACTOR, merchant, stored.connection.id, ConnectionStatus::Active)
        .await
        .unwrap();
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
        stored_credential: None,
        external_authentication: None,
        three_ds: ThreeDs::default(),
        device_id: None,
        session_id: None,
        metadata: None,
        tries_max: None,
        language: None,
    }
}

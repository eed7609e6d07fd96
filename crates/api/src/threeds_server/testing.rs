//! The face with a server behind it that remembers what it was asked and says what a test tells it to say.

use super::{ThreeDsServer, ThreeDsServerState, fields::Leniency, router};
use crate::orders::testing::send;
use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use emv3ds::{
    AuthenticationValue, Eci, Version,
    code::{ChallengeCancel, DeviceChannel, TransStatus},
};
use orchestrator::{
    Fault,
    clock::{Clock, SystemClock},
    flows::threeds_server::{
        Asked, Created, GivenCard, NewTransaction, Open, Particulars, Refused, Status, VersionBounds, View,
        Wanted, Why,
    },
};
use primitives::{Brand, Id, id::kind};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use store::threeds_server::shops::{CardVaultPair, Shop};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

pub const NOW: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);
pub const CARD: &str = "4551820000009478";
/// A card in no range.
pub const STRANGE_CARD: &str = "4000000000002008";
pub const TOKEN: &str = "a-token-of-the-vault";

type Transactions = HashMap<Id<kind::Authentication>, (Id<kind::Shop>, Brand, Status)>;

/// What the face needs, played by a table in memory.
#[derive(Default)]
pub struct Fake {
    pub transactions: Mutex<Transactions>,
    /// What was asked for last.
    pub wanted: Mutex<Option<Wanted>>,
    /// How the next transaction is answered; frictionless when nothing is said.
    pub answer: Mutex<Option<Status>>,
    /// The key that `SIGNED` signs with.
    pub public_key: Vec<u8>,
    /// Writes a second of `SHOP1`.
    pub writes_per_second: Option<u32>,
}

impl Fake {
    fn shop_of(&self, number: u8) -> Shop {
        Shop {
            id: Id::from_uuid(Uuid::from_u128(u128::from(number))),
            merchant_id: String::new(),
            name: "Loja".into(),
            key_hash: [0; 32],
            card_vault: (number == 1).then(|| CardVaultPair {
                merchant_id: "VAULT1".into(),
                key_hash: [0; 32],
            }),
            public_key: (number == 3).then(|| self.public_key.clone()),
            acquirer_country: None,
            reads_per_second: None,
            writes_per_second: self.writes_per_second,
            disabled: false,
            version: 1,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn find(&self, shop: &Shop, id: Id<kind::Authentication>) -> Result<(Brand, Status), Refused> {
        let transactions = self.transactions.lock().unwrap();
        match transactions.get(&id) {
            Some((owner, brand, status)) if *owner == shop.id => Ok((*brand, *status)),
            _ => Err(Why::NotFound.into()),
        }
    }

    pub fn put(&self, id: Id<kind::Authentication>, shop: u8, brand: Brand, status: Status) {
        let shop = self.shop_of(shop).id;
        self.transactions
            .lock()
            .unwrap()
            .insert(id, (shop, brand, status));
    }

    pub fn status(&self, id: Id<kind::Authentication>) -> Status {
        self.transactions.lock().unwrap()[&id].2
    }
}

fn view(id: Id<kind::Authentication>, brand: Brand, status: Status) -> View {
    let done = matches!(status, Status::Authenticated | Status::Attempted);
    let waiting = matches!(status, Status::ChallengeRequired | Status::Decoupled);
    let trans_status = match status {
        Status::Authenticated => Some("Y"),
        Status::NotAuthenticated => Some("N"),
        Status::ChallengeRequired => Some("C"),
        Status::Decoupled => Some("D"),
        _ => None,
    };
    View {
        id,
        status,
        brand,
        channel: DeviceChannel::Browser,
        version: Version::V2_2_0,
        trans_status: trans_status.and_then(TransStatus::parse),
        trans_status_reason: None,
        eci: done.then(|| Eci::parse("05")).flatten(),
        authentication_value: done
            .then(|| AuthenticationValue::parse("AJkBBkhgQQAAAE4gSEJydQAAAAA="))
            .flatten(),
        challenge_cancel: (status == Status::NotAuthenticated).then_some(ChallengeCancel::Cardholder),
        particulars: trans_status.map(|_| Particulars {
            acs_trans_id: "acs-transaction".into(),
            acs_reference_number: "acs-reference".into(),
            acs_operator_id: Some("acs-operator".into()),
            acs_url: (status == Status::ChallengeRequired).then(|| "https://acs.example/challenge".into()),
            challenge_mandated: waiting.then(|| "Y".into()),
            decoupled_confirmation: (status == Status::Decoupled).then(|| "Y".into()),
            authentication_type: match status {
                Status::ChallengeRequired => Some("01".into()),
                Status::Decoupled => Some("04".into()),
                _ => None,
            },
            ds_trans_id: "ds-transaction".into(),
            ds_reference_number: "ds-reference".into(),
            cardholder_info: (status == Status::Decoupled).then(|| "Abra o aplicativo do seu banco".into()),
            trust_list_status: None,
            trust_list_status_source: None,
            decoupled: status == Status::Decoupled,
        }),
    }
}

#[async_trait]
impl ThreeDsServer for Fake {
    fn now(&self) -> OffsetDateTime {
        NOW
    }

    async fn shop(&self, merchant_id: &str, merchant_key: &str) -> Result<Option<Arc<Shop>>, Fault> {
        Ok(match (merchant_id, merchant_key) {
            ("SHOP1", "key-1") => Some(Arc::new(self.shop_of(1))),
            ("SHOP2", "key-2") => Some(Arc::new(self.shop_of(2))),
            ("SIGNED", "key-3") => Some(Arc::new(self.shop_of(3))),
            _ => None,
        })
    }

    fn is_card_vault_pair(&self, shop: &Shop, merchant_id: &str, merchant_key: &str) -> bool {
        let ours = shop
            .card_vault
            .as_ref()
            .is_some_and(|pair| pair.merchant_id == merchant_id);
        ours && merchant_key == "vault-key-1"
    }

    async fn create(&self, shop: &Shop, new: NewTransaction) -> Result<Created, Refused> {
        match &new.card {
            GivenCard::Number(number) if number.reveal() == STRANGE_CARD => {
                return Err(Why::CardNotSupported.into());
            }
            GivenCard::Token(token) if token.reveal() != TOKEN => return Err(Why::UnknownCardToken.into()),
            GivenCard::TooShort => return Err(Why::CardNotSupported.into()),
            GivenCard::Number(_) | GivenCard::Token(_) => {}
        }
        let id = Id::from_uuid(SystemClock.nonce());
        let record = (shop.id, new.brand, Status::New);
        self.transactions.lock().unwrap().insert(id, record);
        let bounds = VersionBounds {
            start: "2.1.0".into(),
            end: "2.2.0".into(),
        };
        Ok(Created {
            id,
            method_url: None,
            acs: bounds.clone(),
            ds: bounds,
            channel: new.channel,
            version: Version::V2_2_0,
        })
    }

    async fn open(&self, shop: &Shop, id: Id<kind::Authentication>) -> Result<Open, Refused> {
        let (brand, status) = self.find(shop, id)?;
        if status != Status::New {
            return Err(Refused {
                why: Why::WrongStatus,
                transaction: Some((id, status)),
            });
        }
        Ok(Open {
            id,
            shop: shop.id,
            brand,
            version: Version::V2_2_0,
            channel: DeviceChannel::Browser,
            row_version: 1,
        })
    }

    async fn invalid(&self, open: &Open) -> Result<Status, Refused> {
        let record = (open.shop, open.brand, Status::Invalid);
        self.transactions.lock().unwrap().insert(open.id, record);
        Ok(Status::Invalid)
    }

    async fn authenticate(&self, _: &Shop, open: Open, wanted: Wanted) -> Result<Asked, Refused> {
        *self.wanted.lock().unwrap() = Some(wanted);
        let status = self.answer.lock().unwrap().unwrap_or(Status::Authenticated);
        let record = (open.shop, open.brand, status);
        self.transactions.lock().unwrap().insert(open.id, record);
        let why = match status {
            Status::CommunicationError => Why::DirectoryTimedOut,
            Status::ErrorMessage => Why::Erro {
                component: "D",
                code: 303,
            },
            _ => {
                return Ok(Asked {
                    view: view(open.id, open.brand, status),
                    extensions: Vec::new(),
                    broad_info: None,
                });
            }
        };
        Err(Refused {
            why,
            transaction: Some((open.id, status)),
        })
    }

    async fn query(&self, shop: &Shop, id: Id<kind::Authentication>) -> Result<View, Refused> {
        let (brand, status) = self.find(shop, id)?;
        Ok(view(id, brand, status))
    }
}

/// A shop with the face before it.
pub struct World {
    pub fake: Arc<Fake>,
    face: Router,
}

impl World {
    pub fn new(leniency: Leniency) -> Self {
        Self::of(Fake::default(), leniency)
    }

    pub fn of(fake: Fake, leniency: Leniency) -> Self {
        let fake = Arc::new(fake);
        let state = ThreeDsServerState::new(Arc::clone(&fake) as _, leniency);
        let (face, _) = router(state).split_for_parts();
        Self { fake, face }
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
        send(&self.face, request).await
    }

    /// A call of `SHOP1`.
    pub async fn call(&self, method: &str, path: &str, body: impl Into<String>) -> (u16, Value) {
        let request = request(method, path, body);
        let (status, _, body) = self.send(request).await;
        (status.as_u16(), body)
    }

    /// A new transaction of `SHOP1`.
    pub fn transaction(&self, brand: Brand) -> Id<kind::Authentication> {
        let id = Id::from_uuid(SystemClock.nonce());
        self.fake.put(id, 1, brand, Status::New);
        id
    }

    /// Asks for a new transaction with this document.
    pub async fn authenticate(&self, document: &Value) -> (u16, Value) {
        let id = self.transaction(Brand::Visa);
        let path = format!("/v2/authentication/{id}");
        self.call("PUT", &path, document.to_string()).await
    }
}

/// A request with the headers of `SHOP1`.
pub fn request(method: &str, path: &str, body: impl Into<String>) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("merchant_id", "SHOP1")
        .header("merchant_key", "key-1")
        .header("content-type", "application/json")
        .body(Body::from(body.into()))
        .unwrap()
}

/// Code and detail of an error.
pub fn error(body: &Value) -> (&str, &str) {
    let text = |name: &str| body["error"][name].as_str().unwrap_or_default();
    (text("code"), text("detail"))
}

/// A document with every field of the browser channel.
pub fn everything() -> Value {
    let mut document = super::authenticate::example();
    document["pay_token_ind"] = json!("true");
    document["pay_token_source"] = json!("01");
    document["decoupled_notification_url"] = json!("https://loja.example/decoupled");
    document["broad_info"] = json!({"a": "b"});
    let requestor = &mut document["three_ds_requestor"];
    requestor["decoupled_max_time"] = json!("10");
    requestor["authentication_info"] = json!({"data": "x", "method": "02", "timestamp": "202611221000"});
    requestor["prior_authentication_info"] =
        json!({"data": "x", "method": "01", "timestamp": "202611211000", "reference": "r"});
    let cardholder = &mut document["cardholder"];
    cardholder["addr_match"] = json!("Y");
    cardholder["email"] = json!("ana@loja.example");
    for phone in ["home_phone", "mobile_phone", "work_phone"] {
        cardholder[phone] = json!({"cc": "55", "subscriber": "11999990000"});
    }
    for address in ["bill_addr", "ship_addr"] {
        cardholder[address] = json!({
            "city": "São Paulo", "country": "BRA", "line1": "Rua A, 1", "line2": "Casa 2", "line3": "Fundos",
            "post_code": "01000-000", "state": "SP"
        });
    }
    cardholder["acct"]["id"] = json!("customer-1");
    cardholder["acct"]["info"] = json!({
        "ch_acc_age_ind": "05", "ch_acc_change": "20260101", "ch_acc_change_ind": "04", "ch_acc_date": "20200101",
        "ch_acc_pw_change": "20260101", "ch_acc_pw_change_ind": "05", "nb_purchase_account": "3",
        "provision_attempts_day": "1", "txn_activity_day": "2", "txn_activity_year": "40",
        "payment_acc_age": "20200101", "payment_acc_ind": "05", "ship_address_usage": "20200101",
        "ship_address_usage_ind": "04", "ship_name_indicator": "01", "suspicious_acc_activity": "01"
    });
    document["merchant"]["risk_indicator"] = json!({
        "delivery_email_address": "ana@loja.example", "delivery_timeframe": "02", "gift_card_amount": "123",
        "gift_card_count": "1", "gift_card_curr": "986", "pre_order_date": "20270101",
        "pre_order_purchase_ind": "01", "reorder_items_ind": "01", "ship_indicator": "01"
    });
    document["message"]["extension"] =
        json!([{"id": "A000000004-x", "name": "x", "criticality_indicator": "false", "data": {"k": "v"}}]);
    document["purchase"]["instal_data"] = json!("3");
    document["recurring"] = json!({"expiry": "20301231", "frequency": "30"});
    document["white_list"] = json!({"status": "Y", "status_source": "01"});
    document
}

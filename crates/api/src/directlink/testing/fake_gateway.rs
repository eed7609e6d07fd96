//! A gateway that does what the order's number or the account's name says, and remembers what it was asked.

use crate::directlink::gateway::DirectLink;
use crate::orders::testing::{profile, some_order};
use async_trait::async_trait;
use orchestrator::{
    Caller, Fault, MerchantProfile,
    configuration::KeyKind,
    flows::directlink::{
        Maintained, Maintenance, NotMaintained, Ordered, Returned, View, Wanted, Which,
        account::{DirectLinkAccount, Standing},
        alias::KeptCard,
        facts::Facts,
    },
};
use payments::{
    Order, Refusal, RefusalCode,
    bins::CardType,
    directlink::{NcError, Telling, status::Told},
};
use primitives::{Amount, Brand, Card, Currency, ExpiryDate, Id, Pan, Secret};
use std::{
    future::pending,
    sync::{Arc, Mutex, PoisonError},
};
use store::directlink::{
    accounts::{Account, AccountUrls, PostSale},
    payments::DirectLinkPayment,
};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// An account whose requests need no signature, one whose do, one that is bound to a network, and one that may ask once a
/// second.
pub const OPEN: &str = "OpenShop";
pub const SIGNED: &str = "SignedShop";
pub const FENCED: &str = "FencedShop";
pub const SLOW: &str = "SlowShop";
/// An account whose look-up fails.
pub const BROKEN: &str = "BrokenShop";
pub const USER: &str = "api-user";
pub const PASSWORD: &str = "a password";
pub const PASSPHRASE: &str = "Mysecretsig1875!?";
/// The only payment there is, of every account.
pub const PAYID: i64 = 3_000_000_001;

/// What [`OPEN`] keeps: a card, one whose security code has four digits, and one that has expired.
pub const KEPT: &str = "kept";
pub const KEPT_WITH_LONG_CODE: &str = "kept-with-long-code";
pub const KEPT_TOO_LONG: &str = "kept-too-long";

/// What becomes of an order, by its `ORDERID`.
pub const DECLINED: &str = "declined";
pub const CHALLENGED: &str = "challenged";
pub const PAID: &str = "paid-before";
pub const IN_FLIGHT: &str = "in-flight";
/// As an account or an order these break the gateway's answer: it panics, or never ends.
pub const PANICS: &str = "panics";
pub const NEVER_ENDS: &str = "never-ends";
/// `refused:` and the code of a refusal.
pub const REFUSED: &str = "refused:";

/// What the gateway was last asked for.
#[derive(Debug)]
pub enum Asked {
    Order(Box<Wanted>),
    Maintain(Which, Maintenance),
    Find(Which),
}

/// A gateway without anything behind it.
#[derive(Default)]
pub struct FakeDirectLink {
    asked: Mutex<Vec<Asked>>,
    /// What [`PAYID`] looks like when asked for; absent: authorised, nothing asked after it.
    pub view: Mutex<Option<View>>,
}

impl FakeDirectLink {
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The one order that was asked for.
    pub fn wanted(&self) -> Wanted {
        match self.asked().pop() {
            Some(Asked::Order(wanted)) => *wanted,
            other => panic!("no order was asked for but {other:?}"),
        }
    }

    fn note(&self, asked: Asked) {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(asked);
    }

    fn known(&self, which: &Which) -> Option<View> {
        match which {
            Which::Number(PAYID) => {}
            Which::Reference(reference) if reference == "A1" => {}
            Which::Number(_) | Which::Reference(_) => return None,
        }
        let scripted = self.view.lock().unwrap_or_else(PoisonError::into_inner).take();
        Some(scripted.unwrap_or_else(|| view("A1", 5, NcError::NONE)))
    }
}

/// What is told of fifteen euros.
pub fn telling(status: u8, error: NcError, level: Option<u32>) -> Telling {
    let told = Told { status, error };
    let approved = matches!(status, 5..=9 | 51..=99) && error == NcError::NONE;
    Telling {
        status: told.status,
        error: told.error,
        amount: Amount::new(1550, Currency::parse("EUR").unwrap()).unwrap(),
        acceptance: approved.then(|| "test123".to_owned()),
        eci: Some("7".to_owned()),
        brand: Some(Brand::Visa),
        card_number: Some("XXXXXXXXXXXX1111".to_owned()),
        level,
    }
}

/// A payment of that `ORDERID`.
pub fn view(reference: &str, status: u8, error: NcError) -> View {
    let (id, merchant) = (
        Id::from_uuid(Uuid::from_u128(7)),
        Id::from_uuid(Uuid::from_u128(1)),
    );
    let now = OffsetDateTime::UNIX_EPOCH;
    View {
        payment: DirectLinkPayment {
            payid: PAYID,
            pspid: OPEN.to_owned(),
            reference: reference.to_owned(),
            merchant,
            order: id,
            operation: "RES".to_owned(),
            facts: serde_json::Value::Null,
            return_token: "return-token".to_owned(),
            created_at: now,
        },
        facts: Facts {
            expiry: Some("1230".to_owned()),
            ip_address: Some("192.0.2.10".to_owned()),
            ..Facts::default()
        },
        order: Order::open(id, merchant, some_order(), now),
        telling: telling(status, error, None),
        levels: Vec::new(),
        language: None,
        page_url: (status == 46)
            .then(|| "https://pay.example/transactions/view_challenge?token=page-token".to_owned()),
    }
}

fn account(pspid: &str) -> Option<DirectLinkAccount> {
    let (sha_in, allowed_addresses, per_second) = match pspid {
        OPEN => (None, vec![], None),
        SIGNED => (Some(Secret::new(PASSPHRASE.to_owned())), vec![], None),
        FENCED => (None, vec!["192.0.2.0/24".to_owned()], None),
        SLOW => (None, vec![], Some(1)),
        _ => return None,
    };
    let account = Account {
        pspid: pspid.to_owned(),
        merchant: Id::from_uuid(Uuid::from_u128(1)),
        processor: None,
        hash: "sha256".to_owned(),
        sha_in_sealed: None,
        sha_out_sealed: None,
        operation: "SAL".to_owned(),
        allowed_addresses,
        urls: AccountUrls::default(),
        feedback_on_redirect: false,
        post_sale: PostSale {
            accept_url: None,
            decline_url: None,
            change_url: None,
            method: "POST".to_owned(),
            online: false,
        },
        attempts_max: 10,
        disabled: false,
        version: 1,
        created_at: OffsetDateTime::UNIX_EPOCH,
        updated_at: OffsetDateTime::UNIX_EPOCH,
    };
    Some(DirectLinkAccount {
        account: Arc::new(account),
        sha_in,
        sha_out: None,
        caller: Caller {
            merchant: Arc::new(MerchantProfile {
                reads_per_second: per_second,
                writes_per_second: per_second,
                currencies: ["EUR", "JPY"].map(|code| Currency::parse(code).unwrap()).to_vec(),
                ..profile(1)
            }),
            key: KeyKind::Private,
        },
    })
}

/// Does not answer where the name says so.
async fn break_at(name: &str) {
    match name {
        PANICS => panic!("{name}, as the test wants it"),
        NEVER_ENDS => pending().await,
        _ => {}
    }
}

async fn break_at_one(which: &Which) {
    if let Which::Reference(reference) = which {
        break_at(reference).await;
    }
}

#[async_trait]
impl DirectLink for FakeDirectLink {
    fn now(&self) -> OffsetDateTime {
        datetime!(2026-11-22 12:00 UTC)
    }

    async fn account(&self, pspid: &str) -> Result<Option<Arc<DirectLinkAccount>>, Fault> {
        break_at(pspid).await;
        match pspid {
            BROKEN => Err(Fault::Missing("the database")),
            _ => Ok(account(pspid).map(Arc::new)),
        }
    }

    async fn user(
        &self,
        _account: &DirectLinkAccount,
        userid: &str,
        password: &Secret<String>,
    ) -> Result<Standing, Fault> {
        Ok(match (userid, password.reveal().as_str()) {
            (USER, PASSWORD) => Standing::Right,
            (USER, _) => Standing::Wrong,
            _ => Standing::Unknown,
        })
    }

    async fn card_type(&self, digits: &str) -> Result<Option<CardType>, Fault> {
        Ok(match digits {
            "41111111" => Some(CardType::Credit),
            _ => None,
        })
    }

    async fn kept_card(&self, account: &DirectLinkAccount, alias: &str) -> Result<Option<KeptCard>, Fault> {
        let (number, year) = match (account.account.pspid.as_str(), alias) {
            (OPEN, KEPT) => ("4111111111111111", "2030"),
            (OPEN, KEPT_WITH_LONG_CODE) => ("374111111111111", "2030"),
            (OPEN, KEPT_TOO_LONG) => ("4111111111111111", "2025"),
            (OPEN, BROKEN) => return Err(Fault::Missing("the database")),
            _ => return Ok(None),
        };
        Ok(Some(KeptCard {
            card: Card {
                pan: Pan::parse(number).unwrap(),
                expiry: ExpiryDate::parse("12", year).unwrap(),
                security_code: None,
                holder: "Berta Ruiz".to_owned(),
            },
            network_transaction_id: Some("016150703802094".to_owned()),
        }))
    }

    async fn order(&self, _account: &DirectLinkAccount, wanted: Wanted) -> Result<Ordered, Refusal> {
        let reference = wanted.order_id.clone();
        self.note(Asked::Order(Box::new(wanted)));
        break_at(&reference).await;
        let viewed = |status, error| Box::new(view(&reference, status, error));
        if let Some(named) = reference.strip_prefix(REFUSED) {
            let code = RefusalCode::ALL
                .iter()
                .find(|code| format!("{code:?}") == named)
                .unwrap();
            return Err(Refusal::new(*code, "error-id-1"));
        }
        Ok(match reference.as_str() {
            DECLINED => Ordered::Tried(viewed(2, NcError(30_511_001))),
            CHALLENGED => Ordered::Tried(viewed(46, NcError::NONE)),
            PAID => Ordered::Paid(viewed(9, NcError::NONE)),
            IN_FLIGHT => Ordered::InFlight,
            _ => Ordered::Tried(viewed(5, NcError::NONE)),
        })
    }

    async fn maintain(
        &self,
        _account: &DirectLinkAccount,
        which: Which,
        asked: Maintenance,
    ) -> Result<Maintained, NotMaintained> {
        break_at_one(&which).await;
        let mut view = self.known(&which).ok_or(NotMaintained::Unknown)?;
        self.note(Asked::Maintain(which, asked));
        let status = match asked {
            Maintenance::Capture { hundredths, .. } if hundredths > Some(1550) => {
                let why = Refusal::new(RefusalCode::AmountExceeded, "too much");
                return Err(NotMaintained::Refused {
                    view: Box::new(view),
                    why,
                });
            }
            Maintenance::Capture { .. } => 91,
            Maintenance::Void => 61,
            Maintenance::Refund { hundredths: Some(1) } => {
                let why = Refusal::new(RefusalCode::Internal, "error-id-1");
                return Err(NotMaintained::Failed(why));
            }
            Maintenance::Refund { hundredths: Some(2) } => {
                let why = Refusal::of_field(RefusalCode::PayloadError, "AMOUNT", "has decimals");
                return Err(NotMaintained::Refused {
                    view: Box::new(view),
                    why,
                });
            }
            Maintenance::Refund { .. } if view.telling.status == 5 => {
                let why = Refusal::new(RefusalCode::CannotRefund, "nothing to refund");
                return Err(NotMaintained::Refused {
                    view: Box::new(view),
                    why,
                });
            }
            Maintenance::Refund { .. } => 81,
        };
        let level = u32::try_from(view.levels.len()).unwrap() + 1;
        let telling = telling(status, NcError::NONE, Some(level));
        view.levels.push(telling.clone());
        Ok(Maintained { view, telling })
    }

    async fn find(&self, _account: &DirectLinkAccount, which: Which) -> Result<Option<View>, Fault> {
        break_at_one(&which).await;
        if which == Which::Reference("broken".to_owned()) {
            return Err(Fault::Missing("the database"));
        }
        let view = self.known(&which);
        self.note(Asked::Find(which));
        Ok(view)
    }

    async fn returned(&self, _token: &str) -> Result<Option<(Arc<DirectLinkAccount>, Returned)>, Fault> {
        Ok(None)
    }

    async fn shop_told(&self, _: &DirectLinkAccount, _: &View) -> Result<(), Fault> {
        Ok(())
    }

    async fn again(&self, _token: &str, _card: Card) -> Result<Option<Ordered>, Refusal> {
        Ok(None)
    }
}

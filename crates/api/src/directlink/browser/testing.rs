//! What the tests of these pages share: a payment that stands as a test wants it, and a browser without a window.

use super::{BrowserPage, Browsers, answer};
use crate::{
    directlink::gateway::DirectLink,
    orders::testing::{profile, some_order},
};
use async_trait::async_trait;
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use orchestrator::{
    Caller, Fault,
    configuration::KeyKind,
    flows::directlink::{
        Maintained, Maintenance, NotMaintained, Ordered, Returned, View, Wanted, Which,
        account::{DirectLinkAccount, Standing},
        alias::KeptCard,
        facts::{Facts, ReturnUrls},
    },
};
use payments::{
    Order, Refusal,
    bins::CardType,
    directlink::{NcError, Telling},
};
use primitives::{Amount, Brand, Card, Currency, HttpUrl, Id, Secret, UrlPolicy};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::directlink::{
    accounts::{Account, AccountUrls, PostSale},
    payments::DirectLinkPayment,
};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

pub const TOKEN: &str = "01BX5ZZKBKACTAV9WEVGEMMVRZ";
pub const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

/// A payment of fifteen and a half euros with that `STATUS`, with a hosted page while it waits for its shopper.
pub fn view(status: u8) -> View {
    let (id, merchant) = (
        Id::from_uuid(Uuid::from_u128(7)),
        Id::from_uuid(Uuid::from_u128(1)),
    );
    let amount = Amount::new(1550, Currency::parse("EUR").unwrap()).unwrap();
    let url = |name: &str| {
        HttpUrl::parse(
            &format!("https://shop.example/{name}?from=bank"),
            UrlPolicy::HttpsOnly,
        )
        .unwrap()
    };
    let mut order = Order::open(id, merchant, some_order(), NOW);
    order.amount = amount;
    View {
        payment: DirectLinkPayment {
            payid: 3_000_000_001,
            pspid: "Shop".to_owned(),
            reference: "A1".to_owned(),
            merchant,
            order: id,
            operation: "RES".to_owned(),
            facts: serde_json::Value::Null,
            return_token: TOKEN.to_owned(),
            created_at: NOW,
        },
        facts: Facts {
            urls: ReturnUrls {
                accept: Some(url("accept")),
                decline: Some(url("decline")),
                exception: None,
                cancel: Some(url("cancel")),
            },
            param_plus: Some("session=7".to_owned()),
            ..Facts::default()
        },
        order,
        telling: Telling {
            status,
            error: match status {
                0 => NcError::AUTHENTICATION_FAILED,
                2 => NcError(30_511_001),
                _ => NcError::NONE,
            },
            amount,
            acceptance: (status == 5).then(|| "test123".to_owned()),
            eci: Some("5".to_owned()),
            brand: Some(Brand::Visa),
            card_number: Some("XXXXXXXXXXXX1111".to_owned()),
            level: None,
        },
        levels: Vec::new(),
        language: None,
        page_url: (status == 46).then(|| {
            "https://pay.example/transactions/view_challenge?token=01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned()
        }),
    }
}

fn account() -> DirectLinkAccount {
    let account = Account {
        pspid: "Shop".to_owned(),
        merchant: Id::from_uuid(Uuid::from_u128(1)),
        processor: None,
        hash: "sha1".to_owned(),
        sha_in_sealed: None,
        sha_out_sealed: None,
        operation: "RES".to_owned(),
        allowed_addresses: Vec::new(),
        urls: AccountUrls {
            exception: Some("https://shop.example/unknown".to_owned()),
            ..AccountUrls::default()
        },
        feedback_on_redirect: true,
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
        created_at: NOW,
        updated_at: NOW,
    };
    DirectLinkAccount {
        account: Arc::new(account),
        sha_in: None,
        sha_out: Some(Secret::new("Mysecretsig1875!?".to_owned())),
        caller: Caller {
            merchant: Arc::new(profile(1)),
            key: KeyKind::Private,
        },
    }
}

type Stands = Box<dyn Fn() -> Option<Returned> + Send>;
type Again = Box<dyn Fn() -> Result<Option<Ordered>, Refusal> + Send>;

/// A gateway with one payment, whose token is [`TOKEN`].
pub struct OnePayment {
    stands: Mutex<Stands>,
    again: Mutex<Again>,
    account: Mutex<DirectLinkAccount>,
    cards: Mutex<Vec<Card>>,
}

fn held<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OnePayment {
    /// A payment that stands like this.
    pub fn standing(stands: impl Fn() -> Returned + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            stands: Mutex::new(Box::new(move || Some(stands()))),
            again: Mutex::new(Box::new(|| Ok(None))),
            account: Mutex::new(account()),
            cards: Mutex::default(),
        })
    }

    /// What another try comes to.
    pub fn answering(
        self: Arc<Self>,
        again: impl Fn() -> Result<Option<Ordered>, Refusal> + Send + 'static,
    ) -> Arc<Self> {
        *held(&self.again) = Box::new(again);
        self
    }

    /// The shop's account.
    pub fn with_account(self: Arc<Self>, change: impl FnOnce(&mut DirectLinkAccount)) -> Arc<Self> {
        change(&mut held(&self.account));
        self
    }

    /// The last digits of the cards that were tried.
    pub fn tried(&self) -> Vec<String> {
        held(&self.cards)
            .iter()
            .map(|card| card.pan.last_four().to_owned())
            .collect()
    }
}

#[async_trait]
impl DirectLink for OnePayment {
    fn now(&self) -> OffsetDateTime {
        NOW
    }

    async fn account(&self, _: &str) -> Result<Option<Arc<DirectLinkAccount>>, Fault> {
        unreachable!("no browser names an account")
    }

    async fn user(&self, _: &DirectLinkAccount, _: &str, _: &Secret<String>) -> Result<Standing, Fault> {
        unreachable!("no browser has a password")
    }

    async fn kept_card(&self, _: &DirectLinkAccount, _: &str) -> Result<Option<KeptCard>, Fault> {
        unreachable!("no browser names a card")
    }

    async fn order(&self, _: &DirectLinkAccount, _: Wanted) -> Result<Ordered, Refusal> {
        unreachable!("no browser orders")
    }

    async fn maintain(
        &self,
        _: &DirectLinkAccount,
        _: Which,
        _: Maintenance,
    ) -> Result<Maintained, NotMaintained> {
        unreachable!("no browser asks for more")
    }

    async fn find(&self, _: &DirectLinkAccount, _: Which) -> Result<Option<View>, Fault> {
        unreachable!("no browser queries")
    }

    async fn returned(&self, token: &str) -> Result<Option<(Arc<DirectLinkAccount>, Returned)>, Fault> {
        match token {
            TOKEN => Ok((held(&self.stands))().map(|stands| (Arc::new(held(&self.account).clone()), stands))),
            "broken" => Err(Fault::Missing("the database")),
            _ => Ok(None),
        }
    }

    async fn shop_told(&self, _: &DirectLinkAccount, _: &View) -> Result<(), Fault> {
        Ok(())
    }

    async fn card_type(&self, _: &str) -> Result<Option<CardType>, Fault> {
        Ok(None)
    }

    async fn again(&self, _: &str, card: Card) -> Result<Option<Ordered>, Refusal> {
        held(&self.cards).push(card);
        (held(&self.again))()
    }
}

/// What a browser got.
#[derive(Debug)]
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Got {
    /// Where it is redirected.
    pub fn location(&self) -> &str {
        self.header(header::LOCATION)
    }

    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn got(gateway: &Arc<OnePayment>, page: BrowserPage, request: Request<Body>) -> Got {
    let browsers = Browsers {
        gateway: Arc::clone(gateway) as _,
        urls: UrlPolicy::HttpsOnly,
    };
    let response = answer(&browsers, page, request).await;
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Got {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// A browser comes by an address.
pub async fn comes(gateway: &Arc<OnePayment>, query: &str) -> Got {
    let request = Request::get(format!("/ncol/test/order_A3DS.asp?{query}"))
        .header(header::ACCEPT_LANGUAGE, "en-GB")
        .body(Body::empty())
        .unwrap();
    got(gateway, BrowserPage::Returned, request).await
}

/// A browser posts a form.
pub async fn posts(gateway: &Arc<OnePayment>, page: BrowserPage, body: &str) -> Got {
    let request = Request::post("/ncol/test/order_agree.asp")
        .header(header::ACCEPT_LANGUAGE, "en-GB")
        .body(Body::from(body.to_owned()))
        .unwrap();
    got(gateway, page, request).await
}

//! A small shop at `/shop`: pick a card, pay, go through the challenge, watch the webhooks arrive.
//!
//! Its pages work without script; its backend is an ordinary customer of the gateway ([`gateway`]) that receives and
//! checks webhooks ([`receiver`], [`signature`]). The card number passes the backend as it would at a merchant's who
//! may see it; none is kept.

use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::{ConnectInfo, Form, Path, Query, State};
use axum::http::header::{ACCEPT, USER_AGENT};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use primitives::{Amount, Brand, Card, Currency, ExpiryDate, Pan, SecurityCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::issuers::certification;
use crate::issuers::facts::phone_of;
use crate::issuers::scenario::{self, ListedCard};
use crate::page::{html, html_with};

pub mod gateway;
pub mod receiver;
pub mod signature;
pub mod view;

use gateway::{Checkout, Gateway, Trouble};
use receiver::{Delivery, Receiver};
use view::OrderView;

/// Longest wait for an order to change, in seconds.
const WAIT_MAX_SECONDS: u8 = 25;
/// Years the shop's cards stay valid.
const VALID_FOR_YEARS: u16 = 3;
/// How long a shopper may take in the bank's app when the order waits for it.
const DECOUPLED_MAX_MINUTES: u16 = 10;
/// Currencies the shop's merchant takes.
const CURRENCIES: [Currency; 3] = [Currency::MXN, Currency::USD, Currency::COP];

/// The shop. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shop(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    gateway: Gateway,
    receiver: Receiver,
    public_url: String,
}

impl Shop {
    /// A shop that sells through a gateway and looks for its webhooks at a receiver.
    pub fn new(gateway: Gateway, receiver: Receiver, public_url: String) -> Self {
        Self(Arc::new(Inner {
            gateway,
            receiver,
            public_url,
        }))
    }
}

/// `/shop` and below, without the receivers.
pub fn router(shop: Shop) -> Router {
    Router::new()
        .route("/shop", get(show))
        .route("/shop/", get(|| async { Redirect::permanent("/shop") }))
        .route("/shop/pay", post(pay))
        .route("/shop/return", get(come_back))
        .route("/shop/orders/{token}", get(order))
        .route("/shop/cards", get(cards))
        .with_state(shop)
}

#[derive(Template)]
#[template(path = "shop/index.html")]
struct ShopPage {
    brands: Vec<BrandOfCards>,
    /// Not for this shop: they are for the 3DS Server API, and few of them pass a check digit.
    certification: Vec<ListedCard>,
    currencies: Vec<&'static str>,
    checkout: Uuid,
}

struct BrandOfCards {
    name: &'static str,
    cards: Vec<ListedCard>,
}

async fn show() -> Response {
    let mut cards = scenario::listed_cards();
    let mut brands = Vec::new();
    for brand in scenario::BRANDS_WITH_SCENARIOS {
        let (of_brand, others) = cards.into_iter().partition(|card| card.brand == brand.as_str());
        brands.push(BrandOfCards {
            name: brand.as_str(),
            cards: of_brand,
        });
        cards = others;
    }
    let currencies = CURRENCIES.map(Currency::code).to_vec();
    html(&ShopPage {
        brands,
        certification: certification::listed_cards().collect(),
        currencies,
        checkout: Uuid::new_v4(),
    })
}

async fn cards() -> Json<Value> {
    let all = scenario::listed_cards()
        .into_iter()
        .chain(certification::listed_cards());
    let cards = all.map(|card| {
        let phone = phone_of(&card.number);
        json!({ "number": card.number, "brand": card.brand, "description": card.description, "phone": phone })
    });
    Json(cards.collect())
}

/// The shop's form. What the browser's script knows comes as text and may be missing.
#[derive(Deserialize)]
struct Order {
    card: String,
    amount: String,
    currency: String,
    checkout: Uuid,
    /// Ticked where the bank may ask the shopper later.
    decoupled: Option<String>,
    #[serde(default)]
    color_depth: String,
    #[serde(default)]
    java_enabled: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    screen_height: String,
    #[serde(default)]
    screen_width: String,
    #[serde(default)]
    time_zone: String,
}

impl Order {
    fn card(&self) -> Result<Card, String> {
        let wrong = |error: primitives::CardError| format!("La tarjeta {error}");
        let pan = Pan::parse(&self.card).map_err(wrong)?;
        let code = if pan.brand() == Brand::Amex { "1234" } else { "123" };
        let year = OffsetDateTime::now_utc().year() + i32::from(VALID_FOR_YEARS);
        Ok(Card {
            expiry: ExpiryDate::parse("12", &year.to_string()).map_err(wrong)?,
            security_code: Some(SecurityCode::parse(code).map_err(wrong)?),
            holder: "Ana Torres".to_owned(),
            pan,
        })
    }

    fn amount(&self) -> Result<Amount, String> {
        let currency = Currency::parse(&self.currency).map_err(|error| format!("La moneda {error}"))?;
        let decimal = self.amount.trim().replace(',', ".");
        let amount =
            Amount::from_decimal(&decimal, currency).map_err(|error| format!("El importe {error}"))?;
        if amount.is_zero() {
            Err("El importe debe ser mayor que cero".to_owned())
        } else {
            Ok(amount)
        }
    }

    /// What the gateway wants to know of the browser; nothing when its script has not run.
    fn browser(&self, headers: &HeaderMap, address: Option<SocketAddr>) -> Option<Map<String, Value>> {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let scripted = [
            ("color_depth", &self.color_depth),
            ("java_enabled", &self.java_enabled),
            ("language", &self.language),
            ("screen_height", &self.screen_height),
            ("screen_width", &self.screen_width),
            ("time_zone", &self.time_zone),
        ];
        if scripted.iter().any(|(_, text)| text.is_empty()) {
            return None;
        }
        let mut browser: Map<String, Value> = scripted
            .into_iter()
            .map(|(name, text)| (name.to_owned(), Value::from(text.as_str())))
            .collect();
        browser.insert("javascript_enabled".to_owned(), Value::Bool(true));
        browser.insert(
            "accept_header".to_owned(),
            Value::from(header(ACCEPT).unwrap_or("*/*")),
        );
        browser.insert("user_agent".to_owned(), Value::from(header(USER_AGENT)?));
        if let Some(address) = address {
            browser.insert("ip_address".to_owned(), Value::from(address.ip().to_string()));
        }
        Some(browser)
    }
}

async fn pay(
    State(shop): State<Shop>,
    headers: HeaderMap,
    extensions: Extensions,
    Form(order): Form<Order>,
) -> Response {
    let address = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| *address);
    let (card, amount) = match (order.card(), order.amount()) {
        (Ok(card), Ok(amount)) => (card, amount),
        (Err(wrong), _) | (_, Err(wrong)) => {
            let page = ProblemPage {
                code: String::new(),
                text: wrong,
            };
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let short: String = order.checkout.simple().to_string().chars().take(12).collect();
    let checkout = Checkout {
        order_id: format!("SHOP-{short}"),
        idempotency_key: order.checkout.to_string(),
        amount,
        card,
        browser: order.browser(&headers, address),
        decoupled_max_minutes: order.decoupled.as_ref().map(|_| DECOUPLED_MAX_MINUTES),
        public_url: shop.0.public_url.clone(),
    };
    match buy(&shop.0.gateway, &checkout).await {
        Ok(url) => Redirect::to(&url).into_response(),
        Err(trouble) => problem(&trouble),
    }
}

/// Creates and pays the order; answers where the browser goes next.
async fn buy(gateway: &Gateway, checkout: &Checkout) -> Result<String, Trouble> {
    let token = gateway.create_order(checkout).await?;
    match gateway.purchase(&token, checkout).await {
        Ok(order) => Ok(view::next_action(&order)
            .map_or_else(|| format!("/shop/return?order_token={token}"), str::to_owned)),
        Err(Trouble::Silent(reason)) => {
            // The payment may be on its way all the same: the order tells.
            tracing::warn!(%reason, "a purchase without an answer");
            Ok(format!("/shop/return?order_token={token}"))
        }
        Err(refused) => Err(refused),
    }
}

/// What the gateway appends to the callback. None of it is trusted but the token, and that only to ask.
#[derive(Deserialize)]
struct Returned {
    #[serde(default)]
    order_token: String,
}

#[derive(Template)]
#[template(path = "shop/return.html")]
struct ReturnPage {
    token: String,
    order: OrderView,
    webhooks: Vec<ShownWebhook>,
}

struct ShownWebhook {
    at: String,
    event: String,
    status: String,
    deuna: bool,
    standard: bool,
}

impl ShownWebhook {
    fn of(delivery: &Delivery) -> Self {
        let text = |pointer| {
            delivery
                .body
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let at = delivery.received_at;
        Self {
            at: format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second()),
            event: text("/event_type"),
            status: text("/order/payment/data/status"),
            deuna: delivery.deuna_signature_valid,
            standard: delivery.standard_signature_valid,
        }
    }
}

async fn come_back(State(shop): State<Shop>, Query(returned): Query<Returned>) -> Response {
    if Uuid::try_parse(&returned.order_token).is_err() {
        let text = "Este enlace no lleva a ningún pedido".to_owned();
        return html_with(
            StatusCode::BAD_REQUEST,
            &ProblemPage {
                code: String::new(),
                text,
            },
        );
    }
    match shop.0.gateway.order(&returned.order_token, 0, None).await {
        Ok(answer) => {
            let order = OrderView::of(&answer);
            let deliveries = shop.0.receiver.of_order(&order.order_id);
            let webhooks = deliveries.iter().map(ShownWebhook::of).collect();
            html(&ReturnPage {
                token: returned.order_token,
                order,
                webhooks,
            })
        }
        Err(trouble) => problem(&trouble),
    }
}

#[derive(Deserialize)]
struct Wait {
    #[serde(default)]
    wait: u8,
    since: Option<String>,
}

/// The order for the page's script, held until it changes.
async fn order(State(shop): State<Shop>, Path(token): Path<Uuid>, Query(wait): Query<Wait>) -> Response {
    let seconds = wait.wait.min(WAIT_MAX_SECONDS);
    match shop
        .0
        .gateway
        .order(&token.to_string(), seconds, wait.since.as_deref())
        .await
    {
        Ok(answer) => Json(OrderView::of(&answer)).into_response(),
        Err(Trouble::Refused {
            status,
            code,
            description,
        }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            (status, Json(json!({ "code": code, "description": description }))).into_response()
        }
        Err(Trouble::Silent(reason)) => {
            (StatusCode::BAD_GATEWAY, Json(json!({ "description": reason }))).into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "shop/problem.html")]
struct ProblemPage {
    code: String,
    text: String,
}

fn problem(trouble: &Trouble) -> Response {
    match trouble {
        Trouble::Refused {
            code, description, ..
        } => {
            let page = ProblemPage {
                code: code.clone(),
                text: description.clone(),
            };
            html_with(StatusCode::CONFLICT, &page)
        }
        Trouble::Silent(reason) => {
            let page = ProblemPage {
                code: String::new(),
                text: format!("La pasarela no responde: {reason}"),
            };
            html_with(StatusCode::BAD_GATEWAY, &page)
        }
    }
}

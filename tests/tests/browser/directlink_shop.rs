//! A small shop that only speaks DirectLink: its server posts orders, and its page holds what `HTML_ANSWER` says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::Html;
use axum::routing::get;
use tests::directlink::answer::NcResponse;
use tests::directlink::feedback::Feedback;
use tests::directlink::{Account, Request, Shop};
use tests::system::System;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::window::Window;

/// The shop, its server running until it is dropped.
#[derive(Debug)]
pub struct DirectLinkShop {
    /// Its backend.
    pub shop: Shop,
    url: String,
    desk: Desk,
    server: JoinHandle<()>,
}

/// What its server shares with the test.
#[derive(Clone, Debug)]
struct Desk {
    shop: Shop,
    orders: Arc<Mutex<HashMap<String, Request>>>,
    answers: Arc<Mutex<HashMap<String, NcResponse>>>,
}

/// Whether an order tells where the browser is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urls {
    /// All four.
    All,
    /// None, nor does the account.
    None,
}

impl DirectLinkShop {
    /// Opens it with the seeded account.
    pub async fn opens(system: &System) -> Self {
        let account = Account::read(&system.sandbox_json["directlink"]);
        account.is_secret(&system.secrets);
        let shop = Shop::new(
            system.http.clone(),
            system.gateway_url.clone(),
            account,
            system.secrets.clone(),
        );
        let desk = Desk {
            shop: shop.clone(),
            orders: Arc::default(),
            answers: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/buy/{order}", get(buy))
            .route("/{landing}", get(landing))
            .with_state(desk.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            shop,
            url,
            desk,
            server,
        }
    }

    /// Puts an order on the desk and opens its page, whose server posts it. Answers its reference.
    pub async fn sells(&self, window: &Window, order: Request, urls: Urls) -> String {
        let order = match urls {
            Urls::None => order,
            Urls::All => order
                .with("ACCEPTURL", format!("{}/accept?from=bank", self.url))
                .with("DECLINEURL", format!("{}/decline", self.url))
                .with("EXCEPTIONURL", format!("{}/exception", self.url))
                .with("CANCELURL", format!("{}/cancel", self.url))
                .with("PARAMPLUS", "basket=7&note=se%C3%B1al")
                .with("COMPLUS", "mine"),
        };
        let reference = order.value("ORDERID").to_owned();
        self.desk.orders.lock().unwrap().insert(reference.clone(), order);
        window.goes_to(&format!("{}/buy/{reference}", self.url)).await;
        reference
    }

    /// What the shop's server was answered.
    pub fn answered(&self, reference: &str) -> NcResponse {
        self.desk.answers.lock().unwrap()[reference].clone()
    }

    /// Waits until the browser stands at one of the shop's pages; what it brought, which the account's passphrase signs.
    pub async fn receives(&self, window: &Window, landing: &str) -> Feedback {
        window.arrives_at(&format!("{}/{landing}", self.url)).await;
        window.reads("h1", landing).await;
        let query = window.runs("return location.search.slice(1)").await;
        // What was in the address before is the shop's own.
        let query = query
            .as_str()
            .unwrap()
            .trim_start_matches("from=bank&")
            .to_owned();
        let feedback = Feedback::read(&query);
        feedback.assert_signed_by(&self.shop.account);
        feedback
    }
}

impl Drop for DirectLinkShop {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The page that a shopper sees after the button "Pay" of the shop.
async fn buy(State(desk): State<Desk>, Path(reference): Path<String>) -> Html<String> {
    let known = desk.answers.lock().unwrap().get(&reference).cloned();
    let answer = match known {
        Some(answer) => answer,
        None => {
            let order = desk.orders.lock().unwrap()[&reference].clone();
            let answer = desk.shop.pays(&order).await;
            desk.answers.lock().unwrap().insert(reference, answer.clone());
            answer
        }
    };
    let (status, next) = (answer.status(), answer.html_answer.as_deref().unwrap_or_default());
    Html(format!(
        "<!doctype html><html lang=en><head><meta charset=iso-8859-1><title>Shop</title><link rel=icon href=data:,></head>\
         <body><h1>checkout</h1><p id=status>{status}</p>{next}</body></html>"
    ))
}

/// Where the shopper comes back.
async fn landing(Path(landing): Path<String>, RawQuery(_): RawQuery) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Shop</title><link rel=icon href=data:,></head>\
         <body><h1>{landing}</h1></body></html>"
    ))
}

//! What arrived, for whoever asks.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::{PhoneNetwork, Sms, digits};

/// Messages shown on the page; the JSON has them all.
const SHOWN_MAX: usize = 50;

/// `/sms` and `/sms/inbox`.
pub(super) fn router(network: PhoneNetwork) -> Router {
    Router::new()
        .route("/sms", get(list))
        .route("/sms/inbox", get(inbox))
        .with_state(network)
}

#[derive(Debug, Deserialize)]
struct Which {
    phone: Option<String>,
}

impl Which {
    fn phone(&self) -> Option<&str> {
        self.phone.as_deref().filter(|phone| !digits(phone).is_empty())
    }
}

async fn list(State(network): State<PhoneNetwork>, Query(which): Query<Which>) -> Json<Vec<Sms>> {
    Json(network.messages(which.phone()))
}

#[derive(Template)]
#[template(path = "phone/inbox.html")]
struct InboxPage {
    phone: Option<String>,
    messages: Vec<ShownSms>,
}

struct ShownSms {
    sender: String,
    phone: String,
    text: String,
    at: String,
}

async fn inbox(State(network): State<PhoneNetwork>, Query(which): Query<Which>) -> Response {
    let messages = network.messages(which.phone());
    let shown = messages.iter().take(SHOWN_MAX).map(|sms| ShownSms {
        sender: sms.sender.clone(),
        phone: sms.phone.clone(),
        text: sms.text.clone(),
        at: format!(
            "{:02}:{:02}:{:02} UTC",
            sms.at.hour(),
            sms.at.minute(),
            sms.at.second()
        ),
    });
    let page = InboxPage {
        phone: which.phone().map(|phone| format!("+{}", digits(phone))),
        messages: shown.collect(),
    };
    crate::page::html(&page)
}

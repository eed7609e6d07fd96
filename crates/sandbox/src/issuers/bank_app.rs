//! The bank's app, in which cardholders answer out-of-band challenges and decoupled authentications.
//!
//! `GET /app?phone=…` is the app of one phone, without the parameter that of all; `GET /app/pending?phone=…` the same as a
//! bare JSON array. `POST /app/answer` with the fields `acsTransID` and `answer` (`approve` or `deny`) is the press of a
//! button: 204 with `Accept: application/json`, else back to the app; 404 when nobody is asked that.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use emv3ds::AcsTransId;
use serde::{Deserialize, Serialize};

use super::Issuers;
use super::facts::Way;
use crate::page::html;

/// `/app` and below.
pub fn router(issuers: Issuers) -> Router {
    Router::new()
        .route("/app", get(show))
        .route("/app/pending", get(list))
        .route("/app/answer", post(answer))
        .with_state(issuers)
}

/// Something the cardholder is to answer.
#[derive(Debug, Serialize)]
struct Pending {
    #[serde(rename = "acsTransID")]
    acs_trans_id: String,
    #[serde(rename = "threeDSServerTransID")]
    three_ds_server_trans_id: String,
    phone: String,
    merchant: String,
    amount: String,
    last_four: String,
    /// Whether no browser waits for the answer.
    decoupled: bool,
}

#[derive(Debug, Deserialize)]
struct Which {
    phone: Option<String>,
}

impl Issuers {
    fn pending(&self, which: &Which) -> Vec<Pending> {
        let digits = |phone: &str| phone.chars().filter(char::is_ascii_digit).collect::<String>();
        let asked = which
            .phone
            .as_deref()
            .map(digits)
            .filter(|phone| !phone.is_empty());
        let sessions = self.sessions();
        let pending = sessions
            .values()
            .filter(|session| session.asks_the_app().is_some());
        let of_phone = pending.filter(|session| {
            asked
                .as_ref()
                .is_none_or(|asked| *asked == digits(&session.facts.phone))
        });
        of_phone
            .map(|session| {
                let facts = &session.facts;
                Pending {
                    acs_trans_id: facts.acs_trans_id.to_string(),
                    three_ds_server_trans_id: facts.three_ds_server_trans_id.to_string(),
                    phone: facts.phone.clone(),
                    merchant: facts.merchant.clone(),
                    amount: facts.amount.clone(),
                    last_four: facts.last_four.clone(),
                    decoupled: facts.way == Way::Decoupled,
                }
            })
            .collect()
    }
}

#[derive(Template)]
#[template(path = "issuers/bank_app.html")]
struct AppPage {
    pendings: Vec<Pending>,
}

async fn show(State(issuers): State<Issuers>, Query(which): Query<Which>) -> Response {
    html(&AppPage {
        pendings: issuers.pending(&which),
    })
}

async fn list(State(issuers): State<Issuers>, Query(which): Query<Which>) -> Response {
    Json(issuers.pending(&which)).into_response()
}

#[derive(Deserialize)]
struct Pressed {
    #[serde(rename = "acsTransID", default)]
    acs_trans_id: String,
    answer: Answer,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Approve,
    Deny,
}

async fn answer(State(issuers): State<Issuers>, headers: HeaderMap, Form(form): Form<Pressed>) -> Response {
    let session = AcsTransId::parse(&form.acs_trans_id).and_then(|id| issuers.session(id));
    if !session.is_some_and(|session| session.answer_in_app(form.answer == Answer::Approve)) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("application/json")) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        Redirect::to("/app").into_response()
    }
}

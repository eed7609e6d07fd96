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
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Issuers;
use super::facts::Way;
use crate::access_control::AccessControl;
use crate::access_control::bank::Bank;
use crate::page::html;

/// `/app` and below. Registered cards are asked by the access control server, and answered for over its issuer API.
pub fn router(issuers: Issuers, access_control: Option<(AccessControl, Bank)>) -> Router {
    Router::new()
        .route("/app", get(show))
        .route("/app/pending", get(list))
        .route("/app/answer", post(answer))
        .with_state(BankApp {
            issuers,
            access_control,
        })
}

#[derive(Clone, Debug)]
struct BankApp {
    issuers: Issuers,
    access_control: Option<(AccessControl, Bank)>,
}

/// Something the cardholder is to answer.
#[derive(Debug, Serialize)]
pub struct Pending {
    /// The access control server's name for it.
    #[serde(rename = "acsTransID")]
    pub acs_trans_id: String,
    /// The 3DS Server's.
    #[serde(rename = "threeDSServerTransID")]
    pub three_ds_server_trans_id: String,
    /// The phone with the app, `+52…`.
    pub phone: String,
    /// Who sells.
    pub merchant: String,
    /// For how much.
    pub amount: String,
    /// The end of the card's number.
    pub last_four: String,
    /// Whether no browser waits for the answer.
    pub decoupled: bool,
}

#[derive(Debug, Deserialize)]
struct Which {
    phone: Option<String>,
}

fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

impl BankApp {
    async fn pending(&self, which: &Which) -> Vec<Pending> {
        let mut pending = self.issuers.pending();
        if let Some((service, _)) = &self.access_control {
            match service.asks_the_app().await {
                Ok(asked) => pending.extend(asked),
                Err(error) => tracing::warn!(%error, "the app does not know what it is asked"),
            }
        }
        let asked = which.phone.as_deref().map(digits);
        if let Some(asked) = asked.filter(|asked| !asked.is_empty()) {
            pending.retain(|pending| digits(&pending.phone) == asked);
        }
        pending
    }

    /// Answers for a registered card; false when nobody is asked that.
    async fn answer(&self, id: AcsTransId, answer: Answer) -> bool {
        let Some((_, bank)) = &self.access_control else {
            return false;
        };
        let result = match answer {
            Answer::Approve => "approved",
            Answer::Deny => "denied",
        };
        let path = format!("/challenges/{id}/oob-result");
        let answered = bank
            .call(Method::POST, &path, Some(&json!({ "result": result })))
            .await;
        match answered {
            Ok(_) => true,
            Err(error) => {
                tracing::info!(%error, "an answer of the app was not taken");
                false
            }
        }
    }
}

impl Issuers {
    fn pending(&self) -> Vec<Pending> {
        let sessions = self.sessions();
        let pending = sessions
            .values()
            .filter(|session| session.asks_the_app().is_some());
        pending
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

async fn show(State(app): State<BankApp>, Query(which): Query<Which>) -> Response {
    html(&AppPage {
        pendings: app.pending(&which).await,
    })
}

async fn list(State(app): State<BankApp>, Query(which): Query<Which>) -> Response {
    Json(app.pending(&which).await).into_response()
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

async fn answer(State(app): State<BankApp>, headers: HeaderMap, Form(form): Form<Pressed>) -> Response {
    let Some(id) = AcsTransId::parse(&form.acs_trans_id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let answered = match app.issuers.session(id) {
        Some(session) => session.answer_in_app(form.answer == Answer::Approve),
        None => app.answer(id, form.answer).await,
    };
    if !answered {
        return StatusCode::NOT_FOUND.into_response();
    }
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("application/json")) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        Redirect::to("/app").into_response()
    }
}

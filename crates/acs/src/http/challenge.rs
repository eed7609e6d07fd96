//! The challenge as browsers reach it: `/acs/3ds/challenge` takes the CReq, `…/answer` the page's forms, `…/page` shows
//! the page again to a browser that waits.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use emv3ds::code::ErrorCode;
use primitives::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::pages::{self, Frame, Look};
use crate::challenge::view::{Pressed, Screen};
use crate::language::Language;
use crate::service::Acs;
use crate::store::StoreError;

/// A CReq in base64url and the session data: what EMV 3DS lets them be, with room.
const FORM_MAX_BYTES: usize = 32 * 1024;
/// What browsers say a document is for, among it `iframe` and `document`.
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The challenge's routes, and the style and scripts of its pages.
pub(super) fn router(acs: &Acs) -> Router {
    Router::new()
        .route(pages::CREQ_PATH, post(open))
        .route(pages::ANSWER_PATH, post(answer))
        .route(pages::PAGE_PATH, get(page))
        .layer(DefaultBodyLimit::max(FORM_MAX_BYTES))
        .with_state(acs.clone())
        .merge(pages::assets())
}

/// The form of the 3DS Server (EMV 3DS 2.2, 5.8.2).
#[derive(Deserialize)]
struct Opened {
    #[serde(default)]
    creq: String,
    #[serde(rename = "threeDSSessionData")]
    session_data: Option<String>,
}

async fn open(State(acs): State<Acs>, headers: HeaderMap, body: Bytes) -> Response {
    let screen = match read::<Opened>(&body) {
        Ok(form) => acs.open_challenge(&form.creq, form.session_data.as_deref()).await,
        Err(problem) => Ok(problem),
    };
    shown(&acs, &headers, screen)
}

/// A form of the page.
#[derive(Deserialize)]
struct Answered {
    #[serde(rename = "acsTransID", default)]
    acs_trans_id: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    action: Action,
    /// What was typed: a code or a password.
    #[serde(default)]
    code: String,
    /// Place in the list of phones.
    #[serde(default)]
    phone: u8,
}

/// The button's value. Enter in a form without a button pressed is the first one, which hands in.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    #[default]
    Submit,
    Resend,
    Phone,
    Code,
    App,
    Continue,
    Later,
    Cancel,
}

impl Answered {
    fn pressed(&mut self) -> Pressed {
        match self.action {
            Action::Submit => Pressed::Submit(Secret::new(std::mem::take(&mut self.code))),
            Action::Resend => Pressed::Resend,
            Action::Phone => Pressed::ChoosePhone(self.phone),
            Action::Code => Pressed::CodeInstead,
            Action::App => Pressed::AppInstead,
            Action::Continue => Pressed::Continue,
            Action::Later => Pressed::PutOff,
            Action::Cancel => Pressed::Cancel,
        }
    }
}

async fn answer(State(acs): State<Acs>, headers: HeaderMap, body: Bytes) -> Response {
    let screen = match read::<Answered>(&body) {
        Ok(mut form) => {
            let pressed = form.pressed();
            acs.press(&form.acs_trans_id, &form.token, pressed).await
        }
        Err(problem) => Ok(problem),
    };
    shown(&acs, &headers, screen)
}

#[derive(Deserialize)]
struct Which {
    #[serde(rename = "acsTransID", default)]
    acs_trans_id: String,
}

async fn page(State(acs): State<Acs>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let screen = match read::<Which>(query.unwrap_or_default().as_bytes()) {
        Ok(which) => acs.challenge_page(&which.acs_trans_id).await,
        Err(problem) => Ok(problem),
    };
    shown(&acs, &headers, screen)
}

/// Reads a form, whatever type it says it has: 3DS Servers differ. What was read is not told: it may hold a code.
fn read<T: DeserializeOwned>(form: &[u8]) -> Result<T, Screen> {
    serde_urlencoded::from_bytes(form).map_err(|_| Screen::Problem {
        code: ErrorCode::FormatInvalid.number(),
        detail: "form".to_owned(),
    })
}

fn shown(acs: &Acs, headers: &HeaderMap, screen: Result<Screen, StoreError>) -> Response {
    let look = Look::of(&acs.inner().settings);
    let language = language(headers);
    match screen {
        Ok(screen) => pages::show(&screen, &look, frame(headers), language),
        Err(error) => {
            tracing::error!(%error, "a challenge could not go on");
            let mut response = pages::show(
                &Screen::Problem {
                    code: ErrorCode::TransientFailure.number(),
                    detail: String::new(),
                },
                &look,
                frame(headers),
                language,
            );
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response
        }
    }
}

fn frame(headers: &HeaderMap) -> Frame {
    match headers.get(FETCH_DEST) {
        Some(purpose) if purpose == "document" => Frame::Whole,
        _ => Frame::Framed,
    }
}

/// The browser's own first choice that we have words in.
fn language(headers: &HeaderMap) -> Language {
    let accepted = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let tags = accepted
        .split(',')
        .filter_map(|entry| entry.split(';').next())
        .map(str::trim);
    Language::choose(tags, Language::English)
}

#[cfg(test)]
mod tests;

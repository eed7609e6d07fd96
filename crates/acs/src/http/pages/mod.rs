//! The cardholder's pages: plain forms that need no script, at home in the smallest window of EMV 3-D Secure.
//!
//! What a page shows comes as a [`Screen`]; how it looks is in `templates/challenge`. [`show`] needs no service, so that
//! the pages can be looked at by themselves.

mod assets;
mod challenge;
mod document;

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use self::assets::{ADDRESSES, Addresses};
use self::challenge::ChallengePage;
use self::document::{Document, may_lead_to};
use crate::challenge::view::{Return, Screen};
use crate::language::Language;
use crate::service::Settings;
use crate::wording::{Words, fill, words};

/// Where 3DS Servers send the browser with a CReq.
pub(super) const CREQ_PATH: &str = "/acs/3ds/challenge";
/// Where the page's forms go.
pub(super) const ANSWER_PATH: &str = "/acs/3ds/challenge/answer";
/// The page again, for a browser that waits.
pub(super) const PAGE_PATH: &str = "/acs/3ds/challenge/page";

/// What pages look like besides what they show.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Whether only https is spoken with others.
    pub production: bool,
    /// Where a sandbox shows the messages of a phone; the number's digits are added. `None` outside of one.
    pub inbox_url: Option<String>,
    /// Where a sandbox has the bank's app; the number's digits are added. `None` outside of one.
    pub app_url: Option<String>,
}

impl Look {
    /// The look of a service's pages.
    pub fn of(settings: &Settings) -> Self {
        Self {
            production: settings.production,
            inbox_url: settings.inbox_url.clone(),
            app_url: settings.app_url.clone(),
        }
    }
}

/// Where a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// In a window of its own.
    Whole,
    /// In a frame of somebody's page, or nobody knows.
    Framed,
}

/// A screen as a browser gets it. `fallback` is the language of screens that belong to nobody.
pub fn show(screen: &Screen, look: &Look, frame: Frame, fallback: Language) -> Response {
    match screen {
        Screen::Challenge(view) => {
            let page = ChallengePage::of(view, look, frame);
            let document = Document::Challenge {
                logo_url: view.logo_url.as_deref(),
                style: page.resend_style.as_deref(),
            };
            document.html(StatusCode::OK, view.language, look.production, &page)
        }
        Screen::Return(target) if may_lead_to(&target.url, look.production) => {
            let page = ReturnPage {
                words: words(fallback),
                language: fallback.code(),
                assets: &ADDRESSES,
                target,
            };
            Document::Return.html(StatusCode::OK, fallback, look.production, &page)
        }
        Screen::Return(_) => {
            tracing::error!("a notification URL is not one a browser may be sent to");
            problem(StatusCode::BAD_REQUEST, NO_WAY_BACK, "", look, fallback)
        }
        Screen::Problem { code, detail } => problem(StatusCode::BAD_REQUEST, *code, detail, look, fallback),
    }
}

/// The code of an Erro for data that are wrong together (EMV 3DS 2.2, table A.4).
const NO_WAY_BACK: u16 = 305;

fn problem(status: StatusCode, code: u16, detail: &str, look: &Look, language: Language) -> Response {
    let words = words(language);
    let page = ProblemPage {
        words,
        language: language.code(),
        assets: &ADDRESSES,
        code: fill(words.problem.code, &[("reference", &code.to_string())]),
        detail,
    };
    Document::Problem.html(status, language, look.production, &page)
}

/// The pages' style and scripts.
pub fn assets() -> Router {
    Router::new().route(assets::PATH, get(assets::asset))
}

#[derive(Template)]
#[template(path = "challenge/return.html")]
struct ReturnPage<'p> {
    words: &'static Words,
    language: &'static str,
    assets: &'static Addresses,
    target: &'p Return,
}

#[derive(Template)]
#[template(path = "challenge/problem.html")]
struct ProblemPage<'p> {
    words: &'static Words,
    language: &'static str,
    assets: &'static Addresses,
    code: String,
    detail: &'p str,
}

#[cfg(test)]
mod tests;

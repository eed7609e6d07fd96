//! Why a request gets no step: once as a problem document for scripts, once as a page for people.

use super::{
    assets::{ADDRESSES, Addresses},
    headers::{Document, html, may_lead_to},
    language,
    words::{Ending, Words, naming},
};
use crate::problem::Problem;
use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use orchestrator::flows::page_step::{ExpiredPage, PageError};
use primitives::UrlPolicy;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A member of the request is missing or wrong.
    Member {
        name: &'static str,
        detail: &'static str,
    },
    /// The body is larger than any of ours.
    TooLarge,
    UnknownToken,
    Expired(Box<ExpiredPage>),
    /// The other side's address is not one a browser may be sent to.
    Unreachable,
    /// A fault of ours, logged under this id.
    Internal(String),
}

impl Refused {
    pub(crate) fn member(name: &'static str, detail: &'static str) -> Self {
        Self::Member { name, detail }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Member { .. } => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownToken => StatusCode::NOT_FOUND,
            Self::Expired(_) => StatusCode::GONE,
            Self::Unreachable => StatusCode::BAD_GATEWAY,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// For the page's script and for other programs.
    pub(crate) fn into_problem(self) -> Response {
        let status = self.status();
        match self {
            Self::Member { name, detail } => Problem::of_member(name, detail),
            Self::TooLarge => Problem::new(status, "the body is too large"),
            Self::UnknownToken => Problem::new(status, "there is no page with this token"),
            Self::Expired(_) => Problem::new(status, "the page's time is over"),
            Self::Unreachable => Problem::new(status, "the other side's address cannot be visited"),
            Self::Internal(error_id) => Problem::internal(error_id),
        }
        .into_response()
    }

    /// For people: in the browser's language, unless the payment is known and has one.
    pub(crate) fn into_page(self, headers: &HeaderMap, urls: UrlPolicy) -> Response {
        let asked = match &self {
            Self::Expired(expired) => expired.language.as_deref(),
            Self::Member { .. }
            | Self::TooLarge
            | Self::UnknownToken
            | Self::Unreachable
            | Self::Internal(_) => None,
        };
        let words = language::words(asked, headers);
        self.in_words(words, urls)
    }

    /// The same, in words that were chosen already.
    pub(crate) fn in_words(self, words: &'static Words, urls: UrlPolicy) -> Response {
        let status = self.status();
        let mut page = RefusedPage {
            words,
            assets: &ADDRESSES,
            ending: &words.fault,
            back: None,
            reference: None,
        };
        match self {
            Self::Member { name, .. } => {
                page.ending = &words.unreadable;
                page.reference = Some(name.to_owned());
            }
            Self::TooLarge => page.ending = &words.unreadable,
            Self::Unreachable => page.ending = &words.fault,
            Self::UnknownToken => page.ending = &words.unknown_page,
            Self::Expired(expired) => {
                page.ending = &words.expired;
                page.back = expired
                    .redirect
                    .filter(|url| may_lead_to(url, urls))
                    .map(|url| (naming(words.back, &expired.merchant_name), url));
            }
            Self::Internal(error_id) => page.reference = Some(error_id),
        }
        html(Document::Notice, urls, words, status, &page)
    }
}

impl From<PageError> for Refused {
    fn from(error: PageError) -> Self {
        match error {
            PageError::UnknownToken => Self::UnknownToken,
            PageError::Expired(page) => Self::Expired(page),
            PageError::Malformed(name) => Self::member(name, "cannot be read"),
            PageError::Internal(error_id) => Self::Internal(error_id),
        }
    }
}

#[derive(Template)]
#[template(path = "pages/refused.html")]
struct RefusedPage {
    words: &'static Words,
    assets: &'static Addresses,
    ending: &'static Ending,
    /// What the link back says, and where it leads.
    back: Option<(String, String)>,
    reference: Option<String>,
}

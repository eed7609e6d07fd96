//! `GET /transactions/3ds/handover?token=…`: the document that takes the browser to an ACS, by posting the form that
//! the payment's step asks for (emv-3ds sections 13.2 and 13.3). It fills the frame that the ACS is to have, or the
//! whole page.

use super::{
    HANDOVER_PATH, PageState,
    assets::{ADDRESSES, Addresses},
    headers::{Document, html, may_lead_to},
    language, notifications,
    refused::Refused,
    token::{PageToken, TokenField},
    view,
    words::Words,
};
use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use emv3ds::encoding::{CREQ_FIELD, METHOD_DATA_FIELD, SESSION_DATA_FIELD};
use orchestrator::flows::page_step::PageStep;
use primitives::UrlPolicy;

pub(super) fn address(token: &PageToken) -> String {
    format!("{HANDOVER_PATH}?token={}", token.as_str())
}

/// Go to the ACS
///
/// For the frames of a payment's page: posts the form that its step asks for.
#[utoipa::path(
    get,
    path = super::HANDOVER_PATH,
    tag = "Hosted pages",
    operation_id = "handOver",
    params(TokenField),
    responses(
        (status = 200, description = "A document that posts a form to the ACS, or that leads back to the payment's page.", content_type = "text/html"),
        (status = 404, description = "There is no such page.", content_type = "text/html"),
        (status = 410, description = "The page's time is over.", content_type = "text/html"),
    )
)]
pub(super) async fn handover(
    State(state): State<PageState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let urls = state.settings.urls;
    let stands = async {
        let token = TokenField::of_address(query)?;
        let view = state.pages.progress(token.as_str(), None, 0).await?;
        Ok::<_, Refused>((token, view))
    };
    match stands.await {
        Ok((token, view)) => {
            let words = language::words(view.language.as_deref(), &headers);
            match Handover::of(view.step) {
                Some(form) => form.show(words, urls),
                // The payment has moved on since the frame was asked for.
                None => notifications::lead_back(&view::address(&token), words, urls),
            }
        }
        Err(refused) => refused.into_page(&headers, urls),
    }
}

/// A form to be posted to an ACS.
struct Handover {
    action: String,
    fields: Vec<(&'static str, String)>,
}

impl Handover {
    fn of(step: PageStep) -> Option<Self> {
        match step {
            PageStep::Method { url, data, .. } => Some(Self {
                action: url,
                fields: vec![(METHOD_DATA_FIELD, data)],
            }),
            PageStep::Challenge {
                acs_url,
                creq,
                session_data,
                ..
            } => Some(Self {
                action: acs_url,
                fields: vec![(CREQ_FIELD, creq), (SESSION_DATA_FIELD, session_data)],
            }),
            PageStep::BrowserData
            | PageStep::Decoupled { .. }
            | PageStep::Working
            | PageStep::Done { .. } => None,
        }
    }

    fn show(self, words: &'static Words, urls: UrlPolicy) -> Response {
        if !may_lead_to(&self.action, urls) {
            tracing::error!(
                action = self.action,
                "an ACS's address is not one a browser may be sent to"
            );
            return Refused::Unreachable.in_words(words, urls);
        }
        let page = HandoverPage {
            words,
            assets: &ADDRESSES,
            form: self,
        };
        html(Document::Handover, urls, words, StatusCode::OK, &page)
    }
}

#[derive(Template)]
#[template(path = "pages/handover.html")]
struct HandoverPage {
    words: &'static Words,
    assets: &'static Addresses,
    form: Handover,
}

//! `GET /transactions/view_challenge?token=…`: the payment's page, at whatever step the payment stands.

use super::{
    BROWSER_DATA_PATH, CANCEL_PATH, PageState, VIEW_PATH,
    assets::{ADDRESSES, Addresses},
    browser_data, handover,
    headers::{Document, html, may_lead_to},
    language,
    progress::StepReply,
    refused::Refused,
    token::{PageToken, TokenField},
    words::{Ending, Words, naming},
};
use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use orchestrator::flows::page_step::{PageOutcome, PageStep, PageView, StepName};
use primitives::{Amount, UrlPolicy};

/// Open a payment's page
///
/// Where `next_action.authorization_3ds.url` leads the cardholder's browser.
#[utoipa::path(
    get,
    path = super::VIEW_PATH,
    tag = "Hosted pages",
    operation_id = "viewChallenge",
    params(TokenField),
    responses(
        (status = 200, description = "The page, at the step where the payment stands.", content_type = "text/html"),
        (status = 404, description = "There is no such page.", content_type = "text/html"),
        (status = 410, description = "The page's time is over.", content_type = "text/html"),
    )
)]
pub(super) async fn view(
    State(state): State<PageState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let urls = state.settings.urls;
    let opened = async {
        let token = TokenField::of_address(query)?;
        let view = state.pages.opened(token.as_str()).await?;
        Ok::<_, Refused>((token, view))
    };
    match opened.await {
        Ok((token, view)) => {
            let words = language::words(view.language.as_deref(), &headers);
            show(&token, view, words, urls, browser_data::accept_header(&headers))
        }
        Err(refused) => refused.into_page(&headers, urls),
    }
}

/// The page's own address.
pub(super) fn address(token: &PageToken) -> String {
    format!("{VIEW_PATH}?token={}", token.as_str())
}

fn show(
    token: &PageToken,
    view: PageView,
    words: &'static Words,
    urls: UrlPolicy,
    accept: Option<String>,
) -> Response {
    let merchant = &view.merchant_name;
    if let PageStep::Done { outcome, redirect } = view.step {
        let redirect = redirect.filter(|url| may_lead_to(url, urls));
        let mood = match outcome {
            PageOutcome::Succeeded => "good",
            PageOutcome::Rejected | PageOutcome::Failed => "bad",
            PageOutcome::Cancelled => "plain",
        };
        let ending = words.outcome(outcome);
        return ResultPage::of(words, ending, mood, merchant, view.amount, redirect).show(urls);
    }
    let page = PaymentPage {
        words,
        assets: &ADDRESSES,
        pay_to: naming(words.pay_to, merchant),
        amount: words.amount(view.amount),
        returning: naming(words.returning, merchant),
        name: view.step.name(),
        issuer_says: match &view.step {
            PageStep::Decoupled { text } => text.clone().unwrap_or_default(),
            PageStep::BrowserData
            | PageStep::Method { .. }
            | PageStep::Challenge { .. }
            | PageStep::Working
            | PageStep::Done { .. } => String::new(),
        },
        step: StepReply::of(token, &view.step).to_json(),
        token: token.as_str(),
        accept: accept.unwrap_or_default(),
        address: address(token),
        handover: handover::address(token),
    };
    html(Document::Payment, urls, words, StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "pages/payment.html")]
struct PaymentPage<'a> {
    words: &'static Words,
    assets: &'static Addresses,
    pay_to: String,
    amount: String,
    returning: String,
    name: StepName,
    /// What the issuer wants the cardholder to read, if anything.
    issuer_says: String,
    /// The step as the script gets it from `progress` later on.
    step: String,
    token: &'a str,
    /// What this document was asked for with, for the AReq: the script's own requests accept just anything.
    accept: String,
    address: String,
    handover: String,
}

#[derive(Template)]
#[template(path = "pages/result.html")]
pub(crate) struct ResultPage {
    words: &'static Words,
    assets: &'static Addresses,
    ending: &'static Ending,
    mood: &'static str,
    pay_to: String,
    amount: String,
    returning: String,
    back: String,
    redirect: Option<String>,
}

impl ResultPage {
    /// How a payment ended, and the way back to the shop if there is one. `mood` is the picture's: good, bad or plain.
    pub(crate) fn of(
        words: &'static Words,
        ending: &'static Ending,
        mood: &'static str,
        merchant: &str,
        amount: Amount,
        redirect: Option<String>,
    ) -> Self {
        Self {
            words,
            assets: &ADDRESSES,
            ending,
            mood,
            pay_to: naming(words.pay_to, merchant),
            amount: words.amount(amount),
            returning: naming(words.returning, merchant),
            back: naming(words.back, merchant),
            redirect,
        }
    }

    pub(crate) fn show(&self, urls: UrlPolicy) -> Response {
        html(Document::Notice, urls, self.words, StatusCode::OK, self)
    }
}

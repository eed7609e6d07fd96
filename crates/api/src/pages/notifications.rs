//! What an ACS's documents post through the browser: the 3DS Method is done, the challenge is over. Neither says how
//! anything ended; both only move the browser on.

use super::{
    PageState,
    assets::{ADDRESSES, Addresses},
    form::{self, filled},
    headers::{Document, html},
    language,
    refused::Refused,
    token::PageToken,
    view,
    words::Words,
};
use askama::Template;
use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use emv3ds::encoding::{CRES_FIELD, METHOD_DATA_FIELD};
use primitives::UrlPolicy;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
pub(super) struct MethodForm {
    /// base64url of JSON with the `threeDSServerTransID`.
    #[serde(rename = "threeDSMethodData")]
    #[schema(value_type = String)]
    method_data: Option<String>,
}

/// One of the first two is there; which of them carries an Erro differs between ACSs.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChallengeForm {
    /// base64url of a CRes or an Erro.
    cres: Option<String>,
    /// base64url of an Erro.
    erro: Option<String>,
    /// What the CReq was posted with, unchanged.
    #[serde(rename = "threeDSSessionData")]
    session_data: Option<String>,
}

/// The 3DS Method is done
///
/// `threeDSMethodNotificationURL`: posted by an ACS through the browser, in the hidden frame.
#[utoipa::path(
    post,
    path = super::METHOD_NOTIFICATION_PATH,
    tag = "Hosted pages",
    operation_id = "notifyMethod",
    request_body(content = MethodForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A document that tells the payment's page.", content_type = "text/html"),
        (status = 400, description = "The field is missing or cannot be read.", content_type = "text/html"),
        (status = 404, description = "There is no such transaction.", content_type = "text/html"),
    )
)]
pub(super) async fn method_done(
    State(state): State<PageState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    // In a frame that nobody sees.
    let words = language::of_browser(&headers);
    let urls = state.settings.urls;
    let noted = async {
        let form: MethodForm = form::of_body(body)?;
        let data = filled(form.method_data.as_ref());
        let data = data.ok_or(Refused::member(METHOD_DATA_FIELD, "is required"))?;
        Ok::<_, Refused>(state.pages.method_notified(data).await?)
    };
    match noted.await {
        Ok(()) => html(
            Document::Notice,
            urls,
            words,
            StatusCode::OK,
            &MethodDonePage {
                words,
                assets: &ADDRESSES,
            },
        ),
        Err(refused) => refused.in_words(words, urls),
    }
}

/// The challenge is over
///
/// `notificationURL`: posted by an ACS through the browser, in the frame or the page that the ACS had. Moves the browser
/// on and grants nothing.
#[utoipa::path(
    post,
    path = super::CHALLENGE_NOTIFICATION_PATH,
    tag = "Hosted pages",
    operation_id = "notifyChallenge",
    request_body(content = ChallengeForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A document that leads back to the payment's page.", content_type = "text/html"),
        (status = 400, description = "A field is missing or cannot be read.", content_type = "text/html"),
        (status = 404, description = "There is no such transaction.", content_type = "text/html"),
    )
)]
pub(super) async fn challenge_done(
    State(state): State<PageState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let urls = state.settings.urls;
    let returned = async {
        let form: ChallengeForm = form::of_body(body)?;
        let answer = filled(form.cres.as_ref()).or(filled(form.erro.as_ref()));
        let answer = answer.ok_or(Refused::member(CRES_FIELD, "is required"))?;
        let back = state
            .pages
            .challenge_returned(answer, filled(form.session_data.as_ref()))
            .await?;
        let token = PageToken::parse(&back.token).ok_or(Refused::UnknownToken)?;
        Ok::<_, Refused>((token, back.language))
    };
    match returned.await {
        Ok((token, asked)) => {
            let words = language::words(asked.as_deref(), &headers);
            lead_back(&view::address(&token), words, urls)
        }
        Err(refused) => refused.into_page(&headers, urls),
    }
}

/// A document that gives way to the payment's page: to the one that holds it in a frame, else in its own place.
pub(super) fn lead_back(address: &str, words: &'static Words, urls: UrlPolicy) -> Response {
    let page = BankAnsweredPage {
        words,
        assets: &ADDRESSES,
        address,
    };
    html(Document::Notice, urls, words, StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "pages/method_done.html")]
struct MethodDonePage {
    words: &'static Words,
    assets: &'static Addresses,
}

#[derive(Template)]
#[template(path = "pages/bank_answered.html")]
struct BankAnsweredPage<'a> {
    words: &'static Words,
    assets: &'static Addresses,
    address: &'a str,
}

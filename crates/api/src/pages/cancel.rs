//! `POST /transactions/3ds/cancel`: the cardholder gives up on our page. A form of the page, so it works without
//! scripts; what the browser gets back is the page again.

use super::{PageState, refused::Refused, token::TokenField, view};
use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};

/// Give up
///
/// The cardholder's own cancellation, from the payment's page.
#[utoipa::path(
    post,
    path = super::CANCEL_PATH,
    tag = "Hosted pages",
    operation_id = "giveUp",
    request_body(content = TokenField, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "Back to the payment's page, which says how it ended."),
        (status = 400, description = "The token is missing.", content_type = "text/html"),
        (status = 404, description = "There is no such page.", content_type = "text/html"),
        (status = 410, description = "The page's time is over.", content_type = "text/html"),
    )
)]
pub(super) async fn cancel(
    State(state): State<PageState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let cancelled = async {
        let token = TokenField::of_body(body)?;
        state.pages.cancelled(token.as_str()).await?;
        Ok::<_, Refused>(token)
    };
    match cancelled.await {
        Ok(token) => Redirect::to(&view::address(&token)).into_response(),
        Err(refused) => refused.into_page(&headers, state.settings.urls),
    }
}

//! `order_A3DS.asp`: a browser comes back from the hosted page, or asks again how its payment stands.

use super::{
    Browsers,
    leaving::{Destination, leave},
    onward::Onward,
    redirect, retry, return_address,
    typed_card::Wrong,
};
use crate::pages::{language, refused::Refused};
use axum::{http::HeaderMap, response::Response};
use orchestrator::{
    Fault,
    flows::directlink::{Returned, View, account::DirectLinkAccount},
};
use primitives::UrlPolicy;
use std::sync::Arc;

/// How long a browser waits before it asks again, where there is no hosted page to wait on.
pub(super) const WAIT_SECONDS: u8 = 3;

type Stands = (Arc<DirectLinkAccount>, Returned);

pub(super) async fn answer(browsers: &Browsers, headers: &HeaderMap, token: &str) -> Response {
    match stands(browsers, headers, token).await {
        Ok((account, Returned::Over(view))) => {
            let words = language::words(view.language.as_deref(), headers);
            let destination = Destination::of(view.telling.status);
            leave(browsers, &account, &view, destination, words).await
        }
        Ok((account, Returned::MayRetry { view, left })) => {
            retry::form(browsers, headers, &account, &view, left, &Wrong::new())
        }
        Ok((account, Returned::NotYet(view))) => not_yet(browsers, headers, &account, &view),
        Err(refused) => refused,
    }
}

/// The shopper of a refused order does not want to try again. Nothing is left to give up, and the refusal stays what everybody is
/// told, as a query and feedback tell it: the browser only goes where one goes that cancels.
pub(super) async fn cancelled(browsers: &Browsers, headers: &HeaderMap, token: &str) -> Response {
    match stands(browsers, headers, token).await {
        Ok((account, Returned::MayRetry { view, .. })) => {
            let words = language::words(view.language.as_deref(), headers);
            leave(browsers, &account, &view, Destination::Cancel, words).await
        }
        Ok(_) => answer(browsers, headers, token).await,
        Err(refused) => refused,
    }
}

/// How the payment stands; a page for people when that cannot be said.
pub(super) async fn stands(
    browsers: &Browsers,
    headers: &HeaderMap,
    token: &str,
) -> Result<Stands, Response> {
    if token.is_empty() {
        return Err(unknown(headers, browsers.urls));
    }
    match browsers.gateway.returned(token).await {
        Ok(Some(stands)) => Ok(stands),
        Ok(None) => Err(unknown(headers, browsers.urls)),
        Err(fault) => Err(broken(headers, browsers.urls, &fault)),
    }
}

/// It is not over: back to the hosted page, or, while there is none, here again in a moment.
pub(super) fn not_yet(
    browsers: &Browsers,
    headers: &HeaderMap,
    account: &DirectLinkAccount,
    view: &View,
) -> Response {
    let words = language::words(view.language.as_deref(), headers);
    match &view.page_url {
        Some(page) => redirect(page),
        None => Onward {
            address: &return_address(&view.payment.return_token),
            text: words.finishing.to_owned(),
            seconds: WAIT_SECONDS,
            moves_opener: false,
        }
        .show(account, view, words, browsers.urls),
    }
}

/// Nobody gave out such a token, or what came is no request of a browser's.
pub(super) fn unknown(headers: &HeaderMap, urls: UrlPolicy) -> Response {
    Refused::UnknownToken.into_page(headers, urls)
}

fn broken(headers: &HeaderMap, urls: UrlPolicy, fault: &Fault) -> Response {
    Refused::Internal(fault.logged()).into_page(headers, urls)
}

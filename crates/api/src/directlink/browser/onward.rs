//! A document that moves the browser on: where a redirect would not do, since a form's content policy follows redirects, since
//! another window is to move, or since something is to be waited for.

use crate::pages::{
    assets::{ADDRESSES, Addresses},
    headers::{Document, html},
    words::{Words, naming},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use orchestrator::flows::directlink::{View, account::DirectLinkAccount};
use primitives::UrlPolicy;

/// Where to, and how.
pub(super) struct Onward<'a> {
    /// The address, absolute or beside this page's.
    pub(super) address: &'a str,
    /// What is said meanwhile.
    pub(super) text: String,
    /// How long to wait.
    pub(super) seconds: u8,
    /// The window that opened this one moves, and this one closes; without it, this one moves.
    pub(super) moves_opener: bool,
}

impl Onward<'_> {
    pub(super) fn show(
        &self,
        account: &DirectLinkAccount,
        view: &View,
        words: &'static Words,
        urls: UrlPolicy,
    ) -> Response {
        let page = OnwardPage {
            words,
            assets: &ADDRESSES,
            pay_to: naming(words.pay_to, &account.caller.merchant.name),
            amount: words.amount(view.order.amount),
            address: self.address,
            text: &self.text,
            seconds: self.seconds,
            moves_opener: self.moves_opener,
        };
        html(Document::Notice, urls, words, StatusCode::OK, &page)
    }
}

#[derive(Template)]
#[template(path = "directlink/onward.html")]
struct OnwardPage<'a> {
    words: &'static Words,
    assets: &'static Addresses,
    pay_to: String,
    amount: String,
    address: &'a str,
    text: &'a str,
    seconds: u8,
    moves_opener: bool,
}

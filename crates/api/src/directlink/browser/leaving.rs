//! Where a browser goes at the end, and what it takes along (ogone-directlink.md, sections 9.1 and 9.2).

use super::{Browsers, onward::Onward, redirect, words::texts};
use crate::pages::{
    headers::may_lead_to,
    view::ResultPage,
    words::{Ending, Words, naming},
};
use axum::response::Response;
use orchestrator::flows::directlink::{View, account::DirectLinkAccount, facts::Window};
use payments::directlink::{Feedback, signature::Hash};
use primitives::{HttpUrl, UrlPolicy};

/// The four addresses of a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    Accept,
    Decline,
    Exception,
    Cancel,
}

impl Destination {
    /// By `STATUS`. What was paid stays accepted, whatever became of it since.
    pub(super) fn of(status: u8) -> Self {
        match status {
            1 => Self::Cancel,
            0 | 2 | 6 | 61 | 93 => Self::Decline,
            52 | 92 => Self::Exception,
            _ => Self::Accept,
        }
    }

    /// That of the request, else of the account; where neither has one, that of the next best destination.
    fn address<'a>(self, account: &'a DirectLinkAccount, view: &'a View) -> Option<&'a str> {
        let (asked, usual) = (&view.facts.urls, &account.account.urls);
        let (asked, usual, otherwise) = match self {
            Self::Accept => (&asked.accept, &usual.accept, None),
            Self::Decline => (&asked.decline, &usual.decline, None),
            Self::Exception => (&asked.exception, &usual.exception, Some(Self::Accept)),
            Self::Cancel => (&asked.cancel, &usual.cancel, Some(Self::Decline)),
        };
        asked
            .as_ref()
            .map(HttpUrl::as_str)
            .or(usual.as_deref())
            .or_else(|| otherwise.and_then(|next| next.address(account, view)))
    }

    fn ending(self, words: &'static Words) -> (&'static Ending, &'static str) {
        match self {
            Self::Accept => (&words.succeeded, "good"),
            Self::Decline => (&words.rejected, "bad"),
            Self::Exception => (&texts(words).uncertain, "plain"),
            Self::Cancel => (&words.cancelled, "plain"),
        }
    }
}

/// Sends the browser to the shop as the payment's `WIN3DS` wants it, with how the payment stands; to a page of ours if the shop
/// has none.
pub(super) async fn leave(
    browsers: &Browsers,
    account: &DirectLinkAccount,
    view: &View,
    destination: Destination,
    words: &'static Words,
) -> Response {
    if let Err(fault) = browsers.gateway.shop_told(account, view).await {
        // Whether the shop was told is no reason to keep its shopper.
        fault.logged();
    }
    let address = destination
        .address(account, view)
        // Checked when it was taken in: shops older than TLS everywhere may have pages of plain http.
        .filter(|address| may_lead_to(address, UrlPolicy::LoopbackHttpToo));
    let merchant = &account.caller.merchant.name;
    let Some(address) = address else {
        let (ending, mood) = destination.ending(words);
        return ResultPage::of(words, ending, mood, merchant, view.order.amount, None).show(browsers.urls);
    };
    let address = with_query(address, &feedback(account, view));
    match view.facts.window {
        Window::Main | Window::PopUpStays => redirect(&address),
        Window::PopUp => Onward {
            address: &address,
            text: naming(words.returning, merchant),
            seconds: 0,
            moves_opener: true,
        }
        .show(account, view, words, browsers.urls),
    }
}

/// The parameters of the way back: only signed, and only if the account wants them.
fn feedback(account: &DirectLinkAccount, view: &View) -> String {
    let signing = account.sha_out.as_ref().zip(Hash::parse(&account.account.hash));
    match signing {
        Some(signing) if account.account.feedback_on_redirect => Feedback {
            order_id: &view.payment.reference,
            payid: view.payment.payid,
            telling: &view.telling,
            facts: &view.facts,
            moment: view.payment.created_at,
        }
        .encoded(Some(signing)),
        _ => String::new(),
    }
}

/// The address with more parameters, before its fragment and after those that it has.
fn with_query(address: &str, more: &str) -> String {
    if more.is_empty() {
        return address.to_owned();
    }
    let (page, fragment) = match address.split_once('#') {
        Some((page, fragment)) => (page, format!("#{fragment}")),
        None => (address, String::new()),
    };
    let joint = match page.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{page}{joint}{more}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_added_to_those_that_are_there() {
        for (address, whole) in [
            ("https://shop.example/a", "https://shop.example/a?x=1"),
            ("https://shop.example/a?", "https://shop.example/a?x=1"),
            ("https://shop.example/a?b=2", "https://shop.example/a?b=2&x=1"),
            ("https://shop.example/a?b=2&", "https://shop.example/a?b=2&x=1"),
            (
                "https://shop.example/a?b=2#c?d",
                "https://shop.example/a?b=2&x=1#c?d",
            ),
            ("https://shop.example/#c", "https://shop.example/?x=1#c"),
        ] {
            assert_eq!(with_query(address, "x=1"), whole);
            assert_eq!(with_query(address, ""), address);
        }
    }

    #[test]
    fn every_status_leads_somewhere() {
        for (destination, statuses) in [
            (
                Destination::Accept,
                &[4, 41, 5, 51, 9, 91, 8, 81, 82, 83, 62, 63][..],
            ),
            (Destination::Decline, &[0, 2, 93, 6, 61]),
            (Destination::Exception, &[52, 92]),
            (Destination::Cancel, &[1]),
        ] {
            for status in statuses {
                assert_eq!(Destination::of(*status), destination, "{status}");
            }
        }
    }
}

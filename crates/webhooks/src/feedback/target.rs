//! Where a message goes, and what it says.

use super::FeedbackAccount;
use payments::directlink::{Facts, Feedback, Occasion, Told};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt;
use store::directlink::{accounts::PostSale, feedback::LeasedFeedback};
use url::Url;

/// What stands in a configured address for the request's `PARAMVAR`; the second is how it looks in an address that was parsed.
const PLACEHOLDERS: [&str; 2] = ["<PARAMVAR>", "%3CPARAMVAR%3E"];

/// All but what RFC 3986 calls unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A request, ready to be sent. What it says of the cardholder is not shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Request {
    Get(Url),
    Post(Url, String),
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get(_) => "Get",
            Self::Post(..) => "Post",
        })
    }
}

/// Why there is nothing to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRequest {
    /// The account has no address for it.
    NoUrl,
    /// What it has is none, at least with this `PARAMVAR`.
    UnusableUrl,
}

/// The request that tells a shop of this.
pub(crate) fn request(
    account: &FeedbackAccount,
    leased: &LeasedFeedback,
    facts: &Facts,
) -> Result<Request, NoRequest> {
    let url = address(&account.post_sale, leased).ok_or(NoRequest::NoUrl)?;
    let url = filled_in(url, facts.param_var.as_deref().unwrap_or_default());
    let mut url = Url::parse(&url).map_err(|_| NoRequest::UnusableUrl)?;
    let feedback = Feedback {
        order_id: &leased.payment.reference,
        payid: leased.payment.payid,
        telling: &leased.telling,
        facts,
        moment: leased.payment.created_at,
    };
    let signing = account
        .sha_out
        .as_ref()
        .map(|passphrase| (passphrase, account.hash));
    let pairs = feedback.encoded(signing);
    if account.post_sale.method == "POST" {
        return Ok(Request::Post(url, pairs));
    }
    let query = match url.query() {
        Some(own) if !own.is_empty() => format!("{own}&{pairs}"),
        Some(_) | None => pairs,
    };
    url.set_query(Some(&query));
    Ok(Request::Get(url))
}

/// Later changes have an address of their own. A shop without one still hears how an uncertain payment ended.
fn address<'a>(post_sale: &'a PostSale, leased: &LeasedFeedback) -> Option<&'a str> {
    let of_end = || match leased.telling.level {
        None => of_payment(post_sale, leased.telling.told()),
        Some(_) => None,
    };
    let url = match leased.occasion {
        Occasion::End => of_end(),
        Occasion::Change => post_sale.change_url.as_deref().or_else(of_end),
    };
    url.filter(|url| !url.is_empty())
}

/// Where a payment's end is told.
fn of_payment(post_sale: &PostSale, told: Told) -> Option<&str> {
    if told.is_accepted() || told.is_uncertain() {
        return post_sale.accept_url.as_deref();
    }
    match told.status {
        0 | 1 | 2 | 93 => post_sale.decline_url.as_deref(),
        // What was held ran out: no end of a payment, but something that became of it later.
        _ => None,
    }
}

fn filled_in(url: &str, param_var: &str) -> String {
    let escaped = utf8_percent_encode(param_var, ESCAPED).to_string();
    PLACEHOLDERS.iter().fold(url.to_owned(), |url, placeholder| {
        url.replace(placeholder, &escaped)
    })
}

#[cfg(test)]
mod tests;

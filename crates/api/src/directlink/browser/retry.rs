//! `order_agree.asp`: after a refusal, while tries are left, the shopper may pay with another card (ogone-directlink.md,
//! section 9.5). What was typed is read, used and forgotten: it is neither logged nor shown again.

use super::{
    Brought, Browsers,
    onward::Onward,
    return_address,
    returned::{self, WAIT_SECONDS},
    typed_card::{self, CODE, EXPIRY, HOLDER, NUMBER},
    words::{self, Texts, texts},
};
use crate::pages::{
    assets::{ADDRESSES, Addresses},
    headers::{Document, html},
    language,
    refused::Refused,
    words::{Words, naming},
};
use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode},
    response::Response,
};
use orchestrator::flows::directlink::{Ordered, Returned, View, account::DirectLinkAccount};
use payments::{Refusal, RefusalCode, directlink::NcError};

/// A card was posted.
pub(super) async fn answer(browsers: &Browsers, headers: &HeaderMap, brought: Brought) -> Response {
    let token = brought.token.as_str();
    let (account, view, left) = match returned::stands(browsers, headers, token).await {
        Ok((account, Returned::MayRetry { view, left })) => (account, view, left),
        // Sent twice, or from a page of long ago: what is under way, or over, is shown.
        Ok((account, Returned::NotYet(view) | Returned::Over(view))) => {
            return onward(browsers, headers, &account, &view, token, 0);
        }
        Err(refused) => return refused,
    };
    let words = language::words(view.language.as_deref(), headers);
    let card = match typed_card::read(&brought, texts(words), browsers.gateway.now().date()) {
        Ok(card) => card,
        Err(wrong) => return form(browsers, headers, &account, &view, left, &wrong),
    };
    match browsers.gateway.again(token, card).await {
        Ok(Some(Ordered::Tried(tried) | Ordered::Paid(tried))) => onward(
            browsers,
            headers,
            &account,
            &tried,
            &tried.payment.return_token,
            0,
        ),
        // Twice at the same moment: the first goes on, and its outcome is this one's.
        Ok(Some(Ordered::InFlight)) => onward(browsers, headers, &account, &view, token, WAIT_SECONDS),
        Ok(None) => onward(browsers, headers, &account, &view, token, 0),
        Err(refusal) => match wrong_card(&refusal, texts(words)) {
            Some(wrong) => form(browsers, headers, &account, &view, left, &[wrong]),
            None if refusal.code == RefusalCode::Internal => {
                Refused::Internal(refusal.description).in_words(words, browsers.urls)
            }
            // It cannot be tried now, be it that it was paid meanwhile: the payment says how it stands.
            None => onward(browsers, headers, &account, &view, token, WAIT_SECONDS),
        },
    }
}

/// What of the card it is that nobody takes.
fn wrong_card(refusal: &Refusal, texts: &Texts) -> Option<(&'static str, &'static str)> {
    match refusal.code {
        RefusalCode::BadSecurityCode | RefusalCode::MissingSecurityCode => Some((CODE, texts.code.wrong)),
        RefusalCode::BadExpiry => Some((EXPIRY, texts.expired)),
        RefusalCode::BadCardNumber
        | RefusalCode::InvalidCard
        | RefusalCode::CardForbidden
        | RefusalCode::ProcessorNotFound
        | RefusalCode::MethodNotConfigured => Some((NUMBER, texts.not_accepted)),
        _ => None,
    }
}

/// To the hosted page, or to where the payment says how it stands. Not by a redirect: the content policy of the card's form
/// follows those, and would have to let it post to any shop.
fn onward(
    browsers: &Browsers,
    headers: &HeaderMap,
    account: &DirectLinkAccount,
    view: &View,
    token: &str,
    seconds: u8,
) -> Response {
    let words = language::words(view.language.as_deref(), headers);
    let back = return_address(token);
    Onward {
        address: view.page_url.as_deref().unwrap_or(&back),
        text: words.finishing.to_owned(),
        seconds,
        moves_opener: false,
    }
    .show(account, view, words, browsers.urls)
}

/// The form for another card, with what is wrong with the one that was typed.
pub(super) fn form(
    browsers: &Browsers,
    headers: &HeaderMap,
    account: &DirectLinkAccount,
    view: &View,
    left: u8,
    wrong: &[(&'static str, &'static str)],
) -> Response {
    let words = language::words(view.language.as_deref(), headers);
    let texts = texts(words);
    let token = &view.payment.return_token;
    let page = RetryPage {
        words,
        assets: &ADDRESSES,
        texts,
        pay_to: naming(words.pay_to, &account.caller.merchant.name),
        amount: words.amount(view.order.amount),
        why: why(view.telling.error, texts),
        left: match left {
            1 => texts.one_left.to_owned(),
            left => texts.some_left.replace("{left}", &left.to_string()),
        },
        fields: fields(texts, wrong),
        wrong,
        action: "order_agree.asp",
        cancel: format!("order_agree.asp?cancel=1&token={token}"),
        token,
    };
    let status = if wrong.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    html(Document::CardForm, browsers.urls, words, status, &page)
}

fn why(error: NcError, texts: &Texts) -> &'static str {
    match error {
        NcError::AUTHENTICATION_FAILED => texts.not_authenticated,
        NcError::AUTHENTICATION_UNAVAILABLE => texts.not_available,
        _ => texts.declined,
    }
}

fn fields(texts: &'static Texts, wrong: &[(&'static str, &'static str)]) -> [InputField; 4] {
    let field = |name, text: &'static words::Field, autocomplete, length, numeric, whole| InputField {
        name,
        label: text.label,
        hint: text.hint,
        autocomplete,
        length,
        numeric,
        whole,
        wrong: wrong
            .iter()
            .find(|(field, _)| *field == name)
            .map(|(_, text)| *text),
    };
    [
        // Room for blanks between the digits.
        field(NUMBER, &texts.number, "cc-number", 30, true, true),
        field(EXPIRY, &texts.expiry, "cc-exp", 9, true, false),
        field(CODE, &texts.code, "cc-csc", 4, true, false),
        field(HOLDER, &texts.holder, "cc-name", 60, false, true),
    ]
}

/// An input of the form.
struct InputField {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    autocomplete: &'static str,
    length: u8,
    numeric: bool,
    /// Takes a row of its own.
    whole: bool,
    wrong: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "directlink/retry.html")]
struct RetryPage<'a> {
    words: &'static Words,
    assets: &'static Addresses,
    texts: &'static Texts,
    pay_to: String,
    amount: String,
    why: &'static str,
    left: String,
    fields: [InputField; 4],
    wrong: &'a [(&'static str, &'static str)],
    action: &'static str,
    cancel: String,
    token: &'a str,
}

//! `HTML_ANSWER`: what the shop puts in its page so that the shopper's browser goes on to the hosted page
//! (ogone-directlink.md, section 8.2).
//!
//! It stands in a page of the shop's, of which we know neither the character set nor the content policy, nor whether its
//! scripts run: so it is written in ASCII, and what the script does by itself a button does too.

use super::browser::words::texts;
use crate::pages::{language, words::Words};
use askama::Template;
use orchestrator::flows::directlink::{View, facts::Window};

/// A fragment of HTML that brings the browser to the payment's hosted page in the way of `WIN3DS`. Empty while no page is open.
pub fn of(view: &View) -> String {
    let Some(url) = &view.page_url else {
        return String::new();
    };
    let words = language::asked_for(view.language.as_deref()).unwrap_or(language::OTHERWISE);
    let opens = match view.facts.window {
        Window::Main => None,
        // A name of its own, so that two payments in one browser do not share a window.
        Window::PopUp | Window::PopUpStays => Some(format!("bank{}", view.payment.payid)),
    };
    // A form that is sent with GET has its fields in place of the address's query.
    let (action, query) = url.split_once('?').unwrap_or((url, ""));
    let fragment = Fragment {
        words,
        text: match &opens {
            None => words.connecting,
            Some(_) => texts(words).in_a_window,
        },
        action,
        fields: serde_urlencoded::from_str(query).unwrap_or_default(),
        opens,
    };
    in_ascii(&fragment.render().unwrap_or_else(|error| {
        tracing::error!(%error, "the way to the hosted page could not be written");
        String::new()
    }))
}

fn in_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            ascii.push_str(&format!("&#{};", u32::from(character)));
        }
    }
    ascii
}

#[derive(Template)]
#[template(path = "directlink/html_answer.html")]
struct Fragment<'a> {
    words: &'static Words,
    text: &'static str,
    action: &'a str,
    fields: Vec<(String, String)>,
    /// The window that it opens, if any.
    opens: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directlink::browser::testing::view;

    #[test]
    fn the_same_window_is_brought_to_the_hosted_page() {
        let fragment = of(&view(46));
        assert!(fragment.is_ascii());
        assert!(
            fragment.contains("method=\"get\" action=\"https://pay.example/transactions/view_challenge\">"),
            "{fragment}"
        );
        assert!(
            fragment.contains("name=\"token\" value=\"01ARZ3NDEKTSV4RRFFQ69G5FAV\""),
            "{fragment}"
        );
        assert!(
            fragment.contains("<button type=\"submit\">Continue</button>"),
            "{fragment}"
        );
        assert!(
            fragment.contains("form.submit();") && !fragment.contains("window.open"),
            "{fragment}"
        );
    }

    #[test]
    fn a_window_of_the_payments_own_is_opened() {
        for window in [Window::PopUp, Window::PopUpStays] {
            let mut view = view(46);
            view.facts.window = window;
            view.language = Some("es_ES".to_owned());
            let fragment = of(&view);
            assert!(fragment.contains(" target=\"bank3000000001\">"), "{fragment}");
            assert!(fragment.contains("window.open"), "{fragment}");
            assert!(
                fragment.contains("p&#225;gina") && fragment.is_ascii(),
                "{fragment}"
            );
        }
    }

    #[test]
    fn nothing_in_an_address_becomes_markup() {
        let mut view = view(46);
        view.page_url = Some("https://pay.example/\"><script>x</script>?token=%22%3E%3Cb%3E".to_owned());
        let fragment = of(&view);
        assert!(
            !fragment.contains("<script>x") && !fragment.contains("<b>"),
            "{fragment}"
        );
    }

    #[test]
    fn a_payment_without_a_page_leads_nowhere() {
        let mut view = view(5);
        view.page_url = None;
        assert_eq!(of(&view), "");
    }
}

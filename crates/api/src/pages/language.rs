//! In which of the three languages a cardholder is spoken to, on the pages of every face.

use super::words::{ENGLISH, PORTUGUESE, SPANISH, Words};
use axum::http::{HeaderMap, header};

/// For whom nothing is known but that the merchant asked for a language that we do not speak.
pub(crate) const OTHERWISE: &Words = &ENGLISH;

/// The words of the language that a payment's merchant asked for, else of the one that the browser likes best.
pub(crate) fn words(asked: Option<&str>, headers: &HeaderMap) -> &'static Words {
    asked_for(asked).unwrap_or_else(|| of_browser(headers))
}

/// The words of the language that a merchant asked for, as `en_US` or `en`, if it did.
pub(crate) fn asked_for(asked: Option<&str>) -> Option<&'static Words> {
    let primary = asked?.split(['_', '-']).next().unwrap_or_default();
    Some(spoken(primary).unwrap_or(OTHERWISE))
}

fn spoken(primary: &str) -> Option<&'static Words> {
    [&SPANISH, &PORTUGUESE, &ENGLISH]
        .into_iter()
        .find(|words| words.tag.eq_ignore_ascii_case(primary))
}

/// The words of the language that `Accept-Language` likes best among ours; Spanish when it likes none of them.
pub(crate) fn of_browser(headers: &HeaderMap) -> &'static Words {
    let text = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut best = (0, &SPANISH);
    for (tag, weight) in preferences(text) {
        let primary = tag.split('-').next().unwrap_or_default();
        if let Some(words) = spoken(primary)
            && weight > best.0
        {
            best = (weight, words);
        }
    }
    best.1
}

/// The first tag of `Accept-Language`: `browserLanguage` of a browser that cannot be asked.
pub(super) fn first_tag(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let (tag, _) = preferences(text).next()?;
    is_tag(tag).then(|| tag.to_owned())
}

/// Whether the text has the shape of a language tag (BCP 47) that EMV 3DS has room for.
pub(super) fn is_tag(text: &str) -> bool {
    (1..=35).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Tags with their weights in thousandths (RFC 9110 section 12.5.4). A weight that cannot be read counts as none.
fn preferences(text: &str) -> impl Iterator<Item = (&str, u16)> {
    text.split(',').map(|entry| {
        let (tag, parameters) = entry.split_once(';').unwrap_or((entry, "q=1"));
        let weight = parameters.trim().strip_prefix("q=").map_or(0, thousandths);
        (tag.trim(), weight)
    })
}

fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction:0<3}");
    if fraction.len() > 3 {
        0
    } else {
        digits.parse().map_or(0, |weight: u16| weight.min(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn language_for(accept: &'static str) -> &'static str {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accept));
        of_browser(&headers).tag
    }

    #[test]
    fn the_best_liked_language_of_ours_wins() {
        assert_eq!(language_for("pt-BR,pt;q=0.9,en;q=0.8"), "pt");
        assert_eq!(language_for("fr-CA, en;q=0.5, es;q=0.7"), "es");
        assert_eq!(language_for("en-GB"), "en");
        assert_eq!(language_for("en;q=0, pt;q=0.001"), "pt");
    }

    #[test]
    fn spanish_is_for_everybody_else() {
        for accept in ["", "fr", "*", "en;q=x", ";;,,", "en;q=0.00001", "english"] {
            assert_eq!(language_for(accept), "es", "{accept}");
        }
        assert_eq!(of_browser(&HeaderMap::new()).tag, "es");
    }

    #[test]
    fn what_the_merchant_asks_for_goes_before_the_browser() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("pt-BR"));
        for (asked, tag) in [
            (Some("es_ES"), "es"),
            (Some("EN-us"), "en"),
            (Some("fr_FR"), "en"),
            (Some("es"), "es"),
            (None, "pt"),
        ] {
            assert_eq!(words(asked, &headers).tag, tag, "{asked:?}");
        }
    }
}

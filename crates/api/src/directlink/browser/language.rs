//! In which language a shopper is spoken to.

use crate::pages::{
    language,
    words::{ENGLISH, PORTUGUESE, SPANISH, Words},
};
use axum::http::HeaderMap;
use payments::directlink::Facts;

/// For whom nothing is known, as the protocol has it.
pub(in crate::directlink) const OTHERWISE: &Words = &ENGLISH;

/// The language of the order's request, if it says: `LANGUAGE` is `en_US`, and one that we do not speak is answered in English.
pub(in crate::directlink) fn asked_for(facts: &Facts) -> Option<&'static Words> {
    let asked = facts.language.as_deref()?;
    let primary = asked.split(['_', '-']).next().unwrap_or_default();
    let spoken = [&SPANISH, &PORTUGUESE, &ENGLISH]
        .into_iter()
        .find(|words| words.tag.eq_ignore_ascii_case(primary));
    Some(spoken.unwrap_or(OTHERWISE))
}

/// The same, else what the browser likes best.
pub(super) fn words(facts: &Facts, headers: &HeaderMap) -> &'static Words {
    asked_for(facts).unwrap_or_else(|| language::words(headers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderValue, header};

    #[test]
    fn the_request_goes_before_the_browser() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("pt-BR"));
        for (asked, spoken) in [
            (Some("es_ES"), "es"),
            (Some("EN-us"), "en"),
            (Some("fr_FR"), "en"),
            (None, "pt"),
        ] {
            let facts = Facts {
                language: asked.map(str::to_owned),
                ..Facts::default()
            };
            assert_eq!(words(&facts, &headers).tag, spoken, "{asked:?}");
        }
    }
}

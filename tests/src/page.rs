//! Reads documents as far as a browser without eyes needs them: the form, its hidden fields, and attributes.

use std::collections::BTreeMap;

use url::Url;

use crate::http::Answer;

/// A document with at most one form of interest, the first.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its HTTP status.
    pub status: u16,
    /// Everything on it.
    pub html: String,
    /// Where its first form goes, as an absolute address.
    pub action: String,
    /// The hidden fields of that form.
    pub hidden: BTreeMap<String, String>,
}

impl Page {
    /// Reads what came from `address`.
    pub fn of(address: &str, answer: &Answer) -> Self {
        let html = answer.text.clone();
        let form = html
            .split("<form")
            .nth(1)
            .and_then(|rest| rest.split("</form>").next())
            .unwrap_or_default()
            .to_owned();
        let hidden = form
            .split("<input")
            .skip(1)
            .filter_map(|rest| rest.split('>').next())
            .filter(|input| attribute(input, "type").as_deref() == Some("hidden"))
            .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)))
            .collect();
        let action = form
            .split('>')
            .next()
            .and_then(|tag| attribute(tag, "action"))
            .unwrap_or_default();
        let action = Url::parse(address)
            .and_then(|base| base.join(&action))
            .map(String::from)
            .unwrap_or_default();
        Self {
            status: answer.status,
            html,
            action,
            hidden,
        }
    }

    /// Whether there is a form to be sent.
    pub fn has_form(&self) -> bool {
        self.html.contains("<form")
    }

    /// An attribute, wherever it stands.
    pub fn attribute(&self, name: &str) -> Option<String> {
        attribute(&self.html, name)
    }

    /// The hidden fields, with more that a person filled in.
    pub fn fields<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let hidden = self
            .hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        hidden.chain(more.iter().copied()).collect()
    }

    /// What stands between two pieces of the document.
    pub fn between(&self, start: &str, end: &str) -> Option<String> {
        let found = self.html.split(start).nth(1)?.split(end).next()?;
        Some(unescape(found))
    }
}

fn attribute(text: &str, name: &str) -> Option<String> {
    let value = text.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    Some(unescape(value))
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.find(';') else { break };
        let name = &rest[1..end];
        let symbol = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            numbered => numbered
                .strip_prefix('#')
                .and_then(|number| match number.strip_prefix('x') {
                    Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
                    None => number.parse().ok(),
                })
                .and_then(char::from_u32),
        };
        match symbol {
            Some(symbol) => {
                plain.push(symbol);
                rest = &rest[end + 1..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_escapes() {
        let answer = Answer {
            status: 200,
            headers: Default::default(),
            text: r#"<main id="payment" data-step="{&#34;next&#34;:&quot;done&quot;}"><form method="post" action="/a?b=1&amp;c=2">
                <input type="hidden" name="one" value="1 &#60; 2"><input id="code" name="code"></form></main>"#
                .to_owned(),
        };
        let page = Page::of("http://127.0.0.1:1/x/y", &answer);
        assert_eq!(page.action, "http://127.0.0.1:1/a?b=1&c=2");
        assert_eq!(page.fields(&[("code", "7")]), [("one", "1 < 2"), ("code", "7")]);
        assert_eq!(page.attribute("data-step").as_deref(), Some(r#"{"next":"done"}"#));
    }
}

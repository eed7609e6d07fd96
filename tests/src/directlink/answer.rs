//! The answer: one `ncresponse`, read as strictly as the strictest XML parser of any shop would.

use std::collections::BTreeMap;

use base64::Engine as _;
use reqwest::header::HeaderMap;

use crate::http::Answer;
use crate::page::Page;

/// What answers say they are.
pub const CONTENT_TYPE: &str = "text/XML; Charset=iso-8859-1";

/// An `ncresponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NcResponse {
    /// Its attributes by their names as written.
    pub attributes: BTreeMap<String, String>,
    /// The attributes' names in their order.
    pub names: Vec<String>,
    /// What `HTML_ANSWER` holds, decoded.
    pub html_answer: Option<String>,
    /// The name of the element around it, if there is one.
    pub root: Option<String>,
}

/// What is left of a document.
struct Rest<'a>(&'a str);

impl NcResponse {
    /// Reads an answer, which must be a success of HTTP.
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), CONTENT_TYPE, "{}", answer.text);
        Self::parse(&answer.text)
    }

    /// Reads a document. It must be in ASCII, so that it is the same whether a parser believes the header or the document,
    /// which without an `encoding` is in UTF-8.
    pub fn parse(document: &str) -> Self {
        assert!(document.is_ascii(), "{document}");
        let mut rest = Rest(document);
        rest.expect("<?xml version=\"1.0\"?>");
        rest.blanks();
        let mut name = rest.opened();
        let mut root = None;
        if name != "ncresponse" {
            rest.expect(">");
            rest.blanks();
            root = Some(name);
            name = rest.opened();
        }
        assert_eq!(name, "ncresponse", "{document}");
        let names_and_values = rest.attributes();
        let mut html_answer = None;
        if !rest.skips("/>") {
            rest.expect(">");
            rest.blanks();
            html_answer = Some(rest.html_answer());
            rest.blanks();
            rest.expect("</ncresponse>");
        }
        rest.blanks();
        if let Some(root) = &root {
            rest.expect(&format!("</{root}>"));
            rest.blanks();
        }
        assert_eq!(rest.0, "", "after the document: {document}");
        let names: Vec<String> = names_and_values.iter().map(|(name, _)| name.clone()).collect();
        let attributes: BTreeMap<_, _> = names_and_values.into_iter().collect();
        assert_eq!(attributes.len(), names.len(), "an attribute twice: {document}");
        Self {
            attributes,
            names,
            html_answer,
            root,
        }
    }

    /// An attribute; panics where there is none.
    pub fn get(&self, name: &str) -> &str {
        match self.attributes.get(name) {
            Some(value) => value,
            None => panic!("no {name} in {self:?}"),
        }
    }

    /// `STATUS`.
    pub fn status(&self) -> &str {
        self.get("STATUS")
    }

    /// `NCERROR`.
    pub fn error(&self) -> &str {
        self.get("NCERROR")
    }

    /// `PAYID`.
    pub fn payid(&self) -> &str {
        self.get("PAYID")
    }

    /// `STATUS` and `NCERROR`.
    pub fn told(&self) -> (&str, &str) {
        (self.status(), self.error())
    }

    /// Where `HTML_ANSWER` brings the browser that is shown it: the address that its form makes.
    pub fn page_url(&self) -> String {
        let html = self.html_answer.clone().expect("a page for the shopper");
        let page = Page::of(
            "about:blank",
            &Answer {
                status: 200,
                headers: HeaderMap::new(),
                text: html,
            },
        );
        let fields = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(page.fields(&[]))
            .finish();
        format!("{}?{fields}", page.action)
    }

    /// Panics unless it is a refusal before anything was done: `STATUS` 0, `NCSTATUS` 5, this `NCERROR`, and words with this in
    /// them.
    pub fn assert_complains(&self, error: &str, words: &str) {
        let told = (self.status(), self.get("NCSTATUS"), self.error());
        assert_eq!(told, ("0", "5", error), "{self:?}");
        assert!(self.get("NCERRORPLUS").contains(words), "{words}: {self:?}");
    }
}

impl Rest<'_> {
    fn skips(&mut self, text: &str) -> bool {
        let after = self.0.strip_prefix(text);
        self.0 = after.unwrap_or(self.0);
        after.is_some()
    }

    fn expect(&mut self, text: &str) {
        assert!(self.skips(text), "{text} expected at {:?}", self.0);
    }

    /// Whether there were any.
    fn blanks(&mut self) -> bool {
        let before = self.0.len();
        self.0 = self.0.trim_start_matches([' ', '\t', '\r', '\n']);
        self.0.len() < before
    }

    fn until(&mut self, end: &str) -> String {
        let (text, after) = self.0.split_once(end).unwrap_or_else(|| panic!("{end} missing"));
        self.0 = after;
        text.to_owned()
    }

    fn name(&mut self) -> String {
        let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || "_-.:".contains(letter);
        let length = self.0.find(|letter| !is_of_name(letter)).unwrap_or(self.0.len());
        let (name, after) = self.0.split_at(length);
        assert!(
            name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_'),
            "no name at {:?}",
            self.0
        );
        self.0 = after;
        name.to_owned()
    }

    /// The name of an element that is opened here.
    fn opened(&mut self) -> String {
        self.expect("<");
        self.name()
    }

    fn attributes(&mut self) -> Vec<(String, String)> {
        let mut attributes = Vec::new();
        loop {
            let apart = self.blanks();
            if self.0.starts_with(['/', '>']) {
                return attributes;
            }
            assert!(apart, "no blank before {:?}", self.0);
            let name = self.name();
            self.expect("=");
            let quote = if self.skips("'") { "'" } else { "\"" };
            if quote == "\"" {
                self.expect(quote);
            }
            attributes.push((name, unescaped(&self.until(quote))));
        }
    }

    fn html_answer(&mut self) -> String {
        self.expect("<HTML_ANSWER>");
        let encoded = self.until("</HTML_ANSWER>");
        let page = base64::engine::general_purpose::STANDARD.decode(&encoded);
        String::from_utf8(page.unwrap_or_else(|error| panic!("{error}: {encoded}"))).expect("a page in UTF-8")
    }
}

/// A value without its references.
fn unescaped(value: &str) -> String {
    assert!(!value.contains(['<', '\n', '\r', '\t']), "{value:?}");
    let mut pieces = value.split('&');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (reference, after) = piece.split_once(';').expect("the end of a reference");
        text.push(referred(reference));
        text.push_str(after);
    }
    text
}

fn referred(reference: &str) -> char {
    let number = match reference {
        "lt" => return '<',
        "gt" => return '>',
        "amp" => return '&',
        "quot" => return '"',
        "apos" => return '\'',
        other => other.strip_prefix('#').expect("a known reference"),
    };
    let code = match number.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    let letter = code.ok().and_then(char::from_u32).expect("a character");
    assert!(
        letter >= ' ' || matches!(letter, '\t' | '\n' | '\r'),
        "XML has no place for {letter:?}"
    );
    letter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let answer = NcResponse::parse(
            "<?xml version=\"1.0\"?>\n<ncresponse\norderID=\"A&#233;&lt;&quot;\" STATUS='46'>\n\
             <HTML_ANSWER>PGZvcm0+</HTML_ANSWER>\n</ncresponse>",
        );
        assert_eq!(answer.get("orderID"), "Aé<\"");
        assert_eq!(answer.status(), "46");
        assert_eq!(answer.html_answer.as_deref(), Some("<form>"));
        assert_eq!(answer.names, ["orderID", "STATUS"]);
        let bare =
            NcResponse::parse("<?xml version=\"1.0\"?><response><ncresponse STATUS=\"0\"/></response>");
        assert_eq!(bare.root.as_deref(), Some("response"));
        assert_eq!(bare.html_answer, None);
    }

    #[test]
    fn what_a_strict_parser_refuses_is_refused() {
        for document in [
            "<ncresponse STATUS=\"0\"/>",
            "<?xml version=\"1.0\"?><ncresponse STATUS=\"0\">",
            "<?xml version=\"1.0\"?><ncresponse STATUS=\"0\"STATUS2=\"0\"/>",
            "<?xml version=\"1.0\"?><ncresponse STATUS=\"0\" STATUS=\"0\"/>",
            "<?xml version=\"1.0\"?><ncresponse STATUS=\"a & b\"/>",
            "<?xml version=\"1.0\"?><ncresponse STATUS=\"a<b\"/>",
            "<?xml version=\"1.0\"?><ncresponse STATUS=\"&#1;\"/>",
            "<?xml version=\"1.0\"?><ncresponse STATUS=\"é\"/>",
            "<?xml version=\"1.0\"?><ncresponse STATUS=\"0\"/>more",
        ] {
            let read = std::panic::catch_unwind(|| NcResponse::parse(document));
            assert!(read.is_err(), "{document}");
        }
    }
}

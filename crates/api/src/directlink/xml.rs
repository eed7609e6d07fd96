//! The answer: one `ncresponse` whose attributes say everything (ogone-directlink.md, section 5).
//!
//! The header says ISO-8859-1, the XML declaration nothing, which means UTF-8: so all is in ASCII, which both are, and any other
//! character is a reference.

/// What answers say of themselves.
pub const CONTENT_TYPE: &str = "text/XML; Charset=iso-8859-1";

/// What documents begin with, without their character set: clients know it from the protocol.
pub const PROLOGUE: &str = "<?xml version=\"1.0\"?>\n";

/// An `ncresponse` being written.
#[derive(Debug, Clone)]
pub struct NcResponse {
    attributes: Vec<(String, String)>,
    html_answer: Option<String>,
    with_root: bool,
}

impl NcResponse {
    /// Without attributes. `with_root` puts an element around it, as `WITHROOT=Y` asks.
    pub fn new(with_root: bool) -> Self {
        Self {
            attributes: Vec::new(),
            html_answer: None,
            with_root,
        }
    }

    /// Adds an attribute; empty ones are written too, as the vendor does.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    /// The same with one that only some answers have.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Whether it has an attribute of that name, in whatever letter case.
    pub fn has(&self, name: &str) -> bool {
        self.attributes
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// Adds the page that brings the shopper to the bank, in Base64.
    #[must_use]
    pub fn with_html_answer(mut self, base64: String) -> Self {
        self.html_answer = Some(base64);
        self
    }

    /// The whole document. What XML 1.0 has no place for is left out; what ASCII has no byte for is a reference.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = String::from(PROLOGUE);
        if self.with_root {
            text.push_str("<response>\n");
        }
        text.push_str("<ncresponse");
        for (name, value) in &self.attributes {
            text.push('\n');
            text.push_str(name);
            text.push_str("=\"");
            value.chars().for_each(|character| escape(character, &mut text));
            text.push('"');
        }
        match &self.html_answer {
            None => text.push_str("/>"),
            Some(answer) => {
                text.push_str(">\n<HTML_ANSWER>");
                text.push_str(answer);
                text.push_str("</HTML_ANSWER>\n</ncresponse>");
            }
        }
        if self.with_root {
            text.push_str("\n</response>");
        }
        text.into_bytes()
    }
}

/// An element with nothing but text.
pub fn element(name: &str, value: &str) -> String {
    let mut text = format!("<{name}>");
    value.chars().for_each(|character| escape(character, &mut text));
    text.push_str(&format!("</{name}>"));
    text
}

/// XML has no place for other control characters; line breaks in attributes would be read as blanks.
fn escape(character: char, text: &mut String) {
    match character {
        '<' => text.push_str("&lt;"),
        '>' => text.push_str("&gt;"),
        '&' => text.push_str("&amp;"),
        '"' => text.push_str("&quot;"),
        '\'' => text.push_str("&apos;"),
        '\t' | '\n' | '\r' => text.push_str(&format!("&#{};", u32::from(character))),
        '\u{20}'..='\u{7E}' => text.push(character),
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' => {}
        beyond => text.push_str(&format!("&#{};", u32::from(beyond))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(response: &NcResponse) -> String {
        response.to_bytes().iter().map(|byte| char::from(*byte)).collect()
    }

    #[test]
    fn an_answer_is_one_element_of_attributes() {
        let response = NcResponse::new(false)
            .with("orderID", "A1")
            .with("STATUS", "5")
            .with("ACCEPTANCE", "");
        assert_eq!(
            text(&response),
            "<?xml version=\"1.0\"?>\n<ncresponse\norderID=\"A1\"\nSTATUS=\"5\"\nACCEPTANCE=\"\"/>"
        );
    }

    #[test]
    fn whatever_a_shop_sent_stays_inside_its_attribute() {
        let response = NcResponse::new(false).with("orderID", "\"/><x a='é 日本 €\u{0}\n&'");
        let text = text(&response);
        assert!(
            text.ends_with(
                "orderID=\"&quot;/&gt;&lt;x a=&apos;&#233; &#26085;&#26412; &#8364;&#10;&amp;&apos;\"/>"
            ),
            "{text}"
        );
    }

    #[test]
    fn the_page_for_the_shopper_is_a_child() {
        let response = NcResponse::new(true)
            .with("STATUS", "46")
            .with_html_answer("PGh0bWw+".to_owned());
        assert_eq!(
            text(&response),
            "<?xml version=\"1.0\"?>\n<response>\n<ncresponse\nSTATUS=\"46\">\n<HTML_ANSWER>PGh0bWw+</HTML_ANSWER>\n</ncresponse>\n</response>"
        );
    }
}

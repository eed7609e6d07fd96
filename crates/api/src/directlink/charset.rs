//! The two character sets of the protocol: UTF-8, and Windows-1252, which is what its senders mean by ISO-8859-1.

use payments::directlink::windows_1252;

/// How a request's bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Said by the request: UTF-8 and nothing else.
    Utf8,
    /// Said by the request.
    Windows1252,
    /// Nothing is said: UTF-8 where the bytes are, else Windows-1252.
    Either,
}

impl Charset {
    /// By the `charset` of a `Content-Type`, else by the page's name (`…_utf8.asp`).
    pub fn of(content_type: Option<&str>, path: &str) -> Self {
        let said = content_type.and_then(|value| {
            value.split(';').skip(1).find_map(|parameter| {
                let (name, charset) = parameter.split_once('=')?;
                let charset = charset.trim().trim_matches('"').to_ascii_lowercase();
                name.trim().eq_ignore_ascii_case("charset").then_some(charset)
            })
        });
        match said.as_deref() {
            Some("utf-8" | "utf8") => Self::Utf8,
            Some("iso-8859-1" | "iso8859-1" | "latin1" | "windows-1252" | "cp1252") => Self::Windows1252,
            _ if path.to_ascii_lowercase().ends_with("_utf8.asp") => Self::Utf8,
            _ => Self::Either,
        }
    }

    /// The text; `None` for what is not of the character set.
    pub fn read(self, bytes: &[u8]) -> Option<String> {
        let utf8 = std::str::from_utf8(bytes).ok().map(str::to_owned);
        match self {
            Self::Utf8 => utf8,
            Self::Windows1252 => Some(windows_1252::text(bytes)),
            Self::Either => Some(utf8.unwrap_or_else(|| windows_1252::text(bytes))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_says_how_it_is_to_be_read() {
        let form = "application/x-www-form-urlencoded";
        for (content_type, path, charset) in [
            (
                format!("{form}; charset=UTF-8"),
                "/ncol/test/orderdirect.asp",
                Charset::Utf8,
            ),
            (
                format!("{form};charset=\"iso-8859-1\""),
                "/ncol/test/orderdirect_utf8.asp",
                Charset::Windows1252,
            ),
            (form.to_owned(), "/ncol/test/orderdirect_UTF8.asp", Charset::Utf8),
            (form.to_owned(), "/ncol/test/orderdirect.asp", Charset::Either),
        ] {
            assert_eq!(
                Charset::of(Some(&content_type), path),
                charset,
                "{content_type} {path}"
            );
        }
    }

    #[test]
    fn both_character_sets_are_read() {
        assert_eq!(
            Charset::Either.read("Señora Ÿ €".as_bytes()).unwrap(),
            "Señora Ÿ €"
        );
        assert_eq!(
            Charset::Either.read(b"Se\xF1ora \x9F \x80").unwrap(),
            "Señora Ÿ €"
        );
        assert_eq!(Charset::Utf8.read(b"Se\xF1ora"), None);
        assert_eq!(Charset::Windows1252.read("ñ".as_bytes()).unwrap(), "Ã±");
    }
}

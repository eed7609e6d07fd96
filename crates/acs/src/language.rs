//! The languages that screens and messages are written in.

use serde::{Deserialize, Serialize};

/// A language of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    English,
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
    /// Portuguese.
    #[serde(rename = "pt")]
    Portuguese,
    /// Japanese.
    #[serde(rename = "ja")]
    Japanese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::English, Self::Spanish, Self::Portuguese, Self::Japanese];

    /// The ISO 639-1 code: `en`, `es`, `pt`, `ja`.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::Portuguese => "pt",
            Self::Japanese => "ja",
        }
    }

    /// The language of a BCP 47 tag such as `es-MX`, whatever its region and letter case; `None` for others.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        Self::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(primary))
    }

    /// The first of the tags that is one of ours, in the order card's language, browser's languages, issuer's default.
    pub fn choose<'a>(tags: impl IntoIterator<Item = &'a str>, default: Self) -> Self {
        tags.into_iter().find_map(Self::of_tag).unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_language_is_chosen() {
        assert_eq!(
            Language::choose(["de-CH", "pt-BR", "es"], Language::English),
            Language::Portuguese
        );
        assert_eq!(Language::choose(["de"], Language::Japanese), Language::Japanese);
        assert_eq!(Language::of_tag("ES_mx"), Some(Language::Spanish));
    }
}

use super::{form, refused::Refused};
use axum::{body::Bytes, extract::rejection::BytesRejection};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// A page's token: a ULID, 26 characters of Crockford's base 32. Read before anything is looked up with it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PageToken(String);

const CHARACTERS: usize = 26;

/// The form or query of a request that has nothing but a page's token.
#[derive(Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TokenField {
    /// The page's token.
    #[schema(value_type = String, example = "01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    token: Option<String>,
}

impl TokenField {
    /// The token of a page's own address. Whatever is wrong with it, to a reader there is no such page.
    pub(super) fn of_address(query: Option<String>) -> Result<PageToken, Refused> {
        let field: Self = form::of_query(query).map_err(|_| Refused::UnknownToken)?;
        field
            .token
            .as_deref()
            .and_then(PageToken::parse)
            .ok_or(Refused::UnknownToken)
    }

    /// The token in a form.
    pub(super) fn of_body(body: Result<Bytes, BytesRejection>) -> Result<PageToken, Refused> {
        let field: Self = form::of_body(body)?;
        PageToken::of_member(form::filled(field.token.as_ref()))
    }
}

impl PageToken {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        let digits =
            |byte: u8| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"ILOU".contains(&byte));
        // 26 times 5 bits are two more than a ULID has, hence the first character's limit.
        let fits = upper.len() == CHARACTERS && matches!(upper.as_bytes(), [b'0'..=b'7', ..]);
        (fits && upper.bytes().all(digits)).then_some(Self(upper))
    }

    /// The token as a member of a request.
    pub(super) fn of_member(token: Option<&str>) -> Result<Self, Refused> {
        let text = token.ok_or(Refused::member("token", "is required"))?;
        Self::parse(text).ok_or(Refused::member("token", "must be a ULID"))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_ulid() {
        let read = |text: &str| PageToken::parse(text).map(|token| token.as_str().to_owned());
        assert_eq!(
            read("01arz3ndektsv4rrffq69g5fav").as_deref(),
            Some("01ARZ3NDEKTSV4RRFFQ69G5FAV")
        );
        for text in [
            "",
            "01ARZ3NDEKTSV4RRFFQ69G5FA",
            "81ARZ3NDEKTSV4RRFFQ69G5FAV",
            "01ARZ3NDEKTSV4RRFFQ69G5FAU",
            "é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}

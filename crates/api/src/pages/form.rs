use super::refused::Refused;
use axum::{body::Bytes, extract::rejection::BytesRejection};
use serde::de::DeserializeOwned;

/// Reads a body as a form, whatever its declared type: ACSs differ, and the routes that use this take nothing else.
pub(super) fn of_body<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, Refused> {
    let bytes = body.map_err(|_| Refused::TooLarge)?;
    serde_urlencoded::from_bytes(&bytes).map_err(|_| Refused::member("body", "must be an URL-encoded form"))
}

/// Reads what follows the question mark.
pub(super) fn of_query<T: DeserializeOwned>(query: Option<String>) -> Result<T, Refused> {
    let query = query.unwrap_or_default();
    serde_urlencoded::from_str(&query).map_err(|_| Refused::member("query", "must be URL-encoded"))
}

/// A field's value; an empty one counts as absent.
pub(super) fn filled(field: Option<&String>) -> Option<&str> {
    field.map(String::as_str).filter(|value| !value.is_empty())
}

//! How the parts of a reply are read that only inform: they must never turn an approval into an unknown outcome.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

/// The longest raw text kept of a reply.
const RAW_TEXT_MAX_CHARACTERS: usize = 200;

/// Reads what has another type than expected as absent; for `#[serde(default, deserialize_with = "lenient")]`.
pub fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw = Option::<&RawValue>::deserialize(deserializer)?;
    Ok(raw.and_then(|raw| serde_json::from_str(raw.get()).ok()))
}

/// The text as it came, up to the longest that is kept.
pub fn shortened(text: &str) -> String {
    text.chars().take(RAW_TEXT_MAX_CHARACTERS).collect()
}

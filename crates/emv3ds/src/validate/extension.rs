//! Message extensions that must not be passed over.

use serde_json::{Map, Value};

/// Identifiers, comma separated, of the critical extensions that are not among `known`.
///
/// An extension without a readable identifier is reported by its element's name; one whose `criticalityIndicator` is
/// no boolean is left to the format check.
pub(super) fn unknown_critical(root: &Map<String, Value>, known: &[&str]) -> Option<String> {
    const IDENTIFIER_MAX_CHARACTERS: usize = 64;

    let extensions = root.get("messageExtension")?.as_array()?;
    let unknown: Vec<&str> = extensions
        .iter()
        .filter(|extension| extension.get("criticalityIndicator") == Some(&Value::Bool(true)))
        .map(|extension| extension.get("id").and_then(Value::as_str).unwrap_or_default())
        .filter(|identifier| !known.contains(identifier))
        .map(|identifier| {
            let plain = identifier.len() <= IDENTIFIER_MAX_CHARACTERS
                && !identifier.is_empty()
                && identifier
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b',');
            if plain { identifier } else { "messageExtension.id" }
        })
        .collect();
    if unknown.is_empty() {
        None
    } else {
        Some(unknown.join(","))
    }
}

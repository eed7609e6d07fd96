//! `[database]`: where the database is, and how many connections to it there are.

use super::{
    Database,
    read::{milliseconds, section},
};
use payments::fields::{Fields, Problems, integer, text};
use primitives::Secret;
use serde_json::Value;
use std::{fs, path::Path};
use store::StoreSettings;

/// Reads the section.
pub(super) fn read(root: &Fields<'_>, problems: &mut Problems) -> Option<Database> {
    let known = ["url", "url_file", "max_connections", "acquire_timeout_ms"];
    let fields = section(root, "database", &known, problems)?;
    let url = match (
        fields.value("url"),
        fields.take("url_file", text(4_096), problems),
    ) {
        (Some(_), Some(_)) => {
            problems.add(
                "database.url_file",
                "must not be given together with database.url",
            );
            None
        }
        (None, Some(file)) => match from_file(Path::new(&file)) {
            Ok(url) => database_url(&Value::String(url), "database.url_file", problems),
            Err(text) => {
                problems.add("database.url_file", text);
                None
            }
        },
        (Some(url), None) => database_url(url, "database.url", problems),
        (None, None) => {
            if fields.value("url_file").is_none() {
                problems.add("database.url", "is required");
            }
            None
        }
    };
    let max_connections = fields.need("max_connections", integer(2..=10_000u32), problems);
    let acquire_timeout = milliseconds(&fields, "acquire_timeout_ms", problems);
    let settings = StoreSettings {
        max_connections: max_connections?,
        acquire_timeout: acquire_timeout?,
    };
    Some(Database { url: url?, settings })
}

fn database_url(value: &Value, field: &str, problems: &mut Problems) -> Option<Secret<String>> {
    match value.as_str() {
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Some(Secret::new(url.to_owned()))
        }
        _ => {
            problems.add(field, "must be a postgres:// URL");
            None
        }
    }
}

fn from_file(path: &Path) -> Result<String, String> {
    let contents = fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    Ok(contents.trim().to_owned())
}

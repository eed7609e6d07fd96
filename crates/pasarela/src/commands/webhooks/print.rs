//! Answers as lines that people read. They come from the API's documents, so that nothing is shown here that is not there.

use serde_json::Value;
use std::fmt::Write;

/// A member as it is read in a line; `-` when there is none.
fn word(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        Value::Array(entries) => {
            let words: Vec<_> = entries.iter().map(word).collect();
            words.join(",")
        }
        other => other.to_string(),
    }
}

fn entries(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Writing to a `String` cannot fail.
fn line(lines: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = writeln!(lines, "{arguments}");
}

fn state(endpoint: &Value) -> String {
    match (&endpoint["enabled"], &endpoint["failing_since"]) {
        (Value::Bool(false), _) => format!("off ({})", word(&endpoint["disabled_reason"])),
        (_, Value::String(since)) => format!("failing since {since}"),
        _ => "on".into(),
    }
}

fn filter(endpoint: &Value) -> String {
    match entries(&endpoint["event_types"]) {
        [] => "all events".into(),
        _ => word(&endpoint["event_types"]),
    }
}

/// A line for each endpoint.
pub fn endpoints(list: &Value) -> String {
    let mut lines = String::new();
    for endpoint in entries(&list["data"]) {
        line(
            &mut lines,
            format_args!(
                "{}  {}  {}  {}  {}",
                word(&endpoint["id"]),
                state(endpoint),
                word(&endpoint["url"]),
                filter(endpoint),
                word(&endpoint["description"]),
            ),
        );
    }
    if lines.is_empty() {
        lines.push_str("no webhook endpoints\n");
    }
    lines
}

/// An endpoint, or the merchant's own URLs, a line for each member.
pub fn endpoint(endpoint: &Value) -> String {
    let mut lines = String::new();
    let mut member = |name: &str, text: String| line(&mut lines, format_args!("{name:<12} {text}"));
    member("id", word(&endpoint["id"]));
    member("url", word(&endpoint["url"]));
    if endpoint.get("enabled").is_some() {
        member("state", state(endpoint));
        member("events", filter(endpoint));
        member("description", word(&endpoint["description"]));
        member("per second", word(&endpoint["rate_per_second"]));
        member("version", word(&endpoint["version"]));
        member("created", word(&endpoint["created_at"]));
        member("changed", word(&endpoint["updated_at"]));
    }
    for key in entries(&endpoint["keys"]) {
        let until = match &key["expires_at"] {
            Value::Null => String::new(),
            until => format!("  until {}", word(until)),
        };
        member(
            "key",
            format!("{:<3} {}{until}", word(&key["scheme"]), word(&key["public_key"])),
        );
    }
    if endpoint.get("webhook_secret").is_some() {
        member(
            "secret",
            format!("{}  (shown this once)", word(&endpoint["webhook_secret"])),
        );
    }
    lines
}

/// Keys just made.
pub fn keys(issued: &Value) -> String {
    let mut lines = String::new();
    let shown = [
        ("secret", "webhook_secret", "  (shown this once)"),
        ("public key", "public_key", ""),
        ("old keys", "overlap_until", " is the last time they sign"),
    ];
    for (name, member, remark) in shown {
        if !issued[member].is_null() {
            line(
                &mut lines,
                format_args!("{name:<12} {}{remark}", word(&issued[member])),
            );
        }
    }
    if issued["overlap_until"].is_null() {
        lines.push_str("old keys     sign no more\n");
    }
    lines
}

/// One line of the log.
fn attempt(attempt: &Value) -> String {
    let answer = match &attempt["response"]["http_status"] {
        Value::Null => String::new(),
        status => format!(" {status}"),
    };
    format!(
        "{}  {} {}  try {}  {} ({}{answer}, {} ms)  {}",
        word(&attempt["begun_at"]),
        word(&attempt["event_id"]),
        word(&attempt["event_type"]),
        word(&attempt["attempt"]),
        word(&attempt["outcome"]),
        word(&attempt["code"]),
        word(&attempt["latency_ms"]),
        word(&attempt["request"]["url"]),
    )
}

fn page(list: &Value, one: fn(&Value) -> String, nothing: &str) -> String {
    let mut lines = String::new();
    for entry in entries(&list["data"]) {
        line(&mut lines, format_args!("{}", one(entry)));
    }
    if lines.is_empty() {
        line(&mut lines, format_args!("{nothing}"));
    }
    if let Value::String(next) = &list["next"] {
        line(&mut lines, format_args!("next: {next}"));
    }
    lines
}

/// The log.
pub fn attempts(list: &Value) -> String {
    page(list, attempt, "no attempts")
}

/// What was given up.
pub fn dead_letters(list: &Value) -> String {
    let letter = |letter: &Value| {
        format!(
            "{}  {} {}  {} tries  {}  {}",
            word(&letter["given_up_at"]),
            word(&letter["event_id"]),
            word(&letter["event_type"]),
            word(&letter["attempts"]),
            word(&letter["code"]),
            word(&letter["url"]),
        )
    };
    page(list, letter, "no dead letters")
}

/// A test that was sent.
pub fn test(sent: &Value) -> String {
    let event = word(&sent["event_id"]);
    match &sent["attempt"] {
        Value::Null => {
            format!("queued as event {event}; `attempts --event {event}` tells what comes of it\n")
        }
        made => format!("{}\n", attempt(made)),
    }
}

/// An event and all that came of it.
pub fn event(shown: &Value) -> String {
    let mut lines = format!(
        "{}  {} {}  sequence {}\n",
        word(&shown["created_at"]),
        word(&shown["event_id"]),
        word(&shown["event_type"]),
        word(&shown["sequence"]),
    );
    for made in entries(&shown["attempts"]) {
        line(
            &mut lines,
            format_args!("{}  {}", word(&made["target"]), attempt(made)),
        );
    }
    for member in ["order", "endpoint"] {
        if let Some(document) = shown.get(member) {
            line(&mut lines, format_args!("{document:#}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_attempt_is_one_line_with_what_came_of_it() {
        let list = json!({
            "data": [{
                "event_id": "e-1", "event_type": "order.pending", "target": "own", "attempt": 2, "outcome": "retry",
                "code": "http_status", "begun_at": "2026-11-22T10:00:00Z", "latency_ms": 31,
                "request": {"url": "https://shop.example/h"}, "response": {"http_status": 500, "body": "no"}
            }],
            "next": "c"
        });
        assert_eq!(
            attempts(&list),
            "2026-11-22T10:00:00Z  e-1 order.pending  try 2  retry (http_status 500, 31 ms)  \
             https://shop.example/h\nnext: c\n"
        );
        assert_eq!(attempts(&json!({"data": [], "next": null})), "no attempts\n");
    }

    #[test]
    fn an_endpoint_says_why_it_is_off() {
        let off = json!({"data": [{
            "id": "ep_1", "url": "https://a.example", "enabled": false, "disabled_reason": "gone",
            "event_types": [], "description": null
        }]});
        assert_eq!(
            endpoints(&off),
            "ep_1  off (gone)  https://a.example  all events  -\n"
        );
    }
}

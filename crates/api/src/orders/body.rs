//! A body's bytes as one JSON object, with everything noticed that a plain reading would swallow.
//!
//! Three things are refused here rather than further in: a name given twice (two readers could see two different
//! amounts), nesting deeper than any honest order, and the character U+0000, which the database cannot hold.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Objects and arrays inside each other. The deepest of the reference, an airline's segments, need about eight.
const DEPTH_MAX: usize = 32;

/// A caller's member name longer than this is not repeated in an error.
const SHOWN_NAME_MAX_CHARACTERS: usize = 40;

/// What keeps bytes from being a request: the member at fault, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnObject {
    /// `body`, or a path from its root.
    pub field: String,
    pub description: String,
}

impl NotAnObject {
    fn of_body(description: impl Into<String>) -> Self {
        Self {
            field: "body".to_owned(),
            description: description.into(),
        }
    }
}

/// Reads `bytes` as one JSON object.
pub fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, NotAnObject> {
    // Byte-order marks are sent by some clients though RFC 8259 forbids them; it also lets readers ignore them.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut noticed = None;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let root = Node {
        noticed: &mut noticed,
        path: None,
        depth: 0,
    }
    .deserialize(&mut reader);
    let read = root.and_then(|value| reader.end().map(|()| value));
    if let Some(noticed) = noticed {
        return Err(noticed);
    }
    match read {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(NotAnObject::of_body("must be a JSON object")),
        // The parser's own words may quote the body, which may hold card data; the position is enough.
        Err(error) => Err(NotAnObject::of_body(format!(
            "is not valid JSON at line {}, column {}",
            error.line(),
            error.column()
        ))),
    }
}

/// The names that lead to a value, innermost first.
#[derive(Clone, Copy)]
struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Index(usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}")?;
        }
        match self.step {
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Member(name) => {
                let dot = if self.parent.is_some() { "." } else { "" };
                write!(f, "{dot}{}", shown(name))
            }
        }
    }
}

/// A member name as an error may repeat it: nothing that could be a card number, a script or a novel.
fn shown(name: &str) -> &str {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    if plain && digits < 8 && (1..=SHOWN_NAME_MAX_CHARACTERS).contains(&name.len()) {
        name
    } else {
        "…"
    }
}

/// Any value, with a note of the first thing that must not be.
struct Node<'a> {
    noticed: &'a mut Option<NotAnObject>,
    path: Option<&'a Path<'a>>,
    depth: usize,
}

impl Node<'_> {
    /// Ends the reading. The note is what the caller is told; the error only stops the parser.
    fn refuse<E: serde::de::Error>(&mut self, description: &str) -> E {
        let field = self.path.map_or_else(|| "body".to_owned(), Path::to_string);
        self.noticed.get_or_insert(NotAnObject {
            field,
            description: description.to_owned(),
        });
        E::custom("refused")
    }

    fn text<E: serde::de::Error>(&mut self, text: &str) -> Result<(), E> {
        if text.contains('\0') {
            Err(self.refuse("must not contain the character U+0000"))
        } else {
            Ok(())
        }
    }

    fn deeper<E: serde::de::Error>(&mut self) -> Result<usize, E> {
        if self.depth < DEPTH_MAX {
            Ok(self.depth + 1)
        } else {
            // The path down there would say less than it is long.
            self.path = None;
            Err(self.refuse(&format!("must not be nested deeper than {DEPTH_MAX} levels")))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.visit_string(value.to_owned())
    }

    fn visit_string<E: serde::de::Error>(mut self, value: String) -> Result<Value, E> {
        self.text(&value)?;
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut values = Vec::new();
        loop {
            let path = Path {
                parent: self.path,
                step: Step::Index(values.len()),
            };
            let node = Node {
                noticed: &mut *self.noticed,
                path: Some(&path),
                depth,
            };
            match elements.next_element_seed(node)? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let path = Path {
                parent: self.path,
                step: Step::Member(&name),
            };
            let mut node = Node {
                noticed: &mut *self.noticed,
                path: Some(&path),
                depth,
            };
            if members.contains_key(&name) {
                return Err(node.refuse("is given twice"));
            }
            node.text(&name)?;
            let value = map.next_value_seed(node)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &[u8]) -> (String, String) {
        let refused = read_object(body).unwrap_err();
        (refused.field, refused.description)
    }

    #[test]
    fn an_object_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,3.5,{"b":null}],"c":"ñ","d":true}"#;
        assert_eq!(
            Value::Object(read_object(text.as_bytes()).unwrap()),
            serde_json::from_str::<Value>(text).unwrap()
        );
        assert!(read_object(b"\xEF\xBB\xBF{}").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in [
            &b""[..],
            b"[",
            b"{",
            b"{}x",
            b"{\"a\":}",
            b"\xff\xfe",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":1e999}",
        ] {
            let (field, description) = refused(body);
            assert_eq!(field, "body");
            assert!(
                description.starts_with("is not valid JSON at line"),
                "{description}"
            );
        }
        for body in [&b"[]"[..], b"null", b"1", b"\"x\""] {
            assert_eq!(refused(body), ("body".into(), "must be a JSON object".into()));
        }
    }

    #[test]
    fn names_given_twice_are_refused_with_their_path() {
        let body = br#"{"order":{"items":[{},{"id":"1","id":"2"}]}}"#;
        assert_eq!(
            refused(body),
            ("order.items[1].id".into(), "is given twice".into())
        );
    }

    #[test]
    fn the_zero_character_is_refused_in_texts_and_names() {
        assert_eq!(refused(br#"{"a":["x\u0000"]}"#).0, "a[0]");
        assert_eq!(refused(br#"{"a":{"x\u0000":1}}"#).0, "a.…");
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}{}", "{\"a\":".repeat(100), "[".repeat(100_000));
        assert_eq!(
            refused(deep.as_bytes()),
            ("body".into(), "must not be nested deeper than 32 levels".into())
        );
    }

    #[test]
    fn a_card_number_used_as_a_name_is_not_repeated() {
        assert_eq!(refused(br#"{"4111111111111111":"\u0000"}"#).0, "…");
    }
}

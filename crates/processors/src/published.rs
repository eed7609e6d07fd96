//! Requests and replies against a vendor's published structure, which lies beside the checkout where there is one.
//!
//! Every assertion has its counterpart: the same document without one member that the structure requires must not pass,
//! for each such member. So a structure that was read wrongly, and lets everything pass, is noticed.

use primitives::HttpRequest;
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/specs/");

/// A file of published data, or `None`, said aloud, where it is not there.
pub fn file(name: &str) -> Option<Value> {
    let path = format!("{FOLDER}{name}");
    match std::fs::read(&path) {
        Ok(text) => Some(serde_json::from_slice(&text).unwrap()),
        Err(_) => {
            eprintln!("SKIPPED: {path} is not there, so nothing was compared with it");
            None
        }
    }
}

/// What a vendor means by `integer`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Integers {
    Whole,
    /// Published as integers, though amounts have decimals in the vendor's own examples.
    AnyNumber,
}

/// A vendor's OpenAPI document.
pub struct Structure {
    root: Value,
    integers: Integers,
}

impl Structure {
    pub fn load(name: &str, integers: Integers) -> Option<Self> {
        file(name).map(|root| Self { root, integers })
    }

    /// The schema of the component of that name.
    pub fn component(&self, name: &str) -> &Value {
        let schema = &self.root["components"]["schemas"][name];
        assert!(schema.is_object(), "{name} is not published");
        schema
    }

    /// The schema of what is sent to an operation, ours or (a webhook) theirs.
    pub fn request(&self, method: &str, path: &str) -> &Value {
        let operations = ["paths", "webhooks"].map(|kind| &self.root[kind][path][method]);
        let operation = operations.into_iter().find(|operation| operation.is_object());
        let operation = operation.unwrap_or(&Value::Null);
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {path} is not published");
        schema
    }

    /// The schema of an operation's reply.
    pub fn reply(&self, method: &str, path: &str, status: &str) -> &Value {
        let reply = &self.root["paths"][path][method]["responses"][status];
        let schema = &reply["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {path} {status} is not published");
        schema
    }

    /// Asserts that a request's body fits what its operation takes.
    pub fn assert_request(&self, method: &str, path: &str, request: &HttpRequest, open: &[&str]) {
        let body: Value = serde_json::from_slice(request.body.reveal()).unwrap();
        self.assert_fits(
            self.request(method, path),
            &body,
            &format!("{method} {path}"),
            open,
        );
    }

    /// Asserts that `value` fits the schema and, without any one of the required members that it has, does not. Objects are
    /// closed, so that a misspelt member is found; `open` lists the places (`body.metadata.`) that are not.
    pub fn assert_fits(&self, schema: &Value, value: &Value, name: &str, open: &[&str]) {
        let faults = self.faults(schema, value, open);
        assert!(faults.is_empty(), "{name}: {faults:#?}");
        for place in self.required(schema, value, "") {
            let mut lacking = value.clone();
            let (object, member) = place.rsplit_once('/').unwrap();
            let object = lacking.pointer_mut(object).unwrap();
            object.as_object_mut().unwrap().remove(member).unwrap();
            assert!(
                !self.faults(schema, &lacking, open).is_empty(),
                "{name}: nobody missed {place}"
            );
        }
    }

    fn faults(&self, schema: &Value, value: &Value, open: &[&str]) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(schema, value, "body", &mut faults);
        faults.retain(|fault| !open.iter().any(|known| fault.starts_with(known)));
        faults
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let target = self.root.pointer(reference.trim_start_matches('#'));
                self.resolved(target.unwrap())
            }
            None => schema,
        }
    }

    /// The first alternative that fits. Vendors' alternatives are told apart by little, so more than one may.
    fn alternative<'a>(&'a self, schema: &'a Value, value: &Value) -> Option<&'a Value> {
        let alternatives = schema["anyOf"]
            .as_array()
            .or_else(|| schema["oneOf"].as_array())?;
        alternatives
            .iter()
            .find(|alternative| self.faults(alternative, value, &[]).is_empty())
    }

    /// Checks `value` as far as vendors use JSON Schema.
    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let schema = self.resolved(schema);
        let mut fault = |what: String| faults.push(format!("{at}: {what}"));
        let typed = match schema["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("boolean") => value.is_boolean(),
            Some("integer") if self.integers == Integers::Whole => value.is_i64() || value.is_u64(),
            Some("number" | "integer") => value.is_number(),
            _ => true,
        };
        if !typed {
            fault(format!("is no {}", schema["type"]));
        }
        if schema["enum"]
            .as_array()
            .is_some_and(|list| !list.contains(value))
        {
            fault(format!("{value} is not listed"));
        }
        if let Some(count) = value.as_str().map(|text| text.chars().count()) {
            let bound = |name: &str| {
                schema[name]
                    .as_u64()
                    .and_then(|limit| usize::try_from(limit).ok())
            };
            if bound("minLength").is_some_and(|least| count < least)
                || bound("maxLength").is_some_and(|most| count > most)
            {
                fault(format!("has {count} characters"));
            }
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            if value.get(name.as_str().unwrap()).is_none() {
                fault(format!("lacks {name}"));
            }
        }
        let alternatives = schema["anyOf"].is_array() || schema["oneOf"].is_array();
        if alternatives && self.alternative(schema, value).is_none() {
            fault("fits no alternative".into());
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], item, &format!("{at}.{index}"), faults);
        }
        let known = schema["properties"].as_object();
        let others = &schema["additionalProperties"];
        for (name, member) in value.as_object().into_iter().flatten() {
            let at = format!("{at}.{name}");
            match known.and_then(|known| known.get(name)) {
                Some(schema) => self.check(schema, member, &at, faults),
                None if others.is_object() => self.check(others, member, &at, faults),
                None if known.is_some() => faults.push(format!("{at}: is not in the structure")),
                None => {}
            }
        }
    }

    /// Where `value` has a member that is required there, as JSON pointers.
    fn required(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let schema = self.resolved(schema);
        let mut found: Vec<String> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(|name| format!("{at}/{name}"))
            .collect();
        for (name, member) in value.as_object().into_iter().flatten() {
            let Some(schema) = schema["properties"].get(name) else {
                continue;
            };
            found.extend(self.required(schema, member, &format!("{at}/{name}")));
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            found.extend(self.required(&schema["items"], item, &format!("{at}/{index}")));
        }
        found
    }
}

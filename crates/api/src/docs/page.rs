//! The OpenAPI document as a page: what there is, what goes in, what comes out, and a line for the terminal.

use askama::Template;
use serde_json::{Map, Value};

#[derive(Template)]
#[template(path = "docs/page.html")]
struct Page {
    title: String,
    description: Vec<Span>,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

struct Group {
    name: String,
    description: Vec<Span>,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: Vec<Span>,
    with_key: bool,
    parameters: Vec<Row>,
    body: Option<String>,
    answers: Vec<Answer>,
    curl: String,
}

struct Answer {
    status: String,
    description: Vec<Span>,
    schema: Option<String>,
}

struct Schema {
    name: String,
    description: Vec<Span>,
    rows: Vec<Row>,
    example: Option<String>,
}

/// A parameter, or a member of an object.
struct Row {
    name: String,
    place: String,
    kind: String,
    /// The schema to look at, when there is one.
    link: Option<String>,
    required: bool,
    limits: String,
    description: Vec<Span>,
}

/// A piece of text; code where the description has backticks.
struct Span {
    text: String,
    code: bool,
}

/// Renders the page. The document is ours, so a member it lacks is simply not shown.
pub fn render(document: &Value) -> String {
    let page = Page {
        title: text(&document["info"]["title"]),
        description: spans(&document["info"]["description"]),
        groups: groups(document),
        schemas: members(&document["components"]["schemas"])
            .map(|(name, schema)| Schema {
                name: name.clone(),
                description: spans(&schema["description"]),
                rows: rows(schema),
                example: schema.get("example").map(pretty),
            })
            .collect(),
    };
    // Writing into a String cannot fail, and the template does nothing else.
    page.render().unwrap_or_default()
}

fn groups(document: &Value) -> Vec<Group> {
    let operations: Vec<(&String, &String, &Value)> = members(&document["paths"])
        .flat_map(|(path, item)| members_of(item).map(move |(method, operation)| (path, method, operation)))
        .collect();
    let of_tag = |tag: &str| -> Vec<Operation> {
        operations
            .iter()
            .filter(|(_, _, operation)| operation["tags"][0] == tag)
            .map(|(path, method, operation)| read_operation(document, path, method, operation))
            .collect()
    };
    elements(&document["tags"])
        .map(|tag| Group {
            name: text(&tag["name"]),
            description: spans(&tag["description"]),
            operations: of_tag(tag["name"].as_str().unwrap_or_default()),
        })
        .filter(|group| !group.operations.is_empty())
        .collect()
}

fn read_operation(document: &Value, path: &str, method: &str, operation: &Value) -> Operation {
    let content = &operation["requestBody"]["content"];
    let media_type = members(content).next();
    let body = media_type.and_then(|(_, media)| reference(&media["schema"]));
    let example = body
        .as_ref()
        .map(|name| &document["components"]["schemas"][name.as_str()]["example"]);
    let with_key = operation.get("security").is_some();
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: spans(&operation["description"]),
        with_key,
        parameters: elements(&operation["parameters"])
            .map(|parameter| Row {
                place: text(&parameter["in"]),
                required: parameter["required"] == true,
                description: spans(&parameter["description"]),
                ..row(&text(&parameter["name"]), &parameter["schema"], false)
            })
            .collect(),
        answers: members(&operation["responses"])
            .map(|(status, answer)| Answer {
                status: status.clone(),
                description: spans(&answer["description"]),
                schema: members(&answer["content"])
                    .next()
                    .and_then(|(_, media)| reference(&media["schema"])),
            })
            .collect(),
        curl: curl(
            method,
            path,
            with_key,
            example.filter(|example| !example.is_null()),
        ),
        body,
    }
}

/// The call as a line for the terminal. `$GATEWAY` and `$API_KEY` are for the reader to set.
fn curl(method: &str, path: &str, with_key: bool, example: Option<&Value>) -> String {
    let path = path.replace("{order_token}", "$ORDER_TOKEN");
    let mut line = match method {
        "get" => format!("curl \"$GATEWAY{path}\""),
        _ => format!("curl -X {} \"$GATEWAY{path}\"", method.to_uppercase()),
    };
    if with_key {
        line.push_str(" \\\n  -H \"X-Api-Key: $API_KEY\"");
    }
    if let Some(example) = example {
        // A quote inside single quotes is written as four characters in a shell.
        let body = pretty(example).replace('\'', r"'\''");
        line.push_str(&format!(
            " \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'"
        ));
    }
    line
}

fn rows(schema: &Value) -> Vec<Row> {
    let required: Vec<&str> = elements(&schema["required"]).filter_map(Value::as_str).collect();
    members(&schema["properties"])
        .map(|(name, property)| row(name, property, required.contains(&name.as_str())))
        .collect()
}

fn row(name: &str, schema: &Value, required: bool) -> Row {
    let link = reference(schema);
    Row {
        name: name.to_owned(),
        place: String::new(),
        kind: kind(schema),
        link,
        required,
        limits: limits(schema),
        description: spans(description(schema)),
    }
}

/// The name of the schema that `schema` refers to: itself, one of several, or the elements of an array.
fn reference(schema: &Value) -> Option<String> {
    let own = schema["$ref"]
        .as_str()
        .and_then(|reference| reference.rsplit('/').next())
        .map(str::to_owned);
    let choices = elements(&schema["oneOf"])
        .chain(elements(&schema["allOf"]))
        .find_map(reference);
    own.or(choices)
        .or_else(|| schema.get("items").and_then(reference))
}

/// What is said of a member; of one that may be absent it stands with the choice that is not `null`.
fn description(schema: &Value) -> &Value {
    let choices = elements(&schema["oneOf"]).map(|choice| &choice["description"]);
    let mut said = std::iter::once(&schema["description"]).chain(choices);
    said.find(|said| said.is_string()).unwrap_or(&Value::Null)
}

fn kind(schema: &Value) -> String {
    let plain = match &schema["type"] {
        Value::String(kind) => Some(kind.clone()),
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .map(str::to_owned),
        _ => None,
    };
    match (plain.as_deref(), reference(schema)) {
        (Some("array"), Some(name)) => format!("array of {name}"),
        (_, Some(name)) => name,
        (Some(kind), None) => kind.to_owned(),
        (None, None) => "any".to_owned(),
    }
}

fn limits(schema: &Value) -> String {
    let names = [
        ("format", ""),
        ("minimum", "from "),
        ("maximum", "to "),
        ("minLength", "at least "),
        ("maxLength", "at most "),
        ("maxItems", "at most "),
        ("pattern", ""),
        ("default", "default "),
    ];
    let shown = names.iter().filter_map(|(name, word)| {
        let value = schema.get(*name)?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let unit = match *name {
            "minLength" | "maxLength" => " characters",
            "maxItems" => " elements",
            _ => "",
        };
        Some(format!("{word}{text}{unit}"))
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn spans(value: &Value) -> Vec<Span> {
    let pieces = value.as_str().unwrap_or_default().split('`').enumerate();
    pieces
        .map(|(index, piece)| Span {
            text: piece.to_owned(),
            code: index % 2 == 1,
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn members_of(item: &Value) -> impl Iterator<Item = (&String, &Value)> {
    members(item).filter(|(_, operation)| operation.get("responses").is_some())
}

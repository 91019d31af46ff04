//! What the contract says about shapes, checked with readers that others wrote: an XML parser and a JSON parser. Nothing
//! here uses the room's own types.

use serde_json::{Map, Value};

/// Elements that only wrap repeated children, and the name of the child (section 11 of the contract, and section 12 for
/// the extensions).
const WRAPPERS: &[(&str, &str)] = &[
    ("services", "service"),
    ("service_requests", "request"),
    ("attributes", "attribute"),
    ("values", "value"),
    ("errors", "error"),
    ("endpoints", "endpoint"),
    ("formats", "format"),
    ("service_request_updates", "request_update"),
    ("notes", "note"),
    ("photos", "photo"),
    ("areas", "area"),
    ("media_urls", "media_url"),
];

/// Reads XML by the rules of the contract: UTF-8 declared, no namespace, no attributes, no white space beside elements,
/// and turns it into JSON by the Spark mapping, every leaf a text or null.
pub fn spark(xml: &str, root: &str) -> Value {
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>"), "{xml}");
    let document = roxmltree::Document::parse(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    assert_eq!(document.root_element().tag_name().name(), root);
    value(document.root_element())
}

fn value(node: roxmltree::Node<'_, '_>) -> Value {
    assert_eq!(node.attributes().count(), 0, "an XML attribute on {}", node.tag_name().name());
    assert_eq!(node.tag_name().namespace(), None);
    let name = node.tag_name().name();
    let children: Vec<_> = node.children().filter(roxmltree::Node::is_element).collect();
    if let Some((_, item)) = WRAPPERS.iter().find(|(wrapper, _)| *wrapper == name) {
        assert!(node.children().all(|child| child.is_element() && child.tag_name().name() == *item), "{name} holds something else than {item}");
        return Value::Array(children.into_iter().map(value).collect());
    }
    if children.is_empty() {
        return node.text().map_or(Value::Null, |text| {
            // Texts of people may begin with a blank; ours are trimmed, so white space here would be the writer's.
            assert_eq!(text, text.trim(), "white space inside the leaf {name}");
            Value::String(text.to_owned())
        });
    }
    assert!(node.children().all(|child| child.is_element()), "text beside elements in {name}");
    Value::Object(children.into_iter().map(|child| (child.tag_name().name().to_owned(), value(child))).collect::<Map<_, _>>())
}

/// A JSON answer with every leaf as the text that XML shows, to be compared with [`spark`].
pub fn as_texts(json: &Value) -> Value {
    match json {
        Value::Null => Value::Null,
        Value::Bool(truth) => Value::String(truth.to_string()),
        Value::Number(number) => Value::String(number.to_string().trim_end_matches(".0").to_owned()),
        Value::String(text) => Value::String(text.clone()),
        Value::Array(items) => Value::Array(items.iter().map(as_texts).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(name, value)| (name.clone(), as_texts(value))).collect()),
    }
}

/// A date of an answer: W3 profile, whole seconds, with a zone.
#[track_caller]
pub fn w3(value: &Value) -> jiff::Timestamp {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no text"));
    let zone = &text[19..];
    assert!(text.as_bytes()[10] == b'T' && (zone == "Z" || (zone.len() == 6 && zone.as_bytes()[3] == b':')), "{text}");
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Checks a JSON value against a schema of the OpenAPI document, in as much of JSON Schema as the document uses.
#[track_caller]
pub fn fits(document: &Value, schema: &Value, value: &Value, path: &str) {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference}")),
        None => schema,
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        other => panic!("{path}: the schema has no type: {other}"),
    };
    assert!(allowed.contains(&kind) || (kind == "integer" && allowed.contains(&"number")), "{path} is {kind} and not {allowed:?}");
    if let (Some(words), false) = (schema["enum"].as_array(), value.is_null()) {
        assert!(words.contains(value), "{path}: {value} is not one of {words:?}");
    }
    if schema["format"] == "date-time" && !value.is_null() {
        w3(value);
    }
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| fits(document, &schema["items"], item, &format!("{path}[{at}]"))),
        Value::Object(map) => {
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                assert!(map.contains_key(name), "{path} lacks {name}");
            }
            for (name, value) in map {
                let path = format!("{path}.{name}");
                match &schema["properties"][name] {
                    Value::Null => match &schema["additionalProperties"] {
                        Value::Bool(false) | Value::Null => panic!("{path} is not in the OpenAPI document"),
                        other => fits(document, other, value, &path),
                    },
                    known => fits(document, known, value, &path),
                }
            }
        }
        _ => {}
    }
}

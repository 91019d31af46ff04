//! The OpenAPI 3.1 document of this surface, made from the table of the surface and the shapes below. The file
//! `openapi.json` is the reviewed copy that is served; a test fails when the two differ.

use serde_json::{Map, Value, json};

use crate::surface::{Holds, OPERATIONS, Operation, Parameter, Place};

/// The document.
#[must_use]
pub fn openapi_document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let path = paths.entry(path(operation)).or_insert_with(|| json!({}));
        path[operation.method.to_ascii_lowercase()] = described(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Open311 GeoReport v2",
            "version": "2.0.0",
            "description": "Service requests of a city by the standard of https://wiki.open311.org/GeoReport_v2/, with paging, windows on changes, places, extended attributes and updates. The suffix of an address names the format, never the Accept header. The schemas are those of the JSON answers; the XML is the same by the Spark convention: a root element, wrappers around repeated children, null as an empty element.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": schemas() }
    })
}

fn path(operation: &Operation) -> String {
    let suffix = match operation.suffixes {
        [only] => (*only).to_owned(),
        _ => "{format}".to_owned(),
    };
    format!("/{}.{suffix}", operation.path.join("/"))
}

fn described(operation: &Operation) -> Value {
    let mut parameters: Vec<Value> = Vec::new();
    if operation.suffixes.len() > 1 {
        parameters.push(json!({ "name": "format", "in": "path", "required": true, "schema": { "enum": operation.suffixes } }));
    }
    parameters.extend(operation.parameters.iter().filter(|p| p.place != Place::Form).map(parameter));
    let mut described = json!({
        "operationId": operation.id.to_string(),
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses(operation)
    });
    if operation.method == "POST" {
        described["requestBody"] = form(operation);
    }
    described
}

fn schema(parameter: &Parameter) -> Value {
    match parameter.holds {
        Holds::Text => json!({ "type": "string" }),
        Holds::Number => json!({ "type": "number" }),
        Holds::Whole => json!({ "type": "integer", "minimum": 1 }),
        Holds::Date => json!({ "type": "string", "format": "date-time" }),
        Holds::Url => json!({ "type": "string", "format": "uri" }),
        Holds::Answers => json!({ "type": "object", "additionalProperties": { "type": ["string", "array"], "items": { "type": "string" } } }),
        Holds::File => json!({ "type": "string", "contentMediaType": "application/octet-stream" }),
    }
}

fn parameter(parameter: &Parameter) -> Value {
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query | Place::Form => "query",
        Place::Header => "header",
    };
    let mut described = json!({ "name": parameter.name, "in": place, "description": parameter.words, "schema": schema(parameter) });
    if parameter.required {
        described["required"] = json!(true);
    }
    if parameter.repeated {
        described["schema"] = json!({ "type": "array", "items": schema(parameter) });
        described["explode"] = json!(false);
    }
    described
}

fn form(operation: &Operation) -> Value {
    let of = |with_files: bool| {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for parameter in operation.parameters.iter().filter(|p| p.place == Place::Form && (with_files || p.holds != Holds::File)) {
            let mut one = schema(parameter);
            if parameter.repeated {
                one = json!({ "type": "array", "items": one });
            }
            one["description"] = json!(parameter.words);
            properties.insert(parameter.name.to_owned(), one);
            if parameter.required {
                required.push(parameter.name);
            }
        }
        let mut content = json!({ "schema": { "type": "object", "properties": properties, "required": required } });
        if operation.parameters.iter().any(|p| p.holds == Holds::Answers) {
            content["encoding"] = json!({ "attribute": { "style": "deepObject", "explode": true } });
        }
        content
    };
    json!({
        "description": "Fields are also taken from the query; where both name one, the body counts. Empty is absent.",
        "required": true,
        "content": { "application/x-www-form-urlencoded": of(false), "multipart/form-data": of(true) }
    })
}

/// The schema that answers a call, by the operation's id.
fn answer_schema(operation: &Operation) -> Option<&'static str> {
    use crate::surface::OperationId as Id;
    match operation.id {
        Id::Discovery | Id::DiscoveryAbove => Some("Discovery"),
        Id::ListServices => Some("Services"),
        Id::ServiceDefinition => Some("ServiceDefinition"),
        Id::CreateRequest => Some("Created"),
        Id::ListRequests | Id::OneRequest => Some("ServiceRequests"),
        Id::Token => Some("Token"),
        Id::ListUpdates => Some("Updates"),
        Id::CreateUpdate => Some("UpdateKept"),
        Id::Description | Id::Photo => None,
    }
}

fn in_both_formats(schema: &str) -> Value {
    json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } }, "text/xml": {} })
}

fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    let content = match answer_schema(operation) {
        Some(schema) => in_both_formats(schema),
        None if operation.suffixes == ["jpg"] => json!({ "image/jpeg": {} }),
        None => json!({ "application/json": {} }),
    };
    responses.insert("200".to_owned(), json!({ "description": "The answer.", "content": content }));
    for status in operation.refusals {
        let words = match status {
            403 => "The key is missing, wrong or without the right.",
            404 => "What was asked for does not exist.",
            413 => "The body is too long.",
            _ => "The call is not right; every problem names its field.",
        };
        responses.insert(status.to_string(), json!({ "description": words, "content": in_both_formats("Errors") }));
    }
    Value::Object(responses)
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn text_or_null() -> Value {
    json!({ "type": ["string", "null"] })
}

fn date() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn date_or_null() -> Value {
    json!({ "type": ["string", "null"], "format": "date-time" })
}

fn truth() -> Value {
    json!({ "type": "boolean" })
}

fn whole() -> Value {
    json!({ "type": "integer" })
}

fn number_or_null() -> Value {
    json!({ "type": ["number", "null"] })
}

fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// An object whose properties are all there, but for those named in `may_lack`.
fn shape(properties: &[(&str, Value)], may_lack: &[&str], open: bool) -> Value {
    let required: Vec<&str> = properties.iter().map(|(name, _)| *name).filter(|name| !may_lack.contains(name)).collect();
    let properties: Map<String, Value> = properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": if open { text_or_null() } else { json!(false) } })
}

fn schemas() -> Value {
    json!({
        "Discovery": discovery(),
        "Services": list(&service()),
        "ServiceDefinition": definition(),
        "Created": list(&shape(
            &[("service_request_id", text()), ("token", text()), ("service_notice", text_or_null()), ("account_id", text_or_null())],
            &["service_request_id", "token"],
            false,
        )),
        "Token": list(&shape(&[("service_request_id", text()), ("token", text())], &["service_request_id"], false)),
        "ServiceRequests": list(&request()),
        "Updates": list(&shape(
            &[("update_id", text()), ("service_request_id", text()), ("status", text()), ("updated_datetime", date()), ("description", text_or_null()), ("media_url", text_or_null())],
            &[],
            false,
        )),
        "UpdateKept": list(&shape(&[("update_id", text())], &[], false)),
        "Errors": list(&shape(&[("code", whole()), ("description", text())], &[], false))
    })
}

fn discovery() -> Value {
    let endpoint = shape(
        &[
            ("specification", one_of(&["http://wiki.open311.org/GeoReport_v2"])),
            ("url", json!({ "type": "string", "format": "uri" })),
            ("changeset", date()),
            ("type", one_of(&["production", "test"])),
            ("formats", list(&one_of(&["text/xml", "application/json"]))),
        ],
        &[],
        false,
    );
    shape(&[("changeset", date()), ("contact", text()), ("key_service", text()), ("endpoints", list(&endpoint))], &[], false)
}

fn service() -> Value {
    shape(
        &[
            ("service_code", text()),
            ("service_name", text()),
            ("description", text_or_null()),
            ("metadata", truth()),
            ("type", one_of(&["realtime", "batch", "blackbox"])),
            ("keywords", text_or_null()),
            ("group", text_or_null()),
        ],
        &[],
        false,
    )
}

fn definition() -> Value {
    let value = shape(&[("key", text()), ("name", text_or_null())], &[], false);
    let attribute = shape(
        &[
            ("variable", truth()),
            ("code", text()),
            ("datatype", one_of(&["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"])),
            ("required", truth()),
            ("datatype_description", text_or_null()),
            ("order", whole()),
            ("description", text_or_null()),
            ("values", list(&value)),
        ],
        &["values"],
        false,
    );
    shape(&[("service_code", text()), ("attributes", list(&attribute))], &[], false)
}

fn request() -> Value {
    let answer = shape(&[("label", text_or_null()), ("name", text()), ("value", text()), ("code", text_or_null())], &[], false);
    let area = shape(&[("layer", text()), ("name", text()), ("edition", text()), ("in_force", truth())], &[], false);
    let photo = shape(&[("media_url", text()), ("title", text_or_null()), ("width", whole()), ("height", whole()), ("created_at", date())], &[], false);
    let note = shape(
        &[("datetime", date()), ("summary", text()), ("description", text_or_null()), ("type", one_of(&["submitted", "opened", "activity", "closed"]))],
        &[],
        false,
    );
    // Besides these, one text for each layer of areas, such as `council_districts`.
    let extended = shape(
        &[
            ("channel", text()),
            ("state", text()),
            ("outcome", text_or_null()),
            ("detailed_status", one_of(&["RECEIVED", "IN_PROCESS", "PROCESSED", "ARCHIVED", "REJECTED"])),
            ("closed_datetime", date_or_null()),
            ("duplicate", truth()),
            ("parent_service_request_id", text_or_null()),
            ("areas", list(&area)),
            ("media_urls", list(&text())),
            ("photos", list(&photo)),
        ],
        &[],
        true,
    );
    shape(
        &[
            ("service_request_id", text()),
            ("status", one_of(&["open", "closed"])),
            ("status_notes", text_or_null()),
            ("service_name", text()),
            ("service_code", text()),
            ("description", text_or_null()),
            ("agency_responsible", text_or_null()),
            ("service_notice", text_or_null()),
            ("requested_datetime", date()),
            ("updated_datetime", date()),
            ("expected_datetime", date_or_null()),
            ("address", text_or_null()),
            ("address_id", text_or_null()),
            ("zipcode", text_or_null()),
            ("lat", number_or_null()),
            ("long", number_or_null()),
            ("media_url", text_or_null()),
            ("attributes", list(&answer)),
            ("extended_attributes", extended),
            ("notes", list(&note)),
        ],
        &["attributes", "extended_attributes", "notes"],
        false,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Renews the reviewed copy when asked: look at the difference before you commit it.
    #[test]
    fn the_reviewed_document_is_the_surface() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let made = format!("{:#}\n", openapi_document());
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(file, &made).unwrap();
        }
        let reviewed = std::fs::read_to_string(file).unwrap();
        assert!(made == reviewed, "run the test with UPDATE_SNAPSHOTS=1, then review crates/open311/openapi.json");
    }

    #[test]
    fn every_operation_and_parameter_is_in_the_document() {
        let document = openapi_document();
        let mut ids = Vec::new();
        for operation in OPERATIONS {
            let described = &document["paths"][path(operation)][operation.method.to_ascii_lowercase()];
            assert_eq!(described["operationId"], operation.id.to_string());
            assert!(!ids.contains(&operation.id), "{} twice", operation.id);
            ids.push(operation.id);
            let named: Vec<&str> = operation.path.iter().filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect();
            let declared: Vec<&str> = operation.parameters.iter().filter(|p| p.place == Place::Path).map(|p| p.name).collect();
            assert_eq!(named, declared, "{}", operation.id);
            for parameter in operation.parameters {
                let in_list = described["parameters"].as_array().is_some_and(|list| list.iter().any(|p| p["name"] == parameter.name));
                let in_form = !described["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"][parameter.name].is_null();
                assert!(in_list || in_form, "{} of {}", parameter.name, operation.id);
            }
        }
    }
}

//! What goes over the wire, in the names and shapes of the standard and its extensions. These types are a public contract:
//! they change when the contract does, not when our own types do.

use std::borrow::Cow;

use crate::document::{Document, Node, element_name, object};

/// An entry of the service list.
pub(crate) struct Service {
    pub service_code: String,
    pub service_name: String,
    pub description: String,
    pub metadata: bool,
    pub kind: &'static str,
    pub keywords: Vec<String>,
    pub group: Option<String>,
}

impl Service {
    fn node(self) -> Node {
        let Self { service_code, service_name, description, metadata, kind, keywords, group } = self;
        object! {
            "service_code" => Node::text(service_code),
            "service_name" => Node::text(service_name),
            "description" => Node::text(description),
            "metadata" => Node::Truth(metadata),
            "type" => Node::text(kind),
            // No blank after the comma: FixMyStreet compares the words as they stand.
            "keywords" => Node::text(keywords.join(",")),
            "group" => Node::optional(group),
        }
    }
}

/// The service list.
pub(crate) fn services(services: Vec<Service>) -> Document {
    Document { root: "services", node: Node::List("service", services.into_iter().map(Service::node).collect()) }
}

/// A question of a service.
pub(crate) struct Attribute {
    pub variable: bool,
    pub code: String,
    pub datatype: &'static str,
    pub required: bool,
    pub datatype_description: Option<String>,
    pub order: u32,
    pub description: String,
    /// Key and name, for the two list types.
    pub values: Option<Vec<(String, String)>>,
}

impl Attribute {
    fn node(self) -> Node {
        let Self { variable, code, datatype, required, datatype_description, order, description, values } = self;
        let mut children: Vec<(Cow<'static, str>, Node)> = vec![
            ("variable".into(), Node::Truth(variable)),
            ("code".into(), Node::text(code)),
            ("datatype".into(), Node::text(datatype)),
            ("required".into(), Node::Truth(required)),
            ("datatype_description".into(), Node::optional(datatype_description)),
            ("order".into(), Node::Whole(i64::from(order))),
            ("description".into(), Node::text(description)),
        ];
        if let Some(values) = values {
            let value = |(key, name)| object! { "key" => Node::text(key), "name" => Node::text(name) };
            children.push(("values".into(), Node::List("value", values.into_iter().map(value).collect())));
        }
        Node::Object(children)
    }
}

/// The definition of a service.
pub(crate) fn service_definition(service_code: String, attributes: Vec<Attribute>) -> Document {
    let attributes = Node::List("attribute", attributes.into_iter().map(Attribute::node).collect());
    Document { root: "service_definition", node: object! { "service_code" => Node::text(service_code), "attributes" => attributes } }
}

/// What a creating call answers with, besides the notice: exactly one of these.
pub(crate) enum Created {
    Number(String),
    Token(String),
    /// No id will ever be told.
    Nothing,
}

/// The answer of a creating call.
pub(crate) fn created(created: Created, service_notice: Option<String>) -> Document {
    let mut children: Vec<(Cow<'static, str>, Node)> = match created {
        Created::Number(number) => vec![("service_request_id".into(), Node::text(number))],
        Created::Token(token) => vec![("token".into(), Node::text(token))],
        Created::Nothing => Vec::new(),
    };
    children.push(("service_notice".into(), Node::optional(service_notice)));
    children.push(("account_id".into(), Node::Null));
    service_requests(vec![Node::Object(children)])
}

/// What became of a token. While there is no id, there is no field for it either.
pub(crate) fn token(token: String, number: Option<String>) -> Document {
    let number = number.map(|number| (Cow::Borrowed("service_request_id"), Node::text(number)));
    service_requests(vec![Node::Object(number.into_iter().chain([(Cow::Borrowed("token"), Node::text(token))]).collect())])
}

/// Requests, or answers about them.
pub(crate) fn service_requests(requests: Vec<Node>) -> Document {
    Document { root: "service_requests", node: Node::List("request", requests) }
}

/// A request as everybody may read it. Nothing about the reporter is here.
pub(crate) struct ServiceRequest {
    pub service_request_id: String,
    pub status: &'static str,
    pub status_notes: Option<String>,
    pub service_name: String,
    pub service_code: String,
    pub description: Option<String>,
    pub agency_responsible: Option<String>,
    pub service_notice: Option<String>,
    pub requested_datetime: String,
    pub updated_datetime: String,
    pub expected_datetime: Option<String>,
    pub address: Option<String>,
    pub address_id: Option<String>,
    pub zipcode: Option<String>,
    /// Latitude and longitude.
    pub point: Option<(f64, f64)>,
    pub media_url: Option<String>,
    pub extension: Option<Extension>,
}

impl ServiceRequest {
    pub(crate) fn node(self) -> Node {
        let Self {
            service_request_id,
            status,
            status_notes,
            service_name,
            service_code,
            description,
            agency_responsible,
            service_notice,
            requested_datetime,
            updated_datetime,
            expected_datetime,
            address,
            address_id,
            zipcode,
            point,
            media_url,
            extension,
        } = self;
        let mut children: Vec<(Cow<'static, str>, Node)> = vec![
            ("service_request_id".into(), Node::text(service_request_id)),
            ("status".into(), Node::text(status)),
            ("status_notes".into(), Node::optional(status_notes)),
            ("service_name".into(), Node::text(service_name)),
            ("service_code".into(), Node::text(service_code)),
            ("description".into(), Node::optional(description)),
            ("agency_responsible".into(), Node::optional(agency_responsible)),
            ("service_notice".into(), Node::optional(service_notice)),
            ("requested_datetime".into(), Node::text(requested_datetime)),
            ("updated_datetime".into(), Node::text(updated_datetime)),
            ("expected_datetime".into(), Node::optional(expected_datetime)),
            ("address".into(), Node::optional(address)),
            ("address_id".into(), Node::optional(address_id)),
            ("zipcode".into(), Node::optional(zipcode)),
            ("lat".into(), point.map_or(Node::Null, |(lat, _)| Node::Real(lat))),
            ("long".into(), point.map_or(Node::Null, |(_, long)| Node::Real(long))),
            ("media_url".into(), Node::optional(media_url)),
        ];
        if let Some(extension) = extension {
            extension.push_to(&mut children);
        }
        Node::Object(children)
    }
}

/// What `extensions=true` adds to a request.
pub(crate) struct Extension {
    pub attributes: Vec<Answer>,
    pub channel: &'static str,
    /// Where it stands, by our own word.
    pub state: &'static str,
    /// How it ended.
    pub outcome: Option<&'static str>,
    pub detailed_status: &'static str,
    pub closed_datetime: Option<String>,
    pub duplicate: bool,
    pub parent_service_request_id: Option<String>,
    pub areas: Vec<Area>,
    pub media_urls: Vec<String>,
    pub photos: Vec<PhotoEntry>,
    pub notes: Vec<Note>,
}

/// One answer to a question.
pub(crate) struct Answer {
    /// The question.
    pub label: String,
    /// The question's code.
    pub name: String,
    /// The answer as people read it.
    pub value: String,
    /// The key of the chosen value, for lists.
    pub code: Option<String>,
}

/// An area in which the request lies.
pub(crate) struct Area {
    pub layer: String,
    pub name: String,
    pub edition: String,
    pub in_force: bool,
}

/// A photo of a request.
pub(crate) struct PhotoEntry {
    pub media_url: String,
    pub width: i32,
    pub height: i32,
    pub created_at: String,
}

/// Something that was made known about a request.
pub(crate) struct Note {
    pub datetime: String,
    pub summary: String,
    pub description: Option<String>,
    pub kind: &'static str,
}

impl Extension {
    fn push_to(self, children: &mut Vec<(Cow<'static, str>, Node)>) {
        let Self {
            attributes,
            channel,
            state,
            outcome,
            detailed_status,
            closed_datetime,
            duplicate,
            parent_service_request_id,
            areas,
            media_urls,
            photos,
            notes,
        } = self;
        let answer = |Answer { label, name, value, code }| {
            object! { "label" => Node::text(label), "name" => Node::text(name), "value" => Node::text(value), "code" => Node::optional(code) }
        };
        let photo = |PhotoEntry { media_url, width, height, created_at }| {
            object! {
                "media_url" => Node::text(media_url), "title" => Node::Null, "width" => Node::Whole(width.into()), "height" => Node::Whole(height.into()),
                "created_at" => Node::text(created_at),
            }
        };
        let note = |Note { datetime, summary, description, kind }| {
            object! { "datetime" => Node::text(datetime), "summary" => Node::text(summary), "description" => Node::optional(description), "type" => Node::text(kind) }
        };
        let mut extended: Vec<(Cow<'static, str>, Node)> = vec![
            ("channel".into(), Node::text(channel)),
            ("state".into(), Node::text(state)),
            ("outcome".into(), Node::optional(outcome)),
            ("detailed_status".into(), Node::text(detailed_status)),
            ("closed_datetime".into(), Node::optional(closed_datetime)),
            ("duplicate".into(), Node::Truth(duplicate)),
            ("parent_service_request_id".into(), Node::optional(parent_service_request_id)),
        ];
        // By the layer's name too, as clients of Chicago read `ward` and `police_district`.
        for area in &areas {
            let name = element_name(&area.layer);
            if !extended.iter().any(|(there, _)| *there == name) && !RESERVED.contains(&name.as_ref()) {
                extended.push((name, Node::text(area.name.clone())));
            }
        }
        let area = |Area { layer, name, edition, in_force }| {
            object! { "layer" => Node::text(layer), "name" => Node::text(name), "edition" => Node::text(edition), "in_force" => Node::Truth(in_force) }
        };
        extended.push(("areas".into(), Node::List("area", areas.into_iter().map(area).collect())));
        extended.push(("media_urls".into(), Node::List("media_url", media_urls.into_iter().map(Node::text).collect())));
        extended.push(("photos".into(), Node::List("photo", photos.into_iter().map(photo).collect())));
        children.push(("attributes".into(), Node::List("attribute", attributes.into_iter().map(answer).collect())));
        children.push(("extended_attributes".into(), Node::Object(extended)));
        children.push(("notes".into(), Node::List("note", notes.into_iter().map(note).collect())));
    }
}

/// Names in `extended_attributes` that no layer may take.
const RESERVED: &[&str] = &["areas", "media_urls", "media_url", "photos", "title", "x", "y"];

/// An update of a request.
pub(crate) struct Update {
    pub update_id: String,
    pub service_request_id: String,
    pub status: &'static str,
    pub updated_datetime: String,
    pub description: Option<String>,
    pub media_url: Option<String>,
}

impl Update {
    fn node(self) -> Node {
        let Self { update_id, service_request_id, status, updated_datetime, description, media_url } = self;
        object! {
            "update_id" => Node::text(update_id),
            "service_request_id" => Node::text(service_request_id),
            "status" => Node::text(status),
            "updated_datetime" => Node::text(updated_datetime),
            "description" => Node::optional(description),
            "media_url" => Node::optional(media_url),
        }
    }
}

/// Updates.
pub(crate) fn updates(updates: Vec<Update>) -> Document {
    Document { root: "service_request_updates", node: Node::List("request_update", updates.into_iter().map(Update::node).collect()) }
}

/// The answer of a posted update: our id of it.
pub(crate) fn update_kept(update_id: String) -> Document {
    Document { root: "service_request_updates", node: Node::List("request_update", vec![object! { "update_id" => Node::text(update_id) }]) }
}

/// Discovery. `changeset` is a text that sorts: a moment in UTC.
pub(crate) fn discovery(changeset: String, contact: String, key_service: String, url: String, kind: &'static str) -> Document {
    let formats = Node::List("format", vec![Node::text("text/xml"), Node::text("application/json")]);
    let endpoint = object! {
        // Clients compare this as a text.
        "specification" => Node::text("http://wiki.open311.org/GeoReport_v2"),
        "url" => Node::text(url),
        "changeset" => Node::text(changeset.clone()),
        "type" => Node::text(kind),
        "formats" => formats,
    };
    let node = object! {
        "changeset" => Node::text(changeset),
        "contact" => Node::text(contact),
        "key_service" => Node::text(key_service),
        "endpoints" => Node::List("endpoint", vec![endpoint]),
    };
    Document { root: "discovery", node }
}

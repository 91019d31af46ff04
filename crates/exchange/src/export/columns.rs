//! What an export says about a request: one list of columns for all formats. The first are those of GeoReport Bulk, in its
//! order; the others follow.

use std::borrow::Cow;
use std::collections::HashMap;

use catalog::Catalog;
use kernel::Timestamp;
use requests::{Channel, FrozenPromise, Place, Request, Status};
use staff::Department;

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text that people wrote or that names something.
    Text,
    /// JSON.
    Json,
    /// A moment.
    Time,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub name: &'static str,
    pub kind: Kind,
    /// Never empty.
    pub always: bool,
}

const fn column(name: &'static str, kind: Kind, always: bool) -> Column {
    Column { name, kind, always }
}

/// All columns, in order.
pub(super) const COLUMNS: &[Column] = &[
    column("service_request_id", Kind::Text, true),
    column("requested_datetime", Kind::Time, true),
    column("updated_datetime", Kind::Time, true),
    column("closed_date", Kind::Time, false),
    column("status_description", Kind::Text, true),
    column("status_notes", Kind::Text, false),
    column("source", Kind::Text, true),
    column("service_name", Kind::Text, true),
    column("service_subtype", Kind::Text, false),
    column("description", Kind::Text, false),
    column("agency_responsible", Kind::Text, false),
    column("address", Kind::Text, false),
    column("lat", Kind::Number, false),
    column("long", Kind::Number, false),
    column("service_code", Kind::Text, true),
    column("service_group", Kind::Text, false),
    column("status", Kind::Text, true),
    column("outcome", Kind::Text, false),
    column("priority", Kind::Text, true),
    column("due_datetime", Kind::Time, false),
    column("promise", Kind::Text, false),
    column("department", Kind::Text, false),
    column("work_group", Kind::Text, false),
    column("address_id", Kind::Text, false),
    column("zipcode", Kind::Text, false),
    column("place_note", Kind::Text, false),
    column("in_city", Kind::Flag, false),
    column("areas", Kind::Json, false),
    column("private", Kind::Flag, true),
    column("imported_from", Kind::Text, false),
    column("source_fields", Kind::Json, false),
];

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'r> {
    Empty,
    Text(Cow<'r, str>),
    Json(String),
    Time(Timestamp),
    Number(f64),
    Flag(bool),
}

impl<'r> Cell<'r> {
    fn text(text: Option<&'r str>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(Cow::Borrowed(text)))
    }

    fn time(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Empty, Self::Time)
    }

    fn json<T: serde::Serialize>(empty: bool, value: &T) -> Self {
        if empty { Self::Empty } else { serde_json::to_string(value).map_or(Self::Empty, Self::Json) }
    }
}

/// Names for the codes that requests carry.
pub(super) struct Names<'c> {
    catalog: &'c Catalog,
    departments: HashMap<String, String>,
}

impl<'c> Names<'c> {
    pub fn new(catalog: &'c Catalog, departments: Vec<Department>) -> Self {
        Self { catalog, departments: departments.into_iter().map(|d| (d.code, d.name)).collect() }
    }
}

/// The values of one request, as many as [`COLUMNS`].
pub(super) fn cells<'r>(request: &'r Request, names: &'r Names<'r>) -> [Cell<'r>; COLUMNS.len()] {
    let Request {
        id: _,
        number,
        origin,
        fingerprint: _,
        service_code,
        status,
        outcome,
        explanation,
        priority,
        channel,
        department,
        work_group,
        assignee: _,
        private,
        place: Place { point, address, address_id, zip, note },
        in_city,
        areas,
        description,
        answers: _,
        media_urls: _,
        requested_at,
        recorded_at: _,
        updated_at,
        closed_at,
        due_at,
        promise,
        paused_at: _,
        routing: _,
        parent: _,
        source_fields,
        revision: _,
    } = request;
    let service = names.catalog.service(service_code);
    let agency = department.as_deref().map(|code| names.departments.get(code).map_or(code, String::as_str));
    let promise = promise.as_ref().and_then(|promise| match promise {
        FrozenPromise::Target { amount, .. } => Some(Cow::Owned(amount.to_string())),
        FrozenPromise::Imported { words } => words.as_deref().map(Cow::Borrowed),
    });
    let area_names: std::collections::BTreeMap<&str, &str> = areas.iter().map(|(layer, area)| (layer.as_str(), area.name.as_str())).collect();
    [
        Cell::text(Some(number)),
        Cell::Time(*requested_at),
        Cell::Time(*updated_at),
        Cell::time(*closed_at),
        Cell::text(Some(one_word(*status))),
        Cell::text(explanation.as_deref()),
        Cell::text(Some(channel_name(*channel))),
        Cell::text(Some(service.map_or(service_code.as_str(), |service| &service.name))),
        Cell::Empty,
        Cell::text(description.as_deref()),
        Cell::text(agency),
        Cell::text(address.as_deref()),
        point.map_or(Cell::Empty, |point| Cell::Number(point.lat)),
        point.map_or(Cell::Empty, |point| Cell::Number(point.lon)),
        Cell::text(Some(service_code)),
        Cell::text(service.and_then(|service| service.group.as_deref())),
        Cell::text(Some(status.code())),
        Cell::text(outcome.map(requests::Outcome::code)),
        Cell::text(Some(priority)),
        Cell::time(*due_at),
        promise.map_or(Cell::Empty, Cell::Text),
        Cell::text(department.as_deref()),
        Cell::text(work_group.as_deref()),
        Cell::text(address_id.as_deref()),
        Cell::text(zip.as_deref()),
        Cell::text(note.as_deref()),
        in_city.map_or(Cell::Empty, Cell::Flag),
        Cell::json(areas.is_empty(), &area_names),
        Cell::Flag(*private),
        Cell::text(origin.as_deref()),
        Cell::json(source_fields.is_empty(), source_fields),
    ]
}

/// The state in one word, as GeoReport Bulk asks for it.
fn one_word(status: Status) -> &'static str {
    match status {
        Status::Received | Status::Assigned => "Open",
        Status::Scheduled | Status::UnderWay => "Processing",
        Status::Waiting => "Hold",
        Status::Closed => "Closed",
    }
}

/// The channel in the words that GeoReport Bulk gives as examples, where it has one.
fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "Website",
        Channel::App => "Mobile App",
        Channel::Phone => "Phone",
        Channel::VoiceMail => "Voice Mail",
        Channel::Email => "Email",
        Channel::Text => "Text/SMS",
        Channel::Chat => "Chat",
        Channel::Social => "Social Media",
        Channel::Counter => "Walk-in",
        Channel::Mail => "Mail",
        Channel::Fax => "Fax",
        Channel::Staff => "City Staff",
        Channel::System => "System",
        Channel::Other => "Other",
    }
}

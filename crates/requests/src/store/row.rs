//! A request as a row: the columns, what is written to each, and how a row becomes a request again.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use kernel::{Cell, JurisdictionId, LatLon, Timestamp};
use sea_orm::{DbErr, FromQueryResult, QueryResult, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::model::{Place, Request, RequestId};
use crate::status::{Channel, Outcome, Status};

/// Every column, in the order of [`push_values`].
pub(crate) const COLUMNS: &[&str] = &[
    "jurisdiction_id",
    "id",
    "number",
    "origin",
    "fingerprint",
    "service_code",
    "status",
    "open",
    "outcome",
    "explanation",
    "priority",
    "channel",
    "department",
    "work_group",
    "assignee",
    "private",
    "lat",
    "lon",
    "cell",
    "address",
    "address_id",
    "zip",
    "place_note",
    "in_city",
    "areas",
    "description",
    "answers",
    "media_urls",
    "requested_at",
    "recorded_at",
    "updated_at",
    "closed_at",
    "due_at",
    "promise",
    "paused_at",
    "routing",
    "parent_id",
    "source_fields",
    "revision",
];

/// The columns as a list for SELECT.
pub(crate) fn list() -> &'static str {
    static LIST: LazyLock<String> = LazyLock::new(|| COLUMNS.join(", "));
    &LIST
}

/// UPDATE of every column but the keys, guarded by the revision that was seen.
pub(crate) fn save_text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let sets: Vec<String> = COLUMNS.iter().enumerate().skip(2).map(|(place, column)| format!("{column} = ${}", place + 1)).collect();
        format!("UPDATE requests SET {} WHERE jurisdiction_id = $1 AND id = $2 AND revision = ${}", sets.join(", "), COLUMNS.len() + 1)
    });
    &TEXT
}

fn json<T: Serialize>(value: &T) -> Option<String> {
    // Maps with text keys and our own plain types always serialize.
    serde_json::to_string(value).ok()
}

fn some_json<T: Serialize>(value: &T, is_empty: bool) -> Value {
    if is_empty { None::<String>.into() } else { json(value).into() }
}

/// Adds the values of one request, in the order of [`COLUMNS`].
pub(crate) fn push_values(values: &mut Vec<Value>, j: JurisdictionId, request: &Request) {
    // Every field by name: a new one cannot be forgotten here.
    let Request {
        id,
        number,
        origin,
        fingerprint,
        service_code,
        status,
        outcome,
        explanation,
        priority,
        channel,
        department,
        work_group,
        assignee,
        private,
        place: Place { point, address, address_id, zip, note },
        in_city,
        areas,
        description,
        answers,
        media_urls,
        requested_at,
        recorded_at,
        updated_at,
        closed_at,
        due_at,
        promise,
        paused_at,
        routing,
        parent,
        source_fields,
        revision,
    } = request;
    let text = |text: &Option<String>| Value::from(text.clone());
    let time = |at: &Option<Timestamp>| Value::from(at.map(Timestamp::millis));
    values.extend([
        j.0.into(),
        id.0.into(),
        number.clone().into(),
        text(origin),
        (*fingerprint).into(),
        service_code.clone().into(),
        status.code().into(),
        status.is_open().into(),
        outcome.map(|o| o.code().to_owned()).into(),
        text(explanation),
        priority.clone().into(),
        channel.code().into(),
        text(department),
        text(work_group),
        text(assignee),
        (*private).into(),
        point.map(|p| p.lat).into(),
        point.map(|p| p.lon).into(),
        point.map(|p| Cell::of(p).0).into(),
        text(address),
        text(address_id),
        text(zip),
        text(note),
        (*in_city).into(),
        some_json(areas, areas.is_empty()),
        text(description),
        some_json(answers, answers.is_empty()),
        some_json(media_urls, media_urls.is_empty()),
        requested_at.millis().into(),
        recorded_at.millis().into(),
        updated_at.millis().into(),
        time(closed_at),
        time(due_at),
        promise.as_ref().and_then(json).into(),
        time(paused_at),
        routing.as_ref().and_then(json).into(),
        parent.map(|p| p.0).into(),
        some_json(source_fields, source_fields.is_empty()),
        (*revision).into(),
    ]);
}

/// A row read back.
pub(crate) struct RequestRow(pub(crate) Request);

fn parsed<T: DeserializeOwned>(row: &QueryResult, column: &str) -> Result<Option<T>, DbErr> {
    let text: Option<String> = row.try_get("", column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|error| DbErr::Type(format!("requests.{column}: {error}")))).transpose()
}

fn map_or_empty<T: DeserializeOwned>(row: &QueryResult, column: &str) -> Result<BTreeMap<String, T>, DbErr> {
    Ok(parsed(row, column)?.unwrap_or_else(BTreeMap::new))
}

fn coded<T>(row: &QueryResult, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, DbErr> {
    let text: String = row.try_get("", column)?;
    read(&text).ok_or_else(|| DbErr::Type(format!("requests.{column}: unknown value {text:?}")))
}

fn time(row: &QueryResult, column: &str) -> Result<Option<Timestamp>, DbErr> {
    Ok(row.try_get::<Option<i64>>("", column)?.map(Timestamp::from_millis))
}

fn must(row: &QueryResult, column: &str) -> Result<Timestamp, DbErr> {
    Ok(Timestamp::from_millis(row.try_get("", column)?))
}

impl FromQueryResult for RequestRow {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        let (lat, lon): (Option<f64>, Option<f64>) = (row.try_get("", "lat")?, row.try_get("", "lon")?);
        let outcome: Option<String> = row.try_get("", "outcome")?;
        Ok(Self(Request {
            id: RequestId(row.try_get("", "id")?),
            number: row.try_get("", "number")?,
            origin: row.try_get("", "origin")?,
            fingerprint: row.try_get("", "fingerprint")?,
            service_code: row.try_get("", "service_code")?,
            status: coded(row, "status", Status::from_code)?,
            outcome: outcome.as_deref().and_then(Outcome::from_code),
            explanation: row.try_get("", "explanation")?,
            priority: row.try_get("", "priority")?,
            channel: coded(row, "channel", Channel::from_code)?,
            department: row.try_get("", "department")?,
            work_group: row.try_get("", "work_group")?,
            assignee: row.try_get("", "assignee")?,
            private: row.try_get("", "private")?,
            place: Place {
                point: lat.zip(lon).and_then(|(lat, lon)| LatLon::new(lat, lon)),
                address: row.try_get("", "address")?,
                address_id: row.try_get("", "address_id")?,
                zip: row.try_get("", "zip")?,
                note: row.try_get("", "place_note")?,
            },
            in_city: row.try_get("", "in_city")?,
            areas: map_or_empty(row, "areas")?,
            description: row.try_get("", "description")?,
            answers: map_or_empty(row, "answers")?,
            media_urls: parsed(row, "media_urls")?.unwrap_or_else(Vec::new),
            requested_at: must(row, "requested_at")?,
            recorded_at: must(row, "recorded_at")?,
            updated_at: must(row, "updated_at")?,
            closed_at: time(row, "closed_at")?,
            due_at: time(row, "due_at")?,
            promise: parsed(row, "promise")?,
            paused_at: time(row, "paused_at")?,
            routing: parsed(row, "routing")?,
            parent: row.try_get::<Option<Uuid>>("", "parent_id")?.map(RequestId),
            source_fields: map_or_empty(row, "source_fields")?,
            revision: row.try_get("", "revision")?,
        }))
    }
}

//! Requests in the database. One list of columns serves reading, writing one and writing many.

mod intake;
mod list;
mod row;
mod updates;

use std::collections::HashMap;

use db::DbError;
use kernel::{BBox, Cell, JurisdictionId, LatLon, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

pub(crate) use intake::*;
pub(crate) use list::*;
pub(crate) use row::COLUMNS;
use row::RequestRow;
pub(crate) use updates::*;

use crate::model::{Photo, PhotoId, Reporter, Request, RequestId};

/// The unique index on numbers, by its name on PostgreSQL and by its columns on SQLite.
const NUMBER_INDEX: (&str, &str) = ("requests_number", "requests.number");

/// Whether `error` says that the number is taken.
pub(crate) fn is_number_taken(error: &DbError) -> bool {
    error.is_unique_violation(NUMBER_INDEX.0, NUMBER_INDEX.1)
}

/// Writes new requests.
pub(crate) async fn insert<C: ConnectionTrait>(conn: &C, j: JurisdictionId, requests: &[Request]) -> Result<(), DbError> {
    let mut values = Vec::with_capacity(requests.len() * COLUMNS.len());
    for request in requests {
        row::push_values(&mut values, j, request);
    }
    db::insert_many(conn, "requests", COLUMNS, values, "").await?;
    Ok(())
}

/// Writes a changed request over its old row, if that is still at `seen`. Answers whether it was.
pub(crate) async fn save<C: ConnectionTrait>(conn: &C, j: JurisdictionId, request: &Request, seen: i32) -> Result<bool, DbError> {
    let mut values = Vec::with_capacity(COLUMNS.len() + 1);
    row::push_values(&mut values, j, request);
    values.push(seen.into());
    Ok(db::exec(conn, row::save_text(), values).await? == 1)
}

/// The request with this id. Inside a transaction that will change it, `locked` makes two changes follow one another.
pub(crate) async fn by_id<C: ConnectionTrait>(conn: &C, j: JurisdictionId, id: RequestId, locked: bool) -> Result<Option<Request>, DbError> {
    let lock = if locked { db::dialect::for_update(conn) } else { "" };
    let sql = format!("SELECT {} FROM requests WHERE jurisdiction_id = $1 AND id = $2{lock}", row::list());
    Ok(db::one::<RequestRow, _>(conn, &sql, [j.0.into(), id.0.into()]).await?.map(|row| row.0))
}

/// The request with this number, exactly as written.
pub(crate) async fn by_number<C: ConnectionTrait>(conn: &C, j: JurisdictionId, number: &str) -> Result<Option<Request>, DbError> {
    let sql = format!("SELECT {} FROM requests WHERE jurisdiction_id = $1 AND number = $2", row::list());
    Ok(db::one::<RequestRow, _>(conn, &sql, [j.0.into(), number.into()]).await?.map(|row| row.0))
}

/// What an import needs to know of a request that is already here.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Known {
    pub(crate) id: Uuid,
    pub(crate) number: String,
    pub(crate) origin: Option<String>,
    pub(crate) fingerprint: Option<i64>,
}

/// Those of these numbers that are taken.
pub(crate) async fn known<C: ConnectionTrait>(conn: &C, j: JurisdictionId, numbers: impl Iterator<Item = &str>) -> Result<HashMap<String, Known>, DbError> {
    let numbers: Vec<&str> = numbers.collect();
    let mut found = HashMap::new();
    for part in numbers.chunks(1000) {
        let marks = placeholders(2, part.len());
        let sql = format!("SELECT id, number, origin, fingerprint FROM requests WHERE jurisdiction_id = $1 AND number IN ({marks})");
        let values = std::iter::once(Value::from(j.0)).chain(part.iter().map(|n| Value::from(*n)));
        found.extend(db::all::<Known, _>(conn, &sql, values).await?.into_iter().map(|k| (k.number.clone(), k)));
    }
    Ok(found)
}

/// `$from, $from+1, …`, so many.
pub(crate) fn placeholders(from: usize, many: usize) -> String {
    (from..from + many).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// A condition on the cell column that every point of `area` meets, or nothing where that would be too many ranges to help.
pub(crate) fn cells(area: &BBox, values: &mut Vec<Value>) -> Option<String> {
    let ranges = Cell::ranges(area);
    if ranges.len() > 400 {
        return None;
    }
    let mut parts = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        values.push(from.0.into());
        values.push(to.0.into());
        parts.push(format!("cell BETWEEN ${} AND ${}", values.len() - 1, values.len()));
    }
    Some(format!("({})", parts.join(" OR ")))
}

/// An open request near by, for the question "is it this one?".
#[derive(Clone, Debug)]
pub(crate) struct Near {
    pub(crate) request: Request,
    pub(crate) distance_m: f64,
}

/// Open requests of one service within `radius_m` of `point`, asked for since `since`.
pub(crate) async fn near<C: ConnectionTrait>(
    conn: &C,
    j: JurisdictionId,
    service: &str,
    point: LatLon,
    radius_m: f64,
    since: Timestamp,
) -> Result<Vec<Near>, DbError> {
    let mut values = vec![Value::from(j.0), service.into(), since.millis().into()];
    let Some(cells) = cells(&point.around(radius_m), &mut values) else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT {} FROM requests WHERE jurisdiction_id = $1 AND {cells} AND requested_at >= $3 AND service_code = $2 AND open AND NOT private LIMIT 500",
        row::list()
    );
    let rows = db::all::<RequestRow, _>(conn, &sql, values).await?;
    let measured = rows.into_iter().filter_map(|row| {
        let distance_m = row.0.place.point?.distance_m(point);
        (distance_m <= radius_m).then_some(Near { request: row.0, distance_m })
    });
    Ok(measured.collect())
}

/// Keeps who asked.
pub(crate) async fn insert_reporter<C: ConnectionTrait>(
    conn: &C,
    j: JurisdictionId,
    request: RequestId,
    reporter: &Reporter,
    now: Timestamp,
) -> Result<(), DbError> {
    let Reporter { first_name, last_name, email, phone, device_id, account_id, language } = reporter.clone();
    let values = [
        j.0.into(),
        request.0.into(),
        first_name.into(),
        last_name.into(),
        email.map(String::from).into(),
        phone.map(String::from).into(),
        device_id.into(),
        account_id.into(),
        language.into(),
        now.millis().into(),
    ];
    db::exec(
        conn,
        "INSERT INTO reporters (jurisdiction_id, request_id, first_name, last_name, email, phone, device_id, account_id, language, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        values,
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct ReporterRow {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    device_id: Option<String>,
    account_id: Option<String>,
    language: Option<String>,
}

/// Who asked, if anyone said.
pub(crate) async fn reporter<C: ConnectionTrait>(conn: &C, j: JurisdictionId, request: RequestId) -> Result<Option<Reporter>, DbError> {
    let sql = "SELECT first_name, last_name, email, phone, device_id, account_id, language FROM reporters WHERE jurisdiction_id = $1 AND request_id = $2";
    let row: Option<ReporterRow> = db::one(conn, sql, [j.0.into(), request.0.into()]).await?;
    Ok(row.map(|row| Reporter {
        first_name: row.first_name,
        last_name: row.last_name,
        email: row.email.and_then(|e| kernel::Email::parse(&e).ok()),
        phone: row.phone.and_then(|p| kernel::Phone::parse(&p).ok()),
        device_id: row.device_id,
        account_id: row.account_id,
        language: row.language,
    }))
}

#[derive(FromQueryResult)]
struct PhotoRow {
    id: Uuid,
    request_id: Uuid,
    update_id: Option<Uuid>,
    object: String,
    width: i32,
    height: i32,
    bytes: i64,
    private: bool,
    recorded_at: i64,
}

impl From<PhotoRow> for Photo {
    fn from(row: PhotoRow) -> Self {
        let PhotoRow { id, request_id, update_id, object, width, height, bytes, private, recorded_at } = row;
        Self {
            id: PhotoId(id),
            request: RequestId(request_id),
            update: update_id,
            object,
            width,
            height,
            bytes,
            private,
            recorded_at: Timestamp::from_millis(recorded_at),
        }
    }
}

const PHOTO: &str = "SELECT id, request_id, update_id, object, width, height, bytes, private, recorded_at FROM photos";

/// Keeps what is known of photos; their bytes already lie in the object store.
pub(crate) async fn insert_photos<C: ConnectionTrait>(conn: &C, j: JurisdictionId, photos: &[Photo]) -> Result<(), DbError> {
    let mut values = Vec::new();
    for photo in photos {
        let Photo { id, request, update, object, width, height, bytes, private, recorded_at } = photo.clone();
        values.extend([
            Value::from(j.0),
            id.0.into(),
            request.0.into(),
            update.into(),
            object.into(),
            width.into(),
            height.into(),
            bytes.into(),
            private.into(),
            recorded_at.millis().into(),
        ]);
    }
    let columns = ["jurisdiction_id", "id", "request_id", "update_id", "object", "width", "height", "bytes", "private", "recorded_at"];
    db::insert_many(conn, "photos", &columns, values, "").await?;
    Ok(())
}

/// The photos of these requests, oldest first.
pub(crate) async fn photos_of<C: ConnectionTrait>(conn: &C, j: JurisdictionId, requests: &[RequestId]) -> Result<HashMap<RequestId, Vec<Photo>>, DbError> {
    let mut found: HashMap<RequestId, Vec<Photo>> = HashMap::new();
    for part in requests.chunks(1000) {
        let sql = format!("{PHOTO} WHERE jurisdiction_id = $1 AND request_id IN ({}) ORDER BY id", placeholders(2, part.len()));
        let values = std::iter::once(Value::from(j.0)).chain(part.iter().map(|id| Value::from(id.0)));
        for row in db::all::<PhotoRow, _>(conn, &sql, values).await? {
            let photo = Photo::from(row);
            found.entry(photo.request).or_default().push(photo);
        }
    }
    Ok(found)
}

/// One photo.
pub(crate) async fn photo<C: ConnectionTrait>(conn: &C, j: JurisdictionId, id: PhotoId) -> Result<Option<Photo>, DbError> {
    let row: Option<PhotoRow> = db::one(conn, &format!("{PHOTO} WHERE jurisdiction_id = $1 AND id = $2"), [j.0.into(), id.0.into()]).await?;
    Ok(row.map(Photo::from))
}

/// Photos of a jurisdiction after `after` in the order of their ids, for checks and backups.
pub(crate) async fn photos_after<C: ConnectionTrait>(conn: &C, j: JurisdictionId, after: Option<PhotoId>, limit: u64) -> Result<Vec<Photo>, DbError> {
    let after = after.map_or(Uuid::nil(), |id| id.0);
    let sql = format!("{PHOTO} WHERE jurisdiction_id = $1 AND id > $2 ORDER BY id LIMIT {limit}");
    Ok(db::all::<PhotoRow, _>(conn, &sql, [j.0.into(), after.into()]).await?.into_iter().map(Photo::from).collect())
}

/// How many photos a request has.
pub(crate) async fn count_photos<C: ConnectionTrait>(conn: &C, j: JurisdictionId, request: RequestId) -> Result<i64, DbError> {
    let row = db::sql::one_raw(conn, "SELECT count(*) AS n FROM photos WHERE jurisdiction_id = $1 AND request_id = $2", [j.0.into(), request.0.into()]).await?;
    Ok(row.map(|row| row.try_get("", "n")).transpose()?.unwrap_or(0))
}

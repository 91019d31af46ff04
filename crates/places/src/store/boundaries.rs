//! Rows of areas, their editions and schedules.

use db::{DbError, Tx};
use jiff::civil::Date;
use kernel::{JurisdictionId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult};

/// One edition of a layer.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(crate) struct EditionRow {
    pub(crate) layer: String,
    pub(crate) edition: String,
    pub(crate) from_on: Option<String>,
    pub(crate) until_on: Option<String>,
    pub(crate) city_limits: bool,
}

/// One area. `rings` is JSON: polygons of rings of [longitude, latitude].
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub(crate) struct AreaRow {
    pub(crate) layer: String,
    pub(crate) edition: String,
    pub(crate) area_key: String,
    pub(crate) name: String,
    pub(crate) code: Option<String>,
    pub(crate) rings: String,
    pub(crate) digest: i64,
}

/// A layer's schedule.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct ScheduleRow {
    pub(crate) layer: String,
    pub(crate) schedule: String,
}

pub(crate) async fn editions<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Vec<EditionRow>, DbError> {
    db::all(
        conn,
        "SELECT layer, edition, from_on, until_on, city_limits FROM boundary_editions WHERE jurisdiction_id = $1 ORDER BY layer, edition",
        [j.0.into()],
    )
    .await
}

pub(crate) async fn areas<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Vec<AreaRow>, DbError> {
    let sql = "SELECT layer, edition, area_key, name, code, rings, digest FROM boundary_areas WHERE jurisdiction_id = $1 ORDER BY layer, edition, area_key";
    db::all(conn, sql, [j.0.into()]).await
}

pub(crate) async fn schedules<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Vec<ScheduleRow>, DbError> {
    db::all(conn, "SELECT layer, schedule FROM zone_schedules WHERE jurisdiction_id = $1 ORDER BY layer", [j.0.into()]).await
}

/// Writes an edition; answers whether that changed anything.
pub(crate) async fn put_edition(tx: &Tx, j: JurisdictionId, row: EditionRow, now: Timestamp) -> Result<bool, DbError> {
    let EditionRow { layer, edition, from_on, until_on, city_limits } = row;
    // IS NOT DISTINCT FROM would be shorter; SQLite knows it only since 3.39, and PostgreSQL has no IS for values.
    let sql = "INSERT INTO boundary_editions (jurisdiction_id, layer, edition, from_on, until_on, city_limits, imported_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (jurisdiction_id, layer, edition) DO UPDATE
         SET from_on = excluded.from_on, until_on = excluded.until_on, city_limits = excluded.city_limits, imported_at = excluded.imported_at
         WHERE coalesce(boundary_editions.from_on, '') <> coalesce(excluded.from_on, '')
            OR coalesce(boundary_editions.until_on, '') <> coalesce(excluded.until_on, '')
            OR boundary_editions.city_limits <> excluded.city_limits";
    let values = [j.0.into(), layer.into(), edition.into(), from_on.into(), until_on.into(), city_limits.into(), now.millis().into()];
    Ok(db::exec(tx.conn(), sql, values).await? > 0)
}

/// Writes areas; answers how many were new or changed.
pub(crate) async fn put_areas(tx: &Tx, j: JurisdictionId, rows: Vec<AreaRow>) -> Result<u64, DbError> {
    const COLUMNS: &[&str] = &["jurisdiction_id", "layer", "edition", "area_key", "name", "code", "rings", "digest"];
    let mut values = Vec::with_capacity(rows.len() * COLUMNS.len());
    for AreaRow { layer, edition, area_key, name, code, rings, digest } in rows {
        values.extend([j.0.into(), layer.into(), edition.into(), area_key.into(), name.into(), code.into(), rings.into(), digest.into()]);
    }
    let tail = "ON CONFLICT (jurisdiction_id, layer, edition, area_key) DO UPDATE
         SET name = excluded.name, code = excluded.code, rings = excluded.rings, digest = excluded.digest
         WHERE boundary_areas.digest <> excluded.digest";
    db::insert_many(tx.conn(), "boundary_areas", COLUMNS, values, tail).await
}

#[derive(FromQueryResult)]
struct Key {
    area_key: String,
}

/// The keys of an edition's areas.
pub(crate) async fn area_keys<C: ConnectionTrait>(conn: &C, j: JurisdictionId, layer: &str, edition: &str) -> Result<Vec<String>, DbError> {
    let sql = "SELECT area_key FROM boundary_areas WHERE jurisdiction_id = $1 AND layer = $2 AND edition = $3 ORDER BY area_key";
    let rows: Vec<Key> = db::all(conn, sql, [j.0.into(), layer.into(), edition.into()]).await?;
    Ok(rows.into_iter().map(|row| row.area_key).collect())
}

pub(crate) async fn remove_area(tx: &Tx, j: JurisdictionId, layer: &str, edition: &str, area_key: &str) -> Result<u64, DbError> {
    let sql = "DELETE FROM boundary_areas WHERE jurisdiction_id = $1 AND layer = $2 AND edition = $3 AND area_key = $4";
    db::exec(tx.conn(), sql, [j.0.into(), layer.into(), edition.into(), area_key.into()]).await
}

#[derive(FromQueryResult)]
struct Name {
    name: String,
}

/// The names of a layer's areas in all editions.
pub(crate) async fn area_names<C: ConnectionTrait>(conn: &C, j: JurisdictionId, layer: &str) -> Result<Vec<String>, DbError> {
    let sql = "SELECT DISTINCT name FROM boundary_areas WHERE jurisdiction_id = $1 AND layer = $2 ORDER BY name";
    let rows: Vec<Name> = db::all(conn, sql, [j.0.into(), layer.into()]).await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Writes a layer's schedule; answers whether that changed anything.
pub(crate) async fn put_schedule(tx: &Tx, j: JurisdictionId, layer: &str, schedule: &str, now: Timestamp) -> Result<bool, DbError> {
    let sql = "INSERT INTO zone_schedules (jurisdiction_id, layer, schedule, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (jurisdiction_id, layer) DO UPDATE SET schedule = excluded.schedule, changed_at = excluded.changed_at
         WHERE zone_schedules.schedule <> excluded.schedule";
    Ok(db::exec(tx.conn(), sql, [j.0.into(), layer.into(), schedule.into(), now.millis().into()]).await? > 0)
}

/// A date as this room's rows keep it.
pub(crate) fn date_text(date: Option<Date>) -> Option<String> {
    date.map(|date| date.to_string())
}

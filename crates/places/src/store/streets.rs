//! Rows of streets' pieces and of corners.

use std::collections::HashMap;

use db::{DbError, Tx};
use kernel::{BBox, Cell, JurisdictionId, LatLon};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

/// One piece of a street on its way in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SegmentRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) alias: String,
    pub(crate) street_key: String,
    pub(crate) left_from: Option<i64>,
    pub(crate) left_to: Option<i64>,
    pub(crate) right_from: Option<i64>,
    pub(crate) right_to: Option<i64>,
    pub(crate) left_zip: String,
    pub(crate) right_zip: String,
    pub(crate) city: String,
    /// JSON: [longitude, latitude] pairs.
    pub(crate) line: String,
    pub(crate) digest: i64,
    /// The grid cells that it passes.
    pub(crate) cells: Vec<i64>,
}

/// One piece of a street as it is read to place a house number or to name a point.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) left_from: Option<i64>,
    pub(crate) left_to: Option<i64>,
    pub(crate) right_from: Option<i64>,
    pub(crate) right_to: Option<i64>,
    pub(crate) left_zip: String,
    pub(crate) right_zip: String,
    pub(crate) line: String,
}

/// A piece's line.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct LineRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) street_key: String,
    pub(crate) line: String,
}

/// A corner.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub(crate) struct CornerRow {
    pub(crate) street_a_key: String,
    pub(crate) street_b_key: String,
    pub(crate) place: i32,
    pub(crate) name_a: String,
    pub(crate) name_b: String,
    pub(crate) lat: f64,
    pub(crate) lon: f64,
}

impl CornerRow {
    pub(crate) fn point(&self) -> Option<LatLon> {
        LatLon::new(self.lat, self.lon)
    }
}

#[derive(FromQueryResult)]
struct Known {
    id: String,
    digest: i64,
}

/// Writes pieces with their cells; answers how many were new or changed.
pub(crate) async fn put_segments(tx: &Tx, j: JurisdictionId, rows: Vec<SegmentRow>) -> Result<u64, DbError> {
    const COLUMNS: &[&str] = &[
        "jurisdiction_id",
        "id",
        "name",
        "alias",
        "street_key",
        "left_from",
        "left_to",
        "right_from",
        "right_to",
        "left_zip",
        "right_zip",
        "city",
        "line",
        "digest",
    ];
    let mut values: Vec<Value> = vec![j.0.into()];
    let wanted = super::wanted(rows.iter().map(|row| row.id.as_str()), "TEXT", &mut values);
    let sql = format!("SELECT id, digest FROM {wanted} CROSS JOIN street_segments WHERE jurisdiction_id = $1 AND id = wanted.column1");
    let known: Vec<Known> = db::all(tx.conn(), &sql, values).await?;
    let known: HashMap<String, i64> = known.into_iter().map(|row| (row.id, row.digest)).collect();
    let fresh: Vec<SegmentRow> = rows.into_iter().filter(|row| known.get(&row.id) != Some(&row.digest)).collect();
    let changed = fresh.len() as u64;
    for row in fresh.iter().filter(|row| known.contains_key(&row.id)) {
        let sql = "DELETE FROM street_segment_cells WHERE jurisdiction_id = $1 AND segment_id = $2";
        db::exec(tx.conn(), sql, [j.0.into(), row.id.as_str().into()]).await?;
    }
    let mut values: Vec<Value> = Vec::with_capacity(fresh.len() * COLUMNS.len());
    let mut cell_values: Vec<Value> = Vec::new();
    for row in fresh {
        let SegmentRow { id, name, alias, street_key, left_from, left_to, right_from, right_to, left_zip, right_zip, city, line, digest, cells } = row;
        for cell in cells {
            cell_values.extend([j.0.into(), cell.into(), id.clone().into()]);
        }
        values.extend([j.0.into(), id.into(), name.into(), alias.into(), street_key.into(), left_from.into(), left_to.into()]);
        values.extend([right_from.into(), right_to.into(), left_zip.into(), right_zip.into(), city.into(), line.into(), digest.into()]);
    }
    let tail = "ON CONFLICT (jurisdiction_id, id) DO UPDATE
         SET name = excluded.name, alias = excluded.alias, street_key = excluded.street_key, left_from = excluded.left_from, left_to = excluded.left_to,
             right_from = excluded.right_from, right_to = excluded.right_to, left_zip = excluded.left_zip, right_zip = excluded.right_zip, city = excluded.city,
             line = excluded.line, digest = excluded.digest";
    db::insert_many(tx.conn(), "street_segments", COLUMNS, values, tail).await?;
    db::insert_many(tx.conn(), "street_segment_cells", &["jurisdiction_id", "cell", "segment_id"], cell_values, "").await?;
    Ok(changed)
}

/// Pieces in the order of their ids, after the one named.
pub(crate) async fn lines_after<C: ConnectionTrait>(conn: &C, j: JurisdictionId, after: &str, limit: i64) -> Result<Vec<LineRow>, DbError> {
    let sql = "SELECT id, name, street_key, line FROM street_segments WHERE jurisdiction_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    db::all(conn, sql, [j.0.into(), after.into(), limit.into()]).await
}

const SEGMENT: &str = "SELECT s.name, s.left_from, s.left_to, s.right_from, s.right_to, s.left_zip, s.right_zip, s.line FROM street_segments s";

/// All pieces of a street, in no order.
pub(crate) async fn of_street<C: ConnectionTrait>(conn: &C, j: JurisdictionId, street_key: &str) -> Result<Vec<Segment>, DbError> {
    db::all(conn, &format!("{SEGMENT} WHERE s.jurisdiction_id = $1 AND s.street_key = $2"), [j.0.into(), street_key.into()]).await
}

/// The pieces that pass the cells of the box, in no order.
pub(crate) async fn in_box<C: ConnectionTrait>(conn: &C, j: JurisdictionId, area: &BBox) -> Result<Vec<Segment>, DbError> {
    let mut values: Vec<Value> = vec![j.0.into()];
    let wanted = super::wanted_cells(area, &mut values);
    let ids = format!("SELECT segment_id FROM {wanted} CROSS JOIN street_segment_cells WHERE jurisdiction_id = $1 AND cell = wanted.column1");
    let sql = format!("{SEGMENT} WHERE s.jurisdiction_id = $1 AND s.id IN ({ids})");
    db::all(conn, &sql, values).await
}

const CORNER: &str = "street_a_key, street_b_key, place, name_a, name_b, lat, lon";

/// All corners.
pub(crate) async fn corners<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Vec<CornerRow>, DbError> {
    db::all(conn, &format!("SELECT {CORNER} FROM street_corners WHERE jurisdiction_id = $1 ORDER BY street_a_key, street_b_key, place"), [j.0.into()]).await
}

/// The corners in the cells of the box, in no order.
pub(crate) async fn corners_in_box<C: ConnectionTrait>(conn: &C, j: JurisdictionId, area: &BBox) -> Result<Vec<CornerRow>, DbError> {
    let mut values: Vec<Value> = vec![j.0.into()];
    let wanted = super::wanted_cells(area, &mut values);
    let sql = format!("SELECT {CORNER} FROM {wanted} CROSS JOIN street_corners WHERE jurisdiction_id = $1 AND cell = wanted.column1");
    db::all(conn, &sql, values).await
}

pub(crate) async fn remove_corner(tx: &Tx, j: JurisdictionId, a: &str, b: &str, place: i32) -> Result<(), DbError> {
    let sql = "DELETE FROM street_corners WHERE jurisdiction_id = $1 AND street_a_key = $2 AND street_b_key = $3 AND place = $4";
    db::exec(tx.conn(), sql, [j.0.into(), a.into(), b.into(), place.into()]).await?;
    Ok(())
}

pub(crate) async fn put_corners(tx: &Tx, j: JurisdictionId, rows: Vec<CornerRow>) -> Result<u64, DbError> {
    const COLUMNS: &[&str] = &["jurisdiction_id", "street_a_key", "street_b_key", "place", "name_a", "name_b", "lat", "lon", "cell"];
    let mut values: Vec<Value> = Vec::with_capacity(rows.len() * COLUMNS.len());
    for row in rows {
        let Some(cell) = row.point().map(|p| Cell::of(p).0) else { continue };
        let CornerRow { street_a_key, street_b_key, place, name_a, name_b, lat, lon } = row;
        values.extend([j.0.into(), street_a_key.into(), street_b_key.into(), place.into(), name_a.into(), name_b.into(), lat.into(), lon.into(), cell.into()]);
    }
    let tail = "ON CONFLICT (jurisdiction_id, street_a_key, street_b_key, place) DO UPDATE
         SET name_a = excluded.name_a, name_b = excluded.name_b, lat = excluded.lat, lon = excluded.lon, cell = excluded.cell";
    db::insert_many(tx.conn(), "street_corners", COLUMNS, values, tail).await
}

/// A street as the center lines write it, with another name and zip code where they tell them.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct NamedRow {
    pub(crate) street_key: String,
    pub(crate) name: String,
    pub(crate) alias: String,
    pub(crate) zip: String,
    pub(crate) pieces: i64,
}

/// All streets of the center lines.
pub(crate) async fn streets<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Vec<NamedRow>, DbError> {
    let sql = "SELECT street_key, min(name) AS name, alias, left_zip AS zip, count(*) AS pieces FROM street_segments
         WHERE jurisdiction_id = $1 GROUP BY street_key, alias, left_zip ORDER BY street_key, alias, left_zip";
    db::all(conn, sql, [j.0.into()]).await
}

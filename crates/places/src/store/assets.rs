//! Rows of assets.

use db::{DbError, Tx};
use kernel::{BBox, JurisdictionId};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

/// One asset. `attributes` is a JSON object.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub(crate) struct AssetRow {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) lat: f64,
    pub(crate) lon: f64,
    pub(crate) cell: i64,
    pub(crate) attributes: String,
    pub(crate) digest: i64,
}

/// Writes assets; answers how many were new or changed.
pub(crate) async fn put(tx: &Tx, j: JurisdictionId, rows: Vec<AssetRow>) -> Result<u64, DbError> {
    const COLUMNS: &[&str] = &["jurisdiction_id", "kind", "id", "label", "lat", "lon", "cell", "attributes", "digest"];
    let mut values: Vec<Value> = Vec::with_capacity(rows.len() * COLUMNS.len());
    for AssetRow { kind, id, label, lat, lon, cell, attributes, digest } in rows {
        values.extend([j.0.into(), kind.into(), id.into(), label.into(), lat.into(), lon.into(), cell.into(), attributes.into(), digest.into()]);
    }
    let tail = "ON CONFLICT (jurisdiction_id, kind, id) DO UPDATE
         SET label = excluded.label, lat = excluded.lat, lon = excluded.lon, cell = excluded.cell, attributes = excluded.attributes, digest = excluded.digest
         WHERE place_assets.digest <> excluded.digest";
    db::insert_many(tx.conn(), "place_assets", COLUMNS, values, tail).await
}

/// Assets in the box, of one kind or of all, in no order.
pub(crate) async fn in_box<C: ConnectionTrait>(conn: &C, j: JurisdictionId, kind: Option<&str>, area: &BBox) -> Result<Vec<AssetRow>, DbError> {
    let mut values: Vec<Value> = vec![j.0.into()];
    let wanted = super::wanted_cells(area, &mut values);
    let of_kind = kind.map_or_else(String::new, |kind| {
        values.push(kind.into());
        format!(" AND kind = ${}", values.len())
    });
    let n = values.len();
    values.extend([area.south, area.north, area.west, area.east].map(Value::from));
    let sql = format!(
        "SELECT kind, id, label, lat, lon, cell, attributes, digest FROM {wanted} CROSS JOIN place_assets
         WHERE jurisdiction_id = $1 AND cell = wanted.column1{of_kind} AND lat BETWEEN ${} AND ${} AND lon BETWEEN ${} AND ${}",
        n + 1,
        n + 2,
        n + 3,
        n + 4
    );
    db::all(conn, &sql, values).await
}

//! Rows of address registers.

use db::{DbError, Tx};
use kernel::{BBox, JurisdictionId, LatLon};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

/// One row of a register.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub(crate) struct AddressRow {
    pub(crate) id: String,
    pub(crate) register: String,
    pub(crate) label: String,
    pub(crate) number: Option<i64>,
    pub(crate) number_suffix: String,
    pub(crate) street: String,
    pub(crate) street_key: String,
    pub(crate) unit: String,
    pub(crate) city: String,
    pub(crate) zip: String,
    pub(crate) landmark: String,
    pub(crate) lat: Option<f64>,
    pub(crate) lon: Option<f64>,
    pub(crate) cell: Option<i64>,
    pub(crate) digest: i64,
}

impl AddressRow {
    pub(crate) fn point(&self) -> Option<LatLon> {
        LatLon::new(self.lat?, self.lon?)
    }
}

const COLUMNS_READ: &str = "id, register, label, number, number_suffix, street, street_key, unit, city, zip, landmark, lat, lon, cell, digest";
const READ: &str =
    "SELECT id, register, label, number, number_suffix, street, street_key, unit, city, zip, landmark, lat, lon, cell, digest FROM place_addresses";

/// Writes rows; answers how many were new or changed.
pub(crate) async fn put(tx: &Tx, j: JurisdictionId, rows: Vec<AddressRow>) -> Result<u64, DbError> {
    const COLUMNS: &[&str] = &[
        "jurisdiction_id",
        "id",
        "register",
        "label",
        "number",
        "number_suffix",
        "street",
        "street_key",
        "unit",
        "city",
        "zip",
        "landmark",
        "lat",
        "lon",
        "cell",
        "digest",
    ];
    let mut values: Vec<Value> = Vec::with_capacity(rows.len() * COLUMNS.len());
    for row in rows {
        let AddressRow { id, register, label, number, number_suffix, street, street_key, unit, city, zip, landmark, lat, lon, cell, digest } = row;
        values.extend([j.0.into(), id.into(), register.into(), label.into(), number.into(), number_suffix.into(), street.into(), street_key.into()]);
        values.extend([unit.into(), city.into(), zip.into(), landmark.into(), lat.into(), lon.into(), cell.into(), digest.into()]);
    }
    let tail = "ON CONFLICT (jurisdiction_id, id, register) DO UPDATE
         SET label = excluded.label, number = excluded.number, number_suffix = excluded.number_suffix, street = excluded.street, street_key = excluded.street_key,
             unit = excluded.unit, city = excluded.city, zip = excluded.zip, landmark = excluded.landmark, lat = excluded.lat, lon = excluded.lon, cell = excluded.cell,
             digest = excluded.digest
         WHERE place_addresses.digest <> excluded.digest";
    db::insert_many(tx.conn(), "place_addresses", COLUMNS, values, tail).await
}

/// The address with this id; an address register comes before a register of parcels.
pub(crate) async fn by_id<C: ConnectionTrait>(conn: &C, j: JurisdictionId, id: &str) -> Result<Option<AddressRow>, DbError> {
    db::one(conn, &format!("{READ} WHERE jurisdiction_id = $1 AND id = $2 ORDER BY register LIMIT 1"), [j.0.into(), id.into()]).await
}

/// The houses with this number on these streets, units included, in no order; at most 2,000.
pub(crate) async fn by_number<C: ConnectionTrait>(conn: &C, j: JurisdictionId, streets: &[&str], number: i64) -> Result<Vec<AddressRow>, DbError> {
    let mut values: Vec<Value> = vec![j.0.into(), number.into()];
    let wanted = super::wanted(streets.iter().copied(), "TEXT", &mut values);
    let sql = format!(
        "SELECT {COLUMNS_READ} FROM {wanted} CROSS JOIN place_addresses WHERE jurisdiction_id = $1 AND street_key = wanted.column1 AND number = $2 LIMIT 2000"
    );
    db::all(conn, &sql, values).await
}

/// The house on this street, with a point, whose number is nearest to `number`.
pub(crate) async fn nearest_number<C: ConnectionTrait>(conn: &C, j: JurisdictionId, street: &str, number: i64) -> Result<Option<AddressRow>, DbError> {
    let below = format!("{READ} WHERE jurisdiction_id = $1 AND street_key = $2 AND number <= $3 AND lat IS NOT NULL ORDER BY number DESC, id LIMIT 1");
    let above = format!("{READ} WHERE jurisdiction_id = $1 AND street_key = $2 AND number >= $3 AND lat IS NOT NULL ORDER BY number, id LIMIT 1");
    let values = || [Value::from(j.0), street.into(), number.into()];
    let below: Option<AddressRow> = db::one(conn, &below, values()).await?;
    let above: Option<AddressRow> = db::one(conn, &above, values()).await?;
    let away = |row: &AddressRow| row.number.map_or(i64::MAX, |n| (n - number).abs());
    Ok([below, above].into_iter().flatten().min_by_key(away))
}

/// Addresses with a point in the box, in no order, at most 5,000. Those without a street (parcels) only when `streets_only` is false.
pub(crate) async fn in_box<C: ConnectionTrait>(conn: &C, j: JurisdictionId, area: &BBox, streets_only: bool) -> Result<Vec<AddressRow>, DbError> {
    let mut values: Vec<Value> = vec![j.0.into()];
    let wanted = super::wanted_cells(area, &mut values);
    let n = values.len();
    values.extend([area.south, area.north, area.west, area.east].map(Value::from));
    let with_street = if streets_only { " AND street_key <> ''" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS_READ} FROM {wanted} CROSS JOIN place_addresses WHERE jurisdiction_id = $1 AND cell = wanted.column1
         AND lat BETWEEN ${} AND ${} AND lon BETWEEN ${} AND ${}{with_street} LIMIT 5000",
        n + 1,
        n + 2,
        n + 3,
        n + 4
    );
    db::all(conn, &sql, values).await
}

/// A street as the registers write it, in one zip code, with how many addresses it has there.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct StreetRow {
    pub(crate) street_key: String,
    pub(crate) name: String,
    pub(crate) zip: String,
    pub(crate) houses: i64,
}

/// All streets of the registers.
pub(crate) async fn streets<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Vec<StreetRow>, DbError> {
    let sql = "SELECT street_key, min(street) AS name, zip, count(*) AS houses FROM place_addresses
         WHERE jurisdiction_id = $1 AND street_key <> '' GROUP BY street_key, zip ORDER BY street_key, zip";
    db::all(conn, sql, [j.0.into()]).await
}

/// All landmarks of the registers.
pub(crate) async fn landmarks<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Vec<AddressRow>, DbError> {
    db::all(conn, &format!("{READ} WHERE jurisdiction_id = $1 AND landmark <> '' ORDER BY landmark, id, register"), [j.0.into()]).await
}

#[derive(FromQueryResult)]
struct Count {
    n: i64,
}

#[derive(FromQueryResult)]
struct Place {
    lat: Option<f64>,
    lon: Option<f64>,
}

/// The point of the house in the middle of the street's numbers.
pub(crate) async fn middle_of_street<C: ConnectionTrait>(conn: &C, j: JurisdictionId, street: &str) -> Result<Option<LatLon>, DbError> {
    let with_point = "FROM place_addresses WHERE jurisdiction_id = $1 AND street_key = $2 AND lat IS NOT NULL";
    let count: Option<Count> = db::one(conn, &format!("SELECT count(*) AS n {with_point}"), [j.0.into(), street.into()]).await?;
    let half = count.map_or(0, |count| count.n / 2);
    let place: Option<Place> =
        db::one(conn, &format!("SELECT lat, lon {with_point} ORDER BY number, id LIMIT 1 OFFSET $3"), [j.0.into(), street.into(), half.into()]).await?;
    Ok(place.and_then(|place| LatLon::new(place.lat?, place.lon?)))
}

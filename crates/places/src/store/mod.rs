//! The SQL of this room.

pub(crate) mod addresses;
pub(crate) mod assets;
pub(crate) mod boundaries;
pub(crate) mod streets;

use db::{DbError, Tx};
use kernel::{JurisdictionId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

/// Areas, editions and schedules.
pub(crate) const BOUNDARIES: &str = "boundaries";
/// Streets, corners, landmarks and addresses: what the search index is made of.
pub(crate) const SEARCH: &str = "search";

/// The stored generation of each topic; 0 before the first import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Generations {
    pub(crate) boundaries: i64,
    pub(crate) search: i64,
}

#[derive(FromQueryResult)]
struct Generation {
    topic: String,
    generation: i64,
}

pub(crate) async fn generations<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Generations, DbError> {
    let rows: Vec<Generation> = db::all(conn, "SELECT topic, generation FROM place_generations WHERE jurisdiction_id = $1", [j.0.into()]).await?;
    let of = |topic: &str| rows.iter().find(|row| row.topic == topic).map_or(0, |row| row.generation);
    Ok(Generations { boundaries: of(BOUNDARIES), search: of(SEARCH) })
}

/// Tells every process that this topic changed.
pub(crate) async fn touch(tx: &Tx, j: JurisdictionId, topic: &str, now: Timestamp) -> Result<(), DbError> {
    let sql = "INSERT INTO place_generations (jurisdiction_id, topic, generation, changed_at) VALUES ($1, $2, 1, $3)
         ON CONFLICT (jurisdiction_id, topic) DO UPDATE SET generation = place_generations.generation + 1, changed_at = excluded.changed_at";
    db::exec(tx.conn(), sql, [j.0.into(), topic.into(), now.millis().into()]).await?;
    Ok(())
}

/// A table `wanted` with one column, `column1`, of these values, which are appended to `values`. Joined with CROSS JOIN
/// it makes SQLite look each value up in an index. With `IN (…)`, not knowing how many rows a jurisdiction has, it may
/// rather read all of them.
pub(crate) fn wanted<V: Into<Value>>(list: impl IntoIterator<Item = V>, cast: &str, values: &mut Vec<Value>) -> String {
    let mut rows = Vec::new();
    for value in list {
        values.push(value.into());
        rows.push(format!("(CAST(${} AS {cast}))", values.len()));
    }
    if rows.is_empty() {
        rows.push(format!("(CAST(NULL AS {cast}))"));
    }
    format!("(VALUES {}) AS wanted", rows.join(", "))
}

/// The grid cells of a box as a table `wanted`.
pub(crate) fn wanted_cells(area: &kernel::BBox, values: &mut Vec<Value>) -> String {
    wanted(kernel::Cell::ranges(area).into_iter().flat_map(|(first, last)| first.0..=last.0), "BIGINT", values)
}

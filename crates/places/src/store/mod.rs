//! The SQL of this room.

pub(crate) mod addresses;
pub(crate) mod assets;
pub(crate) mod boundaries;
pub(crate) mod streets;

use db::{DbError, Tx};
use kernel::{JurisdictionId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult};

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

/// `$from, $from+1, …`: placeholders for a list of values.
pub(crate) fn placeholders(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// A condition on the column `cell` for a few ranges of cells, with its values appended to `values`.
pub(crate) fn in_cells(ranges: &[(kernel::Cell, kernel::Cell)], values: &mut Vec<sea_orm::Value>) -> String {
    let mut parts = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        values.push(from.0.into());
        values.push(to.0.into());
        parts.push(format!("cell BETWEEN ${} AND ${}", values.len() - 1, values.len()));
    }
    format!("({})", parts.join(" OR "))
}

//! The log itself: appended to, read in order, never changed.

use db::{Db, DbError, Tx};
use kernel::{JurisdictionId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::{Event, NewEvent, Position};

const COLUMNS: &[&str] = &["jurisdiction_id", "stamp", "id", "subject_kind", "subject", "kind", "actor", "occurred_at", "recorded_at", "body"];

#[derive(FromQueryResult)]
struct Row {
    jurisdiction_id: i64,
    stamp: i64,
    id: Uuid,
    subject_kind: String,
    subject: Uuid,
    kind: String,
    actor: String,
    occurred_at: i64,
    recorded_at: i64,
    body: String,
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        let Row { jurisdiction_id, stamp, id, subject_kind, subject, kind, actor, occurred_at, recorded_at, body } = row;
        Self {
            jurisdiction: JurisdictionId(jurisdiction_id),
            stamp,
            id,
            subject_kind,
            subject,
            kind,
            actor,
            occurred_at: Timestamp::from_millis(occurred_at),
            recorded_at: Timestamp::from_millis(recorded_at),
            body,
        }
    }
}

/// Appends events in the transaction of the change that they tell of. Hand over many at once where there are many: they
/// are written with as few statements as the engine allows.
///
/// # Errors
/// When the engine fails.
pub async fn append(tx: &Tx, events: Vec<NewEvent>) -> Result<(), DbError> {
    if events.is_empty() {
        return Ok(());
    }
    let stamp = tx.stamp().await?;
    let mut values: Vec<Value> = Vec::with_capacity(events.len() * COLUMNS.len());
    for event in events {
        let NewEvent { jurisdiction, id, subject_kind, subject, kind, actor, occurred_at, recorded_at, body } = event;
        values.extend([
            jurisdiction.0.into(),
            stamp.into(),
            id.into(),
            subject_kind.into(),
            subject.into(),
            kind.into(),
            actor.to_string().into(),
            occurred_at.millis().into(),
            recorded_at.millis().into(),
            body.into(),
        ]);
    }
    db::insert_many(tx.conn(), "events", COLUMNS, values, "").await?;
    Ok(())
}

/// Everything that happened to one subject, in the order in which it was written down.
///
/// # Errors
/// When the engine fails.
pub async fn history<C: ConnectionTrait>(conn: &C, jurisdiction: JurisdictionId, subject: Uuid) -> Result<Vec<Event>, DbError> {
    const SQL: &str = "SELECT jurisdiction_id, stamp, id, subject_kind, subject, kind, actor, occurred_at, recorded_at, body
        FROM events WHERE jurisdiction_id = $1 AND subject = $2 ORDER BY stamp, id";
    let rows: Vec<Row> = db::all(conn, SQL, [jurisdiction.0.into(), subject.into()]).await?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// The next events of a jurisdiction after `from` (or from the first), at most `limit`, in the order of reading.
/// No event will ever turn up before one that this answered: see the [crate's page](crate) on the horizon.
///
/// # Errors
/// When the engine fails.
pub async fn after(db: &Db, jurisdiction: JurisdictionId, from: Option<Position>, limit: u32) -> Result<Vec<Event>, DbError> {
    // First the horizon, then the events: never the other way round.
    let horizon = db.stamp_horizon().await?;
    below(db.read(), jurisdiction, from.unwrap_or(Position::START), horizon, limit).await
}

/// The next events after `from` with a stamp below `horizon`, which was read before this is called.
pub(crate) async fn below<C: ConnectionTrait>(conn: &C, jurisdiction: JurisdictionId, from: Position, horizon: i64, limit: u32) -> Result<Vec<Event>, DbError> {
    const SQL: &str = "SELECT jurisdiction_id, stamp, id, subject_kind, subject, kind, actor, occurred_at, recorded_at, body
        FROM events WHERE jurisdiction_id = $1 AND (stamp, id) > ($2, $3) AND stamp < $4 ORDER BY stamp, id LIMIT $5";
    let values = [jurisdiction.0.into(), from.stamp.into(), from.id.into(), horizon.into(), i64::from(limit).into()];
    let rows: Vec<Row> = db::all(conn, SQL, values).await?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// Makes every later stamp larger than all that the log holds. Call it at start, before anything is written: a database
/// restored into another PostgreSQL cluster, or moved from one engine to the other, then goes on in order.
///
/// # Errors
/// When the engine fails.
pub async fn settle_stamps(db: &Db) -> Result<(), DbError> {
    // From jurisdiction to jurisdiction along the key, the last stamp of each: no walk through the whole log.
    const SQL: &str = "WITH RECURSIVE served (id) AS (
            SELECT min(jurisdiction_id) FROM events
            UNION ALL
            SELECT (SELECT min(e.jurisdiction_id) FROM events e WHERE e.jurisdiction_id > served.id) FROM served WHERE served.id IS NOT NULL
        )
        SELECT max((SELECT max(e.stamp) FROM events e WHERE e.jurisdiction_id = served.id)) AS highest FROM served WHERE served.id IS NOT NULL";
    #[derive(FromQueryResult)]
    struct Highest {
        highest: Option<i64>,
    }
    let highest: Option<Highest> = db::one(db.read(), SQL, []).await?;
    match highest.and_then(|row| row.highest) {
        Some(highest) => db.raise_stamps(highest).await,
        None => Ok(()),
    }
}

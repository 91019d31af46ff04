//! How far each follower has come, and which node follows for it: positions and their leases.
//!
//! A lease only saves work; what keeps the order is that each step forward names the position it starts from and the
//! owner it belongs to. Of two nodes that believe they follow, the second finds that no row matches, and its whole
//! transaction is undone.

use db::{Db, DbError, Tx};
use futures::FutureExt;
use kernel::{JurisdictionId, Timestamp};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::Position;

/// One follower of one jurisdiction, as a node sees it that would follow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub jurisdiction: JurisdictionId,
    pub position: Position,
    /// There is no row yet.
    pub is_new: bool,
    /// Everything made so far must go first.
    pub clear_first: bool,
    /// How long this node holds the lease already.
    pub mine_until: Option<Timestamp>,
}

/// Who steps forward, and when: what every change of a position is checked against.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub follower: String,
    pub version: i32,
    pub owner: Uuid,
    pub now: Timestamp,
    pub until: Timestamp,
}

/// The jurisdictions in which a follower has something to do that no other node is doing.
pub(crate) async fn waiting(db: &Db, holder: &Holder, horizon: i64) -> Result<Vec<Waiting>, DbError> {
    const SQL: &str = "WITH RECURSIVE served (id) AS (
            SELECT min(jurisdiction_id) FROM events
            UNION ALL
            SELECT (SELECT min(e.jurisdiction_id) FROM events e WHERE e.jurisdiction_id > served.id) FROM served WHERE served.id IS NOT NULL
        )
        SELECT served.id AS jurisdiction_id, p.version, p.stamp, p.id, p.clear_first, p.lease_owner, p.lease_until
        FROM served LEFT JOIN event_positions p ON p.jurisdiction_id = served.id AND p.follower = $1
        WHERE served.id IS NOT NULL AND (p.follower IS NULL OR (
            p.version <= $2
            AND (p.lease_owner IS NULL OR p.lease_owner = $3 OR p.lease_until <= $4)
            AND (p.retry_at IS NULL OR p.retry_at <= $4)
            AND (p.clear_first OR p.version < $2 OR EXISTS (
                SELECT 1 FROM events e WHERE e.jurisdiction_id = served.id AND (e.stamp, e.id) > (p.stamp, p.id) AND e.stamp < $5))))
        ORDER BY served.id";
    #[derive(FromQueryResult)]
    struct Row {
        jurisdiction_id: i64,
        version: Option<i32>,
        stamp: Option<i64>,
        id: Option<Uuid>,
        clear_first: Option<bool>,
        lease_owner: Option<Uuid>,
        lease_until: Option<i64>,
    }
    let values = [holder.follower.as_str().into(), holder.version.into(), holder.owner.into(), holder.now.millis().into(), horizon.into()];
    let rows: Vec<Row> = db::all(db.read(), SQL, values).await?;
    Ok(rows
        .into_iter()
        .map(|row| Waiting {
            jurisdiction: JurisdictionId(row.jurisdiction_id),
            position: row.stamp.zip(row.id).map_or(Position::START, |(stamp, id)| Position { stamp, id }),
            is_new: row.version.is_none(),
            clear_first: row.clear_first.unwrap_or(true) || row.version.is_some_and(|v| v < holder.version),
            mine_until: row.lease_until.filter(|_| row.lease_owner == Some(holder.owner)).map(Timestamp::from_millis),
        })
        .collect())
}

/// Makes the row of a follower that is new in this jurisdiction. What an earlier installation may have left behind
/// outside the database is cleared before the first event.
pub(crate) async fn begin(tx: &Tx, jurisdiction: JurisdictionId, follower: &str, version: i32) -> Result<(), DbError> {
    const SQL: &str = "INSERT INTO event_positions (jurisdiction_id, follower, version, stamp, id, clear_first, failures)
        VALUES ($1, $2, $3, $4, $5, TRUE, 0) ON CONFLICT DO NOTHING";
    let values = [jurisdiction.0.into(), follower.into(), version.into(), Position::START.stamp.into(), Position::START.id.into()];
    db::exec(tx.conn(), SQL, values).await?;
    Ok(())
}

/// Takes the lease, when it is free, its time is over, or it is this node's own. A row that another node is stepping
/// forward at this moment is passed over, not waited for.
pub(crate) async fn claim(tx: &Tx, jurisdiction: JurisdictionId, holder: &Holder) -> Result<bool, DbError> {
    const LOOK: &str = "SELECT version FROM event_positions WHERE jurisdiction_id = $1 AND follower = $2
        AND (lease_owner IS NULL OR lease_owner = $3 OR lease_until <= $4)";
    const TAKE: &str = "UPDATE event_positions SET lease_owner = $3, lease_until = $4 WHERE jurisdiction_id = $1 AND follower = $2";
    let look = format!("{LOOK}{}", tx.engine().skip_locked());
    let (j, follower, owner) = (jurisdiction.0, holder.follower.as_str(), holder.owner);
    let free = db::sql::one_raw(tx.conn(), &look, [j.into(), follower.into(), owner.into(), holder.now.millis().into()]).await?;
    if free.is_none() {
        return Ok(false);
    }
    db::exec(tx.conn(), TAKE, [j.into(), follower.into(), owner.into(), holder.until.millis().into()]).await?;
    Ok(true)
}

/// Steps from one position to the next and lengthens the lease, taking it when it is free. Answers whether the step was
/// this node's to make; if not, the caller undoes everything.
pub(crate) async fn advance(tx: &Tx, jurisdiction: JurisdictionId, holder: &Holder, from: Position, to: Position) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE event_positions SET stamp = $3, id = $4, lease_owner = $5, lease_until = $6, failures = 0, last_error = NULL, retry_at = NULL
        WHERE jurisdiction_id = $1 AND follower = $2 AND stamp = $7 AND id = $8 AND version = $9 AND NOT clear_first
            AND (lease_owner IS NULL OR lease_owner = $5 OR lease_until <= $10)";
    let values = [
        jurisdiction.0.into(),
        holder.follower.as_str().into(),
        to.stamp.into(),
        to.id.into(),
        holder.owner.into(),
        holder.until.millis().into(),
        from.stamp.into(),
        from.id.into(),
        holder.version.into(),
        holder.now.millis().into(),
    ];
    Ok(db::exec(tx.conn(), SQL, values).await? == 1)
}

/// As [`advance`], but only while this node still holds the lease: for effects outside the database, which were made
/// under that lease and cannot be undone.
pub(crate) async fn advance_held(tx: &Tx, jurisdiction: JurisdictionId, holder: &Holder, from: Position, to: Position) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE event_positions SET stamp = $3, id = $4, lease_until = $6, failures = 0, last_error = NULL, retry_at = NULL
        WHERE jurisdiction_id = $1 AND follower = $2 AND stamp = $7 AND id = $8 AND version = $9 AND NOT clear_first AND lease_owner = $5";
    let values = [
        jurisdiction.0.into(),
        holder.follower.as_str().into(),
        to.stamp.into(),
        to.id.into(),
        holder.owner.into(),
        holder.until.millis().into(),
        from.stamp.into(),
        from.id.into(),
        holder.version.into(),
    ];
    Ok(db::exec(tx.conn(), SQL, values).await? == 1)
}

/// Puts a follower before the first event, with nothing left to clear. Answers whether this node may.
pub(crate) async fn cleared(tx: &Tx, jurisdiction: JurisdictionId, holder: &Holder) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE event_positions
        SET stamp = $3, id = $4, clear_first = FALSE, version = $5, lease_owner = $6, lease_until = $7, failures = 0, last_error = NULL, retry_at = NULL
        WHERE jurisdiction_id = $1 AND follower = $2 AND version <= $5 AND (clear_first OR version < $5)
            AND (lease_owner IS NULL OR lease_owner = $6 OR lease_until <= $8)";
    let values = [
        jurisdiction.0.into(),
        holder.follower.as_str().into(),
        Position::START.stamp.into(),
        Position::START.id.into(),
        holder.version.into(),
        holder.owner.into(),
        holder.until.millis().into(),
        holder.now.millis().into(),
    ];
    Ok(db::exec(tx.conn(), SQL, values).await? == 1)
}

/// Lengthens this node's lease. Answers whether it still holds it.
pub(crate) async fn renew(tx: &Tx, jurisdiction: JurisdictionId, holder: &Holder) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE event_positions SET lease_until = $4 WHERE jurisdiction_id = $1 AND follower = $2 AND lease_owner = $3";
    let values = [jurisdiction.0.into(), holder.follower.as_str().into(), holder.owner.into(), holder.until.millis().into()];
    Ok(db::exec(tx.conn(), SQL, values).await? == 1)
}

/// Writes down that a batch failed; `retry_at` tells from the count of failures in a row when to try again.
pub(crate) async fn failed(
    tx: &Tx,
    jurisdiction: JurisdictionId,
    holder: &Holder,
    from: Position,
    error: &str,
    retry_at: impl Fn(i32) -> Timestamp,
) -> Result<(), DbError> {
    const LOOK: &str = "SELECT failures FROM event_positions WHERE jurisdiction_id = $1 AND follower = $2 AND stamp = $3 AND id = $4
        AND (lease_owner IS NULL OR lease_owner = $5 OR lease_until <= $6)";
    const NOTE: &str = "UPDATE event_positions SET failures = $3, last_error = $4, retry_at = $5 WHERE jurisdiction_id = $1 AND follower = $2";
    #[derive(FromQueryResult)]
    struct Row {
        failures: i32,
    }
    let look = format!("{LOOK}{}", db::dialect::for_update(tx.conn()));
    let (j, follower) = (jurisdiction.0, holder.follower.as_str());
    let values = [j.into(), follower.into(), from.stamp.into(), from.id.into(), holder.owner.into(), holder.now.millis().into()];
    if let Some(row) = db::one::<Row, _>(tx.conn(), &look, values).await? {
        let failures = row.failures.saturating_add(1);
        db::exec(tx.conn(), NOTE, [j.into(), follower.into(), failures.into(), error.into(), retry_at(failures).millis().into()]).await?;
    }
    Ok(())
}

/// Gives back all leases of a node that stops.
pub(crate) async fn release(tx: &Tx, owner: Uuid) -> Result<(), DbError> {
    db::exec(tx.conn(), "UPDATE event_positions SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = $1", [owner.into()]).await?;
    Ok(())
}

/// Lets a follower begin again at the first event, in one jurisdiction or in all. Whoever follows now can make no further
/// step from where it was; the node that takes over first clears what was made, then takes every event anew. Works from
/// any process, also while others serve. The answer is in how many jurisdictions it begins again.
///
/// # Errors
/// When the engine fails.
pub async fn rebuild(db: &Db, follower: &str, jurisdiction: Option<JurisdictionId>) -> Result<u64, DbError> {
    const SQL: &str = "UPDATE event_positions SET clear_first = TRUE, stamp = $1, id = $2, lease_owner = NULL, lease_until = NULL,
            failures = 0, last_error = NULL, retry_at = NULL
        WHERE follower = $3 AND ($4 IS NULL OR jurisdiction_id = $4)";
    let follower = follower.to_owned();
    db.write(move |tx| {
        async move {
            let values = [Position::START.stamp.into(), Position::START.id.into(), follower.into(), jurisdiction.map(|j| j.0).into()];
            db::exec(tx.conn(), SQL, values).await
        }
        .boxed()
    })
    .await
}

/// How far a follower is behind in one jurisdiction, for metrics and `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    /// Where.
    pub jurisdiction: JurisdictionId,
    /// Its name.
    pub follower: String,
    /// The last event it took.
    pub position: Position,
    /// Events that it has not taken yet, counted up to [`Lag::COUNTED`].
    pub waiting: u64,
    /// When the first of them was written down.
    pub waiting_since: Option<Timestamp>,
    /// How often in a row its next batch failed.
    pub failures: u32,
    /// Why it failed last.
    pub last_error: Option<String>,
    /// When it is tried again.
    pub retry_at: Option<Timestamp>,
    /// Until when a node holds the lease.
    pub lease_until: Option<Timestamp>,
}

impl Lag {
    /// Waiting events are counted up to this many: a follower that is being rebuilt must not slow the metrics down.
    pub const COUNTED: u64 = 10_000;
}

/// How far each follower is behind.
///
/// # Errors
/// When the engine fails.
pub async fn lag(db: &Db) -> Result<Vec<Lag>, DbError> {
    const SQL: &str = "SELECT p.jurisdiction_id, p.follower, p.stamp, p.id, p.failures, p.last_error, p.retry_at, p.lease_until,
            (SELECT count(*) FROM (
                SELECT 1 AS one FROM events e WHERE e.jurisdiction_id = p.jurisdiction_id AND (e.stamp, e.id) > (p.stamp, p.id) LIMIT 10000) w) AS waiting,
            (SELECT e.recorded_at FROM events e WHERE e.jurisdiction_id = p.jurisdiction_id AND (e.stamp, e.id) > (p.stamp, p.id)
                ORDER BY e.stamp, e.id LIMIT 1) AS waiting_since
        FROM event_positions p ORDER BY p.jurisdiction_id, p.follower";
    #[derive(FromQueryResult)]
    struct Row {
        jurisdiction_id: i64,
        follower: String,
        stamp: i64,
        id: Uuid,
        failures: i32,
        last_error: Option<String>,
        retry_at: Option<i64>,
        lease_until: Option<i64>,
        waiting: i64,
        waiting_since: Option<i64>,
    }
    let rows: Vec<Row> = db::all(db.read(), SQL, []).await?;
    Ok(rows
        .into_iter()
        .map(|row| Lag {
            jurisdiction: JurisdictionId(row.jurisdiction_id),
            follower: row.follower,
            position: Position { stamp: row.stamp, id: row.id },
            waiting: row.waiting.unsigned_abs(),
            waiting_since: row.waiting_since.map(Timestamp::from_millis),
            failures: row.failures.unsigned_abs(),
            last_error: row.last_error,
            retry_at: row.retry_at.map(Timestamp::from_millis),
            lease_until: row.lease_until.map(Timestamp::from_millis),
        })
        .collect())
}

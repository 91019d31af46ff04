//! The queue: in, out to one worker by lease, and to an end.
//!
//! Whatever a worker changes names itself and the attempt, so one whose lease ran out and whose job another has by now
//! changes nothing.

use db::{Db, DbError, Tx};
use kernel::{JurisdictionId, Timestamp};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::{placeholders, words};
use crate::{Job, NewJob, State};

/// Why a job could not be ended by the one who had it.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// The database refused.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The lease ran out and another worker has the job, or had it: undo what was done.
    #[error("the lease of this job ran out and another worker took it")]
    Lost,
}

/// Puts a job into the queue, in the transaction that causes it. Answers whether it was taken: not when there is one of
/// the same kind and key.
///
/// # Errors
/// When the engine fails.
pub async fn enqueue(tx: &Tx, job: NewJob) -> Result<bool, DbError> {
    const COLUMNS: &[&str] = &["jurisdiction_id", "id", "kind", "key", "payload", "state", "run_at", "due_at", "attempts"];
    let NewJob { jurisdiction, id, kind, key, payload, run_at } = job;
    let at: Value = run_at.millis().into();
    let values = vec![jurisdiction.0.into(), id.into(), kind.into(), key.into(), payload.into(), State::Ready.as_str().into(), at.clone(), at, 0_i32.into()];
    Ok(db::insert_many(tx.conn(), "jobs", COLUMNS, values, "ON CONFLICT (jurisdiction_id, kind, key) DO NOTHING").await? == 1)
}

/// The jurisdictions in which a job of these kinds is due.
pub(crate) async fn jurisdictions_due(db: &Db, kinds: &[&'static str], now: Timestamp) -> Result<Vec<JurisdictionId>, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        jurisdiction_id: i64,
    }
    // From jurisdiction to jurisdiction along the key: a city with a long queue costs no more than one with a short one.
    let sql = format!(
        "WITH RECURSIVE served (id) AS (
            SELECT min(jurisdiction_id) FROM jobs
            UNION ALL
            SELECT (SELECT min(j.jurisdiction_id) FROM jobs j WHERE j.jurisdiction_id > served.id) FROM served WHERE served.id IS NOT NULL
        )
        SELECT served.id AS jurisdiction_id FROM served WHERE served.id IS NOT NULL
            AND EXISTS (SELECT 1 FROM jobs j WHERE j.jurisdiction_id = served.id AND j.due_at <= $1 AND j.kind IN ({}))
        ORDER BY served.id",
        placeholders(2, kinds.len())
    );
    let rows: Vec<Row> = db::all(db.read(), &sql, [Value::from(now.millis())].into_iter().chain(words(kinds))).await?;
    Ok(rows.into_iter().map(|row| JurisdictionId(row.jurisdiction_id)).collect())
}

/// A job that was due, and is now this worker's.
pub(crate) struct Taken {
    pub job: Job,
    /// Another worker had it and never came back.
    pub was_left: bool,
}

#[derive(FromQueryResult)]
struct DueRow {
    id: Uuid,
    kind: String,
    key: Option<String>,
    payload: String,
    state: String,
    attempts: i32,
    run_at: i64,
}

/// Takes up to `most` due jobs of a jurisdiction, the longest due first. On PostgreSQL rows that another worker is taking
/// at this moment are passed over.
pub(crate) async fn claim(
    tx: &Tx,
    jurisdiction: JurisdictionId,
    kinds: &[&'static str],
    most: usize,
    owner: Uuid,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Taken>, DbError> {
    let look = format!(
        "SELECT id, kind, key, payload, state, attempts, run_at FROM jobs
        WHERE jurisdiction_id = $1 AND due_at <= $2 AND kind IN ({}) ORDER BY due_at, id LIMIT $3{}",
        placeholders(4, kinds.len()),
        tx.engine().skip_locked()
    );
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows: Vec<DueRow> = db::all(tx.conn(), &look, [jurisdiction.0.into(), now.millis().into(), most.into()].into_iter().chain(words(kinds))).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let take = format!(
        "UPDATE jobs SET state = $1, attempts = attempts + 1, lease_owner = $2, due_at = $3 WHERE jurisdiction_id = $4 AND id IN ({})",
        placeholders(5, rows.len())
    );
    let values = [State::Running.as_str().into(), owner.into(), until.millis().into(), jurisdiction.0.into()];
    db::exec(tx.conn(), &take, values.into_iter().chain(rows.iter().map(|row| Value::from(row.id)))).await?;
    let taken = |DueRow { id, kind, key, payload, state, attempts, run_at }| Taken {
        was_left: state == State::Running.as_str(),
        job: Job { jurisdiction, id, kind, key, payload, attempt: attempts.saturating_add(1).unsigned_abs(), run_at: Timestamp::from_millis(run_at), owner },
    };
    Ok(rows.into_iter().map(taken).collect())
}

/// The values that tell a job's present holder from any other: `$1` to `$4`.
fn held(job: &Job) -> [Value; 4] {
    [job.jurisdiction.0.into(), job.id.into(), job.owner.into(), i32::try_from(job.attempt).unwrap_or(i32::MAX).into()]
}

/// Gives a long job more time: its lease now ends at `until`. Answers whether the job is still this worker's. Workers do
/// this by themselves while a handler runs.
///
/// # Errors
/// When the engine fails.
pub async fn extend(tx: &Tx, job: &Job, until: Timestamp) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE jobs SET due_at = $5 WHERE jurisdiction_id = $1 AND id = $2 AND lease_owner = $3 AND attempts = $4";
    Ok(db::exec(tx.conn(), SQL, held(job).into_iter().chain([until.millis().into()])).await? == 1)
}

/// What became of a worker's hold on a job.
pub(crate) enum Hold {
    /// It is still this worker's.
    Mine,
    /// It is over.
    Ended,
    /// Another worker has it, or will.
    Lost,
}

/// As [`extend`], and tells a job that its own handler ended from one that was lost.
pub(crate) async fn hold(tx: &Tx, job: &Job, until: Timestamp) -> Result<Hold, DbError> {
    if extend(tx, job, until).await? {
        return Ok(Hold::Mine);
    }
    const LOOK: &str = "SELECT 1 AS one FROM jobs WHERE jurisdiction_id = $1 AND id = $2 AND state <> $3";
    let values = [job.jurisdiction.0.into(), job.id.into(), State::Done.as_str().into()];
    Ok(if db::sql::one_raw(tx.conn(), LOOK, values).await?.is_some() { Hold::Lost } else { Hold::Ended })
}

/// Ends a job in the transaction of its effects, so that they happen exactly once. The handler then answers `Ok`.
///
/// # Errors
/// [`FinishError::Lost`] when the job is no longer this worker's: the transaction must be undone.
pub async fn finish(tx: &Tx, job: &Job, now: Timestamp) -> Result<(), FinishError> {
    if done(tx, job, now).await? { Ok(()) } else { Err(FinishError::Lost) }
}

/// Ends a job that succeeded. One with a key is remembered, any other removed.
pub(crate) async fn done(tx: &Tx, job: &Job, now: Timestamp) -> Result<bool, DbError> {
    const REMOVE: &str = "DELETE FROM jobs WHERE jurisdiction_id = $1 AND id = $2 AND lease_owner = $3 AND attempts = $4";
    const REMEMBER: &str = "UPDATE jobs SET state = $5, ended_at = $6, due_at = NULL, lease_owner = NULL, last_error = NULL
        WHERE jurisdiction_id = $1 AND id = $2 AND lease_owner = $3 AND attempts = $4";
    let touched = if job.key.is_none() {
        db::exec(tx.conn(), REMOVE, held(job)).await?
    } else {
        db::exec(tx.conn(), REMEMBER, held(job).into_iter().chain([State::Done.as_str().into(), now.millis().into()])).await?
    };
    Ok(touched == 1)
}

/// Puts a job back that failed and may yet succeed.
pub(crate) async fn again(tx: &Tx, job: &Job, at: Timestamp, error: &str) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE jobs SET state = $5, due_at = $6, lease_owner = NULL, last_error = $7
        WHERE jurisdiction_id = $1 AND id = $2 AND lease_owner = $3 AND attempts = $4";
    Ok(db::exec(tx.conn(), SQL, held(job).into_iter().chain([State::Ready.as_str().into(), at.millis().into(), error.into()])).await? == 1)
}

/// Leaves a job that failed for good where staff see it.
pub(crate) async fn give_up(tx: &Tx, job: &Job, now: Timestamp, error: &str) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE jobs SET state = $5, ended_at = $6, due_at = NULL, lease_owner = NULL, last_error = $7
        WHERE jurisdiction_id = $1 AND id = $2 AND lease_owner = $3 AND attempts = $4";
    Ok(db::exec(tx.conn(), SQL, held(job).into_iter().chain([State::GaveUp.as_str().into(), now.millis().into(), error.into()])).await? == 1)
}

/// Puts a job back that a stopping worker could not end. The attempt does not count.
pub(crate) async fn give_back(tx: &Tx, job: &Job, now: Timestamp) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE jobs SET state = $5, due_at = $6, lease_owner = NULL, attempts = attempts - 1
        WHERE jurisdiction_id = $1 AND id = $2 AND lease_owner = $3 AND attempts = $4";
    Ok(db::exec(tx.conn(), SQL, held(job).into_iter().chain([State::Ready.as_str().into(), now.millis().into()])).await? == 1)
}

/// Lets a job that gave up run again, with all its attempts. Answers whether there was such a job.
///
/// # Errors
/// When the engine fails.
pub async fn retry(tx: &Tx, jurisdiction: JurisdictionId, id: Uuid, now: Timestamp) -> Result<bool, DbError> {
    const SQL: &str =
        "UPDATE jobs SET state = $3, run_at = $4, due_at = $4, attempts = 0, ended_at = NULL WHERE jurisdiction_id = $1 AND id = $2 AND state = $5";
    let values = [jurisdiction.0.into(), id.into(), State::Ready.as_str().into(), now.millis().into(), State::GaveUp.as_str().into()];
    Ok(db::exec(tx.conn(), SQL, values).await? == 1)
}

/// Forgets jobs that were done before a moment, at most `most` in each jurisdiction at once.
pub(crate) async fn forget(tx: &Tx, before: Timestamp, most: i64) -> Result<u64, DbError> {
    const SQL: &str = "WITH RECURSIVE served (id) AS (
            SELECT min(jurisdiction_id) FROM jobs
            UNION ALL
            SELECT (SELECT min(j.jurisdiction_id) FROM jobs j WHERE j.jurisdiction_id > served.id) FROM served WHERE served.id IS NOT NULL
        )
        SELECT served.id AS jurisdiction_id FROM served WHERE served.id IS NOT NULL
            AND EXISTS (SELECT 1 FROM jobs j WHERE j.jurisdiction_id = served.id AND j.state = $1 AND j.ended_at <= $2)";
    const FORGET: &str = "DELETE FROM jobs WHERE jurisdiction_id = $3
        AND id IN (SELECT j.id FROM jobs j WHERE j.jurisdiction_id = $3 AND j.state = $1 AND j.ended_at <= $2 ORDER BY j.ended_at LIMIT $4)";
    #[derive(FromQueryResult)]
    struct Row {
        jurisdiction_id: i64,
    }
    let rows: Vec<Row> = db::all(tx.conn(), SQL, [State::Done.as_str().into(), before.millis().into()]).await?;
    let mut forgotten = 0;
    for Row { jurisdiction_id } in rows {
        forgotten += db::exec(tx.conn(), FORGET, [State::Done.as_str().into(), before.millis().into(), jurisdiction_id.into(), most.into()]).await?;
    }
    Ok(forgotten)
}

//! The queue as staff, metrics and `doctor` see it.

use db::DbError;
use kernel::{JurisdictionId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::{JobRecord, State};

/// Which jobs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<State>,
    /// Only of this kind.
    pub kind: Option<String>,
}

/// How many jobs of one kind stand in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Depth {
    /// The kind.
    pub kind: String,
    /// The state.
    pub state: State,
    /// How many there are.
    pub count: u64,
    /// When the longest waiting of them became due, or will be. Of running jobs, when the next lease ends.
    pub first_due_at: Option<Timestamp>,
}

#[derive(FromQueryResult)]
struct Row {
    jurisdiction_id: i64,
    id: Uuid,
    kind: String,
    key: Option<String>,
    payload: String,
    state: String,
    run_at: i64,
    due_at: Option<i64>,
    attempts: i32,
    last_error: Option<String>,
    ended_at: Option<i64>,
}

fn state(text: &str) -> Result<State, DbError> {
    text.parse().map_err(|error| DbError::Engine(sea_orm::DbErr::Type(format!("the state of a job, {text:?}, {error}"))))
}

impl TryFrom<Row> for JobRecord {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let Row { jurisdiction_id, id, kind, key, payload, state: word, run_at, due_at, attempts, last_error, ended_at } = row;
        Ok(Self {
            jurisdiction: JurisdictionId(jurisdiction_id),
            id,
            kind,
            key,
            payload,
            state: state(&word)?,
            run_at: Timestamp::from_millis(run_at),
            due_at: due_at.map(Timestamp::from_millis),
            attempts: attempts.unsigned_abs(),
            last_error,
            ended_at: ended_at.map(Timestamp::from_millis),
        })
    }
}

/// One job.
///
/// # Errors
/// When the engine fails.
pub async fn job<C: ConnectionTrait>(conn: &C, jurisdiction: JurisdictionId, id: Uuid) -> Result<Option<JobRecord>, DbError> {
    const SQL: &str = "SELECT jurisdiction_id, id, kind, key, payload, state, run_at, due_at, attempts, last_error, ended_at
        FROM jobs WHERE jurisdiction_id = $1 AND id = $2";
    db::one::<Row, _>(conn, SQL, [jurisdiction.0.into(), id.into()]).await?.map(JobRecord::try_from).transpose()
}

/// The jobs of a jurisdiction, the newest first.
///
/// # Errors
/// When the engine fails.
pub async fn list<C: ConnectionTrait>(conn: &C, jurisdiction: JurisdictionId, filter: &Filter, limit: u32) -> Result<Vec<JobRecord>, DbError> {
    const SQL: &str = "SELECT jurisdiction_id, id, kind, key, payload, state, run_at, due_at, attempts, last_error, ended_at
        FROM jobs WHERE jurisdiction_id = $1 AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR kind = $3) ORDER BY id DESC LIMIT $4";
    let Filter { state, kind } = filter;
    let state = state.map(|state| state.as_str().to_owned());
    let values = [jurisdiction.0.into(), state.into(), kind.clone().into(), i64::from(limit).into()];
    db::all::<Row, _>(conn, SQL, values).await?.into_iter().map(JobRecord::try_from).collect()
}

/// How many jobs there are, by kind and state, over all jurisdictions.
///
/// # Errors
/// When the engine fails.
pub async fn depth<C: ConnectionTrait>(conn: &C) -> Result<Vec<Depth>, DbError> {
    const SQL: &str = "SELECT kind, state, count(*) AS count, min(due_at) AS first_due_at FROM jobs GROUP BY kind, state ORDER BY kind, state";
    #[derive(FromQueryResult)]
    struct Counted {
        kind: String,
        state: String,
        count: i64,
        first_due_at: Option<i64>,
    }
    let rows: Vec<Counted> = db::all(conn, SQL, []).await?;
    let depth = |Counted { kind, state: word, count, first_due_at }| {
        Ok(Depth { kind, state: state(&word)?, count: count.unsigned_abs(), first_due_at: first_due_at.map(Timestamp::from_millis) })
    };
    rows.into_iter().map(depth).collect()
}

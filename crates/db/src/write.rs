//! One transaction for each use case; on SQLite, one commit for all that wait.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use tokio::sync::{OnceCell, mpsc, oneshot};

use crate::{Db, DbError, Engine};

/// Pieces of work that share a commit at most. Bounds how long the first one waits.
const GROUP: usize = 128;

/// The transaction of one use case. Everything done through it is kept together or not at all.
pub struct Tx {
    conn: DatabaseTransaction,
    stamp: OnceCell<i64>,
}

impl Tx {
    fn new(conn: DatabaseTransaction) -> Self {
        Self { conn, stamp: OnceCell::new() }
    }

    /// The connection, for the statements of a `store.rs`.
    #[must_use]
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.conn
    }

    /// Which engine runs this.
    #[must_use]
    pub fn engine(&self) -> Engine {
        Engine::of(self.conn.get_database_backend())
    }

    /// This transaction's place in the order in which followers read: the same for all it writes. A stamp below
    /// [`Db::stamp_horizon`] is never joined later by a smaller one, although PostgreSQL commits out of order.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn stamp(&self) -> Result<i64, DbError> {
        self.stamp
            .get_or_try_init(|| async {
                let row = crate::sql::one_raw(&self.conn, self.engine().draw_stamp(), []).await?;
                let row = row.ok_or_else(|| DbError::Migrations("the table commit_clock is empty".to_owned()))?;
                Ok(row.try_get("", "n")?)
            })
            .await
            .copied()
    }
}

/// Writes since the database was opened: their number and their time from the call to the durable answer, the wait for
/// other writers included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteTimes {
    /// Writes that were kept.
    pub kept: u64,
    /// Writes of which nothing was kept.
    pub undone: u64,
    /// The time of all of them together.
    pub total: Duration,
}

/// [`WriteTimes`] as it is counted.
#[derive(Debug, Default)]
pub(crate) struct Times {
    kept: AtomicU64,
    undone: AtomicU64,
    micros: AtomicU64,
}

impl Times {
    fn add(&self, taken: Duration, kept: bool) {
        let count = if kept { &self.kept } else { &self.undone };
        count.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(u64::try_from(taken.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn read(&self) -> WriteTimes {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        WriteTimes { kept: read(&self.kept), undone: read(&self.undone), total: Duration::from_micros(read(&self.micros)) }
    }
}

type Run = Box<dyn for<'t> FnOnce(&'t Tx) -> BoxFuture<'t, bool> + Send>;

/// One piece of work on its way to the writer.
pub(crate) struct Work {
    run: Run,
    done: oneshot::Sender<Result<(), DbError>>,
}

pub(crate) enum Writer {
    /// SQLite: one task owns the one connection.
    Grouped { queue: mpsc::Sender<Work>, conn: DatabaseConnection },
    /// PostgreSQL: each piece of work takes a connection.
    Pool(DatabaseConnection),
}

impl Writer {
    pub(crate) fn grouped(conn: DatabaseConnection) -> Self {
        let (queue, waiting) = mpsc::channel(1024);
        tokio::spawn(serve(conn.clone(), waiting));
        Self::Grouped { queue, conn }
    }

    pub(crate) async fn close(&self) -> Result<(), DbError> {
        match self {
            Self::Grouped { conn, .. } | Self::Pool(conn) => Ok(conn.close_by_ref().await?),
        }
    }
}

impl Db {
    /// Runs `work` in one transaction and answers only when its result is durable. When `work` fails, or panics,
    /// nothing of it is kept. Do nothing slow inside: on SQLite everybody else is waiting.
    ///
    /// # Errors
    /// What `work` answered, or the engine's fault.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let from = Instant::now();
        let answer = match &self.0.writer {
            Writer::Grouped { queue, .. } => through_queue(queue, work).await,
            Writer::Pool(pool) => alone(pool, work).await,
        };
        self.0.write_times.add(from.elapsed(), answer.is_ok());
        if answer.is_ok() {
            self.0.committed.send_modify(|n| *n += 1);
        }
        answer
    }

    /// How many writes of this process there were and how long they took, for metrics.
    #[must_use]
    pub fn write_times(&self) -> WriteTimes {
        self.0.write_times.read()
    }

    /// Every event with a stamp below this is committed and visible to a read that starts now. On PostgreSQL a
    /// transaction that is open anywhere in the cluster holds it back until it ends; nothing is skipped meanwhile.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn stamp_horizon(&self) -> Result<i64, DbError> {
        let row = crate::sql::one_raw(self.read(), self.engine().stamp_horizon(), []).await?;
        let row = row.ok_or_else(|| DbError::Migrations("the table commit_clock is empty".to_owned()))?;
        Ok(row.try_get("", "n")?)
    }

    /// Makes every later stamp larger than `highest`. Called at start with the highest stamp found, so that a database
    /// restored into another cluster, whose own counter starts low, goes on in order.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn raise_stamps(&self, highest: i64) -> Result<(), DbError> {
        self.write(move |tx| {
            async move {
                crate::sql::exec(tx.conn(), tx.engine().raise_stamps(), [highest.into()]).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

async fn through_queue<T, E, F>(queue: &mpsc::Sender<Work>, work: F) -> Result<T, E>
where
    F: for<'t> FnOnce(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    let slot: Arc<Mutex<Option<Result<T, E>>>> = Arc::new(Mutex::new(None));
    let fill = Arc::clone(&slot);
    let run: Run = Box::new(move |tx| {
        async move {
            let result = work(tx).await;
            let keep = result.is_ok();
            *fill.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            keep
        }
        .boxed()
    });
    let (done, committed) = oneshot::channel();
    queue.send(Work { run, done }).await.map_err(|_| DbError::Stopping)?;
    let outcome = committed.await.map_err(|_| DbError::Stopping)?;
    let result = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (outcome, result) {
        (Ok(()), Some(result)) | (Err(_), Some(result @ Err(_))) => result,
        (Err(error), _) => Err(error.into()),
        (Ok(()), None) => Err(DbError::Panicked.into()),
    }
}

async fn alone<T, E, F>(pool: &DatabaseConnection, work: F) -> Result<T, E>
where
    F: for<'t> FnOnce(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    let pool = pool.clone();
    // On its own task: a caller that goes away (a closed browser) does not cut the work in half.
    let task = tokio::spawn(async move {
        let tx = Tx::new(pool.begin().await.map_err(DbError::from)?);
        let result = AssertUnwindSafe(work(&tx)).catch_unwind().await;
        let result = result.unwrap_or_else(|_| Err(DbError::Panicked.into()));
        match &result {
            Ok(_) => tx.conn.commit().await.map_err(DbError::from)?,
            Err(_) => tx.conn.rollback().await.map_err(DbError::from)?,
        }
        result
    });
    task.await.unwrap_or_else(|_| Err(DbError::Stopping.into()))
}

/// The writer's life: wait for one, take along those who wait, commit, tell them all.
async fn serve(conn: DatabaseConnection, mut waiting: mpsc::Receiver<Work>) {
    while let Some(first) = waiting.recv().await {
        let mut kept = Vec::new();
        match group(&conn, first, &mut waiting, &mut kept).await {
            Ok(()) => {
                for done in kept {
                    let _ = done.send(Ok(()));
                }
            }
            Err(error) => {
                tracing::error!(%error, "a shared commit failed");
                for done in kept {
                    let _ = done.send(Err(DbError::Commit(error.to_string())));
                }
            }
        }
    }
}

async fn group(
    conn: &DatabaseConnection,
    first: Work,
    waiting: &mut mpsc::Receiver<Work>,
    kept: &mut Vec<oneshot::Sender<Result<(), DbError>>>,
) -> Result<(), DbError> {
    let options = TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..TransactionOptions::default() };
    let outer = match conn.begin_with_options(options).await {
        Ok(outer) => outer,
        Err(error) => {
            kept.push(first.done);
            return Err(error.into());
        }
    };
    let mut next = Some(first);
    let mut taken = 0;
    while let Some(Work { run, done }) = next {
        taken += 1;
        let point = match outer.begin().await {
            Ok(point) => Tx::new(point),
            Err(error) => {
                kept.push(done);
                return Err(error.into());
            }
        };
        match AssertUnwindSafe(run(&point)).catch_unwind().await {
            Ok(true) => {
                kept.push(done);
                point.conn.commit().await?;
            }
            Ok(false) => {
                kept.push(done);
                point.conn.rollback().await?;
            }
            Err(_panic) => {
                let undone = point.conn.rollback().await;
                let _ = done.send(Err(DbError::Panicked));
                undone?;
            }
        }
        next = if taken < GROUP { waiting.try_recv().ok() } else { None };
    }
    outer.commit().await?;
    Ok(())
}

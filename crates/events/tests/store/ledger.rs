//! A follower for tests: it copies each event's number into a table whose key refuses a number that comes twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering};

use db::{Db, Migration, Tx};
use events::{Event, Follower, FollowerError};
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::JurisdictionId;
use sea_orm::FromQueryResult;
use tokio::sync::Notify;

pub const TABLES: &[Migration] = &[Migration {
    room: "test",
    number: 1,
    sql: "CREATE TABLE ledger (jurisdiction_id BIGINT NOT NULL, place BIGINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (jurisdiction_id, n));\n",
}];

/// Clones share what the test sets.
#[derive(Clone)]
pub struct Ledger {
    pub version: i32,
    /// It fails, after writing, at the event with this number.
    pub fails_at: Arc<AtomicI64>,
    /// It panics instead.
    pub panics: Arc<AtomicBool>,
    /// It stops in the middle of its transaction, after the event with this number, tells `arrived`, and never goes on.
    pub hangs_at: Arc<AtomicI64>,
    pub arrived: Arc<Notify>,
    pub cleared: Arc<AtomicI32>,
    /// How often its version was asked for: once for each look, and once for each step or clearing.
    pub asked: Arc<AtomicI32>,
}

impl Ledger {
    pub fn new() -> Self {
        Self {
            version: 1,
            fails_at: Arc::new(AtomicI64::new(-1)),
            panics: Arc::default(),
            hangs_at: Arc::new(AtomicI64::new(-1)),
            arrived: Arc::default(),
            cleared: Arc::default(),
            asked: Arc::default(),
        }
    }
}

impl Follower for Ledger {
    fn name(&self) -> &str {
        "ledger"
    }

    fn version(&self) -> i32 {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.version
    }

    fn apply<'a>(&'a self, tx: &'a Tx, events: &'a [Event]) -> BoxFuture<'a, Result<(), FollowerError>> {
        async move {
            for event in events {
                let n: i64 = event.body.parse().map_err(|_| FollowerError::Failed("no number".to_owned()))?;
                // The place is one more than the highest: it shows in which order the events came.
                let sql = "INSERT INTO ledger (jurisdiction_id, place, n)
                    SELECT $1, coalesce(max(place), 0) + 1, $2 FROM ledger WHERE jurisdiction_id = $1";
                db::exec(tx.conn(), sql, [event.jurisdiction.0.into(), n.into()]).await?;
                if n == self.fails_at.load(Ordering::SeqCst) {
                    assert!(!self.panics.load(Ordering::SeqCst), "as the test asks");
                    return Err(FollowerError::Failed(format!("no room for {n}")));
                }
                if n == self.hangs_at.load(Ordering::SeqCst) {
                    self.arrived.notify_one();
                    std::future::pending::<()>().await;
                }
            }
            Ok(())
        }
        .boxed()
    }

    fn clear<'a>(&'a self, tx: &'a Tx, jurisdiction: JurisdictionId) -> BoxFuture<'a, Result<(), FollowerError>> {
        async move {
            self.cleared.fetch_add(1, Ordering::SeqCst);
            db::exec(tx.conn(), "DELETE FROM ledger WHERE jurisdiction_id = $1", [jurisdiction.0.into()]).await?;
            Ok(())
        }
        .boxed()
    }
}

/// The numbers in the order in which they were written.
pub async fn written(db: &Db, jurisdiction: JurisdictionId) -> Vec<i64> {
    #[derive(FromQueryResult)]
    struct Row {
        n: i64,
    }
    let rows: Vec<Row> = db::all(db.read(), "SELECT n FROM ledger WHERE jurisdiction_id = $1 ORDER BY place", [jurisdiction.0.into()]).await.unwrap();
    rows.into_iter().map(|row| row.n).collect()
}

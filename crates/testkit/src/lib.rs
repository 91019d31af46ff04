//! What tests share: a fresh database on each engine from one test body, the invented city of Alder Falls, a clock
//! that the test moves, and the way to real data.
#![expect(clippy::expect_used, clippy::print_stderr, reason = "tests say what is missing by failing, or that they were skipped")]

pub mod alder_falls;

use std::path::PathBuf;

use db::{Db, Migration, Settings};
use futures::FutureExt as _;
use kernel::{Clock, Ids, Timestamp};
use sea_orm::ConnectionTrait;

/// Names the environment variable with the URL of a PostgreSQL server on which tests may make databases.
pub const POSTGRES: &str = "CITYHALL_TEST_POSTGRES";
/// Names the environment variable with the folder of the cities' published data.
pub const REAL_DATA: &str = "CITYHALL_REAL_DATA";

/// A fresh, empty database that is gone after the test, with a clock and a source of ids that repeat.
pub struct TestDb {
    /// The database.
    pub db: Db,
    /// Stands at 2026-03-02T15:00:00Z, a Monday at nine in the morning in Alder Falls, until the test moves it.
    pub clock: Clock,
    /// Seeded: the same ids in each run.
    pub ids: Ids,
    /// A folder of the test's own.
    pub folder: tempfile::TempDir,
    /// The database's address, for commands that open it themselves.
    pub url: String,
    server: Option<(String, String)>,
}

impl TestDb {
    /// A database file in a folder of its own.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("city.db").display());
        Self::open(url, folder, None).await
    }

    /// A database of its own on the test server, or `None` (saying so) where there is none.
    pub async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var(POSTGRES) else {
            eprintln!("skipped: {POSTGRES} is not set");
            return None;
        };
        let name = format!("cityhall_test_{}", Ids::system(Clock::system()).next().simple());
        let admin = sea_orm::Database::connect(&server).await.expect("the test server answers");
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a fresh database");
        admin.close().await.expect("closing");
        let (base, _) = server.rsplit_once('/').expect("a URL with a database");
        let folder = tempfile::tempdir().expect("a temporary folder");
        Some(Self::open(format!("{base}/{name}"), folder, Some((server.clone(), name))).await)
    }

    async fn open(url: String, folder: tempfile::TempDir, server: Option<(String, String)>) -> Self {
        let clock = Clock::set_to(Timestamp::from_millis(1_772_463_600_000));
        let ids = Ids::seeded(clock.clone(), 311);
        let db = Db::open(&url, &Settings { connections: 4, ..Settings::default() }).await.expect("the database opens");
        Self { db, clock, ids, folder, url, server }
    }

    /// Makes the tables of these rooms.
    pub async fn migrate(&self, rooms: &[&'static [Migration]]) {
        self.db.migrate(rooms).await.expect("the migrations run");
    }

    /// Waits until everything committed so far lies below the horizon of followers. On PostgreSQL the transactions of other
    /// tests' databases hold it back, because they share the server.
    pub async fn settled(&self) {
        let stamp: Result<i64, db::DbError> = self.db.write(|tx| async move { tx.stamp().await }.boxed()).await;
        let stamp = stamp.expect("a stamp");
        while self.db.stamp_horizon().await.expect("a horizon") <= stamp {
            tokio::task::yield_now().await;
        }
    }

    /// Closes the database and, on the server, drops it. [`both!`] calls this after a test that passed.
    pub async fn close(self) {
        self.db.close().await.expect("closing");
        if let Some((server, name)) = self.server {
            let admin = sea_orm::Database::connect(&server).await.expect("the test server answers");
            admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.expect("dropped");
            admin.close().await.expect("closing");
        }
    }
}

/// The folder of the cities' published data, or `None` (saying so) where it is absent.
#[must_use]
pub fn real_data() -> Option<PathBuf> {
    let folder = std::env::var_os(REAL_DATA).map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("skipped: {REAL_DATA} names no folder");
    }
    folder
}

/// Runs each test body on SQLite and on PostgreSQL: `both! { async fn name(t: &TestDb) { … } }`.
/// Each becomes a module with the tests `sqlite` and `postgres`.
#[macro_export]
macro_rules! both {
    ($($(#[$meta:meta])* async fn $name:ident($t:ident: &TestDb) $body:block)+) => {
        $(
            $(#[$meta])*
            #[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::large_futures, reason = "a test says what is wrong by failing")]
            mod $name {
                #[allow(unused_imports, reason = "a body may use what its file imports")]
                use super::*;

                async fn body($t: &$crate::TestDb) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    let test = $crate::TestDb::sqlite().await;
                    body(&test).await;
                    test.close().await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    if let Some(test) = $crate::TestDb::postgres().await {
                        body(&test).await;
                        test.close().await;
                    }
                }
            }
        )+
    };
}

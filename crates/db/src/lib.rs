//! The one way to the database: SQLite in a file or PostgreSQL, the same code for both.
//!
//! Every change goes through [`Db::write`]. On SQLite there is one writer; it takes what waits, runs each piece of work
//! in its own savepoint and commits them together, so that concurrent requests share one write to the disk. PostgreSQL
//! does the same by itself. SQL is written once, with `$1` placeholders, in the rooms' `store.rs`; what differs between
//! the engines is in `dialect.rs`.

pub mod dialect;
pub mod migrate;
pub mod sql;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, TransactionTrait};
use tokio::sync::watch;

pub use dialect::Engine;
pub use migrate::Migration;
pub use sql::{all, exec, insert_many, one};
pub use write::{Tx, WriteTimes};

/// What went wrong between this program and its database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The engine refused or could not be reached.
    #[error(transparent)]
    Engine(#[from] sea_orm::DbErr),
    /// The address of the database makes no sense.
    #[error("database: {0}")]
    Address(String),
    /// The folder for the database file could not be made.
    #[error("cannot make the folder {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database was made by a newer program, or a migration was changed after it ran.
    #[error("migrations: {0}")]
    Migrations(String),
    /// A commit that others shared failed; nothing of this work was kept.
    #[error("the commit failed: {0}")]
    Commit(String),
    /// The writer is gone, because the program is stopping.
    #[error("the program is stopping")]
    Stopping,
    /// The work itself stopped with a panic; nothing of it was kept.
    #[error("the work stopped unexpectedly")]
    Panicked,
}

impl DbError {
    /// Whether the engine refused because of the named unique index or constraint, or one on the named columns.
    /// SQLite reports `table.column` lists, PostgreSQL the constraint's name: give both.
    #[must_use]
    pub fn is_unique_violation(&self, constraint: &str, columns: &str) -> bool {
        match self {
            Self::Engine(error) => match error.sql_err() {
                Some(sea_orm::SqlErr::UniqueConstraintViolation(text)) => text.contains(constraint) || text.contains(columns),
                _ => false,
            },
            _ => false,
        }
    }
}

/// How to open a database. The default suits serving.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Connections for reading on SQLite, for everything on PostgreSQL.
    pub connections: u32,
    /// How long to wait for a lock that another process holds.
    pub busy: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { connections: 8, busy: Duration::from_secs(30) }
    }
}

/// An open database. Cloning shares the connections.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    engine: Engine,
    reader: DatabaseConnection,
    writer: write::Writer,
    committed: watch::Sender<u64>,
    write_times: write::Times,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({:?})", self.0.engine)
    }
}

impl Db {
    /// Opens the database at `url`: `sqlite:PATH`, `sqlite://PATH`, a bare path, or `postgres://…`. A missing SQLite
    /// file is made, with its folder. No migration runs here: see [`Db::migrate`].
    ///
    /// # Errors
    /// When the address makes no sense or the engine cannot be reached.
    pub async fn open(url: &str, settings: &Settings) -> Result<Self, DbError> {
        let address = dialect::Address::parse(url)?;
        let (committed, _) = watch::channel(0);
        let inner = match &address {
            dialect::Address::Sqlite(path) => {
                if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
                    std::fs::create_dir_all(folder).map_err(|source| DbError::Folder { path: folder.to_owned(), source })?;
                }
                let writer = Database::connect(dialect::sqlite_writer(path, settings)).await?;
                let reader = Database::connect(dialect::sqlite_reader(path, settings)).await?;
                Inner { engine: Engine::Sqlite, reader, writer: write::Writer::grouped(writer), committed, write_times: write::Times::default() }
            }
            dialect::Address::Postgres(url) => {
                let mut options = ConnectOptions::new(url);
                options
                    .max_connections(settings.connections.max(2))
                    .min_connections(1)
                    .sqlx_logging(false)
                    .test_before_acquire(false)
                    .record_stmt_in_spans(false)
                    .acquire_timeout(settings.busy)
                    .connect_timeout(settings.busy);
                let pool = Database::connect(options).await?;
                Inner { engine: Engine::Postgres, reader: pool.clone(), writer: write::Writer::Pool(pool), committed, write_times: write::Times::default() }
            }
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Which engine this is. For `doctor`, logs and the dialect file; a rule never asks.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    /// The connections for reading.
    #[must_use]
    pub fn read(&self) -> &DatabaseConnection {
        &self.0.reader
    }

    /// A transaction that sees everything as it is at one moment, whatever is written meanwhile. For backups: while it is
    /// open the engine cannot clear away what was overwritten, so end it soon.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbError> {
        Ok(self.0.reader.begin_with_options(self.0.engine.snapshot()).await?)
    }

    /// A number that changes after each commit of this process, for those who follow what was written.
    /// Other processes' commits do not show here: whoever waits on it also looks again after a while.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.0.committed.subscribe()
    }

    /// Closes the connections after the work in hand.
    ///
    /// # Errors
    /// When the engine reports a fault on closing.
    pub async fn close(&self) -> Result<(), DbError> {
        self.0.writer.close().await?;
        self.0.reader.close_by_ref().await?;
        Ok(())
    }
}

//! Everything that differs between SQLite and PostgreSQL, and nothing else.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{AccessMode, ConnectOptions, ConnectionTrait, DbBackend, IsolationLevel, TransactionOptions};

use crate::{DbError, Settings};

/// The two engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// An embedded file.
    Sqlite,
    /// A server.
    Postgres,
}

/// Where a database lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A file.
    Sqlite(PathBuf),
    /// A server's URL.
    Postgres(String),
}

impl Address {
    /// Reads `sqlite:PATH`, `sqlite://PATH`, a bare path or `postgres://…`.
    ///
    /// # Errors
    /// [`DbError::Address`] for another scheme or an empty path.
    pub fn parse(url: &str) -> Result<Self, DbError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        if path.is_empty() || (path == url && path.contains("://")) {
            return Err(DbError::Address(format!("{url:?} is neither a file path nor sqlite:PATH nor postgres://USER@HOST/NAME")));
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

impl Engine {
    /// The engine's name as its makers write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    pub(crate) fn of(backend: DbBackend) -> Self {
        match backend {
            DbBackend::Sqlite => Self::Sqlite,
            _ => Self::Postgres,
        }
    }

    /// The most values that one statement may carry.
    #[must_use]
    pub fn most_values(self) -> usize {
        match self {
            Self::Sqlite => 32_766,
            Self::Postgres => 65_535,
        }
    }

    /// Placeholders for many values. SQLite looks a *named* placeholder up by walking through all of them, so there
    /// they must be bare.
    pub(crate) fn push_placeholder(self, text: &mut String, number: usize) {
        use std::fmt::Write;
        match self {
            Self::Sqlite => text.push('?'),
            Self::Postgres => {
                let _ = write!(text, "${number}");
            }
        }
    }

    /// Draws this transaction's stamp: see [`crate::Tx::stamp`].
    pub(crate) fn draw_stamp(self) -> &'static str {
        match self {
            Self::Sqlite => "UPDATE commit_clock SET n = n + 1 RETURNING n",
            Self::Postgres => "SELECT pg_current_xact_id()::text::bigint + n AS n FROM commit_clock",
        }
    }

    /// The lowest stamp that may still be missing: every event with a smaller one is visible for good.
    pub(crate) fn stamp_horizon(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT n + 1 AS n FROM commit_clock",
            Self::Postgres => "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + n AS n FROM commit_clock",
        }
    }

    /// Raises the clock so that every later stamp is above `$1` (after a restore into another cluster or engine).
    pub(crate) fn raise_stamps(self) -> &'static str {
        match self {
            Self::Sqlite => "UPDATE commit_clock SET n = $1 WHERE n < $1",
            Self::Postgres => {
                "UPDATE commit_clock SET n = $1 + 1 - pg_current_xact_id()::text::bigint
                 WHERE pg_current_xact_id()::text::bigint + n <= $1"
            }
        }
    }

    /// How a transaction begins that reads everything as it is at one moment. SQLite's file does so by itself (WAL).
    pub(crate) fn snapshot(self) -> TransactionOptions {
        match self {
            Self::Sqlite => TransactionOptions::default(),
            Self::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
        }
    }

    /// Asks the engine whether what it keeps is sound; each row of the answer is a complaint, or the word `ok`.
    /// PostgreSQL has no such question that an ordinary user may ask.
    #[must_use]
    pub fn integrity_check(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => Some("PRAGMA quick_check(10)"),
            Self::Postgres => None,
        }
    }

    /// Asks how the engine makes a commit safe: the question, the answers that are too weak, and the setting's name.
    #[must_use]
    pub fn durability(self) -> (&'static str, &'static [&'static str], &'static str) {
        match self {
            Self::Sqlite => ("PRAGMA journal_mode", &["delete", "truncate", "persist", "memory", "off"], "journal_mode"),
            Self::Postgres => ("SHOW synchronous_commit", &["off"], "synchronous_commit"),
        }
    }

    /// Keeps two programs from migrating at once. SQLite's write lock does that by itself.
    pub(crate) fn migration_lock(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT pg_advisory_xact_lock(311311)"),
        }
    }

    /// Added to a SELECT that takes work out of a queue: rows that another worker is taking are passed over.
    /// On SQLite the one writer already excludes them.
    #[must_use]
    pub fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }
}

/// Added to a SELECT of a row that is about to be changed, so that two changes of it follow one another.
#[must_use]
pub fn for_update<C: ConnectionTrait>(conn: &C) -> &'static str {
    match Engine::of(conn.get_database_backend()) {
        Engine::Sqlite => "",
        Engine::Postgres => " FOR UPDATE",
    }
}

/// What every connection to a file has in common; `own` adds what is its own.
fn sqlite_options(path: &Path, settings: &Settings, own: &'static [(&'static str, &'static str)]) -> ConnectOptions {
    let mut options = ConnectOptions::new("sqlite::memory:");
    let (path, busy) = (path.to_owned(), settings.busy);
    options.sqlx_logging(false).record_stmt_in_spans(false).test_before_acquire(false).acquire_timeout(settings.busy).min_connections(1);
    options.map_sqlx_sqlite_opts(move |options| {
        let options = options
            .in_memory(false)
            .shared_cache(false)
            .filename(&path)
            .create_if_missing(true)
            .busy_timeout(busy)
            .pragma("journal_mode", "WAL")
            .pragma("temp_store", "MEMORY")
            .pragma("mmap_size", "268435456");
        own.iter().fold(options, |options, (name, value)| options.pragma(*name, *value))
    });
    options
}

/// The one connection that writes. Each commit is synced in full: what was acknowledged survives a power cut.
pub(crate) fn sqlite_writer(path: &Path, settings: &Settings) -> ConnectOptions {
    const OWN: &[(&str, &str)] =
        &[("synchronous", "FULL"), ("foreign_keys", "ON"), ("cache_size", "-32768"), ("journal_size_limit", "67108864"), ("wal_autocheckpoint", "4000")];
    let mut options = sqlite_options(path, settings, OWN);
    options.max_connections(1).idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
    options
}

/// Connections that can only read.
pub(crate) fn sqlite_reader(path: &Path, settings: &Settings) -> ConnectOptions {
    let mut options = sqlite_options(path, settings, &[("query_only", "ON"), ("cache_size", "-8192")]);
    options.max_connections(settings.connections.max(1));
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for text in ["sqlite:a/b.db", "sqlite://a/b.db", "a/b.db", "sqlite:a/b.db?mode=rwc"] {
            assert_eq!(Address::parse(text).unwrap(), Address::Sqlite("a/b.db".into()), "{text}");
        }
        assert_eq!(Address::parse("sqlite:///var/c.db").unwrap(), Address::Sqlite("/var/c.db".into()));
        assert!(matches!(Address::parse("postgres://u@h/n").unwrap(), Address::Postgres(_)));
        assert!(Address::parse("mysql://h/n").is_err());
        assert!(Address::parse("").is_err());
    }
}

//! The backup file: everything of an installation, as it was at one moment, in a form that either engine takes back.
//!
//! It is a gzip-compressed tar file, so that its content can be looked at without this program:
//!
//! | entry | holds |
//! | --- | --- |
//! | `manifest.json` | format, version and engine, the migrations that had run, the tables with their columns |
//! | `tables/NAME/00001.jsonl` … | rows, each a JSON list in the order of the columns |
//! | `media/KEY` | photos |
//! | `end.json` | how many rows and photos there are; without it the file is not complete |
//!
//! Whole numbers are JSON numbers, floating-point numbers are texts (so that they come back to the last bit), ids are
//! texts. Which columns a table has is read from the migrations, the same text that made the table on either engine.
//! The order of events goes along: their stamps are kept, and the clock that draws stamps is set above them afterwards.

mod manifest;
mod read;
mod schema;
mod store;
mod write;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use read::restore;
pub use schema::{Column, Kind, Table, tables};
pub use store::{differences, first_rows};
pub use write::back_up;

/// What a backup holds: also the content of `end.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// Photos.
    pub objects: u64,
    /// Photos that the tables name and that were not in their place.
    pub missing: u64,
}

impl Contents {
    /// Rows of all tables.
    #[must_use]
    pub fn all_rows(&self) -> u64 {
        self.rows.values().sum()
    }
}

/// Why a backup could not be made or restored.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::DbError),
    /// The place of the photos failed.
    #[error(transparent)]
    Photos(#[from] requests::PhotoError),
    /// The file cannot be written or read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a whole backup of this program.
    #[error("{path} cannot be restored: {reason}")]
    NotABackup {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        reason: String,
    },
    /// Something is there already.
    #[error("the database is not empty: {0} has rows. Restore into a new one; nothing was changed")]
    NotEmpty(String),
    /// A table holds what its column does not say.
    #[error("the table {table} cannot be backed up: {reason}")]
    Row {
        /// The table.
        table: String,
        /// Why.
        reason: String,
    },
    /// The writing or reading task ended before its time.
    #[error("the program is stopping")]
    Stopping,
}

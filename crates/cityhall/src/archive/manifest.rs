//! The first entry of a backup: what made it, and how its rows are to be read.

use std::collections::BTreeMap;

use db::Migration;
use serde::{Deserialize, Serialize};

use super::schema::{Table, tables};

/// The form of the file. A program that knows this number can read it.
const FORMAT: u32 = 1;
/// The entry's name.
pub(super) const MANIFEST: &str = "manifest.json";
/// The last entry's name.
pub(super) const END: &str = "end.json";

/// What made a backup and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) cityhall: String,
    pub(super) engine: String,
    pub(super) made_at: String,
    /// Room → the number of its last migration.
    pub(super) migrations: BTreeMap<String, i32>,
    /// Table → its columns.
    pub(super) tables: BTreeMap<String, Vec<String>>,
}

impl Manifest {
    /// Of a backup made now, of the tables of all our migrations.
    pub(super) fn new(engine: &str, made_at: kernel::Timestamp, tables: &[Table]) -> Self {
        let migrations = crate::migrations().into_iter().flatten().map(|step| (step.room.to_owned(), step.number)).collect();
        let columns = |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect();
        Self {
            format: FORMAT,
            cityhall: env!("CARGO_PKG_VERSION").to_owned(),
            engine: engine.to_owned(),
            made_at: made_at.to_string(),
            migrations,
            tables: tables.iter().map(|table| (table.name.clone(), columns(table))).collect(),
        }
    }

    /// The migrations that had run on the database of the backup: ours, up to the numbers noted. Tables are made by
    /// these first; the later ones run over the restored rows.
    ///
    /// # Errors
    /// A sentence, when the backup is of another form or of a newer program.
    pub(super) fn migrations(&self) -> Result<Vec<&'static [Migration]>, String> {
        if self.format != FORMAT {
            return Err(format!("its format is {}, and this program reads {FORMAT}", self.format));
        }
        let newer = || format!("it was made by Cityhall {}, which is newer than this one ({})", self.cityhall, env!("CARGO_PKG_VERSION"));
        let mut known = 0;
        let mut rooms = Vec::new();
        for steps in crate::migrations() {
            let Some(first) = steps.first() else { continue };
            let Some(last) = self.migrations.get(first.room) else { continue };
            known += 1;
            let ran = steps.iter().position(|step| step.number == *last).ok_or_else(newer)?;
            rooms.push(&steps[..=ran]);
        }
        if known == self.migrations.len() { Ok(rooms) } else { Err(newer()) }
    }

    /// The tables of the backup with what their columns hold.
    ///
    /// # Errors
    /// A sentence, when the backup and the migrations that it names do not agree.
    pub(super) fn tables(&self) -> Result<Vec<Table>, String> {
        let tables = tables(&self.migrations()?)?;
        for table in &tables {
            let columns = self.tables.get(&table.name).ok_or_else(|| format!("the table {} is missing", table.name))?;
            if !table.columns.iter().map(|column| &column.name).eq(columns) {
                return Err(format!("the table {} has other columns than its migrations say", table.name));
            }
        }
        Ok(tables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::new("SQLite", kernel::Timestamp::from_millis(0), &tables(&crate::migrations()).unwrap())
    }

    #[test]
    fn our_own_is_understood() {
        let read: Manifest = serde_json::from_str(&serde_json::to_string(&manifest()).unwrap()).unwrap();
        assert_eq!(read.tables().unwrap(), tables(&crate::migrations()).unwrap());
    }

    #[test]
    fn a_newer_one_is_refused() {
        let mut newer = manifest();
        newer.migrations.insert("requests".to_owned(), 999);
        assert!(newer.migrations().unwrap_err().contains("newer"));
        let mut newer = manifest();
        newer.migrations.insert("lobby".to_owned(), 1);
        assert!(newer.migrations().unwrap_err().contains("newer"));
        assert!(Manifest { format: 2, ..manifest() }.migrations().unwrap_err().contains("format"));
        let mut other = manifest();
        other.tables.insert("events".to_owned(), vec!["id".to_owned()]);
        assert!(other.tables().unwrap_err().contains("other columns"));
    }
}

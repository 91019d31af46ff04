//! The catalog's tables: entries with their versions, earlier names, the generation, and the last file.

use std::sync::atomic::{AtomicU64, Ordering};

use db::{DbError, Tx};
use kernel::{JurisdictionId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::CatalogError;
use crate::model::words;

words! {
    /// The kinds of things that have versions.
    Kind {
        /// A service.
        Service = "service",
        /// A calendar.
        Calendar = "calendar",
        /// A target.
        Target = "target",
        /// The list of routing rules; there is one, with the code `rules`.
        Routing = "routing",
    }
}

/// The code under which the list of routing rules is kept.
pub const RULES: &str = "rules";

/// Counts the changes of catalogs that this process made, so that its own caches look again at once.
static CHANGES: AtomicU64 = AtomicU64::new(0);

pub fn changes_here() -> u64 {
    CHANGES.load(Ordering::SeqCst)
}

/// One stored version.
pub struct StoredVersion {
    pub kind: Kind,
    pub code: String,
    pub number: i32,
    pub valid_from: Timestamp,
    pub text: String,
}

#[derive(FromQueryResult)]
struct VersionRow {
    kind: String,
    code: String,
    number: i32,
    valid_from_at: i64,
    body: String,
}

impl StoredVersion {
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, CatalogError> {
        serde_json::from_str(&self.text).map_err(|error| self.unreadable(error))
    }

    pub fn unreadable(&self, why: impl std::fmt::Display) -> CatalogError {
        CatalogError::Stored(format!("{} {:?} version {}: {why}", self.kind, self.code, self.number))
    }
}

/// The present version of each service, and every version of everything else.
pub async fn versions<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Vec<StoredVersion>, CatalogError> {
    let sql = "SELECT v.kind, v.code, v.number, v.valid_from_at, v.body
               FROM catalog_entries e
               JOIN catalog_versions v ON v.jurisdiction_id = e.jurisdiction_id AND v.kind = e.kind AND v.code = e.code
               WHERE e.jurisdiction_id = $1 AND (e.kind <> 'service' OR v.number = e.version)
               ORDER BY v.kind, v.code, v.number";
    let rows: Vec<VersionRow> = db::all(conn, sql, [j.0.into()]).await?;
    rows.into_iter()
        .map(|row| {
            let kind = Kind::parse(&row.kind).ok_or_else(|| CatalogError::Stored(format!("there is no kind {:?}", row.kind)))?;
            Ok(StoredVersion { kind, code: row.code, number: row.number, valid_from: Timestamp::from_millis(row.valid_from_at), text: row.body })
        })
        .collect()
}

/// One thing of the catalog and its newest version.
#[derive(FromQueryResult)]
pub struct Entry {
    pub kind: String,
    pub code: String,
    pub id: Uuid,
    pub version: i32,
}

pub async fn entries<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Vec<Entry>, DbError> {
    db::all(conn, "SELECT kind, code, id, version FROM catalog_entries WHERE jurisdiction_id = $1", [j.0.into()]).await
}

/// A name that a service had in earlier years.
#[derive(FromQueryResult)]
pub struct Alias {
    pub name_key: String,
    pub name: String,
    pub code: String,
}

pub async fn aliases<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Vec<Alias>, DbError> {
    db::all(conn, "SELECT name_key, name, code FROM service_aliases WHERE jurisdiction_id = $1 ORDER BY name_key", [j.0.into()]).await
}

/// Gives a name to a service; whoever had it loses it.
pub async fn put_alias(tx: &Tx, j: JurisdictionId, name_key: String, name: &str, code: &str) -> Result<(), DbError> {
    let sql = "INSERT INTO service_aliases (jurisdiction_id, name_key, name, code) VALUES ($1, $2, $3, $4)
               ON CONFLICT (jurisdiction_id, name_key) DO UPDATE SET name = excluded.name, code = excluded.code";
    db::exec(tx.conn(), sql, [j.0.into(), name_key.into(), name.into(), code.into()]).await?;
    Ok(())
}

pub async fn drop_alias(tx: &Tx, j: JurisdictionId, name_key: String) -> Result<(), DbError> {
    db::exec(tx.conn(), "DELETE FROM service_aliases WHERE jurisdiction_id = $1 AND name_key = $2", [j.0.into(), name_key.into()]).await?;
    Ok(())
}

/// Where the catalog as a whole stands.
pub struct State {
    pub generation: i64,
    pub changed_at: Timestamp,
    pub language: String,
}

#[derive(FromQueryResult)]
struct StateRow {
    generation: i64,
    changed_at: i64,
    language: String,
}

/// `None` before the first change.
pub async fn state<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Option<State>, DbError> {
    let row: Option<StateRow> = db::one(conn, "SELECT generation, changed_at, language FROM catalog_state WHERE jurisdiction_id = $1", [j.0.into()]).await?;
    Ok(row.map(|row| State { generation: row.generation, changed_at: Timestamp::from_millis(row.changed_at), language: row.language }))
}

#[derive(FromQueryResult)]
struct Generation {
    generation: i64,
}

/// 0 before the first change.
pub async fn generation<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<i64, DbError> {
    let row: Option<Generation> = db::one(conn, "SELECT generation FROM catalog_state WHERE jurisdiction_id = $1", [j.0.into()]).await?;
    Ok(row.map_or(0, |row| row.generation))
}

/// Makes changes of one catalog follow one another: to be called first by whoever reads it in order to change it.
pub async fn lock(tx: &Tx, j: JurisdictionId, at: Timestamp) -> Result<(), DbError> {
    let sql = "INSERT INTO catalog_state (jurisdiction_id, generation, changed_at, language) VALUES ($1, 0, $2, 'en') ON CONFLICT (jurisdiction_id) DO NOTHING";
    db::exec(tx.conn(), sql, [j.0.into(), at.millis().into()]).await?;
    let sql = format!("SELECT generation FROM catalog_state WHERE jurisdiction_id = $1{}", db::dialect::for_update(tx.conn()));
    db::one::<Generation, _>(tx.conn(), &sql, [j.0.into()]).await?;
    Ok(())
}

/// Tells every cache that the catalog changed. `language` is kept when absent.
pub async fn bump(tx: &Tx, j: JurisdictionId, at: Timestamp, language: Option<&str>) -> Result<(), DbError> {
    let sql = "UPDATE catalog_state SET generation = generation + 1, changed_at = $2, language = COALESCE($3, language) WHERE jurisdiction_id = $1";
    db::exec(tx.conn(), sql, [j.0.into(), at.millis().into(), language.map(str::to_owned).into()]).await?;
    CHANGES.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

/// A version on its way into the tables.
pub struct NewVersion {
    pub kind: Kind,
    pub code: String,
    /// Used only when the entry is new.
    pub id: Uuid,
    pub number: i32,
    pub valid_from: Timestamp,
    pub body: String,
}

impl NewVersion {
    pub fn of<T: Serialize>(kind: Kind, code: &str, id: Uuid, number: i32, valid_from: Timestamp, body: &T) -> Result<Self, CatalogError> {
        let body = serde_json::to_string(body).map_err(|error| CatalogError::Stored(format!("{kind} {code:?}: {error}")))?;
        Ok(Self { kind, code: code.to_owned(), id, number, valid_from, body })
    }
}

/// Adds versions and makes each the newest of its entry. A version that exists already (one not yet in force) is corrected.
pub async fn put_versions(tx: &Tx, j: JurisdictionId, at: Timestamp, new: Vec<NewVersion>) -> Result<(), DbError> {
    let (mut entries, mut versions) = (Vec::new(), Vec::new());
    let mut newest: std::collections::BTreeMap<(Kind, String), (Uuid, i32)> = std::collections::BTreeMap::new();
    for version in new {
        let NewVersion { kind, code, id, number, valid_from, body } = version;
        versions.extend([j.0.into(), kind.as_str().into(), code.clone().into(), number.into(), valid_from.millis().into(), at.millis().into(), body.into()]);
        newest.entry((kind, code)).and_modify(|seen| seen.1 = seen.1.max(number)).or_insert((id, number));
    }
    for ((kind, code), (id, number)) in newest {
        entries.extend([j.0.into(), kind.as_str().into(), code.into(), id.into(), number.into()]);
    }
    // The columns of the row that is there come with the table's name: PostgreSQL knows no unqualified ones here.
    let newer = "ON CONFLICT (jurisdiction_id, kind, code) DO UPDATE SET version = CASE WHEN excluded.version > catalog_entries.version THEN excluded.version ELSE catalog_entries.version END";
    db::insert_many(tx.conn(), "catalog_entries", &["jurisdiction_id", "kind", "code", "id", "version"], entries, newer).await?;
    let columns = ["jurisdiction_id", "kind", "code", "number", "valid_from_at", "recorded_at", "body"];
    let corrected = "ON CONFLICT (jurisdiction_id, kind, code, number) DO UPDATE SET valid_from_at = excluded.valid_from_at, recorded_at = excluded.recorded_at, body = excluded.body";
    db::insert_many(tx.conn(), "catalog_versions", &columns, versions, corrected).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct FileRow {
    body: String,
}

/// The text of the last imported file.
pub async fn file<C: ConnectionTrait>(conn: &C, j: JurisdictionId) -> Result<Option<String>, DbError> {
    let row: Option<FileRow> = db::one(conn, "SELECT body FROM catalog_files WHERE jurisdiction_id = $1", [j.0.into()]).await?;
    Ok(row.map(|row| row.body))
}

pub async fn put_file(tx: &Tx, j: JurisdictionId, at: Timestamp, text: &str) -> Result<(), DbError> {
    let sql = "INSERT INTO catalog_files (jurisdiction_id, imported_at, body) VALUES ($1, $2, $3)
               ON CONFLICT (jurisdiction_id) DO UPDATE SET imported_at = excluded.imported_at, body = excluded.body";
    db::exec(tx.conn(), sql, [j.0.into(), at.millis().into(), text.into()]).await?;
    Ok(())
}

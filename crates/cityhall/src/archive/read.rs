//! Restoring a backup into an empty database: everything in one transaction, so that a damaged file leaves nothing.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use bytes::Bytes;
use db::Db;
use flate2::read::GzDecoder;
use futures::FutureExt as _;
use requests::PhotoStore;
use sea_orm::Value;
use tokio::sync::mpsc;

use super::manifest::{END, MANIFEST, Manifest};
use super::schema::Table;
use super::{ArchiveError, Contents, store};

/// No entry of ours is longer; a longer one is not ours.
const ENTRY_LIMIT: u64 = 512 * 1024 * 1024;

/// What the reading task hands over.
enum Piece {
    Rows { table: Table, values: Vec<Value>, count: u64 },
    Object { key: String, content: Bytes },
    End(Contents),
}

/// Fills the empty database from the file at `path`, and the place for photos. Told of each batch: `progress(rows)`.
///
/// # Errors
/// When the database is not empty, the file is not a whole backup, or one of the two fails. Rows are then not kept.
pub async fn restore(db: &Db, photos: &PhotoStore, path: &Path, progress: impl FnMut(u64) + Send + 'static) -> Result<Contents, ArchiveError> {
    let ours = super::tables(&crate::migrations()).map_err(|reason| not_a_backup(path, reason))?;
    for table in &ours {
        if store::has_rows(db.read(), table).await? {
            return Err(ArchiveError::NotEmpty(table.name.clone()));
        }
    }
    let (found, pieces) = open(path).await?;
    let tables = found.tables().map_err(|reason| not_a_backup(path, reason))?;
    db.migrate(&found.migrations().map_err(|reason| not_a_backup(path, reason))?).await?;
    let (photos, path) = (photos.clone(), path.to_owned());
    let contents = db.write(move |tx| async move { fill(tx, tables, pieces, &photos, &path, progress).await }.boxed()).await?;
    // The tables of later versions, over the rows of the earlier one; then the clock of stamps goes on above those restored.
    db.migrate(&crate::migrations()).await?;
    events::settle_stamps(db).await?;
    Ok(contents)
}

fn not_a_backup(path: &Path, reason: impl Into<String>) -> ArchiveError {
    ArchiveError::NotABackup { path: path.to_owned(), reason: reason.into() }
}

/// Opens the file, reads its manifest, and goes on reading in a task of its own.
async fn open(path: &Path) -> Result<(Manifest, mpsc::Receiver<Result<Piece, ArchiveError>>), ArchiveError> {
    let (pieces, waiting) = mpsc::channel(4);
    let (found, manifest) = tokio::sync::oneshot::channel();
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || read(&path, found, &pieces));
    Ok((manifest.await.map_err(|_| ArchiveError::Stopping)??, waiting))
}

/// Writes what comes, and compares with the counts of the last entry.
async fn fill(
    tx: &db::Tx,
    tables: Vec<Table>,
    mut pieces: mpsc::Receiver<Result<Piece, ArchiveError>>,
    photos: &PhotoStore,
    path: &Path,
    mut progress: impl FnMut(u64),
) -> Result<Contents, ArchiveError> {
    let mut filled = Contents { rows: tables.iter().map(|table| (table.name.clone(), 0)).collect(), ..Contents::default() };
    let mut all = 0;
    while let Some(piece) = pieces.recv().await {
        match piece? {
            Piece::Rows { table, values, count } => {
                store::write(tx, &table, values).await?;
                *filled.rows.entry(table.name).or_default() += count;
                all += count;
                progress(all);
            }
            Piece::Object { key, content } => {
                photos.put(&key, content).await?;
                filled.objects += 1;
            }
            Piece::End(promised) => {
                filled.missing = promised.missing;
                return if filled == promised { Ok(filled) } else { Err(not_a_backup(path, "its counts do not fit what it holds")) };
            }
        }
    }
    Err(not_a_backup(path, "it ends too early"))
}

fn read(path: &Path, found: tokio::sync::oneshot::Sender<Result<Manifest, ArchiveError>>, pieces: &mpsc::Sender<Result<Piece, ArchiveError>>) {
    let mut found = Some(found);
    let told = walk(path, pieces, &mut found);
    if let Err(error) = told {
        match found {
            // The receiver is gone only when the restore itself has failed, and says so itself.
            Some(found) => drop(found.send(Err(error))),
            None => drop(pieces.blocking_send(Err(error))),
        }
    }
}

fn walk(
    path: &Path,
    pieces: &mpsc::Sender<Result<Piece, ArchiveError>>,
    found: &mut Option<tokio::sync::oneshot::Sender<Result<Manifest, ArchiveError>>>,
) -> Result<(), ArchiveError> {
    let file = File::open(path).map_err(|source| ArchiveError::File { path: path.to_owned(), source })?;
    let damaged = |error: std::io::Error| not_a_backup(path, format!("it is damaged, or no backup ({error})"));
    let mut tar = tar::Archive::new(GzDecoder::new(BufReader::with_capacity(256 * 1024, file)));
    let mut tables: HashMap<String, Table> = HashMap::new();
    let mut end: Option<Contents> = None;
    for entry in tar.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let name = entry.path().map_err(damaged)?.to_string_lossy().into_owned();
        if end.is_some() {
            return Err(not_a_backup(path, "there is something after its end"));
        }
        if entry.size() > ENTRY_LIMIT {
            return Err(not_a_backup(path, format!("its part {name} is too long")));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(damaged)?;
        let unreadable = |error: serde_json::Error| not_a_backup(path, format!("its part {name} cannot be read ({error})"));
        match found.take() {
            Some(found) => {
                if name != MANIFEST {
                    drop(found.send(Err(not_a_backup(path, "it does not begin with a manifest"))));
                    return Ok(());
                }
                let manifest: Result<Manifest, ArchiveError> = serde_json::from_slice(&content).map_err(unreadable);
                tables = manifest.as_ref().ok().and_then(|m| m.tables().ok()).unwrap_or_default().into_iter().map(|t| (t.name.clone(), t)).collect();
                if found.send(manifest).is_err() {
                    return Ok(());
                }
                continue;
            }
            None if name == END => end = Some(serde_json::from_slice(&content).map_err(unreadable)?),
            None => {
                let piece = piece(path, &tables, &name, content)?;
                if pieces.blocking_send(Ok(piece)).is_err() {
                    return Ok(());
                }
            }
        }
    }
    if let Some(found) = found.take() {
        drop(found.send(Err(not_a_backup(path, "it is empty"))));
        return Ok(());
    }
    // To the very end, where gzip keeps its checksum.
    std::io::copy(&mut tar.into_inner(), &mut std::io::sink()).map_err(damaged)?;
    if let Some(contents) = end {
        drop(pieces.blocking_send(Ok(Piece::End(contents))));
    }
    Ok(())
}

fn piece(path: &Path, tables: &HashMap<String, Table>, name: &str, content: Vec<u8>) -> Result<Piece, ArchiveError> {
    if let Some(key) = name.strip_prefix("media/") {
        if key.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return Err(not_a_backup(path, format!("its part {name} has no place among photos")));
        }
        return Ok(Piece::Object { key: key.to_owned(), content: content.into() });
    }
    let table = name.strip_prefix("tables/").and_then(|rest| rest.split_once('/')).and_then(|(table, _)| tables.get(table));
    let Some(table) = table else {
        return Err(not_a_backup(path, format!("its part {name} is unknown")));
    };
    let mut values = Vec::new();
    let mut count = 0;
    for line in content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        count += 1;
        let wrong = |reason: String| not_a_backup(path, format!("its part {name}, line {count}: {reason}"));
        let row = serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
        values.extend(store::from_json(row, &table.columns).map_err(wrong)?);
    }
    Ok(Piece::Rows { table: table.clone(), values, count })
}

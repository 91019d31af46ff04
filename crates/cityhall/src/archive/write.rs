//! Making a backup: one snapshot of the database, then the photos it names, into a file that has its name only when whole.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use db::Db;
use flate2::Compression;
use flate2::write::GzEncoder;
use kernel::Clock;
use requests::{PhotoError, PhotoStore, Requests};
use tokio::sync::mpsc;

use super::manifest::{END, MANIFEST, Manifest};
use super::{ArchiveError, Contents, store};

/// Rows are gathered to entries of about this many bytes.
const ENTRY_BYTES: usize = 2 * 1024 * 1024;
/// Rows asked for at a time: some hold the outlines of whole districts.
const ROWS: u32 = 500;
/// Photos asked for at a time.
const PHOTOS: u64 = 500;

/// One entry of the file.
struct Entry {
    name: String,
    content: Vec<u8>,
}

/// Writes everything into `path`, also while a server runs on the same database. Told of each batch: `progress(rows)`.
///
/// # Errors
/// When the database, the photos or the file fail. What stood at `path` before is then still there.
pub async fn back_up(db: &Db, photos: &PhotoStore, clock: &Clock, path: &Path, mut progress: impl FnMut(u64) + Send) -> Result<Contents, ArchiveError> {
    let part = part_of(path);
    let (entries, waiting) = mpsc::channel(4);
    let now = clock.now();
    let writer = {
        let (part, path) = (part.clone(), path.to_owned());
        tokio::task::spawn_blocking(move || write(&part, &path, now, waiting))
    };
    let gathered = gather(db, photos, clock, &entries, &mut progress).await;
    let complete = gathered.is_ok();
    if complete {
        // The empty name tells the writer that everything is there.
        let _ = entries.send(Entry { name: String::new(), content: Vec::new() }).await;
    }
    drop(entries);
    let written = writer.await.unwrap_or_else(|_| Err(std::io::Error::other("the writing task stopped")));
    let file = |source| ArchiveError::File { path: path.to_owned(), source };
    match (gathered, written) {
        (Ok(contents), Ok(())) => Ok(contents),
        // A full disk shows on both sides; the writer knows why.
        (Err(ArchiveError::Stopping) | Ok(_), Err(error)) => Err(file(error)),
        (Err(error), _) => Err(error),
    }
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

async fn gather(
    db: &Db,
    photos: &PhotoStore,
    clock: &Clock,
    entries: &mpsc::Sender<Entry>,
    progress: &mut (impl FnMut(u64) + Send),
) -> Result<Contents, ArchiveError> {
    let send = async |name: String, content: Vec<u8>| entries.send(Entry { name, content }).await.map_err(|_| ArchiveError::Stopping);
    let tables = super::tables(&crate::migrations()).map_err(|reason| ArchiveError::Row { table: "migrations".to_owned(), reason })?;
    let manifest = Manifest::new(db.engine().name(), clock.now(), &tables);
    send(MANIFEST.to_owned(), json(&manifest)?).await?;
    let mut contents = Contents::default();
    let mut all = 0;
    let snapshot = db.snapshot().await?;
    for table in &tables {
        let wrong = |error: sea_orm::DbErr| ArchiveError::Row { table: table.name.clone(), reason: error.to_string() };
        let (mut count, mut number, mut block) = (0_u64, 0_u32, Vec::with_capacity(ENTRY_BYTES + 4096));
        let mut after = None;
        loop {
            let rows = store::rows(&snapshot, table, after.take(), ROWS).await?;
            for row in &rows {
                let row = store::to_json(row, &table.columns).map_err(wrong)?;
                serde_json::to_writer(&mut block, &row).map_err(|error| ArchiveError::Row { table: table.name.clone(), reason: error.to_string() })?;
                block.push(b'\n');
                count += 1;
                if block.len() >= ENTRY_BYTES {
                    number += 1;
                    send(entry_name(&table.name, number), std::mem::replace(&mut block, Vec::with_capacity(ENTRY_BYTES + 4096))).await?;
                    progress(all + count);
                }
            }
            match rows.last() {
                Some(last) if u32::try_from(rows.len()).is_ok_and(|found| found == ROWS) => after = Some(store::key(last, table).map_err(wrong)?),
                _ => break,
            }
        }
        if !block.is_empty() {
            send(entry_name(&table.name, number + 1), block).await?;
        }
        all += count;
        progress(all);
        contents.rows.insert(table.name.clone(), count);
    }
    snapshot.rollback().await.map_err(db::DbError::from)?;
    // After the rows: a photo is stored before its row, so all that the rows name are there. Later ones do no harm.
    for jurisdiction in staff::jurisdictions(db.read()).await? {
        let mut after = None;
        loop {
            let page = Requests::photos_after(db, &jurisdiction, after, PHOTOS).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for photo in &page {
                match photos.get(&photo.object).await {
                    Ok(content) => {
                        send(format!("media/{}", photo.object), content.into()).await?;
                        contents.objects += 1;
                    }
                    Err(PhotoError::Store(object_store::Error::NotFound { .. })) => contents.missing += 1,
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
    send(END.to_owned(), json(&contents)?).await?;
    Ok(contents)
}

fn entry_name(table: &str, number: u32) -> String {
    format!("tables/{table}/{number:05}.jsonl")
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, ArchiveError> {
    serde_json::to_vec_pretty(value).map_err(|error| ArchiveError::Row { table: "manifest".to_owned(), reason: error.to_string() })
}

/// Writes entries until the empty one, makes the file durable and gives it its name.
fn write(part: &Path, path: &Path, now: kernel::Timestamp, mut waiting: mpsc::Receiver<Entry>) -> std::io::Result<()> {
    let result = fill(part, now, &mut waiting).and_then(|complete| {
        if !complete {
            return std::fs::remove_file(part);
        }
        std::fs::rename(part, path)?;
        // The name itself must survive a power cut too.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    });
    if result.is_err() {
        // What went wrong is told; a left-over part is only untidy.
        let _ = std::fs::remove_file(part);
    }
    result
}

fn fill(part: &Path, now: kernel::Timestamp, waiting: &mut mpsc::Receiver<Entry>) -> std::io::Result<bool> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    // It holds residents' contacts: for its owner's eyes only.
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = BufWriter::with_capacity(256 * 1024, options.open(part)?);
    let mut tar = tar::Builder::new(GzEncoder::new(file, Compression::new(3)));
    let mtime = u64::try_from(now.millis() / 1000).unwrap_or(0);
    while let Some(Entry { name, content }) = waiting.blocking_recv() {
        if name.is_empty() {
            let mut file = tar.into_inner()?.finish()?;
            file.flush()?;
            file.get_ref().sync_all()?;
            return Ok(true);
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(content.len()).map_err(std::io::Error::other)?);
        header.set_mode(0o600);
        header.set_mtime(mtime);
        tar.append_data(&mut header, name, content.as_slice())?;
    }
    Ok(false)
}

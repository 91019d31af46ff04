//! The two halves of an import: a blocking task that reads and checks, and this task that writes. A channel of two
//! batches lies between, so neither runs ahead of the other.

use std::future::Future;

use db::DbError;
use tokio::sync::mpsc;

use super::{ImportError, Reject, RejectSink, Summary};

/// Rows in a batch, and in a transaction.
const BATCH: usize = 1000;
/// Bytes of row content after which a batch is full, too.
const BATCH_BYTES: usize = 4 << 20;

/// What the reading half makes of one row.
pub(super) enum Row<T> {
    Good(T),
    /// A row that this file already had, just so.
    Again,
    Bad(Reject),
}

/// The reading half's end of the channel.
pub(super) struct Belt<T> {
    out: mpsc::Sender<Vec<Row<T>>>,
    batch: Vec<Row<T>>,
    bytes: usize,
}

impl<T> Belt<T> {
    /// Hands over one row of about `bytes` bytes.
    ///
    /// # Errors
    /// [`ImportError::Stopping`] when the writing half has given up; its own error is the one that is told.
    pub(super) fn put(&mut self, row: Row<T>, bytes: usize) -> Result<(), ImportError> {
        self.batch.push(row);
        self.bytes += bytes;
        if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<(), ImportError> {
        self.bytes = 0;
        if self.batch.is_empty() {
            return Ok(());
        }
        self.out.blocking_send(std::mem::take(&mut self.batch)).map_err(|_| ImportError::Stopping)
    }
}

/// Runs both halves. `write` answers how many of the rows were new or changed. When the file turns out broken, the
/// complete batches before are kept and the error is told; the summary is then lost with it.
pub(super) async fn pump<T, F, W, Fut>(read: F, sink: &mut dyn RejectSink, mut write: W) -> Result<Summary, ImportError>
where
    T: Send + 'static,
    F: FnOnce(&mut Belt<T>) -> Result<(), ImportError> + Send + 'static,
    W: FnMut(Vec<T>) -> Fut,
    Fut: Future<Output = Result<u64, DbError>>,
{
    let (out, mut batches) = mpsc::channel(2);
    let reading = tokio::task::spawn_blocking(move || {
        let mut belt = Belt { out, batch: Vec::new(), bytes: 0 };
        read(&mut belt)?;
        belt.send()
    });
    let mut summary = Summary::default();
    while let Some(batch) = batches.recv().await {
        let mut good = Vec::with_capacity(batch.len());
        for row in batch {
            summary.read += 1;
            match row {
                Row::Good(item) => good.push(item),
                Row::Again => summary.unchanged += 1,
                Row::Bad(reject) => {
                    summary.rejected += 1;
                    sink.reject(reject).map_err(ImportError::Rejects)?;
                }
            }
        }
        let count = good.len() as u64;
        if count > 0 {
            let changed = write(good).await?;
            summary.imported += changed;
            summary.unchanged += count.saturating_sub(changed);
        }
        sink.progress(summary.read);
    }
    reading.await.map_err(|_| ImportError::Stopping)??;
    Ok(summary)
}

/// FNV-1a over the parts of a row: tells whether the database has it just so. Parts are kept apart by a byte that no
/// text holds.
pub(super) fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> i64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    i64::from_ne_bytes(hash.to_ne_bytes())
}

/// Remembers which ids a file had and with what content: 16 bytes an id. The same row again changes nothing; another
/// row under the same id is a fault of the file, for the two would overwrite one another at every import.
#[derive(Default)]
pub(super) struct Seen(std::collections::HashMap<u64, i64>);

/// What [`Seen`] knows of an id.
pub(super) enum Before {
    Never,
    Same,
    Other,
}

impl Seen {
    pub(super) fn note(&mut self, id: &str, content: i64) -> Before {
        let key = u64::from_ne_bytes(digest([id]).to_ne_bytes());
        match self.0.insert(key, content) {
            None => Before::Never,
            Some(before) if before == content => Before::Same,
            Some(before) => {
                self.0.insert(key, before);
                Before::Other
            }
        }
    }
}

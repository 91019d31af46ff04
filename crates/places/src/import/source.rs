//! The file as it arrives: gzip or plain, with or without a byte order mark, and never more of it in memory than one row.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::ImportError;

/// The most bytes that one row or feature may have.
pub(super) const LARGEST_FEATURE: usize = 64 << 20;
/// The most bytes that one row of a CSV file may have.
const LARGEST_ROW: usize = 1 << 20;

/// Unpacks gzip (told by its first two bytes) and drops a UTF-8 byte order mark.
///
/// # Errors
/// When the file cannot be read or is UTF-16.
pub(super) fn open<R: Read + Send + 'static>(reader: R) -> Result<Box<dyn BufRead + Send>, ImportError> {
    let mut packed = BufReader::with_capacity(1 << 16, reader);
    let zipped = start(&mut packed)?.starts_with(&[0x1f, 0x8b]);
    let mut plain: Box<dyn BufRead + Send> = if zipped { Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(packed))) } else { Box::new(packed) };
    let first = start(&mut plain)?;
    if first.starts_with(&[0xff, 0xfe]) || first.starts_with(&[0xfe, 0xff]) {
        return Err(ImportError::file("byte 1", "the file is UTF-16; save it as UTF-8"));
    }
    if first.starts_with(&[0xef, 0xbb, 0xbf]) {
        plain.consume(3);
    }
    Ok(plain)
}

fn start<R: BufRead>(reader: &mut R) -> Result<&[u8], ImportError> {
    reader.fill_buf().map_err(|error| ImportError::file("byte 1", reason(&error)))
}

/// An input fault in plain words.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the file ends too early: it was cut off".to_owned(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => format!("the file is damaged: {error}"),
        _ => format!("the file cannot be read: {error}"),
    }
}

/// Stops a reader that has gone too far since the last row began: an unclosed quote would otherwise take the rest of
/// the file for one field.
pub(super) struct Bounded<R> {
    inner: R,
    since: Arc<AtomicUsize>,
}

/// Told at each row that it ended.
pub(super) struct RowEnded(Arc<AtomicUsize>);

impl RowEnded {
    pub(super) fn tell(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(inner: R) -> (Self, RowEnded) {
        let since = Arc::new(AtomicUsize::new(0));
        (Self { inner, since: Arc::clone(&since) }, RowEnded(since))
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since.load(Ordering::Relaxed) > LARGEST_ROW {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a row has more than a million bytes; is a quotation mark not closed?"));
        }
        let read = self.inner.read(buffer)?;
        self.since.fetch_add(read, Ordering::Relaxed);
        Ok(read)
    }
}

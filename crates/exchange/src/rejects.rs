//! The rejects file: every row that was not taken, with its line and the reason before its own fields. Mended, it can be
//! imported like the file it came from. There is none when there is nothing to say.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use crate::rows::Row;

/// How the header of a rejects file begins.
const BEGINS: [&str; 2] = ["line", "reason"];

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The line on which it begins.
    pub line: u64,
    /// Why, in plain words.
    pub reason: String,
    /// Its fields as the file has them; one piece of raw text where it could not be split.
    pub fields: Vec<Vec<u8>>,
}

impl Reject {
    /// A row that could be split.
    pub(crate) fn of(row: &Row, reason: String) -> Self {
        Self { line: row.line, reason, fields: row.cells().map(<[u8]>::to_vec).collect() }
    }
}

/// Where rejects go.
pub struct RejectFile {
    path: PathBuf,
    header: Vec<Vec<u8>>,
    writer: Option<csv::Writer<BufWriter<File>>>,
}

impl RejectFile {
    /// Nothing is written before the first reject.
    #[must_use]
    pub fn new(path: PathBuf, header: Vec<Vec<u8>>) -> Self {
        Self { path, header, writer: None }
    }

    /// The name that a file's rejects get when none is given: `cases.csv.gz` gives `cases.csv.gz.rejects.csv` in the
    /// current folder.
    #[must_use]
    pub fn default_path(file: &Path) -> PathBuf {
        let mut name = file.file_name().unwrap_or_else(|| "requests.csv".as_ref()).to_owned();
        name.push(".rejects.csv");
        PathBuf::from(name)
    }

    /// Keeps a reject.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, reject: &Reject) -> io::Result<()> {
        if self.writer.is_none() {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(BufWriter::new(File::create(self.partial())?));
            writer.write_record(BEGINS.iter().map(|name| name.as_bytes()).chain(self.header.iter().map(Vec::as_slice)))?;
            self.writer = Some(writer);
        }
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.write_record([reject.line.to_string().as_bytes(), reject.reason.as_bytes()].into_iter().chain(reject.fields.iter().map(Vec::as_slice)))?;
        Ok(())
    }

    fn partial(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".part");
        PathBuf::from(name)
    }

    /// Puts the file in its place and tells where; `None` when nothing was rejected. A rejects file of an earlier run is
    /// replaced, or removed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> io::Result<Option<PathBuf>> {
        if let Some(writer) = self.writer.take() {
            let file = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            std::fs::rename(self.partial(), &self.path)?;
            return Ok(Some(self.path.clone()));
        }
        if is_rejects_file(&self.path) {
            std::fs::remove_file(&self.path)?;
        }
        Ok(None)
    }
}

impl Drop for RejectFile {
    fn drop(&mut self) {
        // Not finished: the import stopped on a fault of its own. Half a file would look like the whole.
        if self.writer.take().is_some() {
            let _ = std::fs::remove_file(self.partial());
        }
    }
}

/// Whether an earlier run left this file; anything else is not ours to remove.
fn is_rejects_file(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    reader.byte_headers().is_ok_and(|header| header.iter().take(2).eq(BEGINS.iter().map(|name| name.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_rejected_leaves_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cases.csv.rejects.csv");
        let header = vec![b"a".to_vec(), b"b".to_vec()];
        let mut rejects = RejectFile::new(path.clone(), header.clone());
        rejects.write(&Reject { line: 7, reason: "a is no UTF-8 text".into(), fields: vec![b"Caf\xe9".to_vec(), b"x,\ny".to_vec()] }).unwrap();
        assert_eq!(rejects.finish().unwrap(), Some(path.clone()));
        assert_eq!(std::fs::read(&path).unwrap(), b"line,reason,a,b\n7,a is no UTF-8 text,Caf\xe9,\"x,\ny\"\n");
        assert_eq!(RejectFile::new(path.clone(), header.clone()).finish().unwrap(), None);
        assert!(!path.exists(), "the earlier run's rejects are gone");
        std::fs::write(&path, "a,b\n1,2\n").unwrap();
        assert_eq!(RejectFile::new(path.clone(), header).finish().unwrap(), None);
        assert!(path.exists(), "somebody else's file stays");
        assert_eq!(RejectFile::default_path(Path::new("/x/cases.csv.gz")), Path::new("cases.csv.gz.rejects.csv"));
    }
}

//! The rejects file: rows that an import could not use, each with its line, the reason and the row itself. It is made
//! with the first such row, so that no empty file is left behind.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use places::{Reject, RejectSink};

use super::progress::Progress;

/// Where rejected rows go, and who is told of the progress.
pub(crate) struct Rejects<'a> {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    progress: &'a Progress,
}

/// The rejects file of an import of `file`, in the working folder, when none was named.
pub(crate) fn default_path(file: &Path) -> PathBuf {
    let name = file.file_name().map_or_else(|| "import".to_owned(), |name| name.to_string_lossy().into_owned());
    PathBuf::from(format!("{name}.rejects.csv"))
}

impl<'a> Rejects<'a> {
    pub(crate) fn new(path: PathBuf, progress: &'a Progress) -> Self {
        Self { path, file: None, progress }
    }

    /// Writes out what is left; the answer is the file, if there is one.
    pub(crate) fn close(mut self) -> std::io::Result<Option<PathBuf>> {
        match &mut self.file {
            Some(file) => {
                file.flush()?;
                Ok(Some(self.path))
            }
            None => Ok(None),
        }
    }
}

impl RejectSink for Rejects<'_> {
    fn reject(&mut self, reject: Reject) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut file = BufWriter::new(File::create(&self.path)?);
                file.write_all(b"line,reason,row\r\n")?;
                self.file.insert(file)
            }
        };
        let Reject { at, reason, raw } = reject;
        write!(file, "{at},{},{}\r\n", quoted(&reason), quoted(&raw))
    }

    fn progress(&mut self, read: u64) {
        self.progress.rows(read);
    }
}

/// A field of CSV in quotation marks (RFC 4180).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_lies_in_the_working_folder() {
        assert_eq!(default_path(Path::new("/data/kc/requests.csv.gz")), Path::new("requests.csv.gz.rejects.csv"));
        assert_eq!(quoted("a \"b\",\nc"), "\"a \"\"b\"\",\nc\"");
    }
}

//! How far a long command has come: a bar on standard error where a person is watching, nothing otherwise.

use std::io::{IsTerminal as _, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{note, say};

/// A file being read: the bar shows the part of it that was read, and how many rows that were.
pub(crate) struct Progress {
    bar: ProgressBar,
    from: Instant,
    file: String,
}

/// What an import answers: `read` is `imported`, `unchanged` and `rejected` together.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Counts {
    pub(crate) read: u64,
    pub(crate) imported: u64,
    pub(crate) unchanged: u64,
    pub(crate) rejected: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) removed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// The closing summary as JSON.
#[derive(Serialize)]
struct Closing<'a> {
    file: &'a str,
    #[serde(flatten)]
    counts: &'a Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejects_file: Option<String>,
    seconds: f64,
    rows_per_second: f64,
}

impl Progress {
    /// Opens a file to be read under a bar.
    pub(crate) fn open(path: &Path) -> anyhow::Result<(Self, impl Read + Send + 'static)> {
        let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let about = file.metadata().with_context(|| format!("cannot read {}", path.display()))?;
        anyhow::ensure!(!about.is_dir(), "{} is a folder, not a file", path.display());
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(about.len()) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {percent}%  {elapsed}, {eta} to go") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        let file_name = path.display().to_string();
        bar.set_message(file_name.clone());
        let reader = bar.wrap_read(std::io::BufReader::with_capacity(256 * 1024, file));
        Ok((Self { bar, from: Instant::now(), file: file_name }, reader))
    }

    /// Told how many rows were read.
    pub(crate) fn rows(&self, read: u64) {
        self.bar.set_message(format!("{}: {} rows", self.file, thousands(read)));
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Takes the bar away and tells the counts: JSON on standard output, or a sentence.
    pub(crate) fn close(self, counts: &Counts, rejects: Option<&Path>, json: bool) -> anyhow::Result<()> {
        self.clear();
        let seconds = self.from.elapsed().as_secs_f64();
        let rate = lossy(counts.read) / seconds.max(1e-6);
        let rejects_file = rejects.map(|path| path.display().to_string());
        if json {
            let closing = Closing { file: &self.file, counts, rejects_file, seconds: (seconds * 1000.0).round() / 1000.0, rows_per_second: rate.round() };
            say(&serde_json::to_string(&closing)?)?;
            return Ok(());
        }
        let Counts { read, imported, unchanged, rejected, removed } = *counts;
        let removed = if removed > 0 { format!(", {} removed", thousands(removed)) } else { String::new() };
        say(&format!(
            "{}: {} read, {} imported, {} unchanged, {} rejected{removed}; {seconds:.1} s, {} rows a second",
            self.file,
            thousands(read),
            thousands(imported),
            thousands(unchanged),
            thousands(rejected),
            thousands(whole(rate))
        ))?;
        if let Some(file) = rejects_file {
            note(&format!("The rejected rows stand in {file}, each with its line and reason."));
        }
        Ok(())
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
pub(crate) fn lossy(n: u64) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate for people, never negative")]
pub(crate) fn whole(n: f64) -> u64 {
    n.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}

//! Reads a CSV file row by row, as RFC 4180 describes it, with bounded memory and without ever losing a row silently.
//!
//! What is broken (a quote that is not closed, too many fields, a row of 100 MB) becomes one bad row with its line and the
//! reason; reading goes on at the next line. The reader holds one row at a time, at most [`LONGEST_ROW`] bytes of it.

use std::io::{self, Read};

use memchr::{memchr, memchr2};

/// The longest row in bytes. A longer one is refused; without the limit an unclosed quote would swallow the whole file.
pub const LONGEST_ROW: usize = 1 << 20;
/// The most columns a file may have.
const MOST_COLUMNS: usize = 2_000;
/// How much of a row that cannot be split is kept for the rejects file, in bytes.
const RAW_KEPT: usize = 2_000;
/// How much is asked of the file at once, in bytes.
const CHUNK: usize = 256 << 10;

/// One row: its cells one after another, with where each ends.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The line on which it begins; the header is line 1 unless blank lines stand before it.
    pub line: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Row {
    /// How many cells it has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.ends.len()
    }

    /// How many bytes its cells have together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The cell, as the bytes of the file; empty when there is no such cell.
    #[must_use]
    pub fn cell(&self, nth: usize) -> &[u8] {
        let Some(end) = self.ends.get(nth) else { return &[] };
        let start = if nth == 0 { 0 } else { self.ends[nth - 1] };
        &self.bytes[start..*end]
    }

    /// All cells.
    pub fn cells(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.width()).map(|nth| self.cell(nth))
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn end_cell(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

/// What came next in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// A row; it stands in the [`Row`] that was handed in.
    Row,
    /// Something that is no row.
    Bad {
        /// The line on which it begins.
        line: u64,
        /// What is wrong.
        reason: String,
        /// Its first bytes.
        raw: Vec<u8>,
    },
    /// The end of the file.
    End,
}

/// The rows of one file.
pub struct Rows<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    line: u64,
    ended: bool,
    broken: Option<io::Error>,
    width: Option<usize>,
}

enum Split {
    /// A row of so many bytes and lines, line break included.
    Whole { bytes: usize, lines: u64 },
    /// The row does not end in what was read so far.
    More { quote: Option<u64> },
    /// It breaks the rules of quoting.
    Broken(String),
}

impl<R: Read> Rows<R> {
    /// Begins at the start of `input`.
    #[must_use]
    pub fn new(input: R) -> Self {
        Self { input, buffer: Vec::with_capacity(CHUNK), start: 0, line: 1, ended: false, broken: None, width: None }
    }

    /// The line that comes next.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The fault that ended the file before its time. The rows before it were all handed out.
    pub fn take_fault(&mut self) -> Option<io::Error> {
        self.broken.take()
    }

    /// Reads the header and remembers how many columns it has. `None` when the file holds nothing.
    ///
    /// # Errors
    /// Says what is wrong with the header.
    pub fn header(&mut self) -> Result<Option<Row>, String> {
        let mut row = Row::default();
        match self.next(&mut row) {
            Next::End => Ok(None),
            Next::Bad { line, reason, .. } => Err(format!("line {line}: {reason}")),
            Next::Row if row.width() > MOST_COLUMNS => Err(format!("the header has {} columns; at most {MOST_COLUMNS} can be read", row.width())),
            Next::Row if row.cells().any(|cell| cell.contains(&b'\r')) => {
                Err("the lines end with CR alone; save the file with line ends LF or CR LF".to_owned())
            }
            Next::Row => {
                self.width = Some(row.width());
                Ok(Some(row))
            }
        }
    }

    /// Reads what comes next. Blank lines are passed over.
    pub fn next(&mut self, row: &mut Row) -> Next {
        loop {
            row.clear();
            row.line = self.line;
            match split(&self.buffer[self.start..], self.ended, row) {
                Split::Whole { bytes, lines } => {
                    let began = self.start;
                    self.start += bytes;
                    self.line += lines;
                    if bytes == 0 {
                        return Next::End;
                    }
                    if row.width() == 1 && row.cell(0).is_empty() && self.width != Some(1) {
                        continue;
                    }
                    if self.broken.is_some() && self.start == self.buffer.len() && self.buffer.last() != Some(&b'\n') {
                        return self.bad(row.line, began, self.start, "the file breaks off in this row".to_owned());
                    }
                    return match self.width {
                        Some(width) if width != row.width() => {
                            let reason = format!("has {} fields, the header has {width}", row.width());
                            self.bad(row.line, began, self.start, reason)
                        }
                        _ => Next::Row,
                    };
                }
                Split::Broken(reason) => return self.skip_line(&reason),
                Split::More { quote } if self.ended => {
                    let reason = quote
                        .map_or_else(|| "the row does not end".to_owned(), |line| format!("the quote opened in line {} is never closed", self.line + line));
                    return self.skip_line(&reason);
                }
                Split::More { quote } if self.buffer.len() - self.start >= LONGEST_ROW => {
                    let reason = match quote {
                        Some(line) => format!("the quote opened in line {} is not closed within {LONGEST_ROW} bytes", self.line + line),
                        None => format!("the row is longer than {LONGEST_ROW} bytes"),
                    };
                    return self.skip_line(&reason);
                }
                Split::More { .. } => self.fill(),
            }
        }
    }

    fn bad(&self, line: u64, from: usize, to: usize, reason: String) -> Next {
        let mut raw = self.buffer[from..to.min(from + RAW_KEPT)].to_vec();
        while raw.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
            raw.pop();
        }
        Next::Bad { line, reason, raw }
    }

    /// Refuses the line that comes next, however long it is, and goes on behind it.
    fn skip_line(&mut self, reason: &str) -> Next {
        let line = self.line;
        let mut kept: Option<Next> = None;
        while !self.ended && self.buffer.len() - self.start < RAW_KEPT && memchr(b'\n', &self.buffer[self.start..]).is_none() {
            self.fill();
        }
        loop {
            let rest = &self.buffer[self.start..];
            let found = memchr(b'\n', rest);
            let until = self.start + found.map_or(rest.len(), |at| at + 1);
            if kept.is_none() {
                kept = Some(self.bad(line, self.start, until, reason.to_owned()));
            }
            self.start = until;
            if found.is_some() || self.ended {
                self.line += 1;
                return kept.unwrap_or(Next::End);
            }
            self.fill();
        }
    }

    fn fill(&mut self) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let held = self.buffer.len();
        self.buffer.resize(held + CHUNK, 0);
        let read = loop {
            match self.input.read(&mut self.buffer[held..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        match read {
            Ok(read) => {
                self.buffer.truncate(held + read);
                self.ended |= read == 0;
            }
            Err(error) => {
                self.buffer.truncate(held);
                self.ended = true;
                self.broken = Some(error);
            }
        }
    }
}

/// Splits the first row of `text` into cells.
fn split(text: &[u8], ended: bool, row: &mut Row) -> Split {
    let mut at = 0;
    let mut lines = 0;
    loop {
        if text.get(at) == Some(&b'"') {
            let opened = lines;
            at += 1;
            loop {
                let Some(quote) = memchr(b'"', &text[at..]) else { return Split::More { quote: Some(opened) } };
                lines += u64::try_from(memchr::memchr_iter(b'\n', &text[at..at + quote]).count()).unwrap_or(0);
                row.bytes.extend_from_slice(&text[at..at + quote]);
                at += quote + 1;
                match text.get(at) {
                    Some(b'"') => {
                        row.bytes.push(b'"');
                        at += 1;
                    }
                    None if !ended => return Split::More { quote: Some(opened) },
                    _ => break,
                }
            }
            row.end_cell();
            match text.get(at) {
                None => return Split::Whole { bytes: at, lines: lines + 1 },
                Some(b',') => at += 1,
                Some(b'\n') => return Split::Whole { bytes: at + 1, lines: lines + 1 },
                Some(b'\r') if text.get(at + 1) == Some(&b'\n') => return Split::Whole { bytes: at + 2, lines: lines + 1 },
                Some(b'\r') if text.get(at + 1).is_none() => {
                    return if ended { Split::Whole { bytes: at + 1, lines: lines + 1 } } else { Split::More { quote: None } };
                }
                Some(_) => return Split::Broken(format!("field {}: a quote within a quoted text must be doubled", row.width())),
            }
        } else {
            let Some(stop) = memchr2(b',', b'\n', &text[at..]) else {
                if !ended {
                    return Split::More { quote: None };
                }
                row.bytes.extend_from_slice(&text[at..]);
                row.end_cell();
                return Split::Whole { bytes: text.len(), lines: u64::from(!text.is_empty()) + lines };
            };
            let stop = at + stop;
            let is_last = text[stop] == b'\n';
            let end = if is_last && stop > at && text[stop - 1] == b'\r' { stop - 1 } else { stop };
            row.bytes.extend_from_slice(&text[at..end]);
            row.end_cell();
            at = stop + 1;
            if is_last {
                return Split::Whole { bytes: at, lines: lines + 1 };
            }
        }
        if row.width() > MOST_COLUMNS {
            return Split::Broken(format!("has more than {MOST_COLUMNS} fields"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives its text in pieces of one to three bytes, so that every state meets the end of what was read.
    struct Drops<'a>(&'a [u8]);
    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let take = (self.0.len() % 3 + 1).min(self.0.len()).min(into.len());
            into[..take].copy_from_slice(&self.0[..take]);
            self.0 = &self.0[take..];
            Ok(take)
        }
    }

    fn read(text: &str) -> Vec<Result<Vec<String>, (u64, String)>> {
        let mut rows = Rows::new(Drops(text.as_bytes()));
        let _ = rows.header();
        let (mut row, mut out) = (Row::default(), Vec::new());
        loop {
            out.push(match rows.next(&mut row) {
                Next::End => return out,
                Next::Row => Ok(row.cells().map(|c| String::from_utf8_lossy(c).into_owned()).collect()),
                Next::Bad { line, reason, .. } => Err((line, reason)),
            });
        }
    }

    #[test]
    fn quotes_line_breaks_and_blank_lines() {
        let rows = read("a,b\r\n1,\"x\ny\"\r\n\r\n\n\"2\",\"say \"\"hi\"\"\"\n3,6\" pipe\n4,");
        assert_eq!(
            rows,
            [
                Ok(vec!["1".into(), "x\ny".into()]),
                Ok(vec!["2".into(), "say \"hi\"".into()]),
                Ok(vec!["3".into(), "6\" pipe".into()]),
                Ok(vec!["4".into(), String::new()])
            ]
        );
    }

    #[test]
    fn a_broken_row_costs_only_its_line() {
        let rows = read("a,b\n1,\"never closed\n2,x\n3,x,y\n4,\"bad\" quote\n5,ok\n");
        assert_eq!(rows[0], Err((2, "field 2: a quote within a quoted text must be doubled".into())));
        assert_eq!(rows[1], Ok(vec!["2".into(), "x".into()]));
        assert_eq!(rows[2], Err((4, "has 3 fields, the header has 2".into())));
        assert_eq!(rows[3], Err((5, "field 2: a quote within a quoted text must be doubled".into())));
        assert_eq!(rows[4], Ok(vec!["5".into(), "ok".into()]));
        assert_eq!(read("a,b\n1,\"never\n2,x"), [Err((2, "the quote opened in line 2 is never closed".into())), Ok(vec!["2".into(), "x".into()])]);
    }

    #[test]
    fn a_field_of_many_megabytes_is_refused_with_bounded_memory() {
        let huge = io::Read::chain(&b"a,b\n1,"[..], io::Read::chain(io::Read::take(io::repeat(b'x'), 20_000_000), &b"\n2,ok\n"[..]));
        let mut rows = Rows::new(huge);
        rows.header().unwrap();
        let mut row = Row::default();
        assert!(matches!(rows.next(&mut row), Next::Bad { line: 2, ref reason, ref raw } if reason.contains("longer than") && raw.len() == 2_000));
        assert_eq!(rows.next(&mut row), Next::Row);
        assert_eq!((row.line, row.cell(1)), (3, &b"ok"[..]));
        assert!(rows.buffer.capacity() < 8 * LONGEST_ROW);
    }

    proptest! {
        #[test]
        fn fuzz_any_bytes_give_rows_or_reasons(bytes in proptest::collection::vec(prop_oneof![Just(b','), Just(b'"'), Just(b'\n'), Just(b'\r'), any::<u8>()], 0..400)) {
            let mut whole = Rows::new(&bytes[..]);
            let mut drops = Rows::new(Drops(&bytes));
            let headers = (whole.header().is_ok(), drops.header().is_ok());
            prop_assert_eq!(headers.0, headers.1);
            let (mut a, mut b) = (Row::default(), Row::default());
            for _ in 0..=bytes.len() {
                let (left, right) = (whole.next(&mut a), drops.next(&mut b));
                prop_assert_eq!(&left, &right);
                if left == Next::End {
                    prop_assert_eq!(whole.line(), drops.line());
                    return Ok(());
                }
            }
            prop_assert!(false, "more rows than bytes");
        }

        #[test]
        fn what_the_csv_crate_writes_is_read_back(rows in proptest::collection::vec(proptest::collection::vec("[a-z\", \n\r;é]{0,6}", 3), 1..12)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["a", "b", "c"]).unwrap();
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let back: Vec<Vec<String>> = read(&text).into_iter().map(|row| row.unwrap()).collect();
            prop_assert_eq!(back, rows);
        }
    }
}

//! The reading side of an import: rows in, requests out, a batch at a time.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use jiff::tz::TimeZone;
use kernel::{Ids, Timestamp};
use places::Boundaries;
use tokio::sync::mpsc;

use super::ImportError;
use crate::areas::Areas;
use crate::convert::{Converted, Converter, Met, MetDepartment};
use crate::layout::Layout;
use crate::map::{Header, Map};
use crate::rejects::Reject;
use crate::repeats::Repeats;
use crate::rows::{Next, Row, Rows};
use crate::source::{Meter, text_of};
use crate::summary::Agreement;

/// Rows in a batch: one transaction.
const ROWS: usize = 1_000;
/// Bytes of rows in a batch, so that long rows do not fill the memory.
const BYTES: usize = 8 << 20;

/// What the reader sends.
pub(super) enum Part {
    /// The file can be read; its header.
    Header(Vec<Vec<u8>>),
    /// The next rows.
    Batch(Box<Batch>),
}

/// Some rows, with the services and departments that are met in them for the first time.
#[derive(Default)]
pub(super) struct Batch {
    pub rows: Vec<Ready>,
    pub rejects: Vec<Reject>,
    pub departments: Vec<MetDepartment>,
    pub services: Vec<Met>,
    /// How many rows were read for it.
    pub read: u64,
    /// Bytes of the file read so far.
    pub bytes: u64,
}

/// A row that became a request, with its own fields in case it is refused later.
pub(super) struct Ready {
    pub converted: Converted,
    pub raw: Row,
}

/// What is known at the end.
pub(super) struct End {
    pub warnings: BTreeMap<String, u64>,
    pub areas: BTreeMap<String, Agreement>,
    /// The line at which the file broke off, and why.
    pub fault: Option<(u64, String)>,
}

/// Reads all of `file`.
pub(super) fn read<R: Read + Send + 'static>(
    file: R,
    map: &Arc<Map>,
    zone: TimeZone,
    now: Timestamp,
    ids: Ids,
    boundaries: Arc<Boundaries>,
    send: &mpsc::Sender<Part>,
) -> Result<End, ImportError> {
    let meter = Meter::default();
    let text = text_of(file, &meter).map_err(|error| ImportError::File(unreadable(&error)))?;
    let mut rows = Rows::new(text);
    let header = rows.header().map_err(|problem| ImportError::File(format!("header: {problem}")))?;
    let Some(header) = header else {
        let why = rows.take_fault().map_or_else(|| "it is empty; a header with the columns' names is needed".to_owned(), |error| unreadable(&error));
        return Err(ImportError::File(format!("the file cannot be imported: {why}")));
    };
    let layout = Layout::new(map, Header::new(&header)).map_err(ImportError::File)?;
    send.blocking_send(Part::Header(header.cells().map(<[u8]>::to_vec).collect())).map_err(|_| ImportError::Stopping)?;
    let mut reader = Reader {
        converter: Converter::new(Arc::clone(map), layout, zone, now, ids),
        areas: Areas::new(boundaries, Arc::clone(map)),
        repeats: Repeats::new().map_err(numbers)?,
        batch: Batch::default(),
        held: 0,
    };
    let mut row = Row::default();
    loop {
        match rows.next(&mut row) {
            Next::End => break,
            Next::Bad { line, reason, raw } => {
                reader.batch.read += 1;
                reader.held += raw.len();
                reader.batch.rejects.push(Reject { line, reason, fields: vec![raw] });
            }
            Next::Row => reader.row(&row)?,
        }
        if reader.batch.read >= ROWS as u64 || reader.held >= BYTES {
            reader.send(&meter, send)?;
        }
    }
    reader.send(&meter, send)?;
    let fault = rows.take_fault().map(|error| (rows.line(), unreadable(&error)));
    Ok(End { warnings: reader.converter.warnings, areas: reader.areas.agreement(), fault })
}

fn unreadable(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "the gzip data end too early: the file is not whole".to_owned(),
        _ => error.to_string(),
    }
}

fn numbers(source: std::io::Error) -> ImportError {
    ImportError::Write { what: "the temporary file of numbers", source }
}

struct Reader {
    converter: Converter,
    areas: Areas,
    repeats: Repeats,
    batch: Batch,
    /// Bytes of rows in the batch.
    held: usize,
}

impl Reader {
    fn row(&mut self, row: &Row) -> Result<(), ImportError> {
        self.batch.read += 1;
        self.held += row.bytes();
        match self.request(row)? {
            Ok(converted) => self.batch.rows.push(Ready { converted, raw: row.clone() }),
            Err(reason) => self.batch.rejects.push(Reject::of(row, reason)),
        }
        Ok(())
    }

    /// The request of a row, or why it is refused.
    fn request(&mut self, row: &Row) -> Result<Result<Converted, String>, ImportError> {
        let convert = |this: &mut Self| {
            let number = this.converter.number(row)?;
            let recorded = this.converter.recorded_areas(row)?;
            Ok((this.converter.convert(row, number)?, recorded))
        };
        let (mut converted, recorded) = match convert(self) {
            Ok(done) => done,
            Err(reason) => return Ok(Err(reason)),
        };
        // Only what could be converted counts as met: a good row after a bad one of the same number is taken.
        if let Some(line) = self.repeats.first_line(&converted.request.number, row.line).map_err(numbers)? {
            return Ok(Err(format!("number {:?} was in line {line} before", converted.request.number)));
        }
        self.areas.freeze(&mut converted.request, converted.day, &recorded);
        Ok(Ok(converted))
    }

    fn send(&mut self, meter: &Meter, send: &mpsc::Sender<Part>) -> Result<(), ImportError> {
        if self.batch.read == 0 {
            return Ok(());
        }
        let mut batch = std::mem::take(&mut self.batch);
        self.held = 0;
        batch.departments = std::mem::take(&mut self.converter.new_departments);
        batch.services = std::mem::take(&mut self.converter.new_services);
        batch.bytes = meter.bytes();
        send.blocking_send(Part::Batch(Box::new(batch))).map_err(|_| ImportError::Stopping)
    }
}

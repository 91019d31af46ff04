//! CSV. Texts that a spreadsheet would run as a formula (`=`, `+`, `-`, `@` or a tab in front) get an apostrophe in front,
//! the sign by which spreadsheets know text: what a stranger wrote to the city must not run on an analyst's machine.

use std::borrow::Cow;
use std::io::Write;

use jiff::tz::TimeZone;
use kernel::LatLon;

use super::columns::{COLUMNS, Cell};
use super::{ExportError, Sink};

/// A CSV file.
pub(super) struct Csv<W: Write> {
    writer: csv::Writer<W>,
    zone: TimeZone,
}

impl<W: Write> Csv<W> {
    pub fn begin(out: W, zone: TimeZone) -> Result<Self, ExportError> {
        let mut writer = csv::WriterBuilder::new().buffer_capacity(64 << 10).from_writer(out);
        writer.write_record(COLUMNS.iter().map(|column| column.name)).map_err(std::io::Error::from)?;
        Ok(Self { writer, zone })
    }
}

impl<W: Write> Sink for Csv<W> {
    fn write(&mut self, cells: &[Cell<'_>], _point: Option<LatLon>) -> Result<(), ExportError> {
        for cell in cells {
            let text = match cell {
                Cell::Empty => Cow::Borrowed(""),
                Cell::Text(text) => harmless(text),
                Cell::Json(text) => Cow::Borrowed(text.as_str()),
                Cell::Time(at) => Cow::Owned(at.to_w3(&self.zone)),
                Cell::Number(number) => Cow::Owned(number.to_string()),
                Cell::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
            };
            self.writer.write_field(text.as_bytes()).map_err(std::io::Error::from)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(std::io::Error::from)?;
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.writer.flush()?)
    }
}

fn harmless(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

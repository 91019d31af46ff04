//! Parquet: moments as UTC timestamps in milliseconds, texts as UTF-8, JSON marked as such, packed with zstd. A group of
//! rows is held in memory at a time.

use std::io::Write;
use std::sync::Arc;

use kernel::LatLon;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::columns::{COLUMNS, Cell, Column, Kind};
use super::{ExportError, Sink};

/// Rows in a group, as many as fit in some tens of megabytes.
const GROUP: usize = 20_000;
/// Bytes of text in a group.
const GROUP_BYTES: usize = 32 << 20;

/// A Parquet file.
pub(super) struct Parquet<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Held>,
    rows: usize,
    bytes: usize,
}

/// The values of one column in the group at hand, and for each row whether it has one.
struct Held {
    has: Vec<i16>,
    values: Values,
}

enum Values {
    Texts(Vec<ByteArray>),
    Times(Vec<i64>),
    Numbers(Vec<f64>),
    Flags(Vec<bool>),
}

impl Held {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text | Kind::Json => Values::Texts(Vec::new()),
            Kind::Time => Values::Times(Vec::new()),
            Kind::Number => Values::Numbers(Vec::new()),
            Kind::Flag => Values::Flags(Vec::new()),
        };
        Self { has: Vec::new(), values }
    }
}

fn schema() -> Result<Type, parquet::errors::ParquetError> {
    let field = |column: &Column| {
        let (physical, logical) = match column.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
            Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Flag => (Physical::BOOLEAN, None),
        };
        let repetition = if column.always { Repetition::REQUIRED } else { Repetition::OPTIONAL };
        Ok(Arc::new(Type::primitive_type_builder(column.name, physical).with_repetition(repetition).with_logical_type(logical).build()?))
    };
    Type::group_type_builder("requests").with_fields(COLUMNS.iter().map(field).collect::<Result<_, parquet::errors::ParquetError>>()?).build()
}

impl<W: Write + Send> Parquet<W> {
    pub fn begin(out: W) -> Result<Self, ExportError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("cityhall ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let writer = SerializedFileWriter::new(out, Arc::new(schema()?), Arc::new(properties))?;
        Ok(Self { writer, columns: COLUMNS.iter().map(|column| Held::new(column.kind)).collect(), rows: 0, bytes: 0 })
    }

    fn flush(&mut self) -> Result<(), ExportError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for (column, held) in COLUMNS.iter().zip(&mut self.columns) {
            let Some(mut writer) = group.next_column()? else { break };
            let has = (!column.always).then_some(held.has.as_slice());
            match &held.values {
                Values::Texts(values) => writer.typed::<ByteArrayType>().write_batch(values, has, None)?,
                Values::Times(values) => writer.typed::<Int64Type>().write_batch(values, has, None)?,
                Values::Numbers(values) => writer.typed::<DoubleType>().write_batch(values, has, None)?,
                Values::Flags(values) => writer.typed::<BoolType>().write_batch(values, has, None)?,
            };
            writer.close()?;
            *held = Held::new(column.kind);
        }
        group.close()?;
        self.rows = 0;
        self.bytes = 0;
        Ok(())
    }
}

impl<W: Write + Send> Sink for Parquet<W> {
    fn write(&mut self, cells: &[Cell<'_>], _point: Option<LatLon>) -> Result<(), ExportError> {
        for (held, cell) in self.columns.iter_mut().zip(cells) {
            let has = match (cell, &mut held.values) {
                (Cell::Text(text), Values::Texts(values)) => {
                    self.bytes += text.len();
                    values.push(ByteArray::from(text.as_ref()));
                    true
                }
                (Cell::Json(text), Values::Texts(values)) => {
                    self.bytes += text.len();
                    values.push(ByteArray::from(text.as_str()));
                    true
                }
                (Cell::Time(at), Values::Times(values)) => {
                    values.push(at.millis());
                    true
                }
                (Cell::Number(number), Values::Numbers(values)) => {
                    values.push(*number);
                    true
                }
                (Cell::Flag(flag), Values::Flags(values)) => {
                    values.push(*flag);
                    true
                }
                _ => false,
            };
            held.has.push(i16::from(has));
        }
        self.rows += 1;
        if self.rows >= GROUP || self.bytes >= GROUP_BYTES { self.flush() } else { Ok(()) }
    }

    fn end(mut self: Box<Self>) -> Result<(), ExportError> {
        self.flush()?;
        self.writer.close()?;
        Ok(())
    }
}

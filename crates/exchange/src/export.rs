//! `export requests`: all or some of them as CSV, GeoJSON or Parquet, as a stream in constant memory. Who asked is never
//! part of it; private requests only when they are asked for.

mod columns;
mod csv;
mod geojson;
mod parquet;

use std::io::{self, Write};
use std::str::FromStr;

use catalog::{Catalog, CatalogError};
use db::{Db, DbError};
use requests::{Filter, Requests};
use staff::Jurisdiction;

use columns::Names;

/// Requests read at once.
const PAGE: u64 = 1_000;

/// A form of export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180 in UTF-8; the columns of GeoReport Bulk first.
    Csv,
    /// A feature collection (RFC 7946); a request without a point has no geometry.
    GeoJson,
    /// Columns with their types, packed with zstd.
    Parquet,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "csv" => Ok(Self::Csv),
            "geojson" | "json" => Ok(Self::GeoJson),
            "parquet" => Ok(Self::Parquet),
            _ => Err(format!("there is no format {text:?}: csv, geojson or parquet")),
        }
    }
}

/// What an export wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// Requests.
    pub requests: u64,
    /// Of these, with a point on the map.
    pub located: u64,
}

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The catalog could not be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The output could not be written.
    #[error("cannot write the export: {0}")]
    Write(#[from] io::Error),
}

impl From<::parquet::errors::ParquetError> for ExportError {
    fn from(error: ::parquet::errors::ParquetError) -> Self {
        match error {
            ::parquet::errors::ParquetError::External(source) => match source.downcast::<io::Error>() {
                Ok(error) => Self::Write(*error),
                Err(other) => Self::Write(io::Error::other(other)),
            },
            other => Self::Write(io::Error::other(other)),
        }
    }
}

/// Takes requests one after another and ends the file.
trait Sink {
    fn write(&mut self, cells: &[columns::Cell<'_>], point: Option<kernel::LatLon>) -> Result<(), ExportError>;
    fn end(self: Box<Self>) -> Result<(), ExportError>;
}

/// Writes the requests that `filter` asks for to `out`, in the order in which they were first kept. The filter's order,
/// limit and offset do not count. Requests that are opened meanwhile may or may not be part of it; none comes twice.
///
/// # Errors
/// [`ExportError`].
pub async fn export_requests<W: Write + Send>(db: &Db, jurisdiction: &Jurisdiction, format: Format, filter: &Filter, out: W) -> Result<Exported, ExportError> {
    let catalog = Catalog::load(db.read(), jurisdiction).await?;
    let departments = staff::departments_ever(db.read(), jurisdiction.id).await?;
    let names = Names::new(&catalog, departments);
    let zone = jurisdiction.zone();
    let mut sink: Box<dyn Sink + Send + '_> = match format {
        Format::Csv => Box::new(csv::Csv::begin(out, zone)?),
        Format::GeoJson => Box::new(geojson::GeoJson::begin(out, zone)?),
        Format::Parquet => Box::new(parquet::Parquet::begin(out)?),
    };
    let mut exported = Exported { requests: 0, located: 0 };
    let mut after = None;
    loop {
        let page = Requests::walk(db, jurisdiction, filter, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for request in &page {
            let point = request.place.point;
            // The database answers a circle with its box.
            if filter.near.is_some_and(|(center, radius)| point.is_none_or(|point| point.distance_m(center) > radius)) {
                continue;
            }
            sink.write(&columns::cells(request, &names), point)?;
            exported.requests += 1;
            exported.located += u64::from(point.is_some());
        }
    }
    sink.end()?;
    Ok(exported)
}

//! GeoJSON (RFC 7946): one feature a line, so that the file can be read as a stream too.

use std::io::{BufWriter, Write};

use jiff::tz::TimeZone;
use kernel::LatLon;
use serde_json::{Map, Value, json};

use super::columns::{COLUMNS, Cell};
use super::{ExportError, Sink};

/// A GeoJSON file.
pub(super) struct GeoJson<W: Write> {
    out: BufWriter<W>,
    zone: TimeZone,
    any: bool,
}

impl<W: Write> GeoJson<W> {
    pub fn begin(out: W, zone: TimeZone) -> Result<Self, ExportError> {
        let mut out = BufWriter::with_capacity(64 << 10, out);
        out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
        Ok(Self { out, zone, any: false })
    }
}

impl<W: Write> Sink for GeoJson<W> {
    fn write(&mut self, cells: &[Cell<'_>], point: Option<LatLon>) -> Result<(), ExportError> {
        let mut properties = Map::new();
        for (column, cell) in COLUMNS.iter().zip(cells) {
            if matches!(column.name, "lat" | "long") {
                continue;
            }
            let value = match cell {
                Cell::Empty => Value::Null,
                Cell::Text(text) => Value::String(text.as_ref().to_owned()),
                Cell::Json(text) => serde_json::from_str(text).map_err(std::io::Error::from)?,
                Cell::Time(at) => Value::String(at.to_w3(&self.zone)),
                Cell::Number(number) => json!(number),
                Cell::Flag(flag) => Value::Bool(*flag),
            };
            properties.insert(column.name.to_owned(), value);
        }
        let geometry = point.map(|point| json!({ "type": "Point", "coordinates": [point.lon, point.lat] }));
        let id = properties.get("service_request_id").cloned();
        let feature = json!({ "type": "Feature", "id": id, "geometry": geometry, "properties": properties });
        self.out.write_all(if self.any { b",\n" } else { b"\n" })?;
        self.any = true;
        serde_json::to_writer(&mut self.out, &feature).map_err(std::io::Error::from)?;
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), ExportError> {
        self.out.write_all(b"\n]}\n")?;
        Ok(self.out.flush()?)
    }
}

//! Things of the city on the map: GeoJSON points.

use std::io::Read;

use db::Db;
use futures::FutureExt;
use geojson::GeometryValue;
use kernel::{Cell, Clock, Ids, JurisdictionId, LatLon, Problem};

use super::features::{self, Features, Numbered};
use super::pump::{Before, Belt, Row, Seen, digest, pump};
use super::{AssetImport, ImportError, RejectSink, Summary, source};
use crate::store;
use crate::store::assets::AssetRow;

/// Takes in the assets of one kind. Those that an earlier import had and this file has not stay.
///
/// # Errors
/// [`ImportError`]: the database, an option, or where the file is broken.
pub async fn import_assets<R: Read + Send + 'static>(
    db: &Db,
    clock: &Clock,
    ids: &Ids,
    j: JurisdictionId,
    what: AssetImport,
    reader: R,
    sink: &mut dyn RejectSink,
) -> Result<Summary, ImportError> {
    if what.kind.trim().is_empty() {
        return Err(Problem::new("kind", "must not be empty").into());
    }
    let kind = what.kind.clone();
    let read = move |belt: &mut Belt<AssetRow>| {
        let mut features = Features::new(source::open(reader)?);
        let mut seen = Seen::default();
        while let Some(feature) = features.next()? {
            let bytes = feature.text.len();
            let row = match asset(&what, &feature) {
                Err(reason) => Row::Bad(feature.reject(reason)),
                Ok(row) => match seen.note(&row.id, row.digest) {
                    Before::Never => Row::Good(row),
                    Before::Same => Row::Again,
                    Before::Other => Row::Bad(feature.reject(format!("the id {} already stands for another one in this file", row.id))),
                },
            };
            belt.put(row, bytes)?;
        }
        Ok(())
    };
    let began = clock.now();
    let write = |rows: Vec<AssetRow>| db.write(move |tx| store::assets::put(tx, j, rows).boxed());
    let summary = pump(read, sink, write).await?;
    let ended = super::Ended { jurisdiction: j, began, ended: clock.now(), topic: "assets", name: &kind, summary };
    super::record(db, ids, ended).await?;
    Ok(summary)
}

/// A row of one feature.
fn asset(what: &AssetImport, feature: &Numbered) -> Result<AssetRow, String> {
    let AssetImport { kind, id_field, label_field } = what;
    let (properties, geometry, feature_id) = feature.parse()?;
    let point = match &geometry {
        GeometryValue::Point { coordinates } => features::point(coordinates)?,
        GeometryValue::MultiPoint { coordinates } if coordinates.len() == 1 => features::point(&coordinates[0])?,
        other => return Err(format!("it is a {}; a Point is needed", other.type_name())),
    };
    let id = match id_field {
        Some(field) => features::property(&properties, field).ok_or_else(|| format!("it has no property {field:?} with an id"))?,
        None => feature_id.unwrap_or_else(|| place_id(point)),
    };
    let label = label_field.as_deref().and_then(|field| features::property(&properties, field)).unwrap_or_else(|| id.clone());
    super::bounded(&[("id", &id), ("label", &label)])?;
    let attributes = serde_json::to_string(&properties).map_err(|error| error.to_string())?;
    let place = place_id(point);
    let digest = digest([label.as_str(), &place, &attributes]);
    Ok(AssetRow { kind: kind.clone(), id, label, lat: point.lat, lon: point.lon, cell: Cell::of(point).0, attributes, digest })
}

/// An asset without an id is known by its place, to the decimeter.
fn place_id(point: LatLon) -> String {
    format!("{:.6},{:.6}", point.lat, point.lon)
}

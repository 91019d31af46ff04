//! Layers of areas: GeoJSON polygons with a name, as one edition with its dates in force.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use db::{Db, DbError};
use futures::FutureExt;
use geojson::{GeometryValue, Position};
use kernel::{Clock, Ids, JurisdictionId, Problem};

use super::features::{self, Features, Numbered};
use super::pump::{Belt, Row, digest, pump};
use super::{BoundaryImport, ImportError, RejectSink, Summary, source};
use crate::shape::Rings;
use crate::store;
use crate::store::boundaries::{AreaRow, EditionRow};

/// Takes in one edition of a layer. The file is the whole edition: areas that an earlier import of it had and the file
/// has not are removed at the end, unless a feature was rejected, for that may be the one that is missing.
///
/// # Errors
/// [`ImportError`]: the database, an option, or where the file is broken.
pub async fn import_boundaries<R: Read + Send + 'static>(
    db: &Db,
    clock: &Clock,
    ids: &Ids,
    j: JurisdictionId,
    what: BoundaryImport,
    reader: R,
    sink: &mut dyn RejectSink,
) -> Result<Summary, ImportError> {
    check(&what)?;
    let keys = Arc::new(Mutex::new(HashSet::new()));
    let seen = Arc::clone(&keys);
    let options = what.clone();
    let read = move |belt: &mut Belt<AreaRow>| {
        let mut features = Features::new(source::open(reader)?);
        let mut names: HashMap<String, u32> = HashMap::new();
        while let Some(feature) = features.next()? {
            let bytes = feature.text.len();
            let row = match area(&options, &feature, &mut names) {
                Ok(row) => {
                    seen.lock().unwrap_or_else(PoisonError::into_inner).insert(row.area_key.clone());
                    Row::Good(row)
                }
                Err(reason) => Row::Bad(feature.reject(reason)),
            };
            belt.put(row, bytes)?;
        }
        Ok(())
    };
    // The edition first, so that no area is ever without one.
    let edition = EditionRow {
        layer: what.layer.clone(),
        edition: what.edition.clone(),
        from_on: store::boundaries::date_text(what.from),
        until_on: store::boundaries::date_text(what.until),
        city_limits: what.limits,
    };
    let began = clock.now();
    let write = |rows: Vec<AreaRow>| {
        let (now, edition) = (clock.now(), edition.clone());
        db.write(move |tx| {
            async move {
                let edition_changed = store::boundaries::put_edition(tx, j, edition, now).await?;
                let changed = store::boundaries::put_areas(tx, j, rows).await?;
                if changed > 0 || edition_changed {
                    store::touch(tx, j, store::BOUNDARIES, now).await?;
                }
                Ok::<_, DbError>(changed)
            }
            .boxed()
        })
    };
    let mut summary = pump(read, sink, write).await?;
    let kept = std::mem::take(&mut *keys.lock().unwrap_or_else(PoisonError::into_inner));
    if !kept.is_empty() && summary.rejected == 0 {
        summary.removed = remove_others(db, clock, j, &what, kept).await?;
    }
    let ended = super::Ended { jurisdiction: j, began, ended: clock.now(), topic: "boundaries", name: &format!("{} {}", what.layer, what.edition), summary };
    super::record(db, ids, ended).await?;
    Ok(summary)
}

fn check(what: &BoundaryImport) -> Result<(), Problem> {
    for (field, text) in [("layer", &what.layer), ("edition", &what.edition), ("name-field", &what.name_field)] {
        if text.trim().is_empty() {
            return Err(Problem::new(field, "must not be empty"));
        }
    }
    if let (Some(from), Some(until)) = (what.from, what.until)
        && until < from
    {
        return Err(Problem::new("until", format!("is {until}, before from, {from}")));
    }
    Ok(())
}

async fn remove_others(db: &Db, clock: &Clock, j: JurisdictionId, what: &BoundaryImport, kept: HashSet<String>) -> Result<u64, DbError> {
    let (layer, edition, now) = (what.layer.clone(), what.edition.clone(), clock.now());
    db.write(move |tx| {
        async move {
            let mut removed = 0;
            for key in store::boundaries::area_keys(tx.conn(), j, &layer, &edition).await? {
                if !kept.contains(&key) {
                    removed += store::boundaries::remove_area(tx, j, &layer, &edition, &key).await?;
                }
            }
            if removed > 0 {
                store::touch(tx, j, store::BOUNDARIES, now).await?;
            }
            Ok(removed)
        }
        .boxed()
    })
    .await
}

/// A row of one feature.
fn area(what: &BoundaryImport, feature: &Numbered, names: &mut HashMap<String, u32>) -> Result<AreaRow, String> {
    let (properties, geometry, _) = feature.parse()?;
    let name = features::property(&properties, &what.name_field).ok_or_else(|| {
        let has: Vec<&str> = properties.keys().map(String::as_str).take(20).collect();
        format!("it has no property {:?} with a name (it has {})", what.name_field, has.join(", "))
    })?;
    let code = what.code_field.as_deref().and_then(|field| features::property(&properties, field));
    super::bounded(&[("name", &name), ("code", code.as_deref().unwrap_or_default())])?;
    let rings = rings(&geometry)?;
    // Several areas of one name are told apart by their order in the file.
    let count = names.entry(name.clone()).or_insert(0);
    *count += 1;
    let area_key = if *count == 1 { name.clone() } else { format!("{name} #{count}") };
    let rings = serde_json::to_string(&rings).map_err(|error| error.to_string())?;
    let digest = digest([name.as_str(), code.as_deref().unwrap_or_default(), &rings]);
    Ok(AreaRow { layer: what.layer.clone(), edition: what.edition.clone(), area_key, name, code, rings, digest })
}

/// The rings of a Polygon or MultiPolygon, every position checked.
fn rings(geometry: &GeometryValue) -> Result<Rings, String> {
    let ring = |positions: &Vec<Position>| -> Result<Vec<[f64; 2]>, String> {
        if positions.len() < 4 {
            return Err(format!("a ring has {} positions; it needs at least 4", positions.len()));
        }
        positions.iter().map(|position| features::point(position).map(|p| [p.lon, p.lat])).collect()
    };
    let polygon = |rings: &Vec<Vec<Position>>| rings.iter().map(ring).collect::<Result<Vec<_>, _>>();
    let polygons = match geometry {
        GeometryValue::Polygon { coordinates } => vec![polygon(coordinates)?],
        GeometryValue::MultiPolygon { coordinates } => coordinates.iter().map(polygon).collect::<Result<_, _>>()?,
        other => return Err(format!("it is a {}; a Polygon or MultiPolygon is needed", other.type_name())),
    };
    if polygons.iter().all(Vec::is_empty) { Err("its polygon is empty".to_owned()) } else { Ok(polygons) }
}

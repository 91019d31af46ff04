//! Street center lines with the house numbers of each side, and the corners that follow from them.

use std::collections::BTreeMap;
use std::io::Read;

use db::{Db, DbError};
use futures::FutureExt;
use geojson::{GeometryValue, Position};
use kernel::{BBox, Cell, Clock, Ids, JurisdictionId, LatLon, Problem};

use super::features::{self, Features, Numbered};
use super::pump::{Before, Belt, Row, Seen, digest, pump};
use super::street_fields::{first, joined, number};
use super::{ImportError, RejectSink, StreetFields, StreetImport, Summary, source};
use crate::store;
use crate::store::streets::{CornerRow, SegmentRow};
use crate::words::{signed, street_key};

/// Two meetings of the same two streets nearer than this are one corner: a divided road, a traffic circle.
const ONE_CORNER_M: f64 = 60.0;

/// Takes in street center lines, then works out the corners anew.
///
/// # Errors
/// [`ImportError`]: the database, the fields, or where the file is broken.
pub async fn import_streets<R: Read + Send + 'static>(
    db: &Db,
    clock: &Clock,
    ids: &Ids,
    j: JurisdictionId,
    what: StreetImport,
    reader: R,
    sink: &mut dyn RejectSink,
) -> Result<Summary, ImportError> {
    let StreetImport { fields } = what;
    if fields.as_ref().is_some_and(|fields| fields.name.is_empty()) {
        return Err(Problem::new("name", "is missing: which property holds the street's name?").into());
    }
    let read = move |belt: &mut Belt<SegmentRow>| {
        let mut features = Features::new(source::open(reader)?);
        let mut seen = Seen::default();
        while let Some(feature) = features.next()? {
            let bytes = feature.text.len();
            let row = match segment(fields.as_ref(), &feature) {
                Err(reason) => Row::Bad(feature.reject(reason)),
                Ok(row) => match seen.note(&row.id, row.digest) {
                    Before::Never => Row::Good(row),
                    Before::Same => Row::Again,
                    Before::Other => Row::Bad(feature.reject(format!("the id {} already stands for another piece of street in this file", row.id))),
                },
            };
            belt.put(row, bytes)?;
        }
        Ok(())
    };
    let began = clock.now();
    let write = |rows: Vec<SegmentRow>| {
        let now = clock.now();
        db.write(move |tx| {
            async move {
                let changed = store::streets::put_segments(tx, j, rows).await?;
                if changed > 0 {
                    store::touch(tx, j, store::SEARCH, now).await?;
                }
                Ok::<_, DbError>(changed)
            }
            .boxed()
        })
    };
    let summary = pump(read, sink, write).await?;
    renew_corners(db, clock, j).await?;
    let ended = super::Ended { jurisdiction: j, began, ended: clock.now(), topic: "streets", name: "streets", summary };
    super::record(db, ids, ended).await?;
    Ok(summary)
}

/// A row of one feature.
fn segment(given: Option<&StreetFields>, feature: &Numbered) -> Result<SegmentRow, String> {
    let (properties, geometry, feature_id) = feature.parse()?;
    let known;
    let fields = match given {
        Some(fields) => fields,
        None => {
            known = StreetFields::known(&properties)
                .ok_or("its properties are of no known layout (TIGER, Cambridge): say which ones hold the name and the house numbers")?;
            &known
        }
    };
    let StreetFields { id, name, alias, left_from, left_to, right_from, right_to, left_zip, right_zip, city } = fields;
    let name = signed(&joined(&properties, name));
    let key = street_key(&name);
    if key.is_empty() {
        return Err("the street has no name".to_owned());
    }
    let alias = signed(&joined(&properties, alias));
    let line = line(&geometry)?;
    let text = serde_json::to_string(&line).map_err(|error| error.to_string())?;
    let numbers = [left_from, left_to, right_from, right_to].map(|names| number(&properties, names));
    let zips = [left_zip, right_zip, city].map(|names| first(&properties, names).unwrap_or_default());
    let shown = format!("{numbers:?}");
    let [left_from, left_to, right_from, right_to] = numbers;
    let [left_zip, right_zip, city] = zips;
    let digest = digest([name.as_str(), &alias, &shown, &left_zip, &right_zip, &city, &text]);
    let id = first(&properties, id).or(feature_id).unwrap_or_else(|| format!("piece-{:016x}", u64::from_ne_bytes(digest.to_ne_bytes())));
    super::bounded(&[("id", &id), ("name", &name), ("other name", &alias), ("zip code", &left_zip), ("zip code", &right_zip), ("city", &city)])?;
    Ok(SegmentRow {
        id,
        name,
        alias,
        street_key: key,
        left_from,
        left_to,
        right_from,
        right_to,
        left_zip,
        right_zip,
        city,
        line: text,
        digest,
        cells: cells(&line),
    })
}

/// The longest part of a line; the parts of a MultiLineString are joined when they follow one another.
fn line(geometry: &GeometryValue) -> Result<Vec<[f64; 2]>, String> {
    let part = |positions: &Vec<Position>| positions.iter().map(|position| features::point(position).map(|p| [p.lon, p.lat])).collect::<Result<Vec<_>, _>>();
    let line = match geometry {
        GeometryValue::LineString { coordinates } => part(coordinates)?,
        GeometryValue::MultiLineString { coordinates } => {
            let mut joined: Vec<[f64; 2]> = Vec::new();
            let mut parts = Vec::new();
            for positions in coordinates {
                let part = part(positions)?;
                if joined.last() == part.first() {
                    joined.extend(part.into_iter().skip(1));
                } else {
                    parts.push(std::mem::replace(&mut joined, part));
                }
            }
            parts.push(joined);
            parts.into_iter().max_by_key(Vec::len).unwrap_or_default()
        }
        other => return Err(format!("it is a {}; a LineString is needed", other.type_name())),
    };
    if line.len() < 2 { Err("its line has fewer than two positions".to_owned()) } else { Ok(line) }
}

/// The grid cells that the boxes around the line's pieces touch.
fn cells(line: &[[f64; 2]]) -> Vec<i64> {
    let mut cells = Vec::new();
    for pair in line.windows(2) {
        let ([x1, y1], [x2, y2]) = (pair[0], pair[1]);
        // A long straight piece (a highway) is cut, so that its box is not the whole county.
        let cuts = ((x2 - x1).abs().max((y2 - y1).abs()) / 0.002).ceil().clamp(1.0, 5000.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 5000")]
        let steps = cuts as u32;
        for step in 0..steps {
            let at = |t: u32| (x1 + (x2 - x1) * f64::from(t) / cuts, y1 + (y2 - y1) * f64::from(t) / cuts);
            let ((ax, ay), (bx, by)) = (at(step), at(step + 1));
            let area = BBox { south: ay.min(by), north: ay.max(by), west: ax.min(bx), east: ax.max(bx) };
            for (from, to) in Cell::ranges(&area) {
                cells.extend(from.0..=to.0);
            }
        }
    }
    cells.sort_unstable();
    cells.dedup();
    cells
}

/// A point of a line in millionths of a degree: pieces that meet have the very same one.
fn node(point: [f64; 2]) -> (i64, i64) {
    #[expect(clippy::cast_possible_truncation, reason = "at most 360 million")]
    let millionths = |degrees: f64| (degrees * 1e6).round() as i64;
    (millionths(point[0]), millionths(point[1]))
}

/// Works out where streets meet, from all pieces, and writes what changed.
async fn renew_corners(db: &Db, clock: &Clock, j: JurisdictionId) -> Result<(), ImportError> {
    let mut names: Vec<(String, String)> = Vec::new();
    let mut known: BTreeMap<String, u32> = BTreeMap::new();
    // One entry for each point of each line; 24 bytes each, so a large county takes a few dozen megabytes for a moment.
    let mut nodes: Vec<((i64, i64), u32)> = Vec::new();
    let mut after = String::new();
    loop {
        let lines = store::streets::lines_after(db.read(), j, &after, 2000).await?;
        let Some(last) = lines.last() else { break };
        after.clone_from(&last.id);
        for row in lines {
            let line: Vec<[f64; 2]> = serde_json::from_str(&row.line)
                .map_err(|error| ImportError::file(format!("stored piece of street {}", row.id), format!("its line cannot be read back: {error}")))?;
            let next = u32::try_from(names.len()).map_err(|_| Problem::new("streets", "are too many"))?;
            let street = *known.entry(row.street_key.clone()).or_insert_with(|| {
                names.push((row.street_key.clone(), row.name.clone()));
                next
            });
            nodes.extend(line.into_iter().map(|point| (node(point), street)));
        }
    }
    nodes.sort_unstable();
    nodes.dedup();
    let mut meetings: BTreeMap<(u32, u32), Vec<LatLon>> = BTreeMap::new();
    for here in nodes.chunk_by(|a, b| a.0 == b.0).filter(|here| here.len() > 1) {
        #[expect(clippy::cast_precision_loss, reason = "at most 360 million")]
        let Some(point) = LatLon::new(here[0].0.1 as f64 / 1e6, here[0].0.0 as f64 / 1e6) else { continue };
        for (at, (_, a)) in here.iter().enumerate() {
            for (_, b) in &here[at + 1..] {
                let (a, b) = if names[*a as usize].0 < names[*b as usize].0 { (*a, *b) } else { (*b, *a) };
                meetings.entry((a, b)).or_default().push(point);
            }
        }
    }
    let mut corners = Vec::new();
    for ((a, b), points) in meetings {
        let mut apart: Vec<LatLon> = Vec::new();
        for point in points {
            if apart.iter().all(|other| other.distance_m(point) > ONE_CORNER_M) {
                apart.push(point);
            }
        }
        let ((a_key, a_name), (b_key, b_name)) = (&names[a as usize], &names[b as usize]);
        for (place, point) in (0..).zip(apart) {
            corners.push(CornerRow {
                street_a_key: a_key.clone(),
                street_b_key: b_key.clone(),
                place,
                name_a: a_name.clone(),
                name_b: b_name.clone(),
                lat: point.lat,
                lon: point.lon,
            });
        }
    }
    write_corners(db, clock, j, corners).await
}

async fn write_corners(db: &Db, clock: &Clock, j: JurisdictionId, corners: Vec<CornerRow>) -> Result<(), ImportError> {
    let now = clock.now();
    db.write(move |tx| {
        async move {
            let before = store::streets::corners(tx.conn(), j).await?;
            let key = |row: &CornerRow| (row.street_a_key.clone(), row.street_b_key.clone(), row.place);
            let mut old: BTreeMap<_, _> = before.into_iter().map(|row| (key(&row), row)).collect();
            let fresh: Vec<CornerRow> = corners.into_iter().filter(|row| old.remove(&key(row)).as_ref() != Some(row)).collect();
            if fresh.is_empty() && old.is_empty() {
                return Ok(());
            }
            for (a, b, place) in old.into_keys() {
                store::streets::remove_corner(tx, j, &a, &b, place).await?;
            }
            store::streets::put_corners(tx, j, fresh).await?;
            store::touch(tx, j, store::SEARCH, now).await
        }
        .boxed()
    })
    .await
    .map_err(ImportError::Db)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_knows_the_cells_it_passes() {
        let line = [[-93.7, 41.6], [-93.69, 41.6]];
        let cells = cells(&line);
        for step in 0..=10 {
            let on = LatLon::new(41.6, -93.7 + 0.001 * f64::from(step)).unwrap();
            assert!(cells.contains(&Cell::of(on).0));
        }
        assert!(cells.len() <= 7);
    }

    #[test]
    fn parts_that_follow_one_another_are_one_line() {
        let geometry: geojson::Geometry = r#"{"type":"MultiLineString","coordinates":[[[0,0],[1,0]],[[1,0],[2,0]],[[5,5],[6,5]]]}"#.parse().unwrap();
        assert_eq!(line(&geometry.value).unwrap(), [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]);
        let point: geojson::Geometry = r#"{"type":"Point","coordinates":[0,0]}"#.parse().unwrap();
        assert!(line(&point.value).unwrap_err().contains("a LineString is needed"));
    }
}

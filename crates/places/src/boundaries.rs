//! All layers of one jurisdiction in memory, and which edition of their lines speaks for a given day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kernel::LatLon;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::shape::{Rings, Shape};
use crate::store::boundaries::{AreaRow, EditionRow, ScheduleRow};
use crate::zones::Schedule;
use crate::{Area, CITY_LIMITS, Pickup, PlacesError, Standing};

/// The layers of one jurisdiction as they were at one generation. Asking it needs no database: take it once for many
/// points ([`crate::Places::boundaries`]).
#[derive(Debug)]
pub struct Boundaries {
    layers: Vec<Layer>,
    areas: Vec<Ready>,
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
}

#[derive(Debug)]
struct Layer {
    name: String,
    limits: bool,
    editions: Vec<Edition>,
    schedule: Option<Schedule>,
}

#[derive(Debug)]
struct Edition {
    name: String,
    from: Option<Date>,
    until: Option<Date>,
}

/// An area with its layer's and edition's places in the lists above.
#[derive(Debug)]
struct Ready {
    layer: usize,
    edition: usize,
    name: String,
    code: Option<String>,
    shape: Shape,
}

impl Edition {
    fn in_force(&self, on: Date) -> bool {
        self.from.is_none_or(|from| from <= on) && self.until.is_none_or(|until| on <= until)
    }

    /// Days between `on` and the nearest day in force; 0 when in force.
    fn days_away(&self, on: Date) -> i64 {
        let days = |a: Date, b: Date| i64::from((b - a).get_days());
        match (self.from, self.until) {
            (Some(from), _) if on < from => days(on, from),
            (_, Some(until)) if until < on => days(until, on),
            _ => 0,
        }
    }
}

impl Layer {
    /// The edition that speaks for `on`: of those in force the one that began last; if none is, the nearest in time.
    fn edition(&self, on: Date) -> Option<usize> {
        let by_beginning = |a: &&(usize, &Edition), b: &&(usize, &Edition)| (a.1.from, &a.1.name).cmp(&(b.1.from, &b.1.name));
        let all: Vec<(usize, &Edition)> = self.editions.iter().enumerate().collect();
        let in_force = all.iter().filter(|(_, e)| e.in_force(on)).max_by(by_beginning);
        let nearest = || {
            let least = all.iter().map(|(_, e)| e.days_away(on)).min()?;
            all.iter().filter(|(_, e)| e.days_away(on) == least).max_by(by_beginning)
        };
        in_force.or_else(nearest).map(|(at, _)| *at)
    }
}

fn date(text: Option<&str>, what: &str) -> Result<Option<Date>, PlacesError> {
    text.map(|text| text.parse().map_err(|error: jiff::Error| PlacesError::Stored { what: what.to_owned(), reason: error.to_string() })).transpose()
}

impl Boundaries {
    pub(crate) fn new(editions: Vec<EditionRow>, rows: Vec<AreaRow>, schedules: Vec<ScheduleRow>) -> Result<Self, PlacesError> {
        let mut layers: BTreeMap<String, Layer> = BTreeMap::new();
        for EditionRow { layer, edition, from_on, until_on, city_limits } in editions {
            let what = format!("edition {edition} of layer {layer}");
            let edition = Edition { name: edition, from: date(from_on.as_deref(), &what)?, until: date(until_on.as_deref(), &what)? };
            let entry =
                layers.entry(layer.clone()).or_insert_with(|| Layer { limits: layer == CITY_LIMITS, name: layer, editions: Vec::new(), schedule: None });
            entry.limits |= city_limits;
            entry.editions.push(edition);
        }
        for ScheduleRow { layer, schedule } in schedules {
            if let Some(entry) = layers.get_mut(&layer) {
                let schedule = Schedule::parse(&schedule)
                    .map_err(|problem| PlacesError::Stored { what: format!("schedule of layer {layer}"), reason: problem.to_string() })?;
                entry.schedule = Some(schedule);
            }
        }
        let layers: Vec<Layer> = layers.into_values().collect();
        let mut areas = Vec::with_capacity(rows.len());
        let mut boxes = Vec::with_capacity(rows.len());
        for AreaRow { layer, edition, area_key, name, code, rings, digest: _ } in rows {
            let Some(at) = layers.iter().position(|l| l.name == layer) else { continue };
            let Some(of) = layers[at].editions.iter().position(|e| e.name == edition) else { continue };
            let rings: Rings = serde_json::from_str(&rings)
                .map_err(|error| PlacesError::Stored { what: format!("area {area_key} of layer {layer}, edition {edition}"), reason: error.to_string() })?;
            let shape = Shape::new(&rings);
            boxes.extend(shape.bounds().map(|b| GeomWithData::new(Rectangle::from_corners([b.west, b.south], [b.east, b.north]), areas.len())));
            areas.push(Ready { layer: at, edition: of, name, code, shape });
        }
        Ok(Self { layers, areas, tree: RTree::bulk_load(boxes) })
    }

    /// What stands at `point` on the day `on`.
    #[must_use]
    pub fn at(&self, point: LatLon, on: Date) -> Standing {
        let chosen: Vec<Option<usize>> = self.layers.iter().map(|layer| layer.edition(on)).collect();
        let found = self.containing(point, &chosen);
        let limits = |at: usize| self.layers[at].limits && chosen[at].is_some();
        let in_city = (0..self.layers.len()).any(limits).then(|| found.iter().any(|ready| self.layers[ready.layer].limits));
        let areas = found
            .into_iter()
            .map(|ready| {
                let layer = &self.layers[ready.layer];
                let edition = &layer.editions[ready.edition];
                Area {
                    layer: layer.name.clone(),
                    name: ready.name.clone(),
                    code: ready.code.clone(),
                    edition: edition.name.clone(),
                    from: edition.from,
                    until: edition.until,
                    in_force: edition.in_force(on),
                }
            })
            .collect();
        Standing { areas, in_city }
    }

    /// The zones with a schedule at `point`, with their next days from `today` on.
    #[must_use]
    pub fn zones_at(&self, point: LatLon, today: Date) -> Vec<Pickup> {
        let chosen: Vec<Option<usize>> = self.layers.iter().map(|layer| layer.schedule.as_ref().and_then(|_| layer.edition(today))).collect();
        let mut pickups = Vec::new();
        for ready in self.containing(point, &chosen) {
            let layer = &self.layers[ready.layer];
            let Some(schedule) = &layer.schedule else { continue };
            for rounds in schedule.of_zone(&ready.name) {
                let next = schedule.next(rounds, today);
                pickups.push(Pickup {
                    layer: layer.name.clone(),
                    zone: ready.name.clone(),
                    what: rounds.what().to_owned(),
                    next: next.as_ref().map(|day| day.on),
                    moved_from: next.as_ref().and_then(|day| day.moved_from),
                    holiday: next.and_then(|day| day.holiday),
                });
            }
        }
        pickups
    }

    /// The areas of the chosen editions that contain the point, by layer and name.
    fn containing(&self, point: LatLon, chosen: &[Option<usize>]) -> Vec<&Ready> {
        let here = AABB::from_point([point.lon, point.lat]);
        let mut hits: Vec<usize> = self.tree.locate_in_envelope_intersecting(here).map(|entry| entry.data).collect();
        // A shape of several polygons has several boxes.
        hits.sort_unstable();
        hits.dedup();
        hits.retain(|at| {
            let ready = &self.areas[*at];
            chosen[ready.layer] == Some(ready.edition) && ready.shape.contains(point)
        });
        hits.into_iter().map(|at| &self.areas[at]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn layer(editions: &[(&str, Option<&str>, Option<&str>)]) -> Layer {
        let editions = editions.iter().map(|(name, from, until)| Edition { name: (*name).to_owned(), from: from.map(day), until: until.map(day) }).collect();
        Layer { name: "districts".to_owned(), limits: false, editions, schedule: None }
    }

    fn chosen(layer: &Layer, on: &str) -> (String, bool) {
        let edition = &layer.editions[layer.edition(day(on)).unwrap()];
        (edition.name.clone(), edition.in_force(day(on)))
    }

    #[test]
    fn the_edition_in_force_speaks_and_else_the_nearest() {
        let two = layer(&[("2012", Some("2012-01-01"), None), ("2023", Some("2023-08-01"), None)]);
        assert_eq!(chosen(&two, "2012-01-01"), ("2012".to_owned(), true));
        assert_eq!(chosen(&two, "2023-07-31"), ("2012".to_owned(), true));
        assert_eq!(chosen(&two, "2023-08-01"), ("2023".to_owned(), true));
        assert_eq!(chosen(&two, "2009-05-05"), ("2012".to_owned(), false));

        let gap = layer(&[("old", None, Some("2000-12-31")), ("new", Some("2001-01-10"), Some("2001-02-01"))]);
        assert_eq!(chosen(&gap, "2000-12-31"), ("old".to_owned(), true));
        assert_eq!(chosen(&gap, "2001-01-03"), ("old".to_owned(), false));
        assert_eq!(chosen(&gap, "2001-01-08"), ("new".to_owned(), false));
        assert_eq!(chosen(&gap, "2020-01-01"), ("new".to_owned(), false));
        assert_eq!(layer(&[]).edition(day("2020-01-01")), None);
    }
}

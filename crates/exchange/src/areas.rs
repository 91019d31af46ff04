//! The areas in which a request lies, frozen at import with the lines of its own day, and how often they are those that the
//! source recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use places::Boundaries;
use requests::{FrozenArea, Request};

use crate::map::Map;
use crate::summary::Agreement;
use crate::words::same_area;

/// Freezes areas and counts agreement.
pub(crate) struct Areas {
    boundaries: Arc<Boundaries>,
    map: Arc<Map>,
    /// In the order of the map's rules.
    counts: Vec<Agreement>,
}

impl Areas {
    pub fn new(boundaries: Arc<Boundaries>, map: Arc<Map>) -> Self {
        let counts = vec![Agreement::default(); map.areas.len()];
        Self { boundaries, map, counts }
    }

    /// Fills in the areas of `request`, and compares them with `recorded`.
    pub fn freeze(&mut self, request: &mut Request, day: Date, recorded: &[Option<String>]) {
        let standing = request.place.point.map(|point| self.boundaries.at(point, day));
        for ((rule, count), recorded) in self.map.areas.iter().zip(&mut self.counts).zip(recorded) {
            let (Some(standing), Some(recorded)) = (&standing, recorded) else {
                count.not_comparable += 1;
                continue;
            };
            let mut found = standing.areas.iter().filter(|area| area.layer == rule.layer).peekable();
            // No such layer here, or the point lies outside all its areas.
            let Some(first) = found.peek() else {
                count.not_comparable += 1;
                continue;
            };
            let in_force = u64::from(first.in_force);
            if found.any(|area| same_area(recorded, &area.name) || area.code.as_deref().is_some_and(|code| same_area(recorded, code))) {
                count.agree += 1;
                count.agree_in_force += in_force;
            } else {
                count.differ += 1;
                count.differ_in_force += in_force;
            }
        }
        let Some(standing) = standing else { return };
        request.in_city = standing.in_city;
        for area in standing.areas {
            request.areas.entry(area.layer).or_insert(FrozenArea { name: area.name, edition: area.edition, in_force: area.in_force });
        }
    }

    pub fn agreement(self) -> BTreeMap<String, Agreement> {
        self.map.areas.iter().map(|rule| rule.layer.clone()).zip(self.counts).collect()
    }
}

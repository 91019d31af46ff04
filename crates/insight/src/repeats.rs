//! The same problem again at a place (I30): found by place and time, on whatever channel it came.

use std::collections::HashMap;

use kernel::{Cell, LatLon, Timestamp};

use crate::share::Definition;

/// The definition behind [`count_repeats`].
pub const REPEATS: Definition = Definition {
    name: "repeat requests",
    version: 1,
    formula: "A request repeats an earlier one of the same service that was asked for at most so many days before, within so many metres. Requests without a point are not counted.",
};

/// How near and how soon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repeats {
    /// Metres.
    pub radius_m: f64,
    /// Days.
    pub days: u32,
}

impl Default for Repeats {
    fn default() -> Self {
        Self { radius_m: 50.0, days: 90 }
    }
}

/// One request as far as repeats need it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Stands for the service; any numbering.
    pub service: u32,
    /// Where.
    pub point: LatLon,
    /// When it was asked for.
    pub at: Timestamp,
    /// Where the report counts it.
    pub line: u32,
}

/// For each line of the report, how many of `spots` repeat an earlier one. Sorts `spots` by time.
#[must_use]
pub fn count_repeats(spots: &mut [Spot], rule: Repeats) -> HashMap<u32, u64> {
    spots.sort_by_key(|spot| spot.at);
    let span = i64::from(rule.days) * 86_400_000;
    let mut seen: HashMap<(u32, Cell), Vec<usize>> = HashMap::new();
    let mut counted = HashMap::new();
    for (place, spot) in spots.iter().enumerate() {
        let near = Cell::ranges(&spot.point.around(rule.radius_m)).into_iter().flat_map(|(from, to)| (from.0..=to.0).map(Cell));
        let again = near.into_iter().any(|cell| {
            let Some(earlier) = seen.get_mut(&(spot.service, cell)) else { return false };
            // The latest stand last: walk back until they are too old to matter, for this spot and for every later one.
            let fresh = earlier.iter().rposition(|n| spot.at.millis() - spots[*n].at.millis() > span).map_or(0, |old| old + 1);
            earlier.drain(..fresh);
            earlier.iter().any(|n| spots[*n].point.distance_m(spot.point) <= rule.radius_m)
        });
        if again {
            *counted.entry(spot.line).or_insert(0) += 1;
        }
        seen.entry((spot.service, Cell::of(spot.point))).or_default().push(place);
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000;

    fn spot(service: u32, metres: f64, days: i64) -> Spot {
        Spot { service, point: LatLon::new(41.6 + metres / 111_195.0, -93.7).unwrap(), at: Timestamp::from_millis(days * DAY), line: service }
    }

    #[test]
    fn near_soon_and_of_the_same_kind() {
        let mut spots = [spot(1, 0.0, 0), spot(1, 40.0, 10), spot(1, 500.0, 11), spot(2, 0.0, 12), spot(1, 0.0, 99), spot(1, 0.0, 300)];
        let counted = count_repeats(&mut spots, Repeats::default());
        assert_eq!(counted, HashMap::from([(1, 2)]), "day 10 repeats day 0, day 99 repeats day 10; 500 m, another kind and 201 days do not");
    }

    proptest! {
        #[test]
        fn the_grid_finds_what_a_plain_search_finds(raw in proptest::collection::vec((0_u32..2, 0.0..400.0_f64, 0_i64..200), 0..60)) {
            let mut spots: Vec<Spot> = raw.into_iter().map(|(service, metres, days)| spot(service, metres, days)).collect();
            let rule = Repeats { radius_m: 50.0, days: 30 };
            let counted: u64 = count_repeats(&mut spots, rule).values().sum();
            let plain = spots.iter().enumerate().filter(|(n, s)| spots[..*n].iter().any(|e| {
                e.service == s.service && s.at.millis() - e.at.millis() <= 30 * DAY && e.point.distance_m(s.point) <= 50.0
            })).count();
            prop_assert_eq!(counted, plain as u64);
        }
    }
}

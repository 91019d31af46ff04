//! Points on the globe, distances and the grid cells by which both engines find what is near.

use serde::{Deserialize, Serialize};

/// A point, WGS 84, in decimal degrees. Always a real one: finite, latitude within ±90, longitude within ±180.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatLon {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
}

/// Mean radius of the earth in metres (IUGG).
const EARTH_RADIUS_M: f64 = 6_371_008.8;
/// Metres in one degree of latitude on that sphere.
const METRES_PER_DEGREE: f64 = EARTH_RADIUS_M * std::f64::consts::PI / 180.0;

impl LatLon {
    /// The point, or `None` when a coordinate is not finite or out of range.
    #[must_use]
    pub fn new(lat: f64, lon: f64) -> Option<Self> {
        (lat.is_finite() && lon.is_finite() && lat.abs() <= 90.0 && lon.abs() <= 180.0).then_some(Self { lat, lon })
    }

    /// Great-circle distance in metres (haversine formula on a sphere of the mean radius).
    #[must_use]
    pub fn distance_m(self, other: Self) -> f64 {
        let (lat1, lat2) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = (lat2 - lat1) / 2.0;
        let half_lon = (other.lon - self.lon).to_radians() / 2.0;
        let h = half_lat.sin().powi(2) + lat1.cos() * lat2.cos() * half_lon.sin().powi(2);
        2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
    }

    /// The box that holds every point within `metres`, cut at the poles and at ±180°.
    #[must_use]
    pub fn around(self, metres: f64) -> BBox {
        let dlat = metres / METRES_PER_DEGREE;
        let shrink = self.lat.to_radians().cos().max(0.01);
        let dlon = metres / (METRES_PER_DEGREE * shrink);
        BBox {
            south: (self.lat - dlat).max(-90.0),
            west: (self.lon - dlon).max(-180.0),
            north: (self.lat + dlat).min(90.0),
            east: (self.lon + dlon).min(180.0),
        }
    }
}

/// A box of degrees, edges included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BBox {
    /// Southern edge, degrees.
    pub south: f64,
    /// Western edge, degrees.
    pub west: f64,
    /// Northern edge, degrees.
    pub north: f64,
    /// Eastern edge, degrees.
    pub east: f64,
}

impl BBox {
    /// Whether `point` lies inside or on the edge.
    #[must_use]
    pub fn contains(&self, point: LatLon) -> bool {
        (self.south..=self.north).contains(&point.lat) && (self.west..=self.east).contains(&point.lon)
    }
}

/// A cell of a fixed grid of 0.002° (about 220 m north to south): one whole number that an ordinary index can hold.
/// Cells of one row are consecutive, so a box is a few ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cell(pub i64);

/// Cells in one degree.
const CELLS_PER_DEGREE: f64 = 500.0;
/// Cell numbers of one row are spread over this many places.
const ROW: i64 = 1 << 20;

impl Cell {
    /// The cell in which `point` lies.
    #[must_use]
    pub fn of(point: LatLon) -> Self {
        Self(Self::row(point.lat) * ROW + Self::column(point.lon))
    }

    #[expect(clippy::cast_possible_truncation, reason = "a latitude gives at most 90,000 rows")]
    fn row(lat: f64) -> i64 {
        ((lat + 90.0) * CELLS_PER_DEGREE).floor() as i64
    }

    #[expect(clippy::cast_possible_truncation, reason = "a longitude gives at most 180,000 columns")]
    fn column(lon: f64) -> i64 {
        ((lon + 180.0) * CELLS_PER_DEGREE).floor() as i64
    }

    /// The cells that touch `area`, as one inclusive range of numbers per row, south to north.
    #[must_use]
    pub fn ranges(area: &BBox) -> Vec<(Self, Self)> {
        let (west, east) = (Self::column(area.west), Self::column(area.east));
        (Self::row(area.south)..=Self::row(area.north)).map(|row| (Self(row * ROW + west), Self(row * ROW + east))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn distance_of_one_degree_of_latitude() {
        let a = LatLon::new(39.0, -94.5).unwrap();
        let b = LatLon::new(40.0, -94.5).unwrap();
        assert!((a.distance_m(b) - 111_195.0).abs() < 1.0);
    }

    #[test]
    fn unreal_points_are_refused() {
        assert!(LatLon::new(f64::NAN, 0.0).is_none());
        assert!(LatLon::new(91.0, 0.0).is_none());
        assert!(LatLon::new(0.0, -180.1).is_none());
    }

    proptest! {
        #[test]
        fn whatever_is_near_lies_in_a_cell_of_the_ranges(lat in -80.0..80.0_f64, lon in -170.0..170.0_f64, north in -1.0..1.0_f64, east in -1.0..1.0_f64) {
            let centre = LatLon::new(lat, lon).unwrap();
            let other = LatLon::new(lat + north * 0.004, lon + east * 0.004).unwrap();
            prop_assume!(centre.distance_m(other) <= 300.0);
            let cell = Cell::of(other);
            prop_assert!(Cell::ranges(&centre.around(300.0)).iter().any(|(from, to)| (*from..=*to).contains(&cell)));
        }
    }
}

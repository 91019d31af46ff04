//! Lines of streets: where along one a point lies, and which point lies a share of the way along.

use geo::{Coord, Distance, Euclidean, InterpolateLine, LineLocatePoint, LineString, Point};
use kernel::LatLon;

/// Metres in one degree of latitude on a sphere of the mean radius.
const METRES_PER_DEGREE: f64 = 111_195.08;

/// A line as [longitude, latitude] pairs, read from its stored text.
pub(crate) fn parse(text: &str) -> Option<Vec<[f64; 2]>> {
    serde_json::from_str(text).ok().filter(|line: &Vec<[f64; 2]>| line.len() > 1)
}

/// Where a point stands by a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Beside {
    /// Metres from the line.
    pub(crate) distance_m: f64,
    /// How far along, 0 to 1.
    pub(crate) share: f64,
    /// On the left in drawing order.
    pub(crate) left: bool,
}

/// The line in metres around `center`, east and north.
fn flat(line: &[[f64; 2]], center: LatLon) -> LineString<f64> {
    line.iter().map(|[lon, lat]| flat_point(*lon, *lat, center)).collect()
}

fn flat_point(lon: f64, lat: f64, center: LatLon) -> Coord<f64> {
    Coord { x: (lon - center.lon) * METRES_PER_DEGREE * center.lat.to_radians().cos(), y: (lat - center.lat) * METRES_PER_DEGREE }
}

/// Where `point` stands by `line`; `None` for a line without length.
pub(crate) fn beside(line: &[[f64; 2]], point: LatLon) -> Option<Beside> {
    let flat = flat(line, point);
    let here = Point::new(0.0, 0.0);
    let share = flat.line_locate_point(&here).filter(|share| share.is_finite())?;
    let distance_m = Euclidean.distance(&here, &flat);
    // The side is that of the nearest piece: the sign of the cross product with it.
    let nearest = flat.lines().min_by(|a, b| Euclidean.distance(&here, a).total_cmp(&Euclidean.distance(&here, b)))?;
    let (a, b) = (nearest.start, nearest.end);
    let left = (b.x - a.x) * (0.0 - a.y) - (b.y - a.y) * (0.0 - a.x) > 0.0;
    Some(Beside { distance_m, share, left })
}

/// The point a share of the way along `line`.
pub(crate) fn along(line: &[[f64; 2]], share: f64) -> Option<LatLon> {
    let [lon, lat] = line.first()?;
    let center = LatLon::new(*lat, *lon)?;
    let at = Euclidean.point_at_ratio_from_start(&flat(line, center), share.clamp(0.0, 1.0))?;
    LatLon::new(center.lat + at.y() / METRES_PER_DEGREE, center.lon + at.x() / (METRES_PER_DEGREE * center.lat.to_radians().cos().max(0.01)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_stands_beside_a_line() {
        let line = [[-93.70, 41.60], [-93.69, 41.60], [-93.68, 41.60]];
        let found = beside(&line, LatLon::new(41.6001, -93.685).unwrap()).unwrap();
        assert!((found.distance_m - 11.1).abs() < 0.1, "{found:?}");
        assert!((found.share - 0.75).abs() < 0.001);
        assert!(found.left);
        assert!(!beside(&line, LatLon::new(41.5999, -93.685).unwrap()).unwrap().left);
        let half = along(&line, 0.5).unwrap();
        assert!(half.distance_m(LatLon::new(41.60, -93.69).unwrap()) < 0.1);
    }

    #[test]
    fn a_line_without_length_ends_nothing() {
        let line = [[-93.70, 41.60], [-93.70, 41.60]];
        let at = LatLon::new(41.60, -93.70).unwrap();
        let _ = (beside(&line, at), along(&line, 0.3));
        assert_eq!(along(&[], 0.3), None);
        assert_eq!(parse("[[1,2]]"), None);
    }
}

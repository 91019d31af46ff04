//! Whether a point lies in an area: fast for many points, the same answer every time, and untroubled by lines that
//! cross themselves.
//!
//! The rule is even-odd: a ray to the east that crosses the rings an odd number of times starts inside. It asks nothing
//! of the rings: not their direction (files differ), not that holes come after shells, not that a ring is simple; where a
//! ring folds over itself, the doubly covered part is outside. GEOS, and so most of the tools that cities use, answer
//! alike. A point on an edge belongs to the area on the east side of it (for a level edge: the north side); because
//! each edge is taken from its lower end to its upper end and the side is computed exactly, two areas that share an edge
//! never both have the point, and never neither.

use geo::kernels::{Kernel, RobustKernel};
use geo::{Coord, Orientation};
use kernel::{BBox, LatLon};

/// Edges in one band of latitude.
const BAND: usize = 16;

/// Rings of an area, one polygon after another: each polygon counts by itself.
pub(crate) type Rings = Vec<Vec<Vec<[f64; 2]>>>;

/// An area made ready for many questions.
#[derive(Debug)]
pub(crate) struct Shape {
    polygons: Vec<Polygon>,
}

#[derive(Debug)]
struct Polygon {
    bounds: BBox,
    edges: Vec<Edge>,
    /// Which edges touch each band of latitude between `bounds.south` and `bounds.north`.
    bands: Vec<Vec<u32>>,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    low: Coord<f64>,
    high: Coord<f64>,
}

impl Shape {
    /// Makes an area ready. Level edges and polygons without height never contain anything.
    pub(crate) fn new(rings: &Rings) -> Self {
        Self { polygons: rings.iter().filter_map(|rings| Polygon::new(rings)).collect() }
    }

    /// The boxes around its polygons.
    pub(crate) fn bounds(&self) -> impl Iterator<Item = BBox> {
        self.polygons.iter().map(|polygon| polygon.bounds)
    }

    /// Whether the area contains the point.
    pub(crate) fn contains(&self, point: LatLon) -> bool {
        self.polygons.iter().any(|polygon| polygon.contains(point))
    }
}

impl Polygon {
    fn new(rings: &[Vec<[f64; 2]>]) -> Option<Self> {
        let mut edges = Vec::new();
        for ring in rings {
            let ends = ring.iter().zip(ring.iter().skip(1).chain(ring.first()));
            for ([x1, y1], [x2, y2]) in ends {
                let (a, b) = (Coord { x: *x1, y: *y1 }, Coord { x: *x2, y: *y2 });
                if a.y < b.y {
                    edges.push(Edge { low: a, high: b });
                } else if b.y < a.y {
                    edges.push(Edge { low: b, high: a });
                }
            }
        }
        let first = edges.first()?;
        let mut bounds = BBox { south: first.low.y, north: first.high.y, west: first.low.x, east: first.low.x };
        for Edge { low, high } in &edges {
            bounds.south = bounds.south.min(low.y);
            bounds.north = bounds.north.max(high.y);
            bounds.west = bounds.west.min(low.x).min(high.x);
            bounds.east = bounds.east.max(low.x).max(high.x);
        }
        let mut polygon = Self { bounds, bands: vec![Vec::new(); edges.len() / BAND + 1], edges };
        for at in 0..polygon.edges.len() {
            let Edge { low, high } = polygon.edges[at];
            for band in polygon.band(low.y)..=polygon.band(high.y) {
                polygon.bands[band].push(u32::try_from(at).ok()?);
            }
        }
        Some(polygon)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of the height, within the number of bands"
    )]
    fn band(&self, lat: f64) -> usize {
        let share = (lat - self.bounds.south) / (self.bounds.north - self.bounds.south);
        ((share * self.bands.len() as f64) as usize).min(self.bands.len() - 1)
    }

    fn contains(&self, point: LatLon) -> bool {
        if !self.bounds.contains(point) {
            return false;
        }
        let at = Coord { x: point.lon, y: point.lat };
        let crossed = self.bands[self.band(point.lat)].iter().filter(|edge| self.edges[**edge as usize].is_east_of(at)).count();
        crossed % 2 == 1
    }
}

impl Edge {
    /// Whether a ray from the point to the east crosses this edge. The upper end is not part of it, so that a corner
    /// counts once.
    fn is_east_of(&self, at: Coord<f64>) -> bool {
        if at.y < self.low.y || at.y >= self.high.y || (at.x > self.low.x && at.x > self.high.x) {
            return false;
        }
        if at.x < self.low.x && at.x < self.high.x {
            return true;
        }
        <RobustKernel as Kernel<f64>>::orient2d(self.low, self.high, at) == Orientation::CounterClockwise
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(x: f64, y: f64) -> LatLon {
        LatLon::new(y, x).unwrap()
    }

    fn square(x: f64, y: f64, size: f64) -> Vec<[f64; 2]> {
        vec![[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    }

    #[test]
    fn holes_and_parts_count() {
        let shape = Shape::new(&vec![vec![square(0.0, 0.0, 10.0), square(2.0, 2.0, 3.0)], vec![square(20.0, 0.0, 1.0)]]);
        assert!(shape.contains(at(1.0, 1.0)));
        assert!(!shape.contains(at(3.0, 3.0)));
        assert!(shape.contains(at(20.5, 0.5)));
        assert!(!shape.contains(at(15.0, 0.5)));
    }

    #[test]
    fn a_line_that_crosses_itself_has_two_wings() {
        let bow_tie = Shape::new(&vec![vec![vec![[0.0, 0.0], [4.0, 4.0], [4.0, 0.0], [0.0, 4.0], [0.0, 0.0]]]]);
        assert!(bow_tie.contains(at(0.5, 2.0)));
        assert!(bow_tie.contains(at(3.5, 2.0)));
        assert!(!bow_tie.contains(at(2.0, 3.5)));
        assert!(!bow_tie.contains(at(2.0, 0.5)));
    }

    #[test]
    fn rings_without_height_or_points_contain_nothing() {
        for rings in [vec![], vec![vec![]], vec![vec![vec![]]], vec![vec![vec![[1.0, 1.0]]]], vec![vec![vec![[0.0, 1.0], [2.0, 1.0], [0.0, 1.0]]]]] {
            assert!(!Shape::new(&rings).contains(at(1.0, 1.0)));
        }
    }

    proptest! {
        #[test]
        fn two_areas_that_share_an_edge_part_every_point_between_them(
            cut in proptest::collection::vec(0.1..0.9_f64, 1..40), x in 0.001..0.999_f64, y in 0.001..0.999_f64, on_cut in any::<prop::sample::Index>(), on in any::<bool>(),
        ) {
            // A crooked line from south to north parts the unit square.
            let steps = cut.len();
            let line: Vec<[f64; 2]> = cut.iter().enumerate().map(|(i, x)| [*x, i as f64 / (steps.max(2) - 1) as f64]).collect();
            let line = if steps == 1 { vec![[cut[0], 0.0], [cut[0], 1.0]] } else { line };
            let mut west = vec![[0.0, 0.0]];
            west.extend(line.iter().copied());
            west.push([0.0, 1.0]);
            let mut east = vec![[1.0, 0.0], [1.0, 1.0]];
            east.extend(line.iter().rev().copied());
            let point = if on { let [x, y] = line[on_cut.index(line.len())]; at(x, y) } else { at(x, y) };
            prop_assume!(point.lat < 1.0);
            let inside = [Shape::new(&vec![vec![west]]), Shape::new(&vec![vec![east]])].iter().filter(|s| s.contains(point)).count();
            prop_assert_eq!(inside, 1);
        }

        #[test]
        fn the_direction_of_a_ring_does_not_matter(points in proptest::collection::vec((0.0..1.0_f64, 0.0..1.0_f64), 3..30), x in 0.0..1.0_f64, y in 0.0..1.0_f64) {
            let ring: Vec<[f64; 2]> = points.iter().map(|(x, y)| [*x, *y]).collect();
            let back: Vec<[f64; 2]> = ring.iter().rev().copied().collect();
            prop_assert_eq!(Shape::new(&vec![vec![ring]]).contains(at(x, y)), Shape::new(&vec![vec![back]]).contains(at(x, y)));
        }
    }
}

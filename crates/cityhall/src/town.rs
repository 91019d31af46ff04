//! Alder Falls as files: an invented city on a grid of streets, of any size and always the same, for the demo and the
//! benchmark. The files have the layouts that cities publish, so that they go through the ordinary imports.

use std::fmt::Write as _;

/// Its code, name and time zone.
pub const CODE: &str = "alderfalls.example";
/// Its name.
pub const NAME: &str = "City of Alder Falls";
/// Its time zone.
pub const TIMEZONE: &str = "America/Chicago";

/// The corners of the city in degrees: west, south, east, north.
const CITY: [f64; 4] = [-93.75, 41.55, -93.65, 41.65];
/// The middle, where the four districts meet.
const MIDDLE: [f64; 2] = [-93.70, 41.60];
/// Streets that every Alder Falls has, however small.
const OLD_STREETS: [&str; 12] =
    ["Mill St", "Alder Ave", "Cannery Row", "1st St", "2nd St", "3rd St", "4th St", "5th St", "6th St", "7th St", "8th St", "9th St"];
const FIRST: [&str; 32] = [
    "Cedar", "Maple", "Birch", "Willow", "Stone", "River", "Fox", "Deer", "Hawk", "Lake", "Meadow", "Sun", "Wind", "Rose", "Iron", "Silver", "Gold", "Amber",
    "Brook", "Spring", "Summer", "Winter", "North", "West", "Glen", "Harbor", "Orchard", "Prairie", "Timber", "Quarry", "Walnut", "Heron",
];
const SECOND: [&str; 16] =
    ["wood", "field", "ridge", "dale", "view", "crest", "ford", "gate", "haven", "land", "mere", "stead", "ton", "ville", "worth", "brook"];
const SORT: [&str; 6] = ["St", "Ave", "Dr", "Ln", "Ct", "Rd"];
/// Avenues that cross all streets.
const AVENUES: usize = 21;

/// A town of so many addresses.
#[derive(Clone, Copy, Debug)]
pub struct Town {
    streets: usize,
    houses_on_block: usize,
}

impl Town {
    /// The smallest town of this pattern with at least `addresses` addresses (at most about 520 streets).
    #[must_use]
    pub fn of(addresses: usize) -> Self {
        let blocks = AVENUES - 1;
        let houses_on_block = if addresses > 20_000 { 40 } else { 8 };
        let streets = addresses.div_ceil(blocks * houses_on_block).clamp(OLD_STREETS.len(), OLD_STREETS.len() + FIRST.len() * SECOND.len());
        Self { streets, houses_on_block: houses_on_block.max(addresses.div_ceil(blocks * streets)) }
    }

    /// How many addresses it has.
    #[must_use]
    pub fn addresses(&self) -> usize {
        self.streets * (AVENUES - 1) * self.houses_on_block
    }

    /// The name of the street with this number, from south to north.
    fn street(number: usize) -> String {
        if let Some(old) = OLD_STREETS.get(number) {
            return (*old).to_owned();
        }
        let nth = number - OLD_STREETS.len();
        format!("{}{} {}", FIRST[nth % FIRST.len()], SECOND[nth / FIRST.len() % SECOND.len()], SORT[nth % SORT.len()])
    }

    fn avenue(number: usize) -> String {
        let nth = number + 10;
        let ending = match (nth % 10, nth % 100) {
            (_, 11..=13) => "th",
            (1, _) => "st",
            (2, _) => "nd",
            (3, _) => "rd",
            _ => "th",
        };
        format!("{nth}{ending} Ave")
    }

    fn lat(&self, street: usize) -> f64 {
        CITY[1] + (CITY[3] - CITY[1]) * (lossy(street) + 0.5) / lossy(self.streets)
    }

    /// Degrees east of a place along a street: the whole part counts avenues.
    fn lon(along: f64) -> f64 {
        CITY[0] + (CITY[2] - CITY[0]) * (along + 0.5) / lossy(AVENUES)
    }

    /// The address with this number (from 0), as people write it: `1204 Mill St`.
    #[must_use]
    pub fn address(&self, number: usize) -> String {
        let (street, block, house) = self.split(number);
        format!("{} {}", Self::house_number(block, house), Self::street(street))
    }

    fn split(&self, number: usize) -> (usize, usize, usize) {
        let number = number % self.addresses();
        let (rest, house) = (number / self.houses_on_block, number % self.houses_on_block);
        (rest / (AVENUES - 1), rest % (AVENUES - 1), house)
    }

    fn house_number(block: usize, house: usize) -> usize {
        (block + 10) * 100 + house * 2 + house % 2
    }

    /// The address register, as OpenAddresses writes one.
    #[must_use]
    pub fn addresses_csv(&self) -> String {
        let mut out = String::from("LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n");
        for number in 0..self.addresses() {
            let (street, block, house) = self.split(number);
            let along = lossy(block) + (lossy(house) + 1.0) / (lossy(self.houses_on_block) + 1.0);
            let side = if house % 2 == 0 { 0.000_08 } else { -0.000_08 };
            let zip = 50_301 + street % 11;
            // Writing to a String cannot fail.
            let _ = writeln!(
                out,
                "{:.6},{:.6},{},{},,Alder Falls,,IA,{zip},A-{:06},",
                Self::lon(along),
                self.lat(street) + side,
                Self::house_number(block, house),
                Self::street(street),
                number + 1
            );
        }
        out
    }

    /// Center lines, a feature for each block, with the names that the Census Bureau's TIGER files use.
    #[must_use]
    pub fn streets_geojson(&self) -> String {
        let mut features = Vec::new();
        for street in 0..self.streets {
            for block in 0..AVENUES - 1 {
                let (from, to) = ((block + 10) * 100, (block + 10) * 100 + 98);
                features.push(serde_json::json!({"type": "Feature",
                    "properties": {"TLID": format!("S{street}-{block}"), "FULLNAME": Self::street(street), "LFROMADD": from.to_string(), "LTOADD": to.to_string(),
                        "RFROMADD": (from + 1).to_string(), "RTOADD": (to + 1).to_string(), "ZIPL": "50301", "ZIPR": "50301"},
                    "geometry": {"type": "LineString", "coordinates": [[Self::lon(lossy(block)), self.lat(street)], [Self::lon(lossy(block + 1)), self.lat(street)]]}}));
            }
        }
        for avenue in 0..AVENUES {
            for block in 0..self.streets - 1 {
                let (from, to) = ((block + 1) * 100, (block + 1) * 100 + 98);
                let lon = Self::lon(lossy(avenue));
                features.push(serde_json::json!({"type": "Feature",
                    "properties": {"TLID": format!("A{avenue}-{block}"), "FULLNAME": Self::avenue(avenue), "LFROMADD": from.to_string(), "LTOADD": to.to_string(),
                        "RFROMADD": (from + 1).to_string(), "RTOADD": (to + 1).to_string(), "ZIPL": "50301", "ZIPR": "50301"},
                    "geometry": {"type": "LineString", "coordinates": [[lon, self.lat(block)], [lon, self.lat(block + 1)]]}}));
            }
        }
        serde_json::json!({"type": "FeatureCollection", "features": features}).to_string()
    }

    /// The city's limits.
    #[must_use]
    pub fn limits_geojson() -> String {
        let [west, south, east, north] = CITY;
        collection(&[("Alder Falls", [west, south, east, north])])
    }

    /// Its four council districts: 1 north-west, 2 north-east, 3 south-west, 4 south-east.
    #[must_use]
    pub fn districts_geojson() -> String {
        let [west, south, east, north] = CITY;
        let [lon, lat] = MIDDLE;
        collection(&[
            ("District 1", [west, lat, lon, north]),
            ("District 2", [lon, lat, east, north]),
            ("District 3", [west, south, lon, lat]),
            ("District 4", [lon, south, east, lat]),
        ])
    }
}

/// Boxes as named areas.
fn collection(boxes: &[(&str, [f64; 4])]) -> String {
    let feature = |(name, [west, south, east, north]): &(&str, [f64; 4])| {
        serde_json::json!({"type": "Feature", "properties": {"name": name},
            "geometry": {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}})
    };
    serde_json::json!({"type": "FeatureCollection", "features": boxes.iter().map(feature).collect::<Vec<_>>()}).to_string()
}

#[expect(clippy::cast_precision_loss, reason = "counts of streets and houses are small")]
fn lossy(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_town_has_the_addresses_that_were_asked_for_and_no_street_twice() {
        for wanted in [1, 4_000, 20_000, 200_000] {
            let town = Town::of(wanted);
            assert!(town.addresses() >= wanted, "{wanted}");
            assert!((0..town.streets).map(Town::street).collect::<BTreeSet<_>>().len() == town.streets);
        }
        let town = Town::of(4_000);
        assert_eq!(town.addresses_csv().lines().count(), town.addresses() + 1);
        assert_eq!(town.address(0), "1000 Mill St");
        let all: BTreeSet<String> = (0..town.addresses()).map(|n| town.address(n)).collect();
        assert_eq!(all.len(), town.addresses(), "each address is one of its own");
    }
}

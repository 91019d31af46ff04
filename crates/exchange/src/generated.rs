//! A plausible history of Alder Falls as a CSV file of any length, made while it is read: for the benchmark and tests.

use std::fmt::Write;
use std::io::{self, Read};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

const HEADER: &str = "request,asked,state,ended,changed,by,priority,department,team,kind,sort,group,place,zip,lat,lon,words,answer,district,repeats,repeated,late,promised,promised in words\n";
/// Kind, sort, group, department, team, share.
const KINDS: &[(&str, &str, &str, &str, &str, u32)] = &[
    ("Trash", "Missed Collection", "Trash and Recycling", "Sanitation", "Collection North", 30),
    ("Street", "Pothole", "Streets", "Public Works", "Streets East", 22),
    ("Street", "Street Light Out", "Streets", "Public Works", "Signals and Lights", 14),
    ("Animal", "Stray Dog", "Animals", "Animal Care", "Field", 9),
    ("Tree", "Branch Down", "Parks and Trees", "Parks", "Forestry", 8),
    ("Graffiti", "All", "Streets", "Public Works", "Clean Team", 7),
    ("Information", "All", "Information", "", "", 10),
];
const STREETS: &[&str] = &["Mill St", "Alder Ave", "Cannery Row", "1st St", "2nd St", "3rd St", "4th St", "5th St", "6th St", "7th St", "8th St", "9th St"];
/// Seconds from 2015-01-01T06:00:00Z, midnight in Alder Falls.
const BEGINS: i64 = 1_420_092_000;

/// A history of `rows` requests, the same for the same `seed`. Read it with the map `alder-falls`.
#[must_use]
pub fn generated_csv(rows: u64, seed: u64) -> impl Read + Send + 'static {
    Generated { rows, next: 0, rng: StdRng::seed_from_u64(seed), text: HEADER.to_owned(), given: 0 }
}

struct Generated {
    rows: u64,
    next: u64,
    rng: StdRng,
    text: String,
    given: usize,
}

impl Read for Generated {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.text.clear();
            self.given = 0;
            while self.next < self.rows && self.text.len() < 64 << 10 {
                self.row().map_err(io::Error::other)?;
            }
        }
        let take = into.len().min(self.text.len() - self.given);
        into[..take].copy_from_slice(&self.text.as_bytes()[self.given..self.given + take]);
        self.given += take;
        Ok(take)
    }
}

impl Generated {
    fn row(&mut self) -> std::fmt::Result {
        let nth = self.next;
        self.next += 1;
        let rng = &mut self.rng;
        // Ten years, however many rows: requests come faster in a larger city.
        let span = 10 * 365 * 86_400_i64;
        let asked = BEGINS + i64::try_from(u128::from(nth) * u128::from(span.unsigned_abs()) / u128::from(self.rows.max(1))).unwrap_or(0);
        let (kind, sort, group, department, team, _) = KINDS.choose_weighted(rng, |kind| kind.5).copied().unwrap_or(KINDS[0]);
        let is_open = nth + self.rows / 50 > self.rows && rng.random_ratio(2, 3);
        let repeats = !is_open && nth > 100 && rng.random_ratio(1, 40);
        let hours = i64::from(rng.random_range(1..2_000_u32)).pow(2) / 4_000 + 1;
        let state = match (is_open, repeats) {
            (true, _) => ["new", "assigned", "working"].choose(rng).copied().unwrap_or("new"),
            (_, true) => "repeat",
            _ if rng.random_ratio(1, 3) => "closed",
            _ => "done",
        };
        let (lat, lon) = (41.55 + rng.random::<f64>() * 0.1, -93.75 + rng.random::<f64>() * 0.1);
        let district = match (lat >= 41.6, lon < -93.7) {
            (true, true) => 1,
            (true, false) => 2,
            (false, true) => 3,
            (false, false) => 4,
        };
        let street = STREETS.choose(rng).copied().unwrap_or("Mill St");
        let by = ["phone", "phone", "web", "app", "app", "counter"].choose(rng).copied().unwrap_or("phone");
        let out = &mut self.text;
        write!(out, "AF-{:07},{},{state},", nth + 1, clock(asked))?;
        if !is_open {
            out.push_str(&clock(asked + hours * 3600));
        }
        let changed = if is_open { asked + hours * 900 } else { asked + hours * 3600 };
        write!(out, ",{},{by},usual,{department},{team},{kind},{sort},{group},", clock(changed))?;
        write!(out, "\"{} {street}, Alder Falls\",503{:02},{lat:.6},{lon:.6},", rng.random_range(1..9_999), rng.random_range(1..12))?;
        match rng.random_range(0..4) {
            0 => write!(out, "\"{sort} at the corner of {street}, since {} days.\nPlease ring twice.\"", rng.random_range(2..9))?,
            1 => write!(out, "{sort} near {street}")?,
            _ => {}
        }
        out.push(',');
        if state == "done" {
            write!(out, "The crew of {department} came and saw to it.")?;
        } else if state == "closed" && rng.random_ratio(1, 4) {
            out.push_str("Nothing found at the place.");
        }
        write!(out, ",District {district},")?;
        if repeats {
            write!(out, "yes,AF-{:07}", nth + 1 - rng.random_range(1..100))?;
        } else {
            out.push_str("no,");
        }
        writeln!(out, ",{},,", if hours > 96 { "yes" } else { "no" })
    }
}

/// Seconds since 1970 as a wall clock in Greenwich; the map takes it for one in Alder Falls, which does no harm here.
fn clock(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_history() {
        let text = |seed| {
            let mut out = String::new();
            generated_csv(500, seed).read_to_string(&mut out).unwrap();
            out
        };
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
        let mut rows = csv::Reader::from_reader(io::Cursor::new(text(7)));
        assert_eq!(rows.records().map(|row| row.unwrap().len()).filter(|len| *len == 24).count(), 500);
    }
}

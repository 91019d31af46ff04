//! House numbers on the streets that fit: those of the register, and where a number would stand that is not in it.

use std::collections::BTreeMap;

use db::{Db, DbError};
use kernel::{JurisdictionId, LatLon};

use super::query::Asked;
use super::{Street, of_row};
use crate::store::addresses::AddressRow;
use crate::store::streets::Segment;
use crate::words::house::House;
use crate::words::words;
use crate::{Hit, HitKind, line, store};

/// Streets on which a number is looked for.
const STREETS: usize = 24;
/// Streets on which a number that no register has is placed.
const PLACED: usize = 3;
/// How far a house number may be from the nearest known one to stand for it.
const FARTHEST_NUMBER: i64 = 100;

/// Addresses that fit.
pub(super) async fn find(db: &Db, j: JurisdictionId, asked: &Asked, streets: &[Street]) -> Result<Vec<Hit>, DbError> {
    let Some(house) = &asked.house else { return Ok(Vec::new()) };
    let looked: Vec<&Street> = streets.iter().take(STREETS).collect();
    let keys: Vec<&str> = looked.iter().map(|street| street.key.as_str()).collect();
    let mut rows = store::addresses::by_number(db.read(), j, &keys, house.number).await?;
    rows.sort_by(|a, b| (&a.unit, &a.id, &a.register).cmp(&(&b.unit, &b.id, &b.register)));
    let mut doors: BTreeMap<(String, String, String), Vec<AddressRow>> = BTreeMap::new();
    for row in rows {
        doors.entry((row.street_key.clone(), row.number_suffix.clone(), row.city.clone())).or_default().push(row);
    }
    let mut hits = Vec::new();
    let mut standing: Vec<&str> = Vec::new();
    for ((key, ..), rows) in doors {
        let Some(street) = looked.iter().find(|street| street.key == key) else { continue };
        if rows.iter().any(|row| row.number_suffix == house.suffix) {
            standing.push(&street.key);
        }
        hits.extend(door(asked, house, street, rows));
    }
    for street in looked.iter().filter(|street| street.fit.score >= 0.6 && !standing.contains(&street.key.as_str())).take(PLACED) {
        if let Some(point) = placed(db, j, street, house).await? {
            hits.push(Hit {
                kind: HitKind::Address,
                label: format!("{} {}", house.text(), street.name),
                point: Some(point),
                address_id: None,
                zip: (street.zips.len() == 1).then(|| street.zips[0].clone()),
                approximate: true,
                // Below a register's address on a street that fits as well, above one on a street that fits worse.
                score: street.fit.score * 0.9 - 0.01,
            });
        }
    }
    Ok(hits)
}

/// The hit of one door: all rows have the same street, number, suffix and city, and perhaps several units.
fn door(asked: &Asked, house: &House, street: &Street, rows: Vec<AddressRow>) -> Option<Hit> {
    let asked_unit = asked.unit.as_deref().map(bare_unit);
    let has_unit = |row: &AddressRow| asked_unit.as_ref().is_some_and(|unit| !row.unit.is_empty() && bare_unit(&row.unit) == *unit);
    let count = rows.len();
    let first = rows.first()?.clone();
    let mut score = street.fit.score * 0.9;
    let letter = asked.words.iter().find(|word| word.maybe_number).map(|word| word.raw.as_str());
    score += if first.number_suffix == house.suffix {
        0.06
    } else if letter == Some(first.number_suffix.as_str()) {
        0.05
    } else if house.suffix.is_empty() {
        0.01
    } else {
        -0.05
    };
    if let Some(zip) = &asked.zip
        && !first.zip.is_empty()
    {
        score += if first.zip.starts_with(zip.as_str()) { 0.02 } else { -0.05 };
    }
    let city = words(&first.city);
    if !city.is_empty()
        && city
            .iter()
            .all(|part| asked.words.iter().enumerate().any(|(at, word)| !street.fit.used.get(at).is_some_and(|used| *used) && word.canonical == *part))
    {
        score += 0.01;
    }
    if let Some(row) = rows.iter().find(|row| has_unit(row)) {
        return Some(of_row(row.clone(), score + 0.01));
    }
    if let Some(row) = rows.into_iter().find(|row| row.unit.is_empty() || count == 1) {
        return Some(of_row(row, score));
    }
    // A house of which the register knows only the units: the door, without the id of one of them.
    let label = House { number: house.number, suffix: first.number_suffix.clone() }.text();
    let mut hit = of_row(first.clone(), score);
    hit.label = format!("{label} {}", first.street);
    hit.address_id = None;
    Some(hit)
}

/// A unit without its designator: "Apt 4B", "#4b" and "4-B" are one.
fn bare_unit(unit: &str) -> String {
    let lower = unit.to_lowercase();
    let bare = ["apartment", "apt", "unit", "suite", "ste", "room", "rm", "#"].iter().find_map(|word| lower.strip_prefix(word)).unwrap_or(&lower);
    bare.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Where a number would stand: measured along the piece of street whose range holds it, else at the nearest number.
async fn placed(db: &Db, j: JurisdictionId, street: &Street, house: &House) -> Result<Option<LatLon>, DbError> {
    let mut pieces = store::streets::of_street(db.read(), j, &street.key).await?;
    pieces.sort_by(|a, b| a.line.cmp(&b.line));
    if let Some(point) = pieces.iter().filter_map(|piece| on_piece(piece, house.number)).max_by_key(|(same_side, _)| *same_side).map(|(_, point)| point) {
        return Ok(Some(point));
    }
    let nearest = store::addresses::nearest_number(db.read(), j, &street.key, house.number).await?;
    Ok(nearest.filter(|row| row.number.is_some_and(|n| (n - house.number).abs() <= FARTHEST_NUMBER)).and_then(|row| row.point()))
}

/// The number's point on a piece of street, and whether it is on a side with even or odd numbers like it.
fn on_piece(piece: &Segment, number: i64) -> Option<(bool, LatLon)> {
    let sides = [(piece.left_from, piece.left_to), (piece.right_from, piece.right_to)];
    let held = sides.into_iter().filter_map(|(from, to)| Some((from?, to?))).filter(|(from, to)| (*from.min(to)..=*from.max(to)).contains(&number));
    let (from, to) = held.max_by_key(|(from, _)| from % 2 == number % 2)?;
    #[expect(clippy::cast_precision_loss, reason = "house numbers have at most nine digits")]
    let share = if from == to { 0.5 } else { (number - from) as f64 / (to - from) as f64 };
    Some((from % 2 == number % 2, line::along(&line::parse(&piece.line)?, share)?))
}

/// A point of the street that lies on it, about in its middle.
pub(super) async fn middle(db: &Db, j: JurisdictionId, key: &str) -> Result<Option<LatLon>, DbError> {
    let mut pieces = store::streets::of_street(db.read(), j, key).await?;
    pieces.sort_by(|a, b| a.line.cmp(&b.line));
    let points: Vec<LatLon> = pieces.iter().filter_map(|piece| line::along(&line::parse(&piece.line)?, 0.5)).collect();
    if points.is_empty() {
        return store::addresses::middle_of_street(db.read(), j, key).await;
    }
    #[expect(clippy::cast_precision_loss, reason = "a number of pieces")]
    let count = points.len() as f64;
    let center = LatLon::new(points.iter().map(|p| p.lat).sum::<f64>() / count, points.iter().map(|p| p.lon).sum::<f64>() / count);
    Ok(center.and_then(|center| points.into_iter().min_by(|a, b| a.distance_m(center).total_cmp(&b.distance_m(center)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_measured_along_its_side() {
        let piece = Segment {
            name: "Mill St".to_owned(),
            left_from: Some(100),
            left_to: Some(198),
            right_from: Some(199),
            right_to: Some(101),
            left_zip: String::new(),
            right_zip: String::new(),
            line: "[[-93.7,41.6],[-93.69,41.6]]".to_owned(),
        };
        let (even, at) = on_piece(&piece, 149 + 1).unwrap();
        assert!(even && (at.lon - -93.695).abs() < 0.0002, "{at:?}");
        let (_, at) = on_piece(&piece, 101).unwrap();
        assert!((at.lon - -93.69).abs() < 1e-6, "the right side runs down");
        assert_eq!(on_piece(&piece, 201), None);
    }

    #[test]
    fn units_are_compared_bare() {
        assert!(["Apt 4B", "#4b", "4-B", "UNIT 4B"].iter().all(|unit| bare_unit(unit) == "4b"));
    }
}

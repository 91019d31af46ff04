//! Search for an address, a corner, a landmark or a street, as people type: with typos, abbreviations, unfinished.
//!
//! The index proposes streets, corners and landmarks; `rank` says how well they fit; a house number is then looked up on
//! the streets that fit best, for a street on which the number stands is more likely the one that was meant.

pub(crate) mod houses;
pub(crate) mod index;
pub(crate) mod query;
mod rank;

use std::collections::HashMap;
use std::sync::Arc;

use db::Db;
use kernel::{JurisdictionId, LatLon};

use crate::words::{Parts, parts, words};
use crate::{Hit, HitKind, PlacesError, store};
use index::{Entry, Kind, SearchIndex};
use query::Asked;

/// Hits below this are not shown.
const LEAST: f64 = 0.45;
/// What nearness to a given point adds at most.
const NEAR: f64 = 0.03;

/// A street that fits, with what of the text it used.
pub(crate) struct Street {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) n: i64,
    pub(crate) zips: Vec<String>,
    pub(crate) fit: rank::Fit,
}

fn taken_apart(name: &str) -> Parts {
    parts(&words(name))
}

/// Places that fit `text`, the best first.
pub(crate) async fn search(
    db: &Db,
    index: Arc<SearchIndex>,
    j: JurisdictionId,
    text: &str,
    near: Option<LatLon>,
    limit: usize,
) -> Result<Vec<Hit>, PlacesError> {
    let asked = Arc::new(Asked::parse(text));
    if asked.words.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    let (ask, from) = (Arc::clone(&asked), Arc::clone(&index));
    let (streets, mut hits) = tokio::task::spawn_blocking(move || propose(&from, &ask)).await.map_err(|_| PlacesError::Stopping)??;
    if asked.house.is_some() {
        hits.extend(houses::find(db, j, &asked, &streets).await?);
    }
    // Corners and whole streets take the place of addresses when no number was given, or when there is none such.
    if hits.is_empty() || (asked.house.is_none() && asked.corner.is_none()) {
        hits.extend(streets.iter().take(limit.max(5)).map(|street| Hit {
            kind: HitKind::Street,
            label: street.name.clone(),
            point: None,
            address_id: None,
            zip: (street.zips.len() == 1).then(|| street.zips[0].clone()),
            approximate: false,
            score: street.fit.score * if asked.house.is_some() { 0.7 } else { 1.0 },
        }));
    }
    finish(db, j, hits, &streets, near, limit).await
}

/// What the index has: streets with their fit, and hits that need no more looking up.
fn propose(index: &SearchIndex, asked: &Asked) -> Result<(Vec<Street>, Vec<Hit>), PlacesError> {
    let mut streets: HashMap<String, Street> = HashMap::new();
    for entry in index.candidates(asked, Kind::Street, 100)? {
        let Entry::Street { key, name, alias, n, zips } = entry else { continue };
        let mut fit = rank::street(&asked.words, &taken_apart(alias.as_ref().unwrap_or(&name)), asked.typing);
        if let Some(zip) = &asked.zip
            && !zips.is_empty()
        {
            fit.score = if zips.contains(zip) { (fit.score + 0.02).min(1.0) } else { fit.score - 0.05 };
        }
        if fit.score >= 0.35 && streets.get(&key).is_none_or(|before| before.fit.score < fit.score) {
            streets.insert(key.clone(), Street { key, name, n, zips, fit });
        }
    }
    let mut streets: Vec<Street> = streets.into_values().collect();
    streets.sort_by(|a, b| b.fit.score.total_cmp(&a.fit.score).then(b.n.cmp(&a.n)).then_with(|| a.key.cmp(&b.key)));
    let mut hits = Vec::new();
    if asked.house.is_none() {
        for entry in index.candidates(asked, Kind::Corner, 100)? {
            let Entry::Corner { a, b, lat, lon } = entry else { continue };
            let score = rank::corner(&asked.words, asked.corner, &taken_apart(&a), &taken_apart(&b), asked.typing);
            // The street that was named first stands first.
            let first = &asked.words[..asked.corner.unwrap_or(1).min(asked.words.len())];
            let swap = rank::street(first, &taken_apart(&b), false).score > rank::street(first, &taken_apart(&a), false).score;
            let label = if swap { format!("{b} & {a}") } else { format!("{a} & {b}") };
            hits.push(Hit { kind: HitKind::Corner, label, point: LatLon::new(lat, lon), address_id: None, zip: None, approximate: false, score });
        }
        for entry in index.candidates(asked, Kind::Landmark, 60)? {
            let Entry::Landmark { name, address, id, zip, point } = entry else { continue };
            let score = rank::landmark(&asked.words, &words(&name), asked.typing);
            let label = format!("{name}, {address}");
            hits.push(Hit { kind: HitKind::Landmark, label, point, address_id: Some(id), zip: (!zip.is_empty()).then_some(zip), approximate: false, score });
        }
        hits.retain(|hit| hit.score >= LEAST);
    }
    Ok((streets, hits))
}

/// Sorts, cuts and gives streets their points.
async fn finish(db: &Db, j: JurisdictionId, mut hits: Vec<Hit>, streets: &[Street], near: Option<LatLon>, limit: usize) -> Result<Vec<Hit>, PlacesError> {
    for hit in &mut hits {
        if let (Some(near), Some(point)) = (near, hit.point) {
            // Halved every 700 m or so.
            hit.score += NEAR * (-near.distance_m(point) / 1000.0).exp();
        }
    }
    hits.retain(|hit| hit.score >= LEAST);
    let houses: HashMap<&str, i64> = streets.iter().map(|street| (street.name.as_str(), street.n)).collect();
    let size = |hit: &Hit| if hit.kind == HitKind::Street { houses.get(hit.label.as_str()).copied().unwrap_or(0) } else { 0 };
    hits.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.kind.cmp(&b.kind))
            .then_with(|| size(b).cmp(&size(a)))
            .then_with(|| a.label.cmp(&b.label))
            .then_with(|| a.address_id.cmp(&b.address_id))
    });
    let mut kept: Vec<Hit> = Vec::with_capacity(limit.min(hits.len()));
    for mut hit in hits {
        let twin = |other: &Hit| {
            other.kind == hit.kind
                && other.label == hit.label
                && other.address_id == hit.address_id
                && (hit.kind != HitKind::Corner || other.point == hit.point)
        };
        if kept.iter().any(twin) {
            continue;
        }
        if hit.kind == HitKind::Street
            && let Some(street) = streets.iter().find(|street| street.name == hit.label)
        {
            hit.point = houses::middle(db, j, &street.key).await?;
        }
        hit.score = hit.score.clamp(0.0, 1.0);
        kept.push(hit);
        if kept.len() >= limit {
            break;
        }
    }
    Ok(kept)
}

/// A hit of a register's row as it stands.
pub(crate) fn of_row(row: store::addresses::AddressRow, score: f64) -> Hit {
    let point = row.point();
    Hit { kind: HitKind::Address, label: row.label, point, address_id: Some(row.id), zip: (!row.zip.is_empty()).then_some(row.zip), approximate: false, score }
}

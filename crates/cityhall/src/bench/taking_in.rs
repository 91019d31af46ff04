//! Imports against bare inserts of the very same rows into the same tables, and the search among imported addresses.

use std::io::Cursor;
use std::time::Instant;

use db::{Db, DbError};
use exchange::{City, ImportOptions, Map};
use futures::FutureExt as _;
use places::{AddressImport, Places, Reject};

use super::spread::{Spread, rate};
use super::{Bench, Ground, store};
use crate::archive;
use crate::town::Town;

/// The chance of which the history is made.
const SEED: u64 = 311;
/// Rows that share a bare transaction.
const BATCH: usize = 1_000;

/// Imports a generated history and compares with bare inserts.
pub(super) async fn measure(bench: &Bench, ground: &Ground, tell: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let places = Places::open(bench.app.db().clone(), bench.app.settings().search.clone());
    let city =
        City { db: bench.app.db().clone(), clock: bench.app.clock().clone(), ids: bench.app.ids().clone(), places, jurisdiction: bench.jurisdiction.clone() };
    let options = ImportOptions { rejects: ground.folder.path().join("rejects.csv"), known_services_only: false };
    let map = Map::load("alder-falls")?;
    let mut sizes = vec![bench.size.requests];
    // A first, smaller part is compared: bare inserts of all rows would only take longer.
    if bench.size.requests > bench.size.bare_rows {
        sizes.insert(0, bench.size.bare_rows);
    }
    let mut bare = None;
    for rows in sizes {
        let from = Instant::now();
        let summary = exchange::import_requests(&city, &map, exchange::generated_csv(rows, SEED), &options, &mut |_| {}).await?;
        anyhow::ensure!(summary.read == rows && summary.rejected == 0, "the generated history was not imported as a whole: {summary}");
        let ours = rate(usize::try_from(rows)?, from.elapsed());
        let raw = match bare {
            Some(raw) => raw,
            None => bare_inserts(bench, ground, rows).await?,
        };
        bare = Some(raw);
        tell(&format!(
            "import of {rows} requests ({} new): {ours:.0} rows a second; bare inserts of such rows and their events {raw:.0} a second; ratio {:.2}",
            summary.imported,
            ours / raw
        ));
    }
    Ok(())
}

/// Copies requests and events into the same tables of an empty database, with their indexes, in transactions of many rows.
async fn bare_inserts(bench: &Bench, ground: &Ground, rows: u64) -> anyhow::Result<f64> {
    let tables: Vec<_> =
        archive::tables(&crate::migrations()).map_err(anyhow::Error::msg)?.into_iter().filter(|t| ["requests", "events"].contains(&t.name.as_str())).collect();
    let snapshot = bench.app.db().snapshot().await?;
    let mut copies = Vec::new();
    for table in &tables {
        copies.push((table, archive::first_rows(&snapshot, table, rows).await?));
    }
    snapshot.rollback().await?;
    let requests = copies.iter().find(|(table, _)| table.name == "requests").map_or(0, |(_, rows)| rows.len());
    let (db, aside) = aside(ground).await?;
    db.migrate(&crate::migrations()).await?;
    let from = Instant::now();
    for (table, rows) in copies {
        let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        let mut rows = rows.into_iter();
        loop {
            let values: Vec<sea_orm::Value> = rows.by_ref().take(BATCH).flatten().collect();
            if values.is_empty() {
                break;
            }
            let (name, columns) = (table.name.clone(), columns.clone());
            db.write(move |tx| {
                async move {
                    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
                    store::insert_rows(tx, &name, &columns, values).await.map(|_| ())
                }
                .boxed()
            })
            .await
            .map_err(|error: DbError| error)?;
        }
    }
    let raw = rate(requests, from.elapsed());
    db.close().await?;
    aside.clear().await?;
    Ok(raw)
}

/// A second, empty database on the same engine and disk.
async fn aside(ground: &Ground) -> anyhow::Result<(Db, Ground)> {
    let clock = kernel::Clock::system();
    let server = ground.server.as_ref().map(|(server, _)| server.as_str());
    let aside = Box::pin(Ground::new(ground.folder.path(), server, &kernel::Ids::system(clock))).await?;
    Ok((Db::open(&aside.url, &db::Settings::default()).await?, aside))
}

/// Imports an address register and searches it with typing mistakes.
pub(super) async fn search(bench: &Bench, tell: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let (db, clock, ids, j) = (bench.app.db(), bench.app.clock(), bench.app.ids(), bench.jurisdiction.id);
    let town = Town::of(bench.size.addresses);
    let mut rejects: Vec<Reject> = Vec::new();
    let from = Instant::now();
    let summary = places::import_addresses(db, clock, ids, j, AddressImport::default(), Cursor::new(town.addresses_csv()), &mut rejects).await?;
    anyhow::ensure!(summary.rejected == 0, "an address was refused: {}", rejects[0].reason);
    tell(&format!("import of {} addresses: {:.0} rows a second", summary.read, rate(town.addresses(), from.elapsed())));
    let places = bench.app.requests().places();
    let from = Instant::now();
    places.refresh(j).await?;
    tell(&format!("search index of {} addresses: made in {:.1} s", town.addresses(), from.elapsed().as_secs_f64()));
    for (what, mistakes) in [("as written", 0), ("with one typing mistake", 1)] {
        let (mut times, mut found) = (Vec::with_capacity(bench.size.reads), 0);
        for _ in 0..bench.size.reads {
            let address = town.address(usize::try_from(ids.below(town.addresses() as u64))?);
            let typed = if mistakes == 0 { address.clone() } else { mistyped(&address, ids) };
            let from = Instant::now();
            let hits = places.search(j, &typed, None, 8).await?;
            times.push(from.elapsed());
            found += usize::from(hits.iter().any(|hit| hit.label.starts_with(&address)));
        }
        let share = 100.0 * crate::commands::lossy(found as u64) / crate::commands::lossy(bench.size.reads as u64);
        tell(&format!("address search among {}, {what}: {}; the address meant was among the first 8 in {share:.1} %", town.addresses(), Spread::of(times)));
    }
    Ok(())
}

/// One letter of the street's name left out, doubled, exchanged or swapped with its neighbor.
fn mistyped(address: &str, ids: &kernel::Ids) -> String {
    let mut letters: Vec<char> = address.chars().collect();
    let Some(first) = letters.iter().position(|c| c.is_ascii_alphabetic()) else { return address.to_owned() };
    let last = letters.iter().rposition(|c| *c == ' ').unwrap_or(letters.len());
    let span = last.saturating_sub(first).max(1);
    // The first letter people get right.
    let place = first + 1 + usize::try_from(ids.below(span.saturating_sub(2).max(1) as u64)).unwrap_or(0);
    match ids.below(4) {
        0 => {
            letters.remove(place);
        }
        1 => letters.insert(place, letters[place]),
        2 => letters[place] = 'x',
        _ if place + 1 < last => letters.swap(place, place + 1),
        _ => {
            letters.remove(place);
        }
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_small_and_never_in_the_number() {
        let clock = kernel::Clock::set_to(kernel::Timestamp::from_millis(0));
        let ids = kernel::Ids::seeded(clock, 1);
        for _ in 0..200 {
            let typed = mistyped("1204 Cedarwood St", &ids);
            assert!(typed.starts_with("1204 C") && typed.ends_with(" St"), "{typed}");
        }
    }
}

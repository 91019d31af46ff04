//! `import requests`: a city's history in, as a stream. One thread reads and converts, this task gives each batch its
//! services, departments and promises and hands it to the hub, so that reading and writing go on side by side and memory
//! does not grow with the file.

mod reader;

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use catalog::{Catalog, CatalogError, Catalogs, MetService, Priority};
use db::{Db, DbError};
use events::Actor;
use futures::FutureExt;
use kernel::{Clock, Ids};
use places::{Places, PlacesError};
use requests::{FrozenPromise, Imported};
use staff::{Department, Jurisdiction, StaffError, WorkGroup};
use tokio::sync::mpsc;

use crate::convert::{Met, MetDepartment};
use crate::fingerprint::Fingerprints;
use crate::map::Map;
use crate::rejects::{Reject, RejectFile};
use crate::summary::Summary;
use reader::{Batch, Part, Ready};

/// Where requests are imported to.
#[derive(Clone)]
pub struct City {
    /// The database.
    pub db: Db,
    /// The clock: nothing is imported that lies in its future.
    pub clock: Clock,
    /// Where ids come from.
    pub ids: Ids,
    /// The boundary layers.
    pub places: Places,
    /// The government whose requests they are.
    pub jurisdiction: Jurisdiction,
}

/// How to import.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Where rejected rows go; see [`RejectFile::default_path`].
    pub rejects: PathBuf,
    /// Refuse rows of services that the catalog does not have, instead of adding these as services not on offer.
    pub known_services_only: bool,
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows read so far.
    pub rows: u64,
    /// Bytes of the file read so far, before unpacking.
    pub bytes: u64,
}

/// Why an import stopped. Batches that were written before stay; running it again goes on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read with this map. Nothing was written.
    #[error("{0}")]
    File(String),
    /// The file breaks off. What came before was imported.
    #[error("the file breaks off in line {line}: {reason}; {} rows before it were imported", .summary.imported + .summary.unchanged)]
    BreaksOff {
        /// The line at which it ends.
        line: u64,
        /// Why.
        reason: String,
        /// What was done until then.
        summary: Box<Summary>,
    },
    /// The rejects file, or the temporary file with the numbers met, cannot be written.
    #[error("cannot write {what}: {source}")]
    Write {
        /// Which file.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The catalog could not be read or changed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The departments could not be read or changed.
    #[error(transparent)]
    Staff(#[from] StaffError),
    /// The boundary layers could not be read.
    #[error(transparent)]
    Places(#[from] PlacesError),
    /// The reading thread is gone, because the program is stopping.
    #[error("the program is stopping")]
    Stopping,
}

/// Imports requests from `file` as `map` reads it. A second run of the same file changes nothing.
///
/// # Errors
/// [`ImportError`].
pub async fn import_requests<R: Read + Send + 'static>(
    city: &City,
    map: &Map,
    file: R,
    options: &ImportOptions,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Summary, ImportError> {
    let began = Instant::now();
    let map = Arc::new(map.clone());
    let boundaries = city.places.boundaries(city.jurisdiction.id).await?;
    let (send, mut batches) = mpsc::channel::<Part>(2);
    let (clock, ids, zone, of_reader) = (city.clock.now(), city.ids.clone(), city.jurisdiction.zone(), Arc::clone(&map));
    let reading = tokio::task::spawn_blocking(move || reader::read(file, &of_reader, zone, clock, ids, boundaries, &send));
    let mut writing = Writing {
        city,
        map: &map,
        options,
        catalogs: Catalogs::new(city.db.clone()),
        services: Vec::new(),
        departments: HashSet::new(),
        fingerprints: Fingerprints::default(),
        summary: Summary::default(),
        rejects: None,
        parents: false,
    };
    while let Some(part) = batches.recv().await {
        match part {
            Part::Header(header) => writing.rejects = Some(RejectFile::new(options.rejects.clone(), header)),
            Part::Batch(batch) => {
                let bytes = batch.bytes;
                writing.take(*batch).await?;
                progress(Progress { rows: writing.summary.read, bytes });
            }
        }
    }
    let end = reading.await.map_err(|_| ImportError::Stopping)??;
    let Writing { mut summary, rejects, parents, .. } = writing;
    if parents {
        summary.parents_linked = requests::link_parents(&city.db, city.jurisdiction.id, &map.origin).await?;
    }
    summary.warnings = end.warnings;
    summary.areas = end.areas;
    if let Some(rejects) = rejects {
        summary.rejects = rejects.finish().map_err(|source| ImportError::Write { what: "the rejects file", source })?;
    }
    summary.timed(began.elapsed().as_secs_f64());
    match end.fault {
        None => Ok(summary),
        Some((line, reason)) => Err(ImportError::BreaksOff { line, reason, summary: Box::new(summary) }),
    }
}

/// The writing side of one import.
struct Writing<'c> {
    city: &'c City,
    map: &'c Map,
    options: &'c ImportOptions,
    catalogs: Catalogs,
    /// The codes of the services met, in the order in which the reader met them; `None`: refused.
    services: Vec<Option<String>>,
    departments: HashSet<MetDepartment>,
    fingerprints: Fingerprints,
    summary: Summary,
    rejects: Option<RejectFile>,
    parents: bool,
}

impl Writing<'_> {
    async fn take(&mut self, batch: Batch) -> Result<(), ImportError> {
        let Batch { rows, mut rejects, departments, services, read, bytes: _ } = batch;
        self.departments(departments).await?;
        self.services(services).await?;
        let catalog = self.catalogs.get(&self.city.jurisdiction).await?;
        let (mut taken, mut raws, mut located) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for Ready { mut converted, raw } in rows {
            let Some(code) = self.services.get(converted.service).cloned().flatten() else {
                rejects.push(Reject::of(&raw, "service is not in the catalog".to_owned()));
                continue;
            };
            let request = &mut converted.request;
            request.service_code = code;
            if !converted.promised {
                promise(&catalog, request);
            }
            request.fingerprint = Some(self.fingerprints.of(request, converted.parent_number.as_deref(), converted.promised));
            self.parents |= converted.parent_number.is_some();
            located.push(request.place.point.is_some());
            taken.push(Imported { request: converted.request, parent_number: converted.parent_number });
            raws.push(raw);
        }
        if !taken.is_empty() {
            let City { db, clock, ids, places: _, jurisdiction } = self.city;
            let counts = requests::import_rows(db, jurisdiction.id, &self.map.origin, taken, clock.now(), ids).await?;
            for (place, reason) in counts.refused {
                if let (Some(raw), Some(located)) = (raws.get(place), located.get_mut(place)) {
                    *located = false;
                    rejects.push(Reject::of(raw, reason));
                }
            }
            self.summary.imported += counts.inserted + counts.updated;
            self.summary.updated += counts.updated;
            self.summary.unchanged += counts.unchanged;
        }
        self.summary.located += located.iter().map(|located| u64::from(*located)).sum::<u64>();
        self.summary.read += read;
        self.summary.rejected += rejects.len() as u64;
        rejects.sort_by_key(|reject| reject.line);
        for reject in &rejects {
            count(&mut self.summary.reasons, &reject.reason);
            if let Some(file) = &mut self.rejects {
                file.write(reject).map_err(|source| ImportError::Write { what: "the rejects file", source })?;
            }
        }
        Ok(())
    }

    /// Makes sure that the departments and teams that rows name are there. Names of those that are there stay.
    async fn departments(&mut self, met: Vec<MetDepartment>) -> Result<(), ImportError> {
        let new: Vec<MetDepartment> = met.into_iter().filter(|met| !self.departments.contains(met)).collect();
        if new.is_empty() {
            return Ok(());
        }
        self.departments.extend(new.iter().cloned());
        let (clock, ids, j) = (self.city.clock.clone(), self.city.ids.clone(), self.city.jurisdiction.id);
        self.city
            .db
            .write(move |tx| {
                async move {
                    let ever = staff::departments_ever(tx.conn(), j).await?;
                    let today = staff::departments(tx.conn(), j).await?;
                    let missing = missing_departments(&new, &ever, today);
                    if !missing.is_empty() {
                        staff::upsert_departments(tx, &clock, &ids, j, &missing).await?;
                    }
                    Ok::<_, StaffError>(())
                }
                .boxed()
            })
            .await?;
        Ok(())
    }

    /// Finds the services that rows name, or makes them.
    async fn services(&mut self, met: Vec<Met>) -> Result<(), ImportError> {
        if met.is_empty() {
            return Ok(());
        }
        let before = self.catalogs.get(&self.city.jurisdiction).await?;
        if self.options.known_services_only {
            self.services.extend(met.iter().map(|met| known(&before, met)));
            return Ok(());
        }
        let asked: Vec<MetService> = met
            .into_iter()
            .map(|Met { name, earlier, code, group, department }| MetService { name, code, group, department, aliases: earlier.into_iter().collect() })
            .collect();
        let (now, ids, jurisdiction) = (self.city.clock.now(), self.city.ids.clone(), self.city.jurisdiction.clone());
        let actor = Actor::Import(self.map.origin.clone());
        let codes = self.city.db.write(move |tx| async move { catalog::ensure_services(tx, now, &ids, &jurisdiction, actor, &asked).await }.boxed()).await?;
        let added: HashSet<&String> = codes.iter().filter(|code| before.service(code).is_none()).collect();
        self.summary.services_added += added.len() as u64;
        self.services.extend(codes.into_iter().map(Some));
        Ok(())
    }
}

fn known(catalog: &Catalog, met: &Met) -> Option<String> {
    let by_code = met.code.as_deref().and_then(|code| catalog.service(code));
    let found = by_code.or_else(|| catalog.service_named(&met.name)).or_else(|| met.earlier.as_deref().and_then(|name| catalog.service_named(name)));
    found.map(|service| service.code.clone())
}

/// The departments to write so that all of `new` are there: new ones, and those of today with teams added. A department
/// that the city retired stays retired; it keeps its name for old requests.
fn missing_departments(new: &[MetDepartment], ever: &[Department], today: Vec<Department>) -> Vec<Department> {
    let mut all: BTreeMap<String, (Department, bool)> = today.into_iter().map(|department| (department.code.clone(), (department, false))).collect();
    for MetDepartment { code, name, team } in new {
        let retired = ever.iter().any(|d| d.code == *code) && !all.contains_key(code);
        if retired {
            continue;
        }
        let fresh = || Department { code: code.clone(), name: name.chars().take(200).collect(), email: None, phone: None, work_groups: Vec::new() };
        let (department, changed) = all.entry(code.clone()).or_insert_with(|| (fresh(), true));
        let Some((code, name)) = team else { continue };
        let there = department
            .work_groups
            .iter()
            .chain(ever.iter().filter(|d| d.code == department.code).flat_map(|d| &d.work_groups))
            .any(|group| group.code == *code);
        if !there {
            department.work_groups.push(WorkGroup { code: code.clone(), name: name.chars().take(200).collect() });
            *changed = true;
        }
    }
    all.into_values().filter(|(_, changed)| *changed).map(|(department, _)| department).collect()
}

/// Promises a date by the target that was in force when the request was made, if the catalog has one.
fn promise(catalog: &Catalog, request: &mut requests::Request) {
    let Some(service) = catalog.service(&request.service_code) else { return };
    let priority = Priority::parse(&request.priority).unwrap_or(Priority::Normal);
    let Some(promise) = catalog.promise(service, priority, request.requested_at) else { return };
    request.due_at = Some(promise.due_at);
    request.promise = Some(FrozenPromise::Target {
        amount: promise.amount,
        target: promise.target,
        target_version: promise.target_version,
        calendar: promise.calendar,
        calendar_version: promise.calendar_version,
        formula_version: promise.formula_version,
        first_due_at: promise.due_at,
    });
}

/// The most kinds of reasons that a summary tells apart.
const MOST_REASONS: usize = 50;

/// Counts a reason by its kind.
fn count(reasons: &mut BTreeMap<String, u64>, reason: &str) {
    let kind = kind_of(reason);
    let known = reasons.contains_key(&kind) || reasons.len() < MOST_REASONS;
    *reasons.entry(if known { kind } else { "other reasons".to_owned() }).or_default() += 1;
}

/// A reason without what differs from row to row: quoted texts and words with digits.
fn kind_of(reason: &str) -> String {
    let mut out = String::with_capacity(reason.len());
    for (nth, part) in reason.split('"').enumerate() {
        if nth % 2 == 1 {
            out.push('…');
            continue;
        }
        for word in part.split_inclusive(' ') {
            if word.contains(|c: char| c.is_ascii_digit()) && !word.starts_with("UTF-8") {
                out.push('#');
                out.push_str(if word.ends_with(' ') { " " } else { "" });
            } else {
                out.push_str(word);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn department(code: &str, teams: &[&str]) -> Department {
        let work_groups = teams.iter().map(|code| WorkGroup { code: (*code).to_owned(), name: format!("Team {code}") }).collect();
        Department { code: code.to_owned(), name: format!("The {code}"), email: None, phone: Some("311".into()), work_groups }
    }

    fn met(code: &str, team: Option<&str>) -> MetDepartment {
        MetDepartment { code: code.into(), name: code.to_uppercase(), team: team.map(|t| (t.into(), t.to_uppercase())) }
    }

    #[test]
    fn departments_are_added_and_never_renamed_or_brought_back() {
        let today = vec![department("parks", &["trees"]), department("police", &[])];
        let ever = [today.clone(), vec![department("markets", &[])]].concat();
        let new = [met("parks", Some("trees")), met("parks", Some("mowing")), met("police", None), met("markets", Some("stalls")), met("water", Some("mains"))];
        let missing = missing_departments(&new, &ever, today);
        assert_eq!(
            missing.iter().map(|d| (d.code.as_str(), d.name.as_str(), d.work_groups.len())).collect::<Vec<_>>(),
            [("parks", "The parks", 2), ("water", "WATER", 1)]
        );
        assert!(missing_departments(&new[..1], &ever, ever.clone()).is_empty());
    }

    #[test]
    fn reasons_are_counted_by_kind() {
        assert_eq!(kind_of("number 17 was in line 312 before"), "number # was in line # before");
        assert_eq!(kind_of("requested: \"20x9\" is no date"), "requested: … is no date");
        assert_eq!(kind_of("the number AF-1 belongs to a request from old-system"), "the number # belongs to a request from old-system");
        assert_eq!(kind_of("place is no UTF-8 text"), "place is no UTF-8 text");
        let mut reasons = BTreeMap::new();
        (0..26_u8)
            .flat_map(|a| (0..26_u8).map(move |b| format!("{}{}", char::from(b'a' + a), char::from(b'a' + b))))
            .for_each(|reason| count(&mut reasons, &reason));
        assert_eq!((reasons.len(), reasons.values().sum::<u64>()), (MOST_REASONS + 1, 26 * 26));
    }
}

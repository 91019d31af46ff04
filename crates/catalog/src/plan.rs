//! What importing a file would change: the difference between the file and the catalog that is there.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Timestamp;
use serde::Serialize;
use staff::Department;

use crate::file::{At, CatalogFile, Dated, FileProblem, check};
use crate::model::Service;
use crate::routing::Rule;
use crate::snapshot::{Catalog, name_key};
use crate::target::{CalendarTerms, TargetKey, Terms};
use crate::version::{Version, Versions};

/// A change made this many milliseconds ago or ahead counts as present: two imports may fall into one millisecond.
const SETTLE_MS: i64 = 10;

/// What an import did, in words such as `service "pothole"`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// New things.
    pub added: Vec<String>,
    /// Things that are not as before. Targets, calendars and routing rules got a new version.
    pub changed: Vec<String>,
    /// Things that the file no longer names, when it says `retire_missing = true`.
    pub retired: Vec<String>,
    /// How many things the file names that are as they were.
    pub unchanged: usize,
}

impl Changes {
    /// Whether everything was as the file says.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { added, changed, retired, unchanged: _ } = self;
        added.is_empty() && changed.is_empty() && retired.is_empty()
    }
}

/// What became of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Added,
    Changed,
    Retired,
}

/// Everything that an import has to write.
#[derive(Default)]
pub struct Plan {
    pub departments: Vec<Department>,
    pub services: Vec<(Verb, Service)>,
    pub calendars: Vec<(Verb, String, Version<CalendarTerms>)>,
    pub targets: Vec<(Verb, TargetKey, Version<Terms>)>,
    pub routing: Vec<(Verb, Version<Vec<Rule>>)>,
    /// Name and code.
    pub aliases: Vec<(String, String)>,
    pub dropped_aliases: Vec<String>,
    pub language: Option<String>,
    pub changes: Changes,
}

/// What importing `file` at `now` would change.
///
/// # Errors
/// Every problem of the file beside what is there.
pub fn plan(file: &CatalogFile, there: &Catalog, now: Timestamp) -> Result<Plan, Vec<FileProblem>> {
    let mut problems = check(file, there);
    let mut plan = Plan { departments: file.departments.iter().map(|(_, d)| d.clone()).collect(), ..Plan::default() };
    plan.departments(file, there);
    plan.services(file, there);
    plan.aliases(file, there);
    plan.calendars(file, there, now, &mut problems);
    plan.targets(file, there, now, &mut problems);
    plan.routing(file, there, now, &mut problems);
    if file.language != there.language || there.generation == 0 {
        if there.generation != 0 {
            plan.changes.changed.push("language".to_owned());
        }
        plan.language = Some(file.language.clone());
    }
    problems.sort_by_key(|p| p.line);
    if problems.is_empty() { Ok(plan) } else { Err(problems) }
}

impl Plan {
    fn note(&mut self, verb: Verb, what: String) {
        match verb {
            Verb::Added => self.changes.added.push(what),
            Verb::Changed => self.changes.changed.push(what),
            Verb::Retired => self.changes.retired.push(what),
        }
    }

    fn departments(&mut self, file: &CatalogFile, there: &Catalog) {
        for (at, department) in &file.departments {
            match there.departments.iter().find(|d| d.code == department.code) {
                Some(same) if same == department => self.changes.unchanged += 1,
                Some(_) => self.note(Verb::Changed, at.path.clone()),
                None => self.note(Verb::Added, at.path.clone()),
            }
        }
        if file.retire_missing {
            for department in there.departments.iter().filter(|d| !file.departments.iter().any(|(_, given)| given.code == d.code)) {
                self.note(Verb::Retired, format!("department {:?}", department.code));
            }
        }
    }

    fn services(&mut self, file: &CatalogFile, there: &Catalog) {
        for (at, service) in &file.services {
            let verb = match there.service(&service.code) {
                Some(before) if same_service(before, service) => {
                    self.changes.unchanged += 1;
                    continue;
                }
                Some(_) => Verb::Changed,
                None => Verb::Added,
            };
            self.note(verb, at.path.clone());
            self.services.push((verb, service.clone()));
        }
        if file.retire_missing {
            let named: BTreeSet<&str> = file.services.iter().map(|(_, s)| s.code.as_str()).collect();
            for service in there.services.iter().filter(|s| s.active && !named.contains(s.code.as_str())) {
                self.note(Verb::Retired, format!("service {:?}", service.code));
                self.services.push((Verb::Retired, Service { active: false, ..service.clone() }));
            }
        }
    }

    fn aliases(&mut self, file: &CatalogFile, there: &Catalog) {
        let mut named = BTreeSet::new();
        let own = file.services.iter().flat_map(|(_, service)| service.aliases.iter().map(|name| (name, &service.code)));
        for (name, code) in own.chain(file.renamed.iter().map(|(_, name, code)| (name, code))) {
            named.insert(name_key(name));
            let known = there.service(code).is_some_and(|service| service.aliases.contains(name));
            if !known && !self.aliases.iter().any(|(given, _)| given == name) {
                self.changes.changed.push(format!("earlier name {name:?}"));
                self.aliases.push((name.clone(), code.clone()));
            }
        }
        if file.retire_missing {
            for name in there.services.iter().flat_map(|s| &s.aliases).filter(|name| !named.contains(&name_key(name))) {
                self.note(Verb::Retired, format!("earlier name {name:?}"));
                self.dropped_aliases.push(name_key(name));
            }
        }
    }

    fn calendars(&mut self, file: &CatalogFile, there: &Catalog, now: Timestamp, problems: &mut Vec<FileProblem>) {
        for (code, given) in grouped(&file.calendars) {
            let stored = there.calendars.get(&code).map(|all| all.map(|calendar| calendar.terms.clone())).unwrap_or_default();
            for (verb, version) in self.versions(format!("calendar {code:?}"), &stored, &given, now, problems) {
                self.calendars.push((verb, code.clone(), version));
            }
        }
    }

    fn targets(&mut self, file: &CatalogFile, there: &Catalog, now: Timestamp, problems: &mut Vec<FileProblem>) {
        let given = grouped(&file.targets);
        for (key, given) in &given {
            let stored = there.targets.get(key).cloned().unwrap_or_default();
            for (verb, version) in self.versions(format!("target {key}"), &stored, given, now, problems) {
                self.targets.push((verb, key.clone(), version));
            }
        }
        if file.retire_missing {
            for (key, stored) in there.targets.iter().filter(|(key, _)| !given.contains_key(key)) {
                let withdrawn = withdraw(stored, now, &Terms::Withdrawn);
                if !withdrawn.is_empty() {
                    self.note(Verb::Retired, format!("target {key}"));
                }
                self.targets.extend(withdrawn.into_iter().map(|version| (Verb::Retired, key.clone(), version)));
            }
        }
    }

    fn routing(&mut self, file: &CatalogFile, there: &Catalog, now: Timestamp, problems: &mut Vec<FileProblem>) {
        let plain =
            |list: &Dated<Vec<(At, Rule)>>| Dated { at: list.at.clone(), from: list.from, body: list.body.iter().map(|(_, rule)| rule.clone()).collect() };
        let given: Vec<Dated<Vec<Rule>>> = file.routing.iter().map(plain).collect();
        if given.is_empty() && file.retire_missing {
            let withdrawn = withdraw(&there.routing, now, &Vec::new());
            if !withdrawn.is_empty() {
                self.note(Verb::Retired, "routing".to_owned());
            }
            self.routing.extend(withdrawn.into_iter().map(|version| (Verb::Retired, version)));
        } else if !given.is_empty() {
            let given: Vec<&Dated<Vec<Rule>>> = given.iter().collect();
            self.routing = self.versions("routing".to_owned(), &there.routing, &given, now, problems);
        }
    }

    /// The versions to write of one thing.
    fn versions<T: Clone + PartialEq>(
        &mut self,
        what: String,
        stored: &Versions<T>,
        given: &[&Dated<T>],
        now: Timestamp,
        problems: &mut Vec<FileProblem>,
    ) -> Vec<(Verb, Version<T>)> {
        match new_versions(stored, given, now) {
            Ok(new) if new.is_empty() => {
                self.changes.unchanged += 1;
                Vec::new()
            }
            Ok(new) => {
                let verb = if stored.is_empty() { Verb::Added } else { Verb::Changed };
                self.note(verb, what);
                new.into_iter().map(|version| (verb, version)).collect()
            }
            Err(found) => {
                problems.extend(found);
                Vec::new()
            }
        }
    }
}

fn grouped<K: Ord + Clone, T>(all: &[(K, Dated<T>)]) -> BTreeMap<K, Vec<&Dated<T>>> {
    let mut out: BTreeMap<K, Vec<&Dated<T>>> = BTreeMap::new();
    for (key, version) in all {
        out.entry(key.clone()).or_default().push(version);
    }
    out
}

/// Whether two services are the same apart from their earlier names, which have no versions.
fn same_service(a: &Service, b: &Service) -> bool {
    *a == Service { aliases: a.aliases.clone(), ..b.clone() }
}

/// The moment from which a change made now is in force: after whatever came into force this very moment.
fn from_now<T>(stored: &Versions<T>, now: Timestamp) -> Timestamp {
    stored.in_force(now.plus_millis(SETTLE_MS)).map_or(now, |last| now.max(last.valid_from.plus_millis(1)))
}

/// The versions that must be written so that what is stored says what is given.
///
/// An entry with a moment is that version: it is there, or it is added; one that is not yet in force is corrected in place,
/// one that was in force is never rewritten. The entry without a moment is what is in force before the first one with a
/// moment (or simply now): when it differs from what is stored, it is in force from now on.
fn new_versions<T: Clone + PartialEq>(stored: &Versions<T>, given: &[&Dated<T>], now: Timestamp) -> Result<Vec<Version<T>>, Vec<FileProblem>> {
    let first_dated = given.iter().filter_map(|entry| entry.from).min();
    let mut next = stored.next_number();
    let (mut new, mut problems) = (Vec::new(), Vec::new());
    let mut add = |valid_from: Timestamp, body: &T| {
        new.push(Version { number: next, valid_from, body: body.clone() });
        next += 1;
    };
    let mut corrected = Vec::new();
    for entry in given {
        match entry.from {
            Some(from) => match stored.from_exactly(from) {
                Some(there) if there.body == entry.body => {}
                Some(there) if from > now => corrected.push(Version { number: there.number, valid_from: from, body: entry.body.clone() }),
                Some(_) => problems.push(
                    entry.at.problem(format!("what was in force from {from} cannot be rewritten; to change it, give a later `from`, or none for from now on")),
                ),
                None => add(from, &entry.body),
            },
            None => {
                let present = now.plus_millis(SETTLE_MS);
                let seen_at = first_dated.map_or(present, |first| present.min(first.plus_millis(-1)));
                match stored.in_force(seen_at) {
                    Some(there) if there.body == entry.body => {}
                    _ if first_dated.is_none_or(|first| now < first) => add(from_now(stored, now), &entry.body),
                    _ => problems.push(entry.at.problem("needs a `from`, because a later version of it is in force already")),
                }
            }
        }
    }
    new.extend(corrected);
    if problems.is_empty() { Ok(new) } else { Err(problems) }
}

/// What ends a thing now and for all its versions to come.
fn withdraw<T: Clone + PartialEq>(stored: &Versions<T>, now: Timestamp, nothing: &T) -> Vec<Version<T>> {
    let present = now.plus_millis(SETTLE_MS);
    let to_come = stored.iter().filter(|v| v.valid_from > present && v.body != *nothing).map(|v| Version { body: nothing.clone(), ..v.clone() });
    let mut out: Vec<Version<T>> = to_come.collect();
    if stored.in_force(present).is_some_and(|v| v.body != *nothing) {
        out.push(Version { number: stored.next_number(), valid_from: from_now(stored, now), body: nothing.clone() });
    }
    out
}

//! What a file names must exist, in the file or in the catalog that is there; and nothing is said twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{At, CatalogFile, Dated, FileProblem};
use crate::model::{Question, Service};
use crate::routing::{Rule, TimeTest};
use crate::snapshot::{Catalog, name_key};
use crate::target::{AROUND_THE_CLOCK, TargetFor, Terms};

/// What will exist once the file is in.
struct Known<'a> {
    /// Work groups by department.
    departments: BTreeMap<&'a str, BTreeSet<&'a str>>,
    services: BTreeMap<&'a str, &'a Service>,
    groups: BTreeSet<&'a str>,
    calendars: BTreeSet<&'a str>,
}

/// Every problem of a file beside the catalog that is there.
#[must_use]
pub fn check(file: &CatalogFile, there: &Catalog) -> Vec<FileProblem> {
    let known = known(file, there);
    let mut problems = Vec::new();
    twice(file.services.iter().map(|(at, service)| (at, service.code.clone())), &mut problems);
    twice(file.calendars.iter().map(|(code, version)| (&version.at, dated(code, version))), &mut problems);
    twice(file.targets.iter().map(|(key, version)| (&version.at, dated(key, version))), &mut problems);
    twice(file.routing.iter().map(|version| (&version.at, dated("", version))), &mut problems);
    for (at, service) in &file.services {
        known.team(at, service.department.as_deref(), service.work_group.as_deref(), &mut problems);
    }
    names(file, there, &known, &mut problems);
    for (key, version) in &file.targets {
        if let Terms::Within { calendar: Some(calendar), .. } = &version.body {
            known.calendar(&version.at, calendar, &mut problems);
        }
        if let TargetFor::Group(group) = &key.of
            && !known.groups.contains(group.as_str())
        {
            problems.push(version.at.problem(format!("no service is in the group {group:?}")));
        }
    }
    for (at, rule) in file.routing.iter().flat_map(|version| &version.body) {
        known.rule(at, rule, &mut problems);
    }
    problems.sort_by_key(|p| p.line);
    problems
}

fn known<'a>(file: &'a CatalogFile, there: &'a Catalog) -> Known<'a> {
    let kept = if file.retire_missing { &[][..] } else { &there.departments[..] };
    let departments =
        kept.iter().chain(file.departments.iter().map(|(_, d)| d)).map(|d| (d.code.as_str(), d.work_groups.iter().map(|g| g.code.as_str()).collect()));
    let services: BTreeMap<&str, &Service> = there.services.iter().chain(file.services.iter().map(|(_, s)| s)).map(|s| (s.code.as_str(), s)).collect();
    Known {
        departments: departments.collect(),
        groups: services.values().filter_map(|s| s.group.as_deref()).collect(),
        services,
        calendars: there.calendars.keys().chain(file.calendars.iter().map(|(code, _)| code)).map(String::as_str).chain([AROUND_THE_CLOCK]).collect(),
    }
}

fn dated<T>(what: impl std::fmt::Display, version: &Dated<T>) -> String {
    format!("{what}@{}", version.from.map_or(String::new(), |from| from.millis().to_string()))
}

fn twice<'a>(all: impl Iterator<Item = (&'a At, String)>, problems: &mut Vec<FileProblem>) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (at, key) in all {
        if let Some(line) = seen.get(&key) {
            problems.push(at.problem(format!("is there twice: also on line {line}")));
        } else {
            seen.insert(key, at.line);
        }
    }
}

/// An earlier name leads to one service, and never away from a service that has it now.
fn names(file: &CatalogFile, there: &Catalog, known: &Known<'_>, problems: &mut Vec<FileProblem>) {
    let present: HashMap<String, &str> = known.services.values().map(|s| (name_key(&s.name), s.code.as_str())).collect();
    let mut claimed: HashMap<String, &str> = HashMap::new();
    let old_names = file.services.iter().flat_map(|(at, service)| service.aliases.iter().map(move |name| (at, name, service.code.as_str())));
    for (at, name, code) in old_names.chain(file.renamed.iter().map(|(at, name, code)| (at, name, code.as_str()))) {
        let key = name_key(name);
        if !known.services.contains_key(code) {
            problems.push(at.problem(format!("there is no service {code:?}")));
        } else if let Some(other) = present.get(&key).filter(|other| **other != code) {
            // A service that was only met in old records gives its name away.
            if !there.service(other).is_some_and(|s| s.imported) || file.services.iter().any(|(_, s)| s.code == **other) {
                problems.push(at.problem(format!("{name:?} cannot be an earlier name of {code:?}: the service {other:?} has it now")));
            }
        } else if let Some(other) = claimed.insert(key, code).filter(|other| *other != code) {
            problems.push(at.problem(format!("{name:?} is an earlier name of {other:?} too")));
        }
    }
}

impl Known<'_> {
    fn team(&self, at: &At, department: Option<&str>, work_group: Option<&str>, problems: &mut Vec<FileProblem>) {
        match (department, work_group) {
            (None, None) => {}
            (None, Some(_)) => problems.push(at.problem("work_group needs a department")),
            (Some(department), group) => match self.departments.get(department) {
                None => problems.push(at.problem(format!("there is no department {department:?}"))),
                Some(groups) => {
                    if let Some(group) = group.filter(|group| !groups.contains(group)) {
                        problems.push(at.problem(format!("the department {department:?} has no work group {group:?}")));
                    }
                }
            },
        }
    }

    fn calendar(&self, at: &At, code: &str, problems: &mut Vec<FileProblem>) {
        if !self.calendars.contains(code) {
            problems.push(at.problem(format!("there is no calendar {code:?}")));
        }
    }

    fn rule(&self, at: &At, rule: &Rule, problems: &mut Vec<FileProblem>) {
        self.team(at, Some(&rule.department), rule.work_group.as_deref(), problems);
        for code in rule.services.iter().filter(|code| !self.services.contains_key(code.as_str())) {
            problems.push(at.problem(format!("there is no service {code:?}")));
        }
        for group in rule.groups.iter().filter(|group| !self.groups.contains(group.as_str())) {
            problems.push(at.problem(format!("no service is in the group {group:?}")));
        }
        if let Some(TimeTest::Open(code) | TimeTest::Closed(code)) = &rule.time {
            self.calendar(at, code, problems);
        }
        let Some(test) = &rule.answer else { return };
        let meant = self.services.values().filter(|service| rule.services.is_empty() || rule.services.contains(&service.code));
        let questions: Vec<&Question> = meant.filter_map(|service| service.question(&test.question)).filter(|q| q.variable).collect();
        if questions.is_empty() {
            problems.push(at.problem(format!("no service it is for has a question {:?}", test.question)));
        } else if questions.iter().all(|q| q.datatype.is_list()) {
            for wrong in test.is.iter().filter(|answer| !questions.iter().any(|q| q.values.iter().any(|value| value.key == **answer))) {
                problems.push(at.problem(format!("{wrong:?} is no value of the question {}", test.question)));
            }
        }
    }
}

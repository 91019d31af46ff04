//! Taking in a catalog file: all of it or, when anything is wrong, nothing.

use db::{Db, Tx};
use events::{Actor, NewEvent};
use futures::FutureExt;
use kernel::{Clock, Ids, JurisdictionId, Timestamp};
use serde_json::json;
use staff::{Jurisdiction, StaffError};
use uuid::Uuid;

use crate::file::{FileProblem, parse};
use crate::plan::{Changes, Plan, Verb, plan};
use crate::snapshot::{Catalog, name_key};
use crate::store::{self, Kind, NewVersion, RULES};
use crate::{CatalogError, target::TargetKey};

/// Makes the catalog say what `text` says. What the file does not name stays as it is, unless it has
/// `retire_missing = true`. Importing the same again changes nothing.
///
/// # Errors
/// [`CatalogError::File`] with every problem of the file; then nothing was written.
pub async fn import_catalog(db: &Db, clock: &Clock, ids: &Ids, jurisdiction: &Jurisdiction, text: &str) -> Result<Changes, CatalogError> {
    let file = parse(text, &jurisdiction.zone()).map_err(CatalogError::File)?;
    let (clock, ids, jurisdiction, text) = (clock.clone(), ids.clone(), jurisdiction.clone(), text.to_owned());
    db.write(move |tx| {
        async move {
            let now = clock.now();
            store::lock(tx, jurisdiction.id, now).await?;
            let there = Catalog::load(tx.conn(), &jurisdiction).await?;
            let plan = plan(&file, &there, now).map_err(CatalogError::File)?;
            let changes = plan.changes.clone();
            apply(tx, &clock, &ids, &jurisdiction, &file, plan).await?;
            if store::file(tx.conn(), jurisdiction.id).await?.as_deref() != Some(text.as_str()) {
                store::put_file(tx, jurisdiction.id, now, &text).await?;
            }
            Ok(changes)
        }
        .boxed()
    })
    .await
}

async fn apply(tx: &Tx, clock: &Clock, ids: &Ids, jurisdiction: &Jurisdiction, file: &crate::file::CatalogFile, plan: Plan) -> Result<(), CatalogError> {
    let Plan { departments, services, calendars, targets, routing, aliases, dropped_aliases, language, changes } = plan;
    if changes.is_empty() && language.is_none() {
        return Ok(());
    }
    let (j, now) = (jurisdiction.id, clock.now());
    let known = if file.retire_missing {
        staff::set_departments(tx, clock, ids, j, &departments).await
    } else {
        staff::upsert_departments(tx, clock, ids, j, &departments).await
    };
    known.map_err(|error| from_staff(error, file))?;
    let mut writing = Writing::begin(tx, j, ids, now, Actor::System).await?;
    for (verb, service) in &services {
        writing.service(*verb, service)?;
    }
    for (verb, code, version) in &calendars {
        writing.add(Kind::Calendar, *verb, code, version.number, version.valid_from, &version.body)?;
    }
    for (verb, key, version) in &targets {
        writing.target(*verb, key, version)?;
    }
    for (verb, version) in &routing {
        writing.add(Kind::Routing, *verb, RULES, version.number, version.valid_from, &version.body)?;
    }
    for (name, code) in aliases {
        writing.earlier_name(&name, &code);
        store::put_alias(tx, j, name_key(&name), &name, &code).await?;
    }
    for key in dropped_aliases {
        store::drop_alias(tx, j, key).await?;
    }
    writing.finish(tx, language.as_deref()).await
}

/// The staff room names a field such as `departments.parks.name`: the file's reader is told the line.
fn from_staff(error: StaffError, file: &crate::file::CatalogFile) -> CatalogError {
    match error {
        StaffError::Db(error) => CatalogError::Db(error),
        StaffError::Problems(problems) => {
            let line = |field: &str| file.departments.iter().find(|(_, d)| field.starts_with(&format!("departments.{}.", d.code))).map_or(1, |(at, _)| at.line);
            CatalogError::File(problems.into_iter().map(|p| FileProblem { line: line(&p.field), path: p.field, message: p.message }).collect())
        }
        other => CatalogError::Stored(other.to_string()),
    }
}

/// Gathers versions and their events, to be written at once.
pub(crate) struct Writing<'a> {
    j: JurisdictionId,
    ids: &'a Ids,
    now: Timestamp,
    actor: Actor,
    /// Ids and newest versions of what is there.
    there: Vec<store::Entry>,
    versions: Vec<NewVersion>,
    events: Vec<NewEvent>,
}

impl<'a> Writing<'a> {
    pub(crate) async fn begin(tx: &Tx, j: JurisdictionId, ids: &'a Ids, now: Timestamp, actor: Actor) -> Result<Self, CatalogError> {
        Ok(Self { j, ids, now, actor, there: store::entries(tx.conn(), j).await?, versions: Vec::new(), events: Vec::new() })
    }

    fn subject(&self, kind: Kind, code: &str) -> (Uuid, i32) {
        let given = self.versions.iter().rev().find(|v| v.kind == kind && v.code == code).map(|v| (v.id, v.number));
        let stored = self.there.iter().find(|entry| entry.kind == kind.as_str() && entry.code == code).map(|entry| (entry.id, entry.version));
        given.or(stored).unwrap_or_else(|| (self.ids.next(), 0))
    }

    /// A service's present state as its next version.
    pub(crate) fn service(&mut self, verb: Verb, service: &crate::Service) -> Result<(), CatalogError> {
        let (_, version) = self.subject(Kind::Service, &service.code);
        self.add(Kind::Service, verb, &service.code, version + 1, self.now, service)
    }

    fn target(&mut self, verb: Verb, key: &TargetKey, version: &crate::Version<crate::Terms>) -> Result<(), CatalogError> {
        self.add(Kind::Target, verb, &key.to_string(), version.number, version.valid_from, &version.body)
    }

    fn add<T: serde::Serialize>(&mut self, kind: Kind, verb: Verb, code: &str, number: i32, valid_from: Timestamp, body: &T) -> Result<(), CatalogError> {
        let (subject, _) = self.subject(kind, code);
        let version = NewVersion::of(kind, code, subject, number, valid_from, body)?;
        let terms: serde_json::Value = serde_json::from_str(&version.body).map_err(|error| CatalogError::Stored(format!("{kind} {code:?}: {error}")))?;
        let told = json!({ "code": code, "version": number, "valid_from": valid_from.millis(), "terms": terms });
        self.tell(kind, subject, event_kind(kind, verb), &told);
        self.versions.push(version);
        Ok(())
    }

    /// That an earlier name leads to a service from now on.
    pub(crate) fn earlier_name(&mut self, name: &str, code: &str) {
        let (subject, _) = self.subject(Kind::Service, code);
        self.tell(Kind::Service, subject, "service.renamed", &json!({ "code": code, "earlier_name": name }));
    }

    fn tell(&mut self, kind: Kind, subject: Uuid, what: &'static str, body: &serde_json::Value) {
        self.events.push(NewEvent {
            jurisdiction: self.j,
            id: self.ids.next(),
            subject_kind: kind.as_str(),
            subject,
            kind: what,
            actor: self.actor.clone(),
            occurred_at: self.now,
            recorded_at: self.now,
            body: body.to_string(),
        });
    }

    pub(crate) async fn finish(self, tx: &Tx, language: Option<&str>) -> Result<(), CatalogError> {
        let Self { j, ids: _, now, actor: _, there: _, versions, events } = self;
        store::put_versions(tx, j, now, versions).await?;
        events::append(tx, events).await?;
        store::bump(tx, j, now, language).await?;
        Ok(())
    }
}

fn event_kind(kind: Kind, verb: Verb) -> &'static str {
    match (kind, verb) {
        (Kind::Service, Verb::Added) => "service.added",
        (Kind::Service, Verb::Changed) => "service.changed",
        (Kind::Service, Verb::Retired) => "service.retired",
        (Kind::Calendar, Verb::Added) => "calendar.added",
        (Kind::Calendar, Verb::Changed) => "calendar.changed",
        (Kind::Calendar, Verb::Retired) => "calendar.retired",
        (Kind::Target, Verb::Added) => "target.added",
        (Kind::Target, Verb::Changed) => "target.changed",
        (Kind::Target, Verb::Retired) => "target.retired",
        (Kind::Routing, Verb::Added) => "routing.added",
        (Kind::Routing, Verb::Changed) => "routing.changed",
        (Kind::Routing, Verb::Retired) => "routing.retired",
    }
}

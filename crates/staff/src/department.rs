//! Departments and the teams in them, as the catalog's file names them.

use std::collections::HashSet;

use db::Tx;
use events::{Actor, NewEvent};
use kernel::{Clock, Email, Ids, JurisdictionId, Timestamp};
use uuid::Uuid;

use crate::StaffError;
use crate::error::Problems;
use crate::store::departments::{self as store, Kept};

/// A department: who answers for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its code, such as `public-works`.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// Where it is written to.
    pub email: Option<Email>,
    /// Its number as it is shown to people, such as `311` or `515-555-0100 ext. 4`.
    pub phone: Option<String>,
    /// Its teams, in the order in which they are shown.
    pub work_groups: Vec<WorkGroup>,
}

/// A team in a department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkGroup {
    /// Its code, unique within the department.
    pub code: String,
    /// Its name for people.
    pub name: String,
}

/// What a set of departments changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Departments that are new, or back.
    pub added: usize,
    /// Departments that are not as before, their teams included.
    pub changed: usize,
    /// Departments that are no more.
    pub retired: usize,
    /// Departments that are as they were.
    pub unchanged: usize,
}

/// Adds these departments and brings those that are there up to date, teams included; others stay as they are.
/// Saying the same again changes nothing.
///
/// # Errors
/// [`StaffError::Problems`] naming the field, such as `departments.public-works.name`.
pub async fn upsert_departments(tx: &Tx, clock: &Clock, ids: &Ids, jurisdiction: JurisdictionId, given: &[Department]) -> Result<Changed, StaffError> {
    apply(tx, clock, ids, jurisdiction, given, false).await
}

/// Makes these the jurisdiction's departments, in this order: those that are not given are retired. A retired department
/// keeps its name for the requests it had, see [`crate::departments_ever`].
///
/// # Errors
/// As [`upsert_departments`].
pub async fn set_departments(tx: &Tx, clock: &Clock, ids: &Ids, jurisdiction: JurisdictionId, given: &[Department]) -> Result<Changed, StaffError> {
    apply(tx, clock, ids, jurisdiction, given, true).await
}

async fn apply(tx: &Tx, clock: &Clock, ids: &Ids, jurisdiction: JurisdictionId, given: &[Department], all: bool) -> Result<Changed, StaffError> {
    let given = checked(given)?;
    let kept = store::kept(tx, jurisdiction).await?;
    let mut places = kept.iter().map(|k| k.place).max().map_or(0, |last| last + 1)..;
    let (mut changed, mut told) = (Changed::default(), Vec::new());
    let mut tell = |id: Uuid, kind: &'static str, department: &Department| told.push(event(jurisdiction, ids.next(), id, kind, department, clock.now()));
    for (nth, department) in given.iter().enumerate() {
        let before = kept.iter().find(|k| k.department.code == department.code);
        let place = if all { i32::try_from(nth).unwrap_or(i32::MAX) } else { before.map_or_else(|| places.next().unwrap_or(i32::MAX), |k| k.place) };
        let after = Kept { id: before.map_or_else(|| ids.next(), |k| k.id), department: department.clone(), place, active: true };
        match before {
            Some(before) if *before == after => {
                changed.unchanged += 1;
                continue;
            }
            // Only its place in the list: nothing that anybody follows.
            Some(before) if before.active && before.department == after.department => changed.unchanged += 1,
            Some(before) if before.active => {
                changed.changed += 1;
                tell(after.id, "department.changed", department);
            }
            _ => {
                changed.added += 1;
                tell(after.id, "department.added", department);
            }
        }
        store::save(tx, jurisdiction, &after).await?;
    }
    if all {
        let stays: HashSet<&str> = given.iter().map(|d| d.code.as_str()).collect();
        for before in kept.iter().filter(|k| k.active && !stays.contains(k.department.code.as_str())) {
            changed.retired += 1;
            tell(before.id, "department.retired", &before.department);
            store::retire(tx, jurisdiction, &before.department.code).await?;
        }
    }
    events::append(tx, told).await?;
    Ok(changed)
}

fn checked(given: &[Department]) -> Result<Vec<Department>, StaffError> {
    let mut problems = Problems::default();
    let mut codes = HashSet::new();
    let mut out = Vec::with_capacity(given.len());
    for Department { code, name, email, phone, work_groups } in given {
        let at = |field: &str| format!("departments.{code}.{field}");
        let code = problems.code(&at("code"), code);
        if !codes.insert(code.clone()) {
            problems.add(&at("code"), "is there twice");
        }
        let name = problems.line(&at("name"), name, 200);
        let phone = phone.as_deref().map(|phone| problems.optional_line(&at("phone"), phone, 60)).filter(|phone| !phone.is_empty());
        let mut teams = HashSet::new();
        let mut groups = Vec::with_capacity(work_groups.len());
        for WorkGroup { code: team, name } in work_groups {
            let at = |field: &str| at(&format!("work_groups.{team}.{field}"));
            let team = problems.code(&at("code"), team);
            if !teams.insert(team.clone()) {
                problems.add(&at("code"), "is there twice");
            }
            let name = problems.line(&at("name"), name, 200);
            groups.push(WorkGroup { code: team, name });
        }
        out.push(Department { code, name, email: email.clone(), phone, work_groups: groups });
    }
    problems.done()?;
    Ok(out)
}

fn event(jurisdiction: JurisdictionId, id: Uuid, subject: Uuid, kind: &'static str, department: &Department, at: Timestamp) -> NewEvent {
    let groups: Vec<_> = department.work_groups.iter().map(|g| serde_json::json!({ "code": g.code, "name": g.name })).collect();
    let body = serde_json::json!({
        "code": department.code,
        "name": department.name,
        "email": department.email,
        "phone": department.phone,
        "work_groups": groups,
    });
    NewEvent { jurisdiction, id, subject_kind: "department", subject, kind, actor: Actor::System, occurred_at: at, recorded_at: at, body: body.to_string() }
}

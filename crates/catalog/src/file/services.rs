//! Services in the file, with their questions and targets, and the targets that groups or all services share.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use kernel::Amount;

use super::parse::{code, is_language};
use super::questions::questions;
use super::read::Table;
use super::{At, Dated};
use crate::model::{DuplicateRule, Intake, PhotoRule, Priority, Screening, Service, ServiceText, Visibility};
use crate::target::{TargetFor, TargetKey, Terms};

/// The most characters of a name.
const NAME: usize = 200;
/// The most characters of a longer text.
const TEXT: usize = 4000;

pub(super) type Targets = Vec<(TargetKey, Dated<Terms>)>;

/// A service and its targets. What is missing has the value of [`Service::default`].
pub(super) fn service(mut table: Table<'_>, zone: &TimeZone) -> (Option<(At, Service)>, Targets) {
    let code = code(&table, "code");
    if let Some(code) = &code {
        table.call(format!("service {code:?}"));
    }
    let or = Service::default();
    let name = table.need_line("name", NAME);
    let service = Service {
        code: code.clone().unwrap_or_default(),
        name: name.clone().unwrap_or_default(),
        group: table.line("group", NAME),
        description: table.text("description", TEXT).unwrap_or_default(),
        words: table.lines("words", 100),
        aliases: table.lines("was", NAME),
        languages: languages(&table),
        kind: table.word("type", Intake::ALL, Intake::parse).unwrap_or(or.kind),
        visibility: table.word("visibility", Visibility::ALL, Visibility::parse).unwrap_or(or.visibility),
        active: table.flag("active").unwrap_or(or.active),
        imported: table.flag("imported").unwrap_or(or.imported),
        department: table.line("department", 100),
        work_group: table.line("work_group", 100),
        questions: questions(&table),
        duplicate: duplicate(&table),
        needs_place: table.flag("needs_place").unwrap_or(or.needs_place),
        needs_contact: table.text("needs_contact", TEXT),
        emergency: emergency(&table),
        notice: table.text("notice", TEXT),
        default_priority: table.word("priority", Priority::ALL, Priority::parse).unwrap_or(or.default_priority),
        reopen_days: table.whole("reopen_days", 0, 3650).unwrap_or(or.reopen_days),
        photos: photos(&table),
    };
    let targets = table.tables("target");
    table.done();
    let key = TargetFor::Service(service.code.clone());
    let targets = targets.into_iter().filter_map(|target| terms(&target, key.clone(), zone)).collect();
    if code.is_some() && name.is_some() { (Some((table.at, service)), targets) } else { (None, Vec::new()) }
}

/// The targets at the top of the file: of a group, or of every service without one of its own.
pub(super) fn shared_targets(root: &Table<'_>, zone: &TimeZone) -> Targets {
    let read = |mut table: Table<'_>| {
        let of = table.line("group", NAME).map_or(TargetFor::All, TargetFor::Group);
        table.call(match &of {
            TargetFor::Group(group) => format!("target of the group {group:?}"),
            _ => "target of all services".to_owned(),
        });
        terms(&table, of, zone)
    };
    root.tables("target").into_iter().filter_map(read).collect()
}

/// `within = "3 working days"`, `"none"` (nothing is promised) or `"withdrawn"` (farther targets count again).
fn terms(table: &Table<'_>, of: TargetFor, zone: &TimeZone) -> Option<(TargetKey, Dated<Terms>)> {
    let priority = table.word("priority", Priority::ALL, Priority::parse).unwrap_or(Priority::Normal);
    let from = table.moment("from", zone);
    let within = table.need_line("within", 60);
    let calendar = table.line("calendar", 100);
    table.done();
    let terms = match within?.as_str() {
        "none" => Terms::NoPromise,
        "withdrawn" => Terms::Withdrawn,
        text => match text.parse::<Amount>() {
            Ok(amount) if amount.is_working() && calendar.is_none() => {
                table.problem("calendar is missing: working time needs one");
                return None;
            }
            Ok(amount) if !amount.is_working() && calendar.is_some() => {
                table.problem_at("calendar", &format!("does nothing for calendar time: write \"working\" in {text:?}, or leave the calendar out"));
                return None;
            }
            Ok(amount) => Terms::Within { amount, calendar },
            Err(error) => {
                table.problem_at("within", &format!("{error}; or \"none\", or \"withdrawn\""));
                return None;
            }
        },
    };
    Some((TargetKey { of, priority }, Dated { at: table.at.clone(), from, body: terms }))
}

fn languages(service: &Table<'_>) -> BTreeMap<String, ServiceText> {
    let Some(all) = service.table("language") else { return BTreeMap::new() };
    let mut out = BTreeMap::new();
    for (code, table) in all.named_tables("in") {
        if !is_language(&code) {
            table.problem(format!("{:?} is not a language code, such as es", code.chars().take(20).collect::<String>()));
        }
        let text = ServiceText {
            name: table.line("name", NAME),
            description: table.text("description", TEXT),
            notice: table.text("notice", TEXT),
            words: table.lines("words", 100),
        };
        table.done();
        if text != ServiceText::default() {
            out.insert(code, text);
        }
    }
    out
}

fn duplicate(service: &Table<'_>) -> Option<DuplicateRule> {
    let table = service.table("duplicate")?;
    let radius = table.number("radius_m");
    let days = table.whole("days", 1, 3650);
    table.done();
    match radius {
        Some(radius_m) if radius_m > 0.0 && radius_m <= 10_000.0 => return Some(DuplicateRule { radius_m, days: days? }),
        Some(_) => table.problem_at("radius_m", "must be more than 0 and at most 10000 metres"),
        None if !table.has("radius_m") => table.problem("radius_m is missing"),
        None => {}
    }
    if !table.has("days") {
        table.problem("days is missing");
    }
    None
}

fn emergency(service: &Table<'_>) -> Option<Screening> {
    let table = service.table("emergency")?;
    let questions = table.lines("questions", 500);
    if questions.is_empty() {
        table.problem("questions is missing: give at least one");
    }
    let say = table.text("say", TEXT);
    if say.is_none() && !table.has("say") {
        table.problem("say is missing: what to tell the resident");
    }
    table.done();
    Some(Screening { questions, say: say? })
}

fn photos(service: &Table<'_>) -> PhotoRule {
    let or = PhotoRule::default();
    let Some(table) = service.table("photos") else { return or };
    let rule = PhotoRule { most: table.whole("most", 0, 20).unwrap_or(or.most), hint: table.line("hint", 500) };
    table.done();
    rule
}

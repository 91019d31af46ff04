//! A file's text as what it says. What can be judged from the text alone is judged here; [`super::check`] looks at the rest.

use jiff::tz::TimeZone;
use kernel::Email;
use kernel::text::clean_line;
use staff::{Department, WorkGroup};
use toml::de::DeTable;

use super::read::{Notes, Table};
use super::{At, CatalogFile, FileProblem, MOST_BYTES, calendars, routing, services};
use crate::model::is_code;

/// Reads a file. `zone` is the jurisdiction's: dates and moments without an offset are in it.
///
/// # Errors
/// Every problem found, in the order of the lines.
pub fn parse(text: &str, zone: &TimeZone) -> Result<CatalogFile, Vec<FileProblem>> {
    let whole = |message: String| vec![FileProblem { line: 1, path: String::new(), message }];
    if text.len() > MOST_BYTES {
        return Err(whole(format!("the file may have at most {MOST_BYTES} bytes; it has {}", text.len())));
    }
    let (root, faults) = DeTable::parse_recoverable(text);
    let notes = Notes::new(text);
    for fault in &faults {
        let line = fault.span().map_or(1, |span| notes.line(span.start));
        notes.add(FileProblem { line, path: String::new(), message: format!("this is not TOML: {}", fault.message()) });
    }
    if !faults.is_empty() {
        return Err(notes.into_problems());
    }
    let file = catalog(&Table::new(&notes, root.get_ref(), 0, String::new()), zone);
    let problems = notes.into_problems();
    if problems.is_empty() { Ok(file) } else { Err(problems) }
}

/// What is wrong with a file's text by itself; nothing, when it could be taken in by a jurisdiction that has what it names.
#[must_use]
pub fn problems_of(text: &str, zone: &TimeZone) -> Vec<FileProblem> {
    parse(text, zone).err().unwrap_or_default()
}

fn catalog(root: &Table<'_>, zone: &TimeZone) -> CatalogFile {
    let language = root.line("language", 12).unwrap_or_else(|| "en".to_owned());
    if !is_language(&language) {
        root.problem_at("language", "must be a language code, such as en or es");
    }
    let retire_missing = root.flag("retire_missing").unwrap_or(false);
    let mut file = CatalogFile { language, retire_missing, ..CatalogFile::default() };
    file.departments = departments(root);
    file.calendars = calendars::calendars(root, zone);
    for table in root.tables("service") {
        let (service, targets) = services::service(table, zone);
        file.services.extend(service);
        file.targets.extend(targets);
    }
    file.targets.extend(services::shared_targets(root, zone));
    file.routing = routing::routing(root, zone);
    file.renamed = renamed(root);
    root.done();
    file
}

/// `[was]` with `"Pot hole repair" = "pothole"`: earlier names of services, beside the `was` of each.
fn renamed(root: &Table<'_>) -> Vec<(At, String, String)> {
    let Some(table) = root.table("was") else { return Vec::new() };
    let mut out = Vec::new();
    for (line, key, code) in table.pairs() {
        let name = clean_line(&key);
        match code.filter(|code| is_code(code)) {
            Some(code) if (1..=200).contains(&name.chars().count()) => out.push((At { line, path: "was".to_owned() }, name, code)),
            Some(_) => table.problem_on(line, "an earlier name must have 1 to 200 characters".to_owned()),
            None => table.problem_on(line, format!("{name:?} must have the code of a service in quotation marks")),
        }
    }
    out
}

fn departments(root: &Table<'_>) -> Vec<(At, Department)> {
    let mut out: Vec<(At, Department)> = Vec::new();
    for mut table in root.tables("department") {
        let code = code(&table, "code");
        if let Some(code) = &code {
            table.call(format!("department {code:?}"));
        }
        let name = table.need_line("name", 200);
        let email = table.parsed::<Parsed<Email>>("email").map(|email| email.0);
        let phone = table.line("phone", 60);
        let mut work_groups: Vec<WorkGroup> = Vec::new();
        for group in table.tables("work_group") {
            let (code, name) = (self::code(&group, "code"), group.need_line("name", 200));
            group.done();
            if let (Some(code), Some(name)) = (code, name) {
                if work_groups.iter().any(|known| known.code == code) {
                    group.problem(format!("the code {code:?} is there twice"));
                } else {
                    work_groups.push(WorkGroup { code, name });
                }
            }
        }
        table.done();
        let (Some(code), Some(name)) = (code, name) else { continue };
        if out.iter().any(|(_, known)| known.code == code) {
            table.problem("is there twice");
        } else {
            out.push((table.at, Department { code, name, email, phone, work_groups }));
        }
    }
    out
}

/// Reads types whose `parse` is their own.
struct Parsed<T>(T);

impl std::str::FromStr for Parsed<Email> {
    type Err = kernel::contact::NotAContact;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Email::parse(text).map(Self)
    }
}

/// A code that must be there.
pub(super) fn code(table: &Table<'_>, key: &'static str) -> Option<String> {
    let code = table.need_line(key, 100)?;
    if is_code(&code) {
        return Some(code);
    }
    table.problem_at(key, "must be 1 to 100 letters A to Z, digits, hyphens or underscores");
    None
}

/// `en`, `es`, `zh-Hant`: letters and digits in parts joined by hyphens.
pub(super) fn is_language(code: &str) -> bool {
    let mut parts = code.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

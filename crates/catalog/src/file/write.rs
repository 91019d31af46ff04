//! Writing a catalog as a file, so that reading it gives the same catalog back.

use std::fmt::Write;

use jiff::tz::TimeZone;
use kernel::Timestamp;
use kernel::calendar::OpenSpan;
use staff::Department;

use super::calendars::DAYS;
use crate::model::{Question, QuestionText, Service, ServiceText};
use crate::routing::{Rule, TimeTest, clock_text};
use crate::snapshot::Catalog;
use crate::target::{CalendarTerms, TargetFor, TargetKey, Terms};
use crate::version::Version;

/// A text being written, key by key.
struct Lines<'a>(&'a mut String);

impl Lines<'_> {
    fn put(&mut self, key: &str, value: &str) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.0, "{key} = {value}");
    }

    fn head(&mut self, head: &str) {
        let _ = writeln!(self.0, "{head}");
    }

    fn text(&mut self, key: &str, value: &str) {
        self.put(key, &quoted(value));
    }

    fn some(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.text(key, value);
        }
    }

    fn list(&mut self, key: &str, values: &[String]) {
        if !values.is_empty() {
            self.put(key, &list(values));
        }
    }

    fn flag(&mut self, key: &str, value: bool, usual: bool) {
        if value != usual {
            self.put(key, if value { "true" } else { "false" });
        }
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|v| quoted(v)).collect::<Vec<_>>().join(", "))
}

/// A key that needs no quotation marks, or one with them.
fn key(text: &str) -> String {
    let bare = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { text.to_owned() } else { basic(text) }
}

/// A text in `"…"` on one line: keys may not span lines.
fn basic(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    format!("{{ {} }}", pairs.map(|(k, v)| format!("{} = {}", key(k), basic(v))).collect::<Vec<_>>().join(", "))
}

/// A moment with the offset of the place, whole seconds where it has no more.
fn moment(at: Timestamp, zone: &TimeZone) -> String {
    let whole = at.to_w3(zone);
    let millis = at.millis().rem_euclid(1000);
    if millis == 0 {
        return whole;
    }
    let (before, after) = whole.split_at(19);
    format!("{before}.{millis:03}{after}")
}

/// The whole catalog, with every version of targets, calendars and routing rules.
#[must_use]
pub fn write(catalog: &Catalog) -> String {
    let mut text = String::new();
    let mut out = Lines(&mut text);
    out.text("language", &catalog.language);
    for department in &catalog.departments {
        write_department(&mut out, department);
    }
    for (code, all) in &catalog.calendars {
        for version in all.in_order() {
            write_calendar(&mut out, code, version.valid_from, &version.body.terms, &catalog.zone);
        }
    }
    let mut services: Vec<&Service> = catalog.services.iter().collect();
    services.sort_by(|a, b| a.code.cmp(&b.code));
    for service in services {
        let targets: Vec<(&TargetKey, &Version<Terms>)> = catalog
            .targets
            .iter()
            .filter(|(key, _)| key.of == TargetFor::Service(service.code.clone()))
            .flat_map(|(key, all)| all.in_order().into_iter().map(move |version| (key, version)))
            .collect();
        out.0.push('\n');
        write_service_dated(&mut out, service, &targets, &catalog.zone);
    }
    for (key, all) in catalog.targets.iter().filter(|(key, _)| !matches!(key.of, TargetFor::Service(_))) {
        for version in all.in_order() {
            out.0.push('\n');
            out.head("[[target]]");
            if let TargetFor::Group(group) = &key.of {
                out.text("group", group);
            }
            write_terms(&mut out, key, version, &catalog.zone);
        }
    }
    for version in catalog.routing.in_order() {
        out.0.push('\n');
        out.head("[[routing]]");
        out.put("from", &moment(version.valid_from, &catalog.zone));
        for rule in &version.body {
            write_rule(&mut out, rule);
        }
    }
    text
}

fn write_department(out: &mut Lines<'_>, department: &Department) {
    let Department { code, name, email, phone, work_groups } = department;
    out.0.push('\n');
    out.head("[[department]]");
    out.text("code", code);
    out.text("name", name);
    out.some("email", email.as_ref().map(kernel::Email::as_str));
    out.some("phone", phone.as_deref());
    for group in work_groups {
        out.head("[[department.work_group]]");
        out.text("code", &group.code);
        out.text("name", &group.name);
    }
}

fn write_calendar(out: &mut Lines<'_>, code: &str, from: Timestamp, terms: &CalendarTerms, zone: &TimeZone) {
    let CalendarTerms { name, timezone, hours } = terms;
    out.0.push('\n');
    out.head("[[calendar]]");
    out.text("code", code);
    out.text("name", name);
    out.put("from", &moment(from, zone));
    out.some("timezone", timezone.as_deref());
    out.head("[calendar.hours]");
    for (day, spans) in DAYS.into_iter().zip(&hours.week) {
        let shown = |span: &OpenSpan| format!("{}-{}", clock_text(span.from), clock_text(span.until));
        let shown: Vec<String> = spans.iter().map(shown).collect();
        match &shown[..] {
            [] => {}
            [one] => out.text(day, one),
            several => out.list(day, several),
        }
    }
    if !hours.holidays.is_empty() {
        out.head("[calendar.holidays]");
        for holiday in &hours.holidays {
            let days = if holiday.first == holiday.last { holiday.first.to_string() } else { format!("{}/{}", holiday.first, holiday.last) };
            out.text(&key(&days), &holiday.name);
        }
    }
}

/// A service with targets that have no moments.
pub fn write_service(text: &mut String, service: &Service, targets: &[(&TargetKey, &Version<Terms>)]) {
    write_service_dated(&mut Lines(text), service, targets, &TimeZone::UTC);
}

fn write_service_dated(out: &mut Lines<'_>, service: &Service, targets: &[(&TargetKey, &Version<Terms>)], zone: &TimeZone) {
    let Service { code, name, group, description, words, aliases, languages, kind, visibility, active, imported, department, work_group, questions, .. } =
        service;
    let Service { duplicate, needs_place, needs_contact, emergency, notice, default_priority, reopen_days, photos, .. } = service;
    let usual = Service::default();
    out.head("[[service]]");
    out.text("code", code);
    out.text("name", name);
    out.some("group", group.as_deref());
    out.some("description", Some(description));
    out.list("words", words);
    out.list("was", aliases);
    if *kind != usual.kind {
        out.text("type", kind.as_str());
    }
    if *visibility != usual.visibility {
        out.text("visibility", visibility.as_str());
    }
    out.flag("active", *active, usual.active);
    out.flag("imported", *imported, usual.imported);
    out.some("department", department.as_deref());
    out.some("work_group", work_group.as_deref());
    out.flag("needs_place", *needs_place, usual.needs_place);
    out.some("needs_contact", needs_contact.as_deref());
    out.some("notice", notice.as_deref());
    if *default_priority != usual.default_priority {
        out.text("priority", default_priority.as_str());
    }
    if *reopen_days != usual.reopen_days {
        out.put("reopen_days", &reopen_days.to_string());
    }
    if let Some(rule) = duplicate {
        out.put("duplicate", &format!("{{ radius_m = {}, days = {} }}", float(rule.radius_m), rule.days));
    }
    if *photos != usual.photos {
        let hint = photos.hint.as_ref().map_or(String::new(), |hint| format!(", hint = {}", basic(hint)));
        out.put("photos", &format!("{{ most = {}{hint} }}", photos.most));
    }
    if let Some(screening) = emergency {
        out.head("[service.emergency]");
        out.list("questions", &screening.questions);
        out.text("say", &screening.say);
    }
    for (language, text) in languages {
        let ServiceText { name, description, notice, words } = text;
        out.head(&format!("[service.language.{}]", key(language)));
        out.some("name", name.as_deref());
        out.some("description", description.as_deref());
        out.some("notice", notice.as_deref());
        out.list("words", words);
    }
    for (key, version) in targets {
        out.head("[[service.target]]");
        write_terms(out, key, version, zone);
    }
    for question in questions {
        write_question(out, question);
    }
}

/// A number that TOML reads as one that may have a fraction.
fn float(number: f64) -> String {
    format!("{number:?}")
}

fn write_question(out: &mut Lines<'_>, question: &Question) {
    let Question { code, ask, variable, datatype, required, hint, order: _, values, ask_when, most, min, max, languages } = question;
    out.head("[[service.question]]");
    out.text("code", code);
    let wording = if *variable { "ask" } else { "tell" };
    out.text(wording, ask);
    if *variable {
        out.text("datatype", datatype.as_str());
    }
    out.flag("required", *required, false);
    out.some("hint", hint.as_deref());
    if let Some(when) = ask_when {
        out.put("ask_when", &format!("{{ question = {}, is = {} }}", basic(&when.question), list(&when.is)));
    }
    for (key, number) in [("min", min), ("max", max)] {
        if let Some(number) = number {
            out.put(key, &float(*number));
        }
    }
    if let Some(most) = most {
        out.put("most", &most.to_string());
    }
    if !values.is_empty() {
        out.put("values", &pairs(values.iter().map(|v| (v.key.as_str(), v.name.as_str()))));
    }
    for (language, text) in languages {
        let QuestionText { ask, hint, values } = text;
        out.head(&format!("[service.question.language.{}]", key(language)));
        out.some(wording, ask.as_deref());
        out.some("hint", hint.as_deref());
        if !values.is_empty() {
            out.put("values", &pairs(values.iter().map(|(k, v)| (k.as_str(), v.as_str()))));
        }
    }
}

fn write_terms(out: &mut Lines<'_>, key: &TargetKey, version: &Version<Terms>, zone: &TimeZone) {
    if key.priority != crate::Priority::Normal {
        out.text("priority", key.priority.as_str());
    }
    match &version.body {
        Terms::Within { amount, calendar } => {
            out.text("within", &amount.to_string());
            out.some("calendar", calendar.as_deref());
        }
        Terms::NoPromise => out.text("within", "none"),
        Terms::Withdrawn => out.text("within", "withdrawn"),
    }
    out.put("from", &moment(version.valid_from, zone));
}

fn write_rule(out: &mut Lines<'_>, rule: &Rule) {
    let Rule { name, services, groups, area, answer, channels, priorities, time, department, work_group } = rule;
    out.head("[[routing.rule]]");
    out.text("name", name);
    out.list("service", services);
    out.list("group", groups);
    if let Some(area) = area {
        out.put("area", &format!("{{ layer = {}, name = {} }}", basic(&area.layer), list(&area.names)));
    }
    if let Some(answer) = answer {
        out.put("answer", &format!("{{ question = {}, is = {} }}", basic(&answer.question), list(&answer.is)));
    }
    out.list("channel", channels);
    out.list("priority", &priorities.iter().map(ToString::to_string).collect::<Vec<_>>());
    match time {
        None => {}
        Some(TimeTest::Open(code)) => out.put("time", &format!("{{ open = {} }}", basic(code))),
        Some(TimeTest::Closed(code)) => out.put("time", &format!("{{ closed = {} }}", basic(code))),
        Some(TimeTest::Week { days, from, until }) => {
            let named: Vec<String> = days.iter().filter_map(|day| DAYS.get(usize::from(*day))).map(|day| (*day).to_owned()).collect();
            let days = if named.is_empty() { String::new() } else { format!("days = {}, ", list(&named)) };
            out.put("time", &format!("{{ {days}from = \"{}\", until = \"{}\" }}", clock_text(*from), clock_text(*until)));
        }
    }
    out.text("department", department);
    out.some("work_group", work_group.as_deref());
}

/// Earlier names outside the services.
pub fn write_renamed(text: &mut String, renamed: &[(&str, &str)]) {
    let mut out = Lines(text);
    out.head("\n[was]");
    for (name, code) in renamed {
        out.text(&basic(name), code);
    }
}

//! Routing rules in the file: `[[routing.rule]]`, or several dated lists begun with `[[routing]]`.

use jiff::tz::TimeZone;

use super::calendars::{DAYS, clock};
use super::read::Table;
use super::{At, Dated};
use crate::model::Priority;
use crate::routing::{AnswerTest, AreaTest, Rule, TimeTest};

pub(super) fn routing(root: &Table<'_>, zone: &TimeZone) -> Vec<Dated<Vec<(At, Rule)>>> {
    let mut out = Vec::new();
    for mut list in root.tables("routing") {
        list.call("routing".to_owned());
        let from = list.moment("from", zone);
        let mut rules: Vec<(At, Rule)> = Vec::new();
        for table in list.tables("rule") {
            rules.extend(rule(table, &rules));
        }
        list.done();
        if let Some(((at, _), rule)) = rules.iter().zip(rules.iter().skip(1)).find(|((_, rule), _)| takes_all(rule)) {
            root.problem_on(rule.0.line, format!("{}: is never reached, because {} takes every request", rule.0.path, at.path));
        }
        out.push(Dated { at: list.at, from, body: rules });
    }
    out
}

fn takes_all(rule: &Rule) -> bool {
    let Rule { name: _, services, groups, area, answer, channels, priorities, time, department: _, work_group: _ } = rule;
    services.is_empty() && groups.is_empty() && area.is_none() && answer.is_none() && channels.is_empty() && priorities.is_empty() && time.is_none()
}

fn rule(mut table: Table<'_>, before: &[(At, Rule)]) -> Option<(At, Rule)> {
    let name = table.need_line("name", 100);
    if let Some(name) = &name {
        table.call(format!("rule {name:?}"));
        if before.iter().any(|(_, known)| known.name == *name) {
            table.problem("is there twice");
        }
    }
    let rule = Rule {
        services: table.lines("service", 100),
        groups: table.lines("group", 200),
        area: area(&table),
        answer: answer(&table),
        channels: table.lines("channel", 40),
        priorities: priorities(&table),
        time: time(&table),
        department: table.need_line("department", 100).unwrap_or_default(),
        work_group: table.line("work_group", 100),
        name: name.unwrap_or_default(),
    };
    table.done();
    (!rule.name.is_empty() && !rule.department.is_empty()).then_some((table.at, rule))
}

fn area(rule: &Table<'_>) -> Option<AreaTest> {
    let table = rule.table("area")?;
    let (layer, names) = (table.need_line("layer", 100), table.lines("name", 200));
    if names.is_empty() {
        table.problem("name is missing: give the names of areas");
    }
    table.done();
    Some(AreaTest { layer: layer?, names })
}

fn answer(rule: &Table<'_>) -> Option<AnswerTest> {
    let table = rule.table("answer")?;
    let (question, is) = (table.need_line("question", 100), table.lines("is", 200));
    if is.is_empty() {
        table.problem("is is missing: give answers");
    }
    table.done();
    Some(AnswerTest { question: question?, is })
}

fn priorities(rule: &Table<'_>) -> Vec<Priority> {
    let mut out = Vec::new();
    for word in rule.lines("priority", 20) {
        match Priority::parse(&word) {
            Some(priority) => out.push(priority),
            None => rule.problem_at("priority", &format!("{word:?} is none of low, normal, high, urgent")),
        }
    }
    out
}

/// `time = { closed = "animal-care" }`, `{ open = … }` or `{ days = ["saturday"], from = "18:00", until = "06:00" }`.
fn time(rule: &Table<'_>) -> Option<TimeTest> {
    let table = rule.table("time")?;
    let (open, closed) = (table.line("open", 100), table.line("closed", 100));
    let mut days = Vec::new();
    for word in table.lines("days", 20) {
        match DAYS.iter().position(|day| *day == word.to_ascii_lowercase()).and_then(|place| u8::try_from(place).ok()) {
            Some(day) => days.push(day),
            None => table.problem_at("days", &format!("{word:?} is no weekday, such as monday")),
        }
    }
    days.sort_unstable();
    let clock_at = |key: &'static str, other: u16, least: u16, most: u16| match table.line(key, 10) {
        Some(text) => clock(&text).filter(|minutes| (least..=most).contains(minutes)).unwrap_or_else(|| {
            table.problem_at(key, "must be a time such as 18:00");
            other
        }),
        None => other,
    };
    let (from, until) = (clock_at("from", 0, 0, 1439), clock_at("until", 1440, 0, 1440));
    table.done();
    let by_clock = ["days", "from", "until"].iter().any(|key| table.has(key));
    match (open, closed, by_clock) {
        (Some(code), None, false) => Some(TimeTest::Open(code)),
        (None, Some(code), false) => Some(TimeTest::Closed(code)),
        (None, None, true) if from == until => {
            table.problem("from and until are the same time");
            None
        }
        (None, None, true) => Some(TimeTest::Week { days, from, until }),
        _ => {
            table.problem("must have one of: open = CALENDAR, closed = CALENDAR, or days, from and until");
            None
        }
    }
}

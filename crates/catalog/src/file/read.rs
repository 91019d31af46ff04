//! Walking through TOML: every value is asked for by its key, problems are gathered with their lines, and keys that
//! nobody asked for are refused.

use std::cell::{Cell, RefCell};
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use kernel::Timestamp;
use kernel::text::{clean_line, clean_text};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{At, FileProblem};

/// The most problems that are listed.
const MOST_PROBLEMS: usize = 200;

/// The text and what was found wrong in it.
pub(super) struct Notes {
    /// Where each line begins.
    lines: Vec<usize>,
    problems: RefCell<Vec<FileProblem>>,
    dropped: Cell<usize>,
}

impl Notes {
    pub(super) fn new(text: &str) -> Self {
        let lines = std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1)).collect();
        Self { lines, problems: RefCell::default(), dropped: Cell::new(0) }
    }

    pub(super) fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|begins| *begins <= offset).max(1)
    }

    pub(super) fn add(&self, problem: FileProblem) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() < MOST_PROBLEMS { problems.push(problem) } else { self.dropped.set(self.dropped.get() + 1) }
    }

    /// Every problem in the order of the lines; none means that the file is good.
    pub(super) fn into_problems(self) -> Vec<FileProblem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|p| p.line);
        if self.dropped.get() > 0 {
            let line = problems.last().map_or(1, |p| p.line);
            problems.push(FileProblem { line, path: String::new(), message: format!("and {} more problems", self.dropped.get()) });
        }
        problems
    }
}

/// A table of the file, with what people call it.
pub(super) struct Table<'a> {
    notes: &'a Notes,
    entries: &'a DeTable<'a>,
    pub(super) at: At,
    asked: RefCell<Vec<&'static str>>,
}

type Value<'a> = &'a Spanned<DeValue<'a>>;

impl<'a> Table<'a> {
    pub(super) fn new(notes: &'a Notes, entries: &'a DeTable<'a>, offset: usize, path: String) -> Self {
        Self { notes, entries, at: At { line: notes.line(offset), path }, asked: RefCell::default() }
    }

    /// Says what is wrong with this table.
    pub(super) fn problem(&self, message: impl Into<String>) {
        self.notes.add(self.at.problem(message));
    }

    /// Says what is wrong with the value of `key`.
    pub(super) fn problem_at(&self, key: &'static str, message: &str) {
        let line = self.find(key).map_or(self.at.line, |value| self.notes.line(value.span().start));
        self.notes.add(FileProblem { line, path: self.at.path.clone(), message: format!("{key} {message}") });
    }

    /// What people call this table from now on.
    pub(super) fn call(&mut self, path: String) {
        self.at.path = path;
    }

    /// `service "pothole", ` before what a table within is called.
    pub(super) fn within(&self, part: &str) -> String {
        if self.at.path.is_empty() { part.to_owned() } else { format!("{}, {part}", self.at.path) }
    }

    fn find(&self, key: &str) -> Option<Value<'a>> {
        self.entries.iter().find(|(name, _)| name.get_ref().as_ref() == key).map(|(_, value)| value)
    }

    fn take(&self, key: &'static str) -> Option<Value<'a>> {
        self.asked.borrow_mut().push(key);
        self.find(key)
    }

    /// Counts a key as asked for without reading it.
    pub(super) fn pass(&self, key: &'static str) {
        self.asked.borrow_mut().push(key);
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    fn str_of(&self, key: &'static str, value: Value<'a>) -> Option<&'a str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.problem_at(key, "must be a text in quotation marks");
        }
        text
    }

    fn fit(&self, key: &'static str, text: String, most: usize) -> Option<String> {
        let length = text.chars().count();
        if length > most {
            self.problem_at(key, &format!("may have at most {most} characters; it has {length}"));
            return None;
        }
        if text.is_empty() {
            self.problem_at(key, "must not be empty; leave it out instead");
            return None;
        }
        Some(text)
    }

    /// One line of text.
    pub(super) fn line(&self, key: &'static str, most: usize) -> Option<String> {
        let value = self.take(key)?;
        self.fit(key, clean_line(self.str_of(key, value)?), most)
    }

    /// Text of several lines.
    pub(super) fn text(&self, key: &'static str, most: usize) -> Option<String> {
        let value = self.take(key)?;
        self.fit(key, clean_text(self.str_of(key, value)?), most)
    }

    /// One line of text that must be there.
    pub(super) fn need_line(&self, key: &'static str, most: usize) -> Option<String> {
        if !self.has(key) {
            self.asked.borrow_mut().push(key);
            self.problem(format!("{key} is missing"));
            return None;
        }
        self.line(key, most)
    }

    /// One text, or a list of texts; none twice.
    pub(super) fn lines(&self, key: &'static str, most: usize) -> Vec<String> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let items: Vec<Value<'a>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let mut out: Vec<String> = Vec::with_capacity(items.len());
        for item in items {
            let Some(text) = item.get_ref().as_str() else {
                self.problem_at(key, "must be a text, or a list of texts, in quotation marks");
                return out;
            };
            if let Some(text) = self.fit(key, clean_line(text), most) {
                if out.contains(&text) { self.problem_at(key, &format!("has {text:?} twice")) } else { out.push(text) }
            }
        }
        if out.len() > 1000 {
            self.problem_at(key, "may have at most 1000 entries");
        }
        out
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?.get_ref().as_bool();
        if value.is_none() {
            self.problem_at(key, "must be true or false");
        }
        value
    }

    /// A number, whole or not.
    pub(super) fn number(&self, key: &'static str) -> Option<f64> {
        let number = match self.take(key)?.get_ref() {
            DeValue::Integer(whole) => i64::from_str_radix(whole.as_str(), whole.radix()).ok().and_then(|n| i32::try_from(n).ok()).map(f64::from),
            DeValue::Float(number) => f64::from_str(number.as_str()).ok().filter(|n| n.is_finite()),
            _ => None,
        };
        if number.is_none() {
            self.problem_at(key, "must be a number, such as 12 or 0.5");
        }
        number
    }

    /// A whole number from `least` to `most`.
    pub(super) fn whole(&self, key: &'static str, least: u32, most: u32) -> Option<u32> {
        let number = match self.take(key)?.get_ref() {
            DeValue::Integer(whole) => u32::from_str_radix(whole.as_str(), whole.radix()).ok().filter(|n| (least..=most).contains(n)),
            _ => None,
        };
        if number.is_none() {
            self.problem_at(key, &format!("must be a whole number from {least} to {most}"));
        }
        number
    }

    /// One of a few words.
    pub(super) fn word<T: Copy + std::fmt::Display>(&self, key: &'static str, all: &[T], parse: fn(&str) -> Option<T>) -> Option<T> {
        let value = self.take(key)?;
        let found = value.get_ref().as_str().and_then(parse);
        if found.is_none() {
            self.problem_at(key, &format!("must be one of {}", all.iter().map(|w| format!("{:?}", w.to_string())).collect::<Vec<_>>().join(", ")));
        }
        found
    }

    /// A text that another type reads.
    pub(super) fn parsed<T: FromStr>(&self, key: &'static str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let value = self.take(key)?;
        match self.str_of(key, value)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem_at(key, &error.to_string());
                None
            }
        }
    }

    /// A date (its midnight), a local moment or one with an offset, written as TOML does or in quotation marks.
    pub(super) fn moment(&self, key: &'static str, zone: &TimeZone) -> Option<Timestamp> {
        let text = match self.take(key)?.get_ref() {
            DeValue::Datetime(moment) => moment.to_string(),
            DeValue::String(text) => text.trim().to_owned(),
            _ => String::new(),
        };
        let local = |local: DateTime| local.to_zoned(zone.clone()).ok().map(|z| z.timestamp());
        let at = text.parse::<jiff::Timestamp>().ok().or_else(|| {
            if text.contains(['T', 't']) {
                text.parse::<DateTime>().ok().and_then(local)
            } else {
                text.parse::<Date>().ok().and_then(|date| local(date.to_datetime(jiff::civil::Time::midnight())))
            }
        });
        let at = at.and_then(|at| Timestamp::checked_from_millis(at.as_millisecond()));
        if at.is_none() {
            self.problem_at(key, "must be a date or a moment between 1900 and 2200, such as 2026-07-01 or 2026-07-01T08:00:00-05:00");
        }
        at
    }

    /// The table under `key`.
    pub(super) fn table(&self, key: &'static str) -> Option<Table<'a>> {
        let value = self.take(key)?;
        if let DeValue::Table(entries) = value.get_ref() {
            return Some(Table::new(self.notes, entries, value.span().start, self.within(key)));
        }
        self.problem_at(key, "must be a table");
        None
    }

    /// The tables of the list under `key`; a single table counts as a list of one.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Table<'a>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let one = |value: Value<'a>, number: usize| match value.get_ref() {
            DeValue::Table(entries) => Some(Table::new(self.notes, entries, value.span().start, self.within(&format!("{key} {number}")))),
            _ => None,
        };
        let found: Option<Vec<Table<'a>>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().enumerate().map(|(place, item)| one(item, place + 1)).collect(),
            DeValue::Table(_) => one(value, 1).map(|table| vec![table]),
            _ => None,
        };
        found.unwrap_or_else(|| {
            self.problem_at(key, &format!("must be a list of tables, each begun with [[{key}]]"));
            Vec::new()
        })
    }

    /// Every key of this table with its text, for tables whose keys are data; the line of each comes along.
    pub(super) fn pairs(&self) -> Vec<(usize, String, Option<String>)> {
        self.entries
            .iter()
            .map(|(key, value)| (self.notes.line(key.span().start), key.get_ref().to_string(), value.get_ref().as_str().map(clean_line)))
            .collect()
    }

    /// Every table within this table, for tables whose keys are data.
    pub(super) fn named_tables(&self, what: &str) -> Vec<(String, Table<'a>)> {
        let mut out = Vec::new();
        for (key, value) in self.entries {
            let name = key.get_ref().to_string();
            match value.get_ref() {
                DeValue::Table(entries) => {
                    out.push((name.clone(), Table::new(self.notes, entries, value.span().start, self.within(&format!("{what} {name:?}")))));
                }
                _ => self.notes.add(FileProblem {
                    line: self.notes.line(key.span().start),
                    path: self.at.path.clone(),
                    message: format!("{name} must be a table"),
                }),
            }
        }
        out
    }

    /// Says what is wrong on a line of this table.
    pub(super) fn problem_on(&self, line: usize, message: String) {
        self.notes.add(FileProblem { line, path: self.at.path.clone(), message });
    }

    /// Refuses the keys that were not asked for.
    pub(super) fn done(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.entries {
            let name = key.get_ref().as_ref();
            if !asked.contains(&name) {
                let near = asked.iter().find(|known| alike(known, name)).map_or(String::new(), |known| format!("; did you mean {known:?}?"));
                let shown: String = name.chars().take(60).collect();
                self.problem_on(self.notes.line(key.span().start), format!("there is no key {shown:?} here{near}"));
            }
        }
    }
}

/// Whether one is the other with a letter too many, too few or wrong, or in the plural.
fn alike(known: &str, given: &str) -> bool {
    let (a, b) = (known.trim_end_matches('s').as_bytes(), given.trim_end_matches('s').as_bytes());
    let front = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let back = a[front..].iter().rev().zip(b[front..].iter().rev()).take_while(|(x, y)| x == y).count();
    a.len().max(b.len()) - front - back <= 1 || (known.len() >= 4 && given.contains(known))
}

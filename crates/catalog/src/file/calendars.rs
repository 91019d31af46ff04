//! Calendars in the file: hours by weekday and holidays by date.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::calendar::{Holiday, Hours, OpenSpan};

use super::Dated;
use super::parse::code;
use super::read::Table;
use crate::target::{AROUND_THE_CLOCK, CalendarTerms};

/// Weekdays as the file names them, Monday first.
pub(super) const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// Keys for several weekdays, from the widest: narrower ones count more.
const SEVERAL: [(&str, std::ops::Range<usize>); 3] = [("every_day", 0..7), ("weekdays", 0..5), ("weekend", 5..7)];
/// The most holidays of a calendar.
const MOST_HOLIDAYS: usize = 2000;

pub(super) fn calendars(root: &Table<'_>, zone: &TimeZone) -> Vec<(String, Dated<CalendarTerms>)> {
    let mut out: Vec<(String, Dated<CalendarTerms>)> = Vec::new();
    let mut own: Vec<(String, Vec<Holiday>)> = Vec::new();
    let mut borrowers: Vec<(usize, String, Table<'_>)> = Vec::new();
    for mut table in root.tables("calendar") {
        let code = code(&table, "code");
        if let Some(code) = &code {
            table.call(format!("calendar {code:?}"));
            if code == AROUND_THE_CLOCK {
                table.problem_at("code", "is the name of a calendar that is built in");
            }
        }
        let name = table.need_line("name", 200);
        let timezone = table.line("timezone", 60);
        if timezone.as_ref().is_some_and(|name| TimeZone::get(name).is_err()) {
            table.problem_at("timezone", "must be a name such as America/Chicago");
        }
        let from = table.moment("from", zone);
        let week = week(&table);
        let holidays = holidays(&table);
        let lender = table.line("holidays_as", 100);
        table.done();
        let (Some(code), Some(name), Some(week)) = (code, name, week) else { continue };
        own.push((code.clone(), holidays.clone()));
        let hours = Hours { week, holidays };
        out.push((code, Dated { at: table.at.clone(), from, body: CalendarTerms { name, timezone, hours } }));
        if let Some(lender) = lender {
            borrowers.push((out.len() - 1, lender, table));
        }
    }
    for (place, lender, table) in &borrowers {
        match own.iter().rev().find(|(code, _)| code == lender) {
            Some((code, holidays)) if *code != out[*place].0 => {
                let hours = &mut out[*place].1.body.hours;
                hours.holidays.extend(holidays.iter().cloned());
                hours.holidays.sort();
                hours.holidays.dedup();
            }
            _ => table.problem_at("holidays_as", &format!("names no other calendar of this file: {lender:?}")),
        }
    }
    for (_, version) in &out {
        if let Err(message) = version.body.ready(zone)
            && version.body.timezone.as_ref().is_none_or(|name| TimeZone::get(name).is_ok())
        {
            root.problem_on(version.at.line, format!("{}: {message}", version.at.path));
        }
    }
    out
}

fn week(calendar: &Table<'_>) -> Option<[Vec<OpenSpan>; 7]> {
    let Some(table) = calendar.table("hours") else {
        if !calendar.has("hours") {
            calendar.problem("hours is missing: give it as hours = { weekdays = \"08:00-17:00\" }");
        }
        return None;
    };
    let mut week: [Vec<OpenSpan>; 7] = Default::default();
    let mut good = true;
    let several = SEVERAL.into_iter();
    let single = DAYS.into_iter().enumerate().map(|(place, key)| (key, place..place + 1));
    for (key, days) in several.chain(single).filter(|(key, _)| table.has(key)) {
        match spans(&table, key) {
            Some(spans) => week[days].fill(spans),
            None => good = false,
        }
    }
    table.done();
    good.then_some(week)
}

/// `"08:00-17:00"`, several of them, or `"closed"`; `None` when a problem was noted.
fn spans(table: &Table<'_>, key: &'static str) -> Option<Vec<OpenSpan>> {
    let given = table.lines(key, 20);
    let (mut out, mut good) = (Vec::new(), true);
    for text in given.iter().filter(|text| *text != "closed") {
        let span = text.split_once('-').and_then(|(from, until)| Some(OpenSpan { from: clock(from)?, until: clock(until)? }));
        match span {
            Some(span) if span.from < span.until => out.push(span),
            Some(_) => {
                table.problem_at(key, &format!("{text:?} must open before it closes; a night has two spans: until 24:00, and from 00:00 on the next day"));
            }
            None => table.problem_at(key, &format!("{text:?} must be such as \"08:00-17:00\" or \"closed\"")),
        }
        good &= span.is_some_and(|span| span.from < span.until);
    }
    out.sort_unstable();
    if out.windows(2).any(|two| two[0].until > two[1].from) {
        table.problem_at(key, "has spans that overlap");
        good = false;
    }
    good.then_some(out)
}

/// Minutes after midnight of `08:30`; `24:00` is 1440.
pub(super) fn clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let two = |part: &str| Some(part).filter(|p| (1..=2).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit())).and_then(|p| p.parse::<u16>().ok());
    let (hours, minutes) = (two(hours)?, two(minutes).filter(|m| *m < 60)?);
    Some(hours * 60 + minutes).filter(|minutes| *minutes <= 1440)
}

/// `2026-12-25 = "Christmas Day"`, or several days: `"2026-12-24/2026-12-31" = "Winter closure"`.
fn holidays(calendar: &Table<'_>) -> Vec<Holiday> {
    let Some(table) = calendar.table("holidays") else { return Vec::new() };
    let mut out = Vec::new();
    for (line, key, name) in table.pairs() {
        let (first, last) = key.split_once('/').unwrap_or((&key, &key));
        match (day(first), day(last), name.filter(|name| (1..=200).contains(&name.chars().count()))) {
            (Some(first), Some(last), Some(name)) if first <= last => out.push(Holiday { first, last, name }),
            (Some(_), Some(_), Some(_)) => table.problem_on(line, format!("{key:?} ends before it begins")),
            (Some(_), Some(_), None) => table.problem_on(line, format!("{key:?} must have a name of 1 to 200 characters in quotation marks")),
            _ => table.problem_on(
                line,
                format!(
                    "{:?} must be a date between 1900 and 2200 such as 2026-12-25, or two as \"2026-12-24/2026-12-31\"",
                    key.chars().take(60).collect::<String>()
                ),
            ),
        }
    }
    if out.len() > MOST_HOLIDAYS {
        table.problem(format!("may have at most {MOST_HOLIDAYS} entries"));
        out.truncate(MOST_HOLIDAYS);
    }
    out.sort();
    out
}

fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    Some(text).filter(|text| text.len() == 10).and_then(|text| text.parse::<Date>().ok()).filter(|day| (1900..2200).contains(&day.year()))
}

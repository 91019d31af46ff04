//! Working time: a calendar of weekly hours and holidays, and what "3 working days from now" means on it.
//!
//! # What an amount means
//!
//! * **Working minutes and hours** run only while the calendar is open, in real elapsed time: the end is the first
//!   moment by which so much open time has passed. An amount that is used up exactly at closing time ends at closing time.
//! * **Working days.** A moment outside the open hours first moves to the next opening. The end is then the same clock
//!   time on the nth following day that has open hours; where that day is not open at that clock time (a short day), the
//!   next opening after it. So each request gets n whole working days, due moments spread over the day as intake does,
//!   and a later intake is never due earlier. It is what cities do: Boston's published target dates follow this rule
//!   (its deviations are listed in the catalog's README). The other custom, "the end of the nth working day after the
//!   day of intake", would give whoever writes in the morning nearly a day more than whoever writes in the evening.
//! * **Minutes and hours** are elapsed time. **Days** are the same clock time n days later on the wall clock, also across
//!   a change to summer time; **months** the same day and clock time of a later month, or the end of that month where it has
//!   no such day.
//!
//! # When the clocks change
//!
//! A clock time that is skipped in spring stands for the moment of the change. A clock time that comes twice in autumn
//! stands for its first coming; a moment within the second coming counts as the end of the repeated hour wherever its
//! clock time is carried to another day. Both keep order: from a later moment, nothing ends earlier.
//!
//! Everything here is pure and ends: a calendar that stays closed for more than [`LONGEST_CLOSURE_DAYS`] days is refused
//! when it is made, and no answer lies after [`Timestamp::LATEST`].

mod amount;
mod wall;

#[cfg(test)]
mod tests;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub use amount::{Amount, NotAnAmount};

use crate::Timestamp;
use wall::{DAY_MS, Wall};

/// The longest time, in days, that a calendar may stay closed without a break.
pub const LONGEST_CLOSURE_DAYS: i32 = 366;

const MINUTE_MS: i64 = 60_000;

/// Open from one clock time until another of the same day, in minutes after midnight; `until` may be 1440, midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OpenSpan {
    /// Opening, minutes after midnight, 0 to 1439.
    pub from: u16,
    /// Closing, minutes after midnight, 1 to 1440.
    pub until: u16,
}

/// A day, or several in a row, on which the calendar is closed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Holiday {
    /// The first day.
    pub first: Date,
    /// The last day, included.
    pub last: Date,
    /// What people call it.
    pub name: String,
}

/// Weekly hours and holidays, as they are kept and written; [`Calendar`] computes with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// Open spans of each weekday, Monday first.
    pub week: [Vec<OpenSpan>; 7],
    /// Days closed.
    pub holidays: Vec<Holiday>,
}

/// Why hours make no calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotACalendar {
    /// No weekday has any open time.
    #[error("is never open: give at least one weekday with hours")]
    NeverOpen,
    /// A span ends before it begins, is empty or leaves the day.
    #[error("{0}: opening must come before closing, within 00:00 to 24:00")]
    Span(&'static str),
    /// Two spans of one day overlap.
    #[error("{0}: two spans overlap")]
    Overlap(&'static str),
    /// A holiday ends before it begins.
    #[error("the holiday {0:?} ends before it begins")]
    Holiday(String),
    /// Holidays leave no open day for more than a year.
    #[error("is closed for more than {LONGEST_CLOSURE_DAYS} days in a row from {0}")]
    TooLong(Date),
}

/// A calendar in a time zone, ready to compute with.
#[derive(Clone, Debug)]
pub struct Calendar {
    week: [Vec<OpenSpan>; 7],
    /// Closed days as first and last, in order, not overlapping.
    closed: Vec<(Date, Date)>,
    holidays: Vec<Holiday>,
    zone: TimeZone,
}

const DAY_NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Calendar {
    /// A calendar of these hours in `zone`. Spans that touch are joined.
    ///
    /// # Errors
    /// [`NotACalendar`] says what is wrong with the hours.
    pub fn new(hours: &Hours, zone: TimeZone) -> Result<Self, NotACalendar> {
        let mut week: [Vec<OpenSpan>; 7] = std::array::from_fn(|_| Vec::new());
        for ((joined, given), day) in week.iter_mut().zip(&hours.week).zip(DAY_NAMES) {
            let mut given = given.clone();
            given.sort_unstable();
            for span in given {
                if span.from >= span.until || span.until > 1440 {
                    return Err(NotACalendar::Span(day));
                }
                match joined.last_mut() {
                    Some(before) if before.until > span.from => return Err(NotACalendar::Overlap(day)),
                    Some(before) if before.until == span.from => before.until = span.until,
                    _ => joined.push(span),
                }
            }
        }
        if week.iter().all(Vec::is_empty) {
            return Err(NotACalendar::NeverOpen);
        }
        if let Some(wrong) = hours.holidays.iter().find(|h| h.last < h.first) {
            return Err(NotACalendar::Holiday(wrong.name.clone()));
        }
        let mut days: Vec<(Date, Date)> = hours.holidays.iter().map(|h| (h.first, h.last)).collect();
        days.sort_unstable();
        let mut closed: Vec<(Date, Date)> = Vec::with_capacity(days.len());
        for (first, last) in days {
            match closed.last_mut() {
                Some(before) if first <= before.1 => before.1 = before.1.max(last),
                _ => closed.push((first, last)),
            }
        }
        let calendar = Self { week, closed, holidays: hours.holidays.clone(), zone };
        calendar.check_closures()?;
        Ok(calendar)
    }

    /// A calendar that is always open, for targets in calendar time.
    #[must_use]
    pub fn always(zone: TimeZone) -> Self {
        let week = std::array::from_fn(|_| vec![OpenSpan { from: 0, until: 1440 }]);
        Self { week, closed: Vec::new(), holidays: Vec::new(), zone }
    }

    /// Refuses holidays that follow one another without an open day for too long.
    fn check_closures(&self) -> Result<(), NotACalendar> {
        let mut reached: Option<Date> = None;
        for (first, _) in &self.closed {
            if reached.is_some_and(|day| *first < day) {
                continue;
            }
            let mut day = *first;
            for _ in 0..=LONGEST_CLOSURE_DAYS {
                if !self.spans(day).is_empty() {
                    break;
                }
                match day.tomorrow() {
                    Ok(next) => day = next,
                    Err(_) => break,
                }
            }
            if self.spans(day).is_empty() {
                return Err(NotACalendar::TooLong(*first));
            }
            reached = Some(day);
        }
        Ok(())
    }

    /// The time zone of its clock.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The holiday that `date` is, if it is one.
    #[must_use]
    pub fn holiday(&self, date: Date) -> Option<&Holiday> {
        self.holidays.iter().find(|h| h.first <= date && date <= h.last)
    }

    /// The open spans of a day, as clock times; none on a holiday.
    #[must_use]
    pub fn spans(&self, date: Date) -> &[OpenSpan] {
        let before = self.closed.partition_point(|(first, _)| *first <= date);
        if before > 0 && self.closed[before - 1].1 >= date {
            return &[];
        }
        &self.week[monday_first(date.weekday())]
    }

    /// Whether the calendar is open at `at`. The moment of closing is not open.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let date = Wall::of(at, &self.zone).date;
        self.moments(date).any(|(from, until)| from <= at && at < until)
    }

    /// `at` when open, else the next opening.
    #[must_use]
    pub fn next_open(&self, at: Timestamp) -> Timestamp {
        self.add_working_millis(at, 0)
    }

    /// The first moment not before `from` by which `minutes` of open time have passed.
    #[must_use]
    pub fn add_working_minutes(&self, from: Timestamp, minutes: u32) -> Timestamp {
        self.add_working_millis(from, i64::from(minutes) * MINUTE_MS)
    }

    /// The same clock time on the nth following open day: see the module's text.
    #[must_use]
    pub fn add_working_days(&self, from: Timestamp, days: u32) -> Timestamp {
        let start = self.next_open(from);
        if days == 0 {
            return start;
        }
        let Wall { mut date, ms } = Wall::of(start, &self.zone);
        let mut left = days;
        while left > 0 {
            let Some(next) = tomorrow(date) else { return Timestamp::LATEST };
            date = next;
            if self.moments(date).next().is_some() {
                left -= 1;
            }
        }
        let end = Wall { date, ms }.moment(&self.zone);
        if self.moments(date).any(|(from, until)| from <= end && end <= until) { end } else { self.next_open(end) }
    }

    /// Open time between two moments, in milliseconds; 0 when `until` is not after `from`.
    #[must_use]
    pub fn working_millis(&self, from: Timestamp, until: Timestamp) -> i64 {
        let mut sum = 0;
        let mut day = Some(Wall::of(from, &self.zone).date);
        let last = Wall::of(until, &self.zone).date;
        while let Some(date) = day.filter(|date| *date <= last) {
            for (opens, closes) in self.moments(date) {
                sum += (closes.min(until).millis() - opens.max(from).millis()).max(0);
            }
            day = tomorrow(date);
        }
        sum
    }

    /// Open time between two moments, in whole minutes.
    #[must_use]
    pub fn working_minutes(&self, from: Timestamp, until: Timestamp) -> i64 {
        self.working_millis(from, until) / MINUTE_MS
    }

    /// The moment `amount` after `from`. Only working amounts ask for the open hours.
    #[must_use]
    pub fn due(&self, from: Timestamp, amount: Amount) -> Timestamp {
        match amount {
            Amount::WorkingMinutes(n) => self.add_working_minutes(from, n),
            Amount::WorkingDays(n) => self.add_working_days(from, n),
            Amount::Minutes(n) => from.plus_millis(i64::from(n) * MINUTE_MS),
            Amount::Days(n) => {
                let wall = Wall::of(from, &self.zone);
                later(wall.date, jiff::Span::new().try_days(n)).map_or(Timestamp::LATEST, |date| Wall { date, ..wall }.moment(&self.zone))
            }
            Amount::Months(n) => {
                let Wall { date, ms } = Wall::of(from, &self.zone);
                let end = |then: Date| Wall { date: then, ms: if then.day() == date.day() { ms } else { DAY_MS } };
                later(date, jiff::Span::new().try_months(n)).map_or(Timestamp::LATEST, |then| end(then).moment(&self.zone))
            }
        }
    }

    /// Where a due moment moves when the clock stood still from `paused_from` until `paused_until`: later by as much time
    /// as the pause took of it, working time for a working amount and elapsed time for another. What was already overdue
    /// when the pause began stays as it is, and a pause that ends before it begins moves nothing.
    #[must_use]
    pub fn resume_due(&self, due: Timestamp, amount: Amount, paused_from: Timestamp, paused_until: Timestamp) -> Timestamp {
        if due < paused_from || paused_until <= paused_from {
            return due;
        }
        match amount {
            Amount::WorkingMinutes(_) | Amount::WorkingDays(_) => match self.working_millis(paused_from, paused_until) {
                0 => due,
                paused => self.add_working_millis(due, paused),
            },
            Amount::Minutes(_) | Amount::Days(_) | Amount::Months(_) => due.plus_millis(paused_until.millis() - paused_from.millis()),
        }
    }

    fn add_working_millis(&self, from: Timestamp, millis: i64) -> Timestamp {
        let mut left = millis;
        let mut day = Some(Wall::of(from, &self.zone).date);
        while let Some(date) = day {
            for (opens, closes) in self.moments(date) {
                let start = opens.max(from);
                let free = closes.millis() - start.millis();
                if free > 0 && left <= free {
                    return start.plus_millis(left);
                }
                left -= free.max(0);
            }
            day = tomorrow(date);
        }
        Timestamp::LATEST
    }

    /// The open spans of a day as moments, in order. A span that a change of the clocks skips whole is left out.
    fn moments(&self, date: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let moment = move |minutes: u16| Wall { date, ms: i64::from(minutes) * MINUTE_MS }.moment(&self.zone);
        self.spans(date).iter().map(move |span| (moment(span.from), moment(span.until))).filter(|(from, until)| from < until)
    }
}

/// The next day, or `None` past the latest moment that this program keeps.
fn tomorrow(date: Date) -> Option<Date> {
    date.tomorrow().ok().filter(|next| next.year() <= 2200)
}

fn later(date: Date, span: Result<jiff::Span, jiff::Error>) -> Option<Date> {
    date.checked_add(span.ok()?).ok()
}

/// A weekday's place in a week that begins on Monday, 0 to 6.
#[must_use]
pub fn monday_first(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)
}

const _: () = assert!(DAY_MS == 1440 * MINUTE_MS);

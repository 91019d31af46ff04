//! Zones with days: "trash on Mondays", "sweeping on the second Thursday from April to December", and what a holiday
//! does to them. The rules are pure; a schedule is a small TOML text that a clerk can write (see the README).

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use kernel::Problem;
use serde::Deserialize;

/// How far ahead a next day is looked for.
const HORIZON_DAYS: i32 = 400;
/// How far a row of holidays may move a day; also how many consecutive holidays a schedule may have.
const LONGEST_SHIFT_DAYS: i32 = 31;

/// A layer's schedule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schedule {
    /// What a holiday does.
    #[serde(default)]
    holiday_rule: HolidayRule,
    #[serde(default, rename = "zone")]
    zones: Vec<Rounds>,
    #[serde(default, rename = "holiday")]
    holidays: Vec<Holiday>,
}

/// What a holiday does to the days of its week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HolidayRule {
    /// The day and all later ones of that week (Monday to Sunday) come a day later, for each holiday before them.
    #[default]
    NextDayForRestOfWeek,
    /// There is no round on that day.
    Skip,
    /// That round comes on the next day from Monday to Friday that is no holiday.
    NextWorkingDay,
}

/// The rounds through one zone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rounds {
    /// The zone's name, as in the layer.
    name: String,
    /// What is picked up or done.
    #[serde(default)]
    what: String,
    days: Vec<Day>,
    #[serde(default)]
    every: Every,
    /// With `two-weeks`: a day in a week that has a round.
    #[serde(default)]
    anchor: Option<TomlDate>,
    /// With `month`: which of the weekdays of a month, 1 to 5, or -1 for the last.
    #[serde(default)]
    nth: Vec<i8>,
    /// The months with rounds, 1 to 12; empty means all.
    #[serde(default)]
    months: Vec<i8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Every {
    #[default]
    Week,
    TwoWeeks,
    Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    fn weekday(self) -> Weekday {
        match self {
            Self::Monday => Weekday::Monday,
            Self::Tuesday => Weekday::Tuesday,
            Self::Wednesday => Weekday::Wednesday,
            Self::Thursday => Weekday::Thursday,
            Self::Friday => Weekday::Friday,
            Self::Saturday => Weekday::Saturday,
            Self::Sunday => Weekday::Sunday,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    date: TomlDate,
    name: String,
}

/// A date, written bare or in quotation marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "toml::Value")]
struct TomlDate(Date);

impl TryFrom<toml::Value> for TomlDate {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let text = match &value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Datetime(at) => at.to_string(),
            other => return Err(format!("{other} is no date, such as 2026-12-25")),
        };
        text.parse().map(Self).map_err(|_| format!("{text} is no date, such as 2026-12-25"))
    }
}

/// A day with a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoundDay {
    pub(crate) on: Date,
    pub(crate) moved_from: Option<Date>,
    pub(crate) holiday: Option<String>,
}

impl Rounds {
    /// What is picked up or done.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Whether the plan, before holidays, has a round on `day`.
    fn planned(&self, day: Date) -> bool {
        if !self.days.iter().any(|d| d.weekday() == day.weekday()) || !(self.months.is_empty() || self.months.contains(&day.month())) {
            return false;
        }
        match self.every {
            Every::Week => true,
            Every::TwoWeeks => self.anchor.is_some_and(|TomlDate(anchor)| days_between(monday(anchor), monday(day)).rem_euclid(14) == 0),
            Every::Month => {
                let nth = (day.day() - 1) / 7 + 1;
                let last = day.day() + 7 > day.days_in_month();
                self.nth.contains(&nth) || (last && self.nth.contains(&-1))
            }
        }
    }

    fn check(&self, at: usize) -> Result<(), Problem> {
        let field = |name: &str| format!("zone {at} ({}), {name}", self.name);
        if self.name.trim().is_empty() {
            return Err(Problem::new(format!("zone {at}, name"), "must not be empty"));
        }
        if self.days.is_empty() {
            return Err(Problem::new(field("days"), "must name at least one day"));
        }
        if self.months.iter().any(|m| !(1..=12).contains(m)) {
            return Err(Problem::new(field("months"), "may hold 1 to 12"));
        }
        match self.every {
            Every::TwoWeeks if self.anchor.is_none() => {
                Err(Problem::new(field("anchor"), "must be a day in a week with a round, such as 2026-01-05, when every = \"two-weeks\""))
            }
            Every::Month if self.nth.is_empty() || self.nth.iter().any(|n| !matches!(n, 1..=5 | -1)) => {
                Err(Problem::new(field("nth"), "must hold 1 to 5, or -1 for the last, when every = \"month\""))
            }
            Every::Week | Every::Month if self.anchor.is_some() => Err(Problem::new(field("anchor"), "belongs to every = \"two-weeks\" only")),
            Every::Week | Every::TwoWeeks if !self.nth.is_empty() => Err(Problem::new(field("nth"), "belongs to every = \"month\" only")),
            _ => Ok(()),
        }
    }
}

fn days_between(a: Date, b: Date) -> i32 {
    (b - a).get_days()
}

/// The Monday of the day's week.
fn monday(day: Date) -> Date {
    day.saturating_sub(i32::from(day.weekday().to_monday_zero_offset()).days())
}

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// A [`Problem`] that names the line or the zone's field.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let mut schedule: Self = toml::from_str(text).map_err(|error| Problem::new("schedule", error.to_string().trim_end().to_owned()))?;
        if schedule.zones.is_empty() {
            return Err(Problem::new("schedule", "has no [[zone]]"));
        }
        for (at, rounds) in schedule.zones.iter().enumerate() {
            rounds.check(at + 1)?;
        }
        schedule.holidays.sort_by_key(|holiday| holiday.date);
        if let Some(twice) = schedule.holidays.windows(2).find(|pair| pair[0].date == pair[1].date) {
            return Err(Problem::new("holiday", format!("{} appears twice", twice[0].date.0)));
        }
        let mut row = 1;
        for pair in schedule.holidays.windows(2) {
            row = if days_between(pair[0].date.0, pair[1].date.0) == 1 { row + 1 } else { 1 };
            if row >= LONGEST_SHIFT_DAYS / 2 {
                return Err(Problem::new("holiday", format!("{}: more than {} holidays in a row", pair[1].date.0, LONGEST_SHIFT_DAYS / 2 - 1)));
            }
        }
        Ok(schedule)
    }

    /// The names of the zones that have rounds.
    pub(crate) fn zone_names(&self) -> impl Iterator<Item = &str> {
        self.zones.iter().map(|rounds| rounds.name.as_str())
    }

    /// The rounds through a zone.
    pub(crate) fn of_zone<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Rounds> {
        self.zones.iter().filter(move |rounds| rounds.name == name)
    }

    fn holiday(&self, day: Date) -> Option<&Holiday> {
        self.holidays.binary_search_by_key(&TomlDate(day), |holiday| holiday.date).ok().map(|at| &self.holidays[at])
    }

    /// Where holidays move a planned round; `None` when it does not take place.
    fn moved(&self, planned: Date) -> Option<RoundDay> {
        let stays = || RoundDay { on: planned, moved_from: None, holiday: None };
        match self.holiday_rule {
            HolidayRule::Skip => self.holiday(planned).is_none().then(stays),
            HolidayRule::NextWorkingDay => {
                let Some(first) = self.holiday(planned) else { return Some(stays()) };
                let free = |day: Date| self.holiday(day).is_some() || matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
                let mut on = planned;
                while free(on) {
                    on = on.checked_add(1.day()).ok()?;
                }
                Some(RoundDay { on, moved_from: Some(planned), holiday: Some(first.name.clone()) })
            }
            HolidayRule::NextDayForRestOfWeek => {
                let week = monday(planned);
                // Each holiday from Monday up to where the round now stands pushes it on by one day. So rounds keep
                // their order, and none lands on a holiday, not even when pushed out of its week.
                let mut on = planned;
                let mut by: Option<&Holiday> = None;
                let mut day = week;
                while day <= on {
                    if let Some(holiday) = self.holiday(day) {
                        by = Some(holiday);
                        on = on.checked_add(1.day()).ok()?;
                    }
                    day = day.checked_add(1.day()).ok()?;
                }
                Some(by.map_or_else(stays, |holiday| RoundDay { on, moved_from: Some(planned), holiday: Some(holiday.name.clone()) }))
            }
        }
    }

    /// The first day from `today` on with a round.
    pub(crate) fn next(&self, rounds: &Rounds, today: Date) -> Option<RoundDay> {
        let mut best: Option<RoundDay> = None;
        // A round planned before today may have been moved to today or later.
        let mut planned = today.saturating_sub(LONGEST_SHIFT_DAYS.days());
        let last = today.saturating_add(HORIZON_DAYS.days());
        while planned <= last && best.as_ref().is_none_or(|best| planned < best.on) {
            if rounds.planned(planned)
                && let Some(day) = self.moved(planned)
                && day.on >= today
                && best.as_ref().is_none_or(|best| day.on < best.on)
            {
                best = Some(day);
            }
            planned = planned.checked_add(1.day()).ok()?;
        }
        best
    }
}

#[cfg(test)]
mod tests;

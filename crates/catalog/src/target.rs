//! Targets: how long a service may take, by priority, in working or calendar time; and the promise made from one.
//!
//! A target belongs to a service, to a group or to all services; the nearest one counts, and the request's own priority
//! counts before `normal`. Each change makes a new version with the moment from which it is in force, and a promise uses
//! what is in force when the request comes in. So earlier due dates never move, and a report can restate old requests
//! under new targets ([`Catalog::promise_under`]) and new ones under old.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use kernel::calendar::Hours;
use kernel::{Amount, Calendar, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::{Priority, Service};
use crate::snapshot::Catalog;

/// The version of the rules of `kernel::calendar` by which due moments are computed. It is kept with each promise.
pub const FORMULA_VERSION: i32 = 1;
/// The built-in calendar of targets in calendar time: always open, in the jurisdiction's time zone, version 0.
pub const AROUND_THE_CLOCK: &str = "around-the-clock";

/// What a target is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetFor {
    /// One service, by code.
    Service(String),
    /// A group of services, by name.
    Group(String),
    /// Every service without a nearer one.
    All,
}

/// Names one target. Its text is `service:pothole/normal`, `group:Streets/urgent` or `all/normal`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetKey {
    /// What it is for.
    pub of: TargetFor,
    /// The priority it is for.
    pub priority: Priority,
}

impl TargetKey {
    /// The target of a service for a priority.
    #[must_use]
    pub fn service(code: &str, priority: Priority) -> Self {
        Self { of: TargetFor::Service(code.to_owned()), priority }
    }
}

impl fmt::Display for TargetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            TargetFor::Service(code) => write!(f, "service:{code}/{}", self.priority),
            TargetFor::Group(name) => write!(f, "group:{name}/{}", self.priority),
            TargetFor::All => write!(f, "all/{}", self.priority),
        }
    }
}

/// A text that names no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not the name of a target, such as service:pothole/normal")]
pub struct NotATarget;

impl FromStr for TargetKey {
    type Err = NotATarget;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (of, priority) = text.rsplit_once('/').ok_or(NotATarget)?;
        let priority = Priority::parse(priority).ok_or(NotATarget)?;
        let of = match of.split_once(':') {
            Some(("service", code)) if !code.is_empty() => TargetFor::Service(code.to_owned()),
            Some(("group", name)) if !name.is_empty() => TargetFor::Group(name.to_owned()),
            None if of == "all" => TargetFor::All,
            _ => return Err(NotATarget),
        };
        Ok(Self { of, priority })
    }
}

/// What one version of a target says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Terms {
    /// Done within this amount; a working amount names its calendar.
    Within {
        /// How long.
        amount: Amount,
        /// The calendar's code; absent for calendar time.
        calendar: Option<String>,
    },
    /// No date is promised, and farther targets do not count either.
    NoPromise,
    /// There is no such target any more; farther ones count.
    Withdrawn,
}

/// A working calendar as the catalog keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarTerms {
    /// What people call it.
    pub name: String,
    /// Its time zone, when it is not the jurisdiction's.
    pub timezone: Option<String>,
    /// Hours and holidays.
    pub hours: Hours,
}

impl CalendarTerms {
    /// The calendar, in its own time zone or in `zone`.
    ///
    /// # Errors
    /// Says what is wrong with the hours or the zone.
    pub fn ready(&self, zone: &TimeZone) -> Result<Calendar, String> {
        let zone = match &self.timezone {
            Some(name) => TimeZone::get(name).map_err(|_| format!("there is no time zone {name:?}"))?,
            None => zone.clone(),
        };
        Calendar::new(&self.hours, zone).map_err(|error| error.to_string())
    }
}

/// A version's calendar, as kept and ready to compute with.
#[derive(Clone, Debug)]
pub struct WorkCalendar {
    /// As kept.
    pub terms: CalendarTerms,
    /// Ready to compute with.
    pub calendar: Calendar,
}

/// A date promised, with everything by which it was computed. It is frozen with the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// When it is due.
    pub due_at: Timestamp,
    /// The target's name, such as `service:pothole/normal`.
    pub target: String,
    /// The target's version.
    pub target_version: i32,
    /// The calendar's code; [`AROUND_THE_CLOCK`] for calendar time.
    pub calendar: String,
    /// The calendar's version; 0 for [`AROUND_THE_CLOCK`].
    pub calendar_version: i32,
    /// How long was allowed.
    pub amount: Amount,
    /// [`FORMULA_VERSION`] at that time.
    pub formula_version: i32,
}

impl Catalog {
    /// The date promised for a request of `service` that comes in at `from`: by the target and the calendar in force then.
    /// `None` when there is no target, or when it says that nothing is promised.
    #[must_use]
    pub fn promise(&self, service: &Service, priority: Priority, from: Timestamp) -> Option<Promise> {
        self.promise_under(service, priority, from, from)
    }

    /// Like [`Catalog::promise`], by the targets and calendars in force at `rules_of`: restates a request under the rules of
    /// another time.
    #[must_use]
    pub fn promise_under(&self, service: &Service, priority: Priority, from: Timestamp, rules_of: Timestamp) -> Option<Promise> {
        for key in self.target_keys(service, priority) {
            let Some(version) = self.targets.get(&key).and_then(|versions| versions.in_force(rules_of)) else { continue };
            match &version.body {
                Terms::Within { amount, calendar } => return self.promise_by(&key, version.number, *amount, calendar.as_deref(), from, rules_of),
                Terms::NoPromise => return None,
                Terms::Withdrawn => {}
            }
        }
        None
    }

    /// The date that one version of one target would promise from `from`, by the calendar in force at `from`.
    /// `None` when there is no such version or it promises nothing.
    #[must_use]
    pub fn promise_by_version(&self, target: &TargetKey, version: i32, from: Timestamp) -> Option<Promise> {
        match &self.targets.get(target)?.number(version)?.body {
            Terms::Within { amount, calendar } => self.promise_by(target, version, *amount, calendar.as_deref(), from, from),
            Terms::NoPromise | Terms::Withdrawn => None,
        }
    }

    /// Where the due moment of a promise moves after its clock stood still. The calendar is the version that was frozen
    /// with the promise. `None` when the catalog no longer knows that calendar.
    #[must_use]
    pub fn due_after_pause(
        &self,
        amount: Amount,
        calendar: &str,
        calendar_version: i32,
        due: Timestamp,
        paused_from: Timestamp,
        paused_until: Timestamp,
    ) -> Option<Timestamp> {
        if calendar == AROUND_THE_CLOCK {
            return Some(self.around_the_clock.resume_due(due, amount, paused_from, paused_until));
        }
        let version = self.calendars.get(calendar)?.number(calendar_version)?;
        Some(version.body.calendar.resume_due(due, amount, paused_from, paused_until))
    }

    /// The calendar with this code as in force at `at`; before its first version, the first.
    #[must_use]
    pub fn calendar(&self, code: &str, at: Timestamp) -> Option<(&Calendar, i32)> {
        if code == AROUND_THE_CLOCK {
            return Some((&self.around_the_clock, 0));
        }
        self.calendars.get(code)?.in_force_or_first(at).map(|v| (&v.body.calendar, v.number))
    }

    /// Where to look for a target, nearest first.
    fn target_keys(&self, service: &Service, priority: Priority) -> Vec<TargetKey> {
        let mut places = vec![TargetFor::Service(service.code.clone())];
        places.extend(service.group.clone().map(TargetFor::Group));
        places.push(TargetFor::All);
        let priorities: &[Priority] = if priority == Priority::Normal { &[Priority::Normal] } else { &[priority, Priority::Normal] };
        places.into_iter().flat_map(|of| priorities.iter().map(move |priority| TargetKey { of: of.clone(), priority: *priority })).collect()
    }

    fn promise_by(&self, key: &TargetKey, version: i32, amount: Amount, calendar: Option<&str>, from: Timestamp, rules_of: Timestamp) -> Option<Promise> {
        let code = calendar.unwrap_or(AROUND_THE_CLOCK);
        let (calendar, calendar_version) = self.calendar(code, rules_of)?;
        Some(Promise {
            due_at: calendar.due(from, amount),
            target: key.to_string(),
            target_version: version,
            calendar: code.to_owned(),
            calendar_version,
            amount,
            formula_version: FORMULA_VERSION,
        })
    }
}

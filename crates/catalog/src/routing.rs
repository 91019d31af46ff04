//! Routing: an ordered list of rules says which department and work group get a request; the first that fits decides.
//!
//! The list is versioned as a whole. When no rule fits, the service's own department gets the request. The answer says why
//! in plain words, and the request keeps it.

use kernel::Timestamp;
use kernel::calendar::monday_first;
use serde::{Deserialize, Serialize};

use crate::model::{Priority, Service};
use crate::snapshot::Catalog;

/// One rule. A request fits when it fits every test that the rule has; an empty list tests nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rule {
    /// What people call it, unique in the list.
    pub name: String,
    /// Codes of services, any of them.
    pub services: Vec<String>,
    /// Names of groups, any of them.
    pub groups: Vec<String>,
    /// The place lies in one of these areas.
    pub area: Option<AreaTest>,
    /// A question has one of these answers.
    pub answer: Option<AnswerTest>,
    /// Channels, any of them.
    pub channels: Vec<String>,
    /// Priorities, any of them.
    pub priorities: Vec<Priority>,
    /// The request comes in at such a time.
    pub time: Option<TimeTest>,
    /// The department that gets it.
    pub department: String,
    /// The team in that department.
    pub work_group: Option<String>,
}

/// A boundary layer and areas of it, any of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaTest {
    /// The layer's name, such as `districts`.
    pub layer: String,
    /// Names of areas.
    pub names: Vec<String>,
}

/// A question's code and answers, any of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerTest {
    /// The question's code.
    pub question: String,
    /// Answers; keys, for lists.
    pub is: Vec<String>,
}

/// A time of day and week, by a calendar or by the clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeTest {
    /// While this calendar is open.
    Open(String),
    /// While this calendar is closed.
    Closed(String),
    /// On these weekdays between two clock times of the jurisdiction.
    Week {
        /// Weekdays, Monday 0 to Sunday 6; empty means each.
        days: Vec<u8>,
        /// From, minutes after midnight.
        from: u16,
        /// Until, not included. Not after `from`: over midnight, and the weekday is that of the evening.
        until: u16,
    },
}

/// What routing needs to know of a request.
#[derive(Clone, Debug)]
pub struct RouteQuery<'a> {
    /// What is asked for.
    pub service: &'a Service,
    /// Where it lies: layer and name.
    pub areas: &'a [(String, String)],
    /// Answers by question code.
    pub answers: &'a [(String, Vec<String>)],
    /// The channel it came on.
    pub channel: &'a str,
    /// Its priority.
    pub priority: Priority,
    /// When it came in.
    pub at: Timestamp,
}

/// Where a request goes, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routed {
    /// The department, when any is known.
    pub department: Option<String>,
    /// The team.
    pub work_group: Option<String>,
    /// The rule that decided; `None` when the service's own department did.
    pub rule: Option<String>,
    /// The version of the list of rules; 0 when there was none in force.
    pub version: i32,
    /// Why, in a sentence for people.
    pub why: String,
}

impl Catalog {
    /// Where a request goes, by the rules in force when it came in.
    #[must_use]
    pub fn route(&self, query: &RouteQuery<'_>) -> Routed {
        let version = self.routing.in_force(query.at);
        let number = version.map_or(0, |v| v.number);
        for rule in version.iter().flat_map(|v| &v.body) {
            if let Some(reasons) = self.fits(rule, query) {
                return Routed {
                    department: Some(rule.department.clone()),
                    work_group: rule.work_group.clone(),
                    rule: Some(rule.name.clone()),
                    version: number,
                    why: format!("Rule '{}': {}.", rule.name, if reasons.is_empty() { "it takes every request".to_owned() } else { join_and(&reasons) }),
                };
            }
        }
        let service = query.service;
        let why = match &service.department {
            Some(department) => format!("No rule applies; {} belongs to {}.", service.name, self.department_name(department)),
            None => format!("No rule applies, and {} belongs to no department.", service.name),
        };
        Routed { department: service.department.clone(), work_group: service.work_group.clone(), rule: None, version: number, why }
    }

    /// The reasons for which a request fits a rule, or `None` when it does not.
    fn fits(&self, rule: &Rule, query: &RouteQuery<'_>) -> Option<Vec<String>> {
        let mut why = Vec::new();
        if !rule.services.is_empty() {
            rule.services.contains(&query.service.code).then(|| why.push(format!("the service is {}", query.service.name)))?;
        }
        if !rule.groups.is_empty() {
            let group = query.service.group.as_ref().filter(|group| rule.groups.contains(group))?;
            why.push(format!("the service is one of {group}"));
        }
        if let Some(test) = &rule.area {
            let (_, name) = query.areas.iter().find(|(layer, name)| *layer == test.layer && test.names.contains(name))?;
            why.push(format!("the place is in {name}"));
        }
        if let Some(test) = &rule.answer {
            let (_, given) = query.answers.iter().find(|(code, _)| *code == test.question)?;
            let given = given.iter().find(|value| test.is.contains(value))?;
            let question = query.service.question(&test.question);
            let shown = question.map_or(given.as_str(), |q| q.value_name(given, &self.language));
            why.push(format!("the answer to \"{}\" is {shown}", question.map_or(test.question.as_str(), |q| &q.ask)));
        }
        if !rule.channels.is_empty() {
            rule.channels.iter().any(|channel| channel == query.channel).then(|| why.push(format!("it came by {}", query.channel)))?;
        }
        if !rule.priorities.is_empty() {
            rule.priorities.contains(&query.priority).then(|| why.push(format!("the priority is {}", query.priority)))?;
        }
        if let Some(test) = &rule.time {
            why.push(self.time_fits(test, query.at)?);
        }
        Some(why)
    }

    fn time_fits(&self, test: &TimeTest, at: Timestamp) -> Option<String> {
        match test {
            TimeTest::Open(code) => self.calendar(code, at)?.0.is_open(at).then(|| format!("the time is within the hours of {}", self.calendar_name(code, at))),
            TimeTest::Closed(code) => {
                (!self.calendar(code, at)?.0.is_open(at)).then(|| format!("the time is outside the hours of {}", self.calendar_name(code, at)))
            }
            TimeTest::Week { days, from, until } => {
                let now = at.in_zone(&self.zone);
                let minute = u16::try_from(i32::from(now.hour()) * 60 + i32::from(now.minute())).unwrap_or(0);
                let today = u8::try_from(monday_first(now.weekday())).unwrap_or(0);
                let yesterday = (today + 6) % 7;
                let on = |day: u8| days.is_empty() || days.contains(&day);
                let fits = if from < until {
                    on(today) && (*from..*until).contains(&minute)
                } else {
                    (on(today) && minute >= *from) || (on(yesterday) && minute < *until)
                };
                fits.then(|| format!("the time is between {} and {}", clock_text(*from), clock_text(*until)))
            }
        }
    }

    fn department_name<'a>(&'a self, code: &'a str) -> &'a str {
        self.departments.iter().find(|d| d.code == code).map_or(code, |d| &d.name)
    }

    fn calendar_name<'a>(&'a self, code: &'a str, at: Timestamp) -> &'a str {
        self.calendars.get(code).and_then(|versions| versions.in_force_or_first(at)).map_or(code, |v| &v.body.terms.name)
    }
}

/// `18:30` for 1110.
pub(crate) fn clock_text(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn join_and(reasons: &[String]) -> String {
    match reasons {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

//! The four standard reports of a 311 operation in one (I29): by neighborhood or another area, by type, repeat requests,
//! time to complete; with on-time shares, as promised and restated under the targets of another day (K04).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalog::{Catalog, Priority};
use db::{Db, DbError};
use kernel::Timestamp;
use requests::{Filter, Request, RequestId, Requests, Span};
use serde::Serialize;
use staff::Jurisdiction;

use crate::on_time::{ON_TIME, OnTime, standing};
use crate::repeats::{REPEATS, Repeats, Spot, count_repeats};
use crate::share::{Definition, Share};

/// The definition behind [`Days`].
pub const TIME_TO_COMPLETE: Definition = Definition {
    name: "time to complete",
    version: 1,
    formula: "Calendar time from asked for to closed, of closed requests with a recorded closing date; median and 90th percentile by nearest rank, in tenths of days.",
};

/// Requests read at a time.
const STEP: u64 = 2_000;
/// The line of requests that lie in no area of the layer.
const NOWHERE: &str = "(none)";

/// By what requests are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// By service.
    Service,
    /// By department.
    Department,
    /// By the channel on which they came.
    Channel,
    /// By area of this boundary layer, as frozen with each request.
    Area(String),
}

/// What a report is to say.
#[derive(Clone, Debug)]
pub struct Question {
    /// Asked for in this span.
    pub asked: Span,
    /// By what.
    pub by: By,
    /// The moment at which it is taken: what happened later does not count yet.
    pub as_of: Timestamp,
    /// Judge by the targets in force at this moment instead of each request's own promise.
    pub rules_of: Option<Timestamp>,
    /// What a repeat is.
    pub repeats: Repeats,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The engine failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A report with everything that its figures rest on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The moment at which it was taken.
    pub as_of: Timestamp,
    /// By which day's targets it judges; nothing: each request by its own promise.
    pub rules_of: Option<Timestamp>,
    /// What the figures mean.
    pub definitions: [Definition; 3],
    /// One line for each group, the largest first.
    pub lines: Vec<Line>,
    /// All requests of the span.
    pub total: Line,
}

/// The figures of one group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Line {
    /// The group.
    pub name: String,
    /// Which lines put the requests there: editions of the layer. One that was not in force on a request's day is marked.
    pub editions: BTreeSet<String>,
    /// Requests received.
    pub received: u64,
    /// Open at that moment.
    pub open: u64,
    /// Against the promised date.
    pub on_time: OnTime,
    /// Where nothing was promised here but the source said whether its own estimate was kept.
    pub kept_by_source: Share,
    /// Time to complete.
    pub days: Days,
    /// Requests that repeat an earlier one.
    pub repeats: Share,
    /// How they ended.
    pub outcomes: BTreeMap<String, u64>,
}

/// Time to complete, in tenths of days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Days {
    /// How many were measured.
    pub measured: u64,
    /// Half took at most so long.
    pub median_tenths: Option<u64>,
    /// Nine of ten took at most so long.
    pub p90_tenths: Option<u64>,
}

/// A line while it is counted.
#[derive(Default)]
struct Counting {
    line: Line,
    took: Vec<u64>,
    located: u64,
}

/// Counts the requests of a span.
///
/// # Errors
/// When the engine fails.
pub async fn report(db: &Db, j: &Jurisdiction, catalog: &Catalog, question: &Question) -> Result<Report, ReportError> {
    let mut groups: Vec<(String, Counting)> = Vec::new();
    let mut places: HashMap<String, u32> = HashMap::new();
    let mut services: HashMap<String, u32> = HashMap::new();
    let mut spots: Vec<Spot> = Vec::new();
    let mut total = Counting::default();
    let filter = Filter { requested: question.asked, with_private: true, ..Filter::default() };
    let mut after: Option<RequestId> = None;
    loop {
        let part = Requests::walk(db, j, &filter, after, STEP).await?;
        let Some(last) = part.last() else { break };
        after = Some(last.id);
        for request in part.iter().filter(|request| request.requested_at <= question.as_of) {
            let name = group(request, catalog, &question.by);
            let fresh = u32::try_from(places.len()).unwrap_or(u32::MAX);
            let place = *places.entry(name.clone()).or_insert_with(|| {
                groups.push((name, Counting::default()));
                fresh
            });
            let counting = &mut groups[place as usize].1;
            count(counting, request, catalog, question);
            count(&mut total, request, catalog, question);
            if let Some(point) = request.place.point {
                let next = u32::try_from(services.len()).unwrap_or(u32::MAX);
                let service = *services.entry(request.service_code.clone()).or_insert(next);
                counting.located += 1;
                total.located += 1;
                spots.push(Spot { service, point, at: request.requested_at, line: place });
            }
        }
    }
    let again = count_repeats(&mut spots, question.repeats);
    let all_again = again.values().sum();
    let mut lines: Vec<Line> = groups
        .into_iter()
        .enumerate()
        .map(|(place, (name, counting))| {
            let repeats = u32::try_from(place).ok().and_then(|place| again.get(&place)).copied().unwrap_or(0);
            Line { name, ..finish(counting, repeats) }
        })
        .collect();
    lines.sort_by(|a, b| b.received.cmp(&a.received).then_with(|| a.name.cmp(&b.name)));
    let total = Line { name: "all".to_owned(), ..finish(total, all_again) };
    Ok(Report { as_of: question.as_of, rules_of: question.rules_of, definitions: [ON_TIME, TIME_TO_COMPLETE, REPEATS], lines, total })
}

fn group(request: &Request, catalog: &Catalog, by: &By) -> String {
    match by {
        By::Service => catalog.service(&request.service_code).map_or_else(|| request.service_code.clone(), |service| service.name.clone()),
        By::Department => match &request.department {
            Some(code) => catalog.departments.iter().find(|d| d.code == *code).map_or_else(|| code.clone(), |d| d.name.clone()),
            None => NOWHERE.to_owned(),
        },
        By::Channel => request.channel.code().to_owned(),
        By::Area(layer) => request.areas.get(layer).map_or_else(|| NOWHERE.to_owned(), |area| area.name.clone()),
    }
}

fn count(counting: &mut Counting, request: &Request, catalog: &Catalog, question: &Question) {
    let line = &mut counting.line;
    line.received += 1;
    if let By::Area(layer) = &question.by
        && let Some(area) = request.areas.get(layer)
    {
        line.editions.insert(if area.in_force { area.edition.clone() } else { format!("{} (not in force that day)", area.edition) });
    }
    let closed_at = request.closed_at.filter(|closed| *closed <= question.as_of);
    let open = request.status.is_open() || (request.closed_at.is_some() && closed_at.is_none());
    line.open += u64::from(open);
    let due = due(request, catalog, question.rules_of);
    line.on_time.add(standing(open, closed_at, due, question.as_of));
    if due.is_none()
        && let Some(past) = request.source_fields.get("past_estimate")
    {
        line.kept_by_source.of += 1;
        line.kept_by_source.count += u64::from(past == "no");
    }
    if let Some(closed) = closed_at {
        counting.took.push(u64::try_from(closed.millis() - request.requested_at.millis()).unwrap_or(0));
    }
    if let Some(outcome) = request.outcome.filter(|_| !open) {
        *line.outcomes.entry(outcome.code().to_owned()).or_default() += 1;
    }
}

/// The promised date: the request's own, or the one that the targets of another day would have given.
fn due(request: &Request, catalog: &Catalog, rules_of: Option<Timestamp>) -> Option<Timestamp> {
    let Some(rules_of) = rules_of else { return request.due_at };
    let service = catalog.service(&request.service_code)?;
    let priority = Priority::parse(&request.priority).unwrap_or(Priority::Normal);
    catalog.promise_under(service, priority, request.requested_at, rules_of).map(|promise| promise.due_at)
}

fn finish(counting: Counting, repeats: u64) -> Line {
    let Counting { mut line, mut took, located } = counting;
    took.sort_unstable();
    line.days = Days { measured: took.len() as u64, median_tenths: rank(&took, 50), p90_tenths: rank(&took, 90) };
    line.repeats = Share { count: repeats, of: located };
    line
}

/// The value at a percentile by nearest rank, in tenths of days rounded half up.
fn rank(sorted: &[u64], percent: usize) -> Option<u64> {
    let place = (sorted.len() * percent).div_ceil(100).checked_sub(1)?;
    sorted.get(place).map(|millis| (millis + 4_320_000) / 8_640_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_nearest_rank() {
        let day = 86_400_000;
        let took: Vec<u64> = (1..=10).map(|n| n * day).collect();
        assert_eq!((rank(&took, 50), rank(&took, 90)), (Some(50), Some(90)));
        assert_eq!(rank(&[3 * day], 90), Some(30));
        assert_eq!(rank(&[], 50), None);
    }
}

//! One row of a city's file becomes one request, or a reason why not.
//!
//! What a row must have is its number, its service, its date and a known status; a fault there refuses the row. A fault
//! elsewhere (a close date before the request, a latitude of 400) leaves that value out and is counted as a warning: the
//! source's own text stays with the request.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{Ids, LatLon, Timestamp};
use requests::{Channel, FrozenPromise, Outcome, Place, Request, RequestId, Status};

use crate::dates::{Dates, Moment, NoMoment};
use crate::layout::Layout;
use crate::map::{Bound, Expression, Map, fold};
use crate::rows::Row;
use crate::words::{line, mended, text, whole};

/// The longest number a request may have, in characters.
const LONGEST_NUMBER: usize = 64;
/// The most services that a file may name, and the most pairs of department and team: more means that the map takes the
/// wrong column, and memory would grow with the file.
const MOST_SERVICES: usize = 10_000;
const MOST_DEPARTMENTS: usize = 10_000;
/// How far ahead of the clock a row's date may lie before it is absurd, in milliseconds: other clocks are not right either.
const AHEAD: i64 = 2 * 24 * 3_600_000;

/// A row that became a request. What needs the catalog is still to be filled in: `request.service_code`, the promise.
#[derive(Clone, Debug)]
pub(crate) struct Converted {
    pub request: Request,
    pub parent_number: Option<String>,
    /// Which of the services met so far.
    pub service: usize,
    /// The day on which it was asked for, on the wall clock.
    pub day: Date,
    /// Whether the source itself promised something.
    pub promised: bool,
}

/// A service as rows name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Met {
    pub name: String,
    /// The name in the file, when it is an earlier one.
    pub earlier: Option<String>,
    pub code: Option<String>,
    pub group: Option<String>,
    pub department: Option<String>,
}

/// A department and a team as rows name them; codes first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct MetDepartment {
    pub code: String,
    pub name: String,
    /// Code and name.
    pub team: Option<(String, String)>,
}

/// Turns the rows of one file into requests.
pub(crate) struct Converter {
    map: Arc<Map>,
    layout: Layout,
    dates: Dates,
    now: Timestamp,
    ids: Ids,
    /// In some files one column tells of closings and of other changes: then it says nothing odd about open requests.
    closed_is_updated: bool,
    services: HashMap<String, usize>,
    departments: HashMap<String, HashMap<String, Codes>>,
    departments_held: usize,
    /// Met since the caller last took them.
    pub new_services: Vec<Met>,
    /// Met since the caller last took them.
    pub new_departments: Vec<MetDepartment>,
    /// What was odd, and how often.
    pub warnings: BTreeMap<String, u64>,
}

/// Codes of a department and of a team in it.
type Codes = (Option<String>, Option<String>);

/// A reason to refuse a row.
type Refused = String;

impl Converter {
    pub fn new(map: Arc<Map>, layout: Layout, zone: TimeZone, now: Timestamp, ids: Ids) -> Self {
        let dates = Dates::new(map.dates.formats.clone(), map.dates.zone.clone().unwrap_or(zone), map.dates.marks_are_wrong);
        let closed_is_updated = map.columns.closed == map.columns.updated;
        Self {
            map,
            layout,
            dates,
            now,
            ids,
            closed_is_updated,
            services: HashMap::new(),
            departments: HashMap::new(),
            departments_held: 0,
            new_services: Vec::new(),
            new_departments: Vec::new(),
            warnings: BTreeMap::new(),
        }
    }

    fn warn(&mut self, what: impl Into<String>) {
        *self.warnings.entry(what.into()).or_default() += 1;
    }

    /// The row's number, if it has a readable one.
    pub fn number(&self, row: &Row) -> Result<String, Refused> {
        let number = self.read(&self.layout.number, row)?.and_then(|text| line(whole(&text))).ok_or("number is empty")?;
        if number.chars().count() > LONGEST_NUMBER {
            return Err(format!("number is longer than {LONGEST_NUMBER} characters"));
        }
        Ok(number)
    }

    fn read<'r>(&self, bound: &Bound, row: &'r Row) -> Result<Option<Cow<'r, str>>, Refused> {
        bound.read(row, &self.map.nothing).map_err(|fault| {
            let column = self.layout.header.names().get(fault.column).map_or("?", String::as_str);
            format!("{column} is no UTF-8 text")
        })
    }

    fn read_line(&self, bound: &Bound, row: &Row) -> Result<Option<String>, Refused> {
        Ok(self.read(bound, row)?.and_then(|text| line(whole(&text))))
    }

    fn read_text(&self, bound: &Bound, row: &Row) -> Result<Option<String>, Refused> {
        Ok(self.read(bound, row)?.and_then(|cell| if self.map.mend_double_encoding { text(&mended(&cell)) } else { text(&cell) }))
    }

    /// The request of this row.
    ///
    /// # Errors
    /// Why the row is refused.
    pub fn convert(&mut self, row: &Row, number: String) -> Result<Converted, Refused> {
        let map = Arc::clone(&self.map);
        let mut kept = BTreeMap::new();
        let requested = self.requested(row)?;
        let (status, table_outcome) = self.status(row, &mut kept)?;
        let service = self.service(row)?;
        let due_at = self.due(row, &requested, &mut kept)?;
        let closed_at = self.closed(row, status, &requested, &mut kept)?;
        let updated_at = self.updated(row, &requested, closed_at)?;
        let words = self.read_line(&self.layout.promised, row)?;
        let promised = due_at.is_some() || words.is_some();
        let explanation = self.read_text(&self.layout.explanation, row)?;
        let parent_number = self.read_line(&self.layout.parent, row)?;
        let flagged = self.read(&self.layout.duplicate, row)?.is_some_and(|word| map.duplicate.contains(&fold(&word)));
        let outcome = if status.is_open() { None } else { Some(self.outcome(row, table_outcome, flagged)?) };
        let place = self.place(row, &mut kept)?;
        let (department, work_group) = self.department(row)?;
        let channel = self.channel(row, &mut kept)?;
        let priority = self.priority(row, &mut kept)?;
        if let Some(word) = self.read(&self.layout.past_estimate, row)? {
            match look_up(&map.past_estimate, &word) {
                Some(past) => drop(kept.insert("past_estimate".to_owned(), if *past { "yes" } else { "no" }.to_owned())),
                None => self.warn("past_estimate is not in the map: left out"),
            }
        }
        if flagged && status.is_open() {
            kept.insert("duplicate".to_owned(), "yes".to_owned());
        }
        self.keep(row, &mut kept)?;
        let request = Request {
            id: RequestId(self.ids.next()),
            number,
            origin: Some(map.origin.clone()),
            fingerprint: None,
            service_code: String::new(),
            status,
            outcome,
            explanation,
            priority,
            channel,
            department,
            work_group,
            assignee: None,
            private: false,
            place,
            in_city: None,
            areas: BTreeMap::new(),
            description: self.read_text(&self.layout.description, row)?,
            answers: BTreeMap::new(),
            media_urls: Vec::new(),
            requested_at: requested.at,
            recorded_at: self.now,
            updated_at,
            closed_at,
            due_at,
            promise: promised.then_some(FrozenPromise::Imported { words }),
            paused_at: None,
            routing: None,
            parent: None,
            source_fields: kept,
            revision: 1,
        };
        Ok(Converted { request, parent_number, service, day: requested.day, promised })
    }

    fn requested(&mut self, row: &Row) -> Result<Moment, Refused> {
        let cell = self.read(&self.layout.requested, row)?.ok_or("requested (its date) is empty")?;
        let moment = self.dates.read(&cell).map_err(|fault| match fault {
            NoMoment::Unreadable => format!("requested: {:?} is no date in a form that the map names", short(&cell)),
            NoMoment::Absurd => format!("requested: {:?} lies outside the years 1900 to 2200", short(&cell)),
        })?;
        if moment.at.millis() > self.now.millis() + AHEAD {
            return Err(format!("requested: {:?} lies in the future", short(&cell)));
        }
        Ok(moment)
    }

    /// A date that a row can do without. What is unreadable is counted, and kept as text.
    fn date(&mut self, bound: fn(&Layout) -> &Bound, name: &str, row: &Row, kept: &mut BTreeMap<String, String>) -> Result<Option<Moment>, Refused> {
        let Some(cell) = self.read(bound(&self.layout), row)? else { return Ok(None) };
        if self.map.dates.nothing.iter().any(|nothing| *nothing == cell) {
            return Ok(None);
        }
        match self.dates.read(&cell) {
            Ok(moment) => Ok(Some(moment)),
            Err(_) => {
                kept.extend(line(&cell).map(|cell| (format!("{name}_as_given"), cell)));
                self.warn(format!("{name} is no date: left out"));
                Ok(None)
            }
        }
    }

    fn due(&mut self, row: &Row, requested: &Moment, kept: &mut BTreeMap<String, String>) -> Result<Option<Timestamp>, Refused> {
        let Some(due) = self.date(|layout| &layout.due, "due", row, kept)? else { return Ok(None) };
        let at = due.day_end.unwrap_or(due.at);
        if at < requested.at {
            kept.insert("due_as_given".to_owned(), at.to_string());
            self.warn("due before it was asked for: due date left out");
            return Ok(None);
        }
        Ok(Some(at))
    }

    fn closed(&mut self, row: &Row, status: Status, requested: &Moment, kept: &mut BTreeMap<String, String>) -> Result<Option<Timestamp>, Refused> {
        if status.is_open() && self.closed_is_updated {
            return Ok(None);
        }
        let Some(closed) = self.date(|layout| &layout.closed, "closed", row, kept)? else {
            if !status.is_open() && !self.layout.closed.is_empty() {
                self.warn("closed without a close date");
            }
            return Ok(None);
        };
        let at = closed.day_end.unwrap_or(closed.at);
        let odd = if status.is_open() {
            "open with a close date: close date left out"
        } else if at < requested.at {
            "closed before it was asked for: close date left out"
        } else if at.millis() > self.now.millis() + AHEAD {
            "closed in the future: close date left out"
        } else {
            return Ok(Some(at));
        };
        kept.insert("closed_as_given".to_owned(), at.to_string());
        self.warn(odd);
        Ok(None)
    }

    fn updated(&mut self, row: &Row, requested: &Moment, closed_at: Option<Timestamp>) -> Result<Timestamp, Refused> {
        let least = closed_at.unwrap_or(requested.at);
        let Some(updated) = self.date(|layout| &layout.updated, "updated", row, &mut BTreeMap::new())? else { return Ok(least) };
        let at = updated.day_end.unwrap_or(updated.at);
        // A mark that only says the day may lie before the hour of the request on that same day.
        let at = if at.millis() > self.now.millis() + AHEAD { least } else { at };
        Ok(at.max(least))
    }

    fn status(&mut self, row: &Row, kept: &mut BTreeMap<String, String>) -> Result<(Status, Option<Outcome>), Refused> {
        let word = self.read(&self.layout.status, row)?.ok_or("status is empty")?;
        let known = look_up(&self.map.status, &word).copied();
        let known = known.ok_or_else(|| format!("status {:?} is not in the map", short(&word)))?;
        kept.extend(line(&word).map(|word| ("status".to_owned(), word)));
        Ok(known)
    }

    fn outcome(&self, row: &Row, from_table: Option<Outcome>, flagged: bool) -> Result<Outcome, Refused> {
        if let Some(outcome) = from_table {
            return Ok(outcome);
        }
        if flagged {
            return Ok(Outcome::Duplicate);
        }
        // Rules of one column mostly follow one another: its words are made comparable once.
        let mut last: Option<(&Expression, Option<String>)> = None;
        for (rule, bound) in self.map.outcomes.iter().zip(&self.layout.outcomes) {
            let words = match last.take() {
                Some((column, words)) if *column == rule.column => words,
                _ => self.read(bound, row)?.map(|words| fold(&words)),
            };
            let (_, words) = last.insert((&rule.column, words));
            let Some(words) = words else { continue };
            let fits = rule.is.contains(words)
                || rule.starts.iter().any(|s| words.starts_with(s.as_str()))
                || rule.contains.iter().any(|c| words.contains(c.as_str()));
            if fits {
                return Ok(rule.outcome);
            }
        }
        Ok(Outcome::NotRecorded)
    }

    /// Which service, by its place among those met so far.
    fn service(&mut self, row: &Row) -> Result<usize, Refused> {
        let rules = &self.map.service;
        let (mut name, mut skipped) = (String::new(), String::new());
        for bound in &self.layout.service_name {
            let Some(part) = self.read(bound, row)? else { continue };
            let mut part: &str = part.as_ref();
            for end in &rules.cut_end {
                part = part.strip_suffix(end.as_str()).unwrap_or(part);
            }
            let part = part.trim_matches(|c: char| c.is_whitespace() || c == '-');
            if skipped.is_empty() {
                part.clone_into(&mut skipped);
            }
            let is_number = rules.skip_numbers && part.bytes().all(|b| b.is_ascii_digit());
            if part.is_empty() || is_number || (!rules.skip.is_empty() && rules.skip.contains(&fold(part))) {
                continue;
            }
            if !name.is_empty() {
                name.push_str(&rules.join);
            }
            name.push_str(part);
        }
        // A row of nothing but words that say nothing still has a name.
        let name = if name.is_empty() { skipped } else { name };
        let code = self.read(&self.layout.service_code, row)?;
        let key = code.as_deref().unwrap_or(&name);
        if let Some(place) = self.services.get(key) {
            return Ok(*place);
        }
        if self.services.len() >= MOST_SERVICES {
            return Err(format!("the file names more than {MOST_SERVICES} services: service.name of the map takes the wrong column"));
        }
        let key = key.to_owned();
        let Some(name) = line(&name) else { return Err("service is empty".to_owned()) };
        let today = rules.renamed.get(&fold(&name)).cloned();
        let met = Met {
            earlier: today.is_some().then(|| name.clone()),
            name: today.unwrap_or(name),
            code: code.and_then(|code| line(&code)).filter(|code| catalog::is_code(code)),
            group: self.read_line(&self.layout.service_group, row)?,
            department: None,
        };
        let met = Met { department: self.department(row)?.0, ..met };
        self.new_services.push(met);
        let place = self.services.len();
        self.services.insert(key, place);
        Ok(place)
    }

    /// Codes of the department and the team.
    fn department(&mut self, row: &Row) -> Result<Codes, Refused> {
        let (department, team) = (self.read(&self.layout.department, row)?.unwrap_or_default(), self.read(&self.layout.work_group, row)?.unwrap_or_default());
        if let Some(known) = self.departments.get(department.as_ref()).and_then(|teams| teams.get(team.as_ref())) {
            return Ok(known.clone());
        }
        if self.departments_held >= MOST_DEPARTMENTS {
            self.warn("department left out: the file names too many");
            return Ok((None, None));
        }
        let key = (department.into_owned(), team.into_owned());
        let named = |table: &BTreeMap<String, Option<String>>, word: &str| match look_up(table, word) {
            Some(name) => name.clone(),
            None => line(word.trim_matches(|c: char| c.is_whitespace() || c == '-')),
        };
        let coded = |name: String| Some((kernel::text::slug(&name), name)).filter(|(code, _)| !code.is_empty());
        let department = named(&self.map.department, &key.0).and_then(coded);
        let team = named(&self.map.work_group, &key.1).and_then(coded);
        let found = (department.as_ref().map(|(code, _)| code.clone()), team.as_ref().map(|(code, _)| code.clone()));
        self.new_departments.extend(department.map(|(code, name)| MetDepartment { code, name, team }));
        self.departments_held += 1;
        self.departments.entry(key.0).or_default().insert(key.1, found.clone());
        Ok(found)
    }

    fn channel(&mut self, row: &Row, kept: &mut BTreeMap<String, String>) -> Result<Channel, Refused> {
        let Some(word) = self.read(&self.layout.channel, row)? else { return Ok(Channel::Other) };
        if let Some(channel) = look_up(&self.map.channel, &word) {
            return Ok(*channel);
        }
        kept.extend(line(&word).map(|word| ("channel_as_given".to_owned(), word)));
        self.warn("channel is not in the map: taken as other");
        Ok(Channel::Other)
    }

    fn priority(&mut self, row: &Row, kept: &mut BTreeMap<String, String>) -> Result<String, Refused> {
        let normal = catalog::Priority::Normal.as_str().to_owned();
        let Some(word) = self.read(&self.layout.priority, row)? else { return Ok(normal) };
        if let Some(priority) = look_up(&self.map.priority, &word) {
            return Ok(priority.as_str().to_owned());
        }
        kept.extend(line(&word).map(|word| ("priority_as_given".to_owned(), word)));
        self.warn("priority is not in the map: taken as normal");
        Ok(normal)
    }

    fn place(&mut self, row: &Row, kept: &mut BTreeMap<String, String>) -> Result<Place, Refused> {
        for (rule, bound) in self.map.place.elsewhere.iter().zip(&self.layout.elsewhere) {
            if self.read(bound, row)?.is_some_and(|word| rule.is.contains(&fold(&word))) {
                kept.insert("no_place".to_owned(), rule.why.clone());
                return Ok(Place::default());
            }
        }
        let point = self.point(row, kept)?;
        let address = self.read(&self.layout.address, row)?.and_then(|text| line(&text));
        let address = address.filter(|text| self.map.place.no_address.is_empty() || !self.map.place.no_address.contains(&fold(text)));
        let mut zip = self.read_line(&self.layout.zip, row)?;
        if zip.is_none() && self.map.place.zip_in_address {
            zip = address
                .as_deref()
                .and_then(|text| text.rsplit([' ', ',']).next())
                .filter(|end| end.len() == 5 && end.bytes().all(|b| b.is_ascii_digit()))
                .map(str::to_owned);
        }
        Ok(Place { point, address, address_id: self.read_line(&self.layout.address_id, row)?, zip, note: self.read_text(&self.layout.place_note, row)? })
    }

    fn point(&mut self, row: &Row, kept: &mut BTreeMap<String, String>) -> Result<Option<LatLon>, Refused> {
        let (lat, lon) = (self.read(&self.layout.lat, row)?, self.read(&self.layout.lon, row)?);
        let (Some(lat), Some(lon)) = (&lat, &lon) else { return Ok(None) };
        let point = lat.parse().ok().zip(lon.parse().ok()).and_then(|(lat, lon)| LatLon::new(lat, lon));
        let Some(point) = point else {
            kept.extend(line(&format!("{}, {}", short(lat), short(lon))).map(|given| ("point_as_given".to_owned(), given)));
            self.warn("latitude and longitude are no point on earth: left out");
            return Ok(None);
        };
        let near = |a: f64, b: f64| (a - b).abs() < 0.000_005;
        if self.map.place.nowhere.iter().any(|[lat, lon]| near(point.lat, *lat) && near(point.lon, *lon)) {
            kept.insert("no_place".to_owned(), "the geocoder did not find it".to_owned());
            return Ok(None);
        }
        Ok(Some(point))
    }

    fn keep(&self, row: &Row, kept: &mut BTreeMap<String, String>) -> Result<(), Refused> {
        for (key, bound) in &self.layout.keep {
            if let Some(value) = self.read_line(bound, row)? {
                kept.insert(key.clone(), value);
            }
        }
        Ok(())
    }

    /// The areas that the source recorded, in the order of the map's rules; spelled as boundary layers name them.
    pub fn recorded_areas(&self, row: &Row) -> Result<Vec<Option<String>>, Refused> {
        let mut out = Vec::with_capacity(self.layout.areas.len());
        for (rule, bound) in self.map.areas.iter().zip(&self.layout.areas) {
            let cell = self.read_line(bound, row)?;
            out.push(if rule.last_word.is_empty() { cell } else { cell.and_then(|cell| turned(&cell, &rule.last_word)) });
        }
        Ok(out)
    }
}

/// What a table of the map says of a word; its keys are in lower case.
fn look_up<'t, T>(table: &'t BTreeMap<String, T>, word: &str) -> Option<&'t T> {
    table.iter().find(|(key, _)| key.eq_ignore_ascii_case(word)).map(|(_, value)| value).or_else(|| table.get(&fold(word)))
}

/// `06 BROOKLYN` with `BROOKLYN = "3"` is `306`.
fn turned(cell: &str, table: &BTreeMap<String, String>) -> Option<String> {
    let (rest, last) = table.keys().find_map(|word| {
        let folded = fold(cell);
        folded.strip_suffix(word.as_str()).map(|rest| (rest.trim().to_owned(), word))
    })?;
    let is_number = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
    is_number.then_some(format!("{}{rest}", table.get(last)?))
}

/// A cell's beginning, for messages.
fn short(cell: &str) -> String {
    if cell.chars().count() <= 60 { cell.to_owned() } else { cell.chars().take(60).chain(['…']).collect() }
}

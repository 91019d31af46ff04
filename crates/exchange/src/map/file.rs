//! The text of a map: the keys it may have, and their check.

use std::collections::BTreeMap;

use catalog::Priority;
use requests::{Channel, Outcome, Status};
use serde::Deserialize;

use super::{AreaRule, Columns, DateRules, Elsewhere, Expression, Map, OutcomeRule, PlaceRules, ServiceRules};
use crate::dates::Format;

/// One text or a list of them.
#[derive(Clone, Debug, Default)]
struct Texts(Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> serde::de::Visitor<'de> for Read {
            type Value = Texts;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
                let mut out = Vec::new();
                while let Some(text) = list.next_element()? {
                    out.push(text);
                }
                Ok(Texts(out))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    origin: String,
    #[serde(default)]
    nothing: Vec<String>,
    #[serde(default)]
    mend_double_encoding: bool,
    #[serde(default)]
    keep: Vec<String>,
    columns: FileColumns,
    dates: FileDates,
    service: FileService,
    status: BTreeMap<String, String>,
    #[serde(default)]
    channel: BTreeMap<String, String>,
    #[serde(default)]
    priority: BTreeMap<String, String>,
    #[serde(default)]
    department: BTreeMap<String, String>,
    #[serde(default)]
    work_group: BTreeMap<String, String>,
    #[serde(default)]
    past_estimate: BTreeMap<String, bool>,
    #[serde(default)]
    duplicate: FileDuplicate,
    #[serde(default)]
    place: FilePlace,
    #[serde(default)]
    areas: BTreeMap<String, FileArea>,
    #[serde(default)]
    outcomes: Vec<FileOutcome>,
}

macro_rules! columns {
    ($($needed:ident)+; $($other:ident)+) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct FileColumns {
            $($needed: Texts,)+
            $(#[serde(default)] $other: Texts,)+
        }

        impl FileColumns {
            fn read(&self) -> Result<Columns, String> {
                Ok(Columns {
                    $($needed: needed(&self.$needed, concat!("columns.", stringify!($needed)))?,)+
                    $($other: expression(&self.$other, concat!("columns.", stringify!($other)))?,)+
                })
            }
        }
    };
}

columns! {
    number requested status;
    closed updated due promised channel priority department work_group address address_id zip lat lon place_note description explanation parent
    duplicate past_estimate
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileDates {
    formats: Vec<String>,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    marks_are_wrong: bool,
    #[serde(default)]
    nothing: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileService {
    name: Vec<Texts>,
    #[serde(default = "colon")]
    join: String,
    #[serde(default)]
    code: Texts,
    #[serde(default)]
    group: Texts,
    #[serde(default)]
    skip: Vec<String>,
    #[serde(default)]
    skip_numbers: bool,
    #[serde(default)]
    cut_end: Vec<String>,
    #[serde(default)]
    renamed: BTreeMap<String, String>,
}

fn colon() -> String {
    ": ".to_owned()
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileDuplicate {
    is: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FilePlace {
    nowhere: Vec<[f64; 2]>,
    no_address: Vec<String>,
    zip_in_address: bool,
    elsewhere: Vec<FileElsewhere>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileElsewhere {
    column: Texts,
    is: Vec<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileArea {
    column: Texts,
    #[serde(default)]
    last_word: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileOutcome {
    column: Texts,
    #[serde(default)]
    is: Vec<String>,
    #[serde(default)]
    starts: Vec<String>,
    #[serde(default)]
    contains: Vec<String>,
    outcome: String,
}

/// Reads and checks a map.
pub(super) fn read(text: &str) -> Result<Map, String> {
    let File {
        title,
        origin,
        nothing,
        mend_double_encoding,
        keep,
        columns,
        dates,
        service,
        status,
        channel,
        priority,
        department,
        work_group,
        past_estimate,
        duplicate,
        place,
        areas,
        outcomes,
    } = toml::from_str(text).map_err(|error| error.to_string())?;
    if origin != kernel::text::slug(&origin) || origin.is_empty() {
        return Err(format!("origin {origin:?} must be lower-case letters, digits and hyphens"));
    }
    if status.is_empty() {
        return Err("[status] must say what each status of the file means".to_owned());
    }
    let columns = columns.read()?;
    if columns.lat.is_empty() != columns.lon.is_empty() {
        return Err("columns.lat and columns.lon go together".to_owned());
    }
    Ok(Map {
        title,
        origin,
        nothing,
        mend_double_encoding,
        columns,
        dates: read_dates(dates)?,
        service: read_service(service)?,
        status: status.iter().map(|(word, means)| Ok((fold(word), read_status(word, means)?))).collect::<Result<_, String>>()?,
        channel: codes(&channel, "channel", Channel::from_code)?,
        priority: codes(&priority, "priority", Priority::parse)?,
        department: names(department),
        work_group: names(work_group),
        outcomes: outcomes.into_iter().enumerate().map(|(nth, rule)| read_outcome(nth + 1, rule)).collect::<Result<_, _>>()?,
        place: read_place(place)?,
        past_estimate: past_estimate.into_iter().map(|(word, past)| (fold(&word), past)).collect(),
        duplicate: duplicate.is.iter().map(|word| fold(word)).collect(),
        areas: areas
            .into_iter()
            .map(|(layer, FileArea { column, last_word })| {
                let column = needed(&column, &format!("areas.{layer}.column"))?;
                let last_word = last_word.into_iter().map(|(word, code)| (fold(&word), code)).collect();
                Ok(AreaRule { layer, column, last_word })
            })
            .collect::<Result<_, String>>()?,
        keep: keep
            .into_iter()
            .map(|column| Ok((key_of(&column), Expression::parse([column.as_str()]).map_err(|e| format!("keep: {e}"))?)))
            .collect::<Result<_, String>>()?,
    })
}

/// A word as it is compared: in lower case, its blanks single.
pub(crate) fn fold(word: &str) -> String {
    kernel::text::clean_line(word).to_lowercase()
}

/// The name under which a column of the source is kept with the request.
pub(crate) fn key_of(column: &str) -> String {
    kernel::text::slug(column).replace('-', "_")
}

fn expression(texts: &Texts, key: &str) -> Result<Expression, String> {
    Expression::parse(texts.0.iter().map(String::as_str)).map_err(|error| format!("{key}: {error}"))
}

fn needed(texts: &Texts, key: &str) -> Result<Expression, String> {
    let expression = expression(texts, key)?;
    if expression.is_empty() { Err(format!("{key} names no column")) } else { Ok(expression) }
}

fn codes<T>(table: &BTreeMap<String, String>, key: &str, read: impl Fn(&str) -> Option<T>) -> Result<BTreeMap<String, T>, String> {
    table.iter().map(|(word, code)| Ok((fold(word), read(code).ok_or_else(|| format!("{key}.{word}: there is no {key} {code:?}"))?))).collect()
}

fn names(table: BTreeMap<String, String>) -> BTreeMap<String, Option<String>> {
    table.into_iter().map(|(word, name)| (fold(&word), (!name.is_empty()).then_some(name))).collect()
}

/// `closed` or, with an outcome, `closed, duplicate`.
fn read_status(word: &str, means: &str) -> Result<(Status, Option<Outcome>), String> {
    let (status, outcome) = means.split_once(',').map_or((means, None), |(status, outcome)| (status, Some(outcome.trim())));
    let status = Status::from_code(status.trim()).ok_or_else(|| format!("status.{word}: there is no status {status:?}"))?;
    let outcome = outcome.map(|code| Outcome::from_code(code).ok_or_else(|| format!("status.{word}: there is no outcome {code:?}"))).transpose()?;
    if outcome.is_some() && status.is_open() {
        return Err(format!("status.{word}: only what is closed has an outcome"));
    }
    Ok((status, outcome))
}

fn read_dates(FileDates { formats, zone, marks_are_wrong, nothing }: FileDates) -> Result<DateRules, String> {
    if formats.is_empty() {
        return Err("dates.formats names no format".to_owned());
    }
    let formats = formats.iter().map(|format| Format::parse(format).map_err(|error| format!("dates.formats: {error}"))).collect::<Result<_, _>>()?;
    let zone = zone.map(|name| jiff::tz::TimeZone::get(&name).map_err(|_| format!("dates.zone: there is no time zone {name:?}"))).transpose()?;
    Ok(DateRules { formats, zone, marks_are_wrong, nothing })
}

fn read_service(FileService { name, join, code, group, skip, skip_numbers, cut_end, renamed }: FileService) -> Result<ServiceRules, String> {
    if name.is_empty() {
        return Err("service.name names no column".to_owned());
    }
    Ok(ServiceRules {
        name: name.iter().map(|part| needed(part, "service.name")).collect::<Result<_, _>>()?,
        join,
        code: expression(&code, "service.code")?,
        group: expression(&group, "service.group")?,
        skip: skip.iter().map(|part| fold(part)).collect(),
        skip_numbers,
        cut_end,
        renamed: renamed.into_iter().map(|(old, new)| (fold(&old), new)).collect(),
    })
}

fn read_outcome(nth: usize, FileOutcome { column, is, starts, contains, outcome }: FileOutcome) -> Result<OutcomeRule, String> {
    let key = format!("outcomes, rule {nth}");
    let lower = |words: Vec<String>| words.iter().map(|word| fold(word)).collect::<Vec<_>>();
    let rule = OutcomeRule {
        column: needed(&column, &key)?,
        is: lower(is),
        starts: lower(starts),
        contains: lower(contains),
        outcome: Outcome::from_code(&outcome).ok_or_else(|| format!("{key}: there is no outcome {outcome:?}"))?,
    };
    let words = || rule.is.iter().chain(&rule.starts).chain(&rule.contains);
    if words().count() == 0 || words().any(String::is_empty) {
        return Err(format!("{key}: needs words in is, starts or contains"));
    }
    Ok(rule)
}

fn read_place(FilePlace { nowhere, no_address, zip_in_address, elsewhere }: FilePlace) -> Result<PlaceRules, String> {
    let elsewhere = elsewhere.into_iter().map(|FileElsewhere { column, is, why }| {
        Ok(Elsewhere { column: needed(&column, "place.elsewhere.column")?, is: is.iter().map(|word| fold(word)).collect(), why })
    });
    Ok(PlaceRules {
        nowhere,
        no_address: no_address.iter().map(|text| fold(text)).collect(),
        zip_in_address,
        elsewhere: elsewhere.collect::<Result<_, String>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
title = "Alder Falls"
origin = "alder-falls"
[columns]
number = "Case"
requested = ["Opened", "{Day} {Time}"]
status = "State"
[dates]
formats = ["%Y-%m-%d"]
[service]
name = ["Kind"]
[status]
Done = "closed, done"
New = "received"
"#;

    fn problem(from: &str, to: &str) -> String {
        assert!(SMALL.contains(from));
        read(&SMALL.replace(from, to)).unwrap_err()
    }

    #[test]
    fn a_small_map() {
        let map = read(SMALL).unwrap();
        assert_eq!(map.status["done"], (Status::Closed, Some(Outcome::Done)));
        assert_eq!(map.columns.requested.in_words(), "Opened, or Day and Time");
        assert!(map.columns.closed.is_empty());
    }

    #[test]
    fn every_fault_is_named() {
        assert!(problem("status = \"State\"", "status = \"State\"\ncolour = \"x\"").contains("colour"));
        assert!(problem("number = \"Case\"\n", "").contains("number"));
        assert!(problem("number = \"Case\"", "number = []").contains("columns.number names no column"));
        assert!(problem("number = \"Case\"", "number = \"{Case\"").contains("columns.number"));
        assert!(problem("\"closed, done\"", "\"finished\"").contains("status.Done: there is no status"));
        assert!(problem("\"received\"", "\"received, done\"").contains("only what is closed"));
        assert!(problem("%Y-%m-%d", "%Y").contains("dates.formats"));
        assert!(problem("origin = \"alder-falls\"", "origin = \"Alder Falls\"").contains("origin"));
        assert!(problem("[status]", "[[outcomes]]\ncolumn = \"x\"\noutcome = \"done\"\n[status]").contains("outcomes, rule 1"));
        assert!(problem("[dates]", "lat = \"Y\"\n[dates]").contains("columns.lat and columns.lon"));
        assert!(read("not = [toml").is_err());
    }
}

//! `report`: how many, how fast, how often on time, and by whose lines.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use catalog::Catalog;
use clap::{Args, ValueEnum};
use insight::{By, Line, Question, Repeats, Report, Share};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use kernel::Timestamp;
use requests::Span;

use super::{Missing, Place, Usage, Whose, done, note, say};

/// Requests of a span of days: volume, on-time shares with their denominators, time to complete, repeats, outcomes
///
/// The on-time share is given with all three denominators in use: A of closed requests, B of closed and overdue ones, C of
/// all received. --rules-of judges every request by the targets of that day instead of its own promise, so that a change
/// of targets can be told apart from a change of the work. By area, each line says which edition of the boundaries it used.
///
/// Examples:
///   cityhall report --by service --from 2019-01-01 --until 2019-12-31
///   cityhall report --by area --layer council-districts --json
///   cityhall report --by department --rules-of 2016-06-30
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub struct ReportCommand {
    #[command(flatten)]
    whose: Whose,
    /// By what requests are put together
    #[arg(long, value_enum, default_value = "service")]
    by: Group,
    /// The boundary layer, with --by area
    #[arg(long, value_name = "NAME")]
    layer: Option<String>,
    /// The first day, local [default: the first there is]
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// The last day, local and included [default: today]
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Take the report as of the end of this day; what happened later does not count yet [default: now]
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// Judge by the targets in force at the end of this day
    #[arg(long, value_name = "DATE")]
    rules_of: Option<Date>,
    /// A repeat lies within so many metres of an earlier request of the same service
    #[arg(long, value_name = "METRES", default_value_t = 50.0)]
    repeat_radius: f64,
    /// A repeat comes within so many days
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    repeat_days: u32,
    /// Print the whole report as JSON, with definitions, numerators and denominators
    #[arg(long)]
    json: bool,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Group {
    /// By service
    Service,
    /// By department
    Department,
    /// By the channel on which they came
    Channel,
    /// By area of the layer that --layer names
    Area,
}

impl ReportCommand {
    /// Makes and prints the report.
    ///
    /// # Errors
    /// When the flags make no sense or the database cannot be read.
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let by = match (self.by, self.layer) {
            (Group::Area, Some(layer)) => By::Area(layer),
            (Group::Area, None) => return Err(Usage("--by area needs --layer with the name of a boundary layer".to_owned()).into()),
            (_, Some(_)) => return Err(Usage("--layer goes with --by area".to_owned()).into()),
            (Group::Service, None) => By::Service,
            (Group::Department, None) => By::Department,
            (Group::Channel, None) => By::Channel,
        };
        if !self.repeat_radius.is_finite() || !(1.0..=10_000.0).contains(&self.repeat_radius) {
            return Err(Usage("--repeat-radius must be between 1 and 10,000 metres".to_owned()).into());
        }
        let desk = place.desk(Missing::Refuse).await?;
        let j = desk.jurisdiction(&self.whose).await?;
        let zone = j.zone();
        let question = Question {
            asked: Span { from: self.from.map(|day| start_of(day, &zone)).transpose()?, until: self.until.map(|day| end_of(day, &zone)).transpose()? },
            by,
            as_of: self.as_of.map(|day| end_of(day, &zone)).transpose()?.unwrap_or_else(|| desk.clock.now()),
            rules_of: self.rules_of.map(|day| end_of(day, &zone)).transpose()?,
            repeats: Repeats { radius_m: self.repeat_radius, days: self.repeat_days },
        };
        let catalog = Catalog::load(desk.db.read(), &j).await?;
        let report = insight::report(&desk.db, &j, &catalog, &question).await?;
        if let By::Area(layer) = &question.by
            && report.total.received > 0
            && report.lines.iter().all(|line| line.editions.is_empty())
        {
            note(&format!("None of these requests lies in an area of the layer {layer:?}: was the layer imported before them, and under this name?"));
        }
        let text = if self.json { serde_json::to_string_pretty(&report)? } else { table(&report, &zone) };
        match self.output {
            Some(path) => std::fs::write(&path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?,
            None => say(&text)?,
        }
        desk.close().await?;
        done()
    }
}

fn start_of(day: Date, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    Ok(Timestamp::from_jiff(day.to_zoned(zone.clone()).with_context(|| format!("{day} has no beginning in this time zone"))?.timestamp()))
}

fn end_of(day: Date, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    let end = day.to_datetime(Time::MAX).to_zoned(zone.clone()).with_context(|| format!("{day} has no end in this time zone"))?;
    Ok(Timestamp::from_jiff(end.timestamp()))
}

/// The report as people read it, columns under one another.
fn table(report: &Report, zone: &TimeZone) -> String {
    let header = ["", "received", "open", "on time A", "B", "C", "no promise", "median days", "90th", "repeats"].map(str::to_owned);
    let mut rows = vec![header.to_vec()];
    rows.extend(report.lines.iter().chain(std::iter::once(&report.total)).map(columns));
    let widths: Vec<usize> = (0..header.len()).map(|n| rows.iter().map(|row| row[n].chars().count()).max().unwrap_or(0)).collect();
    let mut out: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells =
                row.iter().zip(&widths).enumerate().map(|(n, (cell, width))| if n == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect();
    out.push(String::new());
    out.push(match report.rules_of {
        Some(rules) => format!("As of {}, by the targets in force on {}.", report.as_of.to_w3(zone), rules.to_w3(zone)),
        None => format!("As of {}, each request by its own promise.", report.as_of.to_w3(zone)),
    });
    for line in report.lines.iter().filter(|line| !line.editions.is_empty()) {
        out.push(format!("{}: lines of {}", line.name, line.editions.iter().cloned().collect::<Vec<_>>().join(", ")));
    }
    let source = report.total.kept_by_source;
    if source.of > 0 {
        out.push(format!("The source's own estimate was kept in {} ({} of {} requests without a promise here).", source.percent(), source.count, source.of));
    }
    for definition in &report.definitions {
        out.push(format!("{} (version {}): {}", definition.name, definition.version, definition.formula));
    }
    out.join("\n")
}

fn columns(line: &Line) -> Vec<String> {
    let share = |share: Share| if share.of == 0 { "–".to_owned() } else { format!("{} ({}/{})", share.percent(), share.count, share.of) };
    let days = |tenths: Option<u64>| tenths.map_or_else(|| "–".to_owned(), |tenths| format!("{}.{}", tenths / 10, tenths % 10));
    vec![
        line.name.clone(),
        line.received.to_string(),
        line.open.to_string(),
        share(line.on_time.of_closed()),
        share(line.on_time.of_closed_and_overdue()),
        share(line.on_time.of_received()),
        line.on_time.no_promise.to_string(),
        days(line.days.median_tenths),
        days(line.days.p90_tenths),
        share(line.repeats),
    ]
}

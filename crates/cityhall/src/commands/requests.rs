//! `cityhall import requests` and `cityhall export requests`.

use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use ::requests::{Filter, Span};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use exchange::{City, Format, ImportOptions, Map, RejectFile};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::Timestamp;
use places::Places;
use serde::Serialize;

use super::import::Input;
use super::progress::{Progress, thousands};
use super::{Missing, Place, Usage, Whose, done, note, say};

/// `import requests`.
#[derive(Args, Debug)]
pub struct ImportRequests {
    /// How the file is to be read: kansas-city, new-york, boston, chicago, san-francisco, dallas, or a map file of your
    /// own (docs and the maps folder show how)
    #[arg(long, value_name = "MAP")]
    map: String,
    /// Refuse rows of services that the catalog does not have, instead of adding these as services not on offer
    #[arg(long)]
    known_services_only: bool,
    #[command(flatten)]
    input: Input,
}

/// A form of export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For spreadsheets; the columns of GeoReport Bulk first
    Csv,
    /// For maps
    Geojson,
    /// For analysis
    Parquet,
}

/// Open or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stand {
    /// Still to be done
    Open,
    /// Ended
    Closed,
}

/// `export requests`.
#[derive(Args, Debug)]
pub struct ExportRequests {
    #[command(flatten)]
    whose: Whose,
    /// The form
    #[arg(long, value_enum)]
    format: Form,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only those asked for on this day or later, YYYY-MM-DD in the city's time zone
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Only those asked for on this day or earlier
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Only of these services, by code
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    service: Vec<String>,
    /// Only of this department, by code
    #[arg(long, value_name = "CODE")]
    department: Option<String>,
    /// Only open or only closed ones
    #[arg(long, value_enum)]
    status: Option<Stand>,
    /// Those too that the public must not see. Who asked is never part of an export
    #[arg(long)]
    with_private: bool,
}

#[derive(Serialize)]
struct Closing<'a> {
    file: String,
    #[serde(flatten)]
    summary: &'a exchange::Summary,
}

impl ImportRequests {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let Self { map, known_services_only, input: Input { whose, json, rejects, file } } = self;
        let map = Map::load(&map).map_err(|error| Usage(error.to_string()))?;
        let (progress, reader) = Progress::open(&file)?;
        let desk = place.desk(Missing::Make).await?;
        let jurisdiction = desk.jurisdiction(&whose).await?;
        let places = Places::open(desk.db.clone(), desk.settings.search.clone());
        let city = City { db: desk.db.clone(), clock: desk.clock.clone(), ids: desk.ids.clone(), places, jurisdiction };
        let options = ImportOptions { rejects: rejects.unwrap_or_else(|| RejectFile::default_path(&file)), known_services_only };
        let imported = exchange::import_requests(&city, &map, reader, &options, &mut |so_far: exchange::Progress| progress.rows(so_far.rows)).await;
        progress.clear();
        let summary = imported.with_context(|| file.display().to_string())?;
        desk.close().await?;
        if json {
            say(&serde_json::to_string(&Closing { file: file.display().to_string(), summary: &summary })?)?;
        } else {
            say(summary.to_string().trim_end())?;
        }
        done()
    }
}

impl ExportRequests {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let format = match self.format {
            Form::Csv => Format::Csv,
            Form::Geojson => Format::GeoJson,
            Form::Parquet => Format::Parquet,
        };
        if format == Format::Parquet && self.output.is_none() && std::io::stdout().is_terminal() {
            return Err(Usage("Parquet is not for a screen: add --output FILE".to_owned()).into());
        }
        let desk = place.desk(Missing::Refuse).await?;
        let jurisdiction = desk.jurisdiction(&self.whose).await?;
        let filter = self.filter(&jurisdiction.zone())?;
        let exported = match &self.output {
            Some(path) => {
                // Under another name until it is whole.
                let mut part = path.as_os_str().to_owned();
                part.push(".part");
                let part = PathBuf::from(part);
                let cannot = || format!("cannot write {}", path.display());
                let mut out = BufWriter::with_capacity(256 * 1024, File::create(&part).with_context(cannot)?);
                let exported = exchange::export_requests(&desk.db, &jurisdiction, format, &filter, &mut out).await;
                let exported = exported.and_then(|exported| out.flush().map(|()| exported).map_err(Into::into));
                if exported.is_err() {
                    // What went wrong is told below; a left-over part is only untidy.
                    let _ = std::fs::remove_file(&part);
                }
                let exported = exported?;
                std::fs::rename(&part, path).with_context(cannot)?;
                exported
            }
            None => {
                let out = BufWriter::with_capacity(64 * 1024, std::io::stdout());
                match exchange::export_requests(&desk.db, &jurisdiction, format, &filter, out).await {
                    // Whoever reads has seen enough (`| head`).
                    Err(exchange::ExportError::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => return done(),
                    other => other?,
                }
            }
        };
        desk.close().await?;
        note(&format!("{} requests, {} of them with a point on the map.", thousands(exported.requests), thousands(exported.located)));
        done()
    }

    fn filter(&self, zone: &TimeZone) -> Result<Filter, Usage> {
        let start = |day: Date| day.to_zoned(zone.clone()).map(|at| Timestamp::from_jiff(at.timestamp())).map_err(|error| Usage(error.to_string()));
        let from = self.from.map(start).transpose()?;
        let until = self.until.map(|day| day.tomorrow().map_err(|error| Usage(error.to_string())).and_then(start)).transpose()?;
        Ok(Filter {
            services: (!self.service.is_empty()).then(|| self.service.clone()),
            open: self.status.map(|stand| stand == Stand::Open),
            // Both ends of a span are included: the last millisecond of the day.
            requested: Span { from, until: until.map(|next| next.plus_millis(-1)) },
            department: self.department.clone(),
            with_private: self.with_private,
            ..Filter::default()
        })
    }
}

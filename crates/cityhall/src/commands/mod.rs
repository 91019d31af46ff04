//! The commands: what each needs, and one file for each. They speak plainly: results on standard output, everything else
//! on standard error, exit status 0, 1 (it failed) or 2 (it was called wrongly).

pub mod api_key;
pub mod backup;
pub mod bench;
pub mod catalog;
pub mod demo;
pub mod doctor;
pub mod export;
pub mod import;
pub mod jurisdiction;
mod progress;
mod rejects;
pub mod report;
pub mod requests;
pub mod serve;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use db::Db;
use kernel::{Clock, Ids};
pub(crate) use progress::lossy;
use staff::Jurisdiction;

use crate::app::open_database;
use crate::settings::{self, Layer, Settings, SettingsError};

const AFTER_HELP: &str = "\
A city in five commands:
  cityhall jurisdiction create --code alderfalls.example --name \"City of Alder Falls\" --timezone America/Chicago
  cityhall import catalog examples/catalog.toml
  cityhall import boundaries --layer council-districts --name-field district districts.geojson
  cityhall api-key create --name \"Pothole app\"
  cityhall serve

Without --database the data is in ./cityhall-data/. `cityhall demo` shows an invented city at work.
Settings come from flags, CITYHALL_… variables and cityhall.toml: see docs/settings.md.";

/// One call to City Hall: a city takes its residents' requests, routes them, promises a date, and shows what became of them.
#[derive(Debug, Parser)]
#[command(name = "cityhall", version, after_help = AFTER_HELP, propagate_version = false, max_term_width = 110)]
pub struct Cli {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes. What is not given comes from the environment, the settings file or the defaults.
#[derive(Args, Clone, Debug, Default)]
pub struct Place {
    /// The database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME [default: sqlite:cityhall-data/cityhall.db]
    #[arg(long, global = true, value_name = "URL", help_heading = "Settings")]
    pub database: Option<String>,
    /// The settings file [default: cityhall.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// Where photos are kept: a folder or s3://BUCKET/PREFIX [default: beside the database]
    #[arg(long, global = true, value_name = "URL", help_heading = "Settings")]
    pub media: Option<String>,
    /// The folder of the address search index [default: beside the database]
    #[arg(long, global = true, value_name = "FOLDER", help_heading = "Settings")]
    pub search: Option<String>,
    /// How log lines look: text or json [default: text]
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "Settings")]
    pub log_format: Option<String>,
    /// How much is logged: error, warn, info, debug or trace [default: info for serve, else warn]
    #[arg(long, global = true, value_name = "LEVEL", help_heading = "Settings")]
    pub log_level: Option<String>,
}

/// Whose data a command is about.
#[derive(Args, Clone, Debug, Default)]
pub struct Whose {
    /// The jurisdiction's code; not needed while there is only one
    #[arg(long, value_name = "CODE")]
    pub jurisdiction: Option<String>,
}

/// What can be done.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Command {
    /// Serve pages and APIs until told to stop
    Serve(serve::Serve),
    /// Make the tables, or bring them up to date after a new version
    ///
    /// Example: cityhall migrate --database postgres://cityhall@db/cityhall
    Migrate,
    /// Create and list the governments served
    #[command(subcommand)]
    Jurisdiction(jurisdiction::Jurisdictions),
    /// Take in a city's files: catalog, map layers, addresses, request history
    ///
    /// Every import streams, shows its progress, may be run again (nothing is doubled), and writes each row that it
    /// cannot use to a rejects file with the line and the reason. Files may be compressed with gzip.
    #[command(subcommand)]
    Import(import::Import),
    /// Hand out requests or the catalog
    #[command(subcommand)]
    Export(export::Export),
    /// Create, list and revoke the keys with which apps send requests
    #[command(subcommand, name = "api-key")]
    ApiKey(api_key::ApiKeys),
    /// Requests of a span of days: volume, on-time shares with their denominators, time to complete, repeats, outcomes
    Report(report::ReportCommand),
    /// Write everything into one file, also while the server runs
    Backup(backup::Backup),
    /// Fill an empty database from a backup, on either engine
    Restore(backup::Restore),
    /// Say what is wrong with this installation and how to mend it
    Doctor(doctor::Doctor),
    /// Measure this machine: intake, reads, search and import, as ratios to the raw engine
    Bench(bench::Bench),
    /// Make an invented city and serve it
    Demo(demo::Demo),
}

/// What a command works with.
pub struct Desk {
    /// How this installation runs.
    pub settings: Settings,
    /// Its database, tables up to date.
    pub db: Db,
    /// The machine's clock.
    pub clock: Clock,
    /// Ids by chance.
    pub ids: Ids,
}

/// Whether a command may make a database that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It is made.
    Make,
    /// That is a mistake.
    Refuse,
}

/// The command was called wrongly; the exit status is 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// Runs a command and answers the exit status. What went wrong is told on standard error.
pub async fn run(cli: Cli) -> ExitCode {
    match cli.command.run(&cli.place).await {
        Ok(code) => code,
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe) => ExitCode::SUCCESS,
        Err(error) => {
            let wrong_call = error.downcast_ref::<Usage>().is_some() || error.downcast_ref::<SettingsError>().is_some();
            note(&format!("cityhall: {}", told(&error)));
            ExitCode::from(if wrong_call { 2 } else { 1 })
        }
    }
}

/// An error with its causes in one sentence; a cause that only repeats what was said is left out.
fn told(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

impl Command {
    async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        match self {
            Self::Serve(serve) => serve.run(place).await,
            Self::Doctor(doctor) => doctor.run(place).await,
            Self::Demo(demo) => demo.run(place).await,
            Self::Bench(bench) => bench.run(place).await,
            Self::Migrate => {
                let settings = place.settings()?;
                let db = open_database(&settings).await?;
                let steps = db.migrate(&crate::migrations()).await.context("the tables could not be brought up to date")?;
                db.close().await?;
                say(&match steps {
                    0 => "The tables are up to date.".to_owned(),
                    1 => "1 step ran; the tables are up to date.".to_owned(),
                    n => format!("{n} steps ran; the tables are up to date."),
                })?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Jurisdiction(command) => command.run(place).await,
            Self::Import(command) => command.run(place).await,
            Self::Export(command) => command.run(place).await,
            Self::ApiKey(command) => command.run(place).await,
            Self::Report(command) => command.run(place).await,
            Self::Backup(command) => command.run(place).await,
            Self::Restore(command) => command.run(place).await,
        }
    }
}

impl Place {
    /// The settings as the file, the environment and these flags say.
    ///
    /// # Errors
    /// When one of them is refused.
    pub fn settings(&self) -> Result<Settings, SettingsError> {
        self.settings_with([])
    }

    /// As [`Place::settings`], with a command's own flags on top.
    ///
    /// # Errors
    /// When one of them is refused.
    pub fn settings_with(&self, more: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Result<Settings, SettingsError> {
        let Self { database, config, media, search, log_format, log_level } = self.clone();
        let named = config.or_else(|| std::env::var_os("CITYHALL_CONFIG").filter(|name| !name.is_empty()).map(PathBuf::from));
        let mut layers = Vec::new();
        match named {
            Some(path) => layers.push(Layer::file(&path)?),
            None if std::path::Path::new(settings::FILE).is_file() => layers.push(Layer::file(settings::FILE.as_ref())?),
            None => {}
        }
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
        layers.push(Layer::environment(variables));
        let flags = [("database", database), ("media", media), ("search", search), ("log_format", log_format), ("log_level", log_level)];
        layers.push(Layer::flags(flags.into_iter().chain(more)));
        Settings::from_layers(&layers)
    }

    /// Opens what a command works with. Its log tells only of trouble, unless a level was asked for.
    ///
    /// # Errors
    /// When settings are refused, the database cannot be reached or is missing, or its tables are not up to date.
    pub async fn desk(&self, missing: Missing) -> anyhow::Result<Desk> {
        let settings = self.settings()?;
        self.quiet_log(&settings);
        if let (Missing::Refuse, Ok(db::dialect::Address::Sqlite(path))) = (missing, db::dialect::Address::parse(&settings.database))
            && !path.is_file()
        {
            bail!("there is no database at {}: name one with --database, or make one with `cityhall jurisdiction create`", path.display());
        }
        let db = open_database(&settings).await?;
        let waiting = db.pending(&crate::migrations()).await.context("the tables cannot be used")?;
        if !waiting.is_empty() {
            if !settings.migrate_on_start {
                return Err(crate::AppError::NotMigrated(waiting.len()).into());
            }
            db.migrate(&crate::migrations()).await.context("the tables could not be brought up to date")?;
            note(&format!("The tables of {} were made or brought up to date.", settings.database_shown()));
        }
        events::settle_stamps(&db).await?;
        let clock = Clock::system();
        let ids = Ids::system(clock.clone());
        Ok(Desk { settings, db, clock, ids })
    }

    /// Starts the log of a command that is not a server.
    pub(crate) fn quiet_log(&self, settings: &Settings) {
        let asked = self.log_level.is_some() || std::env::var_os("CITYHALL_LOG_LEVEL").is_some();
        let log_level = if asked { settings.log_level.clone() } else { "warn".to_owned() };
        crate::logs::start(&Settings { log_level, ..settings.clone() });
    }
}

impl Desk {
    /// The jurisdiction with this code; without one, the only one there is.
    ///
    /// # Errors
    /// When there is none, or several and none was named.
    pub async fn jurisdiction(&self, whose: &Whose) -> anyhow::Result<Jurisdiction> {
        let mut all = staff::jurisdictions(self.db.read()).await?;
        let codes = all.iter().map(|j| j.code.clone()).collect::<Vec<_>>().join(", ");
        match &whose.jurisdiction {
            Some(code) => match all.into_iter().find(|j| j.code == *code) {
                Some(found) => Ok(found),
                None if codes.is_empty() => bail!("there is no jurisdiction {code:?}: create it with `cityhall jurisdiction create --code {code} …`"),
                None => bail!("there is no jurisdiction {code:?}; there is {codes}"),
            },
            None if all.len() > 1 => Err(Usage(format!("several jurisdictions are served here: add --jurisdiction with one of {codes}")).into()),
            None => all.pop().context("there is no jurisdiction yet: create one with `cityhall jurisdiction create --code CODE --name NAME --timezone ZONE`"),
        }
    }

    /// Closes the database.
    ///
    /// # Errors
    /// When the engine reports a fault.
    pub async fn close(self) -> anyhow::Result<()> {
        Ok(self.db.close().await?)
    }
}

/// Writes a line to standard output.
pub(crate) fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")
}

/// Writes a line to standard error. When even that is gone there is nobody to tell.
pub(crate) fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Answers success.
pub(crate) fn done() -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn errors_are_one_sentence_without_repetition() {
        let error = anyhow::anyhow!("no such table").context("the database x: no such table").context("the import stopped");
        assert_eq!(told(&error), "the import stopped: the database x: no such table");
    }
}

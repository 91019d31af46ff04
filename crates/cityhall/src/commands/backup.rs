//! `cityhall backup` and `cityhall restore`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use indicatif::ProgressBar;
use requests::PhotoStore;

use super::progress::thousands;
use super::{Missing, Place, done, note, say};
use crate::app::open_database;
use crate::archive::{self, Contents};

const BACKUP_HELP: &str = "\
Example: cityhall backup cityhall-2026-11-21.tar.gz

The file holds all tables as they are at one moment, and all photos; the server may go on serving. It can be restored
on SQLite and on PostgreSQL, whichever it came from. It holds residents' contacts, so only its owner can read it: keep
it so. A file of that name is replaced when the new one is complete.";

const RESTORE_HELP: &str = "\
Example: cityhall restore --database postgres://cityhall@db/cityhall cityhall-2026-11-21.tar.gz

The database must be empty. A damaged file leaves it so.";

/// `backup`.
#[derive(Args, Debug)]
#[command(after_help = BACKUP_HELP)]
pub struct Backup {
    /// Print what the backup holds as JSON
    #[arg(long)]
    json: bool,
    /// The file to write, by custom .tar.gz
    file: PathBuf,
}

/// `restore`.
#[derive(Args, Debug)]
#[command(after_help = RESTORE_HELP)]
pub struct Restore {
    /// Print what was restored as JSON
    #[arg(long)]
    json: bool,
    /// The file that `backup` made
    file: PathBuf,
}

impl Backup {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let desk = place.desk(Missing::Refuse).await?;
        let photos = PhotoStore::from_url(&desk.settings.media)?;
        let bar = spinner();
        let told = bar.clone();
        let contents = archive::back_up(&desk.db, &photos, &desk.clock, &self.file, move |rows| told.set_message(format!("{} rows", thousands(rows)))).await?;
        bar.finish_and_clear();
        desk.close().await?;
        tell(&contents, self.json, &format!("{} holds", self.file.display()))?;
        if contents.missing > 0 {
            note(&format!("{} photos were not in their place and are not in the backup: see `cityhall doctor`.", contents.missing));
        }
        done()
    }
}

impl Restore {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let settings = place.settings()?;
        place.quiet_log(&settings);
        // Before anything is made: a name mistyped should leave no empty database behind.
        std::fs::File::open(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        let db = open_database(&settings).await?;
        let photos = PhotoStore::from_url(&settings.media)?;
        let bar = spinner();
        let told = bar.clone();
        let contents = archive::restore(&db, &photos, &self.file, move |rows| told.set_message(format!("{} rows", thousands(rows)))).await?;
        bar.finish_and_clear();
        db.close().await?;
        tell(&contents, self.json, &format!("{} now holds", settings.database_shown()))?;
        done()
    }
}

fn spinner() -> ProgressBar {
    if !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn tell(contents: &Contents, json: bool, what: &str) -> anyhow::Result<()> {
    if json {
        say(&serde_json::to_string(contents)?)?;
    } else {
        let requests = contents.rows.get("requests").copied().unwrap_or(0);
        say(&format!(
            "{what} {} rows of {} tables, {} requests among them, and {} photos.",
            thousands(contents.all_rows()),
            contents.rows.values().filter(|rows| **rows > 0).count(),
            thousands(requests),
            thousands(contents.objects)
        ))?;
    }
    Ok(())
}

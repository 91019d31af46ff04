//! `cityhall import catalog` and `cityhall export catalog`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use super::{Missing, Place, Whose, done, say};

/// `import catalog`.
#[derive(Args, Debug)]
pub struct ImportCatalog {
    #[command(flatten)]
    whose: Whose,
    /// Print the summary as JSON: read, imported, unchanged, rejected, and what was added, changed and retired
    #[arg(long)]
    json: bool,
    /// The catalog file
    file: PathBuf,
}

/// `export catalog`.
#[derive(Args, Debug)]
pub struct ExportCatalog {
    #[command(flatten)]
    whose: Whose,
    /// Write the catalog as the program would, instead of the file as it was imported
    #[arg(long)]
    canonical: bool,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Serialize)]
struct Summary<'a> {
    read: usize,
    imported: usize,
    unchanged: usize,
    rejected: usize,
    added: &'a [String],
    changed: &'a [String],
    retired: &'a [String],
}

impl ImportCatalog {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let Self { whose, json, file } = self;
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let desk = place.desk(Missing::Make).await?;
        let jurisdiction = desk.jurisdiction(&whose).await?;
        let changes = catalog::import_catalog(&desk.db, &desk.clock, &desk.ids, &jurisdiction, &text).await.with_context(|| file.display().to_string())?;
        desk.close().await?;
        let catalog::Changes { added, changed, retired, unchanged, .. } = &changes;
        if json {
            let imported = added.len() + changed.len();
            let summary = Summary { read: imported + unchanged, imported, unchanged: *unchanged, rejected: 0, added, changed, retired };
            say(&serde_json::to_string(&summary)?)?;
            return done();
        }
        for (what, entries) in [("added", added), ("changed", changed), ("retired", retired)] {
            for entry in entries {
                say(&format!("{what}: {entry}"))?;
            }
        }
        say(&format!("{}: {} added, {} changed, {} retired, {unchanged} unchanged", file.display(), added.len(), changed.len(), retired.len()))?;
        done()
    }
}

impl ExportCatalog {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let desk = place.desk(Missing::Refuse).await?;
        let jurisdiction = desk.jurisdiction(&self.whose).await?;
        let text = if self.canonical {
            catalog::export_canonical(desk.db.read(), &jurisdiction).await?
        } else {
            catalog::export_catalog(desk.db.read(), &jurisdiction).await?
        };
        desk.close().await?;
        match self.output {
            Some(path) => std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?,
            None => std::io::stdout().lock().write_all(text.as_bytes())?,
        }
        done()
    }
}

//! `cityhall export`.

use std::process::ExitCode;

use clap::Subcommand;

use super::Place;
use super::catalog::ExportCatalog;
use super::requests::ExportRequests;

/// What can be handed out.
#[derive(Debug, Subcommand)]
pub enum Export {
    /// The catalog as it was imported, to the letter
    ///
    /// Example: cityhall export catalog > catalog.toml
    Catalog(ExportCatalog),
    /// Requests as CSV, GeoJSON or Parquet, all or some; never who asked
    ///
    /// Example: cityhall export requests --format geojson --status open --output open.geojson
    Requests(ExportRequests),
}

impl Export {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        match self {
            Self::Catalog(command) => command.run(place).await,
            Self::Requests(command) => command.run(place).await,
        }
    }
}

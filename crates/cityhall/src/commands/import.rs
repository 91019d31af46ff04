//! `cityhall import`: a city's files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use kernel::Problem;
use places::{AddressImport, AssetImport, BoundaryImport, ColumnMap, ImportError, StreetFields, StreetImport, Summary, ZoneImport};
use staff::Jurisdiction;

use super::progress::{Counts, Progress};
use super::rejects::{Rejects, default_path};
use super::{Desk, Missing, Place, Usage, Whose, catalog, done, requests};

/// What can be taken in.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// A layer of areas (districts, neighborhoods, the city limits) from GeoJSON
    ///
    /// Example: cityhall import boundaries --layer council-districts --name-field district --edition 2012 districts-2012.geojson.gz
    ///
    /// The layer city-limits decides who is inside the city.
    Boundaries(Boundaries),
    /// The address register from CSV; the layouts of OpenAddresses, NAD and several cities are known
    ///
    /// Example: cityhall import addresses addresses.csv.gz
    Addresses(Addresses),
    /// Street center lines with address ranges from GeoJSON
    ///
    /// Example: cityhall import streets centerlines.geojson
    Streets(Streets),
    /// Zones with a schedule (trash day, street sweeping) from GeoJSON and a schedule file
    ///
    /// Example: cityhall import zones --layer trash --name-field route --schedule trash.toml routes.geojson
    Zones(Zones),
    /// Things of the city (street lights, trees, hydrants) from GeoJSON
    ///
    /// Example: cityhall import assets --kind street-light --id-field pole lights.geojson
    Assets(Assets),
    /// Services, questions, targets, calendars and routing from one readable file
    ///
    /// Example: cityhall import catalog examples/catalog.toml
    ///
    /// `cityhall export catalog` gives the file back. Targets and rules that change get a new version; promises made stay.
    Catalog(catalog::ImportCatalog),
    /// The history of requests from CSV, read with a map
    ///
    /// Example: cityhall import requests --map kansas-city 311.csv.gz
    Requests(requests::ImportRequests),
}

/// What all these imports take.
#[derive(Args, Debug)]
pub struct Input {
    #[command(flatten)]
    pub(crate) whose: Whose,
    /// Print the summary as JSON: read, imported, unchanged, rejected
    #[arg(long)]
    pub(crate) json: bool,
    /// Where rejected rows go [default: FILE's name with .rejects.csv, in the working folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// The file, which may be compressed with gzip
    pub(crate) file: PathBuf,
}

/// One edition of a layer.
#[derive(Args, Debug)]
pub struct Layer {
    /// The layer's name, such as council-districts
    #[arg(long, value_name = "NAME")]
    layer: String,
    /// The property with the area's name
    #[arg(long, value_name = "F")]
    name_field: String,
    /// The property with the area's code
    #[arg(long, value_name = "F")]
    code_field: Option<String>,
    /// The edition of the lines, such as 2012; the same one again updates it
    #[arg(long, default_value = "1")]
    edition: String,
    /// First day in force, YYYY-MM-DD [default: since ever]
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Last day in force, YYYY-MM-DD [default: until a later edition begins]
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// This layer, too, decides who is inside the city
    #[arg(long)]
    limits: bool,
}

/// `import boundaries`.
#[derive(Args, Debug)]
pub struct Boundaries {
    #[command(flatten)]
    layer: Layer,
    #[command(flatten)]
    input: Input,
}

/// `import addresses`.
#[derive(Args, Debug)]
pub struct Addresses {
    /// A TOML file that says which columns mean what, for a layout that is not known: lists of column names under
    /// id, number, street, full, unit, city, zip, lon, lat, landmark
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// The register's name, which tells registers with equal ids apart
    #[arg(long)]
    register: Option<String>,
    #[command(flatten)]
    input: Input,
}

/// `import streets`.
#[derive(Args, Debug)]
pub struct Streets {
    /// A TOML file that says which properties mean what, for a layout that is not known
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    #[command(flatten)]
    input: Input,
}

/// `import zones`.
#[derive(Args, Debug)]
pub struct Zones {
    #[command(flatten)]
    layer: Layer,
    /// The schedule: days, holidays and their shifts, in TOML
    #[arg(long, value_name = "FILE")]
    schedule: PathBuf,
    #[command(flatten)]
    input: Input,
}

/// `import assets`.
#[derive(Args, Debug)]
pub struct Assets {
    /// The kind of thing, such as street-light
    #[arg(long, value_name = "K")]
    kind: String,
    /// The property with the city's id
    #[arg(long, value_name = "F")]
    id_field: Option<String>,
    /// The property to show
    #[arg(long, value_name = "F")]
    label_field: Option<String>,
    #[command(flatten)]
    input: Input,
}

impl Layer {
    fn boundary(self) -> Result<BoundaryImport, Usage> {
        let Self { layer, name_field, code_field, edition, from, until, limits } = self;
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            return Err(Usage(format!("--until {until} is before --from {from}")));
        }
        Ok(BoundaryImport { layer, edition, name_field, code_field, from, until, limits })
    }
}

/// Which of the places' imports.
enum What {
    Boundaries(BoundaryImport),
    Addresses(AddressImport),
    Streets(StreetImport),
    Zones(ZoneImport),
    Assets(AssetImport),
}

impl Import {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let (what, input) = match self {
            Self::Catalog(command) => return command.run(place).await,
            Self::Requests(command) => return command.run(place).await,
            Self::Boundaries(Boundaries { layer, input }) => (What::Boundaries(layer.boundary()?), input),
            Self::Addresses(Addresses { map, register, input }) => {
                let columns = map.map(|path| read_map(&path, ColumnMap::parse)).transpose()?;
                (What::Addresses(AddressImport { register, columns }), input)
            }
            Self::Streets(Streets { map, input }) => {
                let fields = map.map(|path| read_map(&path, StreetFields::parse)).transpose()?;
                (What::Streets(StreetImport { fields }), input)
            }
            Self::Zones(Zones { layer, schedule, input }) => {
                let schedule = std::fs::read_to_string(&schedule).with_context(|| format!("cannot read {}", schedule.display()))?;
                (What::Zones(ZoneImport { boundary: layer.boundary()?, schedule }), input)
            }
            Self::Assets(Assets { kind, id_field, label_field, input }) => (What::Assets(AssetImport { kind, id_field, label_field }), input),
        };
        let desk = place.desk(Missing::Make).await?;
        let jurisdiction = desk.jurisdiction(&input.whose).await?;
        what.import(&desk, &jurisdiction, input).await?;
        desk.close().await?;
        done()
    }
}

impl What {
    async fn import(self, desk: &Desk, jurisdiction: &Jurisdiction, input: Input) -> anyhow::Result<()> {
        let Input { whose: _, json, rejects, file } = input;
        let (progress, reader) = Progress::open(&file)?;
        let mut sink = Rejects::new(rejects.unwrap_or_else(|| default_path(&file)), &progress);
        let Desk { db, clock, ids, settings: _ } = desk;
        let j = jurisdiction.id;
        let imported: Result<Summary, ImportError> = match self {
            Self::Boundaries(what) => places::import_boundaries(db, clock, ids, j, what, reader, &mut sink).await,
            Self::Addresses(what) => places::import_addresses(db, clock, ids, j, what, reader, &mut sink).await,
            Self::Streets(what) => places::import_streets(db, clock, ids, j, what, reader, &mut sink).await,
            Self::Zones(what) => places::import_zones(db, clock, ids, j, what, reader, &mut sink).await,
            Self::Assets(what) => places::import_assets(db, clock, ids, j, what, reader, &mut sink).await,
        };
        let written = sink.close().context("cannot write the rejects file")?;
        let Summary { read, imported, unchanged, rejected, removed } = imported.with_context(|| file.display().to_string())?;
        progress.close(&Counts { read, imported, unchanged, rejected, removed }, written.as_deref(), json)
    }
}

/// Reads the file that says which columns or properties mean what.
fn read_map<T>(path: &Path, parse: fn(&str) -> Result<T, Problem>) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| path.display().to_string())
}

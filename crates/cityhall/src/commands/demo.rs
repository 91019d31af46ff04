//! `cityhall demo`: Alder Falls, an invented city at work, in one command.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use exchange::{City, ImportOptions, Map};
use kernel::{Clock, Ids};
use places::{AddressImport, BoundaryImport, Places, Reject, StreetImport};
use staff::{Jurisdiction, NewJurisdiction, Rights};

use super::{Place, note, say};
use crate::App;
use crate::serve::{Server, told_to_stop};
use crate::town::{CODE, NAME, TIMEZONE, Town};

/// The chance of which the history is made: the same city each time.
const SEED: u64 = 311;
/// Addresses of the demo's town.
const ADDRESSES: usize = 4_000;

const EXAMPLES: &str = "\
Example: cityhall demo
         cityhall demo --requests 400000 --folder ./large-demo

The city is kept in the folder; the next start finds it again. Remove the folder to begin anew.";

/// `demo`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Demo {
    /// Where the city is kept
    #[arg(long, value_name = "FOLDER", default_value = "cityhall-data/demo")]
    folder: PathBuf,
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:3110]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// How many requests its history has
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    requests: u64,
}

impl Demo {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let inside = |name: &str| Some(self.folder.join(name).display().to_string());
        let own = [
            ("database", Some(format!("sqlite:{}", self.folder.join("alder-falls.db").display()))),
            ("media", inside("media")),
            ("search", inside("search")),
            ("endpoint_type", Some("test".to_owned())),
            ("listen", self.listen.clone()),
        ];
        let settings = place.settings_with(own)?;
        // First the port: with that taken, nothing else is worth doing.
        let server = Server::bind(settings.listen).await.with_context(|| format!("cannot listen on {}", settings.listen))?;
        place.quiet_log(&settings);
        let clock = Clock::system();
        let app = App::open(settings, clock.clone(), Ids::system(clock)).await?;
        let jurisdiction = match staff::jurisdiction_by_code(app.db().read(), CODE).await? {
            Some(there) => there,
            None => make(&app, self.requests, &self.folder).await?,
        };
        let (_, key) = staff::create_api_key(app.db(), app.clock(), app.ids(), jurisdiction.id, "Demo", Rights::ALL).await?;
        tell(&server, &key)?;
        server.run(app, told_to_stop()).await?;
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(server: &Server, key: &str) -> std::io::Result<()> {
    let base = format!("http://{}", server.address());
    say(&format!("Cityhall serves {base}"))?;
    say(&format!(
        "\nAlder Falls is an invented city. Look around:\n\
         \n  {base}/                                        the first page\
         \n  {base}/open311/discovery.json                  where programs begin\
         \n  {base}/open311/v2/services.json                what can be asked for\
         \n  {base}/open311/v2/requests.json?start_date=2024-10-01T00:00:00Z&end_date=2024-12-29T00:00:00Z&page_size=20\
         \n  {base}/metrics\n\
         \nAsk for something, as an app would:\n\
         \n  curl -s {base}/open311/v2/requests.json -d api_key={key} -d service_code=street-light \\\n\
         \x20      -d lat=41.6012 -d long=-93.7031 -d description='The light at Mill St is out'\n\
         \nand read it back with the service_request_id of the answer:\n\
         \n  curl -s {base}/open311/v2/requests/SERVICE_REQUEST_ID.json\n\
         \nCtrl-C stops it; the next start finds the city again."
    ))
}

/// Makes the city through the ordinary imports.
async fn make(app: &App, requests: u64, folder: &Path) -> anyhow::Result<Jurisdiction> {
    note("Making Alder Falls …");
    let (db, clock, ids) = (app.db(), app.clock(), app.ids());
    let new = NewJurisdiction {
        code: CODE.to_owned(),
        name: NAME.to_owned(),
        timezone: TIMEZONE.to_owned(),
        contact: "Alder Falls 311 (invented)".to_owned(),
        key_service: "cityhall api-key create".to_owned(),
    };
    let jurisdiction = staff::create_jurisdiction(db, clock, ids, new).await?;
    catalog::import_catalog(db, clock, ids, &jurisdiction, catalog::EXAMPLE).await?;
    let j = jurisdiction.id;
    let mut rejects: Vec<Reject> = Vec::new();
    for (layer, lines) in [("city-limits", Town::limits_geojson()), ("districts", Town::districts_geojson())] {
        places::import_boundaries(db, clock, ids, j, boundary(layer), Cursor::new(lines), &mut rejects).await?;
    }
    let town = Town::of(ADDRESSES);
    places::import_streets(db, clock, ids, j, StreetImport::default(), Cursor::new(town.streets_geojson()), &mut rejects).await?;
    places::import_addresses(db, clock, ids, j, AddressImport::default(), Cursor::new(town.addresses_csv()), &mut rejects).await?;
    if let Some(reject) = rejects.first() {
        anyhow::bail!("Alder Falls could not be made: line {} of its files: {}", reject.at, reject.reason);
    }
    let places = Places::open(db.clone(), app.settings().search.clone());
    let city = City { db: db.clone(), clock: clock.clone(), ids: ids.clone(), places, jurisdiction: jurisdiction.clone() };
    let options = ImportOptions { rejects: folder.join("rejects.csv"), known_services_only: false };
    let history = exchange::generated_csv(requests, SEED);
    let summary = exchange::import_requests(&city, &Map::load("alder-falls")?, history, &options, &mut |_| {}).await?;
    note(&format!("Alder Falls has {} addresses and {} requests.", town.addresses(), summary.imported));
    Ok(jurisdiction)
}

/// An edition of a layer that has always been in force.
pub(crate) fn boundary(layer: &str) -> BoundaryImport {
    BoundaryImport { layer: layer.to_owned(), edition: "1".to_owned(), name_field: "name".to_owned(), code_field: None, from: None, until: None, limits: false }
}

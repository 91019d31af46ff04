//! What this machine can do, as ratios measured in one run: intake against the engine's own group commit, reads against an
//! answer that asks nothing, an import against bare inserts of the same rows, and a search among many addresses.

mod caller;
mod engine;
mod intake;
mod reads;
mod spread;
mod store;
mod taking_in;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use db::dialect::Address;
use kernel::{Clock, Ids};
use sea_orm::ConnectionTrait as _;
use staff::{Jurisdiction, NewJurisdiction, Rights};
use tokio::sync::oneshot;

use crate::App;
use crate::serve::Server;
use crate::settings::{Layer, Settings};
use crate::town::{CODE, NAME, TIMEZONE};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Requests in the database while reads are measured.
    pub requests: u64,
    /// Addresses that are searched.
    pub addresses: usize,
    /// Creates over HTTP in each round.
    pub creates: usize,
    /// Reads and searches of each kind.
    pub reads: usize,
    /// Rows that are inserted barely for the ratio of the import.
    pub bare_rows: u64,
}

impl Size {
    /// What the project's bars speak of.
    pub const FULL: Self = Self { requests: 400_000, addresses: 200_000, creates: 6_000, reads: 2_000, bare_rows: 60_000 };
    /// A look in about a minute.
    pub const QUICK: Self = Self { requests: 20_000, addresses: 20_000, creates: 1_500, reads: 500, bare_rows: 10_000 };
}

/// A database for the benchmark alone, in a folder of its own, both gone afterwards.
struct Ground {
    folder: tempfile::TempDir,
    url: String,
    server: Option<(String, String)>,
}

impl Ground {
    async fn new(within: &Path, server: Option<&str>, ids: &Ids) -> anyhow::Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("cityhall-bench-").tempdir_in(within).with_context(|| format!("cannot make a folder in {}", within.display()))?;
        let Some(server) = server else {
            let url = format!("sqlite:{}", folder.path().join("bench.db").display());
            return Ok(Self { folder, url, server: None });
        };
        anyhow::ensure!(
            matches!(Address::parse(server), Ok(Address::Postgres(_))),
            "bench makes an SQLite file of its own; --database may name a PostgreSQL server"
        );
        let name = format!("cityhall_bench_{}", ids.next().simple());
        let admin = sea_orm::Database::connect(server).await.context("the PostgreSQL server does not answer")?;
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.context("cannot make a database for the benchmark")?;
        admin.close().await?;
        let (path, options) = server.split_once('?').map_or((server, String::new()), |(path, options)| (path, format!("?{options}")));
        let base = path.rsplit_once('/').map_or(path, |(base, _)| base);
        Ok(Self { folder, url: format!("{base}/{name}{options}"), server: Some((server.to_owned(), name)) })
    }

    async fn clear(self) -> anyhow::Result<()> {
        if let Some((server, name)) = self.server {
            let admin = sea_orm::Database::connect(&server).await?;
            admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
            admin.close().await?;
        }
        Ok(self.folder.close()?)
    }
}

/// A served city to measure on.
struct Bench {
    app: Arc<App>,
    address: std::net::SocketAddr,
    jurisdiction: Jurisdiction,
    key: String,
    size: Size,
}

/// Measures and tells line by line. `within` is where the temporary folder is made: its disk is what is measured.
/// `server` names a PostgreSQL server; without it an SQLite file is measured.
///
/// # Errors
/// When something does not work; what was made is then removed as far as it can be.
pub async fn run(size: Size, within: &Path, server: Option<&str>, tell: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let clock = Clock::system();
    let ids = Ids::system(clock.clone());
    let ground = Ground::new(within, server, &ids).await?;
    let measured = measure(&ground, size, clock, ids, tell).await;
    let cleared = ground.clear().await.context("what the benchmark made could not be removed");
    measured.and(cleared)
}

async fn measure(ground: &Ground, size: Size, clock: Clock, ids: Ids, tell: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let inside = |name: &str| Some(ground.folder.path().join(name).display().to_string());
    let flags = Layer::flags([
        ("database", Some(ground.url.clone())),
        ("media", inside("media")),
        ("search", inside("search")),
        ("connections", Some("66".to_owned()).filter(|_| ground.server.is_some())),
        ("listen", Some("127.0.0.1:0".to_owned())),
    ]);
    let settings = Settings::from_layers(&[flags])?;
    let server = Server::bind(settings.listen).await?;
    let address = server.address();
    let app = App::open(settings, clock, ids).await?;
    let new = NewJurisdiction { code: CODE.to_owned(), name: NAME.to_owned(), timezone: TIMEZONE.to_owned(), ..NewJurisdiction::default() };
    let jurisdiction = staff::create_jurisdiction(app.db(), app.clock(), app.ids(), new).await?;
    catalog::import_catalog(app.db(), app.clock(), app.ids(), &jurisdiction, catalog::EXAMPLE).await?;
    let (_, key) = staff::create_api_key(app.db(), app.clock(), app.ids(), jurisdiction.id, "bench", Rights::ALL).await?;
    let (stop, told) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(Arc::clone(&app), async move {
        // Either a word or the end of this run.
        let _ = told.await;
    }));
    let bench = Bench { app, address, jurisdiction, key, size };
    let measured = all(&bench, ground, tell).await;
    drop(stop);
    serving.await??;
    measured
}

async fn all(bench: &Bench, ground: &Ground, tell: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    tell(&format!("cityhall bench: {} {}, {cores} cores, in {}", bench.app.db().engine().name(), env!("CARGO_PKG_VERSION"), ground.folder.path().display()));
    if cfg!(debug_assertions) {
        tell("This is a debug build: only the ratios of a release build mean something.");
    }
    intake::measure(bench, tell).await?;
    taking_in::measure(bench, ground, tell).await?;
    reads::measure(bench, tell).await?;
    taking_in::search(bench, tell).await
}

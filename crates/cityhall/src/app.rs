//! One node of Cityhall, put together: database, clock, rooms, workers and followers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use catalog::Catalogs;
use db::dialect::Address;
use db::{Db, DbError};
use events::Followers;
use futures::FutureExt as _;
use jobs::{Kind, Workers};
use kernel::{Clock, Ids};
use open311::OpenApi;
use places::Places;
use requests::{Hub, PhotoError, PhotoStore, Requests};
use tokio::sync::watch;

use crate::meter::Meter;
use crate::settings::{EndpointType, Settings};

/// How long the database may take to say that it is there.
const READY_TIMEOUT: Duration = Duration::from_secs(3);

/// Why a node could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The database.
    #[error("the database {shown}: {source}")]
    Db {
        /// Its address without the password.
        shown: String,
        /// Why.
        source: DbError,
    },
    /// The database file cannot be made.
    #[error("cannot make the database file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The place of the photos.
    #[error("the place for photos (setting media): {0}")]
    Photos(#[from] PhotoError),
    /// The tables are older than the program.
    #[error("the tables are not up to date and migrate_on_start is false: run `cityhall migrate` ({0} steps wait)")]
    NotMigrated(usize),
}

/// A node. Everything a page, an interface or a command needs is reached from here.
pub struct App {
    settings: Settings,
    requests: Requests,
    photos: PhotoStore,
    meter: Meter,
    stop: watch::Sender<bool>,
}

impl App {
    /// Opens the database and puts the rooms together. Tables are brought up to date when the settings say so.
    ///
    /// # Errors
    /// When the database or the place for photos cannot be reached, or the tables are not up to date.
    pub async fn open(settings: Settings, clock: Clock, ids: Ids) -> Result<Arc<Self>, AppError> {
        let db = open_database(&settings).await?;
        let failed = |source| AppError::Db { shown: settings.database_shown(), source };
        if settings.migrate_on_start {
            let steps = db.migrate(&crate::migrations()).await.map_err(failed)?;
            if steps > 0 {
                tracing::info!(steps, "the tables were brought up to date");
            }
        } else {
            let waiting = db.pending(&crate::migrations()).await.map_err(failed)?;
            if !waiting.is_empty() {
                return Err(AppError::NotMigrated(waiting.len()));
            }
        }
        events::settle_stamps(&db).await.map_err(failed)?;
        Self::over(settings, db, clock, ids)
    }

    /// Puts the rooms together over an open database with its tables.
    ///
    /// # Errors
    /// When the place for photos cannot be reached.
    pub fn over(settings: Settings, db: Db, clock: Clock, ids: Ids) -> Result<Arc<Self>, AppError> {
        let photos = PhotoStore::from_url(&settings.media)?;
        let places = Places::open(db.clone(), settings.search.clone());
        let requests = Requests::new(Hub { catalogs: Catalogs::new(db.clone()), db, clock, ids, places, photos: photos.clone() });
        let (stop, _) = watch::channel(false);
        Ok(Arc::new(Self { settings, requests, photos, meter: Meter::start(), stop }))
    }

    /// How this node runs.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        self.requests.db()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.requests.clock()
    }

    /// Where ids come from.
    #[must_use]
    pub fn ids(&self) -> &Ids {
        self.requests.ids()
    }

    /// The hub.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Where photos lie.
    #[must_use]
    pub fn photos(&self) -> &PhotoStore {
        &self.photos
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The routes of Open311.
    pub(crate) fn open311(&self) -> Router {
        let settings = open311::Settings {
            public_url: self.settings.public_url.clone(),
            max_body_bytes: self.settings.upload_limit_kb.saturating_mul(1024),
            is_test: self.settings.endpoint_type == EndpointType::Test,
        };
        open311::router(OpenApi { requests: self.requests.clone(), settings })
    }

    /// Whether calls may be sent here; if not, why.
    ///
    /// # Errors
    /// A few words for whoever watches, without internals.
    pub async fn ready(&self) -> Result<(), &'static str> {
        if *self.stop.borrow() {
            return Err("the program is stopping");
        }
        match tokio::time::timeout(READY_TIMEOUT, self.db().pending(&crate::migrations())).await {
            Ok(Ok(waiting)) if waiting.is_empty() => Ok(()),
            Ok(Ok(_)) => Err("the tables are not up to date"),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the database was asked whether it is ready");
                Err("the database does not answer")
            }
            Err(_) => Err("the database does not answer in time"),
        }
    }

    /// The jobs of this node, ready to run.
    #[must_use]
    pub fn workers(&self) -> Workers {
        let settings =
            jobs::Settings { at_once: self.settings.workers.max(1), grace: Duration::from_secs(self.settings.stop_timeout_s), ..jobs::Settings::default() };
        let workers = Workers::new(self.db().clone(), self.clock().clone(), self.ids().clone(), settings);
        let requests = self.requests.clone();
        workers.on(requests::BATCH_JOB, Kind::default(), move |job| {
            let requests = requests.clone();
            async move { requests.open_received(job).await }.boxed()
        })
    }

    /// The followers of this node, ready to run.
    #[must_use]
    pub fn followers(&self) -> Followers {
        Followers::new(self.db().clone(), self.clock().clone(), self.ids().clone(), events::Settings::default())
    }

    /// Does jobs and follows events until [`App::stop`], then ends the ones in hand.
    pub async fn work(&self) {
        let jobs = async {
            if self.settings.workers > 0 {
                self.workers().run(self.stop.subscribe()).await;
            }
        };
        let followers = async {
            if self.settings.followers {
                self.followers().run(self.stop.subscribe()).await;
            }
        };
        tokio::join!(jobs, followers);
    }

    /// Tells workers, followers and `/readyz` that the program stops.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Becomes true when the program stops.
    #[must_use]
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }
}

/// Makes a missing database file so that only its owner can read it: it will hold residents' contacts.
fn make_for_owner(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::File::options();
    options.append(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Opens the database of these settings, without touching its tables.
///
/// # Errors
/// When it cannot be reached.
pub async fn open_database(settings: &Settings) -> Result<Db, AppError> {
    if let Ok(Address::Sqlite(path)) = Address::parse(&settings.database) {
        make_for_owner(&path).map_err(|source| AppError::File { path, source })?;
    }
    let how = db::Settings { connections: settings.connections, ..db::Settings::default() };
    Db::open(&settings.database, &how).await.map_err(|source| AppError::Db { shown: settings.database_shown(), source })
}

//! The room's front door.

use std::path::PathBuf;
use std::sync::Arc;

use db::Db;
use jiff::civil::Date;
use kernel::{JurisdictionId, LatLon};

use crate::{Asset, Hit, Nearby, Pickup, PlacesError, Standing};

/// Answers about places. Cloning shares what is kept in memory.
#[derive(Clone)]
pub struct Places(Arc<Inner>);

struct Inner {
    db: Db,
    search_folder: PathBuf,
}

impl Places {
    /// Over this database, with search indexes in `search_folder`, which is made when missing.
    #[must_use]
    pub fn open(db: Db, search_folder: PathBuf) -> Self {
        Self(Arc::new(Inner { db, search_folder }))
    }

    /// What stands at `point` on the day `on`.
    ///
    /// # Errors
    /// [`PlacesError`].
    pub async fn at(&self, _j: JurisdictionId, _point: LatLon, _on: Date) -> Result<Standing, PlacesError> {
        let _ = (&self.0.db, &self.0.search_folder);
        Err(PlacesError::Stopping)
    }

    /// Places that fit what a person typed, the best first.
    ///
    /// # Errors
    /// [`PlacesError`].
    pub async fn search(&self, _j: JurisdictionId, _text: &str, _near: Option<LatLon>, _limit: usize) -> Result<Vec<Hit>, PlacesError> {
        Err(PlacesError::Stopping)
    }

    /// What `point` may be called.
    ///
    /// # Errors
    /// [`PlacesError`].
    pub async fn reverse(&self, _j: JurisdictionId, _point: LatLon) -> Result<Option<Nearby>, PlacesError> {
        Err(PlacesError::Stopping)
    }

    /// The address with this id in the city's register.
    ///
    /// # Errors
    /// [`PlacesError`].
    pub async fn by_address_id(&self, _j: JurisdictionId, _id: &str) -> Result<Option<Hit>, PlacesError> {
        Err(PlacesError::Stopping)
    }

    /// The zones at `point` with their next days from `today` on.
    ///
    /// # Errors
    /// [`PlacesError`].
    pub async fn zones_at(&self, _j: JurisdictionId, _point: LatLon, _today: Date) -> Result<Vec<Pickup>, PlacesError> {
        Err(PlacesError::Stopping)
    }

    /// Assets within `radius_m` metres, the nearest first.
    ///
    /// # Errors
    /// [`PlacesError`].
    pub async fn assets_near(&self, _j: JurisdictionId, _kind: Option<&str>, _point: LatLon, _radius_m: f64, _limit: usize) -> Result<Vec<Asset>, PlacesError> {
        Err(PlacesError::Stopping)
    }

    /// Looks now, not within a second, whether another process changed something, and brings the search index up to date.
    ///
    /// # Errors
    /// [`PlacesError`].
    pub async fn refresh(&self, _j: JurisdictionId) -> Result<(), PlacesError> {
        Err(PlacesError::Stopping)
    }
}

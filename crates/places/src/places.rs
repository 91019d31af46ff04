//! The room's front door, and what it keeps in memory: per jurisdiction its layers and its opened search index, each
//! with the generation it was made from. Other processes import too, so the stored generation is looked at again when
//! the last look is a second old.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use db::Db;
use jiff::civil::Date;
use kernel::{JurisdictionId, LatLon};

use crate::search::index::SearchIndex;
use crate::store::Generations;
use crate::{Asset, Boundaries, Hit, Nearby, Pickup, PlacesError, Standing, reverse, search, store};

/// How long a look at the generation is good.
const FRESH: Duration = Duration::from_secs(1);
/// How long the rows behind the index must have stood still before it is made anew while an old one serves.
const SETTLED: Duration = Duration::from_secs(3);

/// Answers about places. Cloning shares what is kept in memory.
#[derive(Clone)]
pub struct Places(Arc<Inner>);

struct Inner {
    db: Db,
    search_folder: PathBuf,
    cities: Mutex<HashMap<JurisdictionId, Arc<City>>>,
}

/// What is kept of one jurisdiction.
#[derive(Default)]
struct City {
    kept: RwLock<Kept>,
    /// Held while the database is asked and layers are loaded, so that only one does it.
    looking: tokio::sync::Mutex<()>,
    /// Held while an index is opened or made.
    indexing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    looked: Option<Instant>,
    stored: Generations,
    /// When the search generation was first seen as it is.
    search_since: Option<Instant>,
    boundaries: Option<(i64, Arc<Boundaries>)>,
    index: Option<Arc<SearchIndex>>,
}

impl City {
    fn read<T>(&self, look: impl FnOnce(&Kept) -> T) -> T {
        look(&self.kept.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        change(&mut self.kept.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Places {
    /// Over this database, with search indexes in `search_folder`, which is made when the first index is.
    #[must_use]
    pub fn open(db: Db, search_folder: PathBuf) -> Self {
        Self(Arc::new(Inner { db, search_folder, cities: Mutex::default() }))
    }

    fn city(&self, j: JurisdictionId) -> Arc<City> {
        Arc::clone(self.0.cities.lock().unwrap_or_else(PoisonError::into_inner).entry(j).or_default())
    }

    /// What stands at `point` on the day `on`.
    ///
    /// # Errors
    /// [`PlacesError`]: the database failed, or a stored row cannot be read.
    pub async fn at(&self, j: JurisdictionId, point: LatLon, on: Date) -> Result<Standing, PlacesError> {
        Ok(self.boundaries(j).await?.at(point, on))
    }

    /// All layers of a jurisdiction, to ask for many points at once.
    ///
    /// # Errors
    /// As [`Places::at`].
    pub async fn boundaries(&self, j: JurisdictionId) -> Result<Arc<Boundaries>, PlacesError> {
        let city = self.city(j);
        let fresh = |kept: &Kept| match &kept.boundaries {
            Some((generation, boundaries)) if *generation == kept.stored.boundaries && kept.looked.is_some_and(|at| at.elapsed() < FRESH) => {
                Some(Arc::clone(boundaries))
            }
            _ => None,
        };
        if let Some(boundaries) = city.read(fresh) {
            return Ok(boundaries);
        }
        self.look(j, &city, false).await?;
        city.read(|kept| kept.boundaries.as_ref().map(|(_, boundaries)| Arc::clone(boundaries))).ok_or(PlacesError::Stopping)
    }

    /// Asks the database for the generations, unless that was just done, and loads the layers if theirs changed.
    async fn look(&self, j: JurisdictionId, city: &City, now: bool) -> Result<(), PlacesError> {
        let _alone = city.looking.lock().await;
        let loaded = |kept: &Kept| kept.boundaries.as_ref().is_some_and(|(generation, _)| *generation == kept.stored.boundaries);
        if !now && city.read(|kept| loaded(kept) && kept.looked.is_some_and(|at| at.elapsed() < FRESH)) {
            return Ok(());
        }
        // The generation is read before the rows: rows that change in between are read again at the next look.
        let stored = store::generations(self.0.db.read(), j).await?;
        city.change(|kept| {
            if kept.stored.search != stored.search || kept.search_since.is_none() {
                kept.search_since = Some(Instant::now());
            }
            kept.stored = stored;
            kept.looked = Some(Instant::now());
        });
        if city.read(loaded) {
            return Ok(());
        }
        let conn = self.0.db.read();
        let (editions, areas, schedules) =
            (store::boundaries::editions(conn, j).await?, store::boundaries::areas(conn, j).await?, store::boundaries::schedules(conn, j).await?);
        let boundaries = tokio::task::spawn_blocking(move || Boundaries::new(editions, areas, schedules)).await.map_err(|_| PlacesError::Stopping)??;
        city.change(|kept| kept.boundaries = Some((stored.boundaries, Arc::new(boundaries))));
        Ok(())
    }

    /// Places that fit what a person typed, the best first; those near `near` a little before others that fit as well.
    ///
    /// # Errors
    /// [`PlacesError`]: the database or the index failed.
    pub async fn search(&self, j: JurisdictionId, text: &str, near: Option<LatLon>, limit: usize) -> Result<Vec<Hit>, PlacesError> {
        let index = self.index(j).await?;
        search::search(&self.0.db, index, j, text, near, limit).await
    }

    /// The index to search in: the one of the stored generation; while that is made in the background, an older one;
    /// only the very first search of a jurisdiction waits for it.
    async fn index(&self, j: JurisdictionId) -> Result<Arc<SearchIndex>, PlacesError> {
        let city = self.city(j);
        let fresh = |kept: &Kept| kept.looked.is_some_and(|at| at.elapsed() < FRESH);
        if !city.read(fresh) {
            self.look(j, &city, false).await?;
        }
        let current = |kept: &Kept| kept.index.clone().filter(|index| index.generation == kept.stored.search);
        if let Some(index) = city.read(current) {
            return Ok(index);
        }
        let stored = city.read(|kept| kept.stored.search);
        if city.read(|kept| kept.index.is_none()) {
            let _alone = city.indexing.lock().await;
            if city.read(|kept| kept.index.is_none()) {
                let opened = self.open_newest(j, stored).await?;
                let index = match opened {
                    Some(index) => index,
                    None => SearchIndex::build(&self.0.db, &self.0.search_folder, j, stored).await?,
                };
                city.change(|kept| kept.index = Some(Arc::new(index)));
            }
        }
        if city.read(|kept| {
            kept.index.as_ref().is_some_and(|index| index.generation != kept.stored.search) && kept.search_since.is_some_and(|since| since.elapsed() > SETTLED)
        }) {
            let places = self.clone();
            tokio::spawn(async move {
                if let Err(error) = places.renew_index(j, false).await {
                    tracing::error!(%error, jurisdiction = j.0, "the search index cannot be made anew; the old one serves on");
                }
            });
        }
        city.read(|kept| kept.index.clone()).ok_or(PlacesError::Stopping)
    }

    async fn open_newest(&self, j: JurisdictionId, generation: i64) -> Result<Option<SearchIndex>, PlacesError> {
        let folder = self.0.search_folder.clone();
        tokio::task::spawn_blocking(move || SearchIndex::open_newest(&folder, j, generation)).await.map_err(|_| PlacesError::Stopping)
    }

    /// Opens the index of the stored generation, or makes it when no process has yet. Without `wait` it gives way to
    /// another task that is at it.
    async fn renew_index(&self, j: JurisdictionId, wait: bool) -> Result<(), PlacesError> {
        let city = self.city(j);
        let _alone = if wait {
            city.indexing.lock().await
        } else {
            match city.indexing.try_lock() {
                Ok(alone) => alone,
                Err(_) => return Ok(()),
            }
        };
        let stored = city.read(|kept| kept.stored.search);
        if city.read(|kept| kept.index.as_ref().is_some_and(|index| index.generation == stored)) {
            return Ok(());
        }
        let index = match self.open_newest(j, stored).await?.filter(|index| index.generation == stored) {
            Some(index) => index,
            None => SearchIndex::build(&self.0.db, &self.0.search_folder, j, stored).await?,
        };
        city.change(|kept| kept.index = Some(Arc::new(index)));
        Ok(())
    }

    /// What `point` may be called: a house within 60 m, a block of a street, a corner, a parcel.
    ///
    /// # Errors
    /// [`PlacesError::Db`].
    pub async fn reverse(&self, j: JurisdictionId, point: LatLon) -> Result<Option<Nearby>, PlacesError> {
        Ok(reverse::reverse(&self.0.db, j, point).await?)
    }

    /// The address with this id in one of the city's registers.
    ///
    /// # Errors
    /// [`PlacesError::Db`].
    pub async fn by_address_id(&self, j: JurisdictionId, id: &str) -> Result<Option<Hit>, PlacesError> {
        Ok(store::addresses::by_id(self.0.db.read(), j, &kernel::text::clean_line(id)).await?.map(|row| search::of_row(row, 1.0)))
    }

    /// The zones at `point` with their next days from `today` on.
    ///
    /// # Errors
    /// As [`Places::at`].
    pub async fn zones_at(&self, j: JurisdictionId, point: LatLon, today: Date) -> Result<Vec<Pickup>, PlacesError> {
        Ok(self.boundaries(j).await?.zones_at(point, today))
    }

    /// Assets of one kind, or of all, within `radius_m` metres (at most 2,000), the nearest first.
    ///
    /// # Errors
    /// [`PlacesError`].
    pub async fn assets_near(&self, j: JurisdictionId, kind: Option<&str>, point: LatLon, radius_m: f64, limit: usize) -> Result<Vec<Asset>, PlacesError> {
        let radius_m = if radius_m.is_finite() { radius_m.clamp(0.0, 2000.0) } else { 0.0 };
        let kind = kind.map(kernel::text::clean_line);
        let rows = store::assets::in_box(self.0.db.read(), j, kind.as_deref(), &point.around(radius_m)).await?;
        let mut assets = Vec::with_capacity(rows.len().min(limit));
        for row in rows {
            let Some(place) = LatLon::new(row.lat, row.lon) else { continue };
            let distance_m = place.distance_m(point);
            if distance_m <= radius_m {
                let attributes = serde_json::from_str(&row.attributes)
                    .map_err(|error| PlacesError::Stored { what: format!("attributes of {} {}", row.kind, row.id), reason: error.to_string() })?;
                assets.push(Asset { kind: row.kind, id: row.id, label: row.label, point: place, distance_m, attributes });
            }
        }
        assets.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then_with(|| (&a.kind, &a.id).cmp(&(&b.kind, &b.id))));
        assets.truncate(limit);
        Ok(assets)
    }

    /// Looks at once whether something changed, and brings the search index up to date before it answers. An import
    /// command ends with this, so that servers find the index made.
    ///
    /// # Errors
    /// [`PlacesError`].
    pub async fn refresh(&self, j: JurisdictionId) -> Result<(), PlacesError> {
        let city = self.city(j);
        self.look(j, &city, true).await?;
        self.renew_index(j, true).await
    }
}

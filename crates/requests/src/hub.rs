//! The hub's front door: what it needs, and everything that only reads.

use std::collections::HashMap;
use std::sync::Arc;

use catalog::Catalogs;
use db::{Db, DbError};
use events::Event;
use kernel::{Clock, Ids, TrackingNumber};
use places::Places;
use staff::Jurisdiction;

use crate::filter::{Filter, Span};
use crate::model::{Photo, PhotoId, Reporter, Request, RequestId, RequestUpdate};
use crate::photos::PhotoStore;
use crate::store;

/// What the hub works with.
#[derive(Clone)]
pub struct Hub {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Where ids and numbers come from.
    pub ids: Ids,
    /// Services, targets and routing.
    pub catalogs: Catalogs,
    /// The map.
    pub places: Places,
    /// Where photos lie.
    pub photos: PhotoStore,
}

/// All use cases about requests. Cloning is cheap and shares everything.
#[derive(Clone)]
pub struct Requests(pub(crate) Arc<Hub>);

impl Requests {
    /// The hub over what it needs.
    #[must_use]
    pub fn new(hub: Hub) -> Self {
        Self(Arc::new(hub))
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Where ids come from.
    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.0.ids
    }

    /// Services, targets and routing.
    #[must_use]
    pub fn catalogs(&self) -> &Catalogs {
        &self.0.catalogs
    }

    /// The map.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.0.places
    }

    /// The request with this id.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn by_id(&self, j: &Jurisdiction, id: RequestId) -> Result<Option<Request>, DbError> {
        store::by_id(self.db().read(), j.id, id, false).await
    }

    /// The request with this number: exactly as stored, or one of our own in whatever way a person typed it.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn by_number(&self, j: &Jurisdiction, number: &str) -> Result<Option<Request>, DbError> {
        if let Some(found) = store::by_number(self.db().read(), j.id, number).await? {
            return Ok(Some(found));
        }
        match number.parse::<TrackingNumber>().map(|own| own.to_string()) {
            Ok(own) if own != number => store::by_number(self.db().read(), j.id, &own).await,
            _ => Ok(None),
        }
    }

    /// The requests that `filter` asks for.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn list(&self, j: &Jurisdiction, filter: &Filter) -> Result<Vec<Request>, DbError> {
        store::list(self.db().read(), j.id, filter).await
    }

    /// How many requests `filter` asks for, whatever its limit.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn count(&self, j: &Jurisdiction, filter: &Filter) -> Result<i64, DbError> {
        store::count(self.db().read(), j.id, filter).await
    }

    /// The next `many` requests of `filter` in the order of their ids after `after`: a walk through all of them that
    /// does not slow down on its way. The filter's order, limit and offset do not count.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn walk(db: &Db, j: &Jurisdiction, filter: &Filter, after: Option<RequestId>, many: u64) -> Result<Vec<Request>, DbError> {
        store::walk(db.read(), j.id, filter, after.map(|id| id.0), many).await
    }

    /// Who asked, for staff who may know.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn reporter(&self, j: &Jurisdiction, id: RequestId) -> Result<Option<Reporter>, DbError> {
        store::reporter(self.db().read(), j.id, id).await
    }

    /// Public updates made known in this span, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn updates(&self, j: &Jurisdiction, span: Span, limit: u64) -> Result<Vec<RequestUpdate>, DbError> {
        store::updates_in(self.db().read(), j.id, span, limit).await
    }

    /// Public updates of these requests, oldest first.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn updates_of(&self, j: &Jurisdiction, ids: &[RequestId]) -> Result<HashMap<RequestId, Vec<RequestUpdate>>, DbError> {
        store::updates_of(self.db().read(), j.id, ids).await
    }

    /// What is known of the photos of these requests, oldest first.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn photos_of(&self, j: &Jurisdiction, ids: &[RequestId]) -> Result<HashMap<RequestId, Vec<Photo>>, DbError> {
        store::photos_of(self.db().read(), j.id, ids).await
    }

    /// Photos of a jurisdiction after `after` in the order of their ids, for checks and backups.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn photos_after(db: &Db, j: &Jurisdiction, after: Option<PhotoId>, many: u64) -> Result<Vec<Photo>, DbError> {
        store::photos_after(db.read(), j.id, after, many).await
    }

    /// Everything that happened to a request, in order.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn history(&self, j: &Jurisdiction, id: RequestId) -> Result<Vec<Event>, DbError> {
        events::history(self.db().read(), j.id, id.0).await
    }
}

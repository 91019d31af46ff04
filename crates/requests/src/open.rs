//! Opening a request: checked, placed, routed, promised and written, all or nothing.

use catalog::CatalogError;
use db::{DbError, Tx};
use events::{Actor, NewEvent};
use futures::FutureExt;
use kernel::{Ids, JurisdictionId, Problem, TrackingNumber};
use places::PlacesError;
use serde_json::json;
use staff::Jurisdiction;

use crate::duplicates::Candidate;
use crate::hub::Requests;
use crate::intake::{Ready, fingerprint};
use crate::model::{IdempotencyKey, NewRequest, Photo, Request, RequestId};
use crate::photos::PhotoError;
use crate::store;

/// How often a number that is taken is drawn anew. Of 17 billion numbers a city uses a few million.
const DRAWS: usize = 20;

/// A request that was opened, or found again.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The request.
    pub request: Request,
    /// It was sent before under the same key; nothing new was made.
    pub repeated: bool,
    /// Open requests that may be about the same thing.
    pub candidates: Vec<Candidate>,
}

/// Why a request was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No such service, or none that this sender may know of.
    #[error("there is no service {0:?}")]
    UnknownService(String),
    /// The service takes no requests.
    #[error("{service} {why}")]
    NotOffered {
        /// Its name.
        service: String,
        /// Why, worded to follow the name.
        why: &'static str,
    },
    /// The input is not right; every problem is listed.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Problems(Vec<Problem>),
    /// The same key came before with other content.
    #[error("this idempotency key was used before for a different request")]
    KeyReused,
    /// No free number was found.
    #[error("no free tracking number was found")]
    Numbers,
    /// The catalog cannot be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The map cannot be asked.
    #[error(transparent)]
    Places(#[from] PlacesError),
    /// The photo store failed.
    #[error(transparent)]
    Photos(#[from] PhotoError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What a transaction of intake ended with.
pub(crate) enum Taken {
    /// Written now.
    New(Box<Request>),
    /// Found under the same key.
    Before(store::Earlier),
}

impl Requests {
    /// Opens a request and answers when it is durable. The same [`IdempotencyKey`] sent twice opens one request.
    ///
    /// # Errors
    /// [`OpenError`]; then nothing was written.
    pub async fn open(&self, j: &Jurisdiction, new: NewRequest) -> Result<Opened, OpenError> {
        let print = new.idempotency.as_ref().map(|_| fingerprint(&new));
        let key = new.idempotency.clone().zip(print);
        if let Some((key, print)) = &key
            && let Some(earlier) = store::earlier(self.db().read(), j.id, key).await?
        {
            return self.again(j, &earlier, print).await;
        }
        let (actor, idempotency) = (new.actor.clone(), key);
        let checked = self.check(j, new).await?;
        let (point, at) = (checked.ready.request.place.point, checked.ready.request.requested_at);
        let candidates = self.candidates(j, &checked.service, point, at, None).await?;
        let stored = self.store_pictures(j, checked.ready.request.id, None, checked.ready.request.private, checked.pictures).await?;
        let work = Intake { ready: checked.ready, photos: stored.photos.clone(), actor, key: idempotency.clone(), token: None };
        match self.take(j.id, work).await {
            Ok(Taken::New(request)) => Ok(Opened { request: *request, repeated: false, candidates }),
            Ok(Taken::Before(earlier)) => {
                self.drop_stored(&stored).await;
                let print = idempotency.map(|(_, print)| print).unwrap_or_else(String::new);
                self.again(j, &earlier, &print).await
            }
            Err(error) => {
                self.drop_stored(&stored).await;
                Err(error)
            }
        }
    }

    /// Answers a double send with what the first one made.
    async fn again(&self, j: &Jurisdiction, earlier: &store::Earlier, print: &str) -> Result<Opened, OpenError> {
        if earlier.fingerprint != print {
            return Err(OpenError::KeyReused);
        }
        let id = earlier.request_id.map(RequestId).ok_or(OpenError::KeyReused)?;
        let request = store::by_id(self.db().read(), j.id, id, false).await?.ok_or(OpenError::KeyReused)?;
        Ok(Opened { request, repeated: true, candidates: Vec::new() })
    }

    /// Writes a request that is ready. When somebody draws the same number or sends the same key in the same moment,
    /// the loser begins again.
    pub(crate) async fn take(&self, j: JurisdictionId, work: Intake) -> Result<Taken, OpenError> {
        let mut last = OpenError::Numbers;
        for _ in 0..3 {
            let (work, ids) = (work.clone(), self.ids().clone());
            let answer = self.db().write(move |tx| async move { work.write(tx, j, &ids).await }.boxed()).await;
            match answer {
                Err(OpenError::Db(error)) if store::is_number_taken(&error) || store::is_key_taken(&error) => last = error.into(),
                other => return other,
            }
        }
        Err(last)
    }
}

/// One intake on its way into the database.
#[derive(Clone)]
pub(crate) struct Intake {
    pub(crate) ready: Ready,
    pub(crate) photos: Vec<Photo>,
    pub(crate) actor: Actor,
    pub(crate) key: Option<(IdempotencyKey, String)>,
    /// Set when a token was given out for it.
    pub(crate) token: Option<String>,
}

impl Intake {
    /// The request's rows, its event, its key and its token.
    pub(crate) async fn write(self, tx: &Tx, j: JurisdictionId, ids: &Ids) -> Result<Taken, OpenError> {
        let Self { ready: Ready { mut request, reporter }, photos, actor, key, token } = self;
        if let Some((key, _)) = &key
            && let Some(earlier) = store::earlier(tx.conn(), j, key).await?
        {
            return Ok(Taken::Before(earlier));
        }
        request.number = free_number(tx, j, ids).await?;
        store::insert(tx.conn(), j, std::slice::from_ref(&request)).await?;
        if !reporter.is_empty() {
            store::insert_reporter(tx.conn(), j, request.id, &reporter, request.recorded_at).await?;
        }
        if !photos.is_empty() {
            store::insert_photos(tx.conn(), j, &photos).await?;
        }
        if let Some((key, print)) = &key {
            store::remember(tx.conn(), j, key, print, Some(request.id), None, request.recorded_at).await?;
        }
        if let Some(token) = &token {
            store::settle_token(tx.conn(), j, token, Some(request.id), None).await?;
        }
        events::append(tx, vec![opened_event(j, ids, &request, actor, photos.len())]).await?;
        Ok(Taken::New(Box::new(request)))
    }
}

/// The event of an opened request. It carries no words of the resident: the log is kept for good.
pub(crate) fn opened_event(j: JurisdictionId, ids: &Ids, request: &Request, actor: Actor, photos: usize) -> NewEvent {
    let body = json!({
        "number": request.number, "service": request.service_code, "channel": request.channel, "priority": request.priority,
        "department": request.department, "work_group": request.work_group, "due_at": request.due_at, "routing": request.routing, "photos": photos,
    });
    NewEvent {
        jurisdiction: j,
        id: ids.next(),
        subject_kind: "request",
        subject: request.id.0,
        kind: "request.opened",
        actor,
        occurred_at: request.requested_at,
        recorded_at: request.recorded_at,
        body: body.to_string(),
    }
}

async fn free_number(tx: &Tx, j: JurisdictionId, ids: &Ids) -> Result<String, OpenError> {
    for _ in 0..DRAWS {
        let number = TrackingNumber::draw(ids).to_string();
        if store::known(tx.conn(), j, std::iter::once(number.as_str())).await?.is_empty() {
            return Ok(number);
        }
    }
    Err(OpenError::Numbers)
}

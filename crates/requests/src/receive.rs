//! Receiving for a batch service: everything is checked and kept now, a token is answered, and a job opens the request.

use db::{DbError, Tx};
use futures::FutureExt;
use jobs::{Job, JobError, NewJob};
use kernel::Ids;
use serde::{Deserialize, Serialize};
use staff::Jurisdiction;

use crate::hub::Requests;
use crate::intake::{Ready, fingerprint};
use crate::model::{NewRequest, Photo, RequestId};
use crate::open::{Intake, OpenError, Taken};
use crate::store;

/// The kind of job that opens a received request.
pub const BATCH_JOB: &str = "request.open-received";

/// What became of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenState {
    /// The token.
    pub token: String,
    /// The request's number, once it is open.
    pub number: Option<String>,
    /// Why it will never be opened.
    pub refused: Option<String>,
}

/// What the job needs. It lies in the queue until the request is open, and is gone then.
#[derive(Serialize, Deserialize)]
struct Received {
    token: String,
    actor: String,
    ready: Ready,
    photos: Vec<Photo>,
}

impl Requests {
    /// Takes a request for a batch service and answers its token when it is durable.
    ///
    /// # Errors
    /// [`OpenError`], as [`Requests::open`]; then nothing was written.
    pub async fn receive(&self, j: &Jurisdiction, new: NewRequest) -> Result<String, OpenError> {
        let key = new.idempotency.clone().map(|key| (key, fingerprint(&new)));
        if let Some((key, print)) = &key
            && let Some(earlier) = store::earlier(self.db().read(), j.id, key).await?
        {
            return same_token(earlier, print);
        }
        let actor = new.actor.clone();
        let checked = self.check(j, new).await?;
        let stored = self.store_pictures(j, checked.ready.request.id, None, checked.ready.request.private, checked.pictures).await?;
        let token = self.ids().bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let received = Received { token, actor: actor.to_string(), ready: checked.ready, photos: stored.photos.clone() };
        let (id, ids, print) = (j.id, self.ids().clone(), key.clone());
        let answer = self.db().write(move |tx| async move { keep(tx, id, &ids, received, print).await }.boxed()).await;
        match answer {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(earlier)) => {
                self.drop_stored(&stored).await;
                same_token(earlier, key.as_ref().map_or("", |(_, print)| print))
            }
            Err(error) => {
                self.drop_stored(&stored).await;
                Err(error)
            }
        }
    }

    /// What became of a token; `None` for one that was never given out.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn token(&self, j: &Jurisdiction, token: &str) -> Result<Option<TokenState>, DbError> {
        let Some(row) = store::token(self.db().read(), j.id, token).await? else { return Ok(None) };
        let number = match row.request_id {
            Some(id) => store::by_id(self.db().read(), j.id, RequestId(id), false).await?.map(|request| request.number),
            None => None,
        };
        Ok(Some(TokenState { token: token.to_owned(), number, refused: row.refused }))
    }

    /// Opens a received request: the handler of [`BATCH_JOB`]. Run twice, it opens one request.
    ///
    /// # Errors
    /// [`JobError::Retry`] when the database fails, [`JobError::GiveUp`] when the job's content cannot be read.
    pub async fn open_received(&self, job: Job) -> Result<(), JobError> {
        let received: Received = serde_json::from_str(&job.payload).map_err(|error| JobError::GiveUp(format!("the job's content cannot be read: {error}")))?;
        let j = job.jurisdiction;
        let retry = |error: &dyn std::fmt::Display| JobError::Retry(error.to_string());
        let row = store::token(self.db().read(), j, &received.token).await.map_err(|e| retry(&e))?;
        if row.is_none_or(|row| row.request_id.is_some() || row.refused.is_some()) {
            return Ok(());
        }
        let actor = received.actor.parse().map_err(|_| JobError::GiveUp("the job names nobody who sent it".to_owned()))?;
        let work = Intake { ready: received.ready, photos: received.photos, actor, key: None, token: Some(received.token) };
        match self.take(j, work).await {
            Ok(Taken::New(_) | Taken::Before(_)) => Ok(()),
            Err(error) => Err(retry(&error)),
        }
    }
}

type Outcome = Result<String, store::Earlier>;

async fn keep(tx: &Tx, j: kernel::JurisdictionId, ids: &Ids, received: Received, key: Option<(crate::IdempotencyKey, String)>) -> Result<Outcome, OpenError> {
    let now = received.ready.request.recorded_at;
    if let Some((key, print)) = &key {
        if let Some(earlier) = store::earlier(tx.conn(), j, key).await? {
            return Ok(Err(earlier));
        }
        store::remember(tx.conn(), j, key, print, None, Some(&received.token), now).await?;
    }
    store::insert_token(tx.conn(), j, &received.token, now).await?;
    let payload = serde_json::to_string(&received).map_err(|error| DbError::Commit(format!("the request cannot be written down: {error}")))?;
    jobs::enqueue(tx, NewJob { jurisdiction: j, id: ids.next(), kind: BATCH_JOB, key: Some(received.token.clone()), payload, run_at: now }).await?;
    Ok(Ok(received.token))
}

fn same_token(earlier: store::Earlier, print: &str) -> Result<String, OpenError> {
    if earlier.fingerprint == print { earlier.token.ok_or(OpenError::KeyReused) } else { Err(OpenError::KeyReused) }
}

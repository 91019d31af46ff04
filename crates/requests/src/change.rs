//! What every change of a request has in common: read it, apply a rule, save it, record it, all in one transaction.

use std::sync::Arc;

use catalog::{Catalog, CatalogError};
use db::{DbError, Tx};
use events::{Actor, NewEvent};
use futures::FutureExt;
use kernel::{Ids, Problem, Timestamp};
use staff::Jurisdiction;
use uuid::Uuid;

use crate::hub::Requests;
use crate::model::{Request, RequestId, RequestUpdate};
use crate::open::OpenError;
use crate::photos::PhotoError;
use crate::status::NotAllowed;
use crate::store::{self, NewUpdate};

/// The most characters of the words of an update.
pub(crate) const MOST_WORDS: usize = 4000;

/// Who changes something, and what they had seen.
#[derive(Clone, Debug)]
pub struct Act {
    /// Who.
    pub actor: Actor,
    /// The revision that was on the screen; a request that moved on since is not changed. `None`: whatever it is.
    pub expect_revision: Option<i32>,
}

impl Act {
    /// By this actor, whatever the request's revision.
    #[must_use]
    pub fn by(actor: Actor) -> Self {
        Self { actor, expect_revision: None }
    }
}

/// Why a request was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// No such request in this jurisdiction.
    #[error("there is no such request")]
    NotFound,
    /// Its state does not allow the step.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// Somebody else changed it in between.
    #[error("the request was changed by somebody else meanwhile (revision {now}, seen {seen})")]
    Stale {
        /// What was on the screen.
        seen: i32,
        /// What it is now.
        now: i32,
    },
    /// The input is not right; every problem is listed.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Problems(Vec<Problem>),
    /// The catalog or the map cannot be asked.
    #[error(transparent)]
    Intake(#[from] OpenError),
    /// The photo store failed.
    #[error(transparent)]
    Photos(#[from] PhotoError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<CatalogError> for ChangeError {
    fn from(error: CatalogError) -> Self {
        Self::Intake(error.into())
    }
}

impl ChangeError {
    /// One problem with one field.
    #[must_use]
    pub fn problem(field: &str, message: impl Into<String>) -> Self {
        Self::Problems(vec![Problem::new(field, message)])
    }
}

/// What a rule may look at.
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    pub(crate) catalog: Arc<Catalog>,
}

/// What a rule did, for the log and for those who follow the request.
pub(crate) struct Recorded {
    /// The event's kind.
    pub(crate) kind: &'static str,
    /// The event's body: states, codes and numbers, no words of residents.
    pub(crate) body: serde_json::Value,
    /// Words to make known, with the state.
    pub(crate) words: Option<String>,
    /// Whether the public may read them.
    pub(crate) public: bool,
    /// When it happened, if not now.
    pub(crate) at: Option<Timestamp>,
    /// Pictures elsewhere.
    pub(crate) media_urls: Vec<String>,
    /// The sender and its own id of the update.
    pub(crate) client: Option<(String, String)>,
    /// The id of the update, where it is known before (photos name it).
    pub(crate) update_id: Option<Uuid>,
}

impl Recorded {
    /// An event whose words, if any, the public may read.
    pub(crate) fn public(kind: &'static str, body: serde_json::Value, words: Option<String>) -> Self {
        Self { kind, body, words, public: true, at: None, media_urls: Vec::new(), client: None, update_id: None }
    }
}

/// Words as they will be kept.
///
/// # Errors
/// When they are too long.
pub(crate) fn words(field: &str, text: &str) -> Result<Option<String>, ChangeError> {
    kernel::text::optional_text(field, text, MOST_WORDS).map_err(|problem| ChangeError::Problems(vec![problem]))
}

impl Requests {
    /// Applies `rule` to the request with this id.
    pub(crate) async fn change<F>(&self, j: &Jurisdiction, id: RequestId, act: Act, rule: F) -> Result<Request, ChangeError>
    where
        F: FnOnce(&mut Request, &Moment) -> Result<Recorded, ChangeError> + Send + 'static,
    {
        let moment = Moment { now: self.clock().now(), catalog: self.catalogs().get(j).await? };
        let (j, ids) = (j.id, self.ids().clone());
        self.db().write(move |tx| async move { apply(tx, j, &ids, id, act, &moment, rule).await.map(|(request, _)| request) }.boxed()).await
    }
}

/// The transaction of a change; use cases that need more in it call this inside their own.
pub(crate) async fn apply<F>(
    tx: &Tx,
    j: kernel::JurisdictionId,
    ids: &Ids,
    id: RequestId,
    act: Act,
    moment: &Moment,
    rule: F,
) -> Result<(Request, RequestUpdate), ChangeError>
where
    F: FnOnce(&mut Request, &Moment) -> Result<Recorded, ChangeError> + Send,
{
    let mut request = store::by_id(tx.conn(), j, id, true).await?.ok_or(ChangeError::NotFound)?;
    let seen = request.revision;
    if let Some(expected) = act.expect_revision
        && expected != seen
    {
        return Err(ChangeError::Stale { seen: expected, now: seen });
    }
    let from = request.status;
    let Recorded { kind, body, words, public, at, media_urls, client, update_id } = rule(&mut request, moment)?;
    request.revision += 1;
    request.updated_at = moment.now.max(request.updated_at);
    if public && words.is_some() {
        request.explanation.clone_from(&words);
    }
    if !store::save(tx.conn(), j, &request, seen).await? {
        return Err(ChangeError::Stale { seen, now: seen + 1 });
    }
    let update = RequestUpdate {
        id: update_id.unwrap_or_else(|| ids.next()),
        request: id,
        number: request.number.clone(),
        status: request.status,
        outcome: request.outcome,
        words,
        media_urls,
        public,
        updated_at: at.unwrap_or(moment.now),
        recorded_at: moment.now,
    };
    let (client, client_update_id) = client.unzip();
    store::insert_update(tx.conn(), j, NewUpdate { update: &update, client: client.as_deref(), client_update_id: client_update_id.as_deref() }).await?;
    let mut body = body;
    if let Some(fields) = body.as_object_mut() {
        fields.insert("from".to_owned(), from.code().into());
        fields.insert("to".to_owned(), request.status.code().into());
        fields.insert("update".to_owned(), update.id.to_string().into());
    }
    let event = NewEvent {
        jurisdiction: j,
        id: ids.next(),
        subject_kind: "request",
        subject: id.0,
        kind,
        actor: act.actor,
        occurred_at: update.updated_at,
        recorded_at: moment.now,
        body: body.to_string(),
    };
    events::append(tx, vec![event]).await?;
    Ok((request, update))
}

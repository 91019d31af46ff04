//! An update that another system sends: words, and maybe a state, each taken once.

use events::Actor;
use futures::FutureExt;
use kernel::{Problem, Timestamp};
use serde_json::json;
use staff::Jurisdiction;

use crate::change::{Act, ChangeError, Moment, Recorded, apply, words};
use crate::close::end;
use crate::hub::Requests;
use crate::intake::media_urls;
use crate::model::{Photo, Request, RequestUpdate, Upload};
use crate::reopen::open_again;
use crate::status::{Outcome, Status, Step};
use crate::store;

/// The most photos of one request, with all its updates.
const MOST_PHOTOS: i64 = 40;

/// The state that a sender says the request is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostedStatus {
    /// It is open; a closed one goes on again.
    Open,
    /// A day is set.
    Scheduled,
    /// Somebody is at it, or looks into it.
    UnderWay,
    /// It ended.
    Closed(Outcome),
    /// As it was.
    Unchanged,
}

/// An update on its way in.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Who sends it.
    pub actor: Actor,
    /// The sender, within whose ids `client_update_id` is unique.
    pub client: String,
    /// The sender's own id of this update.
    pub client_update_id: String,
    /// The request's number.
    pub number: String,
    /// The state it claims, if any.
    pub status: Option<PostedStatus>,
    /// Whether the sender may change states. If not, the update is kept as words alone.
    pub may_change: bool,
    /// The words; may be empty.
    pub words: String,
    /// When the sender wrote it.
    pub updated_at: Option<Timestamp>,
    /// Pictures elsewhere.
    pub media_urls: Vec<String>,
    /// Pictures with it.
    pub uploads: Vec<Upload>,
}

/// An update that was kept, or found again.
#[derive(Clone, Debug)]
pub struct CommentKept {
    /// The update.
    pub update: RequestUpdate,
    /// It was sent before; nothing new was kept.
    pub repeated: bool,
}

impl Requests {
    /// Keeps an update. The same one sent again is answered with the one kept before.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing was kept.
    pub async fn comment(&self, j: &Jurisdiction, comment: Comment) -> Result<CommentKept, ChangeError> {
        let request = self.by_number(j, &comment.number).await?.filter(|request| !request.private).ok_or(ChangeError::NotFound)?;
        if let Some(update) = store::update_of_client(self.db().read(), j.id, &comment.client, request.id, &comment.client_update_id).await? {
            return Ok(CommentKept { update, repeated: true });
        }
        let Comment { actor, client, client_update_id, number: _, status, may_change, words: text, updated_at, media_urls: urls, uploads } = comment;
        let text = words("description", &text)?;
        let mut problems = Vec::new();
        let urls = media_urls(&urls, &mut problems);
        if store::count_photos(self.db().read(), j.id, request.id).await? + i64::try_from(uploads.len()).unwrap_or(i64::MAX) > MOST_PHOTOS {
            problems.push(Problem::new("media", format!("may be at most {MOST_PHOTOS} pictures for one request")));
        }
        if !problems.is_empty() {
            return Err(ChangeError::Problems(problems));
        }
        let pictures = self.fresh_pictures(uploads).await.map_err(ChangeError::Problems)?;
        let update_id = self.ids().next();
        let stored = self.store_pictures(j, request.id, Some(update_id), request.private, pictures).await?;
        let moment = Moment { now: self.clock().now(), catalog: self.catalogs().get(j).await? };
        let now = moment.now;
        let kept = Kept {
            status: status.filter(|_| may_change),
            text,
            at: updated_at.map(|at| at.min(now)),
            urls,
            client: (client.clone(), client_update_id.clone()),
            update_id,
        };
        let (id, ids, photos) = (j.id, self.ids().clone(), stored.photos.clone());
        let answer = self.db().write(move |tx| async move { kept.write(tx, id, &ids, request.id, actor, &moment, &photos).await }.boxed()).await;
        match answer {
            Ok(update) => Ok(CommentKept { update, repeated: false }),
            Err(error) => {
                self.drop_stored(&stored).await;
                // Sent twice at the same moment: the other one was kept.
                let twice = matches!(&error, ChangeError::Db(db) if db.is_unique_violation("request_updates_client", "request_updates.client"));
                let other = if twice { store::update_of_client(self.db().read(), j.id, &client, request.id, &client_update_id).await? } else { None };
                other.map(|update| CommentKept { update, repeated: true }).ok_or(error)
            }
        }
    }
}

struct Kept {
    status: Option<PostedStatus>,
    text: Option<String>,
    at: Option<Timestamp>,
    urls: Vec<String>,
    client: (String, String),
    update_id: uuid::Uuid,
}

impl Kept {
    #[expect(clippy::too_many_arguments, reason = "the parts of one transaction, used once")]
    async fn write(
        self,
        tx: &db::Tx,
        j: kernel::JurisdictionId,
        ids: &kernel::Ids,
        request: crate::RequestId,
        actor: Actor,
        moment: &Moment,
        photos: &[Photo],
    ) -> Result<RequestUpdate, ChangeError> {
        let Self { status, text, at, urls, client, update_id } = self;
        let (_, update) = apply(tx, j, ids, request, Act::by(actor), moment, |request, moment| {
            let (kind, body, words) = state(request, moment, status, text)?;
            Ok(Recorded { at, media_urls: urls, client: Some(client), update_id: Some(update_id), ..Recorded::public(kind, body, words) })
        })
        .await?;
        if !photos.is_empty() {
            store::insert_photos(tx.conn(), j, photos).await?;
        }
        Ok(update)
    }
}

type Said = (&'static str, serde_json::Value, Option<String>);

/// Applies the state that an update claims. One that the request is in already, or that cannot follow, leaves words alone:
/// the sender's picture of the request may be an hour old.
fn state(request: &mut Request, moment: &Moment, status: Option<PostedStatus>, words: Option<String>) -> Result<Said, ChangeError> {
    let note = |words: Option<String>| ("request.updated", json!({ "step": Step::Note, "words": words.is_some() }), words);
    match status {
        Some(PostedStatus::Closed(outcome)) if request.status.is_open() => {
            let words = end(request, moment, outcome, words)?;
            Ok(("request.closed", json!({ "outcome": outcome, "due_at": request.due_at }), Some(words)))
        }
        Some(PostedStatus::Open) if request.status == Status::Closed => Ok(("request.reopened", open_again(request, moment)?, words)),
        Some(PostedStatus::Scheduled | PostedStatus::UnderWay) => {
            let step = if status == Some(PostedStatus::Scheduled) { Step::Schedule } else { Step::Start };
            match request.status.after(step) {
                Ok(next) => {
                    request.status = next;
                    Ok(("request.updated", json!({ "step": step, "words": words.is_some() }), words))
                }
                Err(_) => Ok(note(words)),
            }
        }
        Some(PostedStatus::Closed(_) | PostedStatus::Open | PostedStatus::Unchanged) | None => Ok(note(words)),
    }
}

//! `servicerequestupdates`, posted: what another system has to say about a request.

use events::Actor;
use kernel::{Problem, Timestamp};
use requests::{ChangeError, Comment, PostedStatus};

use super::Call;
use crate::dates::moment;
use crate::document::Document;
use crate::fields::{Fields, shown};
use crate::refusal::Refusal;
use crate::show::Teller;
use crate::statuses::{self, Posted};
use crate::wire;

/// The most characters of the sender's id.
const MOST_ID: usize = 200;

pub(crate) async fn answer(call: Call<'_>) -> Result<Document, Refusal> {
    let Call { desk, headers: _, address: _, mut fields } = call;
    let jurisdiction = desk.jurisdiction(&fields).await?;
    let key = desk.key(&jurisdiction, &fields, |rights| rights.may_update, "post updates").await?;
    let Said { number, update_id, at, posted, words, media_urls } = said(&fields).map_err(Refusal::Problems)?;
    // The hub knows no catalog of who may see what; here a request that the public may not see does not exist.
    let teller = Teller::new(&jurisdiction, desk.catalog(&jurisdiction).await?, None, "");
    if !desk.requests.by_number(&jurisdiction, &number).await?.is_some_and(|request| teller.is_public(&request)) {
        return Err(ChangeError::NotFound.into());
    }
    let uploads = std::mem::take(&mut fields.files);
    let may_change = key.rights.may_close;
    let comment = Comment {
        actor: Actor::ApiKey(key.id),
        client: format!("api-key:{}", key.id),
        client_update_id: update_id,
        number,
        status: Some(posted.status),
        may_change,
        words: if words.is_empty() && may_change && matches!(posted.status, PostedStatus::Closed(_)) { posted.words.to_owned() } else { words },
        updated_at: Some(at),
        media_urls,
        uploads,
    };
    let kept = desk.requests.comment(&jurisdiction, comment).await?;
    Ok(wire::update_kept(kept.update.id.to_string()))
}

impl From<ChangeError> for Refusal {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NotFound => Self::NotFound("service_request_id was not found.".to_owned()),
            ChangeError::Problems(problems) => Self::Problems(problems),
            ChangeError::NotAllowed(why) => Self::field("status", format!("cannot be taken: {why}")),
            ChangeError::Intake(error) => error.into(),
            fault @ (ChangeError::Stale { .. } | ChangeError::Photos(_) | ChangeError::Db(_)) => Self::Fault(Box::new(fault)),
        }
    }
}

struct Said {
    number: String,
    update_id: String,
    at: Timestamp,
    posted: Posted,
    words: String,
    media_urls: Vec<String>,
}

/// What was sent; every problem is told at once.
fn said(fields: &Fields) -> Result<Said, Vec<Problem>> {
    let mut problems = Vec::new();
    let required = |name: &str| fields.get(name).and_then(|text| text.map(str::to_owned).ok_or_else(|| Problem::new(name, "is required")));
    let status = |text: String| {
        let unknown = || Problem::new("status", format!("is not one of OPEN, IN_PROGRESS, FIXED, CLOSED and the like: {:?}", shown(&text)));
        statuses::posted(&text).ok_or_else(unknown)
    };
    let id =
        |text: String| if text.chars().count() > MOST_ID { Err(Problem::new("update_id", format!("may have at most {MOST_ID} characters"))) } else { Ok(text) };
    let mut note = |problem| problems.push(problem);
    let number = required("service_request_id").map_err(&mut note).ok();
    let update_id = required("update_id").and_then(id).map_err(&mut note).ok();
    let at = required("updated_datetime").and_then(|text| moment("updated_datetime", &text)).map_err(&mut note).ok();
    let posted = required("status").and_then(status).map_err(&mut note).ok();
    let words = fields.get("description").map(|text| text.unwrap_or_default().to_owned()).map_err(&mut note).ok();
    let media_urls = fields.every("media_url").map(|urls| urls.into_iter().map(str::to_owned).collect()).map_err(&mut note).ok();
    match (number, update_id, at, posted, words, media_urls) {
        (Some(number), Some(update_id), Some(at), Some(posted), Some(words), Some(media_urls)) => Ok(Said { number, update_id, at, posted, words, media_urls }),
        _ => Err(problems),
    }
}

//! Telling how far the work is.

use serde_json::json;
use staff::Jurisdiction;

use crate::change::{Act, ChangeError, Recorded, words};
use crate::hub::Requests;
use crate::model::{Request, RequestId};
use crate::status::Step;

/// A step of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A day is set.
    Scheduled,
    /// Somebody is at it.
    UnderWay,
}

/// Words about a request, with or without a step of the work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// The step, if one was made.
    pub progress: Option<Progress>,
    /// The words.
    pub words: String,
    /// Whether the resident and the public may read them. If not, they are for staff only.
    pub public: bool,
}

impl Requests {
    /// Adds words, and moves the request on if a step was made.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing changed. An update with neither words nor a step is refused.
    pub async fn update(&self, j: &Jurisdiction, id: RequestId, act: Act, update: Update) -> Result<Request, ChangeError> {
        let text = words("description", &update.words)?;
        if text.is_none() && update.progress.is_none() {
            return Err(ChangeError::problem("description", "is required"));
        }
        self.change(j, id, act, move |request, _| {
            let step = match update.progress {
                Some(Progress::Scheduled) => Step::Schedule,
                Some(Progress::UnderWay) => Step::Start,
                None => Step::Note,
            };
            request.status = request.status.after(step)?;
            let body = json!({ "step": step, "words": text.is_some(), "public": update.public });
            Ok(Recorded { public: update.public || update.progress.is_some() && text.is_none(), ..Recorded::public("request.updated", body, text) })
        })
        .await
    }
}

//! Closing, honestly: with an outcome and with words for the resident.

use serde_json::json;
use staff::Jurisdiction;

use crate::change::{Act, ChangeError, Moment, Recorded, words};
use crate::hub::Requests;
use crate::model::{Request, RequestId};
use crate::status::{Outcome, Step};

/// How a request ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The outcome. [`Outcome::NotRecorded`] is for imports alone; [`Outcome::Duplicate`] is better said with
    /// [`Requests::mark_duplicate`], which names the other request.
    pub outcome: Outcome,
    /// What the resident reads. Empty takes the plain sentence of the outcome, where there is one that says enough.
    pub words: String,
}

impl Requests {
    /// Ends a request.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing changed. An outcome that says nothing by itself (not ours, not something the city
    /// does) needs words.
    pub async fn close(&self, j: &Jurisdiction, id: RequestId, act: Act, closing: Closing) -> Result<Request, ChangeError> {
        let text = words("description", &closing.words)?;
        self.change(j, id, act, move |request, moment| {
            let explained = end(request, moment, closing.outcome, text)?;
            Ok(Recorded::public("request.closed", json!({ "outcome": closing.outcome, "due_at": request.due_at }), Some(explained)))
        })
        .await
    }
}

/// The rule of ending; it answers the words that the resident reads.
pub(crate) fn end(request: &mut Request, moment: &Moment, outcome: Outcome, words: Option<String>) -> Result<String, ChangeError> {
    let status = request.status.after(Step::Close)?;
    let explained = match (words, plain(outcome)) {
        (_, Plain::Never) => return Err(ChangeError::problem("outcome", "must say how the request ended")),
        (Some(words), _) => words,
        (None, Plain::Enough(sentence)) => sentence.to_owned(),
        (None, Plain::TooLittle) => return Err(ChangeError::problem("description", "is required: tell the resident whose it is, or what to do instead")),
    };
    request.status = status;
    request.outcome = Some(outcome);
    request.closed_at = Some(moment.now);
    request.paused_at = None;
    Ok(explained)
}

enum Plain {
    Enough(&'static str),
    TooLittle,
    Never,
}

/// The sentence that stands when nobody wrote one.
fn plain(outcome: Outcome) -> Plain {
    match outcome {
        Outcome::Done => Plain::Enough("The city reports that the work is done."),
        Outcome::DoneByOthers => Plain::Enough("When the city came, somebody else had already done it."),
        Outcome::Duplicate => Plain::Enough("This was reported before. The city works on the earlier report."),
        Outcome::NotFound => Plain::Enough("The city looked and did not find it at this place."),
        Outcome::NoAccess => Plain::Enough("The crew could not get to the place."),
        Outcome::Withdrawn => Plain::Enough("The request was taken back."),
        Outcome::NotOurs | Outcome::NotACityService => Plain::TooLittle,
        Outcome::NotRecorded => Plain::Never,
    }
}

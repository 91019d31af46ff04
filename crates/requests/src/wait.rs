//! Waiting for the resident: the promise's clock stands still, and goes on when the answer comes.

use kernel::Timestamp;
use serde_json::json;
use staff::Jurisdiction;

use crate::change::{Act, ChangeError, Moment, Recorded, words};
use crate::hub::Requests;
use crate::model::{FrozenPromise, Request, RequestId};
use crate::status::Step;

impl Requests {
    /// Asks the resident something. Until [`Requests::resume`] the promise's clock stands still.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing changed. The question is required.
    pub async fn wait(&self, j: &Jurisdiction, id: RequestId, act: Act, question: &str) -> Result<Request, ChangeError> {
        let question = words("question", question)?.ok_or_else(|| ChangeError::problem("question", "is required: what does the city need to know?"))?;
        self.change(j, id, act, move |request, moment| {
            request.status = request.status.after(Step::Wait)?;
            request.paused_at = Some(moment.now);
            Ok(Recorded::public("request.waiting", json!({ "due_at": request.due_at }), Some(question)))
        })
        .await
    }

    /// Goes on after a wait; the promised date moves by the working time that was spent waiting.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing changed.
    pub async fn resume(&self, j: &Jurisdiction, id: RequestId, act: Act, answer: &str) -> Result<Request, ChangeError> {
        let answer = words("description", answer)?;
        self.change(j, id, act, move |request, moment| {
            request.status = request.status.after(Step::Resume)?;
            let before = request.due_at;
            restart_clock(request, moment);
            Ok(Recorded { public: false, ..Recorded::public("request.resumed", json!({ "due_before": before, "due_at": request.due_at }), answer) })
        })
        .await
    }
}

/// Lets the promise's clock go on. A date that another system promised moves by the plain time that passed, because
/// that system's calendar is not known here.
pub(crate) fn restart_clock(request: &mut Request, moment: &Moment) {
    let Some(since) = request.paused_at.take() else { return };
    let Some(due) = request.due_at else { return };
    request.due_at = Some(moved(request.promise.as_ref(), due, since, moment));
}

fn moved(promise: Option<&FrozenPromise>, due: Timestamp, since: Timestamp, moment: &Moment) -> Timestamp {
    let plain = || due.plus_millis((moment.now.millis() - since.millis()).max(0));
    match promise {
        Some(FrozenPromise::Target { calendar, calendar_version, amount, .. }) => {
            moment.catalog.due_after_pause(*amount, calendar, *calendar_version, due, since, moment.now).unwrap_or_else(plain)
        }
        Some(FrozenPromise::Imported { .. }) | None => plain(),
    }
}

//! Reopening: it was not fixed after all. The promise of the first day stands.

use serde_json::json;
use staff::Jurisdiction;

use crate::change::{Act, ChangeError, Recorded, words};
use crate::hub::Requests;
use crate::model::{Request, RequestId};
use crate::status::Step;

impl Requests {
    /// Opens a closed request again, with the reason.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing changed. The reason is required.
    pub async fn reopen(&self, j: &Jurisdiction, id: RequestId, act: Act, reason: &str) -> Result<Request, ChangeError> {
        let reason = words("description", reason)?.ok_or_else(|| ChangeError::problem("description", "is required: why does it go on?"))?;
        self.change(j, id, act, move |request, moment| {
            let body = open_again(request, moment)?;
            Ok(Recorded::public("request.reopened", body, Some(reason)))
        })
        .await
    }
}

/// The rule of reopening. The body of the event keeps how and when it had ended.
pub(crate) fn open_again(request: &mut Request, _moment: &crate::change::Moment) -> Result<serde_json::Value, ChangeError> {
    request.status = request.status.after(Step::Reopen)?;
    let body = json!({ "outcome_before": request.outcome, "closed_before": request.closed_at, "parent_before": request.parent });
    request.outcome = None;
    request.closed_at = None;
    request.parent = None;
    Ok(body)
}

//! Marking a request as a repeat of another: it ends, and the other goes on.

use futures::FutureExt;
use serde_json::json;
use staff::Jurisdiction;

use crate::change::{Act, ChangeError, Moment, Recorded, apply};
use crate::close::end;
use crate::hub::Requests;
use crate::model::{Request, RequestId};
use crate::status::Outcome;
use crate::store;

/// How many "is a repeat of" are followed to the first request.
const LONGEST_CHAIN: usize = 50;

impl Requests {
    /// Ends the request as a repeat of `of`. Where that is itself a repeat, its first request is meant.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing changed. A request is no repeat of itself, nor of one that repeats it.
    pub async fn mark_duplicate(&self, j: &Jurisdiction, id: RequestId, act: Act, of: RequestId) -> Result<Request, ChangeError> {
        let moment = Moment { now: self.clock().now(), catalog: self.catalogs().get(j).await? };
        let (j, ids) = (j.id, self.ids().clone());
        self.db()
            .write(move |tx| {
                async move {
                    let mut first = of;
                    let mut number = String::new();
                    for _ in 0..LONGEST_CHAIN {
                        if first == id {
                            return Err(ChangeError::problem("duplicate_of", "names this same request, or one that repeats it"));
                        }
                        let other = store::by_id(tx.conn(), j, first, false).await?;
                        let other = other.ok_or_else(|| ChangeError::problem("duplicate_of", "names no request of this city"))?;
                        number = other.number;
                        match other.parent {
                            Some(parent) => first = parent,
                            None => break,
                        }
                    }
                    let (request, _) = apply(tx, j, &ids, id, act, &moment, |request, moment| {
                        let words = format!("This was reported before. The city works on request {number}.");
                        let words = end(request, moment, Outcome::Duplicate, Some(words))?;
                        request.parent = Some(first);
                        Ok(Recorded::public("request.closed", json!({ "outcome": Outcome::Duplicate, "duplicate_of": number }), Some(words)))
                    })
                    .await?;
                    Ok(request)
                }
                .boxed()
            })
            .await
    }
}

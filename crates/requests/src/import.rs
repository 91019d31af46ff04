//! Requests of another system, many at a time: new ones are written with their history, changed ones changed, the rest
//! left alone.

use std::collections::HashMap;

use db::{Db, DbError, Tx};
use events::{Actor, NewEvent};
use futures::FutureExt;
use kernel::{Ids, JurisdictionId, Timestamp};
use serde_json::json;

use crate::model::{Request, RequestId};
use crate::open::opened_event;
use crate::store;

/// Under this name a parent's number waits until the parent is here.
const WAITING_PARENT: &str = "parent_number";

/// A request of another system. Its `number` is that system's, its `fingerprint` tells whether the row changed, and its
/// `id` is used only when it is new.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The request.
    pub request: Request,
    /// The number of the request that it repeats.
    pub parent_number: Option<String>,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedCounts {
    /// Written for the first time.
    pub inserted: u64,
    /// Written over an older state of the same request.
    pub updated: u64,
    /// Already here in the same state.
    pub unchanged: u64,
    /// Not taken: the place in the batch, and why.
    pub refused: Vec<(usize, String)>,
}

/// Writes a batch in one transaction. `origin` names the other system. A request that came from elsewhere under the same
/// number is never overwritten: that row is refused. Every number may stand in a batch once.
///
/// # Errors
/// When the engine fails; then nothing of the batch was written.
pub async fn import_rows(db: &Db, j: JurisdictionId, origin: &str, rows: Vec<Imported>, now: Timestamp, ids: &Ids) -> Result<ImportedCounts, DbError> {
    let (origin, ids) = (origin.to_owned(), ids.clone());
    db.write(move |tx| async move { write(tx, j, &origin, rows, now, &ids).await }.boxed()).await
}

async fn write(tx: &Tx, j: JurisdictionId, origin: &str, rows: Vec<Imported>, now: Timestamp, ids: &Ids) -> Result<ImportedCounts, DbError> {
    let known = store::known(tx.conn(), j, rows.iter().map(|row| row.request.number.as_str())).await?;
    let parents = store::known(tx.conn(), j, rows.iter().filter_map(|row| row.parent_number.as_deref())).await?;
    let mut counts = ImportedCounts::default();
    let mut fresh: Vec<Request> = Vec::with_capacity(rows.len());
    let mut log: Vec<NewEvent> = Vec::with_capacity(rows.len() * 2);
    let mut here: HashMap<String, RequestId> = HashMap::with_capacity(rows.len());
    for (place, Imported { mut request, parent_number }) in rows.into_iter().enumerate() {
        request.origin = Some(origin.to_owned());
        request.recorded_at = now;
        if let Some(number) = parent_number {
            request.parent = parents.get(&number).map(|k| RequestId(k.id)).or_else(|| here.get(&number).copied());
            request.source_fields.insert(WAITING_PARENT.to_owned(), number);
        }
        if here.contains_key(&request.number) {
            counts.refused.push((place, format!("the number {} stands in this batch twice", request.number)));
            continue;
        }
        match known.get(&request.number) {
            None => {
                here.insert(request.number.clone(), request.id);
                log.push(opened_event(j, ids, &request, Actor::Import(origin.to_owned()), 0));
                log.extend(closed_event(j, ids, &request, origin, now));
                fresh.push(request);
                counts.inserted += 1;
            }
            Some(known) => {
                here.insert(request.number.clone(), RequestId(known.id));
                if known.origin.as_deref() != Some(origin) {
                    let whose = known.origin.as_deref().unwrap_or("Cityhall itself");
                    counts.refused.push((place, format!("the number {} belongs to a request from {whose}", request.number)));
                } else if known.fingerprint == request.fingerprint {
                    counts.unchanged += 1;
                } else {
                    log.extend(overwrite(tx, j, ids, RequestId(known.id), request, origin, now).await?);
                    counts.updated += 1;
                }
            }
        }
    }
    store::insert(tx.conn(), j, &fresh).await?;
    events::append(tx, log).await?;
    Ok(counts)
}

/// The event of an end that the other system recorded.
fn closed_event(j: JurisdictionId, ids: &Ids, request: &Request, origin: &str, now: Timestamp) -> Option<NewEvent> {
    let outcome = request.outcome?;
    Some(NewEvent {
        jurisdiction: j,
        id: ids.next(),
        subject_kind: "request",
        subject: request.id.0,
        kind: "request.closed",
        actor: Actor::Import(origin.to_owned()),
        occurred_at: request.closed_at.unwrap_or(request.updated_at),
        recorded_at: now,
        body: json!({ "outcome": outcome, "to": request.status, "closed_at": request.closed_at, "due_at": request.due_at }).to_string(),
    })
}

/// Writes the other system's newer state over the older one, and says in the log what changed.
async fn overwrite(tx: &Tx, j: JurisdictionId, ids: &Ids, id: RequestId, mut request: Request, origin: &str, now: Timestamp) -> Result<Vec<NewEvent>, DbError> {
    let Some(old) = store::by_id(tx.conn(), j, id, true).await? else { return Ok(Vec::new()) };
    request.id = id;
    request.recorded_at = old.recorded_at;
    request.revision = old.revision + 1;
    request.parent = request.parent.or(old.parent);
    let mut log = vec![NewEvent {
        jurisdiction: j,
        id: ids.next(),
        subject_kind: "request",
        subject: id.0,
        kind: "request.imported-again",
        actor: Actor::Import(origin.to_owned()),
        occurred_at: request.updated_at,
        recorded_at: now,
        body: json!({ "from": old.status, "to": request.status, "service_before": old.service_code, "service": request.service_code, "due_before": old.due_at, "due_at": request.due_at }).to_string(),
    }];
    if old.outcome != request.outcome || old.closed_at != request.closed_at {
        log.extend(closed_event(j, ids, &request, origin, now));
    }
    store::save(tx.conn(), j, &request, old.revision).await?;
    Ok(log)
}

/// Ties repeats to requests that came after them in the file. The answer is how many were tied.
///
/// # Errors
/// When the engine fails.
pub async fn link_parents(db: &Db, j: JurisdictionId, origin: &str) -> Result<u64, DbError> {
    let mut tied = 0;
    let mut after = None;
    loop {
        let waiting = store::without_parent(db.read(), j, origin, after, 500).await?;
        let Some(last) = waiting.last() else { return Ok(tied) };
        after = Some(last.id.0);
        let numbers: HashMap<RequestId, String> =
            waiting.into_iter().filter_map(|mut request| Some((request.id, request.source_fields.remove(WAITING_PARENT)?))).collect();
        tied += db.write(move |tx| async move { tie(tx, j, &numbers).await }.boxed()).await?;
    }
}

async fn tie(tx: &Tx, j: JurisdictionId, numbers: &HashMap<RequestId, String>) -> Result<u64, DbError> {
    let parents = store::known(tx.conn(), j, numbers.values().map(String::as_str)).await?;
    let mut tied = 0;
    for (child, number) in numbers {
        if let Some(parent) = parents.get(number).filter(|parent| parent.id != child.0) {
            tied += store::set_parent(tx.conn(), j, *child, RequestId(parent.id)).await?;
        }
    }
    Ok(tied)
}

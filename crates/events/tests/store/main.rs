//! The event log on both engines: order, horizon, leases, failures, rebuilding, dying in the middle.
#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod followers;
mod ledger;
mod log;
mod nodes;
mod outside;

use db::DbError;
use events::{Actor, Event, NewEvent, Position};
use futures::FutureExt;
use kernel::{Ids, JurisdictionId};
use testkit::TestDb;
use uuid::Uuid;

/// Alder Falls.
const ALDER_FALLS: JurisdictionId = JurisdictionId(1);
/// Its neighbor, served by the same installation.
const NEIGHBOR: JurisdictionId = JurisdictionId(2);

/// An event about `subject`, made now.
fn happened(t: &TestDb, jurisdiction: JurisdictionId, subject: Uuid, body: impl std::fmt::Display) -> NewEvent {
    NewEvent {
        jurisdiction,
        id: t.ids.next(),
        subject_kind: "request",
        subject,
        kind: "request.noted",
        actor: Actor::System,
        occurred_at: t.clock.now(),
        recorded_at: t.clock.now(),
        body: body.to_string(),
    }
}

/// Appends events in one transaction.
async fn append(t: &TestDb, events: Vec<NewEvent>) {
    let done: Result<(), DbError> = t.db.write(move |tx| async move { events::append(tx, events).await }.boxed()).await;
    done.unwrap();
}

/// Appends one event in a transaction of its own; its body is a number.
async fn number(t: &TestDb, jurisdiction: JurisdictionId, n: i64) {
    append(t, vec![happened(t, jurisdiction, Uuid::nil(), n)]).await;
}

fn numbers(events: &[Event]) -> Vec<i64> {
    events.iter().map(|e| e.body.parse().unwrap()).collect()
}

/// Everything there is to read, in steps of `limit`.
async fn read_all(t: &TestDb, jurisdiction: JurisdictionId, limit: u32) -> Vec<Event> {
    let (mut all, mut from): (Vec<Event>, Option<Position>) = (Vec::new(), None);
    loop {
        let events = events::after(&t.db, jurisdiction, from, limit).await.unwrap();
        let Some(last) = events.last() else { return all };
        from = Some(last.position());
        all.extend(events);
    }
}

/// Ids of a node of its own: nodes do not share a source of chance.
fn other_ids(t: &TestDb, seed: u64) -> Ids {
    Ids::seeded(t.clock.clone(), seed)
}

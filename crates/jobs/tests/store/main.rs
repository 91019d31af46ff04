//! The queue on both engines: order, keys, failures, leases, dying and stopping.
#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod leases;
mod queue;
mod stopping;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use db::DbError;
use futures::FutureExt;
use jobs::{Job, JobError, JobRecord, Kind, NewJob, Settings, Workers};
use kernel::{Ids, JurisdictionId};
use testkit::TestDb;
use uuid::Uuid;

/// Alder Falls.
const ALDER_FALLS: JurisdictionId = JurisdictionId(1);
/// Its neighbor, served by the same installation.
const NEIGHBOR: JurisdictionId = JurisdictionId(2);

/// A letter to send, at once.
fn letter(t: &TestDb, payload: impl std::fmt::Display) -> NewJob {
    NewJob { jurisdiction: ALDER_FALLS, id: t.ids.next(), kind: "letter", key: None, payload: payload.to_string(), run_at: t.clock.now() }
}

async fn enqueue(t: &TestDb, job: NewJob) -> bool {
    let taken: Result<bool, DbError> = t.db.write(move |tx| async move { jobs::enqueue(tx, job).await }.boxed()).await;
    taken.unwrap()
}

async fn record(t: &TestDb, id: Uuid) -> JobRecord {
    jobs::job(t.db.read(), ALDER_FALLS, id).await.unwrap().unwrap()
}

/// Three attempts, pauses of a second or two.
fn three() -> Kind {
    Kind { attempts: 3, first_pause: Duration::from_secs(2), longest_pause: Duration::from_secs(60), ..Kind::default() }
}

/// One at a time, so that the order shows.
fn one() -> Settings {
    Settings { at_once: 1, poll: Duration::from_millis(5), ..Settings::default() }
}

/// A worker of a node of its own.
fn workers(t: &TestDb, seed: u64, settings: Settings) -> Workers {
    Workers::new(t.db.clone(), t.clock.clone(), Ids::seeded(t.clock.clone(), seed), settings)
}

/// What the handlers were given, in order.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<String>>>);

impl Sent {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn note(&self, job: &Job) {
        self.0.lock().unwrap().push(job.payload.clone());
    }

    /// A handler that notes the payload and answers what `answer` says.
    fn handler(
        &self,
        answer: impl Fn(&Job) -> Result<(), JobError> + Send + Sync + 'static,
    ) -> impl Fn(Job) -> futures::future::BoxFuture<'static, Result<(), JobError>> + Send + Sync + 'static {
        let sent = self.clone();
        move |job| {
            sent.note(&job);
            let result = answer(&job);
            async move { result }.boxed()
        }
    }
}

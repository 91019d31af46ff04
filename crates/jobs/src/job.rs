//! A job: before it is enqueued, in a worker's hands, and as staff see it.

use std::fmt;
use std::str::FromStr;

use kernel::{JurisdictionId, Timestamp};
use uuid::Uuid;

/// A job on its way into the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Whose work it is.
    pub jurisdiction: JurisdictionId,
    /// From [`kernel::Ids`].
    pub id: Uuid,
    /// Which handler runs it, such as `open311.batch`.
    pub kind: &'static str,
    /// Of jobs of one kind with the same key only the first is taken, as long as it is in the queue or its end is
    /// remembered ([`crate::Settings::remember`]). Put into it what makes the work unique.
    pub key: Option<String>,
    /// What the handler needs to know, in JSON. No more personal data than must be: better an id.
    pub payload: String,
    /// Not before this moment.
    pub run_at: Timestamp,
}

/// A job in a worker's hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Whose work it is.
    pub jurisdiction: JurisdictionId,
    /// Its id.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its key, if it has one.
    pub key: Option<String>,
    /// What was enqueued with it.
    pub payload: String,
    /// 1 at the first attempt.
    pub attempt: u32,
    /// When it was to run.
    pub run_at: Timestamp,
    /// The worker that holds the lease; with the attempt it tells an old holder from the present one.
    pub(crate) owner: Uuid,
}

/// How a handler says that it did not succeed. The text is for staff: no personal data, no secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// It may succeed later: try again after a pause, up to the kind's attempts.
    #[error("{0}")]
    Retry(String),
    /// It will never succeed: stop, and leave it in sight.
    #[error("{0}")]
    GiveUp(String),
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// It waits for its time, or for a worker.
    Ready,
    /// A worker has it.
    Running,
    /// It is over; remembered for a while if it has a key.
    Done,
    /// It failed for good. Someone must look at it.
    GaveUp,
}

impl State {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Ready, Self::Running, Self::Done, Self::GaveUp];

    /// The word that is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::GaveUp => "gave_up",
        }
    }
}

/// A word that is no state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not one of ready, running, done, gave_up")]
pub struct NotAState;

impl FromStr for State {
    type Err = NotAState;

    fn from_str(text: &str) -> Result<Self, NotAState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(NotAState)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A job as staff see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    /// Whose work it is.
    pub jurisdiction: JurisdictionId,
    /// Its id.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its key, if it has one.
    pub key: Option<String>,
    /// What was enqueued with it.
    pub payload: String,
    /// Where it stands.
    pub state: State,
    /// When it is, or was, to run.
    pub run_at: Timestamp,
    /// When a worker may next take it; while one has it, the end of the lease.
    pub due_at: Option<Timestamp>,
    /// How often it was begun.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was done or gave up.
    pub ended_at: Option<Timestamp>,
}

//! Work that waits: enqueued in the transaction that caused it, leased to one worker at a time, tried again with growing
//! pauses, and left in sight when it gives up.
//!
//! A job runs at least once. When a worker dies, its lease runs out and the job runs again, so a handler is written to
//! be safe to run twice; one whose effects are rows of the same database ends its job in their transaction
//! ([`finish`]), and then they happen exactly once.

mod job;
mod store;
mod workers;

pub use job::{Job, JobError, JobRecord, NewJob, State};
pub use store::queue::{FinishError, enqueue, extend, finish, retry};
pub use store::sight::{Depth, Filter, depth, job, list};
pub use workers::{Kind, Round, Settings, Workers};

/// The tables of this room.
pub const MIGRATIONS: &[db::Migration] = &[db::Migration { room: "jobs", number: 1, sql: include_str!("../migrations/0001_jobs.sql") }];

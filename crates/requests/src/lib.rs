//! The hub: what residents ask for, from the moment it arrives to its honest end.
//!
//! One file per use case, named by its verb. Each checks the rule, writes the request, appends the event and enqueues
//! the work that follows, in one transaction. The life of a request is the table in `status.rs`.

mod assign;
mod change;
mod change_service;
mod close;
mod comment;
mod duplicates;
mod filter;
mod hub;
mod import;
mod intake;
mod link;
mod mark_duplicate;
mod model;
mod move_to;
mod open;
mod photos;
mod receive;
mod reopen;
mod status;
mod store;
mod update;
mod wait;

pub use assign::Assignment;
pub use change::{Act, ChangeError};
pub use close::Closing;
pub use comment::{Comment, CommentKept, PostedStatus};
pub use duplicates::Candidate;
pub use filter::{Filter, Order, Span};
pub use hub::{Hub, Requests};
pub use import::{Imported, ImportedCounts, import_rows, link_parents};
pub use intake::{MOST_DESCRIPTION, MOST_MEDIA_URLS};
pub use model::{
    FrozenArea, FrozenPromise, FrozenRouting, IdempotencyKey, NewRequest, Photo, PhotoId, Place, Reporter, Request, RequestId, RequestUpdate, Upload,
};
pub use open::{OpenError, Opened};
pub use photos::{PhotoError, PhotoStore};
pub use receive::{BATCH_JOB, TokenState};
pub use status::{Channel, NotAllowed, Outcome, Status, Step};
pub use update::{Progress, Update};

/// The tables of this room.
pub const MIGRATIONS: &[db::Migration] = &[db::Migration { room: "requests", number: 1, sql: include_str!("../migrations/0001_requests.sql") }];

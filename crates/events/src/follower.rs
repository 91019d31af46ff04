//! What follows the log: notices, search, rollups, webhooks. Each is one of two sorts, by where its effects are kept.

use db::{DbError, Tx};
use futures::future::BoxFuture;
use kernel::JurisdictionId;

use crate::Event;

/// Why a follower could not take a batch. The batch is tried again later; nothing is skipped.
#[derive(Debug, thiserror::Error)]
pub enum FollowerError {
    /// The database refused.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Something else, in words for the operator and without personal data.
    #[error("{0}")]
    Failed(String),
}

/// A follower whose effects are rows in the same database. They are committed together with its position, so each
/// event takes effect **exactly once**.
pub trait Follower: Send + Sync + 'static {
    /// Under this name its position is kept. Never change it.
    fn name(&self) -> &str;

    /// Raise this when what it makes changes in form: everything is then cleared and made again from the first event.
    /// A node with an older program leaves the follower to the newer ones.
    fn version(&self) -> i32 {
        1
    }

    /// Takes a batch of events of one jurisdiction, in order.
    fn apply<'a>(&'a self, tx: &'a Tx, events: &'a [Event]) -> BoxFuture<'a, Result<(), FollowerError>>;

    /// Removes everything it made for a jurisdiction, before it begins at the first event.
    fn clear<'a>(&'a self, tx: &'a Tx, jurisdiction: JurisdictionId) -> BoxFuture<'a, Result<(), FollowerError>>;
}

/// A follower whose effects are outside the database: a search index, a folder, another system. An event takes effect
/// **at least once**: when a node dies between the effect and the note of it, the batch comes again, so taking the same
/// events twice must give the same as once.
pub trait OutsideFollower: Send + Sync + 'static {
    /// As [`Follower::name`]. A follower that keeps files on its own node has the node's name in it, for then each node
    /// follows by itself.
    fn name(&self) -> &str;

    /// As [`Follower::version`].
    fn version(&self) -> i32 {
        1
    }

    /// Takes a batch of events of one jurisdiction, in order, and answers when the effect is durable.
    fn apply<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Result<(), FollowerError>>;

    /// Removes everything it made for a jurisdiction. May be called again when a node dies in between.
    fn clear(&self, jurisdiction: JurisdictionId) -> BoxFuture<'_, Result<(), FollowerError>>;
}

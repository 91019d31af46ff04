//! Runs followers on this node: waits for something to happen, takes the lease, hands over batches, keeps the position.
//!
//! Any number of nodes may run the same followers. Any of them may die at any point.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use db::{Db, DbError};
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::{Clock, Ids, JurisdictionId};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::store::log;
use crate::store::positions::{self, Holder, Waiting};
use crate::{Event, Follower, FollowerError, OutsideFollower, Position};

/// How followers are run. The default suits serving.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most events handed over at once.
    pub batch: u32,
    /// How long a node that died is waited for before another one follows in its place. Measured on the nodes' clocks,
    /// so it should be well above what they differ by; nothing but this wait depends on them.
    pub lease: Duration,
    /// How long to wait for commits of other processes, which this one is not told of.
    pub poll: Duration,
    /// How long to let events gather after a round, so that a busy city costs a few large steps and not many small ones.
    pub gather: Duration,
    /// The wait after a first failure; it doubles with each further one.
    pub first_retry: Duration,
    /// The longest wait after a failure.
    pub longest_retry: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch: 500,
            lease: Duration::from_secs(30),
            poll: Duration::from_millis(500),
            gather: Duration::from_millis(20),
            first_retry: Duration::from_secs(1),
            longest_retry: Duration::from_secs(300),
        }
    }
}

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Events that took effect.
    pub events: u64,
    /// Batches that failed and are tried again later.
    pub failures: u64,
    /// Batches whose lease another node had taken, so that nothing was kept of them here.
    pub lost: u64,
}

/// The followers of one node.
pub struct Followers {
    node: Node,
    followings: Vec<Following>,
}

#[derive(Clone)]
struct Node {
    db: Db,
    clock: Clock,
    ids: Ids,
    settings: Settings,
    owner: Uuid,
}

#[derive(Clone)]
enum Following {
    Kept(Arc<dyn Follower>),
    Outside(Arc<dyn OutsideFollower>),
}

impl Following {
    fn name(&self) -> &str {
        match self {
            Self::Kept(follower) => follower.name(),
            Self::Outside(follower) => follower.name(),
        }
    }

    fn version(&self) -> i32 {
        match self {
            Self::Kept(follower) => follower.version(),
            Self::Outside(follower) => follower.version(),
        }
    }
}

/// Why a step was not made.
#[derive(Debug, thiserror::Error)]
enum Undone {
    /// Another node follows, or everything begins again from the first event.
    #[error("another node follows")]
    Lost,
    /// The follower could not.
    #[error(transparent)]
    Failed(#[from] FollowerError),
}

impl From<DbError> for Undone {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl Followers {
    /// No followers yet. The node is known to the others by an id drawn here.
    #[must_use]
    pub fn new(db: Db, clock: Clock, ids: Ids, settings: Settings) -> Self {
        let owner = ids.next();
        Self { node: Node { db, clock, ids, settings, owner }, followings: Vec::new() }
    }

    /// Adds a follower whose effects are rows of the same database.
    #[must_use]
    pub fn kept(mut self, follower: impl Follower) -> Self {
        self.followings.push(Following::Kept(Arc::new(follower)));
        self
    }

    /// Adds a follower whose effects are elsewhere.
    #[must_use]
    pub fn outside(mut self, follower: impl OutsideFollower) -> Self {
        self.followings.push(Following::Outside(Arc::new(follower)));
        self
    }

    /// Follows until `stop` becomes true (or its sender is gone), ends the step in hand, and gives the leases back. Each
    /// follower runs by itself: one that is slow or fails holds no other back. Dropping this is like the node's death.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        let mut running = JoinSet::new();
        for following in &self.followings {
            running.spawn(self.node.clone().follow(following.clone(), stop.clone()));
        }
        while let Some(ended) = running.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a follower's task ended");
            }
        }
        let owner = self.node.owner;
        let released: Result<(), DbError> = self.node.db.write(move |tx| positions::release(tx, owner).boxed()).await;
        if let Err(error) = released {
            tracing::warn!(%error, "leases were not given back; they run out by themselves");
        }
    }

    /// Takes all that is waiting for any follower, once, and answers what was done. For commands and tests.
    ///
    /// # Errors
    /// When the engine fails outside of a follower's own work.
    pub async fn catch_up(&self) -> Result<Round, DbError> {
        let mut all = Round::default();
        for following in &self.followings {
            let round = self.node.round(following, &|| false).await?;
            all = Round { events: all.events + round.events, failures: all.failures + round.failures, lost: all.lost + round.lost };
        }
        Ok(all)
    }
}

impl Node {
    async fn follow(self, following: Following, mut stop: watch::Receiver<bool>) {
        let mut committed = self.db.committed();
        let told = stop.clone();
        let stopping = move || *told.borrow();
        while !stopping() {
            // Before looking, so that a commit during the look leads to another one.
            committed.borrow_and_update();
            if let Err(error) = self.round(&following, &stopping).await {
                tracing::warn!(follower = following.name(), %error, "the event log could not be read");
            }
            let wait = async {
                tokio::time::sleep(self.settings.gather).await;
                tokio::select! {
                    _ = committed.changed() => {}
                    () = tokio::time::sleep(self.settings.poll) => {}
                }
            };
            tokio::select! {
                () = wait => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// One look over all jurisdictions.
    async fn round(&self, following: &Following, stopping: &(dyn Fn() -> bool + Send + Sync)) -> Result<Round, DbError> {
        let mut round = Round::default();
        // First the horizon, then the events below it.
        let horizon = self.db.stamp_horizon().await?;
        let waiting = positions::waiting(&self.db, &self.holder(following), horizon).await?;
        for mut at in waiting {
            if stopping() {
                break;
            }
            match self.jurisdiction(following, &mut at, horizon, &mut round, stopping).await {
                Ok(()) => {}
                Err(Undone::Lost) => round.lost += 1,
                Err(Undone::Failed(error)) => {
                    round.failures += 1;
                    self.note_failure(following, &at, &error).await?;
                }
            }
        }
        Ok(round)
    }

    /// Takes all that waits in one jurisdiction. `at` is kept up to date with the position reached.
    async fn jurisdiction(
        &self,
        following: &Following,
        at: &mut Waiting,
        horizon: i64,
        round: &mut Round,
        stopping: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<(), Undone> {
        if at.is_new {
            let (j, name, version) = (at.jurisdiction, following.name().to_owned(), following.version());
            self.db.write(move |tx| async move { positions::begin(tx, j, &name, version).await }.boxed()).await?;
        }
        if let Following::Outside(_) = following {
            self.claim(following, at).await?;
        }
        if at.clear_first {
            self.clear(following, at.jurisdiction).await?;
            at.position = Position::START;
            at.clear_first = false;
        }
        while !stopping() {
            let events = log::below(self.db.read(), at.jurisdiction, at.position, horizon, self.settings.batch).await?;
            let Some(last) = events.last() else { break };
            let (to, count) = (last.position(), events.len());
            self.step(following, at.jurisdiction, at.position, to, events).await?;
            at.position = to;
            round.events += u64::try_from(count).unwrap_or(u64::MAX);
        }
        Ok(())
    }

    /// Hands over one batch and keeps the position behind it.
    async fn step(&self, following: &Following, jurisdiction: JurisdictionId, from: Position, to: Position, events: Vec<Event>) -> Result<(), Undone> {
        let holder = self.holder(following);
        match following {
            Following::Kept(follower) => {
                let follower = Arc::clone(follower);
                self.db
                    .write(move |tx| {
                        async move {
                            // The position first: on PostgreSQL this locks its row, so a second node waits here and then finds nothing.
                            if !positions::advance(tx, jurisdiction, &holder, from, to).await? {
                                return Err(Undone::Lost);
                            }
                            Ok(follower.apply(tx, &events).await?)
                        }
                        .boxed()
                    })
                    .await
            }
            Following::Outside(follower) => {
                self.holding(following, jurisdiction, follower.apply(&events)).await?;
                // The time may have gone on during the work.
                let holder = self.holder(following);
                self.keep(move |tx| async move { positions::advance_held(tx, jurisdiction, &holder, from, to).await }.boxed()).await
            }
        }
    }

    /// Removes what a follower made in a jurisdiction and puts it before the first event.
    async fn clear(&self, following: &Following, jurisdiction: JurisdictionId) -> Result<(), Undone> {
        let holder = self.holder(following);
        match following {
            Following::Kept(follower) => {
                let follower = Arc::clone(follower);
                self.db
                    .write(move |tx| {
                        async move {
                            if !positions::cleared(tx, jurisdiction, &holder).await? {
                                return Err(Undone::Lost);
                            }
                            Ok(follower.clear(tx, jurisdiction).await?)
                        }
                        .boxed()
                    })
                    .await
            }
            Following::Outside(follower) => {
                self.holding(following, jurisdiction, follower.clear(jurisdiction)).await?;
                let holder = self.holder(following);
                self.keep(move |tx| async move { positions::cleared(tx, jurisdiction, &holder).await }.boxed()).await
            }
        }
    }

    /// Makes sure that this node holds the lease, for at least half its time yet.
    async fn claim(&self, following: &Following, at: &Waiting) -> Result<(), Undone> {
        let holder = self.holder(following);
        let half = i64::try_from(self.settings.lease.as_millis() / 2).unwrap_or(i64::MAX);
        if at.mine_until.is_some_and(|until| until >= holder.now.plus_millis(half)) {
            return Ok(());
        }
        let jurisdiction = at.jurisdiction;
        self.keep(move |tx| async move { positions::claim(tx, jurisdiction, &holder).await }.boxed()).await
    }

    /// One change of a position in a transaction of its own; `false` means that it is another node's.
    async fn keep<F>(&self, change: F) -> Result<(), Undone>
    where
        F: for<'t> FnOnce(&'t db::Tx) -> BoxFuture<'t, Result<bool, DbError>> + Send + 'static,
    {
        if self.db.write(change).await? { Ok(()) } else { Err(Undone::Lost) }
    }

    /// Runs work outside the database and lengthens the lease meanwhile. When the lease is lost, the work is dropped.
    async fn holding(&self, following: &Following, jurisdiction: JurisdictionId, work: BoxFuture<'_, Result<(), FollowerError>>) -> Result<(), Undone> {
        let mut work = AssertUnwindSafe(work).catch_unwind();
        let every = (self.settings.lease / 3).max(Duration::from_millis(1));
        let mut beat = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        loop {
            tokio::select! {
                done = &mut work => return match done {
                    Ok(result) => Ok(result?),
                    Err(_panic) => Err(DbError::Panicked.into()),
                },
                _ = beat.tick() => {
                    let holder = self.holder(following);
                    self.keep(move |tx| async move { positions::renew(tx, jurisdiction, &holder).await }.boxed()).await?;
                }
            }
        }
    }

    async fn note_failure(&self, following: &Following, at: &Waiting, error: &FollowerError) -> Result<(), DbError> {
        tracing::warn!(follower = following.name(), jurisdiction = %at.jurisdiction, after = %at.position, %error, "a follower failed; it is tried again");
        let holder = self.holder(following);
        let (jurisdiction, from, text) = (at.jurisdiction, at.position, error.to_string());
        let (settings, ids) = (self.settings.clone(), self.ids.clone());
        self.db
            .write(move |tx| {
                async move {
                    let retry_at = |failures| holder.now.plus_millis(settings.retry_after(failures, &ids));
                    positions::failed(tx, jurisdiction, &holder, from, &text, retry_at).await
                }
                .boxed()
            })
            .await
    }

    fn holder(&self, following: &Following) -> Holder {
        let now = self.clock.now();
        let lease = i64::try_from(self.settings.lease.as_millis()).unwrap_or(i64::MAX);
        Holder { follower: following.name().to_owned(), version: following.version(), owner: self.owner, now, until: now.plus_millis(lease) }
    }
}

impl Settings {
    /// Milliseconds to wait after so many failures in a row: doubling, at most the longest, the upper half drawn by chance.
    fn retry_after(&self, failures: i32, ids: &Ids) -> i64 {
        let first = u64::try_from(self.first_retry.as_millis()).unwrap_or(u64::MAX).max(1);
        let longest = u64::try_from(self.longest_retry.as_millis()).unwrap_or(u64::MAX).max(1);
        let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(32);
        let wait = first.saturating_mul(1 << doublings).min(longest);
        i64::try_from(wait / 2 + ids.below(wait / 2 + 1)).unwrap_or(i64::MAX)
    }
}

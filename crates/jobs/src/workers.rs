//! Workers: take what is due, run its handler, end it, put it back, or give it up.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use db::{Db, DbError};
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::{Clock, Ids, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::store::queue::{self, Hold, Taken};
use crate::{Job, JobError};

/// How the workers of a node run. The default suits serving.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Jobs that run at the same time.
    pub at_once: usize,
    /// How long a job belongs to a worker that gives no sign of life. Measured on the nodes' clocks, so it should be well
    /// above what they differ by.
    pub lease: Duration,
    /// How long to wait for jobs that other processes enqueue, or whose time comes.
    pub poll: Duration,
    /// How long a done job's key is remembered, so that it is not enqueued again.
    pub remember: Duration,
    /// How long a stopping node lets jobs in hand go on.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            at_once: 4,
            lease: Duration::from_secs(60),
            poll: Duration::from_millis(500),
            remember: Duration::from_secs(24 * 3600),
            grace: Duration::from_secs(20),
        }
    }
}

/// How jobs of one kind are treated.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Attempts before it gives up, the first included.
    pub attempts: u32,
    /// The pause after the first failure; it doubles with each further one.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// A handler that takes longer is stopped, which counts as a failure.
    pub time_limit: Duration,
}

impl Default for Kind {
    fn default() -> Self {
        Self { attempts: 12, first_pause: Duration::from_secs(5), longest_pause: Duration::from_secs(3600), time_limit: Duration::from_secs(600) }
    }
}

impl Kind {
    /// Milliseconds to wait after a failed attempt: doubling, at most the longest, the upper half of it drawn by chance so
    /// that many jobs that failed together do not come back together.
    fn pause(&self, attempt: u32, ids: &Ids) -> i64 {
        let first = u64::try_from(self.first_pause.as_millis()).unwrap_or(u64::MAX).max(1);
        let longest = u64::try_from(self.longest_pause.as_millis()).unwrap_or(u64::MAX).max(1);
        let pause = first.saturating_mul(1 << attempt.saturating_sub(1).min(32)).min(longest);
        i64::try_from(pause / 2 + ids.below(pause / 2 + 1)).unwrap_or(i64::MAX)
    }
}

/// What was done with the jobs taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Jobs that succeeded.
    pub done: u64,
    /// Attempts that failed and come again.
    pub retried: u64,
    /// Jobs that gave up.
    pub gave_up: u64,
    /// Attempts whose job another worker took meanwhile, or whose end could not be written.
    pub lost: u64,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Done,
    Retried,
    GaveUp,
    Lost,
}

type Handler = Arc<dyn Fn(Job) -> BoxFuture<'static, Result<(), JobError>> + Send + Sync>;

/// The workers of one node and the kinds they know. Jobs of other kinds are left to nodes that know them.
#[derive(Clone)]
pub struct Workers(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    db: Db,
    clock: Clock,
    ids: Ids,
    settings: Settings,
    owner: Uuid,
    kinds: HashMap<&'static str, (Kind, Handler)>,
    /// The jurisdiction that was served last: the next one has the first turn.
    last: Arc<AtomicI64>,
}

impl Workers {
    /// Workers that know no kind yet.
    #[must_use]
    pub fn new(db: Db, clock: Clock, ids: Ids, settings: Settings) -> Self {
        let owner = ids.next();
        Self(Arc::new(Inner { db, clock, ids, settings, owner, kinds: HashMap::new(), last: Arc::new(AtomicI64::new(i64::MIN)) }))
    }

    /// Adds the handler of a kind. It must be safe to run twice with the same job: see [`crate::finish`].
    #[must_use]
    pub fn on<F>(mut self, kind: &'static str, treated: Kind, handler: F) -> Self
    where
        F: Fn(Job) -> BoxFuture<'static, Result<(), JobError>> + Send + Sync + 'static,
    {
        Arc::make_mut(&mut self.0).kinds.insert(kind, (treated, Arc::new(handler)));
        self
    }

    /// Works until `stop` becomes true (or its sender is gone). Then no more jobs are taken, those in hand may go on for
    /// the grace, and what is not over by then is put back. Dropping this is like the node's death: leases run out.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut committed = self.0.db.committed();
        let mut hand: JoinSet<Uuid> = JoinSet::new();
        let mut jobs: HashMap<Uuid, Job> = HashMap::new();
        let mut forgot_at = Timestamp::EARLIEST;
        while !*stop.borrow() {
            // Before looking, so that a commit during the look leads to another one.
            committed.borrow_and_update();
            self.forget(&mut forgot_at).await;
            let free = self.0.settings.at_once.max(1).saturating_sub(hand.len());
            for job in self.take(free).await {
                jobs.insert(job.id, job.clone());
                let workers = self.clone();
                hand.spawn(async move {
                    let id = job.id;
                    workers.work(job).await;
                    id
                });
            }
            let free = hand.len() < self.0.settings.at_once.max(1);
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                Some(ended) = hand.join_next(), if !hand.is_empty() => {
                    if let Ok(id) = ended {
                        jobs.remove(&id);
                    }
                }
                _ = committed.changed(), if free => {}
                () = tokio::time::sleep(self.0.settings.poll) => {}
            }
        }
        let all = async { while hand.join_next().await.is_some() {} };
        if tokio::time::timeout(self.0.settings.grace, all).await.is_err() {
            hand.shutdown().await;
            self.give_back(jobs.into_values().collect()).await;
        }
    }

    /// Runs what is due now, and what becomes due by that, until nothing is; answers what was done. For commands and tests.
    ///
    /// # Errors
    /// When the engine fails in taking jobs.
    pub async fn run_due(&self) -> Result<Round, DbError> {
        let mut round = Round::default();
        let mut hand: JoinSet<End> = JoinSet::new();
        loop {
            let (taken, gave_up) = self.claim(self.0.settings.at_once.max(1)).await?;
            round.gave_up += gave_up;
            if taken.is_empty() && gave_up == 0 {
                return Ok(round);
            }
            for job in taken {
                let workers = self.clone();
                hand.spawn(async move { workers.work(job).await });
            }
            while let Some(end) = hand.join_next().await {
                match end {
                    Ok(End::Done) => round.done += 1,
                    Ok(End::Retried) => round.retried += 1,
                    Ok(End::GaveUp) => round.gave_up += 1,
                    Ok(End::Lost) | Err(_) => round.lost += 1,
                }
            }
        }
    }

    /// As [`Workers::claim`]; what goes wrong is told in the log, and tried again at the next look.
    async fn take(&self, most: usize) -> Vec<Job> {
        if most == 0 {
            return Vec::new();
        }
        match self.claim(most).await {
            Ok((taken, _)) => taken,
            Err(error) => {
                tracing::warn!(%error, "jobs could not be taken from the queue");
                Vec::new()
            }
        }
    }

    /// Takes up to `most` due jobs, in turn from the jurisdictions, so that one city's long queue holds no other city
    /// back. The second part of the answer is how many were given up because no worker survived them.
    async fn claim(&self, most: usize) -> Result<(Vec<Job>, u64), DbError> {
        let kinds: Vec<&'static str> = self.0.kinds.keys().copied().collect();
        let now = self.0.clock.now();
        if kinds.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let mut due = queue::jurisdictions_due(&self.0.db, &kinds, now).await?;
        if due.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let last = self.0.last.load(Ordering::SeqCst);
        let first = due.iter().position(|j| j.0 > last).unwrap_or(0);
        due.rotate_left(first);
        let share = most.div_ceil(due.len());
        let (owner, until) = (self.0.owner, now.plus_millis(millis(self.0.settings.lease)));
        let attempts: HashMap<&'static str, u32> = self.0.kinds.iter().map(|(name, (kind, _))| (*name, kind.attempts)).collect();
        let (taken, gave_up, last) = self
            .0
            .db
            .write(move |tx| {
                async move {
                    let (mut taken, mut gave_up, mut last) = (Vec::new(), 0, last);
                    // First a share for each, then what is left for those who have more.
                    for (jurisdiction, share) in due.iter().map(|j| (*j, share)).chain(due.iter().map(|j| (*j, most))) {
                        let room = most.saturating_sub(taken.len());
                        if room == 0 {
                            break;
                        }
                        let claimed = queue::claim(tx, jurisdiction, &kinds, share.min(room), owner, now, until).await?;
                        if !claimed.is_empty() {
                            last = jurisdiction.0;
                        }
                        for Taken { job, was_left } in claimed {
                            let most = attempts.get(job.kind.as_str()).copied().unwrap_or(1);
                            if was_left && job.attempt > most {
                                let error = format!("{most} workers stopped while they had this job");
                                queue::give_up(tx, &job, now, &error).await?;
                                gave_up += 1;
                            } else {
                                taken.push(job);
                            }
                        }
                    }
                    Ok::<_, DbError>((taken, gave_up, last))
                }
                .boxed()
            })
            .await?;
        self.0.last.store(last, Ordering::SeqCst);
        Ok((taken, gave_up))
    }

    /// Runs one job to the end of this attempt.
    async fn work(&self, job: Job) -> End {
        let Some((kind, handler)) = self.0.kinds.get(job.kind.as_str()) else { return End::Lost };
        let running = AssertUnwindSafe(tokio::time::timeout(kind.time_limit, handler(job.clone()))).catch_unwind();
        let result = match self.holding(&job, running).await {
            Some(Ok(Ok(result))) => result,
            Some(Ok(Err(_elapsed))) => Err(JobError::Retry(format!("it took longer than {} seconds", kind.time_limit.as_secs()))),
            Some(Err(_panic)) => Err(JobError::Retry("it stopped unexpectedly".to_owned())),
            None => {
                tracing::warn!(job = %job.id, kind = job.kind, "the lease of a job was lost; another worker has it");
                return End::Lost;
            }
        };
        match self.end(&job, kind, result).await {
            Ok(end) => end,
            Err(error) => {
                tracing::warn!(job = %job.id, kind = job.kind, %error, "the end of a job could not be written; it runs again when its lease is over");
                End::Lost
            }
        }
    }

    /// Lengthens the lease while the work goes on. `None` when the lease was lost: the work is dropped.
    async fn holding<T>(&self, job: &Job, work: impl Future<Output = T> + Send) -> Option<T> {
        let mut work = Box::pin(work);
        let every = (self.0.settings.lease / 3).max(Duration::from_millis(1));
        let mut beat = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                _ = beat.tick() => {
                    let (copy, until) = (job.clone(), self.0.clock.now().plus_millis(millis(self.0.settings.lease)));
                    match self.0.db.write(move |tx| async move { queue::hold(tx, &copy, until).await }.boxed()).await {
                        // A handler that ended its job itself is about to answer.
                        Ok(Hold::Mine | Hold::Ended) => {}
                        Ok(Hold::Lost) => return None,
                        Err(error) => tracing::warn!(job = %job.id, %error, "the lease of a job could not be lengthened"),
                    }
                }
            }
        }
    }

    async fn end(&self, job: &Job, kind: &Kind, result: Result<(), JobError>) -> Result<End, DbError> {
        let (now, id) = (self.0.clock.now(), job.id);
        let copy = job.clone();
        match result {
            Ok(()) => {
                // The handler may have ended it itself, in the transaction of its effects.
                self.0.db.write(move |tx| async move { queue::done(tx, &copy, now).await }.boxed()).await?;
                Ok(End::Done)
            }
            Err(JobError::Retry(error)) if job.attempt < kind.attempts => {
                tracing::info!(job = %id, kind = job.kind, attempt = job.attempt, error, "a job failed; it is tried again");
                let at = now.plus_millis(kind.pause(job.attempt, &self.0.ids));
                let mine = self.0.db.write(move |tx| async move { queue::again(tx, &copy, at, &error).await }.boxed()).await?;
                Ok(if mine { End::Retried } else { End::Lost })
            }
            Err(JobError::Retry(error) | JobError::GiveUp(error)) => {
                tracing::warn!(job = %id, kind = job.kind, attempt = job.attempt, error, "a job gave up");
                let mine = self.0.db.write(move |tx| async move { queue::give_up(tx, &copy, now, &error).await }.boxed()).await?;
                Ok(if mine { End::GaveUp } else { End::Lost })
            }
        }
    }

    async fn give_back(&self, jobs: Vec<Job>) {
        let now = self.0.clock.now();
        let given = self.0.db.write(move |tx| {
            async move {
                for job in &jobs {
                    queue::give_back(tx, job, now).await?;
                }
                Ok::<_, DbError>(())
            }
            .boxed()
        });
        if let Err(error) = given.await {
            tracing::warn!(%error, "jobs in hand were not put back; they run again when their leases are over");
        }
    }

    /// Forgets, once a minute, what was done long enough ago.
    async fn forget(&self, last: &mut Timestamp) {
        const EVERY: i64 = 60_000;
        const AT_ONCE: i64 = 1_000;
        let now = self.0.clock.now();
        if now < last.plus_millis(EVERY) {
            return;
        }
        *last = now;
        let before = now.plus_millis(-millis(self.0.settings.remember));
        if let Err(error) = self.0.db.write(move |tx| async move { queue::forget(tx, before, AT_ONCE).await }.boxed()).await {
            tracing::warn!(%error, "done jobs could not be forgotten");
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

//! One worker at a time, also when workers die, are slow, or come in numbers.

use std::sync::Arc;
use std::time::Duration;

use db::Db;
use futures::FutureExt;
use jobs::{FinishError, Job, JobError, MIGRATIONS, NewJob, Round, Settings, State};
use kernel::Ids;
use tokio::sync::{Notify, watch};

use crate::{ALDER_FALLS, Sent, enqueue, letter, one, record, three, workers};

/// A handler that says that it has begun, and waits until it may go on.
#[derive(Clone, Default)]
struct Slow {
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Slow {
    fn handler(&self) -> impl Fn(Job) -> futures::future::BoxFuture<'static, Result<(), JobError>> + Send + Sync + 'static {
        let slow = self.clone();
        move |_| {
            let slow = slow.clone();
            async move {
                slow.begun.notify_one();
                slow.go_on.notified().await;
                Ok(())
            }
            .boxed()
        }
    }
}

testkit::both! {
    async fn a_dead_workers_job_runs_again_when_its_lease_is_out(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let (slow, sent) = (Slow::default(), Sent::default());
        let job = letter(t, "a");
        let id = job.id;
        enqueue(t, job).await;
        let dying = workers(t, 1, one()).on("letter", three(), slow.handler());
        let life = tokio::spawn(async move { dying.run_due().await });
        slow.begun.notified().await;
        let held = record(t, id).await;
        assert_eq!((held.state, held.attempts, held.due_at), (State::Running, 1, Some(t.clock.now().plus_millis(60_000))));
        life.abort();
        assert!(life.await.unwrap_err().is_cancelled());

        let other = workers(t, 2, one()).on("letter", three(), sent.handler(|job| { assert_eq!(job.attempt, 2); Ok(()) }));
        t.clock.advance_millis(59_999);
        assert_eq!(other.run_due().await.unwrap(), Round::default());
        t.clock.advance_millis(1);
        assert_eq!(other.run_due().await.unwrap(), Round { done: 1, ..Round::default() });
        assert_eq!(sent.all(), ["a"]);
    }

    async fn a_job_that_no_worker_survives_gives_up(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let job = letter(t, "a");
        let id = job.id;
        enqueue(t, job).await;
        for seed in 1..=3 {
            let slow = Slow::default();
            let dying = workers(t, seed, one()).on("letter", three(), slow.handler());
            let life = tokio::spawn(async move { dying.run_due().await });
            slow.begun.notified().await;
            life.abort();
            let _ = life.await;
            t.clock.advance_millis(60_000);
        }
        let sent = Sent::default();
        let other = workers(t, 4, one()).on("letter", three(), sent.handler(|_| Ok(())));
        assert_eq!(other.run_due().await.unwrap(), Round { gave_up: 1, ..Round::default() });
        assert!(sent.all().is_empty());
        let failed = record(t, id).await;
        assert_eq!((failed.state, failed.last_error.as_deref()), (State::GaveUp, Some("3 workers stopped while they had this job")));
    }

    async fn a_worker_whose_lease_ran_out_changes_nothing(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        // With a key it would be marked as done, without one removed.
        for (seed, key) in [(1, Some("once".to_owned())), (3, None)] {
            let (late, slow) = (Slow::default(), Slow::default());
            let job = NewJob { key, ..letter(t, "a") };
            let id = job.id;
            enqueue(t, job).await;
            let a = workers(t, seed, one()).on("letter", three(), late.handler());
            let a = tokio::spawn(async move { a.run_due().await.unwrap() });
            late.begun.notified().await;
            t.clock.advance_millis(60_000);
            let b = workers(t, seed + 1, one()).on("letter", three(), slow.handler());
            let b = tokio::spawn(async move { b.run_due().await.unwrap() });
            slow.begun.notified().await;
            let held = record(t, id).await;
            late.go_on.notify_one();
            a.await.unwrap();
            assert_eq!(record(t, id).await, held, "B has it still, with its lease");
            slow.go_on.notify_one();
            assert_eq!(b.await.unwrap().done, 1);
        }
        let left = jobs::depth(t.db.read()).await.unwrap();
        assert_eq!(left.iter().map(|d| (d.state, d.count)).collect::<Vec<_>>(), [(State::Done, 1)]);
    }

    async fn what_a_late_worker_failed_at_is_not_put_back_or_given_up(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        for (seed, error) in [(1, JobError::Retry("late".to_owned())), (3, JobError::GiveUp("late".to_owned()))] {
            let (late, slow) = (Slow::default(), Slow::default());
            let job = letter(t, "a");
            let id = job.id;
            enqueue(t, job).await;
            let wait = late.handler();
            let a = workers(t, seed, one()).on("letter", three(), move |job| {
                let (waiting, error) = (wait(job), error.clone());
                async move {
                    waiting.await?;
                    Err(error)
                }.boxed()
            });
            let a = tokio::spawn(async move { a.run_due().await.unwrap() });
            late.begun.notified().await;
            t.clock.advance_millis(60_000);
            let b = workers(t, seed + 1, one()).on("letter", three(), slow.handler());
            let b = tokio::spawn(async move { b.run_due().await.unwrap() });
            slow.begun.notified().await;
            let held = record(t, id).await;
            late.go_on.notify_one();
            assert_eq!(a.await.unwrap(), Round { lost: 1, ..Round::default() });
            assert_eq!(record(t, id).await, held);
            slow.go_on.notify_one();
            assert_eq!(b.await.unwrap().done, 1);
        }
    }

    async fn who_lost_the_job_cannot_end_it_with_its_effects(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        enqueue(t, letter(t, "a")).await;
        let taken: Arc<std::sync::Mutex<Option<Job>>> = Arc::default();
        let keep = Arc::clone(&taken);
        let slow = Slow::default();
        let hold = slow.handler();
        let a = workers(t, 1, one()).on("letter", three(), move |job| {
            *keep.lock().unwrap() = Some(job.clone());
            hold(job)
        });
        let life = tokio::spawn(async move { a.run_due().await });
        slow.begun.notified().await;
        life.abort();
        let _ = life.await;
        t.clock.advance_millis(60_000);
        let b = Slow::default();
        let other = workers(t, 2, one()).on("letter", three(), b.handler());
        let other = tokio::spawn(async move { other.run_due().await.unwrap() });
        b.begun.notified().await;

        let (old, effect, now) = (taken.lock().unwrap().clone().unwrap(), NewJob { kind: "effect", ..letter(t, "b") }, t.clock.now());
        let effect_id = effect.id;
        let copy = old.clone();
        let ended: Result<(), FinishError> = t.db.write(move |tx| async move {
            jobs::enqueue(tx, effect).await?;
            jobs::finish(tx, &copy, now).await
        }.boxed()).await;
        assert!(matches!(ended, Err(FinishError::Lost)));
        assert_eq!(jobs::job(t.db.read(), ALDER_FALLS, effect_id).await.unwrap(), None);
        let longer: Result<bool, db::DbError> = t.db.write(move |tx| async move { jobs::extend(tx, &old, now.plus_millis(1)).await }.boxed()).await;
        assert!(!longer.unwrap());
        b.go_on.notify_one();
        assert_eq!(other.await.unwrap().done, 1);
    }

    async fn the_lease_is_lengthened_while_the_handler_runs(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let slow = Slow::default();
        let job = letter(t, "a");
        let id = job.id;
        enqueue(t, job).await;
        let settings = Settings { lease: Duration::from_millis(30), ..one() };
        let long = workers(t, 1, settings).on("letter", three(), slow.handler());
        let long = tokio::spawn(async move { long.run_due().await.unwrap() });
        slow.begun.notified().await;
        for _ in 0..3 {
            // The clock stands still until the test moves it, so nothing but a sign of life moves the end of the lease.
            t.clock.advance_millis(1_000);
            let until = t.clock.now().plus_millis(30);
            while record(t, id).await.due_at != Some(until) {
                tokio::task::yield_now().await;
            }
        }
        slow.go_on.notify_one();
        assert_eq!(long.await.unwrap().done, 1);
    }

    async fn a_handler_whose_lease_is_lost_is_dropped(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let slow = Slow::default();
        let job = letter(t, "a");
        let id = job.id;
        enqueue(t, job).await;
        let settings = Settings { lease: Duration::from_millis(30), ..one() };
        let a = workers(t, 1, settings).on("letter", three(), slow.handler());
        let a = tokio::spawn(async move { a.run_due().await.unwrap() });
        slow.begun.notified().await;
        // As if another had taken it and put it back: `retry` is for staff and takes only what gave up, so this is by hand.
        let taken: Result<u64, db::DbError> = t.db.write(move |tx| async move {
            db::exec(tx.conn(), "UPDATE jobs SET lease_owner = NULL, attempts = 7, state = 'ready', due_at = NULL WHERE id = $1", [id.into()]).await
        }.boxed()).await;
        assert_eq!(taken.unwrap(), 1);
        // It never may go on, and yet the attempt ends.
        assert_eq!(a.await.unwrap(), Round { lost: 1, ..Round::default() });
        assert_eq!(record(t, id).await.attempts, 7);
    }

    async fn many_workers_run_each_job_once(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        const JOBS: usize = 120;
        let sent = Sent::default();
        let (stop, stopped) = watch::channel(false);
        let mut nodes = Vec::new();
        for seed in 1..=3 {
            // Each node with connections of its own, as another process has.
            let db = Db::open(&t.url, &db::Settings { connections: 3, ..db::Settings::default() }).await.unwrap();
            let settings = Settings { at_once: 5, poll: Duration::from_millis(5), ..Settings::default() };
            let node = jobs::Workers::new(db.clone(), t.clock.clone(), Ids::seeded(t.clock.clone(), seed), settings).on("letter", three(), sent.handler(|_| Ok(())));
            let stopped = stopped.clone();
            nodes.push(tokio::spawn(async move {
                node.run(stopped).await;
                db.close().await.unwrap();
            }));
        }
        for n in 0..JOBS {
            enqueue(t, letter(t, n)).await;
        }
        while sent.all().len() < JOBS {
            tokio::task::yield_now().await;
        }
        stop.send(true).unwrap();
        for node in nodes {
            node.await.unwrap();
        }
        let mut all: Vec<usize> = sent.all().iter().map(|n| n.parse().unwrap()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..JOBS).collect::<Vec<_>>());
        assert!(jobs::depth(t.db.read()).await.unwrap().is_empty());
    }
}

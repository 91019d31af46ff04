//! Running until told to stop, ending what is in hand, and forgetting what is long done.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jobs::{Filter, MIGRATIONS, NewJob, Settings, State};
use testkit::TestDb;
use tokio::sync::{Notify, watch};

use crate::{ALDER_FALLS, Sent, enqueue, letter, one, record, three, workers};

testkit::both! {
    async fn what_is_in_hand_is_ended_before_the_workers_stop(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, wait) = (Arc::clone(&begun), Arc::clone(&go_on));
        let workers = workers(t, 1, one()).on("letter", three(), move |_| {
            let (tell, wait) = (Arc::clone(&tell), Arc::clone(&wait));
            async move {
                tell.notify_one();
                wait.notified().await;
                Ok(())
            }
            .boxed()
        });
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(async move { workers.run(stopped).await });
        let later = letter(t, "b");
        let later_id = later.id;
        enqueue(t, letter(t, "a")).await;
        begun.notified().await;
        enqueue(t, later).await;
        stop.send(true).unwrap();
        go_on.notify_one();
        running.await.unwrap();
        let left = jobs::list(t.db.read(), ALDER_FALLS, &Filter::default(), 10).await.unwrap();
        assert_eq!(left.iter().map(|job| (job.id, job.state)).collect::<Vec<_>>(), [(later_id, State::Ready)], "A is done, B was not begun");
    }

    async fn what_outlasts_the_grace_is_put_back_for_the_next_node(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let begun = Arc::new(Notify::new());
        let tell = Arc::clone(&begun);
        let settings = Settings { grace: Duration::from_millis(10), ..one() };
        let stubborn = workers(t, 1, settings).on("letter", three(), move |_| {
            tell.notify_one();
            futures::future::pending().boxed()
        });
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(async move { stubborn.run(stopped).await });
        let job = letter(t, "a");
        let id = job.id;
        enqueue(t, job).await;
        begun.notified().await;
        stop.send(true).unwrap();
        running.await.unwrap();
        let back = record(t, id).await;
        assert_eq!((back.state, back.attempts, back.due_at), (State::Ready, 0, Some(t.clock.now())));
        let sent = Sent::default();
        assert_eq!(workers(t, 2, one()).on("letter", three(), sent.handler(|_| Ok(()))).run_due().await.unwrap().done, 1);
    }

    async fn jobs_run_as_they_come_and_done_ones_are_forgotten_after_a_day(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let sent = Sent::default();
        let workers = workers(t, 1, one()).on("letter", three(), sent.handler(|_| Ok(())));
        let keyed = || NewJob { key: Some("once".to_owned()), ..letter(t, "a") };
        let first = keyed();
        let id = first.id;
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(async move { workers.run(stopped).await });
        enqueue(t, first).await;
        while record(t, id).await.state != State::Done {
            tokio::task::yield_now().await;
        }
        assert!(!enqueue(t, keyed()).await);
        t.clock.advance_millis(24 * 3_600_000);
        while jobs::job(t.db.read(), ALDER_FALLS, id).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
        assert!(enqueue(t, keyed()).await);
        drop(stop);
        running.await.unwrap();
    }
}

/// A commit wakes the workers of its own process; they need not wait for the next look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_wakes_the_workers() {
    let t = TestDb::sqlite().await;
    t.migrate(&[MIGRATIONS]).await;
    let sent = Sent::default();
    let settings = Settings { poll: Duration::from_secs(3600), ..one() };
    let workers = workers(&t, 1, settings).on("letter", three(), sent.handler(|_| Ok(())));
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(async move { workers.run(stopped).await });
    for n in 0..20 {
        enqueue(&t, letter(&t, n)).await;
        while sent.all().len() <= n {
            tokio::task::yield_now().await;
        }
    }
    stop.send(true).unwrap();
    running.await.unwrap();
    t.close().await;
}

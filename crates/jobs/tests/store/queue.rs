//! In, in order, out: keys, kinds, failures, giving up and trying again.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use db::DbError;
use futures::FutureExt;
use jobs::{Depth, Filter, JobError, Kind, MIGRATIONS, NewJob, Round, State};

use crate::{ALDER_FALLS, NEIGHBOR, Sent, enqueue, letter, one, record, three, workers};

fn done(done: u64) -> Round {
    Round { done, ..Round::default() }
}

testkit::both! {
    async fn due_jobs_run_in_the_order_of_their_time_and_not_before(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let sent = Sent::default();
        let workers = workers(t, 1, one()).on("letter", three(), sent.handler(|_| Ok(())));
        for (payload, seconds) in [("third", 30), ("first", -5), ("second", 0), ("fourth", 31)] {
            let run_at = t.clock.now().plus_millis(seconds * 1_000);
            assert!(enqueue(t, NewJob { run_at, ..letter(t, payload) }).await);
        }
        assert_eq!(workers.run_due().await.unwrap(), done(2));
        assert_eq!(sent.all(), ["first", "second"]);
        t.clock.advance_millis(29_999);
        assert_eq!(workers.run_due().await.unwrap(), done(0));
        t.clock.advance_millis(1);
        assert_eq!(workers.run_due().await.unwrap(), done(1));
        t.clock.advance_millis(60_000);
        assert_eq!(workers.run_due().await.unwrap(), done(1));
        assert_eq!(sent.all(), ["first", "second", "third", "fourth"]);
        assert!(jobs::list(t.db.read(), ALDER_FALLS, &Filter::default(), 10).await.unwrap().is_empty(), "what is done and has no key is gone");
    }

    async fn a_job_is_enqueued_with_its_cause_or_not_at_all(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let job = letter(t, "never");
        let undone: Result<(), DbError> = t.db.write(move |tx| async move {
            jobs::enqueue(tx, job).await?;
            Err(DbError::Address("as the test asks".to_owned()))
        }.boxed()).await;
        assert!(undone.is_err());
        assert!(jobs::depth(t.db.read()).await.unwrap().is_empty());
    }

    async fn of_one_kind_and_key_only_the_first_is_taken_while_it_is_remembered(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let sent = Sent::default();
        let keyed = |payload: &str| NewJob { key: Some("request 7 closed".to_owned()), ..letter(t, payload) };
        assert!(enqueue(t, keyed("one")).await);
        assert!(!enqueue(t, keyed("twice")).await);
        assert!(enqueue(t, NewJob { kind: "call", ..keyed("another kind") }).await);
        assert!(enqueue(t, NewJob { jurisdiction: NEIGHBOR, ..keyed("another city") }).await);
        let workers = workers(t, 1, one()).on("letter", three(), sent.handler(|_| Ok(()))).on("call", three(), sent.handler(|_| Ok(())));
        assert_eq!(workers.run_due().await.unwrap(), done(3));
        assert!(!enqueue(t, keyed("still remembered")).await);
        let kept = jobs::list(t.db.read(), ALDER_FALLS, &Filter { kind: Some("letter".to_owned()), ..Filter::default() }, 10).await.unwrap();
        assert_eq!((kept.len(), kept[0].state, kept[0].due_at, kept[0].ended_at), (1, State::Done, None, Some(t.clock.now())));
        assert_eq!(sent.all().len(), 3);
        assert!(!sent.all().contains(&"twice".to_owned()));
    }

    async fn a_failure_pauses_longer_each_time_and_then_gives_up_in_sight(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let sent = Sent::default();
        let workers = workers(t, 1, one()).on("letter", three(), sent.handler(|job| Err(JobError::Retry(format!("no answer to attempt {}", job.attempt)))));
        let job = letter(t, "a");
        let id = job.id;
        enqueue(t, job).await;
        for (attempt, pauses) in [(1, 1_000..=2_000), (2, 2_000..=4_000)] {
            assert_eq!(workers.run_due().await.unwrap(), Round { retried: 1, ..Round::default() });
            let failed = record(t, id).await;
            let pause = failed.due_at.unwrap().millis() - t.clock.now().millis();
            assert!(pauses.contains(&pause), "{pause}");
            assert_eq!((failed.state, failed.attempts, failed.last_error), (State::Ready, attempt, Some(format!("no answer to attempt {attempt}"))));
            t.clock.advance_millis(pause - 1);
            assert_eq!(workers.run_due().await.unwrap(), Round::default());
            t.clock.advance_millis(1);
        }
        assert_eq!(workers.run_due().await.unwrap(), Round { gave_up: 1, ..Round::default() });
        let failed = record(t, id).await;
        assert_eq!((failed.state, failed.attempts, failed.due_at, failed.ended_at), (State::GaveUp, 3, None, Some(t.clock.now())));
        assert_eq!(failed.last_error.as_deref(), Some("no answer to attempt 3"));
        t.clock.advance_millis(1_000_000);
        assert_eq!(workers.run_due().await.unwrap(), Round::default());
        let gave_up = Filter { state: Some(State::GaveUp), kind: None };
        assert_eq!(jobs::list(t.db.read(), ALDER_FALLS, &gave_up, 10).await.unwrap(), [failed]);
        assert!(jobs::list(t.db.read(), NEIGHBOR, &gave_up, 10).await.unwrap().is_empty());
        let depth = Depth { kind: "letter".to_owned(), state: State::GaveUp, count: 1, first_due_at: None };
        assert_eq!(jobs::depth(t.db.read()).await.unwrap(), [depth]);
    }

    async fn what_gave_up_can_be_tried_again(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let (sent, mended) = (Sent::default(), Arc::new(AtomicI64::new(0)));
        let answers = Arc::clone(&mended);
        let workers = workers(t, 1, one()).on("letter", three(), sent.handler(move |_| {
            if answers.load(Ordering::SeqCst) == 0 { Err(JobError::GiveUp("no such address".to_owned())) } else { Ok(()) }
        }));
        let job = letter(t, "a");
        let id = job.id;
        enqueue(t, job).await;
        let retry = |jurisdiction| {
            let now = t.clock.now();
            t.db.write::<bool, DbError, _>(move |tx| async move { jobs::retry(tx, jurisdiction, id, now).await }.boxed())
        };
        assert!(!retry(ALDER_FALLS).await.unwrap(), "it has not given up");
        assert_eq!(workers.run_due().await.unwrap(), Round { gave_up: 1, ..Round::default() });
        assert_eq!((record(t, id).await.attempts, sent.all().len()), (1, 1));
        mended.store(1, Ordering::SeqCst);
        assert!(!retry(NEIGHBOR).await.unwrap(), "another city's job does not exist");
        assert!(retry(ALDER_FALLS).await.unwrap());
        assert_eq!((record(t, id).await.state, record(t, id).await.attempts), (State::Ready, 0));
        assert_eq!(workers.run_due().await.unwrap(), done(1));
    }

    async fn a_handler_that_panics_or_takes_too_long_fails_like_another(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let short = Kind { time_limit: Duration::from_millis(20), ..three() };
        let workers = workers(t, 1, one())
            .on("letter", three(), |_| async { panic!("as the test asks") }.boxed())
            .on("call", short, |_| futures::future::pending().boxed());
        let (panics, hangs) = (letter(t, "a"), NewJob { kind: "call", ..letter(t, "b") });
        let ids = [panics.id, hangs.id];
        enqueue(t, panics).await;
        enqueue(t, hangs).await;
        assert_eq!(workers.run_due().await.unwrap(), Round { retried: 2, ..Round::default() });
        assert_eq!(record(t, ids[0]).await.last_error.as_deref(), Some("it stopped unexpectedly"));
        assert!(record(t, ids[1]).await.last_error.unwrap().starts_with("it took longer"));
    }

    async fn kinds_that_a_node_does_not_know_are_left_to_others(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let sent = Sent::default();
        enqueue(t, NewJob { kind: "fax", run_at: t.clock.now().plus_millis(-1), ..letter(t, "fax") }).await;
        enqueue(t, letter(t, "letter")).await;
        let old = workers(t, 1, one()).on("letter", three(), sent.handler(|_| Ok(())));
        assert_eq!(old.run_due().await.unwrap(), done(1));
        assert_eq!(workers(t, 2, one()).run_due().await.unwrap(), done(0));
        let new = workers(t, 3, one()).on("fax", three(), sent.handler(|_| Ok(())));
        assert_eq!(new.run_due().await.unwrap(), done(1));
        assert_eq!(sent.all(), ["letter", "fax"]);
    }

    async fn one_citys_long_queue_does_not_hold_another_back(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let sent = Sent::default();
        for n in 0..20 {
            enqueue(t, letter(t, format!("alder {n}"))).await;
        }
        enqueue(t, NewJob { jurisdiction: NEIGHBOR, ..letter(t, "neighbor") }).await;
        let workers = workers(t, 1, one()).on("letter", three(), sent.handler(|_| Ok(())));
        assert_eq!(workers.run_due().await.unwrap(), done(21));
        assert_eq!(sent.all()[..3], ["alder 0", "neighbor", "alder 1"]);
        assert_eq!(sent.all()[20], "alder 19");
    }

    async fn effects_in_the_database_end_the_job_with_them(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let (db, clock) = (t.db.clone(), t.clock.clone());
        let workers = workers(t, 1, one()).on("letter", three(), move |job| {
            let (db, now) = (db.clone(), clock.now());
            async move {
                let (next, mut answer) = (job.clone(), NewJob { jurisdiction: job.jurisdiction, id: job.id, kind: "answer", key: None, payload: job.payload.clone(), run_at: now });
                answer.id = uuid::Uuid::from_u128(job.id.as_u128() ^ 1);
                let ended: Result<(), jobs::FinishError> = db.write(move |tx| async move {
                    jobs::enqueue(tx, answer).await?;
                    jobs::finish(tx, &next, now).await
                }.boxed()).await;
                ended.map_err(|error| JobError::Retry(error.to_string()))
            }.boxed()
        });
        enqueue(t, letter(t, "a")).await;
        assert_eq!(workers.run_due().await.unwrap(), done(1));
        let left = jobs::list(t.db.read(), ALDER_FALLS, &Filter::default(), 10).await.unwrap();
        assert_eq!(left.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["answer"]);
    }

    async fn depth_counts_by_kind_and_state(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let soon = t.clock.now().plus_millis(5_000);
        for (payload, jurisdiction) in [("a", ALDER_FALLS), ("b", ALDER_FALLS), ("c", NEIGHBOR)] {
            enqueue(t, NewJob { jurisdiction, run_at: soon, ..letter(t, payload) }).await;
        }
        enqueue(t, NewJob { kind: "call", ..letter(t, "d") }).await;
        let depth = |kind: &str, count, at| Depth { kind: kind.to_owned(), state: State::Ready, count, first_due_at: Some(at) };
        assert_eq!(jobs::depth(t.db.read()).await.unwrap(), [depth("call", 1, t.clock.now()), depth("letter", 3, soon)]);
        let listed = jobs::list(t.db.read(), ALDER_FALLS, &Filter::default(), 2).await.unwrap();
        assert_eq!(listed.iter().map(|job| job.payload.as_str()).collect::<Vec<_>>(), ["d", "b"]);
    }
}

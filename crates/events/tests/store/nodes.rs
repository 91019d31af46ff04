//! Several nodes: they share followers by lease, and any of them may die at any point.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use db::Db;
use events::{Followers, MIGRATIONS, Round};
use futures::FutureExt;
use kernel::JurisdictionId;
use testkit::TestDb;
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use crate::followers::{lag_of, node, round, small};
use crate::ledger::{Ledger, TABLES, written};
use crate::{ALDER_FALLS, NEIGHBOR, append, happened, number, other_ids};

/// Waits until a jurisdiction's numbers are these many, looking again after each commit of one of these databases.
async fn until_written(t: &TestDb, dbs: &[&Db], jurisdiction: JurisdictionId, count: usize) {
    let mut committed: Vec<_> = dbs.iter().map(|db| db.committed()).collect();
    while written(&t.db, jurisdiction).await.len() < count {
        futures::future::select_all(committed.iter_mut().map(|c| c.changed().boxed())).await.0.unwrap();
    }
}

testkit::both! {
    async fn of_two_nodes_one_follows_and_the_other_takes_over_when_the_lease_is_out(t: &TestDb) {
        t.migrate(&[MIGRATIONS, TABLES]).await;
        let ledger = Ledger::new();
        let (a, b) = (node(t, 1, &ledger), node(t, 2, &ledger));
        number(t, ALDER_FALLS, 0).await;
        assert_eq!(round(t, &a).await.events, 1);
        number(t, ALDER_FALLS, 1).await;
        assert_eq!(round(t, &b).await, Round::default());
        // As if A had died: nobody follows until its lease is out.
        t.clock.advance_millis(29_999);
        assert_eq!(round(t, &b).await, Round::default());
        t.clock.advance_millis(1);
        assert_eq!(round(t, &b).await.events, 1);
        // A was only slow. It is B's now.
        number(t, ALDER_FALLS, 2).await;
        assert_eq!(round(t, &a).await, Round::default());
        assert_eq!(round(t, &b).await.events, 1);
        assert_eq!(written(&t.db, ALDER_FALLS).await, [0, 1, 2]);
    }

    async fn two_running_nodes_beside_writers_double_and_skip_nothing(t: &TestDb) {
        t.migrate(&[MIGRATIONS, TABLES]).await;
        let ledger = Ledger::new();
        let (stop, stopped) = watch::channel(false);
        let (mut running, mut dbs) = (Vec::new(), Vec::new());
        for seed in [1, 2, 3] {
            // Each node with connections of its own, as another process has.
            let db = Db::open(&t.url, &db::Settings { connections: 2, ..db::Settings::default() }).await.unwrap();
            let followers = Followers::new(db.clone(), t.clock.clone(), other_ids(t, seed), small()).kept(ledger.clone());
            let stopped = stopped.clone();
            dbs.push(db.clone());
            running.push(tokio::spawn(async move {
                followers.run(stopped).await;
                db.close().await.unwrap();
            }));
        }
        for n in 0..60 {
            number(t, if n % 4 == 0 { NEIGHBOR } else { ALDER_FALLS }, n).await;
            // Leases run out all the time, so that the nodes contend.
            t.clock.advance_millis(20_000);
        }
        let dbs: Vec<&Db> = dbs.iter().collect();
        until_written(t, &dbs, ALDER_FALLS, 45).await;
        until_written(t, &dbs, NEIGHBOR, 15).await;
        stop.send(true).unwrap();
        for node in running {
            node.await.unwrap();
        }
        assert_eq!(written(&t.db, ALDER_FALLS).await, (0..60).filter(|n| n % 4 != 0).collect::<Vec<_>>());
        assert_eq!(written(&t.db, NEIGHBOR).await, (0..60).filter(|n| n % 4 == 0).collect::<Vec<_>>());
        assert_eq!(lag_of(t, ALDER_FALLS).await.lease_until, None, "a node that stops gives its leases back");
    }

    async fn a_node_killed_inside_its_transaction_leaves_nothing_of_it(t: &TestDb) {
        t.migrate(&[MIGRATIONS, TABLES]).await;
        append(t, (0..8).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        t.settled().await;
        let dying = Ledger::new();
        dying.hangs_at.store(4, Ordering::SeqCst);
        // A runtime of its own, with connections of its own, stands for a process; it ends without a chance to tidy up.
        let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (url, clock, ids, ledger) = (t.url.clone(), t.clock.clone(), other_ids(t, 1), dying.clone());
        process.spawn(async move {
            let db = Db::open(&url, &db::Settings::default()).await.unwrap();
            let (_stop, stopped) = watch::channel(false);
            Followers::new(db, clock, ids, small()).kept(ledger).run(stopped).await;
        });
        dying.arrived.notified().await;
        process.shutdown_background();

        // Its first batch was kept, with the lease.
        let ledger = Ledger::new();
        let b = node(t, 2, &ledger);
        assert_eq!(b.catch_up().await.unwrap(), Round::default());
        assert_eq!(written(&t.db, ALDER_FALLS).await, [0, 1, 2]);
        t.clock.advance_millis(30_000);
        while written(&t.db, ALDER_FALLS).await.len() < 8 {
            round(t, &b).await;
            // Should the engine still hold the dead node's lock, the step failed, and is tried again later.
            t.clock.advance_millis(2_000);
        }
        assert_eq!(written(&t.db, ALDER_FALLS).await, (0..8).collect::<Vec<_>>());
        assert_eq!(ledger.cleared.load(Ordering::SeqCst), 0);
    }

    async fn dropped_at_any_point_and_begun_again_it_doubles_and_skips_nothing(t: &TestDb) {
        t.migrate(&[MIGRATIONS, TABLES]).await;
        let ledger = Ledger::new();
        append(t, (0..60).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        t.settled().await;
        let mut lives = 0;
        while written(&t.db, ALDER_FALLS).await.len() < 60 {
            lives += 1;
            let followers = Arc::new(node(t, 100 + lives, &ledger));
            let (_stop, stopped) = watch::channel(false);
            let life = tokio::spawn(async move { followers.run(stopped).await });
            // Dies some moments after one of its first commits, or when it has none to make.
            let committed = t.db.committed();
            let enough = *committed.borrow() + 1 + t.ids.below(4);
            let mut moments = 20_000 + t.ids.below(200);
            while moments > 0 {
                moments = if *committed.borrow() >= enough { moments.min(200) / 2 } else { moments - 1 };
                tokio::task::yield_now().await;
            }
            life.abort();
            let _ = life.await;
            t.clock.advance_millis(30_000);
        }
        assert_eq!(written(&t.db, ALDER_FALLS).await, (0..60).collect::<Vec<_>>());
        assert!(lives > 1, "it died at least once");
    }

    async fn a_step_from_where_it_is_no_more_is_undone(t: &TestDb) {
        t.migrate(&[MIGRATIONS, TABLES]).await;
        let ledger = Ledger::new();
        let a = node(t, 1, &ledger);
        number(t, ALDER_FALLS, 0).await;
        round(t, &a).await;
        append(t, (1..3).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        t.settled().await;
        let next = events::after(&t.db, ALDER_FALLS, Some(lag_of(t, ALDER_FALLS).await.position), 1).await.unwrap()[0].position();

        // Another node takes the next event and gives its lease back, but has not committed yet.
        let (begun, has_begun) = oneshot::channel::<()>();
        let (go, may_go) = oneshot::channel::<()>();
        let db = t.db.clone();
        let other = tokio::spawn(async move {
            let done: Result<(), db::DbError> = db.write(move |tx| async move {
                let step = "UPDATE event_positions SET stamp = $1, id = $2, lease_owner = NULL, lease_until = NULL WHERE jurisdiction_id = 1";
                db::exec(tx.conn(), step, [next.stamp.into(), next.id.into()]).await?;
                db::exec(tx.conn(), "INSERT INTO ledger (jurisdiction_id, place, n) VALUES (1, 2, 1)", []).await?;
                begun.send(()).unwrap();
                may_go.await.unwrap();
                Ok(())
            }.boxed()).await;
            done.unwrap();
        });
        has_begun.await.unwrap();
        // A still sees the old position, reads the same event, and is about to step.
        let asked = ledger.asked.load(Ordering::SeqCst);
        let late = tokio::spawn(async move { (a.catch_up().await.unwrap(), a) });
        while ledger.asked.load(Ordering::SeqCst) < asked + 2 {
            tokio::task::yield_now().await;
        }
        go.send(()).unwrap();
        other.await.unwrap();
        let (lost, a) = late.await.unwrap();
        assert_eq!(lost, Round { events: 0, failures: 0, lost: 1 });
        assert_eq!(round(t, &a).await.events, 1);
        assert_eq!(written(&t.db, ALDER_FALLS).await, [0, 1, 2]);
    }

    async fn followers_run_until_they_are_stopped(t: &TestDb) {
        t.migrate(&[MIGRATIONS, TABLES]).await;
        let ledger = Ledger::new();
        let followers = node(t, 1, &ledger);
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(async move { followers.run(stopped).await });
        for n in 0..4 {
            number(t, ALDER_FALLS, n).await;
            until_written(t, &[&t.db], ALDER_FALLS, usize::try_from(n).unwrap() + 1).await;
        }
        stop.send(true).unwrap();
        running.await.unwrap();
        assert_eq!(lag_of(t, ALDER_FALLS).await.lease_until, None);
        // The next node need not wait.
        number(t, ALDER_FALLS, 4).await;
        assert_eq!(round(t, &node(t, 2, &ledger)).await.events, 1);
        assert_eq!(written(&t.db, ALDER_FALLS).await, [0, 1, 2, 3, 4]);
    }
}

/// A commit wakes the followers of its own process; they need not wait for the next look. (On PostgreSQL another
/// test's transaction may hold the horizon back at that moment, so this is shown on SQLite only.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_wakes_the_followers() {
    let t = TestDb::sqlite().await;
    t.migrate(&[MIGRATIONS, TABLES]).await;
    let ledger = Ledger::new();
    let settings = events::Settings { poll: std::time::Duration::from_secs(3600), ..small() };
    let followers = Followers::new(t.db.clone(), t.clock.clone(), other_ids(&t, 1), settings).kept(ledger.clone());
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(async move { followers.run(stopped).await });
    for n in 0..20 {
        number(&t, ALDER_FALLS, n).await;
        until_written(&t, &[&t.db], ALDER_FALLS, usize::try_from(n).unwrap() + 1).await;
    }
    drop(stop);
    running.await.unwrap();
    t.close().await;
}

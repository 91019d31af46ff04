//! Followers whose effects are outside the database: at least once, under a lease that is held while they work.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use events::{Event, FollowerError, Followers, MIGRATIONS, OutsideFollower, Round, Settings};
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::JurisdictionId;
use testkit::TestDb;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::followers::{lag_of, round, small};
use crate::{ALDER_FALLS, append, happened, number, other_ids};

/// An index outside the database. Clones share it.
#[derive(Clone, Default)]
struct Index {
    /// What it holds.
    holds: Arc<Mutex<BTreeSet<i64>>>,
    /// Every number in the order in which it came, repeats included.
    came: Arc<Mutex<Vec<i64>>>,
    cleared: Arc<Mutex<Vec<JurisdictionId>>>,
    fails: Arc<AtomicBool>,
    /// After its effect it tells `arrived` and waits for `go_on`.
    waits: Arc<AtomicBool>,
    arrived: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Index {
    fn holds(&self) -> Vec<i64> {
        self.holds.lock().unwrap().iter().copied().collect()
    }

    fn came(&self) -> Vec<i64> {
        self.came.lock().unwrap().clone()
    }
}

impl OutsideFollower for Index {
    fn name(&self) -> &str {
        "index"
    }

    fn apply<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Result<(), FollowerError>> {
        async move {
            for event in events {
                let n: i64 = event.body.parse().unwrap();
                self.holds.lock().unwrap().insert(n);
                self.came.lock().unwrap().push(n);
            }
            if self.waits.load(Ordering::SeqCst) {
                self.arrived.notify_one();
                self.go_on.notified().await;
            }
            if self.fails.load(Ordering::SeqCst) { Err(FollowerError::Failed("the disk is full".to_owned())) } else { Ok(()) }
        }
        .boxed()
    }

    fn clear(&self, jurisdiction: JurisdictionId) -> BoxFuture<'_, Result<(), FollowerError>> {
        async move {
            self.cleared.lock().unwrap().push(jurisdiction);
            self.holds.lock().unwrap().clear();
            Ok(())
        }
        .boxed()
    }
}

fn node(t: &TestDb, seed: u64, index: &Index) -> Followers {
    Followers::new(t.db.clone(), t.clock.clone(), other_ids(t, seed), small()).outside(index.clone())
}

testkit::both! {
    async fn what_an_earlier_installation_left_is_cleared_first(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let index = Index::default();
        index.holds.lock().unwrap().insert(4711);
        append(t, (0..7).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        let followers = node(t, 1, &index);
        assert_eq!(round(t, &followers).await.events, 7);
        assert_eq!(index.holds(), (0..7).collect::<Vec<_>>());
        assert_eq!(index.came(), (0..7).collect::<Vec<_>>());
        assert_eq!(*index.cleared.lock().unwrap(), [ALDER_FALLS]);
        assert_eq!(round(t, &followers).await, Round::default());
    }

    async fn a_failure_repeats_the_batch(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let index = Index::default();
        append(t, (0..2).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        index.fails.store(true, Ordering::SeqCst);
        let followers = node(t, 1, &index);
        assert_eq!(round(t, &followers).await, Round { events: 0, failures: 1, lost: 0 });
        assert_eq!(lag_of(t, ALDER_FALLS).await.last_error.as_deref(), Some("the disk is full"));
        index.fails.store(false, Ordering::SeqCst);
        t.clock.advance_millis(1_000);
        assert_eq!(round(t, &followers).await.events, 2);
        assert_eq!((index.came(), index.holds()), (vec![0, 1, 0, 1], vec![0, 1]));
    }

    async fn a_node_that_dies_after_the_effect_lets_the_batch_come_again(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let index = Index::default();
        append(t, (0..2).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        t.settled().await;
        index.waits.store(true, Ordering::SeqCst);
        let a = node(t, 1, &index);
        let (_stop, stopped) = watch::channel(false);
        let life = tokio::spawn(async move { a.run(stopped).await });
        index.arrived.notified().await;
        life.abort();
        let _ = life.await;
        index.waits.store(false, Ordering::SeqCst);

        let b = node(t, 2, &index);
        assert_eq!(round(t, &b).await, Round::default());
        t.clock.advance_millis(30_000);
        assert_eq!(round(t, &b).await.events, 2);
        assert_eq!((index.came(), index.holds()), (vec![0, 1, 0, 1], vec![0, 1]));
    }

    async fn a_stale_owner_cannot_step_forward(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let (slow, quick) = (Index::default(), Index::default());
        append(t, (0..5).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        t.settled().await;
        slow.waits.store(true, Ordering::SeqCst);
        let a = node(t, 1, &slow);
        let late = tokio::spawn(async move { a.catch_up().await.unwrap() });
        slow.arrived.notified().await;
        // A is in the middle of its first batch; its clock stands still for it, but not for B.
        t.clock.advance_millis(30_000);
        let b = node(t, 2, &quick);
        assert_eq!(round(t, &b).await.events, 5);
        let reached = lag_of(t, ALDER_FALLS).await;
        slow.go_on.notify_one();
        assert_eq!(late.await.unwrap(), Round { events: 0, failures: 0, lost: 1 });
        assert_eq!(lag_of(t, ALDER_FALLS).await, reached, "neither back nor forth, nor the lease");
        assert_eq!(quick.came(), (0..5).collect::<Vec<_>>());
    }

    async fn a_stale_owner_cannot_step_forward_for_the_new_one_either(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let (slow, quick) = (Index::default(), Index::default());
        append(t, (0..3).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        t.settled().await;
        let begin = |index: &Index, seed| {
            index.waits.store(true, Ordering::SeqCst);
            let node = node(t, seed, index);
            tokio::spawn(async move { node.catch_up().await.unwrap() })
        };
        let late = begin(&slow, 1);
        slow.arrived.notified().await;
        t.clock.advance_millis(30_000);
        let in_time = begin(&quick, 2);
        quick.arrived.notified().await;
        // B has the same batch in hand. That A's effect was made is not B's effect.
        slow.go_on.notify_one();
        assert_eq!(late.await.unwrap(), Round { events: 0, failures: 0, lost: 1 });
        assert_eq!(lag_of(t, ALDER_FALLS).await.waiting, 3);
        quick.go_on.notify_one();
        assert_eq!(in_time.await.unwrap().events, 3);
        assert_eq!(lag_of(t, ALDER_FALLS).await.waiting, 0);
    }

    async fn rebuilding_while_a_batch_is_in_hand_begins_at_the_first_event(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let index = Index::default();
        append(t, (0..5).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        t.settled().await;
        index.waits.store(true, Ordering::SeqCst);
        let a = node(t, 1, &index);
        let in_hand = tokio::spawn(async move { (a.catch_up().await.unwrap(), a) });
        index.arrived.notified().await;
        assert_eq!(events::rebuild(&t.db, "index", None).await.unwrap(), 1);
        index.waits.store(false, Ordering::SeqCst);
        index.go_on.notify_one();
        let (lost, a) = in_hand.await.unwrap();
        assert_eq!(lost, Round { events: 0, failures: 0, lost: 1 });
        assert_eq!(round(t, &a).await.events, 5);
        assert_eq!(index.holds(), (0..5).collect::<Vec<_>>());
        assert_eq!(index.cleared.lock().unwrap().len(), 2);
    }

    async fn the_lease_is_lengthened_while_it_works(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let index = Index::default();
        number(t, ALDER_FALLS, 1).await;
        t.settled().await;
        index.waits.store(true, Ordering::SeqCst);
        let settings = Settings { lease: Duration::from_millis(30), ..small() };
        let a = Followers::new(t.db.clone(), t.clock.clone(), other_ids(t, 1), settings).outside(index.clone());
        let long = tokio::spawn(async move { a.catch_up().await.unwrap() });
        index.arrived.notified().await;
        for _ in 0..3 {
            // The clock stands still until the test moves it, so nothing but a sign of life moves the end of the lease.
            t.clock.advance_millis(1_000);
            let until = t.clock.now().plus_millis(30);
            while lag_of(t, ALDER_FALLS).await.lease_until != Some(until) {
                tokio::task::yield_now().await;
            }
        }
        index.go_on.notify_one();
        assert_eq!(long.await.unwrap().events, 1);
    }
}

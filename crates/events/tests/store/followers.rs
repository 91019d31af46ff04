//! Followers that keep their effects in the database: each event once, failures, rebuilding.

use std::sync::atomic::Ordering;
use std::time::Duration;

use events::{Followers, Lag, MIGRATIONS, Position, Round, Settings};
use kernel::JurisdictionId;
use testkit::TestDb;
use uuid::Uuid;

use crate::ledger::{Ledger, TABLES, written};
use crate::{ALDER_FALLS, NEIGHBOR, append, happened, number, other_ids};

/// Small batches, so that there are many.
pub fn small() -> Settings {
    Settings { batch: 3, poll: Duration::from_millis(10), gather: Duration::from_millis(1), ..Settings::default() }
}

/// A node with this follower.
pub fn node(t: &TestDb, seed: u64, ledger: &Ledger) -> Followers {
    Followers::new(t.db.clone(), t.clock.clone(), other_ids(t, seed), small()).kept(ledger.clone())
}

/// One round, after everything committed lies below the horizon.
pub async fn round(t: &TestDb, followers: &Followers) -> Round {
    t.settled().await;
    followers.catch_up().await.unwrap()
}

pub async fn lag_of(t: &TestDb, jurisdiction: JurisdictionId) -> Lag {
    events::lag(&t.db).await.unwrap().into_iter().find(|lag| lag.jurisdiction == jurisdiction).unwrap()
}

fn took(events: u64) -> Round {
    Round { events, ..Round::default() }
}

testkit::both! {
    async fn each_event_takes_effect_once_in_order_and_by_jurisdiction(t: &TestDb) {
        t.migrate(&[MIGRATIONS, TABLES]).await;
        let ledger = Ledger::new();
        let followers = node(t, 1, &ledger);
        assert_eq!(round(t, &followers).await, took(0));
        append(t, (0..8).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        number(t, NEIGHBOR, 50).await;
        assert_eq!(round(t, &followers).await, took(9));
        assert_eq!(round(t, &followers).await, took(0));
        number(t, ALDER_FALLS, 8).await;
        assert_eq!(round(t, &followers).await, took(1));
        assert_eq!(written(&t.db, ALDER_FALLS).await, (0..9).collect::<Vec<_>>());
        assert_eq!(written(&t.db, NEIGHBOR).await, [50]);
        let lag = lag_of(t, ALDER_FALLS).await;
        assert_eq!((lag.waiting, lag.waiting_since, lag.failures), (0, None, 0));
    }

    async fn a_batch_that_fails_midway_leaves_nothing_and_comes_again(t: &TestDb) {
        t.migrate(&[MIGRATIONS, TABLES]).await;
        let ledger = Ledger::new();
        let followers = node(t, 1, &ledger);
        ledger.fails_at.store(4, Ordering::SeqCst);
        append(t, (0..8).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        number(t, NEIGHBOR, 50).await;
        let wrote_at = t.clock.now();

        // 3, 4, 5 is one batch: 3 was written before 4 failed, and is undone. The neighbor is not held back.
        assert_eq!(round(t, &followers).await, Round { events: 4, failures: 1, lost: 0 });
        assert_eq!(written(&t.db, ALDER_FALLS).await, [0, 1, 2]);
        assert_eq!(written(&t.db, NEIGHBOR).await, [50]);
        let lag = lag_of(t, ALDER_FALLS).await;
        assert_eq!((lag.waiting, lag.waiting_since, lag.failures), (5, Some(wrote_at), 1));
        assert_eq!(lag.last_error.as_deref(), Some("no room for 4"));

        // Not before its pause is over; then again, and the pause grows.
        assert_eq!(round(t, &followers).await, took(0));
        let first_pause = lag.retry_at.unwrap().millis() - t.clock.now().millis();
        assert!((500..=1000).contains(&first_pause), "{first_pause}");
        t.clock.advance_millis(1_000);
        assert_eq!(round(t, &followers).await, Round { events: 0, failures: 1, lost: 0 });
        let lag = lag_of(t, ALDER_FALLS).await;
        let second_pause = lag.retry_at.unwrap().millis() - t.clock.now().millis();
        assert!((1000..=2000).contains(&second_pause), "{second_pause}");
        assert_eq!(lag.failures, 2);

        // Mended, it goes on where it stood.
        ledger.fails_at.store(-1, Ordering::SeqCst);
        t.clock.advance_millis(2_000);
        assert_eq!(round(t, &followers).await, took(5));
        assert_eq!(written(&t.db, ALDER_FALLS).await, (0..8).collect::<Vec<_>>());
        let lag = lag_of(t, ALDER_FALLS).await;
        assert_eq!((lag.waiting, lag.failures, lag.last_error, lag.retry_at), (0, 0, None, None));
    }

    async fn a_panic_is_a_failure_like_another(t: &TestDb) {
        t.migrate(&[MIGRATIONS, TABLES]).await;
        let ledger = Ledger::new();
        let followers = node(t, 1, &ledger);
        ledger.fails_at.store(1, Ordering::SeqCst);
        ledger.panics.store(true, Ordering::SeqCst);
        append(t, (0..2).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        assert_eq!(round(t, &followers).await, Round { events: 0, failures: 1, lost: 0 });
        assert!(written(&t.db, ALDER_FALLS).await.is_empty());
        ledger.fails_at.store(-1, Ordering::SeqCst);
        t.clock.advance_millis(1_000);
        assert_eq!(round(t, &followers).await, took(2));
        assert_eq!(written(&t.db, ALDER_FALLS).await, [0, 1]);
    }

    async fn rebuilt_from_zero_it_is_the_same(t: &TestDb) {
        t.migrate(&[MIGRATIONS, TABLES]).await;
        let ledger = Ledger::new();
        let followers = node(t, 1, &ledger);
        append(t, (0..8).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        number(t, NEIGHBOR, 50).await;
        round(t, &followers).await;
        let before = written(&t.db, ALDER_FALLS).await;
        let cleared = ledger.cleared.load(Ordering::SeqCst);

        assert_eq!(events::rebuild(&t.db, "nobody", None).await.unwrap(), 0);
        assert_eq!(events::rebuild(&t.db, "ledger", Some(ALDER_FALLS)).await.unwrap(), 1);
        assert_eq!(lag_of(t, ALDER_FALLS).await.position, Position::START);
        assert_eq!(round(t, &followers).await, took(8));
        assert_eq!(written(&t.db, ALDER_FALLS).await, before);
        assert_eq!(ledger.cleared.load(Ordering::SeqCst), cleared + 1);

        assert_eq!(events::rebuild(&t.db, "ledger", None).await.unwrap(), 2);
        assert_eq!(round(t, &followers).await, took(9));
        assert_eq!(written(&t.db, ALDER_FALLS).await, before);
        assert_eq!(written(&t.db, NEIGHBOR).await, [50]);
    }

    async fn a_newer_version_begins_again_and_an_older_one_leaves_it_alone(t: &TestDb) {
        t.migrate(&[MIGRATIONS, TABLES]).await;
        let old = Ledger::new();
        let new = Ledger { version: 2, ..Ledger::new() };
        let (old_node, new_node) = (node(t, 1, &old), node(t, 2, &new));
        append(t, (0..5).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        assert_eq!(round(t, &old_node).await, took(5));
        // While the old node has the lease, the new one waits.
        assert_eq!(round(t, &new_node).await, took(0));
        t.clock.advance_millis(30_000);
        assert_eq!(round(t, &new_node).await, took(5));
        assert_eq!(new.cleared.load(Ordering::SeqCst), 1);
        number(t, ALDER_FALLS, 5).await;
        t.clock.advance_millis(30_000);
        assert_eq!(round(t, &old_node).await, took(0));
        assert_eq!(round(t, &new_node).await, took(1));
        assert_eq!(written(&t.db, ALDER_FALLS).await, (0..6).collect::<Vec<_>>());
    }
}

//! Appending, reading in order, the horizon, and stamps after a restore.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use db::{Db, DbError};
use events::{Event, MIGRATIONS, Position};
use futures::FutureExt;
use kernel::Timestamp;
use sea_orm::FromQueryResult;
use testkit::TestDb;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{ALDER_FALLS, NEIGHBOR, append, happened, number, numbers, read_all};

/// What a reader would see that knows no horizon: everything after the last stamp it saw.
async fn naive(db: &Db, after: i64) -> Vec<i64> {
    #[derive(FromQueryResult)]
    struct Row {
        stamp: i64,
    }
    let rows: Vec<Row> = db::all(db.read(), "SELECT stamp FROM events WHERE jurisdiction_id = 1 AND stamp > $1 ORDER BY stamp", [after.into()]).await.unwrap();
    rows.into_iter().map(|row| row.stamp).collect()
}

testkit::both! {
    async fn a_subjects_history_is_in_order_and_of_its_jurisdiction_only(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        let (pothole, couch) = (t.ids.next(), t.ids.next());
        let mut opened = happened(t, ALDER_FALLS, pothole, "{\"place\":\"Mill St\"}");
        opened.occurred_at = Timestamp::from_millis(1_500_000_000_000);
        append(t, vec![opened.clone(), happened(t, ALDER_FALLS, couch, "{}"), happened(t, ALDER_FALLS, pothole, "{\"n\":2}")]).await;
        t.clock.advance_millis(60_000);
        append(t, vec![happened(t, ALDER_FALLS, pothole, "{\"n\":3}")]).await;
        append(t, Vec::new()).await;

        let history = events::history(t.db.read(), ALDER_FALLS, pothole).await.unwrap();
        assert_eq!(history.iter().map(|e| e.body.as_str()).collect::<Vec<_>>(), ["{\"place\":\"Mill St\"}", "{\"n\":2}", "{\"n\":3}"]);
        let Event { jurisdiction, stamp, id, subject_kind, subject, kind, actor, occurred_at, recorded_at, body: _ } = history[0].clone();
        assert_eq!((jurisdiction, id, subject, occurred_at, recorded_at), (ALDER_FALLS, opened.id, pothole, opened.occurred_at, opened.recorded_at));
        assert_eq!((subject_kind.as_str(), kind.as_str(), actor.as_str()), ("request", "request.noted", "system"));
        assert!(stamp == history[1].stamp && stamp < history[2].stamp);
        assert!(events::history(t.db.read(), NEIGHBOR, pothole).await.unwrap().is_empty());
    }

    async fn reading_in_steps_gives_each_event_once_also_within_one_transaction(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        append(t, (0..10).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        number(t, NEIGHBOR, 99).await;
        append(t, (10..13).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        t.settled().await;
        for limit in [1, 3, 4, 13, 100] {
            assert_eq!(numbers(&read_all(t, ALDER_FALLS, limit).await), (0..13).collect::<Vec<_>>(), "{limit}");
        }
        assert_eq!(numbers(&read_all(t, NEIGHBOR, 5).await), [99]);
        // The position survives its text, as live screens send it back.
        let fifth = read_all(t, ALDER_FALLS, 100).await[4].position();
        let back: Position = fifth.to_string().parse().unwrap();
        assert_eq!(numbers(&events::after(&t.db, ALDER_FALLS, Some(back), 2).await.unwrap()), [5, 6]);
    }

    async fn many_thousand_events_go_in_at_once(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        append(t, (0..10_000).map(|n| happened(t, ALDER_FALLS, Uuid::nil(), n)).collect()).await;
        t.settled().await;
        assert_eq!(numbers(&read_all(t, ALDER_FALLS, 700).await), (0..10_000).collect::<Vec<_>>());
    }

    async fn what_is_undone_leaves_no_event(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        number(t, ALDER_FALLS, 1).await;
        let event = happened(t, ALDER_FALLS, Uuid::nil(), 2);
        let undone: Result<(), DbError> = t.db.write(move |tx| async move {
            events::append(tx, vec![event]).await?;
            Err(DbError::Address("as the test asks".to_owned()))
        }.boxed()).await;
        assert!(undone.is_err());
        number(t, ALDER_FALLS, 3).await;
        t.settled().await;
        assert_eq!(numbers(&read_all(t, ALDER_FALLS, 100).await), [1, 3]);
    }

    async fn a_reader_beside_many_writers_sees_all_in_order_and_nothing_twice(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        const WRITERS: i64 = 12;
        const EACH: i64 = 60;
        // Enough connections that the writers do not wait for one another, nor for the reader.
        let writers = Db::open(&t.url, &db::Settings { connections: 14, ..db::Settings::default() }).await.unwrap();
        let finished = Arc::new(AtomicBool::new(false));
        let looks = Arc::new(AtomicU64::new(0));
        let reader = {
            let (db, finished, looks) = (t.db.clone(), Arc::clone(&finished), Arc::clone(&looks));
            tokio::spawn(async move {
                let (mut seen, mut from) = (Vec::new(), None);
                loop {
                    let last_look = finished.load(Ordering::SeqCst);
                    let events = events::after(&db, ALDER_FALLS, from, 7).await.unwrap();
                    looks.fetch_add(1, Ordering::SeqCst);
                    if let Some(last) = events.last() {
                        from = Some(last.position());
                        seen.extend(events.iter().map(|e| (e.position(), e.body.parse::<i64>().unwrap())));
                    } else if last_look {
                        return seen;
                    }
                }
            })
        };
        // Each transaction draws its stamp, lets the others go on, then writes: so they commit in another order.
        let writer = |w: i64| {
            let writers = writers.clone();
            async move {
            for n in 0..EACH {
                let event = happened(t, ALDER_FALLS, Uuid::nil(), w * 1_000 + n);
                let pauses = t.ids.below(6);
                let done: Result<(), DbError> = writers.write(move |tx| async move {
                    tx.stamp().await?;
                    for _ in 0..pauses {
                        db::sql::one_raw(tx.conn(), "SELECT 1 AS one", []).await?;
                        tokio::task::yield_now().await;
                    }
                    events::append(tx, vec![event]).await
                }.boxed()).await;
                done.unwrap();
            }
            }
        };
        futures::future::join_all((0..WRITERS).map(writer)).await;
        writers.close().await.unwrap();
        t.settled().await;
        finished.store(true, Ordering::SeqCst);
        let seen = reader.await.unwrap();
        assert!(seen.is_sorted_by(|a, b| a.0 < b.0), "in order, none twice");
        let mut bodies: Vec<i64> = seen.iter().map(|s| s.1).collect();
        bodies.sort_unstable();
        assert_eq!(bodies, (0..WRITERS).flat_map(|w| (0..EACH).map(move |n| w * 1_000 + n)).collect::<Vec<_>>(), "none skipped");
        assert!(looks.load(Ordering::SeqCst) > 10, "it read while they wrote");
    }

    async fn stamps_go_on_above_what_a_restored_log_holds(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        // As if the rows came from a cluster that had lived through five thousand million transactions.
        const OLD: i64 = 5_000_000_000;
        for (jurisdiction, stamp, n) in [(1_i64, OLD - 7, 1_i64), (2, OLD, 2), (9, 17, 3), (1, OLD - 5, 4)] {
            let values = [jurisdiction.into(), stamp.into(), t.ids.next().into(), Uuid::nil().into(), n.to_string().into()];
            db::exec(
                &writable(t).await,
                "INSERT INTO events (jurisdiction_id, stamp, id, subject_kind, subject, kind, actor, occurred_at, recorded_at, body)
                    VALUES ($1, $2, $3, 'request', $4, 'request.noted', 'system', 0, 0, $5)",
                values,
            )
            .await
            .unwrap();
        }
        events::settle_stamps(&t.db).await.unwrap();
        // A second node that starts changes nothing that harms.
        events::settle_stamps(&t.db).await.unwrap();
        number(t, ALDER_FALLS, 5).await;
        number(t, NEIGHBOR, 6).await;
        t.settled().await;
        let alder = read_all(t, ALDER_FALLS, 2).await;
        assert_eq!(numbers(&alder), [1, 4, 5]);
        assert!(alder[2].stamp > OLD, "above every jurisdiction's");
        assert_eq!(numbers(&read_all(t, NEIGHBOR, 2).await), [2, 6]);
        assert_eq!(numbers(&read_all(t, kernel::JurisdictionId(9), 2).await), [3]);
    }

    async fn an_empty_log_settles(t: &TestDb) {
        t.migrate(&[MIGRATIONS]).await;
        events::settle_stamps(&t.db).await.unwrap();
        number(t, ALDER_FALLS, 1).await;
        t.settled().await;
        assert_eq!(numbers(&read_all(t, ALDER_FALLS, 2).await), [1]);
    }
}

/// A connection of the test's own, to put rows where no use case would.
async fn writable(t: &TestDb) -> sea_orm::DatabaseConnection {
    let url = t.url.strip_prefix("sqlite:").map_or_else(|| t.url.clone(), |path| format!("sqlite://{path}"));
    sea_orm::Database::connect(url).await.unwrap()
}

/// Two transactions on PostgreSQL: the one that drew its stamp first commits last. A reader without horizon sees the
/// second, steps past it, and never sees the first; so does one that asks for the horizon after it has read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_commits_out_of_order_on_postgresql_is_not_skipped() {
    let Some(t) = TestDb::postgres().await else { return };
    t.migrate(&[MIGRATIONS]).await;
    number(&t, ALDER_FALLS, 0).await;
    t.settled().await;
    let before = read_all(&t, ALDER_FALLS, 10).await;
    let from = before[0].position();

    let (drawn, was_drawn) = oneshot::channel();
    let (go, may_go) = oneshot::channel::<()>();
    let first = {
        let (db, event) = (t.db.clone(), happened(&t, ALDER_FALLS, Uuid::nil(), 1));
        tokio::spawn(async move {
            let done: Result<i64, DbError> = db
                .write(move |tx| {
                    async move {
                        events::append(tx, vec![event]).await?;
                        let stamp = tx.stamp().await?;
                        drawn.send(stamp).unwrap();
                        may_go.await.unwrap();
                        Ok(stamp)
                    }
                    .boxed()
                })
                .await;
            done.unwrap()
        })
    };
    let first_stamp = was_drawn.await.unwrap();
    number(&t, ALDER_FALLS, 2).await;

    // A reader without horizon sees the second event, and remembers its stamp.
    let naive_saw = naive(&t.db, from.stamp).await;
    assert_eq!(naive_saw.len(), 1);
    assert!(naive_saw[0] > first_stamp);
    // Ours waits.
    assert!(events::after(&t.db, ALDER_FALLS, Some(from), 10).await.unwrap().is_empty());
    assert!(t.db.stamp_horizon().await.unwrap() <= first_stamp);

    go.send(()).unwrap();
    assert_eq!(first.await.unwrap(), first_stamp);
    t.settled().await;

    // The reader without horizon has skipped an event for good.
    assert!(naive(&t.db, naive_saw[0]).await.is_empty());
    // So has one that read first and asked afterwards: by now the second event lies below the horizon, the first too,
    // but it is not in what was read.
    assert!(t.db.stamp_horizon().await.unwrap() > naive_saw[0] && !naive_saw.contains(&first_stamp));
    // Ours sees both, in the order of their stamps.
    let seen = events::after(&t.db, ALDER_FALLS, Some(from), 10).await.unwrap();
    assert_eq!(numbers(&seen), [1, 2]);
    assert_eq!(seen[0].stamp, first_stamp);
    t.close().await;
}

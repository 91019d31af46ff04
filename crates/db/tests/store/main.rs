//! The database room on both engines: migrations, shared commits, what a failure undoes, and stamps.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::sync::atomic::{AtomicI64, Ordering};

use db::{DbError, Migration};
use futures::FutureExt;
use sea_orm::FromQueryResult;

const TABLES: &[Migration] = &[Migration {
    room: "test",
    number: 1,
    sql: "CREATE TABLE notes (jurisdiction_id BIGINT NOT NULL, id UUID NOT NULL, body TEXT, PRIMARY KEY (jurisdiction_id, id));\n",
}];

#[derive(FromQueryResult)]
struct Count {
    n: i64,
}

async fn count(db: &db::Db) -> i64 {
    db::one::<Count, _>(db.read(), "SELECT count(*) AS n FROM notes", []).await.unwrap().unwrap().n
}

async fn note(t: &testkit::TestDb, body: &'static str, fail: bool) -> Result<i64, DbError> {
    let id = t.ids.next();
    t.db.write(move |tx| {
        async move {
            db::exec(tx.conn(), "INSERT INTO notes (jurisdiction_id, id, body) VALUES ($1, $2, $3)", [1_i64.into(), id.into(), body.into()]).await?;
            assert!(body != "panic", "as the test asks");
            if fail { Err(DbError::Address("as the test asks".to_owned())) } else { tx.stamp().await }
        }
        .boxed()
    })
    .await
}

testkit::both! {
    async fn migrations_run_once_and_a_newer_database_is_refused(t: &TestDb) {
        assert_eq!(t.db.pending(&[TABLES]).await.unwrap(), ["db/1", "test/1"]);
        assert_eq!(t.db.migrate(&[TABLES]).await.unwrap(), 2);
        assert_eq!(t.db.migrate(&[TABLES]).await.unwrap(), 0);
        assert!(t.db.pending(&[TABLES]).await.unwrap().is_empty());
        assert!(matches!(t.db.migrate(&[]).await, Err(DbError::Migrations(text)) if text.contains("newer")));
        const CHANGED: &[Migration] = &[Migration { room: "test", number: 1, sql: "CREATE TABLE other (n BIGINT);\n" }];
        assert!(matches!(t.db.migrate(&[CHANGED]).await, Err(DbError::Migrations(text)) if text.contains("changed")));
    }

    async fn what_fails_or_panics_leaves_nothing_and_harms_nobody_else(t: &TestDb) {
        t.migrate(&[TABLES]).await;
        let (kept, failed, panicked, also_kept) = tokio::join!(note(t, "a", false), note(t, "b", true), note(t, "panic", false), note(t, "c", false));
        assert!(kept.is_ok() && also_kept.is_ok());
        assert!(matches!(failed, Err(DbError::Address(_))));
        assert!(matches!(panicked, Err(DbError::Panicked)));
        assert_eq!(count(&t.db).await, 2);
        let times = t.db.write_times();
        assert_eq!((times.kept, times.undone), (3, 2), "the migration and two notes were kept");
        assert!(!times.total.is_zero());
    }

    async fn stamps_grow_and_the_horizon_lies_above_what_is_committed(t: &TestDb) {
        t.migrate(&[TABLES]).await;
        let highest = AtomicI64::new(0);
        for _ in 0..5 {
            let stamp = note(t, "a", false).await.unwrap();
            assert!(stamp > highest.swap(stamp, Ordering::SeqCst));
            // On PostgreSQL a transaction that is open anywhere in the cluster holds the horizon back for its while.
            while t.db.stamp_horizon().await.unwrap() <= stamp {
                tokio::task::yield_now().await;
            }
        }
        t.db.raise_stamps(1_000_000_000).await.unwrap();
        assert!(note(t, "a", false).await.unwrap() > 1_000_000_000);
    }

    async fn sixty_four_at_once_are_all_kept(t: &TestDb) {
        t.migrate(&[TABLES]).await;
        let all = futures::future::join_all((0..64).map(|_| note(t, "a", false))).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(count(&t.db).await, 64);
    }
}

//! The raw engine's group commit: how many small inserts it makes durable in a second when so many come at once.

use std::time::Instant;

use db::{Db, DbError, Engine};
use futures::FutureExt as _;
use kernel::Ids;

use super::spread::rate;
use super::store;

/// About as long as what an intake writes about one request.
const BODY: usize = 600;

/// Inserts a second, `at_once` of them sharing each commit, or each with a connection of its own, as the engine likes it.
pub(super) async fn group_commit(db: &Db, ids: &Ids, at_once: usize, inserts: usize) -> anyhow::Result<f64> {
    let body = "x".repeat(BODY);
    let rounds = inserts.div_ceil(at_once);
    let from = Instant::now();
    match db.engine() {
        // One writer: what is there shares its commit.
        Engine::Sqlite => {
            for _ in 0..rounds {
                let rows: Vec<_> = (0..at_once).map(|_| ids.next()).collect();
                let body = body.clone();
                db.write(move |tx| {
                    async move {
                        for id in rows {
                            store::insert(tx.conn(), id, &body).await?;
                        }
                        Ok::<_, DbError>(())
                    }
                    .boxed()
                })
                .await?;
            }
        }
        // The server gathers commits of many connections by itself.
        Engine::Postgres => {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..at_once {
                let (db, ids, body) = (db.clone(), ids.clone(), body.clone());
                tasks.spawn(async move {
                    for _ in 0..rounds {
                        store::insert(db.read(), ids.next(), &body).await?;
                    }
                    Ok::<_, DbError>(())
                });
            }
            while let Some(ended) = tasks.join_next().await {
                ended??;
            }
        }
    }
    Ok(rate(rounds * at_once, from.elapsed()))
}

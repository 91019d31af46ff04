//! The benchmark's own SQL: the bare inserts with which the program is compared.

use db::{Db, DbError, Tx};
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

/// A table of its own, about as wide as what one intake writes.
pub(super) async fn make(db: &Db) -> Result<(), DbError> {
    use futures::FutureExt as _;
    const SQL: &str = "CREATE TABLE bench_rows (jurisdiction_id BIGINT NOT NULL, id UUID NOT NULL, body TEXT NOT NULL, PRIMARY KEY (jurisdiction_id, id))";
    db.write(|tx| async move { Ok::<_, DbError>(tx.conn().execute_unprepared(SQL).await.map(|_| ())?) }.boxed()).await
}

/// One bare insert.
pub(super) async fn insert<C: ConnectionTrait>(conn: &C, id: Uuid, body: &str) -> Result<u64, DbError> {
    db::exec(conn, "INSERT INTO bench_rows (jurisdiction_id, id, body) VALUES ($1, $2, $3)", [1_i64.into(), id.into(), body.into()]).await
}

/// Rows as they were read from another database, into a table of the same name.
pub(super) async fn insert_rows(tx: &Tx, table: &str, columns: &[&str], values: Vec<Value>) -> Result<u64, DbError> {
    db::insert_many(tx.conn(), table, columns, values, "").await
}

//! Double sends and tokens.

use db::DbError;
use kernel::{JurisdictionId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::model::{IdempotencyKey, RequestId};

/// What an earlier sending under the same key led to.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Earlier {
    pub(crate) fingerprint: String,
    pub(crate) request_id: Option<Uuid>,
    pub(crate) token: Option<String>,
}

/// The earlier sending under this key.
pub(crate) async fn earlier<C: ConnectionTrait>(conn: &C, j: JurisdictionId, key: &IdempotencyKey) -> Result<Option<Earlier>, DbError> {
    let sql = "SELECT fingerprint, request_id, token FROM intake_keys WHERE jurisdiction_id = $1 AND client = $2 AND idempotency_key = $3";
    db::one(conn, sql, [j.0.into(), key.client.clone().into(), key.key.clone().into()]).await
}

/// Remembers what this key led to.
pub(crate) async fn remember<C: ConnectionTrait>(
    conn: &C,
    j: JurisdictionId,
    key: &IdempotencyKey,
    fingerprint: &str,
    request: Option<RequestId>,
    token: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    let values = [
        Value::from(j.0),
        key.client.clone().into(),
        key.key.clone().into(),
        fingerprint.into(),
        request.map(|id| id.0).into(),
        token.map(str::to_owned).into(),
        now.millis().into(),
    ];
    db::exec(
        conn,
        "INSERT INTO intake_keys (jurisdiction_id, client, idempotency_key, fingerprint, request_id, token, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values,
    )
    .await?;
    Ok(())
}

/// Whether `error` says that the key was used a moment before.
pub(crate) fn is_key_taken(error: &DbError) -> bool {
    error.is_unique_violation("intake_keys_pkey", "intake_keys.client")
}

/// A batch service's token.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct TokenRow {
    pub(crate) request_id: Option<Uuid>,
    pub(crate) refused: Option<String>,
}

/// A new token, whose request is still to be opened.
pub(crate) async fn insert_token<C: ConnectionTrait>(conn: &C, j: JurisdictionId, token: &str, now: Timestamp) -> Result<(), DbError> {
    let sql = "INSERT INTO intake_tokens (jurisdiction_id, token, recorded_at) VALUES ($1, $2, $3)";
    db::exec(conn, sql, [j.0.into(), token.into(), now.millis().into()]).await?;
    Ok(())
}

/// The token, if there is one.
pub(crate) async fn token<C: ConnectionTrait>(conn: &C, j: JurisdictionId, token: &str) -> Result<Option<TokenRow>, DbError> {
    db::one(conn, "SELECT request_id, refused FROM intake_tokens WHERE jurisdiction_id = $1 AND token = $2", [j.0.into(), token.into()]).await
}

/// Says what became of a token.
pub(crate) async fn settle_token<C: ConnectionTrait>(
    conn: &C,
    j: JurisdictionId,
    token: &str,
    request: Option<RequestId>,
    refused: Option<&str>,
) -> Result<(), DbError> {
    let sql = "UPDATE intake_tokens SET request_id = $3, refused = $4 WHERE jurisdiction_id = $1 AND token = $2";
    db::exec(conn, sql, [j.0.into(), token.into(), request.map(|id| id.0).into(), refused.map(str::to_owned).into()]).await?;
    Ok(())
}

/// Imported requests that name a parent which was not here when they came, in the order of their ids.
pub(crate) async fn without_parent<C: ConnectionTrait>(
    conn: &C,
    j: JurisdictionId,
    origin: &str,
    after: Option<Uuid>,
    many: u64,
) -> Result<Vec<crate::model::Request>, DbError> {
    let sql = format!(
        "SELECT {} FROM requests WHERE jurisdiction_id = $1 AND origin = $2 AND parent_id IS NULL AND source_fields LIKE '%\"parent_number\":%' AND id > $3
         ORDER BY id LIMIT {many}",
        super::row::list()
    );
    let rows = db::all::<super::RequestRow, _>(conn, &sql, [j.0.into(), origin.into(), after.unwrap_or_else(Uuid::nil).into()]).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Ties a repeat to its first request.
pub(crate) async fn set_parent<C: ConnectionTrait>(conn: &C, j: JurisdictionId, child: RequestId, parent: RequestId) -> Result<u64, DbError> {
    let sql = "UPDATE requests SET parent_id = $3 WHERE jurisdiction_id = $1 AND id = $2 AND parent_id IS NULL";
    db::exec(conn, sql, [j.0.into(), child.0.into(), parent.0.into()]).await
}

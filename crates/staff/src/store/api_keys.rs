//! API keys by their hash.

use db::{DbError, Tx};
use kernel::{JurisdictionId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::{ApiKey, Rights};

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    name: String,
    rights: String,
    created_at: i64,
    revoked_at: Option<i64>,
}

impl TryFrom<Row> for ApiKey {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let Row { id, name, rights, created_at, revoked_at } = row;
        // A right that this program does not know was given by a newer one: better no answer than a wrong one.
        let rights = Rights::parse(&rights).map_err(|problem| DbError::Engine(sea_orm::DbErr::Type(format!("API key {id}: {problem}"))))?;
        Ok(Self { id, name, rights, created_at: Timestamp::from_millis(created_at), revoked_at: revoked_at.map(Timestamp::from_millis) })
    }
}

/// The record of a key that someone presents. A revoked key, one of another jurisdiction and a text that is no key are
/// all not found.
///
/// # Errors
/// When the engine fails.
pub async fn api_key<C: ConnectionTrait>(conn: &C, jurisdiction: JurisdictionId, key: &str) -> Result<Option<ApiKey>, DbError> {
    const SQL: &str = "SELECT id, name, rights, created_at, revoked_at FROM api_keys WHERE jurisdiction_id = $1 AND key_hash = $2 AND revoked_at IS NULL";
    let Some(hash) = crate::api_key::hash(key) else { return Ok(None) };
    db::one::<Row, _>(conn, SQL, [jurisdiction.0.into(), hash.into()]).await?.map(ApiKey::try_from).transpose()
}

/// All keys of a jurisdiction, the revoked ones too, in the order in which they were made.
///
/// # Errors
/// When the engine fails.
pub async fn api_keys<C: ConnectionTrait>(conn: &C, jurisdiction: JurisdictionId) -> Result<Vec<ApiKey>, DbError> {
    const SQL: &str = "SELECT id, name, rights, created_at, revoked_at FROM api_keys WHERE jurisdiction_id = $1 ORDER BY id";
    db::all::<Row, _>(conn, SQL, [jurisdiction.0.into()]).await?.into_iter().map(ApiKey::try_from).collect()
}

pub(crate) async fn by_id<C: ConnectionTrait>(conn: &C, jurisdiction: JurisdictionId, id: Uuid) -> Result<Option<ApiKey>, DbError> {
    const SQL: &str = "SELECT id, name, rights, created_at, revoked_at FROM api_keys WHERE jurisdiction_id = $1 AND id = $2";
    db::one::<Row, _>(conn, SQL, [jurisdiction.0.into(), id.into()]).await?.map(ApiKey::try_from).transpose()
}

pub(crate) async fn insert(tx: &Tx, jurisdiction: JurisdictionId, key: &ApiKey, hash: &str) -> Result<(), DbError> {
    const COLUMNS: &[&str] = &["jurisdiction_id", "id", "name", "key_hash", "rights", "created_at", "revoked_at"];
    let ApiKey { id, name, rights, created_at, revoked_at } = key;
    let values = vec![
        jurisdiction.0.into(),
        (*id).into(),
        name.as_str().into(),
        hash.into(),
        rights.to_string().into(),
        created_at.millis().into(),
        revoked_at.map(Timestamp::millis).into(),
    ];
    db::insert_many(tx.conn(), "api_keys", COLUMNS, values, "").await?;
    Ok(())
}

/// Answers whether the key was still good until now.
pub(crate) async fn revoke(tx: &Tx, jurisdiction: JurisdictionId, id: Uuid, at: Timestamp) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE api_keys SET revoked_at = $3 WHERE jurisdiction_id = $1 AND id = $2 AND revoked_at IS NULL";
    Ok(db::exec(tx.conn(), SQL, [jurisdiction.0.into(), id.into(), at.millis().into()]).await? == 1)
}

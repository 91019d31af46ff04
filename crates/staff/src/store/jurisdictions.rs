//! The register of jurisdictions.

use db::{DbError, Tx};
use kernel::{JurisdictionId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::Jurisdiction;
use crate::jurisdiction::zone_named;

#[derive(FromQueryResult)]
struct Row {
    jurisdiction_id: i64,
    code: String,
    name: String,
    timezone: String,
    secret: String,
    contact: String,
    key_service: String,
    public_url: Option<String>,
    created_at: i64,
}

impl TryFrom<Row> for Jurisdiction {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let Row { jurisdiction_id, code, name, timezone, secret, contact, key_service, public_url, created_at } = row;
        let unknown = || DbError::Engine(sea_orm::DbErr::Type(format!("the time zone {timezone:?} of jurisdiction {code:?} is not known to this program")));
        // Never another zone in its place: every date shown and promised would be wrong.
        let (_, zone) = zone_named(&timezone).ok_or_else(unknown)?;
        let created_at = Timestamp::from_millis(created_at);
        Ok(Self { id: JurisdictionId(jurisdiction_id), code, name, timezone, secret, contact, key_service, public_url, created_at, zone })
    }
}

/// The jurisdiction that the outside world knows by this code.
///
/// # Errors
/// When the engine fails.
pub async fn jurisdiction_by_code<C: ConnectionTrait>(conn: &C, code: &str) -> Result<Option<Jurisdiction>, DbError> {
    const SQL: &str = "SELECT jurisdiction_id, code, name, timezone, secret, contact, key_service, public_url, created_at FROM jurisdictions WHERE code = $1";
    db::one::<Row, _>(conn, SQL, [code.into()]).await?.map(Jurisdiction::try_from).transpose()
}

/// The jurisdiction with this id.
///
/// # Errors
/// When the engine fails.
pub async fn jurisdiction<C: ConnectionTrait>(conn: &C, id: JurisdictionId) -> Result<Option<Jurisdiction>, DbError> {
    const SQL: &str =
        "SELECT jurisdiction_id, code, name, timezone, secret, contact, key_service, public_url, created_at FROM jurisdictions WHERE jurisdiction_id = $1";
    db::one::<Row, _>(conn, SQL, [id.0.into()]).await?.map(Jurisdiction::try_from).transpose()
}

/// All jurisdictions, in the order in which they were created.
///
/// # Errors
/// When the engine fails.
pub async fn jurisdictions<C: ConnectionTrait>(conn: &C) -> Result<Vec<Jurisdiction>, DbError> {
    const SQL: &str =
        "SELECT jurisdiction_id, code, name, timezone, secret, contact, key_service, public_url, created_at FROM jurisdictions ORDER BY jurisdiction_id";
    db::all::<Row, _>(conn, SQL, []).await?.into_iter().map(Jurisdiction::try_from).collect()
}

/// As [`jurisdiction`], and no other change of it comes in between.
pub(crate) async fn for_change(tx: &Tx, id: JurisdictionId) -> Result<Option<Jurisdiction>, DbError> {
    const SQL: &str =
        "SELECT jurisdiction_id, code, name, timezone, secret, contact, key_service, public_url, created_at FROM jurisdictions WHERE jurisdiction_id = $1";
    let sql = format!("{SQL}{}", db::dialect::for_update(tx.conn()));
    db::one::<Row, _>(tx.conn(), &sql, [id.0.into()]).await?.map(Jurisdiction::try_from).transpose()
}

/// The number after the last. Two transactions may get the same on PostgreSQL; the key then refuses the second.
pub(crate) async fn next_id(tx: &Tx) -> Result<JurisdictionId, DbError> {
    #[derive(FromQueryResult)]
    struct Last {
        last: Option<i64>,
    }
    let row: Option<Last> = db::one(tx.conn(), "SELECT max(jurisdiction_id) AS last FROM jurisdictions", []).await?;
    Ok(JurisdictionId(row.and_then(|row| row.last).unwrap_or(0) + 1))
}

pub(crate) async fn insert(tx: &Tx, jurisdiction: &Jurisdiction) -> Result<(), DbError> {
    const COLUMNS: &[&str] = &["jurisdiction_id", "code", "name", "timezone", "secret", "contact", "key_service", "public_url", "created_at"];
    let Jurisdiction { id, code, name, timezone, secret, contact, key_service, public_url, created_at, zone: _ } = jurisdiction.clone();
    let values = vec![
        id.0.into(),
        code.into(),
        name.into(),
        timezone.into(),
        secret.into(),
        contact.into(),
        key_service.into(),
        public_url.into(),
        created_at.millis().into(),
    ];
    db::insert_many(tx.conn(), "jurisdictions", COLUMNS, values, "").await?;
    Ok(())
}

pub(crate) async fn update(tx: &Tx, jurisdiction: &Jurisdiction) -> Result<(), DbError> {
    const SQL: &str = "UPDATE jurisdictions SET name = $2, contact = $3, key_service = $4, public_url = $5 WHERE jurisdiction_id = $1";
    let Jurisdiction { id, name, contact, key_service, public_url, .. } = jurisdiction.clone();
    db::exec(tx.conn(), SQL, [id.0.into(), name.into(), contact.into(), key_service.into(), public_url.into()]).await?;
    Ok(())
}

//! Words and states made known about requests.

use std::collections::HashMap;

use db::DbError;
use kernel::{JurisdictionId, Timestamp};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult, Value};

use super::placeholders;
use crate::filter::Span;
use crate::model::{RequestId, RequestUpdate};
use crate::status::{Outcome, Status};

/// An update on its way in, with the sender's own id of it where another system sent it.
pub(crate) struct NewUpdate<'a> {
    pub(crate) update: &'a RequestUpdate,
    pub(crate) client: Option<&'a str>,
    pub(crate) client_update_id: Option<&'a str>,
}

struct UpdateRow(RequestUpdate);

impl FromQueryResult for UpdateRow {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        let status: String = row.try_get("", "status")?;
        let outcome: Option<String> = row.try_get("", "outcome")?;
        let media: Option<String> = row.try_get("", "media_urls")?;
        let media = media.map(|text| serde_json::from_str(&text).map_err(|e| DbErr::Type(format!("request_updates.media_urls: {e}")))).transpose()?;
        Ok(Self(RequestUpdate {
            id: row.try_get("", "id")?,
            request: RequestId(row.try_get("", "request_id")?),
            number: row.try_get("", "number")?,
            status: Status::from_code(&status).ok_or_else(|| DbErr::Type(format!("request_updates.status: unknown value {status:?}")))?,
            outcome: outcome.as_deref().and_then(Outcome::from_code),
            words: row.try_get("", "words")?,
            media_urls: media.unwrap_or_else(Vec::new),
            public: row.try_get("", "public")?,
            updated_at: Timestamp::from_millis(row.try_get("", "updated_at")?),
            recorded_at: Timestamp::from_millis(row.try_get("", "recorded_at")?),
        }))
    }
}

const SELECT: &str = "SELECT u.id, u.request_id, r.number, u.status, u.outcome, u.words, u.media_urls, u.public, u.updated_at, u.recorded_at
    FROM request_updates u JOIN requests r ON r.jurisdiction_id = u.jurisdiction_id AND r.id = u.request_id";

/// Keeps an update.
pub(crate) async fn insert_update<C: ConnectionTrait>(conn: &C, j: JurisdictionId, new: NewUpdate<'_>) -> Result<(), DbError> {
    let NewUpdate { update, client, client_update_id } = new;
    let RequestUpdate { id, request, number: _, status, outcome, words, media_urls, public, updated_at, recorded_at } = update.clone();
    let media = if media_urls.is_empty() { None } else { serde_json::to_string(&media_urls).ok() };
    let values = [
        Value::from(j.0),
        id.into(),
        request.0.into(),
        client.map(str::to_owned).into(),
        client_update_id.map(str::to_owned).into(),
        status.code().into(),
        outcome.map(|o| o.code().to_owned()).into(),
        words.into(),
        media.into(),
        public.into(),
        updated_at.millis().into(),
        recorded_at.millis().into(),
    ];
    db::exec(
        conn,
        "INSERT INTO request_updates (jurisdiction_id, id, request_id, client, client_update_id, status, outcome, words, media_urls, public, updated_at, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        values,
    )
    .await?;
    Ok(())
}

/// The update that this client sent under this id of its own.
pub(crate) async fn update_of_client<C: ConnectionTrait>(
    conn: &C,
    j: JurisdictionId,
    client: &str,
    request: RequestId,
    client_update_id: &str,
) -> Result<Option<RequestUpdate>, DbError> {
    let sql = format!("{SELECT} WHERE u.jurisdiction_id = $1 AND u.client = $2 AND u.request_id = $3 AND u.client_update_id = $4");
    let row: Option<UpdateRow> = db::one(conn, &sql, [j.0.into(), client.into(), request.0.into(), client_update_id.into()]).await?;
    Ok(row.map(|row| row.0))
}

/// Public updates made known in this span, oldest first.
pub(crate) async fn updates_in<C: ConnectionTrait>(conn: &C, j: JurisdictionId, span: Span, limit: u64) -> Result<Vec<RequestUpdate>, DbError> {
    let from = span.from.unwrap_or(Timestamp::EARLIEST);
    let until = span.until.unwrap_or(Timestamp::LATEST);
    let sql = format!(
        "{SELECT} WHERE u.jurisdiction_id = $1 AND u.recorded_at BETWEEN $2 AND $3 AND u.public AND NOT r.private ORDER BY u.recorded_at, u.id LIMIT {limit}"
    );
    let rows: Vec<UpdateRow> = db::all(conn, &sql, [j.0.into(), from.millis().into(), until.millis().into()]).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Public updates of these requests, oldest first.
pub(crate) async fn updates_of<C: ConnectionTrait>(
    conn: &C,
    j: JurisdictionId,
    requests: &[RequestId],
) -> Result<HashMap<RequestId, Vec<RequestUpdate>>, DbError> {
    let mut found: HashMap<RequestId, Vec<RequestUpdate>> = HashMap::new();
    for part in requests.chunks(1000) {
        let sql =
            format!("{SELECT} WHERE u.jurisdiction_id = $1 AND u.request_id IN ({}) AND u.public ORDER BY u.recorded_at, u.id", placeholders(2, part.len()));
        let values = std::iter::once(Value::from(j.0)).chain(part.iter().map(|id| Value::from(id.0)));
        for UpdateRow(update) in db::all(conn, &sql, values).await? {
            found.entry(update.request).or_default().push(update);
        }
    }
    Ok(found)
}

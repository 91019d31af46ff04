//! Lists of requests by a [`Filter`]: one condition text for lists, counts and exports.

use db::DbError;
use kernel::JurisdictionId;
use sea_orm::{ConnectionTrait, Value};

use super::row::{self, RequestRow};
use crate::filter::{Filter, Order, Span};
use crate::model::Request;

/// The condition and its values; the jurisdiction is always `$1`.
fn condition(j: JurisdictionId, filter: &Filter) -> (String, Vec<Value>) {
    let Filter { numbers, services, except_services, open, requested, updated, department, inside, near, with_private, order: _, limit: _, offset: _ } = filter;
    let mut values = vec![Value::from(j.0)];
    let mut parts = vec!["jurisdiction_id = $1".to_owned()];
    if !with_private {
        parts.push("NOT private".to_owned());
    }
    if !except_services.is_empty() {
        parts.push(format!("NOT {}", one_of("service_code", except_services, &mut values)));
    }
    if let Some(numbers) = numbers {
        parts.push(one_of("number", numbers, &mut values));
        return (parts.join(" AND "), values);
    }
    if let Some(services) = services {
        parts.push(one_of("service_code", services, &mut values));
    }
    if let Some(open) = open {
        // Written with the column bare, so that the index on (open, requested_at) serves both engines.
        parts.push(if *open { "open = TRUE" } else { "open = FALSE" }.to_owned());
    }
    span("requested_at", *requested, &mut parts, &mut values);
    span("updated_at", *updated, &mut parts, &mut values);
    if let Some(department) = department {
        values.push(department.clone().into());
        parts.push(format!("department = ${}", values.len()));
    }
    let around = near.map(|(point, radius)| point.around(radius));
    for area in [*inside, around].into_iter().flatten() {
        parts.extend(super::cells(&area, &mut values));
        for (column, low, high) in [("lat", area.south, area.north), ("lon", area.west, area.east)] {
            values.push(low.into());
            values.push(high.into());
            parts.push(format!("{column} BETWEEN ${} AND ${}", values.len() - 1, values.len()));
        }
    }
    (parts.join(" AND "), values)
}

fn one_of(column: &str, wanted: &[String], values: &mut Vec<Value>) -> String {
    if wanted.is_empty() {
        return "FALSE".to_owned();
    }
    let from = values.len() + 1;
    values.extend(wanted.iter().map(|text| Value::from(text.clone())));
    format!("{column} IN ({})", super::placeholders(from, wanted.len()))
}

fn span(column: &str, span: Span, parts: &mut Vec<String>, values: &mut Vec<Value>) {
    for (sign, end) in [(">=", span.from), ("<=", span.until)] {
        if let Some(end) = end {
            values.push(end.millis().into());
            parts.push(format!("{column} {sign} ${}", values.len()));
        }
    }
}

/// The requests that `filter` asks for.
pub(crate) async fn list<C: ConnectionTrait>(conn: &C, j: JurisdictionId, filter: &Filter) -> Result<Vec<Request>, DbError> {
    let (condition, values) = condition(j, filter);
    let order = match filter.order {
        Order::NewestFirst => "requested_at DESC, id DESC",
        Order::OldestFirst => "requested_at, id",
        Order::LastChangedFirst => "updated_at DESC, id DESC",
    };
    // A circle is cut out of its box here, so the database must not count rows that the circle then drops.
    let Some((centre, radius)) = filter.near else {
        let (columns, limit, offset) = (row::list(), filter.limit, filter.offset);
        let sql = if offset == 0 {
            format!("SELECT {columns} FROM requests WHERE {condition} ORDER BY {order} LIMIT {limit}")
        } else {
            // The part of a list that is passed over is read from the index alone; only the rows that are shown are read whole.
            format!(
                "SELECT {columns} FROM requests WHERE jurisdiction_id = $1 AND id IN
                 (SELECT id FROM requests WHERE {condition} ORDER BY {order} LIMIT {limit} OFFSET {offset}) ORDER BY {order}"
            )
        };
        return Ok(db::all::<RequestRow, _>(conn, &sql, values).await?.into_iter().map(|row| row.0).collect());
    };
    let sql = format!("SELECT {} FROM requests WHERE {condition} ORDER BY {order} LIMIT 20000", row::list());
    let rows = db::all::<RequestRow, _>(conn, &sql, values).await?.into_iter().map(|row| row.0);
    let inside = rows.filter(|request| request.place.point.is_some_and(|point| point.distance_m(centre) <= radius));
    let skip = usize::try_from(filter.offset).unwrap_or(usize::MAX);
    let take = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    Ok(inside.skip(skip).take(take).collect())
}

/// How many requests `filter` asks for; its order, limit and offset do not count, and a circle counts as its box.
pub(crate) async fn count<C: ConnectionTrait>(conn: &C, j: JurisdictionId, filter: &Filter) -> Result<i64, DbError> {
    let (condition, values) = condition(j, filter);
    let row = db::sql::one_raw(conn, &format!("SELECT count(*) AS n FROM requests WHERE {condition}"), values).await?;
    Ok(row.map(|row| row.try_get("", "n")).transpose()?.unwrap_or(0))
}

/// The next requests in the order of their ids after `after`: for walks through all of them that must not slow down.
pub(crate) async fn walk<C: ConnectionTrait>(
    conn: &C,
    j: JurisdictionId,
    filter: &Filter,
    after: Option<uuid::Uuid>,
    many: u64,
) -> Result<Vec<Request>, DbError> {
    let (condition, mut values) = condition(j, filter);
    values.push(after.unwrap_or_else(uuid::Uuid::nil).into());
    let sql = format!("SELECT {} FROM requests WHERE {condition} AND id > ${} ORDER BY id LIMIT {many}", row::list(), values.len());
    Ok(db::all::<RequestRow, _>(conn, &sql, values).await?.into_iter().map(|row| row.0).collect())
}

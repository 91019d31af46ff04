//! The SQL of backups: whole tables of all rooms, read and written as they are. The names come from the migrations.

use db::{DbError, Tx};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, QueryResult, Statement, Value};
use serde_json::Value as Json;
use uuid::Uuid;

use super::schema::{Column, Kind, Table};

impl Table {
    fn column_names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }
}

/// The next `many` rows of a table in the order of its key; `after` is the key of the last one that was read.
pub(super) async fn rows(snapshot: &DatabaseTransaction, table: &Table, after: Option<Vec<Value>>, many: u32) -> Result<Vec<QueryResult>, DbError> {
    let key = table.key.iter().map(|place| table.columns[*place].name.as_str()).collect::<Vec<_>>().join(", ");
    let columns = table.column_names().join(", ");
    let beyond = match &after {
        Some(after) => format!("WHERE ({key}) > ({})", (1..=after.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")),
        None => String::new(),
    };
    let sql = format!("SELECT {columns} FROM {} {beyond} ORDER BY {key} LIMIT {many}", table.name);
    let statement = Statement::from_sql_and_values(snapshot.get_database_backend(), sql, after.unwrap_or_default());
    Ok(snapshot.query_all_raw(statement).await?)
}

/// The first `many` rows of a table as values, for the benchmark's bare inserts.
///
/// # Errors
/// When the engine fails.
pub async fn first_rows(snapshot: &DatabaseTransaction, table: &Table, many: u64) -> Result<Vec<Vec<Value>>, DbError> {
    let many = u32::try_from(many).unwrap_or(u32::MAX);
    let mismatch = |reason: String| DbError::Engine(DbErr::Type(reason));
    let rows = rows(snapshot, table, None, many).await?;
    rows.iter().map(|row| from_json(to_json(row, &table.columns)?, &table.columns).map_err(mismatch)).collect()
}

/// The key of a row, for [`rows`].
pub(super) fn key(row: &QueryResult, table: &Table) -> Result<Vec<Value>, DbErr> {
    let value = |place: usize| {
        Ok(match table.columns[place].kind {
            Kind::Big => row.try_get_by_index::<i64>(place)?.into(),
            Kind::Int => row.try_get_by_index::<i32>(place)?.into(),
            Kind::Float => row.try_get_by_index::<f64>(place)?.into(),
            Kind::Bool => row.try_get_by_index::<bool>(place)?.into(),
            Kind::Text => row.try_get_by_index::<String>(place)?.into(),
            Kind::Id => row.try_get_by_index::<Uuid>(place)?.into(),
        })
    };
    table.key.iter().copied().map(value).collect()
}

/// A row as the backup holds it.
pub(super) fn to_json(row: &QueryResult, columns: &[Column]) -> Result<Json, DbErr> {
    let value = |(place, column): (usize, &Column)| {
        Ok(match column.kind {
            Kind::Big => row.try_get_by_index::<Option<i64>>(place)?.map_or(Json::Null, Json::from),
            Kind::Int => row.try_get_by_index::<Option<i32>>(place)?.map_or(Json::Null, Json::from),
            Kind::Float => row.try_get_by_index::<Option<f64>>(place)?.map_or(Json::Null, |n| Json::from(n.to_string())),
            Kind::Bool => row.try_get_by_index::<Option<bool>>(place)?.map_or(Json::Null, Json::from),
            Kind::Text => row.try_get_by_index::<Option<String>>(place)?.map_or(Json::Null, Json::from),
            Kind::Id => row.try_get_by_index::<Option<Uuid>>(place)?.map_or(Json::Null, |id| Json::from(id.to_string())),
        })
    };
    columns.iter().enumerate().map(value).collect::<Result<Vec<_>, DbErr>>().map(Json::Array)
}

/// The values of a row that [`to_json`] made.
///
/// # Errors
/// A few words on the value that does not fit its column.
pub(super) fn from_json(row: Json, columns: &[Column]) -> Result<Vec<Value>, String> {
    let Json::Array(values) = row else { return Err("a row is not a list".to_owned()) };
    if values.len() != columns.len() {
        return Err(format!("a row has {} values and not {}", values.len(), columns.len()));
    }
    let value = |(value, column): (Json, &Column)| {
        let fits = match (column.kind, value) {
            (Kind::Big, Json::Null) => Some(Value::from(None::<i64>)),
            (Kind::Big, Json::Number(n)) => n.as_i64().map(Value::from),
            (Kind::Int, Json::Null) => Some(Value::from(None::<i32>)),
            (Kind::Int, Json::Number(n)) => n.as_i64().and_then(|n| i32::try_from(n).ok()).map(Value::from),
            (Kind::Float, Json::Null) => Some(Value::from(None::<f64>)),
            (Kind::Float, Json::String(text)) => text.parse::<f64>().ok().map(Value::from),
            (Kind::Bool, Json::Null) => Some(Value::from(None::<bool>)),
            (Kind::Bool, Json::Bool(yes)) => Some(Value::from(yes)),
            (Kind::Text, Json::Null) => Some(Value::from(None::<String>)),
            (Kind::Text, Json::String(text)) => Some(Value::from(text)),
            (Kind::Id, Json::Null) => Some(Value::from(None::<Uuid>)),
            (Kind::Id, Json::String(text)) => Uuid::try_parse(&text).ok().map(Value::from),
            _ => None,
        };
        fits.ok_or_else(|| format!("the value of {} does not fit", column.name))
    };
    values.into_iter().zip(columns).map(value).collect()
}

/// Writes rows; `values` holds them one after another.
pub(super) async fn write(tx: &Tx, table: &Table, values: Vec<Value>) -> Result<(), DbError> {
    db::insert_many(tx.conn(), &table.name, &table.column_names(), values, "").await?;
    Ok(())
}

/// Whether a table has a row. One that cannot be asked is not there yet: a new database has no tables.
pub(super) async fn has_rows<C: ConnectionTrait>(conn: &C, table: &Table) -> Result<bool, DbError> {
    db::sql::one_raw(conn, "SELECT 1 AS one", []).await?;
    Ok(db::sql::one_raw(conn, &format!("SELECT 1 AS one FROM {} LIMIT 1", table.name), []).await.is_ok_and(|row| row.is_some()))
}

/// Tables and columns that the migrations should have made and that cannot be read: for `doctor`.
///
/// # Errors
/// When the engine cannot be reached at all.
pub async fn differences<C: ConnectionTrait>(conn: &C, tables: &[Table]) -> Result<Vec<String>, DbError> {
    db::sql::one_raw(conn, "SELECT 1 AS one", []).await?;
    let mut found = Vec::new();
    for table in tables {
        let sql = format!("SELECT {} FROM {} LIMIT 1", table.column_names().join(", "), table.name);
        if let Err(error) = db::sql::one_raw(conn, &sql, []).await {
            found.push(format!("the table {} cannot be read: {error}", table.name));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_do_not_fit_are_named() {
        let columns = [Column { name: "n".to_owned(), kind: Kind::Int }, Column { name: "x".to_owned(), kind: Kind::Float }];
        let row = |text: &str| from_json(serde_json::from_str(text).unwrap(), &columns);
        assert_eq!(row("[1, \"0.1\"]").unwrap(), [Value::from(1_i32), Value::from(0.1_f64)]);
        assert_eq!(row("[null, null]").unwrap(), [Value::from(None::<i32>), Value::from(None::<f64>)]);
        for (text, says) in
            [("[3000000000, null]", "value of n"), ("[1, 0.1]", "value of x"), ("[1]", "1 values"), ("{}", "not a list"), ("[1, \"y\"]", "value of x")]
        {
            assert!(row(text).unwrap_err().contains(says), "{text}");
        }
    }
}

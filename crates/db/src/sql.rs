//! Running SQL: a text with `$1` placeholders, its values, and a struct that a row becomes.

use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult, Statement, Value};

use crate::{DbError, Engine};

fn statement<C: ConnectionTrait>(conn: &C, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(conn.get_database_backend(), sql, values)
}

/// All rows.
///
/// # Errors
/// When the engine fails or a row does not fit `R`.
pub async fn all<R: FromQueryResult, C: ConnectionTrait>(conn: &C, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Vec<R>, DbError> {
    let rows = conn.query_all_raw(statement(conn, sql, values)).await?;
    Ok(rows.iter().map(|row| R::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

/// The first row, if there is one.
///
/// # Errors
/// When the engine fails or the row does not fit `R`.
pub async fn one<R: FromQueryResult, C: ConnectionTrait>(conn: &C, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Option<R>, DbError> {
    let row = one_raw(conn, sql, values).await?;
    Ok(row.map(|row| R::from_query_result(&row, "")).transpose()?)
}

/// The first row as it is, if there is one.
///
/// # Errors
/// When the engine fails.
pub async fn one_raw<C: ConnectionTrait>(conn: &C, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Option<QueryResult>, DbError> {
    Ok(conn.query_one_raw(statement(conn, sql, values)).await?)
}

/// Runs a statement; the answer is how many rows it touched.
///
/// # Errors
/// When the engine fails.
pub async fn exec<C: ConnectionTrait>(conn: &C, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64, DbError> {
    Ok(conn.execute_raw(statement(conn, sql, values)).await?.rows_affected())
}

/// Inserts many rows with as few statements as the engine allows. `values` holds the rows one after another, each as
/// long as `columns`; `tail` is added to the statement (such as `ON CONFLICT DO NOTHING`). The answer is how many rows
/// were written.
///
/// # Errors
/// When the engine fails.
pub async fn insert_many<C: ConnectionTrait>(conn: &C, table: &str, columns: &[&str], values: Vec<Value>, tail: &str) -> Result<u64, DbError> {
    let engine = Engine::of(conn.get_database_backend());
    let width = columns.len().max(1);
    let most = (engine.most_values() / width).max(1) * width;
    let mut written = 0;
    let mut rest = values;
    while !rest.is_empty() {
        let after = if rest.len() > most { rest.split_off(most) } else { Vec::new() };
        let sql = insert_text(engine, table, columns, rest.len() / width, tail);
        written += exec(conn, &sql, rest).await?;
        rest = after;
    }
    Ok(written)
}

fn insert_text(engine: Engine, table: &str, columns: &[&str], rows: usize, tail: &str) -> String {
    let mut sql = String::with_capacity(80 + rows * columns.len() * 7);
    sql.push_str("INSERT INTO ");
    sql.push_str(table);
    sql.push_str(" (");
    sql.push_str(&columns.join(", "));
    sql.push_str(") VALUES ");
    let mut number = 0;
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns.len() {
            if column > 0 {
                sql.push_str(", ");
            }
            number += 1;
            engine.push_placeholder(&mut sql, number);
        }
        sql.push(')');
    }
    if !tail.is_empty() {
        sql.push(' ');
        sql.push_str(tail);
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rows_become_one_statement() {
        assert_eq!(insert_text(Engine::Sqlite, "t", &["a", "b"], 2, ""), "INSERT INTO t (a, b) VALUES (?, ?), (?, ?)");
        assert_eq!(insert_text(Engine::Postgres, "t", &["a"], 2, "ON CONFLICT DO NOTHING"), "INSERT INTO t (a) VALUES ($1), ($2) ON CONFLICT DO NOTHING");
    }
}

//! Migrations: one SQL text for both engines, run once each, in order, and never changed afterwards.

use std::collections::HashMap;

use futures::FutureExt;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::{Db, DbError, Tx, sql};

/// One step of a room's tables. `sql` holds statements that both engines read, each ended by `;` at the end of a line.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// The room that owns the tables.
    pub room: &'static str,
    /// 1, 2, 3… within the room.
    pub number: i32,
    /// The statements.
    pub sql: &'static str,
}

/// The tables of this room.
pub const MIGRATIONS: &[Migration] = &[Migration { room: "db", number: 1, sql: include_str!("../migrations/0001_commit_clock.sql") }];

#[derive(FromQueryResult)]
struct Ran {
    room: String,
    number: i32,
    checksum: i64,
}

impl Migration {
    /// FNV-1a over the text: tells whether a migration that ran was changed afterwards.
    fn checksum(&self) -> i64 {
        let hash = self.sql.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        i64::from_ne_bytes(hash.to_ne_bytes())
    }

    fn statements(&self) -> impl Iterator<Item = &str> {
        self.sql.split(";\n").map(str::trim).filter(|s| s.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--")))
    }
}

impl Db {
    /// Runs what has not run yet, all in one transaction; the answer is how many steps ran.
    ///
    /// # Errors
    /// When the database is newer than this program, when a step was changed after it ran, or when one fails.
    pub async fn migrate(&self, rooms: &[&'static [Migration]]) -> Result<usize, DbError> {
        let steps: Vec<Migration> = MIGRATIONS.iter().chain(rooms.iter().copied().flatten()).copied().collect();
        self.write(move |tx| {
            async move {
                if let Some(lock) = tx.engine().migration_lock() {
                    tx.conn().execute_unprepared(lock).await?;
                }
                tx.conn()
                    .execute_unprepared("CREATE TABLE IF NOT EXISTS migrations (room TEXT NOT NULL, number INTEGER NOT NULL, checksum BIGINT NOT NULL, PRIMARY KEY (room, number))")
                    .await?;
                let waiting = waiting(tx.conn(), &steps).await?;
                for step in &waiting {
                    run(tx, step).await?;
                }
                Ok(waiting.len())
            }
            .boxed()
        })
        .await
    }

    /// The steps that have not run yet, as `room/number`.
    ///
    /// # Errors
    /// As [`Db::migrate`].
    pub async fn pending(&self, rooms: &[&'static [Migration]]) -> Result<Vec<String>, DbError> {
        let steps: Vec<Migration> = MIGRATIONS.iter().chain(rooms.iter().copied().flatten()).copied().collect();
        let waiting = match waiting(self.read(), &steps).await {
            Ok(waiting) => waiting,
            // Before the first migration there is no table to ask.
            Err(DbError::Engine(_)) => steps,
            Err(other) => return Err(other),
        };
        Ok(waiting.iter().map(|step| format!("{}/{}", step.room, step.number)).collect())
    }
}

async fn waiting<C: ConnectionTrait>(conn: &C, steps: &[Migration]) -> Result<Vec<Migration>, DbError> {
    let ran: Vec<Ran> = sql::all(conn, "SELECT room, number, checksum FROM migrations", []).await?;
    let mut ran: HashMap<(String, i32), i64> = ran.into_iter().map(|r| ((r.room, r.number), r.checksum)).collect();
    let mut waiting = Vec::new();
    for step in steps {
        match ran.remove(&(step.room.to_owned(), step.number)) {
            None => waiting.push(*step),
            Some(checksum) if checksum == step.checksum() => {}
            Some(_) => return Err(DbError::Migrations(format!("{}/{} was changed after it ran on this database", step.room, step.number))),
        }
    }
    if let Some((room, number)) = ran.keys().next() {
        return Err(DbError::Migrations(format!("this database was made by a newer Cityhall (it has {room}/{number}): use that one")));
    }
    Ok(waiting)
}

async fn run(tx: &Tx, step: &Migration) -> Result<(), DbError> {
    for statement in step.statements() {
        tx.conn()
            .execute_unprepared(statement.trim_end_matches(';'))
            .await
            .map_err(|error| DbError::Migrations(format!("{}/{}: {error}", step.room, step.number)))?;
    }
    sql::exec(tx.conn(), "INSERT INTO migrations (room, number, checksum) VALUES ($1, $2, $3)", [step.room.into(), step.number.into(), step.checksum().into()])
        .await?;
    Ok(())
}
